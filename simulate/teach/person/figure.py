"""Where the bodies of the drawn figure are: poses from a chain's own forward kinematics, frame by frame.

Bodies are rigid and carry shapes (`simulate.teach.person.shapes`). Pelvis, thighs, shanks, feet and thorax are segments
of the chain. The chain's lumbar segment is drawn as five vertebrae that share its turn by the published level shares
and always reach from L5/S1 to T12/L1. Toes bend where the ground bends them, and arms hang or swing: these two are
drawn and not simulated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SEGMENT_COORDINATE, SIDES, SPINE
from kinematics.pose import frames
from kinematics.spine import total_rotation
from kinematics.tables import rows
from kinematics.zero import Standing
from simulate.load.levels import shares
from simulate.teach.person.body import Build

Array = NDArray[np.float64]

VERTEBRAE = ("lumbar_5", "lumbar_4", "lumbar_3", "lumbar_2", "lumbar_1")
#: Bodies in the order of the poses.
BODIES = (
    "pelvis", *VERTEBRAE, "thorax",
    *(f"{part}_{side}" for side in SIDES for part in ("femur", "tibia", "foot", "toes", "arm", "forearm")),
)  # fmt: skip
#: Segment of the chain that a body is.
SEGMENT_OF = {"pelvis": "pelvis", "thorax": "thorax"} | {
    f"{body}_{side}": f"{segment}_{side}"
    for side in SIDES
    for body, segment in (("femur", "thigh"), ("tibia", "shank"), ("foot", "foot"))
}
_LUMBAR = [INDEX[name] for name in SPINE[:3]]
#: Toes bend no further. [rad] (70 deg; assumption)
MOST_TOES = np.deg2rad(70.0)
#: Arms as drawn, by task: how far the upper arm is raised forward, the elbow bent, [deg] and what share of the other
#: thigh's swing it takes. (assumption)
ARMS = {
    "walk": (4.0, 18.0, 0.55), "run": (-8.0, 85.0, 0.6), "turn": (4.0, 20.0, 0.3), "squat": (70.0, 12.0, 0.0),
    "sit": (42.0, 35.0, 0.0), "stand": (2.0, 10.0, 0.0), "bend": (0.0, 6.0, 0.0), "pivot": (8.0, 70.0, 0.0),
}  # fmt: skip
_HANGING = (3.0, 12.0, 0.0)
#: How far an arm stands off the trunk. [rad] (9 deg; assumption)
ABDUCTED = np.deg2rad(9.0)


def poses(task: str, chain: Chain, standing: Standing, build: Build, ground: float, q: Array) -> Array:
    """Places and orientations of all bodies in the world.

    Parameters
    ----------
    task : str
        Which movement it is: arms are drawn accordingly.
    chain : Chain
    standing : Standing
        From which the lumbar levels share.
    build : Build
        Sizes as drawn.
    ground : float
        Height under which toes do not reach. [m]
    q : ndarray, shape (F, 24)
        [m, rad]

    Returns
    -------
    ndarray, shape (F, bodies, 7)
        In the order of `BODIES`: place [m] and unit quaternion x, y, z, w.
    """
    R, o, _ = frames(chain, q)
    place, turn = np.empty((len(q), len(BODIES), 3)), np.empty((len(q), len(BODIES), 3, 3))

    def put(body: str, at: Array, way: Array) -> None:
        place[:, BODIES.index(body)], turn[:, BODIES.index(body)] = at, way

    for body, segment in SEGMENT_OF.items():
        put(body, o[:, SEGMENT_COORDINATE[segment]], R[:, SEGMENT_COORDINATE[segment]])
    at, way = vertebrae(chain, standing, q, R, o)
    for k, body in enumerate(VERTEBRAE):
        put(body, at[:, k], way[:, k])
    for side in SIDES:
        foot = SEGMENT_COORDINATE[f"foot_{side}"]
        put(f"toes_{side}", *_toes(build, side, ground, R[:, foot], o[:, foot]))
        for body, at_arm, way_arm in _arm(task, build, side, q, R, o):
            put(body, at_arm, way_arm)
    return np.concatenate([place, quaternions(turn)], axis=-1)


def vertebrae(chain: Chain, standing: Standing, q: Array, R: Array, o: Array) -> tuple[Array, Array]:
    """Lower joints of the vertebrae L5 to L1 and T12/L1 above them (F, 6, 3) [m], and their turns (F, 5, 3, 3).

    Each vertebra takes the shares of the levels below it of what the lumbar angles are from standing, so that L1 turns
    as the chain's lumbar segment does. The column so bent would not end exactly where the chain's straight segment
    does: the rest is spread evenly along it.
    """
    pelvis, base, top = SEGMENT_COORDINATE["pelvis"], INDEX["lumbar_extension"], INDEX["thoracic_extension"]
    stood = standing.spine[:3]
    # from the sacrum up: what the levels below a vertebra share
    taken = np.cumsum(shares()[::-1], axis=0)
    angles = stood + taken * (q[:, None, _LUMBAR] - stood)
    way = R[:, pelvis, None] @ total_rotation(chain, angles)
    steps = column(chain)
    joints = np.cumsum(np.concatenate([o[:, None, base], np.einsum("fkij,kj->fki", way, steps)], axis=1), axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])
    rest = o[:, top] - joints[:, -1]
    return joints + (along / along[-1])[:, None] * rest[:, None], way


def column(chain: Chain) -> Array:
    """Steps (5, 3) [m] from L5/S1 to T12/L1 of the chain upright: the published column, made as long as the chain's."""
    printed = np.array([(float(row["x"]), float(row["y"]), 0.0) for row in rows("spine_geometry")])
    reach = chain.offsets[INDEX["thoracic_extension"]]
    scaled = printed * np.linalg.norm(reach) / np.linalg.norm(printed.sum(axis=0))
    share = np.linalg.norm(scaled, axis=1) / np.linalg.norm(scaled, axis=1).sum()
    result: Array = scaled + share[:, None] * (reach - scaled.sum(axis=0))
    return result


def _toes(build: Build, side: str, ground: float, R_foot: Array, o_foot: Array) -> tuple[Array, Array]:
    """Toes of one foot: they point on along the foot, and bend up where the ground is in the way."""
    ball, tip = build.ball[side], build.toe[side] - build.ball[side]
    at = o_foot + R_foot @ ball
    up = R_foot[:, 1] @ tip  # how much higher the straight toes end
    length, level = np.linalg.norm(tip), ground + build.sole - at[:, 1]
    pitch, wanted = (np.arcsin(np.clip(high / length, -1.0, 1.0)) for high in (up, level))
    bend = np.clip(wanted - pitch, 0.0, MOST_TOES)
    return at, R_foot @ about_z(bend)


def _arm(task: str, build: Build, side: str, q: Array, R: Array, o: Array) -> list[tuple[str, Array, Array]]:
    """Upper arm and forearm of one side: they hang, swing against the legs, or go with the trunk that lies."""
    thorax = SEGMENT_COORDINATE["thorax"]
    R_thorax, sign = R[:, thorax] @ build.R_thorax_trunk, 1.0 if side == "r" else -1.0
    shoulder = o[:, thorax] + R_thorax @ (build.shoulder * [1.0, 1.0, sign])
    other = "l" if side == "r" else "r"
    if task.startswith("prone") or task == "swing":
        raised, elbow, aside = (
            np.full(len(q), np.deg2rad(x)) for x in ((0, 8, 9) if task != "swing" else (38, 4, -27))
        )
        carrier = R_thorax
    else:
        raised_deg, elbow_deg, swung = ARMS.get(task, _HANGING)
        thigh = R[:, SEGMENT_COORDINATE[f"thigh_{other}"]]
        # how far the other thigh points forward, seen from the trunk
        ahead = R_thorax[:, :, 0] * [1.0, 0.0, 1.0]
        ahead /= np.maximum(np.linalg.norm(ahead, axis=1), 1e-9)[:, None]
        pitch = np.arctan2(-np.einsum("fi,fi->f", thigh[:, :, 1], ahead), np.maximum(thigh[:, 1, 1], 1e-9))
        raised = np.deg2rad(raised_deg) + swung * pitch
        elbow = np.deg2rad(elbow_deg) + 0.35 * np.maximum(swung * pitch, 0.0)
        aside = np.full(len(q), ABDUCTED)
        right = np.cross(ahead, [0.0, 1.0, 0.0])
        carrier = np.stack([ahead, np.tile([0.0, 1.0, 0.0], (len(q), 1)), right], axis=-1)
    upper = carrier @ about_x(-sign * aside) @ about_z(raised)
    lower = upper @ about_z(elbow)
    return [(f"arm_{side}", shoulder, upper), (f"forearm_{side}", shoulder - build.upper_arm * upper[:, :, 1], lower)]


def about_z(angle: Array) -> Array:
    """Rotations (F, 3, 3) about Z by `angle` (F,) [rad]: X towards Y."""
    c, s, none, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([c, -s, none, s, c, none, none, none, one], axis=-1).reshape(-1, 3, 3)


def about_x(angle: Array) -> Array:
    """Rotations (F, 3, 3) about X by `angle` (F,) [rad]: Y towards Z."""
    c, s, none, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([one, none, none, none, c, -s, none, s, c], axis=-1).reshape(-1, 3, 3)


def quaternions(R: Array) -> Array:
    """Unit quaternions (..., 4) x, y, z, w of rotations (..., 3, 3), by the largest of the four squares.

    Notes
    -----
    Shepperd (1978), J Guidance Control 1:223: no loss of digits at any angle.
    """
    xx, yy, zz = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    squares = np.stack([1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz], axis=-1)
    a, b, c = R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]
    d, e, f = R[..., 0, 1] + R[..., 1, 0], R[..., 0, 2] + R[..., 2, 0], R[..., 1, 2] + R[..., 2, 1]
    rows_by_largest = np.stack(
        [
            np.stack([squares[..., 0], d, e, a], axis=-1),
            np.stack([d, squares[..., 1], f, b], axis=-1),
            np.stack([e, f, squares[..., 2], c], axis=-1),
            np.stack([a, b, c, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    largest = squares.argmax(axis=-1)
    found = np.take_along_axis(rows_by_largest, largest[..., None, None], axis=-2)[..., 0, :]
    result: Array = found / np.linalg.norm(found, axis=-1, keepdims=True)
    return result


__all__ = ["BODIES", "SEGMENT_OF", "VERTEBRAE", "column", "poses", "quaternions", "vertebrae"]
