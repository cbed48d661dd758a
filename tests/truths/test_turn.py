"""What turning while walking asks of the body: headings without seams, feet that stay, hips before the lumbar spine."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, HipspineError
from kinematics.conventions import INDEX, SIDES
from kinematics.mirror import mirrored_chain, mirrored_posture
from kinematics.pose import orientation, positions
from kinematics.rom import RangeOfMotion
from kinematics.rotations import rotation_about
from simulate import compensate, read_motion, walking
from simulate.goals import MUST
from simulate.io.trials import trial
from simulate.mirror import mirrored_motion, mirrored_standing
from simulate.motion import TRUNK, motion_of, to_chain
from simulate.solution import UNSOLVED
from simulate.tasks.turn import turned, turning
from simulate.tracking import recording_from_markers

NORMAL = RangeOfMotion.normal()
HEADING = INDEX["pelvis_rotation"]
UP = np.array([0.0, 1.0, 0.0])
#: Not the same on both sides, and both bite in the recorded turn. [deg]
UNEVEN = {"hip_internal_rotation_right_deg": 0, "hip_extension_left_deg": 0}
WALK, SPIN, HALF_TURN = "walk_overground_rajagopal", "turn_spin_HC002D", "turn_180_camargo"


@pytest.fixture(scope="module")
def spin():
    """The recorded spin turn, 89 deg to the right over its whole strides."""
    files = trial(SPIN)
    return recording_from_markers(files.motion, files.standing)


@pytest.fixture(scope="module")
def spinning(spin):
    return turning(spin.chain, spin.motion, standing=spin.standing)


@pytest.fixture(scope="module")
def straight(bundled_chain):
    return bundled_chain, read_motion(trial(WALK).motion)


@pytest.fixture(scope="module")
def asked(spinning):
    """What the uneven limits cost."""
    return compensate(spinning, rom=NORMAL.limited(**UNEVEN), reliefs=False)


def heading(chain, q, segment):
    """Heading (F,) of a segment by its axis to the right, which a pitching limb keeps level. [deg]"""
    R = orientation(chain, q, segment)
    return np.rad2deg(np.unwrap(np.arctan2(R[:, 0, 2], R[:, 2, 2])))


def runs(mask):
    """First and last frame of each run of a mask."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True))


def contacts(task, side):
    """First and last frame of each contact that begins and ends within the task."""
    (progress,) = [goal for goal in task.goals if goal.name == f"foot progression_{side}"]
    return [(a, b) for a, b in runs(progress.role == MUST) if a > 0 and b < len(task.q) - 1]


def slips(task):
    """How far each side's loaded forefoot gets from the middle of its contact, at most, over the floor. [m]"""
    found = {}
    for side in SIDES:
        place = positions(task.chain, task.q, [f"forefoot_{side}"])[:, 0][:, [0, 2]]
        parts = [place[a : b + 1] for a, b in runs(task.loaded[side])]
        found[side] = max(float(np.abs(part - np.median(part, axis=0)).max()) for part in parts)
    return found


def jumps(q):
    """Largest change of an angle from one frame to the next. [deg]"""
    return float(np.rad2deg(np.abs(np.diff(q[:, HEADING:], axis=0)).max()))


def by(task):
    """How far the pelvis comes round. [deg]"""
    return float(np.rad2deg(task.q[-1, HEADING] - task.q[0, HEADING]))


def test_the_free_answer_of_a_recorded_turn_is_the_recording(spinning):
    result = compensate(spinning, reliefs=False)
    np.testing.assert_allclose(result.free, result.recorded.broadcast_like(result.free), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(result.restricted, result.free, rtol=0.0, atol=1e-9)  # nothing is limited


# as recorded the heading runs from -94 to -183 deg, across -180 already; 810 is two turns and a quarter
@pytest.mark.parametrize("degrees", [37.0, 87.0, -94.0, 180.0, 810.0])
def test_turning_the_laboratory_changes_no_answer(spin, asked, degrees):
    q, _ = to_chain(spin.motion, spin.chain)
    q[:, :3] = q[:, :3] @ rotation_about(UP, np.deg2rad(degrees)).T
    q[:, HEADING] += np.deg2rad(degrees)
    there = turning(spin.chain, motion_of(q, spin.chain, spin.motion.time, "elsewhere"), standing=spin.standing)
    found = compensate(there, rom=NORMAL.limited(**UNEVEN), reliefs=False)
    np.testing.assert_array_equal(found.status, asked.status)
    assert np.abs(asked.restricted - asked.free).max() > 5.0  # something gave way
    # a scaled KKT residual of 1e-8 rad at most
    np.testing.assert_allclose(found.restricted - found.free, asked.restricted - asked.free, rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("degrees", [-720.0, -360.0, -180.0, -90.0, 0.0, 45.0, 135.0, 180.0, 270.0, 720.0])
def test_no_angle_is_a_special_case_of_turning(spin, spinning, degrees):
    task = turned(spin.chain, spin.motion, angle_deg=degrees, standing=spin.standing)
    assert by(task) == pytest.approx(degrees, abs=0.05)  # the construction's springs; 0.02 is usual
    assert np.rad2deg(np.abs(np.diff(task.q[:, HEADING])).max()) < 3.0  # 300 deg/s at 100 Hz
    assert jumps(task.q) < jumps(spinning.q) + 2.0  # a swinging knee goes 5 deg in a frame as recorded
    thorax = heading(task.chain, task.q, "thorax")
    assert thorax[-1] - thorax[0] == pytest.approx(
        degrees, abs=15.0
    )  # the recorded trunk ends 2 deg ahead of the pelvis


@pytest.mark.parametrize("style", ["spin", "step"])
@pytest.mark.parametrize("degrees", [0.0, 90.0, -90.0, 180.0, 720.0])
def test_a_straight_walk_turns_by_any_angle_over_either_foot(straight, style, degrees):
    task = turned(*straight, angle_deg=degrees, style=style)
    assert by(task) == pytest.approx(degrees, abs=0.05)
    assert np.rad2deg(np.abs(np.diff(task.q[:, HEADING])).max()) < 3.0
    assert jumps(task.q) < 8.0  # 5 deg as recorded
    # several strides in a row drift by what the first and the last posture differ
    recorded = max(slips(walking(*straight)).values())
    assert max(slips(task).values()) < recorded + 0.005


def test_a_turn_in_a_row_needs_a_whole_stride(straight):
    chain, motion = straight
    short = slice(0, 75)  # 0.75 s: no foot strikes twice
    brief = replace(motion, time=motion.time[short], values=motion.values[short], extras={})
    with pytest.raises(HipspineError, match=r"two heel strikes of the same foot|whole contact"):
        turned(chain, brief, angle_deg=400.0)


def test_a_turn_as_wide_as_recorded_is_the_recording(spin, spinning):
    task = turned(spin.chain, spin.motion, angle_deg=by(spinning), standing=spin.standing)
    np.testing.assert_allclose(task.q, spinning.q, rtol=0.0, atol=1e-9)  # every spring is at rest


def test_a_turn_to_the_left_is_the_mirror_image_of_the_turn_to_the_right(spin):
    right = turned(spin.chain, spin.motion, angle_deg=-70.0, standing=spin.standing)
    left = turned(spin.chain, spin.motion, angle_deg=70.0, standing=spin.standing)
    sides = {"right": "left", "left": "right"}
    swapped = {"_".join(sides.get(word, word) for word in name.split("_")): value for name, value in UNEVEN.items()}
    here = compensate(right, rom=NORMAL.limited(**UNEVEN), reliefs=False)
    there = compensate(left, rom=NORMAL.limited(**swapped), reliefs=False)
    np.testing.assert_array_equal(there.status, here.status)
    assert np.abs(here.restricted - here.free).max() > 5.0
    for strategy in here.strategy.values:
        q = [np.deg2rad(result.restricted.sel(strategy=strategy).values) for result in (here, there)]
        whole = [np.concatenate([np.zeros((len(each), 3)), each], axis=1) for each in q]
        np.testing.assert_allclose(whole[1][:, 3:], mirrored_posture(whole[0])[:, 3:], rtol=0.0, atol=1e-8)


def test_the_mirrored_recording_turns_the_other_way(spin, spinning):
    other = turning(mirrored_chain(spin.chain), mirrored_motion(spin.motion), standing=mirrored_standing(spin.standing))
    assert by(other) == pytest.approx(-by(spinning), abs=1e-9)


@pytest.mark.parametrize("degrees", [-20.0, -60.0, -120.0, -180.0])
def test_loaded_feet_of_a_constructed_turn_slip_no_more_than_recorded_ones(spin, spinning, degrees):
    task = turned(spin.chain, spin.motion, angle_deg=degrees, standing=spin.standing)
    # 9 mm as recorded; a leg at full stretch gives up to 3 more
    assert max(slips(task).values()) < max(slips(spinning).values()) + 0.004


def test_a_wider_turn_uses_more_hip_rotation(spin):
    wide = []
    for degrees in (-60.0, -90.0, -120.0, -150.0):
        task = turned(spin.chain, spin.motion, angle_deg=degrees, standing=spin.standing)
        ((a, b),) = contacts(task, "r")
        wide.append(float(np.ptp(np.rad2deg(task.q[a : b + 1, INDEX["hip_rotation_r"]]))))
    assert (np.diff(wide) > 1.0).all(), wide  # of the foot it turns over, deg


def test_a_spin_turns_the_inside_hip_in_and_a_step_turns_it_out(straight):
    """Hase and Stein 1999 (abstract): spin on the inner foot; step off the outer one, the other hip turned outward."""
    peak, least = {}, {}
    for style in ("spin", "step"):
        for degrees in (0.0, 90.0):  # to the left: the left foot is inside
            task = turned(*straight, angle_deg=degrees, style=style)
            rotation = np.rad2deg(task.q[:, INDEX["hip_rotation_l"]])
            peak[style, degrees], least[style, degrees] = float(rotation.max()), float(rotation.min())
    assert peak["spin", 90.0] > peak["spin", 0.0] + 10.0
    assert peak["spin", 90.0] > peak["step", 90.0] + 5.0
    assert least["step", 90.0] < least["step", 0.0] - 10.0


def test_over_the_pivoting_foot_the_recorded_turn_costs_hip_rotation_and_no_lumbar_rotation(spinning):
    chain, q = spinning.chain, spinning.q
    pelvis, thorax, thigh = (heading(chain, q, name) for name in ("pelvis", "thorax", "thigh_r"))
    hip, lumbar = (np.rad2deg(q[:, INDEX[name]]) for name in ("hip_rotation_r", "lumbar_rotation"))
    ((a, b),) = contacts(spinning, "r")  # the inside foot; the pelvis turns by 49 deg over it
    end = [k for k in range(a, b + 1) if spinning.loaded["r"][k]][-1]
    for start, turn, internal in ((a, -40.0, 20.0), ((a + b) // 2, -20.0, 5.0)):  # whole contact; from mid-stance
        gone = {name: each[end] - each[start] for name, each in (("pelvis", pelvis), ("thorax", thorax))}
        assert gone["pelvis"] < turn
        assert gone["thorax"] < 0.7 * turn
        # pelvis over thigh: 26 and 10 deg, in the hip's own angle 27 and 10
        assert (pelvis - thigh)[end] - (pelvis - thigh)[start] < -internal
        assert hip[end] - hip[start] > internal
        # thorax over pelvis goes the other way, 13 and 6 deg: the thorax was ahead; the lumbar joint by 2 and 1
        assert (thorax - pelvis)[end] - (thorax - pelvis)[start] > 2.0
        assert 0.0 < lumbar[end] - lumbar[start] < 0.25 * (hip[end] - hip[start])
    assert np.ptp(hip[a : end + 1]) > 30.0
    assert np.ptp(lumbar[a : end + 1]) < 4.0


def test_what_the_inside_hip_cannot_turn_the_spine_has_to(spinning):
    result = compensate(
        spinning, rom=NORMAL.limited(hip_internal_rotation_right_deg=0), strategies=["closure"], reliefs=False
    )
    assert (result.status != UNSOLVED).all()
    added = (result.restricted - result.free).isel(strategy=0)
    k = int(np.abs(added.sel(coordinate="hip_rotation_r")).argmax())
    lost = -float(added.sel(coordinate="hip_rotation_r")[k])
    spine = sum(float(added.sel(coordinate=f"{part}_rotation")[k]) for part in ("lumbar", "thoracic"))
    # to the right, against the lost turn; hip and spine do not turn about quite the same axis
    assert lost > 8.0
    assert spine == pytest.approx(-lost, rel=0.15)


def test_a_recording_without_a_trunk_says_so_and_its_trunk_goes_with_the_pelvis(straight):
    chain, motion = straight
    kept = [k for k, name in enumerate(motion.names) if name not in TRUNK]
    bare = replace(motion, names=tuple(motion.names[k] for k in kept), values=motion.values[:, kept])
    task = walking(chain, bare)
    assert any("holds no trunk" in notice for notice in task.notices)
    np.testing.assert_allclose(orientation(chain, task.q, "thorax"), orientation(chain, task.q, "pelvis"), atol=1e-12)
    whole = walking(chain, motion)
    assert not any("holds no trunk" in notice for notice in whole.notices)
    legs = [INDEX[f"{name}_{side}"] for name in ("hip_flexion", "knee_angle", "ankle_angle") for side in SIDES]
    np.testing.assert_array_equal(task.q[:, legs], whole.q[:, legs])


def test_part_of_a_trunk_is_not_enough(straight):
    chain, motion = straight
    kept = [k for k, name in enumerate(motion.names) if name != "lumbar_bending"]
    with pytest.raises(HipspineError, match="missing: lumbar_bending"):
        walking(chain, replace(motion, names=tuple(motion.names[k] for k in kept), values=motion.values[:, kept]))


def test_a_recorded_half_turn_without_a_trunk_turns_through_180_degrees():
    task = turning(Chain.generic(), read_motion(trial(HALF_TURN).motion))
    assert by(task) == pytest.approx(191.0, abs=1.0)
    assert np.rad2deg(np.abs(np.diff(task.q[:, HEADING])).max()) < 3.0
    assert any("holds no trunk" in notice for notice in task.notices)
    result = compensate(task, rom=NORMAL.limited(hip_internal_rotation_left_deg=0), reliefs=False)
    np.testing.assert_allclose(result.free, result.recorded.broadcast_like(result.free), rtol=0.0, atol=1e-9)
    assert (result.status != UNSOLVED).all()
    # the left hip is inside: what it lacks shows in the spine
    assert np.abs(result.restricted - result.free).sel(coordinate="lumbar_rotation").max() > 2.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"angle_deg": 90.0, "style": "pirouette"}, "style of turning"),
        ({"angle_deg": 2000.0}, "within 1440 deg"),
        ({"angle_deg": float("nan")}, "within 1440 deg"),
    ],
)
def test_a_turn_nobody_knows_is_refused_with_what_is_allowed(straight, given, words):
    with pytest.raises(HipspineError, match=words):
        turned(*straight, **given)
