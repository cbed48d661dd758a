"""A chain of this person's lengths, from the markers of a standing trial.

The pelvis frame has a level ASIS-PSIS line, so the chain's zero is the clinical one. Hip centres by Harrington (2007),
L5/S1 by Dumas & Wojtusch (2018); knee and ankle centres in the middle of lateral and medial markers, else half a
joint's width from the lateral one. Thighs run from hip to knee centre and turn about the knee's axis, shanks from knee
to ankle centre; feet are flat in standing, and their axes point where the foot does, so that tibial torsion is in the
shank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain, ModelConvention, Point
from kinematics.conventions import COORDINATES, INDEX, SEGMENTS, SIDE_WORDS, SIDES, SPINE
from kinematics.errors import HipspineError
from kinematics.generic import Body, axes, check_person
from kinematics.rotations import rotation_about, yxz_angles, zxy_angles, zxy_matrix
from kinematics.spine import lumbar_shares
from kinematics.tables import rows, value
from kinematics.zero import Standing, standing_from_posture
from simulate.io.markers import Markers
from simulate.motion import FILE_COORDINATES
from simulate.tracking import anatomy
from simulate.tracking.gaps import whole
from simulate.tracking.marker_sets import LOOSE, NEEDED, POINT_SEGMENT, MarkerSet, detect

Array = NDArray[np.float64]

SIGN = {"r": 1.0, "l": -1.0}
#: Rows of table ``tracking`` that are a marker's spring.
SPRINGS = ("landmark", "pelvis", "thorax", "technical", "shoulder")


@dataclass(frozen=True, eq=False)
class Fitted:
    """A chain fitted to a person, and where each marker is on it.

    Parameters
    ----------
    chain : Chain
        Its points are the landmarks that tasks need.
    markers : mapping of str to Point
        Marker -> where it is.
    stiffness : mapping of str to float
        Marker -> spring with which it is followed. [N/m]
    rigid_thorax : tuple of str
        Markers that say how the thorax is turned.
    needed : tuple of str
        Markers that no recording may lack.
    marker_set : MarkerSet
    q : ndarray, shape (F, 24)
        The trial that it was fitted to, in the chain's coordinates. [m, rad]
    standing : Standing or None
        The person's standing posture; None if the person moved.
    standing_tilt_deg : float
        Anterior tilt of the ASIS-PSIS line in that trial. [deg]
    source : str
        Name of the file.
    notices : tuple of str
    """

    chain: Chain
    markers: Mapping[str, Point]
    stiffness: Mapping[str, float]
    rigid_thorax: tuple[str, ...]
    needed: tuple[str, ...]
    marker_set: MarkerSet
    q: Array
    standing: Standing | None
    standing_tilt_deg: float
    source: str
    notices: tuple[str, ...] = field(default=())


def fit_chain(
    static: Markers,
    marker_set: str | Path | MarkerSet | None = None,
    *,
    mass: float | None = None,
    stature: float | None = None,
    sex: str = "male",
) -> Fitted:
    """Fit a chain to the markers of a standing trial.

    Parameters
    ----------
    static : Markers
        Standing, feet flat. If the person moves the lengths are those of the whole trial, but there is no standing
        posture.
    marker_set : str, Path or MarkerSet, optional
        Name of a set, a TOML file, or a set; found from the labels if not given.
    mass, stature : float, optional
        Of the person [kg, m]; from the file, else the mass assumed and the stature from the legs.
    sex : {"male", "female"}
        Which published tables give what no marker shows (L5/S1, masses).

    Returns
    -------
    Fitted

    Raises
    ------
    HipspineError
        If markers that the fit needs are missing or not seen, or left and right are swapped.
    """
    found_set = detect(static, marker_set)
    found = found_set.found(static)
    needed = tuple(found[p] for entry in NEEDED for p in next(o for o in entry if set(o) <= set(found)))
    on_thorax = [p for p in found if POINT_SEGMENT[p] == "thorax"]
    firm = [p for p in on_thorax if p not in LOOSE]
    loose = [] if len(firm) >= 3 else [p for p in on_thorax if p in LOOSE]
    needed += tuple(found[p] for p in (*firm, *loose))
    technical = found_set.found_technical(static)
    head = [name for name in static.names if name in found_set.head]
    static = whole(static, needed, {*found.values(), *technical, *head})
    kept = {p: name for p, name in found.items() if name in static.names}
    points = {p: static[name] for p, name in kept.items()}
    heap = HipspineError(f"{static.source}: markers of one segment lie in one place or on one line: it has no frame")
    try:
        with np.errstate(invalid="ignore", divide="ignore"):
            build = _Builder(static, points, mass=mass, stature=stature, sex=sex)
            build.legs()
            build.trunk()
    except np.linalg.LinAlgError:
        raise heap from None
    if not np.isfinite(build.q).all():
        raise heap
    segments = {name: POINT_SEGMENT[p] for p, name in kept.items()}
    segments |= {name: s for name, s in technical.items() if name in static.names and name not in segments}
    kinds = {name: "thorax" if segment == "thorax" else "technical" for name, segment in segments.items()}
    kinds |= {name: _kind(p, bool(loose)) for p, name in kept.items()}
    springs = {k: value("tracking", k, package="simulate") for k in SPRINGS}
    still = build.moved() <= value("tracking", "still", package="simulate")
    tilt_deg = float(-np.rad2deg(build.q[:, INDEX["pelvis_tilt"]].mean()))
    standing = None
    if still:
        standing = replace(standing_from_posture(build.q, f"standing trial {static.source}"), tilt_deg=tilt_deg)
    if not still:
        build.say(
            f"{static.source}: is no standing trial (a marker of pelvis or feet moves {100 * build.moved():.0f} cm): "
            "lengths are taken from it, a standing posture is not"
        )
    chain = build.chain([static[name] for name in head if name in static.names])
    return Fitted(
        chain=chain,
        markers={name: build.local(segment, static[name]) for name, segment in segments.items()},
        stiffness={name: springs[kinds[name]] for name in segments},
        rigid_thorax=tuple(name for name, kind in kinds.items() if kind == "thorax"),
        needed=needed,
        marker_set=found_set,
        q=build.q,
        standing=standing,
        standing_tilt_deg=tilt_deg,
        source=static.source,
        notices=chain.notices,
    )


def _kind(point: str, loose_counts: bool) -> str:
    """Row of table ``tracking`` with the spring of an anatomical point."""
    if point in LOOSE and not loose_counts:
        return "shoulder"
    if "wand" in point:
        return "technical"
    return POINT_SEGMENT[point] if POINT_SEGMENT[point] in ("pelvis", "thorax") else "landmark"


class _Builder:
    """Walks from the pelvis outwards; keeps each segment's frame and origin, frame by frame, and the chain's rows."""

    def __init__(self, static: Markers, points: anatomy.Points, *, mass: float | None, stature: float | None, sex: str):
        self.static, self.points, self.notices = static, points, list[str]()
        self.R: dict[str, Array] = {}
        self.o: dict[str, Array] = {}
        self.q = np.zeros((len(static.time), len(COORDINATES)))
        self.offsets, self.axes = np.zeros((len(COORDINATES), 3)), axes()
        self.torsion: dict[str, float] = {}
        self.assumed: dict[str, str] = {}
        self.subject = dict(static.subject)
        self.R["pelvis"], self.o["pelvis"] = anatomy.pelvis(points)
        self._check_sides()
        self.radius = 0.5 * self._of_subject(
            "marker_diameter", value("tracking", "marker_diameter", package="simulate")
        )
        self.leg = self._leg_length()
        self.stature = stature or self.subject.get("stature") or self._stature_from_legs(sex)
        self.body = self._person(mass, sex)
        self.put("pelvis_tx", self.o["pelvis"])
        for name, angle in zip(
            ("pelvis_rotation", "pelvis_list", "pelvis_tilt"), yxz_angles(self.R["pelvis"]).T, strict=True
        ):
            self.q[:, INDEX[name]] = np.unwrap(angle)

    def say(self, notice: str) -> None:
        self.notices.append(notice)

    def put(self, first: str, columns: Array) -> None:
        """Write columns (F, n) of postures, from the coordinate `first` on."""
        self.q[:, INDEX[first] : INDEX[first] + columns.shape[1]] = columns

    def local(self, segment: str, places: Array) -> Point:
        """Where on a segment a marker is: the median over the trial."""
        x, y, z = np.median(anatomy.in_frame(self.R[segment], self.o[segment], places), axis=0).tolist()
        return Point(segment, (x, y, z))

    def moved(self) -> float:
        """How far a marker of the pelvis or the feet moves in the trial. [m]"""
        names = ("asis_r", "asis_l", *(f"heel_{side}" for side in SIDES))
        return max(float(np.ptp(self.points[name], axis=0).max()) for name in names)

    def _check_sides(self) -> None:
        ahead = np.mean([self.points[self._front(side)] - self.points[f"heel_{side}"] for side in SIDES], axis=0)
        right = np.sum(np.cross(ahead, anatomy.UP) * self.R["pelvis"][..., 2], axis=1)
        if np.median(right) < 0.0:
            raise HipspineError(
                f"{self.static.source}: with the feet pointing forward and up as the file has it, the right ASIS is on "
                "the left: labels or axes of the file are mirrored or upside down"
            )

    def _front(self, side: str) -> str:
        return f"forefoot_{side}" if f"forefoot_{side}" in self.points else f"toe_{side}"

    def _of_subject(self, name: str, assumed: float) -> float:
        if name not in self.subject:
            self.assumed[name] = f"{1e3 * assumed:.0f} mm"
        return self.subject.get(name, assumed)

    def _assumptions(self) -> list[str]:
        """What the file does not say of the person, and what was taken instead."""
        words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.assumed.items())
        return [f"{self.static.source} does not say, assumed: {words}"] if words else []

    def _leg_length(self) -> float:
        """From ASIS over the knee to the ankle, mean of both; the file's own if it has one. [m]"""
        own = [self.subject[f"leg_length_{side}"] for side in SIDES if f"leg_length_{side}" in self.subject]
        if own:
            return float(np.mean(own))
        p = self.points
        parts = [
            np.linalg.norm(p[a] - p[b], axis=1).mean()
            for side in SIDES
            for a, b in (
                (f"asis_{side}", f"knee_lateral_{side}"),
                (f"knee_lateral_{side}", f"ankle_lateral_{side}"),
            )
        ]
        return float(np.sum(parts) / 2.0)

    def _stature_from_legs(self, sex: str) -> float:
        """Stature of a reference body with such legs. [m]"""
        reference = value("generic", "reference_stature", sex)
        table = {row["name"]: float(row[f"{sex}_length"]) for row in rows("segments")}
        hip_above = -value("generic", "hip_y", sex) * value("generic", "pelvis_width", sex) * reference
        stature = self.leg * reference / (table["thigh"] + table["shank"] + hip_above)
        self.assumed["stature"] = f"{stature:.2f} m (from the legs)"
        return float(stature)

    def _person(self, mass: float | None, sex: str) -> Body:
        if mass is None and "mass" not in self.subject:
            mass = value("tracking", "mass", package="simulate")
            self.assumed["mass"] = f"{mass:g} kg (loads scale with it, postures do not)"
        mass = self.subject["mass"] if mass is None else mass
        try:
            check_person(stature=self.stature, mass=mass, sex=sex)
        except HipspineError as error:
            raise HipspineError(f"{self.static.source}: {error}") from None
        body = Body(self.stature, mass, sex)
        p = self.points
        seen = float(np.linalg.norm(p["asis_r"] - p["asis_l"], axis=1).mean())
        body.width = self.subject.get("pelvis_width", seen)
        if not value("tracking", "narrowest", package="simulate") * seen < body.width < 1.1 * seen:
            self.say(
                f"warning: {self.static.source} says the ASISs are {1e3 * body.width:.0f} mm apart, its markers are "
                f"{1e3 * seen:.0f} mm apart: the markers count"
            )
            body.width = seen
        back = anatomy.in_frame(self.R["pelvis"], self.o["pelvis"], anatomy.back_of_pelvis(p))
        depth = float(np.hypot(back[:, 0], back[:, 1]).mean())
        body.hip = anatomy.hip_in_pelvis(body.width, depth)
        body.l5s1 = body.width * np.array([body.row("l5s1_x"), body.row("l5s1_y"), 0.0])
        self.say(f"hip centres by Harrington 2007; L5/S1 and masses from published tables ({sex})")
        return body

    def legs(self) -> None:
        """Thighs, shanks and feet: centres, frames, lengths and angles."""
        for side in SIDES:
            self.o[f"thigh_{side}"] = hip = self._hip(side)
            knee = self._centre(side, "knee", hip, "thigh_wand")
            ankle = self._centre(side, "ankle", knee, "shank_wand")
            sideways = SIGN[side] * (self.points[f"knee_lateral_{side}"] - knee)
            self.R[f"thigh_{side}"] = R_thigh = anatomy.frame(hip - knee, right=sideways)
            x, y, z = anatomy.in_frame(R_thigh, knee, ankle).T
            flexion = np.arctan2(-x, -y)
            self.R[f"shank_{side}"] = R_thigh @ rotation_about((0, 0, 1), -flexion)
            thigh, shank = float(np.linalg.norm(hip - knee, axis=1).mean()), float(np.hypot(x, y).mean())
            self.o[f"shank_{side}"], self.o[f"foot_{side}"] = knee, ankle
            self.offsets[INDEX[f"hip_flexion_{side}"]] = self.body.hip * [1.0, 1.0, SIGN[side]]
            self.offsets[INDEX[f"knee_angle_{side}"]] = [0.0, -thigh, 0.0]
            self.offsets[INDEX[f"ankle_angle_{side}"]] = [0.0, -shank, float(z.mean())]
            hips = zxy_angles(np.swapaxes(self.R["pelvis"], -1, -2) @ R_thigh) * [1.0, SIGN[side], SIGN[side]]
            self.put(f"hip_flexion_{side}", np.column_stack([hips, flexion]))
            self._foot(side)
        if "thigh_wand_r" in self.points and "knee_medial_r" not in self.points:
            mean = {side: np.rad2deg(self.q[:, INDEX[f"hip_rotation_{side}"]].mean()) for side in SIDES}
            turns = ", ".join(f"{SIDE_WORDS[side]} {angle:.0f} deg" for side, angle in mean.items())
            self.say(f"hip rotation counts from the knee's axis as the thigh wand shows it (in this trial {turns})")
        self.body.lengths |= {
            name: float(np.mean([np.linalg.norm(self.offsets[INDEX[f"{after}_{side}"]]) for side in SIDES]))
            for name, after in (("thigh", "knee_angle"), ("shank", "ankle_angle"))
        }

    def _hip(self, side: str) -> Array:
        return np.asarray(self.o["pelvis"] + self.R["pelvis"] @ (self.body.hip * [1.0, 1.0, SIGN[side]]))

    def _centre(self, side: str, joint: str, above: Array, wand: str) -> Array:
        """Centre of a knee or an ankle."""
        lateral, p = self.points[f"{joint}_lateral_{side}"], self.points
        if f"{joint}_medial_{side}" in p:
            return np.asarray(0.5 * (lateral + p[f"{joint}_medial_{side}"]))
        share = value("tracking", f"{joint}_width", package="simulate")
        half = 0.5 * self._of_subject(f"{joint}_width_{side}", share * self.stature) + self.radius
        aside = p.get(f"{wand}_{side}")
        if aside is None:  # the joint's axis points as the pelvis does
            aside = lateral + SIGN[side] * self.R["pelvis"][..., 2]
        long = float(np.linalg.norm(above - lateral, axis=1).min())
        if long <= 2.0 * half:
            raise HipspineError(
                f"{self.static.source}: the {SIDE_WORDS[side]} {joint}'s centre, {1e3 * half:.0f} mm beside its "
                f"marker, does not fit a segment of {1e3 * long:.0f} mm"
            )
        return anatomy.chord(above, lateral, aside, half)

    def _foot(self, side: str) -> None:
        """The foot's frame: flat where it stands, its axes along and across the line from heel to toes."""
        name = f"foot_{side}"
        heel, front = self.points[f"heel_{side}"], self.points[self._front(side)]
        height = heel[:, 1] + front[:, 1]
        flat = np.flatnonzero(height <= np.quantile(height, 0.05))  # where it stands, if the person moves
        if np.ptp(height) <= value("tracking", "still", package="simulate"):
            flat = np.arange(len(height))
        ahead = (front - heel)[flat]
        upright = anatomy.frame(np.tile(anatomy.UP, (len(flat), 1)), forward=ahead - ahead * anatomy.UP)
        # what of the foot is seen: heel, toes and the ankle's centre give its frame in every frame of the trial
        corners = (heel, front, self.o[name])
        local = np.array(
            [np.median(anatomy.in_frame(upright, self.o[name][flat], corner[flat]), axis=0) for corner in corners]
        )
        R_flat = anatomy.kabsch(local, np.stack(corners, axis=1))[0]
        R = np.swapaxes(self.R[f"shank_{side}"], -1, -2) @ R_flat
        # Y-Z-X angles: torsion of the shank, dorsiflexion, inversion
        torsion = np.arctan2(-R[:, 2, 0], R[:, 0, 0])
        self.torsion[side] = turn = float(np.median(torsion[flat]))
        twist = rotation_about((0, 1, 0), turn)
        self.R[name] = R_flat @ twist.T
        bare = twist.T @ R
        angles = np.stack([np.arctan2(bare[:, 1, 0], bare[:, 0, 0]), np.arctan2(bare[:, 2, 1], bare[:, 2, 2])], axis=1)
        self.put(f"ankle_angle_{side}", angles * [1.0, SIGN[side]])
        self.axes[INDEX[f"ankle_angle_{side}"]] = twist @ [0.0, 0.0, 1.0]
        self.axes[INDEX[f"subtalar_angle_{side}"]] = twist @ [SIGN[side], 0.0, 0.0]

    def trunk(self) -> None:
        """The thorax on the spine's two joints."""
        body = self.body
        low = self.o["pelvis"] + self.R["pelvis"] @ body.l5s1
        self.R["thorax"], how = anatomy.thorax(self.points, low, self.R["pelvis"])
        self.say(f"the thorax's axis is {how}")
        total = zxy_angles(np.swapaxes(self.R["pelvis"], -1, -2) @ self.R["thorax"])
        lumbar = lumbar_shares() * total
        thoracic = zxy_angles(np.swapaxes(zxy_matrix(lumbar), -1, -2) @ zxy_matrix(total))
        self.put(SPINE[0], np.hstack([lumbar, thoracic]))
        self.R["lumbar"], self.o["lumbar"] = self.R["pelvis"] @ zxy_matrix(lumbar), low
        self.o["thorax"] = low + self.R["lumbar"] @ body.t12l1
        self.offsets[INDEX[SPINE[0]]], self.offsets[INDEX[SPINE[3]]] = body.l5s1, body.t12l1

    def chain(self, head: list[Array]) -> Chain:
        """The fitted chain."""
        body, centres = self.body, self.body.mass_centres()
        for side in SIDES:
            shank = self.offsets[INDEX[f"ankle_angle_{side}"]]
            centres[SEGMENTS.index(f"shank_{side}")] = shank * body.centre("shank") / body.length("shank")
            thigh = self.offsets[INDEX[f"knee_angle_{side}"]]
            centres[SEGMENTS.index(f"thigh_{side}")] = thigh * body.centre("thigh") / body.length("thigh")
            foot = rotation_about((0, 1, 0), self.torsion[side]) @ centres[SEGMENTS.index(f"foot_{side}")]
            centres[SEGMENTS.index(f"foot_{side}")] = foot
        return Chain(
            name=f"fitted to {self.static.source}",
            axes=self.axes,
            offsets=self.offsets,
            masses=body.masses(),
            mass_centres=centres,
            inertias=body.inertias(),
            points=self._points(head),
            convention=ModelConvention(coordinates=FILE_COORDINATES),
            notices=(*self.static.notices, *self._assumptions(), *self.notices),
            source=f"markers of {self.static.source}",
        )

    def _points(self, head: list[Array]) -> dict[str, Point]:
        """The landmarks that tasks ask for."""
        zero = (0.0, 0.0, 0.0)
        points = {"l5s1": Point("lumbar", zero), "t12l1": Point("thorax", zero)}
        floor = self._floor()
        for side in SIDES:
            for name, segment in (("hip", "thigh"), ("knee", "shank"), ("ankle", "talus")):
                points[f"{name}_{side}"] = Point(f"{segment}_{side}", zero)
            points |= self._sole(side, floor)
            points[f"asis_{side}"] = self.local("pelvis", self.points[f"asis_{side}"])
        back = np.asarray(self.local("pelvis", anatomy.back_of_pelvis(self.points)).location)
        for side in SIDES:
            if f"psis_{side}" in self.points:
                points[f"psis_{side}"] = self.local("pelvis", self.points[f"psis_{side}"])
            else:  # beside the sacral marker
                aside = SIGN[side] * self.body.row("psis_half_width") * self.body.width
                points[f"psis_{side}"] = Point("pelvis", (float(back[0]), float(back[1]), float(back[2] + aside)))
        generic = self.body.points()
        points["c7"] = self.local("thorax", self.points["c7"]) if "c7" in self.points else generic["c7"]
        points["head_top"] = self._head_top(head, floor) or generic["head_top"]
        return points

    def _floor(self) -> float:
        """Height of the floor: the laboratory's zero if the lowest marker of a foot is a little above it. [m]"""
        lowest = min(
            float(np.quantile(self.points[name][:, 1], 0.05))
            for side in SIDES
            for name in (f"heel_{side}", self._front(side))
        )
        if -0.01 <= lowest <= 0.12:
            return 0.0
        floor = lowest - self.radius
        self.say(f"the floor is taken {100 * floor:.0f} cm above the file's zero, just below the markers of the feet")
        return floor

    def _sole(self, side: str, floor: float) -> dict[str, Point]:
        """Heel, forefoot and toe on the sole, below their markers."""
        name = f"foot_{side}"
        height = self.points[f"heel_{side}"][:, 1] + self.points[self._front(side)][:, 1]
        flat = np.flatnonzero(height <= np.quantile(height, 0.05))
        sole = floor - float(np.median(self.o[name][flat, 1]))
        share = self.body.row("forefoot_ahead_of_heel")
        at = {
            part: np.asarray(self.local(name, self.points[f"{part}_{side}"]).location)
            for part in ("heel", "forefoot", "toe")
            if f"{part}_{side}" in self.points
        }
        if "forefoot" not in at:
            at["forefoot"] = at["heel"] + share * (at["toe"] - at["heel"])
        if "toe" not in at:
            at["toe"] = at["heel"] + (at["forefoot"] - at["heel"]) / share
        return {f"{part}_{side}": Point(name, (float(x), sole, float(z))) for part, (x, _, z) in at.items()}

    def _head_top(self, head: list[Array], floor: float) -> Point | None:
        """As high as the person is tall, over the middle of the head's markers; None without them."""
        if not head:
            return None
        middle = np.mean(head, axis=0)
        top = np.maximum(middle[:, 1], floor + self.stature)
        return self.local("thorax", np.column_stack([middle[:, 0], top, middle[:, 2]]))


__all__ = ["Fitted", "fit_chain"]
