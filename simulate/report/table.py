"""A table a clinician can read."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kinematics.conventions import SIDE_WORDS, SPINE
from kinematics.rom import DIRECTIONS
from simulate.budget import PARTS
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
#: What somebody does, where it is not "this walk" and so on.
MOVEMENT = {"prone": "this test", "prone-rotation": "this test", "sit": "sitting down", "stand": "standing"}
#: Clinical anterior tilt counts against OpenSim's pelvis_tilt.
SIGN = {"pelvis_tilt": -1.0}


def limits_text(result: Compensation) -> list[str]:
    """Each imposed limit as given, and what the reference uses in that direction; of hip extension in any case."""
    given = json.loads(result.attrs["limits_deg"])
    lines = [
        f"{words_of(name)} {degrees:g}° ({_zero_of(result, name)}); the reference uses {_used(result, name)}"
        for name, degrees in given.items()
    ]
    if not any(name.startswith("hip_extension") for name in given):
        rest = "otherwise" if given else "none:"
        lines.append(f"{rest} normal; of hip extension the reference uses {_used(result, 'hip_extension')}")
    return lines


def _zero_of(result: Compensation, name: str) -> str:
    """From what a clinical direction counts."""
    if DIRECTIONS[name].coordinates[0].startswith("hip_flexion"):
        return f"{result.attrs['zero']} zero"
    return "from standing" if name.startswith(("lumbar", "thoracic")) else "model zero"


def _used(result: Compensation, name: str) -> str:
    """How far the reference goes in a clinical direction; of hip flexion and extension in the model's zero too."""
    direction, found = DIRECTIONS[name], []
    for coordinate in direction.coordinates:
        angle = result.recorded.sel(coordinate=coordinate).values
        offset = float(result.zero_offset.sel(coordinate=coordinate))
        most = float(np.abs(angle + offset).max() if direction.sign == 0 else (direction.sign * (angle + offset)).max())
        side = SIDE_WORDS[coordinate[-1]] + " " if len(direction.coordinates) > 1 else ""
        model = f" ({most - direction.sign * offset:.1f}° model zero)"
        found.append(f"{side}{most:.1f}°{model if coordinate.startswith('hip_flexion') and abs(offset) > 1e-6 else ''}")
    return ", ".join(found)


def movement_of(result: Compensation) -> str:
    """What is done, in words that can need something."""
    name = str(result.attrs["task"])
    return MOVEMENT.get(name, f"this {name}")


def span_of(result: Compensation) -> str:
    """What percentages count over, in words that follow "%": a side's cycle, or the movement."""
    if result.attrs["span"] == "movement":
        return "of the movement"
    return f"of the {SIDE_WORDS[result.limited_side]} {result.attrs['span']}"


def cause_text(cause: dict[str, Any]) -> str:
    """A cause in words: its name, side and severity."""
    where = "" if cause["side"] in (None, "") else f", {cause['side']}"
    return f"{cause['name'].replace('_', ' ')}{where}, severity {cause['severity']:g}"


def words_of(direction: str) -> str:
    """A clinical direction in words: right hip extension."""
    words = direction.split("_")
    if words[-1] in SIDE_WORDS.values() and words[0] == "hip":
        words = [words[-1], *words[:-1]]
    return " ".join(words)


def headline_strategy(result: Compensation) -> str:
    """The strategy whose numbers come first: `predicted` if it was asked."""
    names = [str(name) for name in result.strategy.values]
    return "predicted" if "predicted" in names else names[0]


def solver_text(solver: dict[str, Any]) -> str:
    """How many frames were solved, and how well; from the solver part of an answer."""
    text = f"{solver['solved']} of {solver['frames']} frames solved"
    if solver["shortfall"]:
        text += f", {solver['shortfall']} fall short"
    if solver["unsolved"]:
        text += f", {solver['unsolved']} UNSOLVED"
    return (
        f"{text}; must goals within {max(solver['must_goal_max_mm'], 0.0):.1g} mm, {solver['must_goal_max_deg']:.1g}°; "
        f"KKT {solver['kkt_max']:.0e}; {solver['ms']:.0f} ms"
    )


def shortfall_text(shortfall: dict[str, Any], span: str) -> str:
    """What falls short, by how much, when; `span` says what percentages count over."""
    parts = []
    for one in (shortfall, *shortfall.get("then", [])):
        by = [_length(one["mm"])] if one["mm"] > 0.0 else []
        by += [f"{one['deg']:.1f}°" if one["deg"] >= 0.05 else f"{one['deg']:.1g}°"] if one["deg"] > 0.0 else []
        at = "" if one["at_percent"] is None else f" at {one['at_percent']:.0f} % {span}"
        parts.append(f"{one['goal']} {' and '.join(by)} short{at} ({one['frames']} frames)")
    return "; ".join(parts)


def _length(mm: float) -> str:
    return f"{mm / 10:.1f} cm" if mm >= 10.0 else f"{mm:.1f} mm" if mm >= 0.05 else f"{mm:.1g} mm"


def budget_text(limit: str, budget: dict[str, Any]) -> str:
    """Where one hip's lost degrees went, the largest part first."""
    parts = sorted(((name, budget[name.replace(" ", "_")]) for name in PARTS), key=lambda part: -abs(part[1]))
    at = "" if budget["at_percent"] is None else f" at {budget['at_percent']:.0f} %"
    spent = ", ".join(f"{name} {value:.1f}°" for name, value in parts if abs(value) >= 0.05)
    return f"{words_of(limit)} loses {budget['lost']:.1f}°{at}: {spent}"


def relief_text(row: dict[str, Any]) -> str:
    """What one limit given back saves."""
    given = f"{row['given_back_deg']:.1f}".removesuffix(".0")
    saved = {name: row["saved_deg"][name] for name in SPINE[:3]}
    if row["given_back_deg"] < 0.05:
        return f"{words_of(row['limit'])} is as wide as the free body's already"
    if any(value is None for value in saved.values()):
        return f"{given}° more {words_of(row['limit'])}: a frame was not solved"
    found = []
    for verb, sign in (("saves", 1.0), ("costs", -1.0)):
        name = max(saved, key=lambda key: sign * saved[key])
        if sign * saved[name] >= 0.05:
            found.append(f"{verb} {abs(saved[name]):.1f}° of {name.replace('_', ' ')}")
    return f"{given}° more {words_of(row['limit'])} {' and '.join(found) or 'saves nothing at the lumbar spine'}"


def search_text(search: dict[str, Any]) -> str:
    """How sure the best found of `least` is."""
    if not search["frames_searched"]:
        return "no lumbar motion has to be added: certain"
    return (
        f"best found from up to {search['starts']} starts a frame; at least two agree to 0.01° in "
        f"{search['frames_agreeing']} of the {search['frames_searched']} frames that were searched"
    )


def table_text(result: Compensation, answer: dict[str, Any]) -> str:
    """The table as text of at most 100 columns, without the load; `answer` is ``result.answer()``."""
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, highlight=False)
    what = result.attrs["source"] or "constructed"
    console.print(Text(f"{result.attrs['task'].capitalize()}: {what} on {result.attrs['chain']}", "bold"))
    if result.attrs["constructed"]:
        console.print(f"Constructed: {result.attrs['constructed']}")
    console.print(f"Zero of the hip: {result.attrs['zero']} ({result.attrs['zero_text']})")
    for cause in json.loads(result.attrs["causes"]):
        console.print(f"Cause: {cause_text(cause)}")
    for line in limits_text(result):
        console.print(f"Limit: {line}")
    console.print(_comparison(result))
    if "least" in answer["answers"]:
        units = {"step_length": " m"}
        room = ", ".join(f"{k.replace('_', ' ')} {v:g}{units.get(k, '°')}" for k, v in answer["allowances"].items())
        console.print(f"least may use: {room}")
    for strategy, found in answer["answers"].items():
        console.print(f"{strategy}: {solver_text(found['solver'])}")
        if "shortfall" in found:
            console.print(f"{strategy}: {shortfall_text(found['shortfall'], span_of(result))}")
        if "search" in found:
            console.print(f"{strategy}: {search_text(found['search'])}")
    headline = headline_strategy(result)
    best = answer["answers"][headline]
    lines = [budget_text(limit, budget) for limit, budget in best.get("budget_deg", {}).items()]
    lines += [relief_text(row) for row in best.get("relief", [])]
    if lines:
        console.print(Text(f"\nWhere the lost degrees go, and what giving some back saves ({headline})"))
        for line in lines:
            console.print(Padding(line, (0, 0, 0, 2)))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def _comparison(result: Compensation) -> Table:
    """One row a coordinate: what each strategy adds, the share of the own range, from where to where, and when."""
    changes = result.changes()
    headline = headline_strategy(result)
    title = "\nLargest change in degrees, and the share of the own range that is used (! is more than there is)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("from standing", no_wrap=True)
    for name in changes:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"{headline}: from → to", justify="right", no_wrap=True)
    table.add_column(f"at % {span_of(result)}".replace("gait ", "").replace("of the ", ""), justify="right")
    for coordinate, words in WORDS.items():
        cells = [_added(changes[name][coordinate], coordinate) for name in changes]
        table.add_row(words, *cells, *_moved(result, headline, coordinate, changes[headline][coordinate]))
    return table


def _added(change: Change, coordinate: str) -> str:
    share = f"{100 * change.share_of_range:.0f} %" if np.isfinite(change.share_of_range) else ""
    if change.share_of_range > 1.0 + 1e-6:
        share = f"{share or 'none'}!"
    added = SIGN.get(coordinate, 1.0) * change.added_deg
    return ("0" if abs(added) < 0.05 else f"{added:+.1f}") + f" {share:>6}".replace(" ", "\u00a0")


def _moved(result: Compensation, strategy: str, name: str, change: Change) -> list[str]:
    if abs(change.added_deg) < 0.05:
        return ["", ""]
    one, sign = {"strategy": strategy, "coordinate": name}, SIGN.get(name, 1.0)
    offset = float(result.zero_offset.sel(coordinate=name))
    free, restricted = result.free.sel(one).values, result.restricted.sel(one).values
    k = int(np.abs(restricted - free).argmax())
    at = "" if np.isnan(change.at_percent) else f"{change.at_percent:.0f}"
    return [f"{sign * (free[k] + offset):.1f} → {sign * (restricted[k] + offset):.1f}", at]


__all__ = [
    "budget_text", "headline_strategy", "movement_of", "relief_text", "search_text", "shortfall_text", "solver_text",
    "span_of", "table_text", "words_of",
]  # fmt: skip
