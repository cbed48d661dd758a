"""``hipspine verify``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kinematics.errors import HipspineError
from simulate.cli.output import working
from simulate.cli.statuses import UNSOLVED_FRAMES


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--frames", type=click.IntRange(min=1), default=6, show_default=True, help="Frames to check of each problem."
)
@click.option("--all", "every", is_flag=True, help="Check every frame; minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def verify(result: Path, frames: int, every: bool, as_json: bool) -> None:
    """Check RESULT.nc from the file alone: solve its problem again, and let SciPy's optimiser look for less."""
    with working():
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
