"""In the sagittal plane `closure` is school geometry: a closed form, derived here, gives the same angles."""

import numpy as np
import pytest
import sympy
from sympy import Matrix, acos, atan2, cos, sin, symbols

from kinematics import Chain
from kinematics.chain import Point
from kinematics.conventions import COORDINATES, INDEX
from kinematics.pose import positions
from kinematics.tables import value
from kinematics.zero import standing_from_posture
from simulate.goals import MUST, OFF, PointGoal
from simulate.kernels.data import SOLVED
from simulate.motion import Motion
from simulate.problem import Task, stiffness
from simulate.strategies import closure

deg = np.deg2rad
X, Y, Z = np.eye(3)
#: What the hip lacks, one frame each; below zero it has some to spare. [rad]
LOSSES = deg(np.array([-4.0, 0.0, 0.01, 1.0, 3.0, 7.0, 11.0, 15.0]))
#: The limited hip stops here. [rad]
STOP = deg(2.0)
#: The solver aims at 1e-11 rad and m; knees bent by 25 deg and more lose less than one digit of it.
AS_DERIVED = 1e-9

# Lengths [m]; the hips are apart also in the plane, so that the other hip moves when the pelvis turns about the first.
HIP = {"r": (-0.06, -0.09), "l": (-0.01, -0.12)}
L5S1, T12L1 = (-0.11, 0.03), (-0.01, 0.15)
THIGH, SHANK = 0.41, 0.43
FOOT = {"heel": (-0.05, -0.07), "forefoot": (0.14, -0.07)}


def planar_chain():
    """A body with every joint of the sagittal plane a Z hinge; the knee turns the other way."""
    axes = np.array([X, Y, Z, Y, X, Z, *[Z, X, Y, -Z, Z, X], *[Z, -X, -Y, -Z, Z, -X], *[Z, X, Y, Z, X, Y]])
    offsets = np.zeros((24, 3))
    points = {"l5s1": Point("lumbar", (0.0, 0.0, 0.0))}
    for side, z in (("r", 0.08), ("l", -0.08)):
        offsets[INDEX[f"hip_flexion_{side}"]] = *HIP[side], z
        offsets[INDEX[f"knee_angle_{side}"]] = 0.0, -THIGH, 0.0
        offsets[INDEX[f"ankle_angle_{side}"]] = 0.0, -SHANK, 0.0
        points[f"hip_{side}"] = Point(f"thigh_{side}", (0.0, 0.0, 0.0))
        points |= {f"{part}_{side}": Point(f"foot_{side}", (*place, 0.0)) for part, place in FOOT.items()}
    for name, place in (("lumbar_extension", L5S1), ("thoracic_extension", T12L1)):
        offsets[INDEX[name]] = *place, 0.0
    return Chain("planar", axes, offsets, np.zeros(11), np.zeros((11, 3)), points)


def derived(kept, other):
    """Closed form of `closure` in the plane, by name, as a function of the recorded posture and the hip's loss."""
    names = "tx ty tilt hip2 knee2 ankle2 lumbar thoracic loss"
    tx, ty, tilt, hip2, knee2, ankle2, lumbar, thoracic, loss = arguments = symbols(names, real=True)

    def turn(angle):
        return Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])

    h, g, l5s1, thigh, shank = Matrix(HIP[kept]), Matrix(HIP[other]), Matrix(L5S1), *symbols("a b", positive=True)
    down = Matrix([0, -1])
    # the kept hip flexes by what it lacks; its thigh stays, so the pelvis tilts back by as much, about its centre
    tilt_new = tilt - loss
    pelvis = Matrix([tx, ty])
    pelvis_new = pelvis + turn(tilt) * h - turn(tilt_new) * h
    # the thorax stays: extension of the whole spine is its orientation less the pelvis's, shared as published
    whole = (tilt + lumbar + thoracic) - tilt_new
    share = sympy.Float(value("spine_shares", "extension"), 17)
    # the other leg, before: from its hip by thigh and shank to its ankle, which stays, as does its foot's orientation
    thigh_turn = tilt + hip2
    ankle = pelvis + turn(tilt) * g + turn(thigh_turn) * down * thigh + turn(thigh_turn - knee2) * down * shank
    foot_turn = thigh_turn - knee2 + ankle2
    # ... and after: two links from the moved hip to that ankle; the law of cosines gives the knee
    hip_new = pelvis_new + turn(tilt_new) * g
    reach, bend = ankle - hip_new, symbols("bend")
    links = down * thigh + turn(-bend) * down * shank
    (cosine,) = sympy.solve(sympy.simplify(links.dot(links)) - symbols("d2"), cos(bend))
    knee_new = acos(cosine.subs(symbols("d2"), reach.dot(reach)))
    links = links.subs(bend, knee_new)
    thigh_new = atan2(reach[1], reach[0]) - atan2(links[1], links[0])
    spot = pelvis_new + turn(tilt_new) * l5s1
    form = {
        "pelvis_tilt": tilt_new,
        "pelvis_tx": pelvis_new[0],
        "pelvis_ty": pelvis_new[1],
        "lumbar_extension": share * whole,
        "thoracic_extension": (1 - share) * whole,
        f"hip_flexion_{other}": thigh_new - tilt_new,
        f"knee_angle_{other}": knee_new,
        f"ankle_angle_{other}": foot_turn - (thigh_new - knee_new),
        "hip": tuple(hip_new),
        "l5s1": tuple(spot),
    }
    lengths = {thigh: THIGH, shank: SHANK}
    entries = [Matrix([*entry]) if isinstance(entry, tuple) else entry for entry in form.values()]
    return list(form), sympy.lambdify(arguments, [entry.subs(lengths) for entry in entries], cse=True)


def recorded(kept, sense):
    """Postures (F, 24) whose kept hip goes past its stop by `LOSSES`, extending (sense 1) or flexing (-1)."""
    rng, n = np.random.default_rng(3), len(LOSSES)
    q = np.zeros((n, 24))
    ranges = {"pelvis_tx": (0, 2), "pelvis_ty": (0.9, 1.0), "pelvis_tilt": deg([-15, 10])}
    for side in "rl":
        ranges |= {f"hip_flexion_{side}": deg([-15, 25]), f"knee_angle_{side}": deg([25, 60])}
        ranges |= {f"ankle_angle_{side}": deg([-15, 15])}
    for name, (low, high) in ranges.items():
        q[:, INDEX[name]] = rng.uniform(low, high, n)
    whole, share = rng.uniform(*deg([-20, 20]), n), value("spine_shares", "extension")
    q[:, INDEX["lumbar_extension"]], q[:, INDEX["thoracic_extension"]] = share * whole, (1 - share) * whole
    q[:, INDEX[f"hip_flexion_{kept}"]] = STOP - sense * LOSSES
    return q


def held_feet(chain, q, role):
    """Goals that hold both feet in the plane: the forefoot at its place, the heel at its height."""
    for side in "rl":
        for part, axis in (("forefoot", X), ("forefoot", Y), ("heel", Y)):
            place, roles = positions(chain, q, [f"{part}_{side}"])[:, 0], np.full(len(q), role, np.int8)
            yield PointGoal(
                name=f"{part}_{side}",
                point=chain.point(f"{part}_{side}"),
                normal=np.tile(axis, (len(q), 1)),
                target=place @ axis,
                role=roles,
            )


def closed(chain, q, kept, sense, role):
    """Answer of `closure` where the kept hip stops at `STOP`."""
    time = np.arange(len(q)) / 100.0
    task = Task(
        name="plane",
        chain=chain,
        motion=Motion(time, COORDINATES, q),
        time=time,
        q=q,
        goals=tuple(held_feet(chain, q, role)),
        stiffness=stiffness(),
        standing=standing_from_posture(q),
        percent={},
        loaded={},
        yields=(),
    )
    lower, upper = np.full(24, -np.inf), np.full(24, np.inf)
    (lower if sense > 0 else upper)[INDEX[f"hip_flexion_{kept}"]] = STOP
    solution = closure(task, lower, upper).solution
    assert (solution.status == SOLVED).all()
    return solution.q


@pytest.mark.parametrize("sense", [1, -1], ids=["extension", "flexion"])
@pytest.mark.parametrize(("kept", "other"), ["rl", "lr"])
@pytest.mark.parametrize("role", [MUST, OFF], ids=["other_foot_held", "other_foot_free"])
def test_in_the_plane_closure_is_its_closed_form(kept, other, sense, role):
    chain, q = planar_chain(), recorded(kept, sense)
    answer = closed(chain, q, kept, sense, role)
    names, form = derived(kept, other)
    leg = [f"{joint}_{other}" for joint in ("hip_flexion", "knee_angle", "ankle_angle")]
    taken = ["pelvis_tx", "pelvis_ty", "pelvis_tilt", *leg, "lumbar_extension", "thoracic_extension"]
    expected = q.copy()
    expected[:, INDEX[f"hip_flexion_{kept}"]] += sense * np.maximum(LOSSES, 0.0)
    places = np.zeros((len(q), 2, 2))
    for f, loss in enumerate(sense * np.maximum(LOSSES, 0.0)):
        found = dict(zip(names, form(*q[f, [INDEX[name] for name in taken]], loss), strict=True))
        places[f] = found.pop("hip").ravel(), found.pop("l5s1").ravel()
        for name, angle in found.items():
            # a leg that swings free keeps its recorded angles
            if role == MUST or name not in leg:
                expected[f, INDEX[name]] = angle
    np.testing.assert_allclose(answer, expected, rtol=0.0, atol=AS_DERIVED)
    landmarks = positions(chain, answer, [f"hip_{other}", "l5s1"])[..., :2]
    np.testing.assert_allclose(landmarks, places, rtol=0.0, atol=AS_DERIVED)


def test_in_the_plane_the_hips_loss_moves_the_other_leg_only_as_far_as_the_hips_are_apart():
    chain, q = planar_chain(), recorded("r", 1)
    answer = closed(chain, q, "r", 1, MUST)
    moved = np.linalg.norm(np.diff([positions(chain, at, ["hip_l"])[:, 0] for at in (q, answer)], axis=0)[0], axis=1)
    apart = np.hypot(*np.subtract(HIP["r"], HIP["l"]))
    # a chord of the circle about the kept hip
    np.testing.assert_allclose(moved, 2.0 * apart * np.sin(0.5 * np.maximum(LOSSES, 0.0)), rtol=0.0, atol=AS_DERIVED)
