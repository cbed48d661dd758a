"""Quiet standing: flat feet, the mass centre over them, the gaze level."""

from __future__ import annotations

from kinematics.pose import orientation
from simulate.problem import Task
from simulate.tasks.planted import Stance, balance_goals, planted, stand, thorax_must, trunk_goals


def standing_still(stance: Stance | None = None) -> Task:
    """Stand straight.

    The chain has no neck: its gaze is level where the thorax does not nod. That has to be, and falls short first.

    Parameters
    ----------
    stance : Stance, optional
        Who stands where; the generic body if not given.
    """
    stance = stand() if stance is None else stance
    q = stance.repeated(1)
    level = thorax_must(orientation(stance.chain, q, "thorax"), "across", "gaze level")
    return planted(
        "stand",
        stance,
        q,
        [level, *trunk_goals(stance.chain, q, "across"), *balance_goals(stance.chain, q)],
        asked="level gaze",
        how="standing straight with the published pelvic tilt",
    )


__all__ = ["standing_still"]
