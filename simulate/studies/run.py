"""Running a study: blocks on all cores of this machine, or on a Dask cluster; what is whole is never computed twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import prod
from os import cpu_count
from pathlib import Path
from time import perf_counter
from typing import Any

import xarray as xr

from kinematics.errors import HipspineError
from simulate.many import Crew
from simulate.studies.axes import GRID, Block
from simulate.studies.compute import Computer, Layout
from simulate.studies.plan import Plan, in_kernels, plan
from simulate.studies.store import Store, check_same, create, marked, open_study, settle, settle_folders
from simulate.studies.study import Study, make_study, read_study

#: Blocks that are handed out ahead of the ones at work, for each worker.
AHEAD = 2


@dataclass(frozen=True)
class Progress:
    """How far a study is: postures and blocks that are whole, of how many; of these blocks those found whole."""

    postures: int
    of_postures: int
    blocks: int
    of_blocks: int
    found_whole: int
    seconds: float


@dataclass(frozen=True)
class Job:
    """What a worker needs to compute and write any block of a study."""

    path: str
    study: Study
    layout: Layout
    block_shape: tuple[int, ...]


class StoppedError(HipspineError):
    """A study that was stopped before its last block; the store is valid and can be gone on with.

    `why` it was, and `interrupted`, whether it was the user who stopped it.
    """

    def __init__(self, why: str, so_far: str, *, interrupted: bool = False) -> None:
        super().__init__(f"{why}; {so_far}")
        self.why, self.interrupted = why, interrupted


#: The only job of a worker process.
_job: Job


@lru_cache(maxsize=1)
def _store(job: Job) -> Store:
    """The store of the job that was worked on last."""
    return Store(Path(job.path), job.study, job.layout, job.block_shape)


def work(job: Job, k: int, threads: Crew | int = 1) -> bool:
    """Compute and write block k, unless it is whole; whether it was computed."""
    store = _store(job)
    if store.is_whole(k):
        return False
    try:
        values = Computer(job.study, job.layout, threads).block(store.blocks[k])
    except HipspineError as error:
        raise HipspineError(f"{_words(job.study, store.blocks[k])}: {error}") from None
    store.write(k, values)
    return True


def _words(study: Study, block: Block) -> str:
    """The cases of a block."""
    places = []
    for axis, part in zip(study.axes, block, strict=True):
        values: Sequence[Any] = axis.columns[axis.name].tolist() if axis.kind == GRID else range(len(axis))
        ends = dict.fromkeys((values[part.start], values[part.stop - 1]))
        places.append(f"{axis.name} {' to '.join(map(str, ends))}")
    return ", ".join(places)


def sweep(
    study: Study | Mapping[str, Any] | str | Path,
    out: str | Path | None = None,
    *,
    resume: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> xr.Dataset:
    """Solve every case of a study.

    Parameters
    ----------
    study : Study, mapping, str or Path
        What varies: a study, plain data as a study's file has it, or the file itself.
    out : str or Path, optional
        The Zarr store to write. If not given, nothing is kept on disk and the whole data set is in memory.
    resume : bool
        Go on with a store that is there: whole blocks are kept, the rest is computed.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:port``; its workers compute and write the blocks. All must reach `out`
        by the same path.
    workers : int, optional
        Cores of this machine to use, 1 or more; all if not given. Not with a scheduler.
    watch : callable, optional
        Called with the `Progress` at the beginning and after every block.

    Returns
    -------
    xarray.Dataset
        As `open_study` gives it; the values are the same, bit for bit, for any number of workers, any order and after
        any interruption, on one kind of processor and one set of versions.

    Raises
    ------
    HipspineError
        If the study is not valid, the store is another study's, or it cannot be written to. A study that was stopped on
        the way raises `StoppedError`, and its store can be gone on with.
    """
    if workers is not None and (workers < 1 or scheduler is not None):
        raise HipspineError(f"workers: must be 1 or more, and not with a scheduler, is {workers}")
    if out is None and (resume or scheduler is not None):
        raise HipspineError(
            "resume and scheduler need `out`, the store that is gone on with or that workers write into"
        )
    made = plan(_study(study))
    if out is None:
        with tempfile.TemporaryDirectory(prefix="hipspine-") as folder:
            path = Path(folder) / "study.zarr"
            try:
                _run(made, path, resume=False, scheduler=None, workers=workers, watch=watch)
            except StoppedError as error:
                raise StoppedError(error.why, "without `out` nothing is kept", interrupted=error.interrupted) from None
            return open_study(path).load()
    _run(made, Path(out), resume=resume, scheduler=scheduler, workers=workers, watch=watch)
    return open_study(out)


def _study(study: Study | Mapping[str, Any] | str | Path) -> Study:
    if isinstance(study, Study):
        return study
    return make_study(study) if isinstance(study, Mapping) else read_study(study)


def _run(
    made: Plan,
    path: Path,
    *,
    resume: bool,
    scheduler: str | None,
    workers: int | None,
    watch: Callable[[Progress], None] | None,
) -> None:
    try:
        if scheduler is None:
            made, job = _begun(made, path, resume=resume)
            counter = _Counter(made, watch)
            with _Settling(job) as settling:

                def done(k: int, computed: bool) -> None:
                    counter.add(k, computed)
                    settling.add(k, computed)

                _here(job, len(made.blocks), workers or cpu_count() or 1, done)
            return
        from simulate.studies.cluster import connected, on_cluster

        with connected(scheduler) as client:
            made, job = _begun(made, path, resume=resume)
            on_cluster(client, job, len(made.blocks), _Counter(made, watch).add)
    except KeyboardInterrupt:
        raise StoppedError("stopped", _so_far(path), interrupted=True) from None
    except BrokenProcessPool:
        why = "a worker process has ended all at once: was it killed, or out of memory?"
        raise StoppedError(why, _so_far(path)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise StoppedError(where + (error.strerror or str(error)), _so_far(path)) from None


def _begun(made: Plan, path: Path, *, resume: bool) -> tuple[Plan, Job]:
    """The store, as it was left or a new one: its plan, and the job to fill it."""
    if resume and path.exists():
        made = replace(made, block_shape=check_same(path, made.study))
    else:
        create(path, made)
    return made, Job(str(path.resolve()), made.study, made.layout, made.block_shape)


def _so_far(path: Path) -> str:
    """How far a study has come, in words."""
    if not path.exists():
        return f"{path} is not begun"
    try:
        whole = marked(path)
    except (OSError, ValueError, KeyError):
        return f"--resume goes on with {path}"
    return f"{whole.sum()} of {whole.size} blocks of {path} are whole, --resume goes on with the rest"


class _Settling:
    """Has the disk take what is there and then every block, while others are at work; in the end it has taken all.

    Raises
    ------
    OSError
        If the disk does not take something.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.path, self.apart = job, Path(job.path), ThreadPoolExecutor(1)
        self.left = deque([self.apart.submit(settle, self.path)])

    def __enter__(self) -> _Settling:
        return self

    def add(self, k: int, computed: bool) -> None:
        """Block k is whole."""
        if computed:
            self.left.append(self.apart.submit(_store(self.job).settle, k))
        while len(self.left) > 1 and self.left[0].done():
            self.left.popleft().result()

    def __exit__(self, kind: object, *_: object) -> None:
        self.apart.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None:
            for each in self.left:
                each.result()
            settle_folders(self.path)


class _Counter:
    """Counts blocks as they become whole."""

    def __init__(self, made: Plan, watch: Callable[[Progress], None] | None) -> None:
        self.sizes = [prod(part.stop - part.start for part in block) for block in made.blocks]
        self.a_case, self.total, self.watch = made.postures / made.study.cases, made.postures, watch
        self.cases = self.blocks = self.found = 0
        self.began = perf_counter()
        self._tell()

    def add(self, k: int, computed: bool) -> None:
        self.cases, self.blocks, self.found = self.cases + self.sizes[k], self.blocks + 1, self.found + (not computed)
        self._tell()

    def _tell(self) -> None:
        if self.watch is not None:
            self.watch(
                Progress(
                    round(self.cases * self.a_case),
                    self.total,
                    self.blocks,
                    len(self.sizes),
                    self.found,
                    perf_counter() - self.began,
                )
            )


def _here(job: Job, n: int, workers: int, done: Callable[[int, bool], None]) -> None:
    """All blocks on the cores of this machine."""
    workers = min(workers, n)
    if workers == 1:
        for each in range(n):
            done(each, work(job, each))
        return
    with _pool(job, workers) as (pool, own_work):
        left, running = iter(range(n)), dict[Any, int]()
        while True:
            while len(running) < AHEAD * workers and (following := next(left, None)) is not None:
                running[pool.submit(own_work, following)] = following
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                k = running.pop(future)
                done(k, future.result())


@contextmanager
def _pool(job: Job, workers: int) -> Iterator[tuple[Executor, Callable[[int], bool]]]:
    """Threads where the kernels do nearly all of the work, else processes; what is at work ends before it is left."""
    if not marked(Path(job.path)).all():
        _warm(job)
    pool: Executor
    own_work: Callable[[int], bool]
    # kernels have threads of their own, so that all cores help with the last blocks
    kernels = ThreadPoolExecutor(workers)  # none begins before it is used
    if in_kernels(job.study):
        pool = ThreadPoolExecutor(workers)
        own_work = partial(work, job, threads=Crew(workers, kernels))
    else:
        # a fork shares what has been compiled; where forks are not safe each process loads it
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
        pool, own_work = ProcessPoolExecutor(workers, context, _begin, (job,)), _work_here
    with _CtrlC() as ctrl_c:
        try:
            pool.submit(int)  # begins the processes
            ctrl_c.counts(True)
            yield pool, own_work
        finally:
            ctrl_c.counts(False)
            pool.shutdown(wait=True, cancel_futures=True)
            kernels.shutdown()


def _warm(job: Job) -> None:
    """Compile, or load, the kernels before they are needed side by side."""
    Computer(job.study, job.layout).block(tuple(slice(0, 1) for _ in job.study.shape))


class _CtrlC:
    """Ctrl-C interrupts once, and not while processes begin or end: some of them alone could not be ended any more."""

    def __enter__(self) -> _CtrlC:
        self._counts = self._came = False
        # not where it means something else, or nothing, as in the background of a script
        here = threading.current_thread() is threading.main_thread()
        self._handles = here and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._handles:
            signal.signal(signal.SIGINT, self._pressed)
        return self

    def counts(self, counts: bool) -> None:
        """From here on it interrupts; now, if it came while it did not. Or from here on it does not."""
        self._counts = counts
        if counts and self._came:
            raise KeyboardInterrupt

    def _pressed(self, *_: object) -> None:
        first, self._came = not self._came, True
        if first and self._counts:
            raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None:
        if self._handles:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _begin(job: Job) -> None:
    """Begin a worker process: leave it to the parent to stop, and end if the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _job
    _job = job


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work_here(k: int) -> bool:
    return work(_job, k)


__all__ = ["Job", "Progress", "StoppedError", "sweep", "work"]
