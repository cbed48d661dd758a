"""What giving back a few degrees of one limit would save: the same task solved again, limit by limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, SPINE
from simulate.solution import UNSOLVED, Answer

Array = NDArray[np.float64]
Bounds = tuple[Array, Array]

#: How much of each limit is given back. [deg]
GIVEN_BACK_DEG = 5.0
#: What is summarised: the norm of the three lumbar axes, then single coordinates, each at its largest change.
LUMBAR = "lumbar"
SUMMARISED = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", *SPINE)
SUMMARIES = (LUMBAR, *SUMMARISED)


@dataclass(frozen=True, eq=False)
class Relief:
    """What each limit given back saves.

    `given_back` (L,), less than GIVEN_BACK_DEG where the free body's own bound comes first; `saved` (L, summaries) by
    strategy, positive where less is needed, over the frames that are solved before and after. [rad]
    """

    given_back: Array
    saved: Mapping[str, Array]


def relief(
    limits: Sequence[tuple[str, int]],
    restricted: Bounds,
    unrestricted: Bounds,
    free: Array,
    answers: Mapping[str, Answer],
    again: Callable[[str, Bounds, Array], Answer],
) -> Relief:
    """Solve every strategy again with each limit given back.

    Parameters
    ----------
    limits : sequence of (coordinate, direction)
        The imposed limits.
    restricted, unrestricted : (lower, upper), each (24,)
        Bounds with and without them. [rad]
    free : ndarray, shape (F, 24)
        The free answer.
    answers : mapping of strategy to Answer
        With the limits.
    again : callable (strategy, bounds, near) -> Answer
        `near` is the answer before: it still meets every must.
    """
    given, saved = np.zeros(len(limits)), {name: np.zeros((len(limits), len(SUMMARIES))) for name in answers}
    for k, (coordinate, direction) in enumerate(limits):
        i, end = INDEX[coordinate], int(direction > 0)
        given[k] = np.clip(direction * (unrestricted[end][i] - restricted[end][i]), 0.0, np.deg2rad(GIVEN_BACK_DEG))
        bounds = (restricted[0].copy(), restricted[1].copy())
        bounds[end][i] += direction * given[k]
        for name, before in answers.items():
            after = again(name, bounds, before.solution.q).solution
            both = (before.solution.status != UNSOLVED) & (after.status != UNSOLVED)
            saved[name][k] = largest(free[both], before.solution.q[both]) - largest(free[both], after.q[both])
    return Relief(given, saved)


def largest(free: Array, restricted: Array) -> Array:
    """Largest change over the frames of everything in SUMMARIES. [rad]"""
    added = restricted - free
    single = np.abs(added[:, [INDEX[name] for name in SUMMARISED]]).max(axis=0, initial=0.0)
    return np.concatenate([[lumbar_norm(added).max(initial=0.0)], single])


def lumbar_norm(added: Array) -> Array:
    """Norm (F,) of the added motion of the lumbar joint's three axes. [rad]"""
    return np.asarray(np.linalg.norm(added[:, [INDEX[name] for name in SPINE[:3]]], axis=1))


__all__ = ["GIVEN_BACK_DEG", "LUMBAR", "SUMMARIES", "SUMMARISED", "Relief", "largest", "lumbar_norm", "relief"]
