"""What the kernels in lanes do, counted while they solve the standard benchmark problem as plain Python.

Run by `where_the_time_goes.py` in a process of its own with NUMBA_DISABLE_JIT=1, which prints JSON. Every number that a
kernel loads is a `Number`, whose operations are counted. What the compiler surely does once is counted once: within one
unrolled function the same operation on the same numbers, and loads of a slot in which nothing was stored since.
"""

import json
import os
import sys
from collections import Counter
from functools import wraps
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from kinematics.kernels import wide

#: Where the calls of each part are looked up. What lies in none of them is the start and the end of a frame.
PARTS = {
    "forward": ("motion", "forward"),
    "rows": ("motion", "evaluate"),
    "slopes": ("motion", "slopes"),
    "judge": ("motion", "judge"),
    "hessian": ("motion", "hessian"),
    "elimination": ("step", "_solve"),
    "choice": ("motion", "step"),
    "move": ("motion", "move"),
    "begin": ("motion", "_begin"),
}
FRAME = "frame"
#: How long a result is waited for [ns], if nothing else is said; `load`: of a number that was just stored.
WAITS = {
    "add": 0.5, "multiply": 0.75, "fused": 1.0, "divide": 3.25, "root": 5.0, "select": 1.5, "other": 0.25, "group": 3.0,
    "load": 0.25,
}  # fmt: skip
SWEEP = (500, 502)  # of a thousand cases, two pairs


class Number:
    """Lanes of a number.

    `uniform`: the same in all lanes of a group, by construction; `product`: what a sum may take along, of numbers that
    were ready at this time; `ready`: when it is, counted from the beginning of its part, `since`.
    """

    __array_ufunc__ = None

    def __init__(self, lanes, uniform, ready=0.0, product=None):
        self.lanes, self.uniform, self.product = lanes, uniform, product
        self._ready, self.since = ready, COUNT.since

    @property
    def ready(self):
        return self._ready if self.since == COUNT.since else 0.0

    def __add__(self, other):
        return self if isinstance(other, float) and other == 0.0 else _operation("add", np.add, self, other)

    __radd__ = __add__

    def __sub__(self, other):
        return _operation("add", np.subtract, self, other)

    def __rsub__(self, other):
        return -self if isinstance(other, float) and other == 0.0 else _operation("add", np.subtract, other, self)

    def __mul__(self, other):
        return _operation("multiply", np.multiply, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return _operation("divide", np.divide, self, other)

    def __rtruediv__(self, other):
        return _operation("divide", np.divide, other, self)

    def __neg__(self):
        return _operation("other", np.negative, self)


class Counting:
    """Operations, calls and longest chains of each part; `lanes` is the share of lanes that are of use."""

    def __init__(self):
        self.parts, self.calls, self.chains = {}, Counter(), Counter()
        self.part, self.since, self.longest = FRAME, 0, 0.0
        self.lanes, self.touched, self.traced, self.traces = 0.75, set(), None, {}
        self.fresh()

    def fresh(self):
        """Forget which operations were seen: another unrolled function."""
        self.seen, self.slots = {}, {}

    def add(self, kind, n=1.0):
        self.parts.setdefault(self.part, Counter())[kind] += n

    def turn_to(self, part):
        """What follows belongs to another part."""
        self.chains[self.part] += self.longest
        self.part, self.longest, self.since = part, 0.0, self.since + 1


COUNT = Counting()
#: Whether a slot of scratch is the same in every lane of a group, and when it is ready; the first of rows of arrays.
UNIFORM, READY, UNIFORM_ROWS = {}, {}, {}


def _lanes(x):
    return x.lanes if isinstance(x, Number) else x


def _operation(kind, function, *args, group=False):
    """Do it, and count it unless it was done on the same numbers before."""
    key = (function, *(id(a) if isinstance(a, Number) else float(a) for a in args))
    if key in COUNT.seen:
        return COUNT.seen[key][0]
    numbers = [a for a in args if isinstance(a, Number)]
    naught = kind == "multiply" and any(not isinstance(a, Number) and a == 0.0 for a in args)
    uniform = group or naught or all(a.uniform for a in numbers)
    COUNT.add(kind, 2.0 if group else 1.0)
    took = [a for a in numbers if a.product is not None] if kind == "add" else []
    instructions = 0.0 if took else 2.0 if group else 1.0  # with what it takes along it is one instruction
    COUNT.add("instructions", instructions)
    COUNT.add("useful", instructions * (0.25 if uniform else COUNT.lanes))
    COUNT.add("uniform", instructions * uniform)
    COUNT.add("flops", (kind in ("add", "multiply", "divide", "root")) * (2.0 if group else 1.0))
    if group:
        COUNT.add("shuffles", 2.0)
    latest = max(a.ready for a in numbers)
    if took:
        latest = min(max([a.product_ready, *(b.ready for b in numbers if b is not a)]) for a in took)
    ready = latest + WAITS["fused" if took else "group" if group else kind]
    COUNT.longest = max(COUNT.longest, ready)
    made = Number(function(*map(_lanes, args)), uniform, ready, latest if kind == "multiply" else None)
    made.product_ready = latest
    COUNT.seen[key] = made, args  # the arguments too, so that no other number takes their identity
    if COUNT.traced is not None:
        COUNT.traced.append((made, numbers, instructions))
    return made


def _load(scratch, slot):
    place = id(scratch), int(slot)
    COUNT.touched.add(place)
    if place not in COUNT.slots:
        COUNT.add("loads")
        ready, since = READY.get(place, (0.0, -1))
        made = Number(scratch["lane"][slot].copy(), UNIFORM.get(place, True), ready)
        made.since = since
        COUNT.slots[place] = made
        if COUNT.traced is not None:
            COUNT.traced.append((made, [place[1]], 0.0))
    return COUNT.slots[place]


def _store(scratch, slot, x):
    place = id(scratch), int(slot)
    COUNT.touched.add(place)
    COUNT.add("stores")
    scratch["lane"][slot] = _lanes(x)
    if isinstance(x, Number):
        COUNT.slots[place], UNIFORM[place], READY[place] = x, x.uniform, (x.ready + WAITS["load"], COUNT.since)
        if COUNT.traced is not None:
            COUNT.traced.append((place[1], [x], 0.0))


def _gather(array, starts, more):
    key = (id(array), starts, more)
    if key not in COUNT.seen:
        COUNT.add("loads")
        uniform = UNIFORM_ROWS.get(id(array), lambda row: False)(starts[0] + more)
        COUNT.seen[key] = Number(np.concatenate([array[row + more] for row in starts]), uniform), array
    return COUNT.seen[key][0]


def _counted(kind, function, *, group=False):
    """A function of wide numbers, counted."""

    def counted(*args):
        if any(isinstance(a, Number) for a in args):
            return _operation(kind, function, *args, group=group)
        return function(*args)

    return counted


def _unrolled(function):
    """As `unrolled`: what it does is written down once."""

    @wraps(function)
    def whole(*args):
        COUNT.fresh()
        COUNT.lanes = FILLED.get(function.__name__.split("_")[0], 0.75)
        out = function(*args)
        COUNT.lanes = 0.75
        return out

    return whole


#: Share of the lanes in which a row of a kind is, by the first word of what works on it.
FILLED = {}


def install():
    """Have the kernels, which are not imported yet, count."""
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        raise RuntimeError("NUMBA_DISABLE_JIT is not 1: compiled kernels do not count")
    if "kinematics.kernels.lanes" in sys.modules:
        raise RuntimeError("the kernels in lanes are imported already: they would not count")
    wide.load, wide.store, wide.gather = _load, _store, _gather
    wide.unrolled = wide.unrolled_value = _unrolled
    kinds = {"root": "root", "floor": "other", "size": "other", "least": "other", "most": "other", "where": "select"}
    for name, kind in kinds.items():
        setattr(wide, name, _counted(kind, getattr(wide, name)))
    wide.group_sum = _counted("add", wide.group_sum, group=True)
    wide.group_most = _counted("other", wide.group_most, group=True)
    most_of = wide.most_of
    wide.most_of = lambda x: most_of(_lanes(x))


def in_part(name, function, traces):
    """The function, its operations counted to a part; what the first call does is kept if the part is of `traces`."""

    @wraps(function)
    def whole(*args):
        before = COUNT.part
        COUNT.turn_to(name)
        COUNT.calls[name] += 1
        if name in traces and name not in COUNT.traces:
            COUNT.traced = COUNT.traces[name] = []
        try:
            return function(*args)
        finally:
            COUNT.traced = None
            COUNT.turn_to(before)

    return whole


def needed(trace, slots):
    """Share of a part's instructions that what it leaves in these slots depends on."""
    wanted, live, total = set(slots), 0.0, 0.0
    ids = set()
    for made, of, instructions in reversed(trace):
        total += instructions
        if isinstance(made, int):
            if made in wanted:
                wanted.discard(made)
                ids.add(id(of[0]))
        elif id(made) in ids:
            live += instructions
            for a in of:
                wanted.add(a) if isinstance(a, int) else ids.add(id(a))
    return live / total


def main():
    WAITS.update(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    install()
    from kinematics.kernels import lanes as tree
    from simulate.kernels.lanes import motion, slots, step
    from simulate.solution import answers
    from tests.benchmarks.gait_frame import ours
    from tests.benchmarks.gait_frame.cases import case
    from tests.benchmarks.gait_frame.sweep import limits

    traces = ("rows", "hessian")
    for part, (module, name) in PARTS.items():
        home = {"motion": motion, "step": step}[module]
        setattr(home, name, in_part(part, getattr(home, name), traces))
    problem = case()
    task = ours.task(problem)
    packed, first, joints = task.lanes, tree.BRANCH, tree.JOINTS
    UNIFORM_ROWS[id(packed.chain)] = lambda row: row < 6 * joints and row // 3 % joints >= first
    UNIFORM_ROWS[id(packed.stiffness)] = UNIFORM_ROWS[id(packed.reference)] = lambda row: row % joints >= first
    of_lanes = [at + i for at in (tree.Q, slots.BOUNDS_LOW, slots.BOUNDS_HIGH, slots.STATE) for i in range(first)]
    words = {slots.POINT: "point", slots.TURN: "turn"}
    for kind, row in zip(packed.table[:, slots.KIND], packed.table[:, slots.ROW], strict=True):
        FILLED[words[kind]] = float((packed.row_of[row] >= 0).mean())

    def counted(lower, upper, trail):
        """Everything about one motion of each of these cases, side by side."""
        groups = len(lower)
        x, zeros = packed.scratch(groups), (0,) * groups
        room = tuple(np.stack([part] * groups) for part in answers(len(task.q), task.kernel_goals.weight.shape[1]))
        COUNT.__init__()
        READY.clear()
        UNIFORM.update(dict.fromkeys([(id(x), slot) for slot in of_lanes], False))  # written lane by lane
        ends = lower[:, None], upper[:, None]
        motion.solve_lanes(x, trail, tuple(range(groups)), zeros, packed, *ends, 0, False, False, *room)
        COUNT.turn_to(FRAME)
        calls = COUNT.calls | {FRAME: len(task.q)}
        return {
            "frames": len(task.q),
            "calls": {part: calls[part] for part in COUNT.parts},
            "parts": {
                part: {kind: n / calls[part] for kind, n in (own | {"chain": COUNT.chains[part]}).items()}
                for part, own in COUNT.parts.items()
            },
            "slots": len({slot for of, slot in COUNT.touched if of == id(x)}),
        }

    lower, upper = (ours.widened(part)[None] for part in (problem.lower, problem.upper))
    found = {"one": counted(lower, upper, packed.scratch(1)[:0])}
    of_depths = [slots.SPRINGS + slots.DEPTH_SIZE * s for s in range(tree.DEPTHS)]
    judged = {base + at + k for base in of_depths for at in (slots.PULL, slots.MISSED) for k in range(6)}
    entries = {step._entry(i, j) for i in range(joints) for j in range(joints)}
    found["needed"] = {
        "rows": needed(COUNT.traces["rows"], judged | {slots.WORST, slots.FAILED}),
        "hessian": needed(COUNT.traces["hessian"], entries | set(range(slots.SCALE, slots.SCALE + joints))),
    }
    low, high = (ours.widened(part) for part in limits(problem))
    trail = packed.trail(2)
    for c in SWEEP:  # the second pair has a neighbour
        found["two"] = counted(low[c : c + 2], high[c : c + 2], trail)
    found["filled"] = FILLED
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
