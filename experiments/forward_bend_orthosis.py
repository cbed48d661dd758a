"""What does the lumbar spine take over in a forward bend, if an orthosis holds the hips back?

Subject  A generic adult who bends forward as published for people without pain (trunk 111, lumbar 52, pelvis 59 deg:
         Laird 2019, table movements).
Task     Lean the thorax forward by the same angle over feet that stay, on balance. The free bend is that reference.
Varied   Flexion of both hips, cut from the free bend's largest by 0 to 25 deg; 12.7 is what the orthosis of Ballard et
         al. (2020) took. A shallower bend of 93 deg, as people with low back pain bend (Laird 2019), meets the same
         orthosis; who gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Share of the thorax's lean that is bent between pelvis and thorax, as two sensors on them see it, in
         percentage points more than free; the pelvis's turn; flexion of the lumbar joint.
Run      python experiments/forward_bend_orthosis.py [--small] [--out FOLDER]

Assumptions: what the paper calls lumbar contribution is thorax on pelvis over thorax, and +11 % are percentage points;
the orthosis stops the hips at one angle; how far the thorax of its subjects leant is not at hand, so the lean is
Laird's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, published, script, solved
from experiments.common.cases import STRATEGIES, free_of
from experiments.common.draw import PUBLISHED, by_strategy, legend, page
from experiments.common.published import CONSISTENCY
from simulate.tasks.catalogue import build_task

#: Lean of the thorax of people without and with low back pain (Laird 2019: 111 and 93). [deg]
PEOPLE = {"no pain": 111.0, "low back pain": 93.0}
#: What the orthosis took of the pelvis (Ballard 2020). [deg]
ORTHOSIS = 12.7
CUTS = {True: np.array([0.0, ORTHOSIS]), False: np.array([0.0, 5.0, 10.0, ORTHOSIS, 15.0, 20.0, 25.0])}


def run(*, small: bool) -> Outcome:
    """Solve every cut for both kinds of people."""
    cuts, notices = CUTS[small], list[str]()
    tasks = {name: build_task("bend", direction="forward", angle=lean) for name, lean in PEOPLE.items()}
    most = float(free_of(tasks["no pain"]).angle("hip_flexion_r", kind="free").max())
    shape = (len(PEOPLE), len(cuts), len(STRATEGIES))
    kept = {name: np.full(shape, np.nan) for name in ("share", "pelvis", "lumbar", "hip", "short")}
    for p, task in enumerate(tasks.values()):
        notices += task.notices
        for i, cut in enumerate(cuts):
            case = solved(task, STRATEGIES, hip_flexion_deg=most - float(cut))
            for s, by in enumerate(STRATEGIES):
                for name, found in one_case(case, by).items():
                    kept[name][p, i, s] = found
    dims = ("people", "cut", "strategy")
    words = {
        "share": ("points", "share of the lean between pelvis and thorax, more than free"),
        "pelvis": ("deg", "forward turn of the pelvis, less than free"),
        "lumbar": ("deg", "flexion of the lumbar joint, more than free"),
        "hip": ("deg", "hip flexion, less than free"),
        "short": ("deg", "by how much the lean falls short"),
    }
    data = dataset(
        {name: (dims, kept[name], unit, about) for name, (unit, about) in words.items()},
        {
            "people": (list(PEOPLE), "", "whose lean of the thorax it is"),
            "cut": (cuts, "deg", "hip flexion cut from the largest of the free bend without pain"),
            "strategy": (list(STRATEGIES), "", "who gives way"),
        },
        small=small,
        notices=notices,
        lean_deg=list(PEOPLE.values()),
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def one_case(case: Solved, by: str) -> dict[str, float]:
    """At the furthest lean, restricted against free."""
    k = len(case.task.q) // 2
    pelvis = {kind: -float(case.angle("pelvis_tilt", by, kind)[k]) for kind in ("free", "restricted")}
    lean = {
        kind: pelvis[kind] - sum(float(case.angle(f"{part}_extension", by, kind)[k]) for part in ("lumbar", "thoracic"))
        for kind in pelvis
    }
    share = {kind: 100.0 * (1.0 - pelvis[kind] / lean[kind]) for kind in pelvis}
    return {
        "share": share["restricted"] - share["free"],
        "pelvis": pelvis["free"] - pelvis["restricted"],
        "lumbar": -float(case.change("lumbar_extension", by)[k]),
        "hip": -float(case.change("hip_flexion_r", by)[k]),
        "short": case.short(by)[1],
    }


def of(data: xr.Dataset, name: str, by: str = "predicted", people: str = "no pain") -> float:
    """One number, with the orthosis."""
    return float(data[name].sel(people=people, cut=ORTHOSIS, strategy=by))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    return (
        f"Hips that flex {ORTHOSIS:g}° less in a lean of {PEOPLE['no pain']:g}° raise the share of the lean that is "
        f"bent between pelvis and thorax by {of(data, 'share'):.1f} points (predicted): the pelvis turns "
        f"{of(data, 'pelvis'):.1f}° less and the lumbar joint flexes {of(data, 'lumbar'):.1f}° more. If nothing else "
        f"gives way it is {of(data, 'share', 'closure'):.1f} points, which is {ORTHOSIS:g} over {PEOPLE['no pain']:g} "
        f"and no more than arithmetic; with the least lumbar motion {of(data, 'share', 'least'):.1f}. Who leans by "
        f"{PEOPLE['low back pain']:g}° only loses {of(data, 'hip', people='low back pain'):.1f}° of the hips in the "
        f"same orthosis, and the share rises by {of(data, 'share', people='low back pain'):.1f} points (predicted)."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Ballard 2020."""
    less = of(data, "share", people="low back pain") - of(data, "share")
    return [
        compare("V1.share", of(data, "share"), "predicted"),
        compare("V1.share", of(data, "share", "closure"), "closure", role=CONSISTENCY),
        compare("V1.pain", less, "predicted", why="the orthosis is one that stops all hips at the same angle"),
    ]


def figure(data: xr.Dataset) -> Any:
    """Change of the share over the cut, both kinds of people."""
    row = published("V1.share")
    title = (
        f"Hips held back by {ORTHOSIS:g}° raise the lumbar share of a forward bend by {of(data, 'share'):.1f} points "
        f"(predicted); published {row.value:g}"
    )
    words = [f"{name}: lean of {lean:g}°" for name, lean in PEOPLE.items()]
    with page(title, words, wide=5.6, high=4.2) as (sheet, axes):
        for axis, people in zip(axes, PEOPLE, strict=True):
            one = data.share.sel(people=people)
            by_strategy(axis, data.cut, {by: one.sel(strategy=by) for by in STRATEGIES})
            if people == "no pain":
                axis.errorbar(
                    ORTHOSIS,
                    row.value,
                    [[row.value - row.low], [row.high - row.value]],
                    fmt="D",
                    color=PUBLISHED,
                    capsize=5,
                    label=f"{row.cited}, hip orthosis",
                )
            axis.set_ylim(min(0.0, 1.05 * float(data.share.min())), 1.08 * max(float(data.share.max()), row.high))
            axis.set_xlabel("hip flexion held back [deg]")
        axes[0].set_ylabel("lumbar share of the lean, change [points]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
