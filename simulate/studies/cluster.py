"""A study on a Dask cluster as it is: every block is a task, workers write their own blocks, Dask does the rest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from kinematics.errors import HipspineError
from simulate.studies.provenance import provenance
from simulate.studies.run import Job, work

#: How long to wait for a scheduler, for the first worker, and for a scheduler that has gone away. [s]
CONNECT_S, WORKERS_S, GONE_S = 10.0, 60.0, 15.0
#: Blocks that are handed out ahead, for each thread of the workers.
AHEAD = 4
#: How often to look whether the scheduler is still there. [s]
POLL_S = 1.0


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
    Stopped
        If the scheduler goes away.
    """
    try:
        from distributed import Client
    except ImportError:
        raise HipspineError("--scheduler needs Dask: install hipspine[cluster]") from None
    try:
        client: Any = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise HipspineError(f"--scheduler {scheduler}: no scheduler there ({error})") from None
    try:
        with client.as_current():
            _check_workers(client, job, scheduler)
            _submit(client, job, n, done)
    except CancelledError:
        raise ConnectionError("the scheduler went away") from None
    finally:
        client.close(timeout=1)


def _check_workers(client: Any, job: Job, scheduler: str) -> None:
    """Refuse workers of another version, and such as do not reach the store."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise HipspineError(f"--scheduler {scheduler}: no worker has come within {WORKERS_S:g} s") from None
    mine = provenance()
    for worker, answer in client.run(_report, job.path, on_error="return").items():
        if isinstance(answer, BaseException):
            raise HipspineError(f"worker {worker} cannot run hipspine: {type(answer).__name__}: {answer}")
        theirs, reached = answer
        for key in ("version", "code", "versions"):
            if theirs[key] != mine[key]:
                raise HipspineError(f"worker {worker} has another {key} than here: {theirs[key]}, here {mine[key]}")
        if not reached:
            raise HipspineError(f"worker {worker} does not reach {job.path}: workers write into it themselves")


def _report(path: str) -> tuple[dict[str, str], bool]:
    """What a worker is, and whether it reaches the store."""
    from os import W_OK, access

    return provenance(), access(path, W_OK)


def _submit(client: Any, job: Job, n: int, done: Callable[[int, bool], None]) -> None:
    """Hand blocks out, a few ahead, as they become whole."""
    from distributed import KilledWorker, wait

    shared = client.scatter(job, broadcast=True, hash=False)
    left, running, gone = iter(range(n)), dict[Any, int](), 0.0
    while True:
        there = client.status == "running"
        gone = 0.0 if there else gone + POLL_S
        if gone > GONE_S or client.status in ("closed", "closing"):
            raise ConnectionError("the scheduler went away")
        ahead = AHEAD * max(1, sum(client.nthreads().values())) if there else 0
        while len(running) < ahead and (k := next(left, None)) is not None:
            running[client.submit(work, shared, k, pure=False)] = k
        if not running:
            return
        try:
            finished = wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            continue
        for future in finished:
            k = running.pop(future)
            if future.status in ("lost", "cancelled"):
                raise ConnectionError("the scheduler went away, and with it what it knew of the blocks at work")
            try:
                done(k, future.result())
            except KilledWorker as error:
                raise ConnectionError(f"block {k} has lost its worker again and again ({error})") from None


__all__ = ["on_cluster"]
