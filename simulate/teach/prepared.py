"""A task made ready to be shown: one cycle of it, the free answer, and what does not change while limits do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, SIDE_WORDS
from kinematics.pose import positions
from kinematics.rom import RangeOfMotion
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.problem import Task
from simulate.recording import Recording
from simulate.restrictions import joined, parse_cause, restrict
from simulate.solution import Solution
from simulate.strategies import STRATEGIES, predicted
from simulate.tasks.catalogue import MOVEMENTS, build_task
from simulate.teach.asked import Asked
from simulate.teach.person.body import SOLE, Build, build_of
from simulate.teach.person.figure import column, poses
from simulate.teach.person.scenery import Scenery, scenery_of
from simulate.teach.person.shapes import shapes_of

Array = NDArray[np.float64]

#: More frames than this are thinned evenly: a figure is not drawn more often.
MOST_FRAMES = 120
#: What is constructed has no time of its own: one movement is shown in this. [s] (assumption)
CONSTRUCTED_SECONDS = 2.5
#: Tasks, and tasks with tightened tissues, that are kept at hand.
KEPT = 24


@dataclass(frozen=True, eq=False)
class Prepared:
    """A task ready to be shown: F frames of one cycle.

    `task`; `percent` (F,) of the right side's cycle, or of the movement; `seconds` that this takes; `loops`: whether
    it ends as it began; `events` of the feet; `offsets` (24,) turn model angles into the clinical zero [rad]; `heading`
    from which the pelvis's rotation counts [rad]; `free_bounds` and the `free` answer; `free_poses` as
    `simulate.teach.person.figure.poses` gives them; `build`, `shapes` and `scenery` of the figure; `notices`.
    """

    task: Task
    percent: Array
    seconds: float
    loops: bool
    events: list[dict[str, Any]]
    offsets: Array
    heading: float
    free_bounds: tuple[Array, Array]
    free: Solution
    free_poses: Array
    packed_free: str
    free_id: str
    build: Build
    shapes: list[dict[str, Any]]
    shapes_id: str
    scenery: Scenery
    notices: tuple[str, ...]

    def poses(self, q: Array) -> Array:
        """Poses (F, bodies, 7) of the postures `q` (F, 24)."""
        task = self.task
        return poses(task.name, task.chain, task.standing, self.build, self.scenery.toes_above, q)


def packed(values: Array) -> str:
    """Numbers as base64 of little-endian float32."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


def prepare(asked: Asked) -> Prepared:
    """What is asked made ready; the same task on the same body is prepared once."""
    return _prepare(asked.task, tuple(sorted(asked.options.items())), asked.stature, asked.mass, asked.sex)


@lru_cache(KEPT)
def _prepare(
    name: str, options: tuple[tuple[str, float | str], ...], stature: float | None, mass: float | None, sex: str | None
) -> Prepared:
    own: dict[str, Any] = dict(options)
    whole = build_task(name, Recording(stature=stature, mass=mass, sex=sex), **own)
    which, percent = one_cycle(whole)
    task = whole.frames(which)
    tilt, _ = standing_tilt(task.standing.tilt_deg)
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=tilt)
    free_bounds, _, widened = bounds_of(task, RangeOfMotion.normal(), offsets)
    free = predicted(task, *free_bounds).solution
    build = build_of(task.chain)
    lasts = float(task.time[-1] - task.time[0])
    scenery = scenery_of(task, free.q, lasts)
    shapes = shapes_of(build, column(task.chain), golf=name == "swing")
    ends = positions(task.chain, free.q[[0, -1]], ["knee_r", "knee_l", "ankle_r", "ankle_l", "head_top"])
    ends -= free.q[[0, -1], None, :3]
    steps = task.span == "gait cycle"
    turned = free.q[:, INDEX["pelvis_rotation"]]
    free_poses = poses(task.name, task.chain, task.standing, build, scenery.toes_above, free.q)
    notices = [*task.chain.notices, *task.notices]
    if widened:
        notices.append("normal range of motion widened to contain the recording: " + ", ".join(widened))
    return Prepared(
        task=task,
        percent=percent,
        seconds=lasts if lasts > 0.0 and not task.constructed else CONSTRUCTED_SECONDS,
        loops=steps or float(np.abs(ends[1] - ends[0]).max()) < SOLE,
        events=_events(task, percent) if steps else [],
        offsets=offsets,
        heading=float(turned.mean() if steps else turned[0]),
        free_bounds=free_bounds,
        free=free,
        free_poses=free_poses,
        packed_free=packed(free_poses),
        free_id=hashlib.sha256(free_poses.tobytes()).hexdigest()[:16],
        build=build,
        shapes=shapes,
        shapes_id=hashlib.sha256(json.dumps(shapes).encode()).hexdigest()[:16],
        scenery=scenery,
        notices=tuple(notices),
    )


@lru_cache(KEPT)
def tightened(prepared: Prepared, causes: tuple[str, ...]) -> Task:
    """The task of the restricted body: with the tissues that causes tighten."""
    found = restrict(
        RangeOfMotion.normal(), [parse_cause(each) for each in causes], active=prepared.task.active,
        offsets=prepared.offsets, tissue=prepared.task.tissue,
    )  # fmt: skip
    task = prepared.task
    return task if not found.tissue.kind.size else replace(task, tissue=joined(task.tissue, found.tissue))


def one_cycle(task: Task) -> tuple[NDArray[np.intp], Array]:
    """Frames of the first whole cycle of the right side, or of the whole movement, and their percentages."""
    percent = task.percent["r"]
    n = len(percent)
    if n == 1:  # one posture: held
        return np.zeros(2, dtype=np.intp), np.array([0.0, 100.0])
    first, last = 0, n - 1
    if task.span == "gait cycle":
        starts = np.flatnonzero(np.diff(percent, prepend=200.0) < -20.0)
        if len(starts) > 1:
            first, last = int(starts[0]), int(starts[1])
    step = -(-(last - first) // MOST_FRAMES)
    which = np.unique(np.append(np.arange(first, last, step), last))
    shown = percent[which].astype(np.float64)
    if last > first and shown[-1] < shown[-2]:  # the end of this cycle is the start of the next
        shown[-1] = 100.0
    return which, shown


def _events(task: Task, percent: Array) -> list[dict[str, Any]]:
    """When each foot strikes and leaves the ground, in the order of the cycle."""
    found = [{"at": 0.0, "name": "right foot strikes"}]
    for side, word in SIDE_WORDS.items():
        off = np.flatnonzero(np.diff(task.loaded[side].astype(int)) == -1)
        found += [{"at": float(percent[k + 1]), "name": f"{word} foot off"} for k in off[:1]]
        strikes = np.flatnonzero(np.diff(task.percent[side]) < -20.0) + 1
        found += [{"at": float(percent[k]), "name": f"{word} foot strikes"} for k in strikes if side != "r"]
    return sorted(found, key=lambda event: float(event["at"]))


def warm(progress: Callable[[float, str], None] = lambda share, what: None) -> None:
    """Compile the kernels, or load them, and prepare every movement, so that what is asked next is answered at once.

    Parameters
    ----------
    progress : callable
        Called with the share that is done (0 to 1) and what comes next, in words.
    """
    from simulate.teach.shown import show

    names = list(MOVEMENTS)
    progress(0.0, "the solver is compiled on first use; this takes a while once")
    limited = {"hip_extension_right": 0.0}
    show(Asked(limits_deg=limited))
    steps = [Asked(limits_deg=limited, strategy=name) for name in STRATEGIES]
    steps += [Asked(causes=("tight_hip_flexors:right:0.5",)), *(Asked(task=name) for name in names if name != "walk")]
    for k, asked in enumerate(steps):
        progress((k + 1) / (len(steps) + 1), f"preparing: {asked.task.replace('-', ' ')}, {asked.strategy}")
        show(asked)
    progress(1.0, "ready")


__all__ = ["Prepared", "one_cycle", "packed", "prepare", "tightened", "warm"]
