"""Gaps in recorded markers: short ones are filled and said, long ones refused where the marker is needed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from kinematics.errors import HipspineError
from kinematics.tables import value
from simulate.io.markers import Markers

Array = NDArray[np.float64]


def whole(markers: Markers, needed: Collection[str], wanted: Collection[str]) -> Markers:
    """The markers that are wanted, without gaps.

    Gaps of up to ``longest_gap`` seconds (table ``tracking``) between seen frames are filled by cubic splines. Where a
    needed marker is not yet, or no longer, seen at the ends, the recording is cropped. A wanted marker that is not
    needed and has other gaps is left out. All three are said in the notices.

    Parameters
    ----------
    markers : Markers
    needed, wanted : collection of str
        Names in `markers`; what is needed is wanted too.

    Returns
    -------
    Markers

    Raises
    ------
    HipspineError
        If a needed marker has a long gap, or too little is left of the recording; names marker and frames.
    """
    names = [name for name in markers.names if name in needed or name in wanted]
    places = markers.places[:, [markers.names.index(name) for name in names]].copy()
    notices = []
    filled = {name: _fill(markers.time, places[:, k]) for k, name in enumerate(names)}
    seen = np.asarray(np.isfinite(places).all(axis=2))
    first, last = 0, len(markers.time) - 1
    for k, name in enumerate(names):
        if name in needed:
            if not seen[:, k].any():
                raise HipspineError(f"{markers.source}: marker {name} is never seen")
            first, last = max(first, int(seen[:, k].argmax())), min(last, last_seen(seen[:, k]))
    least = value("tracking", "least_left", package="simulate")
    if last - first + 1 < least * len(markers.time):
        worst = min((k for k, name in enumerate(names) if name in needed), key=lambda k: int(seen[:, k].sum()))
        raise HipspineError(
            f"{markers.source}: all needed markers are seen only from frame {first + 1} to {last + 1} of "
            f"{len(markers.time)} ({names[worst]} in {int(seen[:, worst].sum())}); at least {100 * least:.0f} % must "
            "be left"
        )
    kept = np.arange(first, last + 1)
    if len(kept) < len(markers.time):
        notices.append(
            f"{markers.source}: cropped to frames {first + 1} to {last + 1} of {len(markers.time)}: not all needed "
            "markers are seen before and after"
        )
    gaps = {name: first + np.flatnonzero(~seen[kept, k]) for k, name in enumerate(names)}
    for name in needed:
        if gaps[name].size:
            longest = value("tracking", "longest_gap", package="simulate")
            raise HipspineError(
                f"{markers.source}: marker {name} is not seen in frames {_ranges(gaps[name])}; gaps of up to "
                f"{longest:g} s are filled"
            )
    if some := {name: count for name, count in filled.items() if count}:
        words = ", ".join(f"{name} ({count})" for name, count in some.items())
        notices.append(f"{markers.source}: short gaps are filled by splines, marker (frames): {words}")
    if lost := [name for name in names if gaps[name].size]:
        words = ", ".join(f"{name} (frames {_ranges(gaps[name])})" for name in lost)
        notices.append(f"{markers.source}: markers with longer gaps are left out: {words}")
    left = [k for k, name in enumerate(names) if not gaps[name].size]
    return replace(
        markers,
        time=markers.time[kept],
        names=tuple(names[k] for k in left),
        places=places[kept][:, left],
        notices=(*markers.notices, *notices),
    )


def last_seen(seen: NDArray[np.bool_]) -> int:
    """Index of the last true entry."""
    return len(seen) - 1 - int(seen[::-1].argmax())


def _fill(time: Array, path: Array) -> int:
    """Fill the short gaps of one marker's `path` (F, 3) in place; returns how many frames."""
    seen = np.isfinite(path).all(axis=1)
    longest, context = (value("tracking", name, package="simulate") for name in ("longest_gap", "gap_context"))
    known = np.flatnonzero(seen)
    count = 0
    for before, after in pairwise(known):
        if after - before == 1 or time[after - 1] - time[before + 1] > longest:
            continue
        near = known[(time[known] >= time[before] - context) & (time[known] <= time[after] + context)]
        gap = slice(int(before) + 1, int(after))
        path[gap] = CubicSpline(time[near], path[near])(time[gap])
        count += int(after - before) - 1
    return count


def _ranges(frames: NDArray[np.intp]) -> str:
    """Frames in words, counted from 1: ``3-7, 12``."""
    parts = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    words = [f"{part[0] + 1}-{part[-1] + 1}" if len(part) > 1 else f"{part[0] + 1}" for part in parts]
    return ", ".join(words[:4]) + (" ..." if len(words) > 4 else "")
