"""What is asked of the body and how it copes.

``from simulate import compensate, read_motion, walking`` loads the solver; the command line loads parts as it needs
them.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Compensation": "simulate.result",
    "Motion": "simulate.motion",
    "Recording": "simulate.recording",
    "Study": "simulate.studies.study",
    "bending": "simulate.tasks.bend",
    "build_task": "simulate.tasks.catalogue",
    "compensate": "simulate.compensation",
    "load_changes": "simulate.load",
    "load_of": "simulate.load",
    "load_summary": "simulate.load",
    "lumbar_levels": "simulate.load",
    "mirrored": "simulate.mirror",
    "norm_walking": "simulate.tasks.norm_walk",
    "open_study": "simulate.studies.store",
    "people": "simulate.cohort",
    "pivoting": "simulate.tasks.pivot",
    "prone_extension": "simulate.tasks.lying",
    "prone_rotation": "simulate.tasks.lying",
    "read_motion": "simulate.io.mot",
    "read_study": "simulate.studies.study",
    "recorded_on_feet": "simulate.tasks.recorded",
    "recording_from_markers": "simulate.tracking",
    "running": "simulate.tasks.run",
    "sitting": "simulate.tasks.squat",
    "solve_many": "simulate.many",
    "spinal_load": "simulate.load",
    "squatting": "simulate.tasks.squat",
    "stand": "simulate.tasks.planted",
    "standing_still": "simulate.tasks.stand",
    "sweep": "simulate.studies.run",
    "swinging": "simulate.tasks.swing",
    "turned": "simulate.tasks.turn",
    "turning": "simulate.tasks.turn",
    "walking": "simulate.tasks.walk",
    "write_motion": "simulate.io.mot",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'simulate' has no attribute {name!r}")
