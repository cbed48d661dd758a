"""What every answer carries: shortfall, budget, relief, derivatives, shares, and a file that can be checked."""

from dataclasses import replace

import numpy as np
import pytest

from kinematics import HipspineError
from kinematics.conventions import COORDINATES, INDEX
from kinematics.rom import RangeOfMotion
from kinematics.spine import lumbar_shares
from kinematics.zero import standing_tilt, zero_offsets
from simulate import compensate
from simulate.budget import PARTS
from simulate.compensation import bounds_of
from simulate.figures import budget_figure
from simulate.goals import PointGoal
from simulate.io.netcdf import read_result, write_result
from simulate.marginal import marginal, parameters
from simulate.problem import misses
from simulate.report.table import budget_text, relief_text, shortfall_text, table_text
from simulate.restated import Restated
from simulate.solution import MUST_DEG, MUST_MM, SHORTFALL, SOLVED
from simulate.strategies import STRATEGIES, allowances, closure, predicted
from simulate.verify import verify

NORMAL = RangeOfMotion.normal()
LIMITS = {"hip_extension_right_deg": -8, "hip_internal_rotation_left_deg": 0, "hip_extension_left_deg": 2}


def bounds(walk, **limits):
    offsets = zero_offsets("clinical", walk.standing, standing_tilt_deg=standing_tilt(None)[0])
    return bounds_of(walk, NORMAL.limited(**limits), offsets)[1]


@pytest.fixture(scope="module")
def result(bundled_walk):
    return compensate(bundled_walk, rom=NORMAL.limited(**LIMITS))


# --- shortfall


def test_what_yields_first_falls_short_and_the_other_musts_are_met(bundled_walk):
    answer = closure(bundled_walk, *bounds(bundled_walk, hip_extension_right_deg=-5, hip_internal_rotation_deg=0))
    short = answer.solution.status == SHORTFALL
    assert short.any()
    miss, levels = misses(answer.asked, answer.solution.q), np.array([goal.yields for goal in answer.asked.goals])
    allowed = np.array([MUST_MM if goal.unit == "mm" else MUST_DEG for goal in answer.asked.goals])
    assert (miss[:, levels == 0] <= allowed[levels == 0]).all()
    only_first = short & (miss[:, levels == 2] <= allowed[levels == 2]).all(axis=1)
    assert only_first.any()  # a shorter step is enough there
    assert (miss[only_first][:, levels == 1].max(axis=1) > MUST_MM).all()
    assert (miss[~short] <= allowed).all()


def test_no_shorter_shortfall_is_found_by_another_optimiser(bundled_walk):
    answer = closure(bundled_walk, *bounds(bundled_walk, hip_extension_right_deg=-5, hip_internal_rotation_deg=0))
    stage = next(stage for stage in answer.stages if stage.what.endswith("step length as near as it can be"))
    confirmed = 0
    for k in range(len(stage.frames)):
        problem = Restated(stage.task, k, stage.lower[k], stage.upper[k])
        ours = stage.solution.q[k]
        # from the recording, and from somewhere else in the neighbourhood
        near = ours + np.deg2rad(1.0) * np.random.default_rng(k).uniform(-1, 1, 24)
        tried = [problem.solve(start)[0] for start in (stage.task.q[k], near)]
        tried = [q for q in tried if problem.violation(q) <= 1e-7]
        if tried:
            by = [_steps_short(stage.task, k, q) for q in (ours, min(tried, key=problem.energy))]
            assert by[0] == pytest.approx(by[1], abs=0.05)  # half of what counts as met
            confirmed += 1
    assert confirmed >= 0.7 * len(stage.frames)


def _steps_short(task, k, q):
    from kinematics.pose import positions

    goals = [g for g in task.kind(PointGoal) if g.yields == 1 and g.weights()[k, 0] > 1e5]
    places = [positions(task.chain, q[None], [goal.name.split()[0]])[0, 0] for goal in goals]
    return 1e3 * np.sqrt(
        sum((goal.normal[k] @ place - goal.target[k]) ** 2 for goal, place in zip(goals, places, strict=True))
    )


def test_a_shortfall_grows_from_nothing_without_a_jump(bundled_walk):
    one = bundled_walk.frames(slice(64, 66))
    short = []
    for flexion in np.arange(20.0, 8.0, -0.25):
        answer = closure(one, *bounds(one, hip_flexion_deg=flexion))
        assert (answer.solution.status != 0).all()
        miss = misses(answer.asked, answer.solution.q)
        short.append(miss[:, [goal.yields == 1 for goal in answer.asked.goals]].max(axis=1))
    short = np.array(short)
    assert (short[0] <= MUST_MM).all()
    assert (short[-1] > 10.0).all()
    steps = np.diff(short, axis=0)
    assert (steps >= -MUST_MM).all()
    assert (steps <= 15.0).all()  # a quarter of a degree over a leg of 0.9 m is 4 mm; near full reach it goes faster


def test_a_shortfall_is_said_in_its_unit():
    one = {"goal": "step length", "mm": 61.0, "deg": 0.0, "frame": 3, "at_percent": 52.0, "frames": 4}
    assert shortfall_text(one, "of the cycle") == "step length 6.1 cm short at 52 % of the cycle (4 frames)"
    turn = {**one, "goal": "heading", "mm": 0.0, "deg": 12.0, "at_percent": None}
    assert shortfall_text({**one, "then": [turn]}, "of the cycle").endswith("heading 12.0° short (4 frames)")


# --- budget


def test_the_parts_of_a_budget_sum_to_what_the_hip_lost(result):
    for limit in ("hip_extension_right", "hip_internal_rotation_left"):
        one = result.sel(limit=limit)
        np.testing.assert_allclose(one.budget.sum("budget_part"), one.budget_loss, atol=0.01)
        for strategy in result.strategy.values:
            frame = int(one.budget_frame.sel(strategy=strategy))
            name = {"hip_extension_right": "hip_flexion_r"}.get(limit, "hip_rotation_l")
            moved = (result.restricted - result.free).sel(strategy=strategy, coordinate=name)[frame]
            assert float(one.budget_loss.sel(strategy=strategy)) == pytest.approx(abs(float(moved)), abs=1e-9)


def test_in_closure_pelvis_and_spine_pay_everything_in_their_shares(result):
    parts = result.budget.sel(strategy="closure", limit="hip_extension_right")
    np.testing.assert_allclose(parts.sel(budget_part=["foot and ankle", "knee", "trunk lean"]), 0.0, atol=1e-5)
    lumbar, thoracic = (float(parts.sel(budget_part=name)) for name in ("lumbar", "thoracic"))
    # extension only, near enough: the hip's axis is within a few degrees of the spine's
    assert lumbar / (lumbar + thoracic) == pytest.approx(lumbar_shares()[0], abs=0.01)


def test_a_limit_that_takes_nothing_has_no_budget_and_without_limits_there_is_no_picture(bundled_walk):
    answer = compensate(bundled_walk, rom=NORMAL.limited(hip_extension_deg=60), strategies=["closure"])
    assert answer.answer()["answers"]["closure"]["budget_deg"] == {}
    assert budget_figure(answer) is None
    assert budget_figure(compensate(bundled_walk, strategies=["closure"])) is None


def test_the_budget_reads_in_one_line_and_one_bar(result):
    budget = result.answer()["answers"]["predicted"]["budget_deg"]["hip_extension_right"]
    line = budget_text("hip_extension_right", budget)
    assert line.startswith(f"right hip extension loses {budget['lost']:.1f}°")
    assert sum(budget[name.replace(" ", "_")] for name in PARTS) == pytest.approx(budget["lost"], abs=0.01)
    figure = budget_figure(result)
    figure.draw_without_rendering()
    largest = max(PARTS, key=lambda name: budget[name.replace(" ", "_")])
    assert f"{largest} makes up for {budget[largest.replace(' ', '_')]:.1f}°" in figure._suptitle.get_text()
    width, height = figure.get_size_inches() * figure.dpi
    for axis in figure.axes:
        for text in axis.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height


# --- relief and derivatives


def test_relief_is_what_the_same_walk_with_the_limit_given_back_says(bundled_walk, result):
    eased = compensate(bundled_walk, rom=NORMAL.limited(**{**LIMITS, "hip_extension_right_deg": -3}))
    for strategy in result.strategy.values:
        for name in ("lumbar_extension", "pelvis_tilt"):
            before, after = (np.abs(r.changes()[strategy][name].added_deg) for r in (result, eased))
            saved = float(result.relief.sel(strategy=strategy, limit="hip_extension_right", summary=name))
            assert saved == pytest.approx(before - after, abs=1e-6)


def test_relief_is_ranked_and_said_in_words(result):
    rows = result.answer()["answers"]["predicted"]["relief"]
    saved = [row["saved_deg"]["lumbar"] for row in rows]
    assert saved == sorted(saved, reverse=True)
    assert relief_text(rows[0]).startswith("5° more right hip extension saves ")
    assert "of lumbar extension" in relief_text(rows[0])


def test_where_nothing_else_comes_to_bind_relief_is_five_times_the_marginal(bundled_walk):
    found = compensate(bundled_walk, rom=NORMAL.limited(hip_extension_right_deg=-15), strategies=["predicted"])
    row = found.answer()["answers"]["predicted"]["relief"][0]
    assert row["marginal_reach_deg"] > 5.0
    assert row["saved_deg"]["lumbar"] == pytest.approx(5.0 * row["marginal_lumbar"], rel=0.15)  # the curvature of 5 deg


def test_the_mean_of_a_coordinate_moves_with_a_limit_as_its_derivative_says(bundled_walk):
    step = 0.01
    low, there, high = (
        compensate(bundled_walk, rom=NORMAL.limited(hip_extension_right_deg=-10 + by), strategies=["predicted"])
        for by in (-step, 0.0, step)
    )
    for name in ("lumbar_extension", "pelvis_tilt", "knee_angle_r"):
        one = {"strategy": "predicted", "coordinate": name}
        quotient = float((high.restricted - low.restricted).sel(one).mean() / (2 * step))
        found = float(there.marginal_limit_mean.sel(one, drop=True).squeeze())
        # a few frames begin or cease to be limited within the step
        assert found == pytest.approx(quotient, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_the_derivatives_are_central_differences_where_what_binds_does_not_change(bundled_walk, strategy):
    walk = bundled_walk.frames(slice(40, 90, 5))
    limits, rom = bounds(walk, **LIMITS), NORMAL.limited(**LIMITS)
    which = parameters(walk, rom.limited_bounds)

    def answer(task, low_high):
        return STRATEGIES[strategy](task, *low_high, free=walk.q, allow=allowances())

    there = answer(walk, limits)
    found = marginal(strategy, walk, there, limits, which)
    compared = 0
    for p in range(len(which)):
        if p < len(which.limits):
            step, sides = 1e-5, [_moved(limits, *which.limits[p], sign * 1e-5) for sign in (1, -1)]
            q = [answer(walk, side).solution.q for side in sides]
        else:
            step = 1e-3
            q = [
                answer(_stiffer(walk, which.stiffness[p - len(which.limits)], sign * step), limits).solution.q
                for sign in (1, -1)
            ]
        quotient = (q[0] - q[1]) / (2 * step)
        for f in range(len(walk.q)):
            if np.isfinite(found.dq[f, :, p]).all() and found.reach[f, p] > 3 * step:
                # 1e-4 of the largest rate; a limit's rates are about one, a stiffness's 1e-3 per N m/rad
                size = max(np.abs(quotient[f]).max(), 1e-2 if p < len(which.limits) else 1e-5)
                np.testing.assert_allclose(found.dq[f, :, p], quotient[f], rtol=0, atol=1e-4 * size)
                compared += 1
    assert compared >= 0.7 * len(walk.q) * len(which)


def _moved(limits, coordinate, direction, by):
    both = [limits[0].copy(), limits[1].copy()]
    both[int(direction > 0)][INDEX[coordinate]] += by
    return both


def _stiffer(task, name, by):
    """The task with one row of the stiffness table changed."""
    stiffness = task.stiffness.copy()
    for i, coordinate in enumerate(COORDINATES):
        if coordinate.removesuffix("_r").removesuffix("_l") == name:
            stiffness[i] += by
    goals = [replace(g, stiffness=g.stiffness + by) if g.stiffness_name == name else g for g in task.goals]
    return replace(task, stiffness=stiffness, goals=goals)


def test_reach_says_where_something_else_comes_to_bind(bundled_walk):
    """Moved by half the reach nothing else binds; moved by twice the reach, one way or the other, something does."""
    limits = bounds(bundled_walk, hip_extension_right_deg=-8)
    which = parameters(bundled_walk, [("hip_flexion_r", -1)])
    there = predicted(bundled_walk, *limits)
    reach = marginal("predicted", bundled_walk, there, limits, which).reach[:, 0]
    near = np.flatnonzero((reach > 1e-4) & (reach < np.deg2rad(0.5)))
    assert near.size >= 5
    held = changed = 0
    for f in near:
        one = bundled_walk.frames(np.array([f]))

        def binds(by, one=one):
            solution = predicted(one, *_moved(limits, "hip_flexion_r", -1, by)).solution
            return [*solution.active[0], *solution.rows_active[0]]

        now = binds(0.0)
        held += all(binds(sign * 0.5 * reach[f]) == now for sign in (1, -1))
        changed += any(binds(sign * 2.0 * reach[f]) != now for sign in (1, -1))
    # to first order: near half a degree curvature may decide otherwise
    assert held >= 0.9 * near.size
    assert changed >= 0.9 * near.size


# --- shares


def test_a_need_past_the_own_range_is_marked(bundled_walk):
    limits = {"hip_extension_deg": -20, "lumbar_extension_deg": 5}
    found = compensate(bundled_walk, rom=NORMAL.limited(**limits), reliefs=False)
    row = next(line for line in table_text(found, found.answer()).splitlines() if line.startswith(" lumbar extension"))
    share = found.changes()["closure"]["lumbar_extension"].share_of_range
    assert share > 1.0
    assert f"{100 * share:.0f} %!" in row.replace("\u00a0", " ")
    assert row.count("!") == 1


# --- a file that can be checked


@pytest.fixture(scope="module")
def file(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "result.nc"
    write_result(path, result)
    return path


def test_a_result_is_confirmed_from_its_file_alone(file):
    found = verify(file, frames=3)
    assert found.holds
    assert found.inconsistencies == ()
    assert {check.strategy for check in found.checks} == {"closure", "predicted", "least"}
    assert sum(check.confirmed for check in found.checks) >= 0.9 * len(found.checks)
    assert all(abs(check.gap_j) <= 1e-9 + 1e-7 * check.energy_j for check in found.checks if check.confirmed)


@pytest.mark.parametrize(
    "variable",
    [
        "restricted", "free", "restricted_translation", "restricted_landmarks", "status", "budget",
        "relief", "limit_lower", "stiffness", "goal_target", "goal_high", "chain_offsets", "short_mm", "own_upper",
        "kkt", "must_mm", "zero_offset", "marginal_limit",
    ],
)  # fmt: skip
def test_a_changed_number_does_not_go_unnoticed(file, tmp_path, variable):
    changed = read_result(file)
    if variable == "status":
        changed[variable].values[1, 60] = SOLVED + 1
    elif variable in ("limit_lower", "own_upper"):
        changed[variable].values[INDEX["hip_flexion_r"] - 3] += 1.0
    elif variable == "stiffness":
        changed[variable].values[INDEX["knee_angle_r"]] *= 1.1
    elif variable == "goal_high":
        changed[variable].values[60, 0, 0] += 0.05
    elif variable == "goal_target":
        changed[variable].values[60, 0] += 0.005
    elif variable in ("kkt", "must_mm", "zero_offset", "marginal_limit"):
        changed[variable].values[...] = changed[variable].values + 5.0
    else:
        flat = changed[variable].values.reshape(-1)
        flat[len(flat) // 2] += 0.01
        changed[variable].values[...] = flat.reshape(changed[variable].shape)
    write_result(tmp_path / "changed.nc", changed)
    assert verify(tmp_path / "changed.nc", frames=1).inconsistencies


@pytest.mark.parametrize("what", ["labels", "units", "limits_model_deg"])
def test_changed_words_do_not_go_unnoticed(file, tmp_path, what):
    changed = read_result(file)
    if what == "labels":
        names = changed.coordinate.values.copy()
        names[[-1, -2]] = names[[-2, -1]]
        changed = changed.assign_coords(coordinate=names)
    elif what == "units":
        changed["restricted"].attrs["units"] = "rad"
    else:
        changed.attrs[what] = "{}"
    write_result(tmp_path / "changed.nc", changed)
    assert verify(tmp_path / "changed.nc", frames=1).inconsistencies


def test_a_file_with_unsolved_frames_is_consistent_and_says_so(bundled_walk, tmp_path, monkeypatch):
    from simulate.strategies import least_lumbar

    judged = least_lumbar.judged

    def one_lost(asked, solution):
        found = judged(asked, solution)
        found.status[60] = 0
        return found

    monkeypatch.setattr(least_lumbar, "judged", one_lost)
    write_result(tmp_path / "lost.nc", compensate(bundled_walk, rom=NORMAL.limited(**LIMITS), strategies=["least"]))
    monkeypatch.setattr(least_lumbar, "judged", judged)
    found = verify(tmp_path / "lost.nc", frames=1)
    assert found.unsolved == 1
    assert found.inconsistencies == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowances", "[1]"), ("allowances", '{"knee": NaN}'), ("chain_points", '{"a": 1}'), ("yields", "3"),
        ("limits_deg", '{"hip_extension": "x"}'), ("version", "0.0.0"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_whole_problem_is_refused_in_words(file, tmp_path, name, value):
    changed = read_result(file)
    changed.attrs[name] = value
    write_result(tmp_path / "changed.nc", changed)
    with pytest.raises(HipspineError, match=r"changed\.nc|allowance|direction"):
        verify(tmp_path / "changed.nc", frames=1)


def test_a_file_that_was_written_to_afterwards_is_told_by_its_digest(file, tmp_path):
    import shutil

    import h5py

    changed = tmp_path / "changed.nc"
    shutil.copy(file, changed)
    with h5py.File(changed, "r+") as inside:
        inside["segment_mass"][0] += 1e-3  # nothing in this task depends on it
    assert [one.variable for one in verify(changed, frames=1).inconsistencies] == ["digest"]
