"""A motion: its frames in order, each started from the answer before or from a start of its own."""

import numpy as np
from numba import njit

from kinematics.kernels.tree import N
from simulate.kernels import goals as goal
from simulate.kernels import posture
from simulate.kernels.data import SOLVED, UNSOLVED

#: Steps on the way from bounds and goals that hold the reference to those that are asked for.
PARTS = 8


@njit(cache=True, error_model="numpy")
def solve_motion(
    body, goals, tissue, stiffness, q_ref, lower, upper, attempts, own_start, w,
    q, lam, state, on, status, iterations, kkt,
):  # fmt: skip
    """Solve every frame; `q_ref`, `lower`, `upper` and the answer `q` are (F, 24), `lam` and `on` (F, M), `state`
    (F, 24).

    With `own_start` a frame starts from what `q` holds; without, from the answer before, moved as the reference moves.
    If that fails, from the reference itself; if that fails too, again from the reference, with bounds and goals closing
    in step by step from where the reference meets them all. `attempts` (1 to 3) says how many of these are made.
    """
    w.state[:] = 0
    w.on[:] = 0
    for f in range(q_ref.shape[0]):
        if own_start:
            _afresh(lam[f], w)
        else:
            for i in range(N):
                q[f, i] = q_ref[f, i] if f == 0 else q[f - 1, i] + q_ref[f, i] - q_ref[f - 1, i]
            for m in range(lam.shape[1]):
                lam[f, m] = 0.0 if f == 0 else lam[f - 1, m]
        iterations[f] = 0
        for attempt in range(attempts):
            if attempt > 0:
                q[f, :] = q_ref[f, :]
                _afresh(lam[f], w)
            if attempt == 2:
                for part in range(1, PARTS):
                    posture.widen(part / PARTS, body, goals, f, lower[f], upper[f], q_ref[f], w)
                    result = posture.solve_posture(body, goals, tissue, f, stiffness, q_ref[f], q[f], lam[f], w)
                    iterations[f] += result[1]
                    if result[0] == UNSOLVED:
                        break
            posture.prepare(goals, f, lower[f], upper[f], w)
            result = posture.solve_posture(body, goals, tissue, f, stiffness, q_ref[f], q[f], lam[f], w)
            status[f] = result[0]
            iterations[f] += result[1]
            kkt[f] = result[2]
            if status[f] == SOLVED:
                break
        for i in range(N):
            state[f, i] = w.state[i]
        for m in range(lam.shape[1]):
            on[f, m] = w.on[m]


@njit(cache=True, error_model="numpy")
def _afresh(lam, w):
    """Forget multipliers and what bound."""
    lam[:] = 0.0
    w.state[:] = 0
    w.on[:] = 0


@njit(cache=True, error_model="numpy")
def energies(body, goals, tissue, stiffness, q_ref, q, w, out):
    """Energy of each posture `q` (F, 24) in its frame, into `out` (F,). [J]"""
    for f in range(q.shape[0]):
        posture.prepare(goals, f, q[f], q[f], w)
        goal.values(body, goals, f, q[f], w)
        out[f] = goal.objective(tissue, stiffness, q_ref[f], q[f], w)


def motion_arrays(frames, rows):
    """Empty answer arrays of `solve_motion` for that many frames and goal rows, in its order from `q` on."""
    return (
        np.empty((frames, N)),
        np.empty((frames, rows)),
        np.empty((frames, N), np.int8),
        np.empty((frames, rows), np.int8),
        np.empty(frames, np.int8),
        np.empty(frames, np.int64),
        np.empty(frames),
    )
