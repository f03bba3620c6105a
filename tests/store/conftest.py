"""Real databases in a folder of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.models import ItemType, LibraryType, UnixSeconds, WatchState
from tests.store.made import MEMORY, Paths, Stores, made, movie


@pytest.fixture
def paths() -> Iterator[Paths]:
    """Where the databases will be; nothing is there yet.

    In memory where that can be had: hundreds of tests would wait for the disk at each commit.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Paths(Path(folder) / "msd")


@pytest.fixture
def stores(paths: Paths) -> Iterator[Stores]:
    """Both databases, empty."""
    opened = Stores(paths)
    yield opened
    opened.close()


FILMS = (
    movie("m1", "The Abyss", year=1989, rating=7.5, released="1989-08-09", added_at=300),
    movie("m2", "Brazil", year=1985, rating=7.9, released="1985-02-20", added_at=100),
    movie("m3", "Amélie", year=2001, rating=8.3, released="2001-04-25", added_at=200),
    movie("m4", "Cube 10", watch=WatchState(watched=True, last_played=UnixSeconds(50))),
    movie("m5", "Cube 2", watch=WatchState(position_ms=5, last_played=UnixSeconds(60))),
    movie("m6", "100% Wolf_", year=2020, watch=WatchState(favourite=True)),
)


@pytest.fixture
def films(stores: Stores) -> Stores:
    stores.write(stores.library(), *FILMS)
    return stores


@pytest.fixture
def series(stores: Stores) -> Stores:
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show", child_count=2))
    for number in (2, 1):
        stores.write(
            shows,
            made(ItemType.SEASON, f"s{number}", parent_remote_id="show", season_number=number),
        )
    for season, number in ((1, 2), (1, 10), (1, 1), (2, 1)):
        stores.write(
            shows,
            made(
                ItemType.EPISODE,
                f"e{season}x{number}",
                parent_remote_id=f"s{season}",
                show_remote_id="show",
                show_title="Show",
                season_number=season,
                episode_number=number,
                watch=WatchState(watched=number == 2),
            ),
        )
    stores.write(
        shows, made(ItemType.EPISODE, "stray", parent_remote_id="show", show_remote_id="show")
    )
    stores.finish(shows)
    return stores
