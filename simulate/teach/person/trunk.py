"""Rib cage, shoulders, neck and head of the drawn figure, on the thorax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulate.teach.person.body import Build
from simulate.teach.person.figure import quaternions

Array = NDArray[np.float64]
Shape = dict[str, Any]

#: Ribs from below: height at the back, of neck height; breadth and depth of half the cage there [m]; how far round it
#: goes, of half a turn. (assumption)
RIBS = (
    (0.10, 0.126, 0.088, 0.62),
    (0.20, 0.137, 0.095, 0.74),
    (0.31, 0.142, 0.099, 0.86),
    (0.42, 0.141, 0.099, 1.0),
    (0.53, 0.136, 0.095, 1.0),
    (0.64, 0.126, 0.088, 1.0),
    (0.75, 0.110, 0.077, 1.0),
    (0.86, 0.084, 0.060, 1.0),
)
#: Centre of the cage ahead of the spine, and how much lower a rib is in front. [m] (assumption)
AHEAD, DROP = 0.066, 0.075


def thorax(build: Build, s: float) -> Iterable[Shape]:
    """Shapes on the thorax; `s` is the stature as a share of the one for which widths are written."""
    turn = quaternions(build.R_thorax_trunk[None])[0]
    for shape in (*_bones(build, s), *_skin(build, s)):
        # an ellipsoid's place turns too
        if "position" in shape:
            shape["position"] = build.R_thorax_trunk @ np.asarray(shape["position"], dtype=np.float64)
        yield {"body": "thorax", **shape, "quaternion": turn}


def _bones(build: Build, s: float) -> Iterable[Shape]:
    n = build.neck
    yield _tube(
        [
            [0, 0.012 * s, 0],
            [-0.016 * s, 0.25 * n, 0],
            [-0.026 * s, 0.55 * n, 0],
            [-0.012 * s, 0.85 * n, 0],
            [0.004 * s, n, 0],
            [0.022 * s, n + 0.07 * s, 0],
        ],
        np.array([0.019, 0.018, 0.0165, 0.015, 0.013, 0.013]) * s,
    )
    fronts = []
    for high, b, a, round_to in RIBS:
        angle = np.linspace(0.0, np.pi * round_to, 13)
        fall = (DROP if high < 0.8 else 0.6 * DROP) * s
        x = (AHEAD - a * np.cos(angle) * 1.0) * s
        y = high * n - fall * 0.5 * (1.0 - np.cos(angle))
        z = b * s * np.sin(angle) ** 0.9
        half = np.column_stack([x, y, z])
        half[0] = [-0.02 * s, y[0], 0.0]
        fronts.append(half[-1])
        for sign in (1.0, -1.0):
            yield _tube(half * [1.0, 1.0, sign], 0.0052 * s)
    low, top = fronts[3], fronts[-1]
    breast = [
        [top[0] - 0.002 * s, top[1] + 0.022 * s, 0, 0.008 * s, 0.026 * s],
        [top[0], top[1], 0, 0.009 * s, 0.028 * s],
        [0.5 * (low[0] + top[0]) + 0.006 * s, 0.5 * (low[1] + top[1]), 0, 0.008 * s, 0.018 * s],
        [low[0], low[1], 0, 0.008 * s, 0.02 * s],
        [low[0] - 0.006 * s, low[1] - 0.035 * s, 0, 0.004 * s, 0.008 * s],
    ]
    yield {"role": "bone", "kind": "loft", "axis": "y", "rings": breast}
    shoulder = build.shoulder
    for sign in (1.0, -1.0):
        across = np.array([1.0, 1.0, sign])
        tip = shoulder + np.array([-0.006, 0.03, 0.004]) * s
        yield _tube(
            np.array(
                [
                    [top[0], top[1] + 0.016 * s, 0.02 * s],
                    [top[0] + 0.004 * s, 0.5 * (top[1] + tip[1]) + 0.022 * s, 0.5 * shoulder[2]],
                    tip,
                ]
            )
            * across,
            np.array([0.010, 0.007, 0.010]) * s,
        )
        blade = [
            shoulder + np.array([-0.012, 0.014, -0.018]) * s,
            [-0.058 * s, shoulder[1] + 0.004 * s, 0.07 * s],
            [-0.048 * s, shoulder[1] - 0.13 * s, 0.078 * s],
            shoulder + np.array([-0.03, -0.05, -0.018]) * s,
        ]
        rows = [
            [
                (1 - t) * np.asarray(blade[0]) + t * np.asarray(blade[3]),
                (1 - t) * np.asarray(blade[1]) + t * np.asarray(blade[2]),
            ]
            for t in (0.0, 0.5, 1.0)
        ]
        yield {"role": "bone", "kind": "sheet", "rows": np.array(rows) * across}


def _skin(build: Build, s: float) -> Iterable[Shape]:
    n, top = build.neck, build.top
    yield {
        "role": "skin",
        "kind": "loft",
        "axis": "y",
        "rings": [
            [0.032 * s, -0.05 * s, 0, 0.104 * s, 0.128 * s],
            [0.036 * s, 0.02 * s, 0, 0.109 * s, 0.139 * s],
            [0.046 * s, 0.30 * n, 0, 0.119 * s, 0.156 * s],
            [0.052 * s, 0.55 * n, 0, 0.121 * s, 0.167 * s],
            [0.048 * s, 0.76 * n, 0, 0.109 * s, 0.176 * s],
            [0.036 * s, 0.88 * n, 0, 0.090 * s, 0.172 * s],
            [0.022 * s, 0.96 * n, 0, 0.070 * s, 0.128 * s],
            [0.014 * s, n + 0.01 * s, 0, 0.058 * s, 0.076 * s],
            [0.018 * s, n + 0.04 * s, 0, 0.053 * s, 0.056 * s],
            [0.028 * s, n + 0.09 * s, 0, 0.050 * s, 0.052 * s],
        ],
    }
    crown = top - 0.112 * s
    for at, size in (
        ([0.034 * s, crown + 0.014 * s, 0], [0.096, 0.098, 0.077]),
        ([0.056 * s, crown - 0.052 * s, 0], [0.060, 0.068, 0.056]),
        ([0.127 * s, crown - 0.022 * s, 0], [0.016, 0.019, 0.012]),
        ([0.026 * s, crown - 0.016 * s, 0.076 * s], [0.014, 0.024, 0.008]),
        ([0.026 * s, crown - 0.016 * s, -0.076 * s], [0.014, 0.024, 0.008]),
    ):
        yield {"role": "skin", "kind": "ellipsoid", "position": at, "size": np.array(size) * s}


def _tube(points: Any, radius: Any) -> Shape:
    line = np.asarray(points, dtype=np.float64)
    return {"role": "bone", "kind": "tube", "points": line, "radius": np.broadcast_to(radius, len(line))}


__all__ = ["thorax"]
