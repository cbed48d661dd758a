"""`closure`: what the hip lacks, pelvis and spine find, if nothing else gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, PELVIS, SIDES, SPINE, leg
from kinematics.pose import frames, orientation
from kinematics.rotations import rotation_angle
from kinematics.spine import follow
from simulate.goals import MUST, OFF, SOFT, Goal, OrientationGoal, PointGoal
from simulate.kernels.data import no_tissue
from simulate.problem import Task
from simulate.solution import SOLVED, UNSOLVED, Answer, Stage, judged, solve, solve_or_fall_short
from simulate.strategies.shares import thoracic_shares

Array = NDArray[np.float64]

#: Stiffness that only keeps a body on a table from sliding while its pelvis turns. [N/m, N m/rad]
HARDLY = 1e-3
_LEG = {side: [INDEX[name] for name in leg(side)] for side in SIDES}
_HIP = {side: indices[:3] for side, indices in _LEG.items()}
_HIPS = [*_HIP["r"], *_HIP["l"]]
_PELVIS, _SPINE = [INDEX[name] for name in PELVIS], [INDEX[name] for name in SPINE]


def closure(task: Task, lower: Array, upper: Array, *, free: Array | None = None, **_: object) -> Answer:
    """The pure kinematic chain: what the hip lacks, pelvis and spine find.

    The limited leg keeps its path and the thorax its orientation; the pelvis turns about that hip's centre by the least
    rotation that brings the hip within its bounds; the spine makes up for the pelvis in its published shares; the other
    leg keeps its foot on its goal. If both hips are limited in one frame, the leg with the larger loss is kept. The
    spine's range is no bound here. Where a table carries the body, the moved leg keeps its path instead, and the pelvis
    finds its place on the table (`_on_table`).
    """
    if task.raised:
        return _on_table(task, lower, upper, task.q if free is None else free)
    turns = {side: _least_pelvic_turn(task, side, lower, upper) for side in SIDES}
    right = larger_loss(task, {side: stage.solution.q for side, stage in turns.items()})
    kept = {"r": right, "l": ~right}
    # pelvis, spine and kept leg are fixed where they have to be; only the other leg is left to find its place
    turned, status, active, kkt = (
        np.where(right[:, None] if part.ndim > 1 else right, part, other)
        for part, other in (
            (getattr(turns["r"].solution, name), getattr(turns["l"].solution, name))
            for name in ("q", "status", "active", "kkt")
        )
    )
    fixed = turned.copy()
    fixed[:, _SPINE] = follow(task.chain, _thorax_on_pelvis(task, turned), task.q[:, _SPINE])
    lows, highs = fixed.copy(), fixed.copy()
    for side, mask in kept.items():
        for i in _LEG[side]:
            lows[~mask, i], highs[~mask, i] = lower[i], upper[i]
    goals = [_other_leg(goal, kept) for goal in task.kind(PointGoal)]
    other, stages = solve_or_fall_short(task.with_goals(goals), lows, highs, "energy of the other leg")
    solution = replace(
        other,
        status=np.where(status == SOLVED, other.status, UNSOLVED).astype(np.int8),
        iterations=other.iterations + sum(stage.solution.iterations for stage in turns.values()),
        kkt=np.maximum(other.kkt, kkt),
        active=np.where(lows < highs, other.active, np.where(np.isin(np.arange(24), _HIPS), active, 0)).astype(np.int8),
        ms=other.ms + sum(stage.solution.ms for stage in turns.values()),
    )
    asked = task.with_goals([_kept(goal) if isinstance(goal, OrientationGoal) else goal for goal in task.ordered()])
    return Answer(judged(asked, solution), asked, (*turns.values(), *stages))


def larger_loss(task: Task, turned: Mapping[str, Array]) -> NDArray[np.bool_]:
    """Whether (F,) the right hip asks for the larger turn of the pelvis; `turned` holds each side's posture (F, 24)."""
    R_pelvis = np.swapaxes(orientation(task.chain, task.q, "pelvis"), -1, -2)
    loss = {side: rotation_angle(R_pelvis @ orientation(task.chain, q, "pelvis")) for side, q in turned.items()}
    return np.asarray(loss["r"] >= loss["l"])


def _least_pelvic_turn(task: Task, side: str, lower: Array, upper: Array) -> Stage:
    """Least rotation of the pelvis about a hip's centre, thigh held, that brings the hip within its bounds."""
    n = len(task.q)
    R, o, _ = frames(task.chain, task.q)
    hip = task.chain.point(f"hip_{side}")
    centre = _LEG[side][2]  # the thigh's frame has its origin at the hip's centre
    always = np.full(n, MUST, np.int8)
    goals: list[Goal] = [
        PointGoal(name=f"hip {axis}", point=hip, normal=np.tile(unit, (n, 1)), target=o[:, centre] @ unit, role=always)
        for axis, unit in zip("xyz", np.eye(3), strict=True)
    ]
    goals.append(OrientationGoal(name="thigh", segment=f"thigh_{side}", target=R[:, centre], role=always))
    # one N m/rad: half the squared angle of the pelvis's rotation is all this minimises
    goals.append(
        OrientationGoal(name="pelvis", segment="pelvis", target=R[:, 5], role=np.full(n, SOFT, np.int8), stiffness=1.0)
    )
    lows, highs = task.q.copy(), task.q.copy()
    lows[:, _PELVIS], highs[:, _PELVIS] = -np.inf, np.inf
    lows[:, _HIP[side]], highs[:, _HIP[side]] = lower[_HIP[side]], upper[_HIP[side]]
    turning = replace(task.with_goals(goals), stiffness=np.zeros(24), tissue=no_tissue())
    return Stage(f"turn of the pelvis, hip {side}", np.arange(n), turning, lows, highs, solve(turning, lows, highs))


def _on_table(task: Task, lower: Array, upper: Array, free: Array) -> Answer:
    """Closure of somebody who lies: the moved leg and the thorax keep the orientation they have in the `free` answer.

    The pelvis turns by the least rotation that brings the hips within their bounds while nothing sinks into the table;
    the spine makes up for it in its published shares; knees and ankles stay. Nothing else is asked but that the other
    thigh goes on lying and that the body does not slide, which counts next to nothing.
    """
    n, side = len(task.q), task.raised
    other = "l" if side == "r" else "r"
    R, o, _ = frames(task.chain, free)
    always, softly = np.full(n, MUST, np.int8), np.full(n, SOFT, np.int8)
    thigh, hip = _LEG[side][2], task.chain.point(f"hip_{side}")
    held: list[Goal] = [
        goal for goal in task.kind(PointGoal) if goal.ends()[..., 1].max() == np.inf and (goal.roles() == MUST).any()
    ]
    held += [
        OrientationGoal(name="thigh", segment=f"thigh_{side}", target=R[:, thigh], role=always, yields=1),
        OrientationGoal(name="thorax", segment="thorax", target=R[:, _SPINE[-1]], role=always, yields=1),
        OrientationGoal(name="pelvis", segment="pelvis", target=R[:, 5], role=softly, stiffness=1.0),
        OrientationGoal(
            name="other thigh", segment=f"thigh_{other}", target=R[:, _LEG[other][2]], role=softly, stiffness=HARDLY
        ),
    ]
    held += [
        PointGoal(
            name=f"hip {axis}",
            point=hip,
            normal=np.tile(unit, (n, 1)),
            target=o[:, thigh] @ unit,
            role=softly,
            stiffness=HARDLY,
        )
        for axis, unit in zip("xyz", np.eye(3), strict=True)
    ]
    held += thoracic_shares(free)
    lows, highs = (np.tile(end, (n, 1)) for end in (lower, upper))
    lows[:, _SPINE], highs[:, _SPINE] = -np.inf, np.inf
    for each in SIDES:
        stay = _LEG[each][3:]
        lows[:, stay] = highs[:, stay] = free[:, stay]
    turning = replace(task.with_goals(held), q=free, stiffness=np.zeros(24), tissue=no_tissue())
    solution, stages = solve_or_fall_short(turning, lows, highs, "turn of the pelvis on the table")
    return Answer(judged(task, solution), task, tuple(stages))


def _thorax_on_pelvis(task: Task, q: Array) -> Array:
    """Orientation (F, 3, 3) of the recorded thorax on the pelvis of the postures `q`."""
    return np.swapaxes(orientation(task.chain, q, "pelvis"), -1, -2) @ orientation(task.chain, task.q, "thorax")


def _kept(goal: OrientationGoal) -> OrientationGoal:
    """What is preferred of the thorax's orientation is kept here."""
    return replace(goal, role=np.where(goal.roles() == SOFT, MUST, goal.roles()).astype(np.int8))


def _other_leg(goal: PointGoal, kept: Mapping[str, NDArray[np.bool_]]) -> PointGoal:
    """The goal, switched off where nothing it could move is free: on pelvis and spine, and on the leg that is kept."""
    side = goal.point.segment[-1] if goal.point.segment[-2:] in ("_r", "_l") else ""
    off = kept[side] if side else np.ones(len(goal.role), bool)
    return replace(goal, role=np.where(off[:, None], OFF, goal.roles()).astype(np.int8))


__all__ = ["closure", "larger_loss"]
