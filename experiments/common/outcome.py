"""What an experiment leaves behind: data, a figure, and its finding; and how a script runs."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from experiments.catalogue import experiment
from experiments.common.finding import Finding
from kinematics.errors import HipspineError
from simulate.studies.provenance import provenance

#: Where outcomes go if nothing else is said.
RESULTS = Path("results") / "experiments"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an experiment found: labelled `data` with units, a `figure`, and the `finding`."""

    data: xr.Dataset
    figure: Figure
    finding: Finding


def dataset(
    variables: Mapping[str, tuple[Sequence[str], Any, str, str]],
    coords: Mapping[str, tuple[Any, str, str]],
    *,
    small: bool,
    notices: Sequence[str] = (),
    **attrs: Any,
) -> xr.Dataset:
    """Labelled data with units, and where they come from.

    Parameters
    ----------
    variables : mapping of str to (dims, values, unit, long name)
    coords : mapping of str to (values, unit, long name)
        Each is a dimension; words have the unit "".
    small : bool
        Whether it was the small grid.
    notices : sequence of str
        What tasks and answers had to say.
    **attrs
        Anything else that was held.
    """
    data = xr.Dataset(
        {
            name: (tuple(dims), np.asarray(values), {"units": unit, "long_name": words})
            for name, (dims, values, unit, words) in variables.items()
        },
        {
            name: (name, np.asarray(values), {"long_name": words, **({"units": unit} if unit else {})})
            for name, (values, unit, words) in coords.items()
        },
    )
    data.attrs = {
        "grid": "small" if small else "full",
        "notices": json.dumps(list(dict.fromkeys(notices))),
        **provenance(),
        **attrs,
    }
    return data


def run(name: str, *, small: bool) -> tuple[Outcome, float]:
    """Run an experiment by name; its outcome, and how many seconds that took.

    Raises
    ------
    HipspineError
        If there is no such experiment.
    """
    experiment(name)
    module = importlib.import_module(f"experiments.{name}")
    began = perf_counter()
    outcome: Outcome = module.run(small=small)
    seconds = perf_counter() - began
    finding = outcome.finding
    outcome.data.attrs |= {
        "experiment": name,
        "question": finding.question,
        "finding": finding.text,
        "comparisons": json.dumps([each.plain() for each in finding.comparisons]),
    }
    return outcome, seconds


def write(name: str, outcome: Outcome, out: Path) -> list[Path]:
    """Write data (netCDF), figure (PNG and SVG) and finding into a folder: all of them, or none.

    Raises
    ------
    HipspineError
        If the folder cannot be written to.
    """
    partial = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
        outcome.data.to_netcdf(partial / f"{name}.nc", engine="h5netcdf")
        for kind in ("png", "svg"):
            outcome.figure.savefig(partial / f"{name}.{kind}", dpi=120)
        (partial / f"{name}.txt").write_text(
            f"{outcome.finding.question}\n\n{outcome.finding.text}\n\n({outcome.data.attrs['grid']} grid, hipspine "
            f"{outcome.data.attrs['version']})\n",
            encoding="utf-8",
        )
        written = []
        for path in sorted(partial.iterdir()):
            path.replace(out / path.name)
            written.append(out / path.name)
        return written
    except OSError as error:
        raise HipspineError(f"--out {out}: cannot be written to: {error.strerror or error}") from None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def last_finding(name: str, out: Path = RESULTS) -> str | None:
    """The finding that the last run left in a folder; None if there is none."""
    path = out / f"{name}.txt"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def verdicts(finding: Finding) -> str:
    """A line for each comparison."""
    return "\n".join(
        f"  {each.row.id:<22} {each.by:<24} {each.number:>12}   {each.told}   [{each.row.said}]"
        for each in finding.comparisons
    )


def script(file: str) -> None:
    """Run the experiment of a script: ``python experiments/NAME.py [--small] [--out FOLDER]``."""
    name = Path(file).stem
    parser = argparse.ArgumentParser(description=experiment(name).question)
    parser.add_argument("--small", action="store_true", help="the small grid: seconds")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FOLDER", help=f"default: {RESULTS}")
    given = parser.parse_args()
    try:
        outcome, seconds = run(name, small=given.small)
        written = write(name, outcome, given.out)
    except HipspineError as error:
        sys.exit(f"hipspine: {error}")
    print(f"{outcome.finding.question}\n\n{outcome.finding.text}\n\n{verdicts(outcome.finding)}\n")
    print(f"{seconds:.1f} s; written: {', '.join(map(str, written))}")


__all__ = ["RESULTS", "Outcome", "dataset", "last_finding", "run", "script", "verdicts", "write"]
