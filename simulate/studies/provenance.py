"""Where values come from: version, code, libraries and processor."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from simulate.assemble import version_here

#: Libraries whose version may change a value in its last digits.
_LIBRARIES = ("llvmlite", "numba", "numpy", "scipy")
#: Folders whose code and tables change no value.
_ASIDE = ("figures", "cli", "report", "__pycache__")


@cache
def provenance() -> dict[str, str]:
    """Version and digest of hipspine's code and tables, versions of the libraries beneath, and the processor."""
    return {
        "version": version_here(),
        "code": code_digest(),
        "versions": json.dumps({"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}),
        "processor": processor(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def code_digest() -> str:
    """Digest of everything that decides a value: code and tables of `kinematics` and `simulate`."""
    found = hashlib.sha256()
    for package in ("kinematics", "simulate"):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.suffix in (".py", ".csv", ".toml", ".mot", ".osim", ".sto", ".c3d", ".trc") and not set(
                inside.parts
            ) & set(_ASIDE):
                found.update(f"{package}/{inside.as_posix()}\0".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def processor() -> str:
    """The kind of processor, as the compiler names it."""
    from llvmlite.binding import get_host_cpu_name

    return str(get_host_cpu_name())


__all__ = ["code_digest", "processor", "provenance"]
