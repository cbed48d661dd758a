"""The controls of the page: what a lecturer asks for, in clinical words, and the same put back from what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from nicegui import ui

from kinematics.errors import HipspineError
from kinematics.tables import rows
from simulate.restrictions import CAUSES, Cause, parse_cause
from simulate.tasks.catalogue import MOVEMENTS, Option
from simulate.teach.asked import Asked
from simulate.teach.live import limits, words
from simulate.teach.live.session import Session
from simulate.teach.live.slider import TeachSlider

SIDES = ("right", "left")
#: Said for an option that nothing was asked of.
UNSAID = "as recorded"


class Controls:
    """The panel of controls of one tab.

    Parameters
    ----------
    session : Session
        What the tab asks for: each control changes it, and `put` shows it.
    complain : callable
        Told in words what cannot be asked for.
    tell : callable
        Told what is asked for, whenever a control has changed it.
    """

    def __init__(self, session: Session, complain: Callable[[str], None], tell: Callable[[Asked], None]) -> None:
        self._session, self._complain, self._tell = session, complain, tell
        self._refused = False
        self._putting = False
        self._hips: dict[tuple[str, str], TeachSlider] = {}
        self._lumbar: dict[str, TeachSlider] = {}
        self._allow: dict[str, TeachSlider] = {}
        self._options_of: str | None = None
        self._option_controls: dict[str, Any] = {}
        self._cause_shape: list[tuple[str, str]] | None = None
        self._severities: list[TeachSlider] = []
        with ui.element("div").classes("teach-group teach-group--task"):
            self._task = ui.select(dict(words.MOVEMENTS), label="Task", on_change=lambda e: self._new_task(e.value))
            self._task.props("outlined dense options-dense").classes("teach-task")
            self._options = ui.element("div").classes("teach-options")
        with _group("Hips: range available"):
            self._linked = ui.switch("Right and left together", on_change=lambda e: self._link(e.value))
            self._linked.classes("teach-switch").props("dense")
            for name in list(words.HIP)[: words.FIRST]:
                self._hip(name)
            with _folded("More directions of the hips"):
                for name in list(words.HIP)[words.FIRST :]:
                    self._hip(name)
            with _folded("Lumbar spine: range available"):
                for name, dial in words.LUMBAR.items():
                    self._lumbar[name] = self._dial(dial, partial(self._limit, [name]), words.UNLIMITED)
        with _group("Why: causes of stiffness"):
            self._causes = ui.element("div").classes("teach-causes")
            names = {name: words.CAUSES.get(name, words.plain(name)) for name in CAUSES}
            self._add = ui.select(names, label="Add a cause", on_change=lambda e: self._add_cause(e.value))
            self._add.props("outlined dense options-dense")
        with _group("Who gives way"):
            ways = {name: title for name, (title, _) in words.STRATEGIES.items()}
            self._strategy = ui.toggle(ways, on_change=lambda e: self._ask(strategy=e.value))
            self._strategy.props('no-caps spread unelevated aria-label="Who gives way"').classes("teach-toggle")
            self._meaning = ui.label().classes("teach-meaning")
            self._allowances = ui.element("div").classes("teach-allowances")
            with self._allowances:
                for name, (label, most, step, unit, per) in words.ALLOWANCES.items():
                    table = {row["name"]: float(row["value"]) for row in rows("allowances", "simulate")}
                    dial = words.Dial(f"Allowed: {label.lower()}", 0.0, most, step, unit, table[name] / per, per)
                    self._allow[name] = self._dial(dial, partial(self._allowance, name), words.UNCHOSEN)
        with _folded("Body"):
            self._generic = ui.switch("A generic body", on_change=lambda e: self._body_on(e.value))
            self._generic.classes("teach-switch").props("dense")
            self._body = {
                "stature": self._dial(words.STATURE, lambda value: self._of_body("stature", value / 100.0)),
                "mass": self._dial(words.MASS, lambda value: self._of_body("mass", value)),
            }
            self._sex = ui.toggle(["female", "male"], on_change=lambda e: self._of_body("sex", e.value))
            self._sex.props('no-caps spread unelevated aria-label="Sex"').classes("teach-toggle")
        self.put(session.asked)

    def put(self, asked: Asked) -> None:
        """Show what is asked for on every control, without asking for it again."""
        self._putting = True
        try:
            self._put(asked)
        finally:
            self._putting = False

    def _put(self, asked: Asked) -> None:
        self._task.value = asked.task
        self._put_options(asked)
        for (name, side), slider in self._hips.items():
            slider.show(limits.given(asked.limits_deg, f"{name}_{side}"))
        for name, slider in self._lumbar.items():
            slider.show(limits.given(asked.limits_deg, name), unsaid=_unsaid(asked, name))
        if any(self._hips[name, "right"].value != self._hips[name, "left"].value for name in words.HIP):
            self._linked.value = False
        self._put_causes(asked)
        self._strategy.value = asked.strategy
        self._meaning.text = words.STRATEGIES[asked.strategy][1]
        self._allowances.visible = asked.strategy == "least"
        for name, slider in self._allow.items():
            slider.show(asked.allow[name] / words.ALLOWANCES[name][4] if name in asked.allow else None)
        generic = any(given is not None for given in (asked.stature, asked.mass, asked.sex))
        self._generic.value = generic
        for name, slider in self._body.items():
            dial = words.STATURE if name == "stature" else words.MASS
            given = getattr(asked, name)
            slider.show(dial.normal if given is None else round(given / dial.per, 6))
            slider.enable(generic)
        self._sex.value = asked.sex or "male"
        self._sex.set_enabled(generic)

    def _ask(self, **fields: object) -> None:
        """Ask for a change, unless the controls only show what is asked for already."""
        if self._putting:
            return
        try:
            self._session.change(**fields)
        except HipspineError as error:
            self._refused = True  # a slider stands where it must not: until it or another is moved
            self._complain(str(error))
            return
        self._complain("")
        if self._refused or fields.keys() - {"limits_deg", "allow"}:
            self._refused = False
            self.put(self._session.asked)
        self._tell(self._session.asked)

    def _dial(self, dial: words.Dial, moved: Callable[[Any], None], release: str = "") -> TeachSlider:
        return TeachSlider(
            dial.label, low=dial.low, high=dial.high, step=dial.step, value=None if release else dial.normal,
            unit=dial.unit, normal=dial.normal, unsaid=dial.unsaid, release=release, on_change=moved,
        )  # fmt: skip

    # hips and lumbar spine

    def _hip(self, name: str) -> None:
        with ui.element("div").classes("teach-pair"):
            for side in SIDES:
                dial = replace(words.HIP[name], label=f"{side.capitalize()} hip {words.HIP[name].label}")
                slider = self._dial(dial, partial(self._hip_limit, name, side), words.UNLIMITED)
                self._hips[name, side] = slider.classes(f"teach-slider--{side}")

    def _hip_limit(self, name: str, side: str, value: float | None) -> None:
        sides = SIDES if self._linked.value else (side,)
        if not self._putting:
            for each in sides:
                self._hips[name, each].show(value)
        self._limit([f"{name}_{each}" for each in sides], value)

    def _limit(self, names: Iterable[str], value: float | None) -> None:
        """Some limits are given, or with None taken away."""
        if self._putting:
            return
        asked = self._session.asked.limits_deg
        for name in names:
            asked = limits.changed(asked, name, value)
        self._ask(limits_deg=asked)

    def _link(self, on: bool) -> None:
        """From now on both sides together: the left takes over what the right has."""
        if self._putting or not on:
            return
        asked = self._session.asked.limits_deg
        for name in words.HIP:
            asked = limits.changed(asked, f"{name}_left", limits.given(asked, f"{name}_right"))
        self._ask(limits_deg=asked)
        self.put(self._session.asked)

    # task and its options

    def _new_task(self, task: str) -> None:
        if not self._putting:
            self._ask(task=task, options={})

    def _put_options(self, asked: Asked) -> None:
        """The controls of the task's own options; they are made anew only for another task."""
        own = MOVEMENTS[asked.task].options
        if self._options_of != asked.task:
            self._options_of = asked.task
            self._option_controls = {}
            self._options.clear()
            with self._options:
                for name, option in own.items():
                    self._option_controls[name] = self._option(asked.task, name, option)
        for name, control in self._option_controls.items():
            given = asked.options.get(name)
            if own[name].choices:
                control.value = given or own[name].default or UNSAID
            else:
                dial = words.dial(asked.task, name, asked.options)
                value = None if given is None else round(float(given) / dial.per, 6)
                control.show(value, normal=dial.normal, unsaid=dial.unsaid)

    def _option(self, task: str, name: str, option: Option) -> Any:
        if not option.choices:
            dial = words.OPTIONS[task, name]
            return self._dial(dial, lambda value: self._set_option(name, value), words.UNCHOSEN)
        names = {choice: words.plain(choice) for choice in option.choices}
        if option.default is None:
            names = {UNSAID: UNSAID, **names}
        label = words.OPTION_NAMES.get(name, words.plain(name).capitalize())
        control = ui.select(names, label=label, on_change=lambda event: self._set_option(name, event.value))
        return control.props("outlined dense options-dense")

    def _set_option(self, name: str, value: Any) -> None:
        if self._putting:
            return
        task = self._session.asked.task
        options = {key: given for key, given in self._session.asked.options.items() if key != name}
        if MOVEMENTS[task].options[name].choices:
            if value not in (UNSAID, MOVEMENTS[task].options[name].default):
                options[name] = value
        elif value is not None:
            options[name] = value * words.OPTIONS[task, name].per
        self._ask(options=options)

    # causes

    def _add_cause(self, name: str | None) -> None:
        if self._putting or name is None:
            return
        both = Cause(name, **_sides(name))
        self._ask(causes=[*self._session.asked.causes, f"{name}:{both.side}:1"])

    def _put_causes(self, asked: Asked) -> None:
        """One row a cause; the rows are made anew only if there are others."""
        self._add.value = None
        causes = [parse_cause(text) for text in asked.causes]
        shape = [(cause.name, cause.side) for cause in causes]
        if self._cause_shape == shape:
            for slider, cause in zip(self._severities, causes, strict=True):
                slider.show(round(100.0 * cause.severity))
            return
        self._cause_shape, self._severities = shape, []
        self._causes.clear()
        with self._causes:
            for i, cause in enumerate(causes):
                self._severities.append(self._cause(i, cause))

    def _cause(self, i: int, cause: Cause) -> TeachSlider:
        name = words.CAUSES.get(cause.name, words.plain(cause.name))
        with ui.element("div").classes("teach-cause").props(f'role="group" aria-label="{name}"'):
            slider = TeachSlider(
                name, low=0.0, high=100.0, step=5.0, value=round(100.0 * cause.severity), unit=" %",
                on_change=lambda value: self._set_cause(i, severity=value / 100.0),
            )  # fmt: skip
            with ui.element("div").classes("teach-cause__row"):
                if _sides(cause.name):
                    sides = ui.toggle(
                        ["right", "left", "both"],
                        value=cause.side,
                        on_change=lambda event: self._set_cause(i, side=event.value),
                    )
                    sides.props(f'no-caps dense unelevated aria-label="Side of {name}"').classes("teach-toggle")
                else:
                    ui.label("both sides and spine").classes("teach-meaning")
                drop = ui.button(icon="close", on_click=lambda: self._drop_cause(i))
                drop.props(f'flat dense round aria-label="Remove {name}"')
        return slider

    def _set_cause(self, i: int, *, side: str | None = None, severity: float | None = None) -> None:
        if self._putting:
            return
        causes = list(self._session.asked.causes)
        name, old_side, old_severity = causes[i].split(":")
        causes[i] = f"{name}:{side or old_side}:{old_severity if severity is None else f'{severity:g}'}"
        self._ask(causes=causes)

    def _drop_cause(self, i: int) -> None:
        causes = list(self._session.asked.causes)
        self._ask(causes=causes[:i] + causes[i + 1 :])

    # strategy and body

    def _allowance(self, name: str, value: float | None) -> None:
        if self._putting:
            return
        allow = {key: given for key, given in self._session.asked.allow.items() if key != name}
        if value is not None:
            allow[name] = value * words.ALLOWANCES[name][4]
        self._ask(allow=allow)

    def _body_on(self, on: bool) -> None:
        if self._putting:
            return
        if on:
            self._ask(**self._body_of_sliders())
        else:
            self._ask(stature=None, mass=None, sex=None)

    def _of_body(self, name: str, value: object) -> None:
        if not self._putting and self._generic.value:
            self._ask(**{**self._body_of_sliders(), name: value})

    def _body_of_sliders(self) -> Mapping[str, object]:
        return {
            "stature": float(self._body["stature"].value) * words.STATURE.per,
            "mass": float(self._body["mass"].value),
            "sex": self._sex.value,
        }


def _unsaid(asked: Asked, name: str) -> str:
    """What a slider of both sides says while nothing was given for both."""
    return words.APART if limits.apart(asked.limits_deg, name) else words.UNLIMITED


def _sides(name: str) -> dict[str, Any]:
    """The side a cause is added on: the right, unless it has none."""
    try:
        Cause(name, ("r",))
    except HipspineError:
        return {}
    return {"sides": ("r",)}


def _group(title: str) -> ui.element:
    group = ui.element("section").classes("teach-group").props(f'aria-label="{title}"')
    with group:
        ui.label(title).classes("teach-group__title").props('role="heading" aria-level="2"')
    return group


def _folded(title: str) -> ui.expansion:
    return ui.expansion(title).props("dense expand-separator").classes("teach-folded")


__all__ = ["Controls"]
