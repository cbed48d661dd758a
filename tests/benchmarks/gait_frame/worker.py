"""One solver in a process of its own, so that nobody's imports, threads or caches disturb another's."""

import os
from contextlib import suppress
from multiprocessing import get_context
from time import perf_counter

#: Everybody computes on one thread. To be set before numpy is imported.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def _serve(name, pipe):
    """Answer `("prepare", case)` and `("time", case, repeats)` until None comes."""
    from tests.benchmarks.gait_frame.cases import case
    from tests.benchmarks.gait_frame.solvers import ENTRIES

    made = {}
    while (asked := pipe.recv()) is not None:
        what, which, *rest = asked
        try:
            if what == "prepare":
                began = perf_counter()
                made[which] = ENTRIES[name].load()(case(which))
                ready = perf_counter() - began
                pipe.send((made[which].cycle(), ready))
            else:
                made[which].cycle()  # untimed: whoever had the processor before has filled its caches
                pipe.send(_some(made[which], rest[0]))
        except Exception as error:  # a peer that fails is reported with its own words
            kind = "" if type(error).__name__ == "UnavailableError" else f"{type(error).__name__}: "
            pipe.send(f"{kind}{error}".splitlines()[0])


#: A turn goes on for at least that long: a processor that has just been given work is not at its speed yet. [s]
TURN = 0.05


def _some(solver, cycles):
    """Times of that many cycles, or of as many as fit into a TURN."""
    times, began = [], perf_counter()
    while len(times) < cycles or perf_counter() - began < TURN:
        times.append(_one(solver))
    return times


def _one(solver):
    began = perf_counter()
    solver.cycle()
    seconds = perf_counter() - began
    return seconds, getattr(solver, "seconds_in_solver", seconds)


class Worker:
    """A solver at work elsewhere; `failed` holds why it is not, in words."""

    def __init__(self, name):
        os.environ.update(ONE_THREAD)
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(name, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.failed = ""

    def _ask(self, *what):
        if self.failed:
            return None
        try:
            self._pipe.send(what)
            answer = self._pipe.recv()
        except (EOFError, BrokenPipeError):
            answer = "its process ended"
        if isinstance(answer, str):
            self.failed, answer = answer, None
        return answer

    def prepare(self, case):
        """The answer (F, 21) to a case and how long the solver took to be made [s]; None if it failed."""
        return self._ask("prepare", case)

    def time(self, case, repeats):
        """Wall times of so many cycles after an untimed one [s]: of each, and of the part in the solver itself."""
        return self._ask("time", case, repeats)

    def close(self):
        """End the process."""
        with suppress(OSError, ValueError):
            self._pipe.send(None)
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()
