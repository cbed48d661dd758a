"""Who gives way: `closure` (pelvis, spine and other leg), `predicted` (everything, each at its stiffness), `least`.

All are posture problems for the same kernel. A strategy returns the restricted motion, the posture problems it comes
from and their proof. The first names of its arguments are always the task and the restricted bounds, each (24,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, PELVIS, SIDES, SPINE, leg
from kinematics.errors import HipspineError, unknown
from kinematics.pose import frames, orientation
from kinematics.rotations import rotation_angle
from kinematics.spine import lumbar_shares, split
from kinematics.tables import rows
from simulate.goals import MUST, OFF, SOFT, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.problem import Task
from simulate.solution import (
    SHORTFALL,
    SOLVED,
    UNSOLVED,
    Answer,
    Solution,
    Stage,
    energy,
    fall_short,
    judged,
    put,
    solve,
    solve_or_fall_short,
)

Array = NDArray[np.float64]

_LEG = {side: [INDEX[name] for name in leg(side)] for side in SIDES}
_HIP = {side: indices[:3] for side, indices in _LEG.items()}
_HIPS = [*_HIP["r"], *_HIP["l"]]
_PELVIS = [INDEX[name] for name in PELVIS]
_SPINE = [INDEX[name] for name in SPINE]
_LUMBAR, _THORACIC = _SPINE[:3], _SPINE[3:]

#: Coordinates that an allowance is about; the other allowances widen the room of goals.
_ALLOWED = {
    "knee": tuple(f"knee_angle_{side}" for side in SIDES),
    "ankle": tuple(f"{name}_{side}" for name in ("ankle_angle", "subtalar_angle") for side in SIDES),
}
#: First solve of `least`: stiffness of the added lumbar motion, and share at which every other energy still counts,
#: so that it decides nothing but ties: 50 N m times the share, over the stiffness, is 5e-5 rad. [N m/rad]
LUMBAR_FIRST, OTHERS = 1e4, 1e-2
#: What falls short in `least` when nothing else is enough.
ALLOWANCES = "allowances"
#: Room around the least lumbar motion in which the second solve looks for the least energy: 0.01 deg. [rad]
LUMBAR_ROOM = np.deg2rad(0.01)
#: Starts of `least` beside the frame before and `predicted`: the reference with its pelvis turned and dropped to a
#: side, and tilted and lowered, either way each. [rad, m]
DISPLACED = (
    {"pelvis_rotation": np.deg2rad(10.0), "pelvis_list": np.deg2rad(5.0)},
    {"pelvis_tilt": np.deg2rad(10.0), "pelvis_ty": -0.03},
)


def predicted(task: Task, lower: Array, upper: Array, **_: object) -> Answer:
    """Everything gives way, each at its stiffness: the posture of least elastic energy that meets the must goals."""
    solution, _settled, stages = solve_or_fall_short(task, lower, upper, "energy")
    return Answer(solution, task, tuple(stages))


def closure(task: Task, lower: Array, upper: Array, **_: object) -> Answer:
    """The pure kinematic chain: what the hip lacks, pelvis and spine find.

    The limited leg keeps its path and the thorax its orientation; the pelvis turns about that hip's centre by the least
    rotation that brings the hip within its bounds; the spine makes up for the pelvis in its published shares; the other
    leg keeps its foot on its goal. If both hips are limited in one frame, the leg with the larger loss is kept. The
    spine's range is no bound here.
    """
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
    fixed[:, _SPINE] = split(task.chain, _thorax_on_pelvis(task, turned))
    lows, highs = fixed.copy(), fixed.copy()
    for side, mask in kept.items():
        for i in _LEG[side]:
            lows[~mask, i], highs[~mask, i] = lower[i], upper[i]
    goals = [_other_leg(goal, kept) for goal in task.kind(PointGoal)]
    other, _settled, stages = solve_or_fall_short(task.with_goals(goals), lows, highs, "energy of the other leg")
    solution = replace(
        other,
        status=np.where(status == SOLVED, other.status, UNSOLVED).astype(np.int8),
        iterations=other.iterations + sum(stage.solution.iterations for stage in turns.values()),
        kkt=np.maximum(other.kkt, kkt),
        active=np.where(lows < highs, other.active, np.where(np.isin(np.arange(24), _HIPS), active, 0)).astype(np.int8),
        ms=other.ms + sum(stage.solution.ms for stage in turns.values()),
    )
    upright = [replace(g, role=np.full(len(g.role), MUST, np.int8)) for g in task.kind(OrientationGoal)]
    asked = task.with_goals([*task.kind(PointGoal), *upright, *task.kind(CombinationGoal)])
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
    turning = replace(task.with_goals(goals), stiffness=np.zeros(24))
    return Stage(f"turn of the pelvis, hip {side}", np.arange(n), turning, lows, highs, solve(turning, lows, highs))


def _thorax_on_pelvis(task: Task, q: Array) -> Array:
    """Orientation (F, 3, 3) of the recorded thorax on the pelvis of the postures `q`."""
    return np.swapaxes(orientation(task.chain, q, "pelvis"), -1, -2) @ orientation(task.chain, task.q, "thorax")


def _other_leg(goal: PointGoal, kept: Mapping[str, NDArray[np.bool_]]) -> PointGoal:
    """The goal, switched off where nothing it could move is free: on pelvis and spine, and on the leg that is kept."""
    side = goal.point.segment[-1] if goal.point.segment[-2:] in ("_r", "_l") else ""
    off = kept[side] if side else np.ones(len(goal.role), bool)
    return replace(goal, role=np.where(off[:, None], OFF, goal.roles()).astype(np.int8))


def allowances(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """How far `least` may depart from the recording, by name: table ``allowances`` with what is `given` in its place.

    Angles in degrees, lengths in metres.

    Raises
    ------
    HipspineError
        If a name is unknown, or a value is not finite or negative.
    """
    found = {row["name"]: float(row["value"]) for row in rows("allowances", "simulate")}
    for name, value in (given or {}).items():
        if name not in found:
            raise unknown("allowance", name, found)
        if not (np.isfinite(value) and value >= 0.0):
            raise HipspineError(f"allowance {name} must be a finite number, 0 or more, is {value}")
        found[name] = float(value)
    return found


def least(
    task: Task,
    lower: Array,
    upper: Array,
    *,
    free: Array,
    allow: Mapping[str, float],
    near: Array | None = None,
    **_: object,
) -> Answer:
    """Least lumbar motion beyond the free answer's, over every way within the allowances; then the least energy.

    Two solves, in this order: the first minimises the norm of the added lumbar motion (three axes), from several
    starts, all other energy counting a hundredth; the second the energy, with the lumbar joint held there. Where the
    second does not converge the first stands (``ties_broken`` is 0 there). The thoracic joint adds in its published
    shares.

    Parameters
    ----------
    task : Task
    lower, upper : ndarray, shape (24,)
    free : ndarray, shape (F, 24)
        The free answer.
    allow : mapping of str to float
        As `allowances` gives them. [deg; m]
    near : ndarray, shape (F, 24), optional
        Postures to look near, instead of searching from several starts.
    """
    whole, tight = _within_allowances(task, free, allow)
    wide_lower, wide_upper = (np.tile(end, (len(free), 1)) for end in (lower, upper))
    lower, upper = _within_reach(wide_lower, wide_upper, free, allow)
    first = _lumbar_first(tight, free)
    if near is None:
        best, evidence = _best_of_starts(first, lower, upper, tight)
    else:
        best, evidence = solve(first, lower, upper, start=near), {}
    stage = Stage("added lumbar motion", np.arange(len(task.q)), first, lower, upper, best)
    best, _settled, stages = fall_short(_lumbar_first(whole, free), wide_lower, wide_upper, best, stage.what)
    task = whole
    # where something falls short, springs have decided; elsewhere energy decides what lumbar motion leaves open
    tied = np.flatnonzero(best.status == SOLVED)
    low, high = lower[tied], upper[tied]
    low[:, _LUMBAR] = np.maximum(low[:, _LUMBAR], best.q[tied][:, _LUMBAR] - LUMBAR_ROOM)
    high[:, _LUMBAR] = np.minimum(high[:, _LUMBAR], best.q[tied][:, _LUMBAR] + LUMBAR_ROOM)
    second = tight.frames(tied)
    last = solve(second, low, high, start=best.q[tied])
    stages = [stage, *stages, Stage("energy", tied, second, low, high, last)]
    broken = tied[last.status == SOLVED]
    both = put(best, last.frames(np.flatnonzero(last.status == SOLVED)), broken)
    evidence["ties_broken"] = np.isin(np.arange(len(task.q)), broken).astype(np.float64)
    # a frame whose lumbar joint is at the edge of its room is not at a bound of the person's
    own = (both.q <= lower + 1e-12) | (both.q >= upper - 1e-12)
    solution = replace(both, active=np.where(own, both.active, 0).astype(np.int8), ms=best.ms + last.ms)
    return Answer(judged(task, solution), task, tuple(stages), evidence)


def _within_reach(lower: Array, upper: Array, free: Array, allow: Mapping[str, float]) -> tuple[Array, Array]:
    """The bounds (F, 24) with the coordinates that have an allowance held near the free answer's."""
    low, high = lower.copy(), upper.copy()
    for name, coordinates in _ALLOWED.items():
        which, by = [INDEX[coordinate] for coordinate in coordinates], np.deg2rad(allow[name])
        low[:, which] = np.clip(free[:, which] - by, lower[:, which], upper[:, which])
        high[:, which] = np.clip(free[:, which] + by, lower[:, which], upper[:, which])
    return low, high


def _within_allowances(task: Task, free: Array, allow: Mapping[str, float]) -> tuple[Task, Task]:
    """The task with goals widened, coordinates held near by the allowances, and the spine's two joints coupled.

    When nothing else that yields is enough, the allowances do. In the second task what is said of single coordinates is
    off: bounds say it faster.
    """
    last, goals = len(task.yields) + 1, list[Goal]()
    for goal in task.goals:
        if not goal.allowance:
            goals.append(goal)
            continue
        by = allow[goal.allowance] if goal.unit == "mm" else np.deg2rad(allow[goal.allowance])
        room = goal.ends() + by * goal.ends(goal.allowed) * (goal.roles() == MUST)[..., None]
        if (goal.roles() == MUST).any():
            goals.append(replace(goal, room=room))
        else:  # it stays a preference, and a must within its allowance
            held = np.where(goal.roles() == OFF, OFF, MUST).astype(np.int8)
            room = goal.ends() + by * goal.ends(goal.allowed)
            name = f"{goal.name} within its allowance"
            goals += [
                goal,
                replace(goal, name=name, role=held, room=room, stiffness=0.0, stiffness_name="", yields=last),
            ]
    always = np.full(len(free), MUST, np.int8)
    for name, coordinates in _ALLOWED.items():
        by = np.deg2rad(allow[name])
        goals += [
            CombinationGoal(
                name=f"{coordinate} within its allowance",
                factors={coordinate: 1.0},
                target=free[:, INDEX[coordinate]],
                role=always,
                room=np.array([-by, by]),
                yields=last,
            )
            for coordinate in coordinates
            if coordinate not in task.chain.locked
        ]
    if not set(SPINE[3:]) & set(task.chain.locked):
        goals += _thoracic_shares(free)
    whole = replace(task.with_goals(goals), yields=(*task.yields, ALLOWANCES))
    off = np.full(len(free), OFF, np.int8)
    single = [isinstance(g, CombinationGoal) and g.yields == last for g in goals]
    return whole, whole.with_goals([replace(g, role=off) if s else g for g, s in zip(goals, single, strict=True)])


def _thoracic_shares(free: Array) -> list[CombinationGoal]:
    """What the thoracic joint adds is what the lumbar joint adds, in their published shares."""
    return [
        CombinationGoal(
            name=f"share of {SPINE[3 + k]}",
            factors={SPINE[3 + k]: 1.0, SPINE[k]: -(1.0 - share) / share},
            target=free[:, _THORACIC[k]] - (1.0 - share) / share * free[:, _LUMBAR[k]],
            role=np.full(len(free), MUST, np.int8),
        )
        for k, share in enumerate(lumbar_shares())
    ]


def _lumbar_first(task: Task, free: Array) -> Task:
    """The task whose energy is all but the added lumbar motion's."""
    reference, stiffness = task.q.copy(), OTHERS * task.stiffness
    reference[:, _LUMBAR], stiffness[_LUMBAR] = free[:, _LUMBAR], LUMBAR_FIRST
    goals = [replace(goal, stiffness=OTHERS * np.asarray(goal.stiffness)) for goal in task.goals]
    tissue = task.tissue._replace(amplitude=OTHERS * task.tissue.amplitude)
    return replace(task, q=reference, stiffness=stiffness, goals=goals, tissue=tissue)


def _best_of_starts(first: Task, lower: Array, upper: Array, task: Task) -> tuple[Solution, dict[str, Array]]:
    """The least added lumbar motion of several starts, and how many of them there were, solved and agreed, per frame.

    A frame that needs no lumbar motion at all cannot do better and is not tried again; nor is one whose musts are met
    from neither of two starts. The others start from the frame before, from the least energy under the same musts, from
    displaced references, and from the best found in the frames before and after.
    """
    best = solve(first, lower, upper)
    norm = _added(first, best)
    evidence = {name: np.ones(len(task.q)) for name in ("starts", "starts_solved", "starts_agreeing")}
    lost = np.flatnonzero(np.isinf(norm))
    if lost.size:  # perhaps it cannot be done: one more try, and no search if that fails too
        again = solve(task.frames(lost), lower[lost], upper[lost])
        again = solve(first.frames(lost), lower[lost], upper[lost], start=again.q, attempts=1)
        best = put(best, again, lost)
        norm = _added(first, best)
        evidence["starts"][lost] = 2.0
        evidence["starts_solved"][lost] = evidence["starts_agreeing"][lost] = np.isfinite(norm[lost])
    hard = np.flatnonzero(np.isfinite(norm) & (norm > LUMBAR_ROOM))
    if hard.size == 0:
        return best, evidence
    few, low, high = first.frames(hard), lower[hard], upper[hard]
    own = task.frames(hard)
    easiest = solve(own, low, high)
    step = np.diff(task.q, axis=0)
    starts: list[Callable[[], Array]] = [
        lambda: easiest.q,
        *(lambda shift=shift: few.q + shift for shift in _displacements()),
        lambda: np.concatenate([best.q[:1], best.q[:-1] + step])[hard],
        lambda: np.concatenate([best.q[1:] - step, best.q[-1:]])[hard],
    ]
    norms, costs = [norm[hard]], energy(own, best.q[hard])
    for start in starts:
        found = solve(few, low, high, start=start(), attempts=1)
        norm, cost = _added(few, found), energy(own, found.q)
        least_yet = np.min(norms, axis=0)
        # clearly less lumbar motion; or as much, at less energy
        better = (norm < least_yet - LUMBAR_ROOM) | ((norm < least_yet + LUMBAR_ROOM) & (cost < costs))
        best = put(best, found.frames(np.flatnonzero(better)), hard[better])
        costs = np.where(better, cost, costs)
        norms.append(norm)
    every = np.array(norms)
    evidence["starts"][hard] = len(every)
    evidence["starts_solved"][hard] = np.isfinite(every).sum(axis=0)
    agree = np.isfinite(every) & (every <= every.min(axis=0) + LUMBAR_ROOM)
    evidence["starts_agreeing"][hard] = agree.sum(axis=0)
    return replace(best, ms=best.ms + easiest.ms), evidence


def _displacements() -> list[Array]:
    """Displacements (24,) of the reference, left and right alike."""
    found = []
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        shift = np.zeros(24)
        for sign, parts in zip(signs, DISPLACED, strict=True):
            for name, by in parts.items():
                shift[INDEX[name]] = sign * by
        found.append(shift)
    return found


def _added(first: Task, solution: Solution) -> Array:
    """Norm (F,) of the added lumbar motion; infinite where there is no solution. [rad]"""
    norm = np.linalg.norm((solution.q - first.q)[:, _LUMBAR], axis=1)
    return np.where(solution.status == SOLVED, norm, np.inf)


#: Strategy by name, in the order in which answers are given.
STRATEGIES: dict[str, Callable[..., Answer]] = {"closure": closure, "predicted": predicted, "least": least}

__all__ = [
    "SHORTFALL",
    "SOLVED",
    "STRATEGIES",
    "UNSOLVED",
    "allowances",
    "closure",
    "larger_loss",
    "least",
    "predicted",
]
