"""The servers the tests of this folder ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.plex import Household, PlexServer, PlexTv


@pytest.fixture
def server() -> Iterator[PlexServer]:
    """A media server of a hundred items, by plain http."""
    with PlexServer() as running:
        yield running


@pytest.fixture
def tv() -> Iterator[PlexTv]:
    """A plex.tv that knows nobody."""
    with PlexTv() as running:
        yield running


@pytest.fixture
def household() -> Iterator[Household]:
    """An account with four servers."""
    with Household() as running:
        yield running
