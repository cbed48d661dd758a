"""Runs in a process of its own: ``python c3d_child.py RECORDING.c3d OUT.npz`` lets ezc3d parse one file.

A damaged file may stop the parser, or the whole process; whoever called sees how it ended. Nothing of hipspine is
imported here, so that the process starts quickly.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

#: Address space of the process [bytes]: a damaged count must not take the machine's memory.
MOST_MEMORY = 8 * 2**30
#: Groups whose members are no points in space.
NO_POINTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS")


def main(path: str, out: str) -> None:
    """Parse the file at `path` and save its points, labels and parameters at `out`."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    from ezc3d import c3d

    recording = c3d(path)
    groups = recording["parameters"]

    def values(group: str, name: str) -> list[Any]:
        """A parameter's values; those of a list too long for one parameter go on in NAME2, NAME3 and so on."""
        found: list[Any] = []
        for suffix in ("", *(str(k) for k in range(2, 100))):
            if name + suffix not in groups.get(group, {}):
                break
            found += list(np.ravel(groups[group][name + suffix]["value"]))
        return found

    places = np.moveaxis(recording["data"]["points"][:3], 0, -1).swapaxes(0, 1)  # (3, M, F) to (F, M, 3)
    residual = recording["data"]["meta_points"]["residuals"].reshape(places.shape[1], places.shape[0]).T
    known = {}
    for name, parameter in groups.get("PROCESSING", {}).items():
        value = np.ravel(parameter["value"]) if name != "__METADATA__" else np.zeros(0)
        if value.size == 1 and value.dtype.kind in "fi":
            known[str(name)] = float(value[0])
    np.savez(
        out,
        places=places,
        missing=residual < 0.0,
        labels=np.array([str(label) for label in values("POINT", "LABELS")], dtype=str),
        no_points=np.array([str(label) for group in NO_POINTS for label in values("POINT", group)], dtype=str),
        units=np.array([str(unit) for unit in values("POINT", "UNITS")][:1] or [""]),
        up=np.array([str(axis) for axis in values("POINT", "Y_SCREEN")][:1] or [""]),
        rate=float(recording["header"]["points"]["frame_rate"]),
        analog_per_frame=float(recording["header"]["analogs"]["size"]),
        names=np.array(list(known), dtype=str),
        numbers=np.array(list(known.values()), dtype=float),
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
