"""Who gives way: `predicted` (everything, each at its stiffness) and `closure` (only pelvis, spine and other leg).

Both are posture problems for the same kernel. A strategy returns the restricted motion with its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, PELVIS, SIDES, SPINE, leg
from kinematics.pose import frames, orientation
from kinematics.rotations import rotation_angle
from kinematics.spine import split
from simulate.kernels import batch
from simulate.kernels.data import EQUAL, OFF, SHORTFALL, SOFT, SOLVED, UNSOLVED, scratch
from simulate.problem import OrientationGoal, PointGoal, Task

Array = NDArray[np.float64]

_LEG = {side: [INDEX[name] for name in leg(side)] for side in SIDES}
_HIP = {side: indices[:3] for side, indices in _LEG.items()}
_HIPS = [*_HIP["r"], *_HIP["l"]]
_PELVIS = [INDEX[name] for name in PELVIS]
_SPINE = [INDEX[name] for name in SPINE]


@dataclass(frozen=True, eq=False)
class Solution:
    """A motion and its proof, frame by frame.

    `q` (F, 24) [m, rad]; `status` (F,) UNSOLVED, SOLVED or SHORTFALL; `iterations` (F,); `kkt` (F,) scaled KKT residual
    [rad, m]; `active` (F, 24) -1 at the lower bound, 1 at the upper, 0 between; `multipliers` (F, M) of the goal rows;
    `ms` wall time in the solver.
    """

    q: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]
    kkt: Array
    active: NDArray[np.int8]
    multipliers: Array
    ms: float


def solve(task: Task, lower: Array, upper: Array, *, stiffness: Array | None = None) -> Solution:
    """Solve every frame of a task between the bounds `lower` and `upper`, each (24,) or (F, 24) [m, rad]."""
    goals, shape = task.kernel_goals(), task.q.shape
    rows = goals.segment.size + 3 * goals.o_segment.size
    arrays, work = batch.motion_arrays(len(task.q), rows), scratch(goals)
    stiffness = task.stiffness if stiffness is None else stiffness
    # fresh arrays in one order: a read-only or transposed one would have the kernels compiled once more
    lower, upper, q_ref = (np.array(np.broadcast_to(part, shape), order="C") for part in (lower, upper, task.q))
    # no frames at all: compiles, so that the time below is the solver's
    batch.solve_motion(
        task.body, goals, stiffness, q_ref[:0], lower[:0], upper[:0], work, *(array[:0] for array in arrays)
    )
    start = perf_counter()
    batch.solve_motion(task.body, goals, stiffness, q_ref, lower, upper, work, *arrays)
    ms = 1e3 * (perf_counter() - start)
    q, multipliers, active, status, iterations, kkt = arrays
    return Solution(q, status, iterations, kkt, active, multipliers, ms)


def predicted(task: Task, lower: Array, upper: Array) -> Solution:
    """Everything gives way, each at its stiffness: the posture of least elastic energy that meets the must goals."""
    return solve(task, lower, upper)


def closure(task: Task, lower: Array, upper: Array) -> Solution:
    """The pure kinematic chain: what the hip lacks, pelvis and spine find.

    The limited leg keeps its path and the thorax its orientation; the pelvis turns about that hip's centre by the least
    rotation that brings the hip within its bounds; the spine makes up for the pelvis in its published shares; the other
    leg keeps its foot on its goal. If both hips are limited in one frame, the leg with the larger loss is kept. The
    spine's range is no bound here.
    """
    turns = {side: _least_pelvic_turn(task, side, lower, upper) for side in SIDES}
    R_pelvis = np.swapaxes(orientation(task.chain, task.q, "pelvis"), -1, -2)
    loss = {side: rotation_angle(R_pelvis @ orientation(task.chain, turn.q, "pelvis")) for side, turn in turns.items()}
    right = loss["r"] >= loss["l"]
    kept = {"r": right, "l": ~right}
    # pelvis, spine and kept leg are fixed where they have to be; only the other leg is left to find its place
    turned = np.where(right[:, None], turns["r"].q, turns["l"].q)
    fixed = turned.copy()
    fixed[:, _SPINE] = split(task.chain, _thorax_on_pelvis(task, turned))
    lows, highs = fixed.copy(), fixed.copy()
    for side, mask in kept.items():
        for i in _LEG[side]:
            lows[~mask, i], highs[~mask, i] = lower[i], upper[i]
    other = solve(replace(task, goals=tuple(_other_leg(goal, kept) for goal in task.point_goals)), lows, highs)
    status = np.where(right, turns["r"].status, turns["l"].status)
    active = np.where(right[:, None], turns["r"].active, turns["l"].active)
    return Solution(
        other.q,
        np.where(status == SOLVED, other.status, UNSOLVED).astype(np.int8),
        other.iterations + turns["r"].iterations + turns["l"].iterations,
        np.maximum(other.kkt, np.where(right, turns["r"].kkt, turns["l"].kkt)),
        np.where(lows < highs, other.active, np.where(np.isin(np.arange(24), _HIPS), active, 0)).astype(np.int8),
        other.multipliers,
        other.ms + turns["r"].ms + turns["l"].ms,
    )


def _least_pelvic_turn(task: Task, side: str, lower: Array, upper: Array) -> Solution:
    """Least rotation of the pelvis about a hip's centre, thigh held, that brings the hip within its bounds."""
    n = len(task.q)
    R, o, _ = frames(task.chain, task.q)
    hip = task.chain.point(f"hip_{side}")
    centre = _LEG[side][2]  # the thigh's frame has its origin at the hip's centre
    always = np.full(n, EQUAL, np.int8)
    goals: list[PointGoal | OrientationGoal] = [
        PointGoal(f"hip {axis}", hip, np.tile(np.eye(3)[k], (n, 1)), o[:, centre, k], always)
        for k, axis in enumerate("xyz")
    ]
    goals.append(OrientationGoal("thigh", f"thigh_{side}", R[:, centre], always))
    # one N m/rad: half the squared angle of the pelvis's rotation is all this minimises
    goals.append(OrientationGoal("pelvis", "pelvis", R[:, 5], np.full(n, SOFT, np.int8), stiffness=1.0))
    lows, highs = task.q.copy(), task.q.copy()
    lows[:, _PELVIS], highs[:, _PELVIS] = -np.inf, np.inf
    lows[:, _HIP[side]], highs[:, _HIP[side]] = lower[_HIP[side]], upper[_HIP[side]]
    return solve(task.with_goals(goals), lows, highs, stiffness=np.zeros(24))


def _thorax_on_pelvis(task: Task, q: Array) -> Array:
    """Orientation (F, 3, 3) of the recorded thorax on the pelvis of the postures `q`."""
    return np.swapaxes(orientation(task.chain, q, "pelvis"), -1, -2) @ orientation(task.chain, task.q, "thorax")


def _other_leg(goal: PointGoal, kept: Mapping[str, NDArray[np.bool_]]) -> PointGoal:
    """The goal, switched off where its leg is the one that keeps its path (nothing there is free to move)."""
    return replace(goal, role=np.where(kept[goal.point.segment[-1]], OFF, goal.role).astype(np.int8))


#: Strategy by name, in the order in which answers are given.
STRATEGIES: dict[str, Callable[[Task, Array, Array], Solution]] = {"closure": closure, "predicted": predicted}

__all__ = ["SHORTFALL", "SOLVED", "STRATEGIES", "UNSOLVED", "Solution", "closure", "predicted", "solve"]
