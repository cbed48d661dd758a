"""The mirror image of a body and of what it does: left and right change places in the sagittal plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import COORDINATES, INDEX, SEGMENTS, TRANSLATIONS

Array = NDArray[np.float64]

#: What the mirror does to a place.
FLIP = np.array([1.0, 1.0, -1.0])
_OTHER = {"_r": "_l", "_l": "_r"}


def other_side(name: str) -> str:
    """The name of the same thing on the other side; what has no side keeps its name."""
    return name[:-2] + _OTHER.get(name[-2:], name[-2:])


def other_side_words(text: str) -> str:
    """A goal's or direction's name with its sides changed: heel_r up, hip_extension_left."""
    sides = {"right": "left", "left": "right"}
    words = [other_side(word) for word in text.split(" ")]
    return " ".join("_".join(sides.get(part, part) for part in word.split("_")) for word in words)


#: For each coordinate the one it changes places with, and the sense that keeps its clinical meaning.
ORDER = np.array([INDEX[other_side(name)] for name in COORDINATES])
SENSE = np.array(
    [1.0 if name[-2:] in _OTHER or name.endswith(("tilt", "extension", "tx", "ty")) else -1.0 for name in COORDINATES]
)


def mirrored_posture(q: ArrayLike) -> Array:
    """The mirror image (..., 24) of the postures `q` (..., 24). [m, rad]"""
    return np.asarray((np.asarray(q, dtype=np.float64) * SENSE)[..., ORDER])


def mirrored_chain(chain: Chain) -> Chain:
    """The body's mirror image, left and right named anew."""
    axes = -chain.axes[ORDER] * FLIP * SENSE[:, None]  # an axis of rotation is a pseudovector
    axes[: len(TRANSLATIONS)] = chain.axes[: len(TRANSLATIONS)]
    segments = [SEGMENTS.index(other_side(name)) for name in SEGMENTS]
    points = {other_side(name): mirrored_point(point) for name, point in chain.points.items()}
    right, left = chain.convention.knee_sign
    return replace(
        chain,
        axes=axes,
        offsets=chain.offsets[ORDER] * FLIP,
        masses=chain.masses[segments],
        mass_centres=chain.mass_centres[segments] * FLIP,
        inertias=chain.inertias[segments] * np.outer(FLIP, FLIP),
        points=points,
        locked=tuple(other_side(name) for name in chain.locked),
        convention=replace(chain.convention, knee_sign=(left, right)),
        knee_hinge=tuple(replace(fit, side=other_side(f"_{fit.side}")[1:]) for fit in chain.knee_hinge),
    )


def mirrored_point(point: Point) -> Point:
    """The point's mirror image on the other side's segment."""
    x, y, z = point.location
    return Point(other_side(point.segment), (x, y, -z))


__all__ = [
    "FLIP", "ORDER", "SENSE", "mirrored_chain", "mirrored_point", "mirrored_posture", "other_side", "other_side_words",
]  # fmt: skip
