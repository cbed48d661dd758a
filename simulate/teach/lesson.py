"""Lessons: Markdown files that a teacher writes without code, read and checked; ``docs/lessons.md`` says how."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from kinematics.conventions import COORDINATES
from kinematics.errors import HipspineError, unknown
from simulate.restrictions import parse_cause, restrict
from simulate.teach.asked import LIMITS, Asked
from simulate.teach.measures import check_quantity, measure, unit_of
from simulate.teach.prose import Source, bibliography, render
from simulate.tissue import JOINTS, passive

LEVELS = ("first steps", "intermediate", "advanced")
CAMERAS = ("three-quarter", "side", "back", "front", "above")
#: What a step can point at on the page.
HIGHLIGHTS = ("figure", "hip", "pelvis", "lumbar", "curves", "budget", "headline")
#: A longer file is no lesson. [characters]
LONGEST = 200_000
#: At most so many steps and limits with a slider.
STEPS, SLIDERS = 40, 2

_LESSON_KEYS = ("title", "minutes", "level", "about", "sources", "order")
_ASKED_KEYS = {"limits" if each.name == "limits_deg" else each.name: each.name for each in fields(Asked)}
_STEP_KEYS = (*_ASKED_KEYS, "camera", "highlight", "at", "sliders", "question", "expect")
_QUESTION_KEYS = ("ask", "quantity", "from", "to", "step", "change_from")
_EXPECT_KEYS = ("quantity", "at_least", "at_most", "change_from")
_ANSWER = re.compile(r"^###\s+Answer\s*$", re.IGNORECASE)

Shown = Mapping[str, Any]
Show = Callable[[Asked], Shown]


@dataclass(frozen=True)
class Quantity:
    """A number that an answer is asked for: `name` as `simulate.teach.measures` has it, of the step's own answer; less
    that of the step `change_from` (from 0) if there is one.
    """

    name: str
    change_from: int | None = None

    @property
    def unit(self) -> str:
        """What it counts in."""
        return unit_of(self.name)


@dataclass(frozen=True)
class Question:
    """A question to the class, answered with a slider from `low` to `high` in steps of `step` before it is told."""

    ask: str
    quantity: Quantity
    low: float
    high: float
    step: float

    @property
    def unit(self) -> str:
        """What the slider counts in."""
        return self.quantity.unit


@dataclass(frozen=True)
class Expect:
    """What the text of a step says about the answer; a test holds it."""

    quantity: Quantity
    at_least: float
    at_most: float


@dataclass(frozen=True)
class Step:
    """One step of a lesson.

    `title`; `text` and `closing` (told after the question, or at once if there is none) in Markdown; what is `asked`;
    `camera` of `CAMERAS`; what to `highlight`, of `HIGHLIGHTS`; `at` which percent the figure stops, None if it plays;
    `sliders`: limits a class may move there; the `question` if there is one; what the text says (`expects`); the
    `line` of its heading.
    """

    title: str
    text: str
    closing: str
    asked: Asked
    camera: str
    highlight: tuple[str, ...]
    at: float | None
    sliders: tuple[str, ...]
    question: Question | None
    expects: tuple[Expect, ...]
    line: int

    @property
    def html(self) -> str:
        """The text as safe HTML."""
        return render(self.text)

    @property
    def closing_html(self) -> str:
        """What is told after the question, as safe HTML."""
        return render(self.closing)


@dataclass(frozen=True)
class Lesson:
    """A lesson: `name` of its file, `title`, `minutes`, `level` of `LEVELS`, `about` in a sentence, and its `steps`."""

    name: str
    title: str
    minutes: int
    level: str
    about: str
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    order: float = 1000.0

    def value(self, quantity: Quantity, at: int, show: Show) -> float:
        """A quantity at a step (from 0).

        Parameters
        ----------
        quantity : Quantity
        at : int
            The step.
        show : callable
            `simulate.teach.show`, or what gives the same.
        """
        found = measure(quantity.name, show(self.steps[at].asked))
        if quantity.change_from is None:
            return found
        return found - measure(quantity.name, show(self.steps[quantity.change_from].asked))

    def answer(self, at: int, show: Show) -> float | None:
        """The model's answer to the question of a step (from 0); None if it has none."""
        question = self.steps[at].question
        return None if question is None else self.value(question.quantity, at, show)


def read_lesson(path: Path) -> Lesson:
    """Read a lesson from its file.

    Parameters
    ----------
    path : Path
        A Markdown file as ``docs/lessons.md`` describes.

    Raises
    ------
    HipspineError
        If it cannot be read or something in it is not as it should be: names the file, the line and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise HipspineError(f"{path}: is no text in UTF-8 (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise HipspineError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_lesson(text, str(path), path.stem)


def lessons() -> tuple[Lesson, ...]:
    """The lessons that come with hipspine, in the order in which they build on each other."""
    return _bundled()


@cache
def _bundled() -> tuple[Lesson, ...]:
    folder = files("simulate.teach") / "lessons"
    found = [
        parse_lesson(file.read_text(encoding="utf-8"), file.name, file.name.removesuffix(".md"))
        for file in folder.iterdir()
        if file.name.endswith(".md")
    ]
    return tuple(sorted(found, key=lambda lesson: (lesson.order, lesson.title)))


def lesson_named(name: str) -> Lesson:
    """A bundled lesson by name, or one of a teacher's own by the path of its file.

    Raises
    ------
    HipspineError
        If there is no such lesson, or the file is not as it should be.
    """
    if name.endswith(".md"):
        return read_lesson(Path(name))
    for lesson in lessons():
        if lesson.name == name:
            return lesson
    raise unknown("lesson", name, (lesson.name for lesson in lessons()))


def parse_lesson(text: str, where: str, name: str) -> Lesson:
    """A lesson from its text; `where` names it in errors."""
    if len(text) > LONGEST:
        raise HipspineError(f"{where}: a lesson has at most {LONGEST} characters, this has {len(text)}")
    lines = text.splitlines()
    head, begins = _head(lines, where)
    given = head.table(_LESSON_KEYS, "a lesson")
    title, about = head.text("title", required=True), head.text("about", required=True)
    minutes = head.number("minutes", 1, 240)
    level = head.choice("level", LEVELS)
    sources = tuple(_source(each, head) for each in head.texts("sources"))
    order = head.number("order", 0, 10_000) if "order" in given else 1000.0
    steps = _steps(lines, begins, where)
    if not steps:
        raise HipspineError(f"{where}: a lesson has at least one step, a heading that begins with '## '")
    return Lesson(name, title, round(minutes), level, about, sources, tuple(steps), order)


def _head(lines: Sequence[str], where: str) -> tuple[_Block, int]:
    """The table between the two lines of +++, and the line after it (from 0)."""
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[first].strip() != "+++":
        raise HipspineError(f"{where}, line {first + 1}: a lesson begins with a line of +++, then what it is, then +++")
    for k in range(first + 1, len(lines)):
        if lines[k].strip() == "+++":
            return _Block(lines[first + 1 : k], first + 2, where), k + 1
    raise HipspineError(f"{where}, line {first + 1}: the +++ that begins here is never closed by another +++")


def _source(given: str, head: _Block) -> Source:
    """A source by its key, or in a teacher's own words."""
    known = bibliography()
    if given in known:
        return known[given]
    if " " not in given.strip():
        problem = unknown("source", given, known)
        raise head.wrong("sources", f"{str(problem).partition(' Known:')[0]} Or say it in words: author, year, title")
    link = re.search(r"https?://\S+", given)
    return Source(given, link[0].rstrip(".,;)") if link else "")


def _steps(lines: Sequence[str], begins: int, where: str) -> list[Step]:
    """Every step, each from its heading to the next."""
    starts, fence = list[int](), ""
    for k in range(begins, len(lines)):
        mark = re.match(r"\s{0,3}(`{3,}|~{3,})", lines[k])
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1][:3]
        elif not fence and re.match(r"##\s+\S", lines[k]):
            starts.append(k)
    for k in range(begins, starts[0] if starts else len(lines)):
        if lines[k].strip() and starts:
            raise HipspineError(f"{where}, line {k + 1}: text before the first step; put it below a heading '## '")
    if len(starts) > STEPS:
        raise HipspineError(f"{where}: a lesson has at most {STEPS} steps, this has {len(starts)}")
    steps = list[Step]()
    for k, start in enumerate(starts):
        stop = starts[k + 1] if k + 1 < len(starts) else len(lines)
        steps.append(_step(lines, start, stop, where, steps))
    return steps


def _step(lines: Sequence[str], start: int, stop: int, where: str, before: Sequence[Step]) -> Step:
    body, begins = list(lines[start + 1 : stop]), start + 2
    while body and not body[0].strip():
        body, begins = body[1:], begins + 1
    block = _Block([], start + 1, where)
    if body and body[0].strip().lower() == "```toml":
        closes = next((k for k in range(1, len(body)) if body[k].strip() == "```"), None)
        if closes is None:
            raise HipspineError(f"{where}, line {begins}: the ```toml that begins here is never closed by ```")
        block = _Block(body[1:closes], begins + 1, where)
        body = body[closes + 1 :]
    given = block.table(_STEP_KEYS, "a step")
    asked = _asked(block, given, before)
    question = _question(block, len(before))
    at = next((k for k, line in enumerate(body) if _ANSWER.match(line)), None)
    if question is not None and at is None:
        raise block.wrong("question", "a step with a question says what follows from the answer, below '### Answer'")
    text, closing = (body, []) if at is None else (body[:at], body[at + 1 :])
    last = before[-1] if before else None
    if any(line.strip() for line in text) is False:
        raise HipspineError(f"{where}, line {start + 1}: this step has no text")
    return Step(
        title=lines[start].removeprefix("##").strip(),
        text="\n".join(text).strip(),
        closing="\n".join(closing).strip(),
        asked=asked,
        camera=block.choice("camera", CAMERAS) if "camera" in given else last.camera if last else "side",
        highlight=tuple(block.choices("highlight", HIGHLIGHTS)),
        at=block.number("at", 0.0, 100.0) if "at" in given else None,
        sliders=_sliders(block, given, asked),
        question=question,
        expects=tuple(_expects(block, len(before))),
        line=start + 1,
    )


def _asked(block: _Block, given: Mapping[str, Any], before: Sequence[Step]) -> Asked:
    """What the step asks for: as the step before, but for what it says; `task` starts afresh."""
    said = {field: given[key] for key, field in _ASKED_KEYS.items() if key in given}
    kept: dict[str, Any] = {} if "task" in said or not before else before[-1].asked.to_dict()
    try:
        asked = Asked.from_dict({**kept, **said})
        _check_causes(asked)
        return asked
    except HipspineError as error:
        words = str(error).replace("limits_deg", "limits")
        inner = (name for value in said.values() if isinstance(value, Mapping) for name in value if name in words)
        keys = [key for key in _ASKED_KEYS if key in given]
        named = (key for key in keys if key.removesuffix("s") in words)
        raise block.wrong(next(inner, None) or next(named, None) or next(iter(keys), ""), words) from None


def _check_causes(asked: Asked) -> None:
    """Raise `HipspineError` if limits and causes together leave a coordinate no range, whatever the movement."""
    if asked.causes:
        causes, upright = [parse_cause(each) for each in asked.causes], np.zeros(len(COORDINATES))
        try:
            restrict(asked.rom, causes, active=False, offsets=upright, tissue=passive(upright, joints=JOINTS[:3]))
        except HipspineError as error:
            raise HipspineError(f"{error}; these are the limits with the causes {', '.join(asked.causes)}") from None


def _question(block: _Block, step: int) -> Question | None:
    inner = block.inner("question", _QUESTION_KEYS)
    if inner is None:
        return None
    low, high = (inner.number(key, -1000.0, 1000.0) for key in ("from", "to"))
    if not low < high:
        raise inner.wrong("from", f"the slider goes from {low:g} to {high:g}: 'from' must be less than 'to'")
    by = inner.number("step", 0.01, 1000.0) if "step" in inner.given else 0.5
    if by > high - low:
        raise inner.wrong("step", f"must be at most {high - low:g}, from one end of the slider to the other, is {by:g}")
    return Question(inner.text("ask", required=True), _quantity(inner, step), low, high, by)


def _expects(block: _Block, step: int) -> Iterable[Expect]:
    for inner in block.inners("expect", _EXPECT_KEYS):
        if not {"at_least", "at_most"} & set(inner.given):
            raise inner.wrong("quantity", "expect needs at_least, at_most or both")
        low, high = (
            inner.number(key, -1e6, 1e6) if key in inner.given else end
            for key, end in (("at_least", float("-inf")), ("at_most", float("inf")))
        )
        if low > high:
            raise inner.wrong("at_least", f"at_least ({low:g}) must not be more than at_most ({high:g})")
        yield Expect(_quantity(inner, step), low, high)


def _quantity(inner: _Block, step: int) -> Quantity:
    name = inner.text("quantity", required=True)
    try:
        check_quantity(name)
    except HipspineError as error:
        raise inner.wrong("quantity", str(error)) from None
    since = None
    if "change_from" in inner.given:
        if step == 0:
            raise inner.wrong("change_from", "the first step has no step before it to compare with")
        number = inner.number("change_from", 1, step)
        if number != round(number):
            raise inner.wrong("change_from", f"must be the number of an earlier step, 1 to {step}, is {number:g}")
        since = round(number) - 1
    return Quantity(" ".join(name.split()), since)


def _sliders(block: _Block, given: Mapping[str, Any], asked: Asked) -> tuple[str, ...]:
    """The limits that a class may move: those named, else those of the step."""
    if "sliders" not in given:
        return tuple(asked.limits_deg)[:SLIDERS] or ("hip_extension",)
    found = block.choices("sliders", LIMITS)
    if len(found) > SLIDERS:
        raise block.wrong("sliders", f"a step has at most {SLIDERS} sliders, this has {len(found)}")
    return tuple(found)


class _Block:
    """A TOML table in the file, which knows where its lines are."""

    def __init__(self, lines: Sequence[str], begins: int, where: str, given: dict[str, Any] | None = None):
        self.lines, self.begins, self.where = lines, begins, where
        self.given = self._read() if given is None else given

    def _read(self) -> dict[str, Any]:
        try:
            return tomllib.loads("\n".join(self.lines) + "\n")
        except tomllib.TOMLDecodeError as error:
            words, at = str(error), re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = self.begins + (int(at[1]) - 1 if at else max(len(self.lines) - 1, 0))
            words = re.sub(r"\s*\(at .*\)$", "", words)
            raise HipspineError(
                f"{self.where}, line {line}: cannot be understood: {words}; a line is NAME = VALUE, words in quotes"
            ) from None

    def line(self, key: str) -> int:
        """The line on which a key stands, or the block's first."""
        name = re.compile(rf'(^|[\s{{,\[."\']){re.escape(key)}["\']?\s*[=\].]' if key else r"$^")
        for k, line in enumerate(self.lines):
            if name.search(line.partition("#")[0]):
                return self.begins + k
        return self.begins

    def wrong(self, key: str, words: str) -> HipspineError:
        """An error about a key, with its line."""
        return HipspineError(f"{self.where}, line {self.line(key)}: {words}")

    def table(self, known: Sequence[str], what: str) -> Mapping[str, Any]:
        """What was given, once every key is known."""
        for key in self.given:
            if key not in known:
                raise self.wrong(key, str(unknown(f"key of {what}", key, known)))
        return self.given

    def inner(self, key: str, known: Sequence[str]) -> _Block | None:
        """A table in this one."""
        if key not in self.given:
            return None
        given = self.given[key]
        if not isinstance(given, dict):
            raise self.wrong(key, f"{key} must be a table: a line [{key}], then what it has, one a line")
        block = self._part(key, given)
        block.table(known, key)
        return block

    def inners(self, key: str, known: Sequence[str]) -> Iterable[_Block]:
        """Tables in this one: a list of them, or one."""
        given = self.given.get(key, [])
        for k, each in enumerate([given] if isinstance(given, dict) else given if isinstance(given, list) else [None]):
            if not isinstance(each, dict):
                raise self.wrong(key, f'{key} must be tables: {key} = [{{quantity = "...", at_least = 1}}]')
            block = self._part(key, each, k)
            block.table(known, key)
            yield block

    def _part(self, key: str, given: dict[str, Any], nth: int = 0) -> _Block:
        """A table in this one with the lines from where it stands."""
        heads = [k for k, line in enumerate(self.lines) if re.match(rf"\s*\[+\s*{re.escape(key)}\s*\]+", line)]
        at = heads[min(nth, len(heads) - 1)] if heads else self.line(key) - self.begins
        return _Block(self.lines[at:], self.begins + at, self.where, given)

    def text(self, key: str, *, required: bool = False) -> str:
        """Words that are not empty."""
        if key not in self.given and not required:
            return ""
        if key not in self.given:
            raise HipspineError(f'{self.where}, line {self.begins}: {key} is missing: {key} = "..."')
        given = self.given[key]
        if not isinstance(given, str) or not given.strip():
            raise self.wrong(key, f"{key} must be words in quotes, is {given!r}")
        return given.strip()

    def number(self, key: str, least: float, most: float) -> float:
        """A number within some range."""
        if key not in self.given:
            raise HipspineError(f"{self.where}, line {self.begins}: {key} is missing: {key} = a number")
        given = self.given[key]
        number = isinstance(given, (int, float)) and not isinstance(given, bool)
        if not number or not isfinite(given) or not least <= given <= most:
            raise self.wrong(key, f"{key} must be a number from {least:g} to {most:g}, is {given!r}")
        return float(given)

    def texts(self, key: str) -> list[str]:
        """A list of words."""
        given = self.given.get(key, [])
        if not isinstance(given, list) or not all(isinstance(each, str) and each.strip() for each in given):
            raise self.wrong(key, f'{key} must be a list of words: {key} = ["...", "..."]')
        return given

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of some words."""
        given = self.text(key, required=True)
        if given not in known:
            raise self.wrong(key, str(unknown(key, given, known)))
        return given

    def choices(self, key: str, known: Sequence[str]) -> list[str]:
        """Some of some words."""
        given = self.texts(key)
        for each in given:
            if each not in known:
                raise self.wrong(key, str(unknown(key, each, known)))
        return list(dict.fromkeys(given))


__all__ = [
    "CAMERAS", "HIGHLIGHTS", "LEVELS", "Expect", "Lesson", "Quantity", "Question", "Step", "lesson_named", "lessons",
    "parse_lesson", "read_lesson", "render",
]  # fmt: skip
