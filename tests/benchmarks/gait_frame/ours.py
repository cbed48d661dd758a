"""hipspine's own solver on the problem, through the function everybody calls: `simulate.solution.solve` with a `Task`.

The 21 coordinates are the chain's 24 with the thoracic joint locked at 0. The chain takes its axes as data, so its
three pelvic rotations, which hipspine's own bodies have heading first, are here the problem's: tilt first.
"""

from time import perf_counter

import numpy as np

from kinematics import Chain
from kinematics.chain import Point
from kinematics.conventions import INDEX, SEGMENTS
from simulate.goals import SOFT, OrientationGoal, PointGoal
from simulate.many import solve_many
from simulate.problem import Task
from simulate.solution import SHORTFALL, SOLVED, UNSOLVED, solve
from tests.benchmarks.gait_frame.problem import NAMES, PELVIS

NAME = "hipspine"
STATUS = {SOLVED: "solved", SHORTFALL: "shortfall", UNSOLVED: "unsolved"}
THORACIC = ("thoracic_extension", "thoracic_bending", "thoracic_rotation")
#: Which of the chain's coordinates each of the problem's is: the pelvis by its place in the tree, the rest by name.
INTO = np.array([i if name in PELVIS else INDEX[name] for i, name in enumerate(NAMES)])
LOCKED = np.array([INDEX[name] for name in THORACIC])


def widened(values, at_locked=0.0):
    """The problem's (..., 21) among the chain's (..., 24)."""
    out = np.empty((*np.shape(values)[:-1], len(INDEX)))
    out[..., INTO], out[..., LOCKED] = values, at_locked
    return out


def chain(problem):
    """The problem's body."""
    axes, offsets = np.empty((len(INDEX), 3)), np.zeros((len(INDEX), 3))
    axes[INTO], offsets[INTO] = problem.axis, problem.offset
    axes[LOCKED] = np.eye(3)[[2, 0, 1]]
    axes /= np.linalg.norm(axes, axis=1)[:, None]  # a file may give fewer digits
    points = {f"ankle_{side}": Point(f"foot_{side}", (0.0, 0.0, 0.0)) for side in ("r", "l")}
    return Chain(
        name="restricted gait frame", axes=axes, offsets=offsets, masses=np.ones(len(SEGMENTS)),
        mass_centres=np.zeros((len(SEGMENTS), 3)), points=points, locked=THORACIC,
    )  # fmt: skip


def task(problem):
    """The problem as a task whose goals are all springs."""
    body, frames = chain(problem), problem.frames
    soft = np.full(frames, SOFT, np.int8)
    goals = []
    for side, place in (("r", problem.p_foot_r), ("l", problem.p_foot_l)):
        for i, axis in enumerate(np.eye(3)):
            ankle = PointGoal(
                name=f"ankle {side} {'xyz'[i]}", point=body.point(f"ankle_{side}"), role=soft,
                normal=np.tile(axis, (frames, 1)), target=place[:, i].copy(), stiffness=problem.w_foot_position**2,
            )  # fmt: skip
            goals.append(ankle)
    for segment, target, weight in (
        ("foot_r", problem.R_foot_r, problem.w_foot_orientation),
        ("foot_l", problem.R_foot_l, problem.w_foot_orientation),
        ("thorax", problem.R_trunk, problem.w_trunk),
    ):
        goals.append(OrientationGoal(name=segment, segment=segment, role=soft, target=target, stiffness=weight**2))
    return Task(
        name="restricted gait frame", chain=body, motion=None, time=np.arange(frames) / frames,
        q=widened(problem.q_nominal), goals=tuple(goals), stiffness=widened(problem.w_q**2), standing=None, percent={},
        loaded={}, yields=(),
    )  # fmt: skip


class Solver:
    """hipspine on one problem; `cycle` solves its frames in order."""

    def __init__(self, problem):
        self.task = task(problem)
        self.lower, self.upper = widened(problem.lower), widened(problem.upper)
        self.solution, self.seconds_in_solver = None, 0.0

    def cycle(self):
        """The answer (F, 21); `solution` holds the rest of it."""
        self.solution = solve(self.task, self.lower, self.upper)
        self.seconds_in_solver = 1e-3 * self.solution.ms
        return self.solution.q[:, INTO]


def solve_limits(problem, lower, upper, *, motions=False, threads=None):
    """The problem under many bounds (cases, 21): what the cases come to, with their motions if asked for."""
    return solve_many(task(problem), widened(lower), widened(upper), motions=motions, threads=threads)


def timed(solver):
    """One cycle: its answer, and the wall time of the whole call. [s]"""
    began = perf_counter()
    q = solver.cycle()
    return q, perf_counter() - began
