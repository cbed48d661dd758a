"""The command line: ``hipspine walk`` and its options. Parts are imported as they are needed, so that help is quick."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kinematics.errors import HipspineError
from kinematics.rom import DIRECTIONS
from kinematics.tables import rows
from kinematics.zero import ZEROS

if TYPE_CHECKING:
    from simulate.problem import Task
    from simulate.result import Compensation

STRATEGIES = ("closure", "predicted", "least")
#: Exit statuses.
DONE, FAULT, BAD_INPUT, UNSOLVED_FRAMES = 0, 1, 2, 3
DEFAULT_TRIAL = "walk_overground_rajagopal"


class _Grouped(click.Command):
    """A command whose limits stand in a section of their own; ``--allow`` takes every NAME=VALUE that follows it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``--allow knee=10 ankle=5`` means ``--allow knee=10 --allow ankle=5``."""
        known = {row["name"] for row in rows("allowances", "simulate")}
        spread, allowing = list[str](), False
        for arg in args:
            one = arg.partition("=")[0] in known
            if allowing and one and spread[-1] != "--allow":
                spread.append("--allow")
            allowing = arg == "--allow" or arg.startswith("--allow=") or (allowing and one)
            spread.append(arg)
        return super().parse_args(ctx, spread)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Recording": [], "Limits": [], "Answer": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            if param.name in _LIMITS:
                sections["Limits"].append(record)
            else:
                sections[
                    "Answer" if param.name in ("strategy", "allow", "out", "as_json", "help") else "Recording"
                ].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                if title == "Limits":
                    formatter.write_text(
                        "Degrees available in that direction (0 stops at neutral, -5 lacks 5 of reaching it). Each hip "
                        "limit also with -left or -right, lumbar bending and rotation too."
                    )
                formatter.write_dl(records)


_LIMITS = tuple(name for name in DIRECTIONS if name.startswith(("hip_", "lumbar_")))


def _limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One option a clinical direction, from the table of ranges."""
    for name in reversed(_LIMITS):
        sided = name.endswith(("_left", "_right"))
        words = name.replace("_", " ")
        option = click.option(
            f"--{name.replace('_', '-')}", name, type=float, metavar="DEG", hidden=sided, help=f"Available {words}."
        )
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hipspine", prog_name="hipspine")
def cli() -> None:
    r"""How much must the lumbar spine make up for when a hip has lost range of motion?

    \b
    hipspine walk --hip-extension 0
    hipspine walk MOTION.mot --model MODEL.osim --hip-extension-left -5
    """


@cli.command(cls=_Grouped)
@click.argument("motion", required=False, type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="Scaled OpenSim model of the recording (.osim).")
@click.option("--angles", type=click.Choice(["degrees", "radians"]), help="What the file counts in, whatever it says.")
@click.option("--resample", type=float, metavar="HZ", help="Resample the recording; otherwise its own times are kept.")
@click.option(
    "--zero", type=click.Choice(ZEROS), default="clinical", show_default=True, help="Where hip extension counts from."
)
@click.option("--standing", type=click.Path(path_type=Path), help="Standing trial of the same person and model (.mot).")
@click.option(
    "--standing-tilt", type=float, metavar="DEG", help="Measured anterior tilt of the ASIS-PSIS line in standing."
)
@_limit_options
@click.option(
    "--strategy", multiple=True, type=click.Choice(STRATEGIES), help="Who may give way; repeatable.  [default: all]"
)
@click.option(
    "--allow",
    multiple=True,
    metavar="NAME=VALUE ...",
    help="What strategy least may use: knee, ankle, trunk_lean, foot_roll [deg], step_length [m].",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results") / "walk",
    show_default=True,
    help="Folder for the results.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def walk(
    motion: Path | None,
    model: Path | None,
    angles: str | None,
    resample: float | None,
    zero: str,
    standing: Path | None,
    standing_tilt: float | None,
    strategy: tuple[str, ...],
    allow: tuple[str, ...],
    out: Path,
    as_json: bool,
    **limits: float | None,
) -> None:
    """A recorded walk with a stiff hip: what pelvis and lumbar spine make up for, frame by frame.

    Without MOTION the bundled recording walks. MOTION without --model runs on a generic body.
    """
    with _status(as_json):
        from kinematics.rom import RangeOfMotion
        from simulate.compensation import compensate

        rom = RangeOfMotion.normal().limited(**{f"{name}_deg": value for name, value in limits.items()})
        task = _walk_task(motion, model, angles, standing, resample)
        result = compensate(
            task,
            rom=rom,
            strategies=strategy or STRATEGIES,
            zero=zero,
            standing_tilt_deg=standing_tilt,
            allow=_allowances(allow),
        )
        answer = result.answer()
        files = _write(result, answer, task, out)
    _show(answer, files, as_json)
    if any(found["solver"]["unsolved"] for found in answer["answers"].values()):
        raise click.exceptions.Exit(UNSOLVED_FRAMES)


@cli.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--frames", type=click.IntRange(min=1), default=6, show_default=True, help="Frames to check of each problem."
)
@click.option("--all", "every", is_flag=True, help="Check every frame; minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def verify(result: Path, frames: int, every: bool, as_json: bool) -> None:
    """Check RESULT.nc from the file alone: solve its problem again, and let SciPy's optimiser look for less."""
    with _status(as_json):
        from simulate.report.verification import verification_data, verification_text
        from simulate.verify import verify as check

        found = check(result, frames=None if every else frames)
    click.echo(json.dumps(verification_data(found)) if as_json else verification_text(found))
    if found.inconsistencies:
        one = found.inconsistencies[-1]  # a digest, if it differs, comes first and says least
        numbers = "" if one.says != one.says else f" says {one.says:g}, from the problem follows {one.follows:g}"
        raise HipspineError(f"{result}: does not hold: {one.variable} ({one.where}){numbers}")
    if not found.holds:
        raise HipspineError(f"{result}: does not hold: SciPy found a posture that costs less, see above")
    if found.unsolved:
        raise click.exceptions.Exit(UNSOLVED_FRAMES)


def _allowances(given: tuple[str, ...]) -> dict[str, float]:
    """``knee=10`` and so on as numbers."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise HipspineError(f"--allow {text}: must be NAME=NUMBER, for example knee=10") from None
    return found


def _status(as_json: bool) -> Any:
    """A spinner on standard error while the work runs."""
    from rich.console import Console

    console = Console(stderr=True)
    return console.status("Solving. The first run after installation also compiles the solver: about half a minute.")


def _walk_task(
    motion: Path | None, model: Path | None, angles: str | None, standing: Path | None, rate: float | None
) -> Task:
    from dataclasses import replace

    from kinematics import Chain
    from kinematics.zero import standing_from_posture
    from simulate.io.mot import read_motion
    from simulate.io.trials import trial
    from simulate.motion import resample, to_chain
    from simulate.tasks.walk import walking

    if motion is None:
        if model is not None:
            raise HipspineError(f"--model {model} belongs to a recording: give MOTION.mot as well")
        bundled = trial(DEFAULT_TRIAL)
        motion, model = bundled.motion, bundled.model
        recorded = replace(read_motion(motion, angles=angles), source=DEFAULT_TRIAL)
    else:
        recorded = read_motion(motion, angles=angles)
    if rate is not None:
        recorded = resample(recorded, rate=rate)
    chain = Chain.generic() if model is None else Chain.from_osim(model)
    posture = None
    if standing is not None:
        q, _ = to_chain(read_motion(standing, angles=angles), chain)
        posture = standing_from_posture(q, f"standing trial {standing.name}")
    return walking(chain, recorded, standing=posture)


def _write(result: Compensation, answer: dict[str, Any], task: Task, out: Path) -> dict[str, str]:
    """Write every file into a folder beside `out`, then move them in: nothing is left half-written."""
    from simulate import figures
    from simulate.io.mot import write_motion
    from simulate.io.netcdf import write_result
    from simulate.report.table import table_text
    from simulate.result import restricted_motion

    try:
        out.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
    except OSError as error:
        raise HipspineError(f"--out {out}: cannot be written to: {error.strerror}") from None
    try:
        files = {"result": "result.nc", "figure": "figure.png", "figure_svg": "figure.svg", "table": "table.txt"}
        write_result(partial / files["result"], result)
        figure = figures.compensation_figure(result)
        figure.savefig(partial / files["figure"], dpi=120)
        figure.set_layout_engine("none")  # laid out by now
        figure.savefig(partial / files["figure_svg"])
        budget = figures.budget_figure(result)
        if budget is not None:
            for kind in ("png", "svg"):
                files[f"budget_{kind}".removesuffix("_png")] = f"budget.{kind}"
                budget.savefig(partial / f"budget.{kind}", dpi=120)
        (partial / files["table"]).write_text(table_text(result, answer), encoding="utf-8")
        for name in result.strategy.values:
            files[f"motion_{name}"] = f"{result.attrs['task']}_{name}.mot"
            write_motion(partial / files[f"motion_{name}"], restricted_motion(result, task, str(name)))
        for name in files.values():
            if (out / name).is_dir():
                raise HipspineError(f"--out {out}: {name} is a folder there; give another --out or move it away")
        for name in files.values():
            (partial / name).replace(out / name)
        # what an earlier run of this task left here and this one has not written belongs to another answer
        for pattern in ("budget.png", "budget.svg", f"{result.attrs['task']}_*.mot"):
            for old in out.glob(pattern):
                if old.name not in files.values() and old.is_file():
                    old.unlink()
        return {kind: str(out / name) for kind, name in files.items()}
    except OSError as error:
        raise HipspineError(f"--out {out}: cannot be written to: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _show(answer: dict[str, Any], files: dict[str, str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**answer, "files": files}, allow_nan=False))
        return
    for notice in answer["notices"]:
        click.echo(f"note: {notice}", err=True)
    click.echo(Path(files["table"]).read_text(encoding="utf-8"))
    click.echo("Written: " + ", ".join(files.values()))


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
        code = 130
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
