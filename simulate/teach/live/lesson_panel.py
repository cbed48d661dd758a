"""The lesson player: what to look at, a question to the class, their prediction, and then the model's answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui import ui

from kinematics.errors import HipspineError
from simulate.teach.asked import Asked
from simulate.teach.lesson import Lesson, Question, Step
from simulate.teach.live import limits, words
from simulate.teach.live.session import FAULT, SOLVERS
from simulate.teach.live.slider import TeachSlider

log = logging.getLogger(__name__)


class LessonPanel:
    """The lesson player of one tab.

    Parameters
    ----------
    lessons : sequence of Lesson
    asked : callable
        Says what is asked for now.
    put : callable
        Told what is to be asked for.
    stage : callable
        Called with the name and the argument of what the drawing is to do.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        *,
        asked: Callable[[], Asked],
        put: Callable[[Asked], None],
        stage: Callable[[str, Any], None],
    ) -> None:
        self._lessons, self._asked, self._put, self._stage = lessons, asked, put, stage
        self._lesson: Lesson | None = None
        self._at = 0
        #: What the class predicted and what came out, by lesson and step.
        self._told: dict[tuple[str, int], tuple[float, float]] = {}
        self._limits: dict[str, TeachSlider] = {}
        self._body = ui.element("div").classes("teach-lesson")
        self._contents()

    def open(self, name: str) -> None:
        """Begin a lesson.

        Raises
        ------
        HipspineError
            If there is none of that name.
        """
        lesson = next((each for each in self._lessons if each.name == name), None)
        if lesson is None:
            raise HipspineError(f"no lesson {name!r}. Known: {', '.join(each.name for each in self._lessons)}.")
        self._lesson, self._at = lesson, 0
        self._step()

    def next(self) -> None:
        """Go on by a step."""
        if self._lesson is not None and self._at + 1 < len(self._lesson.steps):
            self._at += 1
            self._step()

    def back(self) -> None:
        """Go back by a step, from the first to the list of lessons."""
        if self._lesson is None:
            return
        if self._at == 0:
            self._contents()
            return
        self._at -= 1
        self._step()

    def follow(self, asked: Asked) -> None:
        """Show on the sliders of the step what was asked for elsewhere."""
        for name, slider in self._limits.items():
            slider.show(limits.given(asked.limits_deg, name), unsaid=_unsaid(asked, name))
        if self._limits:
            self._complain("")

    def _contents(self) -> None:
        """The list of lessons."""
        self._lesson = None
        self._clear()
        with self._body:
            _heading("Lessons", 2)
            for lesson in self._lessons:
                with ui.element("button").classes("teach-lesson__choice") as choice:
                    ui.label(lesson.title).classes("teach-lesson__name")
                    ui.label(f"{lesson.minutes} min, {lesson.level}").classes("teach-lesson__minutes")
                    ui.label(lesson.about).classes("teach-lesson__about")
                choice.props(f'type="button" data-lesson="{lesson.name}"')
                choice.on("click", lambda name=lesson.name: self.open(name))

    def _step(self) -> None:
        """Show a step, and what it asks for; of a question only what was shown before, until it is told."""
        assert self._lesson is not None
        lesson, at = self._lesson, self._at
        step = lesson.steps[at]
        told = self._told.get((lesson.name, at))
        open_question = step.question is not None and told is None
        self._show(shown_before(lesson, at) if open_question else step.asked, step)
        self._clear()
        with self._body:
            self._top(lesson, at)
            _heading(step.title, 3)
            ui.html(step.html, sanitize=True).classes("teach-prose")
            if step.question is not None:
                self._question(lesson, at, step.question, told)
            if not open_question:
                if step.closing:
                    ui.html(step.closing_html, sanitize=True).classes("teach-prose")
                self._sliders(step)
            if at + 1 == len(lesson.steps) and lesson.sources:
                _sources(lesson)
            self._bottom(lesson, at)

    def _clear(self) -> None:
        self._limits = {}
        self._body.clear()

    def _show(self, asked: Asked, step: Step) -> None:
        self._put(asked)
        self._stage("camera", step.camera)
        self._stage("highlight", list(step.highlight))
        if step.at is None:
            self._stage("play", None)
        else:
            self._stage("seek", step.at)

    def _top(self, lesson: Lesson, at: int) -> None:
        with ui.element("div").classes("teach-lesson__top"):
            contents = ui.button(icon="list", on_click=self._contents)
            contents.props('flat dense round aria-label="All lessons"')
            ui.label(lesson.title).classes("teach-lesson__title").props('role="heading" aria-level="2"')
            ui.label(f"{at + 1} of {len(lesson.steps)}").classes("teach-lesson__count").props('role="status"')

    def _bottom(self, lesson: Lesson, at: int) -> None:
        with ui.element("div").classes("teach-lesson__bottom"):
            ui.button("Back", on_click=self.back).props("outline no-caps")
            if at + 1 < len(lesson.steps):
                ui.button("Next", on_click=self.next).props("unelevated no-caps")
            else:
                ui.button("All lessons", on_click=self._contents).props("unelevated no-caps")

    def _question(self, lesson: Lesson, at: int, question: Question, told: tuple[float, float] | None) -> None:
        """The question, with a slider to predict; or what was predicted, and what came out."""
        with ui.element("div").classes("teach-question").props('role="group" aria-label="Question"') as box:
            ui.label(question.ask).classes("teach-question__ask")
            if told is not None:
                _verdict(question, *told)
                # the answer comes into view, with what follows from it below
                ui.run_javascript(f"setTimeout(() => getHtmlElement({box.id})?.scrollIntoView(), 50)")
                return
            middle = question.low + question.step * round((question.high - question.low) / question.step / 2)
            slider = TeachSlider(
                "Your prediction", low=question.low, high=question.high, step=question.step, value=middle,
                unit=question.unit, on_change=lambda value: None,
            )  # fmt: skip

            async def reveal() -> None:
                button.disable()
                try:
                    answer = await asyncio.get_running_loop().run_in_executor(SOLVERS, _answer, lesson, at)
                except Exception as error:  # the page outlives it, and says so
                    ours = not isinstance(error, HipspineError)
                    if ours:
                        log.exception("%s: %s, step %d", FAULT, lesson.name, at + 1)
                    if here():
                        self._complain(f"{FAULT}: {type(error).__name__}: {error}" if ours else str(error))
                        button.enable()
                    return
                self._told[lesson.name, at] = (float(slider.value), answer)
                if here():
                    self._step()

            def here() -> bool:
                return (self._lesson, self._at) == (lesson, at) and not button.is_deleted

            self._error()
            button = ui.button("Reveal", on_click=reveal).props("unelevated no-caps color=deep-orange-10")

    def _sliders(self, step: Step) -> None:
        """The limits that a class may move."""
        for name in step.sliders:
            base, _, side = name.rpartition("_")
            sided = side in ("right", "left") and base in words.HIP
            dial = (words.HIP if name.startswith("hip_") else words.LUMBAR).get(base if sided else name)
            if dial is None:
                continue
            label = f"{side.capitalize()} hip {dial.label}" if sided else dial.label
            if name in words.HIP:
                label = f"Both hips: {dial.label}"
            asked = step.asked
            self._limits[name] = TeachSlider(
                label, low=dial.low, high=dial.high, step=dial.step, unit=dial.unit, normal=dial.normal,
                value=limits.given(asked.limits_deg, name), unsaid=_unsaid(asked, name), release=words.UNLIMITED,
                on_change=partial(self._limit, name),
            )  # fmt: skip
        self._error()

    def _limit(self, name: str, value: float | None) -> None:
        asked = self._asked()
        try:
            changed = replace(asked, limits_deg=limits.changed(asked.limits_deg, name, value))
        except HipspineError as error:
            self._complain(str(error))
            return
        self._put(changed)
        self.follow(changed)

    def _error(self) -> None:
        """Where this part of the step says what went wrong."""
        self._said = ui.label().classes("teach-error").props('role="alert"')
        self._said.visible = False

    def _complain(self, text: str) -> None:
        self._said.text = text
        self._said.visible = bool(text)


def _unsaid(asked: Asked, name: str) -> str:
    return words.APART if limits.apart(asked.limits_deg, name) else words.UNLIMITED


def shown_before(lesson: Lesson, at: int) -> Asked:
    """What is shown while the question of a step (from 0) is open.

    That is the step it compares with; else the step before, if only strategy or body are others; else the same task
    without any restriction. A question about that very person is asked over the step before it too.
    """
    step, last = lesson.steps[at], lesson.steps[at - 1].asked if at else None
    if step.question is not None and step.question.quantity.change_from is not None:
        return lesson.steps[step.question.quantity.change_from].asked
    asked, free = step.asked, replace(step.asked, limits_deg={}, causes=())
    if last is None or last == asked:
        return free
    alike = (last.task, last.limits_deg, last.causes) == (asked.task, asked.limits_deg, asked.causes)
    return last if alike or free == asked else free


def _answer(lesson: Lesson, at: int) -> float:
    from simulate.teach.shown import show

    answer = lesson.answer(at, show)
    assert answer is not None
    return answer


def _verdict(question: Question, guess: float, answer: float) -> None:
    """Prediction and answer in words, and on the slider's scale."""

    def place(value: float) -> float:
        return 100.0 * min(max((value - question.low) / (question.high - question.low), 0.0), 1.0)

    with ui.element("div").classes("teach-verdict").props('role="status"'):
        ui.label(f"The model says {_said(answer, question)}").classes("teach-verdict__answer")
        off = answer - guess
        if abs(off) <= max(question.step, 0.05 * (question.high - question.low)):
            words_ = "about right"
        else:
            words_ = f"{_said(abs(off), question)} too {'little' if off > 0.0 else 'much'}"
        ui.label(f"Your prediction: {_said(guess, question)}, {words_}").classes("teach-verdict__guess")
        with ui.element("div").classes("teach-scale").props('aria-hidden="true"'):
            ui.element("span").classes("teach-scale__guess").style(f"left: {place(guess):.2f}%")
            ui.element("span").classes("teach-scale__answer").style(f"left: {place(answer):.2f}%")
        with ui.element("div").classes("teach-scale__ends").props('aria-hidden="true"'):
            ui.label(_said(question.low, question))
            ui.label(_said(question.high, question))


def _said(value: float, question: Question) -> str:
    space = "" if question.unit == "°" else " "
    return f"{round(value, 1) + 0.0:g}{space}{question.unit}".replace("-", "\N{MINUS SIGN}")


def _sources(lesson: Lesson) -> None:
    with ui.expansion("Sources").props("dense").classes("teach-folded"), ui.element("ul").classes("teach-sources"):
        for source in lesson.sources:
            with ui.element("li"):
                if source.url:
                    ui.link(source.text, source.url, new_tab=True).props('rel="noopener noreferrer"')
                else:
                    ui.label(source.text)


def _heading(text: str, level: int) -> None:
    ui.label(text).classes(f"teach-lesson__h{level}").props(f'role="heading" aria-level="{level}"')


__all__ = ["LessonPanel", "shown_before"]
