"""Does a hip that extends little tilt the pelvis of a runner, and does the lumbar spine go with it?

Subject  The adult of the bundled treadmill recording (4 m/s, scaled model), running; beside it the adult of the
         bundled walk. Standing postures are estimated from the strides, a runner's badly.
Task     Running: the loaded forefoot stays where it was, flight is free, the trunk stays upright if it can.
Varied   Hip extension of both sides cut by 0 to 15 deg from the run's own peak; who gives way.
Held     Everything else of the normal range, tables ranges and stiffness.
Outcome  Anterior tilt, lumbar extension and knee flexion at the instant of the run's peak hip extension, and their
         slope on the extension that is lost.
Run      python experiments/running_extension.py [--small] [--out FOLDER]

One reference run stands for all runners and nothing but the hip varies, so correlations between people cannot be told:
in the model they would all be 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import free_of
from experiments.common.draw import by_strategy, legend, page
from simulate.tasks.catalogue import build_task

WAYS = ("closure", "predicted")
CUTS = {True: np.array([0.0, 5.0, 10.0]), False: np.arange(0.0, 15.1, 2.5)}
TOLD = 5.0


def run(*, small: bool) -> Outcome:
    """Cut the run's hip extension, and look at the recordings."""
    cuts = CUTS[small]
    task, walk = build_task("run"), free_of(build_task("walk"))
    free = free_of(task)
    peak = max(float(free.hip_extension(side, kind="free").max()) for side in "rl")
    kept = {name: np.full((len(cuts), len(WAYS)), np.nan) for name in ("tilt", "lumbar", "hip", "knee")}
    for i, cut in enumerate(cuts):
        case = solved(task, WAYS, hip_extension_deg=peak - float(cut))
        for s, by in enumerate(WAYS):
            for name, found in at_peak(case, by).items():
                kept[name][i, s] = found
    recorded = {
        "hip": [peak, max(float(walk.hip_extension(side, kind="free").max()) for side in "rl")],
        "thigh": [
            max(float((one.hip_extension(side, kind="free") + one.anterior_tilt(kind="free")).max()) for side in "rl")
            for one in (free, walk)
        ],
    }
    words = {"tilt": "anterior tilt", "lumbar": "lumbar extension", "hip": "hip extension", "knee": "knee flexion"}
    data = dataset(
        {
            **{
                name: (("cut", "strategy"), kept[name], "deg", f"{about} at the free run's peak hip extension")
                for name, about in words.items()
            },
            "recorded_hip": (("gait",), recorded["hip"], "deg", "peak hip extension of the recording"),
            "recorded_thigh": (
                ("gait",),
                recorded["thigh"],
                "deg",
                "thigh furthest behind the vertical, of the recording",
            ),
        },
        {
            "cut": (cuts, "deg", "hip extension lost from the run's own peak, both sides"),
            "strategy": (list(WAYS), "", "who gives way"),
            "gait": (["run", "walk"], "", "bundled recording"),
        },
        small=small,
        notices=task.notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def at_peak(case: Solved, by: str) -> dict[str, float]:
    """Angles in the frame and on the side of the free run's peak hip extension."""
    side = max("rl", key=lambda each: case.hip_extension(each, by, "free").max())
    k = int(case.hip_extension(side, by, "free").argmax())
    return {
        "tilt": float(case.anterior_tilt(by)[k]),
        "lumbar": float(case.angle("lumbar_extension", by)[k]),
        "hip": float(case.hip_extension(side, by)[k]),
        "knee": float(case.angle(f"knee_angle_{side}", by)[k]),
    }


def slope(data: xr.Dataset, name: str, by: str = "predicted") -> float:
    """Gained per lost degree, over a loss of `TOLD`."""
    one = data.sel(strategy=by)
    return float((one[name].sel(cut=TOLD) - one[name].sel(cut=0.0)) / (one.hip.sel(cut=0.0) - one.hip.sel(cut=TOLD)))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    run_thigh, walk_thigh = (float(each) for each in data.recorded_thigh)
    most = float(data.cut[-1])
    return (
        f"Each degree of hip extension that the run loses tilts the pelvis {slope(data, 'tilt'):.2f}° further "
        f"forward, extends the lumbar joint by {slope(data, 'lumbar'):.2f}° and bends the knee by "
        f"{slope(data, 'knee'):.2f}° (predicted; if nothing else gives way the pelvis takes "
        f"{slope(data, 'tilt', 'closure'):.2f} and the lumbar joint {slope(data, 'lumbar', 'closure'):.2f}). A loss "
        f"of {most:g}° is "
        f"{float(data.tilt.sel(cut=most, strategy='predicted') - data.tilt.sel(cut=0.0, strategy='predicted')):.1f}° "
        f"of tilt. In the bundled run the thigh goes {run_thigh:.0f}° behind the vertical, in the bundled walk, of "
        f"somebody else, {walk_thigh:.0f}°."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Franz 2009, Schache 2000, the Kentucky thesis."""
    alone = "nothing but the hip varies among the model's runners, so it is 1 whatever the model"
    zero = "standing is estimated from each stride's own mean, which sets the two pelvises alike"
    return [
        compare("run.slope", slope(data, "tilt"), "predicted"),
        compare("run.hip_tilt", None, "predicted", why=alone),
        compare(
            "run.hip_lumbar",
            -np.sign(slope(data, "lumbar")) * float(abs(slope(data, "lumbar")) > 0.01),
            "predicted",
            why="nothing but the hip varies; a lumbar spine that stayed where it is would give 0",
        ),
        compare("run.range", None, "recordings", why=zero),
        compare("run.tilt", None, "recordings", why=zero),
        compare("run.thigh", float(data.recorded_thigh[0] - data.recorded_thigh[1]), "recordings", why="two people"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Tilt, lumbar extension and knee flexion over the loss."""
    title = (
        f"A runner's pelvis tilts {slope(data, 'tilt'):.2f}° for each degree the hips lack and the lumbar spine "
        f"extends {slope(data, 'lumbar'):.2f}° (predicted)"
    )
    panels = {"tilt": "anterior tilt", "lumbar": "lumbar extension", "knee": "knee flexion"}
    with page(title, list(panels.values()), wide=4.4, high=4.0) as (sheet, axes):
        high = float(max((data[name] - data[name].sel(cut=0.0)).max() for name in panels))
        for axis, name in zip(axes, panels, strict=True):
            one = data[name] - data[name].sel(cut=0.0)
            by_strategy(axis, data.cut, {by: one.sel(strategy=by) for by in WAYS})
            axis.set_xlabel("hip extension lost [deg]")
            axis.set_ylim(min(0.0, 1.05 * float(one.min())), 1.05 * high)
        axes[0].set_ylabel("added at peak hip extension [deg]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
