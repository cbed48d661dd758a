"""TRC recordings: plain text, with counts in the header that are held against the content."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np

from kinematics.errors import HipspineError
from simulate.io.raw_markers import RawMarkers

METRES = MappingProxyType({"mm": 1e-3, "cm": 1e-2, "m": 1.0})


def read_trc(path: Path) -> RawMarkers:
    """Markers of a TRC file, in its own axes.

    Raises
    ------
    HipspineError
        If it is no TRC file, or its counts and its content disagree; the message names line and column. A file that was
        cut within its very last number cannot be told from a whole one.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise HipspineError(f"{path}: is not a text file, a .trc file is needed") from None
    if len(lines) < 5 or not lines[0].startswith("PathFileType"):
        raise HipspineError(f"{path}: is no TRC file: its first line must begin with 'PathFileType'")
    header = dict(zip(lines[1].split(), lines[2].split(), strict=False))
    frames, markers = (_count(path, header, name) for name in ("NumFrames", "NumMarkers"))
    unit = header.get("Units", "").lower()
    if unit not in METRES:
        raise HipspineError(f"{path}, line 3: Units is {unit!r}; allowed: {', '.join(METRES)}")
    labels = [label.strip() for label in lines[3].split("\t")[2:] if label.strip()]
    if len(labels) != markers:
        raise HipspineError(f"{path}: the header says NumMarkers = {markers}, line 4 names {len(labels)}")
    rows = [
        _row(path, number, line, labels) for number, line in enumerate(lines[5:], start=6) if line.strip(" \t\r\x00")
    ]
    if len(rows) != frames:
        raise HipspineError(f"{path}: the header says NumFrames = {frames}, the file has {len(rows)}")
    table = np.array(rows)
    time = table[:, 0]
    back = np.flatnonzero(np.diff(time) <= 0.0)
    if back.size:
        k = int(back[0])
        raise HipspineError(f"{path}, frame {k + 2}: time {time[k + 1]:g} s after {time[k]:g} s; it must go forward")
    places = METRES[unit] * table[:, 1:].reshape(frames, markers, 3)
    places[~np.isfinite(places).all(axis=2) | ~places.any(axis=2)] = np.nan
    return RawMarkers(time, tuple(labels), places, "", "+Y")


def _count(path: Path, header: dict[str, str], name: str) -> int:
    text = header.get(name, "")
    if not text.isdecimal() or int(text) == 0:
        raise HipspineError(f"{path}, line 3: {name} must be a whole number of 1 or more, is {text!r}")
    return int(text)


def _row(path: Path, number: int, line: str, labels: list[str]) -> list[float]:
    """Time and places of one frame; an empty cell is a missing marker."""
    cells = [cell.strip() for cell in line.split("\t")]
    needed = 2 + 3 * len(labels)
    if len(cells) < needed or any(cells[needed:]):
        raise HipspineError(f"{path}, line {number}: {len(cells)} cells, {len(labels)} markers need {needed}")
    row = []
    for k, cell in enumerate(cells[1:needed], start=1):
        try:
            row.append(float(cell) if cell or k == 1 else np.nan)
        except ValueError:
            what = "Time" if k == 1 else labels[(k - 2) // 3]
            raise HipspineError(f"{path}, line {number}, column {what}: {cell!r} is not a number") from None
    if not np.isfinite(row[0]):
        raise HipspineError(f"{path}, line {number}, column Time: {row[0]}; it must be a finite number")
    return row
