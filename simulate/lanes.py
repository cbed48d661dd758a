"""From a task's arrays to the lanes in which the kernels work: branches side by side, rows of one kind in one slot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.kernels.lanes import BRANCH, DEPTHS, JOINTS
from kinematics.kernels.tree import N
from kinematics.kernels.wide import GROUP, lanes
from simulate.kernels.data import EXPONENTIAL, MUST, OFF, PULL, SOFT, STRING, WHOLE_BODY, Body, Flags, Goals, Tissue
from simulate.kernels.lanes import slots as rows

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: The pelvis's frame is that of the last of its coordinates; its rows are in the lane that has no branch.
PELVIS, PELVIS_LANE = BRANCH - 1, 3


class Packed(NamedTuple):
    """A task in lanes, for K slots of rows over F frames: see `pack`."""

    chain: Array  # (100, 4) axes, offsets; mass and its centre at each depth
    stiffness: Array  # (12, 4)
    reference: Array  # (F * 12, 4)
    table: Indices  # (K, 6) see `KIND` and what follows it in `lane_goals`
    used: Flags  # (F, K)
    depths: Flags  # (7,) whether anything is asked of a depth
    data: Array  # (F * numbers of a frame, 4)
    fixed: Array  # (numbers, 4)
    row_of: Indices  # (rows, 4) which of the goals' rows is in a lane; -1 none
    musts: bool
    joined: bool

    def scratch(self, groups: int) -> Any:
        """Scratch in which that many cases are solved at once."""
        size = rows.ROWS + rows.ROW_SIZE * len(self.row_of) + rows.BORDER_SIZE * int(self.joins)
        return lanes(size, GROUP * groups)

    def trail(self, groups: int) -> Any:
        """Scratch for that many motions, from one case to the next."""
        return lanes(JOINTS * len(self.used), GROUP * groups)

    @property
    def joins(self) -> int:
        """How many rows join branches."""
        return int((self.table[:, rows.KIND] >= rows.WHOLE).sum())


def spread(x: Any) -> Array:
    """Coordinates (..., 24) in lanes (..., 12, 4): a branch's joints in its lane, then the pelvis's in all."""
    x = np.asarray(x)
    out = np.zeros((*x.shape[:-1], JOINTS, GROUP))
    out[..., BRANCH:, :] = x[..., :BRANCH, None]
    out[..., :BRANCH, :3] = np.swapaxes(x[..., BRANCH:].reshape(*x.shape[:-1], 3, BRANCH), -1, -2)
    return out


def pack(body: Body, goals: Goals, tissue: Tissue, stiffness: Array, q_ref: Array) -> Packed:
    """A task in lanes.

    Rows of one kind about frames of one depth share a slot, one in the lane of each branch. Rows that join branches
    have a slot of their own, the same in all lanes.
    """
    slots = _Slots(goals)
    for g, s in enumerate(goals.segment):
        if s == WHOLE_BODY:
            slots.alone(rows.WHOLE, g, _place(goals, g))
        else:
            slots.add(rows.POINT, int(s), g, _place(goals, g), np.append(goals.local[g], goals.is_point[g]))
    for p, s in enumerate(goals.o_segment):
        slots.add(rows.TURN, int(s), len(goals.segment) + 3 * p, goals.o_target[:, p].reshape(-1, 9), np.zeros(0))
    for k, factor in enumerate(goals.c_factor):
        m, target = len(goals.segment) + 3 * len(goals.o_segment) + k, goals.c_target[:, k : k + 1]
        branches = np.unique(np.flatnonzero(factor) // BRANCH)
        if len(branches) == 1 and branches[0] > 0:
            own = factor[BRANCH * branches[0] :][:BRANCH]
            slots.add(rows.SUM, int(BRANCH * branches[0]), m, target, own)
        else:
            slots.alone(rows.CROSS, m, target, spread(factor))
    for t in range(tissue.kind.size):
        slots.tissue(tissue, t, q_ref)
    return Packed(_chain(body), spread(stiffness), spread(q_ref).reshape(-1, GROUP), *slots.arrays())


def _place(goals: Goals, g: int) -> Array:
    """Normal and target (F, 4) of a point."""
    return np.column_stack([goals.normal[:, g], goals.target[:, g]])


def _chain(body: Body) -> Array:
    vectors = [np.swapaxes(spread(part.T), 0, 1).reshape(3 * JOINTS, GROUP) for part in (body.axes, body.offsets)]
    masses = np.zeros((DEPTHS, 4, GROUP))
    for s in range(PELVIS, N):
        lane, depth = _lane(s)
        masses[depth, 0, lane], masses[depth, 1:, lane] = body.mass[s], body.centre[s]
    return np.concatenate([*vectors, masses.reshape(-1, GROUP)])


def _lane(s: int) -> tuple[int, int]:
    """Lane and depth of the frame after coordinate s."""
    if s < PELVIS:
        raise ValueError(
            f"a goal is about the frame after coordinate {s}: only the whole pelvis's, {PELVIS}, has lanes"
        )
    return (PELVIS_LANE, 0) if s == PELVIS else (s // BRANCH - 1, s % BRANCH + 1)


class _Slots:
    """Slots as they fill up."""

    def __init__(self, goals: Goals) -> None:
        self.goals, self.frames = goals, len(goals.role)
        self.found: dict[tuple[int, int, int], _Slot] = {}

    def slot(self, kind: int, depth: int, n: int) -> _Slot:
        """The n-th slot of a kind and depth, a new one if there is none yet."""
        if (kind, depth, n) not in self.found:
            self.found[kind, depth, n] = _Slot(kind, depth, self.frames)
        return self.found[kind, depth, n]

    def add(self, kind: int, s: int, m: int, data: Array, fixed: Array) -> None:
        """Rows from m on into the first slot of that kind and depth whose lane is empty."""
        lane, depth = _lane(s)
        depth = 0 if kind == rows.SUM else depth
        n = 0
        while (slot := self.slot(kind, depth, n)).taken[lane]:
            n += 1
        slot.put(self.goals, [lane], m, data[:, :, None], fixed[:, None])

    def alone(self, kind: int, m: int, data: Array, fixed: Array | None = None) -> None:
        """A row that joins branches, in all lanes of a slot of its own."""
        slot = self.slot(kind, 0, m)
        slot.put(self.goals, list(range(GROUP)), m, data[:, :, None], np.zeros((0, GROUP)) if fixed is None else fixed)

    def tissue(self, tissue: Tissue, t: int, q_ref: Array) -> None:
        """A tissue: of one branch in its lane; else in all lanes of a slot of its own. `depth` says its kind."""
        kind, slope = int(tissue.kind[t]), np.zeros(self.frames)
        if tissue.tangent[t]:
            s = q_ref @ tissue.factor[t] - tissue.shift[t]
            slope = np.exp(s) if kind == EXPONENTIAL else np.maximum(s, 0.0) if kind == STRING else s
        own = np.column_stack([np.full(self.frames, tissue.amplitude[t]), np.full(self.frames, tissue.shift[t]), slope])
        branches = np.unique(np.flatnonzero(tissue.factor[t]) // BRANCH)
        if len(branches) == 1 and branches[0] > 0:
            lane, n = branches[0] - 1, 0
            while (slot := self.slot(rows.STRETCH, kind, n)).taken[lane]:
                n += 1
            slot.fixed[:, lane] = tissue.factor[t, BRANCH * branches[0] :][:BRANCH]
            at = [lane]
        else:
            slot, at = self.slot(rows.TISSUE, kind, t), list(range(GROUP))
            slot.fixed[:] = spread(tissue.factor[t])
        slot.data[:, :, at], slot.taken[at], slot.used[:] = own[:, :, None], True, True

    def arrays(self) -> tuple[Any, ...]:
        """What `Packed` holds of them, from `table` on."""
        table, row, k, place = [], 0, 0, 0
        slots = [self.found[key] for key in sorted(self.found)]
        count = sum(len(slot.index) for slot in slots)
        joins = 0
        for slot in slots:
            border = rows.ROWS + rows.ROW_SIZE * count + rows.BORDER_SIZE * joins
            table.append((slot.kind, slot.depth, row, k, place, border))
            row, k, place = row + len(slot.index), k + slot.data.shape[1], place + len(slot.fixed)
            joins += slot.kind >= rows.WHOLE
        depths = np.zeros(DEPTHS, np.int8)
        depths[[slot.depth for slot in slots if slot.kind <= rows.TURN]] = 1
        depths[0] = 1
        if any(slot.kind == rows.WHOLE for slot in slots):
            depths[:] = 1
        return (
            np.array(table, dtype=np.int64).reshape(-1, rows.BORDER + 1),
            _joined([slot.used[:, None] for slot in slots], (self.frames, 0), 1).astype(np.int8),
            depths,
            _joined([slot.data for slot in slots], (self.frames, 0, GROUP), 1).reshape(-1, GROUP),
            _joined([slot.fixed for slot in slots], (0, GROUP), 0),
            _joined([slot.index for slot in slots], (0, GROUP), 0).astype(np.int64),
            bool((self.goals.role == MUST).any()),
            joins > 0,
        )


class _Slot:
    """Rows of one kind, at most one in a lane."""

    def __init__(self, kind: int, depth: int, frames: int) -> None:
        self.kind, self.depth = kind, depth
        self.index = np.full((3 if kind == rows.TURN else 1, GROUP), -1)
        self.taken = np.zeros(GROUP, dtype=bool)
        self.used = np.zeros(frames, dtype=bool)
        self.data, self.fixed = np.zeros((frames, rows.DATA[kind], GROUP)), np.zeros((rows.FIXED[kind], GROUP))

    def put(self, goals: Goals, at: list[int], m: int, data: Array, fixed: Array) -> None:
        """The goals' rows from m on into these lanes; what is no number pulls with none, so that it is never met."""
        count = len(self.index)
        self.taken[at] = True
        asked = (goals.role[:, m : m + count] != OFF).any(axis=1)
        data = np.where(asked[:, None, None], data, 0.0)
        for r in range(count):
            role, own, n = goals.role[:, m + r], self.data[:, rows.ROW_DATA * r :], m + r
            self.index[r, at] = n
            self.used |= role != OFF
            lost = np.isnan(data).any(axis=(1, 2)) | np.isnan(goals.low[:, n]) | np.isnan(goals.high[:, n])
            for name, value in (
                (rows.LOW, goals.low[:, n]),
                (rows.HIGH, goals.high[:, n]),
                (rows.SPRING, np.where(role == SOFT, goals.weight[:, n], 0.0)),
                (rows.MUST, np.where(role == MUST, 1.0, 0.0)),
                (
                    rows.FORCE,
                    np.where(role == PULL, goals.weight[:, n], 0.0) + np.where(lost & (role != OFF), np.nan, 0.0),
                ),
            ):
                own[:, name, at] = value[:, None]
        self.data[:, rows.ROW_DATA * count :, at] = data
        self.fixed[:, at] = fixed


def _joined(parts: Sequence[NDArray[Any]], empty: tuple[int, ...], axis: int) -> NDArray[Any]:
    """The parts one after the other, contiguous; an array of shape `empty` if there are none."""
    return np.ascontiguousarray(np.concatenate(parts, axis=axis)) if parts else np.zeros(empty)
