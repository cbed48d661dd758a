"""What one degree more of a limit, or one unit more of a stiffness, would change: derivatives of the answers.

At an answer the optimality conditions hold. Differentiated by a parameter, with what binds held fixed, they are a
linear system in the derivatives of the posture and of the multipliers; it is solved here frame by frame. How far a
parameter can move before, to first order, something else binds or something lets go is the derivative's `reach`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, PELVIS, SIDES, SPINE, leg
from kinematics.pose import frames
from kinematics.rotations import zxy_matrix
from kinematics.spine import lumbar_shares, total_angles
from kinematics.tables import rows
from simulate import patient
from simulate.goals import MUST, SOFT
from simulate.kernels.data import SHORTFALL, SOLVED, UNSOLVED, Scratch, scratch
from simulate.problem import Task
from simulate.solution import Answer, Stage
from simulate.strategies.least_lumbar import LUMBAR_FIRST, OTHERS
from simulate.strategies.pure_chain import larger_loss

Array = NDArray[np.float64]

#: What moves more slowly than this with a parameter does not come to bind by it.
_NEARLY_NOTHING = 1e-9
_PELVIS, _SPINE = [INDEX[name] for name in PELVIS], [INDEX[name] for name in SPINE]
_LUMBAR = _SPINE[:3]
_LEG = {side: [INDEX[name] for name in leg(side)] for side in SIDES}


@dataclass(frozen=True, eq=False)
class Parameters:
    """What can change: `limits` (coordinate, direction), then `stiffness` (rows of the stiffness table)."""

    limits: tuple[tuple[str, int], ...]
    stiffness: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.limits) + len(self.stiffness)


@dataclass(frozen=True, eq=False)
class Marginal:
    """Derivatives `dq` (F, 24, P) of the posture and their `reach` (F, P), in each parameter's own unit (rad, N m/rad).

    NaN where a frame is not solved, or falls short; in `closure` only of the leg that does.
    """

    dq: Array
    reach: Array


def parameters(task: Task, limits: Sequence[tuple[str, int]]) -> Parameters:
    """The imposed limits, and every row of the stiffness table that this task uses."""
    used = {_base(name) for name in COORDINATES if task.stiffness[INDEX[name]] > 0.0} | {
        goal.stiffness_name for goal in task.goals if goal.stiffness_name
    }
    return Parameters(tuple(limits), tuple(row["name"] for row in rows("stiffness", "simulate") if row["name"] in used))


def _base(name: str) -> str:
    return name.removesuffix("_r").removesuffix("_l")


def marginal(strategy: str, task: Task, answer: Answer, bounds: tuple[Array, Array], which: Parameters) -> Marginal:
    """Derivatives of one strategy's answer by every limit and stiffness.

    Parameters
    ----------
    strategy : {"closure", "predicted", "least"}
    task : Task
        As the strategy was asked.
    answer : Answer
    bounds : (lower, upper), each (24,)
        Of the restricted body.
    which : Parameters
    """
    if strategy == "closure" and not task.raised:
        found = _closure(task, answer, bounds, which)
    elif strategy == "least":
        found = _least(answer, bounds, which)
    else:
        found = _latest([(stage, _limit_rates(stage, bounds, which)) for stage in answer.stages], which, len(task.q))
    lost = answer.solution.status == UNSOLVED
    if strategy != "closure":  # goals that fall short follow springs that are no part of the person
        lost |= answer.solution.status == SHORTFALL
    found.dq[lost], found.reach[lost] = np.nan, np.nan
    return found


def _latest(stages: Sequence[tuple[Stage, tuple[Array, Array]]], which: Parameters, frames: int) -> Marginal:
    """Derivatives from the last stage that holds each frame, given those of its bounds."""
    dq = np.full((frames, len(COORDINATES), len(which)), np.nan)
    reach = np.full((frames, len(which)), np.nan)
    for stage, rates in stages:
        found = _of_stage(stage, which, *rates)
        there = stage.solution.status == SOLVED
        dq[stage.frames[there]], reach[stage.frames[there]] = found.dq[there], found.reach[there]
    return Marginal(dq, reach)


def _limit_rates(stage: Stage, bounds: tuple[Array, Array], which: Parameters) -> tuple[Array, Array]:
    """How a stage's lower and upper bounds (F, 24, P) move with the limits: where the limit is the bound."""
    ends = [np.broadcast_to(end, stage.task.q.shape) for end in (stage.lower, stage.upper)]
    rates = np.zeros((2, *stage.task.q.shape, len(which)))
    for p, (name, direction) in enumerate(which.limits):
        i, side = INDEX[name], int(direction > 0)
        rates[side, :, i, p] = ends[side][:, i] == bounds[side][i]
    return rates[0], rates[1]


def _least(answer: Answer, bounds: tuple[Array, Array], which: Parameters) -> Marginal:
    """By way of its two solves: the room around the least lumbar motion moves with it."""
    *firsts, last = answer.stages
    lumbar = _latest([(stage, _limit_rates(stage, bounds, which)) for stage in firsts], which, len(answer.solution.q))
    lower, upper = _limit_rates(last, bounds, which)
    for rate, end, side in ((lower, last.lower, 0), (upper, last.upper, 1)):
        inside = end[:, _LUMBAR] != bounds[side][_LUMBAR]  # the room, not the person's own range
        rate[:, _LUMBAR] = np.where(inside[..., None], lumbar.dq[last.frames][:, _LUMBAR], rate[:, _LUMBAR])
    energy = _of_stage(last, which, lower, upper)
    lumbar.dq[last.frames] = energy.dq
    lumbar.reach[last.frames] = np.minimum(energy.reach, lumbar.reach[last.frames])
    return lumbar


def _closure(task: Task, answer: Answer, bounds: tuple[Array, Array], which: Parameters) -> Marginal:
    """By way of its parts: the pelvis about the hip, the spine under the held thorax, the other leg to its place."""
    turns = dict(zip(SIDES, answer.stages[:2], strict=True))
    right = larger_loss(task, {side: stage.solution.q for side, stage in turns.items()})
    parts = {side: _of_stage(stage, which, *_limit_rates(stage, bounds, which)) for side, stage in turns.items()}
    fixed = np.where(right[:, None, None], parts["r"].dq, parts["l"].dq)
    reach = np.where(right[:, None], parts["r"].reach, parts["l"].reach)
    fixed[:, _SPINE] = _spine_follows(task, answer.solution.q, fixed)
    others = []
    for stage in answer.stages[2:]:
        rates = fixed[stage.frames].copy(), fixed[stage.frames].copy()
        for rate, own in zip(rates, _limit_rates(stage, bounds, which), strict=True):
            for side, mask in (("r", ~right), ("l", right)):
                free = np.ix_(np.flatnonzero(mask[stage.frames]), np.array(_LEG[side]))
                rate[free] = own[free]
        others.append((stage, rates))
    found = _latest(others, which, len(task.q))
    # where the other leg's foot falls short, everything but that leg still has its derivative
    short = answer.solution.status == SHORTFALL
    found.dq[short], found.reach[short] = fixed[short], np.inf
    for side, mask in (("r", ~right), ("l", right)):
        found.dq[np.ix_(np.flatnonzero(mask & short), np.array(_LEG[side]))] = np.nan
    return Marginal(found.dq, np.minimum(found.reach, reach))


def _spine_follows(task: Task, q: Array, dq: Array) -> Array:
    """Rates (F, 6, P) of the spine that hold the thorax while pelvis rates are `dq`, in the spine's published shares.

    The whole thorax-on-pelvis joint is Z-X-Y: its angles follow from its relative angular velocity, the lumbar ones are
    their shares, the thoracic ones the rest.
    """
    R, _, a = frames(task.chain, q)
    lumbar, thoracic, turning = _LUMBAR, _SPINE[3:], _PELVIS[3:]
    w_pelvis = np.einsum("fki,fkp->fip", a[:, turning], dq[:, turning])
    R_pelvis, R_thorax = R[:, _PELVIS[-1]], R[:, _SPINE[-1]]
    z, x, y = task.chain.axes[lumbar]
    basis = np.stack([x, y, z], axis=1)
    angles = total_angles(task.chain, np.swapaxes(R_pelvis, -1, -2) @ R_thorax)
    after = [
        zxy_matrix(np.stack([angles[:, 0] * (k > 0), angles[:, 1] * (k > 1), 0 * angles[:, 2]], -1)) for k in range(3)
    ]
    columns = [basis @ after[k][:, :, axis, None] for k, axis in enumerate((2, 0, 1))]
    E = R_pelvis @ np.concatenate(columns, axis=2)
    whole = np.linalg.solve(E, -w_pelvis)
    d_lumbar = lumbar_shares()[:, None] * whole
    rest = -w_pelvis - np.einsum("fki,fkp->fip", a[:, lumbar], d_lumbar)
    d_thoracic = np.linalg.solve(np.swapaxes(a[:, thoracic], -1, -2), rest)
    return np.concatenate([d_lumbar, d_thoracic], axis=1)


def _of_stage(stage: Stage, which: Parameters, lower: Array, upper: Array) -> Marginal:
    """Derivatives of one posture problem's answer, given those of its bounds, (F, 24, P)."""
    task, solution, q = stage.task, stage.solution, stage.solution.q
    goals, body, stiffness = task.kernel_goals, task.body, np.array(task.stiffness)
    reference = np.array(task.q, order="C")
    work = scratch(goals)
    low, high = (np.array(np.broadcast_to(end, q.shape), order="C") for end in (stage.lower, stage.upper))
    d_stiffness, d_weight = _stiffness_rates(task, which)
    dq, reach = np.full((*q.shape, len(which)), np.nan), np.full((len(q), len(which)), np.nan)
    for f in np.flatnonzero(solution.status == SOLVED).tolist():
        lam = solution.multipliers[f].copy()
        patient.tangent(body, goals, task.tissue, f, stiffness, reference[f], low[f], high[f], q[f].copy(), lam, work)
        out = work.c - np.clip(work.c, work.low, work.high)
        forcing = (q[f] - reference[f])[:, None] * d_stiffness + work.J.T @ (out[:, None] * d_weight[f])
        dq[f], reach[f] = _of_frame(
            work, lam, solution.active[f], solution.rows_active[f], forcing, lower[f], upper[f], q[f]
        )
    return Marginal(dq, reach)


def _stiffness_rates(task: Task, which: Parameters) -> tuple[Array, Array]:
    """How stiffness (24, P) and row weights (F, M, P) move with the named stiffnesses."""
    share = OTHERS if task.stiffness[_SPINE[0]] == LUMBAR_FIRST else 1.0
    d_stiffness = np.zeros((len(COORDINATES), len(which)))
    goals = task.ordered()
    d_weight = np.zeros((len(task.q), sum(goal.rows for goal in goals), len(which)))
    for p, name in enumerate(which.stiffness, start=len(which.limits)):
        for i, coordinate in enumerate(COORDINATES):
            if _base(coordinate) == name and task.stiffness[i] not in (0.0, LUMBAR_FIRST):
                d_stiffness[i, p] = share
        row = 0
        for goal in goals:
            if goal.stiffness_name == name:
                d_weight[:, row : row + goal.rows, p] = share * (goal.roles() == SOFT)
            row += goal.rows
    return d_stiffness, d_weight


def _of_frame(
    w: Scratch, lam: Array, active: Array, rows_active: Array, forcing: Array, lower: Array, upper: Array, q: Array
) -> tuple[Array, Array]:
    """Derivatives (24, P) and reach (P,) at one answer, with its tangent in the scratch."""
    must, fixed = w.role == MUST, active != 0
    on = must & (rows_active != 0)
    rates = np.where((active < 0)[:, None], lower, np.where((active > 0)[:, None], upper, 0.0))
    free, J = ~fixed, w.J[on]
    n, m = int(free.sum()), int(on.sum())
    system = np.block([[w.H[np.ix_(free, free)], -J[:, free].T], [J[:, free], np.zeros((m, m))]])
    right = np.concatenate([-forcing[free] - w.H[np.ix_(free, fixed)] @ rates[fixed], -J[:, fixed] @ rates[fixed]])
    answer = np.linalg.lstsq(system, right, rcond=1e-13)[0]
    dq = rates.copy()
    dq[free] = answer[:n]
    d_lam = np.zeros((len(lam), forcing.shape[1]))
    d_lam[on] = answer[n:]
    # what is there, and how fast it goes: distances to bounds and rooms, and the multipliers of what binds
    z, dz = w.g - w.J[must].T @ lam[must], forcing + w.H @ dq - w.J[must].T @ d_lam[must]
    room, held, inward = must & ~on, fixed & (w.lower < w.upper), np.where(active < 0, 1.0, -1.0)
    moving = (w.low < w.high) & on
    sides = [
        (q[free] - w.lower[free], dq[free] - lower[free]),
        (w.upper[free] - q[free], upper[free] - dq[free]),
        ((w.c - w.low)[room], w.J[room] @ dq),
        ((w.high - w.c)[room], -w.J[room] @ dq),
        ((inward * z)[held], (inward[:, None] * dz)[held]),
        (np.abs(lam[moving]), np.sign(lam[moving])[:, None] * d_lam[moving]),
    ]  # fmt: skip
    left = np.concatenate([there for there, _ in sides])
    speed = np.abs(np.concatenate([going for _, going in sides]))
    moves = speed > _NEARLY_NOTHING
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(moves, np.maximum(left, 0.0)[:, None] / speed, np.inf)
    return dq, distance.min(axis=0, initial=np.inf)


__all__ = ["Marginal", "Parameters", "marginal", "parameters"]
