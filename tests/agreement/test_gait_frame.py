"""The restricted gait frame of the benchmarks in numpy: our kernels have its body, its energy and its optimum."""

import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest

from kinematics.pose import frames
from simulate.solution import energy
from tests.benchmarks.gait_frame import cases, judge, ours, statement
from tests.benchmarks.gait_frame.problem import N, Problem, ProblemError, read, write

DEG = np.pi / 180.0


def _random_postures(problem, spread):
    return problem.q_nominal + np.random.default_rng(3).uniform(-spread, spread, problem.q_nominal.shape)


@pytest.mark.kernel
@pytest.mark.parametrize("name", [cases.STANDARD, "long legs"])
def test_every_frame_of_the_statement_is_where_our_kernels_have_it(name):
    problem = cases.case(name)
    q = _random_postures(problem, 1.5)
    R, o = statement.forward(problem, q)
    theirs = frames(ours.chain(problem), ours.widened(q))
    # the pelvis's three rotations in another order are other frames of the same chain: all are compared
    np.testing.assert_allclose(R, theirs[0][:, ours.INTO], atol=1e-13)  # rounding of a dozen products
    np.testing.assert_allclose(o, theirs[1][:, ours.INTO], atol=1e-13)


@pytest.mark.kernel
@pytest.mark.parametrize("name", [cases.STANDARD, "stiff spine"])
def test_what_the_statement_minimises_is_our_energy(name):
    problem = cases.case(name)
    q = _random_postures(problem, 20.0 * DEG)  # rotation vectors stay well below a half turn
    stated = statement.objective(problem, slice(None), q)
    np.testing.assert_allclose(energy(ours.task(problem), ours.widened(q)), stated, rtol=1e-11)


def test_the_derivatives_of_the_statement_are_its_differences():
    problem, h = cases.gait(frames=5), 1e-6
    q = _random_postures(problem, 20.0 * DEG)
    _, J = statement.linearised(problem, slice(None), q)
    for i, step in enumerate(h * np.eye(N)):
        ahead, back = (statement.residuals(problem, slice(None), q + s * step) for s in (1, -1))
        # central differences of residuals of up to 1e2: h^2 and rounding / h
        np.testing.assert_allclose(J[..., i], (ahead - back) / (2 * h), atol=1e-7)


@pytest.mark.parametrize("name", [cases.STANDARD, "flexed", "hip rotation"])
def test_our_solver_reaches_the_optimum_of_every_frame(name):
    problem = cases.case(name)
    q = ours.Solver(problem).cycle()
    _, best = judge.optimum(problem)
    found = judge.verdict(problem, best, q)
    assert found.gap <= 1e-9 and found.bounds <= 1e-9  # the benchmark's own terms


def test_the_judge_refuses_what_is_not_the_optimum():
    problem = cases.gait(frames=4)
    q, best = judge.optimum(problem)
    assert judge.verdict(problem, best, q).reached
    assert not judge.verdict(problem, best, q + 1e-4).reached
    assert not judge.verdict(replace(problem, lower=q.min(axis=0) + 1e-6), best, q).reached
    assert not judge.verdict(problem, best, np.full_like(q, np.nan)).reached


def test_a_problem_file_read_back_is_the_same(tmp_path):
    problem = cases.gait(frames=3, hip_extension_stops_at=(5.0, -10.0), body={"thigh": 0.5}, trunk=12.0)
    write(tmp_path / "problem.npz", problem)
    again = read(tmp_path / "problem.npz")
    for field in fields(Problem):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(problem, field.name))


def _entry(name, at, value):
    def change(arrays):
        arrays[name] = np.array(arrays[name])
        arrays[name][at] = value

    return change


def _whole(name, value):
    return lambda arrays: arrays.update({name: value})


BAD = {
    "array 'w_q' is missing": lambda arrays: arrays.pop("w_q"),
    "array 'names': entry 4 is 'pelvis_roll', must be 'pelvis_list'": _entry("names", 4, "pelvis_roll"),
    "array 'parent': entry 18 is 4, must be 5": _entry("parent", 18, 4),
    "array 'is_slide': entry 3 is True, must be False": _entry("is_slide", 3, True),
    "array 'names' has shape (20,), must have (21,)": _whole("names", np.array(20 * ["knee"])),
    "array 'lower' has shape (20,), must have (21,)": _whole("lower", np.zeros(20)),
    "array 'p_foot_l' has shape (2, 3), must have (3, 3)": _whole("p_foot_l", np.zeros((2, 3))),
    "array 'q_nominal' has no frames": lambda arrays: arrays.update(
        {name: arrays[name][:0] for name in ("q_nominal", "R_foot_r", "p_foot_r", "R_foot_l", "p_foot_l", "R_trunk")}
    ),
    "array 'q_nominal': entry 1, 2 is nan": _entry("q_nominal", (1, 2), np.nan),
    "array 'upper' holds complex128, must hold real numbers": _whole("upper", np.zeros(N, complex)),
    "array 'lower': pelvis_tilt is 2, must not be above its 'upper', 1.0472": _entry("lower", 3, 2.0),
    "array 'upper': entry 0 is nan, must be a number": _entry("upper", 0, np.nan),
    "array 'w_trunk' is -1, must be 0 or more": _whole("w_trunk", -1.0),
    "array 'w_foot_position' is inf, must be finite": _whole("w_foot_position", np.inf),
    "array 'axis': row 9 (knee_angle_r) has length 2, must have length 1": _entry("axis", 9, (0.0, 0.0, 2.0)),
    "array 'R_trunk': frame 2 is no rotation": _entry("R_trunk", 2, 2.0 * np.eye(3)),
    "array 'R_foot_l': frame 0 is no rotation": _entry("R_foot_l", 0, -np.eye(3)),
}


@pytest.mark.parametrize("said", BAD)
def test_a_bad_problem_file_is_refused_with_its_array_and_what_is_allowed(said, tmp_path):
    path = tmp_path / "bad.npz"
    write(path, cases.gait(frames=3))
    with np.load(path) as file:
        arrays = dict(file)
    BAD[said](arrays)
    np.savez(path, **arrays)
    with pytest.raises(ProblemError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {said}") and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"names,parent", b"PK\x03\x04 cut off"])
def test_what_is_no_problem_file_is_refused_by_its_name(content, tmp_path):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(ProblemError, match="cannot be read as an npz file"):
        read(path)
    with pytest.raises(ProblemError, match="there is no such file"):
        read(tmp_path / "none.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ProblemError, match="holds one array"):
        read(tmp_path / "one.npy")


def _script(pytestconfig, *arguments):
    script = pytestconfig.rootpath / "tests" / "benchmarks" / "restricted_gait_frame.py"
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def test_the_script_solves_a_problem_file_and_writes_its_answer(pytestconfig, tmp_path):
    problem, answer = cases.gait(frames=6, hip_extension_stops_at=(8.0, 0.0)), tmp_path / "answer.npz"
    write(tmp_path / "problem.npz", problem)
    done = _script(pytestconfig, "--problem", tmp_path / "problem.npz", "--out", answer, "--repeats", "5")
    assert done.returncode == 0, done.stderr
    assert "us a frame" in done.stdout and "6 of 6 frames solved" in done.stdout
    with np.load(answer) as found:
        assert found["q"].shape == (6, N) and found["iterations"].shape == (6,) and found["seconds"].shape == (5,)
        assert (found["status"] == "solved").all()
        assert judge.verdict(problem, judge.optimum(problem)[1], found["q"]).reached


def test_the_script_refuses_a_bad_file_with_one_line(pytestconfig, tmp_path):
    done = _script(pytestconfig, "--problem", tmp_path / "none.npz")
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path / 'none.npz'}: there is no such file\n"
