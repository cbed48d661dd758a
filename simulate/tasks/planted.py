"""Tasks on two planted feet: where somebody stands, what keeps them standing, and movements constructed from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from kinematics.chain import Chain, Point
from kinematics.conventions import COORDINATES, INDEX, SIDES, SPINE
from kinematics.errors import HipspineError
from kinematics.pose import centre_of_mass, orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_about
from kinematics.spine import lumbar_shares, split
from kinematics.tables import value
from kinematics.zero import Standing, standing_from_posture, standing_tilt, zero_offsets
from simulate.goals import MASS_CENTRE, MUST, NOT_BELOW, OFF, SOFT, Goal, OrientationGoal, PointGoal
from simulate.motion import Motion, motion_of
from simulate.problem import Task, misses, stiffness
from simulate.solution import MUST_DEG, MUST_MM, UNSOLVED, solve_or_fall_short
from simulate.tissue import legs

Array = NDArray[np.float64]
FORWARD, UP, RIGHT = np.eye(3)
_AXES = {"forward": FORWARD, "up": UP, "right": RIGHT}
#: What falls short first when not all musts can be met is the task's own; what next, and its name in `YIELDS`.
ASKED, BALANCE = 1, 2
BALANCE_WORDS = "balance and feet"
#: Frames of a constructed movement: its curves are smooth, and every 2 percent show them.
FRAMES = 51
#: Stiffness at which a construction holds what its pattern says. [N m/rad] Not tissue: only ratios matter.
PATTERN = 1e4


@dataclass(frozen=True, eq=False)
class Stance:
    """Somebody standing on two feet: `q` (24,) [m, rad], the `standing` posture behind the zeros, and the normal range
    `lower`, `upper` (24,) in the chain's own zero.
    """

    chain: Chain
    q: Array
    standing: Standing
    lower: Array
    upper: Array

    def repeated(self, frames: int = FRAMES) -> Array:
        """The posture (frames, 24)."""
        return np.tile(self.q, (frames, 1))


def stand(chain: Chain | None = None, *, standing: Standing | None = None, toe_out_deg: float = 0.0) -> Stance:
    """Stand straight on flat feet below the hips.

    Knees straight, thorax upright, pelvis tilted as published for standing (or as in `standing`), mass centre over the
    middle of the feet.

    Parameters
    ----------
    chain : Chain, optional
        The generic body if not given.
    standing : Standing, optional
        The person's own standing posture; the published tilt on a generic body if not given.
    toe_out_deg : float
        By how much each foot points outward. [deg]

    Raises
    ------
    HipspineError
        If a chain of a model comes without its standing posture, or cannot stand.
    """
    chain = Chain.generic() if chain is None else chain
    if standing is None and chain.convention.coordinates:
        raise HipspineError(
            f"chain {chain.name!r}: what its zero means is not known without a standing posture of the same person "
            "(--standing FILE)"
        )
    tilt_deg = standing_tilt()[0]
    q = np.zeros(len(COORDINATES))
    tilt = -np.deg2rad(tilt_deg) if standing is None else standing.pelvis_tilt
    q[INDEX["pelvis_tilt"]] = tilt
    for k, side in enumerate(SIDES):
        q[INDEX[f"hip_flexion_{side}"]] = -tilt if standing is None else standing.hip_flexion[k]
        q[INDEX[f"hip_rotation_{side}"]] = -np.deg2rad(toe_out_deg)
    if standing is None:
        q[[INDEX[name] for name in SPINE]] = split(chain, np.swapaxes(orientation(chain, q, "pelvis"), -1, -2))
        standing = standing_from_posture(q, "a generic body that stands with the published tilt, thorax upright")
    else:
        q[[INDEX[name] for name in SPINE]] = standing.spine
    offsets = zero_offsets("clinical", standing, standing_tilt_deg=tilt_deg)
    lower, upper = RangeOfMotion.normal().bounds(offsets)
    for name in chain.locked:
        lower[INDEX[name]] = upper[INDEX[name]] = 0.0
    q[INDEX["pelvis_ty"]] -= min(positions(chain, q, [f"heel_{side}" for side in SIDES])[:, 1])
    found = Stance(chain, q, standing, np.minimum(lower, q), np.maximum(upper, q))
    q = _upright(found)
    return replace(found, q=q, standing=standing_from_posture(q, standing.how))


def _upright(stance: Stance) -> Array:
    """The posture with flat feet and its mass centre over their middle, legs and pelvis as near as that allows."""
    chain, flat = stance.chain, stance.repeated(1)
    feet = positions(chain, flat, [f"{part}_{side}" for part in ("heel", "toe") for side in SIDES])[0]
    level = _level_feet(chain, flat)
    goals = [*level, *mass_centre_at(level, feet.mean(axis=0)), trunk_goal(chain, flat)]
    holding = held("pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle")
    return np.asarray(construct(stance, flat, goals, held=holding)[0])


def _level_feet(chain: Chain, q: Array) -> list[Goal]:
    """Both soles on the floor, where and as the feet of `q` (F, 24) point but level."""
    return [goal for side in SIDES for goal in foot_goals(chain, q, side, level=True)]


def foot_goals(
    chain: Chain, q: Array, side: str, *, level: bool = False, light: NDArray[np.bool_] | None = None
) -> list[Goal]:
    """One foot stays where it is in the postures `q` (F, 24): six musts, of which one is a preference without a
    subtalar joint.

    Parameters
    ----------
    chain : Chain
    q : ndarray, shape (F, 24)
        [m, rad]
    side : {"r", "l"}
    level : bool
        Whether the sole is level, on a floor at the heel's height, whatever `q` says.
    light : ndarray of bool, shape (F,), optional
        Where it keeps its forefoot only: its heel may rise and it may turn.
    """
    n, always = len(q), np.full(len(q), MUST, np.int8)
    light = np.zeros(n, np.bool_) if light is None else light
    flat = np.where(light, OFF, MUST).astype(np.int8)
    heel, forefoot = (chain.point(f"{part}_{side}") for part in ("heel", "forefoot"))
    at_heel, at_forefoot = np.moveaxis(positions(chain, q, [f"heel_{side}", f"forefoot_{side}"]), 1, 0)
    along = np.array(forefoot.location) - np.array(heel.location)
    along /= np.linalg.norm(along)
    aside = np.cross(along, UP)
    aside /= np.linalg.norm(aside)
    R = orientation(chain, q, f"foot_{side}")
    across = np.cross(R @ along, UP)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    if level:
        at_forefoot[:, 1] = at_heel[:, 1]

    def held(name: str, point: Point, normal: Array, target: Array, **more: Any) -> PointGoal:
        normal = np.array(np.broadcast_to(normal, (n, 3)))
        return PointGoal(
            **{"role": flat, "yields": BALANCE, **more}, name=name, point=point, normal=normal, target=target
        )

    goals: list[Goal] = [
        held(f"forefoot_{side} {word}", forefoot, axis, at_forefoot @ axis, role=always) for word, axis in _AXES.items()
    ]
    goals.append(held(f"heel_{side} up", heel, UP, at_heel[:, 1]))
    progress = held(
        f"foot progression_{side}",
        _direction(f"foot_{side}", along),
        across,
        np.zeros(n),
        is_direction=True,
        is_heading=True,
    )
    sideways, slope = _direction(f"foot_{side}", aside), np.zeros(n) if level else (R @ aside)[:, 1]
    roll = held(f"foot roll_{side}", sideways, UP, slope, is_direction=True)
    if f"subtalar_angle_{side}" in chain.locked:  # a leg of five joints cannot hold six
        soft = np.where(light, OFF, SOFT).astype(np.int8)
        roll = replace(roll, role=soft, yields=0, allowance="foot_roll", allowed=np.array([-1.0, 1.0]))
    goals += [progress, roll]
    if light.any():
        off_the_floor = {"role": np.where(light, MUST, OFF).astype(np.int8), "room": np.array(NOT_BELOW)}
        goals.append(held(f"heel_{side} off the floor", heel, UP, np.full(n, at_heel[:, 1].min()), **off_the_floor))
    return goals


def _direction(segment: str, vector: Array) -> Point:
    x, y, z = vector.tolist()
    return Point(segment, (x, y, z))


def trunk_goal(chain: Chain, q: Array, *, free: Sequence[str] = ()) -> OrientationGoal:
    """The thorax would rather be as in `q` (F, 24), about each of its axes ``side``, ``long`` and ``across`` but the
    `free` ones.
    """
    role = np.array([OFF if axis in free else SOFT for axis in ("side", "long", "across")], np.int8)
    return OrientationGoal(
        name="trunk",
        segment="thorax",
        target=orientation(chain, q, "thorax"),
        role=np.tile(role, (len(q), 1)),
        stiffness=value("stiffness", "trunk_orientation", package="simulate"),
        stiffness_name="trunk_orientation",
        allowance="trunk_lean",
        allowed=np.array([-1.0, 1.0]),
    )


def thorax_must(target: Array, axis: str, name: str) -> OrientationGoal:
    """The thorax has to reach the `target` (F, 3, 3) about one of its own axes; falls short first."""
    role = np.array([MUST if axis == each else OFF for each in ("side", "long", "across")], np.int8)
    return OrientationGoal(
        name=name, segment="thorax", target=target, role=np.tile(role, (len(target), 1)), yields=ASKED
    )


def trunk_goals(chain: Chain, q: Array, axis: str) -> list[Goal]:
    """The thorax would rather not lean aside of the postures `q` (F, 24), and does so only so far (table
    ``movements``); about its own `axis` something else is asked.
    """
    most = value("movements", "trunk_aside", package="simulate")
    aside = upright_must(orientation(chain, q, "thorax"), axis, by_deg=most)
    return [trunk_goal(chain, q, free=[axis]), aside]


def upright_must(target: Array, axis: str, *, by_deg: float = 0.0) -> OrientationGoal:
    """The thorax leans aside of the `target` (F, 3, 3), about its axes other than `axis`, by no more than `by_deg`.

    Without it a turn or bend beyond reach would be found in lying down sideways.
    """
    role = np.array([OFF if axis == each else MUST for each in ("side", "long", "across")], np.int8)
    return OrientationGoal(
        name="trunk no further aside",
        segment="thorax",
        target=target,
        role=np.tile(role, (len(target), 1)),
        room=np.deg2rad([-by_deg, by_deg]),
        yields=BALANCE,
    )


def balance_goals(chain: Chain, q: Array, more: ArrayLike | None = None) -> list[Goal]:
    """The mass centre stays over the feet, or no further outside than in `q` (F, 24).

    Parameters
    ----------
    chain : Chain
    q : ndarray, shape (F, 24)
        [m, rad]
    more : array_like, shape (F, K, 3), optional
        Other places that carry, NaN where they do not. [m]
    """
    names = [f"{part}_{side}" for part in ("heel", "toe") for side in SIDES]
    carried = positions(chain, q, names)
    if more is not None:
        carried = np.concatenate([carried, np.asarray(more, dtype=np.float64)], axis=1)
    edges = [_edges(place[np.isfinite(place).all(axis=1)][:, [0, 2]]) for place in carried]
    most = max(len(each) for each in edges)
    centre = centre_of_mass(chain, q)
    goals: list[Goal] = []
    for k in range(most):
        there = np.array([k < len(each) for each in edges])
        inward = np.array([[each[k][0], 0.0, each[k][1]] if k < len(each) else [1.0, 0.0, 0.0] for each in edges])
        edge = np.array([each[k][2] if k < len(each) else 0.0 for each in edges])
        inside = np.einsum("fi,fi->f", inward, centre) - edge
        goals.append(
            PointGoal(
                name=f"mass centre over the feet, edge {k + 1}",
                point=MASS_CENTRE,
                normal=inward,
                target=edge + np.minimum(inside, 0.0),
                role=np.where(there, MUST, OFF).astype(np.int8),
                room=np.array(NOT_BELOW),
                yields=BALANCE,
            )
        )
    return goals


def _edges(places: Array) -> list[tuple[float, float, float]]:
    """Edges of the convex hull of `places` (K, 2) as (x, z, c): inside x X + z Z >= c. [m]"""
    return [(-float(x), -float(z), float(c)) for x, z, c in np.unique(ConvexHull(places).equations.round(12), axis=0)]


def middle_of_hips(chain: Chain) -> Point:
    """The point of the pelvis midway between the hip centres."""
    x, y, z = np.mean([chain.offsets[INDEX[f"hip_flexion_{side}"]] for side in SIDES], axis=0).tolist()
    return Point("pelvis", (x, y, z))


def mass_centre_at(like: Sequence[Goal], place: Array) -> list[Goal]:
    """The mass centre at a `place` (3,) or (F, 3) on the floor, over as many frames as the goals `like`; for
    constructions.
    """
    n = len(like[0].role)
    place = np.broadcast_to(place, (n, 3))
    return [
        PointGoal(
            name=f"mass centre {word}",
            point=MASS_CENTRE,
            normal=np.tile(_AXES[word], (n, 1)),
            target=place @ _AXES[word],
            role=np.full(n, MUST, np.int8),
            yields=BALANCE,
        )
        for word in ("forward", "right")
    ]


def construct(
    stance: Stance,
    pattern: Array,
    goals: Sequence[Goal],
    *,
    held: Mapping[str, float],
    within: Mapping[str, float] | None = None,
) -> Array:
    """The postures nearest to a `pattern` (F, 24) that meet the goals within the normal range; (F, 24).

    Knees do not go past straight. What is asked may fall short; where the other goals cannot be met, or no posture is
    found, the movement stays as it was when they last could (or will first be).

    Parameters
    ----------
    stance : Stance
    pattern : ndarray, shape (F, 24)
        [m, rad]
    goals : sequence of Goal
    held : mapping of str to float
        Stiffness by coordinate (both sides of one without side) about the pattern; the others follow. [N m/rad]
    within : mapping of str to float, optional
        How far from the pattern a coordinate may be, either way. [rad]

    Raises
    ------
    HipspineError
        If no posture at all is found.
    """
    weights = np.array([held.get(name, held.get(name[:-2], 0.0)) for name in COORDINATES])
    task = _bare(stance, pattern, goals, weights)
    lower, upper = (np.tile(end, (len(pattern), 1)) for end in (stance.lower, stance.upper))
    for side in SIDES:
        knee = INDEX[f"knee_angle_{side}"]
        lower[:, knee] = max(stance.lower[knee], min(0.0, stance.q[knee]))
    for i, name in enumerate(COORDINATES):
        room = (within or {}).get(name, (within or {}).get(name[:-2], np.inf))
        lower[:, i] = np.minimum(np.maximum(lower[:, i], pattern[:, i] - room), upper[:, i])
        upper[:, i] = np.maximum(np.minimum(upper[:, i], pattern[:, i] + room), lower[:, i])
    solution, _ = solve_or_fall_short(task, lower, upper, "construction")
    miss = misses(task, solution.q)
    most = [np.inf if goal.yields == ASKED else MUST_MM if goal.unit == "mm" else MUST_DEG for goal in goals]
    found = np.flatnonzero((solution.status != UNSOLVED) & (miss <= most).all(axis=1))
    if not found.size:
        raise HipspineError(f"chain {stance.chain.name!r}: the movement could not be constructed")
    nearest = np.abs(np.arange(len(pattern))[:, None] - found).argmin(axis=1)
    return np.asarray(solution.q[found[nearest]])


def held(*names: str) -> dict[str, float]:
    """Stiffness at which a construction holds these coordinates and the spine, whose joints depart in their shares."""
    parts = lumbar_shares()
    spine = dict(zip(SPINE, [*PATTERN * (1.0 - parts) / parts, *[PATTERN] * 3], strict=True))
    return {**dict.fromkeys(names, PATTERN), **spine}


def _bare(stance: Stance, q: Array, goals: Sequence[Goal], weights: Array) -> Task:
    """A task that is nothing but its posture problems."""
    time, percent, on = np.linspace(0.0, 1.0, len(q)), np.linspace(0.0, 100.0, len(q)), np.ones(len(q), np.bool_)
    return Task(
        name="construction",
        chain=stance.chain,
        motion=motion_of(q, stance.chain, time, "construction"),
        time=time,
        q=q,
        goals=tuple(goals),
        stiffness=weights,
        standing=stance.standing,
        percent=dict.fromkeys(SIDES, percent),
        loaded=dict.fromkeys(SIDES, on),
        yields=("what is asked", BALANCE_WORDS),
        span="movement",
    )


def planted(
    name: str,
    stance: Stance,
    q: Array,
    goals: Sequence[Goal],
    *,
    asked: str,
    how: str,
    source: str = "",
    motion: Motion | None = None,
    feet: Sequence[Goal] | None = None,
) -> Task:
    """A task on two planted feet: the feet stay, the mass centre stays over them, and what the movement asks.

    Parameters
    ----------
    name : str
    stance : Stance
    q : ndarray, shape (F, 24)
        The reference. [m, rad]
    goals : sequence of Goal
        What is asked beside feet and balance.
    asked : str
        What falls short first, in words.
    how : str
        How the reference was constructed; empty if recorded.
    source : str
    motion : Motion, optional
        What was recorded.
    feet : sequence of Goal, optional
        What the feet are asked for, if not to stay.
    """
    task = _bare(stance, q, (), stiffness())
    if feet is None:
        feet = [goal for side in SIDES for goal in foot_goals(stance.chain, q, side)]
    if motion is None:
        motion = motion_of(q, stance.chain, task.time, source or name)
        notices: tuple[str, ...] = (f"constructed, no recording: {how}; it carries no time and no load",)
    else:
        notices = motion.notices
    return replace(
        task,
        name=name,
        tissue=legs(stance.standing),
        motion=motion,
        time=motion.time,
        goals=(*feet, *goals),
        yields=(asked, BALANCE_WORDS),
        source=source or motion.source,
        constructed=how,
        notices=notices,
    )


def moved_thorax(stance: Stance, *, heading: ArrayLike = 0.0, lean: ArrayLike = 0.0, turn: ArrayLike = 0.0) -> Array:
    """Orientation (F, 3, 3) of the standing thorax after a turn about its long axis, a lean forward and a turn of the
    whole to the left, each (F,). [rad]
    """
    heading, lean, turn = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (heading, lean, turn)))
    moved = rotation_about(UP, heading) @ rotation_about(_AXES["right"], -lean) @ rotation_about(UP, turn)
    return np.asarray(moved @ orientation(stance.chain, stance.q, "thorax"))


def there_and_back(frames: int = FRAMES) -> Array:
    """Part of a movement (frames,) from 0 to 1 and back, at rest at both ends and in the middle."""
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * np.linspace(0.0, 1.0, frames)))


def there(frames: int = FRAMES) -> Array:
    """Part of a movement (frames,) from 0 to 1, at rest at both ends."""
    return eased(np.linspace(0.0, 1.0, frames))


def eased(part: Array) -> Array:
    """A part of a movement, cut off at 0 and 1, so that it is at rest at both."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(part, 0.0, 1.0)))


__all__ = [
    "ASKED", "BALANCE", "FORWARD", "FRAMES", "PATTERN", "RIGHT", "UP", "Stance", "balance_goals", "construct", "eased",
    "foot_goals", "held", "mass_centre_at", "middle_of_hips", "moved_thorax", "planted", "stand", "there",
    "there_and_back", "thorax_must", "trunk_goal", "trunk_goals", "upright_must",
]  # fmt: skip
