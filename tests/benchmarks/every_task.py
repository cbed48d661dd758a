"""How many frames are solved, fall short or stay unsolved, over every task, each single hip limit, every strategy.

python tests/benchmarks/every_task.py [--workers 2] [--task NAME ...]

Each hip direction at its normal range, 10 and 20 deg below it, right, left and both, and no limit at all. Prints a line
for each case with an unsolved frame, then a table: frames by status for every task and strategy, and of the frames that
are not unsolved the largest KKT residual, the largest miss of a must that did not fall short, and the largest excess
over the range of motion. Names that `--task` does not know list the known.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kinematics import Chain, RangeOfMotion
from kinematics.rom import DIRECTIONS
from simulate import compensate, read_motion, walking
from simulate.io.trials import trial
from simulate.solution import MUST_DEG, MUST_MM, SHORTFALL, SOLVED, UNSOLVED
from simulate.tasks.bend import bending
from simulate.tasks.lying import prone_extension, prone_rotation
from simulate.tasks.norm_walk import norm_walking
from simulate.tasks.pivot import pivoting
from simulate.tasks.run import running
from simulate.tasks.squat import sitting, squatting
from simulate.tasks.stand import standing_still
from simulate.tasks.swing import swinging
from simulate.tasks.turn import turned, turning
from simulate.tracking import recording_from_markers

WALK, RUN, TURN = "walk_overground_rajagopal", "run_treadmill_hamner", "turn_spin_HC002D"


def modelled(name):
    own = trial(name)
    return Chain.from_osim(own.model), read_motion(own.motion)


def turned_from(name, **how):
    if name == TURN:
        chain, motion, standing = recording_from_markers(trial(name).motion, trial(name).standing, None)
    else:
        (chain, motion), standing = modelled(name), None
    return turned(chain, motion, standing=standing, **how) if how else turning(chain, motion, standing=standing)


TASKS = {
    "walk": lambda: walking(*modelled(WALK)),
    "walk slow": lambda: norm_walking("slow"),
    "walk fast": lambda: norm_walking("fast"),
    "run": lambda: running(*modelled(RUN)),
    "turn": lambda: turned_from(TURN),
    "turn spin 90": lambda: turned_from(TURN, angle_deg=90.0, style="spin"),
    "turn step 90": lambda: turned_from(WALK, angle_deg=90.0, style="step"),
    "pivot": pivoting,
    "bend forward": lambda: bending(direction="forward"),
    "bend backward": lambda: bending(direction="backward"),
    "squat": squatting,
    "sit": sitting,
    "swing": swinging,
    "stand": standing_still,
    "prone": prone_extension,
    "prone-rotation internal": lambda: prone_rotation(turn="internal"),
    "prone-rotation external": lambda: prone_rotation(turn="external"),
}
HIP = [name for name in DIRECTIONS if name.startswith("hip_") and not name.endswith(("_right", "_left"))]
TAKEN_DEG = (0.0, 10.0, 20.0)


def cases():
    """No limit, and each direction of the hip less what is taken, on either side and on both."""
    normal, found = RangeOfMotion.normal(), [{}]
    for name in HIP:
        coordinate, sign = DIRECTIONS[name].coordinates[0], DIRECTIONS[name].sign
        reach = normal.reach_deg[coordinate, sign]
        found += [{f"{name}{side}_deg": reach - by} for by in TAKEN_DEG for side in ("_left", "_right", "")]
    return found


@cache
def task(name):
    return TASKS[name]()


def solve(case):
    """Counts by status and the largest residuals, per strategy."""
    name, limits = case
    found, out = compensate(task(name), rom=RangeOfMotion.normal().limited(**limits), reliefs=False), {}
    for strategy in found.strategy.values:
        one = found.sel(strategy=strategy)
        status, there = one.status.values, one.status.values != UNSOLVED
        counts = Counter({code: int((status == code).sum()) for code in (SOLVED, SHORTFALL, UNSOLVED)})
        worst = {
            what: float(one[what].values[there].max(initial=0.0))
            for what in ("kkt", "must_mm", "must_deg", "bound_violation")
        }
        short = {
            str(goal): [
                float(one.sel(yielding=goal)[f"short_{unit}"].values[there].max(initial=0.0)) for unit in ("mm", "deg")
            ]
            for goal in one.yielding.values
        }
        lost = [k for k, code in enumerate(status) if code == UNSOLVED]
        out[str(strategy)] = counts, worst, short, lost
    return case, out


def main(workers, names):
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        sys.exit(f"unknown task {', '.join(unknown)}. Known: {', '.join(TASKS)}.")
    todo = [(name, limits) for name in names or TASKS for limits in cases()]
    totals, worst, short = {}, {}, {}
    with ProcessPoolExecutor(workers) as pool:
        for k, ((name, limits), found) in enumerate(pool.map(solve, todo), start=1):
            print(f"{k}/{len(todo)} {name}", end="\r", file=sys.stderr)
            for strategy, (counts, largest, by, lost) in found.items():
                row = name, strategy
                totals[row] = totals.get(row, Counter()) + counts
                worst[row] = {what: max(most, worst.get(row, largest)[what]) for what, most in largest.items()}
                short[row] = {goal: tuple(map(max, most, short.get(row, by)[goal])) for goal, most in by.items()}
                if lost:
                    said = {key: round(deg, 1) for key, deg in limits.items()}
                    print(f"{name} {said} {strategy}: {len(lost)} unsolved, frames {lost}", flush=True)
    head = ("task", "strategy", "solved", "short", "unsolved", "KKT", "must mm", "must deg", "over deg", "falls short")
    print("{:23} {:9} {:>7} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8}  {}".format(*head))
    for (name, strategy), counts in totals.items():
        largest, by = worst[name, strategy], short[name, strategy]
        fell = {goal: most for goal, most in by.items() if most[0] > MUST_MM or most[1] > MUST_DEG}
        said = ", ".join(f"{goal} {mm:.1f} mm {deg:.1f} deg" for goal, (mm, deg) in fell.items())
        print(
            f"{name:23} {strategy:9} {counts[SOLVED]:7} {counts[SHORTFALL]:7} {counts[UNSOLVED]:8} "
            f"{largest['kkt']:8.0e} {largest['must_mm']:8.0e} {largest['must_deg']:8.0e} "
            f"{largest['bound_violation']:8.0e}  {said}"
        )
    whole = sum(totals.values(), Counter())
    print(f"all: {whole.total()} frames, {100.0 * whole[UNSOLVED] / whole.total():.3f} % unsolved")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="repeatable; all if not given")
    given = parser.parse_args()
    main(given.workers, given.task)
