"""Quantities of an answer by their names in words, as lessons ask for them: ``added lumbar extension``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS
from kinematics.errors import HipspineError, unknown

Array = NDArray[np.float64]
Shown = Mapping[str, Any]

#: Angles by their names: curve of the answer and sense.
ANGLES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        **{
            f"{word} hip {name}": (f"{curve}_{side}", sign)
            for side, word in SIDE_WORDS.items()
            for name, curve, sign in (
                ("extension", "hip_extension", 1),
                ("flexion", "hip_extension", -1),
                ("internal rotation", "hip_internal_rotation", 1),
                ("external rotation", "hip_internal_rotation", -1),
                ("abduction", "hip_abduction", 1),
                ("adduction", "hip_abduction", -1),
            )
        },
        "anterior tilt": ("pelvis_tilt", 1),
        "posterior tilt": ("pelvis_tilt", -1),
        "pelvic rotation to the left": ("pelvis_rotation", 1),
        "pelvic rotation to the right": ("pelvis_rotation", -1),
        "pelvic drop to the right": ("pelvis_list", 1),
        "pelvic drop to the left": ("pelvis_list", -1),
        "lumbar extension": ("lumbar_extension", 1),
        "lumbar flexion": ("lumbar_extension", -1),
        "lumbar rotation to the left": ("lumbar_rotation", 1),
        "lumbar rotation to the right": ("lumbar_rotation", -1),
        "lumbar bending to the right": ("lumbar_bending", 1),
        "lumbar bending to the left": ("lumbar_bending", -1),
    }
)
#: What can be asked of an angle, and how it comes of the free and the restricted curve (F,) and of the sense.
OF_ANGLES: Mapping[str, tuple[str, Callable[[Array, Array], float]]] = MappingProxyType(
    {
        "added": (
            "restricted less free where they differ most; below 0 if there is less",
            lambda free, restricted: float((restricted - free)[np.abs(restricted - free).argmax()]),
        ),
        "largest": ("of the restricted person", lambda free, restricted: float(restricted.max())),
        "smallest": ("of the restricted person", lambda free, restricted: float(restricted.min())),
        "range of": (
            "of the restricted person, from smallest to largest",
            lambda free, restricted: float(np.ptp(restricted)),
        ),
        "free largest": ("of the unrestricted person", lambda free, restricted: float(free.max())),
        "free smallest": ("of the unrestricted person", lambda free, restricted: float(free.min())),
        "free range of": ("of the unrestricted person", lambda free, restricted: float(np.ptp(free))),
    }
)
#: Where lost degrees can go, as the budget has it.
PARTS = ("foot and ankle", "knee", "lumbar spine", "thoracic spine", "trunk lean")
#: What is asked of the whole answer.
WHOLE: Mapping[str, str] = MappingProxyType(
    {
        "share of lumbar range": "the largest part of the own lumbar range that is used, in %",
        "free share of lumbar range": "the same of the unrestricted person",
        "shortfall in cm": "by how much the task falls short at most: the step, the depth ...",
        "shortfall in degrees": "by how much the task falls short at most: the turn, the elevation ...",
        "lost": "lost DIRECTION: degrees that a limited hip direction lacks at its frame of greatest loss",
        "taken by": "taken by PART of DIRECTION: where the lost degrees went",
    }
)


def measure(quantity: str, shown: Shown) -> float:
    """A quantity of an answer.

    Parameters
    ----------
    quantity : str
        ``added lumbar extension``, ``free largest right hip extension``, ``lost right hip extension``, ``taken by knee
        of right hip extension``, ``share of lumbar range``, ``shortfall in cm`` and so on: `known_quantities`.
    shown : mapping
        From `simulate.teach.show`.

    Returns
    -------
    float
        In degrees, but for ``share`` [%] and ``shortfall in cm``.

    Raises
    ------
    HipspineError
        If the quantity is unknown, or nothing was solved.
    """
    words = " ".join(quantity.split())
    check_quantity(words)
    for verb in sorted(OF_ANGLES, key=len, reverse=True):
        if words.startswith(f"{verb} "):
            free, restricted = _curves(shown, words.removeprefix(f"{verb} "))
            return OF_ANGLES[verb][1](free, restricted)
    if words.endswith("share of lumbar range"):
        used = shown["share"]["lumbar"]["free" if words.startswith("free") else "restricted"]
        return 100.0 * max((share for share in used if share is not None), default=float("nan"))
    if words.startswith("shortfall"):
        unit, per = ("mm", 10.0) if words.endswith("cm") else ("deg", 1.0)
        return max((float(each[unit]) / per for each in shown["shortfalls"]), default=0.0)
    limit = words.removeprefix("lost ").rpartition(" of ")[2]
    for each in shown["budget"]:
        if each["limit"] == limit:
            if words.startswith("lost "):
                return float(each["lost_deg"])
            part = words.removeprefix("taken by ").rpartition(" of ")[0]
            return float(next(found["deg"] for found in each["parts"] if found["name"] == part))
    return 0.0


def check_quantity(quantity: str) -> None:
    """Raise `HipspineError` if there is no such quantity, with the nearest that there is."""
    words = " ".join(quantity.split())
    if words not in known_quantities():
        near = unknown("quantity", words, known_quantities())
        text = str(near).partition(" Known: ")[0]
        raise HipspineError(
            f"{text} A quantity is one of {', '.join(OF_ANGLES)} with an angle ({', '.join(ANGLES)}), or one of "
            f"{', '.join(name for name in WHOLE if name not in ('lost', 'taken by'))}, lost DIRECTION, taken by PART "
            f"of DIRECTION; parts: {', '.join(PARTS)}."
        )


def known_quantities() -> tuple[str, ...]:
    """Every quantity there is."""
    hips = [name for name in ANGLES if " hip " in name]
    return (
        *(f"{verb} {name}" for verb in OF_ANGLES for name in ANGLES),
        *(name for name in WHOLE if name not in ("lost", "taken by")),
        *(f"lost {name}" for name in hips),
        *(f"taken by {part} of {name}" for part in PARTS for name in hips),
    )


def unit_of(quantity: str) -> str:
    """What a quantity counts in: ``°``, ``%`` or ``cm``."""
    return "%" if quantity.endswith("share of lumbar range") else "cm" if quantity.endswith(" cm") else "°"


def _curves(shown: Shown, name: str) -> tuple[Array, Array]:
    """Free and restricted curve of an angle, where there is an answer."""
    key, sign = ANGLES[name]
    curve = next(each for each in shown["curves"] if each["key"] == key)
    free, restricted = (np.array(curve[kind], dtype=np.float64) for kind in ("free", "restricted"))
    there = np.isfinite(restricted)
    if not there.any():
        raise HipspineError(f"nothing was solved, so there is no {name}")
    return sign * free[there], sign * restricted[there]


__all__ = ["ANGLES", "OF_ANGLES", "PARTS", "WHOLE", "check_quantity", "known_quantities", "measure", "unit_of"]
