"""Where the solver's time goes on the standard benchmark problem, and the page that says so.

python tests/benchmarks/where_the_time_goes.py [--quick] [--out docs/where_the_time_goes.md]

Operations are counted in the kernels themselves (`operations.py`), parts of a step timed in loops, the machine's peak
measured beside them; of several processes the fastest counts. `--quick` measures few rounds and prints the page without
writing it.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import fill
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numba import njit

from kinematics.kernels.lanes import BRANCH, FRAME, JOINTS, Q, forward
from kinematics.kernels.wide import GROUP, group_sum, lanes, least, load, root, size, store, unrolled, where
from simulate.kernels.lanes import motion, slots, step
from simulate.kernels.lanes.rows import evaluate
from simulate.kernels.lanes.springs import hessian, slopes
from simulate.many import CHUNK, solve_many
from simulate.solution import answers, solve
from tests.benchmarks.gait_frame import ours
from tests.benchmarks.gait_frame.cases import case
from tests.benchmarks.gait_frame.sweep import limits
from tests.benchmarks.machine import fastest, machine

PAGE = Path(__file__).parents[2] / "docs" / "where_the_time_goes.md"
CASES = 32 * CHUNK
#: Frames at which parts are timed.
FRAMES = (5, 25, 45, 65, 85)
LANES = {"one": GROUP, "two": 2 * GROUP}


# The machine's peak: straight code in the kernels' own vectors.

SLOTS, ROUNDS = 128, 48


def looped(name, function):
    """A loop over an unrolled function of its own name, which says what it is to the compiler."""
    function.__qualname__ = f"peak_{name}"
    kernel = unrolled(function)

    @njit(error_model="numpy")
    def loop(n, x):
        for i in range(n):
            kernel(x, i % SLOTS)

    return loop


def independent(one):
    """A function whose twelve results wait for themselves alone."""

    def function(x, i):
        chains = [load(x, k) for k in range(12)]
        for _ in range(ROUNDS):
            chains = [one(c) for c in chains]
        for k, c in enumerate(chains):
            store(x, k, c)

    return function


def _load(x, i):
    chains = [load(x, k) for k in range(12)]
    for k in range(12, SLOTS):
        chains[k % 12] = chains[k % 12] + load(x, k)
    for k, c in enumerate(chains):
        store(x, k, 0.0 * c)


def _store(x, i):
    a = load(x, i)
    for k in range(SLOTS):
        store(x, k, a)


def _through_scratch(x, i):
    store(x, i + 1, load(x, i) + 1.0)


def chain(one):
    """A function that waits for its own result, again and again."""

    def function(x, i):
        a, b, c = load(x, 0), load(x, 1), load(x, 2)
        for _ in range(ROUNDS):
            a = one(a, b, c)
        store(x, 0, a)

    return function


#: What is waited for.
WAITS = {
    "add": lambda a, b, c: a + c,
    "multiply": lambda a, b, c: a * b,
    "fused": lambda a, b, c: a * b + c,
    "divide": lambda a, b, c: b / a,
    "root": lambda a, b, c: root(a),
    "select": lambda a, b, c: where(a, c, b),
    "other": lambda a, b, c: size(least(a, c)),  # two
    "group": lambda a, b, c: group_sum(a),
}


def on_a_line(count, width):
    """Scratch that begins where a line of the cache does."""
    kind = lanes(0, width).dtype
    room = np.zeros(count * kind.itemsize + 64, np.uint8)
    return room[-room.ctypes.data % 64 :][: count * kind.itemsize].view(kind)


def peak(width, repeats):
    """Instructions a nanosecond of each kind, and how long results are waited for. [ns]"""
    x, n, out, waits = on_a_line(SLOTS + 1, width), 2000, {}, {}
    for name, count, function in (
        ("arithmetic", 12 * ROUNDS, independent(lambda c: c * 0.5 + 0.25)),
        ("divide", 12 * ROUNDS, independent(lambda c: 0.5 / c)),
        ("root", 12 * ROUNDS, independent(root)),
        ("loads", SLOTS, _load),
        ("stores", SLOTS, _store),
    ):
        x["lane"][:] = 0.5
        loop = looped(f"rate of {name} {width}", function)
        out[name] = n * count / fastest(lambda loop=loop: loop(n, x), repeats) / 1e9
    for name, one in WAITS.items():
        x["lane"][:3] = [[0.75], [0.5], [-0.25]]
        loop = looped(f"wait for {name} {width}", chain(one))
        waits[name] = 1e9 * fastest(lambda loop=loop: loop(n, x), repeats) / n / ROUNDS
    waits["other"] /= 2.0
    loop = looped(f"through scratch {width}", _through_scratch)
    waits["load"] = 1e9 * fastest(lambda: loop(n, x), repeats) / n - waits["add"]
    return out, waits


# The parts of a step, at frames that are solved: the same work again and again.

#: In the order in which a step does them, and the slot that each writes last. `elimination` is in `choice`.
PARTS = {
    "forward": FRAME + 12 * BRANCH + 8,
    "rows": slots.SPRINGS + slots.DEPTH_SIZE * BRANCH + slots.CURVE + 8,
    "slopes": slots.SLOPE + JOINTS - 1,
    "judge": slots.WORSE,
    "hessian": slots.HESSIAN + JOINTS * JOINTS - 1,
    "elimination": slots.STEP,
    "choice": slots.STEP,
    "move": Q,
}


@njit(error_model="numpy")
def parts(rounds, count, last, x, packed, used, at, here):
    """The first `count` parts, one round after the other: a round's posture waits for the slot `last`."""
    table, depths, data, fixed, musts = packed.table, packed.depths, packed.data, packed.fixed, packed.musts
    for _ in range(rounds):
        tie = 0.0 * load(x, last)
        for i in range(JOINTS):
            store(x, Q + i, load(x, slots.AHEAD + i) + tie)
        if count > 0:
            forward(x)
        if count > 1:
            evaluate(x, table, used, depths, data, at, fixed, here, musts)
        if count > 2:
            slopes(x, table, used, depths, fixed, here, musts)
        if count > 3:
            step.judge(x, 0.0 * load(x, Q) + motion.AIM)
        if count > 4:
            hessian(x, table, used, depths, fixed, here, musts)
        if count == 6:
            step._solve(x)
        if count > 6:
            step.step(x, table, used, packed.joined)
        if count > 7:
            step.move(x, table, used, data, at, fixed, here, musts)


def until(packed, frame):
    """The task in lanes up to a frame."""
    per_frame = [len(part) // len(packed.used) for part in (packed.reference, packed.data)]
    reference, data = (
        part[: (frame + 1) * n] for part, n in zip((packed.reference, packed.data), per_frame, strict=True)
    )
    return packed._replace(used=packed.used[: frame + 1], reference=reference, data=data)


def room(task, groups):
    """Room for the answers of that many cases."""
    return tuple(np.stack([part] * groups) for part in answers(len(task.q), task.kernel_goals.weight.shape[1]))


def timed_parts(task, lower, upper, repeats):
    """Nanoseconds of no part, of the first, of the first two ..., mean over some frames; bounds (cases, 24)."""
    groups, rounds = len(lower), 100
    here, cases, placed = (0,) * groups, tuple(range(groups)), []
    for frame in FRAMES:
        packed = until(task.lanes, frame)
        x, ends = packed.scratch(groups), (lower[:, None], upper[:, None])
        motion.solve_lanes(x, x[:0], cases, here, packed, *ends, 0, False, False, *room(task, groups))
        x["lane"][slots.AHEAD : slots.AHEAD + JOINTS] = x["lane"][Q : Q + JOINTS]
        at = (frame * (len(packed.data) // len(packed.used)),) * groups
        placed.append((x, packed, packed.used[-1], at, here))
    took = np.full((len(FRAMES), len(PARTS) + 1), np.inf)
    for _ in range(repeats):
        for of_frame, place in zip(took, placed, strict=True):
            for k, last in enumerate((Q, *PARTS.values())):
                began = perf_counter()
                parts(rounds, k, last, *place)
                of_frame[k] = min(of_frame[k], perf_counter() - began)
    names = ("nothing", *(f"to {part}" for part in PARTS))
    return dict(zip(names, (1e9 / rounds * took.mean(axis=0)).tolist(), strict=True))


# The whole: one motion, and a sweep of many.


def one_motion(task, lower, upper, repeats):
    """Of a frame of the standard case alone: nanoseconds, those of the Python around the kernel, and steps."""
    inside, outside = [], []
    for _ in range(repeats):
        began = perf_counter()
        solution = solve(task, lower, upper)
        outside.append(perf_counter() - began)
        inside.append(1e-3 * solution.ms)
    per_frame = 1e9 / len(task.q)
    kernel = min(inside) * per_frame
    return {"kernel": kernel, "around": min(outside) * per_frame - kernel, "steps": float(solution.iterations.mean())}


def sweep(task, lower, upper, repeats):
    """The same of a pair of frames of a sweep, on one thread."""
    x, trail, answer, steps = task.lanes.scratch(2), task.lanes.trail(2), room(task, 2), []
    for c in range(0, len(lower), 2):
        if c % CHUNK == 0:
            trail["lane"][:] = 0.0
        ends = lower[c : c + 2, None], upper[c : c + 2, None]
        motion.solve_lanes(x, trail, (0, 1), (0, 0), task.lanes, *ends, 0, False, False, *answer)
        steps.append(answer[5][0].mean())
    empty = fastest(lambda: solve_many(task, lower[:0], upper[:0], threads=1), repeats)
    took = np.full(len(lower) // CHUNK, np.inf)
    for _ in range(repeats):  # chunk by chunk: a short time is less disturbed
        for c in range(len(took)):
            chunk = slice(CHUNK * c, CHUNK * (c + 1))
            began = perf_counter()
            solve_many(task, lower[chunk], upper[chunk], threads=1)
            took[c] = min(took[c], perf_counter() - began)
    per_pair = 2e9 / len(lower) / len(task.q)
    kernel, around = (took - empty).sum() * per_pair, empty * per_pair
    return {"kernel": kernel, "around": around, "steps": float(np.mean(steps))}


def measured(repeats):
    """Parts and the whole, of one motion and of a pair. [ns]"""
    problem = case()
    task, (low, high) = ours.task(problem), map(ours.widened, limits(problem, CASES))
    lower, upper = ours.widened(problem.lower), ours.widened(problem.upper)
    pair = slice(CASES // 2, CASES // 2 + 2)
    return {
        "one": timed_parts(task, lower[None], upper[None], 10 * repeats) | one_motion(task, lower, upper, 10 * repeats),
        "two": timed_parts(task, low[pair], high[pair], 10 * repeats) | sweep(task, low, high, repeats),
    }


def of_many(processes, repeats):
    """The least of each number that `measured` finds in that many processes: they differ in where arrays lie."""
    command = [sys.executable, __file__, "--measure", str(repeats)]
    found = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(processes)
    ]
    least = {who: {name: min(one[who][name] for one in found) for name in found[0][who]} for who in LANES}
    for times in least.values():
        before = times["nothing"]
        for part in PARTS:
            times[part], before = times[f"to {part}"] - before, times[f"to {part}"]
    return least


def counted(waits):
    """What `operations.py` finds."""
    command = [sys.executable, str(Path(__file__).with_name("operations.py")), json.dumps(waits)]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


# The page.

WORDS = {
    "forward": "forward kinematics",
    "rows": "rows: values, pulls, stiffness, curvature",
    "slopes": "gradient",
    "judge": "optimality",
    "hessian": "Hessian",
    "elimination": "elimination",
    "choice": "which bounds hold",
    "move": "the step taken",
    "frame": "start, end, and the rest",
}
EVALUATION = ("forward", "rows", "slopes", "judge")


def per_frame(counts, times):
    """Rows of a table: of each part its calls a frame, what is counted in a call, and its nanoseconds a call."""
    steps, pivots = times["steps"], counts["calls"]["elimination"] / counts["calls"]["choice"]
    calls = {part: steps + (part in EVALUATION) for part in PARTS} | {"elimination": steps * pivots, "frame": 1.0}
    rest = times["kernel"] - sum(calls[part] * times[part] for part in PARTS)
    return {part: (calls[part], counts["parts"][part], times.get(part, rest)) for part in WORDS}


def at_peak(of, rates):
    """Nanoseconds of a part's arithmetic at the machine's rates."""
    slow = sum(of.get(kind, 0.0) for kind in ("divide", "root"))
    rest = (of["instructions"] - slow) / rates["arithmetic"]
    return rest + sum(of.get(kind, 0.0) / rates[kind] for kind in ("divide", "root"))


def table(parts, rates):
    """Markdown of the parts."""
    lines = [
        "| part | calls | arithmetic | loads | stores | at peak | longest chain | ns a call | ns a frame | of peak |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    total = np.zeros(6)
    for part, (calls, of, ns) in parts.items():
        arithmetic = at_peak(of, rates)
        counts = [of["instructions"], of["loads"], of["stores"]]
        total += calls * np.array([*counts, arithmetic, of["chain"], ns])
        lines.append(
            f"| {WORDS[part]} | {calls:.2f} | {' | '.join(f'{n:.0f}' for n in counts)} | {arithmetic:.0f} | "
            f"{of['chain']:.0f} | {ns:.0f} | {calls * ns:.0f} | {arithmetic / ns:.0%} |"
        )
    instructions, loads, stores, arithmetic, waits, ns = total
    lines.append(
        f"| **a frame** | | {instructions:.0f} | {loads:.0f} | {stores:.0f} | {arithmetic:.0f} | {waits:.0f} | | "
        f"**{ns:.0f}** | **{arithmetic / ns:.0%}** |"
    )
    return "\n".join(lines)


def sums(parts, what):
    """Sum over the parts of a frame of `what(counted, ns)`."""
    return sum(calls * what(of, ns) for calls, of, ns in parts.values())


HEAD = """\
# Where the time goes

What the solver does for a frame, what of that the machine's peak allows, and what is left: for whoever wants to make it
faster. `make bench` writes this page, from a run on the machine named below.

The problem is the standard case of [the benchmarks](benchmarks.md): 21 free coordinates, 15 rows (two ankle centres,
three orientations), all of them springs, 100 frames. A number of the kernels has 4 lanes (right leg, spine, left leg,
and one that idles) for one motion, and 8 for two motions of a sweep side by side. One operation on all lanes is one
instruction here.
"""

HOW = """\
- Operations are counted in the kernels themselves: `tests/benchmarks/operations.py` has them solve the problem as plain
  Python on numbers that count. An operation that is written twice on the same numbers counts once, and a product that a
  sum takes along counts with the sum. Registers that the compiler spills come on top of loads and stores.
- *At peak* is the arithmetic alone at the rates of the first table. *Longest chain* is what the part would take if
  everything were done as soon as what it waits for is there.
- Parts are timed in a loop of rounds that hold one part more each time; each round's posture waits for the last
  result of the round before. Where the one part ends and the next begins is blurred by some tens of ns: the machine
  overlaps them. `start, end, and the rest` is what is left of the whole: also what the loops do not see, such as cache
  misses and branches that are guessed wrong.
- Of {processes} processes and of many runs in each the fastest counts.
"""


def page(found, operations, rates, waits, *, processes):
    """The page's text."""
    parts = {who: per_frame(operations[who], found[who]) for who in LANES}
    one, two, of_one, of_two = found["one"], found["two"], parts["one"], parts["two"]

    def peak_ns(who):
        return sums(parts[who], lambda of, ns: at_peak(of, rates[who]))

    count = sums(of_one, lambda of, ns: of["instructions"])
    useful, uniform = (sums(of_one, lambda of, ns, kind=kind: of[kind]) / count for kind in ("useful", "uniform"))
    flops = sums(of_one, lambda of, ns: of["flops"])
    call = {part: row[2] for part, row in of_one.items()}
    proof = sum(call[part] for part in EVALUATION)
    another = (
        proof
        + sum(row[0] * row[2] for part, row in of_one.items() if part not in (*EVALUATION, "frame")) / one["steps"]
    )
    needed, frames = operations["needed"], operations["one"]["frames"]
    unread, unused = ((1.0 - needed[part]) * call[part] for part in ("hessian", "rows"))
    ratio = sum_of(two) / sum_of(one)
    reached, possible = GROUP * flops / one["kernel"], 2 * GROUP * rates["one"]["arithmetic"]
    answer = (
        f"One motion takes **{one['kernel'] / 1e3:.2f} µs a frame**, {one['steps']:.2f} steps. Its arithmetic at the "
        f"core's peak would take {peak_ns('one') / 1e3:.2f} µs: **{peak_ns('one') / one['kernel']:.0%} of the peak**. "
        f"In a sweep a pair of frames takes {two['kernel'] / 1e3:.2f} µs, **{two['kernel'] / 2e3:.2f} µs a frame**, "
        f"{two['steps']:.2f} steps, {peak_ns('two') / two['kernel']:.0%} of the peak."
    )
    machine_table = "\n".join(
        [
            "| lanes | multiply-adds | loads | stores | peak | waits: multiply-add | division | root | group's sum |",
            "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
            *(
                f"| {LANES[who]} | {rates[who]['arithmetic']:.1f} /ns | {rates[who]['loads']:.1f} /ns | "
                f"{rates[who]['stores']:.1f} /ns | {2 * LANES[who] * rates[who]['arithmetic']:.0f} GFLOP/s | "
                f"{waits[who]['fused']:.1f} ns | {waits[who]['divide']:.1f} ns | {waits[who]['root']:.1f} ns | "
                f"{waits[who]['group']:.1f} ns |"
                for who in LANES
            ),
        ]
    )
    kib = {who: operations[who]["slots"] * width * 8 / 1024 for who, width in LANES.items()}
    lost = bullets(
        f"**Not at peak**: {one['kernel'] - peak_ns('one'):.0f} of {one['kernel']:.0f} ns. What a part takes beyond "
        "its arithmetic and its chain goes to loads, stores and moves between registers, or is lost where the machine, "
        "which looks ahead by some hundred instructions only, finds none that is ready.",
        f"**Waiting.** The elimination is a chain of {JOINTS} pivots, each a division, a product and a "
        f"difference one after the other, and the way back: {of_one['elimination'][1]['chain']:.0f} of its "
        f"{call['elimination']:.0f} ns. Forward kinematics is a chain of {BRANCH + 3} joints, but with so "
        f"much to do beside it that it hardly shows: {of_one['forward'][1]['chain']:.0f} of "
        f"{call['forward']:.0f} ns.",
        f"**Lanes of no use**: {1 - useful:.0%}. Of the instructions {uniform:.0%} are about the pelvis and "
        "do the same in all four lanes; in the others one lane idles, and rows of points fill "
        f"{operations['filled']['point']:.0%} of theirs. The locked joint's three coordinates count as "
        "useful here.",
        f"**Scratch.** A motion touches {operations['one']['slots']} numbers, {kib['one']:.0f} KiB, a pair "
        f"{kib['two']:.0f} KiB{first_cache()}.",
        f"**Starts, copies in and out, the rest**: {call['frame']:.0f} ns a frame, {of_two['frame'][2]:.0f} of a pair.",
        f"**Python** around the kernel: {one['around'] * frames / 1e3:.0f} µs a call of `solve`, {one['around']:.0f} "
        f"ns a frame; of `solve_many` {two['around'] / 2:.1f} ns a frame of {CASES} cases.",
    )
    won = bullets(
        f"**Fewer steps.** The proof of a frame, one evaluation, takes {proof:.0f} ns; a step and its "
        f"evaluation {another:.0f}. So better starts are most of what can be won: in the sweep the "
        f"neighbouring case's answer brings {one['steps']:.2f} steps down to {two['steps']:.2f}.",
        f"**Both halves of one motion side by side.** Eight lanes cost {ratio:.2f} times four, so one "
        f"motion cut in two would take about {0.5 * ratio:.0%} of the time. The second half then has no "
        "frame before it.",
        f"**An evaluation that only proves.** {1 - needed['rows']:.0%} of what rows do is for a Hessian, "
        f"which the last evaluation of a frame does not need: about {unused:.0f} ns a frame, for a second "
        "copy of the code.",
        f"**Entries of the Hessian that nobody reads**, {1 - needed['hessian']:.0%} of it: about "
        f"{one['steps'] * unread:.0f} ns a frame. Each joint does all of its row because its number is not "
        "known when the code is written out.",
        f"**A shorter chain in the elimination.** A branch's pivots one by one are {BRANCH} divisions in a "
        f"row, {BRANCH * waits['one']['divide']:.0f} ns, the pelvis's another {JOINTS - BRANCH}; blocks of "
        "three with one division each would be two and two.",
        "**The pelvis once.** The sines and cosines of its rotations could be taken in three lanes at a "
        "time, its corner of the Hessian and of the elimination spread over the lanes, for shuffles in "
        "between.",
    )
    sections = [
        HEAD,
        fill(answer, 118),
        "## The machine",
        "Measured with kernels of the same vectors, on one core.",
        machine_table,
        "## One motion",
        fill(
            f"{flops:.0f} additions, multiplications, divisions and roots a frame, in {count:.0f} instructions on "
            f"{GROUP} lanes: {reached:.0f} GFLOP/s, {reached / possible:.0%} of the peak, because not every "
            f"instruction is a multiply-add; {useful * reached:.0f} in lanes of use. Times in ns.",
            118,
        ),
        table(of_one, rates["one"]),
        "## A pair of a sweep",
        f"{CASES} cases, {2 * GROUP} lanes; ns of a pair of frames.",
        table(of_two, rates["two"]),
        "## What it is lost to",
        lost,
        "## What could still be won",
        won,
        "## How it is measured",
        HOW.format(processes=processes),
        f"Machine: {machine('numpy', 'numba', 'llvmlite')}",
        "Again: `make bench`, or `python tests/benchmarks/where_the_time_goes.py` (`--quick` prints without writing "
        "this page).",
    ]
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


def first_cache():
    """Size of the core's first data cache, in words; empty if the system does not say."""
    try:
        size = Path("/sys/devices/system/cpu/cpu0/cache/index0/size").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f"; the core's first cache holds {size.replace('K', ' KiB')}"


def bullets(*texts):
    """Markdown of a list."""
    return "\n".join(fill(text, 118, initial_indent="- ", subsequent_indent="  ") for text in texts)


def sum_of(times):
    """All parts once. [ns]"""
    return sum(times[part] for part in PARTS)


def main(processes, repeats, out):
    peaks = {who: peak(width, 10 * repeats) for who, width in LANES.items()}
    rates, waits = ({who: both[k] for who, both in peaks.items()} for k in range(2))
    text = page(of_many(processes, repeats), counted(waits["one"]), rates, waits, processes=processes)
    print(text)
    if out is not None:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, and the page is printed only")
    parser.add_argument("--out", type=Path, help="docs/where_the_time_goes.md if not given, and not quick")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        json.dump(measured(given.measure), sys.stdout)
    else:
        file = given.out or (None if given.quick else PAGE)
        main(*((1, 3) if given.quick else (7, 10)), file)
