"""Small studies in many blocks, and what is on disk of them, for tests that stop studies on their way."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from simulate import cli, open_study
from simulate.studies.plan import plan
from simulate.studies.run import Job, Progress, sweep
from simulate.studies.store import CHECK, VARIABLES
from simulate.studies.study import read_study

#: The kernels of the first run in threads; cases of the second, which takes longer, in processes.
THREADS, PROCESSES = '"predicted"', '["predicted", "closure"]'
#: Longer than anything that is waited for takes; a test fails then. [s]
PATIENCE = 120.0


def write_study(path, strategies=THREADS, blocks=120, more=""):
    """A study of walks, one case a block, whose k-th chunks are its k-th block."""
    path.write_text(
        f'task = "walk"\nstrategy = {strategies}\nblock = 1\n{more}\n[held]\nspeed = "free"\n'
        f'[vary.hip_extension_right]\nfrom = "10 deg"\nto = "-5 deg"\ncount = {blocks}\n',
        encoding="utf-8",
    )
    return path


def job_of(study, path):
    """The job that `sweep` makes of a study's file."""
    made = plan(read_study(study))
    return Job(str(path), made.study, made.layout, made.block_shape)


def files(path):
    """Every file of a store and its bytes; what a killed process had not finished is not part of it."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.suffix != ".partial"
    }


def assert_same(path, other):
    """The same store, bit for bit."""
    with open_study(path) as one, open_study(other) as two:
        assert one.attrs["whole_blocks"] == one.attrs["blocks"]
        assert one.equals(two)
    assert files(path) == files(other)


def whole(path):
    """Numbers of the blocks that are marked as whole."""
    folder = path / CHECK
    return {int(file.name) for file in folder.iterdir() if file.name.isdigit()} if folder.is_dir() else set()


def stamps(path):
    """Of every file of blocks that are whole: which it is, and when it was written."""
    found = {}
    for name in (*VARIABLES, CHECK):
        for k in whole(path):
            for file in (path / name).glob(f"{k}" if name == CHECK else f"{k}.*[0-9]"):
                found[str(file)] = file.stat().st_ino, file.stat().st_mtime_ns
    return found


def until(holds, *, what):
    """Look until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.001)


class Sweep:
    """``hipspine sweep`` as a process of its own, in a group of its own."""

    def __init__(self, study, store, *words):
        command = [sys.executable, "-m", "hipspine", "sweep", study, "--out", store, "--no-figures", *words]
        self.store = store
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests may run where it is ignored
        )

    def group(self):
        """It and what it has begun, as far as it runs."""
        return [one for one in psutil.process_iter() if _group(one) == self.process.pid]

    def signal(self, number, *, blocks, everyone=False, times=1):
        """Send a signal when that many blocks are whole, to it or to its group; returns status and standard error."""
        until(lambda: len(whole(self.store)) >= blocks or self.process.poll() is not None, what=f"{blocks} are whole")
        for _ in range(times if self.process.poll() is None else 0):
            (os.killpg if everyone else os.kill)(self.process.pid, number)
        return self.end()

    def end(self):
        """Wait for it and all that it has begun; returns status and standard error."""
        _, said = self.process.communicate(timeout=PATIENCE)
        until(lambda: not self.group(), what="every process has ended")
        return self.process.returncode, said


def _group(process):
    try:
        return os.getpgid(process.pid) if process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None


class Watch:
    """Remembers how far a study is, and acts once some blocks are whole."""

    def __init__(self, blocks=0, act=None):
        self.blocks, self.act = blocks, act
        self.last = Progress(0, 0, 0, 0, 0, 0.0)

    def __call__(self, now):
        self.last = now
        if self.act is not None and now.blocks >= self.blocks:
            act, self.act = self.act, None
            act()


def resume(study, path, **how):
    """Go on with a study here; returns the last that is said of how far it is."""
    watch = Watch()
    sweep(read_study(study), path, resume=True, watch=watch, **{"workers": 1, **how}).close()
    return watch.last


def run_cli(monkeypatch, capsys, *words):
    """The command in this process: status and standard error."""
    monkeypatch.setattr("sys.argv", ["hipspine", "sweep", *(str(word) for word in words), "--no-figures"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, capsys.readouterr().err


def assert_one_message(said, *parts):
    """One line, of ours, that has all parts; no traceback, and nothing that others log."""
    messages = [line for line in said.splitlines() if line.startswith("hipspine:")]
    assert len(messages) == 1, said
    for foreign in ("Traceback", "distributed", "Error:", "Exception"):
        assert foreign not in said
    for part in parts:
        assert str(part) in said
