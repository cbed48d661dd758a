"""A study that is stopped on its way, whatever stops it, loses nothing and ends up with the same values."""

import errno
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
import zarr

from kinematics.errors import HipspineError
from simulate import open_study, sweep
from simulate.studies import run, store
from simulate.studies.plan import in_kernels, plan
from simulate.studies.run import StoppedError, work
from simulate.studies.store import CHECK, Store
from simulate.studies.study import read_study
from tests.robustness.study_helpers import (
    PROCESSES,
    THREADS,
    Sweep,
    Watch,
    assert_one_message,
    assert_same,
    files,
    job_of,
    resume,
    run_cli,
    stamps,
    whole,
    write_study,
)


class Reference:
    """A study and its whole store, never interrupted; `path` is where a test has its own."""

    def __init__(self, folder, strategies, blocks, more=""):
        self.study = write_study(folder / "study.toml", strategies, blocks, more)
        self.store, self.blocks = folder / "whole.zarr", blocks
        sweep(self.study, self.store, workers=1).close()

    def copy(self, path):
        shutil.copytree(self.store, path)
        return path


@pytest.fixture(scope="module")
def in_threads(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("threads"), THREADS, 120)


@pytest.fixture(scope="module")
def in_processes(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("processes"), PROCESSES, 120)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("short"), PROCESSES, 12, "trajectories = true")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.zarr"


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C interrupts, even if the tests run where it does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_study_is_the_same_store_with_one_worker_and_with_two(in_threads, short, path, tmp_path):
    sweep(in_threads.study, path, workers=2).close()
    assert_same(path, in_threads.store)
    sweep(short.study, tmp_path / "b.zarr", workers=2).close()
    assert_same(tmp_path / "b.zarr", short.store)


def test_one_strategy_runs_in_threads_and_several_in_processes(in_threads, short):
    assert in_kernels(read_study(in_threads.study))
    assert not in_kernels(read_study(short.study))


def test_blocks_in_any_order_make_the_same_store(short, path):
    store.create(path, plan(read_study(short.study)))
    job = job_of(short.study, path)
    for k in np.random.default_rng(5).permutation(short.blocks):
        assert work(job, int(k))
    assert_same(path, short.store)


def test_a_study_in_memory_holds_the_same_values_and_keeps_nothing(short):
    with open_study(short.store) as expected:
        assert sweep(short.study, workers=2).equals(expected)
    with pytest.raises(StoppedError, match="stopped; without `out` nothing is kept") as stopped:
        sweep(short.study, workers=1, watch=Watch(5, lambda: signal.raise_signal(signal.SIGINT)))
    assert stopped.value.interrupted


@pytest.mark.parametrize("which", ["in_threads", "in_processes"])
def test_a_study_killed_again_and_again_loses_no_block_and_computes_none_twice(which, path, request):
    reference = request.getfixturevalue(which)
    kept = {}
    for blocks in sorted(random.Random(which).sample(range(1, 60), 3)):
        started = Sweep(reference.study, path, "--workers", 2, *(["--resume"] if path.exists() else []))
        status, _ = started.signal(signal.SIGKILL, blocks=blocks)
        assert status == -signal.SIGKILL
        now = stamps(path)
        assert kept.items() <= now.items()
        kept = now
    before = len(whole(path))
    assert 0 < before < reference.blocks
    assert resume(reference.study, path).found_whole == before
    assert kept.items() <= stamps(path).items()
    assert_same(path, reference.store)


@pytest.mark.parametrize(("which", "times"), [("in_threads", 1), ("in_processes", 1), ("in_processes", 3)])
def test_ctrl_c_says_how_many_blocks_are_whole_and_leaves_no_process_behind(which, times, path, request):
    reference = request.getfixturevalue(which)
    status, said = Sweep(reference.study, path, "--workers", 2).signal(
        signal.SIGINT, blocks=5, everyone=True, times=times
    )
    assert status == 130
    assert_one_message(said, path, f"{len(whole(path))} of {reference.blocks} blocks", "--resume")
    assert 5 <= len(whole(path)) < reference.blocks
    assert resume(reference.study, path).found_whole > 0
    assert_same(path, reference.store)


def test_ctrl_c_while_processes_begin_waits_until_they_can_be_ended(short, path, monkeypatch):
    begin = multiprocessing.process.BaseProcess.start

    def interrupted(process):
        begin(process)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", interrupted)
    with pytest.raises(StoppedError, match=f"0 of {short.blocks} blocks") as stopped:
        sweep(short.study, path, workers=2)
    assert stopped.value.interrupted
    assert not multiprocessing.active_children()


def test_a_worker_process_that_is_killed_stops_the_study_with_one_message(short, path):
    def kill():
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    with pytest.raises(StoppedError, match="worker process has ended") as stopped:
        sweep(short.study, path, workers=2, watch=Watch(1, kill))
    assert str(path) in str(stopped.value)
    assert not stopped.value.interrupted
    assert not multiprocessing.active_children()
    before = len(whole(path))
    assert f"{before} of {short.blocks} blocks" in str(stopped.value)
    assert resume(short.study, path, workers=2).found_whole == before
    assert_same(path, short.store)


def test_two_who_write_the_same_store_at_once_write_the_same(in_threads, path):
    store.create(path, plan(read_study(in_threads.study)))
    for one in [Sweep(in_threads.study, path, "--resume", "--workers", 2) for _ in range(2)]:
        status, said = one.end()
        assert status == 0, said
    assert_same(path, in_threads.store)


def test_processes_begin_well_beside_the_threads_of_the_store_every_time(tmp_path):
    study = write_study(tmp_path / "study.toml", PROCESSES, 4)
    with sweep(study, tmp_path / "whole.zarr", workers=1) as expected:
        for k in range(20):
            assert threading.active_count() > 1  # those that read and write
            with sweep(study, tmp_path / f"{k}.zarr", workers=2) as found:
                assert found.equals(expected)


def cut(file):
    file.write_bytes(file.read_bytes()[:-2])


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x55
    file.write_bytes(bytes(content))


def enlarge(file):
    """What begins a chunk, its size among it, states the largest there is."""
    content = file.read_bytes()
    file.write_bytes(content[:4] + b"\xff" * 8 + content[12:])


def empty(file):
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, flip, enlarge, empty, os.unlink])
def test_a_block_that_is_not_on_disk_as_it_was_written_is_computed_again(short, path, damage):
    short.copy(path)
    before = stamps(path)
    for chunk in ("added/2.0.0", "frames/4.0.0", "free/6.0.0", "restricted/6.0.0.0", f"{CHECK}/8"):
        damage(path / chunk)
    assert resume(short.study, path).found_whole == short.blocks - 4
    assert_same(path, short.store)
    changed = {file for file, stamp in stamps(path).items() if before[file] != stamp}
    assert {int(Path(file).name.split(".")[0]) for file in changed} == {2, 4, 6, 8}


@pytest.mark.parametrize("damage", [cut, empty, os.unlink])
def test_a_mark_that_cannot_be_read_is_none(short, path, damage):
    short.copy(path)
    damage(path / CHECK / "7")
    with open_study(path) as half:
        assert half.attrs["whole_blocks"] == short.blocks - 1
        assert half.lumbar.isel(hip_extension_right=7).isnull().all()


@pytest.mark.parametrize("damage", [cut, flip, enlarge, empty])
def test_a_chunk_that_was_damaged_cannot_be_read_as_if_it_were_not(short, path, damage):
    short.copy(path)
    damage(path / "restricted" / "7.0.0.0")
    with open_study(path) as found, pytest.raises((RuntimeError, ValueError, MemoryError)):
        found.restricted.load()


def test_a_block_of_which_some_variables_are_written_is_not_there(short, path):
    short.copy(path)
    (path / CHECK / "7").unlink()
    (path / "lumbar" / "7.0").unlink()
    with open_study(path) as half, open_study(short.store) as expected:
        assert half.attrs["whole_blocks"] == short.blocks - 1
        one = half.isel(hip_extension_right=7)
        assert all(one[name].isnull().all() for name in one.data_vars if name != "frames")
        assert (one.frames == 0).all()
        rest = [k for k in range(short.blocks) if k != 7]
        assert half.isel(hip_extension_right=rest).equals(expected.isel(hip_extension_right=rest))
    assert resume(short.study, path).found_whole == short.blocks - 1
    assert_same(path, short.store)


def test_an_unfinished_store_opens_with_what_is_whole(short, path):
    with pytest.raises(StoppedError):
        sweep(short.study, path, workers=1, watch=Watch(5, lambda: signal.raise_signal(signal.SIGINT)))
    with open_study(path) as half:
        assert (half.attrs["whole_blocks"], half.attrs["blocks"]) == (5, short.blocks)
        assert (half.frames.sum("status") > 0).any("strategy").sum() == 5
        assert half.added.isel(hip_extension_right=slice(5)).notnull().all()
        assert half.added.isel(hip_extension_right=slice(5, None)).isnull().all()
        assert half.frames.dtype == np.int32
        assert half.frames.attrs["long_name"]
        # some of it is what all of it has there, in any way to ask, and nothing else is read
        asked = {"hip_extension_right": [6, 0, 4], "coordinate": -1, "strategy": slice(None)}
        with open_study(path) as again:
            assert not again.added.variable._in_memory
            assert again.added.isel(asked).identical(half.added.load().isel(asked))
            assert not again.added.variable._in_memory


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_is_full_stops_the_study_with_one_message(short, path, monkeypatch, capsys, workers):
    with monkeypatch.context() as patch:
        write = Store.write
        patch.setattr(Store, "write", lambda own, k, values: full() if k >= 4 else write(own, k, values))
        status, said = run_cli(patch, capsys, short.study, "--out", path, "--workers", workers)
    assert status == 2
    assert_one_message(said, path, "No space left", f"4 of {short.blocks} blocks", "--resume")
    assert whole(path) == {0, 1, 2, 3}
    assert resume(short.study, path).found_whole == 4
    assert_same(path, short.store)


def test_a_disk_that_is_full_and_then_read_only_loses_nothing(in_processes, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own cannot be mounted here")
    try:
        with pytest.raises(StoppedError, match="No space left on device"):
            sweep(in_processes.study, disk / "a.zarr", workers=2)
        before = whole(disk / "a.zarr")
        assert 0 < len(before) < in_processes.blocks
        subprocess.run(["mount", "-o", "remount,size=64m,ro", str(disk)], check=True)
        with pytest.raises(StoppedError, match=f"Read-only file system; {len(before)} of"):
            resume(in_processes.study, disk / "a.zarr", workers=2)
        with pytest.raises(HipspineError, match=r"b\.zarr: cannot be written to: Read-only file system"):
            sweep(in_processes.study, disk / "b.zarr")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert resume(in_processes.study, disk / "a.zarr", workers=2).found_whole == len(before)
        assert_same(disk / "a.zarr", in_processes.store)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_store_that_cannot_be_begun_leaves_nothing_behind(short, path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(store, "_fill", full)
        status, said = run_cli(patch, capsys, short.study, "--out", path)
    assert status == 2
    assert_one_message(said, path, "No space left")
    assert not list(path.parent.iterdir())


def test_a_place_below_a_file_is_named(short, tmp_path, monkeypatch, capsys):
    below = tmp_path / "file" / "a.zarr"
    (tmp_path / "file").write_text("no folder")
    for words in ((), ("--resume",)):
        status, said = run_cli(monkeypatch, capsys, short.study, "--out", below, *words)
        assert status == 2
        assert_one_message(said, below, "cannot be written to")


def test_a_store_that_is_there_is_not_written_over(short, path, monkeypatch, capsys):
    short.copy(path)
    before = stamps(path)
    status, said = run_cli(monkeypatch, capsys, short.study, "--out", path)
    assert status == 2
    assert_one_message(said, path, "exists already", "--resume")
    assert stamps(path) == before


def test_resuming_nothing_begins_and_resuming_what_is_whole_computes_nothing(short, path, monkeypatch):
    first = resume(short.study, path)
    assert (first.blocks, first.of_blocks, first.found_whole) == (short.blocks, short.blocks, 0)
    assert_same(path, short.store)
    before = stamps(path)
    monkeypatch.setattr(run.Computer, "block", lambda *_: pytest.fail("computed again"))
    for workers in (1, 2):
        again = resume(short.study, path, workers=workers)
        assert (again.blocks, again.found_whole) == (short.blocks, short.blocks)
    assert stamps(path) == before


def test_a_store_of_another_study_is_refused_and_the_difference_shown(short, path, tmp_path, monkeypatch, capsys):
    short.copy(path)
    other = write_study(tmp_path / "other.toml", PROCESSES, short.blocks)
    status, said = run_cli(monkeypatch, capsys, other, "--out", path, "--resume")
    assert status == 2
    assert_one_message(said, path, "another study", '- "trajectories": true', '+ "trajectories": false')
    assert files(path) == files(short.store)


@pytest.mark.parametrize("key", ["version", "code", "versions"])
def test_a_store_of_another_version_is_refused_and_the_difference_shown(short, path, monkeypatch, capsys, key):
    short.copy(path)
    zarr.open_group(path, mode="r+").attrs[key] = "of old"
    status, said = run_cli(monkeypatch, capsys, short.study, "--out", path, "--resume")
    assert status == 2
    assert_one_message(said, path, "another version", f'- "{key}": "of old"', f'+ "{key}": ')


def test_what_is_no_store_is_refused(short, path, tmp_path, monkeypatch, capsys):
    path.mkdir()
    (path / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    zarr.open_group(tmp_path / "foreign.zarr", mode="w", zarr_format=2)
    for place in (path, tmp_path / "file", tmp_path / "foreign.zarr"):
        status, said = run_cli(monkeypatch, capsys, short.study, "--out", place, "--resume")
        assert status == 2
        assert_one_message(said, place, "is no store of a study")
        with pytest.raises(HipspineError, match="is no store of a study"):
            open_study(place)
    assert (path / "notes.txt").read_text() == (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("remains", [None, b"", b"{"])
@pytest.mark.parametrize("name", ["lumbar", CHECK])
def test_a_store_without_one_of_its_variables_is_damaged_and_says_so(short, path, name, remains, monkeypatch, capsys):
    short.copy(path)
    place = path / name / ".zarray"
    place.unlink() if remains is None else place.write_bytes(remains)
    status, said = run_cli(monkeypatch, capsys, short.study, "--out", path, "--resume", "--workers", 1)
    assert status == 2
    assert_one_message(said, path, "damaged")
    with pytest.raises(HipspineError, match="damaged"):
        open_study(path)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_worker_is_one_message_that_names_the_case(short, path, monkeypatch, capsys, workers):
    block = run.Computer.block

    def fails(computer, part):
        if part[0].start == 5:
            raise HipspineError("this case has no answer")
        return block(computer, part)

    monkeypatch.setattr(run.Computer, "block", fails)
    status, said = run_cli(monkeypatch, capsys, short.study, "--out", path, "--workers", workers)
    assert status == 2
    assert_one_message(said, f"hip_extension_right {np.linspace(10, -5, short.blocks)[5]}: this case has no answer")
    assert not multiprocessing.active_children()


def test_a_second_study_at_the_same_place_is_not_the_first(tmp_path, path):
    for speed in ("slow", "fast"):
        given = {
            "task": "walk",
            "held": {"speed": speed},
            "vary": {"hip_extension_right": {"values": ["5 deg", "0 deg"]}},
        }
        with sweep(given, path, workers=1) as found, sweep(given) as expected:
            assert found.equals(expected)
        shutil.rmtree(path)


@pytest.mark.parametrize("how", [{"workers": 0}, {"resume": True}, {"scheduler": "tcp://127.0.0.1:1"}])
def test_what_cannot_be_meant_is_refused(short, how):
    with pytest.raises(HipspineError, match=r"workers|scheduler"):
        sweep(short.study, **how)
