"""The load at L5/S1 as a short block of text below the table."""

from __future__ import annotations

import io

import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from simulate.load.whole import load_summary
from simulate.report.table import WIDTH, span_of
from simulate.result import Compensation

#: What has to be known of these numbers, in few words.
CAVEAT = "Teaching-grade: one muscle, no co-contraction; the change, not the absolute value, is the answer."
#: Loads that are told, and their headings.
SHOWN = {"compression": "compression", "shear_anterior": "anterior shear"}
#: Changes below this are not worth a number. [N]
NOTHING_N = 0.5


def load_text(result: Compensation, load: xr.Dataset) -> str:
    """Peaks of compression and anterior shear, and by how much each strategy changes them.

    Parameters
    ----------
    result : Compensation
    load : xarray.Dataset
        Of `simulate.load.load_of`.
    """
    told = load_summary(load)
    still = load.sizes["frame"] == 1
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, highlight=False)
    held = ", held postures" if told["held_postures"] else ""
    where = "" if still else f", at % {span_of(result)}"
    console.print(f"\nLoad at L5/S1{held}: newtons (body weights), largest change from free{where}")
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for words in SHOWN.values():
        table.add_column(f"{words}:\n{'value' if still else 'peak'}", justify="right", no_wrap=True)
        table.add_column("\nchange", justify="right", no_wrap=True)
        if not told["held_postures"]:
            table.add_column("\nif held", justify="right", no_wrap=True)
    for name, found in {"free": told["free"], **told["answers"]}.items():
        cells = [name]
        for key in SHOWN:
            cells.append(f"{found[f'{key}_peak_n']:.0f} ({found[f'{key}_peak_bw']:.2f})")
            cells.append(newtons(found.get(f"{key}_change_n"), found.get(f"{key}_change_at_percent")))
            if not told["held_postures"]:
                cells.append(newtons(found.get(f"{key}_change_if_held_n")))
        table.add_row(*cells)
    console.print(table)
    lines = [CAVEAT]
    if not told["held_postures"]:
        lines.append("If held: the largest change if every posture were held, without inertia.")
    shares = {name: round(100.0 * found["share_of_cycle"]) for name, found in told["answers"].items()}
    if min(shares.values()) < 100:
        each = ", ".join(f"{share} % ({name})" for name, share in shares.items())
        counted = each if len(set(shares.values())) > 1 else f"{min(shares.values())} %"
        lines.append(f"Told of {counted} of the frames: others are too near an end, or to one that is not solved.")
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 1)))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def newtons(change: float | None, percent: float | None = None) -> str:
    """A change in newtons, and where it is; nothing if there is none."""
    if change is None:
        return ""
    if abs(change) < NOTHING_N:
        return "0"
    return f"{change:+.0f}" + ("" if percent is None else f" at {percent:.0f} %")


__all__ = ["CAVEAT", "NOTHING_N", "SHOWN", "load_text", "newtons"]
