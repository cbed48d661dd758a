"""A study on a Dask cluster as it is: every block is a task, workers write their own blocks, Dask does the rest."""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any

from kinematics.errors import HipspineError
from simulate.studies.provenance import provenance
from simulate.studies.run import Job, work
from simulate.studies.store import CHECK

#: How long to wait for a scheduler, and for workers where there is none. [s]
CONNECT_S, WORKERS_S = 10.0, 60.0
#: How often to look whether scheduler and workers are still there. [s]
POLL_S = 1.0
#: Blocks that are handed out ahead, for each thread of the workers.
AHEAD = 4
#: What must be the same here and on a worker.
SAME = ("version", "code", "versions")


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """A client of a scheduler that has workers.

    Parameters
    ----------
    scheduler : str
        Address, for example ``tcp://127.0.0.1:8786``.

    Raises
    ------
    HipspineError
        If there is no scheduler, or no worker, or the scheduler cannot load hipspine.
    ConnectionError
        If the scheduler goes away.
    """
    try:
        from distributed.comm.core import CommClosedError  # loaded now, as it then sets what it logs
    except ImportError:
        raise HipspineError("--scheduler needs Dask: install hipspine[cluster]") from None
    with _quiet():
        client = _client(scheduler)
        try:
            with client.as_current():
                _check(client, scheduler)
                yield client
        except (CancelledError, CommClosedError):
            raise ConnectionError(f"the scheduler {scheduler} went away, or has dropped the blocks at work") from None
        finally:
            with suppress(TimeoutError):
                client.close(timeout=CONNECT_S)


def on_cluster(client: Any, job: Job, n: int, done: Callable[[int, bool], None]) -> None:
    """Compute all blocks on the workers of a scheduler.

    Parameters
    ----------
    client : distributed.Client
    job : Job
        Its path must lead to the same store on every worker.
    n : int
        Number of blocks.
    done : callable (block, computed)
        Called as blocks become whole.

    Raises
    ------
    HipspineError
        If a worker runs another version or does not reach the store.
    ConnectionError
        If the scheduler goes away, or all workers do.
    """
    _check_workers(client, job)
    _submit(client, job, n, done)


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


def _client(scheduler: str) -> Any:
    """A client of the scheduler."""
    from distributed import Client

    # asked before there is a client: one that comes to nothing can stand in the way of the next
    with ThreadPoolExecutor(1) as beside:  # in a notebook a loop runs here already
        try:
            kind = beside.submit(asyncio.run, _kind(scheduler)).result()
        except Exception as error:  # each kind of address that cannot be one has its own
            why = "what is there does not answer" if isinstance(error, TimeoutError) else error
            raise HipspineError(f"--scheduler {scheduler}: no scheduler there ({why})") from None
    if kind != "Scheduler":
        raise HipspineError(f"--scheduler {scheduler}: no scheduler there (but a {kind})")
    return Client(scheduler, timeout=CONNECT_S, set_as_default=False)


async def _kind(scheduler: str) -> str:
    """What of Dask's is at an address."""
    from distributed.core import rpc

    async with asyncio.timeout(2.0 * CONNECT_S), rpc(scheduler, timeout=CONNECT_S) as there:
        return str((await there.identity())["type"])


def _check(client: Any, scheduler: str) -> None:
    """Refuse a scheduler without workers, or one that cannot load what is handed to it."""
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


def _check_workers(client: Any, job: Job) -> None:
    """Refuse workers of another version, and such as do not reach the store."""
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


def _submit(client: Any, job: Job, n: int, done: Callable[[int, bool], None]) -> None:
    """Hand blocks out, a few ahead, as they become whole."""
    from distributed import KilledWorker, wait

    # a task of its own, so that the scheduler can have it made again when the workers that hold it are gone
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # once for all blocks
        shared = client.submit(_given, job, pure=False)
    wanted, scheduler = provenance(), client.scheduler.address
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
            k = running[future]
            try:
                computed = future.result(timeout=POLL_S)
            except KilledWorker as error:
                last, died = error.last_worker.address, error.allowed_failures + 1
                raise ConnectionError(f"{died} workers died with block {k} at hand, {last} last: no memory?") from None
            except TimeoutError:
                if future.status == "error":
                    raise
                continue  # the worker has gone before it could be asked: the block waits for another
            del running[future]
            done(k, computed)


def _threads(client: Any, scheduler: str) -> int:
    """How many threads the workers have."""
    try:
        if client.status == "running":
            return sum(client.nthreads().values())
    except OSError:
        pass
    raise ConnectionError(f"the scheduler {scheduler} went away")


__all__ = ["connected", "on_cluster"]
