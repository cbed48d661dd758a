"""What the page shows: an answer as plain data that the stage in the browser draws.

`show(Asked(...))` returns a dictionary that `json.dumps` takes. Angles are in degrees: hip flexion and extension from
the clinical zero, pelvis and lumbar spine from standing (the tilt of who lies from the start, the rotation of the
pelvis from the way it heads). Places are in metres, X forward, Y up, Z right, as recorded. F frames, B bodies. Numbers
that are not there are None.

``version``, ``task``, ``title``, ``asked`` (`Asked.to_dict`), ``strategy``
``frames`` F, ``percent`` [F] of the right side's cycle or of the movement, ``span``, ``seconds`` one cycle lasts,
    ``loops`` whether it ends as it began, ``events`` [{``at`` percent, ``name``}]
``bodies`` [B] names, ``free`` and ``restricted``: base64 of little-endian float32 [F, B, 7], x y z and quaternion
    x y z w; NaN in frames without an answer. ``free_id`` changes when ``free`` does.
``shapes`` [{``body``, ``role``, ``kind``, ...}] as in `simulate.teach.person.shapes`; ``shapes_id`` changes
    when they do.
``head_top`` [3] on the thorax
``scenery`` {``ground`` height, ``table`` box or None, ``boxes`` [{``what``, ``centre``, ``size``}], ``belt`` [2]
    velocity of the ground along X, Z, ``travel`` [2] and ``start`` [2] of the pelvis along X, Z, ``heading`` at the
    start, in radians}
``share`` {``hip_r``, ``hip_l``, ``lumbar``: {``free`` [F], ``restricted`` [F]}}: 1 at the end of the person's own range
    in some direction, more beyond it; see `shares_used`.
``arcs`` [{``side``, ``centre_body`` "pelvis", ``centre`` [3] on it, ``radius``, ``limited``, ``flexion_deg`` and
    ``extension_deg``: ends of the restricted body's range as model angles of hip flexion, ``free_flexion_deg`` and
    ``free_extension_deg`` of the normal one, ``zero_deg`` where clinical extension is 0, ``angle`` {``free`` [F],
    ``restricted`` [F]} of the thigh}]: a model angle a points (sin a, -cos a, 0) on the pelvis.
``curves`` [{``key``, ``label``, ``unit``, ``group`` hip, pelvis or lumbar, ``side`` "r", "l" or None, ``free`` [F],
    ``restricted`` [F], ``limit`` and ``limit_low``: the imposed ends of its range or None, ``more`` and ``less``: words
    for the two ways}], ``panels`` [[keys]]: what belongs into one panel each, what to show first in front
``budget`` [{``limit`` in words, ``key`` of its curve, ``lost_deg``, ``at`` percent, ``parts`` [{``name``, ``deg``}]}]:
    the parts sum to the loss.
``summary`` {curve: {``added_deg``, ``at``, ``free_deg``, ``peak_deg``, ``free_peak_deg``, ``range_deg``}} of pelvis and
    lumbar spine: restricted less free, signed, at its largest, and what the free angle is there; the peaks are the
    largest values on the side to which was added.
``headline``, ``shortfall`` in words or None, ``shortfalls`` [{``goal``, ``mm``, ``deg``, ``at``}], ``notices`` [words]
``status`` {``solved``, ``shortfall``, ``unsolved``: frames}, ``frame_status`` [F] 1 solved, 2 falls short, 0 unsolved
``ms`` in the solver, ``ms_python`` in all
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, SIDE_WORDS, SIDES, SPINE
from kinematics.rom import RangeOfMotion, direction_name
from simulate.budget import PARTS, budgets
from simulate.compensation import bounds_of
from simulate.kernels.data import SHORTFALL, SOLVED, UNSOLVED
from simulate.restrictions import parse_cause, restrict
from simulate.strategies import STRATEGIES, allowances
from simulate.teach.asked import Asked
from simulate.teach.live.words import MOVEMENTS
from simulate.teach.person.figure import BODIES
from simulate.teach.prepared import Prepared, packed, prepare, tightened
from simulate.teach.said import (
    LUMBAR,
    PELVIS,
    Lost,
    cause_words,
    direction_words,
    headline,
    limit_words,
    shortfall_words,
    shortfalls,
)

Array = NDArray[np.float64]
Shown = dict[str, Any]
End = tuple[str, int]

VERSION = 1
PART_NAMES = {"lumbar": "lumbar spine", "thoracic": "thoracic spine"}
#: A loss that is larger by this is clearly the larger one. [deg] (assumption)
CLEARLY = 1.0
#: Movements that are about the hip's rotation first.
ROTATING = ("turn", "pivot", "swing", "prone-rotation")


@dataclass(frozen=True)
class Curve:
    """An angle over the cycle: `sign` times `coordinate`, from its zero; `more` and `less` name its two ways."""

    key: str
    label: str
    coordinate: str
    sign: int
    more: str
    less: str

    @property
    def group(self) -> str:
        """The joint in a word."""
        return self.key.split("_")[0]

    @property
    def side(self) -> str | None:
        """The side of a hip."""
        return self.coordinate[-1] if self.group == "hip" else None


CURVES = (
    *(Curve(f"hip_extension_{s}", f"{w.capitalize()} hip extension", f"hip_flexion_{s}", -1, "extension", "flexion")
      for s, w in SIDE_WORDS.items()),
    *(Curve(f"hip_internal_rotation_{s}", f"{w.capitalize()} hip internal rotation", f"hip_rotation_{s}", 1, "internal",
            "external") for s, w in SIDE_WORDS.items()),
    *(Curve(f"hip_abduction_{s}", f"{w.capitalize()} hip abduction", f"hip_adduction_{s}", -1, "abduction", "adduction")
      for s, w in SIDE_WORDS.items()),
    Curve("pelvis_tilt", "Pelvis, anterior tilt", "pelvis_tilt", -1, "forward", "backward"),
    Curve("pelvis_rotation", "Pelvis rotation, left", "pelvis_rotation", 1, "left", "right"),
    Curve("pelvis_list", "Pelvis drop, right", "pelvis_list", 1, "right", "left"),
    Curve("lumbar_extension", "Lumbar extension", "lumbar_extension", 1, "extension", "flexion"),
    Curve("lumbar_rotation", "Lumbar rotation, left", "lumbar_rotation", 1, "left", "right"),
    Curve("lumbar_bending", "Lumbar bending, right", "lumbar_bending", 1, "right", "left"),
)  # fmt: skip


def show(asked: Asked) -> Shown:
    """Solve what is asked and put the answer into plain data, as this module's head describes.

    Parameters
    ----------
    asked : Asked

    Raises
    ------
    HipspineError
        If limits and causes together leave a coordinate no range.
    """
    began = perf_counter()
    prepared = prepare(asked)
    task, free = prepared.task, prepared.free.q
    stiff = restrict(
        asked.rom, [parse_cause(each) for each in asked.causes], active=task.active, offsets=prepared.offsets,
        tissue=task.tissue,
    )  # fmt: skip
    _, bounds, _ = bounds_of(task, stiff.rom, prepared.offsets)
    # closure is kinematics: it knows how far a hip goes, not what that takes
    restricted_task = task if asked.strategy == "closure" else tightened(prepared, tuple(asked.causes))
    solving = perf_counter()
    answer = STRATEGIES[asked.strategy](restricted_task, *bounds, free=free, allow=allowances(asked.allow))
    solved = perf_counter()
    status = answer.solution.status
    there = status != UNSOLVED
    q = np.where(there[:, None], answer.solution.q, np.nan)
    curves = [_curve(curve, prepared, stiff.rom, q) for curve in CURVES]
    by_key = {curve["key"]: curve for curve in curves}
    summary = {name: found for name in (*LUMBAR, *PELVIS) if (found := _summary(by_key[name], prepared.percent, there))}
    budget = _budget(prepared, answer.solution.q, bounds, stiff.rom, there)
    short = shortfalls(answer, prepared.percent)
    short_words = shortfall_words(short)
    notices = [*prepared.notices, *stiff.notices]
    if asked.strategy == "closure" and tightened(prepared, tuple(asked.causes)) is not task:
        notices.append("closure knows limits alone: a tight tissue does not count there")
    poses = np.full_like(prepared.free_poses, np.nan)
    poses[there] = prepared.poses(answer.solution.q[there])
    low, high = bounds
    shown: Shown = {
        "version": VERSION,
        "task": asked.task,
        "title": MOVEMENTS[asked.task],
        "asked": asked.to_dict(),
        "strategy": asked.strategy,
        "frames": len(q),
        "percent": _plain(prepared.percent),
        "span": task.span,
        "seconds": prepared.seconds,
        "loops": prepared.loops,
        "events": prepared.events,
        "bodies": list(BODIES),
        "free": prepared.packed_free,
        "free_id": prepared.free_id,
        "restricted": packed(poses),
        "shapes": prepared.shapes,
        "shapes_id": prepared.shapes_id,
        "head_top": list(task.chain.point("head_top").location),
        "scenery": prepared.scenery.data(prepared.heading),
        "share": _shares(prepared, q, (low, high)),
        "arcs": [_arc(side, prepared, bounds, stiff.rom, q) for side in SIDES],
        "curves": curves,
        "panels": _panels(asked.task, stiff.rom, budget),
        "budget": budget,
        "summary": summary,
        "headline": headline(
            asked.task,
            [Lost(each["limit"], each["lost_deg"]) for each in sorted(budget, key=lambda each: -each["lost_deg"])],
            [limit_words(name, left) for name, left in asked.limits_deg.items()],
            [cause_words(each) for each in asked.causes],
            {name: found["added_deg"] for name, found in summary.items()},
            {name: found["free_deg"] for name, found in summary.items()},
            short_words,
            int((~there).sum()),
        ),
        "notices": notices,
        "status": {
            name: int((status == code).sum())
            for name, code in (("solved", SOLVED), ("shortfall", SHORTFALL), ("unsolved", UNSOLVED))
        },
        "frame_status": [{SOLVED: 1, SHORTFALL: 2}.get(int(code), 0) for code in status],
        "shortfall": short_words,
        "shortfalls": short,
    }
    shown["ms"] = 1e3 * (solved - solving)
    shown["ms_python"] = 1e3 * (perf_counter() - began)
    return shown


def _plain(values: Array) -> list[float | None]:
    """Numbers to a thousandth, None where there are none."""
    return [None if each != each else each for each in np.round(values, 3).tolist()]


def _angle(curve: Curve, prepared: Prepared, q: Array) -> Array:
    """One angle (F,) from its zero. [deg]"""
    i = INDEX[curve.coordinate]
    zero = -prepared.offsets[i]
    if curve.coordinate == "pelvis_rotation":
        zero = prepared.heading
    elif curve.coordinate == "pelvis_tilt" and prepared.task.raised:  # who lies does not stand
        zero = prepared.free.q[0, i]
    return np.asarray(curve.sign * np.rad2deg(q[:, i] - zero))


def _curve(curve: Curve, prepared: Prepared, rom: RangeOfMotion, q: Array) -> dict[str, Any]:
    def end(way: int) -> float | None:
        of = curve.coordinate, way * curve.sign
        return way * rom.reach_deg[of] if of in rom.limited_bounds else None

    return {
        "key": curve.key,
        "label": curve.label,
        "unit": "deg",
        "group": curve.group,
        "side": curve.side,
        "free": _plain(_angle(curve, prepared, prepared.free.q)),
        "restricted": _plain(_angle(curve, prepared, q)),
        "limit": end(1),
        "limit_low": end(-1),
        "more": curve.more,
        "less": curve.less,
    }


def _summary(curve: dict[str, Any], percent: Array, there: NDArray[np.bool_]) -> dict[str, Any] | None:
    """What is added to a curve at its largest; None if there is no answer."""
    if not there.any():
        return None
    free, restricted = (np.array(curve[kind], dtype=np.float64)[there] for kind in ("free", "restricted"))
    added = restricted - free
    k = int(np.abs(added).argmax())
    most = np.max if added[k] >= 0.0 else np.min
    return {
        "added_deg": round(float(added[k]), 3),
        "at": float(percent[there][k]),
        "free_deg": float(free[k]),
        "peak_deg": float(most(restricted)),
        "free_peak_deg": float(most(free)),
        "range_deg": float(np.ptp(restricted)),
    }


def _budget(
    prepared: Prepared, q: Array, bounds: tuple[Array, Array], rom: RangeOfMotion, there: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Where the lost degrees of every limited hip direction went."""
    free = np.where(there[:, None], prepared.free.q, 0.0)
    found = budgets(
        prepared.task.chain, free, np.where(there[:, None], q, 0.0), bounds, rom.limited_bounds, solved=there
    )
    keys = {curve.coordinate: curve.key for curve in CURVES}
    return [
        {
            "limit": direction_words(direction_name(each.coordinate, each.direction)),
            "key": keys[each.coordinate],
            "lost_deg": float(np.rad2deg(each.loss)),
            "at": float(prepared.percent[each.frame]),
            "parts": [
                {"name": PART_NAMES.get(name, name), "deg": float(np.rad2deg(part))}
                for name, part in zip(PARTS, each.parts, strict=True)
            ],
        }
        for each in found
    ]


def shares_used(q: Array, lower: Array, upper: Array, normal: tuple[Array, Array], zero: Array) -> Array:
    """How much of its range each coordinate has used up, in the direction in which that is most.

    Parameters
    ----------
    q : ndarray, shape (F, 24)
        [rad]
    lower, upper : ndarray, shape (24,)
        The person's own range. [rad]
    normal : (lower, upper), each (24,)
        The unrestricted range. [rad]
    zero : ndarray, shape (24,)
        Where the range counts from: the neutral posture. [rad]

    Returns
    -------
    ndarray, shape (F, 24)
        1 at the end of the own range, more beyond it: 1 less the room that is left before the end, as a share of the
        normal range in that direction. Where the range is normal that is the part of it that is used; where a limit
        leaves nothing it still tells how near the limit is.
    """
    above = 1.0 - (upper - q) / (normal[1] - zero)
    below = 1.0 - (q - lower) / (zero - normal[0])
    return np.maximum(np.maximum(above, below), 0.0)


def _shares(prepared: Prepared, q: Array, bounds: tuple[Array, Array]) -> dict[str, dict[str, list[float | None]]]:
    free, zero = prepared.free_bounds, -prepared.offsets
    found: dict[str, dict[str, list[float | None]]] = {}
    joints = {f"hip_{side}": [f"hip_{each}_{side}" for each in ("flexion", "adduction", "rotation")] for side in SIDES}
    with np.errstate(divide="ignore", invalid="ignore"):
        for kind, motion, own in (("free", prepared.free.q, free), ("restricted", q, bounds)):
            used = shares_used(motion, *own, free, zero)
            for joint, names in (*joints.items(), ("lumbar", SPINE[:3])):
                most = used[:, [INDEX[name] for name in names]].max(axis=1)
                found.setdefault(joint, {})[kind] = _plain(most)
    return found


def _arc(side: str, prepared: Prepared, bounds: tuple[Array, Array], rom: RangeOfMotion, q: Array) -> dict[str, Any]:
    """What one hip's flexion and extension range is, and where the thigh is in it; model angles."""
    name = f"hip_flexion_{side}"
    i, chain = INDEX[name], prepared.task.chain
    low, high = (float(np.rad2deg(end[i])) for end in bounds)
    free_low, free_high = (float(np.rad2deg(end[i])) for end in prepared.free_bounds)
    return {
        "side": side,
        "centre_body": "pelvis",
        "centre": chain.offsets[i].tolist(),
        "radius": 0.55 * float(np.linalg.norm(chain.offsets[INDEX[f"knee_angle_{side}"]])),
        "limited": any(of == name for of, _ in rom.limited_bounds),
        "flexion_deg": high,
        "extension_deg": low,
        "free_flexion_deg": free_high,
        "free_extension_deg": free_low,
        "zero_deg": float(np.rad2deg(-prepared.offsets[i])),
        "angle": {
            "free": _plain(np.rad2deg(prepared.free.q[:, i])),
            "restricted": _plain(np.rad2deg(q[:, i])),
        },
    }


def _panels(task: str, rom: RangeOfMotion, budget: list[dict[str, Any]]) -> list[list[str]]:
    """What belongs into one panel each, what to show first in front."""
    limited = [name for name, _ in rom.limited_bounds if name.startswith("hip_")]
    most = max(budget, key=lambda each: float(each["lost_deg"]), default=None)
    lead = "l" if task == "swing" else "r"  # right-handed: the left hip leads
    if limited and len({name[-1] for name in limited}) == 1:
        lead = limited[0][-1]
    elif most and all(each is most or each["lost_deg"] < most["lost_deg"] - CLEARLY for each in budget):
        lead = most["key"][-1]
    sides = ("l", "r") if lead == "l" else ("r", "l")
    kinds = ["hip_extension", "hip_internal_rotation", "hip_abduction"]
    first = {"hip_flexion": 0, "hip_rotation": 1, "hip_adduction": 2}
    front = first[limited[0][:-2]] if limited else int(task in ROTATING)
    kinds.insert(0, kinds.pop(front))
    turning = kinds[0] == "hip_internal_rotation"
    pelvis = ["pelvis_tilt", "pelvis_rotation", "pelvis_list"]
    if turning:
        pelvis = ["pelvis_rotation", "pelvis_tilt", "pelvis_list"]
    lumbar = [
        ["lumbar_extension", "lumbar_rotation", "lumbar_bending"],
        ["lumbar_rotation", "lumbar_extension", "lumbar_bending"],
    ]
    return [
        [f"{kind}_{side}" for kind in kinds for side in sides],
        pelvis,
        *(lumbar[::-1] if turning else lumbar),
    ]


__all__ = ["BODIES", "CURVES", "Curve", "Shown", "shares_used", "show"]
