"""How well and how fast markers are followed, on the recordings of mcgillmotionlab/biomechzoo (four people).

Run      python tests/benchmarks/marker_tracking.py FOLDER     (with raw/*.c3d and csv/*.csv; 5 s)
Prints   per trial: RMS distance of the markers (median, worst), RMS difference of pelvis (heading first) and of trunk
         on pelvis from the values in csv/, which come straight from the markers, and solver time per 100 frames.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kinematics.conventions import INDEX
from kinematics.pose import orientation
from kinematics.rotations import zxy_angles
from simulate.io.markers import read_markers
from simulate.tracking import fit_chain, track

PELVIS = {"pelvis_tilt": "pelvis_tilt_hf", "pelvis_list": "pelvis_list_hf", "pelvis_rotation": "pelvis_heading"}
TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")


def rms(a, b):
    return np.sqrt(np.mean(((a - b + 180.0) % 360.0 - 180.0) ** 2, axis=0))


def main(folder):
    print(
        "trial              markers  median   worst mm         pelvis tilt list turn   trunk ext bend turn deg   ms/100"
    )
    for static in sorted(folder.glob("raw/*_static.c3d")):
        fitted = fit_chain(read_markers(static))
        person = static.stem.removesuffix("_static")
        for trial in ("straight", "turn"):
            tracked = track(fitted, read_markers(folder / "raw" / f"{person}_{trial}.c3d"))
            table = pd.read_csv(folder / "csv" / f"{person}_{trial}.csv", comment="#")
            table = table.iloc[np.searchsorted(table["time_s"], tracked.motion.time - 1e-6)]
            q, off = tracked.q, {name: 1e3 * value for name, value in tracked.rms.items()}
            pelvis = rms(np.rad2deg(q[:, [INDEX[name] for name in PELVIS]]), table[list(PELVIS.values())].to_numpy())
            R_pelvis, R_thorax = (orientation(fitted.chain, q, name) for name in ("pelvis", "thorax"))
            trunk = np.rad2deg(zxy_angles(np.swapaxes(R_pelvis, -1, -2) @ R_thorax))
            trunk = rms(trunk, table[list(TRUNK)].to_numpy())
            worst = max(off, key=off.__getitem__)
            lost = f"  {tracked.unsolved} unsolved" if tracked.unsolved else ""
            print(
                f"{person}_{trial:9s} {len(off):8d} {np.median(list(off.values())):7.1f} {off[worst]:7.1f} {worst:5s}"
                f" {pelvis[0]:14.2f} {pelvis[1]:4.2f} {pelvis[2]:4.2f} {trunk[0]:12.2f} {trunk[1]:4.2f} {trunk[2]:4.2f}"
                f" {100.0 * tracked.ms / len(q):8.0f}{lost}"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
