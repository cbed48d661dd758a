"""The body: a fixed tree whose axes, lengths and masses are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from kinematics.errors import HipspineError, unknown

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """A point that moves with a segment.

    `location` is in the segment's frame [m]; segment frames are parallel to the pelvis when every rotation is zero.
    """

    segment: str
    location: tuple[float, float, float]


def point_inertia(mass: float, place: Array) -> Array:
    """Inertia (3, 3) [kg m^2] about the origin of a point of `mass` [kg] at `place` (3,) [m]."""
    result: Array = mass * (float(place @ place) * np.eye(3) - np.outer(place, place))
    return result


@dataclass(frozen=True)
class ModelConvention:
    """How the coordinates of the chain's source relate to the chain's own.

    Parameters
    ----------
    pelvis_order : str
        Intrinsic order of the source's pelvis rotations.
    knee_sign : tuple of float
        Right, left: the source's knee angle is this sign times ours (flexion positive).
    coordinates : tuple of str
        Every coordinate the source has; empty if there is no source file.
    coupled : mapping
        Source coordinate -> (coordinate it follows, factor).
    """

    pelvis_order: str = "ZXY"
    knee_sign: tuple[float, float] = (1.0, 1.0)
    coordinates: tuple[str, ...] = ()
    coupled: Mapping[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class HingeFit:
    """How far a fixed hinge is from the source's own moving knee, over a range of knee flexion [deg].

    Largest distance of the knee centre and of the ankle centre [mm], largest rotation [deg].
    """

    side: str
    flexion_deg: tuple[float, float]
    knee_max_mm: float
    ankle_max_mm: float
    max_deg: float


@dataclass(frozen=True, eq=False)
class Chain:
    """A rigid-segment pelvis-hip-lumbar chain of 24 coordinates.

    Parameters
    ----------
    name, source : str
        What it is called and where its numbers come from.
    axes : ndarray, shape (24, 3)
        Unit axis of each coordinate in the frame before it; rows in the order of `COORDINATES`.
    offsets : ndarray, shape (24, 3)
        Place of each joint in the frame before it. [m]
    masses : ndarray, shape (11,)
        In the order of `SEGMENTS`. [kg]
    mass_centres : ndarray, shape (11, 3)
        In the segment's frame. [m]
    points : mapping of str to Point
        Joint centres, heels, forefeet, markers.
    locked : tuple of str
        Coordinates the source does not have; held at 0.
    convention : ModelConvention
        How the source counts.
    notices : tuple of str
        What the user should know about how the chain came about.
    knee_hinge : tuple of HingeFit
        Difference from the source's moving knees, over the walking range and over deep flexion; empty without a source.
    inertias : ndarray, shape (11, 3, 3)
        Of each segment about its mass centre, in the segment's frame; 0 where it is not known. [kg m^2]
    """

    name: str
    axes: Array
    offsets: Array
    masses: Array
    mass_centres: Array
    points: Mapping[str, Point]
    locked: tuple[str, ...] = ()
    convention: ModelConvention = field(default_factory=ModelConvention)
    notices: tuple[str, ...] = ()
    source: str = ""
    knee_hinge: tuple[HingeFit, ...] = ()
    inertias: Array = field(default_factory=lambda: np.zeros((len(SEGMENTS), 3, 3)))

    def __post_init__(self) -> None:
        shapes = {
            "axes": (len(COORDINATES), 3),
            "offsets": (len(COORDINATES), 3),
            "masses": (len(SEGMENTS),),
            "mass_centres": (len(SEGMENTS), 3),
            "inertias": (len(SEGMENTS), 3, 3),
        }
        for name, shape in shapes.items():
            value = np.array(getattr(self, name), dtype=np.float64)
            if value.shape != shape or not np.isfinite(value).all():
                raise HipspineError(
                    f"chain {self.name!r}: {name} must be finite and of shape {shape}, is of shape {value.shape}"
                )
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        lengths = np.linalg.norm(self.axes, axis=1)
        if np.abs(lengths - 1.0).max() > 1e-9:  # a product of a few rotations, each good to 1e-16
            worst = COORDINATES[int(np.abs(lengths - 1.0).argmax())]
            raise HipspineError(f"chain {self.name!r}: the axis of {worst} is not a unit vector")
        if (self.masses < 0.0).any():
            raise HipspineError(f"chain {self.name!r}: masses must be 0 or more, are {self.masses.tolist()}")
        for segment, inertia in zip(SEGMENTS, self.inertias, strict=True):
            rounding = 1e-9 * np.abs(inertia).max()  # sums of a few products, each good to 1e-16
            if np.abs(inertia - inertia.T).max() > rounding or np.linalg.eigvalsh(inertia).min() < -rounding:
                raise HipspineError(
                    f"chain {self.name!r}: the inertia of {segment} must be symmetric and no moment below 0, is "
                    f"{inertia.tolist()} kg m^2"
                )
        for name, point in self.points.items():
            if point.segment not in SEGMENT_COORDINATE:
                raise unknown(f"segment of point {name}", point.segment, SEGMENT_COORDINATE)
        for name in self.locked:
            if name not in COORDINATES:
                raise unknown("locked coordinate", name, COORDINATES)
        object.__setattr__(self, "points", MappingProxyType(dict(self.points)))

    @property
    def mass(self) -> float:
        """Mass of the whole body. [kg]"""
        return float(self.masses.sum())

    def point(self, name: str) -> Point:
        """The point of that name; unknown names raise `HipspineError` with the known ones."""
        try:
            return self.points[name]
        except KeyError:
            raise unknown("point", name, self.points) from None

    @classmethod
    def generic(cls, *, stature: float = 1.75, mass: float = 75.0, sex: str = "male") -> Chain:
        """A body from published segment data.

        Parameters
        ----------
        stature : float
            Body height. [m]
        mass : float
            Body mass. [kg]
        sex : {"male", "female"}
            Which of the published tables.

        Raises
        ------
        HipspineError
            If a value is not finite, outside the range the tables can carry, or the sex is unknown.
        """
        from kinematics.generic import generic_chain

        return generic_chain(stature=stature, mass=mass, sex=sex)

    @classmethod
    def from_osim(cls, path: str | Path) -> Chain:
        """The chain of a scaled OpenSim model of the Gait2354/2392, Rajagopal, Lai-Uhlrich or Hamner family.

        Parameters
        ----------
        path : str or Path
            An ``.osim`` file of any version from 20302 on.

        Raises
        ------
        HipspineError
            If the file cannot be read safely, or lacks a joint the chain needs.
        """
        from kinematics.osim import read_osim

        return read_osim(path)
