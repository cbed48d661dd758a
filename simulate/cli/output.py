"""What a run leaves behind: a table, the files, or one JSON object."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kinematics.errors import HipspineError

if TYPE_CHECKING:
    import xarray as xr

    from simulate.motion import Motion
    from simulate.problem import Task
    from simulate.result import Compensation

#: What is left in a folder by an earlier run, and belongs to another answer if this run has not written it.
STALE = ("budget.png", "budget.svg", "load.nc", "load.png", "load.svg")


def working(
    words: str = "Solving. The first run after installation also compiles the solver: about half a minute.",
) -> Any:
    """A spinner on standard error while the work runs."""
    from rich.console import Console

    return Console(stderr=True).status(words)


def load_at_l5s1(
    task: Task, result: Compensation, recorded: Motion | None, answer: dict[str, Any]
) -> xr.Dataset | None:
    """The load of an answer, its part entered into `answer`; None where there is none, which a recorded one is told."""
    from simulate.load.whole import accelerations_of, load_of, load_summary

    if accelerations_of(task) is None:
        return None
    try:
        load = load_of(task, result, recorded=recorded)
    except HipspineError as error:
        answer["notices"].append(f"no load at L5/S1: {error}")
        return None
    told = load_summary(load)
    for strategy, part in told.pop("answers").items():
        answer["answers"][strategy]["load"] = part
    answer["load"] = told
    answer["notices"] += [f"load at L5/S1: {notice}" for notice in json.loads(load.attrs["notices"])[1:]]
    return load


def write(
    result: Compensation, answer: dict[str, Any], task: Task, out: Path, load: xr.Dataset | None = None
) -> dict[str, str]:
    """Write every file into a folder beside `out`, then move them in: nothing is left half-written."""
    from simulate import figures
    from simulate.io.mot import write_motion
    from simulate.io.netcdf import write_load, write_result
    from simulate.report.load import load_text
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
        pictures = {"movement": figures.movement_figure(result), "budget": figures.budget_figure(result)}
        text = table_text(result, answer)
        if load is not None:
            files["load"] = "load.nc"
            write_load(partial / files["load"], load)
            pictures["load_figure"] = figures.load_figure(result, load)
            text += load_text(result, load)
        for name, drawn in pictures.items():
            if drawn is None:
                continue
            for kind in ("png", "svg"):
                files[f"{name}_{kind}".removesuffix("_png")] = f"{name.removesuffix('_figure')}.{kind}"
                drawn.savefig(partial / files[f"{name}_{kind}".removesuffix("_png")], dpi=120)
        (partial / files["table"]).write_text(text, encoding="utf-8")
        for name in result.strategy.values:
            files[f"motion_{name}"] = f"{result.attrs['task']}_{name}.mot"
            write_motion(partial / files[f"motion_{name}"], restricted_motion(result, task, str(name)))
        for name in files.values():
            if (out / name).is_dir():
                raise HipspineError(f"--out {out}: {name} is a folder there; give another --out or move it away")
        for name in files.values():
            (partial / name).replace(out / name)
        # what an earlier run of this task left here and this one has not written belongs to another answer
        for pattern in (*STALE, f"{result.attrs['task']}_*.mot"):
            for old in out.glob(pattern):
                if old.name not in files.values() and old.is_file():
                    old.unlink()
        return {kind: str(out / name) for kind, name in files.items()}
    except OSError as error:
        raise HipspineError(f"--out {out}: cannot be written to: {error.strerror}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def show(answer: dict[str, Any], files: dict[str, str], as_json: bool) -> None:
    """Print the answer: the table, or JSON and nothing else."""
    if as_json:
        click.echo(json.dumps({**answer, "files": files}, allow_nan=False))
        return
    for notice in answer["notices"]:
        click.echo(f"note: {notice}", err=True)
    click.echo(Path(files["table"]).read_text(encoding="utf-8"))
    click.echo("Written: " + ", ".join(files.values()))
