"""An independent rigid-body library, built from the same chain, has the body in the same places."""

from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from kinematics import Chain
from kinematics.conventions import COORDINATES, SEGMENT_COORDINATE, SEGMENTS
from kinematics.kernels import tree
from kinematics.pose import centre_of_mass, frames, jacobian, positions

CHAINS = {
    "rajagopal": "simulate/data/trials/walk_overground_rajagopal/model.osim",
    "gait2392": "tests/data/opensim_core/walk_gait2392_subject01.osim",
    "hamner": "tests/data/opensim_core/run_hamner_subject02.osim",
    "generic": None,
}


def mujoco_model(chain):
    """One body a coordinate, one joint a body, one site a point."""
    root = ElementTree.Element("mujoco")
    ElementTree.SubElement(root, "compiler", angle="radian", autolimits="false")
    world = ElementTree.SubElement(root, "worldbody")
    bodies = {}
    segment_of = {index: segment for segment, index in SEGMENT_COORDINATE.items()}
    for i, name in enumerate(COORDINATES):
        parent = i - 1 if i < 6 or i % 6 else 5
        text = " ".join(repr(float(v)) for v in chain.offsets[i])
        body = ElementTree.SubElement(bodies.get(parent, world), "body", name=name, pos=text)
        bodies[i] = body
        axis = " ".join(repr(float(v)) for v in chain.axes[i])
        ElementTree.SubElement(body, "joint", name=name, type="slide" if i < 3 else "hinge", axis=axis)
        k = SEGMENTS.index(segment_of[i]) if i in segment_of else None
        mass = max(float(chain.masses[k]), 1e-9) if k is not None else 1e-9  # every body needs some
        centre = chain.mass_centres[k] if k is not None else np.zeros(3)
        ElementTree.SubElement(
            body,
            "inertial",
            pos=" ".join(repr(float(v)) for v in centre),
            mass=repr(mass),
            diaginertia="1e-6 1e-6 1e-6",
        )
    for name, point in chain.points.items():
        place = " ".join(repr(float(v)) for v in point.location)
        ElementTree.SubElement(bodies[SEGMENT_COORDINATE[point.segment]], "site", name=name, pos=place)
    return mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding="unicode"))


@pytest.fixture(scope="module", params=CHAINS)
def pair(request):
    path = CHAINS[request.param]
    chain = Chain.generic() if path is None else Chain.from_osim(request.config.rootpath / path)
    model = mujoco_model(chain)
    order = [int(model.joint(name).qposadr[0]) for name in COORDINATES]
    return chain, model, mujoco.MjData(model), order


def test_mujoco_has_every_point_and_segment_where_we_have_it_in_1000_postures(pair):
    chain, model, data, order = pair
    q = np.random.default_rng(5).uniform(-np.pi, np.pi, (1000, 24))
    R, _, _ = frames(chain, q)
    names = list(chain.points)
    places, centres = positions(chain, q, names), centre_of_mass(chain, q)
    for n in range(len(q)):
        data.qpos[order] = q[n]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        np.testing.assert_allclose(places[n], [data.site(name).xpos for name in names], atol=1e-10)
        for s in SEGMENT_COORDINATE.values():
            np.testing.assert_allclose(R[n, s], data.body(COORDINATES[s]).xmat.reshape(3, 3), atol=1e-10)
        there = [data.body(COORDINATES[s]).xipos for s in SEGMENT_COORDINATE.values()]
        np.testing.assert_allclose(centres[n], chain.masses @ there / chain.mass, atol=1e-10)


def test_mujoco_has_our_jacobians(pair):
    chain, model, data, order = pair
    dofs = [int(model.joint(name).dofadr[0]) for name in COORDINATES]
    for q in np.random.default_rng(6).uniform(-np.pi, np.pi, (50, 24)):
        data.qpos[order] = q
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        for name in ("forefoot_r", "toe_l", "head_top"):
            J = np.zeros((3, model.nv))
            mujoco.mj_jacSite(model, data, J, None, model.site(name).id)
            np.testing.assert_allclose(jacobian(chain, q, name), J[:, dofs], atol=1e-10)
        _, _, a = frames(chain, q)
        for s in SEGMENT_COORDINATE.values():
            theirs, ours = np.zeros((3, model.nv)), np.zeros((3, 24))
            mujoco.mj_jacBody(model, data, None, theirs, model.body(COORDINATES[s]).id)
            tree.rotation_jacobian(a, s, ours)
            np.testing.assert_allclose(ours, theirs[:, dofs], atol=1e-10)
