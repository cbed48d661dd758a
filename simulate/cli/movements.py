"""One command a movement of the catalogue. Parts are imported as they are needed, so that help is quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulate.cli.options import LIMITS, STRATEGIES, MovementCommand, allowances, common
from simulate.cli.output import load_at_l5s1, show, working, write
from simulate.cli.statuses import UNSOLVED_FRAMES
from simulate.recording import Recording
from simulate.tasks import catalogue
from simulate.tasks.catalogue import Movement, Option

if TYPE_CHECKING:
    from kinematics.chain import Chain
    from kinematics.zero import Standing
    from simulate.motion import Motion

#: How an option's unit is asked for here, and how many of that make one of it.
ASKED = {"deg": ("DEG", 1.0), "m": ("CM", 100.0)}


@dataclass(frozen=True)
class _Remembering(Recording):
    """A recording that remembers what was read of it: a task keeps its strides, the load needs what is around them."""

    motions: list[Motion] = field(default_factory=list, compare=False)

    def read(self, bundled: str | None = None) -> tuple[Chain, Motion, Standing | None]:
        """As `Recording.read`."""
        found = super().read(bundled)
        self.motions.append(found[1])
        return found


def _command(movement: Movement) -> click.Command:
    """The command of a movement."""

    def command(**given: Any) -> None:
        recording = _Remembering(**{each.name: given.pop(each.name) for each in fields(Recording)})
        _answer(movement, recording, given)

    command.__doc__ = movement.about
    wrapped = common(command)
    for option in reversed(tuple(movement.options.values())):
        wrapped = _option(option)(wrapped)
    return click.command(movement.name, cls=MovementCommand)(wrapped)


def _option(option: Option) -> Callable[..., Any]:
    """An option of a movement as one of its command."""
    if option.choices:
        return click.option(
            f"--{option.name}",
            option.name,
            type=click.Choice(option.choices),
            default=option.default,
            show_default=option.default is not None,
            help=option.about,
        )
    metavar, per = ASKED[option.unit]
    default = f"  [default: {per * option.default:g}]" if isinstance(option.default, float) else ""
    return click.option(f"--{option.name}", option.name, type=float, metavar=metavar, help=option.about + default)


def _own(option: Option, given: Any) -> Any:
    """What was given of an option, in its own unit."""
    return given if given is None or option.choices else given / ASKED[option.unit][1]


def _answer(movement: Movement, recording: _Remembering, given: dict[str, Any]) -> None:
    """Build the task, solve it, and show and write the answer."""
    if "help" in given["cause"]:
        from simulate.restrictions import causes_text

        click.echo(causes_text())
        return
    with working():
        from kinematics.rom import RangeOfMotion
        from simulate.compensation import compensate
        from simulate.mirror import mirrored, mirrored_motion

        rom = RangeOfMotion.normal().limited(**{f"{key}_deg": given[key] for key in LIMITS})
        own = {name: _own(option, given[name]) for name, option in movement.options.items()}
        task = movement.build(recording, **own)
        recorded = recording.motions[-1] if recording.motions else None
        if given["mirror"]:
            task = mirrored(task)
            recorded = None if recorded is None else mirrored_motion(recorded)
        result = compensate(
            task,
            rom=rom,
            causes=given["cause"],
            strategies=given["strategy"] or STRATEGIES,
            zero=given["zero"],
            standing_tilt_deg=recording.standing_tilt,
            allow=allowances(given["allow"]),
        )
        answer = result.answer()
        load = load_at_l5s1(task, result, recorded, answer)
        files = write(result, answer, task, given["out"] or Path("results") / movement.name, load)
    show(answer, files, given["as_json"])
    if any(found["solver"]["unsolved"] for found in answer["answers"].values()):
        raise click.exceptions.Exit(UNSOLVED_FRAMES)


MOVEMENTS = [_command(movement) for movement in catalogue.MOVEMENTS.values()]
