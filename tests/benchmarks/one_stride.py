"""How long one stride takes, beside a general-purpose optimiser on the same frames in the same run.

python tests/benchmarks/one_stride.py [--repeats 20]

Prints milliseconds for 100 frames on one thread (median), and how many times longer SciPy's SLSQP takes, which is given
the same objective and derivatives as compiled CasADi functions and the same start.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from kinematics import Chain, RangeOfMotion
from kinematics.zero import standing_tilt, zero_offsets
from simulate import read_motion, walking
from simulate.compensation import bounds_of
from simulate.io.trials import trial
from simulate.strategies import STRATEGIES, allowances, predicted
from tests.agreement.symbolic_posture import SymbolicPosture


def main(repeats):
    bundled = trial("walk_overground_rajagopal")
    task = walking(Chain.from_osim(bundled.model), read_motion(bundled.motion)).frames(slice(0, 100))
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=standing_tilt()[0])
    unrestricted, bounds, _ = bounds_of(task, RangeOfMotion.normal().limited(hip_extension_deg=-5), offsets)
    given = {"free": predicted(task, *unrestricted).solution.q, "allow": allowances()}
    ms = {}
    for name, strategy in STRATEGIES.items():
        strategy(task, *bounds, **given)
        ms[name] = np.median([strategy(task, *bounds, **given).solution.ms for _ in range(repeats)])
        print(f"{name}: {ms[name]:.1f} ms for {len(task.q)} frames")
    ours = predicted(task, *bounds).solution
    # frames in which nothing binds cost us next to nothing: our time is shared among those in which a limit does
    binding = np.flatnonzero(ours.active.any(axis=1))
    theirs = 0.0
    for frame in binding[::5]:
        posture = SymbolicPosture(task, int(frame), *bounds)
        _ = posture.compiled
        start = perf_counter()
        posture.scipy(ours.q[frame - 1] if frame else task.q[0], ftol=1e-10)
        theirs += perf_counter() - start
    ratio = 1e3 * theirs / len(binding[::5]) / (ms["predicted"] / len(binding))
    print(f"SciPy SLSQP on {len(binding[::5])} frames with active limits: {ratio:.0f} times longer a frame")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    main(parser.parse_args().repeats)
