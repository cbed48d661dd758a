"""A slider in words: a name, the value with its unit, and a mark where the normal value is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui.elements.mixins.value_element import ValueElement
from nicegui.events import ValueChangeEventArguments

#: The server hears of a slider that is dragged at most once in this time, and of where it stops. [s]
EVERY = 0.02


class TeachSlider(ValueElement[float], component="browser/teach_slider.js"):
    """A range input of the browser, with what it is called and where it stands in words.

    Parameters
    ----------
    label : str
        In clinical words.
    low, high, step : float
    value : float
        Where it stands.
    unit : str
        Stands behind the value.
    normal : float, optional
        Marked, and what is away from it is set off.
    words : mapping of float to str
        What is said in place of some values.
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
        value: float,
        unit: str,
        normal: float | None = None,
        words: Mapping[float, str] | None = None,
        on_change: Callable[[float], None],
    ) -> None:
        def changed(event: ValueChangeEventArguments[float]) -> None:
            on_change(float(event.value))

        super().__init__(value=value, on_value_change=changed, throttle=EVERY)
        self._update_method = "sync"
        with self._props.suspend_updates():
            self._props.update(
                {
                    "label": label,
                    "min": low,
                    "max": high,
                    "step": step,
                    "unit": unit,
                    "normal": normal,
                    "words": {f"{at:g}": said for at, said in (words or {}).items()},
                }
            )

    def enable(self, on: bool) -> None:
        """Whether it can be moved."""
        if self._props.get("off", False) == on:
            self._props["off"] = not on


__all__ = ["EVERY", "TeachSlider"]
