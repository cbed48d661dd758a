"""The data set of a study on disk: a Zarr store whose blocks are written whole, marked and checked, or count as absent.

Beside the variables the store holds ``check``: of each block the checksum of its values, 0 until all of them are
written. A block counts only if what is on disk has its checksum, so neither a killed process nor a lost power supply
leaves half a block behind that looks like a whole one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from kinematics.conventions import ROTATIONS, TRANSLATIONS
from kinematics.errors import HipspineError
from simulate.studies.axes import GRID, Axis, blocks
from simulate.studies.compute import STATUSES, Layout, blank
from simulate.studies.plan import Plan
from simulate.studies.provenance import provenance
from simulate.studies.study import Study

CHECK = "check"
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
    "restricted": (("strategy", "frame", "angle"), "deg", "restricted joint angle, zero of the model"),
    "restricted_translation": (("strategy", "frame", "translation"), "m", "restricted pelvis place"),
    "free": (("frame", "angle"), "deg", "free joint angle, zero of the model"),
    "free_translation": (("frame", "translation"), "m", "free pelvis place"),
    "percent": (("frame",), "%", "part of the limited side's cycle"),
}


class Store:
    """A study's store, to write blocks into and to read them from."""

    def __init__(self, path: Path, study: Study, block_shape: tuple[int, ...]) -> None:
        self.path = path
        self.blocks = blocks(study.axes, block_shape)
        # zarr format 2: words as words, and read by every program that reads Zarr
        self.group = zarr.open_group(path, mode="r+", zarr_format=2)
        self.arrays: dict[str, Any] = {name: self.group[name] for name in VARIABLES if name in self.group}

    def is_whole(self, k: int) -> bool:
        """Whether block k was written, and is on disk as it was written."""
        mark = int(self._marks()[k])
        try:
            return mark != 0 and mark == _checksum(self._values(k))
        except (ValueError, RuntimeError):  # what a chunk that was cut off decodes to
            return False

    def write(self, k: int, values: Mapping[str, NDArray[Any]]) -> None:
        """Write a block, then its checksum."""
        for name, array in self.arrays.items():
            array[self.blocks[k]] = values[name]
        self._marks()[k] = _checksum({name: values[name] for name in self.arrays})

    def _marks(self) -> Any:
        return self.group[CHECK]

    def _values(self, k: int) -> dict[str, NDArray[Any]]:
        return {name: array[self.blocks[k]] for name, array in self.arrays.items()}


def _checksum(values: Mapping[str, NDArray[Any]]) -> int:
    found = 0
    for name in sorted(values):
        found = zlib.crc32(np.ascontiguousarray(values[name]).tobytes(), found)
    return found or 1


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


def _fill(path: Path, made: Plan) -> None:
    """Coordinates, empty variables, and where they come from."""
    study, layout, block_shape = made.study, made.layout, made.block_shape
    template = _template(study, layout).assign_attrs(
        title=study.title or f"hipspine: a study of {study.task}",
        task=study.task,
        study=study.text,
        statement=json.dumps(study.statement),
        block_shape=list(block_shape),
        chain=made.chain,
        notices=json.dumps(list(made.notices)),
        **_samples(study.axes),
        **provenance(),
    )
    template.to_zarr(path, mode="w", zarr_format=2, consolidated=False)
    group = zarr.open_group(path, mode="r+", zarr_format=2)
    dims = tuple(axis.name for axis in study.axes)
    for name, values in blank(study, layout, 1).items():
        own, unit, long_name = VARIABLES[name]
        array = group.create_array(
            name,
            shape=(*study.shape, *values.shape[1:]),
            chunks=(*block_shape, *values.shape[1:]),
            dtype=values.dtype,
            fill_value=-1 if values.dtype.kind == "i" else np.nan,
        )
        array.attrs.update({"_ARRAY_DIMENSIONS": [*dims, *own], "units": unit, "long_name": long_name})
    marks = group.create_array(
        CHECK, shape=(len(blocks(study.axes, block_shape)),), chunks=(1,), dtype=np.uint32, fill_value=0
    )
    marks.attrs.update({"_ARRAY_DIMENSIONS": ["block"], "long_name": "checksum of a block's values; 0: not written"})


def _template(study: Study, layout: Layout) -> xr.Dataset:
    """The data set's coordinates."""
    coords: dict[str, Any] = {}
    for axis in study.axes:
        if axis.kind != GRID:
            coords[axis.name] = ((axis.name,), np.arange(len(axis)), {"long_name": f"{axis.kind} number", "units": "1"})
        for name, values in axis.columns.items():
            option = study.option(name)
            coords[name] = ((axis.name,), values, {"long_name": option.words, "units": option.unit or "1"})
        for name, values in axis.labels.items():
            coords[name] = ((axis.name,), values, {"long_name": name, "units": "year" if name == "age" else "1"})
    coords["strategy"] = list(study.strategies)
    coords["coordinate"] = list(study.coordinates)
    coords["status"], coords["yielding"] = list(STATUSES), list(layout.yielding)
    if study.trajectories:
        coords["angle"], coords["translation"] = list(ROTATIONS), list(TRANSLATIONS)
    return xr.Dataset(coords=coords)


def _samples(axes: tuple[Axis, ...]) -> dict[str, str]:
    """How samples and people were drawn."""
    return {axis.name if axis.name != "sample" else "samples": json.dumps(axis.origin) for axis in axes if axis.origin}


def check_same(path: Path, study: Study) -> tuple[int, ...]:
    """The shape of the store's blocks, if it is this study's and of this version.

    Raises
    ------
    HipspineError
        If `path` is no store of a study, or one of another study or version; the difference is shown.
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
    return tuple(attrs["block_shape"])


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
    data: xr.Dataset = xr.open_zarr(path, consolidated=False, chunks=None, zarr_format=2, mask_and_scale=False)
    marks = data[CHECK].values
    data = data.drop_vars(CHECK)
    for name in data.variables:
        data[name].attrs.pop("_FillValue", None)
    dims = [axis["name"] for axis in json.loads(attrs["statement"])["axes"]]
    size = [data.sizes[dim] for dim in dims]
    parts = [range(0, n, own) for n, own in zip(size, attrs["block_shape"], strict=True)]
    whole = (marks != 0).reshape([len(part) for part in parts])
    data.attrs["whole_blocks"], data.attrs["blocks"] = int(whole.sum()), int(whole.size)
    if not whole.all():
        for axis, (n, own) in enumerate(zip(size, attrs["block_shape"], strict=True)):
            whole = np.repeat(whole, own, axis=axis)[
                tuple(slice(n) if a == axis else slice(None) for a in range(len(size)))
            ]
        known = xr.DataArray(whole, dims=dims)
        for name in data.data_vars:
            blank_value = 0 if data[name].dtype.kind == "i" else np.nan
            data[name] = data[name].where(known, blank_value).assign_attrs(data[name].attrs)
    return data


__all__ = ["CHECK", "VARIABLES", "Store", "check_same", "create", "open_study"]
