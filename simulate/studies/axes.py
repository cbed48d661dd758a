"""What varies in a study: axes, the cases they make, and the blocks of cases that are computed and written as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Kinds of axes: one option; several side by side; drawn samples; people.
GRID, ZIP, SAMPLE, PERSON = "grid", "zip", "sample", "person"
Block = tuple[slice, ...]
Values = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Axis:
    """One dimension of a study.

    `columns` holds the values of each option along it, in the option's own unit; `labels` what else is known of each
    place (age, group); `origin` how it was drawn, as plain data. An axis of the kind GRID has one column, named as it.
    """

    name: str
    kind: str
    columns: Mapping[str, Values]
    labels: Mapping[str, Values] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def shape(axes: Sequence[Axis]) -> tuple[int, ...]:
    """How many places each axis has."""
    return tuple(len(axis) for axis in axes)


def block_shape(axes: Sequence[Axis], cases: int) -> tuple[int, ...]:
    """Shape of blocks of at most that many cases (one at least): whole later axes first, then even parts of one."""
    left, found = max(cases, 1), list[int]()
    for n in reversed(shape(axes)):
        parts = ceil(n / max(1, min(n, left)))
        found.append(ceil(n / parts))
        left = left // n if parts == 1 else 0
    return tuple(reversed(found))


def blocks(axes: Sequence[Axis], block: Sequence[int]) -> list[Block]:
    """Every block of the grid of blocks, in order."""
    starts = [range(0, n, own) for n, own in zip(shape(axes), block, strict=True)]
    return [
        tuple(slice(a, min(a + own, n)) for a, own, n in zip(at, block, shape(axes), strict=True))
        for at in product(*starts)
    ]


def cases(axes: Sequence[Axis], block: Block) -> Iterator[tuple[str, Values]]:
    """The value of every option in each case of a block: option and (n,) values."""
    extent = [part.stop - part.start for part in block]
    places = np.indices(extent).reshape(len(axes), prod(extent))
    for axis, part, place in zip(axes, block, places, strict=True):
        for name, values in axis.columns.items():
            yield name, values[part][place]


__all__ = ["GRID", "PERSON", "SAMPLE", "ZIP", "Axis", "Block", "Values", "block_shape", "blocks", "cases", "shape"]
