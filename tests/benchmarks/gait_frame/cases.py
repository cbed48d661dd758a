"""The standard case of the restricted gait frame, and its variants: other limits, bodies, weights and curves.

The curves are made up to look like a walk, of cosines and bumps; they are nobody's recording.
"""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from tests.benchmarks.gait_frame.problem import FOOT_L, FOOT_R, INDEX, LUMBAR, NAMES, PELVIS, SIDES, TRUNK, N, Problem
from tests.benchmarks.gait_frame.statement import forward

X, Y, Z = np.eye(3)
deg = np.deg2rad
TURN = 2.0 * np.pi
#: Bounds of the coordinates whose limits no case changes, on either side of 0. [deg; of the slides m]
RANGES = {
    "pelvis_tx": 10.0, "pelvis_ty": 10.0, "pelvis_tz": 10.0, "pelvis_tilt": 60.0, "pelvis_list": 60.0,
    "pelvis_rotation": 60.0, "hip_adduction": 45.0, "ankle_angle": 50.0, "subtalar_angle": 40.0,
    **dict.fromkeys(LUMBAR, 60.0),
}  # fmt: skip
#: Weights of the coordinates, of which the legs' are the same on either side.
COORDINATE_WEIGHTS = {
    **dict(zip(PELVIS, (3.0, 10.0, 3.0, 0.5, 0.5, 0.5), strict=True)),
    "hip_flexion": 0.3, "hip_adduction": 0.3, "hip_rotation": 0.3,
    "knee_angle": 0.8, "ankle_angle": 0.8, "subtalar_angle": 0.8,
    **dict.fromkeys(LUMBAR, 1.0),
}  # fmt: skip


def _of_both_sides(name):
    return name[:-2] if name.endswith(("_r", "_l")) else name


def _bump(share, centre, sharpness):
    """1 at `centre` of the cycle, less the further from it."""
    return np.exp(sharpness * (np.cos(TURN * (share - centre)) - 1.0))


def axes_and_offsets(*, thigh=0.43, shank=0.43, hip_half=0.085, l5s1=(-0.05, 0.08, 0.0)):
    """Axis (21, 3) and offset (21, 3) [m] of each coordinate.

    `thigh` and `shank` are lengths, `hip_half` half the distance of the hips, `l5s1` the lumbar joint's place in the
    pelvis. Adduction, internal rotation and inversion are positive on either side; knees bend backwards.
    """
    axis = dict(zip(PELVIS, (X, Y, Z, Z, X, Y), strict=True)) | dict(zip(LUMBAR, (Z, X, Y), strict=True))
    offset = {"lumbar_extension": np.array(l5s1, dtype=float)}
    for side, right in zip(SIDES, (1.0, -1.0), strict=True):
        axis |= {f"hip_flexion_{side}": Z, f"hip_adduction_{side}": right * X, f"hip_rotation_{side}": right * Y}
        axis |= {f"knee_angle_{side}": -Z, f"ankle_angle_{side}": Z, f"subtalar_angle_{side}": right * X}
        offset[f"hip_flexion_{side}"] = right * hip_half * Z
        offset[f"knee_angle_{side}"], offset[f"ankle_angle_{side}"] = -thigh * Y, -shank * Y
    none = np.zeros(3)
    return np.array([axis[name] for name in NAMES]), np.array([offset.get(name, none) for name in NAMES])


def curves(share, *, travel, hip_mean=10.0, hip_swing=20.0, tilt=-10.0):
    """Nominal postures (F, 21) at these shares of the cycle, the pelvis having come `travel` (F,) [m]; lumbar zero.

    `hip_mean`, `hip_swing` and the mean pelvic `tilt` are in degrees.
    """
    q = {name: np.zeros_like(share) for name in LUMBAR}
    q["pelvis_tx"] = travel + 0.008 * np.sin(2 * TURN * share)
    q["pelvis_ty"] = 0.915 - 0.018 * np.cos(2 * TURN * share)
    q["pelvis_tz"] = 0.020 * np.sin(TURN * share)
    q["pelvis_tilt"] = deg(tilt + np.cos(2 * TURN * share))
    q["pelvis_list"] = deg(-4.0 * np.sin(TURN * share + 0.4))
    q["pelvis_rotation"] = deg(5.0 * np.cos(TURN * share))
    for side, later in zip(SIDES, (0.0, 0.5), strict=True):
        own = (share + later) % 1.0  # from this foot's strike
        ankle = -6.0 * _bump(own, 0.07, 30.0) + 10.0 * _bump(own, 0.42, 5.0) - 17.0 * _bump(own, 0.63, 20.0)
        q |= {
            f"hip_flexion_{side}": deg(hip_mean + hip_swing * np.cos(TURN * (own + 0.03))),
            f"hip_adduction_{side}": deg(4.0 * np.sin(TURN * own + 0.4)),
            f"hip_rotation_{side}": deg(2.0 - 4.0 * np.cos(TURN * own)),
            f"knee_angle_{side}": deg(5.0 + 13.0 * _bump(own, 0.14, 9.0) + 55.0 * _bump(own, 0.72, 5.0)),
            f"ankle_angle_{side}": deg(ankle),
            f"subtalar_angle_{side}": deg(-2.0 + 4.0 * _bump(own, 0.60, 6.0)),
        }
    return np.stack([q[name] for name in NAMES], axis=-1)


def _bounds(hip_extension_stops_at, hip_rotation):
    upper = np.empty(N)
    for name, i in INDEX.items():
        one = RANGES.get(_of_both_sides(name), 0.0)
        upper[i] = one if name in PELVIS[:3] else deg(one)
    lower = -upper
    for side, flexion in zip(SIDES, hip_extension_stops_at, strict=True):
        hip, turn, knee = (INDEX[f"{name}_{side}"] for name in ("hip_flexion", "hip_rotation", "knee_angle"))
        lower[[hip, turn, knee]] = deg(np.array([flexion, -hip_rotation, -10.0]))
        upper[[hip, turn, knee]] = deg(np.array([120.0, hip_rotation, 150.0]))
    return lower, upper


def gait(
    *, hip_extension_stops_at=(0.0, 0.0), hip_rotation=60.0, body=None, frames=100, stride=1.43, phase=0.0,
    foot_position=100.0, foot_orientation=30.0, trunk=30.0, coordinates=COORDINATE_WEIGHTS, **shape,
):  # fmt: skip
    """A problem.

    `hip_extension_stops_at` is the least hip flexion, right and left, and `hip_rotation` the most rotation either way,
    in degrees; `body` goes to `axes_and_offsets`; a cycle of `frames` frames begins at `phase` (a share of it) and
    comes `stride` m forward; further words go to `curves`. The rest are weights.

    Feet shall be where the nominal curves have them, and the trunk nearly upright: the nominal lumbar angles are those
    that keep it so.
    """
    axis, offset = axes_and_offsets(**(body or {}))
    count = np.arange(frames)
    share = (count / frames + phase) % 1.0
    q = curves(share, travel=stride * count / frames, **shape)
    lower, upper = _bounds(hip_extension_stops_at, hip_rotation)
    none = np.empty(0)
    problem = Problem(
        axis, offset, q, none, none, none, none, none, foot_position, foot_orientation, trunk,
        np.array([coordinates[_of_both_sides(name)] for name in NAMES]), lower, upper,
    )  # fmt: skip
    pelvis = Rotation.from_matrix(forward(problem, q)[0][:, INDEX["pelvis_rotation"]])
    sway = np.stack((-deg(2.0) * np.cos(TURN * share), deg(1.0) * np.sin(TURN * share)), axis=-1)
    q[:, INDEX["lumbar_extension"] :] = (pelvis.inv() * Rotation.from_euler("YX", sway)).as_euler("ZXY")
    R, o = forward(problem, q)
    return replace(
        problem, R_foot_r=R[:, FOOT_R].copy(), p_foot_r=o[:, FOOT_R].copy(), R_foot_l=R[:, FOOT_L].copy(),
        p_foot_l=o[:, FOOT_L].copy(), R_trunk=R[:, TRUNK].copy(),
    )  # fmt: skip


STANDARD = "standard"
HEAVY_SPINE = COORDINATE_WEIGHTS | {
    "lumbar_extension": 3.0,
    "lumbar_bending": 2.0,
    "pelvis_tilt": 0.2,
    "hip_flexion": 0.6,
}
#: Cases by name: what it is in words, and how it differs from the standard case.
CASES = {
    STANDARD: ("both hips stop at 0° of extension", {}),
    "flexed": ("both hips stop at 10° of flexion", {"hip_extension_stops_at": (10.0, 10.0)}),
    "one sided": ("right hip stops at 5° of flexion, left hip free", {"hip_extension_stops_at": (5.0, -30.0)}),
    "hip rotation": (
        "hips turn 3° either way, right stops at 0° of extension, left at 5°",
        {"hip_extension_stops_at": (0.0, -5.0), "hip_rotation": 3.0},
    ),
    "long legs": (
        "a taller body: thigh 0.50 m, shank 0.47 m, wider hips, a higher lumbar joint",
        {"body": {"thigh": 0.50, "shank": 0.47, "hip_half": 0.1, "l5s1": (-0.07, 0.11, 0.0)}},
    ),
    "stiff spine": (
        "other weights: a stiffer spine, softer feet and trunk",
        {"coordinates": HEAVY_SPINE, "foot_position": 50.0, "foot_orientation": 10.0, "trunk": 10.0},
    ),
    "long stride": (
        "another walk: 1.8 m a stride, hips swing 28°, starting at midstance",
        {"hip_mean": 12.0, "hip_swing": 28.0, "tilt": -14.0, "stride": 1.8, "phase": 0.3},
    ),
}
VARIANTS = tuple(name for name in CASES if name != STANDARD)


def case(name=STANDARD):
    """The problem of that name, one of `CASES`."""
    return gait(**CASES[name][1])
