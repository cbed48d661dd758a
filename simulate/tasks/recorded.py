"""Recorded movements on two feet: what was recorded is the reference, and what the movement is about has to be met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.pose import orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.zero import Standing, standing_tilt, zero_offsets
from simulate.goals import MUST, Goal, PointGoal
from simulate.motion import Motion, to_chain
from simulate.problem import Task
from simulate.tasks.planted import (
    ASKED,
    UP,
    Stance,
    balance_goals,
    middle_of_hips,
    planted,
    thorax_must,
    trunk_goal,
    trunk_goals,
)

Array = NDArray[np.float64]


def _thorax(axis: str, name: str) -> Callable[[Chain, Array], list[Goal]]:
    return lambda chain, q: [
        thorax_must(orientation(chain, q, "thorax"), axis, name),
        *trunk_goals(chain, q, axis),
    ]


def _hips_down(chain: Chain, q: Array) -> list[Goal]:
    n = len(q)
    down = PointGoal(
        name="hips down",
        point=middle_of_hips(chain),
        normal=np.tile(UP, (n, 1)),
        target=positions(chain, q, [f"hip_{side}" for side in SIDES])[..., 1].mean(axis=1),
        role=np.full(n, MUST, np.int8),
        yields=ASKED,
    )
    return [down, trunk_goal(chain, q)]


#: What each movement is about, in words, and its goals from the recorded postures.
MOVEMENTS: dict[str, tuple[str, Callable[[Chain, Array], list[Goal]]]] = {
    "pivot": ("turn of the trunk", _thorax("long", "thorax heading")),
    "bend": ("lean of the trunk", _thorax("across", "lean of the trunk")),
    "squat": ("depth", _hips_down),
    "sit": ("height of the seat", _hips_down),
    "swing": ("turn of the thorax", _thorax("long", "turn of the thorax")),
    "stand": ("level gaze", _thorax("across", "gaze level")),
}


def recorded_on_feet(name: str, chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded movement on two feet a task.

    Each foot stays where and as it was, frame by frame; the mass centre stays over the feet, or no further outside than
    it was. A recorded seat is not known: where somebody sits, the mass centre may be as far behind the feet as it was.

    Parameters
    ----------
    name : {"pivot", "bend", "squat", "sit", "swing", "stand"}
    chain : Chain
    motion : Motion
    standing : Standing
        The person's standing posture on the same chain.

    Raises
    ------
    HipspineError
        If the movement is unknown, coordinates are missing, or there is no standing posture.
    """
    if name not in MOVEMENTS:
        raise unknown("recorded movement on two feet", name, MOVEMENTS)
    if standing is None:
        raise HipspineError(
            f"{motion.source}: a recorded {name} needs the standing posture of the same person: --standing FILE"
        )
    q, notices = to_chain(motion, chain)
    offsets = zero_offsets("clinical", standing, standing_tilt_deg=standing_tilt()[0])
    stance = Stance(chain, q[0], standing, *RangeOfMotion.normal().bounds(offsets))
    asked, goals = MOVEMENTS[name]
    task = planted(name, stance, q, [*goals(chain, q), *balance_goals(chain, q)], asked=asked, how="", motion=motion)
    percent = 100.0 * (motion.time - motion.time[0]) / max(float(np.ptp(motion.time)), 1e-12)
    return replace(task, percent=dict.fromkeys(SIDES, percent), notices=notices)


__all__ = ["MOVEMENTS", "recorded_on_feet"]
