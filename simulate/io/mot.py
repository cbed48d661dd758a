"""OpenSim motion files, `.mot` and `.sto`, of every header generation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from simulate.motion import FILE_COORDINATES, Motion

Array = NDArray[np.float64]

UNITS = ("degrees", "radians")
#: A file all of whose hip and knee angles are smaller than this, in what it calls degrees, looks like radians.
_RADIAN_LIKE = np.pi


def read_motion(path: str | Path, *, angles: str | None = None) -> Motion:
    """Read an OpenSim motion or storage file.

    Parameters
    ----------
    path : str or Path
        A ``.mot`` or ``.sto`` file.
    angles : {"degrees", "radians"}, optional
        What rotations are counted in, whatever the file says.

    Returns
    -------
    Motion
        In the file's own convention, in m and rad. Columns that are no coordinates of ours are kept apart.

    Raises
    ------
    HipspineError
        If the file cannot be read or is not whole; the message names line and column.
    """
    path = Path(path)
    if angles is not None and angles not in UNITS:
        raise unknown("unit of angles", angles, UNITS)
    lines = _lines(path)
    header, labels, body = _header(path, lines)
    table = _table(path, lines, body, labels)
    _check_counts(path, header, table)
    names = [_coordinate(label) for label in labels]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if clashing := [name for name in repeated if name == "time" or name in FILE_COORDINATES]:
        raise HipspineError(f"{path}: duplicate columns: {', '.join(clashing)}")
    if names[0] != "time":
        raise HipspineError(f"{path}: the first column must be time, is {labels[0]!r}")
    time = table[:, 0]
    _check_time(path, time, body)
    ours = [k for k, name in enumerate(names) if name in FILE_COORDINATES]
    others = {names[k]: table[:, k] for k in range(1, len(names)) if k not in ours and names[k] not in ("", *repeated)}
    in_degrees, notices = _unit(path, header, {names[k]: table[:, k] for k in ours}, angles)
    if repeated:
        notices.append(f"{path.name}: columns that occur twice are left out: {', '.join(repeated)}")
    if others:
        few = ", ".join(list(others)[:4]) + (", ..." if len(others) > 4 else "")
        notices.append(f"{path.name}: {len(others)} columns that are no coordinates of the chain are left out ({few})")
    values = table[:, ours].copy()
    if in_degrees:
        turns = [i for i, k in enumerate(ours) if names[k] not in TRANSLATIONS]
        values[:, turns] = np.deg2rad(values[:, turns])
    return Motion(time, tuple(names[k] for k in ours), values, others, in_degrees, path.name, tuple(notices))


def _lines(path: Path) -> list[str]:
    if not path.exists():
        raise HipspineError(f"{path}: no such file")
    if path.is_dir():
        raise HipspineError(f"{path}: is a folder, a .mot or .sto file is needed")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HipspineError(f"{path}: is not a text file, a .mot or .sto file is needed") from None
    except OSError as error:
        raise HipspineError(f"{path}: cannot be read: {error.strerror}") from None
    if not text.strip():
        raise HipspineError(f"{path}: is empty")
    return text.splitlines()


def _header(path: Path, lines: list[str]) -> tuple[dict[str, str], list[str], int]:
    """Header entries in lower case, column labels, index of the first line of numbers."""
    ends = [k for k, line in enumerate(lines) if line.strip().lower() == "endheader"]
    if not ends:
        raise HipspineError(f"{path}: is no OpenSim motion file: it has no line 'endheader'")
    entries: dict[str, str] = {}
    for line in lines[: ends[0]]:
        match = re.match(r"\s*(\w+)\s*=\s*(\S+)|\s*(datacolumns|datarows)\s+(\S+)", line)
        if match:
            key, value = (match[1], match[2]) if match[1] else (match[3], match[4])
            entries[key.lower()] = value
        if "angles are in degrees" in line.lower():
            entries.setdefault("indegrees", "yes")
    k = ends[0] + 1
    while k < len(lines) and not lines[k].strip():
        k += 1
    if k == len(lines):
        raise HipspineError(f"{path}: there are no columns after 'endheader'")
    return entries, lines[k].split(), k + 1


def _table(path: Path, lines: list[str], start: int, labels: list[str]) -> Array:
    rows = []
    for number, line in enumerate(lines[start:], start=start + 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != len(labels):
            raise HipspineError(f"{path}, line {number}: {len(fields)} values for {len(labels)} columns")
        try:
            row = [float(text) for text in fields]
        except ValueError:
            bad = next(k for k, text in enumerate(fields) if not _is_number(text))
            raise HipspineError(
                f"{path}, line {number}, column {labels[bad]}: {fields[bad]!r} is not a number"
            ) from None
        if not np.isfinite(row).all():
            bad = int(np.flatnonzero(~np.isfinite(row))[0])
            raise HipspineError(
                f"{path}, line {number}, column {labels[bad]}: {fields[bad]!r}; every value must be a finite number"
            )
        rows.append(row)
    if not rows:
        raise HipspineError(f"{path}: there are no rows of numbers")
    return np.array(rows)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_counts(path: Path, header: dict[str, str], table: Array) -> None:
    for keys, found, what in (
        (("nRows", "datarows"), len(table), "rows"),
        (("nColumns", "datacolumns"), table.shape[1], "columns"),
    ):
        for key in keys:
            if header.get(key.lower(), str(found)) != str(found):
                raise HipspineError(
                    f"{path}: the header says {key} = {header[key.lower()]}, the file has {found} {what}"
                )


def _check_time(path: Path, time: Array, body: int) -> None:
    back = np.flatnonzero(np.diff(time) <= 0.0)
    if back.size:
        k = int(back[0]) + 1
        raise HipspineError(
            f"{path}, row {k + 1} (about line {body + k + 1}), column time: {time[k]:g} s after {time[k - 1]:g} s; "
            "time must go forward"
        )


def _coordinate(label: str) -> str:
    """Our name for a column: state paths and subject prefixes taken off; '' for what is no position."""
    if label.startswith("/"):
        parts = label.strip("/").split("/")
        return parts[-2] if parts[-1] == "value" and len(parts) > 1 else ""
    bare = label.rsplit(":", 1)[-1]
    return bare if bare in FILE_COORDINATES else label


def _unit(path: Path, header: dict[str, str], ours: dict[str, Array], angles: str | None) -> tuple[bool, list[str]]:
    """Whether rotations are in degrees, and what to say about it."""
    if angles is not None:
        return angles == "degrees", []
    declared = header.get("indegrees", "").lower()
    if declared and declared not in ("yes", "y", "no", "n", "true", "false"):
        raise HipspineError(f"{path}: inDegrees = {declared!r}; allowed: yes, no")
    if declared[:1] in ("n", "f"):
        return False, []
    notices = []
    if not declared:
        notices.append(f"{path.name}: the header does not say whether angles are in degrees: taken as degrees")
    bent = [np.abs(column).max() for name, column in ours.items() if name.startswith(("hip_flexion", "knee_angle"))]
    if bent and max(bent) < _RADIAN_LIKE:
        notices.append(
            f"warning: {path.name} looks like radians but {'says' if declared else 'is read as'} degrees (no hip or "
            f"knee angle exceeds {max(bent):.2f}); --angles radians reads it so"
        )
    return True, notices


def write_motion(path: str | Path, motion: Motion) -> None:
    """Write a motion as an OpenSim ``.mot`` file, in degrees if that is what it was read in.

    Values are written with 17 digits, so that nothing is lost.
    """
    unit = np.rad2deg(1.0) if motion.in_degrees else 1.0
    columns = {"time": motion.time}
    for name, column in zip(motion.names, motion.values.T, strict=True):
        columns[name] = column if name in TRANSLATIONS else column * unit
    columns |= dict(motion.extras)
    head = [
        "Coordinates",
        "version=1",
        f"nRows={len(motion.time)}",
        f"nColumns={len(columns)}",
        f"inDegrees={'yes' if motion.in_degrees else 'no'}",
        "",
        "Units are S.I. units (second, meters, Newtons, ...)",
        f"Angles are in {'degrees' if motion.in_degrees else 'radians'}.",
        "",
        "endheader",
        "\t".join(columns),
    ]
    rows = ("\t".join(f"{value:.17g}" for value in row) for row in np.stack(list(columns.values()), axis=1))
    Path(path).write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
