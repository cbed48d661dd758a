"""Every movement by name: what it can be asked for, and how it becomes a task.

Options count in what the tasks themselves count in: angles in degrees, lengths in metres. Tasks are imported as they
are built, so the catalogue is quick to load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from keyword import iskeyword
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kinematics.conventions import SIDE_WORDS
from kinematics.errors import HipspineError, unknown
from kinematics.tables import value
from simulate.recording import Recording, number
from simulate.tasks.asked import DIRECTIONS, PIVOT_DEG, SPEEDS, STYLES, TURNS

if TYPE_CHECKING:
    from simulate.problem import Task
    from simulate.tasks.planted import Stance

WALK = "walk_overground_rajagopal"
RUN = "run_treadmill_hamner"
TURN = "turn_spin_HC002D"
#: How far somebody turns off the outside foot who is not told, to the left. [deg] (assumption)
STEP_DEG = 90.0


@dataclass(frozen=True)
class Option:
    """Something that a movement can be asked for.

    Parameters
    ----------
    name : str
    kind : {"number", "choice"}
    unit : str
        Of a number: "deg" or "m".
    choices : tuple of str
        Of a choice.
    default : float, str or None
        What is taken where nothing is given; None where that depends, see `about`.
    about : str
        In words.
    """

    name: str
    kind: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    default: float | str | None = None
    about: str = ""

    def checked(self, given: object, movement: str) -> float | str:
        """What was given, as the movement takes it.

        Raises
        ------
        HipspineError
            If it is no finite number, or none of the choices.
        """
        if self.kind == "choice":
            if not isinstance(given, str) or given not in self.choices:
                raise unknown(f"{self.name} of {movement}", given, self.choices)
            return given
        found = number(f"{self.name} of {movement}", given, self.unit)
        if not isfinite(found):
            raise HipspineError(f"{self.name} of {movement} must be a finite number of {self.unit}, is {found}")
        return found


@dataclass(frozen=True)
class Movement:
    """A movement: `build(recording, **own)` makes its task of options by name, which are checked by the task alone.

    `options` are its own, by name; `about` says in words what it is. Options that are None count as not given.
    """

    name: str
    build: Callable[..., Task]
    options: Mapping[str, Option]
    about: str


def build_task(
    name: str, recording: Recording | None = None, /, *, mirror: bool = False, **options: float | str | None
) -> Task:
    """Make the task of a movement by name.

    Parameters
    ----------
    name : str
        Of `MOVEMENTS`, which are those of the command line.
    recording : Recording, optional
        Whose movement it is; bundled or constructed, as the movement has it, if not given.
    mirror : bool
        Whether left and right change places.
    **options
        The movement's own by name, in the units of `MOVEMENTS`; None is as if not given. One that Python keeps for
        itself may end in an underscore: ``raise_=12``.

    Raises
    ------
    HipspineError
        If the movement, an option or a choice is unknown, a number is not finite or out of range, or the recording does
        not suit.
    """
    if name not in MOVEMENTS:
        raise unknown("movement", name, MOVEMENTS)
    movement = MOVEMENTS[name]
    own = dict[str, float | str]()
    for key, given in options.items():
        plain = key.removesuffix("_")
        option = movement.options.get(plain if iskeyword(plain) else key)
        if option is None and not movement.options:
            raise HipspineError(f"unknown option {key!r} of {name}, which has none of its own")
        if option is None:
            raise unknown(f"option of {name}", key, movement.options)
        if given is not None:
            own[option.name] = option.checked(given, name)
    task = movement.build(Recording() if recording is None else recording, **own)
    if not mirror:
        return task
    from simulate.mirror import mirrored

    return mirrored(task)


_found = dict[str, Movement]()
#: Movements by name, those that step first.
MOVEMENTS: Mapping[str, Movement] = MappingProxyType(_found)


def _movement(*options: Option) -> Callable[[Callable[..., Task]], Callable[..., Task]]:
    """Enter a function (recording, and its options) -> Task into the catalogue.

    It is called with every option: a choice that was not given has its default, a number is None.
    """

    def entered(function: Callable[..., Task]) -> Callable[..., Task]:
        name = function.__name__.replace("_", "-")

        def build(recording: Recording, **own: Any) -> Task:
            given = {option.name: option.default if option.choices else None for option in options}
            given |= {key: value for key, value in own.items() if value is not None}
            return function(recording, **{f"{key}_" if iskeyword(key) else key: it for key, it in given.items()})

        by_name = MappingProxyType({option.name: option for option in options})
        _found[name] = Movement(name, build, by_name, cleandoc(function.__doc__ or ""))
        return function

    return entered


def _angle(about: str, default: float | None = None, name: str = "angle") -> Option:
    return Option(name, "number", "deg", default=default, about=about)


def _choice(name: str, choices: tuple[str, ...], about: str, default: str | None) -> Option:
    return Option(name, "choice", choices=choices, default=default, about=about)


def _table(name: str) -> float:
    """What somebody does who is not told, table ``movements``."""
    return value("movements", name, package="simulate")


SIDE = _choice("side", tuple(SIDE_WORDS.values()), "The leg that is moved.", "right")


@_movement(_choice("speed", SPEEDS, "Instead of a recording: published mean curves of that speed.", None))
def walk(recording: Recording, speed: str | None) -> Task:
    """Walking with a stiff hip: what pelvis and lumbar spine make up for, frame by frame.

    Without MOTION the bundled recording walks. MOTION without --model runs on a generic body.
    """
    from simulate.tasks.walk import walking

    if speed is not None:
        from simulate.tasks.norm_walk import norm_walking

        recording.refuse("a recording has its own speed; leave out --speed, or the recording")
        return norm_walking(speed, recording.chain()[0])
    chain, motion, standing = recording.read(WALK)
    return walking(chain, motion, standing=standing)


@_movement()
def run(recording: Recording) -> Task:
    """Running: the loaded forefoot stays where it was, flight is free."""
    from simulate.tasks.run import running

    chain, motion, standing = recording.read(RUN)
    return running(chain, motion, standing=standing)


@_movement(
    _angle(f"Turn of the body, left positive.  [default: as recorded; {STEP_DEG:g} of a step turn without MOTION]"),
    _choice("style", STYLES, "Round the inside foot (spin), or off the outside foot (step).", "spin"),
)
def turn(recording: Recording, angle: float | None, style: str) -> Task:
    """Turning while walking: the feet stay where they are put, the trunk comes round.

    Without MOTION: a recorded spin turn of 89 degrees to the right, or one that is bent to another angle; a step
    turn is made of the bundled straight walk. With MOTION: your recording, bent if an angle is given.
    """
    from simulate.tasks.turn import turned, turning

    if recording.motion is None and style == "step":
        chain, motion, standing = recording.read(WALK)
        return turned(chain, motion, angle_deg=STEP_DEG if angle is None else angle, style=style, standing=standing)
    chain, motion, standing = recording.read(TURN)
    if angle is None:
        return turning(chain, motion, standing=standing)
    return turned(chain, motion, angle_deg=angle, style=style, standing=standing)


@_movement(_angle("Turn of the trunk, left positive.", PIVOT_DEG))
def pivot(recording: Recording, angle: float | None) -> Task:
    """Turning the trunk over two planted feet: the textbook case. Constructed, or a recording of yours."""
    from simulate.tasks.pivot import pivoting

    if recording.motion is not None:
        return _recorded("pivot", recording, angle=angle)
    return pivoting(_stance(recording), angle_deg=PIVOT_DEG if angle is None else angle)


@_movement(_angle("Elevation of the thigh.", _table("prone_raise"), name="raise"), SIDE)
def prone(recording: Recording, raise_: float | None, side: str) -> Task:
    """Prone hip extension on a table: the thigh is raised, its abduction free. Constructed."""
    from simulate.tasks.lying import prone_extension

    recording.refuse("the prone test is constructed; recordings of it are not read")
    chain, standing = recording.chain()
    return prone_extension(chain, standing=standing, raise_deg=raise_, side=side)


@_movement(
    _angle("Lean of the shank from the vertical.", _table("prone_rotation")),
    _choice("turn", TURNS, "Which way the hip turns.", "internal"),
    SIDE,
)
def prone_rotation(recording: Recording, angle: float | None, turn: str, side: str) -> Task:
    """Prone hip rotation on a table: the knee at 90 degrees, the shank leans out or in. Constructed."""
    from simulate.tasks.lying import prone_rotation as turned

    recording.refuse("the prone test is constructed; recordings of it are not read")
    chain, standing = recording.chain()
    return turned(chain, standing=standing, angle_deg=angle, turn=turn, side=side)


@_movement(
    _choice("direction", DIRECTIONS, "Which way the trunk leans.", "forward"),
    _angle(
        f"Lean of the trunk from standing.  [default: {_table('bend_forward'):g}; {_table('bend_backward'):g} backward]"
    ),
)
def bend(recording: Recording, direction: str, angle: float | None) -> Task:
    """Bending with straight knees and coming back up. Constructed, or a recording of yours."""
    from simulate.tasks.bend import bending

    if recording.motion is not None:
        return _recorded("bend", recording, angle=angle)
    return bending(_stance(recording), direction=direction, angle_deg=angle)


@_movement(Option("depth", "number", "m", about="How far the hips go down.  [default: as recorded]"))
def squat(recording: Recording, depth: float | None) -> Task:
    """Squatting on flat feet: a recorded squat on a generic body, or a recording of yours."""
    from simulate.tasks.squat import squatting

    if recording.motion is not None:
        return _recorded("squat", recording, depth=depth)
    return squatting(_stance(recording), depth=depth)


@_movement(Option("seat", "number", "m", default=_table("seat"), about="Height of the seat."))
def sit(recording: Recording, seat: float | None) -> Task:
    """Sitting down and standing up again. Constructed, or a recording of yours."""
    from simulate.tasks.squat import sitting

    if recording.motion is not None:
        return _recorded("sit", recording, seat=seat)
    return sitting(_stance(recording), seat=seat)


@_movement()
def swing(recording: Recording) -> Task:
    """A golf-type swing, right-handed: the left hip leads. Constructed, or a recording of yours."""
    from simulate.tasks.swing import swinging

    if recording.motion is not None:
        return _recorded("swing", recording)
    chain, standing = recording.chain()
    return swinging(chain, standing=standing)


@_movement()
def stand(recording: Recording) -> Task:
    """Standing still, gaze level. Constructed, or a recording of yours."""
    from simulate.tasks.stand import standing_still

    if recording.motion is not None:
        return _recorded("stand", recording)
    return standing_still(_stance(recording))


def _stance(recording: Recording) -> Stance:
    """Who stands where, for a movement that is constructed."""
    from simulate.tasks.planted import stand as on_two_feet

    chain, standing = recording.chain()
    return on_two_feet(chain, standing=standing)


def _recorded(name: str, recording: Recording, **own: float | None) -> Task:
    """A recorded movement on two feet; it is as large as it was."""
    from simulate.tasks.recorded import recorded_on_feet

    for option, given in own.items():
        if given is not None:
            recording.refuse(f"a recorded {name} is as large as it was; leave out --{option}, or the recording")
    chain, motion, standing = recording.read()
    return recorded_on_feet(name, chain, motion, standing=standing)


__all__ = ["MOVEMENTS", "Movement", "Option", "build_task"]
