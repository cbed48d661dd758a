"""The optimum is the optimum: SciPy and an interior-point method, from three starts, find no lower energy."""

import numpy as np
import pytest

from kinematics.conventions import INDEX
from kinematics.rom import RangeOfMotion
from kinematics.zero import standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.solution import SOLVED
from simulate.strategies import predicted
from tests.agreement.symbolic_posture import SymbolicPosture

LIMITS = (
    {"hip_extension_deg": 0},
    {"hip_extension_deg": -12},
    {"hip_extension_left_deg": -8},
    {"hip_internal_rotation_deg": -5, "hip_extension_deg": 0},
    {"hip_abduction_deg": 0},
)
#: The energies agree to this share of themselves; near zero energy to this many joules.
RELATIVE, ABSOLUTE = 1e-8, 1e-9
#: Musts and bounds are met to this. [m, rad]
FEASIBLE = 1e-8


def _cases(walk):
    """Frames in which an imposed limit binds, and some in which none does."""
    offsets = zero_offsets("clinical", walk.standing, standing_tilt_deg=standing_tilt(None)[0])
    for limits in LIMITS:
        rom = RangeOfMotion.normal().limited(**limits)
        _, (lower, upper), _ = bounds_of(walk, rom, offsets)
        ours = predicted(walk, lower, upper).solution
        assert (ours.status == SOLVED).all(), limits
        hips = [i for name, i in INDEX.items() if name.startswith("hip")]
        binding = np.flatnonzero(ours.active[:, hips].any(axis=1))
        for frame in binding[:: max(1, len(binding) // 12)]:
            yield SymbolicPosture(walk, frame, lower, upper), ours.q[frame]


@pytest.fixture(scope="module")
def cases(bundled_walk):
    found = list(_cases(bundled_walk))
    assert len(found) >= 50
    return found


def _starts(posture, ours):
    rng = np.random.default_rng(11)
    return posture.reference, ours, posture.reference + np.deg2rad(8.0) * rng.uniform(-1, 1, 24) * (np.arange(24) > 2)


@pytest.mark.parametrize("method", ["ipopt", "scipy"])
def test_another_optimiser_finds_the_same_energy_from_three_starts(cases, method):
    for posture, ours in cases:
        energy = float(posture.energy(ours))
        assert posture.violation(ours) <= FEASIBLE
        for start in _starts(posture, ours):
            q, theirs = getattr(posture, method)(start)
            # both are asked for more digits than they can always certify: what counts is that they meet the musts
            assert posture.violation(q) <= FEASIBLE
            assert energy == pytest.approx(theirs, rel=RELATIVE, abs=ABSOLUTE)
