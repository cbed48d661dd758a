"""What does each regained degree of hip mobility buy, and when does it buy nothing?

Subject  A generic adult on free norm curves of walking, whose hips stop 10 deg short of neutral; somebody who makes
         the bundled spin turn with hips that rotate 5 deg either way; a generic adult standing.
Task     Walking (loaded foot where it was); turning by 89 deg (the thorax comes round); standing with a level gaze.
Varied   Hip extension given back, both sides, from -10 to 15 deg; hip rotation given back, both ways and sides, from 5
         to 40 deg; who gives way. Of standing: hips that extend as those of 25 people drawn from healthy adults, and
         of 25 of the population with low back pain and controls.
Held     Everything else of the normal range, tables ranges and stiffness.
Outcome  The largest lumbar motion added, and what each degree given back takes off it; peak hip extension in walking;
         standing tilt and lumbar extension.
Run      python experiments/mobility_gain.py [--small] [--out FOLDER]

Negative controls: stretching raises the passive range and changes walking and lordosis next to nothing, and hip
extension hardly goes with standing posture. In the model a degree counts where the movement uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, compare, dataset, script, solved
from experiments.common.cases import cohort_value, spearman
from experiments.common.draw import by_strategy, legend, page
from kinematics.tables import value
from simulate.cohort import people
from simulate.tasks.catalogue import build_task

WAYS = ("closure", "predicted")
EXTENSION = {True: np.array([-10.0, 0.0, 10.0]), False: np.arange(-10.0, 15.1, 2.5)}
ROTATION = {True: np.array([10.0, 25.0, 40.0]), False: np.arange(5.0, 40.1, 5.0)}
#: People whose hips are drawn, of each population; 25 as in the study of standing.
STANDING = 25
POPULATIONS = {"healthy adults": "healthy_adults", "low back pain and controls": "low_back_pain"}
#: Mean hip extension with low back pain; what stretching gave before walking and before standing. [deg]
PAIN = cohort_value("low_back_pain", "hip_extension", "mean", group="low back pain")
GAINED = value("imposed", "stretched", package="experiments")
PREECE = value("imposed", "stretched_standing", package="experiments")


def run(*, small: bool) -> Outcome:
    """Give back extension in walking and rotation in a turn, and look at standing."""
    walk, turn = build_task("walk", speed="free"), build_task("turn")
    limits = {"extension": EXTENSION[small], "rotation": ROTATION[small]}
    lumbar = {name: np.full((len(each), len(WAYS)), np.nan) for name, each in limits.items()}
    peak = np.full((len(limits["extension"]), len(WAYS)), np.nan)
    for i, limit in enumerate(limits["extension"]):
        case = solved(walk, WAYS, hip_extension_deg=float(limit))
        for s, by in enumerate(WAYS):
            lumbar["extension"][i, s], peak[i, s] = case.lumbar(by), np.nanmax(case.hip_extension("r", by))
    for i, limit in enumerate(limits["rotation"]):
        case = solved(turn, WAYS, hip_internal_rotation_deg=float(limit), hip_external_rotation_deg=float(limit))
        lumbar["rotation"][i] = [case.lumbar(by) for by in WAYS]
    normal = value("ranges", "hip_extension")
    gains = {}
    for name, start in (("low back pain", PAIN), ("normal", normal)):
        before, after = (solved(walk, ["predicted"], hip_extension_deg=start + by) for by in (0.0, GAINED))
        gains[name] = float(np.nanmax(after.hip_extension("r")) - np.nanmax(before.hip_extension("r")))
    stand = standing()
    data = dataset(
        {
            "lumbar_extension_given": (
                ("hip_extension", "strategy"),
                lumbar["extension"],
                "deg",
                "walking: largest lumbar motion added",
            ),
            "lumbar_rotation_given": (
                ("hip_rotation", "strategy"),
                lumbar["rotation"],
                "deg",
                "turning: largest lumbar motion added",
            ),
            "peak_extension": (("hip_extension", "strategy"), peak, "deg", "walking: peak hip extension"),
            "gain_of_peak": (
                ("who",),
                list(gains.values()),
                "deg",
                f"walking: peak hip extension gained by {GAINED:g} deg of range",
            ),
            "standing_tilt": (("population", "person"), stand["tilt"], "deg", "standing: anterior tilt added"),
            "standing_lordosis": (
                ("population", "person"),
                stand["lordosis"],
                "deg",
                "standing: lumbar extension added",
            ),
            "standing_hip": (
                ("population", "person"),
                stand["hip"],
                "deg",
                "hip extension available, mean of both sides",
            ),
            "preece": (
                ("posture",),
                [stand["preece_tilt"], stand["preece_lordosis"]],
                "deg",
                f"standing: change by {PREECE:g} deg more hip extension",
            ),
        },
        {
            "hip_extension": (limits["extension"], "deg", "hip extension available, clinical zero, both sides"),
            "hip_rotation": (limits["rotation"], "deg", "hip rotation available, both ways and sides"),
            "strategy": (list(WAYS), "", "who gives way"),
            "who": (list(gains), "", "whose hips"),
            "population": (list(POPULATIONS), "", "people that were drawn from"),
            "person": (np.arange(STANDING), "1", "drawn person"),
            "posture": (["tilt", "lordosis"], "", "of the standing posture"),
        },
        small=small,
        notices=[*walk.notices, *turn.notices],
        standing_hip_extension=stand["used"],
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def standing() -> dict[str, Any]:
    """Standing posture of people whose hips extend as drawn, and of somebody before and after stretching."""
    task = build_task("stand")
    found: dict[str, Any] = {"hip": [], "tilt": [], "lordosis": []}
    for population in POPULATIONS.values():
        drawn = people(population, count=STANDING, seed=1)
        hips = drawn[["hip_extension_right", "hip_extension_left"]].to_numpy()
        cases = [
            solved(task, ["predicted"], hip_extension_right_deg=float(r), hip_extension_left_deg=float(x))
            for r, x in hips
        ]
        found["hip"].append(hips.mean(axis=1))
        found["tilt"].append([-float(case.change("pelvis_tilt")[0]) for case in cases])
        found["lordosis"].append([float(case.change("lumbar_extension")[0]) for case in cases])
    before, after = (solved(task, ["predicted"], hip_extension_deg=PAIN + by) for by in (0.0, PREECE))
    return found | {
        "used": float(before.hip_extension("r", kind="free")[0]),
        "preece_tilt": float(after.anterior_tilt()[0] - before.anterior_tilt()[0]),
        "preece_lordosis": float(after.angle("lumbar_extension")[0] - before.angle("lumbar_extension")[0]),
    }


def slopes(data: xr.Dataset, name: str, along: str, by: str) -> tuple[float, float, float]:
    """The most that a degree given back takes off, between which limits. [1, deg, deg]"""
    one = data[name].sel(strategy=by)
    limits, saved = data[along].values, -np.diff(one.values) / np.diff(data[along].values)
    k = int(np.nanargmax(saved))
    return float(saved[k]), float(limits[k]), float(limits[k + 1])


def enough(data: xr.Dataset, name: str, along: str, by: str = "predicted") -> float:
    """The least range with which nothing is added any more. [deg]"""
    one = data[name].sel(strategy=by)
    return float(data[along].where(one < 0.05, drop=True).min())


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    parts = []
    for words, name, along in (
        ("In walking each degree of hip extension", "lumbar_extension_given", "hip_extension"),
        ("In the spin turn each degree of hip rotation", "lumbar_rotation_given", "hip_rotation"),
    ):
        soft, low, high = slopes(data, name, along, "predicted")
        need, *_ = slopes(data, name, along, "closure")
        parts.append(
            f"{words} that is given back takes at most {soft:.2f}° off the lumbar joint (predicted, from {low:g} to "
            f"{high:g}°; {need:.2f}° if nothing else gives way), and nothing beyond {enough(data, name, along):g}°."
        )
    gain = {str(who): float(data.gain_of_peak.sel(who=who)) for who in data.who.values}
    parts.append(
        f"{GAINED:g}° gained by hips that end at {PAIN:g}° raise the peak extension of walking by "
        f"{gain['low back pain']:.1f}°, gained by normal hips by {gain['normal']:.1f}°: only what the movement uses "
        f"counts. Standing takes {-data.attrs['standing_hip_extension']:.0f}° of hip flexion, so that of {STANDING} "
        "people each "
        + " and ".join(
            f"{int((abs(data.standing_tilt.sel(population=who)) > 0.05).sum())} of the {who}" for who in POPULATIONS
        )
        + " stand otherwise for what their hips lack."
    )
    return " ".join(parts)


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Watt 2011, JOSPT 1990, Preece 2021."""
    gain = {str(who): float(data.gain_of_peak.sel(who=who)) for who in data.who.values}
    used = "a hip that walks at its end uses what it is given; why people's did not is no part of the model"
    found = [
        compare("stretch.walk", each, f"{who} hips + {GAINED:g}°", why=used if each > 1.0 else "")
        for who, each in gain.items()
    ]
    alone = "some hips end before the flexion that standing asks, and nothing but hips differs between these people"
    for row, name in (("stand.rom", "standing_tilt"), ("stand.lordosis", "standing_lordosis")):
        for who in POPULATIONS:
            r, moved = spearman(data.standing_hip.sel(population=who).values, data[name].sel(population=who).values)
            found.append(compare(row, r, who, why=alone if moved else "nobody's posture changes at all"))
    tilt, lordosis = (float(data.preece.sel(posture=posture)) for posture in ("tilt", "lordosis"))
    idle = "a hard limit that standing does not reach; see tight_flexors_standing for tissue"
    return [
        *found,
        compare("stretch.tilt", tilt, "hard limit", why=idle if abs(tilt) < 0.05 else ""),
        compare("stretch.lordosis", lordosis, "hard limit"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Lumbar motion added over what is given back, and what a degree buys."""
    soft, *_ = slopes(data, "lumbar_extension_given", "hip_extension", "predicted")
    title = (
        f"A degree of hip extension given back takes up to {soft:.2f}° off the lumbar spine in walking (predicted), "
        f"and nothing beyond {enough(data, 'lumbar_extension_given', 'hip_extension'):g}°"
    )
    with page(
        title,
        ["walking: lumbar motion added", "spin turn: lumbar motion added", "saved per degree given back"],
        wide=4.6,
        high=4.2,
    ) as (sheet, axes):
        for axis, name, along in (
            (axes[0], "lumbar_extension_given", "hip_extension"),
            (axes[1], "lumbar_rotation_given", "hip_rotation"),
        ):
            by_strategy(axis, data[along], {by: data[name].sel(strategy=by) for by in WAYS})
            axis.set_ylim(0.0, None)
            axis.set_xlabel(f"{along.replace('_', ' ')} available [deg]")
            saved = -np.diff(data[name].sel(strategy="predicted").values) / np.diff(data[along].values)
            axes[2].step(
                data[along],
                np.append(saved, saved[-1]),
                where="post",
                linewidth=2.2,
                label=f"{along.replace('_', ' ')}, predicted",
                color="#0072b2" if along == "hip_extension" else "#cc79a7",
            )
        axes[0].set_ylabel("norm of three axes [deg]")
        axes[2].set_xlabel("range available [deg]")
        axes[2].set_ylim(0.0, None)
        legend(sheet, axes[0], axes[2])
    return sheet


if __name__ == "__main__":
    script(__file__)
