"""A library that is renamed, moved or created again with the same items keeps its id (Y17)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from msd.models import LibraryType, RemoteId, WatchState
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> ChangingServer:
    return ChangingServer()


@pytest.fixture
def source(tmp_path: Path, server: ChangingServer) -> Iterator[CachedSource]:
    cached = CachedSource(tmp_path, server)
    yield cached
    cached.close()


def recreate(server: ChangingServer, old: str, new: str) -> None:
    """Give a library another id and name; its items stay."""
    items = server.items.pop(RemoteId(old))
    server.libraries = [one for one in server.libraries if one.remote_id != old]
    server.library(new)
    server.items[RemoteId(new)] = items
    server.now += 1


async def test_a_library_with_another_id_is_the_same(
    source: CachedSource, server: ChangingServer
) -> None:
    """Library id, item ids and watch state stay; nothing is withheld or announced as lost."""
    films = server.library("films")
    server.movies(films, 40)
    server.edit(films, "m3", watch=WatchState(watched=True))
    server.movies(server.library("other"), 15, first=100)
    await source.sync()
    before, library = source.items(), source.library_id("films")
    recreate(server, "films", "cinema")

    report = await source.sync()

    assert source.library_id("cinema") == library
    assert source.items() == before
    assert (report.withheld, report.removed, report.added, report.complete) == (0, 0, 0, True)


async def test_a_library_whose_items_have_other_ids_is_known_by_what_they_are(
    source: CachedSource, server: ChangingServer
) -> None:
    """A folder that was moved: each item keeps its id by its identity (I2)."""
    films = server.library("films")
    server.put(films, *(movie(f"films/{n}", identity=f"file-{n}") for n in range(30)))
    await source.sync()
    ids, library = {item["id"] for item in source.items().values()}, source.library_id("films")
    recreate(server, "films", "cinema")
    server.items[RemoteId("cinema")].clear()
    server.put(RemoteId("cinema"), *(movie(f"cinema/{n}", identity=f"file-{n}") for n in range(30)))

    report = await source.sync()

    assert source.library_id("cinema") == library
    assert {item["id"] for item in source.items().values()} == ids
    assert (report.withheld, len(source.items())) == (0, 30)


async def test_half_of_the_items_is_not_enough(
    source: CachedSource, server: ChangingServer
) -> None:
    """More than half decides; rows that moved are counted after the pass all the same."""
    films = server.library("films")
    server.movies(films, 20)
    await source.sync()
    library = source.library_id("films")
    recreate(server, "films", "mix")
    server.movies(RemoteId("mix"), 20, first=100)
    rows = list(server.items[RemoteId("mix")].items())
    mixed = [row for pair in zip(rows[:20], rows[20:], strict=True) for row in pair]
    server.items[RemoteId("mix")] = dict(mixed)

    report = await source.sync()

    assert source.library_id("mix") != library
    assert (report.withheld, len(source.items())) == (0, 40)
    assert [one.remote_id for one in source.libraries()] == ["mix"]


async def test_rows_that_moved_to_a_known_library_are_no_loss(
    source: CachedSource, server: ChangingServer
) -> None:
    """What vanished is counted after the pass; moves leave no trace in the changes."""
    films, more = server.library("films"), server.library("more")
    server.movies(films, 30)
    server.movies(more, 5, first=100)
    await source.sync()
    server.items[more] |= server.items.pop(films)
    server.libraries = [one for one in server.libraries if one.remote_id != films]

    report = await source.sync()

    assert (report.withheld, len(source.items())) == (0, 35)
    assert [one.remote_id for one in source.libraries()] == ["more"]


async def test_a_library_that_is_gone_is_withheld_as_before(
    source: CachedSource, server: ChangingServer
) -> None:
    """A new library with other items is no reason to let the old one go (Y7)."""
    films = server.library("films")
    server.movies(films, 30)
    await source.sync()
    server.items.pop(films)
    server.libraries.clear()
    server.library("shows", LibraryType.SHOWS)
    server.movies(server.library("cinema"), 30, first=100)

    report = await source.sync()

    assert (report.withheld, len(source.items())) == (30, 60)


async def test_a_recognised_library_keeps_its_id_with_a_rebuilt_cache(
    tmp_path: Path, server: ChangingServer
) -> None:
    """The new id is recorded where a rebuilt cache finds it."""
    first = CachedSource(tmp_path, server)
    server.movies(server.library("films"), 20)
    await first.sync()
    library = first.library_id("films")
    recreate(server, "films", "cinema")
    await first.sync()
    first.close()
    for file in tmp_path.glob("cache.db*"):
        file.unlink()

    again = CachedSource(tmp_path, server)
    await again.sync()

    assert again.library_id("cinema") == library
    again.close()
