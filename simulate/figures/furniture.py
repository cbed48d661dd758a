"""What somebody sits or lies on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from kinematics.tables import value
from simulate.figures.body import extent, skeleton
from simulate.figures.words import LYING
from simulate.result import Compensation

Array = NDArray[np.float64]

#: Half widths of a seat and of a table, a table's thickness, and how far it reaches beyond the head, as drawn. [m]
SEAT, TABLE, THICK, BEYOND = 0.22, 0.33, 0.05, 0.05
COLOUR = "#dddddd"


class Box(NamedTuple):
    """A box between two corners (3,), along the picture's axes; whether it stands on the floor of the picture."""

    low: Array
    high: Array
    on_floor: bool

    def moved(self, by: Array) -> Box:
        """The same box elsewhere."""
        return self._replace(low=self.low + by, high=self.high + by)

    def scaled(self, by: float) -> Box:
        """The same box larger, about the origin."""
        return self._replace(low=by * self.low, high=by * self.high)

    def turned(self) -> Box:
        """The same box after half a turn about the vertical."""
        half = np.array([-1.0, 1.0, -1.0])
        ends = half * self.low, half * self.high
        return self._replace(low=np.minimum(*ends), high=np.maximum(*ends))

    def draw(self, axis: Axes, across: int) -> None:
        """Draw it behind everything; `across` is the axis that runs to the right."""
        wide, high = (self.high - self.low)[[across, 1]]
        axis.add_patch(Rectangle((self.low[across], self.low[1]), wide, high, color=COLOUR, linewidth=0, zorder=0))


def furniture(result: Compensation, heading: float) -> Box | None:
    """The seat or the table of a movement that has one, seen along the heading."""
    one, task = result.isel(strategy=0), str(result.attrs["task"])
    if task in LYING:
        return _table(one, heading)
    return _seat(one, heading) if task == "sit" and result.attrs["constructed"] else None


def _seat(one: Any, heading: float) -> Box:
    """As high and as long as the movement was constructed with."""
    hips = one.free_landmarks.sel(landmark=["hip_r", "hip_l"]).values[..., 1].mean(axis=1)
    seated = skeleton(one, "free", int(hips.argmin()), heading)
    middle = 0.5 * (seated["hip_r"] + seated["hip_l"])
    row = {name: value("movements", f"seat_{name}", package="simulate") for name in (
        "below_hip", "ahead_of_hip", "behind_hip"
    )}  # fmt: skip
    floor = extent([seated])[0][1]
    return Box(
        np.array([middle[0] - row["behind_hip"], floor, middle[2] - SEAT]),
        np.array([middle[0] + row["ahead_of_hip"], middle[1] - row["below_hip"], middle[2] + SEAT]),
        on_floor=True,
    )


def _table(one: Any, heading: float) -> Box:
    """Below what rests on it; the feet hang over its end."""
    lying = skeleton(one, "free", 0, heading)
    resting = [at for name, at in lying.items() if name.startswith(("asis", "pubis", "ribs", "chest"))]
    top = float(min(at[1] for at in resting or lying.values()))
    low, high = extent([lying])
    middle = 0.5 * (lying["hip_r"][2] + lying["hip_l"][2])
    foot = max(low[0], min(lying["ankle_r"][0], lying["ankle_l"][0]))
    return Box(
        np.array([foot, top - THICK, middle - TABLE]),
        np.array([high[0] + BEYOND, top, middle + TABLE]),
        on_floor=False,
    )


__all__ = ["Box", "furniture"]
