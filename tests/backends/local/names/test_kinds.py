"""Names of the kinds that people use are read rightly, each alone in its library."""

import pytest

from tests.backends.local.names.kinds import EPISODES, FILMS
from tests.backends.local.names.reading import read_episode, read_film


@pytest.mark.parametrize("kind", EPISODES)
def test_every_name_of_an_episode_of_a_kind_is_read_rightly(kind):
    """Show, season, first episode, and last episode or date."""
    read = {path: read_episode(path) for path, *_right in EPISODES[kind]}

    assert {path: tuple(right) for path, *right in EPISODES[kind]} == read


@pytest.mark.parametrize("kind", FILMS)
def test_every_name_of_a_film_of_a_kind_is_read_rightly(kind):
    """Title and year."""
    read = {path: read_film(path) for path, *_right in FILMS[kind]}

    assert {path: tuple(right) for path, *right in FILMS[kind]} == read
