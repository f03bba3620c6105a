"""One item on which the server fails costs itself, in every reader (S9)."""

from __future__ import annotations

import pytest

from msd.backend_api import RawItem, SkippedItem
from msd.backend_api.changes import Aspect
from msd.errors import UnreachableError
from msd.models import ItemType, RemoteId
from tests.backends.plex.mirrored import mirrored
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.item import Kind
from tests.support.listings import listing_of

pytestmark = pytest.mark.anyio

KINDS = [
    ("Movies", ItemType.MOVIE, Kind.MOVIE),
    ("TV Shows", ItemType.SEASON, Kind.SEASON),
    ("TV Shows", ItemType.EPISODE, Kind.EPISODE),
    ("Music", ItemType.TRACK, Kind.TRACK),
]


def keys_of(server: PlexServer, name: str, kind: Kind) -> list[str]:
    section = server.world.section(name)
    return [str(item.key) for item in server.world.of_kind(kind, section=section)]


@pytest.mark.parametrize(("name", "item_type", "kind"), KINDS)
@pytest.mark.parametrize("place", [0, 5, -1])
async def test_an_enumeration_lists_all_other_rows_and_names_the_one(
    server, name, item_type, kind, place
):
    """The rows around it arrive; nothing is deleted on the strength of such a list."""
    keys = keys_of(server, name, kind)
    bad = keys.pop(place if place < 0 else place % len(keys))
    server.faults.add("^/library/", faults.bad_row(int(bad)))
    async with signed_in(server) as backend:
        pages = [page async for page in backend.pages(await listing_of(backend, name, item_type))]

    assert keys == [row.remote_id for page in pages for row in page.items]
    assert 1 == len([row for page in pages for row in page.skipped])
    assert any(page.gaps for page in pages)


async def test_a_preview_shows_all_other_rows(server):
    """Short lists sorted by date narrow, too."""
    keys = keys_of(server, "Movies", Kind.MOVIE)
    async with signed_in(server) as backend:
        listing = await listing_of(backend, "Movies", ItemType.MOVIE)
        newest = [row.remote_id for row in await backend.newest(listing, 20)]
        server.faults.add("^/library/", faults.bad_row(int(newest[3])))
        found = [row.remote_id for row in await backend.newest(listing, 20)]

    assert set(newest) - {newest[3]} == set(found)
    assert set(found) <= set(keys)


@pytest.mark.parametrize("aspect", list(Aspect))
async def test_a_following_pass_brings_what_else_changed(server, aspect):
    """Also when the bad row is the newest, the last edited and the last watched one."""
    good, bad = server.world.of_kind(Kind.MOVIE)[:2]
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(good.key, title="Another Name")
        server.world.watch(good.key)
        clone = server.world.clone(bad.key)
        server.world.watch(clone.key)
        server.faults.add("^/library/", faults.bad_row(clone.key))
        await mirror.catch_up([aspect])

        assert str(good.key) in mirror.told
        assert str(clone.key) not in mirror.told


async def test_a_bad_row_is_not_looked_for_by_enumerating_again_and_again(server):
    """What can't be read by a delta can't be read by an enumeration either."""
    bad = server.world.of_kind(Kind.MOVIE)[1]
    server.faults.add("^/library/", faults.bad_row(bad.key))
    async with mirrored(server, "Movies") as mirror:
        server.world.edit(bad.key, title="Another Name")
        await mirror.catch_up()
        await mirror.catch_up()

        assert not mirror.enumerated


async def test_single_rows_are_fetched_without_the_one_and_it_is_not_called_gone(server):
    """What the server fails on is left out with its reason, which is not the same as gone."""
    keys = [RemoteId(key) for key in keys_of(server, "Movies", Kind.MOVIE)]
    async with signed_in(server) as backend:
        server.faults.add("^/library/metadata/", faults.bad_row(int(keys[2])))
        found = {row.item.remote_id: row.item for row in await backend.fetch(keys)}
        [reason] = await backend.parse([found[keys[2]]])

    assert set(keys) == found.keys()
    assert isinstance(reason, SkippedItem)
    assert all(isinstance(item, RawItem) for item in found.values())


async def test_a_server_that_fails_on_every_row_is_not_asked_for_each(server):
    """More than 20 bad rows are a broken server, not bad rows."""
    keys = [RemoteId(key) for key in keys_of(server, "Movies", Kind.MOVIE)]
    server.faults.add("^/library/metadata/", faults.html(500))
    async with signed_in(server) as backend:
        await backend.libraries()
        with pytest.raises(UnreachableError):
            await backend.fetch(keys)

    assert len(server.log.requests) < 100
