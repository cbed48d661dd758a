"""One command a movement. Parts are imported as they are needed, so that help is quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulate.cli.options import STRATEGIES, Movement, Recording, allowances, common
from simulate.cli.output import show, working, write
from simulate.cli.statuses import UNSOLVED_FRAMES

if TYPE_CHECKING:
    from simulate.problem import Task
    from simulate.tasks.planted import Stance

MOVEMENTS: list[click.Command] = []
WALK = "walk_overground_rajagopal"
SPEEDS = ("very_slow", "slow", "free", "fast", "very_fast")
RUN = "run_treadmill_hamner"
TURN = "turn_spin_HC002D"


def movement(*own: Callable[..., Any]) -> Callable[[Callable[..., Task]], click.Command]:
    """A command from a function (recording, **its own options) -> Task."""

    def made(build: Callable[..., Task]) -> click.Command:
        name = build.__name__.replace("_", "-")

        def command(**given: Any) -> None:
            recording = Recording(**{each.name: given.pop(each.name) for each in fields(Recording)})
            _answer(name, build, recording, given)

        command.__doc__ = build.__doc__
        wrapped = common(command)
        for option in reversed(own):
            wrapped = option(wrapped)
        found = click.command(name, cls=Movement)(wrapped)
        MOVEMENTS.append(found)
        return found

    return made


def _answer(name: str, build: Callable[..., Task], recording: Recording, given: dict[str, Any]) -> None:
    """Build the task, solve it, and show and write the answer."""
    asked = {key: given.pop(key) for key in ("zero", "cause", "strategy", "allow", "out", "as_json")}
    mirror = given.pop("mirror")
    if "help" in asked["cause"]:
        from simulate.restrictions import causes_text

        click.echo(causes_text())
        return
    with working():
        from kinematics.rom import RangeOfMotion
        from simulate.cli.options import LIMITS
        from simulate.compensation import compensate
        from simulate.mirror import mirrored

        limits = {f"{key}_deg": given.pop(key) for key in LIMITS}
        rom = RangeOfMotion.normal().limited(**limits)
        task = build(recording, **given)
        result = compensate(
            mirrored(task) if mirror else task,
            rom=rom,
            causes=asked["cause"],
            strategies=asked["strategy"] or STRATEGIES,
            zero=asked["zero"],
            standing_tilt_deg=recording.standing_tilt,
            allow=allowances(asked["allow"]),
        )
        answer = result.answer()
        files = write(result, answer, mirrored(task) if mirror else task, asked["out"] or Path("results") / name)
    show(answer, files, asked["as_json"])
    if any(found["solver"]["unsolved"] for found in answer["answers"].values()):
        raise click.exceptions.Exit(UNSOLVED_FRAMES)


def _stance(recording: Recording) -> Stance:
    """Who stands where, for a movement that is constructed."""
    from simulate.tasks.planted import stand as on_two_feet

    chain, standing = recording.chain()
    return on_two_feet(chain, standing=standing)


@movement(
    click.option(
        "--speed", type=click.Choice(SPEEDS), help="Instead of a recording: published mean curves of that speed."
    )
)
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


@movement()
def run(recording: Recording) -> Task:
    """Running: the loaded forefoot stays where it was, flight is free."""
    from simulate.tasks.run import running

    chain, motion, standing = recording.read(RUN)
    return running(chain, motion, standing=standing)


@movement(
    click.option("--angle", type=float, metavar="DEG", help="Turn of the body, left positive.  [default: as recorded]"),
    click.option(
        "--style",
        type=click.Choice(["spin", "step"]),
        default="spin",
        show_default=True,
        help="Round the inside foot (spin), or off the outside foot (step).",
    ),
)
def turn(recording: Recording, angle: float | None, style: str) -> Task:
    """Turning while walking: the feet stay where they are put, the trunk comes round.

    Without MOTION: a recorded spin turn of 89 degrees to the right, or one that is bent to another angle; a step
    turn is made of the bundled straight walk. With MOTION: your recording, bent if an angle is given.
    """
    from simulate.tasks.turn import turned, turning

    if recording.motion is None and style == "step":
        chain, motion, standing = recording.read(WALK)
        return turned(chain, motion, angle_deg=90.0 if angle is None else angle, style=style, standing=standing)
    chain, motion, standing = recording.read(TURN)
    if angle is None:
        return turning(chain, motion, standing=standing)
    return turned(chain, motion, angle_deg=angle, style=style, standing=standing)


@movement(
    click.option("--angle", type=float, metavar="DEG", help="Turn of the trunk, left positive.  [default: 45]"),
)
def pivot(recording: Recording, angle: float | None) -> Task:
    """Turning the trunk over two planted feet: the textbook case. Constructed, or a recording of yours."""
    from simulate.tasks.pivot import ANGLE_DEG, pivoting

    if recording.motion is not None:
        return _recorded("pivot", recording, angle=angle)
    return pivoting(_stance(recording), angle_deg=ANGLE_DEG if angle is None else angle)


SIDE = click.option(
    "--side", type=click.Choice(["right", "left"]), default="right", show_default=True, help="The leg that is moved."
)


@movement(
    click.option("--raise", "raised", type=float, metavar="DEG", help="Elevation of the thigh.  [default: 12]"), SIDE
)
def prone(recording: Recording, raised: float | None, side: str) -> Task:
    """Prone hip extension on a table: the thigh is raised, its abduction free. Constructed."""
    from simulate.tasks.lying import prone_extension

    recording.refuse("the prone test is constructed; recordings of it are not read")
    chain, standing = recording.chain()
    return prone_extension(chain, standing=standing, raise_deg=raised, side=side)


@movement(
    click.option("--angle", type=float, metavar="DEG", help="Lean of the shank from the vertical.  [default: 30]"),
    click.option(
        "--turn",
        type=click.Choice(["internal", "external"]),
        default="internal",
        show_default=True,
        help="Which way the hip turns.",
    ),
    SIDE,
)
def prone_rotation(recording: Recording, angle: float | None, turn: str, side: str) -> Task:
    """Prone hip rotation on a table: the knee at 90 degrees, the shank leans out or in. Constructed."""
    from simulate.tasks.lying import prone_rotation as turned

    recording.refuse("the prone test is constructed; recordings of it are not read")
    chain, standing = recording.chain()
    return turned(chain, standing=standing, angle_deg=angle, turn=turn, side=side)


@movement(
    click.option(
        "--direction",
        type=click.Choice(["forward", "backward"]),
        default="forward",
        show_default=True,
        help="Which way the trunk leans.",
    ),
    click.option(
        "--angle", type=float, metavar="DEG", help="Lean of the trunk from standing.  [default: 60; 25 backward]"
    ),
)
def bend(recording: Recording, direction: str, angle: float | None) -> Task:
    """Bending with straight knees and coming back up. Constructed, or a recording of yours."""
    from simulate.tasks.bend import bending

    if recording.motion is not None:
        return _recorded("bend", recording, angle=angle)
    return bending(_stance(recording), direction=direction, angle_deg=angle)


@movement(click.option("--depth", type=float, metavar="CM", help="How far the hips go down.  [default: as recorded]"))
def squat(recording: Recording, depth: float | None) -> Task:
    """Squatting on flat feet: a recorded squat on a generic body, or a recording of yours."""
    from simulate.tasks.squat import squatting

    if recording.motion is not None:
        return _recorded("squat", recording, depth=depth)
    return squatting(_stance(recording), depth=None if depth is None else depth / 100.0)


@movement(click.option("--seat", type=float, metavar="CM", help="Height of the seat.  [default: 45]"))
def sit(recording: Recording, seat: float | None) -> Task:
    """Sitting down and standing up again. Constructed, or a recording of yours."""
    from simulate.tasks.squat import sitting

    if recording.motion is not None:
        return _recorded("sit", recording, seat=seat)
    return sitting(_stance(recording), seat=None if seat is None else seat / 100.0)


@movement()
def swing(recording: Recording) -> Task:
    """A golf-type swing, right-handed: the left hip leads. Constructed, or a recording of yours."""
    from simulate.tasks.swing import swinging

    if recording.motion is not None:
        return _recorded("swing", recording)
    chain, standing = recording.chain()
    return swinging(chain, standing=standing)


@movement()
def stand(recording: Recording) -> Task:
    """Standing still, gaze level. Constructed, or a recording of yours."""
    from simulate.tasks.stand import standing_still

    if recording.motion is not None:
        return _recorded("stand", recording)
    return standing_still(_stance(recording))


def _recorded(name: str, recording: Recording, **own: float | None) -> Task:
    """A recorded movement on two feet; it is as large as it was."""
    from simulate.tasks.recorded import recorded_on_feet

    for option, given in own.items():
        if given is not None:
            recording.refuse(f"a recorded {name} is as large as it was; leave out --{option}, or the recording")
    chain, motion, standing = recording.read()
    return recorded_on_feet(name, chain, motion, standing=standing)
