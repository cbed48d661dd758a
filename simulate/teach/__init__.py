"""Teaching in the browser: what is asked, and what is shown.

``from simulate.teach import Asked, show`` loads the solver; ``show(Asked())`` is a stride as plain data.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Asked": "simulate.teach.asked",
    "LIMITS": "simulate.teach.asked",
    "Shown": "simulate.teach.shown",
    "show": "simulate.teach.shown",
    "warm": "simulate.teach.prepared",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'simulate.teach' has no attribute {name!r}")
