"""A study on a Dask cluster as it is: every block is a task, workers write their own blocks, Dask does the rest."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname
from tempfile import NamedTemporaryFile
from threading import Thread
from time import monotonic
from typing import Any

from kinematics.errors import HipspineError
from simulate.studies.provenance import provenance
from simulate.studies.run import Job, work
from simulate.studies.store import CHECK

#: How long to wait for a scheduler, and for workers: for the first, and where none is left. [s]
CONNECT_S, WORKERS_S = 10.0, 60.0
#: How often to look whether scheduler and workers are still there. [s]
POLL_S = 1.0
#: Blocks that are handed out ahead, for each thread of the workers.
AHEAD = 4
#: What must be the same here and on a worker.
SAME = ("version", "code", "versions")


def on_cluster(job: Job, n: int, scheduler: str, done: Callable[[int, bool], None]) -> None:
    """Compute all blocks on the workers of a scheduler.

    Parameters
    ----------
    job : Job
        Its path must lead to the same store on every worker.
    n : int
        Number of blocks.
    scheduler : str
        Address, for example ``tcp://127.0.0.1:8786``.
    done : callable (block, computed)
        Called as blocks become whole.

    Raises
    ------
    HipspineError
        If there is no scheduler, no worker, or a worker runs another version or does not reach the store.
    ConnectionError
        If the scheduler goes away, or all workers do.
    """
    try:
        from distributed.comm.core import CommClosedError  # loaded now, as it then sets what it logs
    except ImportError:
        raise HipspineError("--scheduler needs Dask: install hipspine[cluster]") from None
    with _quiet():
        client = _connected(scheduler)
        try:
            with client.as_current():
                _check_workers(client, job, scheduler)
                _submit(client, job, n, scheduler, done)
        except (CancelledError, CommClosedError):
            raise ConnectionError(f"the scheduler {scheduler} went away, or has dropped the blocks at work") from None
        finally:
            client.close(timeout=1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what Dask logs about lost connections: we say it ourselves."""
    loggers = [logging.getLogger(f"distributed.{name}") for name in ("batched", "client", "comm", "core")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _connected(scheduler: str) -> Any:
    """A client of the scheduler; made beside us, as what answers there may be no scheduler and never come to an end."""
    from distributed import Client

    made: Future[Any] = Future()

    def connect() -> None:
        try:
            made.set_result(Client(scheduler, timeout=CONNECT_S, set_as_default=False))
        except (OSError, ValueError, TypeError) as error:
            made.set_exception(HipspineError(f"--scheduler {scheduler}: no scheduler there ({error})"))

    Thread(target=connect, daemon=True).start()
    try:
        return made.result(timeout=2.0 * CONNECT_S)
    except TimeoutError:
        raise HipspineError(f"--scheduler {scheduler}: what is there does not answer as a scheduler") from None


def _check_workers(client: Any, job: Job, scheduler: str) -> None:
    """Refuse workers of another version, and such as do not reach the store."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise HipspineError(f"--scheduler {scheduler}: no worker has come within {WORKERS_S:g} s") from None
    try:
        client.run_on_scheduler(provenance)
    except OSError:
        raise
    except Exception as error:  # what its Python says when it cannot load ours
        raise HipspineError(f"--scheduler {scheduler} needs hipspine as workers do: {error}") from None
    with NamedTemporaryFile(dir=Path(job.path) / CHECK, prefix=".reached-") as seen:
        answers = client.run(_fault, provenance(), seen.name, on_error="return")
    for worker, fault in answers.items():
        if isinstance(fault, BaseException) and not isinstance(fault, OSError):  # else it has just gone
            raise HipspineError(f"worker {worker} cannot run hipspine: {type(fault).__name__}: {fault}")
        if isinstance(fault, str):
            raise HipspineError(f"worker {worker} {fault}")


def _fault(wanted: Mapping[str, str], seen: str | None = None) -> str | None:
    """What stands against this worker: another version than is wanted; a file in the store that it does not see."""
    mine = provenance()
    for key in SAME:
        if mine[key] != wanted[key]:
            return f"has another {key} than here: {mine[key]}, here {wanted[key]}"
    if seen is not None and not (Path(seen).exists() and os.access(Path(seen).parent, os.W_OK)):
        return f"does not reach {Path(seen).parent}: workers write into it themselves"
    return None


def _work(job: Job, wanted: Mapping[str, str], k: int) -> bool:
    """Block k on a worker, which may have come after workers were looked at."""
    fault = _fault(wanted)
    if fault is not None:
        raise HipspineError(f"a worker on {gethostname()} {fault}")
    return work(job, k)


def _given(job: Job) -> Job:
    return job


def _submit(client: Any, job: Job, n: int, scheduler: str, done: Callable[[int, bool], None]) -> None:
    """Hand blocks out, a few ahead, as they become whole."""
    from distributed import KilledWorker, wait

    # a task of its own, so that the scheduler can have it made again when the workers that hold it are gone
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # once for all blocks
        shared = client.submit(_given, job, pure=False)
    wanted = provenance()
    left, running, seen = iter(range(n)), dict[Any, int](), monotonic()
    while True:
        threads = _threads(client, scheduler)
        if threads:
            seen = monotonic()
        elif monotonic() - seen > WORKERS_S:
            raise ConnectionError(f"the scheduler {scheduler} has had no worker for {WORKERS_S:g} s")
        while len(running) < AHEAD * max(1, threads) and (k := next(left, None)) is not None:
            running[client.submit(_work, shared, wanted, k, pure=False)] = k
        if not running:
            return
        try:
            finished = wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            continue
        for future in finished:
            k = running.pop(future)
            try:
                computed = future.result()
            except KilledWorker as error:
                last, died = error.last_worker.address, error.allowed_failures + 1
                raise ConnectionError(f"{died} workers died with block {k} at hand, {last} last: no memory?") from None
            done(k, computed)


def _threads(client: Any, scheduler: str) -> int:
    """How many threads the workers have."""
    try:
        if client.status == "running":
            return sum(client.nthreads().values())
    except OSError:
        pass
    raise ConnectionError(f"the scheduler {scheduler} went away")


__all__ = ["on_cluster"]
