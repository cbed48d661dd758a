"""Tests on a table: prone hip extension and prone hip rotation; the body lies face down and may lift, but not sink.

The head points along the world's X, the front down. What rests on the table (ASISs, pubis, ribs, chest, thighs) does
not go below where it lies; the body's weight is an energy and keeps it there. What moves the leg is a moment from
outside of the body, also where the person's own muscles lift it: that these pull on the pelvis too is left out. How the
posture was in the published tests is not known, and this is an assumption.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point
from kinematics.conventions import INDEX, SIDE_WORDS, SIDES, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.pose import positions
from kinematics.tables import value
from kinematics.zero import Standing
from simulate.goals import MASS_CENTRE, MUST, NOT_BELOW, PULL, SOFT, CombinationGoal, Goal, PointGoal
from simulate.motion import motion_of
from simulate.problem import Task, stiffness
from simulate.tasks.asked import TURNS
from simulate.tasks.planted import ASKED, FORWARD, RIGHT, UP, Stance, stand, there, trunk_goal
from simulate.tissue import legs

Array = NDArray[np.float64]


def prone_extension(
    chain: Chain | None = None,
    *,
    standing: Standing | None = None,
    raise_deg: float | None = None,
    side: str = "right",
) -> Task:
    """Prone hip extension: one straight leg is raised off the table, its abduction left free.

    Parameters
    ----------
    chain : Chain, optional
        The generic body if not given.
    standing : Standing, optional
        The person's standing posture; needed with a chain of a model.
    raise_deg : float, optional
        Elevation of the thigh above the table; table ``movements`` if not given. 0 to less than 90. [deg]
    side : {"right", "left"}

    Raises
    ------
    HipspineError
        If the side is unknown or the elevation out of range.
    """
    raise_deg = value("movements", "prone_raise", package="simulate") if raise_deg is None else raise_deg
    _in_range("raise", raise_deg)
    stance, one = stand(chain, standing=standing), _side(side)
    q = _lying(stance)
    up = np.deg2rad(raise_deg) * there(len(q))
    hip = INDEX[f"hip_flexion_{one}"]
    q[:, hip] = np.maximum(q[:, hip] - up, stance.lower[hip])
    thigh = _along(stance.chain, f"knee_angle_{one}")
    asked = _leg_direction(f"thigh_{one}", -thigh, UP, -np.sin(up), "elevation of the thigh")
    return _on_table(
        "prone",
        stance,
        q,
        asked,
        raised=one,
        asked_words="elevation",
        how=f"prone hip extension, the {side} thigh raised by {raise_deg:g} deg",
        active=True,
    )


def prone_rotation(
    chain: Chain | None = None,
    *,
    standing: Standing | None = None,
    angle_deg: float | None = None,
    turn: str = "internal",
    side: str = "right",
) -> Task:
    """Prone hip rotation: the knee at 90 deg, the shank leans out (internal rotation) or in (external rotation).

    Parameters
    ----------
    chain : Chain, optional
        The generic body if not given.
    standing : Standing, optional
        The person's standing posture; needed with a chain of a model.
    angle_deg : float, optional
        Lean of the shank from the vertical; table ``movements`` if not given. 0 to less than 90. [deg]
    turn : {"internal", "external"}
    side : {"right", "left"}

    Raises
    ------
    HipspineError
        If side or turn is unknown, or the angle out of range.
    """
    angle_deg = value("movements", "prone_rotation", package="simulate") if angle_deg is None else angle_deg
    _in_range("angle", angle_deg)
    if turn not in TURNS:
        raise unknown("turn of the hip", turn, TURNS)
    stance, one = stand(chain, standing=standing), _side(side)
    q = _lying(stance)
    q[:, INDEX[f"knee_angle_{one}"]] += 0.5 * np.pi
    lean = np.deg2rad(angle_deg) * there(len(q))
    hip, sense = INDEX[f"hip_rotation_{one}"], 1.0 if turn == "internal" else -1.0
    q[:, hip] = np.clip(q[:, hip] + sense * lean, stance.lower[hip], stance.upper[hip])
    outward = 1.0 if one == "r" else -1.0
    shank = _along(stance.chain, f"ankle_angle_{one}")
    asked = _leg_direction(f"shank_{one}", shank, RIGHT, outward * sense * np.sin(lean), "lean of the shank")
    return _on_table(
        "prone-rotation",
        stance,
        q,
        asked,
        raised=one,
        asked_words="lean of the shank",
        how=f"prone hip rotation, the {side} shank leaning by {angle_deg:g} deg in {turn} rotation",
        active=False,
    )


def _side(side: str) -> str:
    for letter, word in SIDE_WORDS.items():
        if side == word:
            return letter
    raise unknown("side", side, SIDE_WORDS.values())


def _in_range(name: str, degrees: float) -> None:
    if not 0.0 <= degrees < 90.0:
        raise HipspineError(f"{name} must be 0 to less than 90 deg, is {degrees:g}")


def _lying(stance: Stance) -> Array:
    """Standing straight, laid down on the front; legs in line with the trunk's long axis, (F, 24). [m, rad]"""
    flat = stance.q.copy()
    flat[[INDEX[name] for name in TRANSLATIONS]] = 0.0
    for side in SIDES:
        flat[INDEX[f"hip_flexion_{side}"]] = -flat[INDEX["pelvis_tilt"]]
        flat[
            [INDEX[f"{name}_{side}"] for name in ("hip_adduction", "hip_rotation", "ankle_angle", "subtalar_angle")]
        ] = 0.0
    flat[INDEX["pelvis_tilt"]] -= 0.5 * np.pi
    return np.tile(flat, (len(there()), 1))


def _along(chain: Chain, coordinate: str) -> Array:
    """Unit vector (3,) along a bone, towards the joint of `coordinate`, in the bone's frame."""
    offset = chain.offsets[INDEX[coordinate]]
    return np.asarray(offset / np.linalg.norm(offset))


def _leg_direction(segment: str, vector: Array, normal: Array, target: Array, name: str) -> PointGoal:
    x, y, z = vector.tolist()
    n = len(target)
    return PointGoal(
        name=name,
        point=Point(segment, (x, y, z)),
        normal=np.tile(normal, (n, 1)),
        target=target,
        is_direction=True,
        role=np.full(n, MUST, np.int8),
        yields=ASKED,
    )


def _contacts(chain: Chain, standing: Standing) -> dict[str, Point]:
    """What can rest on the table, by name."""
    row = {name: value("movements", f"prone_{name}", package="simulate") for name in (
        "pubis_below_asis", "ribs_above_t12l1", "chest_above_t12l1", "ribs_half_width", "ribs_ahead_of_t12l1"
    )}  # fmt: skip
    half = abs(chain.offsets[INDEX["hip_flexion_r"]][2]) / value("generic", "hip_z", "male") * 0.5
    front = np.array([0.0, 0.0, 0.0])
    if "asis_r" in chain.points and "asis_l" in chain.points:
        front = np.mean([chain.points[f"asis_{side}"].location for side in SIDES], axis=0)
    s, c = np.sin(-standing.pelvis_tilt), np.cos(standing.pelvis_tilt)
    below = row["pubis_below_asis"]
    points = {"pubis": Point("pelvis", (float(front[0] + s * below), float(front[1] - c * below), 0.0))}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        own = Point("pelvis", (0.0, 0.0, sign * half))
        points[f"asis_{side}"] = chain.points.get(f"asis_{side}", own)
        for name in ("ribs", "chest"):
            place = (row["ribs_ahead_of_t12l1"], row[f"{name}_above_t12l1"], sign * row["ribs_half_width"])
            points[f"{name}_{side}"] = Point("thorax", place)
        # a thigh rests along its whole length, and a shank
        points |= {name: chain.point(name) for name in (f"hip_{side}", f"knee_{side}", f"ankle_{side}")}
    return points


def _on_table(
    name: str, stance: Stance, q: Array, asked: PointGoal, *, raised: str, asked_words: str, how: str, active: bool
) -> Task:
    """A task of somebody who lies on a table: contacts, weight, hardly any sliding, and what is asked of the leg."""
    n, always = len(q), np.full(len(q), MUST, np.int8)
    points = _contacts(stance.chain, stance.standing)
    chain = replace(stance.chain, points={**stance.chain.points, **points})
    lying = q[:1].copy()
    lying[:, INDEX[f"hip_flexion_{raised}"]] = lying[:, INDEX[f"hip_flexion_{'l' if raised == 'r' else 'r'}"]]
    lying[:, INDEX[f"knee_angle_{raised}"]] = 0.0
    lying[:, INDEX[f"hip_rotation_{raised}"]] = 0.0
    places = dict(zip(points, positions(chain, lying, list(points))[0], strict=True))
    goals: list[Goal] = [asked]
    for each, point in points.items():
        goals.append(
            PointGoal(
                name=f"{each} on the table",
                point=point,
                normal=np.tile(UP, (n, 1)),
                target=np.full(n, places[each][1]),
                role=always,
                room=np.array(NOT_BELOW),
            )
        )
    friction = value("movements", "table_friction", package="simulate")
    for side in SIDES:
        for word, axis in (("forward", FORWARD), ("right", RIGHT)):
            goals.append(
                PointGoal(
                    name=f"ribs_{side} {word}",
                    point=points[f"ribs_{side}"],
                    normal=np.tile(axis, (n, 1)),
                    target=np.full(n, places[f"ribs_{side}"] @ axis),
                    role=np.full(n, SOFT, np.int8),
                    stiffness=friction,
                )
            )
    # the moved knee is held as it is; the trunk is held by its weight alone, but `least` may not lift it far
    knee = f"knee_angle_{raised}"
    goals.append(
        CombinationGoal(name=f"{knee} held", factors={knee: 1.0}, target=q[:, INDEX[knee]].copy(), role=always)
    )
    goals.append(replace(trunk_goal(chain, q), stiffness=0.0, stiffness_name=""))
    weight = chain.mass * value("movements", "gravity", package="simulate")
    goals.append(
        PointGoal(
            name="weight",
            point=MASS_CENTRE,
            normal=np.tile(UP, (n, 1)),
            target=np.zeros(n),
            role=np.full(n, PULL, np.int8),
            stiffness=weight,
        )
    )
    free = stiffness()
    free[[INDEX["pelvis_tilt"], INDEX["pelvis_list"]]] = 0.0  # nobody holds a pelvis that lies on a table
    time, percent, on = np.linspace(0.0, 1.0, n), np.linspace(0.0, 100.0, n), np.zeros(n, np.bool_)
    return Task(
        name=name,
        chain=chain,
        motion=motion_of(q, chain, time, name),
        time=time,
        q=q,
        goals=tuple(goals),
        stiffness=free,
        tissue=legs(stance.standing),
        standing=stance.standing,
        percent=dict.fromkeys(SIDES, percent),
        loaded=dict.fromkeys(SIDES, on),
        yields=(asked_words,),
        span="movement",
        constructed=how,
        raised=raised,
        active=active,
        notices=(
            f"constructed, no recording: {how}; posture and what rests on the table are assumptions",
            "the person lifts the leg; that its muscles pull on the pelvis too is left out; it carries no time"
            if active
            else "the leg is moved by a hand from outside; it carries no time",
        ),
    )


__all__ = ["TURNS", "prone_extension", "prone_rotation"]
