"""Running a study: blocks on all cores of this machine, or on a Dask cluster; what is whole is never computed twice."""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from os import cpu_count
from pathlib import Path
from time import perf_counter
from typing import Any

import xarray as xr

from kinematics.errors import HipspineError
from simulate.studies.compute import Computer, Layout
from simulate.studies.plan import Plan, plan
from simulate.studies.store import Store, check_same, create, open_study
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

    `interrupted` says whether the user stopped it.
    """

    interrupted = False


_own = threading.local()


def work(job: Job, k: int) -> bool:
    """Compute and write block k, unless it is whole; whether it was computed."""
    if getattr(_own, "job", None) != (job.path, job.block_shape):
        _own.store = Store(Path(job.path), job.study, job.block_shape)
        _own.computer = Computer(job.study, job.layout)
        _own.job = job.path, job.block_shape
    store: Store = _own.store
    if store.is_whole(k):
        return False
    store.write(k, _own.computer.block(store.blocks[k]))
    return True


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
        Cores of this machine to use; all if not given. Not with a scheduler.
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
    made = plan(_study(study))
    if out is None:
        with tempfile.TemporaryDirectory(prefix="hipspine-") as folder:
            path = Path(folder) / "study.zarr"
            _run(made, path, resume=False, scheduler=None, workers=workers, watch=watch)
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
    block_shape = made.block_shape
    if resume and path.exists():
        block_shape = check_same(path, made.study)
    else:
        create(path, made)
    job = Job(str(path.resolve()), made.study, made.layout, block_shape)
    counter = _Counter(made, watch)
    try:
        if scheduler is not None:
            from simulate.studies.cluster import on_cluster

            on_cluster(job, len(made.blocks), scheduler, counter.add)
        else:
            _here(job, len(made.blocks), workers or cpu_count() or 1, counter.add)
    except KeyboardInterrupt:
        stopped = StoppedError(f"stopped; {counter.so_far(path)}")
        stopped.interrupted = True
        raise stopped from None
    except (OSError, BrokenProcessPool) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoppedError(f"{path}: {why}; {counter.so_far(path)}") from None


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

    def so_far(self, path: Path) -> str:
        """How far it came, in words."""
        return f"{self.blocks} of {len(self.sizes)} blocks of {path} are whole; --resume goes on with the rest"


def _here(job: Job, n: int, workers: int, done: Callable[[int, bool], None]) -> None:
    """All blocks on the cores of this machine."""
    workers = min(workers, n)
    if workers == 1:
        for each in range(n):
            done(each, work(job, each))
        return
    with _pool(job, workers) as pool:
        left, running = iter(range(n)), dict[Any, int]()
        while True:
            while len(running) < AHEAD * workers and (following := next(left, None)) is not None:
                running[pool.submit(work, job, following)] = following
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                k = running.pop(future)
                done(k, future.result())


@contextmanager
def _pool(job: Job, workers: int) -> Iterator[Executor]:
    """Threads where the kernels do nearly all of the work, else processes; what is at work ends before it is left."""
    _warm(job)
    pool: Executor
    if _in_kernels(job.study):
        pool = ThreadPoolExecutor(workers)
    else:
        # a fork shares what has been compiled; elsewhere each process loads it
        context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
        pool = ProcessPoolExecutor(workers, context, _ignore_interrupts)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _warm(job: Job) -> None:
    """Compile, or load, the kernels before they are needed side by side."""
    Computer(job.study, job.layout).block(tuple(slice(0, 1) for _ in job.study.shape))


def _ignore_interrupts() -> None:
    """Leave it to the parent to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_kernels(study: Study) -> bool:
    """Whether next to all the time goes into kernels that run side by side: one task many bounds, one strategy."""
    return study.strategies == ("predicted",) and all(
        len(axis) < 10 or not any(study.option(name).about in ("task", "zero", "severity") for name in axis.columns)
        for axis in study.axes
    )


__all__ = ["Job", "Progress", "StoppedError", "sweep", "work"]
