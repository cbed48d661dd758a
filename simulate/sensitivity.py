"""Which of the things that vary an outcome depends on: shares of its variance, and slopes along an axis.

First-order index S1: the share of an output's variance that goes if one input is known. Total index ST: the share that
stays if all inputs but that one are known; it counts what the input does together with others too (Sobol 2001). Both
come from a sample of method ``saltelli`` (Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018), and ask that inputs
are independent of each other.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown
from simulate.sampling import Design, problem

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: An output whose values lie no further apart than this does not vary: what is left is where the solver stops (1e-8 rad
#: is 6e-7 deg). In the output's own unit.
NOTHING = 1e-6
#: What `missing` may say.
DROP = "drop blocks"
MISSING = ("raise", DROP)
#: Dims that a variable of a study has of its own, from which an output takes one label.
OWN_DIMS = ("coordinate", "status", "yielding")
#: Dims along which nothing has a slope.
_NOT_GRID = ("sample", "person", "strategy", *OWN_DIMS)
#: Fewer base samples have no variance to share.
_FEWEST = 2
_LONG = {
    "S1": "share of the output's variance that the input explains alone (first order)",
    "ST": "share of the output's variance that the input has a part in (total)",
    "S2": "share of the output's variance that two inputs explain together, beyond each alone (second order)",
}


@dataclass(frozen=True)
class _Way:
    """How indices are to be estimated."""

    design: Design
    confidence: float
    resamples: int
    seed: int
    missing: str
    tolerance: float


@dataclass
class _Found:
    """Indices of every curve, and what there is to say about them."""

    values: dict[str, Array]
    used: NDArray[np.int64]
    notices: list[str] = field(default_factory=list)


def indices(
    ds: xr.Dataset,
    outputs: Sequence[str] = ("lumbar",),
    *,
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int | None = None,
    missing: str = "raise",
    tolerance: float = NOTHING,
) -> xr.Dataset:
    """Sobol's indices: what share of each output's variance each input explains.

    Parameters
    ----------
    ds : xarray.Dataset
        A study whose dim ``sample`` was drawn by ``saltelli``; its attribute ``samples`` says how.
    outputs : sequence of str
        Names of variables; of one with a label of its own as ``variable:label``, for example
        ``added:lumbar_extension``.
    confidence : float
        Of the intervals, between 0 and 1.
    resamples : int
        Of the bootstrap from which the intervals come.
    seed : int, optional
        Of the bootstrap; that of the sample if not given.
    missing : {"raise", "drop blocks"}
        What happens where cases have no value. The design is one of blocks: a case is of no use without its block. They
        are an error, or all rows of a base sample go, for each output (and strategy) on its own.
    tolerance : float
        An output whose values lie no further apart than this has no indices, but NaN. In the output's unit.

    Returns
    -------
    xarray.Dataset
        ``S1``, ``ST``, if the design has second order ``S2``, each with the half width of its interval (``S1_conf``),
        over ``input``, ``second_input`` (of ``S2``), ``output`` and the dims that are left; ``base_samples`` that were
        used. Attributes: those of the study that name it, how it was estimated, the ``notices`` (JSON), and
        ``base_samples_dropped``, the most of any output.

    Raises
    ------
    HipspineError
        If an output is unknown, the sample is not all there or not as ``saltelli`` draws it, or cases have no value.

    Notes
    -----
    Estimators and bootstrap are SALib's: S1 of Saltelli et al. (2010), ST of Jansen (1999), S2 of Saltelli (2002). They
    may come out slightly below 0 or above 1; the interval says how little that means.
    """
    way = _way(ds.attrs.get("samples"), confidence, resamples, seed, missing, tolerance)
    if isinstance(outputs, str) or not outputs:
        raise HipspineError("outputs must be a list of at least one name, for example ['lumbar']")
    each = [_output(ds, name) for name in outputs]
    for name, one in zip(outputs, each, strict=True):
        if one.dims != each[0].dims:
            raise HipspineError(
                f"outputs have different dims, {outputs[0]} {each[0].dims} and {name} {one.dims}: ask for them apart"
            )
    y = xr.concat([_as_drawn(one, way.design) for one in each], dim=xr.Variable("output", list(outputs)))
    y = y.transpose("sample", "output", ...)
    rest = y.dims[1:]
    pending = _pending(ds)
    found = _all(y.values.reshape(len(y), -1, 1), _names(y, rest), way, pending)
    shape = tuple(y.sizes[dim] for dim in rest)
    values = {name: one.reshape(*shape, *one.shape[2:]) for name, one in found.values.items()}
    return _labelled(y, rest, values, (rest, found.used.reshape(shape)), found.notices, way, ds.attrs)


#: What is asked of a study of which nothing else is said.
USUAL = ("lumbar", "added:lumbar_extension", "added:lumbar_rotation")


def study_indices(ds: xr.Dataset) -> xr.Dataset | None:
    """Indices of the `USUAL` outputs that a study has, blocks without values dropped; None if it has no such sample.

    Parameters
    ----------
    ds : xarray.Dataset
        A study.
    """
    if "samples" not in ds.attrs or Design.parse(ds.attrs["samples"]).method != "saltelli":
        return None
    there = [name for name in USUAL if ":" not in name or name.partition(":")[2] in ds["coordinate"].values]
    return indices(ds, there, missing="drop blocks")


def curve_indices(
    curves: xr.DataArray,
    samples: str | None = None,
    *,
    along: str = "percent",
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int | None = None,
    missing: str = "raise",
    tolerance: float = NOTHING,
) -> xr.Dataset:
    """Sobol's indices at each point of a curve, for example of the added lumbar extension over the gait cycle.

    Parameters
    ----------
    curves : xarray.DataArray
        Dims ``sample``, `along` and any others. A point at which no case has a value is no part of the curve.
    samples : str, optional
        The attribute ``samples`` of the study; that of `curves` if not given.
    along : str
        Dim of the curve.
    confidence, resamples, seed, missing, tolerance
        As of `indices`. What is dropped goes from the whole curve.

    Returns
    -------
    xarray.Dataset
        As of `indices`, over ``input``, the dims that are left, and `along`; NaN where the curves lie no further apart
        than `tolerance`, and where they have no value.

    Raises
    ------
    HipspineError
        As of `indices`; and if `curves` has no such dim.
    """
    way = _way(
        curves.attrs.get("samples") if samples is None else samples, confidence, resamples, seed, missing, tolerance
    )
    if along not in curves.dims:
        raise HipspineError(f"the curves have dims {', '.join(map(str, curves.dims))}, and no {along!r}")
    y = _as_drawn(curves, way.design).transpose("sample", ..., along)
    rest = y.dims[1:]
    others = rest[:-1]
    shape = tuple(y.sizes[dim] for dim in rest)
    name = str(curves.name or "the curve")
    what = [f"{name} ({text})" if text else name for text in _names(y, others)]
    found = _all(y.values.reshape(len(y), -1, shape[-1]), what, way, 0)
    values = {name: one.reshape(*shape, *one.shape[2:]) for name, one in found.values.items()}
    return _labelled(y, rest, values, (others, found.used.reshape(shape[:-1])), found.notices, way, curves.attrs)


def local_slopes(ds: xr.Dataset, option: str, variable: str) -> xr.DataArray:
    """What one unit more of an option changes, everything else as it is: finite differences along a grid axis.

    Parameters
    ----------
    ds : xarray.Dataset
        A study.
    option : str
        The option of a grid axis.
    variable : str
        As an output of `indices`.

    Returns
    -------
    xarray.DataArray
        Of the output's dims. Central differences, of second order also where steps are uneven; one-sided at both ends.
        NaN where a case or its neighbour has no value.

    Raises
    ------
    HipspineError
        If the variable is unknown, or the option is no grid axis of numbers that rise or fall.

    Notes
    -----
    `simulate.relief` solves again with a limit given back by a few degrees: minus the mean slope over these, exactly.
    The derivative beside it (`simulate.marginal`) is the slope at the limit itself; both agree as far as its ``reach``,
    within which nothing comes to bind or lets go, and as long as the largest value stays in its frame.
    """
    y = _output(ds, variable)
    if option not in y.dims:
        zipped = option in ds.coords and ds[option].ndim == 1
        along = f" It varies along {ds[option].dims[0]!r}, together with others." if zipped else ""
        grid = [dim for dim in y.dims if dim in ds.coords and ds[dim].dtype.kind in "iuf" and dim not in _NOT_GRID]
        raise HipspineError(f"{option!r} is no grid axis.{along} Grid axes: {', '.join(map(str, grid)) or 'none'}.")
    if option not in ds.coords or ds[option].dtype.kind not in "iuf" or option in _NOT_GRID:
        raise HipspineError(f"{option!r} has no numbers of an option along it: no slopes")
    at = ds[option].values.astype(float)
    steps = np.diff(at)
    if len(at) < 2 or not ((steps > 0).all() or (steps < 0).all()):
        raise HipspineError(f"{option!r} must have two values or more that rise or fall, has {len(at)}: {_few(at)}")
    axis = y.get_axis_num(option)
    values = y.values.astype(float)
    slopes = y.copy(data=np.where(np.isnan(values), np.nan, np.gradient(values, at, axis=axis)))
    over, below = y.attrs.get("units", "1"), ds[option].attrs.get("units", "1")
    long_name = y.attrs.get("long_name", variable)
    slopes.attrs = {"units": f"{over} / {below}", "long_name": f"change per unit of {option} of: {long_name}"}
    return slopes.rename(f"{variable} per {option}")


# --- what is asked


def _way(text: object, confidence: float, resamples: int, seed: int | None, missing: str, tolerance: float) -> _Way:
    """How indices are to be estimated, checked."""
    if not isinstance(text, str):
        raise HipspineError("no attribute 'samples': indices need a study whose dim 'sample' was drawn by 'saltelli'")
    design = Design.parse(text)
    if design.method != "saltelli":
        raise HipspineError(
            f"the sample was drawn by {design.method!r}; indices need method 'saltelli', whose samples are crossed"
        )
    if design.count < _FEWEST:
        raise HipspineError(f"indices need {_FEWEST} base samples or more, the design has {design.count}")
    if not 0.0 < confidence < 1.0:
        raise HipspineError(f"confidence must be between 0 and 1, is {confidence}")
    if resamples < 2:
        raise HipspineError(f"resamples must be 2 or more, is {resamples}")
    if seed is not None and seed < 0:
        raise HipspineError(f"seed must be 0 or more, is {seed}")
    if missing not in MISSING:
        raise unknown("way with missing cases", missing, MISSING)
    if not tolerance >= 0.0:
        raise HipspineError(f"tolerance must be 0 or more, is {tolerance}")
    return _Way(design, confidence, resamples, design.seed if seed is None else seed, missing, tolerance)


def _output(ds: xr.Dataset, name: str) -> xr.DataArray:
    """One number per case, from ``variable`` or ``variable:label``."""
    variable, _, label = name.partition(":")
    if variable not in ds.data_vars:
        raise unknown("output", variable, map(str, ds.data_vars))
    found = ds[variable]
    own = [dim for dim in found.dims if dim in OWN_DIMS]
    long = [dim for dim in ("frame", "percent", "joint_angle", "translation") if dim in found.dims]
    if long:
        raise HipspineError(f"output {variable!r} has a {long[0]} of its own: that is for curve_indices")
    if own:
        labels = [str(value) for value in found[own[0]].values]
        if not label:
            raise HipspineError(f"output {variable!r} has several values; ask for one: {variable}:{', '.join(labels)}")
        if label not in labels:
            raise unknown(f"{own[0]} of {variable!r}", label, labels)
        found = found.isel({own[0]: labels.index(label)}, drop=True)
    elif label:
        raise HipspineError(f"output {variable!r} has one value, and nothing of its own called {label!r}")
    return found


def _as_drawn(y: xr.DataArray, design: Design) -> xr.DataArray:
    """The values in the order in which the sample was drawn, without what else varies along it."""
    if "sample" not in y.dims:
        raise HipspineError(f"no dim 'sample' in {', '.join(map(str, y.dims)) or 'a single value'}")
    n = y.sizes["sample"]
    if n != design.rows:
        raise HipspineError(
            f"dim 'sample' has {n} cases, the design {design.rows} ({design.count} base samples of {design.block}): "
            "indices need all of them"
        )
    if "sample" in y.coords:
        order = np.argsort(y["sample"].values, kind="stable")
        if not np.array_equal(y["sample"].values[order], np.arange(n)):
            raise HipspineError(f"coordinate 'sample' is not 0 to {n - 1}: cases of the design are missing or doubled")
        y = y.isel(sample=order)
    for j, name in enumerate(design.names):
        if name in y.coords and y[name].dims == ("sample",):
            _check_crossed(name, j, y[name].values, design)
    return y.drop_vars([name for name, coord in y.coords.items() if "sample" in coord.dims])


def _check_crossed(name: str, j: int, values: Array, design: Design) -> None:
    """A quantity has the crossed values of ``saltelli``: what was resorted or edited would give nonsense."""
    k, each = len(design.names), np.asarray(values, float).reshape(design.count, design.block)
    of_a = np.ones(design.block, bool)
    of_a[1 + j] = False  # A with this one of B
    of_a[-1] = False
    if design.second_order:
        of_a[1 + k : 1 + 2 * k] = np.arange(k) == j  # B with this one of A
    expected = np.where(of_a, each[:, :1], each[:, -1:])
    # a store may have rounded; another order is off by more
    if not np.allclose(each, expected, rtol=1e-6, atol=1e-12):
        raise HipspineError(
            f"the values of {name!r} along 'sample' are not crossed as 'saltelli' draws them: cases were edited or "
            "put in another order"
        )


def _names(y: xr.DataArray, dims: Sequence[Hashable]) -> list[str]:
    """What each value along some dims is, in words; ``lumbar, predicted``."""
    shape = tuple(y.sizes[dim] for dim in dims)
    labels = [[str(value) for value in y[dim].values] for dim in dims]
    return [", ".join(labels[axis][i] for axis, i in enumerate(at)) for at in np.ndindex(shape)]


def _pending(ds: xr.Dataset) -> int:
    """Cases that a study has not computed yet: none of their frames is counted."""
    if "frames" not in ds or "status" not in ds["frames"].dims:
        return 0
    return int((ds["frames"].sum("status") == 0).sum())


# --- estimates


def _all(y: Array, what: Sequence[str], way: _Way, pending: int) -> _Found:
    """Indices of curves (rows, curves, points); single values are curves of one point."""
    n, block, k = way.design.count, way.design.block, len(way.design.names)
    _, curves, points = y.shape
    there: Mask = np.isfinite(y)
    part: Mask = np.any(there, axis=0)  # of the curve; at other points no case has a value
    whole: Mask = np.all(there | ~part, axis=2) & np.any(part, axis=1)
    kept: Mask = np.all(whole.reshape(n, block, curves), axis=1)
    if way.missing == "raise" and not whole.all():
        raise HipspineError(_lost(whole, kept, what, pending))
    used = kept.sum(axis=0)
    if not (used >= _FEWEST).any():
        raise HipspineError(_lost(whole, kept, what, pending) + " Too few for any indices.")
    shapes = {"S1": (k,), "ST": (k,)} | ({"S2": (k, k)} if way.design.second_order else {})
    found = _Found({}, used)
    if pending:
        found.notices.append(f"{pending} cases are not computed yet")
    for name, shape in shapes.items():
        found.values[name] = np.full((curves, points, *shape), np.nan)
        found.values[f"{name}_conf"] = np.full((curves, points, *shape), np.nan)
    for c in range(curves):
        if used[c] < n:
            found.notices.append(f"{what[c]}: {n - used[c]} of {n} base samples dropped, cases in them have no value")
        if used[c] < _FEWEST:
            found.notices.append(f"{what[c]}: {used[c]} base samples left, no indices")
            continue
        still = 0
        for p in np.flatnonzero(part[c]):
            values = y[:, c, p].reshape(n, block)[kept[:, c]]
            if np.ptp(values[:, [0, -1]]) <= way.tolerance:
                still += 1
                continue
            for name, value in _estimate(values.ravel(), way).items():
                found.values[name][c, p] = value
        if still:
            where = f" at {still} of {points} points" if points > 1 else ""
            found.notices.append(f"{what[c]}: does not vary{where} by more than {way.tolerance:g}, no indices")
        if not part[c].all():
            found.notices.append(f"{what[c]}: no value at {points - part[c].sum()} of {points} points, no indices")
    return found


def _lost(whole: Mask, kept: Mask, what: Sequence[str], pending: int) -> str:
    """How many cases have no value, where, and what can be done."""
    lost = (~whole).sum(axis=0)
    worst = np.argsort(-lost, kind="stable")[:3]
    some = "; ".join(f"{what[c]}: {lost[c]} of {len(whole)} cases" for c in worst if lost[c])
    more = int((lost > 0).sum()) - len(worst)
    also = f" and {more} more" if more > 0 else ""
    first = f" {pending} cases are not computed yet: finish the study first." if pending else ""
    return (
        f"cases have no finite value ({some}{also}), and indices need every case of the design.{first} Narrow what "
        f"varies to what can be solved, or ask for missing={DROP!r}, which leaves out all rows of a base sample in "
        f"which one is missing: at least {kept.sum(axis=0).min()} of {len(kept)} base samples would stay."
    )


def _estimate(y: Array, way: _Way) -> Mapping[str, Array]:
    """SALib's indices of one output."""
    from SALib.analyze import sobol

    second = way.design.second_order
    with warnings.catch_warnings():
        # resamples of very few rows can all be the same: their part of the interval is 0
        warnings.filterwarnings("ignore", "Constant values encountered", UserWarning)
        found: dict[str, Any] = sobol.analyze(
            problem(way.design),
            y,
            calc_second_order=second,
            num_resamples=way.resamples,
            conf_level=way.confidence,
            seed=way.seed + 1,  # 0 would not seed it
        )
    out = {name: np.asarray(found[name], float) for name in ("S1", "S1_conf", "ST", "ST_conf")}
    for name in ("S2", "S2_conf") if second else ():
        upper = np.asarray(found[name], float)
        out[name] = np.where(np.isnan(upper), upper.T, upper)  # of a pair, in any order
    return out


# --- what is returned


def _labelled(
    y: xr.DataArray,
    rest: Sequence[Hashable],
    values: Mapping[str, Array],
    used: tuple[Sequence[Hashable], NDArray[np.int64]],
    notices: list[str],
    way: _Way,
    study: Mapping[Any, Any],
) -> xr.Dataset:
    """Indices by name over input, output and what is left."""
    out = xr.Dataset(dict(_variables(rest, values, way)))
    out["base_samples"] = xr.Variable(
        tuple(used[0]), used[1], {"units": "1", "long_name": "base samples that were used"}
    )
    out = out.assign_coords(y.drop_vars("sample", errors="ignore").coords)
    names = list(way.design.names)
    out = out.assign_coords(input=("input", names, {"units": "1", "long_name": "what varies"}))
    if "second_input" in out.dims:
        out = out.assign_coords(
            second_input=("second_input", names, {"units": "1", "long_name": "what varies with it"})
        )
    if "output" in out.coords:
        out["output"].attrs = {"units": "1", "long_name": "outcome"}
    out.attrs = {
        **{key: study[key] for key in ("title", "task", "zero") if key in study},
        "samples": way.design.text,
        "confidence": way.confidence,
        "resamples": way.resamples,
        "seed": way.seed,
        "tolerance": way.tolerance,
        "missing": way.missing,
        "base_samples_dropped": int(way.design.count - used[1].min()),
        "notices": json.dumps(notices),
    }
    return out


def _variables(rest: Sequence[Hashable], values: Mapping[str, Array], way: _Way) -> Iterator[tuple[str, xr.Variable]]:
    """Every index as a variable, inputs first."""
    for name, value in values.items():
        index = name.removesuffix("_conf")
        inputs = ["input", "second_input"] if index == "S2" else ["input"]
        at = np.moveaxis(value, range(-len(inputs), 0), range(len(inputs)))
        words = _LONG[index]
        if name != index:
            words = f"{100 * way.confidence:g} % confidence interval, half width"
        yield name, xr.Variable((*inputs, *rest), at, {"units": "1", "long_name": words})


def _few(values: Array) -> str:
    """The first few of some numbers."""
    return ", ".join(f"{value:g}" for value in values[:6]) + (", ..." if len(values) > 6 else "")


__all__ = ["DROP", "MISSING", "NOTHING", "curve_indices", "indices", "local_slopes"]
