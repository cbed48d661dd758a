"""Damaged, foreign and incomplete marker files give one message that names the file; none stops the process."""

import numpy as np
import pytest

from kinematics import HipspineError
from simulate.io.markers import Markers, read_markers
from simulate.io.trials import trial
from simulate.tracking import fit_chain, marker_set, track

TURN = trial("walk_overground_rajagopal").motion.parents[1] / "turn_spin_HC002D"


@pytest.fixture(scope="module")
def content():
    return (TURN / "standing.c3d").read_bytes()


@pytest.fixture(scope="module")
def standing():
    return read_markers(TURN / "standing.c3d")


def write(tmp_path, content, name="static.c3d"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refused(path, *words):
    with pytest.raises(HipspineError) as error:
        read_markers(path)
    assert path.name in str(error.value)
    for word in words:
        assert word in str(error.value)


def message(attempt):
    """What went wrong, in words; empty if nothing did."""
    try:
        attempt()
    except HipspineError as error:
        return str(error)
    return ""


def trc_text(frames=4, markers=("R.ASIS", "L.ASIS"), *, said_frames=None, said_markers=None, unit="mm"):
    head = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"100\t100\t{said_frames or frames}\t{said_markers or len(markers)}\t{unit}\t100\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(markers) + "\t\t\t",
        "\t\t" + "\t".join(f"{axis}{k + 1}" for k in range(len(markers)) for axis in "XYZ"),
        "",
    ]
    rows = [
        f"{f + 1}\t{0.01 * f:.3f}\t" + "\t".join(f"{100.0 + k + f:.2f}" for k in range(3 * len(markers)))
        for f in range(frames)
    ]
    return "\n".join([*head, *rows]) + "\n"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.0015, 0.05, 0.14, 0.2, 0.5, 0.9, 0.995])
def test_a_truncated_c3d_is_refused(tmp_path, content, share):
    refused(write(tmp_path, content[: int(share * len(content))]))


def test_a_truncated_c3d_names_expected_and_found_bytes(tmp_path, content):
    refused(write(tmp_path, content[:-600]), "51 frames", "cut off", f"has {len(content) - 600} bytes")


@pytest.mark.parametrize("seed", range(6))
def test_random_bytes_never_stop_the_process(tmp_path, seed):
    noise = np.random.default_rng(seed).integers(0, 256, 20_000, dtype=np.uint8).tobytes()
    refused(write(tmp_path, noise))
    refused(write(tmp_path, b"\x02\x50" + noise[2:]))  # what says that it is a C3D


@pytest.mark.parametrize("seed", range(8))
def test_a_c3d_with_damaged_parameters_is_read_or_refused(tmp_path, content, seed):
    """Nothing else may happen: no crash, no other exception."""
    rng = np.random.default_rng(seed)
    damaged = bytearray(content)
    start, end = 512, 512 * 100  # parameters
    for at in rng.integers(start, end, 200):
        damaged[at] = rng.integers(0, 256)
    path = write(tmp_path, bytes(damaged))
    said = message(lambda: fit_chain(read_markers(path)))
    assert not said or path.name in said


def test_a_c3d_with_damaged_header_counts_is_refused(tmp_path, content):
    for at, value in ((2, 0), (2, 255), (6, 0), (8, 0), (8, 255), (16, 0)):
        damaged = bytearray(content)
        damaged[at : at + 2] = bytes([value, value])
        path = write(tmp_path, bytes(damaged))
        assert path.name in message(lambda path=path: read_markers(path))


def test_other_files_and_no_files_are_refused(tmp_path):
    refused(write(tmp_path, b"abc", "static.txt"), ".c3d", ".trc")
    refused(tmp_path / "nowhere.c3d", "no such file")
    (tmp_path / "folder.c3d").mkdir()
    refused(tmp_path / "folder.c3d", "folder")
    for name in ("empty.c3d", "empty.trc"):
        refused(write(tmp_path, b"", name))


def test_the_trc_file_that_the_others_are_made_from_is_good(tmp_path):
    markers = read_markers(write(tmp_path, trc_text().encode(), "walk.trc"))
    assert markers.names == ("R.ASIS", "L.ASIS")
    np.testing.assert_allclose(markers["R.ASIS"][0], [0.1, 0.101, 0.102])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (trc_text(said_frames=5), ("NumFrames = 5", "has 4")),
        (trc_text(said_markers=3), ("NumMarkers = 3", "names 2")),
        (trc_text(unit="feet"), ("feet", "mm, cm, m")),
        (trc_text().replace("101.00", "1x1", 1), ("line 7", "R.ASIS", "1x1")),
        (trc_text().replace("0.010", "0.000", 1), ("frame 2", "go forward")),
        (trc_text().replace("\t0.010\t", "\tnan\t", 1), ("line 8", "Time")),
        (trc_text(markers=("A", "A")), ("A", "twice")),
        (trc_text().replace("4\t2\tmm", "x\t2\tmm", 1), ("NumFrames", "'x'")),
        ("hello", ("PathFileType",)),
    ],
)
def test_a_trc_whose_counts_or_cells_are_wrong_is_refused(tmp_path, text, words):
    refused(write(tmp_path, text.encode(), "walk.trc"), *words)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9, 0.96])
def test_a_truncated_trc_is_refused(tmp_path, share):
    text = trc_text(frames=30).encode()
    refused(write(tmp_path, text[: int(share * len(text))], "walk.trc"))


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_are_no_trc(tmp_path, seed):
    noise = np.random.default_rng(seed).integers(0, 256, 2000, dtype=np.uint8).tobytes()
    refused(write(tmp_path, noise, "walk.trc"))
    refused(write(tmp_path, b"PathFileType" + bytes(n % 128 for n in noise), "walk.trc"))


def test_nothing_but_unlabelled_markers_is_no_recording(tmp_path):
    refused(write(tmp_path, trc_text(markers=("*1", "U2")).encode(), "walk.trc"), "no markers")


def test_missing_markers_are_named(standing):
    kept = [k for k, name in enumerate(standing.names) if name not in ("RKNE", "SACR")]
    few = Markers(
        standing.time, tuple(standing.names[k] for k in kept), standing.places[:, kept], "few.c3d", (), standing.subject
    )
    with pytest.raises(HipspineError) as error:
        fit_chain(few)
    for word in ("few.c3d", "RKNE", "SACR", "plug_in_gait"):
        assert word in str(error.value)
    with pytest.raises(HipspineError, match="RKNE"):
        track(fit_chain(standing), few)


def test_an_unknown_marker_set_lists_the_known(tmp_path, standing):
    with pytest.raises(HipspineError, match="opensim_generic, plug_in_gait"):
        fit_chain(standing, "plugin_gait")
    with pytest.raises(HipspineError, match="no such file"):
        marker_set(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[points", "no TOML"),
        ("[points]\nasis = ['RASI']", "asis_r"),
        ("[points]\nasis_r = 'RASI'", "list of labels"),
        ("[technical]\nhead = ['LFHD']", "pelvis"),
        ("points = 3", r"\[points\]"),
        ("[marks]", "technical"),
    ],
)
def test_a_marker_set_file_that_is_wrong_says_where(tmp_path, text, word):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(HipspineError, match=word) as error:
        marker_set(path)
    assert "mine.toml" in str(error.value)


def test_swapped_sides_are_refused(standing):
    mirrored = Markers(
        standing.time, standing.names, standing.places * [1.0, 1.0, -1.0], "mirrored.c3d", (), standing.subject
    )
    with pytest.raises(HipspineError, match="mirrored"):
        fit_chain(mirrored)


def test_markers_in_one_place_are_refused(standing):
    heap = Markers(standing.time, standing.names, np.ones_like(standing.places), "heap.c3d", (), standing.subject)
    with pytest.raises(HipspineError, match=r"heap\.c3d"):
        fit_chain(heap)


def test_a_person_whom_the_tables_cannot_carry_is_refused(standing):
    with pytest.raises(HipspineError, match="mass must be between"):
        fit_chain(standing, mass=3.0)
