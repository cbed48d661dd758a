"""Every experiment on its small grid: it leaves data, figure and finding, and the finding tells what was published."""

import json
from math import isfinite

import numpy as np
import pytest
import xarray as xr

from experiments import calibration
from experiments.catalogue import experiment, experiments
from experiments.common.finding import compare
from experiments.common.outcome import run, write
from experiments.common.published import CONSISTENCY, CONTROL, VERDICTS, every_row, published
from experiments.validation import page


@pytest.fixture(scope="module", params=list(experiments()))
def outcome(request, tmp_path_factory):
    """An experiment's name, its outcome on the small grid and the files it wrote."""
    found, seconds = run(request.param, small=True)
    assert seconds > 0.0
    return request.param, found, write(request.param, found, tmp_path_factory.mktemp("experiment"))


def test_it_writes_data_a_figure_and_its_finding(outcome):
    name, found, written = outcome
    assert [path.name for path in written] == [f"{name}.{kind}" for kind in ("nc", "png", "svg", "txt")]
    assert all(path.stat().st_size > 0 for path in written)
    paths = {path.suffix: path for path in written}
    text = paths[".txt"].read_text(encoding="utf-8")
    assert found.finding.text in text
    assert text.startswith(experiment(name).question)
    with xr.open_dataset(paths[".nc"], engine="h5netcdf") as data:
        assert data.attrs["experiment"] == name
        assert data.attrs["grid"] == "small"
        assert data.attrs["version"]
        assert json.loads(data.attrs["comparisons"])
        for variable in data.variables.values():
            assert variable.attrs["long_name"]
            assert variable.dtype.kind in "OUTS" or "units" in variable.attrs
    svg = paths[".svg"].read_text(encoding="utf-8")
    assert "<text" in svg  # text stays text


def test_its_finding_mentions_the_published_value_and_the_verdict(outcome):
    _, found, _ = outcome
    text = found.finding.text
    assert "\n" not in text
    assert "nan" not in text.lower().replace("nancy", "")
    assert found.finding.comparisons
    for each in found.finding.comparisons:
        assert each.row.said in text
        assert each.verdict in text
        assert each.verdict in VERDICTS
        assert isfinite(each.predicted) or each.why


def test_its_numbers_were_found(outcome):
    _, found, _ = outcome
    for name, array in found.data.data_vars.items():
        if array.dtype.kind == "f":
            assert np.isfinite(array.values).any(), name
    if "unsolved" in found.data:
        assert float(found.data.unsolved.fillna(0.0).sum()) == 0.0


def test_the_page_tells_every_comparison_and_what_is_not_held_against_anything_yet():
    found = [
        ("forward_bend_orthosis", compare("V1.share", 6.0, "predicted")),
        ("age_and_tilt", compare("V3.hip", -4.0, "predicted")),
    ]
    told = page(found, "small")
    for row in every_row().values():
        assert row.id in told
    apart = told.index("## Consistency checks")
    assert (
        told.index("6.0 points (predicted)") < told.index("## Negative controls") < apart < told.index("\u22124.0 deg")
    )
    assert "Of 1 comparisons that could have come out otherwise 1 came out as published." in told


def test_the_page_in_the_documentation_knows_every_published_row_and_experiment(request):
    told = (request.config.rootpath / "docs" / "validation.md").read_text(encoding="utf-8")
    for row in every_row().values():
        assert f" {row.id} " in told or f"- {row.id}:" in told, row.id
    for name in experiments():
        assert f"`{name}`" in told, name


def test_negative_controls_and_consistency_checks_are_there():
    roles = {row.role for row in every_row().values()}
    assert {CONTROL, CONSISTENCY} < roles


def test_the_stiffness_table_holds_what_the_calibration_finds_and_nothing_near_it_does_better():
    movements = calibration.Movements.made()
    found, _ = calibration.fitted(movements)
    np.testing.assert_array_equal(calibration.rounded(found), calibration.tabled())
    rows = [published(name) for name in calibration.TARGETS]
    assumed = calibration.assumed()

    def cost(values):
        predicted = movements.predicted(values)
        missed = [(p - row.value) / (0.5 * (row.high - row.low)) for p, row in zip(predicted, rows, strict=True)]
        away = [np.log2(v / row.prior) / np.log2(row.factor) for v, row in zip(values, assumed, strict=True)]
        return np.sum(np.square([*missed, *away]))

    for k in range(len(found)):
        for by in (0.9, 1.1):
            other = found.copy()
            other[k] *= by
            assert cost(other) > cost(found)
