"""Bending as published, forward and backward; consistency checks, for the construction puts these numbers in.

Numbers: `literature.md`, section 11 (V7), and table ``simulate/data/movements.csv``.
"""

import numpy as np
import pytest

from kinematics import RangeOfMotion
from kinematics.conventions import INDEX
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.strategies import predicted
from simulate.tasks.bend import bending
from simulate.tasks.pivot import pivoting

#: What the solver leaves of an angle over the 1e-2 rad and more that it is divided by.
ROUNDING = 1e-7


def changes(task):
    """Change of every coordinate from the first frame in the free answer, (F, 24). [rad]"""
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=standing_tilt(None)[0])
    free = predicted(task, *bounds_of(task, RangeOfMotion.normal(), offsets)[0]).solution.q
    return free - free[0]


def ratio(one, other):
    """`one` over `other` in the frames in which there is something to divide by."""
    there = np.abs(other) > np.deg2rad(1.0)
    assert there.any()
    return one[there] / other[there]


@pytest.mark.parametrize("angle", [30.0, 60.0, 110.0])
def test_the_lumbar_spine_takes_its_published_share_of_a_forward_bend(angle):
    """Laird et al. 2019: trunk 111, lumbar 52, pelvis 59 deg. A consistency check."""
    moved = changes(bending(direction="forward", angle_deg=angle))
    lumbar, pelvis = moved[:, INDEX["lumbar_extension"]], moved[:, INDEX["pelvis_tilt"]]
    lean = lumbar + pelvis
    assert -np.rad2deg(lean.min()) == pytest.approx(angle, abs=1e-6)
    np.testing.assert_allclose(ratio(lumbar, lean), 52.0 / 111.0, rtol=0.0, atol=5e-4)  # three digits


@pytest.mark.parametrize("angle", [10.0, 25.0, 35.0])
def test_backward_the_lumbar_spine_goes_its_published_multiple_of_the_hips(angle):
    """Tojima et al. 2016: 1.2 to 1.9, mean 1.6 (V7, +- 0.4). A consistency check."""
    moved = changes(bending(direction="backward", angle_deg=angle))
    lumbar, hips = moved[:, INDEX["lumbar_extension"]], moved[:, [INDEX["hip_flexion_r"], INDEX["hip_flexion_l"]]]
    assert lumbar.max() > 0.0
    for hip in hips.T:
        np.testing.assert_allclose(-ratio(lumbar, hip), 1.6, rtol=0.0, atol=ROUNDING)


def test_a_free_pivot_shares_the_turn_between_pelvis_and_spine_as_published():
    """Taniguchi et al. 2017: turn of the spine over turn of the pelvis 0.41 +- 0.12. A consistency check."""
    moved = changes(pivoting(angle_deg=40.0))
    pelvis = moved[:, INDEX["pelvis_rotation"]]
    spine = np.deg2rad(40.0) * (0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, len(moved)))) - pelvis
    np.testing.assert_allclose(ratio(spine, pelvis), 0.41, rtol=0.0, atol=0.01)  # two digits


def test_a_free_pivot_costs_hip_rotation_and_little_lumbar_rotation():
    moved = np.rad2deg(np.abs(changes(pivoting(angle_deg=45.0))).max(axis=0))
    assert moved[INDEX["hip_rotation_l"]] > 30.0
    assert moved[INDEX["lumbar_rotation"]] < 7.0  # what there is at any age (Troke et al. 2005)
