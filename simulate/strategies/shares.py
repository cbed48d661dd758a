"""What the spine adds is shared by its two joints as published."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinematics.conventions import INDEX, SPINE
from kinematics.spine import lumbar_shares
from simulate.goals import MUST, CombinationGoal

Array = NDArray[np.float64]
_LUMBAR, _THORACIC = [INDEX[name] for name in SPINE[:3]], [INDEX[name] for name in SPINE[3:]]


def thoracic_shares(free: Array) -> list[CombinationGoal]:
    """What the thoracic joint adds is what the lumbar joint adds, in their published shares."""
    return [
        CombinationGoal(
            name=f"share of {SPINE[3 + k]}",
            factors={SPINE[3 + k]: 1.0, SPINE[k]: -(1.0 - share) / share},
            target=free[:, _THORACIC[k]] - (1.0 - share) / share * free[:, _LUMBAR[k]],
            role=np.full(len(free), MUST, np.int8),
        )
        for k, share in enumerate(lumbar_shares())
    ]


__all__ = ["thoracic_shares"]
