"""Does it matter whether two hips share a loss of extension or one bears all of it?

Subject  The adult of the bundled overground recording; a generic adult who walks as free norm curves have it; a
         generic adult lying face down.
Task     Walking (loaded foot where it was, trunk upright if it can). Prone hip extension of the stiffer side by 20 deg
         (an assumption) on a table into which nothing sinks.
Varied   How a given total loss of hip extension (10, 20 and 30 deg, counted from each movement's own peak of either
         hip) is shared: half on either side, three quarters to one, or all on the right; who gives way.
Held     Everything else of the normal range, tables ranges and stiffness; allowances of `least`, table allowances.
Outcome  Lumbar rotation, bending and extension added at their largest, and the mean rotation added over the cycle:
         what the two halves of the cycle do not even out.
Run      python experiments/asymmetry.py [--small] [--out FOLDER]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import free_of
from experiments.common.draw import legend, page
from simulate.figures.style import BLUE, ORANGE, SKY
from simulate.tasks.catalogue import build_task

SUBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "recorded walk": ("walk", {}),
    "norm walk": ("walk", {"speed": "free"}),
    "prone": ("prone", {"raise_": 20.0}),
}
#: Part of the total loss that the right hip bears.
SHARES = {"even": 0.5, "three to one": 0.75, "one side": 1.0}
TOTALS = {True: np.array([20.0]), False: np.array([10.0, 20.0, 30.0])}
TOLD = 20.0
AXES = {"lumbar_extension": "extension", "lumbar_bending": "bending", "lumbar_rotation": "rotation"}
#: `least` looks from many starts and takes longest: on the full grid only.
WAYS = {True: ("closure", "predicted"), False: ("closure", "predicted", "least")}


def run(*, small: bool) -> Outcome:
    """Solve every share of every total."""
    totals, ways, notices = TOTALS[small], WAYS[small], list[str]()
    shape = (len(SUBJECTS), len(totals), len(SHARES), len(ways))
    added = np.full((*shape, len(AXES)), np.nan)
    means = np.full(shape, np.nan)
    for m, (name, options) in enumerate(SUBJECTS.values()):
        task = build_task(name, **options)
        notices += task.notices
        free = free_of(task)
        peak = max(float(free.hip_extension(side, kind="free").max()) for side in "rl")
        for i, total in enumerate(totals):
            for j, share in enumerate(SHARES.values()):
                case = solved(
                    task,
                    ways,
                    hip_extension_right_deg=peak - share * float(total),
                    hip_extension_left_deg=peak - (1.0 - share) * float(total),
                )
                for s, by in enumerate(ways):
                    added[m, i, j, s] = [abs(case.largest(axis, by).added_deg) for axis in AXES]
                    means[m, i, j, s] = one_sided(case, by)
    dims = ("subject", "total", "share", "strategy")
    data = dataset(
        {
            "added": ((*dims, "axis"), added, "deg", "largest lumbar motion added, size"),
            "one_sided": (dims, means, "deg", "mean lumbar rotation added over the cycle: what does not even out"),
        },
        {
            "subject": (list(SUBJECTS), "", "movement"),
            "total": (totals, "deg", "hip extension lost, both sides together, from the free movement's peak"),
            "share": (list(SHARES), "", "how the loss is shared"),
            "strategy": (list(ways), "", "who gives way"),
            "axis": (list(AXES), "", "axis of the lumbar joint"),
        },
        small=small,
        notices=notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def one_sided(case: Solved, by: str) -> float:
    """Mean lumbar rotation added."""
    return float(np.nanmean(case.change("lumbar_rotation", by)))


def of(data: xr.Dataset, axis: str, share: str, subject: str = "recorded walk", by: str = "predicted") -> float:
    """One number, at the total loss that is told about."""
    return float(data.added.sel(subject=subject, total=TOLD, share=share, strategy=by, axis=axis))


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    parts = [f"{TOLD:g}° of hip extension lost in all, shared evenly against all on the right (predicted)."]
    for subject in SUBJECTS:
        said = [
            f"{words} {of(data, axis, 'even', subject):.1f}° against {of(data, axis, 'one side', subject):.1f}°"
            for axis, words in AXES.items()
        ]
        parts.append(f"{subject.capitalize()}: lumbar {', '.join(said)}.")
    even, one = (
        of(data, "lumbar_rotation", share) / max(of(data, "lumbar_extension", share), 1e-9)
        for share in ("even", "one side")
    )
    gains = "both grow about alike"
    if max(one, even) > 1.1 * min(one, even):
        gains = "rotation gains on extension" if one > even else "extension gains on rotation"
    walk = data.one_sided.sel(subject="recorded walk", total=TOLD, strategy="predicted")
    parts.append(
        f"For each degree of extension the walk adds {even:.2f}° of rotation if the loss is even and {one:.2f}° if it "
        f"is one hip's; of what is added, {abs(float(walk.sel(share='even'))):.2f}° and "
        f"{abs(float(walk.sel(share='one side'))):.2f}° of rotation stay when the whole cycle is averaged. Losing all "
        "on one side multiplies extension by "
        f"{of(data, 'lumbar_extension', 'one side') / of(data, 'lumbar_extension', 'even'):.1f} and rotation by "
        f"{of(data, 'lumbar_rotation', 'one side') / of(data, 'lumbar_rotation', 'even'):.1f}: {gains}."
    )
    return " ".join(parts)


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Kim & Shin 2020: asymmetry goes with pain, which the model does not have."""
    why = "pain and disability are no part of the model; what asymmetry changes is in the finding"
    return [compare("V8.asymmetry", None, "predicted", why=why)]


def figure(data: xr.Dataset) -> Any:
    """Extension, bending and rotation, evenly shared to one-sided, each movement."""
    title = (
        f"{TOLD:g}° less hip extension in all: {of(data, 'lumbar_extension', 'even'):.1f}° more lumbar extension in "
        f"walking if both hips share it, {of(data, 'lumbar_extension', 'one side'):.1f}° if one bears all (predicted)"
    )
    with page(title, list(SUBJECTS), wide=4.4, high=4.0) as (sheet, axes):
        for axis, subject in zip(axes, SUBJECTS, strict=True):
            place = np.arange(len(SHARES), dtype=float)
            for k, ((name, words), colour) in enumerate(zip(AXES.items(), (BLUE, SKY, ORANGE), strict=True)):
                high = [of(data, name, share, subject) for share in SHARES]
                axis.bar(place + 0.26 * (k - 1), high, 0.24, color=colour, label=f"lumbar {words}", zorder=2)
                for x, y in zip(place + 0.26 * (k - 1), high, strict=True):
                    axis.annotate(
                        f"{y:.1f}", (x, y), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=10
                    )
            axis.set_xticks(place, list(SHARES))
            axis.grid(visible=False, axis="x")
            axis.set_ylim(0.0, 1.12 * float(data.added.sel(strategy="predicted", total=TOLD).max()))
        axes[0].set_ylabel("added at most [deg]")
        legend(sheet, axes[0])
    return sheet


if __name__ == "__main__":
    script(__file__)
