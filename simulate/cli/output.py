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
    from simulate.problem import Task
    from simulate.result import Compensation


def working(
    words: str = "Solving. The first run after installation also compiles the solver: about half a minute.",
) -> Any:
    """A spinner on standard error while the work runs."""
    from rich.console import Console

    return Console(stderr=True).status(words)


def write(result: Compensation, answer: dict[str, Any], task: Task, out: Path) -> dict[str, str]:
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
        for name, drawn in (("movement", figures.movement_figure(result)), ("budget", figures.budget_figure(result))):
            if drawn is None:
                continue
            for kind in ("png", "svg"):
                files[f"{name}_{kind}".removesuffix("_png")] = f"{name}.{kind}"
                drawn.savefig(partial / f"{name}.{kind}", dpi=120)
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


def show(answer: dict[str, Any], files: dict[str, str], as_json: bool) -> None:
    """Print the answer: the table, or JSON and nothing else."""
    if as_json:
        click.echo(json.dumps({**answer, "files": files}, allow_nan=False))
        return
    for notice in answer["notices"]:
        click.echo(f"note: {notice}", err=True)
    click.echo(Path(files["table"]).read_text(encoding="utf-8"))
    click.echo("Written: " + ", ".join(files.values()))
