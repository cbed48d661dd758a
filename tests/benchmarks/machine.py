"""On which machine, and with which versions, something was measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


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
