"""A study's data set as one netCDF file, or as a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from simulate.studies.axes import Block, parts_of, slabs

#: Rows of a table that are put together at a time, at most.
ROWS = 65_536


def to_netcdf(data: xr.Dataset, path: str | Path) -> None:
    """Write a study's data set into one netCDF-4 file.

    Raises
    ------
    HipspineError
        If it cannot be written.
    """
    with _whole(Path(path)) as partial:
        data.to_netcdf(partial, engine="h5netcdf", format="NETCDF4")


def to_parquet(data: xr.Dataset, path: str | Path) -> None:
    """Write a study's summaries into a Parquet table, one row a case and strategy.

    Columns are the options and what else is known of each case, then the variables; what one has of its own becomes
    columns: ``added_lumbar_extension``, ``frames_solved``, ``short_mm_step_length``. Units and long names are metadata
    of each column (``pyarrow.parquet.read_schema(path).field("lumbar").metadata``), title and task those of the table.
    Motions stay out. Rows are in the order of the dimensions, the last one fastest; few are in memory at a time.

    Raises
    ------
    HipspineError
        If pyarrow is missing, or it cannot be written.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise HipspineError("a Parquet table needs pyarrow: install hipspine[parquet]") from None
    dims = tuple(str(dim) for dim in data["lumbar"].dims)
    sizes = [data.sizes[dim] for dim in dims]
    sources = dict(_sources(data, dims))
    schema = pa.schema(
        [pa.field(name, _type(pa, source), metadata=_metadata(source)) for name, (source, _) in sources.items()],
        metadata={key: str(data.attrs[key]) for key in ("title", "task") if key in data.attrs},
    )
    with _whole(Path(path)) as partial, parquet.ParquetWriter(partial, schema) as writer:
        for slab in slabs(sizes, parts_of(sizes, ROWS)):
            writer.write_table(pa.table(_columns(sources, dims, slab), schema=schema))


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which takes its place once all is written."""
    partial = Path(f"{path}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if partial.is_file():
            partial.unlink()


def _sources(data: xr.Dataset, dims: tuple[str, ...]) -> Iterator[tuple[str, tuple[xr.DataArray, int | None]]]:
    """Of each column where its values are, and at which place of the variable's own dimension."""
    for name, coordinate in data.coords.items():
        if set(coordinate.dims) <= set(dims):
            yield str(name), (coordinate, None)
    for name in sorted(map(str, data.data_vars)):
        own = [dim for dim in data[name].dims if dim not in dims]
        if not set(dims) <= set(data[name].dims) or "frame" in own:
            continue
        if not own:
            yield name, (data[name].transpose(*dims), None)
        for k, word in enumerate(data[own[0]].values.tolist() if own else ()):
            yield f"{name}_{word}".replace(" ", "_"), (data[name].transpose(*dims, own[0]), k)


def _type(pa: Any, source: xr.DataArray) -> Any:
    """Words as words, numbers of the kind they are."""
    return pa.string() if source.dtype.kind in "OUST" else pa.from_numpy_dtype(source.dtype)


def _metadata(source: xr.DataArray) -> dict[str, str]:
    return {key: str(source.attrs[key]) for key in ("units", "long_name") if key in source.attrs}


def _columns(
    sources: dict[str, tuple[xr.DataArray, int | None]], dims: tuple[str, ...], slab: Block
) -> dict[str, NDArray[Any]]:
    """The columns of some cases; each variable is read once."""
    at, extent = dict(zip(dims, slab, strict=True)), [part.stop - part.start for part in slab]
    columns: dict[str, NDArray[Any]] = {}
    read: dict[Any, NDArray[Any]] = {}
    for name, (source, k) in sources.items():
        if source.name not in read:
            values = source.isel({dim: at[str(dim)] for dim in source.dims if dim in at}).values
            # a coordinate is the same all along the dimensions that it does not have
            ones = [n if dim in source.dims else 1 for dim, n in zip(dims, extent, strict=True)]
            own = values.shape[len(extent) :] if k is not None else ()
            whole = np.broadcast_to(values.reshape(*ones, *own), (*extent, *own))
            read[source.name] = whole.reshape(prod(extent), *own)
        columns[name] = read[source.name] if k is None else read[source.name][:, k]
    return columns


__all__ = ["to_netcdf", "to_parquet"]
