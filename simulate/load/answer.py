"""`spinal_load`: what a task, or an answer to it, asks of L5/S1, frame by frame, as a labelled data set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from kinematics.conventions import COORDINATES, INDEX, ROTATIONS, SEGMENTS, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from simulate.kernels.data import Tissue
from simulate.load.dynamics import (
    ABOVE,
    REACH,
    Wrench,
    bridged,
    constant,
    frame_rate,
    smoothed,
    usable,
    weight_above,
    wrench,
)
from simulate.load.muscle import AXES, COMPONENTS, Disc, components, disc_frame, disc_load, passive_forces
from simulate.motion import Motion, to_chain
from simulate.problem import Task
from simulate.result import Compensation
from simulate.solution import UNSOLVED

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Loads in newtons that are also given in body weights.
LOADS = ("compression", "shear_anterior", "shear_lateral")
#: Postures of one recording, read twice, differ by no more. [m, rad]
SAME = 1e-9
#: Whose inertia counts, and the motion that lends it.
ACCELERATIONS = ("free", "own", "none")
FREE = "free"
#: Gravity and lengths are believed up to these. [m/s^2, m]
MOST_GRAVITY, ARMS = 100.0, (0.01, 0.5)


@dataclass(frozen=True, eq=False)
class Asked:
    """One motion: postures `q` (F, 24) [m, rad], in which frames (F,) they are `there`, and the body's `tissue`."""

    q: Array
    there: Flags
    tissue: Tissue


def spinal_load(
    task: Task,
    answer: Compensation | ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    accelerations: str = "free",
    recorded: Motion | None = None,
    cutoff_hz: float | None = None,
    disc_inclination_deg: float | None = None,
    lever_arm: float | None = None,
    gravity: float | None = None,
    body_mass: float | None = None,
) -> xr.Dataset:
    """Net moment and force at L5/S1, and what one muscle would make of them for the disc.

    Top-down inverse dynamics of everything above L5/S1, which touches nothing but the pelvis: no ground force is
    needed.

    Parameters
    ----------
    task : Task
        Who does what: the body, the times, the standing posture.
    answer : Compensation, array_like of shape (F, 24), or mapping of such, optional
        What is done: ``free`` and each strategy's restricted motion of an answer to `task`; or postures [m, rad], by
        name. The task's own reference if not given.
    accelerations : {"free", "own", "none"}
        Whose inertia counts beside gravity. ``own``: that of each motion. ``free``: where there is a motion ``free``,
        its own in every motion, so that a change is one of posture; elsewhere as ``own``. Answers are solved frame by
        frame and jump a little where a limit or a foot's goal sets in: of their own accelerations most is that.
        ``none``: every posture is held, the only way for what is constructed, whose times mean nothing.
    recorded : Motion, optional
        The whole recording of which the task is a part: its frames before and after serve filter and differences, so
        that less is lost at the ends.
    cutoff_hz : float, optional
        Of the low-pass filter of the coordinates; table ``load`` if not given, infinity for none. [Hz]
    disc_inclination_deg : float, optional
        Of the disc's normal, forward from the vertical in standing; table ``load`` if not given. [deg]
    lever_arm : float, optional
        Of the one muscle; table ``load`` if not given. [m]
    gravity : float, optional
        Table ``load`` if not given. [m/s^2]
    body_mass : float, optional
        In whose weight loads are counted; the chain's if not given. [kg]

    Returns
    -------
    xarray.Dataset
        Dims ``motion``, ``frame``, ``component`` (extension, bending to the right, rotation to the left), ``axis``
        (forward, up, right). ``moment`` and ``force`` are those of the pelvis on the upper body in the pelvis's axes,
        ``moment_disc`` in the disc's; ``compression``, ``shear_anterior``, ``shear_lateral`` those of the upper body on
        the sacrum, also in body weights (``_bw``). NaN where ``usable`` is False: in frames without an answer, and,
        with accelerations, near the ends and near such frames.

    Raises
    ------
    HipspineError
        If accelerations are asked of a constructed movement, a table carries the trunk, or something does not fit.

    Notes
    -----
    For teaching, and for the change that a restriction makes; no measure of risk. See ``docs/load.md``.
    """
    if accelerations not in ACCELERATIONS:
        raise unknown("accelerations", accelerations, ACCELERATIONS)
    _refuse(task, accelerations)
    chain = task.chain
    g = _checked("gravity", constant("gravity") if gravity is None else gravity, 0.0, MOST_GRAVITY, "m/s^2")
    arm = _checked("lever arm", constant("lever_arm") if lever_arm is None else lever_arm, *ARMS, "m")
    inclination = constant("disc_inclination") if disc_inclination_deg is None else disc_inclination_deg
    inclination = _checked("disc inclination", inclination, -90.0, 90.0, "deg")
    mass = _checked("body mass", chain.mass if body_mass is None else body_mass, 1e-6, 1e4, "kg")
    cutoff = constant("cutoff") if cutoff_hz is None else float(cutoff_hz)
    if not cutoff > 0.0:
        raise HipspineError(f"the cut-off frequency must be more than 0 Hz (infinity: no filter), is {cutoff_hz}")
    asked = motions_of(task, answer)
    wrenches = _wrenches(task, asked, accelerations, recorded, cutoff=cutoff, gravity=g)
    found: dict[str, tuple[Wrench, Disc, Flags]] = {}
    for name, (at, q, there) in wrenches.items():
        held = passive_forces(q, stiffness=task.stiffness, tissue=asked[name].tissue, standing=task.standing)
        disc = disc_load(
            at,
            held,
            R_pelvis_disc=disc_frame(task.standing, np.deg2rad(inclination)),
            lever_arm=arm,
            passive_lever_arm=constant("passive_lever_arm"),
        )
        found[name] = at, disc, there
    attrs = {
        "accelerations": accelerations,
        "cutoff_hz": "none" if accelerations == "none" or np.isinf(cutoff) else cutoff,
        "disc_inclination_deg": inclination,
        "lever_arm_m": arm,
        "passive_lever_arm_m": constant("passive_lever_arm"),
        "gravity": g,
        "notices": json.dumps(_notices(task, accelerations)),
        "side": answer.limited_side if isinstance(answer, Compensation) else "r",
    }
    return _labelled(task, found, attrs, weights=(mass * g, weight_above(chain, g)))


def _wrenches(
    task: Task,
    asked: Mapping[str, Asked],
    accelerations: str,
    recorded: Motion | None,
    *,
    cutoff: float,
    gravity: float,
) -> dict[str, tuple[Wrench, Array, Flags]]:
    """Of each motion what the pelvis does to the upper body, the postures that it was taken at, and where it counts."""
    chain, source = task.chain, task.source or task.name
    if accelerations == "none":
        return {name: (wrench(chain, one.q, gravity=gravity), one.q, one.there) for name, one in asked.items()}
    before, after = _around(task, recorded)
    asked = {name: _longer(task, one, before, after) for name, one in asked.items()}
    rate = frame_rate(task.time if recorded is None else recorded.time, source)
    guard = 2 * REACH
    if np.isfinite(cutoff):
        guard = max(guard, int(np.ceil(constant("end_guard") * rate / cutoff - 1e-9)))
    mine = slice(len(before), len(before) + len(task.q))
    counts = {name: usable(one.there, guard) for name, one in asked.items()}
    for name, there in counts.items():
        if not there[mine].any():
            raise HipspineError(
                f"{source}, {name}: of {len(there)} frames none is {guard} frames away from both ends and from frames "
                "without an answer: too few for accelerations"
            )
    smooth = {
        name: smoothed(bridged(one.q, one.there), rate=rate, cutoff=cutoff, source=source)
        for name, one in asked.items()
    }
    moving = {name: wrench(chain, q, gravity=gravity, rate=rate) for name, q in smooth.items()}
    if accelerations == "free" and FREE in asked:
        held = {name: wrench(chain, q, gravity=gravity) for name, q in smooth.items()}
        moving = {
            name: one._replace(
                force=one.force + moving[FREE].force - held[FREE].force,
                moment=one.moment + moving[FREE].moment - held[FREE].moment,
            )
            for name, one in held.items()
        }
        counts = {name: there & counts[FREE] for name, there in counts.items()}
    return {name: (Wrench(*(x[mine] for x in moving[name])), smooth[name][mine], counts[name][mine]) for name in asked}


def _around(task: Task, recorded: Motion | None) -> tuple[Array, Array]:
    """The recorded postures before and after those of the task."""
    if recorded is None:
        return task.q[:0], task.q[:0]
    q, _ = to_chain(recorded, task.chain)
    first = int(np.abs(recorded.time - task.time[0]).argmin())
    part = slice(first, first + len(task.q))
    same = q[part].shape == task.q.shape and np.array_equal(recorded.time[part], task.time)
    if not (same and np.abs(q[part] - task.q).max() < SAME):
        raise HipspineError(
            f"{recorded.source}: the task {task.name!r} is no part of this recording (same times and postures)"
        )
    return q[:first], q[first + len(task.q) :]


def _longer(task: Task, one: Asked, before: Array, after: Array) -> Asked:
    """A motion with the recording before and after it, moved to where it begins and ends."""
    ends = (before + one.q[0] - task.q[0], one.q, after + one.q[-1] - task.q[-1])
    there = np.concatenate([np.full(len(before), True), one.there, np.full(len(after), True)])
    return replace(one, q=np.concatenate(ends), there=there)


def _refuse(task: Task, accelerations: str) -> None:
    """Raise unless the top-down way holds for this task."""
    if task.raised:
        raise HipspineError(
            f"{task.name}: a table carries the trunk, and with what force is not known: the load at L5/S1 cannot be "
            "had from above"
        )
    if task.constructed and accelerations != "none":
        raise HipspineError(
            f"{task.name}: the movement is constructed ({task.constructed}), so its times mean nothing and its "
            'accelerations would be made up; accelerations="none" takes every posture as held'
        )


def _checked(name: str, given: float, low: float, high: float, unit: str) -> float:
    if not low <= given <= high:
        raise HipspineError(f"{name} must be between {low:g} and {high:g} {unit}, is {given}")
    return float(given)


def motions_of(task: Task, answer: Compensation | ArrayLike | Mapping[str, ArrayLike] | None) -> dict[str, Asked]:
    """The motions that are asked about, by name."""
    if isinstance(answer, Compensation):
        return _answers(task, answer)
    if answer is None:
        answer = {"recorded" if not task.constructed else "constructed": task.q}
    named = answer if isinstance(answer, Mapping) else {"given": answer}
    if not named:
        raise HipspineError("no motion is given")
    everywhere = np.ones(len(task.q), dtype=bool)
    out = {}
    for name, given in named.items():
        q = np.asarray(given, dtype=np.float64)
        if q.shape != task.q.shape or not np.isfinite(q).all():
            raise HipspineError(
                f"{name}: finite postures of shape {task.q.shape}, as many as the task has frames, are needed; these "
                f"are of shape {q.shape}"
            )
        out[str(name)] = Asked(q, everywhere, task.tissue)
    return out


def _answers(task: Task, answer: Compensation) -> dict[str, Asked]:
    """Free, and restricted by each strategy."""
    if answer.sizes["frame"] != len(task.q) or answer.attrs["task"] != task.name:
        raise HipspineError(
            f"the answer is to {answer.attrs['task']!r} in {answer.sizes['frame']} frames, the task is {task.name!r} "
            f"in {len(task.q)}: they do not belong together"
        )
    free = _postures(answer.isel(strategy=0), "free")
    out = {FREE: Asked(free, np.asarray(np.isfinite(free).all(axis=1), dtype=bool), task.tissue)}
    tissue = task.tissue
    if "tissue_kind" in answer:
        tissue = Tissue(*(np.asarray(answer[f"tissue_{name}"].values) for name in Tissue._fields))
    for name in answer.strategy.values:
        one = answer.sel(strategy=name)
        # closure is kinematics: what a cause tightens does not count there
        own = task.tissue if name == "closure" else tissue
        solved = np.asarray(one.status.values != UNSOLVED, dtype=bool)
        out[str(name)] = Asked(_postures(one, "restricted"), solved, own)
    return out


def _postures(one: xr.Dataset, kind: str) -> Array:
    q = np.zeros((one.sizes["frame"], len(COORDINATES)))
    q[:, [INDEX[name] for name in ROTATIONS]] = np.deg2rad(one[kind].values)
    q[:, [INDEX[name] for name in TRANSLATIONS]] = one[f"{kind}_translation"].values
    return q


def _notices(task: Task, accelerations: str) -> list[str]:
    """What the user should know about these loads."""
    chain = task.chain
    out = ["one muscle stands for all: compare what a restriction changes, not the absolute load; no measure of risk"]
    if task.constructed:
        out.append(f"{task.name}: constructed ({task.constructed}); every posture as if held")
    if accelerations == "own":
        out.append("answers are solved frame by frame: their own accelerations show their jumps as well")
    above = [SEGMENTS.index(name) for name in ABOVE]
    if accelerations != "none" and any(chain.masses[k] > 0.0 and not chain.inertias[k].any() for k in above):
        out.append("the inertia of the upper body is not known: its segments count as points")
    if not any(chain.masses[k] > 0.0 for k in above):
        out.append("warning: the chain has no mass above L5/S1")
    return out


def _labelled(
    task: Task, found: Mapping[str, tuple[Wrench, Disc, Flags]], attrs: dict[str, Any], weights: tuple[float, float]
) -> xr.Dataset:
    """Everything that was found, NaN where it may not be used."""
    there = np.stack([usable_frames for _, _, usable_frames in found.values()])
    lead = ("motion", "frame")

    def variable(parts: list[Array], more: tuple[str, ...], units: str, long_name: str) -> xr.Variable:
        data = np.stack(parts)
        data = np.where(there.reshape(there.shape + (1,) * len(more)), data, np.nan)
        return xr.Variable((*lead, *more), data, {"units": units, "long_name": long_name})

    def own(vector: str) -> list[Array]:
        """In the pelvis's axes."""
        return [
            (np.swapaxes(at.R_pelvis, -1, -2) @ getattr(at, vector)[..., None])[..., 0] for at, _, _ in found.values()
        ]

    def disc(name: str) -> list[Array]:
        return [getattr(one, name) for _, one, _ in found.values()]

    turn, named = ("component",), "of the pelvis on the upper body at L5/S1"
    variables = {
        "moment": variable([components(m) for m in own("moment")], turn, "N m", f"moment {named}, pelvis axes"),
        "force": variable(own("force"), ("axis",), "N", f"force {named}, pelvis axes"),
        "moment_disc": variable(disc("moment"), turn, "N m", f"moment {named}, disc axes"),
        "muscle_moment": variable(disc("muscle_moment"), turn, "N m", "of it muscle's, disc axes"),
        "passive_moment": variable(disc("passive_moment"), turn, "N m", "of it passive tissue's, disc axes"),
        "axial_force": variable(disc("axial"), (), "N", "net force along the disc's normal, compression positive"),
        "muscle_force": variable(disc("muscle"), (), "N", "pull of the one muscle"),
        "passive_force": variable(disc("passive"), (), "N", "pull of passive tissue"),
        "compression": variable(disc("compression"), (), "N", "compression of the disc"),
        "shear_anterior": variable(disc("anterior"), (), "N", "forward shear of the upper body on the sacrum"),
        "shear_lateral": variable(disc("lateral"), (), "N", "shear to the right of the upper body on the sacrum"),
        "usable": xr.Variable(lead, there, {"units": "1", "long_name": "whether the frame's load may be used"}),
        "body_weight": xr.Variable((), weights[0], {"units": "N", "long_name": "body weight"}),
        "weight_above": xr.Variable((), weights[1], {"units": "N", "long_name": "weight of what is above L5/S1"}),
    }
    for name in LOADS:
        was = variables[name]
        scale = weights[0] or np.nan  # without gravity there is no weight to count in
        kept = {"units": "1", "long_name": f"{was.attrs['long_name']}, in body weights"}
        variables[f"{name}_bw"] = xr.Variable(was.dims, was.values / scale, kept)
    coords: dict[str, Any] = {
        "motion": list(found),
        "component": list(COMPONENTS),
        "axis": list(AXES),
        "time": xr.Variable(("frame",), task.time, {"units": "s", "long_name": "time in the recording"}),
    }
    for side, percent in task.percent.items():
        coords[f"percent_{side}"] = xr.Variable(("frame",), percent, {"units": "%", "long_name": f"cycle, side {side}"})
    named_attrs = {
        "title": f"hipspine: load at L5/S1, {task.name}",
        "task": task.name,
        "span": task.span,
        "constructed": task.constructed,
        "source": task.source,
        "chain": task.chain.name,
    }
    return xr.Dataset(variables, coords, named_attrs | attrs)


__all__ = ["ACCELERATIONS", "FREE", "LOADS", "motions_of", "spinal_load"]
