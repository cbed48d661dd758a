"""Do tight hip flexors tilt the standing pelvis, arch the lumbar spine and load it?

Subject  A generic adult who stands with a level gaze.
Task     Standing still: flat feet, the mass centre over them, the gaze level.
Varied   By how many degrees the curve of the hip flexors comes sooner on both sides, 0 to 11, as in table restrictions
         (tight_hip_flexors): their tissue is tight, nothing stops the hip. Beside it hard limits that take the same
         degrees from the normal range, and the stretching of Preece et al. (2021), 2.6 deg of 11.
Held     Everything else; tables stiffness and passive_moments. Strategy predicted.
Outcome  Anterior tilt and lumbar extension that are added; compression and shear at L5/S1 of the held posture, with the
         pull of the passive tissue (the psoas crosses the joint); the same over people whose flexors differ.
Run      python experiments/tight_flexors_standing.py [--small] [--out FOLDER]

Standing asks 11 deg of flexion of the hips (clinical zero), so a hard limit does nothing there. The negative findings
of the literature stand beside what tissue does: hip extension hardly goes with standing posture, and stretching changes
the tilt a little and the lordosis not at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from experiments.catalogue import question
from experiments.common import Comparison, Finding, Outcome, Solved, compare, dataset, script, solved
from experiments.common.cases import spearman
from experiments.common.draw import page
from kinematics.tables import rows, value
from simulate.figures.style import BLUE, GREY, ORANGE, SKY
from simulate.load import spinal_load
from simulate.tasks.catalogue import build_task

CAUSE = "tight_hip_flexors"
#: Degrees by which the curve comes sooner at severity 1, and what one session of stretching gave (Preece 2021).
FULL = next(float(row["value"]) for row in rows("restrictions", "simulate") if row["name"] == CAUSE)
STRETCHED = value("imposed", "stretched_standing", package="experiments")
TIGHT = {True: np.array([0.0, 5.5, FULL]), False: np.linspace(0.0, FULL, 12)}
#: Of the people whose flexors differ: how many, and the sd of the degrees by which their curves do (Roach & Miles 1991,
#: 8 deg over all of hip extension); their standing tilt differs by 5 deg (Lee 2005) for reasons of its own.
PEOPLE, SD, TILT_SD, COHORTS = 25, 8.0, 5.0, 200


def run(*, small: bool) -> Outcome:
    """Solve every tightness, tissue and hard limit."""
    task, tight = build_task("stand"), TIGHT[small]
    normal = value("ranges", "hip_extension")
    kinds = ("tissue", "hard limit")
    names = ("tilt", "lordosis", "compression", "shear", "passive")
    kept = {name: np.full((len(kinds), len(tight)), np.nan) for name in names}
    notices = list(task.notices)
    for i, sooner in enumerate(tight):
        for k, case in enumerate(
            (
                solved(task, ["predicted"], [f"{CAUSE}:both:{sooner / FULL:.9f}"] if sooner else ()),
                solved(task, ["predicted"], hip_extension_deg=normal - float(sooner)),
            )
        ):
            for name, found in posture(case).items():
                kept[name][k, i] = found
    people = cohorts(tight, {name: kept[name][0] for name in kept})
    after = posture(solved(task, ["predicted"], [f"{CAUSE}:both:{1.0 - STRETCHED / FULL:.9f}"]))
    dims = ("restriction", "sooner")
    words = {
        "tilt": ("deg", "anterior tilt added"),
        "lordosis": ("deg", "lumbar extension added"),
        "compression": ("N", "compression at L5/S1"),
        "shear": ("N", "anterior shear at L5/S1"),
        "passive": ("N", "of the compression, pull of passive tissue"),
    }
    data = dataset(
        {
            **{name: (dims, kept[name], unit, about) for name, (unit, about) in words.items()},
            "person_sooner": (
                ("cohort", "person"),
                people["sooner"],
                "deg",
                "by how much a person's curve comes sooner",
            ),
            "person_tilt": (("cohort", "person"), people["tilt"], "deg", "anterior tilt by which a person differs"),
            "person_lordosis": (
                ("cohort", "person"),
                people["lordosis"],
                "deg",
                "lumbar extension by which a person differs",
            ),
            "stretched_tilt": ((), after["tilt"], "deg", "anterior tilt added, after stretching"),
            "stretched_lordosis": ((), after["lordosis"], "deg", "lumbar extension added, after stretching"),
        },
        {
            "restriction": (list(kinds), "", "what took the range"),
            "sooner": (tight, "deg", "tightness: degrees by which the curve or the limit comes sooner, both sides"),
            "cohort": (np.arange(COHORTS), "1", "drawn cohort"),
            "person": (np.arange(PEOPLE), "1", "drawn person"),
        },
        small=small,
        notices=notices,
    )
    return Outcome(data, figure(data), Finding(question(__file__), paragraph(data), comparisons(data)))


def posture(case: Solved) -> dict[str, float]:
    """What is added to standing, and the load of the posture. [deg, N]"""
    held = spinal_load(case.task, case.result, accelerations="none").sel(motion="predicted").isel(frame=0)
    return {
        "tilt": float(case.anterior_tilt()[0] - case.anterior_tilt(kind="free")[0]),
        "lordosis": float(case.change("lumbar_extension")[0]),
        "compression": float(held.compression),
        "shear": float(held.shear_anterior),
        "passive": float(held.passive_force),
    }


def cohorts(tight: Any, kept: dict[str, Any]) -> dict[str, Any]:
    """People whose flexors differ, and whose pelvis stands as it does for reasons of its own: (cohort, person)."""
    rng = np.random.default_rng(1)
    sooner = np.minimum(np.abs(rng.normal(0.0, SD, (COHORTS, PEOPLE))), FULL)
    own = rng.normal(0.0, TILT_SD, (COHORTS, PEOPLE))
    return {"sooner": sooner} | {name: own + np.interp(sooner, tight, kept[name]) for name in ("tilt", "lordosis")}


def of(data: xr.Dataset, name: str, restriction: str = "tissue", sooner: float = FULL) -> float:
    """One number."""
    return float(data[name].sel(restriction=restriction).sel(sooner=sooner, method="nearest"))


def gained(data: xr.Dataset, name: str) -> float:
    """By how much the tightest tissue changes a load. [N]"""
    return of(data, name) - of(data, name, sooner=0.0)


def correlations(data: xr.Dataset, name: str) -> Any:
    """Rank correlation of extension that is left with tilt or lordosis, of each cohort."""
    return np.array(
        [spearman(-x, y)[0] for x, y in zip(data.person_sooner.values, data[f"person_{name}"].values, strict=True)]
    )


def told(r: Any) -> str:
    """A correlation over the cohorts, in words."""
    low, middle, high = np.quantile(r, [0.025, 0.5, 0.975])
    return f"r = {middle:.2f} ({low:.2f} to {high:.2f})".replace("-", "\N{MINUS SIGN}")


def paragraph(data: xr.Dataset) -> str:
    """What was found, in words."""
    r = {name: told(correlations(data, name)) for name in ("tilt", "lordosis")}
    back = {name: of(data, name) - float(data[f"stretched_{name}"]) for name in ("tilt", "lordosis")}
    return (
        f"Hip flexors whose curve comes {FULL:g}° sooner tilt the standing pelvis {of(data, 'tilt'):.1f}° further "
        f"forward and arch the lumbar joint by {of(data, 'lordosis'):.1f}° (predicted); a hard limit that takes as "
        f"many degrees does {of(data, 'tilt', 'hard limit'):.1f}°, because standing does not reach it. The disc at "
        f"L5/S1 bears {gained(data, 'compression'):+.0f} N of compression (of it passive tissue "
        f"{gained(data, 'passive'):+.0f} N) and {gained(data, 'shear'):+.0f} N of anterior shear, on "
        f"{of(data, 'compression', sooner=0.0):.0f} N in free standing, which one muscle without tone under-predicts. "
        f"Stretching the same flexors by {STRETCHED:g}° takes back {back['tilt']:.1f}° of tilt and "
        f"{back['lordosis']:.1f}° of the arch. Among {PEOPLE} people whose flexors differ by {SD:g}° (sd) and whose "
        f"pelvis stands {TILT_SD:g}° (sd) apart for other reasons (both assumptions here), extension that is left goes "
        f"with tilt by {r['tilt']} and with lordosis by {r['lordosis']} (ranks; median and 95 % of {COHORTS} cohorts)."
    )


def comparisons(data: xr.Dataset) -> list[Comparison]:
    """Preece 2021, JOSPT 1990, and what clinicians say."""
    r = {name: float(np.median(correlations(data, name))) for name in ("tilt", "lordosis")}
    back = float(data.stretched_lordosis) - of(data, "lordosis")
    spread = "the spread of other reasons is put in"
    return [
        compare("stand.tight", of(data, "lordosis"), "predicted, tight tissue"),
        compare("stretch.tilt", float(data.stretched_tilt) - of(data, "tilt"), "tight tissue"),
        compare("stretch.lordosis", back, "tight tissue"),
        compare("stand.rom", r["tilt"], "tight tissue", why=spread),
        compare("stand.lordosis", r["lordosis"], "tight tissue", why=spread),
    ]


def figure(data: xr.Dataset) -> Any:
    """Posture and load over tightness, and people."""
    title = (
        f"Hip flexors that are {FULL:g}° too short tilt the standing pelvis {of(data, 'tilt'):.1f}° forward and add "
        f"{gained(data, 'compression'):.0f} N at L5/S1 (predicted)"
    )
    panels = ["posture", "load at L5/S1, change", f"{PEOPLE} people who differ for other reasons too"]
    with page(title, panels, wide=4.4, high=4.2) as (sheet, axes):
        for name, colour, mark, words in (
            ("tilt", ORANGE, "^", "anterior tilt"),
            ("lordosis", BLUE, "o", "lumbar extension"),
        ):
            axes[0].plot(
                data.sooner, data[name].sel(restriction="tissue"), marker=mark, color=colour, linewidth=2.2, label=words
            )
        axes[0].plot(
            data.sooner, data.tilt.sel(restriction="hard limit"), color=GREY, linewidth=2.0, linestyle=(0, (4, 2)),
            label="either, hard limit",
        )  # fmt: skip
        axes[0].set_ylabel("added [deg]")
        for name, colour, mark, words in (
            ("compression", BLUE, "o", "compression"),
            ("passive", SKY, "s", "of it passive tissue"),
            ("shear", ORANGE, "^", "anterior shear"),
        ):
            one = data[name].sel(restriction="tissue")
            axes[1].plot(data.sooner, one - one[0], marker=mark, color=colour, linewidth=2.2, label=words)
        axes[1].set_ylabel("change [N]")
        for axis in axes[:2]:
            axis.set_xlabel("hip flexors come sooner by [deg]")
            axis.legend(frameon=False, fontsize=11)
        axes[2].plot(data.person_sooner[0], data.person_tilt[0], "^", color=ORANGE, markersize=7, alpha=0.8)
        axes[2].set_xlabel("hip flexors come sooner by [deg]")
        axes[2].set_ylabel("anterior tilt, from the mean [deg]")
    return sheet


if __name__ == "__main__":
    script(__file__)
