"""The bundled walk, read once."""

import pytest

from kinematics import Chain
from simulate import read_motion, walking
from simulate.io.trials import trial


@pytest.fixture(scope="session")
def bundled_chain():
    return Chain.from_osim(trial("walk_overground_rajagopal").model)


@pytest.fixture(scope="session")
def bundled_walk(bundled_chain):
    return walking(bundled_chain, read_motion(trial("walk_overground_rajagopal").motion))
