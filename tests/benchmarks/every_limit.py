"""How many frames are solved, fall short or stay unsolved, over every bundled recording, many limits, every strategy.

python tests/benchmarks/every_limit.py [--workers 2]

Prints a line for each case with an unsolved frame, then the totals, the largest KKT residual and misses, and the share
that is unsolved. A running file is asked as if it were a walk: what counts here is whether the solver copes.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from kinematics import Chain, RangeOfMotion
from simulate import compensate, read_motion, walking
from simulate.io.trials import trial

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "opensim_core"
RECORDINGS = ("bundled", *sorted(path.stem for path in DATA.glob("*.osim")))
STEPS = {
    "hip_extension": (10, 5, 0, -5, -10, -15, -20),
    "hip_flexion": (30, 20, 10, 0),
    "hip_abduction": (5, 0, -5, -10, -15),
    "hip_adduction": (5, 0, -5, -10),
    "hip_internal_rotation": (5, 0, -5, -10, -15),
    "hip_external_rotation": (5, 0, -5, -10, -15),
}
CASES = [
    {f"{name}{side}_deg": deg} for name, steps in STEPS.items() for deg in steps for side in ("", "_right", "_left")
]
CASES += [{"hip_extension_deg": e, "hip_internal_rotation_deg": r} for e in (5, -5, -15) for r in (5, -5)]


@cache
def task(name):
    if name == "bundled":
        model, motion = trial("walk_overground_rajagopal").model, trial("walk_overground_rajagopal").motion
    else:
        model, motion = DATA / f"{name}.osim", DATA / f"{name}.mot"
    return walking(Chain.from_osim(model), read_motion(motion))


def solve(case):
    name, limits = case
    found = compensate(task(name), rom=RangeOfMotion.normal().limited(**limits), reliefs=False)
    return case, {name: answer["solver"] for name, answer in found.answer()["answers"].items()}


def main(workers):
    cases = [(name, limits) for name in RECORDINGS for limits in CASES]
    totals, worst = (
        {},
        {"kkt_max": 0.0, "must_goal_max_mm": 0.0, "must_goal_max_deg": 0.0, "bound_violation_max_deg": 0.0},
    )
    with ProcessPoolExecutor(workers) as pool:
        for k, ((name, limits), solvers) in enumerate(pool.map(solve, cases), start=1):
            print(f"{k}/{len(cases)}", end="\r", file=sys.stderr)
            for strategy, solver in solvers.items():
                counts = [solver["frames"], solver["solved"], solver["shortfall"], solver["unsolved"]]
                totals[strategy] = np.add(totals.get(strategy, 0), counts)
                if solver["unsolved"]:
                    print(f"{name} {limits} {strategy}: {solver['unsolved']} of {solver['frames']} unsolved")
                else:
                    worst = {key: max(value, solver[key]) for key, value in worst.items()}
    for strategy, (frames, solved, short, lost) in totals.items():
        print(f"{strategy}: {frames} frames, {solved} solved, {short} fall short, {lost} unsolved")
    frames, *_, lost = np.sum(list(totals.values()), axis=0)
    print(f"all: {frames} frames, {100 * lost / frames:.3f} % unsolved; of cases without one: {worst}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    main(**vars(parser.parse_args()))
