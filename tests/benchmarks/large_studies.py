"""What a parameter study takes: speed by strategy, what is not solving, both cores against one, memory and storage.

python tests/benchmarks/large_studies.py [--quick] [--out PAGE]

Writes docs/planning.md, which plans a billion postures from the figures. Each figure comes from a process of its own
(and, where both cores are used, from its children); the fastest of several runs counts, runs in turns. The machine has
to be quiet: two other programmes at work on two cores halve everything. `--quick` prints a smaller page only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.machine import machine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "planning.md"
SPEEDS = ["very_slow", "slow", "free", "fast", "very_fast"]
SHOW = ROOT / "experiments" / "studies" / "hips_and_speed.toml"
#: Places of each of two limits that make about so many postures of 51 frames at five speeds.
SIDES = {10**5: 20, 10**6: 63, 10**7: 198}
STRATEGIES = ("predicted", "closure", "least")
#: The plan's cluster sizes, in cores.
CORES = (2, 16, 128, 1024)


def two_limits(n, strategy="predicted", **more):
    """Both hip-extension limits at five speeds."""
    limit = {"from": "10 deg", "to": "-5 deg", "count": n}
    vary = {"speed": {"values": SPEEDS}, "hip_extension_right": limit, "hip_extension_left": limit}
    return {"task": "walk", "strategy": strategy, "vary": vary, **more}


def cohort(count):
    """People with bodies of their own."""
    return {
        "task": "walk",
        "held": {"speed": "free"},
        "cohort": {"preset": "low_back_pain", "count": count, "seed": 1},
    }


def swept(data, folder, workers):
    """Postures, and seconds of a sweep from the study to the open store."""
    from simulate.studies.plan import plan
    from simulate.studies.run import sweep
    from simulate.studies.study import Study, make_study

    study = data if isinstance(data, Study) else make_study(data)
    place = Path(folder) / f"{perf_counter()}.zarr"
    began = perf_counter()
    sweep(study, place, workers=workers)
    seconds = perf_counter() - began
    return plan(study).postures, seconds, place


def speeds(quick, runs):
    """Postures a second on one core, by strategy; people a second."""
    sizes = {"predicted": 30, "closure": 5, "least": 5}
    people = 200 if quick else 1000
    asked = {strategy: (two_limits(2, strategy), two_limits(n, strategy)) for strategy, n in sizes.items()}
    asked["people"] = cohort(2), cohort(people)
    found = dict.fromkeys(asked, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for first, _ in asked.values():
            swept(first, folder, 1)
        for _ in range(runs):
            for name, (_, study) in asked.items():
                postures, seconds, _ = swept(study, folder, 1)
                found[name] = max(found[name], (people if name == "people" else postures) / seconds)
    return found


def efficiency(data, runs):
    """Least seconds on one core and on two, in turns."""
    from simulate.studies.study import make_study, read_study

    study = read_study(SHOW) if data == "show" else make_study(data)
    took = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        swept(study, folder, 1)
        for _ in range(runs):
            for workers, times in took.items():
                postures, seconds, _ = swept(study, folder, workers)
                times.append(seconds)
    return {"postures": postures, "one": min(took[1]), "two": min(took[2])}


def overhead(n, runs):
    """Least seconds of a sweep on both cores, and of the solver alone on the same bounds."""
    from simulate import many
    from simulate.studies import compute
    from simulate.studies.study import make_study

    given, solve_many = [], many.solve_many

    def noted(task, lower, upper, **more):
        given.append((task, lower, upper, more | {"threads": None}))
        return solve_many(task, lower, upper, **more)

    study = make_study(two_limits(n))
    with tempfile.TemporaryDirectory() as folder:
        compute.batch.solve_many = noted
        swept(study, folder, 1)
        compute.batch.solve_many = solve_many
        whole, alone = [], []
        for _ in range(runs):
            postures, seconds, _ = swept(study, folder, 2)
            whole.append(seconds)
            began = perf_counter()
            for task, lower, upper, more in given:
                solve_many(task, lower, upper, **more)
            alone.append(perf_counter() - began)
    return {"postures": postures, "sweep": min(whole), "solver": min(alone)}


def large(n):
    """Memory and storage of one sweep on both cores."""
    from tests.benchmarks.scaling import memory

    with tempfile.TemporaryDirectory() as folder:
        postures, seconds, place = swept(two_limits(n), folder, 2)
        files = [path for path in place.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        variables = sum(path.is_dir() and any(path.glob("*.*.*")) for path in place.iterdir())
    found = {"postures": postures, "s": seconds, "mb": memory(), "cases": 5 * n * n}
    return found | {"bytes": size, "files": len(files), "variables": variables}


PARTS = {"speeds": speeds, "efficiency": efficiency, "overhead": overhead, "large": large}


def in_a_process(part, *args):
    """What a part finds in a process of its own."""
    command = [sys.executable, __file__, "--part", json.dumps([part, *args])]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def words_of(seconds):
    """A duration in words."""
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def page(quick):
    """The page."""
    runs = 2 if quick else 7
    speed = in_a_process("speeds", quick, 1 if quick else 3)
    kernels = in_a_process("efficiency", two_limits(SIDES[10**5]), runs)
    show = in_a_process("efficiency", "show", 1 if quick else 3)
    extra = in_a_process("overhead", SIDES[10**6], runs)
    most = in_a_process("large", SIDES[10**6 if quick else 10**7])
    a_variable = most["bytes"] / most["cases"] / most["variables"]
    a_case = most["bytes"] / most["cases"]

    def gain(found):
        return f"efficiency {found['one'] / found['two'] / 2:.0%}"

    both, plain = "both cores against one", "postures, `predicted` alone, in threads"
    rest = extra["sweep"] / extra["solver"] - 1
    store = f"{most['bytes'] / 1e6:.0f} MB in {most['files']:,} files, {a_case:.0f} bytes a case"
    measured = [
        (f"{both}, {kernels['postures']:,} {plain}", gain(kernels)),
        (f"{both}, {show['postures']:,} postures of `hips_and_speed.toml`, two strategies, in processes", gain(show)),
        (f"all that is not the solver, {extra['postures']:,} postures on both cores", f"{rest:.0%} of its time"),
        (f"{most['postures']:,} postures, summaries only", f"{words_of(most['s'])}; most memory {most['mb']:.0f} MB"),
        ("the store of these", f"{store}, {a_variable:.0f} a case and variable"),
    ]
    plans = [
        f"| {cores:,} | " + " | ".join(words_of(1e9 / speed[name] / cores) for name in STRATEGIES) + " |"
        for cores in CORES
    ]
    return f"""# Planning a large study

Written by `python tests/benchmarks/large_studies.py`, which measures every figure but those marked as extrapolated.
Machine: {machine("numpy", "numba", "zarr")}

## What was measured

One core, from the study to the open store (`walk` by the norm curves, 51 frames a case):

| strategy | postures a second |
|---|---|
{chr(10).join(f"| `{name}` | {speed[name]:,.0f} |" for name in STRATEGIES)}

People with bodies of their own, each with a task of its own (`predicted`), on one core: {speed["people"]:,.0f} people
a second.

| | |
|---|---|
{chr(10).join(f"| {what} | {found} |" for what, found in measured)}

Efficiency is the time of one core divided by twice the time of two: 100 % is twice as fast. The cores of a virtual
machine are not ours alone: eight runs of this on one day gave 5 to 17 % for what is not the solver, and 89 to
104 % for the efficiency with two strategies.

## A billion postures

Ten million cases of 100 frames. *Extrapolated*: the time of one core divided by cores, and the bytes of a case times
the cases. What is not in it: waiting for a cluster's nodes, loading the solver (seconds a worker), and frames that fall
short, which take a hundred times as long and more.

| cores | {" | ".join(f"`{name}`" for name in STRATEGIES)} |
|---|---|---|---|
{chr(10).join(plans)}

Storage: about {1e7 * a_case / 1e9:.1f} GB for the summaries of one strategy, in blocks of half a
second each: some thousands of files a variable. Where files are few (an inode quota), a larger `block` makes fewer; a
block is also what a killed worker loses. Trajectories take 24 numbers of four bytes for the restricted body and 25 for
the free one, 200 bytes a posture: 200 GB before compression. Ask for them in a small study of what the large one found.

Before it: `--dry-run` on a node of the cluster, then a thousandth of the study on it.
"""


def main(quick, out):
    text = page(quick)
    print(text)
    if out is not None:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="docs/planning.md if not given, and not quick")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        name, *args = json.loads(given.part)
        print(json.dumps(PARTS[name](*args)))
    else:
        main(given.quick, given.out or (None if given.quick else PAGE))
