"""What the load at L5/S1 is made of (inertia, muscle, passive tissue), what changes it, levels, holding and leaning."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, RangeOfMotion
from kinematics.chain import Point, point_inertia
from kinematics.conventions import COORDINATES, INDEX, SEGMENTS
from kinematics.osim_file import read_model_file
from kinematics.pose import orientation, positions
from simulate import compensate, read_motion, standing_still
from simulate.io.trials import trial
from simulate.kernels.data import EXPONENTIAL, SPRING, STRING, Tissue, scratch
from simulate.load import hold_and_lean, load_changes, lumbar_levels, spinal_load
from simulate.load.dynamics import ABOVE, LUMBAR, constant, smoothed, wrench
from simulate.load.levels import level_ranges
from simulate.load.muscle import passive_forces, standing_posture
from simulate.patient import energies
from simulate.tasks.planted import stand

G = constant("gravity")
ABOVE_INDEX = [SEGMENTS.index(name) for name in ABOVE]
THORAX = SEGMENTS.index("thorax")
#: The largest moment of the upper body's own inertia in walking, over the largest of all, in the pelvis's axes:
#: extension, bending, rotation (where the rest of the moment turns the other way).
SHARE = (0.69, 0.49, 1.09)
#: Rounding of sums of a few products of up to 1e3 N and 1 m.
ROUNDING = 1e-9


@pytest.fixture(scope="module")
def stiff(bundled_walk):
    """The bundled walk with hips that stop at neutral."""
    limited = RangeOfMotion.normal().limited(hip_extension_deg=0)
    return compensate(bundled_walk, rom=limited, strategies=["closure", "predicted"], reliefs=False)


@pytest.fixture(scope="module")
def whole_walk():
    return read_motion(trial("walk_overground_rajagopal").motion)


@pytest.fixture(scope="module")
def standing():
    return standing_still()


def postures(n, seed, size=0.5):
    return np.random.default_rng(seed).uniform(-size, size, (n, len(COORDINATES)))


def centres(chain, q):
    """Mass centres (F, 2, 3) of what is above L5/S1, from the points of a chain that has them by name."""
    named = {name: Point(name, tuple(chain.mass_centres[SEGMENTS.index(name)].tolist())) for name in ABOVE}
    return positions(replace(chain, points={**chain.points, **named}), q, list(ABOVE))


# --- inertia


def test_the_inertia_of_a_model_is_read_as_its_file_has_it(request):
    path = request.config.rootpath / "tests/data/opensim_core/walk_gait2392_subject01.osim"
    torso = read_model_file(path).bodies["torso"]
    chain = Chain.from_osim(path)
    np.testing.assert_allclose(chain.inertias[THORAX], torso.inertia, rtol=1e-15)
    assert chain.masses[THORAX] == torso.mass  # all of the upper body in one
    text = path.read_text(encoding="utf-8").split('<Body name="torso">')[1]
    for k, axis in enumerate(("xx", "yy", "zz")):
        assert torso.inertia[k, k] == float(text.split(f"<inertia_{axis}>")[1].split("<")[0])


def test_trunk_and_arms_of_a_model_are_added_by_their_distances(bundled_chain):
    """Kinetic energy of a rigid spin, body by body, against that of the thorax as one."""
    model = read_model_file(trial("walk_overground_rajagopal").model)
    arms = [name for name in model.bodies if name.startswith(("torso", "humerus", "ulna", "radius", "hand"))]
    place, turn = {"torso": np.zeros(3)}, {"torso": np.eye(3)}
    for name in [n for n in model.joints if n in arms and n != "torso"]:
        joint = model.joints[name]
        R, p = joint.pose({})
        turn[name] = turn[joint.parent] @ R
        place[name] = place[joint.parent] + turn[joint.parent] @ p - turn[name] @ joint.p_child
    mass = {name: model.bodies[name].mass for name in arms}
    centre = {name: place[name] + turn[name] @ model.bodies[name].mass_centre for name in arms}
    middle = sum(mass[name] * centre[name] for name in arms) / sum(mass.values())
    omega = np.array([0.7, -1.1, 0.4])
    energy = 0.0
    for name in arms:
        own = turn[name].T @ omega
        energy += 0.5 * own @ model.bodies[name].inertia @ own
        energy += 0.5 * mass[name] * np.sum(np.cross(omega, centre[name] - middle) ** 2)
    assert 0.5 * omega @ bundled_chain.inertias[THORAX] @ omega == pytest.approx(energy, rel=1e-12)
    assert bundled_chain.masses[THORAX] == pytest.approx(sum(mass.values()), rel=1e-12)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_the_generic_thorax_is_its_parts_with_hanging_arms(sex):
    chain = Chain.generic(sex=sex)
    inertia = chain.inertias[THORAX]
    np.testing.assert_array_equal(inertia, np.diag(np.diag(inertia)))
    x, y, z = np.diag(inertia)
    assert x > z > y  # tall and wide, hardly deep
    taller = Chain.generic(sex=sex, stature=1.75 * 1.1, mass=75.0 * 1.3).inertias[THORAX]
    np.testing.assert_allclose(np.diag(taller), 1.3 * 1.1**2 * np.diag(inertia), rtol=1e-12)


def test_a_point_has_the_inertia_of_its_distance():
    np.testing.assert_allclose(point_inertia(2.0, np.array([3.0, 0.0, 0.0])), np.diag([0.0, 18.0, 18.0]))


def test_the_trunks_own_inertia_is_a_good_part_of_the_moment_in_walking(bundled_walk, whole_walk):
    """Printed in docs/load.md; whoever guesses it guesses the load."""
    points = replace(bundled_walk.chain, inertias=np.zeros((11, 3, 3)))
    with_it, without = (
        spinal_load(replace(bundled_walk, chain=chain), recorded=whole_walk).isel(motion=0)
        for chain in (bundled_walk.chain, points)
    )
    share = np.abs(with_it.moment - without.moment).max("frame") / np.abs(with_it.moment).max("frame")
    np.testing.assert_allclose(share, SHARE, atol=0.01)  # two digits
    held = spinal_load(bundled_walk, accelerations="none").isel(motion=0)
    assert np.abs(with_it.moment - held.moment).max() > 3.0 * np.abs(held.moment).max()  # walking is inertia


def test_without_its_own_inertia_the_trunk_is_said_to_be_points(bundled_walk):
    points = replace(bundled_walk.chain, inertias=np.zeros((11, 3, 3)))
    load = spinal_load(replace(bundled_walk, chain=points))
    assert "count as points" in load.notices
    assert "count as points" not in spinal_load(bundled_walk).notices


# --- muscle and passive tissue


def test_muscle_and_tissue_together_make_up_the_moment(bundled_walk):
    load = spinal_load(bundled_walk)
    np.testing.assert_allclose(load.muscle_moment + load.passive_moment, load.moment_disc, atol=ROUNDING)
    total = load.axial_force + load.muscle_force + load.passive_force
    np.testing.assert_allclose(load.compression, total, atol=ROUNDING)
    pull = np.sqrt((load.muscle_moment**2).sum("component")) / constant("lever_arm")
    np.testing.assert_allclose(load.muscle_force, pull.where(load.usable), atol=1e-8)


def test_the_passive_moment_does_the_work_of_the_springs_energy(bundled_walk):
    """Virtual work: along any small motion of the lumbar joint the moment gives what the energy loses."""
    chain, task, h = bundled_walk.chain, bundled_walk, 1e-5
    q = bundled_walk.q[::20] + 0.3 * postures(len(bundled_walk.q[::20]), 8)
    held = passive_forces(q, stiffness=task.stiffness, tissue=task.tissue, standing=task.standing)
    axes = wrench(chain, q, gravity=G).axes
    moment = np.linalg.solve(axes, held[..., None])[..., 0]
    rest = standing_posture(task.standing)[LUMBAR]

    whole, tissue = standing_posture(task.standing), task.tissue
    at_rest = np.exp(tissue.factor @ whole - tissue.shift)

    def energy(posture):
        springs = 0.5 * (task.stiffness[LUMBAR] * (posture[:, LUMBAR] - rest) ** 2).sum(axis=1)
        stretch = posture @ tissue.factor.T - tissue.shift
        return springs + (np.exp(stretch) - at_rest * stretch) @ tissue.amplitude

    for i in LUMBAR:
        step = np.zeros(24)
        step[i] = h
        slope = (energy(q + step) - energy(q - step)) / (2.0 * h)
        before, after = (orientation(chain, q + s * step, "lumbar") for s in (-1.0, 1.0))
        turn = (after @ np.swapaxes(before, -1, -2) - np.eye(3)) / (2.0 * h)
        omega = 0.5 * np.stack(
            [turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], axis=-1
        )
        np.testing.assert_allclose((moment * omega).sum(axis=1), -slope, atol=1e-6)  # differences over 1e-5 rad


@pytest.mark.parametrize("tangent", [0, 1])
def test_tight_tissue_pulls_with_the_gradient_that_the_posture_problem_has(standing, tangent):
    """A line over hip and lumbar spine of each kind; the problem's own energy, its reference put to standing."""
    factor = np.zeros((3, 24))
    for row, names in enumerate((("hip_flexion_r", "lumbar_extension"), ("lumbar_bending",), ("lumbar_rotation",))):
        factor[row, [INDEX[name] for name in names]] = (-1.0, 0.7)[: len(names)]
    tissue = Tissue(
        kind=np.array([EXPONENTIAL, SPRING, STRING], np.int8),
        factor=factor,
        shift=np.array([0.1, -0.05, -2.0]),
        amplitude=np.array([3.0, 40.0, 15.0]),
        tangent=np.full(3, tangent, np.int8),
    )
    q = postures(4, 5)
    found = passive_forces(q, stiffness=standing.stiffness, tissue=tissue, standing=standing.standing)
    task = replace(standing.with_goals([]), tissue=tissue)
    rest = np.tile(standing_posture(standing.standing), (4, 1))
    task = replace(task, q=rest, time=np.arange(4.0), goals=())
    h = 1e-5

    def energy(posture):
        goals = task.kernel_goals
        posture = np.ascontiguousarray(posture)
        return energies(task.body, goals, tissue, np.array(task.stiffness), rest, posture, scratch(goals))

    for n, i in enumerate(LUMBAR):
        step = np.zeros(24)
        step[i] = h
        slope = (energy(q + step) - energy(q - step)) / (2.0 * h)
        np.testing.assert_allclose(found[:, n], -slope, atol=1e-6)  # differences over 1e-5 rad of up to 1e2 J


def test_twice_the_lever_arm_is_half_the_muscle(bundled_walk):
    short, long = (spinal_load(bundled_walk, lever_arm=d).muscle_force for d in (0.04, 0.08))
    np.testing.assert_allclose(short, 2.0 * long, rtol=1e-12)


# --- what a restriction changes


def test_without_a_restriction_nothing_changes(bundled_walk):
    none = compensate(bundled_walk, strategies=["predicted"], reliefs=False)
    changes = load_changes(spinal_load(bundled_walk, none))
    for column in ("peak_change", "mean_change", "impulse_change", "largest_change"):
        assert np.abs(changes[column]).max() < 1e-3  # N, N m: solver residuals of 1e-8 rad, through a lever of 0.05 m


def test_a_change_is_restricted_less_free_at_its_place_in_the_cycle(bundled_walk, stiff, whole_walk):
    load = spinal_load(bundled_walk, stiff, recorded=whole_walk)
    changes = load_changes(load)
    percent = bundled_walk.percent["r"]
    assert (changes.frames == np.isfinite(percent).sum()).all()
    assert (changes.covered == 1.0).all()
    for name in ("closure", "predicted"):
        free, other = (load.compression.sel(motion=m).values for m in ("free", name))
        row = changes.loc[name, "compression"]
        k = np.abs(other - free).argmax()
        assert row.largest_change == other[k] - free[k]
        assert row.largest_percent == percent[k]
        assert row.peak_change == other.max() - free.max()
        assert row.mean_change == pytest.approx((other - free).mean(), abs=ROUNDING)
        assert row.impulse_change == pytest.approx((other - free).sum() * 0.01, abs=1e-6)  # 100 Hz
        assert row.free_peak_percent == percent[free.argmax()]
    assert load_changes(load, side="l").loc["closure", "compression"].largest_percent == pytest.approx(
        bundled_walk.percent["l"][np.abs(np.diff(load.compression.sel(motion=["free", "closure"]), axis=0)).argmax()]
    )


def test_an_answers_own_accelerations_are_mostly_its_jumps(bundled_walk, stiff, whole_walk):
    """With more of the spectrum a motion's moment settles and a jump's grows: why the free motion lends its inertia."""

    def largest(accelerations, cutoff):
        load = spinal_load(bundled_walk, stiff, recorded=whole_walk, accelerations=accelerations, cutoff_hz=cutoff)
        return load_changes(load).loc["predicted", "compression"].largest_change, load.compression[0].max().item()

    (own_6, free_6), (own_12, free_12) = largest("own", 6.0), largest("own", 12.0)
    assert abs(own_12) > 2.0 * abs(own_6) > 1000.0  # N
    assert free_12 < 1.2 * free_6
    (lent_6, _), (lent_12, _) = largest("free", 6.0), largest("free", 12.0)
    assert abs(lent_6) < 60.0 and abs(lent_12) < 60.0  # N


def test_with_the_inertia_of_the_free_motion_the_change_is_that_of_held_postures(bundled_walk, stiff):
    """Net force and moment add up: the free body's inertia is in both."""
    smooth = {}
    for name in ("free", "predicted"):
        where = stiff.sel(strategy="predicted")
        q = np.zeros((len(bundled_walk.q), 24))
        kind = "free" if name == "free" else "restricted"
        q[:, 3:] = np.deg2rad(where[kind].values)
        q[:, :3] = where[f"{kind}_translation"].values
        smooth[name] = smoothed(q, rate=100.0, cutoff=constant("cutoff"), source="")
    lent = spinal_load(bundled_walk, stiff)
    chain = bundled_walk.chain
    held = {name: wrench(chain, q, gravity=G) for name, q in smooth.items()}
    R = {name: orientation(chain, q, "pelvis") for name, q in smooth.items()}
    world = {name: (R[name] @ lent.moment.sel(motion=name).values[:, [1, 2, 0], None])[..., 0] for name in smooth}
    there = lent.usable.sel(motion="predicted").values
    np.testing.assert_allclose(
        (world["predicted"] - world["free"])[there],
        (held["predicted"].moment - held["free"].moment)[there],
        atol=1e-6,
    )


# --- levels


def test_the_levels_add_up_to_the_lumbar_spine(bundled_walk, stiff):
    levels = lumbar_levels(bundled_walk, stiff)
    for name in ("extension", "bending", "rotation"):
        whole = stiff.restricted.sel(strategy="closure", coordinate=f"lumbar_{name}")
        offset = stiff.zero_offset.sel(coordinate=f"lumbar_{name}")
        found = levels.angle.sel(motion="closure", component=name).sum("level")
        np.testing.assert_allclose(found, whole + offset, atol=1e-10)
    np.testing.assert_allclose(levels.share.sum("level"), 1.0, rtol=1e-15)


def test_a_level_is_flagged_where_its_share_goes_beyond_its_range(bundled_walk):
    low, high = level_ranges()
    lumbar = {}
    for degrees in (4.0, 6.0):
        q = np.tile(standing_posture(bundled_walk.standing), (len(bundled_walk.q), 1))
        q[:, INDEX["lumbar_extension"]] += np.deg2rad(degrees)
        lumbar[f"{degrees:g}"] = q
    levels = lumbar_levels(bundled_walk, lumbar)
    assert not levels.exceeds.sel(motion="4").any()
    flagged = levels.exceeds.sel(motion="6", component="extension").any("frame")
    assert flagged.level.values[flagged.values].tolist() == ["l3l4"]  # a fifth of 6 deg, where 1 deg is the end
    assert (low < 0.0).all() and (high > 0.0).all()


# --- holding and leaning


def test_who_leans_from_the_hips_holds_the_trunk_by_the_sine_of_the_lean():
    stance = stand()
    leans = np.array([0.0, 10.0, 40.0, 90.0])
    load = hold_and_lean(stance, lean_deg=leans).isel(held=0)
    chain = stance.chain
    arm = centres(chain, stance.q[None])[0] - positions(chain, stance.q, ["l5s1"])
    theta = np.deg2rad(leans)
    ahead = sum(
        m * (r[0] * np.cos(theta) + r[1] * np.sin(theta)) for r, m in zip(arm, chain.masses[ABOVE_INDEX], strict=True)
    )
    np.testing.assert_allclose(load.moment_disc.sel(component="extension"), G * ahead, atol=ROUNDING)
    incline = np.deg2rad(constant("disc_inclination")) + theta
    np.testing.assert_allclose(load.axial_force, load.weight_above.item() * np.cos(incline), atol=ROUNDING)
    np.testing.assert_allclose(load.shear_anterior, load.weight_above.item() * np.sin(incline), atol=ROUNDING)


def test_what_the_hands_hold_weighs_on_the_lever_that_they_reach():
    stance, hands = stand(), (0.4, 0.1)
    load = hold_and_lean(stance, lean_deg=0.0, held_kg=[0.0, 10.0], hands_m=hands).isel(lean=0)
    more = load.drop_vars("usable").diff("held").isel(held=0)
    assert more.moment_disc.sel(component="extension").item() == pytest.approx(10.0 * G * 0.4, abs=ROUNDING)
    assert more.axial_force.item() == pytest.approx(
        10.0 * G * np.cos(np.deg2rad(constant("disc_inclination"))), abs=ROUNDING
    )
    assert load.body_weight.values == pytest.approx(stance.chain.mass * G)  # of the empty-handed body


def test_bending_the_lumbar_spine_lets_passive_tissue_carry_some():
    hips, spine = (hold_and_lean(lean_deg=30.0, lumbar_share=s).isel(held=0, lean=0) for s in (0.0, 0.5))
    # of hips that flex the psoas lets go of the spine, which it flexes: little, and all there is
    let_go, bent = hips.passive_moment.sel(component="extension").item(), np.deg2rad(15.0)
    assert 0.0 < let_go < 1.0
    k = standing_still().stiffness[INDEX["lumbar_extension"]]
    assert spine.passive_moment.sel(component="extension").item() == pytest.approx(k * bent + let_go, abs=0.5)
    assert spine.muscle_force < hips.muscle_force
