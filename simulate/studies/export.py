"""A study's data set as one netCDF file, or as a table."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinematics.errors import HipspineError

#: Cases of a table that are put together at a time.
ROWS = 65_536


def to_netcdf(data: xr.Dataset, path: str | Path) -> None:
    """Write a study's data set into one netCDF-4 file.

    Raises
    ------
    HipspineError
        If it cannot be written.
    """
    path, partial = Path(path), Path(f"{path}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data.to_netcdf(partial, engine="h5netcdf", format="NETCDF4")
        partial.replace(path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)


def to_parquet(data: xr.Dataset, path: str | Path) -> None:
    """Write a study's summaries into a Parquet table, one row a case and strategy.

    What a variable has of its own becomes columns: ``added_lumbar_extension``, ``frames_solved``. Units and long names
    are in the file's metadata, under the column's name. Motions stay out.

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
    path, partial = Path(path), Path(f"{path}.partial")
    dims = data["lumbar"].dims
    sizes = [data.sizes[dim] for dim in dims]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = None
        for first in range(0, prod(sizes), ROWS):
            places = np.unravel_index(np.arange(first, min(first + ROWS, prod(sizes))), sizes)
            # whole slices of the first dimension at a time, so that blocks are read once
            columns, about = _columns(data, dict(zip(dims, places, strict=True)))
            table = pa.table(columns).replace_schema_metadata({"hipspine": data.attrs.get("title", ""), **about})
            writer = writer or parquet.ParquetWriter(partial, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
        partial.replace(path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)


def _columns(data: xr.Dataset, places: dict[Any, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns of some cases, and unit and long name of each."""
    at = {dim: xr.DataArray(place, dims="row") for dim, place in places.items()}
    columns: dict[str, Any] = {}
    about: dict[str, str] = {}

    def put(name: str, values: Any, source: xr.DataArray) -> None:
        columns[name] = values
        about[name] = f"{source.attrs.get('long_name', name)} [{source.attrs.get('units', '1')}]"

    for name, coordinate in data.coords.items():
        if set(coordinate.dims) <= places.keys():
            put(str(name), coordinate.isel({dim: at[dim] for dim in coordinate.dims}).values, coordinate)
    for name, variable in data.data_vars.items():
        own = [dim for dim in variable.dims if dim not in places]
        if not set(places) <= set(variable.dims) or "frame" in own:
            continue
        some = variable.isel(at)
        if not own:
            put(str(name), some.values, variable)
        for word in data[own[0]].values if own else ():
            put(f"{name}_{word}".replace(" ", "_"), some.sel({own[0]: word}).values, variable)
    return columns, about


__all__ = ["to_netcdf", "to_parquet"]
