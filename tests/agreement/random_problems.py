"""The kernel and IPOPT on random posture problems: random bodies, postures, limits, stiffness, goals and tissue.

python tests/agreement/random_problems.py [--count 10000] [--seed 1] [--list]

Problem k depends on (seed, k) only. Most targets are where the body's own points are in another posture within the
limits, so that most problems can be met. Both start at the reference; where either fails, or IPOPT finds less energy,
both start at that other posture too, and the better answer counts. Exits with 1 if the two stop in the same place with
different energies, or if what the kernel calls solved is not.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).parents[2]))

from kinematics import Chain
from kinematics.chain import Point
from kinematics.conventions import COORDINATES, INDEX, SEGMENT_COORDINATE, SIDES
from kinematics.pose import frames
from simulate.goals import (
    EXACTLY,
    MASS_CENTRE,
    MUST,
    NOT_BELOW,
    OFF,
    PULL,
    SOFT,
    CombinationGoal,
    OrientationGoal,
    PointGoal,
)
from simulate.kernels.data import EXPONENTIAL, SPRING, STRING, Tissue
from simulate.problem import Task, stiffness
from simulate.solution import SOLVED, solve
from tests.agreement.symbolic_posture import N, Size, SymbolicPosture

SIZE = Size(points=24, turns=3, sums=3, tissues=6)
#: Energies agree to this share of themselves; near zero to this many joules. What the multipliers make of misses that
#: both are allowed is added.
RELATIVE, ABSOLUTE = 1e-8, 1e-9
#: Musts and bounds are met to this [m, rad]; the Lagrangian is stationary to this [N, N m] (the kernel's own residual
#: is scaled: 1e-8 rad of a spring of 1e5 N m/rad); IPOPT's multipliers times what is left of their rooms. [J]
FEASIBLE, STATIONARY, COMPLEMENTARY = 1.001e-8, 1e-3, 1e-6
#: Postures nearer than this are the same place. [m, rad]
SAME = 1e-3
#: A curvature more negative than this share of the largest stiffness is one. [N m/rad]
NEGATIVE = -1e-6
SUCCEEDED = ("Solve_Succeeded", "Solved_To_Acceptable_Level")
UP, AHEAD, RIGHT = np.eye(3)[[1, 0, 2]]
deg = np.deg2rad

AGREE, LOWER, HIGHER = "energies agree", "ours is lower", "IPOPT is lower"
ONLY_OURS, ONLY_IPOPT, NEITHER = "only ours", "only IPOPT", "neither"
#: What must not be.
DIFFER, FALSE = "same place, other energy", "called solved, but is not"
KINDS = (AGREE, LOWER, HIGHER, ONLY_OURS, ONLY_IPOPT, NEITHER, DIFFER, FALSE)
#: Reasons: of IPOPT's lower energy, of what only it solves, of what neither does.
ELSEWHERE, SADDLE = "another local minimum", "ours has negative curvature"
LOST, DEPENDENT, UNCERTAIN = "ours loses its way", "musts and bounds that bind depend on each other", "not certified"
POSSIBLE, PERHAPS = "can be met", "perhaps cannot be met"


#: What resists: everything but the pelvis's place and heading; in the tasks the hips' flexion has tissue for it.
RESISTS = (stiffness() > 0.0) | np.isin(np.arange(N), [INDEX["hip_flexion_r"], INDEX["hip_flexion_l"]])


class Case(NamedTuple):
    """A task of one frame, its bounds, and a posture within them at which most of its musts are met."""

    task: Task
    lower: np.ndarray
    upper: np.ndarray
    near: np.ndarray


class Found(NamedTuple):
    """Where one of the two stops: `rows` are the multipliers, CasADi's signs."""

    solved: bool
    q: np.ndarray
    energy: float
    rows: np.ndarray
    word: str
    ms: float
    gap: float = 0.0  # what its rooms and multipliers say its energy may be too high by


class Verdict(NamedTuple):
    """What became of problem `k`: its kind, its kind from the first start, IPOPT's energy less ours, and why."""

    k: int
    kind: str
    first: str
    gap: float
    reason: str
    ms: tuple[float, float]


def case(seed, k):
    """Problem k of a seed."""
    rng = np.random.default_rng([seed, k])
    chain, q = _chain(rng), _reference(rng)
    lower, upper, near = _limits(rng, q)
    wishes = _Wishes(rng, chain, q, near)
    wishes.hold()
    for extra in rng.permutation(wishes.extras()):
        if rng.random() < 0.4:
            extra()
    task = Task(
        name="random", chain=chain, motion=None, time=np.zeros(1), q=q[None], goals=wishes.within(SIZE), standing=None,
        stiffness=np.where(RESISTS, _log_uniform(rng, 10.0, 500.0, N), 0.0), percent={}, loaded={}, yields=(),
        tissue=_tissue(rng, q),
    )  # fmt: skip
    return Case(task, lower, upper, near)


def _log_uniform(rng, low, high, shape=None):
    return np.exp(rng.uniform(np.log(low), np.log(high), shape))


def _chain(rng):
    body = Chain.generic(
        stature=rng.uniform(1.4, 2.05), mass=rng.uniform(40, 140), sex=str(rng.choice(["male", "female"]))
    )
    tilt = Rotation.from_rotvec(rng.normal(0.0, deg(5.0), (N, 3))).as_matrix()
    return replace(
        body,
        axes=np.einsum("nij,nj->ni", tilt, body.axes),
        offsets=body.offsets + rng.normal(0.0, 0.01, (N, 3)) * (np.arange(N) >= 6)[:, None],
        masses=body.masses * rng.uniform(0.7, 1.4, 11),
        mass_centres=body.mass_centres + rng.normal(0.0, 0.02, (11, 3)),
    )


def _reference(rng):
    """Somewhere between standing, a stride and a squat, facing anywhere."""
    q = rng.normal(0.0, deg(8.0), N)
    q[:3], q[INDEX["pelvis_rotation"]] = rng.normal(0.0, 1.0, 3), rng.uniform(-np.pi, np.pi)
    deep = rng.uniform(0.0, deg(60.0))
    for side in SIDES:
        q[INDEX[f"hip_flexion_{side}"]] += 0.7 * deep + rng.normal(0.0, deg(12.0))
        q[INDEX[f"knee_angle_{side}"]] = deep + abs(rng.normal(0.0, deg(15.0)))
        q[INDEX[f"ankle_angle_{side}"]] += 0.3 * deep
    return q


def _limits(rng, q):
    """Bounds, some locked and some that exclude the reference, and a posture within them."""
    turns = np.arange(N) >= 3
    lower, upper = q - rng.uniform(deg(3.0), deg(60.0), N), q + rng.uniform(deg(3.0), deg(60.0), N)
    beyond, by = rng.random((2, N)) < 0.05, rng.uniform(0.0, deg(15.0), (2, N))
    lower[beyond[0]], upper[beyond[1]] = (q + by[0])[beyond[0]], (q - by[1])[beyond[1]]
    lower, upper = np.minimum(lower, upper), np.maximum(lower, upper)
    free = rng.random(N) < np.where(turns, 0.03, 0.8)
    lower[free], upper[free] = -np.inf, np.inf
    locked = (rng.random(N) < 0.06) & turns
    lower[locked] = upper[locked] = (q + (rng.random(N) < 0.3) * rng.normal(0.0, deg(3.0), N))[locked]
    far = _log_uniform(rng, 0.5, 12.0)
    near = q + rng.normal(0.0, far, N) * np.where(turns, deg(1.0), 0.005)
    return lower, upper, np.clip(near, lower, upper)


class _Wishes:
    """Goals of one frame whose targets are where things are in the posture `near`."""

    def __init__(self, rng, chain, q, near):
        self.rng, self.chain, self.near = rng, chain, near[None]
        self.R, self.o, _ = frames(chain, self.near)
        self.points, self.turns, self.sums = [], [], []
        self.heading = q[INDEX["pelvis_rotation"]]
        # a few problems ask for what cannot be
        self.out_of_reach = 1.5 if rng.random() < 0.02 else 0.0

    def within(self, size):
        """The goals, as many as there is room for."""
        return (*self.points[: size.points], *self.turns[: size.turns], *self.sums[: size.sums])

    def hold(self):
        """What holds the pelvis's place and heading: a foot, both feet, or springs on the pelvis."""
        how, side = self.rng.random(), str(self.rng.choice(SIDES))
        if how < 0.55:
            self.point(self.of_foot(side), self.axes())
            if self.rng.random() < 0.5:
                self.direction(f"foot_{side}", AHEAD, self.sideways(), MUST)
            else:
                self.turn(f"foot_{side}", [int(self.rng.choice([OFF, MUST])), MUST, OFF])
        elif how < 0.75:
            self.point(self.of_foot("r"), self.axes())
            self.point(self.of_foot("l"), self.axes())
        else:
            self.point(self.chain.point(f"asis_{side}"), self.axes(), SOFT, force=self.spring())
            self.turn("pelvis", [SOFT, SOFT, SOFT])

    def extras(self):
        """What else may be asked."""
        return [
            self.other_foot, self.off_the_floor, self.trunk, self.trunk, self.place, self.way, self.balance,
            self.weight, self.coupled, self.coupled, self.pelvis,
        ]  # fmt: skip

    def other_foot(self):
        point, axes = self.of_foot(str(self.rng.choice(SIDES))), self.axes()
        if self.rng.random() < 0.5:
            self.point(point, axes, SOFT, force=self.spring())
        else:
            self.point(point, axes[: self.rng.integers(1, 3)], room=self.room())

    def off_the_floor(self):
        for side in SIDES:
            for part in ("heel", "toe"):
                self.point(self.chain.point(f"{part}_{side}"), UP, room=NOT_BELOW)

    def trunk(self):
        kinds = [OFF, MUST, SOFT, SOFT, SOFT]
        roles = [SOFT] * 3 if self.rng.random() < 0.5 else self.rng.choice(kinds, 3)
        self.turn(
            "thorax", roles, self.room() if self.rng.random() < 0.5 else EXACTLY, self.rng.choice([0.0, deg(10.0)])
        )

    def pelvis(self):
        self.turn("pelvis", self.rng.choice([OFF, OFF, MUST, SOFT], 3), self.room())

    def place(self):
        point = self.chain.point(str(self.rng.choice(["c7", "head_top", "asis_r", "psis_l", "hip_l", "knee_r"])))
        role = int(self.rng.choice([MUST, SOFT]))
        self.point(point, self.axes()[: self.rng.integers(1, 3)], role, self.room(), self.spring())

    def way(self):
        """A direction."""
        arm = self.axes()[0]
        role = int(self.rng.choice([MUST, SOFT]))
        segment = str(self.rng.choice(["thorax", "pelvis", "foot_r", "foot_l", "shank_r", "thigh_l"]))
        self.direction(segment, arm, self.axes()[0], role)

    def balance(self):
        """The mass centre over the ground it may be over, or preferred somewhere."""
        if self.rng.random() < 0.6:
            self.point(
                MASS_CENTRE, np.stack([AHEAD, RIGHT]), room=(-self.rng.uniform(0, 0.05), self.rng.uniform(0.001, 0.1))
            )
        else:
            self.point(MASS_CENTRE, self.axes()[: self.rng.integers(1, 4)], SOFT, force=self.spring())

    def weight(self):
        """Part of the body's weight, or a push; what holds the pelvis holds it."""
        way = UP if self.rng.random() < 0.7 else self.axes()[0]
        self.point(MASS_CENTRE, way, PULL, force=_log_uniform(self.rng, 3.0, 9.81 * self.chain.mass))

    def coupled(self):
        one, other = self.rng.integers(3), self.rng.integers(3)
        names = [COORDINATES[18 + one], COORDINATES[21 + one]]
        if self.rng.random() < 0.3:
            names = [COORDINATES[6 + one], COORDINATES[12 + other], COORDINATES[18 + one]]
        factors = {name: float(self.rng.uniform(0.3, 1.5) * self.rng.choice([-1, 1])) for name in names}
        at = sum(value * self.near[:, INDEX[name]] for name, value in factors.items())
        role = np.array([self.rng.choice([MUST, MUST, SOFT])], np.int8)
        self.sums.append(
            CombinationGoal(
                name="coupled",
                factors=factors,
                target=at,
                role=role,
                room=np.array(self.room()),
                stiffness=self.spring(),
            )
        )

    def of_foot(self, side):
        return self.chain.point(f"{self.rng.choice(['heel', 'forefoot', 'toe'])}_{side}")

    def spring(self):
        return float(_log_uniform(self.rng, 30.0, 3000.0))

    def sideways(self):
        return Rotation.from_rotvec(self.heading * UP).apply(RIGHT)

    def axes(self):
        """Three axes at right angles: the world's own, turned a little, or any."""
        how = self.rng.integers(3)
        few = Rotation.from_rotvec(self.rng.normal(0.0, 0.2, 3)) if how else Rotation.identity()
        return (few if how < 2 else Rotation.from_quat(self.rng.normal(size=4))).as_matrix()

    def room(self):
        """Room of a must: none, on one side, or on both."""
        how = self.rng.integers(4)
        if how < 2:
            return EXACTLY
        return NOT_BELOW if how == 2 else (-float(self.rng.uniform(0.0, 0.05)), float(self.rng.uniform(0.001, 0.05)))

    def direction(self, segment, arm, normal, role):
        self.point(Point(segment, tuple(map(float, arm))), normal, role, self.room(), self.spring(), is_direction=True)

    def point(self, point, normals, role=MUST, room=EXACTLY, force=0.0, is_direction=False):
        """One goal for each of the normals."""
        for normal in np.atleast_2d(normals):
            goal = PointGoal(
                name=point.segment, point=point, normal=normal[None], target=np.zeros(1),
                role=np.array([role], np.int8), room=np.array(room), stiffness=force, is_direction=is_direction,
            )  # fmt: skip
            target = goal.values(self.chain, self.near, self.R, self.o)[0]
            if role == SOFT:
                target = target + self.rng.normal(0.0, 0.03)
            elif room == NOT_BELOW:  # it may bind at once
                target = target - self.rng.choice([0.0, self.rng.uniform(0.0, 0.05)])
            elif role == MUST:
                target, self.out_of_reach = target + self.out_of_reach, 0.0
            self.points.append(replace(goal, target=target))

    def turn(self, segment, roles, room=EXACTLY, off=0.0):
        """An orientation; its target is up to `off` away."""
        away = Rotation.from_rotvec(self.rng.uniform(-off, off, 3)).as_matrix()
        self.turns.append(
            OrientationGoal(
                name=segment, segment=segment, target=self.R[:, SEGMENT_COORDINATE[segment]] @ away,
                role=np.array([roles], np.int8), room=np.array(room), stiffness=self.spring(),
            )
        )  # fmt: skip


def _tissue(rng, q):
    """Up to six tissues: of one joint, or of a hip and the lumbar joint together."""
    count = int(rng.integers(SIZE.tissues + 1)) if rng.random() < 0.5 else 0
    kind = rng.choice([EXPONENTIAL, SPRING, STRING], count).astype(np.int8)
    factor = np.zeros((count, N))
    for t in range(count):
        factor[t, rng.integers(6, N)] = rng.choice([-1.0, 1.0])
        if rng.random() < 0.4:
            axis = rng.integers(3)
            factor[t] = 0.0
            factor[t, int(rng.choice([6, 12])) + axis], factor[t, 18 + axis] = 1.0, rng.uniform(-1.0, 1.0)
    steep = np.where(kind == EXPONENTIAL, rng.uniform(2.0, 15.0, count), 1.0)
    factor *= steep[:, None]
    shift = factor @ q + steep * rng.uniform(-0.1, 0.4, count)
    amplitude = np.where(kind == EXPONENTIAL, _log_uniform(rng, 0.1, 5.0, count), _log_uniform(rng, 5.0, 500.0, count))
    return Tissue(kind, factor, shift, amplitude, (rng.random(count) < 0.5).astype(np.int8))


def _ours(case, posture, start, attempts=3):
    found = solve(case.task, case.lower, case.upper, start=start[None], attempts=attempts)
    q, lam = found.q[0], np.zeros(SIZE.rows)
    points, turns = (len(case.task.kind(kind)) for kind in (PointGoal, OrientationGoal))
    into = [
        *range(points),
        *(SIZE.points + np.arange(3 * turns)),
        *(SIZE.points + 3 * SIZE.turns + np.arange(SIZE.sums)),
    ]
    lam[into[: found.multipliers.shape[1]]] = -found.multipliers[0]
    return Found(found.status[0] == SOLVED, q, posture.energy(q), lam, f"kkt {found.kkt[0]:.0e}", found.ms)


def _theirs(case, posture, start):
    began = perf_counter()
    best = posture.interior_point(start)
    ms = 1e3 * (perf_counter() - began)
    gap = posture.complementarity(best.q, best.rows, best.bounds)
    # by its own word, or where rounding kept it from that, by its residuals
    by_residuals = posture.stationarity(best.q, best.rows, best.bounds) <= STATIONARY and gap <= COMPLEMENTARY
    solved = posture.violation(best.q) <= FEASIBLE and (best.word in SUCCEEDED or by_residuals)
    return Found(solved, best.q, best.energy, best.rows, best.word, ms, gap)


def _better(one, other):
    return other if other.solved and not (one.solved and one.energy <= other.energy) else one


def _kind(posture, ours, theirs):
    if ours.solved and (posture.violation(ours.q) > FEASIBLE or posture.projected(ours.q, ours.rows) > STATIONARY):
        return FALSE
    if not (ours.solved and theirs.solved):
        return ONLY_OURS if ours.solved else ONLY_IPOPT if theirs.solved else NEITHER
    pull = min(np.abs(found.rows).max() for found in (ours, theirs))
    missed = pull * sum(posture.violation(found.q) for found in (ours, theirs))
    room = RELATIVE * abs(theirs.energy) + ABSOLUTE + missed
    same = np.abs(theirs.q - ours.q).max() < SAME
    # where musts depend on each other IPOPT's multipliers grow, and with them how far it stops from the optimum
    if -room <= theirs.energy - ours.energy <= room + same * theirs.gap:
        return AGREE
    if same:
        return DIFFER
    return LOWER if ours.energy < theirs.energy else HIGHER


def judge(seed, k):
    """Solve problem k with both, and compare."""
    case_k = case(seed, k)
    posture = SymbolicPosture(case_k.task, 0, case_k.lower, case_k.upper, SIZE)
    q = case_k.task.q[0]
    ours, theirs = _ours(case_k, posture, q), _theirs(case_k, posture, q)
    first = kind = _kind(posture, ours, theirs)
    if kind not in (AGREE, LOWER):
        ours = _better(ours, _ours(case_k, posture, case_k.near))
        theirs = _better(theirs, _theirs(case_k, posture, case_k.near))
        kind = _kind(posture, ours, theirs)
    reason = _reason(case_k, posture, kind, ours, theirs)
    return Verdict(k, kind, first, theirs.energy - ours.energy, reason, (ours.ms, theirs.ms))


def _reason(case_k, posture, kind, ours, theirs):
    """Why the two differ: the kernel started where IPOPT stopped, and the curvature where the kernel stopped."""
    if kind in (AGREE, LOWER):
        return ""
    if kind == NEITHER:
        return POSSIBLE if posture.violation(case_k.near) <= FEASIBLE else PERHAPS
    if kind in (ONLY_OURS, FALSE):
        return theirs.word
    again = _ours(case_k, posture, theirs.q, attempts=1)
    back = again.solved and np.abs(again.q - theirs.q).max() < SAME
    if kind == ONLY_IPOPT:
        if posture.independence(theirs.q) < 1e-6:
            return DEPENDENT
        return LOST if back else f"{UNCERTAIN}: {again.word}"
    if posture.curvature(ours.q, ours.rows) < NEGATIVE * max(case_k.task.stiffness):
        return SADDLE
    return ELSEWHERE if back else f"{UNCERTAIN} where IPOPT stops: {again.word}"


def _judge(pair):
    return judge(*pair)


def main(count, seed, listed, processes=2):
    began, verdicts = perf_counter(), []
    judge(seed, 0)  # compiles, and builds the programme: the workers inherit both
    with get_context("fork").Pool(processes) as pool:
        for verdict in pool.imap_unordered(_judge, [(seed, k) for k in range(count)], chunksize=10):
            verdicts.append(verdict)
            if len(verdicts) % 100 == 0 or len(verdicts) == count:
                print(
                    f"\r{len(verdicts)} of {count}, {perf_counter() - began:.0f} s", end="", flush=True, file=sys.stderr
                )
    print(file=sys.stderr)
    counts, first = Counter(v.kind for v in verdicts), Counter(v.first for v in verdicts)
    print(f"{'':28}{'from the reference':>20}{'and the other start':>20}")
    for kind in KINDS:
        print(f"{kind:28}{first[kind]:20}{counts[kind]:20}")
    for kind in KINDS[2:]:
        for reason, many in Counter(v.reason for v in verdicts if v.kind == kind).most_common():
            print(f"{kind}: {many} {reason}")
    ours, theirs = np.median([v.ms for v in verdicts], axis=0)
    print(f"median {ours:.2f} ms a problem, IPOPT {theirs:.1f} ms")
    shown = {HIGHER, ONLY_IPOPT, DIFFER, FALSE} | ({ONLY_OURS, NEITHER} if listed else set())
    for v in sorted(verdicts):
        if v.kind in shown:
            print(f"{v.k:6} {v.kind:28} IPOPT - ours {v.gap:10.3g} J  {v.reason}")
    return int(counts[DIFFER] + counts[FALSE] > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="also what only ours solves, and neither")
    arguments = parser.parse_args()
    sys.exit(main(arguments.count, arguments.seed, arguments.list))
