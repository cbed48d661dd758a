"""What varies in a study: axes, the cases they make, and the blocks of cases that are computed and written as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.errors import HipspineError

#: Kinds of axes: one option; several side by side; drawn samples; people.
GRID, ZIP, SAMPLE, PERSON = "grid", "zip", "sample", "person"
#: What an axis may be called.
NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
Block = tuple[slice, ...]
Values = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Axis:
    """One dimension of a study.

    `columns` holds the values of each option along it, in the option's own unit; `labels` what else is known of each
    place (age, group); `origin` how it was drawn, as plain data. An axis of the kind GRID has one column, named as it.

    Raises
    ------
    HipspineError
        If it has no columns or no places, or its columns are not of one length.
    """

    name: str
    kind: str
    columns: Mapping[str, Values]
    labels: Mapping[str, Values] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for own in ("columns", "labels"):
            object.__setattr__(self, own, {name: _column(values) for name, values in getattr(self, own).items()})
        shapes = {values.shape for values in (*self.columns.values(), *self.labels.values())}
        if not self.columns or len(shapes) != 1 or len(next(iter(shapes))) != 1 or (0,) in shapes:
            raise HipspineError(f"axis {self.name}: needs options, and a value of each of them at every place")
        if self.kind == GRID and [*self.columns] != [self.name]:
            raise HipspineError(f"axis {self.name}: a grid's axis is one option, and called as it is")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def _column(values: Any) -> Values:
    """Numbers as floats, words as words."""
    found = np.asarray(values)
    if found.dtype.kind in "iuf":
        return found.astype(np.float64)
    return np.array([str(value) for value in found.ravel()]).reshape(found.shape)


def shape(axes: Sequence[Axis]) -> tuple[int, ...]:
    """How many places each axis has."""
    return tuple(len(axis) for axis in axes)


def block_shape(axes: Sequence[Axis], cases: int) -> tuple[int, ...]:
    """Shape of blocks of at most that many cases (one at least): whole later axes first, then even parts of one."""
    return parts_of(shape(axes), cases)


def parts_of(sizes: Sequence[int], cases: int) -> tuple[int, ...]:
    """As `block_shape`, of dimensions of these sizes."""
    left, found = max(cases, 1), list[int]()
    for n in reversed(sizes):
        parts = ceil(n / max(1, min(n, left)))
        found.append(ceil(n / parts))
        left = left // n if parts == 1 else 0
    return tuple(reversed(found))


def blocks(axes: Sequence[Axis], block: Sequence[int]) -> list[Block]:
    """Every block of the grid of blocks, in order."""
    return list(slabs(shape(axes), block))


def slabs(sizes: Sequence[int], block: Sequence[int]) -> Iterator[Block]:
    """As `blocks`, one after the other, of dimensions of these sizes."""
    starts = [range(0, n, own) for n, own in zip(sizes, block, strict=True)]
    for at in product(*starts):
        yield tuple(slice(a, min(a + own, n)) for a, own, n in zip(at, block, sizes, strict=True))


def cases(axes: Sequence[Axis], block: Block) -> Iterator[tuple[str, Values]]:
    """The value of every option in each case of a block: option and (n,) values."""
    extent = [part.stop - part.start for part in block]
    places = np.indices(extent).reshape(len(axes), prod(extent))
    for axis, part, place in zip(axes, block, places, strict=True):
        for name, values in axis.columns.items():
            yield name, values[part][place]


__all__ = [
    "GRID", "NAME", "PERSON", "SAMPLE", "ZIP", "Axis", "Block", "Values", "block_shape", "blocks", "cases",
    "parts_of", "shape", "slabs",
]  # fmt: skip
