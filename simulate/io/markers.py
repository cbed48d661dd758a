"""Recorded markers, from C3D or TRC, in our world: X forward, Y up, Z to the right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown
from simulate.io.c3d import read_c3d
from simulate.io.raw_markers import RawMarkers
from simulate.io.trc import read_trc

Array = NDArray[np.float64]

READERS: Mapping[str, Callable[[Path], RawMarkers]] = MappingProxyType({".c3d": read_c3d, ".trc": read_trc})
#: Labels that a system gives to what nobody named.
_UNLABELLED = re.compile(r"\*\d+|u\d+|unlabell?ed\W*\d*|uname\W*\d*", re.IGNORECASE)
#: Words of labels that are high on a body, and low: they tell which axis points up where the file does not.
_HIGH = re.compile(r"c7|clav|.*(acrom|shoulder|acr$|sho$|head|hd$|sternum)|strn", re.IGNORECASE)
_LOW = re.compile(r".*(hee$|heel|toe|calc|cal$|ank$|ankle|mt5|5meta|mal$)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Markers:
    """Recorded markers in our world: X forward, Y up, Z to the right.

    Parameters
    ----------
    time : ndarray, shape (F,)
        [s]
    names : tuple of str
        Labels, a subject's prefix taken off.
    places : ndarray, shape (F, M, 3)
        NaN where a marker is missing. [m]
    source : str
        Name of the file.
    notices : tuple of str
        What the reader should be told about the file.
    subject : mapping of str to float
        What the file says of the person, as far as it does: ``mass`` [kg], ``stature``, ``marker_diameter``,
        ``pelvis_width``, ``leg_length_r``, ``knee_width_r``, ``ankle_width_r`` and the same of the left. [m]
    """

    time: Array
    names: tuple[str, ...]
    places: Array
    source: str = ""
    notices: tuple[str, ...] = ()
    subject: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.places.shape != (len(self.time), len(self.names), 3):
            raise HipspineError(
                f"{self.source or 'markers'}: places must be of shape ({len(self.time)}, {len(self.names)}, 3), are of "
                f"shape {self.places.shape}"
            )
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise HipspineError(f"{self.source}: markers that occur twice: {', '.join(repeated)}")

    def __getitem__(self, name: str) -> Array:
        """Places (F, 3) of one marker. [m]"""
        if name not in self.names:
            raise unknown(f"marker of {self.source or 'the recording'}", name, self.names)
        return np.asarray(self.places[:, self.names.index(name)])

    def frames(self, which: slice | NDArray[np.intp]) -> Markers:
        """The same markers over some of the frames."""
        return replace(self, time=self.time[which], places=self.places[which])


def read_markers(path: str | Path) -> Markers:
    """Read the markers of a C3D or TRC file.

    Parameters
    ----------
    path : str or Path
        A ``.c3d`` or ``.trc`` file.

    Returns
    -------
    Markers
        Turned so that up is Y; nothing else is normalised, for turning the laboratory changes no answer. Unlabelled
        markers and those that are never seen are left out, with a notice.

    Raises
    ------
    HipspineError
        If the file cannot be read, is shorter than its header says, or holds no markers.
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        raise HipspineError(f"{path}: markers are read from {' and '.join(READERS)} files, this is {path.suffix!r}")
    if not path.exists():
        raise HipspineError(f"{path}: no such file")
    if path.is_dir():
        raise HipspineError(f"{path}: is a folder, a {' or '.join(READERS)} file is needed")
    try:
        raw = READERS[path.suffix.lower()](path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be read: {error.strerror}") from None
    names, notices = _names(path, raw)
    seen = [k for k, name in enumerate(names) if name and np.isfinite(raw.places[:, k]).any()]
    never = [name for k, name in enumerate(names) if name and k not in seen]
    if never:
        notices.append(f"{path.name}: markers that are never seen are left out: {_few(never)}")
    if not seen:
        raise HipspineError(f"{path}: holds no markers")
    kept, places = tuple(names[k] for k in seen), raw.places[:, seen]
    up = raw.up or _up_of_a_body(kept, places)
    if not up:
        up = raw.usual_up
        notices.append(f"{path.name}: nothing says which axis points up: taken is {up}, as is usual in such files")
    return Markers(raw.time, kept, places @ to_our_axes(up).T, path.name, tuple(notices), raw.subject)


def to_our_axes(up: str) -> Array:
    """The rotation (3, 3) from a laboratory whose axis `up` (``"+Z"`` and so on) points up to our axes.

    The laboratory's first level axis becomes X.
    """
    y = np.eye(3)["XYZ".index(up[1])] * (1.0 if up[0] == "+" else -1.0)
    x = np.eye(3)[next(k for k in range(3) if y[k] == 0.0)]
    return np.array([x, y, np.cross(x, y)])


def _names(path: Path, raw: RawMarkers) -> tuple[list[str], list[str]]:
    """Names without prefixes, empty where a label is none, and what to say about it."""
    bare = [label.rsplit(":", 1)[-1].strip() for label in raw.labels]
    unlabelled = [name for name in bare if _UNLABELLED.fullmatch(name)]
    notices = [f"{path.name}: {len(unlabelled)} unlabelled markers are left out"] if unlabelled else []
    names = ["" if name in unlabelled else name for name in bare]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        prefixes = sorted({label.rsplit(":", 1)[0] for label in raw.labels if ":" in label})
        people = f": it holds the markers of {', '.join(prefixes)}; one person is allowed" if prefixes else ""
        raise HipspineError(f"{path}: markers that occur twice: {_few(repeated)}{people}")
    return names, notices


def _up_of_a_body(names: Sequence[str], places: Array) -> str:
    """The axis along which shoulders are above feet; empty if there are no such markers."""
    high, low = ([k for k, name in enumerate(names) if word.fullmatch(name)] for word in (_HIGH, _LOW))
    if not high or not low:
        return ""
    body = np.nanmedian(places[:, high], axis=(0, 1)) - np.nanmedian(places[:, low], axis=(0, 1))
    k = int(np.abs(body).argmax())
    return ("+" if body[k] > 0.0 else "-") + "XYZ"[k]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


__all__ = ["Markers", "read_markers", "to_our_axes"]
