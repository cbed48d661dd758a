"""Holding and leaning: held postures whose load a pencil can check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from kinematics.chain import Chain, Point, point_inertia
from kinematics.conventions import INDEX, SEGMENTS, SIDES
from kinematics.errors import HipspineError, unknown
from kinematics.pose import orientation, positions
from simulate.load.answer import spinal_load
from simulate.load.dynamics import constant
from simulate.tasks.planted import Stance, stand
from simulate.tasks.stand import standing_still

#: Nobody leans further on straight legs, or holds more. [deg, kg]
MOST_LEAN, MOST_HELD = 120.0, 500.0


def carrying(chain: Chain, mass: float, *, at: Point | None = None) -> Chain:
    """The body with a point mass fixed to it.

    Parameters
    ----------
    chain : Chain
    mass : float
        0 or more. [kg]
    at : Point, optional
        Where; the thorax's mass centre if not given (a load close to the trunk).
    """
    if not (np.isfinite(mass) and 0.0 <= mass <= MOST_HELD):
        raise HipspineError(f"what is carried must have between 0 and {MOST_HELD:g} kg, has {mass}")
    segment = "thorax" if at is None else at.segment
    if segment not in SEGMENTS:
        raise unknown("segment", segment, SEGMENTS)
    k = SEGMENTS.index(segment)
    place = chain.mass_centres[k] if at is None else np.asarray(at.location, dtype=np.float64)
    masses, centres, inertias = (np.array(part) for part in (chain.masses, chain.mass_centres, chain.inertias))
    masses[k] += mass
    if masses[k] > 0.0:
        centres[k] = (chain.masses[k] * chain.mass_centres[k] + mass * place) / masses[k]
    inertias[k] += point_inertia(float(chain.masses[k]), chain.mass_centres[k] - centres[k])
    inertias[k] += point_inertia(mass, place - centres[k])
    notice = f"carries {mass:g} kg on the {segment}"
    return replace(
        chain,
        name=f"{chain.name}, {notice}",
        masses=masses,
        mass_centres=centres,
        inertias=inertias,
        notices=(*chain.notices, notice),
    )


def hold_and_lean(
    stance: Stance | None = None,
    *,
    lean_deg: ArrayLike = (0.0, 15.0, 30.0, 45.0),
    lumbar_share: float = 0.0,
    held_kg: ArrayLike = 0.0,
    hands_m: tuple[float, float] | None = None,
    disc_inclination_deg: float | None = None,
    lever_arm: float | None = None,
) -> xr.Dataset:
    """Static load at L5/S1 of somebody who leans forward on straight legs and holds something.

    Parameters
    ----------
    stance : Stance, optional
        Who stands; the generic body if not given.
    lean_deg : array_like
        Lean of the thorax from standing, forward positive. [deg]
    lumbar_share : float
        Which part of it is lumbar flexion; the rest is at the hips.
    held_kg : array_like
        What is held; each with each lean. [kg]
    hands_m : tuple of float, optional
        How far ahead of L5/S1 and above it the hands hold it, in standing; it goes with the thorax. Table ``load`` if
        not given. [m]
    disc_inclination_deg, lever_arm : float, optional
        As in `simulate.load.spinal_load`.

    Returns
    -------
    xarray.Dataset
        Dims ``held`` [kg], ``lean`` [deg]; variables as those of `spinal_load`, in body weights of the empty-handed
        body.
    """
    stance = stand() if stance is None else stance
    leans, helds = np.atleast_1d(np.asarray(lean_deg, float)), np.atleast_1d(np.asarray(held_kg, float))
    if leans.ndim > 1 or not leans.size or not (np.abs(leans) <= MOST_LEAN).all():
        raise HipspineError(f"lean_deg must be one or a row of angles within {MOST_LEAN:g} deg, is {lean_deg!r}")
    if helds.ndim > 1 or not helds.size or not ((helds >= 0.0) & (helds <= MOST_HELD)).all():
        raise HipspineError(f"held_kg must be one or a row of masses from 0 to {MOST_HELD:g} kg, is {held_kg!r}")
    if not 0.0 <= lumbar_share <= 1.0:
        raise HipspineError(f"lumbar_share must be between 0 and 1, is {lumbar_share}")
    ahead, above = (constant("hands_ahead"), constant("hands_above")) if hands_m is None else hands_m
    task = standing_still(stance)
    q = np.repeat(stance.q[None], leans.size, axis=0)
    lean = np.deg2rad(leans)
    q[:, INDEX["lumbar_extension"]] -= lumbar_share * lean
    q[:, INDEX["pelvis_tilt"]] -= (1.0 - lumbar_share) * lean
    for side in SIDES:
        q[:, INDEX[f"hip_flexion_{side}"]] += (1.0 - lumbar_share) * lean
    # the hands, in the thorax of somebody who stands
    hold = positions(stance.chain, stance.q, ["l5s1"])[0] + np.array([ahead, above, 0.0])
    place = orientation(stance.chain, stance.q, "thorax").T @ (hold - positions(stance.chain, stance.q, ["t12l1"])[0])
    hands = Point("thorax", (float(place[0]), float(place[1]), float(place[2])))
    n = leans.size
    repeated = replace(
        task,
        q=q,
        time=np.arange(n, dtype=np.float64),
        percent={side: np.full(n, np.nan) for side in SIDES},
        loaded={side: np.ones(n, dtype=bool) for side in SIDES},
        constructed=f"{task.constructed}, then leaning",
    )
    parts = [
        spinal_load(
            replace(repeated, chain=carrying(stance.chain, float(held), at=hands)),
            {"held": q},
            accelerations="none",
            body_mass=stance.chain.mass,
            disc_inclination_deg=disc_inclination_deg,
            lever_arm=lever_arm,
        )
        .sel(motion="held", drop=True)
        .drop_vars(["time", "percent_r", "percent_l"])
        for held in helds
    ]
    whole = xr.concat(parts, dim="held", combine_attrs="drop_conflicts")
    return whole.rename(frame="lean").assign_coords(
        held=("held", helds, {"units": "kg", "long_name": "held"}),
        lean=("lean", leans, {"units": "deg", "long_name": "lean of the thorax from standing"}),
    )


__all__ = ["carrying", "hold_and_lean"]
