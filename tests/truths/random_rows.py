"""Bodies, postures and goals at random, one frame each, as the kernels take them, and all of it in lanes."""

import numpy as np
from scipy.spatial.transform import Rotation

from kinematics.kernels import lanes as tree_lanes
from kinematics.kernels import tree
from simulate import patient
from simulate.kernels import goals as goal_kernels
from simulate.kernels.data import (
    EXPONENTIAL,
    MUST,
    OFF,
    PULL,
    SOFT,
    SPRING,
    STRING,
    WHOLE_BODY,
    Body,
    Goals,
    Tissue,
    no_tissue,
    scratch,
)
from simulate.kernels.lanes import motion, slots
from simulate.kernels.lanes.rows import evaluate
from simulate.kernels.lanes.springs import hessian, slopes
from simulate.kernels.lanes.step import _entry
from simulate.lanes import pack, spread

N, BRANCH, JOINTS, PELVIS = tree.N, tree_lanes.BRANCH, tree_lanes.JOINTS, 5
INF = np.inf
#: Rooms: none, on one side or the other, on both, and everywhere.
ROOMS = ((0.0, 0.0), (0.1, 0.1), (-0.05, INF), (-INF, 0.07), (-0.2, 0.3), (-INF, INF))
#: Frames that rows are about: the pelvis's, and several depths of each branch; some more than once.
POINTS = (PELVIS, PELVIS, 6, 8, 11, 11, 12, 15, 17, 18, 20, 23, 23, WHOLE_BODY, WHOLE_BODY)
TURNS = (PELVIS, 8, 11, 14, 17, 20, 23)
#: Angles by which orientations are off their targets: none, on either side of where series end, up to 130 deg. [rad]
TURNED = (0.0, 1e-9, 1e-4, 0.049, 0.051, 0.2, 0.249, 0.251, 1.0, 2.0, 2.27)


def unit(rng, *shape):
    """Unit vectors (*shape, 3)."""
    x = rng.normal(size=(*shape, 3))
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def body(rng):
    """A chain with any axes and offsets, the pelvis's too, and mass in every frame from the pelvis's on."""
    mass = np.where(np.arange(N) >= PELVIS, rng.uniform(0.1, 1.0, N), 0.0)
    return Body(unit(rng, N), 0.3 * rng.normal(size=(N, 3)), mass / mass.sum(), 0.1 * rng.normal(size=(N, 3)))


def goals_at(rng, chain, q, roles, joined):
    """Rows of every kind, or of those that do not join branches; `roles` are those they may have."""
    of_points = [s for s in POINTS if joined or s != WHOLE_BODY]
    R, o, a = np.empty((N, 3, 3)), np.empty((N, 3)), np.empty((N, 3))
    tree.forward(chain.axes, chain.offsets, q, R, o, a)
    points, turns = len(of_points), len(TURNS)
    factor = np.zeros((5, N))
    for k, branch in enumerate((6, 12, 18)):
        factor[k, branch : branch + BRANCH] = rng.normal(size=BRANCH)
    factor[3, :6], factor[4] = rng.normal(size=6), rng.normal(size=N)
    factor = factor[: 5 if joined else 3]
    rows = points + 3 * turns + len(factor)
    rooms = np.array(ROOMS)[rng.integers(len(ROOMS), size=rows)]
    away = Rotation.from_rotvec(unit(rng, turns) * rng.choice(TURNED, turns)[:, None]).as_matrix()
    return Goals(
        role=rng.choice(roles, (1, rows)).astype(np.int8),
        low=rooms[None, :, 0].copy(),
        high=rooms[None, :, 1].copy(),
        weight=np.exp(rng.uniform(np.log(3.0), np.log(3e3), (1, rows))),
        segment=np.array(of_points, dtype=np.int64),
        local=0.4 * rng.normal(size=(points, 3)),
        is_point=rng.integers(2, size=points).astype(np.int8),
        normal=unit(rng, 1, points),
        target=0.5 * rng.normal(size=(1, points)),
        o_segment=np.array(TURNS, dtype=np.int64),
        o_target=np.ascontiguousarray(R[list(TURNS)] @ away)[None],
        c_factor=factor,
        c_target=(factor @ q + 0.1 * rng.normal(size=len(factor)))[None],
    )


def tissue_at(rng, q):
    """Each kind of tissue, with and without a tangent, of one joint, of two branches, and of any."""
    kind = np.repeat([EXPONENTIAL, SPRING, STRING], 4).astype(np.int8)
    factor = np.zeros((len(kind), N))
    for t, row in enumerate(factor):
        if t % 2:
            row[[rng.integers(6, 9), rng.integers(18, 21)]] = rng.normal(size=2)
        else:
            row[rng.integers(3, N)] = 2.0
    factor[0] = 0.3 * rng.normal(size=N)
    tangent = np.tile([0, 0, 1, 1], 3).astype(np.int8)
    return Tissue(kind, factor, factor @ q + rng.normal(size=len(kind)), rng.uniform(1.0, 50.0, len(kind)), tangent)


class Posed:
    """A random problem at a random posture, with multipliers and a guess of what binds.

    Everything about it in order of the coordinates (24) and of the goals' rows (M): with `solve`, as the patient kernel
    has it, and with `in_lanes`.
    """

    def __init__(self, seed, roles=(OFF, MUST, SOFT, PULL), *, joined=True, far=0.0):
        rng = self.rng = np.random.default_rng(seed)
        self.body, self.q, self.q_ref = body(rng), rng.uniform(-1.2, 1.2, N), rng.uniform(-1.0, 1.0, N)
        self.q[:3] += far
        self.goals = goals_at(rng, self.body, self.q, roles, joined)
        self.tissue = tissue_at(rng, self.q) if joined else no_tissue()
        self.stiffness = np.exp(rng.uniform(0.0, np.log(500.0), N))
        self.lower, self.upper = np.full(N, -INF), np.full(N, INF)
        self.work = scratch(self.goals)
        role, low, high = self.goals.role[0], self.goals.low[0], self.goals.high[0]
        sides = np.where(
            np.isinf(low), np.where(np.isinf(high), 0, 1), np.where(np.isinf(high), -1, rng.choice([-1, 1]))
        )
        self.on = np.where(low < high, sides * rng.integers(2, size=len(low)), -1) * (role == MUST)
        self.lam = np.where(self.on != 0, rng.normal(0.0, 50.0, len(low)), 0.0)

    def patiently(self, curved=1.0):
        """The patient kernel's scratch: values, Jacobian, gradient, scaling diagonal, Hessian."""
        w, body, goals = self.work, self.body, self.goals
        patient.prepare(goals, 0, self.lower, self.upper, w)
        goal_kernels.values(body, goals, 0, self.q, w)
        goal_kernels.linearise(goals, self.tissue, 0, self.stiffness, self.q_ref, self.q, self.lam, curved, w)
        return w

    def pulls(self):
        """What the patient kernel weighs each row's curvature with."""
        w = self.patiently()
        out = np.where(w.c > w.high, w.c - w.high, np.minimum(w.c - w.low, 0.0))
        return np.select([w.role == SOFT, w.role == PULL, w.role == MUST], [w.weight * out, w.weight, -self.lam], 0.0)

    def in_lanes(self, curved=1.0, groups=1):
        """Scratch in lanes with values, slopes and Hessian."""
        self.packed = packed = pack(self.body, self.goals, self.tissue, self.stiffness, self.q_ref[None])
        zeros = (0,) * groups
        x = packed.scratch(groups)
        motion._begin(x, packed, zeros)
        lane = x["lane"]
        for at, values in (
            (tree_lanes.Q, self.q), (slots.REFERENCE, self.q_ref), (slots.BOUNDS_LOW, self.lower),
            (slots.BOUNDS_HIGH, self.upper),
        ):  # fmt: skip
            lane[at : at + JOINTS] = np.tile(spread(values), groups)
        pulls = self.pulls()
        for r, where in enumerate(packed.row_of):
            row = slots.ROWS + slots.ROW_SIZE * r
            for part, values in ((slots.MULTIPLIER, self.lam), (slots.ON, self.on), (slots.BENDS, pulls)):
                lane[row + part] = np.tile(np.where(where < 0, 0.0, values[where]), groups)
        lane[slots.CURVED], lane[slots.GOES], lane[slots.FAILED] = curved, 1.0, 0.0
        lane[slots.STATE : slots.STATE + JOINTS] = np.tile(spread(np.zeros(N)), groups)
        lane[slots.STATE : slots.STATE + BRANCH, 3::4] = slots.LOCKED  # the lane that idles
        tree_lanes.forward(x)
        table, used, depths, fixed = packed.table, packed.used[0], packed.depths, packed.fixed
        evaluate(x, table, used, depths, packed.data, zeros, fixed, zeros, packed.musts)
        slopes(x, table, used, depths, fixed, zeros, packed.musts)
        hessian(x, table, used, depths, fixed, zeros, packed.musts)
        return x

    def of_rows(self, x, part):
        """One number of each row that is asked for, (M,); 0 of the others."""
        out = np.zeros(self.goals.role.shape[1])
        for r, where in enumerate(self.packed.row_of):
            for lane, m in enumerate(where):
                if m >= 0 and self.goals.role[0, m] != OFF:
                    out[m] = x["lane"][slots.ROWS + slots.ROW_SIZE * r + part, lane]
        return out

    def whole_hessian(self, x):
        """The Hessian (24, 24), with the rows that join branches."""
        H = np.zeros((N, N))
        for b in range(3):
            into = [*range(6 + BRANCH * b, 12 + BRANCH * b), *range(6)]
            for i in range(JOINTS):
                for j in range(JOINTS):
                    H[into[i], into[j]] = x["lane"][_entry(i, j), b]
        for table, used in zip(self.packed.table, self.packed.used[0], strict=True):
            if used and table[slots.KIND] >= slots.WHOLE:
                a = coordinates(x, table[slots.BORDER] + slots.ACROSS)
                H += x["lane"][table[slots.BORDER] + slots.STIFF, 0] * np.outer(a, a)
        return H


def coordinates(x, at, group=0):
    """Twelve numbers a lane from slot `at` on, in the order of the coordinates (24)."""
    lane = x["lane"][at : at + JOINTS, 4 * group : 4 * group + 4]
    return np.concatenate([lane[BRANCH:, 0], lane[:BRANCH, :3].T.ravel()])
