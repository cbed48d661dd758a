"""Who gives way: `closure` (pelvis, spine and other leg), `predicted` (everything, each at its stiffness), `least`.

All are posture problems for the same kernel. A strategy takes a task and the restricted bounds, each (24,), and returns
the restricted motion, the posture problems it comes from and their proof.
"""

from __future__ import annotations

from collections.abc import Callable

from simulate.solution import Answer
from simulate.strategies.least_energy import predicted
from simulate.strategies.least_lumbar import allowances, least
from simulate.strategies.pure_chain import closure

#: Strategy by name, in the order in which answers are given.
STRATEGIES: dict[str, Callable[..., Answer]] = {"closure": closure, "predicted": predicted, "least": least}

__all__ = ["STRATEGIES", "allowances", "closure", "least", "predicted"]
