"""On which machine, with which versions and how something was measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from time import perf_counter


def processor():
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine(*packages):
    """Processor, cores, system and versions, in one line."""
    found = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)]
    return f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}. {', '.join(found)}."


def fastest(call, repeats):
    """Least wall time of a call, after one that is not timed. [s]"""
    call()
    took = []
    for _ in range(repeats):
        began = perf_counter()
        call()
        took.append(perf_counter() - began)
    return min(took)
