"""A small simulated server per test."""

import pytest

from tests.simulators.jellyfin import VERSIONS, JellyfinSimulator, make_world


@pytest.fixture
def sim():
    with JellyfinSimulator(make_world(150, seed=1), version="10.11") as simulator:
        yield simulator


@pytest.fixture(params=sorted(VERSIONS))
def any_sim(request):
    """Each server version in turn."""
    with JellyfinSimulator(make_world(150, seed=1), version=request.param) as simulator:
        yield simulator
