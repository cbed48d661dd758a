"""The page of the comparison: `docs/benchmarks.md`, from what was measured."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from textwrap import fill

from tests.benchmarks.gait_frame.cases import CASES, STANDARD
from tests.benchmarks.gait_frame.judge import BOUNDS, FLOOR, GAP
from tests.benchmarks.gait_frame.solvers import ENTRIES, OURS
from tests.benchmarks.machine import processor

PACKAGES = ("hipspine", "numpy", "numba", "scipy", "casadi", "daqp", "mink", "mujoco")

HEAD = """\
# Benchmarks

How long hipspine's posture solver takes beside general-purpose ones, on a problem that all of them can solve.
`make bench` writes this page, from a run on the machine named below. Numbers of two machines cannot be
compared, ratios roughly can.

## The problem

A body of 21 coordinates (pelvis, two legs, a trunk on the lumbar joint) walks one made-up gait cycle of 100
frames. The hips are limited, and every frame asks for the posture that keeps feet and trunk near where they
were: weighted least squares (ankle centres, orientations of feet and trunk, every coordinate near its nominal
value) within bounds. It is stated in numpy in `tests/benchmarks/gait_frame/`, with the solvers beside it.

It is a benchmark, not what hipspine answers: there are no must goals, no goals on one side, no tissue and no
mass centre in it, because not every peer has them.
"""

HOW = """\
- One thread each, every solver in a process of its own. Rounds alternate between the solvers; in its turn a
  solver runs one untimed cycle, then {cycles} timed ones or as many as fit into 50 ms. Shown is the median over all
  cycles of {rounds} rounds, wall time divided by frames.
- Frames are solved in order. A peer's frame starts from the answer before, moved as the nominal posture moves, and
  clipped to the bounds, which saves every peer steps; hipspine's from the two answers before, which is part of it.
- hipspine's time is that of the whole call of `simulate.solution.solve`: {inside:.1f} of the {whole:.1f} µs are
  spent in the solver. A task's arrays are made once, in the untimed cycle; the peers' parameters are packed before
  the clock starts.
- Making a solver is not timed: numba compiles hipspine's kernels once for all bodies and caches them;
  "compiled" CasADi generates C and runs the C compiler{made}.
- Every answer is held against an optimum found by none of them: bounded linear least-squares steps (SciPy's
  BVLS) until the first-order conditions hold to rounding. An answer counts if on every frame its objective is
  within `{gap:.0e} (f* + {floor:.0e})` of the optimum `f*` and no bound is exceeded by more than {bounds:.0e}.
  Each peer stops at about the loosest tolerance that reaches this on every case; hipspine stops where it always
  does.
- Peers were given what made them faster: the Gauss-Newton Hessian for the SQP method (with the exact one, which
  is indefinite on the way, regularised or its eigenvalues reflected, it did not get there), full steps, the
  multipliers of the frame before, DAQP because it was faster than qrqp, `-O3 -march=native`.
"""

NONE = "-"


def us(seconds):
    """Microseconds with three digits."""
    value = 1e6 * seconds
    return f"{value:.1f}" if value < 100.0 else f"{value:.0f}"


def _cell(row):
    if row.failed:
        return NONE
    return us(row.median) if row.verdict.reached else f"({us(row.median)})"


def _miss(row):
    return f"gap {row.verdict.gap:.0e}, over bounds {row.verdict.bounds:.0e}"


def _standard(rows):
    ours = rows[OURS]
    lines = ["| solver | µs a frame | times hipspine's | fastest cycle | objective gap |", "|---|--:|--:|--:|--:|"]
    notes = []
    for name, row in sorted(rows.items(), key=lambda item: (bool(item[1].failed), item[1].median)):
        shown = f"**{name}**" if name == OURS else name
        if row.failed:
            lines.append(f"| {shown} |" + 4 * f" {NONE} |")
            notes.append(f"{name} did not run: {row.failed}.")
            continue
        ratio = f"{row.median / ours.median:.2f}" if not ours.failed else NONE
        lines.append(f"| {shown} | {_cell(row)} | {ratio} | {us(row.fastest)} | {row.verdict.gap:.0e} |")
        if not row.verdict.reached:
            notes.append(f"{name} did not reach the optimum: {_miss(row)}.")
    return "\n".join([*lines, "", *notes]).rstrip()


def _summary(rows):
    ours = rows[OURS]
    peers = {name: row for name, row in rows.items() if name != OURS and not row.failed and row.verdict.reached}
    if ours.failed or not peers:
        return ""
    name, best = min(peers.items(), key=lambda item: item[1].median)
    ratio = best.median / ours.median
    said = (
        f"hipspine is {ratio:.1f} times as fast"
        if ratio >= 1.0
        else f"it is {1.0 / ratio:.1f} times as fast as hipspine"
    )
    return f"The fastest peer is {name}: {us(best.median)} µs a frame against hipspine's {us(ours.median)}; {said}."


def _variants(measured):
    names = [name for name, entry in ENTRIES.items() if entry.on_variants]
    lines = ["| case | " + " | ".join(names) + " |", "|---|" + len(names) * "--:|"]
    missed = []
    for case, rows in measured.items():
        lines.append(f"| {case}: {CASES[case][0]} | " + " | ".join(_cell(rows[name]) for name in names) + " |")
        missed += [
            f"{case}: {name} did not reach the optimum: {_miss(row)}."
            for name, row in rows.items()
            if not row.failed and not row.verdict.reached
        ]
        missed += [f"{case}: {name} did not run: {row.failed}." for name, row in rows.items() if row.failed]
    return "\n".join([*lines, "", *missed]).rstrip()


def _compiler():
    path = shutil.which("gcc") or shutil.which("cc")
    if path is None:
        return "no C compiler"
    said = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{Path(path).name} {said}".strip()


def _versions():
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join([f"Python {platform.python_version()}", *found, _compiler()])


def _sweep(sweep, standard):
    """Frames a second of many cases, and how that compares with the peers one case after the other."""
    right = "all are" if sweep.reached else "NOT all are"
    every = "every frame is solved" if sweep.solved else "NOT every frame is solved"
    per_frame = 1.0 / sweep.all
    lines = [
        "1000 pairs of limits of the two hips on the standard walk, 100 frames each, by `simulate.many.solve_many`:",
        f"{sweep.all:,.0f} frames a second on {sweep.threads} threads ({1e6 * per_frame:.2f} µs a frame), "
        f"{sweep.one:,.0f} on one thread; {every}, and of {sweep.checked} cases that were checked {right} the optimum.",
        "A frame of a peer on one thread, in the table above, takes so many times as long as one of the sweep:",
    ]
    peers = [
        f"{name} {row.median / per_frame:.0f}" for name, row in standard.items() if name != OURS and not row.failed
    ]
    return fill(" ".join(lines) + " " + ", ".join(peers) + ".", 110)


def page(measured, *, rounds, cycles, sweep=None):
    """The page's text, of the rows by case and solver; `sweep` is a `Throughput`."""
    standard, variants = measured[STANDARD], {case: rows for case, rows in measured.items() if case != STANDARD}
    ours = standard[OURS]
    compile_s = [
        row.ready for name, row in standard.items() if name.startswith("CasADi SQP, compiled") and not row.failed
    ]
    parts = [
        HEAD,
        "## The standard case",
        f"{CASES[STANDARD][0].capitalize()}.",
        _standard(standard),
        _summary(standard),
    ]
    parts += ["\n".join(f"- {name}: {entry.words}." for name, entry in ENTRIES.items())]
    parts += ["## Variants", "µs a frame of the solvers that come nearest; in brackets what did not reach the optimum."]
    parts += [_variants(variants)]
    if sweep is not None:
        parts += ["## A sweep", _sweep(sweep, standard)]
    made = f" ({' and '.join(f'{seconds:.0f} s' for seconds in compile_s)} for the two rows here)" if compile_s else ""
    how = HOW.format(
        cycles=cycles, rounds=rounds, inside=1e6 * ours.inside, whole=1e6 * ours.median, made=made, gap=GAP,
        floor=FLOOR, bounds=BOUNDS,
    )  # fmt: skip
    machine = f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    parts += ["## How it is measured", how.rstrip(), f"Machine: {machine}. {_versions()}."]
    parts += [
        "Again: `make bench`, or `python tests/benchmarks/compare.py` (`--quick` prints without writing this page)."
    ]
    return "\n\n".join(part for part in (text.strip("\n") for text in parts) if part) + "\n"
