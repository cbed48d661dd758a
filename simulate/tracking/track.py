"""A fitted chain follows markers: each is a soft goal on its segment, solved by the kernel of every other answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, INDEX, SEGMENT_COORDINATE, SIDES, SPINE
from kinematics.errors import HipspineError
from kinematics.pose import frames
from kinematics.rotations import rotation_about, yxz_angles, yxz_matrix, zxy_angles, zxy_matrix
from kinematics.spine import lumbar_shares, recombine, total_angles, total_rotation
from kinematics.tables import value
from kinematics.zero import Standing
from simulate.goals import MUST, SOFT, CombinationGoal, Goal, OrientationGoal, PointGoal
from simulate.io.markers import Markers, read_markers
from simulate.motion import FILE_COORDINATES, Motion, to_chain
from simulate.problem import Task
from simulate.solution import SOLVED, Solution, solve
from simulate.tracking import anatomy
from simulate.tracking.fit import SIGN, Fitted, fit_chain
from simulate.tracking.gaps import whole
from simulate.tracking.marker_sets import MarkerSet

Array = NDArray[np.float64]

_TILT_FIRST = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
_HEADING_FIRST = ("pelvis_rotation", "pelvis_list", "pelvis_tilt")
_TRUNK = SPINE[:3]


@dataclass(frozen=True, eq=False)
class Tracked:
    """A recording in a fitted chain's coordinates.

    Parameters
    ----------
    q : ndarray, shape (F, 24)
        [m, rad]
    motion : Motion
        The same as a task takes it: pelvis tilt-list-rotation, the spine one joint.
    names : tuple of str
        The markers that were followed.
    distance : ndarray, shape (F, M)
        From each marker to its place on the chain. [m]
    unsolved : int
        Frames that did not converge.
    ms : float
        Time in the solver.
    notices : tuple of str
    """

    q: Array
    motion: Motion
    names: tuple[str, ...]
    distance: Array
    unsolved: int
    ms: float
    notices: tuple[str, ...]

    @property
    def rms(self) -> Mapping[str, float]:
        """Root mean square distance of each marker. [m]"""
        return dict(zip(self.names, np.sqrt(np.mean(self.distance**2, axis=0)).tolist(), strict=True))


class Recording(NamedTuple):
    """What a task needs of a marker recording."""

    chain: Chain
    motion: Motion
    standing: Standing


def recording_from_markers(
    path: str | Path,
    standing_path: str | Path | None,
    marker_set: str | Path | MarkerSet | None = None,
    *,
    mass: float | None = None,
    stature: float | None = None,
    sex: str = "male",
) -> Recording:
    """Read a marker recording and the standing trial that belongs to it.

    Parameters
    ----------
    path : str or Path
        The movement, ``.c3d`` or ``.trc``.
    standing_path : str or Path or None
        The same person standing, with the same markers.
    marker_set : str, Path or MarkerSet, optional
    mass, stature, sex
        As `fit_chain` takes them.

    Returns
    -------
    Recording
        The chain fitted to the standing trial (with what is to be said of the fit), the motion (with what is to be said
        of the recording) and the standing posture with its measured pelvic tilt.

    Raises
    ------
    HipspineError
        If there is no standing trial, or a file cannot be read or lacks markers.
    """
    if standing_path is None:
        raise HipspineError(
            f"{path}: markers need a standing trial of the same person, for lengths and zeros: --standing STATIC.c3d"
        )
    fitted = fit_chain(read_markers(standing_path), marker_set, mass=mass, stature=stature, sex=sex)
    if fitted.standing is None:
        raise HipspineError(f"{standing_path}: is no standing trial: {fitted.notices[-1]}")
    tracked = track(fitted, read_markers(path))
    return Recording(fitted.chain, tracked.motion, fitted.standing)


def track(fitted: Fitted, markers: Markers) -> Tracked:
    """Follow markers with a fitted chain.

    Parameters
    ----------
    fitted : Fitted
    markers : Markers
        Any trial of the same person and marker set. Markers that the standing trial did not have are not used.

    Returns
    -------
    Tracked
        Over the frames in which all needed markers are seen.

    Raises
    ------
    HipspineError
        If needed markers are missing or have long gaps.
    """
    missing = [name for name in fitted.needed if name not in markers.names]
    if missing:
        raise HipspineError(
            f"{markers.source}: markers that {fitted.source} has and the fit needs are missing: {', '.join(missing)}. "
            f"In the file: {', '.join(markers.names[:40])}{' ...' if len(markers.names) > 40 else ''}."
        )
    markers = whole(markers, fitted.needed, fitted.markers)
    q = first_guess(fitted, markers)
    solution = solve(_task(fitted, markers, q), *_bounds())
    # the spine's shares are not linear in the angles: once more, from where the first solve found the thorax
    again = replace_spine(fitted.chain, solution.q)
    last = solve(_task(fitted, markers, again), *_bounds(), start=again)
    motion = _motion(fitted.chain, markers, last.q)
    q, _ = to_chain(motion, fitted.chain)
    distance = np.linalg.norm(_places(fitted, markers.names, q) - markers.places, axis=2)
    return _told(fitted, q, motion, markers, distance, (solution, last))


def _told(
    fitted: Fitted,
    q: Array,
    motion: Motion,
    markers: Markers,
    distance: Array,
    solutions: tuple[Solution, Solution],
) -> Tracked:
    """The answer with its notices."""
    rms = np.sqrt(np.mean(distance**2, axis=0))
    worst = int(rms.argmax())
    notices = [
        f"{markers.source}: {len(markers.names)} markers followed, RMS distance {1e3 * np.median(rms):.1f} mm "
        f"(median), {1e3 * rms[worst]:.1f} mm at worst ({markers.names[worst]})"
    ]
    doubtful = value("tracking", "doubtful", package="simulate")
    firm = {n for n, p in fitted.markers.items() if p.segment != "thorax" or n in fitted.rigid_thorax}
    far = [f"{n} {1e3 * off:.0f} mm" for n, off in zip(markers.names, rms, strict=True) if off > doubtful and n in firm]
    if far:
        notices.append(
            f"warning: {markers.source}: the chain does not follow {', '.join(far)}: mislabelled, moved since the "
            "standing trial, or soft"
        )
    unsolved = int(np.sum(solutions[-1].status != SOLVED))
    if unsolved:
        notices.append(f"warning: {markers.source}: {unsolved} of {len(q)} frames of marker tracking did not converge")
    told = (*markers.notices, *notices)
    return Tracked(
        q,
        replace(motion, notices=told),
        markers.names,
        distance,
        unsolved,
        sum(solution.ms for solution in solutions),
        told,
    )


def first_guess(fitted: Fitted, markers: Markers) -> Array:
    """Postures (F, 24) from the rigid clusters of each segment, from the pelvis outwards."""
    chain, q = fitted.chain, np.zeros((len(markers.time), len(COORDINATES)))
    R_pelvis, o_pelvis = _cluster(fitted, markers, "pelvis")
    q[:, : len(_HEADING_FIRST)] = o_pelvis
    for name, angle in zip(_HEADING_FIRST, yxz_angles(R_pelvis).T, strict=True):
        q[:, INDEX[name]] = np.unwrap(angle)
    for side in SIDES:
        sign = np.array([1.0, SIGN[side], SIGN[side]])
        hip = o_pelvis + R_pelvis @ chain.offsets[INDEX[f"hip_flexion_{side}"]]
        R_thigh, _ = _cluster(fitted, markers, f"thigh_{side}", hip, R_pelvis)
        at = INDEX[f"hip_flexion_{side}"]
        q[:, at : at + 3] = zxy_angles(np.swapaxes(R_pelvis, -1, -2) @ R_thigh) * sign
        knee = hip + R_thigh @ chain.offsets[INDEX[f"knee_angle_{side}"]]
        R_shank, _ = _cluster(fitted, markers, f"shank_{side}", knee, R_thigh)
        bend = np.swapaxes(R_thigh, -1, -2) @ R_shank
        q[:, INDEX[f"knee_angle_{side}"]] = flexion = np.arctan2(bend[:, 0, 1], bend[:, 0, 0])
        R_shank = R_thigh @ rotation_about((0, 0, 1), -flexion)
        ankle = knee + R_shank @ chain.offsets[INDEX[f"ankle_angle_{side}"]]
        R_foot, _ = _cluster(fitted, markers, f"foot_{side}", ankle, R_shank)
        axis = chain.axes[INDEX[f"ankle_angle_{side}"]]
        twist = rotation_about((0, 1, 0), np.arctan2(axis[0], axis[2]))
        bare = twist.T @ np.swapaxes(R_shank, -1, -2) @ R_foot @ twist
        q[:, INDEX[f"ankle_angle_{side}"]] = np.arctan2(bare[:, 1, 0], bare[:, 0, 0])
        q[:, INDEX[f"subtalar_angle_{side}"]] = SIGN[side] * np.arctan2(bare[:, 2, 1], bare[:, 2, 2])
    R_thorax = _thorax(fitted, markers)
    q[:, INDEX[SPINE[0]] :] = _spine(np.swapaxes(R_pelvis, -1, -2) @ R_thorax)
    return q


def _thorax(fitted: Fitted, markers: Markers) -> Array:
    """Orientation of the thorax: the rigid fit of its firm markers."""
    names = [name for name in markers.names if name in fitted.rigid_thorax]
    local = np.array([fitted.markers[name].location for name in names])
    return anatomy.kabsch(local, np.stack([markers[name] for name in names], axis=1))[0]


def _cluster(
    fitted: Fitted, markers: Markers, segment: str, origin: Array | None = None, R_before: Array | None = None
) -> tuple[Array, Array]:
    """Frame of a segment from its markers, and its origin where that is known already.

    One marker and the origin leave a turn about the line between them: there it is as the segment before.
    """
    names = [name for name in markers.names if fitted.markers[name].segment == segment]
    local = [fitted.markers[name].location for name in names]
    places = [markers[name] for name in names]
    if origin is not None:
        local, places = [*local, (0.0, 0.0, 0.0)], [*places, origin]
        if len(local) < 3 and R_before is not None:
            local, places = [*local, (0.0, 0.0, 0.1)], [*places, origin + 0.1 * R_before[..., 2]]
    return anatomy.kabsch(np.array(local), np.stack(places, axis=1))


def _spine(R_pelvis_thorax: Array) -> Array:
    """The six spine angles (F, 6) of a thorax on a pelvis, in their shares; of a fitted chain's spine."""
    total = zxy_angles(R_pelvis_thorax)
    lumbar = lumbar_shares() * total
    thoracic = zxy_angles(np.swapaxes(zxy_matrix(lumbar), -1, -2) @ zxy_matrix(total))
    return np.hstack([lumbar, thoracic])


def replace_spine(chain: Chain, q: Array) -> Array:
    """The postures with their spines in their shares, the total kept."""
    out = q.copy()
    out[:, INDEX[SPINE[0]] :] = _spine(total_rotation(chain, recombine(chain, q[:, INDEX[SPINE[0]] :])))
    return out


def _task(fitted: Fitted, markers: Markers, q: Array) -> Task:
    """Following markers as a posture problem near the guess `q`; there the spine's shares are exact."""
    always = np.full(len(q), SOFT, np.int8)
    goals: list[Goal] = [
        PointGoal(
            name=f"{name} {'XYZ'[k]}",
            point=fitted.markers[name],
            normal=np.tile(np.eye(3)[k], (len(q), 1)),
            target=np.ascontiguousarray(markers[name][:, k]),
            role=always,
            stiffness=fitted.stiffness[name],
        )
        for name in markers.names
        for k in range(3)
    ]
    goals.append(
        OrientationGoal(
            name="thorax",
            segment="thorax",
            target=_thorax(fitted, markers),
            role=always,
            stiffness=value("tracking", "thorax_orientation", package="simulate"),
        )
    )
    for k, share in enumerate(lumbar_shares()):
        factors = {SPINE[3 + k]: 1.0, SPINE[k]: -(1.0 - share) / share}
        target = sum(factor * q[:, INDEX[name]] for name, factor in factors.items())
        goals.append(
            CombinationGoal(
                name=f"share of {SPINE[3 + k]}",
                factors=factors,
                target=np.asarray(target),
                role=np.full(len(q), MUST, np.int8),
            )
        )
    spring = np.full(len(COORDINATES), value("tracking", "coordinate", package="simulate"))
    spring[: INDEX["pelvis_rotation"]] = 0.0
    return Task(
        name="track",
        chain=fitted.chain,
        motion=Motion(markers.time, (), np.zeros((len(q), 0)), source=markers.source),
        time=markers.time,
        q=q,
        goals=goals,
        stiffness=spring,
        standing=fitted.standing or Standing(0.0, 0.0, (0.0, 0.0), np.zeros(len(SPINE)), "none"),
        percent={},
        loaded={},
        yields=(),
        source=markers.source,
    )


def _bounds() -> tuple[Array, Array]:
    """Lower and upper bounds (24,): of the subtalar joints only. [rad]"""
    upper = np.full(len(COORDINATES), np.inf)
    upper[[INDEX[f"subtalar_angle_{side}"] for side in SIDES]] = np.deg2rad(
        value("tracking", "foot_reach", package="simulate")
    )
    return -upper, upper


def _motion(chain: Chain, markers: Markers, q: Array) -> Motion:
    """The postures in a file's convention: pelvis tilt-list-rotation, the spine one joint."""
    columns = {name: q[:, INDEX[name]] for name in FILE_COORDINATES}
    R_pelvis = yxz_matrix(q[:, [INDEX[name] for name in _HEADING_FIRST]])
    for name, angle in zip(_TILT_FIRST, zxy_angles(R_pelvis).T, strict=True):
        columns[name] = np.unwrap(angle)
    R_spine = total_rotation(chain, recombine(chain, q[:, INDEX[SPINE[0]] :]))
    for name, angle in zip(_TRUNK, total_angles(chain, R_spine).T, strict=True):
        columns[name] = np.unwrap(angle)
    values = np.stack([columns[name] for name in FILE_COORDINATES], axis=-1)
    return Motion(markers.time, FILE_COORDINATES, values, source=markers.source)


def _places(fitted: Fitted, names: tuple[str, ...], q: Array) -> Array:
    """World places (F, M, 3) of the markers on the chain. [m]"""
    R, o, _ = frames(fitted.chain, q)
    at = [(SEGMENT_COORDINATE[fitted.markers[n].segment], np.asarray(fitted.markers[n].location)) for n in names]
    return np.stack([o[:, s] + R[:, s] @ local for s, local in at], axis=1)


__all__ = ["Recording", "Tracked", "recording_from_markers", "track"]
