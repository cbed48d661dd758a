"""`compensate`: the same person and task, free and with a hip restricted; restricted minus free is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import COORDINATES, INDEX, TRANSLATIONS
from kinematics.errors import HipspineError, unknown
from kinematics.rom import RangeOfMotion
from kinematics.zero import ZEROS, implausible_pelvis_markers, standing_tilt, zero_offsets
from simulate.problem import EQUAL, OrientationGoal, Task, must_residuals
from simulate.result import Compensation, Inputs, build
from simulate.strategies import SHORTFALL, SOLVED, STRATEGIES, UNSOLVED, Solution, predicted

Array = NDArray[np.float64]

Bounds = tuple[Array, Array]

#: A range that is exceeded by less than this is not worth a word. [rad]
ROUNDING = 1e-9
#: A must goal counts as met to this. [mm], [deg]
MUST_MM, MUST_DEG = 0.1, 0.01


def compensate(
    task: Task,
    *,
    rom: RangeOfMotion | None = None,
    strategies: Sequence[str] = tuple(STRATEGIES),
    zero: str = "clinical",
    standing_tilt_deg: float | None = None,
) -> Compensation:
    """How pelvis and spine make up for a restricted range of motion, frame by frame.

    Parameters
    ----------
    task : Task
        What is to be done, for example from `simulate.tasks.walk.walking`.
    rom : RangeOfMotion, optional
        Range of motion, restriction included; normal if not given.
    strategies : sequence of {"closure", "predicted"}
        Who may give way.
    zero : {"clinical", "standing", "model"}
        From what hip flexion and extension limits are counted.
    standing_tilt_deg : float, optional
        Anterior tilt of the ASIS-PSIS line in this person's standing [deg]; the published mean if not given. Used by
        the clinical zero only.

    Returns
    -------
    Compensation
        A labelled data set: recorded, free and restricted motion, joint centres, the proof of every frame, and the
        problem itself.

    Raises
    ------
    HipspineError
        If a strategy or zero is unknown, or the limits cross.
    """
    rom = RangeOfMotion.normal() if rom is None else rom
    for name in strategies:
        if name not in STRATEGIES:
            raise unknown("strategy", name, STRATEGIES)
    if not strategies:
        raise HipspineError(f"at least one strategy is needed. Known: {', '.join(STRATEGIES)}.")
    if zero not in ZEROS:
        raise unknown("zero", zero, ZEROS)
    tilt_deg, tilt_text = standing_tilt(standing_tilt_deg)
    offsets = zero_offsets(zero, task.standing, standing_tilt_deg=tilt_deg)
    notices = [*task.chain.notices, *task.notices]
    marker_notice = implausible_pelvis_markers(task.chain, task.standing, tilt_deg)
    if marker_notice:
        notices.append(marker_notice)
    unrestricted, restricted, widened = bounds_of(task, rom, offsets)
    if widened:
        notices.append("normal range of motion widened to contain the recording: " + ", ".join(widened))
    free = predicted(task, *unrestricted)
    answers = {name: _judged(name, task, STRATEGIES[name](task, *restricted)) for name in strategies}
    return build(
        Inputs(
            task=task,
            rom=rom,
            zero=zero,
            zero_text=f"{task.standing.how}; {tilt_text}" if zero == "clinical" else task.standing.how,
            offsets=offsets,
            bounds={"free": unrestricted, "limit": restricted},
            notices=tuple(notices),
        ),
        free,
        answers,
        {name: must_residuals(_musts(name, task), solution.q) for name, solution in answers.items()},
    )


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
        end, i = int(direction > 0), INDEX[name]
        restricted[end][i] = imposed[end][i]
        if restricted[0][i] > restricted[1][i]:
            raise HipspineError(
                f"the limits of {name} cross: it would have to stay above {np.rad2deg(restricted[0][i]):.1f} and below "
                f"{np.rad2deg(restricted[1][i]):.1f} deg (model zero); the two directions together must leave 0 or more"
            )
    return free, restricted, widened


def _musts(strategy: str, task: Task) -> Task:
    """The task with the must goals of a strategy: `closure` also holds the trunk."""
    if strategy != "closure":
        return task
    goals = [
        replace(goal, role=np.full_like(goal.role, EQUAL)) if isinstance(goal, OrientationGoal) else goal
        for goal in task.goals
    ]
    return task.with_goals(goals)


def _judged(strategy: str, task: Task, solution: Solution) -> Solution:
    """The solution with its status held against the musts as the chain's own forward kinematics gives them."""
    miss = must_residuals(_musts(strategy, task), solution.q)
    met = (miss.mm <= MUST_MM) & (miss.deg <= MUST_DEG)
    short = (miss.yielded_mm > MUST_MM) | (miss.yielded_deg > MUST_DEG)
    status = np.where(short, SHORTFALL, SOLVED)
    status[~met | (solution.status == UNSOLVED)] = UNSOLVED
    return replace(solution, status=status.astype(np.int8))


__all__ = ["MUST_DEG", "MUST_MM", "bounds_of", "compensate"]
