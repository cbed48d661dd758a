"""The first call of a kernel compiles it: that is not timed, and the garbage collector does not get in its way."""

from __future__ import annotations

import gc
from collections.abc import Callable

_compiled: set[str] = set()


def compiled(kernel: str, call: Callable[[], object]) -> None:
    """Make the `call` that compiles a kernel, the first time in a process that the kernel of that name is asked for.

    Compiling makes millions of small objects that stay; to search them for garbage again and again takes a seventh of
    the time.
    """
    if kernel in _compiled:
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        call()
    finally:
        if collects:
            gc.enable()
    _compiled.add(kernel)
