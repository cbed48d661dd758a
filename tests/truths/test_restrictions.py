"""What must be true of every named cause of a stiff hip."""

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from kinematics import HipspineError
from kinematics.conventions import COORDINATES, INDEX, ROTATIONS, SIDES, SPINE, TRANSLATIONS
from kinematics.mirror import mirrored_chain, mirrored_posture
from kinematics.rom import RangeOfMotion
from kinematics.tables import rows
from kinematics.zero import ZEROS, standing_tilt, zero_offsets
from simulate import compensate, read_motion, walking
from simulate.compensation import bounds_of
from simulate.figures import compensation_figure
from simulate.io.netcdf import read_result, write_result
from simulate.io.trials import trial
from simulate.mirror import mirrored_motion
from simulate.report.table import table_text
from simulate.restrictions import CAUSES, Cause, causes_text, joined, parse_cause, restrict
from simulate.solution import SOLVED, UNSOLVED, energy
from simulate.strategies import predicted
from simulate.tissue import passive
from simulate.verify import verify

NORMAL = RangeOfMotion.normal()
NO_OFFSETS = np.zeros(len(COORDINATES))
#: Causes with one side, and what each takes something of.
ONE_SIDED = [name for name in CAUSES if name != "age"]
#: Answers of one problem, each with a scaled KKT residual of at most 1e-8 and mostly of 1e-11. [rad, m]
SAME = 1e-8


def left_of(*causes, rom=NORMAL, active=True, offsets=NO_OFFSETS):
    named = [parse_cause(cause) for cause in causes]
    return restrict(rom, named, active=active, offsets=offsets, tissue=passive(offsets))


def clinical(walk):
    return zero_offsets("clinical", walk.standing, standing_tilt_deg=standing_tilt(None)[0])


# --- ranges


def test_a_cause_of_no_severity_changes_nothing(bundled_walk):
    healthy = compensate(bundled_walk, rom=NORMAL.limited(hip_extension_right_deg=-3))
    named = compensate(
        bundled_walk,
        rom=NORMAL.limited(hip_extension_right_deg=-3),
        causes=[f"{name}:both:0" for name in CAUSES],
    )
    assert set(named.variables) == set(healthy.variables)
    for name in healthy.variables:
        np.testing.assert_array_equal(named[name].values, healthy[name].values, err_msg=str(name))


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("active", [False, True])
def test_more_severity_never_gives_a_larger_range_or_a_slacker_tissue(name, active):
    last = left_of(f"{name}:both:0", active=active)
    assert last.rom is NORMAL
    assert last.tissue.kind.size == 0
    for severity in np.linspace(0.02, 1.0, 50):
        now = left_of(f"{name}:both:{severity}", active=active)
        assert all(now.rom.reach_deg[end] <= last.rom.reach_deg[end] for end in NORMAL.reach_deg)
        assert all(now.tissue.amplitude > (last.tissue.amplitude if last.tissue.kind.size else 0.0))
        last = now
    if active or name != "weak_gluteals":
        assert dict(last.rom.reach_deg) != dict(NORMAL.reach_deg) or last.tissue.kind.size


@pytest.mark.parametrize("name", ONE_SIDED)
def test_a_cause_on_the_left_leaves_the_right_leg_alone_and_of_the_spine_touches_what_the_psoas_crosses(name):
    left = left_of(f"{name}:left")
    own = {end for end in NORMAL.reach_deg if left.rom.reach_deg[end] != NORMAL.reach_deg[end]}
    assert {coordinate for coordinate, _ in own} <= {f"hip_{way}_l" for way in ("flexion", "adduction", "rotation")}
    moved = {COORDINATES[i] for i in np.flatnonzero(left.tissue.factor.any(axis=0))}
    assert {coordinate[-2:] for coordinate in moved - {"lumbar_extension"}} <= {"_l"}
    assert ("lumbar_extension" in moved) == any(row["of"] == "hip_flexors" for row in CAUSES[name])
    assert own or moved


@pytest.mark.parametrize("name", CAUSES)
def test_both_sides_are_the_right_and_the_left(name):
    both = left_of(f"{name}:0.7")
    if name in ONE_SIDED:
        apart = left_of(f"{name}:right:0.7", f"{name}:left:0.7")
        assert dict(both.rom.reach_deg) == dict(apart.rom.reach_deg)
        for one, other in zip(both.tissue, apart.tissue, strict=True):
            np.testing.assert_array_equal(one, other)
    assert not any(limit.endswith(("_right", "_left")) and "hip" in limit for limit in both.rom.limits_deg)


def test_the_smallest_range_and_the_largest_tightening_win_whoever_says_them():
    mild, severe = left_of("hip_osteoarthritis:0.2"), left_of("hip_osteoarthritis")
    end = ("hip_flexion_r", -1)
    for order in (("hip_osteoarthritis:0.2", "hip_osteoarthritis"), ("hip_osteoarthritis", "hip_osteoarthritis:0.2")):
        assert left_of(*order).rom.reach_deg[end] == severe.rom.reach_deg[end]
    by_hand = NORMAL.limited(hip_extension_right_deg=5.0)
    assert left_of("hip_osteoarthritis:0.2", rom=by_hand).rom.reach_deg[end] == 5.0 < mild.rom.reach_deg[end]
    assert left_of("hip_osteoarthritis", rom=by_hand).rom.reach_deg[end] == severe.rom.reach_deg[end] == 0.8
    assert left_of("hip_osteoarthritis", rom=by_hand).rom.reach_deg["hip_flexion_l", -1] == 0.8
    # two causes that tighten one tissue do so once
    one, two = left_of("tight_hip_flexors"), left_of("prolonged_sitting", "tight_hip_flexors")
    np.testing.assert_array_equal(two.tissue.amplitude, one.tissue.amplitude)


@pytest.mark.parametrize(
    "by_hand",
    [
        {}, {"hip_extension_deg": 0.5}, {"hip_extension_right_deg": 5, "hip_flexion_left_deg": 30},
        {"lumbar_bending_deg": 10, "hip_extension_left_deg": -1},
        {"hip_adduction_deg": 1, "hip_adduction_right_deg": 2},
    ],
)  # fmt: skip
def test_what_is_restricted_reads_back_from_the_names_of_its_limits(by_hand):
    causes = ("hip_osteoarthritis:right:0.8", "age:0.5", "capsular_pattern:left:0.4")
    once = left_of(*causes, rom=NORMAL.limited(**by_hand)).rom
    again = NORMAL.limited(**{f"{name}_deg": value for name, value in once.limits_deg.items()})
    for rom in (again, left_of(*causes, rom=again).rom):
        assert dict(rom.reach_deg) == dict(once.reach_deg)
        assert rom.limited_bounds == once.limited_bounds
        assert dict(rom.limits_deg) == dict(once.limits_deg)


def test_a_limit_by_hand_that_a_fused_hip_cannot_reach_is_refused():
    with pytest.raises(HipspineError, match="limits cross"):
        left_of("fused_hip:right", rom=NORMAL.limited(hip_flexion_right_deg=10))


def test_a_fused_hip_locks_where_it_was_fused(bundled_walk):
    result = compensate(bundled_walk, causes=["fused_hip:right"], strategies=["closure", "predicted"])
    assert (result.status == SOLVED).all()
    hip = (result.restricted + result.zero_offset).sel(
        coordinate=["hip_flexion_r", "hip_adduction_r", "hip_rotation_r"]
    )
    np.testing.assert_allclose(hip, np.broadcast_to([27.5, 2.5, -7.5], hip.shape), atol=1e-9)
    added = result.summary().added_deg.unstack("strategy")
    assert (added.loc["lumbar_extension"] > 10.0).all()  # the spine arches where the thigh trails


def test_age_takes_lumbar_range_and_leaves_lumbar_rotation(bundled_walk):
    end = {"extension": ("lumbar_extension", 1), "rotation": ("lumbar_rotation", 1), "bending": ("lumbar_bending", -1)}
    young, old = NORMAL.reach_deg, left_of("age").rom.reach_deg
    assert old[end["extension"]] == 6.0  # the median of the oldest
    assert old[end["bending"]] == 14.0
    assert old[end["rotation"]] == young[end["rotation"]]
    rom = NORMAL.limited(hip_extension_right_deg=-5)
    share = [
        compensate(bundled_walk, rom=rom, causes=causes, strategies=["closure"], reliefs=False)
        .summary().share_of_range["closure", "lumbar_extension"]
        for causes in ([], ["age:0.5"], ["age"])
    ]  # fmt: skip
    assert share[0] < share[1] < share[2]


def test_age_says_how_old():
    assert parse_cause("age:0").age == 16.0
    assert parse_cause("age").age == 90.0
    assert "about 53 years" in left_of("age:0.5").notices[0]


def test_lost_active_reach_counts_only_where_muscles_lift_the_limb(bundled_walk):
    idle = compensate(bundled_walk, causes=["weak_gluteals:right"], strategies=["predicted"], reliefs=False)
    lifting = compensate(
        replace(bundled_walk, active=True), causes=["weak_gluteals:right"], strategies=["predicted"], reliefs=False
    )
    assert json.loads(idle.attrs["limits_deg"]) == {}
    assert json.loads(lifting.attrs["limits_deg"])["hip_extension_right"] == pytest.approx(-0.1)
    assert "does not count where no muscle lifts the limb" in " ".join(idle.answer()["notices"])
    assert "does not count" not in " ".join(lifting.answer()["notices"])


# --- tissues


def curve(cause, coordinate, angles_deg):
    """Moment about a coordinate of what a cause adds, by numerical differentiation of its energy. [N m]"""
    tissue = left_of(cause).tissue

    def stored(angle):
        q = np.zeros(24)
        q[INDEX[coordinate]] = angle
        return float(tissue.amplitude @ np.exp(tissue.factor @ q - tissue.shift))

    return np.array([(stored(a + 1e-6) - stored(a - 1e-6)) / 2e-6 for a in np.deg2rad(angles_deg)])


def test_tight_hip_flexors_are_the_published_curve_some_degrees_sooner():
    """Riener's term that resists extension, exp(1.4655 - 0.0750 flexion) N m, 11 deg sooner, less itself."""
    flexion = np.array([30.0, 11.0, 0.0, -5.0, -9.9, -20.0])
    sooner = np.exp(1.4655 - 0.0750 * (flexion - 11.0)) - np.exp(1.4655 - 0.0750 * flexion)
    found = -curve("tight_hip_flexors:right", "hip_flexion_r", flexion)
    np.testing.assert_allclose(found, sooner, rtol=1e-6)  # the difference quotient


@pytest.mark.parametrize(
    ("cause", "coordinate", "sign", "end", "by", "moment"),
    [
        ("tight_adductors:left", "hip_adduction_l", -1, 31.4, 15.0, 5.0),
        ("tight_piriformis:right", "hip_rotation_r", 1, 35.2, 10.0, 5.0),
    ],
)
def test_a_tight_tissue_meets_its_end_moment_sooner_by_what_it_is_tighter(cause, coordinate, sign, end, by, moment):
    at = end - by
    healthy = moment * np.exp(-14.94 * np.deg2rad(by))
    (added,) = sign * curve(cause, coordinate, [sign * at])
    assert added + healthy == pytest.approx(moment, rel=1e-6)  # the difference quotient


def test_tight_flexors_are_the_bodys_own_whatever_the_zero(bundled_walk):
    """Where limits count from is a matter of words, what a tissue does is not."""
    asked = {"causes": ["tight_hip_flexors"], "strategies": ["predicted"], "reliefs": False}
    clinical, *others = (compensate(bundled_walk, zero=zero, **asked) for zero in ZEROS)
    assert clinical.changes()["predicted"]["lumbar_extension"].added_deg > 0.5
    for other in others:
        np.testing.assert_allclose(other.restricted, clinical.restricted, atol=np.rad2deg(SAME))


@pytest.mark.parametrize("tilt_deg", [0.0, 20.0])
def test_curves_count_from_the_tilt_that_was_measured_tight_or_not(bundled_walk, tilt_deg, tmp_path):
    asked = {"causes": ["tight_hip_flexors:right"], "strategies": ["predicted"], "reliefs": False}
    published, measured = (
        compensate(bundled_walk, standing_tilt_deg=tilt, **asked) for tilt in (standing_tilt(None)[0], tilt_deg)
    )
    restricts = published.tissue_restriction.values
    hips = published.tissue_factor.values[:, [INDEX[f"hip_flexion_{side}"] for side in SIDES]].sum(axis=1)
    assert set(restricts) == {0, 1} and (hips[restricts == 1] != 0.0).all()
    by = -np.deg2rad(tilt_deg - standing_tilt(None)[0]) * hips
    np.testing.assert_allclose(measured.tissue_shift.values - published.tissue_shift.values, by, atol=1e-12)
    write_result(tmp_path / "result.nc", measured)
    assert verify(tmp_path / "result.nc", frames=2).holds


def test_a_stretch_in_two_directions_is_more_than_in_one():
    tissue = left_of("tight_piriformis:right").tissue
    rotation, adduction = (tissue.factor[0, INDEX[f"hip_{name}_r"]] for name in ("rotation", "adduction"))
    assert adduction == pytest.approx(0.5 * rotation)
    assert np.count_nonzero(tissue.factor) == 2


@pytest.mark.parametrize("cause", ["tight_hip_flexors", "prolonged_sitting"])
def test_a_tighter_flexor_costs_more_and_lets_the_hip_extend_less(bundled_walk, cause):
    offsets, last = clinical(bundled_walk), None
    for severity in (0.0, 0.25, 0.5, 1.0):
        tissue = left_of(f"{cause}:right:{severity}", offsets=offsets).tissue
        task = replace(bundled_walk, tissue=joined(bundled_walk.tissue, tissue))
        free, _, _ = bounds_of(task, NORMAL, offsets)
        solution = predicted(task, *free).solution
        assert (solution.status == SOLVED).all()
        cost, peak = energy(task, solution.q), solution.q[:, INDEX["hip_flexion_r"]].min()
        if last is not None:
            assert (cost > last[0]).all()
            assert peak > last[1]
        last = cost, peak


def test_tight_hip_flexors_tilt_the_pelvis_forward_and_arch_the_lumbar_spine(bundled_walk):
    result = compensate(bundled_walk, causes=["tight_hip_flexors:right"])
    changes = result.changes()
    assert changes["predicted"]["pelvis_tilt"].added_deg < -1.0
    assert changes["predicted"]["lumbar_extension"].added_deg > 1.0
    assert result.limited_side == "r"
    # pure kinematics knows no tissue, and says so
    assert changes["closure"]["lumbar_extension"].added_deg == pytest.approx(0.0, abs=1e-6)
    assert any("closure knows limits alone" in notice for notice in result.answer()["notices"])
    np.testing.assert_allclose(result.free, np.broadcast_to(result.recorded, result.free.shape), atol=1e-6)


def test_the_limited_side_is_the_one_with_the_tight_tissue(bundled_walk):
    found = compensate(bundled_walk, causes=["tight_hip_flexors:left"], strategies=["predicted"])
    assert found.limited_side == "l"


@pytest.fixture(scope="module")
def mirrored_walk(bundled_chain):
    return walking(
        mirrored_chain(bundled_chain), mirrored_motion(read_motion(trial("walk_overground_rajagopal").motion))
    )


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (["tight_hip_flexors:right"], ["tight_hip_flexors:left"]),
        (["capsular_pattern:right:0.9", "age:0.5"], ["capsular_pattern:left:0.9", "age:0.5"]),
        (["fused_hip:right:0.6", "tight_piriformis:left"], ["fused_hip:left:0.6", "tight_piriformis:right"]),
    ],
)
def test_a_mirrored_cause_mirrors_the_answer(bundled_walk, mirrored_walk, here, there):
    one = compensate(bundled_walk, causes=here, strategies=["closure", "predicted"], reliefs=False)
    other = compensate(mirrored_walk, causes=there, strategies=["closure", "predicted"], reliefs=False)
    np.testing.assert_array_equal(other.status, one.status)
    assert (one.status != UNSOLVED).all()
    assert np.abs(one.restricted - one.free).max() > 1.0  # something gave way, by more than 1 deg
    np.testing.assert_allclose(_postures(other), mirrored_posture(_postures(one)), rtol=0.0, atol=SAME)


def _postures(result):
    places = result.restricted_translation.sel(translation=list(TRANSLATIONS))
    turns = np.deg2rad(result.restricted.sel(coordinate=list(ROTATIONS)))
    return np.concatenate([places.values, turns.values], axis=-1)


# --- what is said


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("active", [False, True])
def test_every_number_without_literature_is_named_with_its_value(name, active):
    (notice,) = left_of(f"{name}:0.5", active=active).notices
    assert notice.startswith(f"cause {name} (both sides, severity 0.5")
    mine = [row for row in rows("restrictions", "simulate") if row["name"] == name]
    tissues = {row["of"] for row in mine if row["what"] == "tissue"}
    mine += [row for row in rows("tissues", "simulate") if row["name"] in tissues]
    if "hip_flexors" in tissues:  # the body's own curve, of which the psoas has a part
        mine += [row for row in rows("passive_moments", "simulate") if row["name"] == "psoas"]
    doubtful = [row for row in mine if row["confidence"] in ("assumption", "unverified")]
    for row in doubtful:
        assert f"[{row['confidence']}: {float(row['value']):g}" in notice
        assert (row["of"] if row["what"] in ("limit", "active", "tissue") else row["what"]).replace("_", " ") in notice
    assert notice.count("[") == len(doubtful)


def test_the_list_of_causes_has_them_all_and_fits_a_terminal():
    text = causes_text()
    assert max(len(line) for line in text.splitlines()) <= 100
    for name in CAUSES:
        assert f"\n  {name}: " in text


@pytest.fixture(scope="module")
def stiff(bundled_walk):
    """Limits by hand and of causes, one of them with a tissue, on different sides."""
    return compensate(
        bundled_walk,
        rom=NORMAL.limited(hip_extension_left_deg=2, hip_flexion_right_deg=60),
        causes=["tight_hip_flexors:right:0.5", Cause("hip_osteoarthritis", ("l",), 0.9), "age:0.3"],
    )


def test_causes_are_in_the_answer_and_its_schema(stiff, request):
    answer = stiff.answer()
    assert answer["causes"] == [
        {"name": "tight_hip_flexors", "side": "right", "severity": 0.5},
        {"name": "hip_osteoarthritis", "side": "left", "severity": 0.9},
        {"name": "age", "side": "both", "severity": 0.3},
    ]
    schema = json.loads((request.config.rootpath / "simulate/data/answer.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate({**answer, "files": {}}, schema)
    limits = answer["limits_deg"]
    assert limits["hip_extension_left"] == pytest.approx(9.9 - 0.9 * 9.1)  # less than the 2 that were given
    assert limits["hip_flexion_right"] == 60  # less than what age leaves


def test_an_answer_without_limits_but_with_a_tight_tissue_is_shown(bundled_walk):
    result = compensate(bundled_walk, causes=["tight_hip_flexors"])
    assert "lumbar extension" in table_text(result, result.answer())
    compensation_figure(result).draw_without_rendering()


def test_a_limit_given_back_leaves_the_tissue_tight(bundled_walk):
    rom, causes = NORMAL.limited(hip_extension_right_deg=-8), ["tight_hip_flexors:right:0.5"]
    result = compensate(bundled_walk, rom=rom, causes=causes, strategies=["predicted"])
    eased = compensate(
        bundled_walk, rom=NORMAL.limited(hip_extension_right_deg=-3), causes=causes, strategies=["predicted"]
    )
    before, after = (abs(r.changes()["predicted"][SPINE[0]].added_deg) for r in (result, eased))
    saved = float(result.relief.sel(strategy="predicted", limit="hip_extension_right", summary=SPINE[0]))
    assert saved == pytest.approx(before - after, abs=1e-6)
    assert saved > 0.1


def test_a_derivative_by_a_limit_knows_the_tight_tissue(bundled_walk):
    step, causes = 0.01, ["tight_hip_flexors:right"]
    low, there, high = (
        compensate(
            bundled_walk, rom=NORMAL.limited(hip_extension_right_deg=-12 + by), causes=causes, strategies=["predicted"]
        )
        for by in (-step, 0.0, step)
    )
    for name in ("lumbar_extension", "pelvis_tilt", "knee_angle_r"):
        one = {"strategy": "predicted", "coordinate": name}
        quotient = float((high.restricted - low.restricted).sel(one).mean() / (2 * step))
        found = float(there.marginal_limit_mean.sel(one, drop=True).squeeze())
        # a few frames begin or cease to be limited within the step
        assert found == pytest.approx(quotient, rel=0.02, abs=1e-3)


# --- a file that can be checked


@pytest.fixture(scope="module")
def file(stiff, tmp_path_factory):
    path = tmp_path_factory.mktemp("causes") / "result.nc"
    write_result(path, stiff)
    return path


def test_a_result_with_causes_is_confirmed_from_its_file_alone(file):
    found = verify(file, frames=3)
    assert found.inconsistencies == ()
    assert found.holds
    assert sum(check.confirmed for check in found.checks) >= 0.9 * len(found.checks)


@pytest.mark.parametrize("severity", [0.2, 1.0])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_changed_severity_does_not_go_unnoticed(file, tmp_path, which, severity):
    changed = read_result(file)
    causes = json.loads(changed.attrs["causes"])
    causes[which]["severity"] = severity
    changed.attrs["causes"] = json.dumps(causes)
    write_result(tmp_path / "changed.nc", changed)
    assert verify(tmp_path / "changed.nc", frames=1).inconsistencies


@pytest.mark.parametrize("variable", ["tissue_amplitude", "tissue_shift"])
def test_a_changed_tissue_does_not_go_unnoticed(file, tmp_path, variable):
    changed = read_result(file)
    changed[variable].values[-1] -= 1
    write_result(tmp_path / "changed.nc", changed)
    assert verify(tmp_path / "changed.nc", frames=1).inconsistencies


@pytest.mark.parametrize("which", [0, -1])
def test_a_file_in_which_a_tightened_tissue_is_not_the_bodys_own_holds_no_whole_problem(file, tmp_path, which):
    changed = read_result(file)
    changed["tissue_restriction"].values[which] ^= 1
    write_result(tmp_path / "changed.nc", changed)
    with pytest.raises(HipspineError, match=r"changed\.nc: holds no whole problem: .*hip_into_extension"):
        verify(tmp_path / "changed.nc", frames=1)


def test_a_free_body_keeps_its_own_tissues_and_the_file_tells_them_apart(bundled_walk, tmp_path):
    """The walk with a tissue of its own, which the free body has too; what the cause adds is flagged."""
    few = bundled_walk.frames(slice(40, 70))
    own = left_of("tight_adductors:0.5", offsets=clinical(few)).tissue
    own = own._replace(tangent=np.ones(len(own.kind), np.int8))
    result = compensate(
        replace(few, tissue=joined(few.tissue, own)),
        causes=["tight_hip_flexors:right"], strategies=["predicted"], reliefs=False,
    )  # fmt: skip
    healthy = len(few.tissue.kind) + len(own.kind)
    np.testing.assert_array_equal(result.tissue_restriction, [0] * healthy + [1, 1])
    write_result(tmp_path / "result.nc", result)
    found = verify(tmp_path / "result.nc", frames=2)
    assert found.inconsistencies == ()
    assert found.holds


def test_what_is_said_of_one_way_comes_after_what_is_said_of_both_in_any_order():
    one = RangeOfMotion.normal().limited(lumbar_bending_right_deg=5.0, lumbar_bending_deg=20.0)
    other = RangeOfMotion.normal().limited(lumbar_bending_deg=20.0, lumbar_bending_right_deg=5.0)
    for rom in (one, other):
        assert (rom.reach_deg["lumbar_bending", 1], rom.reach_deg["lumbar_bending", -1]) == (5.0, 20.0)
