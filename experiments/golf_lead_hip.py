"""What does a lead hip that rotates little inward do to the lumbar spine in a golf swing, and a corset to the hip?

Subject  A generic adult, right-handed: the left hip leads. The swing is constructed (thorax 87 and pelvis 55 deg at
         the top; finish and posture assumed).
Task     Turn the thorax to the right and through to the left over feet of which the light one keeps its forefoot, on
         balance.
Varied   Internal rotation of the lead hip, or of both, 35 to 10 deg; who gives way. Reverse test: a corset that leaves
         28/44 of what the lumbar joint uses about every axis (Hashimoto 2013: lumbar extension 44 to 28), with hips
         that rotate 45 deg inward, for at the normal range the constructed swing has no rotation of the trail hip
         left.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Rotation of lumbar joint and whole spine, lumbar flexion and bending, each at its peak; pelvic tilt, the
         largest change; 15 against 30 deg, for below 20 against 30 and more (Kim SB 2015). Internal rotation of the
         trail hip at the top.
Run      python experiments/golf_lead_hip.py [--small] [--out FOLDER]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import STRATEGIES, free_of
from experiments.common.draw import by_strategy, legend, page
from simulate.problem import Task
from simulate.tasks.catalogue import build_task

#: For "below 20" and "30 or more", whose means are not at hand. [deg] (assumption)
LITTLE, ENOUGH = 15.0, 30.0
LIMITS = {True: np.array([ENOUGH, LITTLE]), False: np.array([35.0, ENOUGH, 25.0, 20.0, LITTLE, 10.0])}
HIPS = {"lead": "hip_internal_rotation_left_deg", "both": "hip_internal_rotation_deg"}
#: What a hard corset leaves of the lumbar motion (Hashimoto 2013: 28 of 44), and hips with room to spare. [1, deg]
#: (the room is an assumption)
CORSET, ROOMY = 28.0 / 44.0, 45.0
#: Angle kept over the swing: coordinate and words of its positive side.
ANGLES = {
    "lumbar_rotation": "to the left",
    "lumbar_extension": "extension",
    "lumbar_bending": "to the right",
    "pelvis_tilt": "posterior",
    "spine_rotation": "to the left, lumbar and thoracic",
}
TOP = 0.5


def run(*, small: bool) -> Outcome:
    """Solve the swing under every limit, and in a corset."""
    limits, task = LIMITS[small], build_task("swing")
    frames = len(task.q)
    kept = np.full((len(HIPS), len(limits), len(STRATEGIES), len(ANGLES), frames), np.nan)
    short = np.zeros(kept.shape[:3])
    for h, direction in enumerate(HIPS.values()):
        for i, limit in enumerate(limits):
            case = solved(task, STRATEGIES, **{direction: float(limit)})
            for s, by in enumerate(STRATEGIES):
                kept[h, i, s] = angles(case, by)
                short[h, i, s] = case.short(by)[1]
    free = free_of(task)
    trail = corset(task, free)
    data = dataset(
        {
            "angle": (("hips", "limit", "strategy", "angle_name", "percent"), kept, "deg", "angle from standing"),
            "free": (
                ("angle_name", "percent"),
                angles(free, "predicted", "free"),
                "deg",
                "angle from standing, nothing limited",
            ),
            "short": (("hips", "limit", "strategy"), short, "deg", "by how much turn or feet fall short"),
            "trail_hip": (
                ("lumbar_spine",),
                list(trail.values()),
                "deg",
                "internal rotation of the trail hip at the top",
            ),
        },
        {
            "hips": (list(HIPS), "", "whose internal rotation is limited"),
            "limit": (limits, "deg", "internal rotation available"),
            "strategy": (list(STRATEGIES), "", "who gives way"),
            "angle_name": (list(ANGLES), "", "joint angle"),
            "percent": (np.linspace(0.0, 100.0, frames), "%", "swing"),
            "lumbar_spine": (list(trail), "", "without and with the corset"),
        },
        small=small,
        notices=task.notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def angles(case: Solved, by: str, kind: str = "restricted") -> list[Any]:
    """Every angle that is kept, over the swing."""
    whole = case.angle("lumbar_rotation", by, kind) + case.angle("thoracic_rotation", by, kind)
    return [whole if name == "spine_rotation" else case.angle(name, by, kind) for name in ANGLES]


def corset(task: Task, free: Solved) -> dict[str, float]:
    """Internal rotation of the trail hip at the top, without and with a corset, of hips that have room."""
    ends = dict[str, float]()
    for axis, (below, above) in {
        "extension": ("flexion", "extension"),
        "bending": ("bending_left", "bending_right"),
        "rotation": ("rotation_right", "rotation_left"),
    }.items():
        angle = free.angle(f"lumbar_{axis}", kind="free")
        ends |= {
            f"lumbar_{below}_deg": CORSET * max(0.0, -angle.min()),
            f"lumbar_{above}_deg": CORSET * max(0.0, angle.max()),
        }
    k = int(TOP * (len(task.q) - 1))
    cases: dict[str, dict[str, float]] = {"free": {}, "corset": ends}
    return {
        name: float(solved(task, ["predicted"], hip_internal_rotation_deg=ROOMY, **limits).angle("hip_rotation_r")[k])
        for name, limits in cases.items()
    }


def peak(data: xr.Dataset, name: str, side: float, hips: str, limit: float, by: str) -> float:
    """How far an angle goes to one side."""
    one = data.angle.sel(hips=hips, limit=limit, strategy=by, angle_name=name)
    return float((side * one).max())


def more(data: xr.Dataset, name: str, side: float, hips: str, by: str = "predicted") -> float:
    """By how much further it goes to that side with little rotation than with enough."""
    return peak(data, name, side, hips, LITTLE, by) - peak(data, name, side, hips, ENOUGH, by)


def change(data: xr.Dataset, name: str, hips: str, by: str = "predicted") -> float:
    """The largest change, signed, with little rotation against enough."""
    one = data.angle.sel(hips=hips, strategy=by, angle_name=name)
    moved = (one.sel(limit=LITTLE) - one.sel(limit=ENOUGH)).values
    return float(moved[np.nanargmax(np.abs(moved))])


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    parts = []
    for hips, words in (("lead", "A lead hip that rotates"), ("both", "With both hips so")):
        begin = f"{words} {LITTLE:g}° inward in place of {ENOUGH:g}°" if hips == "lead" else words
        parts.append(
            f"{begin}{' changes' if hips == 'lead' else ', they change'} the rotation of the whole spine at its peak "
            f"by {more(data, 'spine_rotation', 1.0, hips):+.1f}° to the left and "
            f"{more(data, 'spine_rotation', -1.0, hips):+.1f}° to the right, of the lumbar joint by "
            f"{more(data, 'lumbar_rotation', 1.0, hips):+.1f}° and {more(data, 'lumbar_rotation', -1.0, hips):+.1f}°, "
            f"lumbar flexion by {more(data, 'lumbar_extension', -1.0, hips):+.1f}°, bending by "
            f"{more(data, 'lumbar_bending', 1.0, hips):+.1f}° to the right and "
            f"{more(data, 'lumbar_bending', -1.0, hips):+.1f}° to the left, and posterior tilt (largest change) by "
            f"{change(data, 'pelvis_tilt', hips):+.1f}° (predicted)."
        )
    trail = data.trail_hip
    parts.append(
        f"In the corset the trail hip of somebody with {ROOMY:g}° of rotation turns "
        f"{float(trail.sel(lumbar_spine='corset') - trail.sel(lumbar_spine='free')):+.1f}° at the top. The "
        "constructed swing is nearly its own mirror image: a lead hip alone changes its finish only."
    )
    return " ".join(parts)


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Kim SB 2015, Hashimoto 2013."""
    measured: dict[str, Callable[[str], float]] = {
        "V9.rotation_right": lambda hips: more(data, "spine_rotation", -1.0, hips),
        "V9.rotation_left": lambda hips: more(data, "spine_rotation", 1.0, hips),
        "V9.flexion": lambda hips: more(data, "lumbar_extension", -1.0, hips),
        "V9.bending": lambda hips: more(data, "lumbar_bending", 1.0, hips),
        "V9.tilt": lambda hips: change(data, "pelvis_tilt", hips),
    }
    full = "the lumbar joint's few degrees are used up before"
    tipped = (
        "the thorax has to come round all the way; with the spine's rotation at its end it does so by a spine that "
        "bends over a pelvis that tips forward, where people may finish short"
    )
    found = [
        compare(
            f"V9.rotation_{way}",
            more(data, "lumbar_rotation", side, "both"),
            "lumbar joint, both hips limited",
            why=full,
        )
        for way, side in (("right", -1.0), ("left", 1.0))
    ]
    found += [
        compare(
            row,
            of(hips),
            f"{'whole spine' if 'rotation' in row else 'predicted'}, {hips} hip{'s' if hips == 'both' else ''} limited",
            why=tipped if row == "V9.tilt" else "",
        )
        for row, of in measured.items()
        for hips in HIPS
    ]
    most = max(0.0, float(data.free.sel(angle_name="lumbar_extension").max()))
    trail = data.trail_hip.sel(lumbar_spine="corset") - data.trail_hip.sel(lumbar_spine="free")
    literal = (
        f"the constructed swing extends the lumbar joint by {most:.0f}° at most, so that neither 44 nor 28 is a limit"
    )
    return [
        *found,
        compare("V9.corset", None, "caps of 44 and 28 deg of lumbar extension", why=literal),
        compare("V9.corset", float(trail), "28/44 of every axis", why=f"with hips that rotate {ROOMY:g}° inward"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Each published direction over the lead hip's rotation, and the swing with little and enough."""
    title = (
        f"A lead hip with {LITTLE:g}° in place of {ENOUGH:g}° of internal rotation: spine rotation to the left "
        f"{more(data, 'spine_rotation', 1.0, 'lead'):+.1f}°, flexion "
        f"{more(data, 'lumbar_extension', -1.0, 'lead'):+.1f}° (predicted)"
    )
    words = ["spine rotation to the left", "lumbar flexion", "lumbar bending, either way", "pelvis"]
    with page(title, words, columns=4, wide=3.6, high=4.0) as (sheet, axes):
        free = data.free

        def most(name: str, side: float) -> dict[str, Any]:
            base = float((side * free.sel(angle_name=name)).max())
            return {
                by: (side * data.angle.sel(hips="lead", strategy=by, angle_name=name)).max("percent") - base
                for by in STRATEGIES
            }

        by_strategy(axes[0], data.limit, most("spine_rotation", 1.0))
        by_strategy(axes[1], data.limit, most("lumbar_extension", -1.0))
        moved = data.angle.sel(hips="lead") - free
        bend = abs(moved.sel(angle_name="lumbar_bending")).max("percent")
        by_strategy(axes[2], data.limit, {by: bend.sel(strategy=by) for by in STRATEGIES})
        tilt = moved.sel(angle_name="pelvis_tilt")
        signed = {
            by: tilt.sel(strategy=by).isel(percent=abs(tilt.sel(strategy=by)).argmax("percent")) for by in STRATEGIES
        }
        by_strategy(axes[3], data.limit, signed)
        axes[0].set_ylabel("beyond the free swing [deg]")
        axes[3].set_title("pelvis: posterior tilt (+)", loc="left", fontsize=12)
        for axis in axes:
            axis.invert_xaxis()
            axis.set_xlabel("internal rotation [deg]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
