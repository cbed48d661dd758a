"""Movements on two planted feet: pivot, bend, squat, sit, swing and stand."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from kinematics import Chain, HipspineError
from kinematics.chain import Point
from kinematics.conventions import INDEX, SIDES, SPINE, leg
from kinematics.mirror import mirrored_chain, mirrored_posture
from kinematics.pose import centre_of_mass, orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.spine import recombine
from kinematics.tables import value
from kinematics.zero import standing_from_posture, standing_tilt, zero_offsets
from simulate import compensate, read_motion
from simulate.budget import PARTS, budgets
from simulate.compensation import bounds_of
from simulate.io.mot import write_motion
from simulate.mirror import mirrored
from simulate.result import STATUS
from simulate.solution import MUST_MM, SOLVED, UNSOLVED, energy
from simulate.strategies import STRATEGIES, allowances, predicted
from simulate.strategies.least_lumbar import LUMBAR_ROOM
from simulate.tasks.bend import DIRECTIONS, bending
from simulate.tasks.pivot import pivoting
from simulate.tasks.planted import Stance, stand
from simulate.tasks.recorded import MOVEMENTS, recorded_on_feet
from simulate.tasks.squat import sitting, squatting
from simulate.tasks.stand import standing_still
from simulate.tasks.swing import swinging

deg = np.deg2rad
NORMAL = RangeOfMotion.normal()
MAKE = {
    "pivot": pivoting,
    "bend forward": lambda: bending(direction="forward"),
    "bend backward": lambda: bending(direction="backward"),
    "squat": squatting,
    "sit": sitting,
    "swing": swinging,
    "stand": standing_still,
}
#: A limit that takes something away from each movement. [deg]
LIMITS = {
    "pivot": {"hip_internal_rotation_left_deg": 15},
    "bend forward": {"hip_flexion_deg": 20},
    "bend backward": {"hip_extension_deg": -3},
    "squat": {"hip_flexion_deg": 95},
    "sit": {"hip_flexion_deg": 70},
    "swing": {"hip_internal_rotation_left_deg": 20},
    "stand": {"hip_extension_right_deg": -12},
}
#: The solver goes on to 1e-11 if it can; a degree of a budget is 0.02 rad.
SOLVER = 1e-9
#: Answers of one problem, each with a scaled KKT residual of at most 1e-8. [rad, m]
SAME = 1e-8
#: How far the construction of a squat departs from the spine's shares. [rad]
SHARES = 2e-5
#: What a must goal is met to. [m]
MET = 1e-4


@cache
def made(name):
    return MAKE[name]()


def thinned(name):
    """Every third frame of it: each is a problem of its own."""
    return made(name).frames(slice(0, None, 3))


def bounds(task, **limits):
    offsets = zero_offsets("clinical", task.standing, standing_tilt_deg=standing_tilt(None)[0])
    free, restricted, _ = bounds_of(task, NORMAL.limited(**limits), offsets)
    return restricted if limits else free


def answer(task, strategy, **limits):
    return STRATEGIES[strategy](task, *bounds(task, **limits), free=task.q, allow=allowances()).solution


def where_feet_stand(task, q):
    return positions(task.chain, q, [f"{part}_{side}" for side in SIDES for part in ("heel", "forefoot", "toe")])


# --- what all of them keep


@pytest.mark.parametrize("name", MAKE)
def test_who_is_free_moves_as_constructed(name):
    task = made(name)
    solution = predicted(task, *bounds(task)).solution
    assert (solution.status == SOLVED).all()
    np.testing.assert_allclose(solution.q, task.q, rtol=0.0, atol=SOLVER)


@pytest.mark.parametrize("strategy", ["predicted", "least"])
@pytest.mark.parametrize("name", [name for name in MAKE if name != "swing"])
def test_feet_stay_flat_where_they_stood(name, strategy):
    task = thinned(name)
    stood = where_feet_stand(task, task.q[:1])
    np.testing.assert_allclose(stood[..., 1], 0.0, atol=MET)
    for q in (task.q, kept(answer(task, strategy, **LIMITS[name]))):
        # the heading of a foot is met to 0.01 deg, which is 0.03 mm from heel to toe
        np.testing.assert_allclose(where_feet_stand(task, q), np.tile(stood, (len(q), 1, 1)), rtol=0.0, atol=1.5 * MET)
        for side in SIDES:
            level = orientation(task.chain, q, f"foot_{side}")[:, 1, [0, 2]]
            np.testing.assert_allclose(level, 0.0, atol=deg(0.015))  # roll and pitch, 0.01 deg each


def kept(solution):
    """The solved postures; there are some."""
    there = solution.status == SOLVED
    assert there.any()
    return solution.q[there]


@pytest.mark.parametrize("strategy", ["predicted", "least"])
def test_a_swing_keeps_one_foot_flat_and_both_forefeet_where_they_stood(strategy):
    task = thinned("swing")
    stood = where_feet_stand(task, task.q[:1])
    for q in (task.q, kept(answer(task, strategy, **LIMITS["swing"]))):
        moved = np.linalg.norm(where_feet_stand(task, q) - stood, axis=-1)
        assert (moved[:, [1, 4]] <= 2 * MET).all()  # three directions, 0.1 mm each
        assert (np.minimum(moved[:, 0], moved[:, 3]) <= 2 * MET).all()
        assert (where_feet_stand(task, q)[:, [0, 3], 1] >= -MET).all()


@pytest.mark.parametrize("strategy", [None, "predicted", "least"])
@pytest.mark.parametrize("name", ["bend forward", "bend backward", "squat", "sit"])
def test_the_mass_centre_stays_over_what_carries_within_a_millimetre(name, strategy):
    task = thinned(name)
    solution = predicted(task, *bounds(task)).solution if strategy is None else answer(task, strategy, **LIMITS[name])
    for k in np.flatnonzero(solution.status == SOLVED):
        carries = where_feet_stand(task, task.q[k])[..., [0, 2]]
        if name == "sit":
            carries = np.concatenate([carries, seat_below(task, k)])
        hull = ConvexHull(carries).equations
        beyond = (hull @ [*centre_of_mass(task.chain, solution.q[k])[[0, 2]], 1.0]).max()
        assert beyond <= 1e-3


def seat_below(task, k):
    """Corners (4, 2) of the seat below the hips of the constructed posture; none before it is reached."""
    heights = positions(task.chain, task.q, ["hip_r", "hip_l"])[..., 1].mean(axis=1)
    if heights[k] > heights.min() + 1e-6:
        return np.zeros((0, 2))
    row = {name: value("movements", f"seat_{name}", package="simulate") for name in ("ahead_of_hip", "behind_hip")}
    hips = positions(task.chain, task.q[k], ["hip_r", "hip_l"])[:, [0, 2]]
    ahead, behind = (np.array([row[name], 0.0]) for name in ("ahead_of_hip", "behind_hip"))
    return np.concatenate([hips + ahead, hips - behind])


# --- pivot in closed form


def straight(chain):
    """Somebody who stands with a level pelvis, the hips vertically above the ankles, every angle at 0."""
    q = np.zeros(24)
    q[INDEX["pelvis_ty"]] = -positions(chain, q, ["heel_r"])[0, 1]
    standing = standing_from_posture(q, "straight")
    lower, upper = NORMAL.bounds(zero_offsets("clinical", standing, standing_tilt_deg=0.0))
    return Stance(chain, q, standing, lower, upper)


def heading(angle):
    """Rotations (F, 3, 3) about the world's up."""
    return Rotation.from_rotvec(np.multiply.outer(angle, [0.0, 1.0, 0.0])).as_matrix()


def test_a_pivot_on_straight_legs_is_its_closed_form():
    chain, angle = Chain.generic(stature=1.75, mass=75.0, sex="male"), deg(40.0)
    stance = straight(chain)
    task = pivoting(stance, angle_deg=40.0)
    part = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, len(task.q)))
    ratio = value("movements", "pivot_spine_to_pelvis", package="simulate")
    pelvis = angle * part / (1.0 + ratio)
    expected = np.tile(stance.q, (len(part), 1))
    expected[:, INDEX["pelvis_rotation"]] = pelvis
    lumbar = value("spine_shares", "rotation")
    expected[:, INDEX["lumbar_rotation"]] = lumbar * (angle * part - pelvis)
    expected[:, INDEX["thoracic_rotation"]] = (1.0 - lumbar) * (angle * part - pelvis)
    # the hips go round on a circle about their middle, while straight legs of one length lean after them
    at = {side: chain.offsets[INDEX[f"hip_flexion_{side}"]] for side in SIDES}
    middle = 0.5 * (at["r"] + at["l"])
    length = sum(np.linalg.norm(chain.offsets[INDEX[f"{joint}_r"]]) for joint in ("knee_angle", "ankle_angle"))
    aside = np.linalg.norm(at["r"] - at["l"]) * np.sin(0.5 * pelvis)  # chord of the circle
    fall = length - np.sqrt(length**2 - aside**2)
    moved = middle - heading(pelvis) @ middle
    expected[:, [INDEX[f"pelvis_{axis}"] for axis in ("tx", "ty", "tz")]] += moved - fall[:, None] * [0.0, 1.0, 0.0]
    for side, sense in (("r", 1.0), ("l", -1.0)):
        # from the ankle to the hip; the ankle is below the hip of somebody who stands
        shank = heading(pelvis) @ (at[side] - middle) - (at[side] - middle) + np.array([0.0, length, 0.0])
        shank[:, 1] -= fall
        shank /= length
        # foot flat and forward: the shank turns about the foot's x, then about z
        ankle, roll = np.arcsin(shank[:, 0]), np.arctan2(-shank[:, 2], shank[:, 1])
        about_x = Rotation.from_rotvec(np.multiply.outer(-roll, [1.0, 0.0, 0.0])).as_matrix()
        about_z = Rotation.from_rotvec(np.multiply.outer(-ankle, [0.0, 0.0, 1.0])).as_matrix()
        hip = np.swapaxes(heading(pelvis), 1, 2) @ about_x @ about_z  # thigh as shank, seen from the pelvis
        expected[:, INDEX[f"ankle_angle_{side}"]] = ankle
        expected[:, INDEX[f"subtalar_angle_{side}"]] = sense * roll
        expected[:, INDEX[f"hip_flexion_{side}"]] = np.arctan2(-hip[:, 0, 1], hip[:, 1, 1])
        expected[:, INDEX[f"hip_adduction_{side}"]] = sense * np.arcsin(hip[:, 2, 1])
        expected[:, INDEX[f"hip_rotation_{side}"]] = sense * np.arctan2(-hip[:, 2, 0], hip[:, 2, 2])
    np.testing.assert_allclose(task.q, expected, rtol=0.0, atol=SOLVER)
    free = predicted(task, *bounds(task)).solution
    np.testing.assert_allclose(free.q, expected, rtol=0.0, atol=SOLVER)
    assert np.rad2deg(np.abs(expected[:, INDEX["hip_rotation_r"]]).max()) > 25.0  # it is a turn


@pytest.mark.parametrize("limit", [20.0, 5.0, -5.0])
def test_where_hips_turn_about_the_vertical_the_spine_takes_the_loss_in_its_shares(limit):
    """Both hips in the middle of the body: legs stay vertical, hip rotation is the turn, a closed form by counting."""
    chain = Chain.generic(stature=1.75, mass=75.0, sex="male")
    offsets, points = chain.offsets.copy(), dict(chain.points)
    for side, sign in (("r", 1.0), ("l", -1.0)):
        offsets[INDEX[f"hip_flexion_{side}"], 2] = 0.0
        for part in ("heel", "forefoot", "toe"):
            x, y, _ = points[f"{part}_{side}"].location
            points[f"{part}_{side}"] = Point(f"foot_{side}", (x, y, sign * 0.1))
    task = pivoting(straight(replace(chain, offsets=offsets, points=points)), angle_deg=40.0)
    solution = answer(task, "closure", hip_internal_rotation_left_deg=limit)
    assert (solution.status == SOLVED).all()
    # the left hip turns in as the pelvis turns to the left
    np.testing.assert_allclose(
        task.q[:, INDEX["hip_rotation_l"]], task.q[:, INDEX["pelvis_rotation"]], rtol=0.0, atol=SOLVER
    )
    loss = np.maximum(task.q[:, INDEX["hip_rotation_l"]] - deg(limit), 0.0)
    lumbar = value("spine_shares", "rotation")
    expected = task.q.copy()
    expected[:, INDEX["pelvis_rotation"]] -= loss
    expected[:, INDEX["hip_rotation_l"]] -= loss
    expected[:, INDEX["hip_rotation_r"]] += loss
    expected[:, INDEX["lumbar_rotation"]] += lumbar * loss
    expected[:, INDEX["thoracic_rotation"]] += (1.0 - lumbar) * loss
    # the pelvis turns about the hips' place, which is not its own
    about = task.q[:, :3] - positions(task.chain, task.q, ["hip_l"])[:, 0]
    expected[:, :3] += np.einsum("fij,fj->fi", heading(-loss), about) - about
    other = [INDEX[name] for name in leg("r")]
    np.testing.assert_allclose(np.delete(solution.q - expected, other, axis=1), 0.0, atol=SOLVER)
    # of a straight knee the solver sees the length alone, which is the square of the angle
    np.testing.assert_allclose(solution.q[:, other], expected[:, other], rtol=0.0, atol=1e-6)
    assert np.rad2deg(loss.max()) > 5.0


@pytest.mark.parametrize(
    ("strategy", "limit"),
    [(name, limit) for name in STRATEGIES for limit in (25.0, 10.0, -10.0) if (name, limit) != ("least", -10.0)],
)
def test_what_a_planted_hip_loses_is_found_in_feet_knee_spine_and_turn_and_sums_exactly(strategy, limit):
    task, limits = thinned("pivot"), {"hip_internal_rotation_left_deg": limit}
    solution = answer(task, strategy, **limits)
    assert (solution.status != UNSOLVED).all()
    (found,) = budgets(task.chain, task.q, solution.q, bounds(task, **limits), [("hip_rotation_l", 1)])
    lost = found.loss
    assert lost == pytest.approx(task.q[found.frame, INDEX["hip_rotation_l"]] - deg(limit), abs=SOLVER)
    assert found.parts.sum() == pytest.approx(lost, abs=deg(1e-9))
    part = dict(zip(PARTS, found.parts, strict=True))
    if strategy == "closure":
        # the kept leg keeps its path and the thorax its orientation
        # ... at both ends; on the straight way from one to the other they waver by the third order of the loss
        for name in ("foot and ankle", "knee", "trunk lean"):
            assert part[name] == pytest.approx(0.0, abs=1e-4 * lost**3)
        assert part["lumbar"] > 0.0
        assert part["thoracic"] > 0.0
    # by whatever the pelvis and the spine turned, together they are the turn of the thorax
    whole = np.swapaxes(orientation(task.chain, solution.q, "pelvis"), 1, 2) @ orientation(
        task.chain, solution.q, "thorax"
    )
    np.testing.assert_allclose(
        recombine(task.chain, solution.q[:, [INDEX[name] for name in SPINE]]),
        Rotation.from_matrix(whole).as_euler("ZXY"),
        rtol=0.0,
        atol=SOLVER,
    )


# --- symmetry and order


# `least` may go to one side: both are as good, and some lumbar motion is spared
@pytest.mark.parametrize("strategy", ["closure", "predicted"])
@pytest.mark.parametrize("name", ["bend forward", "bend backward", "squat", "sit", "stand"])
def test_what_is_symmetric_stays_symmetric_with_equal_hips(name, strategy):
    task = thinned(name)
    np.testing.assert_allclose(task.q, mirrored_posture(task.q), rtol=0.0, atol=SAME)
    limits = {key.replace("_right", ""): limit for key, limit in LIMITS[name].items()}
    solution = answer(task, strategy, **limits)
    there = solution.status == SOLVED
    assert there.any()
    assert np.abs(solution.q - task.q)[there].max() > deg(1.0)  # the limit takes something
    q, image = solution.q[there], mirrored_posture(solution.q[there])
    # in closure one leg alone is solved: nearly straight, it is as long with its knee bent as little the other way
    twins = [INDEX[f"{name}_{side}"] for side in SIDES for name in ("hip_flexion", "knee_angle", "ankle_angle")]
    alike = [i for i in range(24) if strategy != "closure" or i not in twins]
    np.testing.assert_allclose(q[:, alike], image[:, alike], rtol=0.0, atol=SAME)
    ends = [f"{part}_{side}" for side in SIDES for part in ("hip", "heel", "forefoot", "toe")]
    there, seen = positions(task.chain, q, ends), positions(task.chain, image, ends)
    # springs that stand for the musts of a leg stretched all the way may give by what counts as met
    np.testing.assert_allclose(there, seen, rtol=0.0, atol=1e-3 * MUST_MM if strategy == "closure" else SAME)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_left_handed_swing_is_the_mirror_image_of_a_right_handed_one(strategy):
    right = thinned("swing")
    left = mirrored(right)
    # the generic body is its own mirror image
    np.testing.assert_array_equal(mirrored_chain(right.chain).offsets, right.chain.offsets)
    np.testing.assert_array_equal(mirrored_chain(right.chain).axes, right.chain.axes)
    lead = answer(right, strategy, hip_internal_rotation_left_deg=20, hip_extension_right_deg=-20)
    other = answer(left, strategy, hip_internal_rotation_right_deg=20, hip_extension_left_deg=-20)
    np.testing.assert_array_equal(other.status, lead.status)
    assert (lead.status != UNSOLVED).all()
    np.testing.assert_allclose(other.q, mirrored_posture(lead.q), rtol=0.0, atol=SAME)


TIGHTER = {
    "pivot": ("hip_internal_rotation_left_deg", (30, 20, 10, 0)),
    "bend forward": ("hip_flexion_deg", (45, 35, 25, 15)),
    "bend backward": ("hip_extension_deg", (0, -2, -4, -6)),
    "squat": ("hip_flexion_deg", (110, 100, 90, 80)),
    "sit": ("hip_flexion_deg", (90, 80, 70, 60)),
    "swing": ("hip_internal_rotation_left_deg", (35, 30, 25, 20)),
}


@pytest.mark.parametrize("name", TIGHTER)
def test_a_tighter_hip_never_asks_for_less(name):
    task, (limit, steps) = thinned(name), TIGHTER[name]
    lumbar = [INDEX[coordinate] for coordinate in SPINE[:3]]
    energies, norms = [], []
    for step in steps:
        solution = answer(task, "predicted", **{limit: step})
        energies.append(np.where(solution.status == SOLVED, energy(task, solution.q), np.inf))
        solution = answer(task, "least", **{limit: step})
        added = np.linalg.norm((solution.q - task.q)[:, lumbar], axis=1)
        norms.append(np.where(solution.status == SOLVED, added, np.inf))
    for before, after in pairwise(energies):
        assert (after >= before - 1e-9).all()  # J; the solver's KKT residual, squared, is far below
    # the second solve of `least` may use this much room on each of three axes
    for before, after in pairwise(norms):
        assert (after >= before - 2.0 * np.sqrt(3.0) * LUMBAR_ROOM).all()
    assert np.isfinite(energies[0]).all()
    assert energies[-1].max() > energies[0].max()


# --- beyond reach, and bad values

BEYOND = {
    "squat": (lambda: squatting(depth=0.85), "depth", "mm"),
    "sit": (lambda: sitting(seat=0.05), "height of the seat", "mm"),
    "pivot": (lambda: pivoting(angle_deg=130.0), "turn of the trunk", "deg"),
    "pivot to the right": (lambda: pivoting(angle_deg=-180.0), "turn of the trunk", "deg"),
    "bend backward": (lambda: bending(direction="backward", angle_deg=130.0), "lean of the trunk", "deg"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_out_of_reach_falls_short_by_its_own_name(name):
    make, words, unit = BEYOND[name]
    task = make()
    assert task.yields[0] == words
    found = compensate(task, strategies=["closure", "predicted"], reliefs=False)
    for each in found.answer()["answers"].values():
        assert not each["completed"]
        assert each["solver"]["unsolved"] == 0
        assert each["shortfall"]["goal"] == words
        assert each["shortfall"][unit] > 5.0
    # what was constructed is a movement of somebody who stands and goes as far as that allows
    stood = where_feet_stand(task, task.q[:1])
    np.testing.assert_allclose(where_feet_stand(task, task.q), np.tile(stood, (len(task.q), 1, 1)), atol=1.5 * MET)


@pytest.mark.parametrize("angle", [45.0, 90.0, 130.0, -180.0])
def test_nobody_lies_down_sideways_to_turn_further(angle):
    task = pivoting(angle_deg=angle)
    upright = np.rad2deg(np.arccos(orientation(task.chain, task.q, "thorax")[:, 1, 1].clip(-1.0, 1.0)))
    assert upright.max() < 0.1  # what arccos leaves of rounding
    solution = predicted(task, *bounds(task)).solution
    assert (solution.status != UNSOLVED).all()
    lean = np.rad2deg(np.arccos(orientation(task.chain, solution.q, "thorax")[:, 1, 1].clip(-1.0, 1.0)))
    most = value("movements", "trunk_aside", package="simulate")
    assert lean.max() < np.sqrt(2.0) * most + 0.5  # about two axes of the reference's thorax


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: squatting(depth=0.0), ("depth", "more than 0", "0")),
        (lambda: squatting(depth=-0.1), ("depth", "more than 0", "-0.1")),
        (lambda: squatting(depth=np.nan), ("depth", "more than 0", "nan")),
        (lambda: squatting(depth=2.0), ("depth", "2 m", "below 0.9")),
        (lambda: sitting(seat=0.0), ("seat", "more than 0", "0")),
        (lambda: sitting(seat=np.inf), ("seat", "more than 0", "inf")),
        (lambda: sitting(seat=1.2), ("seat", "1.2", "below 0.8")),
        (lambda: pivoting(angle_deg=np.nan), ("angle", "180", "nan")),
        (lambda: pivoting(angle_deg=-181.0), ("angle", "180", "-181")),
        (lambda: bending(angle_deg=-5.0), ("angle", "0 to 180", "-5")),
        (lambda: bending(angle_deg=np.inf), ("angle", "0 to 180", "inf")),
        (lambda: bending(direction="sideways"), ("direction of bending", "sideways", *DIRECTIONS)),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(make, says):
    with pytest.raises(HipspineError) as error:
        make()
    for word in says:
        assert word in str(error.value)


def test_a_model_stands_only_with_its_standing_posture(bundled_chain):
    with pytest.raises(HipspineError, match="--standing"):
        stand(bundled_chain)


# --- recorded


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A constructed squat, written to a file and read back as a recording."""
    task = made("squat")
    path = tmp_path_factory.mktemp("squat") / "squat.mot"
    write_motion(path, task.motion)
    return task, recorded_on_feet("squat", task.chain, read_motion(path), standing=task.standing)


def test_a_constructed_squat_read_back_as_a_recording_is_the_same_task(recorded):
    made_up, again = recorded
    spine = [INDEX[name] for name in SPINE]
    # 17 digits, through rotation matrices
    np.testing.assert_allclose(np.delete(again.q - made_up.q, spine, axis=1), 0.0, atol=1e-12)
    whole = [recombine(task.chain, task.q[:, spine]) for task in (again, made_up)]
    np.testing.assert_allclose(*whole, rtol=0.0, atol=1e-12)
    # the file has one spinal joint: what the construction did for balance beside the published shares is gone
    np.testing.assert_allclose(again.q, made_up.q, rtol=0.0, atol=SHARES)
    assert again.yields == made_up.yields
    assert [goal.name for goal in again.goals] == [goal.name for goal in made_up.goals]
    assert again.constructed == ""
    np.testing.assert_allclose(again.percent["r"], made_up.percent["r"], atol=1e-9)
    for task in (made_up, again):
        solution = predicted(task, *bounds(task)).solution
        np.testing.assert_allclose(solution.q, task.q, rtol=0.0, atol=SOLVER)


@pytest.mark.parametrize("strategy", ["closure", "predicted"])
def test_a_recorded_squat_gives_way_as_the_constructed_one(recorded, strategy):
    one, two = (answer(task, strategy, **LIMITS["squat"]) for task in recorded)
    np.testing.assert_array_equal(one.status, two.status)
    assert (one.status == SOLVED).all()
    np.testing.assert_allclose(one.q, two.q, rtol=0.0, atol=2.0 * SHARES)


def test_a_recording_of_no_known_movement_lists_the_known(recorded):
    task = recorded[0]
    with pytest.raises(HipspineError) as error:
        recorded_on_feet("dance", task.chain, task.motion, standing=task.standing)
    for name in ("dance", *MOVEMENTS):
        assert name in str(error.value)


def test_a_recording_on_two_feet_needs_a_standing_posture(recorded):
    task = recorded[0]
    with pytest.raises(HipspineError, match="--standing"):
        recorded_on_feet("squat", task.chain, task.motion)


def test_a_pivot_on_hips_that_do_not_rotate_falls_short_of_its_heading_and_nobody_falls_over():
    """Where everything may yield there are other minima, of bodies that stand on their heads."""
    task = pivoting(angle_deg=60.0)
    rom = RangeOfMotion.normal().limited(hip_internal_rotation_deg=0.0, hip_external_rotation_deg=0.0)
    result = compensate(task, rom=rom, strategies=["predicted"], reliefs=False).sel(strategy="predicted")
    assert (result.status == STATUS["shortfall"]).any()
    assert float(result.short_mm.max()) < 1.0  # on balance
    assert 0.0 < float(result.short_deg.max()) < 5.0
    assert float(abs(result.restricted.sel(coordinate="pelvis_list")).max()) < 5.0
    assert float(abs(result.restricted.sel(coordinate="pelvis_tilt")).max()) < 40.0
