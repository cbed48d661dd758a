"""``hipspine film``: a movement as a film for slides; one command a movement, asked as the movement itself is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from kinematics.errors import HipspineError
from simulate.cli.movements import ASKED
from simulate.cli.movements import MOVEMENTS as COMMANDS
from simulate.cli.options import LIMITS, STRATEGIES, MovementCommand, allowances
from simulate.cli.output import working
from simulate.recording import Recording
from simulate.tasks.catalogue import MOVEMENTS

#: Options of a movement's command that a film has no use for, or its own.
_OTHER = ("out", "as_json", "strategy")
#: As `simulate.film.SEEN`, which would load matplotlib before help is shown.
_SEEN = ("both", "side", "behind", "above", "feet")


class FilmCommand(MovementCommand):
    """A movement's options, and those of the film in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The film first."""
        own = [param for param in self.params if param.name in _FILM]
        with formatter.section("Film"):
            formatter.write_dl([record for param in own if (record := param.get_help_record(ctx)) is not None])
        shown = self.params
        self.params = [param for param in shown if param.name not in _FILM]
        try:
            super().format_options(ctx, formatter)
        finally:
            self.params = shown


def _size(ctx: click.Context, param: click.Parameter, given: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})\s*[xX]\s*(\d{2,5})", given.strip())
    if not found:
        raise HipspineError(f"--size {given}: must be WIDTHxHEIGHT in pixels, for example 1280x720")
    return int(found[1]), int(found[2])


_FILM_OPTIONS: tuple[click.Parameter, ...] = (
    click.Option(
        ["--out"], type=click.Path(path_type=Path), help="File to write, .mp4 or .gif.  [default: MOVEMENT.mp4]"
    ),
    click.Option(
        ["--view"],
        type=click.Choice(_SEEN),
        default="both",
        show_default=True,
        help="From where; both: the side and what suits the movement.",
    ),
    click.Option(["--fps"], type=float, metavar="N", help="Frames a second.  [default: 30; GIF 20]"),
    click.Option(
        ["--seconds"], type=float, metavar="S", help="Length of the film.  [default: 4, or as long as the movement]"
    ),
    click.Option(["--slow"], type=float, metavar="TIMES", help="How many times slower than it was, in place of that."),
    click.Option(
        ["--size"], default="1280x720", show_default=True, metavar="WxH", callback=_size, help="Of the picture, in px."
    ),
    click.Option(
        ["--strategy"],
        type=click.Choice(STRATEGIES),
        default="predicted",
        show_default=True,
        help="Who may give way.",
    ),
)
_FILM = tuple(option.name for option in _FILM_OPTIONS)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def film() -> None:
    """A film for slides: free against restricted, side by side.

    \b
    hipspine film walk --hip-extension 0 --out stiff.mp4
    hipspine film turn --hip-internal-rotation-left 10 --out turn.gif --size 960x540
    """  # noqa: D301


def _command(movement: click.Command) -> click.Command:
    """The film of a movement, asked as the movement is."""
    name = str(movement.name)

    def command(**given: Any) -> None:
        _make(name, given)

    own = [param for param in movement.params if param.name not in _OTHER]
    return FilmCommand(
        name,
        callback=command,
        params=[*own, *_FILM_OPTIONS],
        help=f"A film of {name}: free against restricted, side by side.\n\n{MOVEMENTS[name].about}",
        short_help=f"A film of {name}.",
    )


def _make(name: str, given: dict[str, Any]) -> None:
    """Solve, and draw the film."""
    movement = MOVEMENTS[name]
    recording = Recording(**{each.name: given.pop(each.name) for each in fields(Recording)})
    if "help" in given["cause"]:
        from simulate.restrictions import causes_text

        click.echo(causes_text())
        return
    path: Path = given["out"] or Path(f"{name}.mp4")
    from simulate.film import FilmSettings, check_film, check_moves, write_film

    settings = FilmSettings(
        view=given["view"], fps=given["fps"], seconds=given["seconds"], slow=given["slow"], size=given["size"]
    )
    check_film(path)
    with working():
        from kinematics.rom import RangeOfMotion
        from simulate.compensation import compensate
        from simulate.mirror import mirrored

        own = {
            key: given[key] if given[key] is None or option.choices else given[key] / ASKED[option.unit][1]
            for key, option in movement.options.items()
        }
        task = movement.build(recording, **own)
        check_moves(task.name, len(task.q))
        strategy = given["strategy"]
        result = compensate(
            mirrored(task) if given["mirror"] else task,
            rom=RangeOfMotion.normal().limited(**{f"{key}_deg": given[key] for key in LIMITS}),
            causes=given["cause"],
            strategies=(strategy, "closure") if strategy == "predicted" else (strategy,),
            zero=given["zero"],
            standing_tilt_deg=recording.standing_tilt,
            allow=allowances(given["allow"]),
            reliefs=False,
        )
    made = write_film(result, path, settings, _progress())
    pace = "" if made["slower"] is None else f", {made['slower']:.1f} times slower than it was"
    click.echo(
        f"Written: {path} ({made['seconds']:.1f} s, {made['frames']} frames, {made['bytes'] / 1e6:.1f} MB{pace})"
    )


def _progress() -> Any:
    """A line on standard error that says how far the film is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("Drawing"), BarColumn(), TextColumn("{task.completed} of {task.total} frames"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    drawn = bar.add_task("film")

    def told(done: int, total: int) -> None:
        if done == 1:
            bar.start()
        bar.update(drawn, completed=done, total=total)
        if done == total:
            bar.stop()

    return told


for _movement in COMMANDS:
    film.add_command(_command(_movement))
