"""What goes wrong at the public door, in words a user can act on."""

from collections.abc import Iterable
from difflib import get_close_matches


class HipspineError(ValueError):
    """Bad input: the message names the file, the value and what is allowed, and is complete as it stands."""


def unknown(kind: str, name: object, known: Iterable[str]) -> HipspineError:
    """An unknown name: lists the known ones and suggests the nearest."""
    names = sorted(known)
    near = get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return HipspineError(f"unknown {kind} {str(name)!r}.{hint} Known: {', '.join(names)}.")
