"""From a scaled OpenSim model to a chain.

The model's constant rotations are folded away: segment frames are parallel to the pelvis when every coordinate is 0, so
a joint is an offset and its axes. A knee whose centre and axis move becomes a hinge at its walking-range mean, and the
difference is reported. The torso, one body in the model, becomes a massless lumbar segment and a thorax on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from kinematics.chain import Chain, HingeFit, ModelConvention, Point, point_inertia
from kinematics.conventions import COORDINATES, INDEX, SEGMENTS, SIDES, SPINE
from kinematics.errors import HipspineError
from kinematics.osim_file import Joint, ModelFile, read_model_file
from kinematics.rotations import rotation_about, rotation_angle
from kinematics.spine import t12l1_above_l5s1
from kinematics.tables import value

Array = NDArray[np.float64]

#: Child body of the joint that each of our segments hangs on.
_CHILD = {"thigh": "femur", "shank": "tibia", "talus": "talus", "foot": "calcn"}
_MARKERS = {
    "asis_r": ("rasis", "rasi", "asisr"),
    "asis_l": ("lasis", "lasi", "asisl"),
    "psis_r": ("rpsis", "rpsi", "psisr"),
    "psis_l": ("lpsis", "lpsi", "psisl"),
    "sacral": ("vsacral", "sacral", "sacr"),
    "c7": ("c7",),
    "head_top": ("tophead", "headtop", "vertex"),
}


@dataclass(frozen=True, eq=False)
class _Placed:
    """A model body in our segment: its orientation and origin in the segment's frame."""

    segment: str
    R: Array
    origin: Array

    def place(self, point: Array) -> Array:
        return self.origin + self.R @ point


class _Builder:
    """Collects the chain's rows while walking down the model."""

    def __init__(self, model: ModelFile):
        self.model = model
        self.axes, self.offsets = np.tile([1.0, 0.0, 0.0], (len(COORDINATES), 1)), np.zeros((len(COORDINATES), 3))
        self.bodies: dict[str, _Placed] = {}
        self.locked: list[str] = []
        self.notices: list[str] = []
        self.hinges: list[HingeFit] = []
        self.knee_sign: list[float] = []

    def joint(self, child: str, parent: str, what: str) -> Joint:
        joint = self.model.joints.get(child)
        if joint is None or joint.parent != parent:
            raise HipspineError(
                f"{self.model.path}: the model lacks a {what}: no joint from {parent} to {child}. "
                f"Its joints: {', '.join(j.name for j in self.model.joints.values())}."
            )
        return joint

    def attach(self, child: str, parent: str, segment: str, first: str, what: str) -> Joint:
        """Hang `child` on `parent`: its centre becomes the offset of coordinate `first`. Returns the joint."""
        joint = self.joint(child, parent, what)
        on = self.bodies[parent]
        self.offsets[INDEX[first]] = on.place(joint.p_parent)
        R = on.R @ joint.R_parent @ joint.R_child.T
        self.bodies[child] = _Placed(segment, R, -R @ joint.p_child)
        return joint

    def unit_axes(self, joint: Joint, parent: str, names: tuple[str, ...], what: str) -> Array:
        """Axes of a joint that only turns, one axis a coordinate, in the segment's frame; checked to be so."""
        frame = self.bodies[parent].R @ joint.R_parent
        turns = [turn for turn in joint.rotations if turn.coordinate]
        found = tuple(turn.coordinate for turn in turns)
        if found != names:
            raise HipspineError(
                f"{self.model.path}: joint {joint.name!r} ({what}) turns about {list(found)}, needed are {list(names)}"
            )
        slopes = [turn.function(1.0) - turn.function(0.0) for turn in turns]
        straight = all(
            abs(turn.function(0.0)) < 1e-9 and abs(abs(k) - 1.0) < 1e-6 and abs(turn.function(-1.0) + k) < 1e-9
            for turn, k in zip(turns, slopes, strict=True)
        )
        # a constant turn about an axis without a coordinate would be lost
        straight &= all(abs(turn.function(0.0)) < 1e-9 for turn in joint.rotations if not turn.coordinate)
        slides = any(abs(move.function(x)) > 1e-9 for move in joint.translations for x in (0.0, 0.5))
        if not straight or slides:
            raise HipspineError(
                f"{self.model.path}: joint {joint.name!r} ({what}) must be plain rotations about fixed axes"
            )
        return np.array([np.sign(k) * (frame @ turn.axis) for turn, k in zip(turns, slopes, strict=True)])

    def triad(self, joint: Joint, parent: str, names: tuple[str, ...], what: str) -> Array:
        """Three orthogonal axes, the first closest to Z, then X, then Y."""
        axes = self.unit_axes(joint, parent, names, what)
        main = np.abs(axes).argmax(axis=1).tolist()
        if main != [2, 0, 1] or np.abs(axes @ axes.T - np.eye(3)).max() > 1e-6:
            raise HipspineError(
                f"{self.model.path}: joint {joint.name!r} ({what}) must turn about three orthogonal axes in the order "
                f"Z, X, Y; it turns about {axes.round(3).tolist()}"
            )
        return axes

    def weld(self, name: str, why: str) -> None:
        self.locked.append(name)
        self.notices.append(f"{name} is locked at 0: {why}")


def read_osim(path: str | Path) -> Chain:
    """Build a chain from a scaled OpenSim model; see `Chain.from_osim`."""
    model = read_model_file(path)
    build = _Builder(model)
    build.bodies["pelvis"] = _Placed("pelvis", np.eye(3), np.zeros(3))
    order = _pelvis(build)
    for side in SIDES:
        _leg(build, side)
    leg = float(
        np.mean(
            [
                sum(np.linalg.norm(build.offsets[INDEX[f"{n}_{s}"]]) for n in ("knee_angle", "ankle_angle"))
                for s in SIDES
            ]
        )
    )
    _spine(build, leg / value("osim", "reference_leg"))
    masses, centres, inertias = _masses(build)
    return Chain(
        name=model.name,
        axes=build.axes,
        offsets=build.offsets,
        masses=masses,
        mass_centres=centres,
        points=_points(build, leg / value("osim", "reference_leg")),
        locked=tuple(build.locked),
        convention=ModelConvention(order, (build.knee_sign[0], build.knee_sign[1]), model.coordinates, model.coupled),
        notices=tuple(build.notices),
        source=f"{model.path.name} (OpenSim file version {model.version})",
        knee_hinge=tuple(build.hinges),
        inertias=inertias,
    )


def _pelvis(build: _Builder) -> str:
    """The root: checked to be tilt-list-rotation about Z, X, Y and slides along X, Y, Z; ours is heading first."""
    joint = build.joint("pelvis", "ground", "free pelvis")
    names = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    axes = np.array([turn.axis for turn in joint.rotations])
    at_origin = not joint.p_parent.any() and not joint.p_child.any()
    unturned = np.abs(joint.R_parent - np.eye(3)).max() < 1e-9 and np.abs(joint.R_child - np.eye(3)).max() < 1e-9
    plain = tuple(turn.coordinate for turn in joint.rotations) == names and np.allclose(axes, np.eye(3)[[2, 0, 1]])
    slides = tuple(move.coordinate for move in joint.translations) == ("pelvis_tx", "pelvis_ty", "pelvis_tz")
    slides = slides and np.allclose([move.axis for move in joint.translations], np.eye(3))
    straight = all(
        abs(axis.function(x) - x) < 1e-9 for axis in (*joint.rotations, *joint.translations) for x in (0.0, 0.7)
    )
    if not (at_origin and unturned and plain and slides and straight):
        raise HipspineError(
            f"{build.model.path}: joint {joint.name!r}: the pelvis must turn by {', '.join(names)} about Z, X, Y and "
            "slide along X, Y, Z"
        )
    build.axes[:6] = np.eye(3)[[0, 1, 2, 1, 0, 2]]
    return "ZXY"


def _leg(build: _Builder, side: str) -> None:
    femur, tibia, talus, calcn = (f"{body}_{side}" for body in _CHILD.values())
    hip = build.attach(femur, "pelvis", f"thigh_{side}", f"hip_flexion_{side}", f"hip ({side})")
    names = tuple(f"hip_{turn}_{side}" for turn in ("flexion", "adduction", "rotation"))
    build.axes[INDEX[names[0]] : INDEX[names[0]] + 3] = build.triad(hip, "pelvis", names, f"hip ({side})")
    _knee(build, side, femur, tibia, talus)
    ankle = build.attach(talus, tibia, f"talus_{side}", f"ankle_angle_{side}", f"ankle ({side})")
    build.axes[INDEX[f"ankle_angle_{side}"]] = build.unit_axes(ankle, tibia, (f"ankle_angle_{side}",), "ankle")[0]
    subtalar = build.attach(calcn, talus, f"foot_{side}", f"subtalar_angle_{side}", f"subtalar joint ({side})")
    if subtalar.coordinates:
        axis = build.unit_axes(subtalar, talus, (f"subtalar_angle_{side}",), "subtalar joint")[0]
        build.axes[INDEX[f"subtalar_angle_{side}"]] = axis
    else:
        build.weld(f"subtalar_angle_{side}", "the model has no such coordinate")


def _knee(build: _Builder, side: str, femur: str, tibia: str, talus: str) -> None:
    """A fixed hinge in place of the model's knee: mean centre, best axis over the walking range."""
    joint, name = build.joint(tibia, femur, f"knee ({side})"), f"knee_angle_{side}"
    if joint.coordinates != (name,) or not joint.rotations:
        raise HipspineError(
            f"{build.model.path}: joint {joint.name!r} (knee) has the coordinates {list(joint.coordinates)}, "
            f"needed is {name}"
        )
    ankle = build.joint(talus, tibia, f"ankle ({side})")
    on = build.bodies[femur]
    low, high, deep = (value("osim", word) for word in ("walking_knee_min", "walking_knee_max", "deep_knee_max"))

    def ankle_behind(angle: float) -> float:
        R, p = joint.pose({name: angle})
        return float((on.R @ (p + R @ (ankle.p_parent - joint.p_child)))[0])

    sign = 1.0 if ankle_behind(0.5) < ankle_behind(-0.5) else -1.0
    flexion = np.deg2rad(np.arange(low, deep + 0.5))
    poses = [joint.pose({name: sign * angle}) for angle in flexion]
    R, centre = np.array([on.R @ pose[0] for pose in poses]), np.array([on.place(pose[1]) for pose in poses])
    walking = flexion <= np.deg2rad(high + 0.25)
    axis, R_zero = _hinge(flexion[walking], R[walking])
    mean = centre[walking].mean(axis=0)
    R_hinge, arm = rotation_about(axis, flexion) @ R_zero, ankle.p_parent - joint.p_child
    knee_mm = 1e3 * np.linalg.norm(centre - mean, axis=1)
    ankle_mm = 1e3 * np.linalg.norm(centre + R @ arm - mean - R_hinge @ arm, axis=1)
    degrees = np.rad2deg(rotation_angle(np.swapaxes(R, -1, -2) @ R_hinge))
    for top, part in ((high, walking), (deep, np.full_like(walking, True))):
        worst = [float(miss[part].max()) for miss in (knee_mm, ankle_mm, degrees)]
        build.hinges.append(HingeFit(side, (low, top), *worst))
    fit = build.hinges[-2]
    if max(fit.knee_max_mm, fit.ankle_max_mm) > 0.01:
        build.notices.append(
            f"the model's moving knee ({side}) is a hinge here: up to {fit.knee_max_mm:.1f} mm off at the knee, "
            f"{fit.ankle_max_mm:.1f} mm at the ankle and {fit.max_deg:.1f} deg over {low:.0f} to {high:.0f} deg of "
            "flexion"
        )
    build.knee_sign.append(sign)
    build.offsets[INDEX[name]], build.axes[INDEX[name]] = mean, axis
    build.bodies[tibia] = _Placed(f"shank_{side}", R_zero, -R_zero @ joint.p_child)


def _hinge(flexion: Array, R: Array) -> tuple[Array, Array]:
    """Axis and rotation at 0 of the hinge closest to the rotations `R` (n, 3, 3) at the angles `flexion` (n,)."""
    start = Rotation.from_matrix(R[-1] @ R[0].T).as_rotvec()

    def parts(x: Array) -> tuple[Array, Array]:
        axis = x[:3] / np.linalg.norm(x[:3])
        return axis, Rotation.from_rotvec(x[3:]).as_matrix()

    def miss(x: Array) -> Array:
        axis, R_zero = parts(x)
        result: Array = Rotation.from_matrix(
            np.swapaxes(R, -1, -2) @ rotation_about(axis, flexion) @ R_zero
        ).as_rotvec()
        return result.ravel()

    x0 = np.r_[start / np.linalg.norm(start), Rotation.from_matrix(R[0]).as_rotvec()]
    return parts(least_squares(miss, x0, xtol=1e-15, ftol=1e-15, gtol=1e-15).x)


def _spine(build: _Builder, scale: float) -> None:
    """Lumbar and thoracic joints with the model's back axes; T12/L1 stands above L5/S1 as in the published column."""
    back = build.attach("torso", "pelvis", "thorax", SPINE[0], "back joint")
    axes = build.triad(back, "pelvis", ("lumbar_extension", "lumbar_bending", "lumbar_rotation"), "back joint")
    build.axes[INDEX[SPINE[0]] :] = np.vstack([axes, axes])
    up = t12l1_above_l5s1() * scale
    build.offsets[INDEX["thoracic_extension"]] = up
    torso = build.bodies["torso"]
    build.bodies["torso"] = _Placed("thorax", torso.R, torso.origin - up)


def _masses(build: _Builder) -> tuple[Array, Array, Array]:
    """Mass, mass centre and inertia of each segment, all bodies at their zero posture; what hangs on none is out."""
    model = build.model
    placed, waiting = dict(build.bodies), {c: j for c, j in model.joints.items() if c not in build.bodies}
    while ready := [joint for joint in waiting.values() if joint.parent in placed]:
        for joint in ready:
            on = placed[joint.parent]
            R, p = joint.pose({})
            placed[joint.child] = _Placed(on.segment, on.R @ R, on.place(p) - on.R @ R @ joint.p_child)
            del waiting[joint.child]
    build.bodies = placed
    masses, moments = np.zeros(len(SEGMENTS)), np.zeros((len(SEGMENTS), 3))
    here = {name: SEGMENTS.index(placed[name].segment) for name in model.bodies if name in placed}
    for name, k in here.items():
        masses[k] += model.bodies[name].mass
        moments[k] += model.bodies[name].mass * placed[name].place(model.bodies[name].mass_centre)
    centres = np.divide(moments, masses[:, None], out=np.zeros_like(moments), where=masses[:, None] > 0.0)
    inertias = np.zeros((len(SEGMENTS), 3, 3))
    for name, k in here.items():
        body, on = model.bodies[name], placed[name]
        own = on.R @ body.inertia @ on.R.T
        inertias[k] += own + point_inertia(body.mass, on.place(body.mass_centre) - centres[k])
    return masses, centres, inertias


def _points(build: _Builder, scale: float) -> dict[str, Point]:
    """Joint centres, feet, trunk landmarks and pelvis markers."""
    points: dict[str, Point] = {}

    def put(name: str, body: str, place: Array) -> None:
        at = build.bodies[body].place(np.asarray(place, dtype=np.float64))
        points[name] = Point(build.bodies[body].segment, (float(at[0]), float(at[1]), float(at[2])))

    for segment, name in (("thigh", "hip"), ("shank", "knee"), ("talus", "ankle")):
        for side in SIDES:
            points[f"{name}_{side}"] = Point(f"{segment}_{side}", (0.0, 0.0, 0.0))
    points["l5s1"], points["t12l1"] = Point("lumbar", (0.0, 0.0, 0.0)), Point("thorax", (0.0, 0.0, 0.0))
    for side in SIDES:
        put(f"heel_{side}", f"calcn_{side}", np.zeros(3))
        toes = f"toes_{side}"
        if toes in build.bodies and toes in build.model.bodies:
            put(f"forefoot_{side}", toes, np.zeros(3))
            put(f"toe_{side}", toes, 2.0 * build.model.bodies[toes].mass_centre * [1.0, 0.0, 1.0])
        else:
            ahead = value("osim", "forefoot_x") * scale
            put(f"forefoot_{side}", f"calcn_{side}", np.array([ahead, 0.0, 0.0]))
            put(f"toe_{side}", f"calcn_{side}", np.array([1.4 * ahead, 0.0, 0.0]))
            build.notices.append(
                f"the model has no toes ({side}): the forefoot is placed {100 * ahead:.0f} cm ahead of the heel"
            )
    torso = value("osim", "reference_torso")
    trunk = float(build.model.bodies["torso"].mass_centre[1]) / torso if "torso" in build.model.bodies else scale
    trunk = trunk if 0.5 < trunk < 2.0 else scale
    put("c7", "torso", trunk * np.array([value("osim", "c7_x"), value("osim", "c7_y"), 0.0]))
    put("head_top", "torso", trunk * np.array([0.0, value("osim", "head_top_y"), 0.0]))
    plain = {"".join(ch for ch in name.lower() if ch.isalnum()): name for name in build.model.markers}
    for name, spellings in _MARKERS.items():
        for spelling in spellings:
            if spelling in plain:
                body, place = build.model.markers[plain[spelling]]
                if body in build.bodies:
                    put(name, body, place)
    return points
