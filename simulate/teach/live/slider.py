"""A slider in words: a name, the value with its unit, and a mark where the normal value is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.elements.mixins.value_element import ValueElement
from nicegui.events import ValueChangeEventArguments

#: The server hears of a slider that is dragged at most once in this time, and of where it stops. [s]
EVERY = 0.02


class TeachSlider(ValueElement[float | None], component="browser/teach_slider.js"):
    """A range input of the browser, with what it is called and where it stands in words.

    Parameters
    ----------
    label : str
        In clinical words.
    low, high, step : float
    value : float or None
        What was given; None for nothing: it stands at `normal` then.
    unit : str
        Stands behind the value.
    normal : float, optional
        Marked, and what was given is set off, at the mark too.
    unsaid : str
        What is said while nothing was given; if empty, `normal`.
    release : str
        What its cross is called, which takes away what was given; if empty there is none, and `value` is a number.
    on_change : callable
        Called with each value, while the slider is dragged too.
    """

    VALUE_PROP = "value"
    LOOPBACK = False

    def __init__(
        self,
        label: str,
        *,
        low: float,
        high: float,
        step: float,
        value: float | None,
        unit: str,
        normal: float | None = None,
        unsaid: str = "",
        release: str = "",
        on_change: Callable[[Any], None],
    ) -> None:
        self._telling = True

        def moved(event: ValueChangeEventArguments[float | None]) -> None:
            if self._telling:
                on_change(None if event.value is None else float(event.value))

        super().__init__(value=value, on_value_change=moved, throttle=EVERY)
        self._update_method = "sync"
        with self._props.suspend_updates():
            self._props.update({"label": label, "min": low, "max": high, "step": step, "unit": unit})
            self._props.update({"normal": normal, "unsaid": unsaid, "release": release})

    def show(self, value: float | None, *, normal: float | None = None, unsaid: str | None = None) -> None:
        """Stand there, without telling anybody; `normal` and `unsaid` as they are if not given."""
        self._telling = False
        try:
            self.value = value
        finally:
            self._telling = True
        for name, new in (("normal", normal), ("unsaid", unsaid)):
            if new is not None and self._props[name] != new:
                self._props[name] = new

    def enable(self, on: bool) -> None:
        """Whether it can be moved."""
        if self._props.get("off", False) == on:
            self._props["off"] = not on


__all__ = ["EVERY", "TeachSlider"]
