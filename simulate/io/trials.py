"""The recordings that come with the package, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kinematics.errors import unknown
from kinematics.tables import rows


@dataclass(frozen=True)
class Trial:
    """A bundled recording: its files and how its person's standing posture is known."""

    name: str
    motion: Path
    model: Path
    about: str


def trial(name: str) -> Trial:
    """The bundled recording of that name, table ``simulate/data/trials.csv``."""
    for row in rows("trials", "simulate"):
        if row["name"] == name:
            folder = Path(str(files("simulate") / "data" / "trials" / name))
            return Trial(name, folder / "motion.mot", folder / "model.osim", row["about"])
    raise unknown("bundled recording", name, (row["name"] for row in rows("trials", "simulate")))
