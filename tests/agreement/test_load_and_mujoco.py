"""An independent rigid-body library, built from the same chain, needs the same force and moment at L5/S1."""

from dataclasses import replace
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from kinematics import Chain
from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from simulate.load.dynamics import LUMBAR, wrench

CHAINS = {
    "rajagopal": "simulate/data/trials/walk_overground_rajagopal/model.osim",
    "gait2392": "tests/data/opensim_core/walk_gait2392_subject01.osim",
    "hamner": "tests/data/opensim_core/run_hamner_subject02.osim",
    "generic": None,
    "tilted": None,
}
GRAVITY = 9.80665
RATE = 1000.0
#: Fastest component of the motion. [Hz] Differences of sixth order are off by (2 pi f / rate)^6 / 140: nothing.
FASTEST = 2.0
#: Rounding: differences of second order lose 1e-16 / (1/1000 s)^2 = 1e-10 m/s^2 and more, times up to 40 kg and a few
#: hundred thousandths from bodies that must weigh something here. [N, N m]
ROUNDING = 1e-6


def mujoco_model(chain):
    """One body a coordinate; every segment with its mass and full inertia, all else next to nothing."""
    root = ElementTree.Element("mujoco")
    ElementTree.SubElement(root, "compiler", angle="radian", autolimits="false")
    ElementTree.SubElement(root, "option", gravity=f"0 {-GRAVITY!r} 0")
    world = ElementTree.SubElement(root, "worldbody")
    bodies, segment_of = {}, {index: segment for segment, index in SEGMENT_COORDINATE.items()}

    def words(values):
        return " ".join(repr(float(v)) for v in values)

    for i, name in enumerate(COORDINATES):
        parent = i - 1 if i < 6 or i % 6 else 5
        body = ElementTree.SubElement(bodies.get(parent, world), "body", name=name, pos=words(chain.offsets[i]))
        bodies[i] = body
        kind = "slide" if i < 3 else "hinge"
        ElementTree.SubElement(body, "joint", name=name, type=kind, axis=words(chain.axes[i]))
        k = SEGMENTS.index(segment_of[i]) if i in segment_of else None
        some = k is not None and chain.masses[k] > 0.0
        inertia = chain.inertias[k] if some else 1e-14 * np.eye(3)
        ElementTree.SubElement(
            body,
            "inertial",
            pos=words(chain.mass_centres[k]) if some else "0 0 0",
            mass=repr(float(chain.masses[k])) if some else "1e-14",
            fullinertia=words([*np.diag(inertia), inertia[0, 1], inertia[0, 2], inertia[1, 2]]),
        )
    return mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))


def chain_of(name, root):
    path = CHAINS[name]
    chain = Chain.generic() if path is None else Chain.from_osim(root / path)
    if name == "tilted":  # no axis of inertia along any of ours, nothing symmetric
        rng = np.random.default_rng(11)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        chain = replace(
            chain,
            inertias=np.array([turn @ inertia @ turn.T for inertia in chain.inertias]),
            mass_centres=chain.mass_centres + rng.uniform(-0.1, 0.1, (len(SEGMENTS), 3)),
        )
    return chain


@pytest.mark.parametrize("name", CHAINS)
def test_mujoco_needs_our_force_and_moment_at_l5s1_in_any_motion(name, request):
    chain = chain_of(name, request.config.rootpath)
    model = mujoco_model(chain)
    data = mujoco.MjData(model)
    at = [int(model.joint(c).qposadr[0]) for c in COORDINATES]
    dof = [int(model.joint(c).dofadr[0]) for c in COORDINATES]
    low = model.body(COORDINATES[LUMBAR[0]]).id
    for seed in range(5):
        rng = np.random.default_rng(seed)
        middle, size = rng.uniform(-0.5, 0.5, 24), rng.uniform(-0.6, 0.6, 24)
        omega, phase = 2.0 * np.pi * rng.uniform(0.3, FASTEST, 24), rng.uniform(0.0, 2.0 * np.pi, 24)
        angle = omega * (np.arange(41) / RATE)[:, None] + phase
        ours = wrench(chain, middle + size * np.sin(angle), gravity=GRAVITY, rate=RATE)
        for f in (6, 20, 34):
            data.qpos[at] = middle + size * np.sin(angle[f])
            data.qvel[dof] = size * omega * np.cos(angle[f])
            data.qacc[dof] = -size * omega**2 * np.sin(angle[f])
            mujoco.mj_inverse(model, data)
            lumbar = [dof[i] for i in LUMBAR]
            np.testing.assert_allclose(
                ours.axes[f] @ ours.moment[f], data.qfrc_inverse[lumbar], rtol=0.0, atol=ROUNDING
            )
            mujoco.mj_rnePostConstraint(model, data)
            torque, force = np.split(data.cfrc_int[low], 2)  # about the mass centre of the whole tree
            torque = torque + np.cross(data.subtree_com[1] - data.body(low).xpos, force)
            np.testing.assert_allclose(ours.force[f], force, rtol=0.0, atol=ROUNDING)
            np.testing.assert_allclose(ours.moment[f], torque, rtol=0.0, atol=ROUNDING)


@pytest.mark.parametrize("name", CHAINS)
def test_mujoco_needs_our_force_and_moment_to_hold_any_posture(name, request):
    chain = chain_of(name, request.config.rootpath)
    model = mujoco_model(chain)
    data = mujoco.MjData(model)
    at = [int(model.joint(c).qposadr[0]) for c in COORDINATES]
    lumbar = [int(model.joint(COORDINATES[i]).dofadr[0]) for i in LUMBAR]
    postures = np.random.default_rng(3).uniform(-np.pi, np.pi, (50, 24))
    ours = wrench(chain, postures, gravity=GRAVITY)
    for n, q in enumerate(postures):
        data.qpos[at], data.qvel[:], data.qacc[:] = q, 0.0, 0.0
        mujoco.mj_inverse(model, data)
        np.testing.assert_allclose(ours.axes[n] @ ours.moment[n], data.qfrc_inverse[lumbar], rtol=0.0, atol=1e-9)
