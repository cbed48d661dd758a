"""`njit` for kernels: what is compiled is kept on disk, and counts only while no kernel's source has changed.

What a kernel calls is compiled into it, but numba's own cache watches nothing but the file a function stands in. After
an update that changes another file it would load the code of before: at best slow, at worst wrong, and without a word.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

import numba
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

#: The folder of these files; and the name of every folder of kernels.
OWN = Path(__file__).parent


def njit(**options):
    """`numba.njit` with the cache on."""

    def decorate(function):
        before = numba.config.CACHE_LOCATOR_CLASSES
        numba.config.CACHE_LOCATOR_CLASSES = ",".join(f"{__name__}.{place.__name__}" for place in _PLACES)
        try:
            return numba.njit(function, cache=True, **options)
        finally:
            numba.config.CACHE_LOCATOR_CLASSES = before

    return decorate


@cache
def _sources(folder):
    """The digest of every source file below a folder."""
    found = sha256()
    for file in sorted(folder.rglob("*.py")):
        content = file.read_bytes()
        found.update(f"{file.relative_to(folder).as_posix()} {len(content)} ".encode() + content)
    return found.hexdigest()


class _Watchful:
    """A place for compiled code that also asks for the sources of all kernels a function can call."""

    @classmethod
    def from_function(cls, py_func, py_file):
        place = super().from_function(py_func, py_file)
        if place is not None:
            file = Path(py_file)
            own = next((folder for folder in file.parents if folder.name == OWN.name), file.parent)
            place.sources = _sources(own), _sources(OWN)
        return place

    def get_source_stamp(self):
        return super().get_source_stamp(), self.sources


class GivenPlace(_Watchful, UserProvidedCacheLocator):
    """The folder that NUMBA_CACHE_DIR names."""


class BesideSource(_Watchful, InTreeCacheLocator):
    """``__pycache__`` beside the source file."""


class OfUser(_Watchful, UserWideCacheLocator):
    """The user's own folder for caches."""


_PLACES = (GivenPlace, BesideSource, OfUser)
