"""The answer as a netCDF file, whole: the problem and its proof inside."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import xarray as xr

from kinematics.errors import HipspineError
from simulate.result import Compensation


def write_result(path: str | Path, result: Compensation) -> None:
    """Write an answer as netCDF-4, its larger arrays compressed, with a digest of all that is in it."""
    _write(path, result.assign_attrs(digest=digest(result)))


def write_load(path: str | Path, load: xr.Dataset) -> None:
    """Write the load that belongs to an answer as netCDF-4: everything that `simulate.load.load_of` found."""
    _write(path, load)


def _write(path: str | Path, whole: xr.Dataset) -> None:
    large = {str(name): {"zlib": True} for name, array in whole.data_vars.items() if array.size > 1000}
    whole.to_netcdf(path, engine="h5netcdf", encoding=large)


def digest(result: xr.Dataset) -> str:
    """SHA-256 of every variable with its attributes, and of the attributes of the whole but for a digest."""
    whole = sha256()

    def add(*parts: object) -> None:
        for part in parts:
            whole.update(part if isinstance(part, bytes) else str(part).encode())
            whole.update(b"\0")

    for name in sorted(map(str, result.variables)):
        variable = result[name].variable
        values = np.ascontiguousarray(variable.values)
        number = values.dtype.kind in "fiub"
        add(name, variable.dims, values.shape, values.dtype.kind if number else "text")
        add(values.tobytes() if number else "\0".join(values.astype(str).ravel()))
        for key, value in sorted(variable.attrs.items()):
            add(key, np.asarray(value).tolist())
    for key, value in sorted(result.attrs.items()):
        if key != "digest":
            add(key, value)
    return whole.hexdigest()


def read_result(path: str | Path) -> Compensation:
    """Read an answer that `write_result` wrote.

    Raises
    ------
    HipspineError
        If the file is missing or is no such answer.
    """
    path = Path(path)
    if not path.is_file():
        raise HipspineError(f"{path}: no such file")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as found:
            whole = found.load()
            return Compensation(dict(whole.data_vars), whole.coords, whole.attrs)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise HipspineError(f"{path}: is no netCDF file of hipspine: {error}") from None
