"""Running: the loaded foot stays where it was, in flight both feet are free, the trunk would rather be upright."""

from __future__ import annotations

from kinematics.chain import Chain
from kinematics.zero import Standing, standing_from_stride
from simulate.motion import Motion, to_chain
from simulate.problem import Task
from simulate.tasks.flight import WALK_GIVEN, flies, run_of
from simulate.tasks.stepping import stepping


def running(chain: Chain, motion: Motion, *, standing: Standing | None = None) -> Task:
    """Make a recorded run a task; its goals are those of `stepping`, its contacts those of `run_events`.

    The forefoot's place and the foot's direction are musts while it is loaded, the heel's while that carries; in flight
    nothing is but that feet do not sink below the floor. Targets are the chain's own forward kinematics of the
    recording, frame by frame, so a treadmill's belt does not matter. What yields first is the length of the step; if
    that is not enough, the rest of the foot's place and direction.

    Parameters
    ----------
    chain : Chain
    motion : Motion
        A recorded run, over ground or on a treadmill, with pelvis, hips, knees, ankles and trunk.
    standing : Standing, optional
        The person's standing posture on the same chain. Estimated from the stride (thigh vertical, mean tilt) if not
        given: a runner leans forward, so this is a guess, and a notice says so.

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
    gait = run_of(chain, motion.time, q)
    kept = gait.whole_strides
    if not flies(chain, motion.time, q):
        notices = (*notices, WALK_GIVEN)
    if standing is None:
        standing = standing_from_stride(q[kept])
        notices = (
            *notices,
            f"warning: standing posture: {standing.how}; a runner's pelvis tilts and his trunk leans further forward "
            "than in standing, which shifts every clinical hip angle: give a standing trial if there is one",
        )
    return stepping("run", chain, motion, q, gait, standing=standing, kept=kept, notices=notices)


__all__ = ["running"]
