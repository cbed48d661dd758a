"""A film for slides: the free and the restricted movement side by side, with hip, pelvis and lumbar spine as curves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from kinematics.errors import HipspineError, unknown
from simulate.figures.body import skeleton
from simulate.figures.film_frames import FROM_ABOVE, MINUS, VIEWS, Body, View, draw_trace, outer, traces
from simulate.figures.furniture import furniture
from simulate.figures.plan import thorax_heading
from simulate.figures.style import BLACK, GREY, SHEET, STRATEGIES, VERMILION
from simulate.figures.words import LYING, free_words, put_headline
from simulate.kernels.data import SHORTFALL, UNSOLVED
from simulate.report.table import headline_strategy, span_of
from simulate.result import Compensation

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

SUFFIXES = (".mp4", ".gif")
#: What can be seen: the side and what suits the movement, or one view alone.
SEEN = ("both", *VIEWS)
KINDS = ("free", "restricted")
#: Frames a second of each kind of film, and a film's length unless the movement itself takes longer. [1/s, s]
RATES, LENGTH = {".mp4": 30.0, ".gif": 20.0}, 4.0
#: What can be asked for. [1/s, s, times slower, px]
FPS, SECONDS, SLOW, PIXELS, MOST = (1.0, 60.0), (0.5, 120.0), (0.05, 100.0), ((320, 3840), (180, 2160)), 3600
#: The sheet: height and room for the headline, titles and feet, margin, and the part of its width of curves. [inch]
HIGH, HEAD, TITLE, FOOT, MARGIN, CURVES = 7.2, 1.05, 0.42, 0.62, 0.25, 0.285
#: A body that travels less than this is filmed by a camera that stands still. [m]
TRAVEL = 0.6
#: Distance of ground marks, the floor above the lower edge of a view. [m]
MARKS, FLOOR = 0.25, 0.03
#: Room between two views [inch], and how much larger the second is drawn at least where what it shows is small.
GAP, LARGER = 0.15, 1.0
#: Colours of a GIF's palette.
PALETTE = 96


@dataclass(frozen=True)
class FilmSettings:
    """How a film is made.

    Parameters
    ----------
    view : {"both", "side", "behind", "above", "feet"}
        ``both``: from the side, and from behind, above or the feet, whichever shows the movement.
    fps : float, optional
        Frames a second; 30 of an MP4 file, 20 of a GIF.
    seconds : float, optional
        Length of the film; 4, or as long as the movement took if that is longer. [s]
    slow : float, optional
        In place of `seconds`: how many times slower than the movement was.
    size : (int, int)
        Width and height. [px]

    Raises
    ------
    HipspineError
        If a value is none of these, or out of range.
    """

    view: str = "both"
    fps: float | None = None
    seconds: float | None = None
    slow: float | None = None
    size: tuple[int, int] = (1280, 720)

    def __post_init__(self) -> None:
        if self.view not in SEEN:
            raise unknown("view", self.view, SEEN)
        if self.seconds is not None and self.slow is not None:
            raise HipspineError("a film is as long as --seconds says or as --slow makes it: leave one of them out")
        for name, given, (least, most), unit in (
            ("fps", self.fps, FPS, "frames a second"),
            ("seconds", self.seconds, SECONDS, "s"),
            ("slow", self.slow, SLOW, "times slower"),
        ):
            if given is not None and not (isfinite(given) and least <= given <= most):
                raise HipspineError(f"{name} must be {least:g} to {most:g} {unit}, is {given:g}")
        for name, pixels, (least, most) in zip(("width", "height"), self.size, PIXELS, strict=True):
            if not least <= pixels <= most or pixels % 2:
                raise HipspineError(f"the {name} of a film must be an even number of {least} to {most} px, is {pixels}")
        wide, high = self.size
        if not 1.2 <= wide / high <= 2.5:
            raise HipspineError(
                f"a film must be 1.2 to 2.5 times as wide as high, for example 1280x720; {wide}x{high} is "
                f"{wide / high:.2g} times"
            )


def check_film(path: Path) -> None:
    """Raise `HipspineError` if no film can be written there: wrong suffix, no such folder, no ffmpeg."""
    if path.suffix.lower() not in SUFFIXES:
        raise HipspineError(f"{path}: a film ends in {' or '.join(SUFFIXES)}, not {path.suffix or 'in nothing'!r}")
    if path.is_dir():
        raise HipspineError(f"{path}: is a folder; name a file that ends in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise HipspineError(f"{path}: there is no folder {path.parent}; make it first")
    if path.suffix.lower() == ".mp4":
        _ffmpeg(path)


def check_moves(name: str, frames: int) -> None:
    """Raise `HipspineError` if a movement has but one frame."""
    if frames == 1:
        raise HipspineError(f"{name} is a single posture: there is nothing to film")


def _ffmpeg(path: Path) -> str:
    """Where ffmpeg is."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise HipspineError(
            f"{path}: an MP4 film needs ffmpeg, and there is none: install imageio-ffmpeg, or write a .gif"
        ) from None


def write_film(
    result: Compensation, path: Path, settings: FilmSettings | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Write a film of one answer.

    Parameters
    ----------
    result : Compensation
        Its headline strategy is shown.
    path : Path
        Ends in ``.mp4`` or ``.gif``.
    settings : FilmSettings, optional
    progress : callable, optional
        Called with how many frames are drawn and how many there are.

    Returns
    -------
    dict
        ``frames``, ``seconds``, ``fps``, ``slower`` (times, None of a movement without a time of its own), ``bytes``.

    Raises
    ------
    HipspineError
        If the movement is a single posture, no frame of it is solved, or no film can be written there.
    """
    settings = FilmSettings() if settings is None else settings
    check_film(path)
    kind = path.suffix.lower()
    fps = RATES[kind] if settings.fps is None else settings.fps
    if kind == ".gif":
        fps = 100.0 / max(round(100.0 / fps), 2)  # a GIF counts in hundredths of a second
    shot = Shot(result, fps, settings)
    with _beside(path) as partial, rc_context({**SHEET, "axes.grid": False}):
        film = _Sheet(shot, settings)
        (_mp4 if kind == ".mp4" else _gif)(film, partial, fps, progress)
        partial.replace(path)
    return {
        "frames": len(shot), "seconds": len(shot) / fps, "fps": fps, "slower": shot.slower,
        "bytes": path.stat().st_size,
    }  # fmt: skip


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file beside the one that is written, so that nothing half-written is left."""
    try:
        with tempfile.TemporaryDirectory(prefix=".film-", dir=path.parent) as folder:
            yield Path(folder) / path.name
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written: {error.strerror or error}") from None


class Shot:
    """Both bodies at every instant of the film, turned so that the movement's first heading is to the right.

    Parameters
    ----------
    result : Compensation
    fps : float
    settings : FilmSettings
    """

    def __init__(self, result: Compensation, fps: float, settings: FilmSettings):
        check_moves(str(result.attrs["task"]), result.sizes["frame"])
        self.result, self.strategy = result, headline_strategy(result)
        one = result.sel(strategy=self.strategy)
        if (one.status.values == UNSOLVED).all():
            raise HipspineError(f"no frame of {result.attrs['task']} was solved ({self.strategy}): nothing to film")
        self.start, self.stop = _cycle(result)
        time = one.time.values
        ends = float(time[self.start]), float(time[min(self.stop, len(time) - 1)])
        lasts, real = ends[1] - ends[0], not result.attrs["constructed"]
        seconds = settings.seconds
        if settings.slow is not None:
            seconds = settings.slow * lasts
        if seconds is None:
            seconds = max(LENGTH, lasts)
        self.slower = seconds / lasts if real else None
        count = round(seconds * fps)
        if not 2 <= count <= MOST:
            raise HipspineError(f"a film has 2 to {MOST} frames; {seconds:g} s at {fps:g} a second are {count}")
        cyclic = result.attrs["span"] != "movement"
        at = np.linspace(*ends, count, endpoint=not cyclic)
        self.nearest = np.clip(np.searchsorted(time, at - 1e-9), self.start, self.stop - 1)
        heading = np.deg2rad(float(one.free.sel(coordinate="pelvis_rotation")[self.start]))
        known, percent = time[self.start : self.stop], result.percent()[self.start : self.stop]
        if self.stop < len(time):  # the cycle ends where the next begins
            known, percent = np.append(known, ends[1]), np.append(percent, 100.0)
        self.percent = np.interp(at, known, percent)
        self.places = {kind: _at(one, kind, heading, time, at) for kind in KINDS}
        self.faces = {kind: [thorax_heading(one, kind, int(f), heading) for f in self.nearest] for kind in KINDS}
        self.status = one.status.values[self.nearest]
        self.at_limit = _at_limit(one)[self.nearest]
        self.box = furniture(result, heading)
        self._follow(one, heading, at)

    def _follow(self, one: Any, heading: float, at: Array) -> None:
        """Move everything so that the camera stays with the free body; `camera` (n, 3) is where it stood. [m]"""
        some = range(self.start, self.stop)
        bodies = [skeleton(one, "free", frame, heading) for frame in some]
        middle = np.stack([0.5 * (body["hip_r"] + body["hip_l"]) for body in bodies]) * np.array([1.0, 0.0, 1.0])
        time = one.time.values[self.start : self.stop]
        self.camera = np.tile(middle.mean(axis=0), (len(at), 1))
        if np.ptp(middle, axis=0).max() > TRAVEL:
            # straight ahead evenly; round a corner as smoothly as that goes
            degree = min(4 if str(self.result.attrs["task"]) == "turn" else 1, len(time) - 1)
            for axis in (0, 2):
                self.camera[:, axis] = Polynomial.fit(time, middle[:, axis], degree)(at)
        for body in self.places.values():
            for name in body:
                body[name] = body[name] - self.camera
        if self.box is not None:
            self.box = self.box.moved(-self.camera[0])

    def __len__(self) -> int:
        return len(self.percent)

    def body(self, kind: str, frame: int) -> Body:
        """One body at one instant."""
        return Body({name: at[frame] for name, at in self.places[kind].items()}, self.faces[kind][frame])

    def views(self, asked: str) -> list[View]:
        """From where it is seen; the side is the left one where the left hip alone is limited."""
        task = str(self.result.attrs["task"])
        second = "feet" if task in LYING else "above" if task in FROM_ABOVE else "behind"
        found = []
        for name in ("side", second) if asked == "both" else (asked,):
            ends = [outer(self.places[kind], name == "above") for kind in KINDS]
            low, high = np.min([low for low, _ in ends], axis=0), np.max([high for _, high in ends], axis=0)
            box = None if name == "above" else self.box
            if box is not None:
                low, high = np.minimum(low, box.low), np.maximum(high, box.high)
            view = View(name, low, high, box)
            found.append(view.other_side() if name == "side" and self.result.limited_side == "l" else view)
        return found


def _cycle(result: Compensation) -> tuple[int, int]:
    """First frame, and the one after the last, of the longest cycle of the limited side, or of the whole."""
    percent = result.percent()
    starts = [0, *(np.flatnonzero(np.diff(percent) < 0.0) + 1).tolist(), len(percent)]
    return max(pairwise(starts), key=lambda ends: ends[1] - ends[0])


def _at(one: Any, kind: str, heading: float, time: Array, at: Array) -> dict[str, Array]:
    """Places (n, 3) of a body at some times."""
    frames = [skeleton(one, kind, frame, heading) for frame in range(len(time))]
    found = {}
    for name in frames[0]:
        path = np.stack([frame[name] for frame in frames])
        found[name] = np.stack([np.interp(at, time, path[:, axis]) for axis in range(3)], axis=1)
    return found


def _at_limit(one: Any) -> NDArray[np.bool_]:
    """Whether the right and the left hip are at an imposed limit (F, 2)."""
    import json

    found = np.zeros((one.sizes["frame"], 2), dtype=bool)
    for name, direction in json.loads(one.attrs["limited_bounds"]):
        if name.startswith("hip_"):
            found[:, "rl".index(name[-1])] |= one.bound_active.sel(coordinate=name).values == direction
    return found


class _Sheet:
    """The picture: two bodies side by side, each from its views, and three curves."""

    def __init__(self, shot: Shot, settings: FilmSettings):
        wide, high = settings.size
        self.shot, self.dpi = shot, high / HIGH
        self.wide = HIGH * wide / high
        self.figure = Figure(figsize=(self.wide, HIGH), dpi=self.dpi)
        self.colour = STRATEGIES[shot.strategy]["color"]
        put_headline(self.figure, shot.result)
        self.views = shot.views(settings.view)
        column = (self.wide * (1.0 - CURVES) - 2.0 * MARGIN) / 2.0
        titles = (free_words(shot.result), f"restricted ({shot.strategy})")
        self.stages = [
            self._stage(MARGIN + k * column, column, title, ink)
            for k, (title, ink) in enumerate(zip(titles, (GREY, self.colour), strict=True))
        ]
        self.curves = self._curves()
        self.note = self.figure.text(
            MARGIN / self.wide, 0.16 / HIGH, "", fontsize=12, color=BLACK, va="bottom", linespacing=1.2
        )
        self.warning = self.figure.text(
            (MARGIN + 1.5 * column) / self.wide, 0.16 / HIGH, "", fontsize=13, color=VERMILION, ha="center",
            va="bottom", fontweight="bold",
        )  # fmt: skip

    def _stage(self, left: float, width: float, title: str, ink: str) -> list[Axes]:
        """Where one body is seen, a panel a view: beside or above each other, whichever is larger."""
        room = HIGH - HEAD - TITLE - FOOT
        sizes = [view.size for view in self.views]
        gap = GAP * (len(sizes) - 1)
        beside = min((width - gap) / sum(w for w, _ in sizes), room / max(h for _, h in sizes))
        stacked = min(width / max(w for w, _ in sizes), (room - 3.0 * gap) / sum(h for _, h in sizes))
        scales = [max(beside, stacked)] * len(sizes)  # inches a metre
        if len(sizes) > 1 and self.views[1].name in ("above", "feet"):  # what it shows is small: it may be larger
            scales = _magnified(sizes, width - gap if beside >= stacked else width, room - 3.0 * gap, beside >= stacked)
        x = left + 0.5 * (width - gap - sum(s * w for s, (w, _) in zip(scales, sizes, strict=True)))
        y = FOOT + room - 0.5 * (room - 3.0 * gap - sum(s * h for s, (_, h) in zip(scales, sizes, strict=True)))
        axes = []
        for view, scale, (w, h) in zip(self.views, scales, sizes, strict=True):
            if beside >= stacked:
                at = x, FOOT + (0.5 * (room - scale * h) if view.name == "above" else 0.0)
                x += scale * w + gap
            else:
                y -= scale * h
                at = left + 0.5 * (width - scale * w), y
                y -= 3.0 * gap
            axis = self.figure.add_axes((at[0] / self.wide, at[1] / HIGH, scale * w / self.wide, scale * h / HIGH))
            axis.set_xlim(0.0, w)
            axis.set_ylim(0.0, h)
            axis.set_axis_off()
            self.figure.text(
                (at[0] + 0.5 * scale * w) / self.wide, (at[1] - 0.06) / HIGH, view.words, ha="center",
                va="top", fontsize=10.5, color="#555555",
            )  # fmt: skip
            axes.append(axis)
        self.figure.text(
            (left + 0.5 * width) / self.wide, (HIGH - HEAD - 0.02) / HIGH, title[0].upper() + title[1:], ha="center",
            va="top", fontsize=16, fontweight="bold", color=BLACK if ink == GREY else ink,
        )  # fmt: skip
        return axes

    def _curves(self) -> list[tuple[Any, Any]]:
        left, width = self.wide * (1.0 - CURVES) + 0.35, self.wide * CURVES - 0.35 - MARGIN
        told = traces(self.shot.result)
        room = (HIGH - HEAD - FOOT + 0.1) / len(told)
        some = slice(self.shot.start, self.shot.stop)
        percent = self.shot.result.percent()[some]
        found = []
        for k, trace in enumerate(told):
            bottom = HIGH - HEAD + 0.1 - (k + 1) * room + 0.08
            axis = self.figure.add_axes((left / self.wide, bottom / HIGH, width / self.wide, (room - 0.78) / HIGH))
            cut = replace(trace, free=trace.free[some], restricted=trace.restricted[some])
            found.append((cut, draw_trace(axis, percent, cut, self.colour)))
            axis.grid(visible=True, color="#e5e5e5")
            if k < len(told) - 1:
                axis.tick_params(labelbottom=False)
            else:
                axis.set_xlabel(f"% {span_of(self.shot.result)}", fontsize=11)
        return found

    def draw(self, frame: int) -> None:
        """Draw one instant."""
        shot = self.shot
        bodies: tuple[Mapping[str, Body], ...] = (
            {"actor": shot.body("free", frame)},
            {"actor": shot.body("restricted", frame), "ghost": shot.body("free", frame)},
        )
        for k, (axes, kinds) in enumerate(zip(self.stages, bodies, strict=True)):
            for axis, view in zip(axes, self.views, strict=True):
                for artist in (*axis.lines, *axis.patches, *axis.texts):
                    artist.remove()
                self._ground(axis, view, frame)
                view.draw(axis, kinds, GREY if k == 0 else self.colour)
                if k:
                    self._limits(axis, view, kinds["actor"], frame)
        self._cursor(frame)
        slower = shot.slower
        pace = "" if slower is None or abs(slower - 1.0) < 0.05 else (
            f"shown {slower:.1f} times slower" if slower > 1.0 else f"shown {1.0 / slower:.1f} times faster"
        )  # fmt: skip
        self.note.set_text("   ".join(filter(None, (f"{shot.percent[frame]:.0f} %", pace))))
        at_limit = shot.at_limit[frame].any()
        said = {UNSOLVED: "not solved", SHORTFALL: "the task falls short"}.get(int(shot.status[frame]), "")
        self.warning.set_text(said or ("the hip is at its limit" if at_limit else ""))

    def _ground(self, axis: Axes, view: View, frame: int) -> None:
        """The floor, with marks that pass by where the camera goes along."""
        if view.name == "above" or (view.box is not None and not view.box.on_floor):
            return
        low, (wide, _) = float(view.low[view.across]), view.size
        axis.plot([0.0, wide], [FLOOR] * 2, color=BLACK, linewidth=1.2, zorder=1)
        if view.name != "side" or np.ptp(self.shot.camera[:, 0]) < TRAVEL:
            return
        begins = float((view.sense * self.shot.camera[frame])[0]) + low
        for mark in np.arange(np.ceil(begins / MARKS), (begins + wide) / MARKS) * MARKS - begins:
            axis.plot([mark, mark - FLOOR], [FLOOR, 0.0], color=BLACK, linewidth=1.0, zorder=1)

    def _limits(self, axis: Axes, view: View, body: Body, frame: int) -> None:
        """A hip that is at its limit."""
        for side, there in zip("rl", self.shot.at_limit[frame], strict=True):
            if there:
                at = view.at(body.places[f"hip_{side}"])
                axis.plot(
                    at[view.across], at[view.up], "o", color=VERMILION, markersize=13, markeredgecolor="white", zorder=6
                )

    def _cursor(self, frame: int) -> None:
        nearest = int(self.shot.nearest[frame]) - self.shot.start
        percent = float(self.shot.percent[frame])
        for trace, (cursor, free_dot, dot, said) in self.curves:
            cursor.set_xdata([percent, percent])
            free, answer = float(trace.free[nearest]), float(trace.restricted[nearest])
            free_dot.set_data([percent], [free])
            dot.set_data([percent], [answer])
            change = f"{answer - free:+.1f}°".replace("+0.0", "±0.0").replace("-0.0", "±0.0")
            told = f"{answer:.0f}°   ({change})" if isfinite(answer) else "not solved"
            said.set_text(f"{free:.0f}° → {told}".replace("-0°", "0°").replace("-", MINUS))


def _magnified(sizes: list[tuple[float, float]], width: float, room: float, beside: bool) -> list[float]:
    """Scales of the first view and of a second one that may be larger. [inch/m]"""
    (w, h), (wide, high) = sizes
    if beside:
        scale = min(room / h, width / (w + LARGER * wide))
        return [scale, min(room / high, (width - scale * w) / wide, 2.0 * LARGER * scale)]
    scale = min(width / w, room / (h + LARGER * high))
    return [scale, min(width / wide, (room - scale * h) / high, 2.0 * LARGER * scale)]


def _mp4(film: _Sheet, path: Path, fps: float, progress: Progress | None) -> None:
    from matplotlib.animation import FFMpegWriter

    with rc_context({"animation.ffmpeg_path": _ffmpeg(path)}):
        writer = FFMpegWriter(
            fps=fps,  # type: ignore[arg-type]
            codec="libx264",
            extra_args=["-pix_fmt", "yuv420p", "-crf", "20", "-movflags", "+faststart"],
        )
        with writer.saving(film.figure, str(path), dpi=film.dpi):
            for frame in range(len(film.shot)):
                film.draw(frame)
                writer.grab_frame()
                if progress is not None:
                    progress(frame + 1, len(film.shot))


def _gif(film: _Sheet, path: Path, fps: float, progress: Progress | None) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(film.figure)
    pictures: list[Image.Image] = []
    palette: Image.Image | None = None
    for frame in range(len(film.shot)):
        film.draw(frame)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        if palette is None:
            palette = picture.quantize(PALETTE)
        pictures.append(picture.quantize(palette=palette, dither=Image.Dither.NONE))
        if progress is not None:
            progress(frame + 1, len(film.shot))
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=round(1000.0 / fps), loop=0, optimize=False
    )


__all__ = ["SEEN", "SUFFIXES", "FilmSettings", "Shot", "check_film", "check_moves", "write_film"]
