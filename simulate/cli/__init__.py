"""The command line: ``hipspine walk`` and the other movements, ``sweep``, ``verify``; how every command ends."""

from __future__ import annotations

import io
import os
import sys
import traceback

import click

from kinematics.errors import HipspineError
from simulate.cli.check import verify
from simulate.cli.film import film
from simulate.cli.movements import MOVEMENTS
from simulate.cli.statuses import BAD_INPUT, DONE, FAULT, INTERRUPTED
from simulate.cli.sweep import sweep
from simulate.cli.teach import teach


class _Listed(click.Group):
    """A group that lists its commands in our order and names the known ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"No such command {args[0]!r}. Known: {', '.join(self.commands)}.", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Listed, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hipspine", prog_name="hipspine")
def cli() -> None:
    """How much must the lumbar spine make up for when a hip has lost range of motion?

    \b
    hipspine walk --hip-extension 0
    hipspine turn --angle 90 --style spin --hip-internal-rotation-left 10
    hipspine walk MOTION.mot --model MODEL.osim --hip-extension-left -5
    hipspine sweep STUDY.toml --out STUDY.zarr
    """  # noqa: D301


for command in (*MOVEMENTS, film, sweep, teach, verify):
    cli.add_command(command)


def main() -> None:
    """Run the command; every failure ends in one message and the exit status of the design."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow still gets its table
    try:
        code = cli.main(prog_name="hipspine", standalone_mode=False)
    except HipspineError as error:
        click.echo(f"hipspine: {error}", err=True)
        code = BAD_INPUT
    except OSError as error:
        click.echo(f"hipspine: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        code = BAD_INPUT
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = BAD_INPUT
    except click.Abort:
        click.echo("hipspine: stopped", err=True)
        code = INTERRUPTED
    except Exception as error:
        click.echo(
            f"hipspine: a fault of ours, please report it: {type(error).__name__}: {error} "
            "(HIPSPINE_DEBUG=1 shows where)",
            err=True,
        )
        if os.environ.get("HIPSPINE_DEBUG"):
            traceback.print_exc()
        code = FAULT
    raise SystemExit(code or DONE)
