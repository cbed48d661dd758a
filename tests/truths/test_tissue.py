"""Passive tissues are what was published, and come from an energy."""

import numpy as np
import pytest
import sympy

from kinematics import HipspineError
from kinematics.conventions import COORDINATES, INDEX
from simulate.kernels.data import OFF, scratch
from simulate.kernels.data import Tissue as Line
from simulate.patient import tangent
from simulate.tasks.norm_walk import norm_walking
from simulate.tissue import JOINTS, curves, legs, moment, passive, tightened

#: Energy gradients and Hessians are held to this part of their size.
RELATIVE = 1e-10
N = len(COORDINATES)


@pytest.mark.parametrize(
    ("hip", "knee", "published"),
    [(30, 0, -1.0), (20, 0, 2.0), (10, 0, 4.9), (0, 0, 8.6), (-5, 0, 11.1), (-10, 0, 14.4), (-20, 0, 25.4),
     (-30, 0, 47.6), (0, 60, 10.6), (-10, 60, 14.8), (-20, 60, 23.4), (-30, 60, 41.2)],
)  # fmt: skip
def test_the_hip_resists_extension_as_published(hip, knee, published):
    found = moment("hip_flexion", hip_flexion_deg=hip, knee_angle_deg=knee, ankle_angle_deg=0.0)
    assert found == pytest.approx(published, abs=0.051)  # one digit is printed


def test_every_curve_pushes_back_what_makes_it_grow():
    for curve in curves():
        assert curve.sense * curve.rates[curve.of] < 0.0


def energy(tissue, q_ref):
    """The energy, written out anew with sympy: exponentials less their tangents at the reference."""
    q = sympy.symbols(f"q:{N}")
    total = sympy.Integer(0)
    for factor, shift, amplitude in zip(tissue.factor, tissue.shift, tissue.amplitude, strict=True):
        s = sum(sympy.Float(f, 30) * x for f, x in zip(factor, q, strict=True) if f) - sympy.Float(shift, 30)
        at = {x: sympy.Float(v, 30) for x, v in zip(q, q_ref, strict=True)}
        stretched = s.subs(at)
        total += sympy.Float(amplitude, 30) * (sympy.exp(s) - sympy.exp(stretched) * (s - stretched))
    return q, total


@pytest.mark.parametrize("joints", [*[(joint,) for joint in JOINTS], JOINTS])
def test_slopes_and_curvature_of_the_energy_are_those_of_its_formula(joints):
    task, rng = norm_walking("free"), np.random.default_rng(3)
    tissue, reference = passive(np.zeros(N), joints=joints), task.q[10]
    posture = reference + rng.uniform(-0.2, 0.2, N)
    q, total = energy(tissue, reference)
    moved = [x for x in q if total.has(x)]
    at = {x: sympy.Float(v, 30) for x, v in zip(q, posture, strict=True)}
    slope, curved = np.zeros(N), np.zeros((N, N))
    for x in moved:
        first = sympy.diff(total, x)
        slope[q.index(x)] = float(first.subs(at))
        for y in moved:
            curved[q.index(x), q.index(y)] = float(sympy.diff(first, y).subs(at))
    none = task.kernel_goals._replace(role=np.full_like(task.kernel_goals.role, OFF))
    w = scratch(none)
    free = np.full(N, np.inf)
    tangent(task.body, none, tissue, 10, np.zeros(N), reference, -free, free, posture, np.zeros(none.role.shape[1]), w)
    assert np.abs(slope).max() > 0.1 and np.abs(curved).max() > 1.0
    np.testing.assert_allclose(w.g, slope, rtol=RELATIVE, atol=RELATIVE * np.abs(slope).max())
    np.testing.assert_allclose(w.H, curved, rtol=RELATIVE, atol=RELATIVE * np.abs(curved).max())


def test_the_lumbar_spine_stiffens_sideways_as_measured_in_people():
    # quartiles of a range of 28 deg, at their middles; the review's figures of the left, first test
    tissue = passive(np.zeros(N), joints=("lumbar",))
    i = INDEX["lumbar_bending"]
    for at, measured, sd in ((3.5, 0.23, 0.17), (10.5, 0.61, 0.29), (17.5, 1.71, 0.61), (24.5, 5.19, 2.49)):
        s = tissue.factor[:, i] * np.deg2rad(at)
        stiffness = (tissue.amplitude * tissue.factor[:, i] ** 2 * np.exp(s))[tissue.factor[:, i] != 0.0].sum()
        assert abs(np.deg2rad(stiffness) - measured) < 0.25 * sd


def slopes(tissue, q):
    """Slope of the whole energy, without tangents, by every coordinate. [N m]"""
    return (tissue.amplitude * np.exp(tissue.factor @ q - tissue.shift)) @ tissue.factor


def test_the_psoas_pulls_hip_and_spine_as_its_moment_arms_are_and_leaves_the_hip_its_moment():
    hip = passive(np.zeros(N), joints=("hip",))
    crosses = hip.factor[:, INDEX["lumbar_extension"]] != 0.0
    assert crosses.sum() == 2  # one a side
    for extension in (0.0, 10.0, 20.0):
        q = np.zeros(N)
        q[INDEX["hip_flexion_r"]] = -np.deg2rad(extension)
        slope = slopes(hip, q)[INDEX["hip_flexion_r"]]
        published = moment("hip_flexion", hip_flexion_deg=-extension, knee_angle_deg=0, ankle_angle_deg=0) - 8.072
        assert -slope == pytest.approx(published, abs=1e-9)
        line = Line(*(part[crosses] for part in hip))
        pulled = slopes(line, q)
        right = slopes(Line(*(part[:1] for part in line)), q)
        assert right[INDEX["lumbar_extension"]] / right[INDEX["hip_flexion_r"]] == pytest.approx(-0.010 / 0.035)
        assert pulled[INDEX["lumbar_extension"]] > 0.0  # its pull flexes the spine


def test_a_spine_that_extends_stretches_the_psoas():
    standing = norm_walking("free").standing
    tissue, q = legs(standing), np.zeros(N)
    before = -slopes(tissue, q)[INDEX["hip_flexion_r"]]
    q[INDEX["lumbar_extension"]] = 0.2
    assert -slopes(tissue, q)[INDEX["hip_flexion_r"]] > before


def test_a_tightened_curve_is_the_same_curve_some_degrees_sooner_its_psoas_and_knee_included():
    rng = np.random.default_rng(5)
    whole = passive(np.zeros(N), joints=("hip",))
    own = whole.factor[:, INDEX["hip_flexion_r"]] < 0.0
    curve = Line(*(part[own] for part in whole))
    for sooner in (0.0, 0.1, 0.3):
        more = tightened("hip_into_extension", "r", sooner=sooner, healthy=passive(np.zeros(N)))
        q = rng.uniform(-0.3, 0.3, N)
        earlier = q.copy()
        earlier[INDEX["hip_flexion_r"]] -= sooner
        np.testing.assert_allclose(slopes(more, q), slopes(curve, earlier) - slopes(curve, q), atol=1e-12)
        assert not more.tangent.any()


def test_the_curves_of_a_task_leave_its_recording_in_equilibrium():
    task = norm_walking("free")
    assert task.tissue.tangent.all()
    none = task.kernel_goals._replace(role=np.full_like(task.kernel_goals.role, OFF))
    w, free = scratch(none), np.full(N, np.inf)
    rows = np.zeros(none.role.shape[1])
    for f in (0, 20, 40):
        tangent(task.body, none, task.tissue, f, np.zeros(N), task.q[f], -free, free, task.q[f].copy(), rows, w)
        np.testing.assert_allclose(w.g, 0.0, atol=1e-12)


def test_hip_flexion_carries_tissue_and_no_stiffness_of_its_own():
    task = norm_walking("free")
    for side in "rl":
        assert task.stiffness[INDEX[f"hip_flexion_{side}"]] == 0.0
        assert task.tissue.factor[:, INDEX[f"hip_flexion_{side}"]].any()
    assert not passive(np.zeros(N), joints=("hip", "knee", "ankle")).factor[:, INDEX["lumbar_bending"]].any()


def test_other_zeros_move_the_curves_with_them():
    offsets = np.random.default_rng(1).uniform(-0.3, 0.3, N)
    one, other = passive(np.zeros(N)), passive(offsets)
    q = np.random.default_rng(2).uniform(-0.3, 0.3, N)
    np.testing.assert_allclose(other.factor @ (q - offsets) - other.shift, one.factor @ q - one.shift, atol=1e-13)


def test_unknown_joints_and_coordinates_are_named():
    with pytest.raises(HipspineError, match="'elbow'"):
        passive(np.zeros(N), joints=("elbow",))
    with pytest.raises(HipspineError, match="'hip_rotation'"):
        moment("hip_rotation", hip_flexion_deg=0, knee_angle_deg=0, ankle_angle_deg=0)
    with pytest.raises(HipspineError, match="'elbow'"):
        tightened("elbow", "r", sooner=0.1, healthy=passive(np.zeros(N)))
    with pytest.raises(HipspineError, match="no passive tissue 'hip_into_extension' of side 'r'"):
        tightened("hip_into_extension", "r", sooner=0.1, healthy=passive(np.zeros(N), joints=("knee",)))
    with pytest.raises(HipspineError, match=r"\(3,\)"):
        passive(np.zeros(3))
