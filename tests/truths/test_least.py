"""`least` is the least: against a closed form, against a dense search over the pelvis, and within what it may use."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kinematics import HipspineError
from kinematics.conventions import INDEX, SPINE
from kinematics.pose import orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.spine import lumbar_shares
from kinematics.zero import standing_from_posture, standing_tilt, zero_offsets
from simulate.compensation import bounds_of
from simulate.goals import MUST, SOFT, OrientationGoal, PointGoal
from simulate.motion import Motion
from simulate.problem import Task, stiffness
from simulate.solution import SOLVED
from simulate.strategies import allowances, least, predicted
from simulate.strategies.least_lumbar import LUMBAR_ROOM
from simulate.tissue import legs
from tests.truths.test_planar_closure import FOOT, HIP, SHANK, THIGH, planar_chain

deg = np.deg2rad
PLANE = [INDEX[name] for name in ("pelvis_tx", "pelvis_ty", "pelvis_tilt", "lumbar_extension", "thoracic_extension")]
PLANE += [INDEX[f"{name}_{side}"] for side in "rl" for name in ("hip_flexion", "knee_angle", "ankle_angle")]
LUMBAR = [INDEX[name] for name in SPINE[:3]]


def standing_astride(feet, posture):
    """A planar body in one posture, the named feet held by three musts each, the trunk preferred as it is."""
    chain, q = planar_chain(), np.zeros((1, 24))
    for name, angle in posture.items():
        q[0, INDEX[name]] = angle
    goals, one = [], np.ones(1, np.int8)
    for side in feet:
        for part, axis in (("forefoot", 0), ("forefoot", 1), ("heel", 1)):
            target = positions(chain, q, [f"{part}_{side}"])[:, 0, axis]
            point, normal = chain.point(f"{part}_{side}"), np.eye(3)[[axis]]
            goals.append(
                PointGoal(name=f"{part}_{side} {axis}", point=point, normal=normal, target=target, role=MUST * one)
            )
    goals.append(
        OrientationGoal(
            name="trunk", segment="thorax", target=orientation(chain, q, "thorax"), role=SOFT * one, stiffness=300.0,
            allowance="trunk_lean", allowed=np.array([-1.0, 1.0]),
        )
    )  # fmt: skip
    motion = Motion(time=np.zeros(1), names=(), values=np.zeros((1, 0)))
    task = Task(
        name="astride", chain=chain, motion=motion, time=np.zeros(1), q=q, goals=tuple(goals), stiffness=stiffness(),
        standing=standing_from_posture(q, "given"), percent={}, loaded={}, yields=(),
        tissue=legs(standing_from_posture(q, "given")),
    )  # fmt: skip
    lower, upper = q[0].copy(), q[0].copy()
    lower[PLANE], upper[PLANE] = -np.inf, np.inf
    return task, lower, upper


@pytest.mark.parametrize("loss", [0.0, 5.0, 12.0, 18.0, 25.0])
def test_over_one_planted_foot_knee_ankle_and_lean_pay_first_and_the_spine_the_rest(loss):
    allow = allowances({"knee": 6.0, "ankle": 4.0, "trunk_lean": 3.0})
    task, lower, upper = standing_astride("r", {"pelvis_ty": 0.9, "knee_angle_r": deg(30), "knee_angle_l": deg(30)})
    lower[INDEX["hip_flexion_r"]] = deg(loss)  # the recorded hip is at 0
    answer = least(task, lower, upper, free=task.q, allow=allow)
    assert (answer.solution.status == SOLVED).all()
    need = max(0.0, loss - 6.0 - 4.0 - 3.0) * lumbar_shares()[0]
    added = np.rad2deg((answer.solution.q - task.q)[0, INDEX["lumbar_extension"]])
    # the room of the second solve, and what the other energies may move in the first
    assert added == pytest.approx(need, abs=np.rad2deg(LUMBAR_ROOM + 5e-5))


def _leg_angles(side, hip, thigh_free):
    """Thigh and knee [rad] of a leg from hips (..., 2) to its ankle; nan where it does not reach."""
    reach = thigh_free["ankle"] - hip
    d2 = (reach**2).sum(-1)
    cosine = (d2 - THIGH**2 - SHANK**2) / (2 * THIGH * SHANK)
    knee = np.arccos(np.where(np.abs(cosine) <= 1.0, cosine, np.nan))
    links = np.stack([-SHANK * np.sin(knee), -THIGH - SHANK * np.cos(knee)], -1)
    thigh = np.arctan2(reach[..., 1], reach[..., 0]) - np.arctan2(links[..., 1], links[..., 0])
    return (thigh + np.pi) % (2 * np.pi) - np.pi, knee


def test_with_both_feet_planted_no_pelvis_on_a_dense_grid_needs_less_of_the_lumbar_spine():
    allow = allowances({"knee": 8.0, "ankle": 5.0, "trunk_lean": 2.0})
    posture = {
        "pelvis_ty": 0.86, "hip_flexion_r": deg(-8), "knee_angle_r": deg(22), "ankle_angle_r": deg(12),
        "hip_flexion_l": deg(28), "knee_angle_l": deg(24), "ankle_angle_l": deg(2),
    }  # fmt: skip
    task, lower, upper = standing_astride("rl", posture)
    limit = deg(12.0)  # twenty degrees of extension lost on the right
    lower[INDEX["hip_flexion_r"]] = limit
    answer = least(task, lower, upper, free=task.q, allow=allow)
    assert (answer.solution.status == SOLVED).all()
    ours = np.linalg.norm((answer.solution.q - task.q)[0, LUMBAR])
    assert ours > deg(1.0)

    free = {}
    for side in "rl":
        heel, forefoot = positions(task.chain, task.q, [f"heel_{side}", f"forefoot_{side}"])[0, :, :2]
        along = np.arctan2(*(forefoot - heel)[::-1]) - np.arctan2(FOOT["forefoot"][1] - FOOT["heel"][1], 1.0)
        turn = np.array([[np.cos(along), -np.sin(along)], [np.sin(along), np.cos(along)]])
        free[side] = {"ankle": heel - turn @ FOOT["heel"], "foot": along}

    def need(x, y, tilt):
        """Lumbar motion that a pelvis there needs; infinite where it cannot be."""
        total, possible = np.maximum(0.0, np.abs(tilt) - deg(2.0)) * lumbar_shares()[0], np.ones(x.shape, bool)
        for side in "rl":
            u, v = HIP[side]
            hip = np.stack([x + u * np.cos(tilt) - v * np.sin(tilt), y + u * np.sin(tilt) + v * np.cos(tilt)], -1)
            thigh, knee = _leg_angles(side, hip, free[side])
            ankle = free[side]["foot"] - (thigh - knee)
            possible &= np.abs(knee - posture[f"knee_angle_{side}"]) <= deg(8.0)
            possible &= np.abs(ankle - posture[f"ankle_angle_{side}"]) <= deg(5.0)
            if side == "r":
                possible &= thigh - tilt >= limit
        return np.where(possible, total, np.inf)

    centre, width = np.array([0.0, 0.86, deg(-8.0)]), np.array([0.12, 0.12, deg(14.0)])
    for _ in range(3):
        axes = [np.linspace(c - w, c + w, 101) for c, w in zip(centre, width, strict=True)]
        grid = np.meshgrid(*axes, indexing="ij")
        needs = need(*grid)
        k = np.unravel_index(needs.argmin(), needs.shape)
        centre, width = np.array([axis[i] for axis, i in zip(axes, k, strict=True)]), width / 12.0
    theirs = needs[k]
    assert np.isfinite(theirs)
    # no less anywhere on the grid, and the grid comes as near as its last step (28 / 12 / 12 / 100 deg of tilt)
    assert ours <= theirs + LUMBAR_ROOM + 5e-5
    assert theirs - ours <= deg(0.03)


@pytest.fixture(scope="module")
def stiff(bundled_walk):
    """A stiff walk in the frames in which the limit takes most away."""
    few = bundled_walk.frames(slice(45, 75))
    offsets = zero_offsets("clinical", few.standing, standing_tilt_deg=standing_tilt(None)[0])
    limits = {"hip_extension_right_deg": -15, "hip_internal_rotation_left_deg": 0}
    _, bounds, _ = bounds_of(few, RangeOfMotion.normal().limited(**limits), offsets)
    return few, bounds


def test_it_stays_within_its_allowances_and_shares(stiff):
    task, bounds = stiff
    allow = allowances({"knee": 7, "ankle": 4, "trunk_lean": 2, "step_length": 0.03})
    q = least(task, *bounds, free=task.q, allow=allow).solution.q
    moved = np.rad2deg(np.abs(q - task.q)).max(axis=0)
    for side in "rl":
        assert moved[INDEX[f"knee_angle_{side}"]] <= 7 + 1e-6
        assert moved[INDEX[f"ankle_angle_{side}"]] <= 4 + 1e-6
    turn = np.swapaxes(orientation(task.chain, task.q, "thorax"), -1, -2) @ orientation(task.chain, q, "thorax")
    assert np.rad2deg(np.abs(Rotation.from_matrix(turn).as_rotvec())).max() <= 2 + 1e-6
    for goal in task.goals:
        if goal.allowance == "step_length":
            place = positions(task.chain, q, [goal.name.split(" ")[0]])[:, 0]
            short = np.einsum("fi,fi->f", goal.normal, place) - goal.target
            held = goal.role == MUST
            assert (short[held] >= -0.03 - 1e-8).all()
            assert (short[held] <= 1e-8).all()
    added = (q - task.q)[:, [INDEX[name] for name in SPINE]]
    shares = lumbar_shares()
    np.testing.assert_allclose(shares * added[:, 3:], (1.0 - shares) * added[:, :3], atol=1e-9)


def test_the_more_it_may_use_the_less_the_lumbar_spine_has_to_do(stiff):
    task, bounds = stiff
    last = np.inf
    for factor in (0.25, 0.5, 1.0, 2.0):
        allow = {name: factor * value for name, value in allowances().items()}
        answer = least(task, *bounds, free=task.q, allow=allow)
        solved = answer.solution.status == SOLVED
        need = np.linalg.norm((answer.solution.q - task.q)[:, LUMBAR], axis=1)
        # local solves: best found, to the room of the second solve on each axis
        assert (need <= last + 2 * np.sqrt(3) * LUMBAR_ROOM)[solved].all()
        last = np.where(solved, need, last)


def test_it_needs_no_more_than_predicted_where_predicted_stays_within_the_allowances(stiff):
    task, bounds = stiff
    wide = allowances({"knee": 60, "ankle": 60, "trunk_lean": 60, "step_length": 0.5})
    # without the shares of the thoracic joint predicted would have one more way out
    few, many = (least(task, *bounds, free=task.q, allow=wide).solution.q, predicted(task, *bounds).solution.q)
    norms = [np.linalg.norm((q - task.q)[:, LUMBAR], axis=1) for q in (few, many)]
    assert (norms[0] <= norms[1] + 2 * LUMBAR_ROOM).all()


def test_its_evidence_says_how_many_starts_agree(stiff):
    task, bounds = stiff
    evidence = least(task, *bounds, free=task.q, allow=allowances()).evidence
    assert (evidence["starts_agreeing"] >= 1).all()
    assert (evidence["starts_agreeing"] <= evidence["starts_solved"]).all()
    assert (evidence["starts_solved"] <= evidence["starts"]).all()
    assert evidence["starts"].max() >= 8


def test_unknown_or_negative_allowances_are_refused():
    with pytest.raises(HipspineError, match="ankle, foot_roll, knee, step_length, trunk_lean"):
        allowances({"knees": 3})
    with pytest.raises(HipspineError, match="0 or more"):
        allowances({"knee": -3})


def test_a_free_body_adds_nothing(bundled_walk):
    few = bundled_walk.frames(slice(0, 20))
    _, bounds, _ = bounds_of(few, RangeOfMotion.normal(), np.zeros(24))
    q = least(few, *bounds, free=few.q, allow=allowances()).solution.q
    np.testing.assert_allclose(q, few.q, atol=1e-9)
