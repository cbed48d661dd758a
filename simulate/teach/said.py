"""What an answer says in words: the headline, and what falls short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.problem import misses
from simulate.solution import MUST_DEG, MUST_MM, Answer

Array = NDArray[np.float64]

#: What somebody does, in words that can need something; "this walk" and so on where it is not here.
MOVEMENT = {
    "walk": "this stride", "run": "this running stride", "prone": "this test", "prone-rotation": "this test",
    "sit": "sitting down", "stand": "standing",
}  # fmt: skip
#: Words for more of each lumbar coordinate, and for more the other way.
LUMBAR = {
    "lumbar_extension": ("lumbar extension", "lumbar flexion"),
    "lumbar_bending": ("lumbar bending to the right", "lumbar bending to the left"),
    "lumbar_rotation": ("lumbar rotation to the left", "lumbar rotation to the right"),
}
#: What the pelvis does more, either way, by so many degrees.
PELVIS = {
    "pelvis_tilt": ("tips {} further forward", "tips {} further back"),
    "pelvis_list": ("drops {} to the right", "drops {} to the left"),
    "pelvis_rotation": ("turns {} to the left", "turns {} to the right"),
}
#: The same where the unrestricted person does at least as much the other way: it then only does less of that.
PELVIS_LESS = {
    "pelvis_tilt": ("tips {} less back", "tips {} less forward"),
    "pelvis_list": ("drops {} less to the left", "drops {} less to the right"),
    "pelvis_rotation": ("turns {} less to the right", "turns {} less to the left"),
}
#: A change below this is not worth a word. [deg]
NOTHING = 0.05
#: A second lumbar change is told beside the first from this on, and from this share of it. [deg] (assumption)
SECOND, OF_FIRST = 1.0, 0.3


@dataclass(frozen=True)
class Lost:
    """What one hip direction gives up: its name in `words`, and the degrees `lost` at the frame of greatest loss."""

    words: str
    lost: float


def movement_words(task: str) -> str:
    """What is done, in words that can need something."""
    return MOVEMENT.get(task, f"this {task}")


def degrees(value: float) -> str:
    """Degrees as they are said: one digit below ten, none above."""
    size = abs(value)
    return f"{size:.1f}°" if size < 9.95 else f"{size:.0f}°"


def headline(
    task: str,
    lost: Sequence[Lost],
    limited: Sequence[str],
    causes: Sequence[str],
    added: Mapping[str, float],
    free: Mapping[str, float],
    short: str | None,
    unsolved: int,
) -> str:
    """What the answer says, in one sentence or two.

    Parameters
    ----------
    task : str
    lost : sequence of Lost
        The hip directions that give something up.
    limited : sequence of str
        The limits that were given, in words with their degrees.
    causes : sequence of str
        What made the hip stiff, in words.
    added : mapping of str to float
        Added motion by curve (`LUMBAR`, `PELVIS`), signed, at its largest; anterior tilt positive. [deg]
    free : mapping of str to float
        What the unrestricted person has there, by curve. [deg]
    short : str, optional
        What falls short, in words.
    unsolved : int
        Frames without an answer.
    """
    what = movement_words(task)
    if not limited and not causes:
        return f"No limit: {what} is as the unrestricted person does it."
    ending = f" The task is not completed: {short}." if short else ""
    if unsolved:
        ending += f" {unsolved} {'frame has' if unsolved == 1 else 'frames have'} no answer."
    if not added:
        return f"No answer was found for {what} with {_listed([*limited, *causes])}."
    ranked = sorted(LUMBAR, key=lambda name: -abs(added[name]))
    told = [name for k, name in enumerate(ranked[:2]) if abs(added[name]) > (NOTHING, SECOND)[k]]
    told = told[:1] + [name for name in told[1:] if abs(added[name]) > OF_FIRST * abs(added[told[0]])]
    if lost:
        with_what = f"With {_taken(lost[:2])}"
    elif causes:
        with_what = f"With {_listed(list(causes))}"
    else:
        with_what = f"With {_listed(list(limited[:2]))}"
        if not told:
            return f"{with_what}, {what} has enough: it does not come to the limit.{ending}"
    pelvis = max(PELVIS, key=lambda name: abs(added[name]))
    tipped = f" The pelvis {_moved(pelvis, added[pelvis], free[pelvis])}." if abs(added[pelvis]) > NOTHING else ""
    if not told:
        return f"{with_what}, {what} needs no more of the lumbar spine.{tipped}{ending}"
    more = _listed([f"{degrees(added[name])} more {LUMBAR[name][int(added[name] < 0.0)]}" for name in told])
    return f"{with_what}, {what} needs {more}.{tipped}{ending}"


def _moved(name: str, added: float, free: float) -> str:
    """What the pelvis does in words: tips 5° further forward, turns 5° less to the left."""
    less = added * free < 0.0 and abs(free) >= abs(added)
    return (PELVIS_LESS if less else PELVIS)[name][int(added < 0.0)].format(degrees(added))


def _taken(lost: Sequence[Lost]) -> str:
    """What is lost, in words; of one direction on both sides: 5° less right and 1° less left hip extension."""
    sides = {each.words.partition(" ")[0]: each.words.partition(" ")[2] for each in lost}
    if set(sides) == {"right", "left"} and len(set(sides.values())) == 1:
        parts = [f"{degrees(each.lost)} less {each.words.partition(' ')[0]}" for each in lost]
        return f"{_listed(parts)} {next(iter(sides.values()))}"
    return _listed([f"{degrees(each.lost)} less {each.words}" for each in lost])


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def shortfalls(answer: Answer, percent: Array) -> list[dict[str, Any]]:
    """What falls short, in the order in which it yields: `goal`, by how much at most `mm` and `deg`, `at` percent."""
    if not (answer.solution.status == SHORTFALL).any():
        return []
    asked = answer.asked
    miss = misses(asked, answer.solution.q)
    miss[answer.solution.status == UNSOLVED] = 0.0
    levels = np.array([goal.yields for goal in asked.goals])
    units = np.array([goal.unit for goal in asked.goals])
    found = []
    for level, name in enumerate(asked.yields, start=1):
        mm, deg = (miss[:, (levels == level) & (units == unit)].max(axis=1, initial=0.0) for unit in ("mm", "deg"))
        if mm.max() > MUST_MM or deg.max() > MUST_DEG:
            k = int((mm / MUST_MM + deg / MUST_DEG).argmax())
            found.append({"goal": name, "mm": float(mm.max()), "deg": float(deg.max()), "at": float(percent[k])})
    return found


def shortfall_words(found: Sequence[Mapping[str, Any]]) -> str | None:
    """What falls short, in words; None if nothing does."""
    parts = []
    for each in found:
        by = []
        if each["mm"] > MUST_MM:
            by.append(f"{each['mm']:.1f} mm" if each["mm"] < 9.95 else f"{each['mm'] / 10.0:.1f} cm")
        if each["deg"] > MUST_DEG:
            by.append(f"{each['deg']:.2f}°" if each["deg"] < 0.095 else degrees(each["deg"]))
        parts.append(f"{each['goal']} {' and '.join(by)} short")
    return ", ".join(parts) or None


def limit_words(name: str, left: float) -> str:
    """A limit in words: right hip extension limited to 0°."""
    words = name.split("_")
    if words[-1] in ("right", "left") and words[0] == "hip":
        words = [words[-1], *words[:-1]]
    return f"{' '.join(words)} limited to {left:g}°".replace(" -", " \N{MINUS SIGN}")


def direction_words(name: str) -> str:
    """A clinical direction in words: right hip extension."""
    return limit_words(name, 0.0).removesuffix(" limited to 0°")


def cause_words(text: str) -> str:
    """A cause in words: tight hip flexors (right, severity 0.5)."""
    name, side, severity = text.split(":")
    where = "both sides" if side == "both" else side
    return f"{name.replace('_', ' ')} ({where}, severity {float(severity):g})"


__all__ = [
    "LUMBAR", "PELVIS", "PELVIS_LESS", "Lost", "cause_words", "degrees", "direction_words", "headline", "limit_words",
    "movement_words", "shortfall_words", "shortfalls",
]  # fmt: skip
