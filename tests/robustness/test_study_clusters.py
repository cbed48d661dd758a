"""A study on a Dask cluster: the same store, whatever goes away on the way, and one message if it cannot be."""

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading

import distributed
import pytest

from kinematics.errors import HipspineError
from simulate import sweep
from simulate.studies import cluster
from simulate.studies.provenance import provenance
from simulate.studies.run import StoppedError
from simulate.studies.store import Store
from tests.robustness.study_helpers import (
    PATIENCE,
    THREADS,
    Sweep,
    Watch,
    assert_one_message,
    assert_same,
    resume,
    run_cli,
    stamps,
    until,
    whole,
    write_study,
)

BLOCKS = 120


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("study") / "study.toml", THREADS, BLOCKS)


@pytest.fixture(scope="module")
def expected(study):
    """The whole store, never interrupted, made here."""
    store = study.with_name("whole.zarr")
    sweep(study, store, workers=1).close()
    return store


@pytest.fixture(scope="module")
def local():
    """A cluster of two processes, and a client of it to look into it with."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as found,
        distributed.Client(found, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def client(local):
    local.wait_for_workers(2, timeout=PATIENCE)
    yield local
    local.run(restore)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.zarr"


class Dask:
    """A scheduler that can be killed, and workers that nobody begins again."""

    def __init__(self, folder, before="", **environment):
        self.processes, self.folder, self.environment = [], folder, environment
        place = folder / "scheduler.json"
        self.scheduler = self.begin(
            before, "scheduler", "--port", 0, "--dashboard-address", "127.0.0.1:0", "--scheduler-file", place
        )
        until(lambda: place.is_file() and place.read_text().endswith("}"), what="a scheduler has begun")
        self.address = json.loads(place.read_text())["address"]

    def worker(self):
        return self.begin(
            "", "worker", self.address, "--no-nanny", "--nthreads", 1, "--dashboard-address", "127.0.0.1:0"
        )

    def begin(self, before, kind, *words):
        command = [sys.executable, "-c", f"{before}\nfrom distributed.cli.dask_{kind} import main; main()"]
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", *(str(word) for word in words)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **self.environment},
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path):
    found = Dask(tmp_path)
    yield found
    found.end()


def restore():
    """Undo what a test has done to a worker."""
    for owner, name, own in _kept:
        setattr(owner, name, own)
    _kept.clear()


_kept = []


def change(owner, name, value):
    """Change something in a worker."""
    _kept.append((owner, name, getattr(owner, name)))
    setattr(owner, name, value)


def become_old():
    change(cluster, "provenance", lambda: {**provenance(), "code": "of old"})


def see_nothing():
    change(os, "access", lambda *_: False)


def fill_up():
    write = Store.write

    def full(store, k, values):
        if k >= 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(store, k, values)

    change(Store, "write", full)


def find_a_fault():
    def refuse(*_):
        raise HipspineError("this case has no answer")

    from simulate.studies import run

    change(run.Computer, "block", refuse)


def address_of(client):
    return client.scheduler.address


def idle(client):
    return not any(client.processing().values())


def test_a_cluster_makes_the_same_store(study, expected, client, path):
    watch = Watch()
    sweep(study, path, scheduler=address_of(client), watch=watch).close()
    assert (watch.last.blocks, watch.last.found_whole) == (BLOCKS, 0)
    assert_same(path, expected)
    before = stamps(path)
    assert resume(study, path, workers=None, scheduler=address_of(client)).found_whole == BLOCKS
    assert stamps(path) == before


def test_a_client_killed_again_and_again_loses_no_block_and_computes_none_twice(study, expected, client, path):
    kept = {}
    for blocks in sorted(random.Random(3).sample(range(1, 60), 3)):
        words = ["--scheduler", address_of(client), *(["--resume"] if path.exists() else [])]
        status, _ = Sweep(study, path, *words).signal(signal.SIGKILL, blocks=blocks)
        assert status == -signal.SIGKILL
        until(lambda: idle(client), what="workers have ended what they were at")
        now = stamps(path)
        assert kept.items() <= now.items()
        kept = now
    before = len(whole(path))
    assert 0 < before < BLOCKS
    assert resume(study, path, workers=None, scheduler=address_of(client)).found_whole == before
    assert kept.items() <= stamps(path).items()
    assert_same(path, expected)


def test_ctrl_c_ends_what_a_cluster_does_and_a_single_machine_goes_on(study, expected, client, path):
    sent = Sweep(study, path, "--scheduler", address_of(client)).signal(signal.SIGINT, blocks=5)
    until(lambda: idle(client), what="workers have ended what they were at")
    assert sent[0] == 130
    assert_one_message(sent[1], path, f"of {BLOCKS} blocks of {path} are whole", "--resume")
    assert 5 <= len(whole(path)) < BLOCKS
    resume(study, path)
    assert_same(path, expected)


def test_a_worker_that_is_killed_is_made_good_for(study, expected, client, path):
    victim = next(iter(client.run(os.getpid).values()))
    watch = Watch(10, lambda: os.kill(victim, signal.SIGKILL))
    sweep(study, path, scheduler=address_of(client), watch=watch).close()
    assert watch.act is None
    assert watch.last.blocks == BLOCKS
    assert_same(path, expected)


def test_a_cluster_that_loses_all_workers_at_once_goes_on_when_they_are_back(study, expected, client, path):
    def kill():
        for victim in client.run(os.getpid).values():
            os.kill(victim, signal.SIGKILL)

    sweep(study, path, scheduler=address_of(client), watch=Watch(10, kill)).close()
    assert_same(path, expected)


def test_a_second_study_at_the_same_place_is_not_the_first(client, path, tmp_path):
    for speed in ("slow", "fast"):
        given = {
            "task": "walk",
            "held": {"speed": speed},
            "vary": {"hip_extension_right": {"values": ["5 deg", "0 deg"]}},
        }
        with sweep(given, path, scheduler=address_of(client)) as found, sweep(given, workers=1) as alone:
            assert found.equals(alone)
        path.rename(tmp_path / speed)


@pytest.mark.parametrize("early", [True, False])
def test_a_worker_of_another_version_is_refused_whenever_it_comes(study, expected, client, path, monkeypatch, early):
    client.run(become_old)
    with monkeypatch.context() as patch:
        if not early:
            patch.setattr(cluster, "_check_workers", lambda *_: None)
        with pytest.raises(
            HipspineError, match=f"worker .*another code than here: of old, here {provenance()['code']}"
        ):
            sweep(study, path, scheduler=address_of(client))
    assert not whole(path)
    client.run(restore)
    resume(study, path, workers=None, scheduler=address_of(client))
    assert_same(path, expected)


def test_a_worker_that_does_not_reach_the_store_is_refused(study, client, path, monkeypatch, capsys):
    client.run(see_nothing)
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", address_of(client))
    assert status == 2
    assert_one_message(said, "worker tcp://127.0.0.1", f"does not reach {path}")


def test_a_disk_that_is_full_on_a_worker_stops_the_study(study, expected, client, path, monkeypatch, capsys):
    client.run(fill_up)
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", address_of(client))
    assert status == 2
    assert_one_message(said, path, "No space left on device", f"of {BLOCKS} blocks of {path} are whole", "--resume")
    assert whole(path) <= set(range(7))
    until(lambda: idle(client), what="workers have ended what they were at")
    client.run(restore)
    resume(study, path, workers=None, scheduler=address_of(client))
    assert_same(path, expected)


def test_an_error_on_a_worker_is_one_message_that_names_the_case(study, client, path, monkeypatch, capsys):
    client.run(find_a_fault)
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", address_of(client))
    assert status == 2
    assert_one_message(said, "hip_extension_right ", ": this case has no answer")


def test_an_address_where_nobody_listens_is_named(study, path, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        nobody = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        for address in (nobody, "nonsense", "", "tcp://127.0.0.1:port", "http://127.0.0.1:80"):
            status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", address)
            assert status == 2
            assert_one_message(said, f"--scheduler {address}: no scheduler there")
            assert not path.exists()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 400 Bad request\r\n\r\n<!DOCTYPE html>"])
def test_what_listens_and_is_no_scheduler_is_not_waited_for(study, path, monkeypatch, capsys, answer):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as foreign:

        def serve():
            connection, _ = foreign.accept()
            with connection:
                connection.sendall(answer)
                while connection.recv(4096):
                    pass

        server = threading.Thread(target=serve)
        server.start()
        address = f"tcp://127.0.0.1:{foreign.getsockname()[1]}"
        status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", address)
        server.join(timeout=PATIENCE)
    assert status == 2
    assert_one_message(said, f"--scheduler {address}: no scheduler there")
    assert not path.exists()


def test_a_worker_is_no_scheduler(study, path, client, monkeypatch, capsys):
    worker = next(iter(client.scheduler_info()["workers"]))
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", worker)
    assert status == 2
    assert_one_message(said, f"--scheduler {worker}: no scheduler there (but a Worker)")


def test_a_cluster_without_workers_is_not_waited_for(study, path, dask, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", dask.address)
    assert status == 2
    assert_one_message(said, f"--scheduler {dask.address}: no worker has come")
    assert not path.exists()


def test_workers_that_are_gone_for_good_stop_the_study(study, expected, path, dask, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_S", PATIENCE)
    worker = dask.worker()

    def kill():
        monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
        worker.kill()

    with pytest.raises(StoppedError, match=f"{dask.address} has had no worker") as stopped:
        sweep(study, path, scheduler=dask.address, watch=Watch(10, kill))
    assert f"{len(whole(path))} of {BLOCKS} blocks of {path} are whole, --resume" in str(stopped.value)
    resume(study, path)
    assert_same(path, expected)


def test_a_block_whose_workers_die_again_and_again_stops_the_study(study, path, tmp_path):
    impatient = Dask(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        worker, _ = impatient.worker(), impatient.worker()
        with pytest.raises(StoppedError, match=r"1 workers died with block \d+ at hand, tcp://127\.0\.0\.1"):
            sweep(study, path, scheduler=impatient.address, watch=Watch(10, worker.kill))
    finally:
        impatient.end()
    assert 10 <= len(whole(path)) < BLOCKS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_scheduler_that_goes_away_stops_the_study(study, expected, path, dask, monkeypatch, capfd, number):
    monkeypatch.setattr(cluster, "CONNECT_S", 2.0)
    dask.worker()

    def kill():
        dask.scheduler.send_signal(number)
        dask.scheduler.wait()

    with pytest.raises(StoppedError, match=f"the scheduler {dask.address} went away") as stopped:
        sweep(study, path, scheduler=dask.address, watch=Watch(10, kill))
    assert f"of {BLOCKS} blocks of {path} are whole, --resume" in str(stopped.value)
    assert "distributed" not in capfd.readouterr().err
    resume(study, path)
    assert_same(path, expected)


def test_a_scheduler_without_hipspine_is_told_apart(study, path, tmp_path, monkeypatch, capsys):
    bare = Dask(tmp_path, before="import sys; sys.modules['simulate'] = None")
    try:
        bare.worker()
        status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", bare.address)
    finally:
        bare.end()
    assert status == 2
    assert "distributed" not in said
    assert f"--scheduler {bare.address} needs hipspine as workers do" in said


def test_without_dask_a_scheduler_is_no_use(study, path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setitem(sys.modules, "distributed.comm.core", None)
    status, said = run_cli(monkeypatch, capsys, study, "--out", path, "--scheduler", "tcp://127.0.0.1:1")
    assert status == 2
    assert_one_message(said, "hipspine[cluster]")
