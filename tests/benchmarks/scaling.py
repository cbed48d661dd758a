"""How time and memory grow with frames and cases, and how long a single question takes.

python tests/benchmarks/scaling.py [--quick]

- Cases: the benchmark's walk of 100 frames under many limits, 10^4 to 10^7 frames, what they come to only; on all
  cores, and on one thread up to 10^6; beside the wall's time that of the cores together, which other programmes on the
  machine disturb less. Memory is the largest that the process has held so far.
- Frames: one motion of 100 to 10^4 frames, the same cycle on the spot again and again.
- One question: one limit is changed, 100 frames of the bundled walk are solved and summarised.
- Before the first answer: the command line's --help, and the kernels compiled into an empty cache.

Each part runs in a process of its own. `--quick` leaves out 10^7 frames and measures less often.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.benchmarks.machine import fastest, machine

ROOT = Path(__file__).parents[2]
#: Frames of all cases together, and how many runs.
SIZES = {10**4: 20, 10**5: 10, 10**6: 3, 10**7: 1}
ON_ONE_THREAD = 10**6
CYCLES = (1, 3, 10, 30, 100)


def memory():
    """Most memory the process has held so far. [MB]"""
    try:
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def benchmark():
    from tests.benchmarks.gait_frame import ours
    from tests.benchmarks.gait_frame.cases import case

    return case(), ours


def many(largest, threads):
    """Time and memory of each number of frames on so many threads, 0 for all cores."""
    from simulate.many import solve_many
    from tests.benchmarks.gait_frame.sweep import limits

    (problem, ours), rows = benchmark(), []
    task = ours.task(problem)

    def bounds(cases):
        return tuple(map(ours.widened, limits(problem, cases)))

    solve_many(task, *bounds(2), threads=threads)
    before = memory()
    for frames, repeats in SIZES.items():
        if frames <= largest:
            lower, upper = bounds(frames // problem.frames)
            took = []
            for _ in range(repeats):
                began = perf_counter(), process_time()
                found = solve_many(task, lower, upper, threads=threads)
                took.append((perf_counter() - began[0], process_time() - began[1]))
            seconds, of_cores = (min(times) for times in zip(*took, strict=True))
            rows.append({"frames": frames, "s": seconds, "cores": of_cores, "mb": memory()})
            rows[-1] |= {"bounds": 2 * lower.nbytes / 2**20, "unsolved": frames - int(found.solved.sum())}
            rows[-1] |= {"patient": int(found.patient.sum())}
            del found, lower, upper
    return {"before": before, "rows": rows}


def one_motion(repeats):
    """Time of one motion of so many cycles."""
    from simulate.kernels.data import SOLVED
    from simulate.solution import solve

    (problem, ours), rows = benchmark(), []
    lower, upper = ours.widened(problem.lower), ours.widened(problem.upper)
    for cycles in CYCLES:
        again = {
            name: np.concatenate(cycles * [getattr(problem, name)])
            for name in ("q_nominal", "R_foot_r", "p_foot_r", "R_foot_l", "p_foot_l", "R_trunk")
        }
        task = ours.task(replace(problem, **again))
        solve(task, lower, upper)
        seconds, whole = [], []
        for _ in range(max(3, repeats // cycles)):
            began = perf_counter()
            solution = solve(task, lower, upper)
            whole.append(perf_counter() - began)
            seconds.append(1e-3 * solution.ms)
        unsolved = int((solution.status != SOLVED).sum())
        rows.append({"frames": len(task.q), "s": min(seconds), "whole": min(whole), "mb": memory()})
        rows[-1] |= {"steps": float(solution.iterations.mean()), "unsolved": unsolved}
    return {"rows": rows}


def question(repeats):
    """Time of one changed limit on the bundled walk, from the limit to the peaks of every coordinate."""
    from kinematics import Chain, RangeOfMotion
    from kinematics.zero import standing_tilt, zero_offsets
    from simulate import read_motion, walking
    from simulate.compensation import bounds_of
    from simulate.io.trials import trial
    from simulate.strategies import predicted

    bundled = trial("walk_overground_rajagopal")
    task = walking(Chain.from_osim(bundled.model), read_motion(bundled.motion)).frames(slice(0, 100))
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=standing_tilt()[0])
    normal = RangeOfMotion.normal()
    took = []
    for stop in np.linspace(-15.0, 0.0, repeats + 1):
        began = perf_counter()
        bounds = bounds_of(task, normal.limited(hip_extension_deg=float(stop)), offsets)[1]
        asked = perf_counter()
        solution = predicted(task, *bounds).solution
        solved = perf_counter()
        solution.q.min(axis=0), solution.q.max(axis=0)
        took.append((asked - began, solved - asked, perf_counter() - solved, 1e-3 * solution.ms))
    took = np.array(took[1:])
    return {"frames": len(task.q), "median": np.median(took, axis=0).tolist(), "least": took.min(axis=0).tolist()}


def first_answers():
    """Seconds to the first answer of each kind, in this process."""
    began = perf_counter()
    from simulate.many import solve_many
    from simulate.solution import solve

    problem, ours = benchmark()
    task, bounds = ours.task(problem), (ours.widened(problem.lower), ours.widened(problem.upper))
    imported = perf_counter()
    solve(task, *bounds)
    one = perf_counter()
    solve_many(task, *bounds)
    return {"import": imported - began, "one": one - imported, "many": perf_counter() - one}


PARTS = {"many": many, "one_motion": one_motion, "question": question, "first_answers": first_answers}


def in_a_process(part, *args, cache=None):
    """What a part finds in a process of its own."""
    environment = os.environ | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, __file__, "--part", json.dumps([part, *args])]
    ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)


def started(*command):
    """Least time of a Python process. [s]"""
    return fastest(lambda: subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True), 5)


def slope(rows, time="s"):
    """Of the logarithm of the time over that of the frames, by least squares."""
    return float(np.polyfit(*(np.log([row[name] for row in rows]) for name in ("frames", time)), 1)[0])


def table(head, rows):
    """Columns side by side."""
    cells = [head, *rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    for row in cells:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print()


def main(quick):
    largest, repeats = (10**6, 10) if quick else (10**7, 50)
    print(machine("numpy", "numba"), end="\n\n")
    with tempfile.TemporaryDirectory() as cache:
        empty = in_a_process("first_answers", cache=cache)
        cached = in_a_process("first_answers", cache=cache)
    for words, threads, most in (("all cores", 0, largest), ("one thread", 1, min(largest, ON_ONE_THREAD))):
        found = in_a_process("many", most, threads)
        rows = found["rows"]
        print(
            f"Many cases of 100 frames, {words}: slope {slope(rows):.3f}, of the cores' time {slope(rows, 'cores'):.3f}"
        )
        table(
            ["frames", "cases", "s", "us a frame", "of the cores", "memory, MB", "of it bounds", "unsolved", "patient"],
            [
                [
                    f"{row['frames']}", f"{row['frames'] // 100}", f"{row['s']:.4f}",
                    f"{1e6 * row['s'] / row['frames']:.2f}", f"{1e6 * row['cores'] / row['frames']:.2f}",
                    f"{row['mb']:.0f}", f"{row['bounds']:.1f}", f"{row['unsolved']}", f"{row['patient']}",
                ]
                for row in rows
            ],
        )  # fmt: skip
    print(f"Before the first case the process held {found['before']:.0f} MB. Bounds, two arrays (cases, 24), are")
    print("the largest input; what the cases come to is two and a half times as much. Motions are not kept.\n")
    rows = in_a_process("one_motion", repeats)["rows"]
    print(f"One motion: slope {slope(rows):.3f}")
    table(
        ["frames", "s", "us a frame", "with its Python, us", "steps", "most memory, MB", "unsolved"],
        [
            [
                f"{row['frames']}", f"{row['s']:.5f}", f"{1e6 * row['s'] / row['frames']:.2f}",
                f"{1e6 * row['whole'] / row['frames']:.2f}", f"{row['steps']:.2f}", f"{row['mb']:.0f}",
                f"{row['unsolved']}",
            ]
            for row in rows
        ],
    )  # fmt: skip
    found = in_a_process("question", repeats)
    print(f"One limit changed, {found['frames']} frames of the bundled walk [ms]")
    table(
        ["", "bounds", "solved", "peaks", "together", "of it in the kernel"],
        [
            [words, *(f"{1e3 * t:.2f}" for t in (*took[:3], sum(took[:3]), took[3]))]
            for words, took in ((words, found[words]) for words in ("median", "least"))
        ],
    )
    print("Before the first answer [s]")
    table(
        ["python", "hipspine --help", "", "import", "one motion", "many cases"],
        [
            [f"{started('-c', 'pass'):.2f}", f"{started('-m', 'hipspine', '--help'):.2f}", "empty cache",
             *(f"{empty[name]:.2f}" for name in ("import", "one", "many"))],
            ["", "", "cached", *(f"{cached[name]:.2f}" for name in ("import", "one", "many"))],
        ],
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        name, *args = json.loads(given.part)
        json.dump(PARTS[name](*args), sys.stdout)
    else:
        main(given.quick)
