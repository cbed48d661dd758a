"""A film shows the answer's own frames, as long and as large as asked, and leaves nothing half-made."""

import importlib
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from kinematics import RangeOfMotion
from kinematics.errors import HipspineError
from simulate import cli, compensate, film, strategies
from simulate.cli import options
from simulate.figures.film_frames import traces
from simulate.figures.furniture import Box
from simulate.film import FilmSettings, Shot, check_film, write_film
from simulate.kernels.data import UNSOLVED
from simulate.tasks.catalogue import build_task

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="films need imageio-ffmpeg, extra teach")
cli_film = importlib.import_module("simulate.cli.film")  # its name in the package is the command
SMALL = {"size": (640, 360), "seconds": 1.0, "fps": 4.0}


@cache
def answer(name="walk", strategies=("predicted",), **limits):
    return compensate(
        build_task(name), rom=RangeOfMotion.normal().limited(**limits), strategies=strategies, reliefs=False
    )


def stiff():
    return answer(hip_extension_deg=0.0)


def frames_of(path, width, height):
    """The pictures of a film, as ffmpeg reads them back."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        str(path),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    raw = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def test_an_mp4_film_has_the_frames_and_the_size_that_were_asked_for(tmp_path):
    drawn = []
    path = tmp_path / "stiff.mp4"
    made = write_film(stiff(), path, FilmSettings(**SMALL), lambda done, of: drawn.append((done, of)))
    assert drawn == [(k, 4) for k in (1, 2, 3, 4)]
    pictures = frames_of(path, 640, 360)
    assert len(pictures) == made["frames"] == 4
    assert made["bytes"] == path.stat().st_size
    assert [each.name for each in tmp_path.iterdir()] == ["stiff.mp4"]
    # bodies move: no two pictures are alike
    assert all(np.abs(a.astype(int) - b).max() > 100 for a, b in pairwise(pictures))


def test_a_gif_runs_for_ever_at_the_rate_that_was_asked_for(tmp_path):
    path = tmp_path / "stiff.gif"
    write_film(stiff(), path, FilmSettings(**SMALL))
    with Image.open(path) as picture:
        assert picture.size == (640, 360)
        assert picture.n_frames == 4
        assert picture.info["loop"] == 0
        assert picture.info["duration"] == 250


def test_a_film_of_walking_is_one_cycle_and_ends_as_it_begins():
    shot = Shot(stiff(), 30.0, FilmSettings())
    assert len(shot) == 120
    assert shot.percent[0] == 0.0 and 98.0 < shot.percent[-1] < 100.0
    assert (np.diff(shot.percent) > 0.0).all()
    for kind in ("free", "restricted"):
        for name, path in shot.places[kind].items():
            step = np.linalg.norm(np.diff(path, axis=0), axis=1).max()
            # the recording is no exact cycle: the seam may be a few steps wide
            assert np.linalg.norm(path[0] - path[-1]) < 4.0 * step + 0.05, name


def test_the_film_says_how_much_slower_it_is_than_the_movement():
    lasts = 4.0 / Shot(stiff(), 10.0, FilmSettings()).slower
    assert 0.9 < lasts < 1.5  # a stride [s]
    slow = Shot(stiff(), 10.0, FilmSettings(slow=5.0))
    assert slow.slower == pytest.approx(5.0)
    assert len(slow) == round(50.0 * lasts)
    assert Shot(answer("sit"), 10.0, FilmSettings()).slower is None


def test_both_bodies_are_those_of_the_answer():
    result = stiff()
    shot = Shot(result, 30.0, FilmSettings())
    gap = {name: np.abs(shot.places["restricted"][name] - shot.places["free"][name]).max() for name in ("c7", "l5s1")}
    one = result.sel(strategy="predicted")
    gone = (one.restricted_landmarks - one.free_landmarks).sel(landmark="l5s1").values[shot.start : shot.stop]
    moved = np.abs(gone).max()
    assert gap["l5s1"] == pytest.approx(moved, rel=0.1)  # between frames it is interpolated
    assert gap["c7"] > 0.0


def test_curves_are_of_the_limited_hip_and_never_beyond_its_limit():
    hip, pelvis, lumbar = traces(stiff())
    assert (hip.title, pelvis.title, lumbar.title) == (
        "Right hip extension",
        "Pelvis: anterior tilt",
        "Lumbar extension",
    )
    assert hip.limit == pytest.approx(0.0, abs=1e-9)
    assert hip.restricted.max() <= 1e-6 < hip.free.max()
    assert pelvis.restricted.max() > pelvis.free.max()
    hip, pelvis, _ = traces(answer("pivot", hip_internal_rotation_left_deg=15.0))
    assert hip.title == "Left hip internal rotation" and pelvis.title == "Pelvis: turned left"
    assert hip.restricted.max() == pytest.approx(15.0, abs=1e-6)


def with_an_unsolved_frame():
    """The stiff walk with one frame without an answer, whose posture is far away."""
    result = stiff().copy(deep=True)
    frame = Shot(result, 10.0, FilmSettings()).start + 40
    result["status"][:, frame] = UNSOLVED
    result["restricted"].loc[{"coordinate": "lumbar_bending"}][:, frame] += 80.0
    return result, frame


def test_a_frame_that_is_not_solved_chooses_no_curve_and_is_a_gap_in_it():
    result, frame = with_an_unsolved_frame()
    for trace, whole in zip(traces(result), traces(stiff()), strict=True):
        assert trace.title == whole.title
        assert np.flatnonzero(np.isnan(trace.restricted)).tolist() == [frame]
        there = np.arange(len(trace.free)) != frame
        np.testing.assert_array_equal(trace.restricted[there], whole.restricted[there])
        np.testing.assert_array_equal(trace.free, whole.free)


def test_a_film_goes_through_a_frame_that_is_not_solved(tmp_path):
    result, frame = with_an_unsolved_frame()
    settings = FilmSettings(size=(480, 270), seconds=1.0, fps=10.0)
    shot = Shot(result, 60.0, FilmSettings(seconds=4.0))
    assert (shot.status == UNSOLVED).any() and frame in shot.nearest
    assert write_film(result, tmp_path / "film.gif", settings)["frames"] == 10


def test_without_any_frame_that_is_solved_there_is_no_film(tmp_path):
    result = stiff().copy(deep=True)
    result["status"][:] = UNSOLVED
    with pytest.raises(HipspineError, match="no frame of walk was solved"):
        write_film(result, tmp_path / "film.gif")


def test_the_percentage_runs_evenly_to_the_end_of_the_cycle():
    percent = Shot(stiff(), 30.0, FilmSettings(seconds=20.0)).percent
    assert len(percent) == 600
    # recorded times are even to a tenth of their step, and every step of the film is a sixth of one
    assert np.diff(percent) == pytest.approx(100.0 / 600.0, rel=0.1)
    assert percent[-1] == pytest.approx(100.0 - 100.0 / 600.0, abs=0.02)


def test_a_walker_whose_left_hip_alone_is_limited_is_seen_from_the_left():
    from_right, _ = Shot(stiff(), 10.0, FilmSettings()).views("both")
    assert from_right.words == "from the right"
    shot = Shot(answer(hip_extension_left_deg=-5.0), 10.0, FilmSettings())
    from_left, behind = shot.views("both")
    assert (from_left.words, behind.words) == ("from the left", "from behind")
    for frame in range(0, len(shot), 7):
        body = shot.body("free", frame)
        seen = from_left.seen(body).places
        # forward is to the left, up stays up, and what is drawn as near is the left leg
        for name, other in (("toe_r", "toe_l"), ("hip_l", "hip_r"), ("c7", "c7")):
            away = seen[name] - seen["l5s1"], body.places[other] - body.places["l5s1"]
            np.testing.assert_allclose(away[0], away[1] * [-1.0, 1.0, -1.0], atol=1e-12)
        assert seen["hip_r"][2] > seen["hip_l"][2]
        for at in seen.values():
            assert (at[:2] >= 0.0).all() and (at[:2] <= from_left.size).all()
    # the view from behind has the sides as they are
    assert behind.seen(body).places["hip_r"][2] > behind.seen(body).places["hip_l"][2]


def test_the_planted_foot_stays_on_the_ground_that_passes_by():
    shot = Shot(answer(hip_extension_left_deg=-5.0), 30.0, FilmSettings())
    (view,) = shot.views("side")
    loaded = [k for k, percent in enumerate(shot.percent) if 15.0 < percent < 35.0]
    ground = [(view.sense * shot.camera[k])[0] for k in loaded]
    foot = [view.at(shot.places["free"]["forefoot_l"][k])[0] for k in loaded]
    assert np.ptp(ground) > 0.2  # [m]
    assert np.ptp(np.add(foot, ground)) < 0.03  # a recorded foot slips and rolls a little


def test_the_seat_is_where_it_was_when_it_is_seen_from_the_left():
    box = Box(np.array([-0.1, 0.0, -0.2]), np.array([0.4, 0.5, 0.3]), on_floor=True)
    turned = box.turned()
    np.testing.assert_allclose([turned.low, turned.high], [[-0.4, 0.0, -0.3], [0.1, 0.5, 0.2]])
    np.testing.assert_allclose(turned.turned().low, box.low)


@pytest.mark.parametrize("name", ["run", "turn", "prone", "sit", "swing"])
@pytest.mark.parametrize("view", ["both", "side", "behind", "above", "feet"])
def test_every_movement_can_be_filmed_from_every_side(tmp_path, name, view):
    path = tmp_path / "film.gif"
    write_film(answer(name), path, FilmSettings(view=view, size=(480, 270), seconds=0.5, fps=4.0))
    with Image.open(path) as picture:
        assert picture.n_frames == 2
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20  # something is drawn


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"view": "top"}, "unknown view 'top'"),
        ({"fps": 0.5}, "fps must be 1 to 60 frames a second, is 0.5"),
        ({"fps": float("nan")}, "fps must be 1 to 60"),
        ({"seconds": 0.0}, "seconds must be 0.5 to 120 s, is 0"),
        ({"slow": -1.0}, "slow must be 0.05 to 100 times slower, is -1"),
        ({"seconds": 1.0, "slow": 2.0}, "leave one of them out"),
        ({"size": (641, 360)}, "width of a film must be an even number of 320 to 3840 px, is 641"),
        ({"size": (640, 100)}, "height of a film must be an even number of 180 to 2160 px, is 100"),
        ({"size": (640, 640)}, "1.2 to 2.5 times as wide as high"),
    ],
)
def test_a_film_that_cannot_be_is_refused_with_what_can(settings, says):
    with pytest.raises(HipspineError, match=re.escape(says)):
        FilmSettings(**settings)


def test_a_film_has_an_end(tmp_path):
    with pytest.raises(HipspineError, match="a film has 2 to 3600 frames; 120 s at 50 a second are 6000"):
        write_film(stiff(), tmp_path / "long.gif", FilmSettings(seconds=120.0, fps=50.0))
    assert list(tmp_path.iterdir()) == []


def test_a_single_posture_is_no_film(tmp_path):
    with pytest.raises(HipspineError, match="stand is a single posture: there is nothing to film"):
        write_film(answer("stand"), tmp_path / "still.gif")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("film.avi", "a film ends in .mp4 or .gif, not '.avi'"),
        ("film", "a film ends in .mp4 or .gif, not 'in nothing'"),
        ("none/film.gif", "there is no folder"),
        ("folder.gif", "is a folder; name a file"),
    ],
)
def test_a_place_where_no_film_can_be_is_told_before_anything_is_computed(tmp_path, name, says):
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(HipspineError, match=re.escape(says)):
        check_film(tmp_path / name)


@pytest.mark.parametrize("fault", [RuntimeError("no ffmpeg"), ImportError("none")])
def test_without_ffmpeg_a_gif_is_offered(tmp_path, monkeypatch, fault):
    def missing():
        raise fault

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", missing)
    with pytest.raises(
        HipspineError, match=r"needs ffmpeg, and there is none: install imageio-ffmpeg, or write a \.gif"
    ):
        check_film(tmp_path / "film.mp4")
    check_film(tmp_path / "film.gif")


def test_a_film_that_breaks_off_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "stiff.gif"
    path.write_bytes(b"old")

    def broken(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(film, "_gif", broken)
    with pytest.raises(HipspineError, match=r"stiff\.gif: cannot be written: No space left on device"):
        write_film(stiff(), path, FilmSettings(**SMALL))
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["stiff.gif"]


def run(monkeypatch, capsys, *words):
    """The command; returns (exit status, standard output, standard error)."""
    monkeypatch.setattr(sys, "argv", ["hipspine", "film", *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code, *capsys.readouterr()


def test_the_command_makes_a_film_and_says_so(tmp_path, monkeypatch, capsys):
    path = tmp_path / "stiff.gif"
    words = ("walk", "--hip-extension", "0", "--out", str(path), "--size", "480x270", "--seconds", "0.5", "--fps", "4")
    code, out, _ = run(monkeypatch, capsys, *words)
    assert code == 0
    assert out.startswith(f"Written: {path} (0.5 s, 2 frames")
    assert path.is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("walk", "--out", "film.mov"), "a film ends in .mp4 or .gif"),
        (("walk", "--size", "big"), "--size big: must be WIDTHxHEIGHT in pixels"),
        (("walk", "--view", "top"), "'top' is not one of"),
        (("walk", "--out", "none/film.gif"), "there is no folder none"),
        (("wlak",), "No such command 'wlak'"),
        (("walk", "--json"), "No such option"),
        (("stand", "--out", "film.gif"), "stand is a single posture: there is nothing to film"),
    ],
)
def test_a_command_that_cannot_be_ends_in_one_line(tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(monkeypatch, capsys, *words)
    assert code == 2
    assert out == ""
    assert says in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_single_posture_is_refused_before_anything_is_solved(tmp_path, monkeypatch, capsys):
    def solved(*task, **how):
        raise AssertionError("solved")

    monkeypatch.setattr("simulate.compensation.compensate", solved)
    code, _, err = run(monkeypatch, capsys, "stand", "--out", str(tmp_path / "film.gif"))
    assert code == 2 and "stand is a single posture" in err


def test_the_command_knows_the_views_and_the_strategies_that_there_are():
    assert cli_film._SEEN == film.SEEN
    assert tuple(strategies.STRATEGIES) == options.STRATEGIES


def test_every_movement_has_a_film_that_explains_its_options(monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "turn", "--help")
    assert code == 0
    for word in ("Film:", "--view", "--slow", "Limits:", "--hip-internal-rotation", "--style", "--angle"):
        assert word in out
    assert "--json" not in out and out.count("--strategy") == 1
