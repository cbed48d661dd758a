"""From a wish to arrays: goals with names, roles and units, and the task they make up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE
from kinematics.pose import frames
from kinematics.rotations import rotation_angle
from kinematics.tables import rows, value
from kinematics.zero import Standing
from simulate.kernels.data import ABOVE, EQUAL, OFF, SOFT, Body, Goals
from simulate.motion import Motion, take

Array = NDArray[np.float64]
Roles = NDArray[np.int8]

__all__ = [
    "ABOVE",
    "EQUAL",
    "OFF",
    "SOFT",
    "OrientationGoal",
    "PointGoal",
    "Residuals",
    "Task",
    "must_residuals",
    "stiffness",
]


@dataclass(frozen=True, eq=False)
class PointGoal:
    """A point, or a direction, of a segment at a place along one world axis.

    Parameters
    ----------
    name : str
        What it asks for, in words.
    point : Point
        The point [m], or the direction (unit vector), in the segment's frame.
    normal : ndarray, shape (F, 3)
        World axis along which it is measured.
    target : ndarray, shape (F,)
        Place along that axis [m]; for a direction the cosine with it.
    role : ndarray, shape (F,)
        OFF, EQUAL (must), ABOVE (must, one side) or SOFT (prefers).
    stiffness : float
        What a SOFT role costs. [N/m, N m/rad]
    is_direction : bool
        Whether `point` is a direction.
    yields : bool
        Whether it gives way when not all musts can be met.
    """

    name: str
    point: Point
    normal: Array
    target: Array
    role: Roles
    stiffness: float = 0.0
    is_direction: bool = False
    yields: bool = False


@dataclass(frozen=True, eq=False)
class OrientationGoal:
    """A segment's orientation, `target` (F, 3, 3), all three axes; `role` (F,), `stiffness` [N m/rad] where SOFT."""

    name: str
    segment: str
    target: Array
    role: Roles
    stiffness: float = 0.0


@dataclass(frozen=True, eq=False)
class Task:
    """A reference motion on a chain and the goals that make it done.

    Parameters
    ----------
    name : str
        ``walk`` and so on.
    chain : Chain
    motion : Motion
        What was recorded, in its file's own convention.
    time : ndarray, shape (F,)
        [s]
    q : ndarray, shape (F, 24)
        The reference posture of each frame. [m, rad]
    goals : sequence of PointGoal or OrientationGoal
        What must be met and what is preferred.
    stiffness : ndarray, shape (24,)
        Of each coordinate about its reference. [N m/rad]
    standing : Standing
        The standing posture from which zeros are counted.
    percent : mapping of side to ndarray, shape (F,)
        Percentage of that side's cycle; NaN outside.
    loaded : mapping of side to ndarray of bool, shape (F,)
        Whether that side's forefoot is loaded.
    yields : str
        What gives way when not all musts can be met, in words.
    source : str
        The recording's name.
    notices : tuple of str
        What the user should know.
    """

    name: str
    chain: Chain
    motion: Motion
    time: Array
    q: Array
    goals: Sequence[PointGoal | OrientationGoal]
    stiffness: Array
    standing: Standing
    percent: Mapping[str, Array]
    loaded: Mapping[str, NDArray[np.bool_]]
    yields: str
    source: str = ""
    notices: tuple[str, ...] = field(default=())

    @property
    def point_goals(self) -> list[PointGoal]:
        """The goals on points and directions, in order."""
        return [goal for goal in self.goals if isinstance(goal, PointGoal)]

    @property
    def orientation_goals(self) -> list[OrientationGoal]:
        """The goals on orientations, in order."""
        return [goal for goal in self.goals if isinstance(goal, OrientationGoal)]

    @property
    def body(self) -> Body:
        """The chain's geometry as the kernels take it."""
        return Body(self.chain.axes, self.chain.offsets)

    def with_goals(self, goals: Sequence[PointGoal | OrientationGoal]) -> Task:
        """The same task with other goals."""
        return replace(self, goals=tuple(goals))

    def frames(self, which: slice) -> Task:
        """The same task over some of its frames."""
        cut = {"normal", "target", "role"}
        return replace(
            self,
            motion=take(self.motion, which),
            time=self.time[which],
            q=self.q[which],
            goals=tuple(
                replace(goal, **{name: getattr(goal, name)[which] for name in cut if hasattr(goal, name)})
                for goal in self.goals
            ),
            percent={side: percent[which] for side, percent in self.percent.items()},
            loaded={side: loaded[which] for side, loaded in self.loaded.items()},
        )

    def kernel_goals(self) -> Goals:
        """The goals as the kernels take them."""
        points, turns, n = self.point_goals, self.orientation_goals, len(self.q)
        yield_stiffness = value("stiffness", "yielding_goal", package="simulate")
        return Goals(
            segment=np.array([SEGMENT_COORDINATE[g.point.segment] for g in points], dtype=np.int64),
            local=np.array([g.point.location for g in points], dtype=np.float64).reshape(-1, 3),
            is_point=np.array([not g.is_direction for g in points], dtype=np.int8),
            normal=_stack([g.normal for g in points], (n, 0, 3)),
            target=_stack([g.target for g in points], (n, 0)),
            role=_stack([g.role for g in points], (n, 0)).astype(np.int8),
            weight=np.array([g.stiffness for g in points], dtype=np.float64),
            yields=np.array([g.yields for g in points], dtype=np.int8),
            yield_weight=np.full(len(points), yield_stiffness),
            o_segment=np.array([SEGMENT_COORDINATE[g.segment] for g in turns], dtype=np.int64),
            o_target=_stack([g.target for g in turns], (n, 0, 3, 3)),
            o_role=_stack([g.role for g in turns], (n, 0)).astype(np.int8),
            o_weight=np.array([g.stiffness for g in turns], dtype=np.float64),
        )


def _stack(arrays: Sequence[NDArray[np.generic]], empty: tuple[int, ...]) -> Array:
    """Stack per-goal arrays along a second axis; of shape `empty` if there are none."""
    return np.stack(arrays, axis=1).astype(np.float64) if arrays else np.zeros(empty)


def stiffness() -> Array:
    """Stiffness (24,) of each coordinate about its reference [N m/rad], table ``simulate/data/stiffness.csv``.

    Nothing acts on the pelvis's place and heading: those are matters of goals.
    """
    table = {row["name"]: float(row["value"]) for row in rows("stiffness", "simulate")}
    return np.array([table.get(name.removesuffix("_r").removesuffix("_l"), 0.0) for name in COORDINATES])


class Residuals(NamedTuple):
    """Largest miss of the must goals, each (F,): of those that never yield [mm, deg] and of those that may."""

    mm: Array
    deg: Array
    yielded_mm: Array
    yielded_deg: Array


def must_residuals(task: Task, q: Array) -> Residuals:
    """How far each must goal is missed, from the chain's own forward kinematics.

    Parameters
    ----------
    task : Task
    q : ndarray, shape (F, 24)

    Returns
    -------
    Residuals
    """
    R, o, _ = frames(task.chain, q)
    mm, deg, yielded_mm, yielded_deg = np.zeros((4, len(q)))
    for goal in task.point_goals:
        s = SEGMENT_COORDINATE[goal.point.segment]
        arm = R[:, s] @ np.asarray(goal.point.location)
        place = np.einsum("fi,fi->f", goal.normal, arm if goal.is_direction else arm + o[:, s])
        miss = np.where(goal.role == EQUAL, np.abs(place - goal.target), 0.0)
        miss = np.where(goal.role == ABOVE, np.maximum(0.0, goal.target - place), miss)
        into = yielded_mm if goal.yields else mm
        if goal.is_direction:
            # a pitched foot is foreshortened: the angle is counted in the floor's plane
            miss = np.rad2deg(np.arcsin(np.clip(miss / np.hypot(arm[:, 0], arm[:, 2]), 0.0, 1.0)))
            into = yielded_deg if goal.yields else deg
        else:
            miss = 1e3 * miss
        np.maximum(into, miss, out=into)
    for turn in task.orientation_goals:
        angle = rotation_angle(np.swapaxes(turn.target, -1, -2) @ R[:, SEGMENT_COORDINATE[turn.segment]])
        np.maximum(deg, np.where(turn.role == EQUAL, np.rad2deg(angle), 0.0), out=deg)
    return Residuals(mm, deg, yielded_mm, yielded_deg)
