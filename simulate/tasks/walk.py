"""Walking: the loaded foot stays where it was, the swinging toe clears the floor, the trunk would rather be upright."""

from __future__ import annotations

from kinematics.chain import Chain
from kinematics.zero import Standing, standing_from_stride
from simulate.motion import Motion, to_chain
from simulate.problem import Task
from simulate.tasks.flight import RUN_GIVEN, flies
from simulate.tasks.stepping import gait_of, stepping


def walking(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded walk a task; its goals are those of `stepping`.

    Targets are the chain's own forward kinematics of the recording, frame by frame, so a sliding foot or a treadmill's
    belt does not matter. What yields first is the length of the step; if that is not enough, the rest of the foot's
    place and direction.

    Parameters
    ----------
    chain : Chain
    motion : Motion
        A recorded walk with pelvis, hips, knees, ankles and trunk.
    standing : Standing, optional
        The person's standing posture on the same chain; estimated from the stride (thigh vertical, mean tilt), with a
        notice, if not given.

    Returns
    -------
    Task
        Over the whole strides of the recording.

    Raises
    ------
    HipspineError
        If required coordinates are missing, or nobody steps.
    """
    q, notices = to_chain(motion, chain)
    gait = gait_of(chain, motion.time, q)
    kept = gait.whole_strides
    if flies(chain, motion.time, q):
        notices = (*notices, RUN_GIVEN)
    if standing is None:
        standing = standing_from_stride(q[kept])
        notices = (*notices, f"standing posture: {standing.how}; give a standing trial if there is one")
    return stepping("walk", chain, motion, q, gait, standing=standing, kept=kept, notices=notices)


__all__ = ["walking"]
