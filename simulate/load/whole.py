"""The load that belongs to an answer: every frame, what changes, what would if postures were held, and the levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from simulate.load.answer import FREE, LOADS, spinal_load
from simulate.load.change import load_changes
from simulate.load.levels import lumbar_levels
from simulate.load.muscle import COMPONENTS
from simulate.motion import Motion
from simulate.problem import Task
from simulate.result import Compensation

Array = NDArray[np.float64]

#: Constructed movements that people do slowly enough for held postures to mean something. A swing, a turn and walking
#: are mostly inertia, which nobody knows where they are constructed.
SLOW = ("stand", "bend", "squat", "sit", "pivot")
#: Columns of `load_changes` that become variables, each with its unit; what has none counts newtons or newton metres.
_PERCENT, _IMPULSE = ("free_peak_percent", "peak_percent", "largest_percent"), ("free_impulse", "impulse_change")
_COLUMNS = {
    "free_peak": "free value that is largest in size",
    "free_peak_percent": "where in the cycle",
    "peak": "restricted value that is largest in size",
    "peak_percent": "where in the cycle",
    "peak_change": "restricted less free peak",
    "free_mean": "free mean",
    "mean_change": "restricted less free mean",
    "free_impulse": "free impulse over the frames that count",
    "impulse_change": "restricted less free impulse",
    "largest_change": "largest difference within one frame, restricted less free",
    "largest_percent": "where in the cycle",
}
#: What is told of an answer: its words, what its variables begin with, their dimension, and the unit in names.
_TOLD = (
    ("compression", "load", "quantity", "n"),
    ("shear_anterior", "load", "quantity", "n"),
    ("extension_moment", "moment", "component", "nm"),
)


def accelerations_of(task: Task) -> str | None:
    """Whose inertia a task's load has: ``free`` of a recorded movement, ``none`` of a slow one that was constructed.

    None where there is no load: a table carries the trunk, or the movement is fast and its times were made up.
    """
    if task.raised:
        return None
    if not task.constructed:
        return "free"
    return "none" if task.name in SLOW else None


def load_of(task: Task, answer: Compensation, *, recorded: Motion | None = None) -> xr.Dataset:
    """Load at L5/S1 of an answer, whole: frame by frame, what each strategy changes, and the lumbar levels.

    Parameters
    ----------
    task : Task
    answer : Compensation
        To `task`.
    recorded : Motion, optional
        The whole recording of which the task is a part: with it the whole cycle counts.

    Returns
    -------
    xarray.Dataset
        All of `spinal_load`; ``load_...`` (dims ``strategy``, ``quantity``) and ``moment_...`` (``strategy``,
        ``component``), the columns of `load_changes`, with ``..._if_held`` for the largest change where no posture had
        any acceleration; ``level_...``, those of `lumbar_levels`. Of constructed movements that people do slowly
        (standing, bending, squatting, sitting, pivoting) all postures are held: ``accelerations`` is ``none``.

    Raises
    ------
    HipspineError
        If the movement has no load that means anything (prone tests; constructed walks, turns and swings), the body has
        no mass above L5/S1, or the recording has too few frames or uneven times.
    """
    whose = accelerations_of(task)
    if whose is None:
        why = "a table carries the trunk" if task.raised else "it is constructed and fast, so its inertia is not known"
        raise HipspineError(f"{task.name}: there is no load at L5/S1: {why}")
    load = spinal_load(task, answer, accelerations=whose, recorded=recorded if whose == "free" else None)
    if not load.weight_above > 0.0:
        raise HipspineError(f"{task.name}: the body {task.chain.name!r} has no mass above L5/S1, so no load there")
    found = _labelled(load_changes(load))
    if whose != "none":
        held = load_changes(spinal_load(task, answer, accelerations="none"))
        kept = _labelled(held[["largest_change", "largest_percent"]])
        found |= {f"{name}_if_held": variable for name, variable in kept.items()}
    levels = lumbar_levels(task, answer)
    found |= {f"level_{name}": levels[name].variable for name in levels.data_vars}
    whole = load.assign(found).assign_coords(
        strategy=[name for name in load.motion.values if name != FREE], quantity=list(LOADS), level=levels.level.values
    )
    return whole.assign_attrs(level_ranges=levels.attrs["ranges"])


def _labelled(changes: pd.DataFrame) -> dict[str, xr.Variable]:
    """Changes as variables: loads, moments, and how many frames count."""
    strategies = list(dict.fromkeys(changes.index.get_level_values("motion")))
    out: dict[str, xr.Variable] = {}
    for kind, names, dim, unit in (("load", LOADS, "quantity", "N"), ("moment", COMPONENTS, "component", "N m")):
        for column, about in _COLUMNS.items():
            if column not in changes:
                continue
            values = [[changes.loc[(one, name), column] for name in names] for one in strategies]
            units = "%" if column in _PERCENT else f"{unit} s" if column in _IMPULSE else unit
            kept = {"units": units, "long_name": about}
            out[f"{kind}_{column}"] = xr.Variable(("strategy", dim), np.array(values, dtype=np.float64), kept)
    for column, about in (("frames", "frames that count"), ("covered", "share of the cycle that counts")):
        if column in changes:
            counted = np.array([changes.loc[(one, LOADS[0]), column] for one in strategies])
            out[column] = xr.Variable(("strategy",), counted, {"units": "1", "long_name": about})
    return out


def load_summary(load: xr.Dataset) -> dict[str, Any]:
    """What `load_of` found as plain data, as ``--json`` has it: ``free``, and ``answers`` by strategy.

    Parameters
    ----------
    load : xarray.Dataset
        Of `load_of`.
    """
    still = load.sizes["frame"] == 1
    weight = float(load.body_weight)

    def at(percent: float) -> float | None:
        return None if still or not np.isfinite(percent) else float(percent)

    def entries(name: str, word: str, value: float, percent: float, unit: str) -> dict[str, Any]:
        found = {f"{name}_{word}_{unit}": float(value)}
        if unit == "n":
            found[f"{name}_{word}_bw"] = float(value) / weight
        return found | {f"{name}_{word}_at_percent": at(percent)}

    free: dict[str, Any] = {}
    for name, _, _, unit in _TOLD:
        free |= entries(name, "peak", *free_peak(load, name), unit)
    answers: dict[str, Any] = {}
    variables = {str(key): variable for key, variable in load.variables.items()}
    for k, strategy in enumerate(load.strategy.values):
        told: dict[str, Any] = {}
        for name, kind, dim, unit in _TOLD:
            column = load[dim].values.tolist().index(name.removesuffix("_moment"))
            found = {key: one.values[k, column] for key, one in variables.items() if one.dims == ("strategy", dim)}
            told |= entries(name, "peak", found[f"{kind}_peak"], found[f"{kind}_peak_percent"], unit)
            told |= entries(name, "change", found[f"{kind}_largest_change"], found[f"{kind}_largest_percent"], unit)
            told[f"{name}_peak_change_{unit}"] = float(found[f"{kind}_peak_change"])
            told[f"{name}_mean_change_{unit}"] = float(found[f"{kind}_mean_change"])
            if f"{kind}_largest_change_if_held" in found:
                told[f"{name}_change_if_held_{unit}"] = float(found[f"{kind}_largest_change_if_held"])
        told["share_of_cycle"] = float(load.covered.values[k])
        answers[str(strategy)] = told
    held = load.attrs["accelerations"] == "none"
    return {"held_postures": held, "body_weight_n": weight, "free": free, "answers": answers}


def free_peak(load: xr.Dataset, name: str) -> tuple[float, float]:
    """The free load that is largest in size, signed [N, N m], and at what percentage of the cycle."""
    percent = np.asarray(load[f"percent_{load.attrs['side']}"].values, dtype=np.float64)
    named = load.moment_disc.sel(component="extension") if name == "extension_moment" else load[name]
    values = np.where(np.isfinite(percent), named.sel(motion=FREE).values, np.nan)
    k = int(np.nanargmax(np.abs(values)))
    return float(values[k]), float(percent[k])


__all__ = ["SLOW", "accelerations_of", "free_peak", "load_of", "load_summary"]
