"""The mirror image of a task: what the right side did, the left side does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX
from kinematics.mirror import (
    FLIP,
    ORDER,
    SENSE,
    mirrored_chain,
    mirrored_point,
    mirrored_posture,
    other_side,
    other_side_words,
)
from kinematics.zero import Standing
from simulate.goals import MASS_CENTRE, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.motion import Motion
from simulate.problem import Task

Array = NDArray[np.float64]
#: What the mirror does to a rotation vector.
_TURN = -FLIP


def mirrored(task: Task) -> Task:
    """The mirror image of a task: body, reference and goals."""
    tissue = task.tissue._replace(factor=(task.tissue.factor * SENSE)[:, ORDER].copy())
    return replace(
        task,
        chain=mirrored_chain(task.chain),
        motion=mirrored_motion(task.motion),
        q=mirrored_posture(task.q),
        goals=tuple(_mirrored_goal(goal) for goal in task.goals),
        standing=mirrored_standing(task.standing),
        percent={side: task.percent[other_side(f"_{side}")[1:]] for side in task.percent},
        loaded={side: task.loaded[other_side(f"_{side}")[1:]] for side in task.loaded},
        notices=(*task.notices, "mirrored: left and right have changed places"),
        tissue=tissue,
        raised=other_side(f"_{task.raised}")[1:] if task.raised else "",
    )


def mirrored_motion(motion: Motion) -> Motion:
    """The mirror image of a motion; columns that are no coordinates are left out."""
    columns = [motion.names.index(other_side(name)) for name in motion.names]
    sense = np.array([SENSE[INDEX[name]] for name in motion.names])
    return replace(motion, values=motion.values[:, columns] * sense, extras={})


def mirrored_standing(standing: Standing) -> Standing:
    """The mirror image of a standing posture."""
    right, left = standing.hip_flexion
    sense = SENSE[len(COORDINATES) - len(standing.spine) :]
    return replace(standing, pelvis_list=-standing.pelvis_list, hip_flexion=(left, right), spine=standing.spine * sense)


def _mirrored_goal(goal: Goal) -> Goal:
    goal = replace(goal, name=other_side_words(goal.name))
    if isinstance(goal, PointGoal):
        point = goal.point if goal.point == MASS_CENTRE else mirrored_point(goal.point)
        return replace(goal, point=point, normal=goal.normal * FLIP)
    if isinstance(goal, OrientationGoal):
        return replace(
            goal,
            segment=other_side(goal.segment),
            target=goal.target * np.outer(FLIP, FLIP),
            room=_turned(goal, goal.room),
            allowed=_turned(goal, goal.allowed),
        )
    assert isinstance(goal, CombinationGoal)
    factors = {other_side(name): factor * SENSE[INDEX[name]] for name, factor in goal.factors.items()}
    return replace(goal, factors=factors)


def _turned(goal: Goal, part: Array) -> Array:
    """A room in which what changes its sense has its ends exchanged."""
    ends = goal.ends(part)
    return np.where(_TURN[:, None] > 0.0, ends, -ends[..., ::-1])


__all__ = ["mirrored", "mirrored_motion", "mirrored_standing"]
