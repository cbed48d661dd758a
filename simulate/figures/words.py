"""What pictures say: the answer in a headline, and names of what is drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping

from matplotlib.figure import Figure

from simulate.kernels.data import SHORTFALL
from simulate.report.table import cause_text, headline_strategy, movement_of, words_of
from simulate.result import Change, Compensation

#: Words for a positive and a negative change of each lumbar coordinate.
CHANGES = {
    "lumbar_extension": ("lumbar extension", "lumbar flexion"),
    "lumbar_bending": ("lumbar bending to the right", "lumbar bending to the left"),
    "lumbar_rotation": ("lumbar rotation to the left", "lumbar rotation to the right"),
}
#: Movements of a body that lies face down.
LYING = ("prone", "prone-rotation")
#: Changes below this are not worth a word. [deg]
NOTHING = 0.05
#: As many characters of the largest headline fill the width.
_LARGEST, _FILL = 17.0, 82.0


def free_words(result: Compensation) -> str:
    """What the free motion is, in words."""
    return f"free ({'constructed' if result.attrs['constructed'] else 'as recorded'})"


def headline(result: Compensation) -> str:
    """What the answer says, in two lines."""
    movement = movement_of(result)
    causes = [cause_text(cause) for cause in json.loads(result.attrs["causes"])]
    limits = _given_by_hand(result)
    said = causes + [f"{words_of(name)} limited to {degrees:g}°" for name, degrees in limits.items()]
    if not said:
        return f"No limit beyond the normal range: {movement} is free"
    few = " and ".join(said[:2]) + (" and more" if len(said) > 2 else "")
    if any(name.startswith(("hip_extension", "hip_flexion")) for name in limits):
        few += f" ({result.attrs['zero']} zero)"
    strategy, changes = headline_strategy(result), result.changes()
    short = bool((result.status.sel(strategy=strategy) == SHORTFALL).any())
    name = _largest(changes[strategy])
    if name is None:
        return f"With {few}\n{movement} was not solved ({strategy})"
    added = changes[strategy][name].added_deg
    if abs(added) < NOTHING:
        return f"With {few}\n{movement} needs no more of the lumbar spine{', and still falls short' if short else ''}"
    how = f"{strategy}, falls short" if short else strategy
    # what only stiffens a tissue takes nothing from the pure chain
    if strategy == "predicted" and "closure" in changes and json.loads(result.attrs["limits_model_deg"]):
        how += _beside(changes["closure"], name, added)
    return f"With {few}\n{movement} needs {abs(added):.1f}° more {_words(name, added)} ({how})"


def _given_by_hand(result: Compensation) -> dict[str, float]:
    """The limits that are not a cause's own."""
    imposed: dict[str, float] = json.loads(result.attrs["imposed_deg"])

    def by_cause(name: str) -> float | None:
        return imposed.get(name, imposed.get(name.removesuffix("_right").removesuffix("_left")))

    given: dict[str, float] = json.loads(result.attrs["limits_deg"])
    return {name: degrees for name, degrees in given.items() if by_cause(name) != degrees}


def _largest(changes: Mapping[str, Change]) -> str | None:
    """The lumbar coordinate that changes most; None if nothing was solved."""
    added = {name: abs(changes[name].added_deg) for name in CHANGES}
    return None if any(value != value for value in added.values()) else max(added, key=lambda name: added[name])


def _words(name: str, added: float) -> str:
    return CHANGES[name][int(added < 0.0)]


def _beside(changes: Mapping[str, Change], name: str, added: float) -> str:
    """What the need would be if nothing else gave way; of another motion if that is the larger one then."""
    most = _largest(changes)
    if most is None:
        return ""
    other = changes[most].added_deg
    what = "" if (most == name and other * added > 0.0) or abs(other) < NOTHING else f" {_words(most, other)}"
    return f"; {abs(other):.1f}°{what} if nothing else gave way"


def put_headline(figure: Figure, result: Compensation) -> None:
    """Put the headline at the top left, as large as it fits."""
    words = headline(result)
    size = min(_LARGEST, _LARGEST * _FILL / max(len(line) for line in words.splitlines()))
    figure.suptitle(words, fontsize=size, fontweight="bold", x=0.012, ha="left")


__all__ = ["CHANGES", "LYING", "free_words", "headline", "put_headline"]
