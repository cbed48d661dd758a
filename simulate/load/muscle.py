"""From net moment and force at L5/S1 to compression and shear of the disc: one muscle that stands for all.

F_m = |M| / d, C = F_m + axial force, S = shear. For teaching: one muscle on one side, no co-contraction, no tone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, SPINE
from kinematics.rotations import rotation_about
from kinematics.zero import Standing
from simulate.kernels.data import EXPONENTIAL, SPRING, Tissue
from simulate.load.dynamics import LUMBAR, Wrench

Array = NDArray[np.float64]

#: What turns about which axis: extension about that to the right, bending forward, rotation up.
COMPONENTS = ("extension", "bending", "rotation")
AXES = ("forward", "up", "right")
_ABOUT = [2, 0, 1]


class Disc(NamedTuple):
    """What the disc carries, and how it comes about, each (F,) [N] unless said.

    `moment`, `muscle_moment`, `passive_moment` (F, 3), about the disc's axes: extension, bending, rotation [N m];
    `axial` along the disc's normal; `muscle` and `passive`, the pulls of muscle and of tissue; `compression`, the sum
    of the three; `anterior` and `lateral` shear: forward, and to the right, of the upper body on the sacrum.
    """

    moment: Array
    muscle_moment: Array
    passive_moment: Array
    axial: Array
    muscle: Array
    passive: Array
    compression: Array
    anterior: Array
    lateral: Array


def components(vectors: Array) -> Array:
    """Extension, bending, rotation (..., 3) of moments (..., 3) about the axes forward, up, right."""
    result: Array = vectors[..., _ABOUT]
    return result


def disc_frame(standing: Standing, inclination: float) -> Array:
    """R_pelvis_disc (3, 3): the disc's normal is its second axis.

    Parameters
    ----------
    standing : Standing
        The posture in which the inclination is that of the disc.
    inclination : float
        Of the disc's normal, forward from the vertical, in standing. [rad]
    """
    result: Array = rotation_about((0.0, 0.0, 1.0), -(inclination + standing.pelvis_tilt))
    return result


def standing_posture(standing: Standing) -> Array:
    """The standing posture (24,) [rad] as far as it is known: pelvis, hips, spine; all else 0."""
    q = np.zeros(len(COORDINATES))
    q[INDEX["pelvis_tilt"]], q[INDEX["pelvis_list"]] = standing.pelvis_tilt, standing.pelvis_list
    q[[INDEX["hip_flexion_r"], INDEX["hip_flexion_l"]]] = standing.hip_flexion
    q[[INDEX[name] for name in SPINE]] = standing.spine
    return q


def passive_forces(q: Array, *, stiffness: Array, tissue: Tissue, standing: Standing) -> Array:
    """What passive tissue exerts on the lumbar coordinates (F, 3) [N m], each along its own axis.

    Minus the gradient of the posture problem's energy in lumbar extension, bending and rotation, with the person's
    standing in place of the recording: springs are at rest in standing, and of a tissue that counts from its tangent
    the tangent is that in standing.

    Parameters
    ----------
    q : ndarray, shape (F, 24)
        [rad]
    stiffness : ndarray, shape (24,)
        [N m/rad]
    tissue : Tissue
    standing : Standing
    """
    rest = standing_posture(standing)
    out = -stiffness[LUMBAR] * (q[:, LUMBAR] - rest[LUMBAR])
    for t, kind in enumerate(tissue.kind):
        slope = _slope(int(kind), q @ tissue.factor[t] - tissue.shift[t])
        if tissue.tangent[t]:
            slope = slope - _slope(int(kind), rest @ tissue.factor[t] - tissue.shift[t])
        out = out - tissue.amplitude[t] * np.multiply.outer(slope, tissue.factor[t, LUMBAR])
    result: Array = out
    return result


def _slope(kind: int, stretch: Array | float) -> Array:
    """Derivative of a tissue's energy by its stretch, over its amplitude."""
    stretch = np.asarray(stretch, dtype=np.float64)
    if kind == EXPONENTIAL:
        return np.exp(stretch)
    return stretch if kind == SPRING else np.maximum(stretch, 0.0)


def disc_load(
    wrench: Wrench, passive: Array, *, R_pelvis_disc: Array, lever_arm: float, passive_lever_arm: float
) -> Disc:
    """Compression and shear of the disc.

    Parameters
    ----------
    wrench : Wrench
    passive : ndarray, shape (F, 3)
        What passive tissue exerts on the lumbar coordinates. [N m]
    R_pelvis_disc : ndarray, shape (3, 3)
    lever_arm, passive_lever_arm : float
        Of the muscle, and of passive tissue, behind the disc's middle. [m]
    """
    R_disc = wrench.R_pelvis @ R_pelvis_disc

    def in_disc(vectors: Array) -> Array:
        result: Array = (np.swapaxes(R_disc, -1, -2) @ vectors[..., None])[..., 0]
        return result

    # the moment whose parts along the joint's three axes are these
    tissue: Array = np.linalg.solve(wrench.axes, passive[..., None])[..., 0].astype(np.float64)
    force = in_disc(wrench.force)
    net, held = in_disc(wrench.moment), in_disc(tissue)
    pulls = [
        np.linalg.norm(moment, axis=-1) / arm for moment, arm in ((net - held, lever_arm), (held, passive_lever_arm))
    ]
    return Disc(
        moment=components(net),
        muscle_moment=components(net - held),
        passive_moment=components(held),
        axial=force[:, 1],
        muscle=pulls[0],
        passive=pulls[1],
        compression=force[:, 1] + pulls[0] + pulls[1],
        anterior=-force[:, 0],
        lateral=-force[:, 2],
    )


__all__ = ["AXES", "COMPONENTS", "Disc", "components", "disc_frame", "disc_load", "passive_forces", "standing_posture"]
