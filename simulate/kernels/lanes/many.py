"""Many cases of one task: a chunk of them, two at a time, each with its summary."""

from numba import njit

from kinematics.kernels.tree import N
from simulate.kernels.data import SOLVED
from simulate.kernels.lanes.motion import solve_lanes


@njit(cache=True, error_model="numpy", nogil=True)
def solve_chunk(
    x, trail, lanes, lower, upper, first, last, pair, ends, motions, least, most, mean, at_least, at_most, solved, worst
):
    """Solve the cases `first` to `last` (exclusive), without the interpreter's lock.

    Bounds are (n, 24). Scratch: `x` of two groups and `trail` for them, `pair`, the answers of two cases as
    `solve_lanes` takes them, and `ends` (2, 2, 1, 24). Out: `motions` (n, F, 24), or (0, F, 24) if they are not kept;
    of each case and coordinate the least, most and mean over its solved frames, and the frames of the first two, (n,
    24); how many frames are `solved` and their `worst` residual, (n,).
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
            summarise(q[g], status[g], kkt[g], c + g, least, most, mean, at_least, at_most, solved, worst)
            if motions.shape[0] > 0:
                for f in range(q.shape[1]):
                    for i in range(N):
                        motions[c + g, f, i] = q[g, f, i]


@njit(cache=True, error_model="numpy", nogil=True)
def summarise(q, status, kkt, case, least, most, mean, at_least, at_most, solved, worst):
    """One motion `q` (F, 24) into the summaries of its case; its frames that are not solved do not count."""
    count, largest = 0, 0.0
    for f in range(q.shape[0]):
        if status[f] == SOLVED:
            for i in range(N):
                x = q[f, i]
                if count == 0 or x < least[case, i]:
                    least[case, i], at_least[case, i] = x, f
                if count == 0 or x > most[case, i]:
                    most[case, i], at_most[case, i] = x, f
                mean[case, i] = x if count == 0 else mean[case, i] + x
            count += 1
            largest = max(largest, kkt[f])
    for i in range(N):
        if count > 0:
            mean[case, i] /= count
    solved[case], worst[case] = count, largest
