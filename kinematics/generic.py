"""A body from published segment data, for recordings that come without a model of their person.

At zero it stands straight: legs vertical, the ASIS-PSIS line level, so its model zero is the clinical one. Ankle and
subtalar axes are at right angles.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, Point, point_inertia
from kinematics.conventions import COORDINATES, INDEX, SEGMENTS, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.spine import t12l1_above_l5s1
from kinematics.tables import rows, value

Array = NDArray[np.float64]

SEXES = ("male", "female")
STATURE = (0.8, 2.3)
MASS = (10.0, 250.0)


def check_person(*, stature: float, mass: float, sex: str) -> None:
    """Raise `HipspineError` unless the tables can carry such a person."""
    if sex not in SEXES:
        raise unknown("sex", sex, SEXES)
    for name, given, (low, high), unit in (("stature", stature, STATURE, "m"), ("mass", mass, MASS, "kg")):
        if not low <= given <= high:
            raise HipspineError(f"{name} must be between {low:g} and {high:g} {unit}, is {given}")


def generic_chain(*, stature: float, mass: float, sex: str) -> Chain:
    """Build a chain from body height [m], body mass [kg] and sex; see `Chain.generic`."""
    check_person(stature=stature, mass=mass, sex=sex)
    body = Body(stature, mass, sex)
    return Chain(
        name=f"generic {sex}, {stature:g} m, {mass:g} kg",
        axes=axes(),
        offsets=body.offsets(),
        masses=body.masses(),
        mass_centres=body.mass_centres(),
        points=body.points(),
        notices=("the body is generic, from published segment data: its joints are not where this person's are",),
        source=f"published segment data ({sex}, {stature:g} m, {mass:g} kg)",
        inertias=body.inertias(),
    )


def axes() -> Array:
    """Axes (24, 3) of the generic body's coordinates: Z, X, Y at hips and spine, ankles at right angles."""
    x, y, z = np.eye(3)
    right, left = [z, x, y, -z, z, x], [z, -x, -y, -z, z, -x]
    return np.array([x, y, z, y, x, z, *right, *left, z, x, y, z, x, y])


class Body:
    """Lengths [m] and masses of one body; places are counted from mid-ASIS in the pelvis frame.

    `width` between the ASISs, `hip` (the right one), `l5s1` and `t12l1` (from L5/S1) are published shares until
    measured ones replace them; so are the lengths of the segments that `lengths` does not name.
    """

    def __init__(self, stature: float, mass: float, sex: str, lengths: Mapping[str, float] | None = None):
        self.lengths = dict(lengths or {})
        self.stature, self.mass, self.sex = stature, mass, sex
        self.scale = stature / self.row("reference_stature")
        self.segments = {row["name"]: row for row in rows("segments")}
        width = self.row("pelvis_width") * stature
        self.width = width
        self.hip = width * np.array([self.row("hip_x"), self.row("hip_y"), self.row("hip_z")])
        self.l5s1 = width * np.array([self.row("l5s1_x"), self.row("l5s1_y"), 0.0])
        self.t12l1 = t12l1_above_l5s1() * stature / self.row("spine_stature")

    def row(self, name: str) -> float:
        """A number of table ``generic`` for this sex."""
        return value("generic", name, self.sex)

    def length(self, segment: str) -> float:
        """Length of a segment of the tables. [m]"""
        if segment in self.lengths:
            return self.lengths[segment]
        return float(self.segments[segment][f"{self.sex}_length"]) * self.scale

    def share(self, segment: str) -> float:
        """Share of the body's mass."""
        return float(self.segments[segment][f"{self.sex}_mass"]) / 100.0

    def centre(self, segment: str) -> float:
        """Distance of the mass centre from the proximal end. [m]"""
        return float(self.segments[segment][f"{self.sex}_centre"]) / 100.0 * self.length(segment)

    def offsets(self) -> Array:
        """Place of each joint (24, 3) in the frame before it. [m]"""
        offsets = np.zeros((len(COORDINATES), 3))
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
            offsets[INDEX[f"hip_flexion_{side}"]] = self.hip * [1.0, 1.0, sign]
            offsets[INDEX[f"knee_angle_{side}"]] = [0.0, -self.length("thigh"), 0.0]
            offsets[INDEX[f"ankle_angle_{side}"]] = [0.0, -self.length("shank"), 0.0]
        offsets[INDEX["lumbar_extension"]], offsets[INDEX["thoracic_extension"]] = self.l5s1, self.t12l1
        return offsets

    def above_hips(self, height: float, ahead: float = 0.0) -> Array:
        """Place, from mid-ASIS, of what is `height` above the middle of the hips and `ahead` of it."""
        return np.array([self.hip[0] + ahead, self.hip[1] + height, 0.0])

    def masses(self) -> Array:
        """Mass of each segment (11,). [kg]"""
        arms = 2.0 * sum(self.share(name) for name in ("upper_arm", "forearm", "hand"))
        share = {
            "pelvis": self.share("lower_trunk"),
            "lumbar": self.share("middle_trunk"),
            "thorax": self.share("upper_trunk") + self.share("head") + arms,
            **{f"{name}_{side}": self.share(name) for name in ("thigh", "shank", "foot") for side in SIDES},
        }
        parts = np.array([share.get(name, 0.0) for name in SEGMENTS])
        result: Array = self.mass * parts / parts.sum()  # the shares add up to 1 within the digits printed
        return result

    def thorax_parts(self) -> dict[str, tuple[float, float, float]]:
        """Of what the thorax carries: share of the body's mass, height above the hips, and distance aside [m].

        Arms hang, both counted; each is as far to its side as the other.
        """
        trunk = sum(self.length(f"{part}_trunk") for part in ("lower", "middle", "upper"))
        shoulder = trunk - self.row("shoulder_below_trunk_top") * self.scale
        elbow, wrist = self.length("upper_arm"), self.length("upper_arm") + self.length("forearm")
        down = {"upper_arm": 0.0, "forearm": elbow, "hand": wrist}
        aside = self.row("shoulder_half_width") * self.scale
        top = self.stature - self.hip_height()
        return {
            "upper_trunk": (self.share("upper_trunk"), trunk - self.centre("upper_trunk"), 0.0),
            "head": (self.share("head"), top - self.centre("head"), 0.0),
            **{
                name: (2.0 * self.share(name), shoulder - start - self.centre(name), aside)
                for name, start in down.items()
            },
        }

    def inertia(self, segment: str, mass: float) -> Array:
        """Inertia (3, 3) of an upright segment of the tables of `mass` [kg] about its mass centre. [kg m^2]"""
        row = next(row for row in rows("gyration") if row["name"] == segment)
        sagittal, transverse, longitudinal = (
            float(row[f"{self.sex}_{axis}"]) / 100.0 for axis in ("sagittal", "transverse", "longitudinal")
        )
        along = (longitudinal, sagittal, transverse) if segment == "foot" else (sagittal, longitudinal, transverse)
        result: Array = mass * np.diag(np.square(np.array(along) * self.length(segment)))
        return result

    def inertias(self) -> Array:
        """Inertia (11, 3, 3) of each segment about its mass centre, in its frame, arms hanging. [kg m^2]"""
        masses = dict(zip(SEGMENTS, self.masses(), strict=True))
        own = {"pelvis": "lower_trunk", "lumbar": "middle_trunk"}
        names = {name: own.get(name, name.removesuffix("_r").removesuffix("_l")) for name in SEGMENTS}
        known = {row["name"] for row in rows("gyration")}
        found = np.zeros((len(SEGMENTS), 3, 3))
        for k, segment in enumerate(SEGMENTS):
            if names[segment] in known:
                found[k] = self.inertia(names[segment], masses[segment])
        parts = self.thorax_parts()
        total = sum(share for share, _, _ in parts.values())
        centre = sum(share * height for share, height, _ in parts.values()) / total
        for name, (share, height, aside) in parts.items():
            mass = float(masses["thorax"]) * share / total
            found[SEGMENTS.index("thorax")] += self.inertia(name, mass)
            for sign in (1.0, -1.0):
                place = np.array([0.0, height - centre, sign * aside])
                found[SEGMENTS.index("thorax")] += point_inertia(0.5 * mass, place)
        return found

    def mass_centres(self) -> Array:
        """Mass centre of each segment (11, 3) in its frame. [m]"""
        lower, middle = (self.length(f"{part}_trunk") for part in ("lower", "middle"))
        parts = self.thorax_parts()
        thorax = sum(share * height for share, height, _ in parts.values()) / sum(part[0] for part in parts.values())
        along_foot = self.centre("foot") - self.row("heel_behind_ankle") * self.length("foot")
        centres = {
            "pelvis": self.above_hips(lower - self.centre("lower_trunk")),
            "lumbar": self.above_hips(lower + middle - self.centre("middle_trunk")) - self.l5s1,
            "thorax": self.above_hips(thorax) - self.l5s1 - self.t12l1,
            "thigh": np.array([0.0, -self.centre("thigh"), 0.0]),
            "shank": np.array([0.0, -self.centre("shank"), 0.0]),
            "foot": np.array([along_foot, -0.5 * self.sole(), 0.0]),
        }
        zero = np.zeros(3)
        return np.array([centres.get(name, centres.get(name[:-2], zero)) for name in SEGMENTS])

    def sole(self) -> float:
        """Height of the ankle centre above the sole. [m]"""
        return self.row("ankle_height") * self.length("foot")

    def hip_height(self) -> float:
        """Height of the hip centres above the sole, legs straight. [m]"""
        return self.length("thigh") + self.length("shank") + self.sole()

    def points(self) -> dict[str, Point]:
        """Joint centres, feet, pelvis and trunk landmarks."""
        points = {"l5s1": Point("lumbar", (0.0, 0.0, 0.0)), "t12l1": Point("thorax", (0.0, 0.0, 0.0))}
        foot = self.length("foot")
        heel = -self.row("heel_behind_ankle") * foot
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
            for name, segment in (("hip", "thigh"), ("knee", "shank"), ("ankle", "talus")):
                points[f"{name}_{side}"] = Point(f"{segment}_{side}", (0.0, 0.0, 0.0))
            for name, ahead in (("heel", 0.0), ("forefoot", self.row("forefoot_ahead_of_heel") * foot), ("toe", foot)):
                points[f"{name}_{side}"] = Point(f"foot_{side}", (heel + ahead, -self.sole(), 0.0))
            points[f"asis_{side}"] = Point("pelvis", (0.0, 0.0, sign * 0.5 * self.width))
            behind, aside = -self.row("pelvis_depth") * self.width, self.row("psis_half_width") * self.width
            points[f"psis_{side}"] = Point("pelvis", (behind, 0.0, sign * aside))
        trunk = sum(self.length(f"{part}_trunk") for part in ("lower", "middle", "upper"))
        above, behind = (self.row(name) * self.scale for name in ("c7_above_trunk_top", "c7_behind_hips"))
        for name, place in (
            ("c7", self.above_hips(trunk + above, -behind)),
            ("head_top", self.above_hips(self.stature - self.hip_height())),
        ):
            x, y, z = (place - self.l5s1 - self.t12l1).tolist()
            points[name] = Point("thorax", (x, y, z))
        return points
