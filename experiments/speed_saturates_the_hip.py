"""Does a hip that ends at 8 degrees make the pelvis of fast walkers tilt as it does?

Subject  A generic adult on published norm curves (Schwartz et al. 2008: children, five speeds).
Task     Walking with the feet and thighs of a faster speed, and pelvis and spine that would rather stay as they are at
         free speed: at each percent of the cycle the reference has the faster walk's feet and thigh orientation, the
         free walk's pelvis and spine, and the hips and knees that follow. Nothing else of the fast curves is put in.
Varied   Speed (free to very fast); hip extension capped at 8 deg (the peak of the fast curves) or not at all; who
         gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Anterior tilt at the instant at which the thigh is furthest behind; range of pelvic rotation; both beside the
         published curve of that speed.
Run      python experiments/speed_saturates_the_hip.py [--small] [--out FOLDER]

Assumptions of the construction: people would keep the pelvis and spine of free walking if their hips let them; the
same percent of the cycle is the same instant at every speed; where the feet land is what speed asks for. Without the
cap the model has no reason to tilt the pelvis at all, so the whole answer is the cap's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import STRATEGIES, column, free_of, with_reference
from experiments.common.draw import PUBLISHED, legend, page
from experiments.common.published import CONSISTENCY
from kinematics.conventions import SIDES, SPINE
from kinematics.errors import HipspineError
from kinematics.pose import orientation
from simulate.figures.style import GREY
from simulate.figures.style import STRATEGIES as STYLE
from simulate.goals import MUST, SOFT, OrientationGoal
from simulate.problem import Task
from simulate.solution import UNSOLVED, solve
from simulate.tasks.catalogue import build_task

#: Where the hip ends: peak extension of the fast norm curves. [deg]
CAP = 8.0
SPEEDS = {True: ("free", "very_fast"), False: ("free", "fast", "very_fast")}
#: How stiffly the construction holds what it keeps; only ratios matter. [N m/rad]
KEPT, LOOSE = 1e5, 1.0
TURNS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")


def composed(fast: Task, free: Task) -> Task:
    """The faster walk's feet and thighs under the free walk's pelvis and spine."""
    q = fast.q.copy()
    body = [column(name) for name in (*TURNS, *SPINE)]
    q[:, body] = free.q[:, body]
    always, stiff = np.full(len(q), SOFT, np.int8), np.full(q.shape[1], LOOSE)
    stiff[[column(name) for name in ("pelvis_tx", "pelvis_ty", "pelvis_tz")]] = 0.0
    stiff[body] = KEPT
    thighs = [
        OrientationGoal(
            name=f"thigh_{side}",
            segment=f"thigh_{side}",
            target=orientation(fast.chain, fast.q, f"thigh_{side}"),
            role=always,
            stiffness=KEPT,
        )
        for side in SIDES
    ]
    musts = [
        replace(goal, role=np.where(goal.roles() == MUST, goal.roles(), 0)[:, 0].astype(np.int8))
        for goal in fast.goals
        if (goal.roles() == MUST).any()
    ]
    wide = np.full(q.shape[1], np.pi)
    wide[:3] = np.inf
    for name in fast.chain.locked:
        wide[column(name)] = 0.0
    bare = replace(fast, q=q, goals=(*musts, *thighs), stiffness=stiff)
    found = solve(bare, -wide, wide)
    if (found.status == UNSOLVED).any():
        raise HipspineError("the pelvis of free walking on the feet of a faster walk could not be constructed")
    return with_reference(fast, found.q)


def run(*, small: bool) -> Outcome:
    """Solve every speed, with and without the cap."""
    speeds = SPEEDS[small]
    free_walk = build_task("walk", speed="free")
    notices, real, kept = list[str](), list[dict[str, float]](), list[list[dict[str, float]]]()
    curves = np.zeros((len(speeds), 2 + len(STRATEGIES), len(free_walk.q)))
    for i, speed in enumerate(speeds):
        task = build_task("walk", speed=speed)
        notices += task.notices
        own, loose = free_of(task), free_of(composed(task, free_walk))
        case = solved(loose.task, STRATEGIES, hip_extension_deg=CAP)
        k = int((own.hip_extension("r", kind="free") + own.anterior_tilt(kind="free")).argmax())
        real.append(at(own, k, "predicted", "free"))
        kept.append([at(loose, k, "predicted", "free"), *(at(case, k, by) for by in STRATEGIES)])
        curves[i] = [
            own.anterior_tilt(kind="free"),
            loose.anterior_tilt(kind="free"),
            *(case.anterior_tilt(by) for by in STRATEGIES),
        ]
    ways = ["uncapped", *STRATEGIES]
    words = {
        "tilt": "anterior tilt at the thigh's furthest extension",
        "hip": "hip extension at that instant",
        "rotation": "range of pelvic rotation",
    }
    data = dataset(
        {
            **{
                name: (("speed", "way"), [[one[name] for one in row] for row in kept], "deg", about)
                for name, about in words.items()
            },
            **{
                f"published_{name}": (("speed",), [one[name] for one in real], "deg", f"{about}, published curves")
                for name, about in words.items()
            },
            "tilt_curve": (("speed", "curve", "percent"), curves, "deg", "anterior tilt over the cycle"),
        },
        {
            "speed": (list(speeds), "", "walking speed whose feet and thighs are asked for"),
            "way": (ways, "", "hip uncapped, or capped and who gives way"),
            "curve": (["published", *ways], "", "published curve, or as in way"),
            "percent": (2.0 * np.arange(curves.shape[-1]), "%", "gait cycle"),
        },
        small=small,
        notices=notices,
        cap_deg=CAP,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def at(case: Solved, k: int, by: str, kind: str = "restricted") -> dict[str, float]:
    """Tilt and hip in frame k, and the range of pelvic rotation."""
    return {
        "tilt": float(case.anterior_tilt(by, kind)[k]),
        "hip": float(case.hip_extension("r", by, kind)[k]),
        "rotation": float(np.ptp(case.angle("pelvis_rotation", by, kind))),
    }


def of(data: xr.Dataset, name: str, way: str = "predicted", speed: str = "very_fast") -> float:
    """One number."""
    return float(data[name].sel(speed=speed, way=way))


def rise(data: xr.Dataset, name: str, way: str = "predicted") -> float:
    """From free to very fast."""
    return of(data, name, way) - of(data, name, way, "free")


def published_rise(data: xr.Dataset, name: str) -> float:
    """In the curves, from free to very fast."""
    one = data[f"published_{name}"]
    return float(one.sel(speed="very_fast") - one.sel(speed="free"))


def mean_rise(data: xr.Dataset, curve: str = "predicted") -> float:
    """Of the mean tilt of the cycle, from free to very fast."""
    mean = data.tilt_curve.sel(curve=curve).isel(percent=slice(-1)).mean("percent")
    return float(mean.sel(speed="very_fast") - mean.sel(speed="free"))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    real, real_turn = (published_rise(data, name) for name in ("tilt", "rotation"))
    turn = rise(data, "rotation")
    return (
        "With the pelvis of free walking the thighs of very fast walking would take "
        f"{of(data, 'hip', 'uncapped'):.1f}° of hip extension; the published walkers have "
        f"{float(data.published_hip.sel(speed='very_fast')):.1f}°. Capped at {CAP:g}°, the anterior tilt rises by "
        f"{rise(data, 'tilt'):.1f}° (predicted), by {rise(data, 'tilt', 'closure'):.1f}° if nothing else gives way "
        f"and by {rise(data, 'tilt', 'least'):.1f}° with the least lumbar motion, where the curves themselves rise by "
        f"{real:.1f}°; without the cap it rises by {rise(data, 'tilt', 'uncapped'):.1f}°. The range of pelvic "
        f"rotation grows by {turn:.1f}° (predicted), {100.0 * turn / real_turn:.0f} % of the {real_turn:.1f}° of the "
        f"curves. The mean tilt of the cycle rises by {mean_rise(data):.1f}° (predicted) and by "
        f"{mean_rise(data, 'published'):.1f}° in the curves, which are tilted further all the time and not only where "
        "the hip ends."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Schwartz 2008."""
    tilt, turn = rise(data, "tilt"), rise(data, "rotation")
    found = [
        compare("V4.rise", tilt, "predicted"),
        compare("V4.sign", tilt, "predicted"),
        compare("V4.mean", mean_rise(data), "predicted", why="a limit acts where it is reached"),
        compare(
            "V4.rotation",
            turn,
            "predicted",
            why=f"its sign; {100.0 * turn / published_rise(data, 'rotation'):.0f} % of the size",
        ),
        compare("V4.rise", rise(data, "tilt", "closure"), "closure", role=CONSISTENCY),
    ]
    for name in ("hip", "tilt"):
        for speed in ("free", "very_fast"):
            found.append(compare(f"V4.{name}.{speed}", float(data[f"published_{name}"].sel(speed=speed)), "reference"))
    return found


def figure(data: xr.Dataset) -> Any:
    """Tilt over the cycle of very fast walking, and at its instant by speed."""
    title = (
        f"A hip that ends at {CAP:g}° tilts the pelvis of very fast walkers by {rise(data, 'tilt'):.1f}° (predicted), "
        f"the norm curves by {float(data.published_tilt[-1] - data.published_tilt[0]):.1f}°"
    )
    with page(title, ["very fast walking: anterior tilt", "at the thigh's furthest extension"], wide=6.0, high=4.2) as (
        sheet,
        axes,
    ):
        fast = data.tilt_curve.sel(speed="very_fast")
        axes[0].plot(
            data.percent,
            fast.sel(curve="published"),
            color=PUBLISHED,
            linewidth=2.4,
            label="norm curves (Schwartz 2008)",
        )
        axes[0].plot(
            data.percent,
            fast.sel(curve="uncapped"),
            color=GREY,
            linewidth=2.0,
            label="pelvis of free walking, hip not capped",
        )
        for by in STRATEGIES:
            axes[0].plot(data.percent, fast.sel(curve=by), label=f"hip capped, {by}", **STYLE[by])
        axes[0].set_xlabel("% gait cycle")
        axes[0].set_ylabel("anterior tilt [deg]")
        names = [str(speed).replace("_", " ") for speed in data.speed.values]
        place = np.arange(len(names), dtype=float)
        axes[1].plot(place, data.published_tilt, "D-", color=PUBLISHED, linewidth=2.0)
        axes[1].plot(place, data.tilt.sel(way="uncapped"), "o-", color=GREY)
        for by in STRATEGIES:
            axes[1].plot(place, data.tilt.sel(way=by), marker="o", **STYLE[by])
        axes[1].set_xticks(place, names)
        axes[1].set_xlabel("speed of feet and thighs")
        legend(sheet, axes[0], columns=3)
    return sheet


if __name__ == "__main__":
    script(__file__)
