"""When a running foot is on the ground, and whether somebody runs at all, from recorded kinematics alone.

The rules of walking put a run's contacts wrong: a runner's heel goes back, and down, for a while before it lands, and
his toe goes on backwards after it has left. Strike is where the vertical velocity of the heel turns from down to up,
toe-off where the knee is most extended before the foot is furthest behind: the kinematic events that agreed best with
a force plate over ground and on a treadmill, in 40 runners, 22-25 ms and 5 ms off it (Fellin, Rose, Royer & Davis 2010,
J Sci Med Sport 13:646, doi:10.1016/j.jsams.2010.03.006, abstract). These were mostly rearfoot strikers (from memory,
unverified); so that a midfoot or forefoot strike is found too, the forefoot counts as the heel does, whichever turns
first (assumption). Both are counted against the pelvis along its heading, so they hold over ground, on a belt and in a
bend.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from kinematics.chain import Chain
from kinematics.conventions import INDEX, SIDE_WORDS, SIDES
from kinematics.errors import HipspineError
from kinematics.pose import positions
from simulate.tasks.gait import LOADED_HEIGHT, Gait, between, cycles, down, peaks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Heights of a foot are smoothed over this time before their velocity is taken. [s] (assumption)
SMOOTHED = 0.05
#: Feet that move less than this forwards and backwards against the pelvis take no step. [m] (assumption)
SMALLEST_STEP = 0.1
#: Walking vaults over a stiff leg, so the pelvis is lowest when the feet are furthest apart; running bounces, so it is
#: highest then (from memory, unverified: Cavagna, Heglund & Taylor 1977). Correlation between distance of the feet and
#: height of the pelvis from which a gait counts as bouncing. (assumption; -0.94 in the bundled walk, 0.69 and more in
#: two recorded runs)
BOUNCING = 0.3
WALK_GIVEN = "warning: no flight phases found, the pelvis is lowest when the feet are furthest apart: is this a walk?"
RUN_GIVEN = "warning: flight phases found: is this a run?"


def run_of(chain: Chain, time: Array, q: Array) -> Gait:
    """Contacts, loads and cycles of the postures `q` (F, 24) [m, rad] of somebody who runs."""
    names = [f"{part}_{side}" for part in ("heel", "forefoot") for side in SIDES]
    feet = dict(zip(names, np.moveaxis(positions(chain, q, names), 1, 0), strict=True))
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    knees = {side: q[:, INDEX[f"knee_angle_{side}"]] for side in SIDES}
    return run_events(time, feet=feet, pelvis=hips, heading=q[:, INDEX["pelvis_rotation"]], knees=knees)


def run_events(
    time: Array, *, feet: Mapping[str, Array], pelvis: Array, heading: Array, knees: Mapping[str, Array]
) -> Gait:
    """Contacts, loads and cycles of a recorded run.

    Parameters
    ----------
    time : ndarray, shape (F,)
        [s]
    feet : mapping of str to ndarray, shape (F, 3)
        Places of ``heel_r``, ``forefoot_r`` and the same of the left. [m]
    pelvis : ndarray, shape (F, 3)
        Place of the middle of the hips. [m]
    heading : ndarray, shape (F,)
        Of the pelvis, to the left. [rad]
    knees : mapping of side to ndarray, shape (F,)
        Knee flexion. [rad]

    Raises
    ------
    HipspineError
        If a foot neither strikes nor leaves the ground.
    """
    forward = np.stack([np.cos(heading), np.zeros_like(heading), -np.sin(heading)], axis=-1)
    contact, on_heel, loaded, strikes, offs = {}, {}, {}, {}, {}
    for side in SIDES:
        heel, forefoot = feet[f"heel_{side}"], feet[f"forefoot_{side}"]
        ahead = {
            part: np.einsum("fi,fi->f", place - pelvis, forward)
            for part, place in (("heel", heel), ("forefoot", forefoot))
        }
        heights = {"heel": heel[:, 1], "forefoot": forefoot[:, 1]}
        strikes[side], offs[side] = _foot_events(time, ahead, heights, knees[side])
        if not strikes[side].size and not offs[side].size:
            raise HipspineError(
                f"no step of the {SIDE_WORDS[side]} foot was found in {time[-1] - time[0]:.2f} s of recording; "
                "running needs at least one foot strike or toe-off of each foot"
            )
        contact[side] = between(strikes[side], offs[side], len(time))
        loaded[side], on_heel[side] = _loads(contact[side], heights)
    percent, whole, notices = cycles(time, strikes, offs, feet, pelvis)
    return Gait(contact, on_heel, loaded, strikes, offs, percent, whole, notices)


def _foot_events(
    time: Array, ahead: Mapping[str, Array], heights: Mapping[str, Array], knee: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Strikes and toe-offs (frames) of one foot, from how far its parts are ahead of the pelvis and how high."""
    none = np.array([], dtype=np.intp)
    if np.ptp(ahead["heel"]) < SMALLEST_STEP:
        return none, none
    last, velocities = len(time) - 1, [_velocity(time, height) for height in heights.values()]
    foremost, hindmost = peaks(ahead["heel"]), peaks(-ahead["forefoot"])
    if hindmost.size and (not foremost.size or hindmost[0] < foremost[0]):
        foremost = np.append(0, foremost)  # the recording begins while the foot goes back
    strikes, offs = [], []
    for start in foremost:
        ends = hindmost[hindmost > start]
        stop = int(ends[0]) if ends.size else last
        under = start + int(np.argmax(np.append(ahead["heel"][start:stop], -np.inf) <= 0.0))
        if ends.size:
            offs.append(under + int(knee[under : stop + 1].argmin()))
        turns = [
            int(k) + 1
            for v in velocities
            for k in np.flatnonzero((v[start:stop] < 0.0) & (v[start + 1 : stop + 1] >= 0.0))
        ]
        strike = start + min(turns, default=last)
        came_down = min(h[start] - h[min(strike, last)] for h in heights.values())
        if turns and strike < (offs[-1] if ends.size else last) and (start > 0 or came_down > LOADED_HEIGHT):
            strikes.append(strike)
    return np.array(strikes, dtype=np.intp), np.array([k for k in offs if 0 < k < last], dtype=np.intp)


def _velocity(time: Array, height: Array) -> Array:
    """Of a height (F,), smoothed over SMOOTHED. [m/s]"""
    width = 2 * int(0.5 * SMOOTHED / float(np.median(np.diff(time)))) + 1
    if 3 < width <= len(height):
        height = savgol_filter(height, width, 2)
    return np.asarray(np.gradient(height, time))


def _loads(contact: Mask, heights: Mapping[str, Array]) -> tuple[Mask, Mask]:
    """Frames in which the forefoot is loaded, and those in which the heel is before it.

    A foot that lands while its heel is still up lands on its forefoot.
    """
    loaded, on_heel = down(contact, heights["forefoot"])
    heel_down, _ = down(contact, heights["heel"])
    return loaded | (on_heel & ~heel_down), on_heel & heel_down


def flight(gait: Gait) -> Mask:
    """Frames (F,) in which neither foot is on the ground."""
    result: Mask = ~(gait.contact["r"] | gait.contact["l"])
    return result


def bounces(chain: Chain, q: Array) -> bool:
    """Whether the pelvis of the postures `q` (F, 24) is higher the further the feet are apart, as in running."""
    hips = positions(chain, q, ["hip_r", "hip_l"]).mean(axis=1)
    heels = positions(chain, q, ["heel_r", "heel_l"])
    apart = np.linalg.norm(heels[:, 0, ::2] - heels[:, 1, ::2], axis=1)
    if np.ptp(apart) < SMALLEST_STEP or np.ptp(hips[:, 1]) == 0.0:
        return False
    return float(np.corrcoef(apart, hips[:, 1])[0, 1]) > BOUNCING


def flies(chain: Chain, time: Array, q: Array) -> bool:
    """Whether the postures `q` (F, 24) are a run: the pelvis bounces and there are frames without contact."""
    if not bounces(chain, q):
        return False
    try:
        gait = run_of(chain, time, q)
    except HipspineError:
        return False
    return bool(flight(gait)[gait.whole_strides].any())


__all__ = ["RUN_GIVEN", "WALK_GIVEN", "bounces", "flies", "flight", "run_events", "run_of"]
