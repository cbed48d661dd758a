"""A motion: its frames in order, each started from the answer before."""

import numpy as np
from numba import njit

from kinematics.kernels.tree import N
from simulate.kernels import posture
from simulate.kernels.data import UNSOLVED


@njit(cache=True)
def solve_motion(body, goals, stiffness, q_ref, lower, upper, w, q, lam, state, status, iterations, kkt):
    """Solve every frame; `q_ref`, `lower`, `upper` and the answer `q` are (F, 24), `lam` (F, M), `state` (F, 24).

    A frame starts from the answer before, moved as the reference moves; if that fails, from the reference itself; if
    that fails too, both again with the goals that yield relaxed: a shortfall.
    """
    w.state[:] = 0
    w.on[:] = 0
    for f in range(q_ref.shape[0]):
        for i in range(N):
            q[f, i] = q_ref[f, i] if f == 0 else q[f - 1, i] + q_ref[f, i] - q_ref[f - 1, i]
        for m in range(lam.shape[1]):
            lam[f, m] = 0.0 if f == 0 else lam[f - 1, m]
        status[f] = UNSOLVED
        for attempt in range(4):
            if attempt > 0:
                w.state[:] = 0
                w.on[:] = 0
                lam[f, :] = 0.0
            if attempt % 2 == 1:
                q[f, :] = q_ref[f, :]
            result = posture.solve_posture(
                body, goals, f, attempt >= 2, stiffness, q_ref[f], lower[f], upper[f], q[f], lam[f], w
            )
            status[f] = result[0]
            iterations[f] = (0 if attempt == 0 else iterations[f]) + result[1]
            kkt[f] = result[2]
            if status[f] != UNSOLVED:
                break
        for i in range(N):
            state[f, i] = w.state[i]


def motion_arrays(frames, rows):
    """Empty answer arrays of `solve_motion` for that many frames and goal rows, in its order from `q` on."""
    return (
        np.empty((frames, N)),
        np.empty((frames, rows)),
        np.empty((frames, N), np.int8),
        np.empty(frames, np.int8),
        np.empty(frames, np.int64),
        np.empty(frames),
    )
