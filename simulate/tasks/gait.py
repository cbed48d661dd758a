"""When a foot is on the ground, from recorded kinematics alone.

Heel strike is where the heel is furthest ahead of the pelvis, toe-off where the toe is furthest behind it (Zeni,
Richards & Higginson 2008, Gait Posture 27:710). Both are counted along the pelvis's heading, so they hold over ground,
on a belt and in a turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import SIDE_WORDS, SIDES
from kinematics.errors import HipspineError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Events = Mapping[str, NDArray[np.intp]]

#: A forefoot this far above its lowest place in the same contact carries no load yet or any more. [m] (assumption)
LOADED_HEIGHT = 0.02
#: A recording that ends as it began, to this share of its range, holds one whole cycle. (assumption)
CYCLE_MATCH = 0.15
#: Feet that step in turn strike half a cycle apart, give or take this. [% of the cycle] (assumption)
OUT_OF_TURN = 25.0


@dataclass(frozen=True, eq=False)
class Gait:
    """Events of a recorded walk or run.

    Per side: masks (F,) `contact` (foot on the ground), `on_heel` (from heel strike until the forefoot is down) and
    `loaded` (forefoot on the ground); `heel_strikes` and `toe_offs` (frames); `percent` (F,) of the cycle from heel
    strike to heel strike (beyond the first and the last at the usual length of a stride; a foot that never strikes
    is half a cycle behind the other). `whole_strides` selects the frames from the first heel strike to the last.
    """

    contact: Mapping[str, Mask]
    on_heel: Mapping[str, Mask]
    loaded: Mapping[str, Mask]
    heel_strikes: Mapping[str, NDArray[np.intp]]
    toe_offs: Mapping[str, NDArray[np.intp]]
    percent: Mapping[str, Array]
    whole_strides: slice
    notices: tuple[str, ...] = ()


def gait_events(time: Array, *, feet: Mapping[str, Array], pelvis: Array, heading: Array) -> Gait:
    """Contacts, loads and cycles of a recorded gait.

    Parameters
    ----------
    time : ndarray, shape (F,)
        [s]
    feet : mapping of str to ndarray, shape (F, 3)
        Places of ``heel_r``, ``forefoot_r``, ``toe_r`` and the same of the left. [m]
    pelvis : ndarray, shape (F, 3)
        Place of the pelvis. [m]
    heading : ndarray, shape (F,)
        Of the pelvis, to the left. [rad]

    Raises
    ------
    HipspineError
        If neither foot strikes or leaves the ground.
    """
    forward = np.stack([np.cos(heading), np.zeros_like(heading), -np.sin(heading)], axis=-1)
    contact, on_heel, loaded, strikes, offs = {}, {}, {}, {}, {}
    for side in SIDES:
        ahead = {part: np.einsum("fi,fi->f", feet[f"{part}_{side}"] - pelvis, forward) for part in ("heel", "forefoot")}
        strikes[side], offs[side] = peaks(ahead["heel"]), peaks(-ahead["forefoot"])
        if not strikes[side].size and not offs[side].size:
            raise HipspineError(
                f"no step of the {SIDE_WORDS[side]} foot was found in {time[-1] - time[0]:.2f} s of recording; "
                "walking needs at least one heel strike or toe-off of each foot"
            )
        contact[side] = between(strikes[side], offs[side], len(time))
        loaded[side], on_heel[side] = down(contact[side], feet[f"forefoot_{side}"][:, 1])
    percent, whole, notices = cycles(time, strikes, offs, feet, pelvis)
    return Gait(contact, on_heel, loaded, strikes, offs, percent, whole, (*notices, *_in_turn(percent, strikes)))


def peaks(signal: Array) -> NDArray[np.intp]:
    """The highest frame of each excursion above the middle of the signal, unless the recording begins or ends there."""
    above = np.concatenate([[False], signal > 0.5 * (signal.min() + signal.max()), [False]])
    starts, stops = (np.flatnonzero(np.diff(above.astype(int)) == sign) for sign in (1, -1))
    peaks = [start + int(signal[start:stop].argmax()) for start, stop in zip(starts, stops, strict=True)]
    return np.array([k for k in peaks if 0 < k < len(signal) - 1], dtype=np.intp)


def between(strikes: NDArray[np.intp], offs: NDArray[np.intp], n: int) -> Mask:
    """On the ground from a strike to the next toe-off; before the first event as it must have been."""
    on = np.zeros(n, dtype=np.bool_)
    events = sorted([(int(k), True) for k in strikes] + [(int(k), False) for k in offs])
    state, start = not events[0][1], 0
    for k, strike in events:
        on[start:k] = state
        state, start = strike, k
    on[start:] = state
    return on


def down(contact: Mask, height: Array) -> tuple[Mask, Mask]:
    """Contact frames in which the forefoot is near its lowest place of that contact, and those before the first."""
    loaded, on_heel = np.zeros_like(contact), np.zeros_like(contact)
    edges = np.flatnonzero(np.diff(contact.astype(int)))
    for start, stop in zip([0, *edges + 1], [*edges + 1, contact.size], strict=True):
        if contact[start]:
            loaded[start:stop] = height[start:stop] <= height[start:stop].min() + LOADED_HEIGHT
            on_heel[start : start + int(loaded[start:stop].argmax())] = True
    return loaded, on_heel


def cycles(
    time: Array, strikes: Events, offs: Events, feet: Mapping[str, Array], pelvis: Array
) -> tuple[dict[str, Array], slice, tuple[str, ...]]:
    """Percent of each side's cycle, the frames to keep, and what to say."""
    n = len(time)
    strides = {side: list(pairwise(k)) for side, k in strikes.items()}
    lengths = [time[b] - time[a] for pairs in strides.values() for a, b in pairs]
    if lengths:
        bounds = [k for pairs in strides.values() for pair in pairs for k in pair]
        return (
            _percents(time, strikes, float(np.mean(lengths))),
            slice(int(min(bounds)), int(max(bounds)) + 1),
            (),
        )
    shape = np.concatenate([place - pelvis for place in feet.values()], axis=1)
    gap = np.abs(shape[-1] - shape[0]).max() / np.ptp(shape, axis=0).max()
    if gap <= CYCLE_MATCH:
        usual, how = float(time[-1] - time[0]) * (n / (n - 1)), "it ends as it began and is taken as one stride"
    else:
        usual, how = _stride_from_parts(time, strikes, offs)
    return _percents(time, strikes, usual), slice(0, n), (f"no foot strikes twice in the recording: {how}",)


def _stride_from_parts(time: Array, strikes: Events, offs: Events) -> tuple[float, str]:
    """Length of a stride [s] where no foot strikes twice, and how it was got."""
    between = [time[k[-1]] - time[k[0]] for k in offs.values() if k.size == 2]
    if between:
        return float(np.mean(between)), "the length of a stride is counted from toe-off to toe-off"
    if strikes["r"].size and strikes["l"].size:
        step = abs(time[strikes["r"][0]] - time[strikes["l"][0]])
        return float(2.0 * step), "a stride is taken as twice the step that it holds"
    return float(time[-1] - time[0]), "percent counts over its whole length"


def _in_turn(percent: Mapping[str, Array], strikes: Events) -> tuple[str, ...]:
    """A warning if both feet strike, but not about half a cycle after one another."""
    apart = np.concatenate([percent["r"][strikes["l"]], percent["l"][strikes["r"]]])
    if not (strikes["r"].size and strikes["l"].size) or (np.abs(apart - 50.0) < OUT_OF_TURN).all():
        return ()
    return ("warning: the feet do not strike in turn: is this a walk?",)


def _percents(time: Array, strikes: Events, usual: float) -> dict[str, Array]:
    """Percent of each side's cycle; a foot that never strikes is half a cycle behind the other.

    If neither strikes, both count from the beginning.
    """
    if not (strikes["r"].size or strikes["l"].size):
        whole = np.mod(100.0 * (time - time[0]) / usual, 100.0)
        return {"r": whole, "l": whole.copy()}
    found = {side: _percent(time, k, usual) for side, k in strikes.items() if k.size}
    for side, other in (("r", "l"), ("l", "r")):
        if side not in found:
            found[side] = np.mod(found[other] + 50.0, 100.0)
    return found


def _percent(time: Array, strikes: NDArray[np.intp], usual: float) -> Array:
    """Percent of the cycle; before the first and after the last strike at the usual length of a stride."""
    t = time[strikes]
    before, after = (t[0] - time[0]) // usual + 1, (time[-1] - t[-1]) // usual + 1
    knots = np.concatenate([[t[0] - before * usual], t, [t[-1] + after * usual]])
    strides = np.concatenate([[-before], np.arange(len(t)), [len(t) - 1 + after]])
    percent: Array = 100.0 * np.mod(np.interp(time, knots, strides), 1.0)
    return percent


__all__ = ["Gait", "between", "cycles", "down", "gait_events", "peaks"]
