"""What must be true of the load at L5/S1 whoever the person is: Newton, Euler, levers, mirrors and scales."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import Chain, RangeOfMotion
from kinematics.chain import Point
from kinematics.conventions import COORDINATES, INDEX, SEGMENT_COORDINATE, SEGMENTS
from kinematics.mirror import mirrored_chain
from kinematics.pose import frames, orientation, positions
from kinematics.rotations import rotation_about
from simulate import compensate, read_motion, standing_still
from simulate.io.trials import trial
from simulate.kernels.data import UNSOLVED
from simulate.load import carrying, spinal_load
from simulate.load.dynamics import ABOVE, REACH, constant, frame_rate, smoothed, usable, wrench
from simulate.load.muscle import disc_frame, standing_posture
from simulate.mirror import mirrored
from simulate.motion import to_chain

G = constant("gravity")
ABOVE_INDEX = [SEGMENTS.index(name) for name in ABOVE]
THORAX = SEGMENTS.index("thorax")
#: Rounding of sums of a few products of up to 1e3 N and 1 m.
ROUNDING = 1e-9
UP = np.array([0.0, 1.0, 0.0])


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


def moving(seconds, rate, seed=4, size=0.3, fastest=1.5):
    """A smooth motion of every coordinate: its frames, and its posture at any time."""
    rng = np.random.default_rng(seed)
    middle, part = rng.uniform(-size, size, 24), rng.uniform(-size, size, 24)
    omega, phase = 2.0 * np.pi * rng.uniform(0.3, fastest, 24), rng.uniform(0.0, 2.0 * np.pi, 24)

    def at(time):
        return middle + part * np.sin(np.multiply.outer(time, omega) + phase)

    return at(np.arange(round(seconds * rate) + 1) / rate), at


def centres(chain, q):
    """Mass centres (F, 2, 3) of what is above L5/S1, from the points of a chain that has them by name."""
    named = {name: Point(name, tuple(chain.mass_centres[SEGMENTS.index(name)].tolist())) for name in ABOVE}
    return positions(replace(chain, points={**chain.points, **named}), q, list(ABOVE))


# --- held postures


def test_who_stands_still_carries_what_is_above_along_the_disc_and_one_muscle_more(standing):
    load = spinal_load(standing, accelerations="none").isel(motion=0, frame=0)
    chain, q = standing.chain, standing.q
    weight = G * chain.masses[ABOVE_INDEX].sum()
    theta = np.deg2rad(constant("disc_inclination"))
    arm = centres(chain, q)[0] - positions(chain, q, ["l5s1"])[0]
    moment = sum(np.cross(r, [0.0, G * m, 0.0]) for r, m in zip(arm, chain.masses[ABOVE_INDEX], strict=True))
    muscle = np.linalg.norm(moment) / constant("lever_arm")  # in standing no spring is taut
    assert load.weight_above.item() == pytest.approx(weight, abs=ROUNDING)
    assert load.axial_force.item() == pytest.approx(weight * np.cos(theta), abs=ROUNDING)
    assert load.shear_anterior.item() == pytest.approx(weight * np.sin(theta), abs=ROUNDING)
    assert load.shear_lateral.item() == pytest.approx(0.0, abs=ROUNDING)
    assert load.passive_force.item() == pytest.approx(0.0, abs=ROUNDING)
    assert load.compression.item() == pytest.approx(weight * np.cos(theta) + muscle, abs=1e-7)  # over 0.05 m
    assert load.compression_bw.item() == pytest.approx(load.compression.item() / (G * chain.mass), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_held_posture_needs_the_moment_of_the_weight_that_is_above(bundled_chain, seed):
    q = postures(20, seed)
    found = wrench(bundled_chain, q, gravity=G)
    mass = bundled_chain.masses[ABOVE_INDEX]
    total = (mass[:, None] * centres(bundled_chain, q)).sum(axis=1) / mass.sum()
    lever = total - positions(bundled_chain, q, ["l5s1"])[:, 0]
    np.testing.assert_allclose(found.force, np.tile(G * mass.sum() * UP, (20, 1)), atol=ROUNDING)
    np.testing.assert_allclose(found.moment, np.cross(lever, G * mass.sum() * UP), atol=ROUNDING)


def test_half_the_gravity_is_half_the_load_and_none_is_none(bundled_walk):
    whole, half, none = (spinal_load(bundled_walk, accelerations="none", gravity=g) for g in (G, 0.5 * G, 0.0))
    for name in ("moment", "force", "moment_disc", "axial_force", "shear_anterior", "shear_lateral"):
        np.testing.assert_allclose(half[name], 0.5 * whole[name], atol=ROUNDING)
        np.testing.assert_allclose(none[name], 0.0, atol=ROUNDING)


def test_a_body_twice_as_heavy_needs_twice_the_force_and_moment_in_motion_too(bundled_walk):
    chain = bundled_walk.chain
    heavy = replace(chain, masses=2.0 * chain.masses, inertias=2.0 * chain.inertias)
    one, two = (spinal_load(replace(bundled_walk, chain=c)) for c in (chain, heavy))
    for name in ("moment", "force", "moment_disc", "axial_force", "shear_anterior", "shear_lateral"):
        np.testing.assert_allclose(two[name], 2.0 * one[name], atol=1e-8)  # sums over 1e4 frames/s^2
    np.testing.assert_allclose(two.shear_anterior_bw, one.shear_anterior_bw, atol=1e-10)


@pytest.mark.parametrize("accelerations", ["own", "none"])
def test_turning_the_laboratory_changes_no_load(bundled_walk, accelerations):
    turn = np.deg2rad(77.0)
    q = bundled_walk.q.copy()
    q[:, INDEX["pelvis_rotation"]] += turn
    q[:, :3] = q[:, :3] @ rotation_about((0.0, 1.0, 0.0), turn).T
    load = spinal_load(bundled_walk, {"here": bundled_walk.q, "turned": q}, accelerations=accelerations)
    for name in ("moment", "force", "compression", "shear_anterior", "shear_lateral", "muscle_moment"):
        # differences of angular momentum over (1/100 s)^2, and 0.05 m of lever arm
        np.testing.assert_allclose(
            load[name].sel(motion="turned"), load[name].sel(motion="here"), atol=1e-6, err_msg=name
        )


@pytest.mark.parametrize("accelerations", ["own", "none"])
def test_the_mirror_image_of_a_person_carries_the_mirror_image_of_the_load(bundled_walk, accelerations):
    uneven = bundled_walk.chain.inertias + 0.05 * np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.5], [1.0, 0.5, 0.0]])
    uneven[bundled_walk.chain.masses == 0.0] = 0.0
    uneven = np.where((np.linalg.eigvalsh(uneven).min(axis=1) > 0.0)[:, None, None], uneven, 0.0)
    task = replace(bundled_walk, chain=replace(bundled_walk.chain, inertias=uneven))
    flip = np.diag([1.0, 1.0, -1.0])
    image = mirrored(task)
    order = [SEGMENTS.index(_other(name)) for name in SEGMENTS]
    image = replace(image, chain=replace(mirrored_chain(task.chain), inertias=(flip @ uneven @ flip)[order]))
    here, there = (spinal_load(t, accelerations=accelerations) for t in (task, image))
    assert uneven[THORAX, 0, 2] != 0.0
    same, sense = np.array([1.0, -1.0, -1.0]), 1e-6  # as above
    for name in ("moment", "moment_disc", "muscle_moment", "passive_moment"):
        np.testing.assert_allclose(there[name], here[name] * same, atol=sense, err_msg=name)
    for name in ("compression", "muscle_force", "passive_force", "shear_anterior"):
        np.testing.assert_allclose(there[name], here[name], atol=10 * sense, err_msg=name)
    np.testing.assert_allclose(there.shear_lateral, -here.shear_lateral, atol=sense)


def _other(name):
    return name[:-2] + {"_r": "_l", "_l": "_r"}.get(name[-2:], name[-2:])


def test_the_disc_is_inclined_as_said_when_the_person_stands(bundled_walk):
    theta = np.deg2rad(33.0)
    q = standing_posture(bundled_walk.standing)
    q[INDEX["pelvis_list"]] = 0.0
    normal = orientation(bundled_walk.chain, q, "pelvis") @ disc_frame(bundled_walk.standing, theta)[:, 1]
    np.testing.assert_allclose(normal, [np.sin(theta), np.cos(theta), 0.0], atol=1e-15)


def test_the_disc_turns_loads_about_and_leaves_muscle_and_size_as_they_are(bundled_walk):
    flat, steep = (spinal_load(bundled_walk, disc_inclination_deg=d) for d in (0.0, 60.0))
    np.testing.assert_allclose(steep.muscle_force, flat.muscle_force, rtol=1e-12)
    np.testing.assert_allclose(steep.moment, flat.moment, rtol=0.0, atol=0.0)
    size = [np.sqrt(x.axial_force**2 + x.shear_anterior**2 + x.shear_lateral**2) for x in (flat, steep)]
    np.testing.assert_allclose(size[0], size[1], rtol=1e-12)
    assert (steep.shear_anterior.mean() > flat.shear_anterior.mean()).item()


# --- motion


def free_fall(chain, frames_count=60, rate=100.0):
    q = np.tile(postures(1, 2), (frames_count, 1))
    time = np.arange(frames_count) / rate
    q[:, :3] += np.multiply.outer(time, [1.0, 3.0, -0.5])
    q[:, 1] -= 0.5 * G * time**2
    return q, rate


def test_who_falls_freely_needs_neither_force_nor_moment(bundled_chain):
    q, rate = free_fall(bundled_chain)
    found = wrench(bundled_chain, q, gravity=G, rate=rate)
    inner = slice(2 * REACH, -2 * REACH)
    np.testing.assert_allclose(found.force[inner], 0.0, atol=1e-8)  # 1e-16 m over (1/100 s)^2, times 40 kg
    np.testing.assert_allclose(found.moment[inner], 0.0, atol=1e-8)


def test_the_force_is_the_change_of_momentum_and_the_weight():
    chain, rate, h = Chain.generic(), 500.0, 1e-4
    q, at = moving(0.2, rate)
    found = wrench(chain, q, gravity=G, rate=rate)
    mass = chain.masses[ABOVE_INDEX, None]

    def momentum(time):
        return (mass * (centres(chain, at(time + h)) - centres(chain, at(time - h))) / (2.0 * h)).sum(axis=1)

    time = np.arange(len(q))[20:-20] / rate
    change = (momentum(time + h) - momentum(time - h)) / (2.0 * h)
    expected = change + G * mass.sum() * UP
    # plain differences over 1e-4 s: 1e-16 / 1e-8 s^2 of rounding and (2 pi 1.5 h)^2 / 6 of curvature, times 4e3 N
    np.testing.assert_allclose(found.force[20:-20], expected, atol=1e-3)
    assert np.ptp(change) > 10.0


def test_the_moment_is_the_change_of_angular_momentum_about_a_place_at_rest():
    """All of it at once about the laboratory's origin: no moving point, no mass centres one by one."""
    chain, rate, h = Chain.generic(), 500.0, 1e-4
    q, at = moving(0.2, rate)
    found = wrench(chain, q, gravity=G, rate=rate)

    def spin(time):
        total = np.zeros((len(time), 3))
        before, after = frames(chain, at(time - h))[0], frames(chain, at(time + h))[0]
        now = frames(chain, at(time))[0]
        for k, name in zip(ABOVE_INDEX, ABOVE, strict=True):
            s = SEGMENT_COORDINATE[name]
            part = ABOVE.index(name)
            p = centres(chain, at(time))[:, part]
            v = (centres(chain, at(time + h))[:, part] - centres(chain, at(time - h))[:, part]) / (2.0 * h)
            W = (after[:, s] - before[:, s]) @ np.swapaxes(now[:, s], -1, -2) / (2.0 * h)
            omega = 0.5 * np.stack([W[:, 2, 1] - W[:, 1, 2], W[:, 0, 2] - W[:, 2, 0], W[:, 1, 0] - W[:, 0, 1]], axis=-1)
            inertia = now[:, s] @ chain.inertias[k] @ np.swapaxes(now[:, s], -1, -2)
            total += chain.masses[k] * np.cross(p, v) + (inertia @ omega[..., None])[..., 0]
        return total

    time = np.arange(len(q))[20:-20] / rate
    change = (spin(time + h) - spin(time - h)) / (2.0 * h)
    weights = sum(
        np.cross(centres(chain, at(time))[:, n], -G * chain.masses[k] * UP) for n, k in enumerate(ABOVE_INDEX)
    )
    low = positions(chain, at(time), ["l5s1"])[:, 0]
    expected = change - weights - np.cross(low, found.force[20:-20])
    np.testing.assert_allclose(found.moment[20:-20], expected, atol=2e-3)  # as above
    assert np.ptp(change) > 10.0


@pytest.mark.parametrize("speed", [1.0, 5.0])
def test_a_trunk_that_spins_steadily_needs_the_moment_of_euler(speed):
    """Its mass centre in the joint, its axes oblique to the spin: moment omega x (I omega), and its weight."""
    chain = Chain.generic()
    inertia = np.array([[2.0, 0.3, -0.2], [0.3, 1.0, 0.4], [-0.2, 0.4, 1.5]])
    masses, inertias, middle = np.zeros(11), np.zeros((11, 3, 3)), np.array(chain.mass_centres)
    masses[THORAX], inertias[THORAX], middle[THORAX] = 30.0, inertia, 0.0
    offsets = np.array(chain.offsets)
    offsets[[INDEX["lumbar_extension"], INDEX["thoracic_extension"]]] = 0.0
    chain = replace(chain, masses=masses, inertias=inertias, mass_centres=middle, offsets=offsets)
    rate, q = 1000.0, np.zeros((60, 24))
    q[:, INDEX["pelvis_rotation"]] = speed * np.arange(60) / rate  # about the vertical
    q[:, INDEX["lumbar_extension"]], q[:, INDEX["lumbar_bending"]] = -0.4, 0.3
    found = wrench(chain, q, gravity=G, rate=rate)
    R = orientation(chain, q, "thorax")
    omega = np.array([0.0, speed, 0.0])
    expected = np.cross(omega, R @ inertia @ np.swapaxes(R, -1, -2) @ omega)
    inner = slice(2 * REACH, -2 * REACH)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found.moment[inner], expected[inner], atol=1e-7)  # 1e-16 / (1/1000 s)^2
    np.testing.assert_allclose(found.force[inner], np.tile([0.0, 30.0 * G, 0.0], (60, 1))[inner], atol=1e-7)


def test_a_load_on_the_back_is_a_second_body_fixed_to_the_first():
    chain, rate = Chain.generic(), 500.0
    q, _ = moving(0.1, rate)
    pack = Point("thorax", (-0.2, 0.15, 0.03))
    both, alone = (wrench(c, q, gravity=G, rate=rate) for c in (carrying(chain, 12.0, at=pack), chain))
    nothing = replace(chain, masses=np.zeros(11), inertias=np.zeros((11, 3, 3)))
    point = wrench(carrying(nothing, 12.0, at=pack), q, gravity=G, rate=rate)
    inner = slice(2 * REACH, -2 * REACH)
    np.testing.assert_allclose(both.force[inner], (alone.force + point.force)[inner], atol=1e-7)
    np.testing.assert_allclose(both.moment[inner], (alone.moment + point.moment)[inner], atol=1e-7)


# --- filter and ends


def test_the_filter_halves_the_power_at_its_cut_off_and_delays_nothing():
    rate, cutoff = 200.0, 6.0
    time = np.arange(2000) / rate
    inner = slice(600, 1400)
    for frequency, gain in ((0.5, 1.0), (cutoff, np.sqrt(0.5)), (30.0, 0.0)):
        q = np.zeros((2000, 24))
        q[:, INDEX["lumbar_extension"]] = np.sin(2.0 * np.pi * frequency * time)
        out = smoothed(q, rate=rate, cutoff=cutoff, source="")[:, INDEX["lumbar_extension"]]
        wanted = gain * q[:, INDEX["lumbar_extension"]]
        np.testing.assert_allclose(out[inner], wanted[inner], atol=5e-3)  # at 30 Hz 1 / (1 + 0.41 (30 / 6)^4) is left


@pytest.mark.parametrize("name", ["walk_overground_rajagopal", "run_treadmill_hamner"])
def test_beyond_the_guard_the_ends_of_a_recording_change_the_moment_by_less_than_a_hundredth(name):
    found = trial(name)
    chain, motion = Chain.from_osim(found.model), read_motion(found.motion)
    q, _ = to_chain(motion, chain)
    rate, cutoff = frame_rate(motion.time, name), constant("cutoff")
    guard = int(np.ceil(constant("end_guard") * rate / cutoff - 1e-9))

    def moment(part):
        return wrench(chain, smoothed(part, rate=rate, cutoff=cutoff, source=""), gravity=G, rate=rate).moment

    whole, length = moment(q), 80
    for start in range(guard, len(q) - length - guard, 11):
        cut = moment(q[start : start + length])[guard:-guard]
        off = np.linalg.norm(cut - whole[start : start + length][guard:-guard], axis=1)
        assert off.max() < 0.01 * np.nanmax(np.linalg.norm(whole, axis=1))


def test_frames_near_the_ends_are_not_used_unless_the_recording_goes_on(bundled_walk, whole_walk):
    load, longer = spinal_load(bundled_walk), spinal_load(bundled_walk, recorded=whole_walk)
    guard = int(np.ceil(100.0 / constant("cutoff")))
    there = np.zeros(len(bundled_walk.q), dtype=bool)
    there[guard:-guard] = True
    np.testing.assert_array_equal(load.usable.values[0], there)
    assert np.isnan(load.compression.values[0][~there]).all()
    assert longer.usable.all()
    peak = np.abs(longer.moment).max().item()
    assert np.nanmax(np.abs(load.moment - longer.moment)) < 0.01 * peak


def test_a_frame_without_an_answer_takes_its_neighbours_with_it():
    there = np.ones(20, dtype=bool)
    there[9] = False
    assert np.flatnonzero(usable(there, 2)).tolist() == [2, 3, 4, 5, 6, 12, 13, 14, 15, 16, 17]
    np.testing.assert_array_equal(usable(there, 0), there)


def test_unsolved_frames_are_nan_and_whatever_stands_there_does_no_harm(bundled_walk, stiff):
    marred = stiff.copy(deep=True)
    marred.status.values[1, 100] = UNSOLVED
    marred.restricted.values[1, 100] = 1e3
    marred.restricted_translation.values[1, 100] = -50.0
    for accelerations, lost in (("none", 1), ("own", 2 * 17 + 1)):
        good, bad = (spinal_load(bundled_walk, r, accelerations=accelerations) for r in (stiff, marred))
        was, now = (x.compression.sel(motion="predicted").values for x in (good, bad))
        missing = np.isnan(now) & ~np.isnan(was)
        assert missing.sum() == lost and missing[100]
        still = ~np.isnan(now)
        np.testing.assert_allclose(now[still], was[still], atol=1.0)  # one posture of a smooth motion bridged [N]
