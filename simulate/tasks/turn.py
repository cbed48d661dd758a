"""Turning while walking: the feet stay where they are put, the trunk comes round, the pelvis keeps to its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, INDEX, PELVIS, SIDES, SPINE, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.mirror import mirrored_chain
from kinematics.pose import orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_about
from kinematics.tables import value
from kinematics.zero import Standing, standing_from_stride, standing_tilt, zero_offsets
from simulate.goals import SOFT, Goal, PointGoal
from simulate.mirror import mirrored_motion, mirrored_standing
from simulate.motion import Motion, motion_of, take, to_chain
from simulate.problem import Task
from simulate.solution import UNSOLVED, solve
from simulate.tasks.asked import STYLES
from simulate.tasks.gait import Gait
from simulate.tasks.planted import FORWARD, RIGHT, UP, middle_of_hips, thorax_must, trunk_goal
from simulate.tasks.stepping import gait_of, stepping

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
YIELDS = ("turn of the trunk", "place of the feet")
#: A turn further than this is made of several, one after another; of a straight walk over one foot, further than that.
#: [rad]
MOST_AT_ONCE, MOST_OVER_A_FOOT = np.deg2rad(180.0), np.deg2rad(90.0)
#: A recording that turns by less than this is taken as straight. [rad]
STRAIGHT = np.deg2rad(30.0)
#: More than this is a slip of the finger: four times round. [deg]
MOST_DEG = 1440.0
#: Smoothing by which the way of the pelvis is told from its swinging with every step. [s]
SMOOTH = 0.25
#: A straight walk turns from this part of a contact before it to as much after it: in the bundled turn about half of
#: the whole is done over the pivoting foot.
AROUND = 0.5
#: Stiffness of a construction: feet where they belong, the body as in the pattern, the legs as recorded. Only ratios
#: matter: legs that resist more let a knee that has to stretch snap straight. [N/m, N m/rad]
FOOT, BODY, JOINTS = 1e6, 1e3, 0.3


def turning(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded turn a task.

    Must goals: the loaded foot's place and direction, as in walking; the thorax comes round as it did. Preferred: the
    path of the pelvis over the floor, the thorax's lean, the swinging foot, every coordinate. Headings are unwrapped.
    What yields first is the turn of the trunk, then the feet.

    Parameters
    ----------
    chain : Chain
    motion : Motion
        A recorded turn.
    standing : Standing, optional
        The person's standing posture on the same chain; estimated from the steps, with a notice, if not given.

    Raises
    ------
    HipspineError
        If coordinates are missing, or nobody steps.
    """
    steps, standing, notices = _steps(chain, motion, standing)
    kept = np.flatnonzero(np.isin(motion.time, steps.time))
    return _task(steps, standing, notices, take(motion, kept))


def turned(
    chain: Chain, motion: Motion, *, angle_deg: float, style: str = "spin", standing: Standing | None = None
) -> Task:
    """A turn by an angle, constructed from a recording: a turn that is made wider or narrower, or a straight walk.

    Each footprint is turned by as much as the body has turned more (or less) than recorded by the middle of its
    contact; the pelvis follows the turned path, legs and spine are found within the normal range. In a spin a straight
    walk turns over the foot that is inside, in a step over the one outside; a recorded turn keeps its style. Turns of
    more than `MOST_AT_ONCE`, or over a foot of a straight walk `MOST_OVER_A_FOOT`, are several strides in a row.

    Parameters
    ----------
    chain : Chain
    motion : Motion
    angle_deg : float
        To the left. [deg]
    style : {"spin", "step"}
    standing : Standing, optional

    Raises
    ------
    HipspineError
        If the style is unknown, the angle out of range, or a straight walk holds no contact to turn over.
    """
    if style not in STYLES:
        raise unknown("style of turning", style, STYLES)
    if not abs(angle_deg) <= MOST_DEG:
        raise HipspineError(f"angle must be within {MOST_DEG:g} deg either way, is {angle_deg:g}")
    angle = float(np.deg2rad(angle_deg))
    inside = "l" if angle > 0.0 else "r"
    over = inside if style == "spin" else {"l": "r", "r": "l"}[inside]
    steps, standing, notices = _steps(chain, motion, standing)
    straight = abs(steps.turned) <= STRAIGHT
    repeats = max(1, int(np.ceil(abs(angle) / (MOST_OVER_A_FOOT if straight else MOST_AT_ONCE) - 1e-9)))
    if _other_way(steps, angle, over):
        chain, motion = mirrored_chain(chain), mirrored_motion(motion)
        steps, standing, _ = _steps(chain, motion, mirrored_standing(standing))
        notices = (*notices, "the recording is mirrored for this turn")
    if repeats > 1:
        # one stride of a straight walk holds no whole contact of a foot: one more does
        steps = _in_a_row(_cycle(steps), repeats + 1 if straight else repeats)
    how = f"{motion.source} bent to a turn of {angle_deg:g} deg" + (f", {style} style" if straight else "")
    how += f", {repeats} in a row" if repeats > 1 else ""
    q = _bent(steps, angle, over, repeats, standing, how)
    notices = (*notices, f"constructed from a recording: {how}; it carries no time and no load")
    bent = motion_of(q, chain, steps.time, motion.source)
    return replace(_task(replace(steps, q=q), standing, notices, bent), constructed=how)


@dataclass(frozen=True, eq=False)
class _Steps:
    """Postures `q` (F, 24) of somebody who steps, with each side's heel strikes and when its foot and the foot's parts
    are on the ground.
    """

    chain: Chain
    time: Array
    q: Array
    strikes: Mapping[str, NDArray[np.intp]]
    contact: Mapping[str, Mask]
    on_heel: Mapping[str, Mask]
    loaded: Mapping[str, Mask]

    @property
    def turned(self) -> float:
        """How far the body has come round. [rad]"""
        heading = self.q[:, INDEX["pelvis_rotation"]]
        return float(heading[-1] - heading[0])


def _steps(chain: Chain, motion: Motion, standing: Standing | None) -> tuple[_Steps, Standing, tuple[str, ...]]:
    """The whole strides of a recording, who stands behind it, and what to say."""
    q, notices = to_chain(motion, chain)
    gait = gait_of(chain, motion.time, q)
    kept = gait.whole_strides
    if standing is None:
        standing = standing_from_stride(q[kept])
        notices = (*notices, f"standing posture: {standing.how}; give a standing trial if there is one")
    masks = ({side: mask[side][kept] for side in SIDES} for mask in (gait.contact, gait.on_heel, gait.loaded))
    strikes = {
        side: found[(found >= kept.start) & (found < kept.stop)] - kept.start
        for side, found in gait.heel_strikes.items()
    }
    return _Steps(chain, motion.time[kept], q[kept], strikes, *masks), standing, (*notices, *gait.notices)


def _task(steps: _Steps, standing: Standing, notices: tuple[str, ...], motion: Motion) -> Task:
    """The task of who comes round as `steps` do, whose `motion` in a file's convention has the same frames."""
    chain, q, n = steps.chain, steps.q, len(steps.q)
    whole = slice(0, n)
    percent = dict.fromkeys(SIDES, 100.0 * (steps.time - steps.time[0]) / (steps.time[-1] - steps.time[0]))
    none = dict.fromkeys(SIDES, np.zeros(0, np.intp))
    gait = Gait(steps.contact, steps.on_heel, steps.loaded, none, none, percent, whole)
    path = value("stiffness", "pelvis_path", package="simulate")
    middle = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    more: list[Goal] = [
        PointGoal(
            name=f"path of the pelvis {word}",
            point=middle_of_hips(chain),
            normal=np.tile(axis, (n, 1)),
            target=middle @ axis,
            role=np.full(n, SOFT, np.int8),
            stiffness=path,
            stiffness_name="pelvis_path",
        )
        for word, axis in (("forward", FORWARD), ("right", RIGHT))
    ]
    more += [
        thorax_must(orientation(chain, q, "thorax"), "long", "thorax heading"),
        trunk_goal(chain, q, free=["long"]),
    ]
    task = stepping("turn", chain, motion, q, gait, standing=standing, kept=whole, notices=notices, more=more)
    # the feet, which are points, yield after the turn of the thorax
    goals = tuple(
        replace(goal, yields=2) if goal.yields and isinstance(goal, PointGoal) else goal for goal in task.goals
    )
    return replace(task, goals=goals, yields=YIELDS, span="movement")


def _cycle(steps: _Steps) -> _Steps:
    """The longest part from a heel strike to one of the same foot: it ends in the phase in which it began."""
    ends = [(int(found[0]), int(found[-1])) for found in steps.strikes.values() if len(found) > 1]
    if not ends:
        raise HipspineError(
            "to turn as far as this the recording is repeated, which needs two heel strikes of the same foot; it holds "
            "one of each"
        )
    first, last = max(ends, key=lambda pair: pair[1] - pair[0])
    part = slice(first, last + 1)
    masks = ({side: mask[side][part] for side in SIDES} for mask in (steps.contact, steps.on_heel, steps.loaded))
    strikes = {side: found[(found >= first) & (found <= last)] - first for side, found in steps.strikes.items()}
    return _Steps(steps.chain, steps.time[part], steps.q[part], strikes, *masks)


def _in_a_row(steps: _Steps, repeats: int) -> _Steps:
    """The same steps several times, each time from where and as they ended.

    By what the last posture differs from the first, heading and way apart, each repeat drifts evenly.
    """
    drift = steps.q[-1] - steps.q[0]
    drift[[INDEX[name] for name in ("pelvis_tx", "pelvis_tz", "pelvis_rotation")]] = 0.0
    steps = replace(steps, q=steps.q + np.linspace(0.5, -0.5, len(steps.q))[:, None] * drift)
    parts = [steps.q]
    for _ in range(repeats - 1):
        last, again = parts[-1][-1], steps.q[1:].copy()
        by = last[INDEX["pelvis_rotation"]] - steps.q[0, INDEX["pelvis_rotation"]]
        first = steps.q[0, : len(TRANSLATIONS)]
        again[:, :3] = (steps.q[1:, :3] - first) @ rotation_about(UP, by).T + last[:3]
        again[:, 1] = steps.q[1:, 1]
        again[:, INDEX["pelvis_rotation"]] += by
        parts.append(again)

    def often(mask: Mask) -> Mask:
        return np.concatenate([mask, *[mask[1:]] * (repeats - 1)])

    period = steps.time[-1] - steps.time[0]
    time = np.concatenate([steps.time, *(steps.time[1:] + k * period for k in range(1, repeats))])
    masks = ({side: often(mask[side]) for side in SIDES} for mask in (steps.contact, steps.on_heel, steps.loaded))
    return _Steps(steps.chain, time, np.concatenate(parts), steps.strikes, *masks)


def _contacts(mask: Mask) -> list[tuple[int, int]]:
    """First and last frame of each contact."""
    edges = np.flatnonzero(np.diff(mask.astype(int))) + 1
    return [(a, b - 1) for a, b in pairwise([0, *edges.tolist(), len(mask)]) if mask[a]]


def _progress(steps: _Steps, over: str, repeats: int) -> Array:
    """Part (F,) of the turn that is done; of a straight walk over `repeats` contacts of the foot `over`."""
    n = len(steps.q)
    if abs(steps.turned) > STRAIGHT:
        frames = SMOOTH / float(np.median(np.diff(steps.time)))
        way = gaussian_filter1d(steps.q[:, INDEX["pelvis_rotation"]] * np.sign(steps.turned), frames, mode="nearest")
        way = np.maximum.accumulate(way)
        return np.asarray((way - way[0]) / (way[-1] - way[0]))
    whole = _whole_contacts(steps.contact[over])
    if len(whole) < repeats:
        raise HipspineError(
            "the recording holds no whole contact of the foot to turn over; at least two strides are needed"
        )
    in_a_row = [whole[k : k + repeats] for k in range(len(whole) - repeats + 1)]
    done = np.zeros(n)
    for a, b in min(in_a_row, key=lambda those: abs(those[0][0] + those[-1][1] - (n - 1))):
        around = AROUND * (b - a)
        low, high = max(a - around, 0.0), min(b + around, n - 1.0)
        part = np.clip((np.arange(n) - low) / (high - low), 0.0, 1.0)
        done += _eased(part) / repeats
    return done


def _eased(part: Array) -> Array:
    """A part from 0 to 1 that is at rest at both ends."""
    return np.asarray(part * part * (3.0 - 2.0 * part))


def _other_way(steps: _Steps, angle: float, over: str) -> bool:
    """Whether the mirror image suits better: of a turn the other way, of a walk with no whole contact to turn over."""
    if abs(steps.turned) > STRAIGHT:
        return steps.turned * angle < 0.0
    return not _whole_contacts(steps.contact[over])


def _whole_contacts(mask: Mask) -> list[tuple[int, int]]:
    return [(a, b) for a, b in _contacts(mask) if a > 0 and b < len(mask) - 1]


def _bent(steps: _Steps, angle: float, over: str, repeats: int, standing: Standing, how: str) -> Array:
    """The steps (F, 24) turned to come round by `angle` in all, a straight walk over the foot `over`. [m, rad]"""
    chain, q = steps.chain, steps.q
    more = (angle - steps.turned) * _progress(steps, over, repeats)
    moved = np.diff(q[:, :3], axis=0)
    halfway = rotation_about(UP, 0.5 * (more[1:] + more[:-1]))
    pattern = q.copy()
    pattern[1:, :3] = q[0, :3] + np.cumsum(np.einsum("fij,fj->fi", halfway, moved), axis=0)
    pattern[:, 1] = q[:, 1]
    pattern[:, INDEX["pelvis_rotation"]] += more
    goals: list[Goal] = []
    always = np.full(len(q), SOFT, np.int8)
    for side in SIDES:
        # a leg without a subtalar joint cannot hold the roll of its foot too
        parts = ("heel", "forefoot") if f"subtalar_angle_{side}" in chain.locked else ("heel", "forefoot", "ankle")
        names = [f"{part}_{side}" for part in parts]
        places = _footprints(steps, side, more, pattern, positions(chain, q, names))
        goals += [
            PointGoal(
                name=f"{name} {word}",
                point=chain.point(name),
                normal=np.tile(axis, (len(q), 1)),
                target=places[:, k] @ axis,
                role=always,
                stiffness=FOOT,
            )
            for k, name in enumerate(names)
            for word, axis in (("forward", FORWARD), ("up", UP), ("right", RIGHT))
        ]
    stiff = np.array([BODY if name in (*PELVIS, *SPINE) else JOINTS for name in COORDINATES])
    offsets = zero_offsets("clinical", standing, standing_tilt_deg=standing_tilt(standing.tilt_deg)[0])
    lower, upper = RangeOfMotion.normal().bounds(offsets)
    lower, upper = np.minimum(lower, q.min(axis=0)), np.maximum(upper, q.max(axis=0))
    for name in chain.locked:
        lower[INDEX[name]] = upper[INDEX[name]] = 0.0
    lower = np.tile(lower, (len(q), 1))
    # a leg that is stretched by the construction does not snap through straight; what was recorded may
    as_recorded = max(0.0, 1.0 - abs(angle - steps.turned) / STRAIGHT)
    for side in SIDES:
        knee = INDEX[f"knee_angle_{side}"]
        lower[:, knee] = as_recorded * np.minimum(q[:, knee], 0.0)
    none = dict.fromkeys(SIDES, np.zeros(len(q)))
    bare = Task(
        name="construction",
        chain=chain,
        motion=motion_of(pattern, chain, steps.time, "construction"),
        time=steps.time,
        q=pattern,
        goals=tuple(goals),
        stiffness=stiff,
        standing=standing,
        percent=none,
        loaded=steps.loaded,
        yields=(),
    )
    found = solve(bare, lower, upper)
    lost = np.flatnonzero(found.status == UNSOLVED)
    if lost.size:
        raise HipspineError(f"{how}: could not be constructed at frame {lost[0] + 1} of {len(q)}")
    return found.q


def _footprints(steps: _Steps, side: str, more: Array, pattern: Array, places: Array) -> Array:
    """Where the points `places` (F, K, 3) of one foot belong on the turned path.

    During a contact they are turned with the path as it is in the contact's middle; between contacts from one to the
    next; before the first and after the last with it.
    """
    frames = np.arange(len(steps.q))
    contacts = _contacts(steps.contact[side])
    if not contacts:
        return places

    def at(k: int) -> Array:
        """All places turned with the path as it is at frame k."""
        about = steps.q[k, :3] * [1.0, 0.0, 1.0]
        to = pattern[k, :3] * [1.0, 0.0, 1.0]
        return np.asarray((places - about) @ rotation_about(UP, more[k]).T + to)

    out = np.empty_like(places)
    prints = [at((a + b) // 2) for a, b in contacts]
    out[: contacts[0][1] + 1], out[contacts[-1][0] :] = prints[0][: contacts[0][1] + 1], prints[-1][contacts[-1][0] :]
    for (here, there), ((a, b), (c, d)) in zip(pairwise(prints), pairwise(contacts), strict=True):
        out[a : b + 1], out[c : d + 1] = here[a : b + 1], there[c : d + 1]
        swing = frames[b + 1 : c]
        part = _eased((swing - b) / (c - b))[:, None, None]
        out[swing] = (1.0 - part) * here[swing] + part * there[swing]
    return out


__all__ = ["MOST_DEG", "STYLES", "turned", "turning"]
