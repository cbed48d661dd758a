"""The answer as a netCDF file, whole: the problem and its proof inside."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from kinematics.errors import HipspineError
from simulate.result import Compensation


def write_result(path: str | Path, result: Compensation) -> None:
    """Write an answer as netCDF-4."""
    result.to_netcdf(path, engine="h5netcdf")


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
    except (OSError, ValueError) as error:
        raise HipspineError(f"{path}: is no netCDF file of hipspine: {error}") from None
