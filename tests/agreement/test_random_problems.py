"""The optimum is the optimum for bodies, goals and limits nobody chose: a few of ``random_problems.py``."""

import numpy as np
import pytest

from simulate.goals import MUST, PULL, SOFT
from tests.agreement.random_problems import (
    AGREE,
    DIFFER,
    ELSEWHERE,
    FALSE,
    HIGHER,
    KINDS,
    LOWER,
    NEITHER,
    ONLY_IPOPT,
    SIZE,
    case,
    judge,
)
from tests.agreement.symbolic_posture import SymbolicPosture

SEED, COUNT = 2, 60


@pytest.fixture(scope="module")
def verdicts():
    found = [judge(SEED, k) for k in range(COUNT)]
    assert all(verdict.kind in KINDS for verdict in found)
    return found


def _of(verdicts, *kinds):
    return [verdict for verdict in verdicts if verdict.kind in kinds]


def test_where_both_solve_the_energies_agree_or_ours_is_lower(verdicts):
    assert not _of(verdicts, DIFFER, FALSE)
    assert len(_of(verdicts, AGREE, LOWER)) >= 0.9 * COUNT


def test_where_ipopt_finds_less_it_found_another_local_minimum(verdicts):
    higher = _of(verdicts, HIGHER)
    assert {verdict.reason for verdict in higher} <= {ELSEWHERE}
    assert len(higher) <= 0.05 * COUNT


def test_hardly_anything_is_solved_by_ipopt_alone(verdicts):
    assert len(_of(verdicts, ONLY_IPOPT)) <= 0.02 * COUNT
    assert len(_of(verdicts, NEITHER)) <= 0.05 * COUNT


def test_a_problem_depends_on_its_seed_and_number_only():
    one, other, third = case(SEED, 7), case(SEED, 7), case(SEED, 8)
    np.testing.assert_array_equal(one.near, other.near)
    assert (one.near != third.near).any()


def test_the_random_problems_have_everything_a_posture_can_be_asked():
    tasks = [case(SEED, k).task for k in range(COUNT)]
    goals = [goal for task in tasks for goal in task.goals]
    of_mass = [goal for goal in goals if getattr(goal, "of_whole_body", False)]
    assert {MUST, SOFT, PULL} <= {int(role) for goal in of_mass for role in goal.roles().ravel()}
    assert {0, 1, 2} == {int(kind) for task in tasks for kind in task.tissue.kind}
    musts = np.concatenate([goal.ends()[goal.roles() == MUST] for goal in goals])
    assert (musts[:, 0] == musts[:, 1]).any() and np.isinf(musts[:, 1]).any()
    assert (np.isfinite(musts).all(axis=1) & (musts[:, 0] < musts[:, 1])).any()


@pytest.mark.parametrize("k", range(5))
def test_the_second_writing_knows_its_own_slopes(k):
    problem = case(SEED, k)
    posture = SymbolicPosture(problem.task, 0, problem.lower, problem.upper, SIZE)
    way = np.random.default_rng(k).normal(size=24)
    ahead, behind = (posture.energy(problem.near + sign * 1e-6 * way) for sign in (1, -1))
    # second differences of a few thousand joules over 1e-6: 1e-6 of the slope
    assert posture.gradient(problem.near) @ way == pytest.approx((ahead - behind) / 2e-6, rel=1e-5, abs=1e-3)
