"""The recordings that come with the package, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kinematics.errors import unknown
from kinematics.tables import rows


@dataclass(frozen=True)
class Trial:
    """A bundled recording and the files that are there: its `motion` (.mot or .c3d), the scaled `model` of the person,
    a `standing` trial; `about` it in words.
    """

    name: str
    motion: Path
    model: Path | None
    standing: Path | None
    about: str


def trial(name: str) -> Trial:
    """The bundled recording of that name, table ``simulate/data/trials.csv``."""
    for row in rows("trials", "simulate"):
        if row["name"] == name:
            folder = Path(str(files("simulate") / "data" / "trials" / name))
            there = {path.name: path for path in sorted(folder.iterdir())}
            motion, *_ = [path for file, path in there.items() if file.startswith("motion.")]
            standing = next((path for file, path in there.items() if file.startswith("standing.")), None)
            return Trial(name, motion, there.get("model.osim"), standing, row["about"])
    raise unknown("bundled recording", name, (row["name"] for row in rows("trials", "simulate")))
