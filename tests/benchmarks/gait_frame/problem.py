"""The data of the restricted gait frame problem: its arrays, what is allowed in them, and its files.

A pelvis (three slides, then tilt, list and rotation), two legs (hip three coordinates, knee one, ankle two) and a rigid
trunk on a lumbar joint of three: 21 coordinates. X forward, Y up, Z to the right; m and rad. Frame by frame

    minimise    1/2 sum (w r)^2        subject to   lower <= q <= upper

where r holds, for each foot, how far the ankle centre is from its place and the rotation vector from the foot's target
orientation, the same rotation vector of the trunk, and how far every coordinate is from its nominal value.
"""

import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

SIDES = ("r", "l")
PELVIS = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_tilt", "pelvis_list", "pelvis_rotation")
LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle")
LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
NAMES = (*PELVIS, *(f"{name}_{side}" for side in SIDES for name in LEG), *LUMBAR)
INDEX = {name: i for i, name in enumerate(NAMES)}
N = len(NAMES)
#: Each limb hangs on the pelvis, every other coordinate on the one before.
PARENT = tuple(5 if i in (6, 12, 18) else i - 1 for i in range(N))
IS_SLIDE = tuple(i < 3 for i in range(N))
#: The coordinate whose frame is the foot's (its origin is the ankle centre) or the trunk's.
FOOT_R, FOOT_L, TRUNK = INDEX["subtalar_angle_r"], INDEX["subtalar_angle_l"], INDEX["lumbar_rotation"]
TIPS = (FOOT_R, FOOT_L, TRUNK)

#: Axes have length 1 and target orientations are rotations to this: a file may have been written with 9 digits.
UNIT = 1e-8
WEIGHTS = ("w_foot_position", "w_foot_orientation", "w_trunk", "w_q")
FRAMES = "frames"
SHAPES = {
    "names": (N,), "parent": (N,), "is_slide": (N,), "axis": (N, 3), "offset": (N, 3), "q_nominal": (FRAMES, N),
    "R_foot_r": (FRAMES, 3, 3), "p_foot_r": (FRAMES, 3), "R_foot_l": (FRAMES, 3, 3), "p_foot_l": (FRAMES, 3),
    "R_trunk": (FRAMES, 3, 3), "w_foot_position": (), "w_foot_orientation": (), "w_trunk": (), "w_q": (N,),
    "lower": (N,), "upper": (N,),
}  # fmt: skip


class UnavailableError(RuntimeError):
    """Why a solver cannot take part here."""


class ProblemError(ValueError):
    """What is wrong with a problem, in one line."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One problem of F frames.

    `axis`, `offset` (21, 3): of each coordinate in the frame before it, the offset in m; `q_nominal` (F, 21); targets
    in the world, `R_foot_r`, `R_foot_l`, `R_trunk` (F, 3, 3) and the ankle centres `p_foot_r`, `p_foot_l` (F, 3); the
    weights; `lower` and `upper` (21,), which may be infinite.
    """

    axis: np.ndarray
    offset: np.ndarray
    q_nominal: np.ndarray
    R_foot_r: np.ndarray
    p_foot_r: np.ndarray
    R_foot_l: np.ndarray
    p_foot_l: np.ndarray
    R_trunk: np.ndarray
    w_foot_position: float
    w_foot_orientation: float
    w_trunk: float
    w_q: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def frames(self):
        return len(self.q_nominal)

    def start(self, k, before):
        """Where frame k starts: from the answer `before`, moved as the nominal posture moves, within the bounds."""
        q = self.q_nominal[k]
        moved = q if before is None else before + q - self.q_nominal[k - 1]
        return np.minimum(np.maximum(moved, self.lower), self.upper)


def write(path, problem):
    """Write a problem file (npz)."""
    arrays = {field.name: getattr(problem, field.name) for field in fields(problem)}
    tree = {"names": np.array(NAMES), "parent": np.array(PARENT), "is_slide": np.array(IS_SLIDE)}
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **tree, **arrays)


def read(path):
    """Read a problem file; raises ProblemError with the file, the array, the value and what is allowed."""
    arrays = _arrays(Path(path))
    try:
        _check_tree(arrays)
        numbers = {name: _numbers(name, arrays[name]) for name in SHAPES if name not in ("names", "parent", "is_slide")}
        _check_shapes(numbers)
        _check_values(numbers)
    except ProblemError as error:
        raise ProblemError(f"{path}: {error}") from None
    return Problem(**{name: float(value) if value.ndim == 0 else value for name, value in numbers.items()})


def _arrays(path):
    try:
        with path.open("rb") as file:
            held = np.load(file, allow_pickle=False)
            if isinstance(held, np.ndarray):
                raise ProblemError(f"{path}: holds one array, must be an npz file with {', '.join(SHAPES)}")
            missing = [name for name in SHAPES if name not in held.files]
            if missing:
                raise ProblemError(f"{path}: array {missing[0]!r} is missing. Needed: {', '.join(SHAPES)}.")
            return {name: held[name] for name in SHAPES}
    except FileNotFoundError:
        raise ProblemError(f"{path}: there is no such file") from None
    except ProblemError:
        raise
    except (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        said = str(error).splitlines()[:1]
        raise ProblemError(f"{path}: cannot be read as an npz file of plain arrays ({' '.join(said)})") from None


def _check_tree(arrays):
    """The tree's shape is fixed."""
    for name, known in (("names", NAMES), ("parent", PARENT), ("is_slide", IS_SLIDE)):
        given = arrays[name]
        if given.shape != (N,):
            raise ProblemError(f"array {name!r} has shape {given.shape}, must have {(N,)}")
        for i, (one, must) in enumerate(zip(given.tolist(), known, strict=True)):
            if one != must:
                raise ProblemError(f"array {name!r}: entry {i} is {one!r}, must be {must!r} ({NAMES[i]})")


def _numbers(name, array):
    if array.dtype.kind not in "fiu":
        raise ProblemError(f"array {name!r} holds {array.dtype}, must hold real numbers")
    return np.array(array, dtype=np.float64, order="C")


def _check_shapes(numbers):
    frames = numbers["q_nominal"].shape[0] if numbers["q_nominal"].ndim else 0
    for name, value in numbers.items():
        shape = tuple(frames if size == FRAMES else size for size in SHAPES[name])
        if value.shape != shape:
            raise ProblemError(f"array {name!r} has shape {value.shape}, must have {shape}")
    if frames < 1:
        raise ProblemError("array 'q_nominal' has no frames, must have at least one")


def _where(name, value, bad):
    """The first bad entry in words: its array, place and value."""
    at = np.unravel_index(int(np.argmax(bad)), np.shape(bad))
    value = value[at] if value.ndim else value
    return f"array {name!r}: entry {', '.join(map(str, at))} is {value:g}" if at else f"array {name!r} is {value:g}"


def _check_values(numbers):
    for name, value in numbers.items():
        bad = np.isnan(value) if name in ("lower", "upper") else ~np.isfinite(value)
        if np.any(bad):
            raise ProblemError(f"{_where(name, value, bad)}, must be {'a number' if value.ndim else 'finite'}")
    for name in WEIGHTS:
        if np.any(numbers[name] < 0.0):
            raise ProblemError(f"{_where(name, numbers[name], numbers[name] < 0.0)}, must be 0 or more")
    length = np.linalg.norm(numbers["axis"], axis=1)
    if np.any(np.abs(length - 1.0) > UNIT):
        i = int(np.argmax(np.abs(length - 1.0)))
        raise ProblemError(f"array 'axis': row {i} ({NAMES[i]}) has length {length[i]:g}, must have length 1")
    for name in ("R_foot_r", "R_foot_l", "R_trunk"):
        off = np.abs(np.swapaxes(numbers[name], 1, 2) @ numbers[name] - np.eye(3)).max(axis=(1, 2))
        bad = (off > UNIT) | (np.linalg.det(numbers[name]) < 0.0)
        if bad.any():
            k = int(np.argmax(bad))
            raise ProblemError(f"array {name!r}: frame {k} is no rotation (off by {off[k]:.0e}), must be one")
    lower, upper = numbers["lower"], numbers["upper"]
    # a coordinate that can be nowhere
    bad = (lower > upper) | (lower == np.inf) | (upper == -np.inf)
    if bad.any():
        i = int(np.argmax(bad))
        raise ProblemError(f"array 'lower': {NAMES[i]} is {lower[i]:g}, must not be above its 'upper', {upper[i]:g}")
