"""A table a clinician can read."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kinematics.conventions import SIDE_WORDS
from kinematics.rom import DIRECTIONS
from simulate.result import Change, Compensation

WIDTH = 100
WORDS = {
    "pelvis_tilt": "pelvis, anterior tilt",
    "pelvis_list": "pelvis, right down",
    "pelvis_rotation": "pelvis, turned left",
    "lumbar_extension": "lumbar extension",
    "lumbar_bending": "lumbar bending right",
    "lumbar_rotation": "lumbar rotation left",
    "thoracic_extension": "thoracic extension",
    "thoracic_bending": "thoracic bending right",
    "thoracic_rotation": "thoracic rotation left",
}
#: Clinical anterior tilt counts against OpenSim's pelvis_tilt.
SIGN = {"pelvis_tilt": -1.0}


def limits_text(result: Compensation) -> list[str]:
    """Each imposed limit: as given, in the named zero, and in the model's."""
    given = json.loads(result.attrs["limits_deg"])
    lines = []
    for name, degrees in given.items():
        direction = DIRECTIONS[name]
        hip = direction.coordinates[0].startswith("hip_flexion")
        zero = f"{result.attrs['zero']} zero" if hip else "from standing" if "lumbar" in name else "model zero"
        text = f"{name.replace('_', ' ')} {degrees:g}° ({zero})"
        if hip and result.attrs["zero"] != "model":
            ends = "lower" if direction.sign < 0 else "upper"
            model = [float(result[f"limit_{ends}"].sel(coordinate=c)) for c in direction.coordinates]
            values = ", ".join(f"{c[-1]} {value:.1f}°" for c, value in zip(direction.coordinates, model, strict=True))
            text += f" = hip_flexion {values} in the model's zero"
        lines.append(text)
    return lines or ["none: the whole normal range"]


def hip_text(result: Compensation) -> list[str]:
    """What the recorded stride uses of hip extension, in the named and the model's zero."""
    lines = []
    for side, word in SIDE_WORDS.items():
        name = f"hip_flexion_{side}"
        model = -float(result.recorded.sel(coordinate=name).min())
        named = model - float(result.zero_offset.sel(coordinate=name))
        lines.append(f"{word} {named:.1f}° ({result.attrs['zero']} zero), {model:.1f}° (model zero)")
    return lines


def solver_text(solver: dict[str, Any], yields: str) -> str:
    """How many frames were solved, and how well; from the solver part of an answer."""
    text = f"{solver['solved']} of {solver['frames']} frames solved"
    if solver["shortfall"]:
        text += f", {solver['shortfall']} with the {yields} falling short"
    if solver["unsolved"]:
        text += f", {solver['unsolved']} UNSOLVED"
    return (
        f"{text}; must goals within {max(solver['must_goal_max_mm'], 0.0):.1g} mm, {solver['must_goal_max_deg']:.1g}°; "
        f"KKT {solver['kkt_max']:.0e}; {solver['ms']:.0f} ms"
    )


def table_text(result: Compensation, answer: dict[str, Any]) -> str:
    """The whole table as text of at most 100 columns; `answer` is ``result.answer()``."""
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, highlight=False)
    console.print(
        Text(f"{result.attrs['task'].capitalize()}: {result.attrs['source']} on {result.attrs['chain']}", "bold")
    )
    console.print(f"Zero of the hip: {result.attrs['zero']} ({result.attrs['zero_text']})")
    console.print("Recorded hip extension, peak: " + "; ".join(hip_text(result)))
    for line in limits_text(result):
        console.print(f"Limit: {line}")
    changes = result.changes()
    for strategy, found in answer["answers"].items():
        console.print(_comparison(result, strategy, changes[strategy]))
        console.print(solver_text(found["solver"], result.attrs["yields"]))
        if "shortfall" in found:
            short = found["shortfall"]
            console.print(f"The {short['goal']} falls short by up to {short['mm']:.0f} mm and {short['deg']:.1f}°")
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def _comparison(result: Compensation, strategy: str, changes: dict[str, Change]) -> Table:
    """One row a coordinate: what is added, from where to where, when, and how much of the own range is used."""
    side = SIDE_WORDS[result.limited_side]
    table = Table(title=f"\n{strategy.capitalize()}: largest change", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("degrees from standing", no_wrap=True, min_width=24)
    for head in ("added", "free → restricted", f"at % of {side} cycle", "of own range"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, words in WORDS.items():
        table.add_row(words, *_cells(result, strategy, name, changes[name]))
    return table


def _cells(result: Compensation, strategy: str, name: str, change: Change) -> list[str]:
    one, sign = {"strategy": strategy, "coordinate": name}, SIGN.get(name, 1.0)
    offset = float(result.zero_offset.sel(coordinate=name))
    free, restricted = result.free.sel(one).values, result.restricted.sel(one).values
    k = int(np.abs(restricted - free).argmax())
    share = f"{100 * change.share_of_range:.0f} %" if np.isfinite(change.share_of_range) else ""
    if change.share_of_range > 1.0:
        share = f"{share or 'none left'} !"
    if abs(change.added_deg) < 0.05:
        return ["0", "", "", share]
    at = "" if np.isnan(change.at_percent) else f"{change.at_percent:.0f}"
    moved = f"{sign * (free[k] + offset):.1f} → {sign * (restricted[k] + offset):.1f}"
    return [f"{sign * change.added_deg:+.1f}", moved, at, share]
