"""C3D recordings: ezc3d parses them, in a process of its own; what it does not check is checked here.

ezc3d reads a file that was cut off as if it were shorter or its markers were missing, and bytes that are no C3D can
stop the process it runs in. So the file's length is held against its header first, and the parser runs outside.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import numpy as np

from kinematics.errors import HipspineError
from simulate.io import c3d_child
from simulate.io.raw_markers import RawMarkers

BLOCK = 512
MAGIC = 0x50
#: Processor types as the parameter section writes them, and their byte order.
PROCESSORS = MappingProxyType({84: "<", 85: "<", 86: ">"})
METRES = MappingProxyType({"mm": 1e-3, "cm": 1e-2, "m": 1.0})
#: A file that takes the parser longer than this is damaged. [s]
PATIENCE = 120.0
#: A header cannot count more frames than this; longer recordings keep their number elsewhere.
MOST_IN_HEADER = 0xFFFF

#: The parser needs no threads; on a large machine their stacks alone would fill its share of memory.
_FRUGAL = MappingProxyType({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
#: Vicon's PROCESSING parameters, in mm and kg, by what we call them.
_SUBJECT = MappingProxyType(
    {
        "Bodymass": ("mass", 1.0),
        "Height": ("stature", 1e-3),
        "MarkerDiameter": ("marker_diameter", 1e-3),
        "InterAsisDistance": ("pelvis_width", 1e-3),
        **{
            f"{letter}{name}": (f"{ours}_{letter.lower()}", 1e-3)
            for letter in "RL"
            for name, ours in (("LegLength", "leg_length"), ("KneeWidth", "knee_width"), ("AnkleWidth", "ankle_width"))
        },
    }
)


@dataclass(frozen=True)
class Header:
    """What the first block of a C3D file says of its data: counts, where they start, bytes per number."""

    points: int
    analog: int
    frames: int
    start: int
    size: int

    def bytes_needed(self, frames: int) -> int:
        """Length of a file that holds that many frames. [bytes]"""
        return self.start + frames * self.size * (4 * self.points + self.analog)


def read_header(path: Path, content: bytes) -> Header:
    """Header of the C3D file `path` whose bytes are `content`.

    Raises
    ------
    HipspineError
        If it is no C3D header.
    """
    if len(content) < BLOCK:
        raise HipspineError(f"{path}: is no C3D file: it has {len(content)} bytes, a header alone has {BLOCK}")
    if content[1] != MAGIC or content[0] == 0:
        raise HipspineError(
            f"{path}: is no C3D file: its second byte is 0x{content[1]:02X}, that of a C3D file is 0x{MAGIC:02X}"
        )
    parameters = BLOCK * (content[0] - 1)
    if len(content) < parameters + BLOCK:
        raise HipspineError(
            f"{path}: is cut off: its parameters start at byte {parameters}, it ends at byte {len(content)}"
        )
    processor = content[parameters + 3]
    if processor not in PROCESSORS:
        known = ", ".join(str(number) for number in PROCESSORS)
        raise HipspineError(f"{path}: is damaged or no C3D file: processor type {processor}; allowed: {known}")
    order = PROCESSORS[processor]
    points, analog, first, last = struct.unpack_from(order + "4H", content, 2)
    (start,) = struct.unpack_from(order + "H", content, 16)
    # DEC floats have the Intel floats' sign bit in another byte
    negative = bool(content[13] & 0x80) if processor == 85 else struct.unpack_from(order + "f", content, 12)[0] < 0.0
    if points == 0:
        raise HipspineError(f"{path}: holds no markers")
    if last < first or start < 2:
        raise HipspineError(
            f"{path}: is damaged: its header says frames {first} to {last}, data from block {start}; blocks count from "
            "1, frames go forward"
        )
    return Header(points, analog, last - first + 1, BLOCK * (start - 1), 4 if negative else 2)


def read_c3d(path: Path) -> RawMarkers:
    """Markers of a C3D file, in its own axes; time counts from its first frame.

    Raises
    ------
    HipspineError
        If the file is no C3D file, is shorter than its header says, or the parser cannot read it.
    """
    content = path.read_bytes()
    header = read_header(path, content)
    _check_length(path, content, header, header.frames)
    with TemporaryDirectory(prefix="hipspine_") as folder:
        out = Path(folder) / "points.npz"
        _parse(path, out)
        with np.load(out, allow_pickle=False) as found:
            part = {name: np.array(found[name]) for name in found.files}
    places, labels = part["places"].astype(np.float64), [str(label).strip() for label in part["labels"]]
    frames, rate = len(places), float(part["rate"])
    if header.frames >= MOST_IN_HEADER:
        _check_length(path, content, header, frames)
    elif frames != header.frames:
        raise HipspineError(f"{path}: its header says {header.frames} frames, its parameters {frames}")
    if places.shape[1] != header.points:
        raise HipspineError(f"{path}: its header says {header.points} points, its parameters {places.shape[1]}")
    if not 0.0 < rate < np.inf:
        raise HipspineError(f"{path}: its frame rate is {rate:g} Hz; it must be more than 0")
    unit = str(part["units"][0]).strip().lower()
    if unit not in METRES:
        raise HipspineError(f"{path}: POINT:UNITS is {unit!r}; allowed: {', '.join(METRES)}")
    missing = part["missing"] | ~np.isfinite(places).all(axis=2) | ~places.any(axis=2)
    places = np.where(missing[..., None], np.nan, places * METRES[unit])
    other = {str(label).strip() for label in part["no_points"]}
    labels = labels[: places.shape[1]] + [""] * (places.shape[1] - len(labels))
    kept = [k for k, label in enumerate(labels) if label and label not in other]
    known = dict(zip((str(name) for name in part["names"]), part["numbers"].tolist(), strict=True))
    subject = {ours: known[name] * factor for name, (ours, factor) in _SUBJECT.items() if known.get(name, 0.0) > 0.0}
    up = str(part["up"][0]).strip().upper()
    return RawMarkers(
        np.arange(frames) / rate,
        tuple(labels[k] for k in kept),
        places[:, kept],
        up if up[:1] in ("+", "-") and up[1:] in ("X", "Y", "Z") else "",
        "+Z",
        subject,
    )


def _check_length(path: Path, content: bytes, header: Header, frames: int) -> None:
    """Refuse a file that ends before the last of its frames."""
    needed = header.bytes_needed(frames)
    if len(content) < needed:
        raise HipspineError(
            f"{path}: is cut off: its header says {frames} frames of {header.points} points and {header.analog} analog "
            f"values, which end at byte {needed}; the file has {len(content)} bytes"
        )


def _parse(path: Path, out: Path) -> None:
    """Let ezc3d parse the file in a process of its own, into `out`."""
    command = [sys.executable, "-P", str(c3d_child.__file__), str(path), str(out)]
    try:
        ended = subprocess.run(
            command, capture_output=True, timeout=PATIENCE, check=False, env={**os.environ, **_FRUGAL}
        )
    except subprocess.TimeoutExpired:
        raise HipspineError(f"{path}: is damaged: it could not be parsed within {PATIENCE:g} s") from None
    if ended.returncode < 0:
        raise HipspineError(f"{path}: is damaged: the C3D parser crashed on it (signal {-ended.returncode})")
    if ended.returncode or not out.exists():
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise HipspineError(f"{path}: is damaged: the C3D parser refuses it ({said[-1] if said else 'without a word'})")
