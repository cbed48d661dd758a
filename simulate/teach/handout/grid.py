"""Answers over one or two limits, small enough for a page that has no solver: what it interpolates, and how well."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from simulate.teach.asked import Asked
from simulate.teach.live.words import HIP, LUMBAR, Dial
from simulate.teach.said import direction_words

Array = NDArray[np.float64]
Packed = NDArray[np.int16]
Shown = Mapping[str, Any]

#: Distance of two values that are computed. [deg]
FINE = 2.5
#: Ends of some sliders where those of the live page go further than a page has to. [deg] (assumption)
REACH = {
    "hip_extension": (-20.0, 15.0), "hip_flexion": (60.0, 130.0), "hip_internal_rotation": (0.0, 45.0),
    "hip_external_rotation": (0.0, 50.0), "hip_abduction": (0.0, 40.0), "hip_adduction": (0.0, 35.0),
}  # fmt: skip
#: At most so many places between computed values are looked at.
LOOKED = 60
#: What one step of a stored number is: places, parts of a quaternion, angles, shares. [m, 1, deg, 1]
PLACE, TURN, ANGLE, SHARE = 1.0 / 20_000.0, 1.0 / 16_000.0, 0.01, 0.001
#: Joints that stay within this of the free ones are not changed. [m]
CHANGED = 0.0005
#: How many answers are computed at once.
WORKERS = min(cpu_count() or 1, 8)
#: Stored in place of a number where there is no answer.
NOTHING = np.int16(-32768)
_MOST = 32_767
#: Curves of the lumbar spine.
_LUMBAR_KEYS = ("lumbar_extension", "lumbar_rotation", "lumbar_bending")


@dataclass(frozen=True)
class Axis:
    """A limit that can be moved: its name, what it is called, its ends, the values that are computed, where it begins.

    `begins` is the limit of what was asked, or the normal range if there was none. [deg]
    """

    name: str
    label: str
    low: float
    high: float
    values: tuple[float, ...]
    begins: float


@dataclass(frozen=True)
class Exactness:
    """How far interpolated answers are from the solver's, at `places` between the computed ones.

    Largest and 95th percentile, over the frames in which the limits change anything, of the three lumbar angles [deg]
    and of the places of joints [mm].
    """

    places: int
    lumbar_deg: float
    lumbar_deg_95: float
    joints_mm: float
    joints_mm_95: float


@dataclass(frozen=True, eq=False)
class Grid:
    """Answers by node: the product of the axes' values, the last axis fastest, and then what was asked itself.

    `motion` (C, N) int16 holds the differences of the restricted from the free answer, NOTHING where there is none: by
    frame the poses (bodies x 7) and curves; and as they are the restricted shares of range (3), hip angles (2) and the
    status (1 solved, 2 falls short). `told` (K, N) holds by `names` what belongs to a whole answer: ends of ranges, the
    budget, shortfalls.
    """

    axes: tuple[Axis, ...]
    motion: Packed
    names: tuple[str, ...]
    told: Array
    exactness: Exactness


def grid(asked: Asked, sliders: Sequence[str], show: Callable[[Asked], Shown], *, finer: float = 1.0) -> Grid:
    """Compute an answer over limits.

    Parameters
    ----------
    asked : Asked
    sliders : sequence of str
        One or two limits that can be moved.
    show : callable
        `simulate.teach.show`.
    finer : float
        The distance of computed values is this many times smaller than usual.

    Raises
    ------
    HipspineError
        If there are more than two sliders, or none.
    """
    if not 1 <= len(sliders) <= 2:
        raise HipspineError(f"one or two limits can be moved in an exported page, not {len(sliders)}")
    own = show(asked)
    axes = tuple(_axis(asked, name, FINE / finer) for name in sliders)
    nodes = [_limited(asked, axes, values) for values in product(*(axis.values for axis in axes))]
    free = _free(own)

    def stored(each: Asked | None) -> tuple[Packed, dict[str, float]]:
        """What is kept of an answer: a tenth of its size, and there are hundreds."""
        answer = _answer(each, show)
        return _packed(answer, free), _told(answer)

    with ThreadPoolExecutor(WORKERS) as pool:  # the kernels let go of the interpreter
        every = [*pool.map(stored, nodes), (_packed(own, free), _told(own))]
    packed = np.stack([motion for motion, _ in every], axis=1)
    names = tuple(dict.fromkeys(name for _, each in every for name in each))
    told = np.array([_row(each, names) for _, each in every]).T
    return Grid(axes, packed, names, told, _exactness(asked, axes, packed, free, show))


def dial_of(name: str) -> Dial:
    """How far a limit's slider goes: as on the live page, less the ends where hardly anything can be done."""
    known = {**HIP, **LUMBAR}
    base = _both(name)
    dial = known[name] if name in known else known[base]
    low, high = REACH.get(base, (dial.low, dial.high))
    return replace(dial, low=max(low, dial.low), high=min(high, dial.high))


def _both(name: str) -> str:
    """A direction of one side as that of both."""
    return name.removesuffix("_right").removesuffix("_left")


def _axis(asked: Asked, name: str, step: float) -> Axis:
    dial = dial_of(name)
    limits = asked.limits_deg
    begins = float(limits.get(name, limits.get(_both(name), dial.normal)))
    low, high = min(dial.low, begins), max(dial.high, begins)
    values = np.linspace(low, high, ceil((high - low) / step) + 1).tolist()
    if min(abs(value - begins) for value in values) > 1e-9:
        values = sorted([*values, begins])
    words = direction_words(name)
    if name in HIP:
        words = f"both hips: {dial.label}"
    return Axis(name, words[0].upper() + words[1:], low, high, tuple(values), begins)


def _limited(asked: Asked, axes: Sequence[Axis], values: Sequence[float]) -> Asked | None:
    """The same with the limits moved; None where they leave no range."""
    moved = {axis.name: value for axis, value in zip(axes, values, strict=True)}
    try:
        return replace(asked, limits_deg={**asked.limits_deg, **moved})
    except HipspineError:
        return None


def _answer(asked: Asked | None, show: Callable[[Asked], Shown]) -> Shown | None:
    try:
        return None if asked is None else show(asked)
    except HipspineError:
        return None


def floats(text: str) -> NDArray[np.float32]:
    """Numbers of an answer that came as base64."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def _poses(answer: Shown, kind: str) -> Array:
    return floats(answer[kind]).astype(np.float64).reshape(answer["frames"], len(answer["bodies"]), 7)


def _numbers(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values])


def _free(answer: Shown) -> dict[str, Array]:
    """What differences are taken from: poses (F, B, 7) and curves (F, C)."""
    return {
        "poses": _poses(answer, "free"),
        "curves": np.stack([_numbers(curve["free"]) for curve in answer["curves"]], axis=1),
    }


def _packed(answer: Shown | None, free: Mapping[str, Array]) -> Packed:
    """One answer as stored numbers (C,), frame by frame."""
    frames, bodies = free["poses"].shape[:2]
    curves = free["curves"].shape[1]
    if answer is None:
        return np.full(frames * (7 * bodies + curves + 6), NOTHING, dtype=np.int16)
    poses = _poses(answer, "restricted")
    turns = poses[..., 3:]
    against = np.sum(turns * free["poses"][..., 3:], axis=-1, keepdims=True) < 0.0
    poses = np.concatenate([poses[..., :3], np.where(against, -turns, turns)], axis=-1) - free["poses"]
    poses /= np.array([PLACE] * 3 + [TURN] * 4)
    angles = np.stack([_numbers(curve["restricted"]) for curve in answer["curves"]], axis=1) - free["curves"]
    shares = np.stack([_numbers(answer["share"][name]["restricted"]) for name in ("hip_r", "hip_l", "lumbar")], axis=1)
    arcs = np.stack([_numbers(arc["angle"]["restricted"]) for arc in answer["arcs"]], axis=1)
    status = np.array(answer["frame_status"], dtype=np.float64)[:, None]
    parts = (poses.reshape(frames, -1), angles / ANGLE, shares / SHARE, arcs / ANGLE, status)
    whole = np.round(np.concatenate(parts, axis=1))
    there = np.asarray(np.isfinite(whole).all(axis=1))
    if np.abs(whole[there]).max(initial=0.0) > _MOST:
        whole = np.clip(whole, -_MOST, _MOST)
    return np.where(there[:, None], whole, float(NOTHING)).astype(np.int16).ravel()


def _told(answer: Shown | None) -> dict[str, float]:
    """What belongs to a whole answer, by name."""
    found = dict[str, float]()
    if answer is None:
        return found
    for curve in answer["curves"]:
        for end in ("limit", "limit_low"):
            if curve[end] is not None:
                found[f"curve {curve['key']} {end}"] = float(curve[end])
    for arc in answer["arcs"]:
        for name in ("extension_deg", "flexion_deg"):
            found[f"arc {arc['side']} {name}"] = float(arc[name])
        found[f"arc {arc['side']} limited"] = float(arc["limited"])
    for row in answer["budget"]:
        found[f"budget {row['limit']}|lost_deg"] = float(row["lost_deg"])
        for part in row["parts"]:
            found[f"budget {row['limit']}|{part['name']}"] = float(part["deg"])
    for short in answer["shortfalls"]:
        for unit in ("mm", "deg"):
            found[f"short {short['goal']}|{unit}"] = float(short[unit])
    return found


def _row(told: Mapping[str, float], names: Sequence[str]) -> list[float]:
    """What an answer tells in a fixed order: nothing lost is 0, a limit that is not there is NaN."""
    return [told.get(name, 0.0 if name.startswith(("budget", "short")) else float("nan")) for name in names]


def corners(axes: Sequence[Axis], values: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Nodes about some values of the limits, and their weights."""
    sides = []
    for axis, value in zip(axes, values, strict=True):
        k = min(max(int(np.searchsorted(axis.values, value, side="right")) - 1, 0), len(axis.values) - 2)
        share = (value - axis.values[k]) / (axis.values[k + 1] - axis.values[k])
        sides.append([(k, 1.0 - share), (k + 1, share)])
    sizes = [len(axis.values) for axis in axes]
    for corner in product(*sides):
        node, weight = 0, 1.0
        for size, (k, share) in zip(sizes, corner, strict=True):
            node, weight = node * size + k, weight * share
        if weight > 1e-9:
            yield node, weight


def interpolated(axes: Sequence[Axis], packed: Packed, values: Sequence[float], channels: int) -> Array:
    """Stored numbers (F, channels) at some values of the limits, NaN where a node has none; as the page does it."""
    found = np.zeros(packed.shape[0])
    for node, weight in corners(axes, values):
        column = packed[:, node].astype(np.float64)
        column[packed[:, node] == NOTHING] = np.nan
        found += weight * column
    return found.reshape(-1, channels)


def _exactness(
    asked: Asked,
    axes: Sequence[Axis],
    packed: Packed,
    free: Mapping[str, Array],
    show: Callable[[Asked], Shown],
) -> Exactness:
    """Compare with the solver halfway between computed values."""
    halves = [[0.5 * (a + b) for a, b in zip(axis.values, axis.values[1:], strict=False)] for axis in axes]
    places = list(product(*halves))
    if len(places) > LOOKED:  # spread evenly, the same every time
        places = [places[k] for k in np.random.default_rng(7).choice(len(places), LOOKED, replace=False)]
    frames, bodies = free["poses"].shape[:2]
    channels = packed.shape[0] // frames
    angles, joints = list[Array](), list[Array]()
    looked = 0
    for values in places:
        answer = _answer(_limited(asked, axes, values), show)
        if answer is None:
            continue
        here = interpolated(axes, packed, values, channels)
        poses = here[:, : 7 * bodies].reshape(frames, bodies, 7)[..., :3] * PLACE + free["poses"][..., :3]
        solved = _poses(answer, "restricted")[..., :3]
        moved = [np.linalg.norm(each - free["poses"][..., :3], axis=-1).max(axis=1) for each in (solved, poses)]
        changed = np.maximum(*moved) > CHANGED
        joints.append(1e3 * np.linalg.norm(poses - solved, axis=-1)[changed].ravel())
        for k, curve in enumerate(answer["curves"]):
            if curve["key"] in _LUMBAR_KEYS:
                told = here[:, 7 * bodies + k] * ANGLE + free["curves"][:, k]
                angles.append(np.abs(told - _numbers(curve["restricted"]))[changed])
        looked += 1

    def worst(found: list[Array]) -> tuple[float, float]:
        every = np.concatenate(found) if found else np.zeros(1)
        every = every[np.isfinite(every)]
        return (float(every.max()), float(np.percentile(every, 95.0))) if every.size else (0.0, 0.0)

    return Exactness(looked, *worst(angles), *worst(joints))


def squeezed(values: NDArray[Any]) -> str:
    """Numbers as base64 of their deflated bytes, little-endian."""
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(raw.tobytes(), 9)).decode("ascii")


__all__ = [
    "ANGLE", "NOTHING", "PLACE", "SHARE", "TURN", "Axis", "Exactness", "Grid", "corners", "dial_of", "floats", "grid",
    "interpolated", "squeezed",
]  # fmt: skip
