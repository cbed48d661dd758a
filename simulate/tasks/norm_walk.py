"""Walking as published norm curves have it, very slow to very fast, where there is no recording of a person.

The curves are those of Schwartz, Rozumalski & Trost (2008, J Biomech 41:1639): mean joint angles of typically
developing children, 51 points of one side's cycle (``simulate/data/schwartz2008_cc_by_sa``, CC BY-SA 4.0). Here they
move a chain: the left side is the right one half a cycle later, and the standing foot carries the pelvis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, INDEX, SIDES, SPINE
from kinematics.errors import HipspineError, unknown
from kinematics.pose import orientation, positions
from kinematics.spine import split, total_rotation
from kinematics.tables import rows
from kinematics.zero import Standing, marker_tilt, standing_tilt
from simulate.motion import FILE_COORDINATES, Motion, from_chain
from simulate.problem import Task
from simulate.tasks.asked import SPEEDS
from simulate.tasks.gait import Gait, down
from simulate.tasks.stepping import stepping

Array = NDArray[np.float64]
Kind = TypeVar("Kind", bound=np.generic)

#: Steps of one cycle; the curves have one point more, the beginning of the next.
STEPS = 50
#: Of two parts of the standing foot the lower carries; at this difference in height by 1 to e. [m] (assumption)
HAND_OVER = 0.01
CONSTRUCTED = (
    "from published norm curves (Schwartz, Rozumalski & Trost 2008, mean of typically developing children, {speed} "
    "walking): both sides by a half-cycle shift, the pelvis carried by the standing foot; a study of joint angles, "
    "without time and without load"
)
_TABLES = "schwartz2008_cc_by_sa"
#: Coordinate of a leg -> curve of that side in the source; both count the same way.
_LEG = {
    "hip_flexion": "Hip Flex/Extension",
    "hip_adduction": "Hip Ad/Abduction",
    "hip_rotation": "Hip Int/External Rotation",
    "knee_angle": "Knee Flex/Extension",
    "ankle_angle": "Ankle Dorsi/Plantarflexion",
}


@cache
def norm_curves(speed: str) -> Mapping[str, Array]:
    """The published mean curves of one speed, by the source's name, each (51,) [rad], signs as in the source.

    Raises
    ------
    HipspineError
        If the speed is unknown; the message lists the known ones.
    """
    if speed not in SPEEDS:
        raise unknown("walking speed", speed, SPEEDS)
    curves: dict[str, list[float]] = {}
    for row in rows(f"{_TABLES}/joint_rotations", "simulate"):
        if row["speed"] == speed:
            curves.setdefault(row["angle"], []).append(float(row["mean"]))
    found = {name: np.deg2rad(curve) for name, curve in curves.items()}
    for curve in found.values():
        curve.flags.writeable = False
    return MappingProxyType(found)


@cache
def norm_foot_off(speed: str) -> float:
    """Share of the cycle at which the foot leaves the floor, of the same source; unknown speeds as in `norm_curves`."""
    for row in rows(f"{_TABLES}/cycle_events", "simulate"):
        if row["speed"] == speed and row["parameter"].startswith("Ipsilateral Foot Off"):
            return float(row["mean"])
    raise unknown("walking speed", speed, SPEEDS)


def norm_walking(speed: str, chain: Chain | None = None) -> Task:
    """Make the published norm curves of one walking speed a task; its goals are those of `stepping`.

    Parameters
    ----------
    speed : {"very_slow", "slow", "free", "fast", "very_fast"}
    chain : Chain, optional
        The body that walks so; a generic adult if not given. Its pelvis needs markers (ASIS, PSIS or sacrum), from
        which its zero is known.

    Returns
    -------
    Task
        One cycle of the right leg in 51 frames, constructed. Its time is the share of the cycle, no seconds.

    Raises
    ------
    HipspineError
        If the speed is unknown, or nothing says where the chain's pelvis has its zero.

    Notes
    -----
    Hip, knee and ankle angles are the curves, both ends of which are one instant of the cycle and become their mean.
    The pelvis's curves are made the same for both sides (their mean, which moves them by 0.3 deg at most). The other
    foot strikes at 50 % at every speed (the source has 49 % at the fastest). Hip flexion and pelvic tilt count from
    the ASIS-PSIS line, which is the clinical zero and the generic chain's own.

    Trunk: its obliquity and rotation curves are read as relative to the pelvis (inferred: they mirror the pelvis's, and
    their ranges are those of the thorax on the pelvis in Chung et al. 2010). Its tilt is not used: from very slow to
    very fast it falls by what the pelvic tilt rises, which says flexion on the pelvis, but at 21 deg its mean says
    extension; it moves by 1 to 3 deg in a cycle. The thorax stays upright in the sagittal plane (assumption).
    """
    curves, off = norm_curves(speed), norm_foot_off(speed)
    chain = Chain.generic() if chain is None else chain
    line = marker_tilt(chain)
    if line is None:
        raise HipspineError(
            f"chain {chain.name!r} has no pelvis markers (ASIS, PSIS or sacrum): the norm curves count from their line"
        )
    q = _carried(chain, _angles(chain, curves, line), off)
    blank = Motion(
        np.linspace(0.0, 1.0, len(q)),
        FILE_COORDINATES,
        np.zeros((len(q), len(FILE_COORDINATES))),
        source=f"schwartz2008 {speed}",
    )
    tilt_deg, how = standing_tilt()
    tilt = line - np.deg2rad(tilt_deg)
    standing = Standing(tilt, 0.0, (-tilt, -tilt), _spine(chain, np.array([[-tilt, 0.0, 0.0]]))[0], how)
    gait = _gait(chain, q, off)
    task = stepping(
        "walk",
        chain,
        from_chain(q, chain, blank),
        q,
        gait,
        standing=standing,
        kept=slice(0, len(q)),
        notices=_notices(chain, q, gait),
    )
    return replace(task, constructed=CONSTRUCTED.format(speed=speed.replace("_", " ")))


def _later(curve: NDArray[Kind]) -> NDArray[Kind]:
    """A curve of one cycle (STEPS, ...) half a cycle later: that of the other side."""
    return np.roll(curve, STEPS // 2, axis=0)


def _angles(chain: Chain, curves: Mapping[str, Array], line: float) -> Array:
    """Postures (STEPS, 24) of one cycle with the pelvis's middle in one place; `line` as of `marker_tilt`. [m, rad]"""
    cycle = {name: np.concatenate([[0.5 * (c[0] + c[-1])], c[1:-1]]) for name, c in curves.items()}
    both = {
        name: 0.5 * (cycle[name] + sign * _later(cycle[name]))
        for name, sign in (
            ("Pelvic Ant/Posterior Tilt", 1.0),
            ("Pelvic Up/Down Obliquity", -1.0),
            ("Pelvic Int/External Rotation", -1.0),
            ("Trunk Up/Down Obliquity", -1.0),
            ("Trunk Int/External Rotation", -1.0),
        )
    }
    q = np.zeros((STEPS, len(COORDINATES)))
    tilt = line - both["Pelvic Ant/Posterior Tilt"]
    q[:, INDEX["pelvis_tilt"]] = tilt
    q[:, INDEX["pelvis_list"]] = -both["Pelvic Up/Down Obliquity"]
    q[:, INDEX["pelvis_rotation"]] = both["Pelvic Int/External Rotation"]
    for coordinate, name in _LEG.items():
        own = cycle[name] - (line if coordinate == "hip_flexion" else 0.0)
        q[:, INDEX[f"{coordinate}_r"]], q[:, INDEX[f"{coordinate}_l"]] = own, _later(own)
    trunk = np.stack([-tilt, -both["Trunk Up/Down Obliquity"], both["Trunk Int/External Rotation"]], axis=-1)
    q[:, [INDEX[name] for name in SPINE]] = _spine(chain, trunk)
    q[:, [INDEX[name] for name in chain.locked]] = 0.0
    return q


def _spine(chain: Chain, trunk: Array) -> Array:
    """The six spine angles (F, 6) of a trunk on the pelvis (F, 3): extension, bending, rotation. [rad]"""
    return split(chain, total_rotation(chain, trunk))


def _load(off: float) -> Array:
    """Share (STEPS,) of the body that the right foot carries: handed over smoothly while both are down (assumption)."""
    both = off - 0.5
    share = np.interp(np.arange(STEPS) / STEPS, [0.0, both, 0.5, off, 1.0], [0.0, 1.0, 1.0, 0.0, 0.0])
    result: Array = share**2 * (3.0 - 2.0 * share)
    return result


def _carried(chain: Chain, q: Array, off: float) -> Array:
    """The cycle and the beginning of the next, (STEPS + 1, 24): the standing foot's lower part stays on its place.

    From frame to frame the pelvis goes by what the carrying parts, heel and forefoot of both feet, go back under it; up
    and down it is as high as they are below it.
    """
    names = [f"{part}_{side}" for side in SIDES for part in ("heel", "forefoot")]
    below = positions(chain, q, names)
    below = np.concatenate([below, below[:1]])
    load = _load(off)
    share = np.zeros((STEPS + 1, len(names)))
    for columns, foot in ((slice(0, 2), load), (slice(2, 4), _later(load))):
        height = below[:, columns, 1]
        lower = np.exp(-(height - height.min(axis=1, keepdims=True)) / HAND_OVER)
        share[:, columns] = np.append(foot, foot[0])[:, None] * lower / lower.sum(axis=1, keepdims=True)
    between = 0.5 * (share[1:] + share[:-1])
    steps = -np.einsum("fp,fpi->fi", between, np.diff(below, axis=0))
    q = np.concatenate([q, q[:1]])
    q[1:, :3] += np.cumsum(steps, axis=0)
    q[:, 1] = -np.einsum("fp,fp->f", share, below[..., 1])
    q[:, 2] -= q[:-1, 2].mean()  # to the left as far as to the right
    return q


def _gait(chain: Chain, q: Array, off: float) -> Gait:
    """Contacts of the cycle: from the source's events, which part is loaded from the heights of the forefeet."""
    phase = np.arange(STEPS) / STEPS
    right = phase < off
    height = positions(chain, q[:-1], ["forefoot_r"])[:, 0, 1]
    loaded, on_heel = down(right, height)
    half, left = STEPS // 2, int(np.ceil(STEPS * off - 1e-9))
    return Gait(
        contact=_both(right),
        on_heel=_both(on_heel),
        loaded=_both(loaded),
        heel_strikes={"r": np.array([0, STEPS]), "l": np.array([half])},
        toe_offs={"r": np.array([left]), "l": np.array([left - half])},
        percent=_both(100.0 * phase),
        whole_strides=slice(0, STEPS + 1),
    )


def _both(right: NDArray[Kind]) -> dict[str, NDArray[Kind]]:
    """What holds for the right side in a cycle (STEPS,), for each side and (STEPS + 1,)."""
    return {side: np.append(own, own[0]) for side, own in (("r", right), ("l", _later(right)))}


def _notices(chain: Chain, q: Array, gait: Gait) -> list[str]:
    """What the user should know about the construction, measured on this one."""
    slip, turn, off_floor = standing_foot(chain, q, gait)
    return [
        "the norm curves are those of children, the body that walks with them is an adult's unless another is given",
        "the norm curves carry no time and no load: `time` is the share of the cycle, no seconds",
        "hip flexion and pelvic tilt of the norm curves count from the ASIS-PSIS line, the clinical zero",
        "trunk: bending and rotation on the pelvis by the source's curves (that they are relative to the pelvis is "
        "inferred), upright in the sagittal plane (assumption)",
        f"as constructed, the loaded part of the standing foot is within {off_floor:.0f} mm of the floor, slips by up "
        f"to {slip:.0f} mm and turns by up to {turn:.0f} deg while it carries",
    ]


def standing_foot(chain: Chain, q: Array, gait: Gait) -> tuple[float, float, float]:
    """How well the right foot stands: slip of its loaded part [mm], turn [deg], distance from the floor [mm].

    Slip and turn are the largest distance and angle between two frames of the same load; the floor is at height 0.
    """
    slip = turn = off_floor = 0.0
    for part, mask in (("heel", gait.on_heel["r"]), ("forefoot", gait.loaded["r"])):
        held = np.flatnonzero(mask[:-1])
        place = positions(chain, q[held], [f"{part}_r"])[:, 0]
        along = orientation(chain, q[held], "foot_r")[:, :, 0]
        heading = np.rad2deg(np.arctan2(-along[:, 2], along[:, 0]))
        apart = np.linalg.norm(place[:, None, ::2] - place[None, :, ::2], axis=-1)
        slip, turn = max(slip, 1e3 * float(apart.max())), max(turn, float(np.ptp(heading)))
        off_floor = max(off_floor, 1e3 * float(np.abs(place[:, 1]).max()))
    return slip, turn, off_floor


__all__ = ["SPEEDS", "norm_curves", "norm_foot_off", "norm_walking", "standing_foot"]
