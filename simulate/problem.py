"""From a wish to arrays: a task is a reference motion and the goals that make it done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from kinematics.pose import frames
from kinematics.tables import rows
from kinematics.zero import Standing
from simulate.goals import MUST, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.kernels.data import Body, Goals, Tissue, no_tissue
from simulate.lanes import Packed, pack
from simulate.motion import Motion, take

Array = NDArray[np.float64]
Kind = TypeVar("Kind", bound=Goal)

__all__ = ["Task", "misses", "stiffness"]


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
    goals : sequence of Goal
        What must be met and what is preferred.
    stiffness : ndarray, shape (24,)
        Of each coordinate about its reference. [N m/rad]
    standing : Standing
        The standing posture from which zeros are counted.
    percent : mapping of side to ndarray, shape (F,)
        Percentage of that side's cycle; NaN outside.
    loaded : mapping of side to ndarray of bool, shape (F,)
        Whether that side's forefoot is loaded.
    yields : sequence of str
        What falls short first when not all musts can be met, and what next, in words: goals with ``yields`` 1, 2 ...
    source : str
        The recording's name.
    notices : tuple of str
        What the user should know.
    tissue : Tissue
        Passive tissue energies beside the stiffness.
    span : str
        What `percent` counts over: a ``gait cycle``, or the whole ``movement``.
    constructed : str
        How the reference was constructed, in words; empty if it was recorded.
    active : bool
        Whether muscles lift the limb, so that what they can reach is a limit.
    raised : str
        Side of the leg that is moved where a table carries the body; empty where feet do.
    """

    name: str
    chain: Chain
    motion: Motion
    time: Array
    q: Array
    goals: Sequence[Goal]
    stiffness: Array
    standing: Standing
    percent: Mapping[str, Array]
    loaded: Mapping[str, NDArray[np.bool_]]
    yields: Sequence[str]
    source: str = ""
    notices: tuple[str, ...] = field(default=())
    tissue: Tissue = field(default_factory=no_tissue)
    span: str = "gait cycle"
    constructed: str = ""
    active: bool = False
    raised: str = ""

    @cached_property
    def body(self) -> Body:
        """The chain as the kernels take it."""
        mass, centre = np.zeros(len(COORDINATES)), np.zeros((len(COORDINATES), 3))
        for segment, own, place in zip(SEGMENTS, self.chain.masses, self.chain.mass_centres, strict=True):
            mass[SEGMENT_COORDINATE[segment]] = own / (self.chain.mass or 1.0)
            centre[SEGMENT_COORDINATE[segment]] = place
        return Body(np.array(self.chain.axes), np.array(self.chain.offsets), mass, centre)

    def kind(self, kind: type[Kind]) -> list[Kind]:
        """The goals of one kind, in order."""
        return [goal for goal in self.goals if isinstance(goal, kind)]

    def ordered(self) -> list[Goal]:
        """The goals in the order of the kernels' rows: points, orientations, combinations."""
        return [*self.kind(PointGoal), *self.kind(OrientationGoal), *self.kind(CombinationGoal)]

    def with_goals(self, goals: Sequence[Goal]) -> Task:
        """The same task with other goals."""
        return replace(self, goals=tuple(goals))

    def frames(self, which: slice | NDArray[np.intp]) -> Task:
        """The same task over some of its frames."""
        return replace(
            self,
            motion=take(self.motion, which),
            time=self.time[which],
            q=self.q[which],
            goals=tuple(_cut(goal, which, len(self.q)) for goal in self.goals),
            percent={side: percent[which] for side, percent in self.percent.items()},
            loaded={side: loaded[which] for side, loaded in self.loaded.items()},
        )

    @cached_property
    def lanes(self) -> Packed:
        """The task as the kernels that work in lanes take it."""
        return pack(self.body, self.kernel_goals, self.tissue, self.stiffness, self.q)

    @cached_property
    def kernel_goals(self) -> Goals:
        """The goals as the kernels take them."""
        points, turns, sums = self.kind(PointGoal), self.kind(OrientationGoal), self.kind(CombinationGoal)
        n, goals = len(self.q), self.ordered()
        ends = _side_by_side([goal.ends() for goal in goals], (n, 0, 2))
        return Goals(
            role=_side_by_side([goal.roles() for goal in goals], (n, 0), np.int8),
            low=np.ascontiguousarray(ends[..., 0]),
            high=np.ascontiguousarray(ends[..., 1]),
            weight=_side_by_side([goal.weights() for goal in goals], (n, 0)),
            segment=np.array([g.segment for g in points], dtype=np.int64),
            local=np.array([g.point.location for g in points], dtype=np.float64).reshape(-1, 3),
            is_point=np.array([not g.is_direction for g in points], dtype=np.int8),
            normal=_side_by_side([g.normal[:, None] for g in points], (n, 0, 3)),
            target=_side_by_side([g.target[:, None] for g in points], (n, 0)),
            o_segment=np.array([SEGMENT_COORDINATE[g.segment] for g in turns], dtype=np.int64),
            o_target=_side_by_side([g.target[:, None] for g in turns], (n, 0, 3, 3)),
            c_factor=np.array([g.factor() for g in sums], dtype=np.float64).reshape(-1, len(COORDINATES)),
            c_target=_side_by_side([g.target[:, None] for g in sums], (n, 0)),
        )


def _cut(goal: Goal, which: slice | NDArray[np.intp], n: int) -> Goal:
    """The goal over some of its n frames."""
    parts: dict[str, Any] = {
        name: getattr(goal, name, None) for name in ("role", "normal", "target", "stiffness", "room", "allowed")
    }
    timed = {"role": 1, "normal": 2, "target": 1, "stiffness": 1, "room": 3, "allowed": 3}
    return replace(
        goal,
        **{
            name: part[which]
            for name, part in parts.items()
            if part is not None and np.ndim(part) >= timed[name] and len(part) == n
        },
    )


def _side_by_side(parts: Sequence[NDArray[Any]], empty: tuple[int, ...], kind: Any = np.float64) -> Any:
    """Per-goal arrays side by side along their second axis; of shape `empty` if there are none."""
    whole = np.concatenate(parts, axis=1) if parts else np.zeros(empty)
    return np.array(whole, dtype=kind, order="C")


def stiffness() -> Array:
    """Stiffness (24,) of each coordinate about its reference [N m/rad], table ``simulate/data/stiffness.csv``.

    Nothing acts on the pelvis's place and heading: those are matters of goals.
    """
    table = {row["name"]: float(row["value"]) for row in rows("stiffness", "simulate")}
    return np.array([table.get(name.removesuffix("_r").removesuffix("_l"), 0.0) for name in COORDINATES])


def misses(task: Task, q: Array) -> Array:
    """How far each must goal is missed, from the chain's own forward kinematics.

    Parameters
    ----------
    task : Task
    q : ndarray, shape (F, 24)

    Returns
    -------
    ndarray, shape (F, goals)
        In the order of ``task.goals``, each in its own ``unit`` [mm or deg]; 0 where a goal is no must.
    """
    R, o, _ = frames(task.chain, q)
    out = np.zeros((len(q), len(task.goals)))
    for g, goal in enumerate(task.goals):
        c, ends = goal.values(task.chain, q, R, o), goal.ends()
        short = np.maximum(np.maximum(ends[..., 0] - c, c - ends[..., 1]), 0.0)
        out[:, g] = goal.in_unit(np.where(goal.roles() == MUST, short, 0.0), task.chain, q, R)
    return out
