"""What every movement can be asked with: a recording or a body, limits and causes, and how to answer."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import click

from kinematics.chain import Chain
from kinematics.errors import HipspineError
from kinematics.generic import SEXES
from kinematics.rom import DIRECTIONS
from kinematics.tables import rows
from kinematics.zero import ZEROS

#: As `simulate.strategies.STRATEGIES`, which would load the solver before help is shown.
STRATEGIES = ("closure", "predicted", "least")
#: Directions that can be limited.
LIMITS = tuple(name for name in DIRECTIONS if name.startswith(("hip_", "lumbar_")))
#: The generic body of which nothing is said.
BODY = {name: given.default for name, given in signature(Chain.generic).parameters.items()}
_ANSWER = ("strategy", "allow", "out", "as_json")
_RECORDING = (
    *("motion", "model", "angles", "resample", "standing", "standing_tilt", "marker_set", "mirror", "zero"),
    *BODY,
)


class MovementCommand(click.Command):
    """A command whose options stand in sections; ``--allow`` takes every NAME=VALUE that follows it."""

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
        """Own options first, then the recording and the body, the limits, and the answer."""
        titles = ("Movement", "Recording and body", "Limits", "Answer")
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in titles}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            sections[_section(param)].append(record)
        for title, records in sections.items():
            if not records:
                continue
            with formatter.section(title):
                if title == "Limits":
                    formatter.write_text(
                        "Degrees available in that direction (0 stops at neutral, -5 lacks 5 of reaching it). Each hip "
                        "limit also with -left or -right, lumbar bending and rotation too."
                    )
                formatter.write_dl(records)


def _section(param: click.Parameter) -> str:
    """Where an option stands; help is known by what is typed, as its name differs between versions of click."""
    if param.name in (*LIMITS, "cause"):
        return "Limits"
    if param.name in _RECORDING:
        return "Recording and body"
    return "Answer" if param.name in _ANSWER or "--help" in param.opts else "Movement"


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every movement."""
    options = [
        click.argument("motion", required=False, type=click.Path(path_type=Path)),
        click.option("--model", type=click.Path(path_type=Path), help="Scaled OpenSim model of the recording (.osim)."),
        click.option(
            "--angles", type=click.Choice(["degrees", "radians"]), help="What the file counts in, whatever it says."
        ),
        click.option(
            "--resample", type=float, metavar="HZ", help="Resample the recording; otherwise its own times are kept."
        ),
        click.option(
            "--zero",
            type=click.Choice(ZEROS),
            default="clinical",
            show_default=True,
            help="Where hip extension counts from.",
        ),
        click.option(
            "--standing",
            type=click.Path(path_type=Path),
            help="Standing trial of the same person (.mot with the model, or markers: .c3d, .trc).",
        ),
        click.option(
            "--standing-tilt",
            type=float,
            metavar="DEG",
            help="Measured anterior tilt of the ASIS-PSIS line in standing.",
        ),
        click.option(
            "--marker-set",
            metavar="NAME|FILE",
            help="Names of the markers of a .c3d or .trc: a known set, or a TOML file.  [default: found by the names]",
        ),
        click.option(
            "--stature",
            type=float,
            metavar="M",
            help="Height of the generic body. Any of these three puts it in place of the recording's own.  "
            f"[default: {BODY['stature']:g}]",
        ),
        click.option(
            "--mass", type=float, metavar="KG", help=f"Mass of the generic body.  [default: {BODY['mass']:g}]"
        ),
        click.option("--sex", type=click.Choice(SEXES), help=f"Sex of the generic body.  [default: {BODY['sex']}]"),
        click.option("--mirror", is_flag=True, help="The mirror image: left and right change places."),
        *(_limit(name) for name in LIMITS),
        click.option(
            "--cause",
            multiple=True,
            metavar="NAME[:SIDE[:SEVERITY]]",
            help="What made the hip stiff: right, left or both, 0 to 1; repeatable. --cause help lists the known.",
        ),
        click.option(
            "--strategy",
            multiple=True,
            type=click.Choice(STRATEGIES),
            help="Who may give way; repeatable.  [default: all]",
        ),
        click.option(
            "--allow",
            multiple=True,
            metavar="NAME=VALUE ...",
            help="What strategy least may use: knee, ankle, trunk_lean, foot_roll [deg], step_length [m].",
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder for the results.  [default: results/MOVEMENT]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _limit(name: str) -> Callable[..., Any]:
    sided = name.endswith(("_left", "_right"))
    words = name.replace("_", " ")
    return click.option(
        f"--{name.replace('_', '-')}", name, type=float, metavar="DEG", hidden=sided, help=f"Available {words}."
    )


def allowances(given: tuple[str, ...]) -> dict[str, float]:
    """``knee=10`` and so on as numbers."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise HipspineError(f"--allow {text}: must be NAME=NUMBER, for example knee=10") from None
    return found
