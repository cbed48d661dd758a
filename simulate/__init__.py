"""What is asked of the body and how it copes.

``from simulate import compensate, read_motion, walking`` loads the solver; the command line loads parts as it needs
them.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Compensation": "simulate.result",
    "Motion": "simulate.motion",
    "compensate": "simulate.compensation",
    "norm_walking": "simulate.tasks.norm_walk",
    "read_motion": "simulate.io.mot",
    "running": "simulate.tasks.run",
    "walking": "simulate.tasks.walk",
    "write_motion": "simulate.io.mot",
}

__all__ = ["Compensation", "Motion", "compensate", "norm_walking", "read_motion", "running", "walking", "write_motion"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'simulate' has no attribute {name!r}")
