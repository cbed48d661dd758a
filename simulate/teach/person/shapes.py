"""What the drawn figure looks like: simple shapes of our own on each body, as plain data.

Every shape is ``{"body", "role", "kind", ...}``, in the body's frame [m], turned by ``quaternion`` (x, y, z, w) and
then moved by ``position`` where these are given. Roles: ``bone``, ``disc``, ``skin``, ``prop``, and ``joint_hip_r``,
``joint_hip_l``, ``joint_lumbar``, which are coloured by share of range. Kinds:

``ellipsoid``  ``size`` [3], its half axes
``tube``       ``points`` [[3]], ``radius`` [one a point]
``loft``       ``rings`` [[x, y, z, a, b]]: ellipses about a centre, across the ``axis`` ("y": half axes a along x and
               b along z; "x": a along y and b along z), closed at both ends
``sheet``      ``rows`` [[[3]]]: a grid of points, seen from both sides

Where joints are is the chain's; widths and the forms between are drawn to look like a person's and stand for nothing
(assumption), in proportion to stature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kinematics.conventions import SIDES
from simulate.teach.person.body import Build
from simulate.teach.person.figure import VERTEBRAE, quaternions
from simulate.teach.person.trunk import thorax

Array = NDArray[np.float64]
Shape = dict[str, Any]

#: Stature at which widths are drawn as they are written here. [m]
DRAWN = 1.75
#: The lumbar spine is drawn wider than it is by this, to be seen from the back row. (assumption)
LARGER = 1.25
#: Part of a level's height that the vertebra takes; the disc has the rest. (assumption)
VERTEBRA = 0.74


def shapes_of(build: Build, steps: Array, *, golf: bool = False) -> list[Shape]:
    """The shapes of a figure, rounded to a tenth of a millimetre.

    Parameters
    ----------
    build : Build
    steps : ndarray, shape (5, 3)
        From L5/S1 up to T12/L1, as `simulate.teach.person.figure.column`. [m]
    golf : bool
        Whether there is a club in the left hand.
    """
    s = build.stature / DRAWN
    found = [*_pelvis(build, s), *_lumbar(build, steps, s), *thorax(build, s)]
    for side in SIDES:
        found += [*_leg(build, side, s), *_arm(build, side, s)]
    if golf:
        found.append(_club(build))
    return [{key: _rounded(value) for key, value in shape.items()} for shape in found]


def tube(body: str, role: str, points: Any, radius: ArrayLike) -> Shape:
    """A tube through some points (n, 3), of one radius or one a point."""
    line = np.asarray(points, dtype=np.float64)
    return {"body": body, "role": role, "kind": "tube", "points": line, "radius": np.broadcast_to(radius, len(line))}


def ellipsoid(body: str, role: str, at: ArrayLike, size: ArrayLike) -> Shape:
    """An ellipsoid of some half axes (3,) about a place (3,)."""
    return {"body": body, "role": role, "kind": "ellipsoid", "size": size, "position": at}


def loft(body: str, role: str, rings: ArrayLike, axis: str = "y") -> Shape:
    """A body through ellipses, rows x, y, z, a, b."""
    return {"body": body, "role": role, "kind": "loft", "axis": axis, "rings": rings}


def sheet(body: str, role: str, rows: ArrayLike) -> Shape:
    """A sheet over a grid of points (rows, columns, 3)."""
    return {"body": body, "role": role, "kind": "sheet", "rows": rows}


def bezier(*points: ArrayLike, n: int = 9) -> Array:
    """Points (n, 3) on the Bezier curve of some control points (3,)."""
    control = np.array([np.asarray(each, dtype=np.float64) for each in points])
    t = np.linspace(0.0, 1.0, n)[:, None, None]
    line = np.broadcast_to(control, (n, *control.shape))
    while line.shape[1] > 1:
        line = (1.0 - t) * line[:, :-1] + t * line[:, 1:]
    return line[:, 0]


def _rounded(value: Any) -> Any:
    return value if isinstance(value, str) else np.round(np.asarray(value, dtype=np.float64), 4).tolist()


def _both(place: ArrayLike, sign: float) -> Array:
    """A place of the right side, on the right (1) or mirrored (-1)."""
    return np.asarray(place, dtype=np.float64) * [1.0, 1.0, sign]


def _pelvis(build: Build, s: float) -> Iterable[Shape]:
    asis, psis, hip, l5s1 = build.asis, build.psis, build.hip, build.l5s1
    front, back = float(asis[0]), float(psis[0])
    deep, top = front - back, max(float(asis[1]), float(psis[1]), float(l5s1[1])) + 0.022 * s
    symphysis = np.array([front - 0.012 * s, asis[1] - 0.098 * s, 0.014 * s])
    seat = hip + np.array([-0.022, -0.074, -0.014]) * s
    joint = np.array([back + 0.3 * deep, min(psis[1], l5s1[1]) - 0.03 * s, 0.042 * s])
    for sign in (1.0, -1.0):
        crest = bezier(
            asis + np.array([0.0, -0.012, 0.0]) * s,
            [front - 0.02 * s, top + 0.012 * s, asis[2] * 1.16],
            [0.5 * (front + back), top + 0.055 * s, asis[2] * 1.1],
            [back + 0.10 * deep, top + 0.035 * s, psis[2] * 1.35],
            psis + np.array([0.006, 0.0, 0.0]) * s,
        )
        brim = bezier(
            asis + np.array([-0.004, -0.032, -0.006]) * s,
            hip + np.array([0.030, 0.045, 0.006]) * s,
            hip + np.array([-0.012, 0.022, 0.0]) * s,
            hip + np.array([-0.05, 0.045, -0.025]) * s,
            joint,
        )
        rows = []
        for t in np.linspace(0.0, 1.0, 5):
            hollow = 0.011 * s * np.sin(np.pi * t) * np.sin(np.pi * np.linspace(0.0, 1.0, 9))
            row = (1.0 - t) * crest + t * brim
            row[:, 2] -= hollow
            rows.append(_both(row, sign))
        yield sheet("pelvis", "bone", rows)
        yield tube("pelvis", "bone", _both(crest, sign), 0.0075 * s)
        socket = hip + np.array([0.0, 0.006, -0.012]) * s
        yield ellipsoid("pelvis", "bone", _both(socket, sign), np.array([0.036, 0.036, 0.026]) * s)
        yield tube(
            "pelvis",
            "bone",
            _both(bezier(socket, [front, hip[1] + 0.012 * s, 0.05 * s], symphysis, n=6), sign),
            np.array([0.016, 0.013, 0.011, 0.010, 0.010, 0.013]) * s,
        )
        yield tube(
            "pelvis",
            "bone",
            _both(bezier(socket, seat + np.array([-0.004, 0.02, 0.006]) * s, seat, n=4), sign),
            np.array([0.024, 0.019, 0.017, 0.019]) * s,
        )
        yield tube(
            "pelvis",
            "bone",
            _both(bezier(seat, [symphysis[0] - 0.03 * s, seat[1] - 0.006 * s, 0.035 * s], symphysis, n=5), sign),
            0.009 * s,
        )
        yield ellipsoid(
            "pelvis",
            "skin",
            _both([back + 0.058 * s, hip[1] - 0.014 * s, 0.074 * s], sign),
            np.array([0.076, 0.090, 0.080]) * s,
        )
    yield ellipsoid("pelvis", "bone", symphysis * [1.0, 1.0, 0.0], np.array([0.012, 0.02, 0.012]) * s)
    yield from _sacrum(build, s)
    centre = 0.5 * (front + back) + 0.008 * s
    yield loft(
        "pelvis",
        "skin",
        [
            [centre - 0.002 * s, top + 0.050 * s, 0, 0.094 * s, 0.134 * s],
            [centre, top + 0.02 * s, 0, 0.106 * s, 0.150 * s],
            [centre + 0.002 * s, asis[1], 0, 0.114 * s, 0.163 * s],
            [centre, hip[1] + 0.01 * s, 0, 0.114 * s, 0.173 * s],
            [centre, hip[1] - 0.045 * s, 0, 0.104 * s, 0.168 * s],
            [centre, hip[1] - 0.085 * s, 0, 0.074 * s, 0.128 * s],
            [centre, hip[1] - 0.108 * s, 0, 0.03 * s, 0.06 * s],
        ],
    )


def _sacrum(build: Build, s: float) -> Iterable[Shape]:
    """From L5/S1 down and back between the hip bones, and forward again."""
    l5s1, psis = build.l5s1, build.psis
    middle = np.array([l5s1[0] + 0.62 * (psis[0] - l5s1[0]), min(l5s1[1], psis[1]) - 0.035 * s, 0.0])
    tail = middle + np.array([0.012, -0.062, 0.0]) * s
    line = bezier(l5s1 + np.array([0.0, -0.006 * s, 0.0]), [middle[0], l5s1[1] - 0.012 * s, 0], middle, tail, n=7)
    deep, wide = np.array([19, 19, 17, 14, 11, 8, 4]) * 1e-3 * s, np.array([40, 46, 46, 38, 27, 15, 6]) * 1e-3 * s
    yield loft("pelvis", "bone", np.column_stack([line, deep, wide]))


def _lumbar(build: Build, steps: Array, s: float) -> Iterable[Shape]:
    """Five vertebrae, each on the disc below it; one more disc below the thorax."""
    wide = LARGER * np.array([27.0, 26.5, 26.0, 25.0, 24.0]) * 1e-3 * s
    for body, step, b in zip(VERTEBRAE, steps, wide, strict=True):
        height = float(np.linalg.norm(step))
        up = step / height
        ahead = np.cross(up, [0.0, 0.0, 1.0])
        turn = quaternions(np.stack([ahead, up, np.cross(ahead, up)], axis=-1)[None])[0]
        disc, a = 0.5 * (1.0 - VERTEBRA) * height, 0.78 * b
        low, high, half = disc, height - disc, 0.5 * height

        def turned(shape: Shape, turn: Array = turn) -> Shape:
            return {**shape, "quaternion": turn}

        rings = [
            [0, y, 0, wider * a, wider * b]
            for y, wider in ((low, 0.86), (low + 0.002 * s, 1.0), (half, 0.88), (high - 0.002 * s, 1.0), (high, 0.86))
        ]
        yield turned(loft(body, "joint_lumbar", rings))
        arch = -a - 0.012 * s
        yield turned(
            tube(
                body,
                "joint_lumbar",
                [[-0.8 * a, half, 0], [arch, half, 0], [arch - 0.034 * s, half - 0.009 * s, 0]],
                np.array([0.011, 0.0105, 0.0095]) * s,
            )
        )
        yield turned(
            tube(
                body,
                "joint_lumbar",
                [[-a, half, -0.047 * s], [-a + 0.004 * s, half, 0], [-a, half, 0.047 * s]],
                np.array([0.0045, 0.008, 0.0045]) * s,
            )
        )
        yield turned(ellipsoid(body, "disc", [0, 0, 0], [0.95 * a, 1.35 * disc, 0.95 * b]))
    yield ellipsoid("thorax", "disc", [0, 0, 0], np.array([0.018, 0.005, 0.023]) * s)
    middle, reach = VERTEBRAE[2], float(np.linalg.norm(build.t12l1))
    yield loft(
        middle,
        "skin",
        [
            [0.026 * s, -0.62 * reach, 0, 0.108 * s, 0.139 * s],
            [0.027 * s, -0.25 * reach, 0, 0.108 * s, 0.134 * s],
            [0.030 * s, 0.2 * reach, 0, 0.108 * s, 0.130 * s],
            [0.032 * s, 0.65 * reach, 0, 0.108 * s, 0.133 * s],
        ],
    )


def _leg(build: Build, side: str, s: float) -> Iterable[Shape]:
    sign = 1.0 if side == "r" else -1.0
    femur, tibia, foot, toes = (f"{name}_{side}" for name in ("femur", "tibia", "foot", "toes"))
    knee, ankle = build.knee[side], build.ankle[side]
    yield ellipsoid(femur, f"joint_hip_{side}", [0, 0, 0], np.full(3, 0.033 * s))
    trochanter = _both(np.array([-0.006, -0.028, 0.046]) * s, sign)
    shaft = bezier(
        trochanter + np.array([0.0, -0.02 * s, -0.010 * sign * s]),
        0.5 * knee + _both([0.016 * s, 0, 0.012 * s], sign),
        knee + np.array([0.0, 0.02 * s, 0.0]),
        n=6,
    )
    yield tube(
        femur,
        "bone",
        [[0, 0, 0], 0.55 * trochanter + np.array([0, 0.004 * s, 0]), trochanter],
        np.array([0.018, 0.015, 0.019]) * s,
    )
    yield tube(femur, "bone", [trochanter, *shaft], np.array([0.019, 0.018, 0.0145, 0.0135, 0.014, 0.017, 0.022]) * s)
    for out in (1.0, -1.0):
        yield ellipsoid(
            femur,
            "bone",
            knee + np.array([-0.006 * s, 0.002 * s, 0.021 * out * s]),
            np.array([0.029, 0.025, 0.018]) * s,
        )
    yield ellipsoid(femur, "bone", knee + np.array([0.038, 0.014, 0.0]) * s, np.array([0.010, 0.022, 0.02]) * s)
    yield loft(
        femur,
        "skin",
        _along(
            knee,
            [
                (-0.17, 0.004, 0.010, 0.072, 0.076),
                (-0.06, 0.0, 0.012, 0.087, 0.088),
                (0.10, 0.003, 0.008, 0.090, 0.088),
                (0.32, 0.010, 0.004, 0.085, 0.080),
                (0.58, 0.010, 0.0, 0.071, 0.066),
                (0.82, 0.004, 0.0, 0.056, 0.054),
                (0.95, 0.004, 0.0, 0.055, 0.053),
                (1.04, 0.002, 0.0, 0.053, 0.050),
                (1.09, 0.0, 0.0, 0.036, 0.036),
            ],
            sign,
            s,
        ),
    )
    yield tube(
        tibia,
        "bone",
        [
            [0, -0.024 * s, 0],
            [0.004 * s, -0.05 * s, 0],
            *bezier(
                [0.006 * s, -0.08 * s, 0],
                0.5 * ankle + np.array([0.010 * s, 0, 0]),
                ankle + np.array([0, 0.015 * s, 0]),
                n=4,
            ),
        ],
        np.array([0.034, 0.024, 0.017, 0.0125, 0.011, 0.017]) * s,
    )
    yield tube(
        tibia,
        "bone",
        bezier(_both([-0.02 * s, -0.04 * s, 0.03 * s], sign), ankle + _both([-0.01 * s, 0, 0.026 * s], sign), n=4),
        np.array([0.009, 0.006, 0.006, 0.011]) * s,
    )
    yield loft(
        tibia,
        "skin",
        _along(
            ankle,
            [
                (-0.08, 0.0, 0.0, 0.036, 0.036),
                (-0.03, 0.0, 0.0, 0.051, 0.049),
                (0.05, -0.002, 0.0, 0.052, 0.049),
                (0.16, -0.010, 0.002, 0.056, 0.053),
                (0.30, -0.014, 0.002, 0.060, 0.056),
                (0.48, -0.010, 0.0, 0.051, 0.047),
                (0.68, -0.004, 0.0, 0.039, 0.036),
                (0.86, 0.0, 0.0, 0.033, 0.030),
                (1.0, 0.0, 0.0, 0.035, 0.032),
                (1.06, 0.0, 0.0, 0.026, 0.025),
            ],
            sign,
            s,
        ),
    )
    yield from _foot(build, foot, toes, side, s)


def _along(to: Array, rows: Sequence[tuple[float, ...]], sign: float, s: float) -> list[list[float]]:
    """Rings along the way from a joint to the next: share of the way, aside to the front and outside, half axes."""
    return [[*(t * to + np.array([x, 0.0, sign * z]) * s), a * s, b * s] for t, x, z, a, b in rows]


def _foot(build: Build, foot: str, toes: str, side: str, s: float) -> Iterable[Shape]:
    heel, ball, tip = build.heel[side], build.ball[side], build.toe[side] - build.ball[side]
    sole, length = float(heel[1]) - build.sole, float(ball[0] - heel[0])
    tall = build.sole_below_ankle + build.sole

    def at(t: float, low: float, high: float, b: float) -> list[float]:
        """A ring at a share of the way from heel to ball, between two heights over the sole."""
        place = heel + t * (ball - heel)
        return [float(place[0]), sole + 0.5 * (low + high), float(place[2]), 0.5 * (high - low), b * s]

    yield loft(
        foot,
        "skin",
        [
            at(-0.17, 0.02 * s, 0.04 * s, 0.010),
            at(-0.13, 0.006 * s, 0.062 * s, 0.024),
            at(-0.02, 0.0, tall, 0.031),
            at(0.20, 0.0, tall + 0.02 * s, 0.033),
            at(0.38, 0.001 * s, tall + 0.006 * s, 0.035),
            at(0.58, 0.004 * s, 0.76 * tall, 0.039),
            at(0.82, 0.002 * s, 0.50 * tall, 0.044),
            at(1.0, 0.0, 0.40 * tall, 0.046),
            at(1.07, 0.004 * s, 0.32 * tall, 0.042),
        ],
        axis="x",
    )
    yield ellipsoid(foot, "bone", heel + np.array([0.01 * s, 0.026 * s, 0.0]), np.array([0.034, 0.024, 0.019]) * s)
    start = heel + np.array([0.36 * length, 0.62 * tall, 0.0])
    for aside in (-0.024, 0.0, 0.024):
        end = ball + np.array([-0.004, 0.010, aside]) * s
        yield tube(
            foot,
            "bone",
            [start, 0.5 * (start + end) + np.array([0, 0.004 * s, 0.3 * aside * s]), end],
            np.array([0.017, 0.009, 0.009]) * s,
        )
    lift = 0.40 * tall
    floor = -build.sole + float(heel[1] - ball[1])
    far = float(np.linalg.norm(tip))
    yield loft(
        toes,
        "skin",
        [
            [-0.012 * s, floor + 0.5 * lift, 0, 0.42 * lift, 0.043 * s],
            [0.012 * s, floor + 0.5 * lift, 0, 0.48 * lift, 0.046 * s],
            [0.55 * far, floor + 0.40 * lift, 0, 0.38 * lift, 0.043 * s],
            [0.92 * far, floor + 0.32 * lift, 0, 0.30 * lift, 0.034 * s],
            [1.03 * far, floor + 0.30 * lift, 0, 0.16 * lift, 0.020 * s],
        ],
        axis="x",
    )


def _arm(build: Build, side: str, s: float) -> Iterable[Shape]:
    arm, forearm, upper, fore = f"arm_{side}", f"forearm_{side}", build.upper_arm, build.forearm
    yield loft(
        arm,
        "skin",
        [
            [0, y, 0, a * s, b * s]
            for y, a, b in (
                (0.056 * s, 0.02, 0.02),
                (0.034 * s, 0.046, 0.044),
                (0.0, 0.055, 0.05),
                (-0.3 * upper, 0.049, 0.043),
                (-0.6 * upper, 0.044, 0.039),
                (-0.9 * upper, 0.037, 0.037),
                (-1.06 * upper, 0.03, 0.03),
            )
        ],
    )
    yield loft(
        forearm,
        "skin",
        [
            [0, y, 0, a * s, b * s]
            for y, a, b in (
                (0.03 * s, 0.028, 0.028),
                (0.0, 0.038, 0.037),
                (-0.2 * fore, 0.042, 0.037),
                (-0.6 * fore, 0.033, 0.029),
                (-0.95 * fore, 0.027, 0.021),
                (-1.05 * fore, 0.025, 0.019),
            )
        ],
    )
    yield loft(
        forearm,
        "skin",
        [
            [0.004 * s, -fore - y * build.hand, 0, a * s, b * s]
            for y, a, b in (
                (-0.05, 0.024, 0.018),
                (0.2, 0.036, 0.017),
                (0.5, 0.040, 0.017),
                (0.8, 0.034, 0.014),
                (0.96, 0.018, 0.010),
            )
        ],
    )
    yield tube(
        arm,
        "bone",
        [[0, 0, 0], [0, -0.1 * upper, 0], [0, -0.85 * upper, 0], [0, -upper, 0]],
        np.array([0.022, 0.013, 0.011, 0.019]) * s,
    )
    yield tube(
        forearm,
        "bone",
        [[0, 0, 0], [0, -0.15 * fore, 0], [0, -0.9 * fore, 0], [0, -fore, 0]],
        np.array([0.017, 0.010, 0.009, 0.015]) * s,
    )


def _club(build: Build) -> Shape:
    """A golf club in the left hand."""
    hand = np.array([0.0, -build.forearm - 0.45 * build.hand, 0.0])
    ends = [
        hand + np.array([-0.03, 0.09, 0.0]),
        hand,
        hand + np.array([0.22, -0.62, 0.0]),
        hand + np.array([0.29, -0.66, 0.0]),
    ]
    return tube("forearm_l", "prop", ends, [0.012, 0.011, 0.006, 0.012])


__all__ = ["bezier", "ellipsoid", "loft", "shapes_of", "sheet", "tube"]
