"""`compensate`: the same person and task, free and with a hip restricted; restricted minus free is the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.rom import RangeOfMotion
from kinematics.zero import ZEROS, implausible_pelvis_markers, standing_tilt, zero_offsets
from simulate.assemble import Findings, Inputs, build
from simulate.budget import budgets
from simulate.marginal import marginal, parameters
from simulate.problem import Task
from simulate.relief import Bounds, relief
from simulate.restrictions import Cause, parse_cause, restrict
from simulate.result import Compensation
from simulate.solution import UNSOLVED, Answer
from simulate.strategies import STRATEGIES, allowances, predicted
from simulate.tissue import tilted

Array = NDArray[np.float64]

#: A range that is exceeded by less than this is not worth a word. [rad]
ROUNDING = 1e-9


def compensate(
    task: Task,
    *,
    rom: RangeOfMotion | None = None,
    strategies: Sequence[str] = tuple(STRATEGIES),
    zero: str = "clinical",
    standing_tilt_deg: float | None = None,
    allow: Mapping[str, float] | None = None,
    reliefs: bool = True,
    causes: Sequence[str | Cause] = (),
) -> Compensation:
    """How pelvis and spine make up for a restricted range of motion, frame by frame.

    Parameters
    ----------
    task : Task
        What is to be done, for example from `simulate.tasks.walk.walking`.
    rom : RangeOfMotion, optional
        Range of motion, restriction included; normal if not given.
    strategies : sequence of {"closure", "predicted", "least"}
        Who may give way.
    zero : {"clinical", "standing", "model"}
        From what hip flexion and extension limits are counted.
    standing_tilt_deg : float, optional
        Anterior tilt of the ASIS-PSIS line in this person's standing [deg]; if not given, as the standing trial's
        markers measured it, else the published mean. Used by the clinical zero only.
    allow : mapping of str to float, optional
        How far ``least`` may depart from the recording, in place of table ``allowances``: knee, ankle, trunk_lean,
        foot_roll [deg], step_length [m].
    reliefs : bool
        Whether to solve again with each limit given back a little, and to differentiate by limits and stiffness.
    causes : sequence of str or Cause
        What made the hip stiff, each as `NAME:SIDE:SEVERITY` (``tight_hip_flexors:right:0.5``), beside the limits of
        `rom`: limits and tightened tissues of the restricted body, table ``restrictions``.

    Returns
    -------
    Compensation
        A labelled data set: recorded, free and restricted motion, joint centres, the proof of every frame, and the
        problem itself.

    Raises
    ------
    HipspineError
        If a strategy, zero, allowance or cause is unknown, or the limits cross.
    """
    rom = RangeOfMotion.normal() if rom is None else rom
    for name in strategies:
        if name not in STRATEGIES:
            raise unknown("strategy", name, STRATEGIES)
    if not strategies:
        raise HipspineError(f"at least one strategy is needed. Known: {', '.join(STRATEGIES)}.")
    if zero not in ZEROS:
        raise unknown("zero", zero, ZEROS)
    allowed = allowances(allow)
    measured = task.standing.tilt_deg if standing_tilt_deg is None else standing_tilt_deg
    tilt_deg, tilt_text = standing_tilt(measured)
    task = standing_at(task, tilt_deg)
    offsets = zero_offsets(zero, task.standing, standing_tilt_deg=tilt_deg)
    notices = [*task.chain.notices, *task.notices]
    marker_notice = implausible_pelvis_markers(task.chain, task.standing, tilt_deg)
    if marker_notice:
        notices.append(marker_notice)
    named = tuple(cause if isinstance(cause, Cause) else parse_cause(cause) for cause in causes)
    stiff = restrict(rom, named, active=task.active, offsets=offsets, tissue=task.tissue)
    notices += stiff.notices
    if named and zero != "clinical":
        notices.append(f"causes: published limits are of the clinical zero, here they count from the {zero} zero")
    if stiff.tissue.kind.size and "closure" in strategies:
        notices.append("closure knows limits alone: a tight tissue does not count there")
    unrestricted, restricted, widened = bounds_of(task, stiff.rom, offsets)
    if widened:
        notices.append("normal range of motion widened to contain the recording: " + ", ".join(widened))
    inputs = Inputs(
        task=task,
        rom=stiff.rom,
        zero=zero,
        zero_text="; ".join(dict.fromkeys([task.standing.how, *([tilt_text] if zero == "clinical" else [])])),
        offsets=offsets,
        bounds={"free": unrestricted, "limit": restricted},
        allow=allowed,
        notices=tuple(notices),
        causes=named,
        imposed_deg=stiff.imposed_deg,
        tissue=stiff.tissue,
    )
    return answer_to(inputs, list(dict.fromkeys(strategies)), reliefs=reliefs)[0]


def standing_at(task: Task, tilt_deg: float) -> Task:
    """The task of a person who stands with that anterior tilt [deg]: passive tissues count from the clinical zero."""
    known_deg, _ = standing_tilt(task.standing.tilt_deg)
    if tilt_deg == known_deg:
        return task
    tissue = tilted(task.tissue, np.deg2rad(tilt_deg - known_deg))
    return replace(task, standing=replace(task.standing, tilt_deg=tilt_deg), tissue=tissue)


def answer_to(
    inputs: Inputs, strategies: Sequence[str], *, reliefs: bool = True
) -> tuple[Compensation, dict[str, Answer]]:
    """The labelled data set, and each strategy's answer as it was found, to a problem that is all there."""
    task, allowed = inputs.task, inputs.allow
    unrestricted, restricted = inputs.bounds["free"], inputs.bounds["limit"]
    free = predicted(task, *unrestricted).solution
    # closure is kinematics: it knows how far a hip goes, not what that takes
    asked = {name: task if name == "closure" else inputs.restricted_task for name in strategies}

    def answered(name: str, bounds: Bounds, near: Array | None = None) -> Answer:
        return STRATEGIES[name](asked[name], *bounds, free=free.q, allow=allowed, near=near)

    answers = {name: answered(name, restricted) for name in strategies}
    limits = inputs.rom.limited_bounds
    which = parameters(task, limits)
    found = Findings(
        free=free,
        answers=answers,
        budgets={
            name: budgets(
                task.chain, free.q, answer.solution.q, restricted, limits, solved=answer.solution.status != UNSOLVED
            )
            for name, answer in answers.items()
        },
        relief=relief(limits, restricted, unrestricted, free.q, answers, answered) if reliefs else None,
        parameters=which,
        marginals={name: marginal(name, asked[name], answer, restricted, which) for name, answer in answers.items()}
        if reliefs
        else {},
    )
    return build(inputs, found), answers


def bounds_of(task: Task, rom: RangeOfMotion, offsets: Array) -> tuple[Bounds, Bounds, list[str]]:
    """Bounds of the free and of the restricted body.

    Parameters
    ----------
    task : Task
    rom : RangeOfMotion
    offsets : ndarray, shape (24,)
        Added to a model angle they give the angle the range counts. [rad]

    Returns
    -------
    free, restricted : (lower, upper), each (24,)
        In the model's zero. [m, rad] The free body's are the normal range widened to contain the recording; in the
        restricted body's each imposed limit stands in place of the normal one.
    widened : list of str
        What was widened, in words.

    Raises
    ------
    HipspineError
        If limits cross.
    """
    lower, upper = rom.normal().bounds(offsets)
    for name in task.chain.locked:
        lower[INDEX[name]] = upper[INDEX[name]] = 0.0
    least, most = task.q.min(axis=0), task.q.max(axis=0)
    by = np.maximum(lower - least, most - upper)
    widened = [
        f"{name} by {np.rad2deg(by[i]):.1f} deg"
        for i, name in enumerate(COORDINATES)
        if name not in TRANSLATIONS and by[i] > ROUNDING
    ]
    free = np.minimum(lower, least), np.maximum(upper, most)
    restricted = free[0].copy(), free[1].copy()
    imposed = rom.bounds(offsets)
    for name, direction in rom.limited_bounds:
        if name in task.chain.locked:
            continue
        end, i = int(direction > 0), INDEX[name]
        restricted[end][i] = imposed[end][i]
        if restricted[0][i] > restricted[1][i]:
            raise HipspineError(
                f"the limits of {name} cross: it would have to stay above {np.rad2deg(restricted[0][i]):.1f} and below "
                f"{np.rad2deg(restricted[1][i]):.1f} deg (model zero); the two directions together must leave 0 or more"
            )
    return free, restricted, widened


__all__ = ["answer_to", "bounds_of", "compensate"]
