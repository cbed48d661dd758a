"""How large the drawn figure is: sizes taken from a chain's joints and markers, the rest by published proportions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SIDES

Array = NDArray[np.float64]

#: Shares of stature: Drillis and Contini (1966), as in Winter, Biomechanics and Motor Control of Human Movement.
UPPER_ARM, FOREARM, HAND, HALF_SHOULDERS = 0.186, 0.146, 0.108, 0.129
#: The shoulder's centre is this share of the half breadth from the middle, and so far below C7 (share of stature).
#: (assumption)
SHOULDER_IN, SHOULDER_BELOW = 0.86, 0.016
#: Flesh and sole between a foot's markers and the ground. [m] (assumption)
SOLE = 0.012


@dataclass(frozen=True, eq=False)
class Build:
    """Sizes of a figure. [m]

    Places on the pelvis in its own frame: `asis`, `psis`, `hip` (of the right side) and `l5s1`. `knee` and `ankle`
    (by side) in thigh and shank. In the foot (by side): `heel`, `ball` and `toe`, all at the sole. On the trunk, whose
    frame `R_thorax_trunk` has Y from T12/L1 to the top of the head: `top` of the head above T12/L1, `neck` (C7) and
    `shoulder` of the right side. `t12l1` above L5/S1, lengths of arms and the `stature`; `sole` between markers and
    ground.
    """

    stature: float
    asis: Array
    psis: Array
    hip: Array
    l5s1: Array
    t12l1: Array
    knee: Mapping[str, Array]
    ankle: Mapping[str, Array]
    heel: Mapping[str, Array]
    ball: Mapping[str, Array]
    toe: Mapping[str, Array]
    sole_below_ankle: float
    R_thorax_trunk: Array
    top: float
    neck: float
    shoulder: Array
    upper_arm: float
    forearm: float
    hand: float
    sole: float = SOLE


def build_of(chain: Chain) -> Build:
    """The sizes of a chain's figure."""
    hip, l5s1, t12l1 = (
        np.array(chain.offsets[INDEX[name]]) for name in ("hip_flexion_r", "lumbar_extension", "thoracic_extension")
    )
    knee, ankle = dict[str, Array](), dict[str, Array]()
    ball, toe, heel = dict[str, Array](), dict[str, Array](), dict[str, Array]()
    for side in SIDES:
        knee[side] = np.array(chain.offsets[INDEX[f"knee_angle_{side}"]])
        ankle[side] = np.array(chain.offsets[INDEX[f"ankle_angle_{side}"]])
        heel[side], ball[side], toe[side] = (_at(chain, f"{name}_{side}") for name in ("heel", "forefoot", "toe"))
        # toes go on along the foot: a marker on the big toe is to its inside
        ahead = ball[side] - heel[side]
        length = max(float(np.linalg.norm(toe[side] - ball[side])), 0.25 * float(np.linalg.norm(ahead)))
        toe[side] = ball[side] + length * ahead / np.linalg.norm(ahead)
    vertex = _at(chain, "head_top")
    top = float(np.linalg.norm(vertex))
    up = vertex / top
    ahead = np.cross(up, [0.0, 0.0, 1.0])
    ahead /= np.linalg.norm(ahead)
    R_thorax_trunk = np.stack([ahead, up, np.cross(ahead, up)], axis=-1)
    neck = float(up @ _at(chain, "c7"))
    above_ankle = float(-chain.offsets[INDEX["subtalar_angle_r"]][1] - heel["r"][1])
    below = -ankle["r"][1] - knee["r"][1]
    stature = above_ankle + SOLE + below + (l5s1[1] - hip[1]) + t12l1[1] + top
    return Build(
        stature=stature,
        asis=_pelvic(chain, "asis", hip + np.array([0.04, 0.09, 0.04])),
        psis=_pelvic(chain, "psis", l5s1 + np.array([-0.05, 0.0, 0.045])),
        hip=hip,
        l5s1=l5s1,
        t12l1=t12l1,
        knee=knee,
        ankle=ankle,
        heel=heel,
        ball=ball,
        toe=toe,
        sole_below_ankle=above_ankle,
        R_thorax_trunk=R_thorax_trunk,
        top=top,
        neck=neck,
        shoulder=np.array([0.0, neck - SHOULDER_BELOW * stature, SHOULDER_IN * HALF_SHOULDERS * stature]),
        upper_arm=UPPER_ARM * stature,
        forearm=FOREARM * stature,
        hand=HAND * stature,
    )


def _at(chain: Chain, name: str) -> Array:
    return np.array(chain.point(name).location)


def _pelvic(chain: Chain, name: str, otherwise: Array) -> Array:
    """A pelvic marker of the right side, the mean of both sides; `otherwise` where the chain has none."""
    if f"{name}_r" not in chain.points or f"{name}_l" not in chain.points:
        return np.asarray(otherwise, dtype=np.float64)
    right, left = _at(chain, f"{name}_r"), _at(chain, f"{name}_l")
    result: Array = 0.5 * (right + left * [1.0, 1.0, -1.0])
    return result


__all__ = ["Build", "build_of"]
