"""Data sets of studies by formula: two limits with a soft knee and a corner out of reach, a cohort, gaits, indices."""

import io

import numpy as np
import xarray as xr
from matplotlib.text import Text

from kinematics.conventions import ROTATIONS

COORDINATES = [f"pelvis_{turn}" for turn in ("tilt", "list", "rotation")] + [
    f"{part}_{turn}" for part in ("lumbar", "thoracic") for turn in ("extension", "bending", "rotation")
]
STRATEGIES = ["closure", "predicted", "least"]
STATUS = ["solved", "shortfall", "unsolved"]
FRAMES = 100
#: What a stride uses of hip extension, the width of the knee, and lumbar degrees for each lost one. [deg]
USED, KNEE, SHARE = 12.0, 3.0, {"closure": 1.0, "predicted": 0.55, "least": 0.35}
#: Degrees that both hips together can lose before the task falls short, and before frames are not solved.
REACH, LAST = 38.0, 48.0


def lost(available):
    """Degrees taken from the stride, with a soft knee where the range begins to be missed."""
    return KNEE * np.logaddexp(0.0, (USED - np.asarray(available, float)) / KNEE)


def data_set(right, left, dims, coords, *, strategies=STRATEGIES, noise=0.0, seed=3, **attrs):
    """Summary variables of the contract for hips of given extension (arrays over `dims`)."""
    right, left = np.broadcast_arrays(np.asarray(right, float), np.asarray(left, float))
    rng = np.random.default_rng(seed)
    taken, uneven = lost(right) + lost(left), lost(right) - lost(left)
    added = np.zeros((*right.shape, len(strategies), len(COORDINATES)))
    for k, name in enumerate(strategies):
        share = SHARE[name]
        found = {
            "pelvis_tilt": -0.45 * taken * (1.1 - share), "pelvis_rotation": 0.3 * uneven, "pelvis_list": 0.05 * uneven,
            "lumbar_extension": 0.5 * share * taken, "lumbar_rotation": 0.22 * share * uneven,
            "lumbar_bending": -0.1 * share * uneven, "thoracic_rotation": -0.15 * share * uneven,
        }  # fmt: skip
        for coordinate, value in found.items():
            more = noise * rng.standard_normal(right.shape) * np.minimum(1.0, taken / 5.0)
            added[..., k, COORDINATES.index(coordinate)] = value + more
    frames = np.zeros((*right.shape, len(strategies), len(STATUS)))
    frames[..., 0] = FRAMES
    short, gone = taken > REACH, taken > LAST
    frames[short & ~gone] = [FRAMES - 20, 20, 0]
    frames[gone] = [FRAMES - 30, 20, 10]
    over = (*dims, "strategy")
    lumbar = np.linalg.norm(added[..., [3, 4, 5]], axis=-1)
    share = np.abs(added) / np.array([np.nan] * 3 + [29.0, 28.0, 7.0, 25.0, 25.0, 35.0])
    ds = xr.Dataset(
        {
            "added": ((*over, "coordinate"), added, {"units": "deg", "long_name": "added motion"}),
            "share_of_range": ((*over, "coordinate"), share, {"units": "1", "long_name": "share of the own range"}),
            "lumbar": (over, lumbar, {"units": "deg", "long_name": "largest norm of the added lumbar motion"}),
            "frames": ((*over, "status"), frames, {"units": "1", "long_name": "frames"}),
        },
        coords={"strategy": list(strategies), "coordinate": COORDINATES, "status": STATUS, **coords},
        attrs={"title": "Walking with two stiff hips", "task": "walk", "zero": "clinical", **attrs},
    )
    for name, values in ds.coords.items():
        values.attrs.setdefault("units", "deg" if str(name).startswith("hip_") else "1")
        values.attrs.setdefault("long_name", str(name).replace("_", " "))
    return ds


def two_limits(n=31, m=31, *, speeds=None, strategies=STRATEGIES):
    """A grid over both hips' extension from -15 to 15 deg, at one speed or several [m/s]."""
    right, left = np.linspace(-15.0, 15.0, n), np.linspace(-15.0, 15.0, m)
    dims, coords = (
        ["hip_extension_right", "hip_extension_left"],
        {"hip_extension_right": right, "hip_extension_left": left},
    )
    a, b = np.meshgrid(right, left, indexing="ij")
    if speeds is not None:
        dims, coords = (
            [*dims, "speed"],
            coords | {"speed": ("speed", list(speeds), {"units": "m/s", "long_name": "speed"})},
        )
        a, b = (side[..., None] - 4.0 * (np.asarray(speeds) - 1.2) for side in (a, b))
    return data_set(a, b, dims, coords, strategies=strategies)


def cohort(n=300, *, seed=11):
    """Two groups of people: controls, and stiff hips; with sex and age."""
    rng = np.random.default_rng(seed)
    right = np.concatenate([rng.normal(14.0, 4.0, n), rng.normal(0.0, 7.0, n)])
    left = np.concatenate([rng.normal(14.0, 4.0, n), rng.normal(8.0, 6.0, n)])
    coords = {
        "person": np.arange(2 * n),
        "group": ("person", ["controls"] * n + ["hip osteoarthritis"] * n),
        "sex": ("person", rng.choice(["female", "male"], 2 * n)),
        "age": ("person", rng.normal(60.0, 9.0, 2 * n), {"units": "yr", "long_name": "age"}),
        "hip_extension_right": ("person", right),
        "hip_extension_left": ("person", left),
    }
    return data_set(right, left, ["person"], coords, noise=0.8, title="Walking in two groups of people")


def gaits(n=120, *, frames=113, seed=5, strategies=("predicted",)):
    """A sample of gaits with trajectories; each case has its own number of frames, some outside the cycle."""
    rng = np.random.default_rng(seed)
    right = rng.uniform(-8.0, 15.0, n)
    coords = {"sample": np.arange(n), "hip_extension_right": ("sample", right)}
    ds = data_set(
        right, np.full(n, 14.0), ["sample"], coords, strategies=strategies, title="Walking with a stiff right hip"
    )
    percent, free = np.full((n, frames), np.nan), np.full((n, frames, len(ROTATIONS)), np.nan)
    restricted = np.full((n, len(strategies), frames, len(ROTATIONS)), np.nan)
    for k in range(n):
        own = int(rng.integers(frames - 20, frames + 1))
        phase = np.linspace(-4.0, 104.0, own) if k % 2 else np.linspace(0.0, 99.0, own)
        inside = (phase >= 0.0) & (phase <= 100.0)
        percent[k, :own] = np.where(inside, phase, np.nan)
        t = 2.0 * np.pi * phase / 100.0
        fast = rng.normal(1.0, 0.08)
        free[k, :own] = 0.0
        angle = {
            "hip_flexion_r": 10.0 + fast * (22.0 * np.cos(t + 0.25) + 3.0 * np.cos(2 * t + 1.0)),
            "pelvis_tilt": -8.0 + 1.5 * np.cos(2 * t + 1.0),
            "pelvis_list": 4.0 * np.sin(t + 0.5), "pelvis_rotation": 5.0 * fast * np.cos(t),
            "lumbar_extension": -2.0 + 2.0 * np.cos(2 * t), "lumbar_rotation": -6.0 * fast * np.cos(t + 0.2),
        }  # fmt: skip
        late = np.exp(-(((phase - 52.0) / 13.0) ** 2))
        for name, value in angle.items():
            free[k, :own, ROTATIONS.index(name)] = value
        for s, name in enumerate(strategies):
            takes = float(lost(right[k])) * late
            restricted[k, s, :own] = free[k, :own]
            for coordinate, part in (("hip_flexion_r", 1.0), ("pelvis_tilt", -0.4), ("lumbar_extension", SHARE[name])):
                restricted[k, s, :own, ROTATIONS.index(coordinate)] += part * takes
            restricted[k, s, :own, ROTATIONS.index("lumbar_rotation")] += 0.2 * takes
    attrs = {"units": "deg", "long_name": "angle"}
    ds["restricted"] = (("sample", "strategy", "frame", "joint_angle"), restricted, attrs)
    ds["free"] = (("sample", "frame", "joint_angle"), free, attrs)
    ds["percent"] = (("sample", "frame"), percent, {"units": "%", "long_name": "part of the right gait cycle"})
    return ds.assign_coords(joint_angle=list(ROTATIONS))


INPUTS = [
    "hip_extension_right", "hip_extension_left", "hip_internal_rotation_right", "speed", "stiffness_pelvis_tilt",
    "stiffness_lumbar_extension",
]  # fmt: skip


def indices(outputs=("lumbar_extension", "lumbar_rotation", "pelvis_tilt"), *, seed=2):
    """Sobol indices as an analysis gives them, the least ones a little below zero."""
    rng = np.random.default_rng(seed)
    shape = (len(outputs), len(INPUTS))
    first = rng.dirichlet(0.7 * np.ones(len(INPUTS)), len(outputs)) * 0.85 - 0.01
    total = first + rng.uniform(0.01, 0.12, shape)
    attrs = {"units": "1", "long_name": "95 % confidence interval"}
    dims = ("output", "input")
    return xr.Dataset(
        {
            "S1": (dims, first, {"units": "1", "long_name": "first-order index"}),
            "S1_conf": (dims, rng.uniform(0.01, 0.06, shape), attrs),
            "ST": (dims, total, {"units": "1", "long_name": "total index"}),
            "ST_conf": (dims, rng.uniform(0.01, 0.06, shape), attrs),
        },
        coords={"input": INPUTS, "output": list(outputs)},
        attrs={"title": "What the lumbar spine's part hangs on"},
    )


def indices_over_cycle(points=51):
    """Total indices that change over the cycle: the right hip's late in stance."""
    percent = np.linspace(0.0, 100.0, points)
    shape = np.exp(-(((percent - np.array([[52], [8], [35], [70], [90], [20]])) / 18.0) ** 2))
    total = shape * np.array([[0.8], [0.6], [0.3], [0.35], [0.25], [0.2]]) + 0.05
    dims = ("input", "percent")
    return xr.Dataset(
        {"ST": (dims, total), "ST_conf": (dims, 0.02 + 0.06 * total, {"long_name": "95 % confidence interval"})},
        coords={
            "input": INPUTS,
            "percent": ("percent", percent, {"units": "%", "long_name": "part of the right gait cycle"}),
        },
        attrs={"title": "What lumbar extension hangs on over the cycle"},
    )


def texts(figure):
    """Everything that a figure says."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def said(figure):
    return "\n".join(texts(figure))


def svg(figure):
    out = io.StringIO()
    figure.savefig(out, format="svg")
    return out.getvalue()


def unfinished(ds, part):
    """The same data set with some cases not computed yet."""
    ds = ds.copy(deep=True)
    for name in ("added", "lumbar", "share_of_range"):
        ds[name].loc[part] = np.nan
    ds["frames"].loc[part] = 0
    return ds
