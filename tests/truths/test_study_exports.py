"""A study's data set as a netCDF file and as a table: every value, unit and word of it, in little memory."""

import resource

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr

from kinematics.errors import HipspineError
from simulate import open_study, sweep
from simulate.studies import export
from simulate.studies.export import to_netcdf, to_parquet

GIVEN = {
    "task": "walk",
    "title": "Both hips, some speeds",
    "strategy": ["predicted", "closure"],
    "held": {"hip_flexion": "60 deg"},
    "vary": {"speed": ["slow", "fast"]},
    "zip": {"hips": {"hip_extension_right": ["10 deg", "0 deg", "-3 deg"], "hip_extension_left": ["5 deg"] * 3}},
    "cohort": {"preset": "low_back_pain", "count": 2, "columns": ["lumbar_extension"]},
}


@pytest.fixture(scope="module")
def found():
    return sweep(GIVEN, workers=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "walk.zarr"
    sweep({**GIVEN, "trajectories": True, "block": 4}, path, workers=1)
    return path


def large(people, speeds):
    """A data set of many cases by formula; nothing of it is in memory twice."""
    n = people * speeds
    values = np.arange(n, dtype=float).reshape(people, speeds, 1)
    about = {"units": "deg", "long_name": "largest norm"}
    return xr.Dataset(
        {
            "lumbar": (("person", "speed", "strategy"), values, about),
            "added": (("person", "speed", "strategy", "coordinate"), np.stack([values, -values], axis=-1), about),
            "frames": (
                ("person", "speed", "strategy", "status"),
                np.full((people, speeds, 1, 1), 51, np.int32),
                {"units": "1"},
            ),
        },
        {
            "person": np.arange(people),
            "sex": ("person", np.array(["female", "male"])[np.arange(people) % 2], {"units": "1"}),
            "stature": ("person", 1.5 + np.arange(people) / people, {"units": "m", "long_name": "body height"}),
            "speed": [f"speed {k}" for k in range(speeds)],
            "strategy": ["predicted"],
            "coordinate": ["lumbar_extension", "lumbar_bending"],
            "status": ["solved"],
        },
        {"title": "many", "task": "walk"},
    )


def test_a_netcdf_file_gives_back_the_data_set(found, tmp_path):
    to_netcdf(found, tmp_path / "in" / "study.nc")
    with xr.open_dataset(tmp_path / "in" / "study.nc") as back:
        xr.testing.assert_identical(back.drop_attrs(deep=False), found.drop_attrs(deep=False))
        for name in found.variables:
            assert {**back[name].attrs} == {**found[name].attrs}, name
        for name, value in found.attrs.items():
            np.testing.assert_array_equal(back.attrs[name], value, err_msg=name)
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["study.nc"]


def test_a_netcdf_file_of_a_store_with_motions_has_them(store, tmp_path):
    data = open_study(store)
    to_netcdf(data, tmp_path / "study.nc")
    with xr.open_dataset(tmp_path / "study.nc") as back:
        for name in ("restricted", "free", "percent", "added", "speed", "sex"):
            np.testing.assert_array_equal(back[name], data[name], err_msg=name)
            assert back[name].attrs == data[name].attrs


def check_table(data, path):
    table, schema = pd.read_parquet(path), pq.read_schema(path)
    dims = [*data.lumbar.dims]
    assert len(table) == data.lumbar.size
    for place, row in zip(np.ndindex(*data.lumbar.shape), table.to_dict("records"), strict=True):
        case = data.isel(dict(zip(dims, place, strict=True)))
        for name in ("speed", "sex", "strategy"):
            assert row[name] == str(case[name].values)
        for name in ("hip_extension_right", "lumbar_extension", "age", "lumbar", "kkt"):
            np.testing.assert_array_equal(row[name], case[name])
        for coordinate in data.coordinate.values:
            np.testing.assert_array_equal(row[f"added_{coordinate}"], case.added.sel(coordinate=coordinate))
        assert row["frames_solved"] == case.frames.sel(status="solved")
        np.testing.assert_array_equal(row["short_mm_step_length"], case.short_mm.sel(yielding="step length"))
    for name, unit in (("lumbar", "deg"), ("peak_pelvis_tilt", "deg"), ("age", "year"), ("frames_unsolved", "1")):
        assert schema.field(name).metadata[b"units"].decode() == unit
        assert schema.field(name).metadata[b"long_name"]
    assert schema.metadata[b"title"] == b"Both hips, some speeds"
    kinds = {name: str(schema.field(name).type) for name in ("speed", "group", "hips", "lumbar", "frames_solved")}
    assert kinds == {
        "speed": "string",
        "group": "string",
        "hips": "int64",
        "lumbar": "double",
        "frames_solved": "int32",
    }
    assert not any(name.startswith(("restricted", "free", "percent")) for name in schema.names)
    return table


@pytest.mark.parametrize("rows", [1, 3, 7, 65_536])
def test_a_table_has_one_row_a_case_and_strategy_however_many_are_read_at_a_time(found, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(export, "ROWS", rows)
    to_parquet(found, tmp_path / "study.parquet")
    check_table(found, tmp_path / "study.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["study.parquet"]


def test_a_store_with_motions_gives_the_same_table(store, found, tmp_path):
    to_parquet(open_study(store), tmp_path / "study.parquet")
    table = check_table(open_study(store), tmp_path / "study.parquet")
    np.testing.assert_allclose(table.lumbar, found.lumbar.values.ravel(), atol=1e-5)


def test_an_unfinished_study_is_exported_with_gaps(store, tmp_path):
    import shutil

    import zarr

    shutil.copytree(store, tmp_path / "part.zarr")
    zarr.open_group(tmp_path / "part.zarr", mode="r+", zarr_format=2)["check"][-1] = 0
    data = open_study(tmp_path / "part.zarr")
    assert data.attrs["whole_blocks"] < data.attrs["blocks"]
    to_parquet(data, tmp_path / "part.parquet")
    table = check_table(data, tmp_path / "part.parquet")
    gone = table.lumbar.isna()
    assert gone.any() and not gone.all()
    assert (table.frames_solved[gone] == 0).all() and (table.frames_solved[~gone] > 0).all()
    to_netcdf(data, tmp_path / "part.nc")
    with xr.open_dataset(tmp_path / "part.nc") as back:
        np.testing.assert_array_equal(back.lumbar, data.lumbar)


def test_three_hundred_thousand_cases_are_a_table_in_little_memory(tmp_path):
    data = large(30_000, 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    to_parquet(data, tmp_path / "large.parquet")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 150
    file = pq.ParquetFile(tmp_path / "large.parquet")
    assert file.metadata.num_rows == 300_000 and file.num_row_groups > 4
    table = file.read().to_pandas()
    np.testing.assert_array_equal(table.lumbar, np.arange(300_000.0))
    np.testing.assert_array_equal(table.added_lumbar_bending, -np.arange(300_000.0))
    np.testing.assert_array_equal(table.person, np.repeat(np.arange(30_000), 10))
    assert table.speed[:11].tolist() == [*(f"speed {k}" for k in range(10)), "speed 0"]
    assert table.sex[9:11].tolist() == ["female", "male"]


@pytest.mark.parametrize("write", [to_netcdf, to_parquet])
def test_what_cannot_be_written_is_one_error_and_leaves_nothing(found, tmp_path, write):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HipspineError, match="cannot be written"):
        write(found, tmp_path / "file" / "study")
    (tmp_path / "folder").mkdir()
    with pytest.raises(HipspineError, match="cannot be written"):
        write(found, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
