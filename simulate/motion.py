"""A recorded motion as its file counts it, and the way into and out of a chain's own coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinematics.chain import Chain
from kinematics.conventions import COORDINATES, INDEX, SIDE_WORDS, SIDES, SPINE, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.rotations import yxz_angles, yxz_matrix, zxy_angles, zxy_matrix
from kinematics.spine import recombine, split, total_rotation

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
#: What a file may hold of ours: its spine is one joint.
FILE_COORDINATES = tuple(name for name in COORDINATES if not name.startswith("thoracic"))
OPTIONAL = ("subtalar_angle_r", "subtalar_angle_l")
REQUIRED = tuple(name for name in FILE_COORDINATES if name not in OPTIONAL)
#: A locked coordinate that moves less than this is not worth a word. [rad] (0.05 deg)
NOTICEABLE = np.deg2rad(0.05)
#: A knee whose mean is more extended than this bends the wrong way. [rad] (5 deg; assumption)
BACKWARD_KNEE = np.deg2rad(-5.0)
_TILT_FIRST = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
_HEADING_FIRST = ("pelvis_rotation", "pelvis_list", "pelvis_tilt")


@dataclass(frozen=True, eq=False)
class Motion:
    """Labelled joint angles over time, in the convention of the file they come from.

    The pelvis is tilt-list-rotation, the spine one joint, the knee counted as the file's model counts it.

    Parameters
    ----------
    time : ndarray, shape (F,)
        [s]
    names : tuple of str
        Coordinates, in the file's order.
    values : ndarray, shape (F, len(names))
        [rad, m]
    extras : mapping of str to ndarray, shape (F,)
        Columns that are no coordinates of a chain, as the file has them: kept out of every computation.
    in_degrees : bool
        Whether the file counts rotations in degrees.
    source : str
        Name of the file.
    notices : tuple of str
        What the reader should be told about the file.
    """

    time: Array
    names: tuple[str, ...]
    values: Array
    extras: Mapping[str, Array] = field(default_factory=dict)
    in_degrees: bool = True
    source: str = ""
    notices: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Array:
        """The column (F,) of one coordinate [rad, m]."""
        if name not in self.names:
            raise unknown(f"coordinate of {self.source or 'the motion'}", name, self.names)
        column: Array = self.values[:, self.names.index(name)]
        return column

    def to_xarray(self) -> xr.DataArray:
        """The motion as a labelled array, dims time [s] and coordinate [rad, m]."""
        import xarray as xr

        return xr.DataArray(
            self.values,
            {"time": self.time, "coordinate": list(self.names)},
            ("time", "coordinate"),
            attrs={"source": self.source, "units": "rad | m"},
        )

    def require(self, names: tuple[str, ...] = REQUIRED) -> None:
        """Raise `HipspineError` listing missing and found coordinates unless all of `names` are there."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise HipspineError(
                f"{self.source}: required coordinates are missing: {', '.join(missing)}. "
                f"Found: {', '.join(self.names) or 'none of ours'}."
            )


#: More frames than this are no motion but a slip of the finger: three hours at 100 Hz.
MOST_FRAMES = 1_000_000


def resample(motion: Motion, *, rate: float) -> Motion:
    """The motion at equal time steps, by cubic splines through its samples.

    Parameters
    ----------
    motion : Motion
    rate : float
        Samples per second; more than 0. [Hz]
    """
    from scipy.interpolate import CubicSpline

    if not (np.isfinite(rate) and rate > 0.0):
        raise HipspineError(f"{motion.source}: the rate to resample at must be more than 0 Hz, is {rate:g}")
    if len(motion.time) < 4:
        raise HipspineError(f"{motion.source}: {len(motion.time)} rows are too few to resample; at least 4 are needed")
    steps = int(np.floor(min((motion.time[-1] - motion.time[0]) * rate + 1e-9, 2.0 * MOST_FRAMES)))
    if not 1 <= steps <= MOST_FRAMES:
        raise HipspineError(
            f"{motion.source}: resampled at {rate:g} Hz the motion has {steps} steps or more; 1 to {MOST_FRAMES} "
            "are allowed"
        )
    time = motion.time[0] + np.arange(steps + 1) / rate
    turns = [k for k, name in enumerate(motion.names) if name not in TRANSLATIONS]
    values = motion.values.copy()
    values[:, turns] = np.unwrap(values[:, turns], axis=0)
    return replace(
        motion,
        time=time,
        values=CubicSpline(motion.time, values)(time),
        extras={name: CubicSpline(motion.time, column)(time) for name, column in motion.extras.items()},
        notices=(
            *motion.notices,
            f"resampled to {rate:g} Hz" + (": few frames a stride, peaks may be missed" if rate < 30.0 else ""),
        ),
    )


def _with_trunk(motion: Motion) -> Motion:
    """A motion that lacks the trunk and nothing else, with one that goes where the pelvis goes; any other as it is."""
    if tuple(name for name in REQUIRED if name not in motion.names) != TRUNK:
        return motion
    still = np.zeros((len(motion.time), len(TRUNK)))
    notice = (
        f"warning: {motion.source} holds no trunk ({', '.join(TRUNK)}): the thorax is taken to go where the pelvis "
        "goes; what is said of the spine starts from that, not from a recording"
    )
    return replace(
        motion,
        names=(*motion.names, *TRUNK),
        values=np.concatenate([motion.values, still], axis=1),
        notices=(*motion.notices, notice),
    )


def to_chain(motion: Motion, chain: Chain) -> tuple[Array, tuple[str, ...]]:
    """The motion in a chain's coordinates.

    The pelvis goes through rotation matrices to heading first, its heading unwrapped; knee flexion becomes positive;
    the trunk is split into lumbar and thoracic, the total kept exact. Where nothing of the trunk was recorded it stays
    as it is on the pelvis, with a notice.

    Parameters
    ----------
    motion : Motion
    chain : Chain

    Returns
    -------
    q : ndarray, shape (F, 24)
        [m, rad]
    notices : tuple of str

    Raises
    ------
    HipspineError
        If required coordinates are missing.
    """
    motion = _with_trunk(motion)
    motion.require()
    notices = list(motion.notices)
    q = np.zeros((len(motion.time), len(COORDINATES)))
    for name in motion.names:
        q[:, INDEX[name]] = motion[name]
    for name in OPTIONAL:
        if name not in motion.names and name not in chain.locked:
            notices.append(f"{motion.source} has no {name}: held at 0")
    R_pelvis = zxy_matrix(np.stack([motion[name] for name in _TILT_FIRST], axis=-1))
    for name, angle in zip(_HEADING_FIRST, np.moveaxis(yxz_angles(R_pelvis), -1, 0), strict=True):
        q[:, INDEX[name]] = np.unwrap(angle)
    for side, sign in zip(SIDES, _knee_signs(motion, chain, notices), strict=True):
        q[:, INDEX[f"knee_angle_{side}"]] *= sign
        if np.mean(q[:, INDEX[f"knee_angle_{side}"]]) < BACKWARD_KNEE:
            notices.append(
                f"warning: in {motion.source} the {SIDE_WORDS[side]} knee bends backwards on this model: "
                "do model and motion belong together?"
            )
    whole = np.stack([motion[name] for name in TRUNK], axis=-1)
    q[:, INDEX[SPINE[0]] :] = split(chain, total_rotation(chain, whole))
    for name in chain.locked:
        moved = float(np.abs(q[:, INDEX[name]]).max())
        if moved > NOTICEABLE:
            notices.append(
                f"{name} moves by up to {np.rad2deg(moved):.1f} deg in {motion.source} but is locked in the chain: "
                "held at 0"
            )
        q[:, INDEX[name]] = 0.0
    return q, tuple(notices)


def _knee_signs(motion: Motion, chain: Chain, notices: list[str]) -> tuple[float, float]:
    """What the file's knee angles are multiplied with; from the data where the chain has no model."""
    if chain.convention.coordinates:
        return chain.convention.knee_sign
    mean = float(np.mean([motion[f"knee_angle_{side}"] for side in SIDES]))
    if mean < 0.0:
        notices.append(f"{motion.source}: knee angles are mostly negative, so flexion is taken as negative there")
        return (-1.0, -1.0)
    return (1.0, 1.0)


def from_chain(q: Array, chain: Chain, motion: Motion) -> Motion:
    """A motion of a chain in the convention of the file it was recorded in; the inverse of `to_chain`.

    Parameters
    ----------
    q : ndarray, shape (F, 24)
        [m, rad]
    chain : Chain
    motion : Motion
        The recording, of as many frames, whose names, signs and other columns are kept. Columns that its model does not
        know are left out; coordinates that follow another (a patella) follow it; a trunk that it lacks is added.
    """
    motion = _with_trunk(motion)
    motion.require()
    if q.shape != (len(motion.time), len(COORDINATES)):
        raise HipspineError(f"{motion.source}: {q.shape} postures for {len(motion.time)} frames of 24 coordinates")
    columns = {name: q[:, INDEX[name]].copy() for name in motion.names}
    R_pelvis = yxz_matrix(q[:, [INDEX[name] for name in _HEADING_FIRST]])
    for name, angle in zip(_TILT_FIRST, np.moveaxis(zxy_angles(R_pelvis), -1, 0), strict=True):
        columns[name] = _nearest_turn(angle, motion[name])
    for side, sign in zip(SIDES, _knee_signs(motion, chain, []), strict=True):
        columns[f"knee_angle_{side}"] *= sign
    for name, angle in zip(TRUNK, np.moveaxis(recombine(chain, q[:, INDEX[SPINE[0]] :]), -1, 0), strict=True):
        columns[name] = _nearest_turn(angle, motion[name])
    for name in chain.locked:
        if name in columns:
            columns[name] = motion[name]
    model = chain.convention
    extras = {name: column for name, column in motion.extras.items() if name in model.coordinates}
    unit = np.rad2deg(1.0) if motion.in_degrees else 1.0
    for name, (followed, factor) in model.coupled.items():
        if name in extras and followed in columns:
            extras[name] = factor * columns[followed] * unit
    values = np.stack([columns[name] for name in motion.names], axis=-1)
    return replace(motion, values=values, extras=extras, notices=())


def motion_of(q: Array, chain: Chain, time: Array, source: str) -> Motion:
    """The postures `q` (F, 24) [m, rad] at `time` (F,) [s] as a motion in OpenSim's convention, named `source`."""
    names = tuple(name for name in FILE_COORDINATES if name not in chain.locked)
    empty = Motion(time, names, np.zeros((len(time), len(names))), source=source)
    raw = from_chain(q, chain, empty)
    values = raw.values.copy()
    for name in ("pelvis_rotation", *TRUNK):
        values[:, names.index(name)] = np.unwrap(values[:, names.index(name)])
    return replace(raw, values=values)


def _nearest_turn(angle: Array, recorded: Array) -> Array:
    """`angle` (F,) by whole turns closest to the recorded one; whole turns do not matter to the body."""
    result: Array = angle + 2.0 * np.pi * np.round((recorded - angle) / (2.0 * np.pi))
    return result


def take(motion: Motion, frames: slice | NDArray[np.intp]) -> Motion:
    """The frames of a motion that `frames` selects."""
    return replace(
        motion,
        time=motion.time[frames],
        values=motion.values[frames],
        extras={name: column[frames] for name, column in motion.extras.items()},
    )


__all__ = ["FILE_COORDINATES", "REQUIRED", "Motion", "from_chain", "motion_of", "resample", "take", "to_chain"]
