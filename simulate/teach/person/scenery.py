"""What stands around the figure: ground, belt, table and seat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import SEGMENT_COORDINATE, SIDES
from kinematics.pose import frames, positions
from kinematics.tables import value
from simulate.problem import Task
from simulate.teach.person.body import SOLE

Array = NDArray[np.float64]

#: Height, thickness, half width of a couch, and how far it reaches beyond the head. [m] (assumption)
COUCH, THICK, HALF_WIDE, BEYOND = 0.72, 0.06, 0.34, 0.06
#: Half width of a seat. [m] (assumption)
SEAT_HALF_WIDE = 0.24
#: Between a body's joints and markers and what it lies on: flesh, as drawn. [m] (assumption)
FLESH = 0.02
#: Loaded feet that move slower than this stand on the floor, and not on a belt. [m/s] (assumption)
BELT = 0.3


@dataclass(frozen=True, eq=False)
class Scenery:
    """`ground` height [m]; `belt` (2,) velocity of the ground along X and Z [m/s]; `travel` (2,) along X and Z from the
    first frame to the last [m]; `boxes` as plain data: their `centre`, `size` [m] and what they are; `toes_above`: the
    height under which toes do not reach [m]; `start` (2,): the pelvis's mean place less half the travel.
    """

    ground: float
    belt: tuple[float, float]
    travel: tuple[float, float]
    boxes: list[dict[str, Any]]
    toes_above: float
    start: tuple[float, float]

    def data(self, heading: float) -> dict[str, Any]:
        """The same as plain data, with the `heading` at which the body starts [rad]."""
        return {
            "ground": self.ground,
            "table": next((box for box in self.boxes if box["what"] == "table"), None),
            "boxes": self.boxes,
            "belt": list(self.belt),
            "travel": list(self.travel),
            "start": list(self.start),
            "heading": heading,
        }


def scenery_of(task: Task, q: Array, lasts: float) -> Scenery:
    """What stands around somebody who does a task; `q` (F, 24) is the free answer, which `lasts` so many seconds."""
    names = [f"{part}_{side}" for side in SIDES for part in ("heel", "forefoot")]
    soles = positions(task.chain, q, names)[..., 1]
    lies = bool(task.raised)
    top = _resting(task, q) - FLESH if lies else 0.0
    ground = top - COUCH if lies else float(soles.min()) - SOLE
    boxes = []
    if lies:
        boxes.append(_couch(task, q, top))
    elif task.name == "sit" and task.constructed:
        boxes.append(_seat(task, q, ground))
    moved = q[-1, [0, 2]] - q[0, [0, 2]] if task.span == "gait cycle" else np.zeros(2)
    belt = _belt(task, q, lasts) if task.span == "gait cycle" and not task.constructed else np.zeros(2)
    start = q[:, [0, 2]].mean(axis=0) - 0.5 * moved
    return Scenery(
        ground=ground,
        belt=(float(belt[0]), float(belt[1])),
        travel=(float(moved[0]), float(moved[1])),
        boxes=boxes,
        toes_above=-np.inf if lies else ground,
        start=(float(start[0]), float(start[1])),
    )


def _belt(task: Task, q: Array, lasts: float) -> Array:
    """Velocity (2,) of the ground under the loaded feet: a treadmill's belt, or nothing."""
    found = []
    for side in SIDES:
        ball = positions(task.chain, q, [f"forefoot_{side}"])[:, 0][:, [0, 2]]
        both = task.loaded[side][1:] & task.loaded[side][:-1]
        found.append(np.diff(ball, axis=0)[both] * (len(q) - 1) / lasts)
    speed = np.concatenate(found)
    slides = np.median(speed, axis=0) if len(speed) else np.zeros(2)
    return slides if np.linalg.norm(slides) > BELT else np.zeros(2)


def _resting(task: Task, q: Array) -> float:
    """Height of the lowest of what rests on the couch at the start."""
    names = [name for name in task.chain.points if name.startswith(("asis", "pubis", "ribs", "chest"))]
    return float(positions(task.chain, q[:1], names)[..., 1].min())


def _couch(task: Task, q: Array, top: float) -> dict[str, Any]:
    """A couch under the body; the feet hang over its end."""
    ends = positions(task.chain, q[:1], ["head_top", "ankle_r", "ankle_l"])[0]
    head, feet = ends[0, 0], max(ends[1:, 0].min(), -10.0)
    way = np.sign(head - feet)
    low, high = sorted((feet + 0.04 * way, head + BEYOND * way))
    return _box("table", (low, top - THICK, -HALF_WIDE), (high, top, HALF_WIDE))


def _seat(task: Task, q: Array, ground: float) -> dict[str, Any]:
    """As high and as deep as the movement was constructed with."""
    _, o, _ = frames(task.chain, q)
    hips = 0.5 * (o[:, SEGMENT_COORDINATE["thigh_r"]] + o[:, SEGMENT_COORDINATE["thigh_l"]])
    middle = hips[int(hips[:, 1].argmin())]
    below, ahead, behind = (
        value("movements", f"seat_{name}", package="simulate") for name in ("below_hip", "ahead_of_hip", "behind_hip")
    )
    return _box(
        "seat",
        (middle[0] - behind - 0.08, ground, middle[2] - SEAT_HALF_WIDE),
        (middle[0] + ahead, middle[1] - below, middle[2] + SEAT_HALF_WIDE),
    )


def _box(what: str, low: tuple[float, ...], high: tuple[float, ...]) -> dict[str, Any]:
    lows, highs = np.array(low, dtype=float), np.array(high, dtype=float)
    return {"what": what, "centre": (0.5 * (lows + highs)).tolist(), "size": (highs - lows).tolist()}


__all__ = ["Scenery", "scenery_of"]
