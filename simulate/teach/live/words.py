"""What the page calls things, in clinical words, and how far its sliders go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from kinematics.rom import DIRECTIONS, RangeOfMotion
from kinematics.tables import value
from simulate.tasks.catalogue import MOVEMENTS as CATALOGUE

#: What each movement is called.
MOVEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "walk": "Walking",
        "run": "Running",
        "turn": "Turning while walking",
        "pivot": "Turning on planted feet",
        "prone": "Prone hip extension",
        "prone-rotation": "Prone hip rotation",
        "bend": "Bending",
        "squat": "Squatting",
        "sit": "Sitting down and standing up",
        "swing": "Golf swing",
        "stand": "Standing",
    }
)

#: What each strategy is called, and what it means in one line.
STRATEGIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "predicted": ("Predicted", "Everything gives way, each joint at its stiffness: the path of least resistance."),
        "closure": ("Pure chain", "The stiff leg keeps its path: what the hip lacks, pelvis and spine must find."),
        "least": ("Least", "The body changes the task a little, so that the lumbar spine moves least."),
    }
)

#: What `least` may use, in words, and how far its slider goes, in the slider's unit, of which one makes `per` of table
#: ``allowances``.
ALLOWANCES: Mapping[str, tuple[str, float, float, str, float]] = MappingProxyType(
    {
        "knee": ("Knee", 20.0, 1.0, "°", 1.0),
        "ankle": ("Ankle", 15.0, 1.0, "°", 1.0),
        "trunk_lean": ("Trunk lean", 15.0, 1.0, "°", 1.0),
        "foot_roll": ("Foot roll", 15.0, 1.0, "°", 1.0),
        "step_length": ("Shorter step", 20.0, 1.0, " cm", 0.01),
    }
)

#: What each cause of stiffness is called.
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "tight_hip_flexors": "Tight hip flexors",
        "prolonged_sitting": "Prolonged sitting",
        "weak_gluteals": "Weak gluteals",
        "hip_osteoarthritis": "Hip osteoarthritis",
        "capsular_pattern": "Capsular pattern",
        "tight_adductors": "Tight adductors",
        "tight_piriformis": "Tight piriformis",
        "fused_hip": "Fused hip",
        "age": "Age",
    }
)

#: Choices of the movements' options, where the name alone does not say it.
CHOICES: Mapping[str, str] = MappingProxyType(
    {"free": "comfortable", "very_slow": "very slow", "very_fast": "very fast", "spin": "spin (inside foot)",
     "step": "step (outside foot)"}
)  # fmt: skip


@dataclass(frozen=True)
class Dial:
    """How far a slider goes, in its own unit, of which one makes `per` of what is asked for.

    `normal` is where it stands while nothing is asked; `unsaid` what is said then, if that is more than the number.
    """

    label: str
    low: float
    high: float
    step: float
    unit: str
    normal: float
    per: float = 1.0
    unsaid: str = ""


#: Said where nothing limits a direction, and what takes a limit away.
UNLIMITED = "not limited"
#: Said of both sides where each has a limit of its own.
APART = "right and left differ"
#: What takes back a number that somebody chose.
UNCHOSEN = "as if not chosen"


def _usual(name: str) -> float:
    """What somebody does who is not told, table ``movements``."""
    return value("movements", name, package="simulate")


def _limit(name: str, label: str, low: float, high: float) -> Dial:
    """The slider of a direction: while nothing limits it it stands at the normal range, to the nearest degree."""
    direction = DIRECTIONS[name]
    normal = RangeOfMotion.normal().reach_deg[direction.coordinates[0], direction.sign or 1]
    return Dial(label, low, high, 1.0, "°", float(round(normal)), unsaid=UNLIMITED)


#: Directions of the hip by name: those that matter most come first. How far the sliders go: assumption.
HIP: Mapping[str, Dial] = MappingProxyType(
    {
        "hip_extension": _limit("hip_extension", "extension", -20.0, 20.0),
        "hip_internal_rotation": _limit("hip_internal_rotation", "internal rotation", -10.0, 45.0),
        "hip_flexion": _limit("hip_flexion", "flexion", 0.0, 140.0),
        "hip_external_rotation": _limit("hip_external_rotation", "external rotation", -10.0, 50.0),
        "hip_abduction": _limit("hip_abduction", "abduction", -10.0, 40.0),
        "hip_adduction": _limit("hip_adduction", "adduction", -10.0, 35.0),
    }
)
#: How many of them are always on the page.
FIRST = 2
#: Directions of the lumbar spine.
LUMBAR: Mapping[str, Dial] = MappingProxyType(
    {
        "lumbar_extension": _limit("lumbar_extension", "Lumbar extension", 0.0, 35.0),
        "lumbar_flexion": _limit("lumbar_flexion", "Lumbar flexion", 0.0, 80.0),
        "lumbar_bending": _limit("lumbar_bending", "Lumbar bending, either side", 0.0, 35.0),
        "lumbar_rotation": _limit("lumbar_rotation", "Lumbar rotation, either side", 0.0, 15.0),
    }
)

#: Numbers that movements can be asked with, by movement and option. How far the sliders go: assumption. `normal` is
#: what is done where nothing is asked; `dial` knows where that is another beside other options.
OPTIONS: Mapping[tuple[str, str], Dial] = MappingProxyType(
    {
        ("turn", "angle"): Dial("Turn, left positive", -180.0, 180.0, 1.0, "°", -89.0, unsaid="89° right, as recorded"),
        ("pivot", "angle"): Dial("Turn of the trunk, left positive", -90.0, 90.0, 1.0, "°", 45.0),
        ("prone", "raise"): Dial("Elevation of the thigh", 0.0, 30.0, 1.0, "°", 12.0),
        ("prone-rotation", "angle"): Dial("Lean of the shank", 0.0, 60.0, 1.0, "°", 30.0),
        ("bend", "angle"): Dial("Lean of the trunk", 5.0, 110.0, 1.0, "°", _usual("bend_forward")),
        ("squat", "depth"): Dial("Depth of the hips", 5.0, 60.0, 1.0, " cm", 33.0, per=0.01, unsaid="as recorded"),
        ("sit", "seat"): Dial("Height of the seat", 30.0, 65.0, 1.0, " cm", 45.0, per=0.01),
    }
)
#: `normal` and `unsaid` beside a choice of another option: by movement, option, the other option, its choice.
_BESIDE: Mapping[tuple[str, str, str, str], tuple[float, str]] = MappingProxyType(
    {
        ("turn", "angle", "style", "step"): (90.0, "90° left, constructed"),
        ("bend", "angle", "direction", "backward"): (_usual("bend_backward"), ""),
    }
)
#: What options are called; other than these by their own names.
OPTION_NAMES: Mapping[str, str] = MappingProxyType({"speed": "Speed", "style": "Style", "direction": "Direction"})

STATURE = Dial("Height", 140.0, 210.0, 1.0, " cm", 175.0, per=0.01)
MASS = Dial("Mass", 35.0, 150.0, 1.0, " kg", 75.0)


def dial(task: str, name: str, options: Mapping[str, float | str]) -> Dial:
    """The slider of a number that a movement is asked with, beside its other `options`."""
    found = OPTIONS[task, name]
    for other, option in CATALOGUE[task].options.items():
        beside = _BESIDE.get((task, name, other, str(options.get(other, option.default))))
        if beside is not None:
            found = replace(found, normal=beside[0], unsaid=beside[1])
    return found


def plain(name: str) -> str:
    """A name of a choice as it is said."""
    return CHOICES.get(name, name.replace("_", " "))


__all__ = [
    "ALLOWANCES", "APART", "CAUSES", "FIRST", "HIP", "LUMBAR", "MASS", "MOVEMENTS", "OPTIONS", "OPTION_NAMES",
    "STATURE", "STRATEGIES", "UNCHOSEN", "UNLIMITED", "Dial", "dial", "plain",
]  # fmt: skip
