"""Many cases of one task: a chunk of them, two at a time, each with its summary."""

from math import pi, sqrt
from typing import Any, NamedTuple

from kinematics.kernels.cached import njit
from kinematics.kernels.tree import N
from simulate.kernels.data import UNSOLVED
from simulate.kernels.lanes.motion import solve_lanes

#: The lumbar joint's three coordinates begin the last block of six.
LUMBAR = N - 6
#: Of frames in which as much is added but for this the first counts: rounding shall not choose between right and left,
#: nor between the two ends of a cycle. [rad, m] (1e-6 deg)
ALIKE = 1e-6 * pi / 180.0


class Summary(NamedTuple):
    """What cases come to over the frames that are not UNSOLVED: arrays (n, 24), the last five (n,)."""

    least: Any  # least, most and mean of each coordinate
    most: Any
    mean: Any
    at_least: Any  # frames in which that is
    at_most: Any
    added: Any  # what is added to the free motion, signed, at its largest
    at_added: Any
    lumbar: Any  # largest norm of what is added to the lumbar joint's three axes
    at_lumbar: Any
    answered: Any  # how many frames are not UNSOLVED
    worst: Any  # their largest scaled residual


@njit(error_model="numpy", nogil=True)
def solve_chunk(x, trail, lanes, lower, upper, first, last, free, pair, ends, motions, out):
    """Solve the cases `first` to `last` (exclusive), without the interpreter's lock.

    Bounds are (n, 24), the `free` motion (F, 24). Scratch: `x` of two groups and `trail` for them, `pair`, the answers
    of two cases as `solve_lanes` takes them, and `ends` (2, 2, 1, 24). Out: `motions` (n, F, 24), or (0, F, 24) if they
    are not kept, and the `Summary` of each case.
    """
    q, status, kkt = pair[0], pair[4], pair[6]
    for k in range(trail.shape[0]):
        for lane in range(trail[k]["lane"].size):
            trail[k]["lane"][lane] = 0.0
    for c in range(first, last, 2):
        count = min(2, last - c)
        for g in range(2):
            # an odd one out is solved twice
            case = c + min(g, count - 1)
            for i in range(N):
                ends[0, g, 0, i], ends[1, g, 0, i] = lower[case, i], upper[case, i]
        solve_lanes(x, trail, (0, 1), (0, 0), lanes, ends[0], ends[1], 0, False, False, *pair)
        for g in range(count):
            summarise(q[g], free, status[g], kkt[g], c + g, out)
            if motions.shape[0] > 0:
                for f in range(q.shape[1]):
                    for i in range(N):
                        motions[c + g, f, i] = q[g, f, i]


@njit(error_model="numpy", nogil=True)
def summarise(q, free, status, kkt, case, out):
    """One motion `q` (F, 24) against the `free` one into the summary of its case."""
    count, worst, norm = 0, 0.0, 0.0
    for f in range(q.shape[0]):
        if status[f] == UNSOLVED:
            continue
        square = 0.0
        for i in range(N):
            x = q[f, i]
            by = x - free[f, i]
            if count == 0 or x < out.least[case, i]:
                out.least[case, i], out.at_least[case, i] = x, f
            if count == 0 or x > out.most[case, i]:
                out.most[case, i], out.at_most[case, i] = x, f
            if count == 0 or abs(by) > abs(out.added[case, i]):
                out.added[case, i], out.at_added[case, i] = by, f
            out.mean[case, i] = x if count == 0 else out.mean[case, i] + x
            if LUMBAR <= i < LUMBAR + 3:
                square += by * by
        if count == 0 or sqrt(square) > norm:
            norm = sqrt(square)
            out.lumbar[case], out.at_lumbar[case] = norm, f
        count += 1
        worst = max(worst, kkt[f])
    if count > 0:
        for i in range(N):
            out.mean[case, i] /= count
        _first_of_alike(q, free, status, case, out)
    out.answered[case], out.worst[case] = count, worst


@njit(error_model="numpy", nogil=True)
def _first_of_alike(q, free, status, case, out):
    """What is added at its largest, and where, counts from the first frame in which it is as large."""
    for i in range(N):
        most = abs(out.added[case, i]) - ALIKE
        for f in range(out.at_added[case, i]):
            by = q[f, i] - free[f, i]
            if status[f] != UNSOLVED and abs(by) >= most:
                out.added[case, i], out.at_added[case, i] = by, f
                break
    for f in range(out.at_lumbar[case]):
        square = 0.0
        for i in range(LUMBAR, LUMBAR + 3):
            square += (q[f, i] - free[f, i]) ** 2
        if status[f] != UNSOLVED and sqrt(square) >= out.lumbar[case] - ALIKE:
            out.at_lumbar[case] = f
            break
