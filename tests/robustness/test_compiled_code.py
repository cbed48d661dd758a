"""Compiled code that is kept on disk, and the sources it was compiled from."""

import subprocess
import sys

import pytest

CALLER = """
from kinematics.kernels.cached import njit
from toy.kernels.called import number

@njit()
def caller():
    return number()

print(caller(), sum(caller.stats.cache_hits.values()))
"""
CALLED = """
from kinematics.kernels.cached import njit

@njit()
def number():
    return {number}
"""


@pytest.fixture
def toy(tmp_path):
    """A package of two kernels; what the one says that calls the other, and how often it was loaded from disk."""
    kernels = tmp_path / "toy" / "kernels"
    kernels.mkdir(parents=True)
    (kernels / "caller.py").write_text(CALLER)

    def run(number):
        (kernels / "called.py").write_text(CALLED.format(number=number))
        code = "import sys; sys.path.insert(0, sys.argv[1]); import toy.kernels.caller"
        command = [sys.executable, "-B", "-c", code, str(tmp_path)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        return tuple(int(word) for word in ran.stdout.split())

    return run


@pytest.mark.parametrize("given", [False, True], ids=["beside the source", "NUMBA_CACHE_DIR"])
def test_another_file_that_changed_is_compiled_in(toy, given, tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    if given:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    assert toy(1) == (1, 0)
    assert toy(1) == (1, 1)
    assert toy(2) == (2, 0)
    assert toy(2) == (2, 1)


def test_another_programme_keeps_its_own_way_of_caching():
    import numba

    import kinematics.kernels.tree  # noqa: F401

    assert not numba.config.CACHE_LOCATOR_CLASSES
