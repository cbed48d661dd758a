"""hipspine on one file of the restricted gait frame problem, on one thread.

python tests/benchmarks/restricted_gait_frame.py [--problem FILE.npz] [--out FILE.npz] [--repeats 20]

Solves the frames in order, once untimed and then `--repeats` times, and prints the median wall time a frame. Without
`--problem` it takes the standard case. `--out` gets `q` (F, 21) [m, rad], `iterations` and `status` (F,), and the wall
time of each repeat, `seconds`: of the whole call, which first makes the solver's arrays from the task, and
`seconds_in_solver`. The problem's arrays are described in tests/benchmarks/gait_frame/problem.py.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.gait_frame.worker import ONE_THREAD

os.environ.update(ONE_THREAD)

import numpy as np

from tests.benchmarks.gait_frame.cases import case
from tests.benchmarks.gait_frame.ours import STATUS, Solver, timed
from tests.benchmarks.gait_frame.problem import ProblemError, read

#: Fewer repeats are no measurement.
LEAST_REPEATS = 5


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problem", type=Path, metavar="FILE.npz", help="the standard case if not given")
    parser.add_argument("--out", type=Path, metavar="FILE.npz")
    parser.add_argument(
        "--repeats", type=int, default=20, help=f"timed repeats, {LEAST_REPEATS} or more; 20 if not given"
    )
    given = parser.parse_args(arguments)
    if given.repeats < LEAST_REPEATS:
        parser.error(f"--repeats is {given.repeats}, must be {LEAST_REPEATS} or more")
    if given.out and not given.out.absolute().parent.is_dir():
        parser.error(f"--out {given.out}: its folder does not exist")
    try:
        problem = read(given.problem) if given.problem else case()
    except ProblemError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    solver = Solver(problem)
    q, seconds, inside = solver.cycle(), [], []
    for _ in range(given.repeats):
        q, taken = timed(solver)
        seconds.append(taken)
        inside.append(solver.seconds_in_solver)
    status = np.array([STATUS[int(one)] for one in solver.solution.status])
    if given.out:
        found = {"q": q, "iterations": solver.solution.iterations, "status": status}
        try:
            with given.out.open("wb") as file:
                np.savez_compressed(file, **found, seconds=np.array(seconds), seconds_in_solver=np.array(inside))
        except OSError as error:
            print(f"error: {given.out}: cannot be written ({error.strerror})", file=sys.stderr)
            return 2
    each, own = (1e6 * float(np.median(times)) / problem.frames for times in (seconds, inside))
    solved = int((status == "solved").sum())
    print(f"{each:.1f} us a frame, {own:.1f} of them in the solver; {solved} of {problem.frames} frames solved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
