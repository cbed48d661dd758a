"""What a file of markers holds, before labels and axes are made ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RawMarkers:
    """Markers in the laboratory's own axes.

    Parameters
    ----------
    time : ndarray, shape (F,)
        [s]
    labels : tuple of str
        As the file has them.
    places : ndarray, shape (F, M, 3)
        NaN where a marker is missing. [m]
    up : str
        The laboratory's axis that points up, ``"+Z"`` and so on; empty if the file does not say.
    usual_up : str
        The axis that usually points up in files of this kind.
    subject : mapping of str to float
        What the file says of the person; see `simulate.io.markers.Markers`.
    """

    time: Array
    labels: tuple[str, ...]
    places: Array
    up: str
    usual_up: str
    subject: Mapping[str, float] = field(default_factory=dict)
