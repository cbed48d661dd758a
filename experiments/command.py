"""``hipspine experiment``: what was asked, what was found, and how that stands beside what is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiments.catalogue import Experiment, experiment, experiments
from kinematics.errors import HipspineError
from simulate.cli.output import working

if TYPE_CHECKING:
    from experiments.common.outcome import Outcome

#: Where outcomes go if nothing else is said.
RESULTS = Path("results") / "experiments"


@click.command("experiment")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Run every experiment, and print all verdicts.")
@click.option("--small", is_flag=True, help="The small grid: seconds in place of minutes.")
@click.option("--out", type=click.Path(path_type=Path), help=f"Folder to write into.  [default: {RESULTS}]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def run_experiment(name: str | None, every: bool, small: bool, out: Path | None, as_json: bool) -> None:
    """Run the experiment NAME; without a name, list them.

    An experiment asks one question, writes data (netCDF), a figure (PNG, SVG) and its finding, and says how that stands
    beside what is published. A miss is an answer, too: the exit status is 0.

    \b
    hipspine experiment
    hipspine experiment age_and_tilt --small
    hipspine experiment --all --small --out results/all
    """  # noqa: D301
    place = out or RESULTS
    if name is not None and every:
        raise HipspineError(f"either an experiment ({name}) or --all")
    if name is not None:
        with working("Solving. The first run after installation also compiles the solver: about half a minute."):
            told = _run(experiment(name), small, place)
        click.echo(json.dumps(told, allow_nan=False) if as_json else _text(told))
    elif every:
        _run_all(small, place, as_json)
    else:
        found = [_listed(each, place) for each in experiments().values()]
        click.echo(json.dumps({"experiments": found}, allow_nan=False) if as_json else _list(found))


def _run(which: Experiment, small: bool, out: Path) -> dict[str, Any]:
    """Run one and write it; what is told of it."""
    from experiments.common.outcome import run, write

    outcome, seconds = run(which.name, small=small)
    return _told(which, outcome, seconds, write(which.name, outcome, out))


def _told(which: Experiment, outcome: Outcome, seconds: float, written: list[Path]) -> dict[str, Any]:
    finding = outcome.finding
    return {
        "experiment": which.name,
        "grid": outcome.data.attrs["grid"],
        "question": finding.question,
        "finding": finding.text,
        "comparisons": [each.plain() for each in finding.comparisons],
        "rows": [[each.row.id, each.by, each.number, each.told, each.row.said] for each in finding.comparisons],
        "seconds": seconds,
        "files": [str(path) for path in written],
    }


def _run_all(small: bool, out: Path, as_json: bool) -> None:
    """Run every one, with a bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    told = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(experiments()))
        for each in experiments().values():
            bar.update(task, description=each.name)
            told.append(_run(each, small, out))
            bar.advance(task)
    if as_json:
        click.echo(json.dumps({"experiments": told}, allow_nan=False))
        return
    rows = [(one["experiment"], *row[:4]) for one in told for row in one["rows"]]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]))
    counts: dict[str, int] = {}
    for one in told:
        for each in one["comparisons"]:
            counts[f"{each['role']}: {each['verdict']}"] = counts.get(f"{each['role']}: {each['verdict']}", 0) + 1
    click.echo("\n" + "\n".join(f"{count:3d}  {what}" for what, count in sorted(counts.items())))
    click.echo(f"\n{sum(one['seconds'] for one in told):.0f} s; findings, data and figures are in {out}")


def _listed(which: Experiment, out: Path) -> dict[str, Any]:
    """What the list says of an experiment."""
    last = out / f"{which.name}.txt"
    return {
        "experiment": which.name,
        "question": which.question,
        "seconds": which.seconds,
        "finding": last.read_text(encoding="utf-8").strip() if last.is_file() else None,
    }


def _list(found: list[dict[str, Any]]) -> str:
    parts = []
    for one in found:
        times = [
            f"{_time(one['seconds'][grid])} {words}"
            for grid, words in (("small", "with --small"), ("full", "in full"))
            if grid in one["seconds"]
        ]
        parts.append(f"{one['experiment']}\n  {one['question']}" + (f"\n  took {', '.join(times)}" if times else ""))
        if one["finding"]:
            said = one["finding"].partition("\n\n")[2]
            parts[-1] += f"\n  last found: {_short(said)}"
    return (
        "\n\n".join(parts)
        + "\n\nTimes were measured once, with the solver compiled. Run one: hipspine experiment NAME [--small]"
    )


def _short(text: str, most: int = 300) -> str:
    """The first sentences of a text."""
    if len(text) <= most:
        return " ".join(text.split())
    cut = text[:most].rpartition(". ")[0] or text[:most]
    return " ".join(cut.split()) + " …"


def _time(seconds: float) -> str:
    return f"{seconds / 60.0:.1f} min" if seconds >= 90.0 else f"{seconds:.0f} s" if seconds >= 1.0 else "under 1 s"


def _text(told: dict[str, Any]) -> str:
    lines = [f"  {row[0]:<20} {row[1]:<30} {row[2]:>12}   {row[3]}" for row in told["rows"]]
    return (
        f"{told['question']}\n\n{told['finding']}\n\n"
        + "\n".join(lines)
        + f"\n\n{told['seconds']:.1f} s ({told['grid']} grid). Written: {', '.join(told['files'])}"
    )


__all__ = ["RESULTS", "run_experiment"]
