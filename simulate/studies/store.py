"""The data set of a study on disk: a Zarr store whose blocks are written whole, marked and checked, or count as absent.

Beside the variables the store holds ``check``: of each block the checksum of its files, 0 until all are written. To go
on with a study, a block counts only if its files have this checksum, so neither a killed process nor a power cut leaves
half a block behind that is taken for a whole one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import unified_diff
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core.indexing import ExplicitIndexer, IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter
from zarr.core.group import GroupMetadata
from zarr.core.metadata import ArrayV2Metadata
from zarr.storage import LocalStore

from kinematics.conventions import ROTATIONS, TRANSLATIONS
from kinematics.errors import HipspineError
from simulate.studies.axes import GRID, Axis, blocks
from simulate.studies.compute import STATUSES, Layout, blank
from simulate.studies.options import options
from simulate.studies.plan import Plan
from simulate.studies.provenance import provenance
from simulate.studies.study import Study

CHECK = "check"
#: Notices a chunk that was cut off or changed; Zarr's default, Blosc, reads beyond the end of such a one.
CODEC: Mapping[str, Any] = {"id": "zstd", "level": 0, "checksum": True}
#: A block's checksum.
_MARK = np.dtype("<u4")
_COORDINATE, _STATUS, _YIELDING = ("strategy", "coordinate"), ("strategy", "status"), ("strategy", "yielding")
#: Of each variable: its dimensions after the axes, its unit and its long name.
VARIABLES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "added": (_COORDINATE, "deg", "added motion (restricted minus free), signed, at its largest"),
    "at_percent": (_COORDINATE, "%", "part of the limited side's cycle where most is added"),
    "peak": (_COORDINATE, "deg", "restricted angle at its extreme on the side to which is added, in the study's zero"),
    "range": (_COORDINATE, "deg", "range of the restricted angle"),
    "share_of_range": (_COORDINATE, "1", "largest use of the person's own range"),
    "lumbar": (("strategy",), "deg", "largest norm of what is added to the three lumbar axes"),
    "lumbar_at_percent": (("strategy",), "%", "part of the limited side's cycle where that is"),
    "kkt": (("strategy",), "rad | m", "largest scaled KKT residual"),
    "frames": (_STATUS, "1", "frames that are solved, fall short, are unsolved"),
    "short_mm": (_YIELDING, "mm", "by how much a goal falls short at most"),
    "short_deg": (_YIELDING, "deg", "turn by which a goal falls short at most"),
    "restricted": (("strategy", "frame", "joint_angle"), "deg", "restricted joint angle, zero of the model"),
    "restricted_translation": (("strategy", "frame", "translation"), "m", "restricted pelvis place"),
    "free": (("frame", "joint_angle"), "deg", "free joint angle, zero of the model"),
    "free_translation": (("frame", "translation"), "m", "free pelvis place"),
    "percent": (("frame",), "%", "part of the limited side's cycle"),
}


class Store:
    """A study's store, to write blocks into and to look at them; not opened, as the study says where all has to be."""

    def __init__(self, path: Path, study: Study, layout: Layout, block_shape: tuple[int, ...]) -> None:
        self.path, self.block_shape = path, block_shape
        self.blocks = blocks(study.axes, block_shape)
        self.arrays = _variables(study, layout, block_shape)

    def is_whole(self, k: int) -> bool:
        """Whether block k was written, and is on disk as it was written."""
        mark = _mark(self.path, k)
        return mark != 0 and mark == self._checksum(k)

    def write(self, k: int, values: Mapping[str, NDArray[Any]]) -> None:
        """Write a block, then its checksum.

        A block is one chunk of each variable, so each is encoded and put in its place at once; by Zarr's own way, which
        sees to any part of any chunk, a dozen small ones take three times as long.
        """
        found = 0
        for name, array in self.arrays.items():
            content = _encoded(array, values[name])
            _put(self._file(name, k), content)
            found = _checked(found, name, content)
        _put(_mark_file(self.path, k), np.array([found or 1], _MARK).tobytes())

    def settle(self, k: int) -> None:
        """Wait until block k is on the disk itself."""
        _settle([*(self._file(name, k) for name in self.arrays), _mark_file(self.path, k)])

    def _file(self, name: str, k: int) -> Path:
        """The file of a variable's chunk that is block k."""
        array = self.arrays[name]
        numbers = [part.start // own for part, own in zip(self.blocks[k], self.block_shape, strict=True)]
        return self.path / name / array.encode_chunk_key((*numbers, *[0] * (len(array.shape) - len(numbers))))

    def _checksum(self, k: int) -> int:
        """Of a block's files as they are on disk, never 0."""
        found = 0
        for name in self.arrays:
            try:
                content = self._file(name, k).read_bytes()
            except FileNotFoundError:
                content = b"none"
            found = _checked(found, name, content)
        return found or 1


def _encoded(array: ArrayV2Metadata, values: NDArray[Any]) -> bytes:
    """A chunk as Zarr's format 2 has it: whole, also at an edge, and compressed."""
    dtype = array.dtype.to_native_dtype()
    chunk = values.astype(dtype, order="C", copy=False)
    if values.shape != array.chunks:
        chunk = np.full(array.chunks, array.fill_value, dtype)
        chunk[tuple(slice(n) for n in values.shape)] = values
    compressor: Any = array.compressor
    return bytes(compressor.encode(chunk))


def _put(place: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = place.with_name(f".{place.name}.{uuid4().hex}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(place)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _checked(found: int, name: str, content: bytes) -> int:
    """The checksum so far with one more file in it."""
    return zlib.crc32(f"{name} {len(content)} ".encode() + content, found)


def _mark_file(path: Path, k: int) -> Path:
    """The file of a block's checksum."""
    return path / CHECK / str(k)


def _mark(path: Path, k: int) -> int:
    """The checksum with which a block is marked; 0 if it is not, or the mark cannot be read."""
    try:
        content = _mark_file(path, k).read_bytes()
    except FileNotFoundError:
        return 0
    return int(np.frombuffer(content, _MARK)[0]) if len(content) == _MARK.itemsize else 0


def create(path: Path, made: Plan) -> None:
    """Create an empty store for a study; nothing is left if that fails.

    Raises
    ------
    HipspineError
        If there is something at `path` already, or its folder cannot be written to.
    """
    if path.exists():
        raise HipspineError(f"{path}: exists already; go on with it by --resume, or give another name")
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        _fill(partial / "store", made)
        (partial / "store").rename(path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written to: {error.strerror or error}") from None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def settle(path: Path) -> None:
    """Wait until everything in a store is on the disk itself: what was said to be done outlives a power cut.

    Raises
    ------
    OSError
        If the disk does not take it.
    """
    _settle([path, *path.rglob("*")])


def settle_folders(path: Path) -> None:
    """Wait until the disk knows of every file in a store; what is in them is settled apart."""
    _settle([path, *(place for place in path.iterdir() if place.is_dir())])


def _settle(places: Iterable[Path]) -> None:
    for place in places if os.name == "posix" else ():
        with suppress(FileNotFoundError):  # another who writes here has just renamed what it had written
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def marked(path: Path) -> NDArray[np.bool_]:
    """Of each block of a store whether it is marked as whole."""
    n: int = zarr.open_array(path / CHECK, mode="r", zarr_format=2).size
    return np.array([_mark(path, k) != 0 for k in range(n)])


def _fill(path: Path, made: Plan) -> None:
    """Coordinates, empty variables, and where they come from."""
    study, layout, block_shape = made.study, made.layout, made.block_shape
    coordinates = _coordinates(study, layout)
    attributes = {
        "title": study.title or f"hipspine: a study of {study.task}",
        "task": study.task,
        "zero": "" if any("zero" in axis.columns for axis in study.axes) else str(study.held.get("zero", "clinical")),
        "study": study.text,
        "statement": json.dumps(study.statement),
        "block_shape": list(block_shape),
        "chain": made.chain,
        "notices": json.dumps(list(made.notices)),
        # the way of the CF conventions to say which variables only belong to a dimension
        "coordinates": " ".join(sorted(name for name, (dims, *_) in coordinates.items() if dims != (name,))),
        **_samples(study.axes),
        **provenance(),
    }
    nodes: dict[str, Any] = {"": GroupMetadata(attributes=attributes, zarr_format=2)}
    for name, (dims, values, attrs) in coordinates.items():
        nodes[name] = _array(dims, values.shape, values.shape, values.dtype, None, attrs)
    nodes |= _variables(study, layout, block_shape)
    attrs = {"long_name": "checksum of a block's files; 0: not written"}
    nodes[CHECK] = _array(("block",), (len(made.blocks),), (1,), _MARK, 0, attrs, None)
    # all at once: one after the other they take as long as some thousand postures each
    dict(zarr.create_hierarchy(store=LocalStore(path), nodes=nodes))
    for name, (_, values, _) in coordinates.items():
        _put(path / name / nodes[name].encode_chunk_key((0,)), _encoded(nodes[name], values))


def _variables(study: Study, layout: Layout, block_shape: tuple[int, ...]) -> dict[str, ArrayV2Metadata]:
    """The arrays that hold what the cases come to; a chunk of each is one block."""
    axes, found = tuple(axis.name for axis in study.axes), {}
    for name, values in blank(study, layout, 1).items():
        own, unit, long_name = VARIABLES[name]
        size, chunk = (*study.shape, *values.shape[1:]), (*block_shape, *values.shape[1:])
        nothing, attrs = -1 if values.dtype.kind == "i" else "NaN", {"units": unit, "long_name": long_name}
        found[name] = _array((*axes, *own), size, chunk, values.dtype, nothing, attrs)
    return found


def _array(
    dims: tuple[str, ...],
    size: tuple[int, ...],
    chunk: tuple[int, ...],
    dtype: np.dtype[Any],
    nothing: float | str | None,
    attributes: Mapping[str, str],
    codec: Mapping[str, Any] | None = CODEC,
) -> ArrayV2Metadata:
    """An array, and what counts as its values as long as `nothing` is written."""
    return ArrayV2Metadata.from_dict(
        {
            "zarr_format": 2,
            "shape": size,
            "chunks": chunk,
            "dtype": dtype.str,
            "fill_value": nothing,
            "order": "C",
            "filters": None,
            "dimension_separator": ".",
            "compressor": codec and dict(codec),
            "attributes": {"_ARRAY_DIMENSIONS": list(dims), **attributes},
        }
    )


def _coordinates(study: Study, layout: Layout) -> dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]]:
    """The data set's coordinates: dimensions, values and attributes of each."""
    found: dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]] = {}
    for axis in study.axes:
        if axis.kind != GRID:
            found[axis.name] = (axis.name,), np.arange(len(axis)), {"long_name": f"{axis.kind} number", "units": "1"}
        for name, values in axis.columns.items():
            option = study.option(name)
            found[name] = (axis.name,), values, {"long_name": option.words, "units": option.unit or "1"}
        for name, values in axis.labels.items():
            known = options(study.task).get(name)
            unit = known.unit if known else "year" if name == "age" else ""
            found[name] = (axis.name,), values, {"long_name": known.words if known else name, "units": unit or "1"}
    words = {"strategy": study.strategies, "coordinate": study.coordinates}
    words |= {"status": tuple(STATUSES), "yielding": layout.yielding}
    if study.trajectories:
        words |= {"joint_angle": ROTATIONS, "translation": TRANSLATIONS}
    return found | {name: ((name,), np.array(values, dtype=str), {}) for name, values in words.items()}


def _samples(axes: tuple[Axis, ...]) -> dict[str, str]:
    """How samples and people were drawn."""
    return {axis.name if axis.name != "sample" else "samples": json.dumps(axis.origin) for axis in axes if axis.origin}


def check_same(path: Path, study: Study) -> tuple[int, ...]:
    """The shape of the store's blocks, if it is this study's and of this version.

    Raises
    ------
    HipspineError
        If `path` is no store of a study, or one of another study or version; the difference is shown. If something that
        every store has is missing in it, or cannot be read.
    """
    attrs = _attributes(path)
    there, here = json.loads(attrs["statement"]), json.loads(json.dumps(study.statement))
    if there != here:
        raise HipspineError(f"{path}: holds another study:\n{_difference(there, here)}")
    mine = provenance()
    others = {key: attrs.get(key) for key in mine}
    for key in ("version", "code", "versions"):
        if others[key] != mine[key]:
            what = _difference({key: others[key]}, {key: mine[key]})
            raise HipspineError(f"{path}: was begun with another version of hipspine or of what it needs:\n{what}")
    with _damage(path):
        group = zarr.open_group(path, mode="r", zarr_format=2)
        for name in _names(path, there):
            group[name]  # or a KeyError
    return tuple(attrs["block_shape"])


def _names(path: Path, statement: Mapping[str, Any]) -> list[str]:
    """The variables that a study's store has; a KeyError if one is missing."""
    asked = [name for name, (own, *_) in VARIABLES.items() if statement["trajectories"] or "frame" not in own]
    for name in (CHECK, *asked):
        if not (path / name / ".zarray").is_file():
            raise KeyError(name)
    return [CHECK, *asked]


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Say that something is missing in a store, or cannot be read."""
    try:
        yield
    except (KeyError, ValueError) as error:
        raise HipspineError(f"{path}: is damaged, begin it anew: {error}") from None


def _attributes(path: Path) -> dict[str, Any]:
    try:
        attrs = dict(zarr.open_group(path, mode="r", zarr_format=2).attrs)
    except (OSError, ValueError, KeyError) as error:
        raise HipspineError(f"{path}: is no store of a study ({type(error).__name__})") from None
    if not {"statement", "block_shape", "study"} <= attrs.keys():
        raise HipspineError(f"{path}: is no store of a study")
    return attrs


def _difference(there: Any, here: Any) -> str:
    before, after = (json.dumps(one, indent=1, sort_keys=True).splitlines() for one in (there, here))
    lines = unified_diff(before, after, "in the store", "asked for", lineterm="", n=1)
    return "\n".join(f"  {line}" for line in lines)


def open_study(path: str | Path) -> xr.Dataset:
    """Open the data set of a study.

    Parameters
    ----------
    path : str or Path
        What ``hipspine sweep --out`` wrote, finished or not.

    Returns
    -------
    xarray.Dataset
        Dims named after what varies, then ``strategy`` and what a variable has of its own. Cases of blocks that are not
        whole are NaN, their frames 0; attribute ``whole_blocks`` says how many are whole.

    Raises
    ------
    HipspineError
        If it is no store of a study.
    """
    path = Path(path)
    attrs = _attributes(path)
    statement = json.loads(attrs["statement"])
    with _damage(path):
        _names(path, statement)
        data: xr.Dataset = xr.open_zarr(path, consolidated=False, chunks=None, zarr_format=2, mask_and_scale=False)
    data = data.drop_vars(CHECK)
    for name in data.variables:
        data[name].attrs.pop("_FillValue", None)
    dims = [axis["name"] for axis in statement["axes"]]
    size = [data.sizes[dim] for dim in dims]
    parts = [range(0, n, own) for n, own in zip(size, attrs["block_shape"], strict=True)]
    whole = marked(path).reshape([len(part) for part in parts])
    data.attrs["whole_blocks"], data.attrs["blocks"] = int(whole.sum()), int(whole.size)
    if not whole.all():
        group = zarr.open_group(path, mode="r", zarr_format=2)
        for key in data.data_vars:
            masked = _WholeBlocks(group[str(key)], whole, tuple(attrs["block_shape"]))
            data[key] = xr.Variable(data[key].dims, LazilyIndexedArray(masked), data[key].attrs)
    return data


class _WholeBlocks(BackendArray):
    """A variable of an unfinished store, read where it is asked for; blocks that are not whole are blank."""

    def __init__(self, array: Any, whole: NDArray[np.bool_], block_shape: tuple[int, ...]) -> None:
        self.array, self.whole, self.block_shape = array, whole, block_shape
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: ExplicitIndexer) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        """What a number, a slice or an array of places for each dimension asks for."""
        found = np.asarray(self.array.oindex[key])
        known = self.whole
        for axis, own in reversed(list(enumerate(self.block_shape))):
            known = known.take(np.arange(self.shape[axis])[key[axis]] // own, axis=axis)
        known = known.reshape(known.shape + (1,) * (found.ndim - known.ndim))
        return np.where(known, found, np.array(0 if self.dtype.kind == "i" else np.nan, self.dtype))


__all__ = ["CHECK", "VARIABLES", "Store", "check_same", "create", "marked", "open_study", "settle", "settle_folders"]
