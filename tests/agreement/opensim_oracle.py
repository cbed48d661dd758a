"""OpenSim's own forward kinematics, run as a program of its own: it cannot share a process with CasADi.

python opensim_oracle.py MODEL.osim IN.npz OUT.npz, where IN holds `names` and `values` (F, N) in rad and m.
"""

import sys

import numpy as np

JOINTS = {"hip": "femur", "knee": "tibia", "ankle": "talus"}
BODIES = ("pelvis", "femur_r", "femur_l", "tibia_r", "tibia_l", "torso")


def main(model_path, given, out):
    import opensim

    opensim.Logger.setLevelString("Off")
    model = opensim.Model(model_path)
    state = model.initSystem()
    asked = np.load(given)
    coordinates = model.getCoordinateSet()
    joints = model.getJointSet()
    by_child = {joints.get(i).getChildFrame().findBaseFrame().getName(): joints.get(i) for i in range(joints.getSize())}
    places = {f"{ours}_{side}": f"{body}_{side}" for ours, body in JOINTS.items() for side in "rl"} | {"l5s1": "torso"}
    found = {name: [] for name in [*places, *BODIES]}
    for row in asked["values"]:
        for name, value in zip(asked["names"], row, strict=True):
            if coordinates.contains(str(name)):
                coordinate = coordinates.get(str(name))
                coordinate.setLocked(state, False)
                coordinate.setValue(state, float(value), False)
        model.realizePosition(state)
        for name, child in places.items():
            place = by_child[child].getChildFrame().getPositionInGround(state)
            found[name].append([place.get(k) for k in range(3)])
        for name in BODIES:
            R = model.getBodySet().get(name).getTransformInGround(state).R()
            found[name].append([[R.get(i, j) for j in range(3)] for i in range(3)])
    np.savez(out, **{name: np.array(values) for name, values in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
