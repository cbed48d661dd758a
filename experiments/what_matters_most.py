"""What explains how much lumbar motion walking takes: the hips, or the stiffnesses one may doubt?

Subject  A generic adult on free norm curves of walking.
Task     Walking: the loaded foot stays where it was, the trunk would rather stay upright.
Varied   What `experiments/studies/what_matters_most.toml` says: hip extension of either side, -10 to 10 deg, and the
         stiffness of lumbar extension, pelvic tilt, knee and trunk from half to twice the table's, each evenly and
         independently of the others (a Saltelli sample).
Held     Everything else; strategy predicted.
Outcome  Shares of the variance (Sobol indices, first order and total) of the largest added lumbar motion, of added
         lumbar extension and of added rotation, with 95 % intervals.
Run      python experiments/what_matters_most.py [--small] [--out FOLDER]

A share says as much about how far an input was varied as about the input.
"""

from __future__ import annotations

import tomllib
from typing import Any

import xarray as xr

from experiments.catalogue import folder, question
from experiments.common import Finding, Outcome, compare, script
from simulate.figures import indices_figure
from simulate.sensitivity import study_indices
from simulate.studies.run import sweep

#: Base samples of the small grid; the full one has the study's own.
FEW = 64
WORDS = {
    "hip_extension_right": "right hip extension",
    "hip_extension_left": "left hip extension",
    "stiffness_lumbar_extension": "stiffness of lumbar extension",
    "stiffness_pelvis_tilt": "of pelvic tilt",
    "stiffness_knee_angle": "of the knee",
    "stiffness_trunk_orientation": "of the trunk's orientation",
}


def run(*, small: bool) -> Outcome:
    """Run the study and share its variance."""
    study: dict[str, Any] = tomllib.loads((folder() / "studies" / "what_matters_most.toml").read_text(encoding="utf-8"))
    study["trajectories"] = False
    if small:
        study["samples"]["count"] = FEW
    cases = sweep(study)
    shares = study_indices(cases)
    assert shares is not None, "the study has a Saltelli sample"
    data = xr.merge([shares, cases[["lumbar", "added"]]], combine_attrs="drop", compat="no_conflicts")
    data.attrs = {**cases.attrs, **shares.attrs, "grid": "small" if small else "full"}
    for name, variable in data.variables.items():
        variable.attrs.setdefault("long_name", str(name).replace("_", " "))
        if variable.dtype.kind in "fi":
            variable.attrs.setdefault("units", "1")
    finding = Finding(
        question(__file__),
        paragraph(shares),
        [compare("shares.none", None, "predicted", why="nothing to compare with")],
    )
    return Outcome(data, indices_figure(shares), finding)


def paragraph(shares: xr.Dataset) -> str:
    """What was found, in words."""
    one = shares.sel(strategy="predicted") if "strategy" in shares.dims else shares
    parts = []
    for output, words in (
        ("lumbar", "the largest added lumbar motion"),
        ("added:lumbar_rotation", "added lumbar rotation"),
    ):
        total = one.sel(output=output)
        told = [
            f"{WORDS.get(str(name), str(name))} {float(total.ST.sel(input=name)):.2f} ± "
            f"{float(total.ST_conf.sel(input=name)):.2f}"
            for name in total.input.values[(-total.ST.fillna(0.0)).argsort().values]
        ]
        parts.append(f"Of the variance of {words} (total indices): {', '.join(told)}.")
    total = one.sel(output="lumbar")
    hips = float(total.S1.sel(input=["hip_extension_right", "hip_extension_left"]).sum())
    doubts = float(total.S1.drop_sel(input=["hip_extension_right", "hip_extension_left"]).sum())
    parts.append(
        f"Alone (first order) the two hips explain {100.0 * hips:.0f} %, the four stiffnesses {100.0 * doubts:.0f} % "
        "of the largest motion."
    )
    return " ".join(parts)


if __name__ == "__main__":
    script(__file__)
