"""hipspine's posture solver beside its peers on the restricted gait frame problem, and the page that says so.

python tests/benchmarks/compare.py [--quick] [--rounds 11] [--out docs/benchmarks.md]

Each solver works in a process of its own, on one thread; rounds alternate between them. Answers are held against an
optimum that none of them found. `--quick` measures few rounds and prints the page without writing it.
"""

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.benchmarks.gait_frame.cases import CASES, STANDARD, case
from tests.benchmarks.gait_frame.judge import Verdict, optimum, verdict
from tests.benchmarks.gait_frame.page import page
from tests.benchmarks.gait_frame.solvers import ENTRIES
from tests.benchmarks.gait_frame.sweep import throughput
from tests.benchmarks.gait_frame.worker import Worker

ROUNDS, QUICK_ROUNDS, CYCLES = 11, 2, 5
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@dataclass
class Row:
    """What was measured of one solver on one case; times are per frame. [s]"""

    verdict: Verdict | None = None
    ready: float = np.nan
    times: list[tuple[float, float]] = field(default_factory=list)
    failed: str = ""

    @property
    def median(self):
        return float(np.median(np.array(self.times)[:, 0])) if self.times else np.inf

    @property
    def fastest(self):
        return float(np.min(np.array(self.times)[:, 0])) if self.times else np.inf

    @property
    def inside(self):
        return float(np.median(np.array(self.times)[:, 1])) if self.times else np.nan


def measure(name, workers, rounds):
    """Rows by solver on the case of that name."""
    problem, rows = case(name), {}
    _, best = optimum(problem)
    for solver, worker in workers.items():
        rows[solver] = Row()
        prepared = worker.prepare(name)
        if prepared is not None:
            rows[solver].verdict, rows[solver].ready = verdict(problem, best, prepared[0]), prepared[1]
    for _ in range(rounds):
        for solver, worker in workers.items():
            for taken in worker.time(name, CYCLES) or ():
                rows[solver].times.append(tuple(np.array(taken) / problem.frames))
    for solver, worker in workers.items():
        rows[solver].failed = worker.failed
        said = worker.failed or f"{1e6 * rows[solver].median:8.1f} us, gap {rows[solver].verdict.gap:.0e}"
        print(f"{name:13} {solver:36} {said}", file=sys.stderr, flush=True)
    return rows


def main(rounds, out):
    workers = {name: Worker(name) for name in ENTRIES}
    try:
        measured = {STANDARD: measure(STANDARD, workers, rounds)}
        few = {name: worker for name, worker in workers.items() if ENTRIES[name].on_variants}
        measured |= {name: measure(name, few, rounds) for name in CASES if name != STANDARD}
    finally:
        for worker in workers.values():
            worker.close()
    text = page(measured, rounds=rounds, cycles=CYCLES, sweep=throughput(case()))
    print(text)
    if out is not None:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS} if not given")
    parser.add_argument("--quick", action="store_true", help="few rounds, and the page is printed only")
    parser.add_argument("--out", type=Path, help="docs/benchmarks.md if not given, and not quick")
    given = parser.parse_args()
    if given.rounds is not None and given.rounds < 1:
        parser.error(f"--rounds is {given.rounds}, must be 1 or more")
    file = given.out or (None if given.quick else PAGE)
    main(given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS), file)
