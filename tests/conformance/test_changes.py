"""What every backend must do that tells of changes: `msd.backend_api.changes`, over real sources.

Each look is one by a new backend, as in a worker.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from msd.backend_api import Listing
from msd.backend_api.changes import Aspect, CanResume, ChangeCursor, HasChanges, HasPush
from msd.errors import BackendError, BadResponseError, UnreachableError
from msd.models import ItemType, RemoteId
from tests.conformance.conftest import Added
from tests.conformance.harness import Harness
from tests.support.mirror import Mirror
from tests.support.no_cached_rows import NO_CACHED_ROWS

pytestmark = pytest.mark.anyio

EVENT_S = 30


class Looks:
    """A mirror of a source, and looks at it."""

    def __init__(self, added: Added) -> None:
        self.added = added
        self.mirror: Mirror

    @asynccontextmanager
    async def backend(self) -> AsyncIterator:
        backend = self.added.open()
        try:
            if not isinstance(backend, HasChanges):
                pytest.skip("this backend tells of no changes")
            yield backend
        finally:
            await backend.aclose()

    async def begin(self) -> Mirror:
        async with self.backend() as backend:
            self.mirror = Mirror(backend)
            await self.mirror.read_all()
        return self.mirror

    async def again(self) -> Mirror:
        async with self.backend() as backend:
            self.mirror.backend = backend
            await self.mirror.catch_up()
        return self.mirror

    async def rows(self):
        async with self.backend() as backend:
            fresh = Mirror(backend)
            await fresh.read_all()
            return fresh.all_fingerprints()


@pytest.fixture
def looks(added: Added) -> Looks:
    return Looks(added)


def movies(mirror: Mirror) -> list[RemoteId]:
    """Return the ids of a listing of films, of anything else where there are none."""
    filled = [(kind, rows) for (_, kind), rows in mirror.rows.items() if rows]
    return list(min(filled, key=lambda listing: listing[0] is not ItemType.MOVIE)[1])


async def test_two_looks_at_the_same_see_the_same(looks: Looks) -> None:
    """Two looks at the same see the same (Y6).

    Nothing changed, so nothing is enumerated and no row differs.
    """
    before = (await looks.begin()).all_fingerprints()
    mirror = await looks.again()

    assert not mirror.enumerated
    assert mirror.all_fingerprints() == before == await looks.rows()


async def test_an_edited_item_is_told(looks: Looks, harness: Harness) -> None:
    """An edited item is told (Y6).

    Whole, with a fingerprint of its own.
    """
    mirror = await looks.begin()
    before = mirror.all_fingerprints()
    edited = harness.edit_one(movies(mirror))
    after = (await looks.again()).all_fingerprints()

    assert {remote_id for key in after for remote_id in key[1:] if after[key] != before[key]} == {
        edited
    }
    assert after == await looks.rows()


async def test_a_deleted_item_makes_its_listing_doubtful(looks: Looks, harness: Harness) -> None:
    """A deleted item makes its listing doubtful (Y7).

    It is missing after the listing was enumerated, and nothing else is.
    """
    mirror = await looks.begin()
    before = mirror.all_fingerprints()
    gone = harness.delete_one(movies(mirror))
    mirror = await looks.again()

    assert {remote_id for _, remote_id in before.keys() - mirror.all_fingerprints().keys()} == {
        gone
    }
    assert mirror.all_fingerprints() == await looks.rows()


async def test_a_look_that_was_not_stored_is_repeated(looks: Looks, harness: Harness) -> None:
    """A look that was not stored is repeated (Y6).

    From the same cursor the same is found, any number of times.
    """
    mirror = await looks.begin()
    edited = harness.edit_one(movies(mirror))
    cursors = dict(mirror.cursors)
    for _ in range(3):
        mirror.cursors = dict(cursors)
        mirror = await looks.again()
        assert edited in mirror.told | {each for rows in mirror.rows.values() for each in rows}

    assert mirror.all_fingerprints() == await looks.rows()


async def test_a_cursor_of_nobody_is_refused(looks: Looks) -> None:
    """The engine enumerates then."""
    await looks.begin()
    async with looks.backend() as backend:
        library = next(each for each in await backend.libraries() if backend.listings(each))
        with pytest.raises(BadResponseError):
            async for _ in backend.changes(
                library, Aspect.METADATA, ChangeCursor("nobody's"), NO_CACHED_ROWS
            ):
                pass


async def test_a_source_that_is_gone_has_no_changes(looks: Looks, harness: Harness) -> None:
    """A source that is gone has no changes (S2).

    An error, and everything is found when it is back.
    """
    before = (await looks.begin()).all_fingerprints()
    harness.vanish()
    with pytest.raises(BackendError):
        await looks.again()
    harness.come_back()

    assert (await looks.again()).all_fingerprints() == before


async def test_fetched_rows_are_the_rows_of_the_listings(looks: Looks) -> None:
    """The same fingerprint, in the same listing where it is known; what is unknown is absent."""
    expected = (await looks.begin()).all_fingerprints()
    ids = list({remote_id for _, remote_id in expected})[:150]
    async with looks.backend() as backend:
        if not isinstance(backend, HasPush):
            pytest.skip("this backend fetches nothing by id")
        found = await backend.fetch(ids)

    assert {each.item.remote_id for each in found} == set(ids)
    prints = {remote_id: fingerprint for (_, remote_id), fingerprint in expected.items()}
    homes = {remote_id: home for home, remote_id in expected}
    for each in found:
        assert each.item.fingerprint == prints[each.item.remote_id]
        if isinstance(each.listing, Listing):
            home = (each.listing.library.remote_id, each.listing.type)
            assert home == homes[each.item.remote_id]


async def test_a_deleted_item_is_not_fetched(looks: Looks, harness: Harness) -> None:
    """A deleted item is not fetched (Y7).

    A claim that something went is confirmed by asking for it.
    """
    ids = movies(await looks.begin())
    gone = harness.delete_one(ids)
    async with looks.backend() as backend:
        if not isinstance(backend, HasPush):
            pytest.skip("this backend fetches nothing by id")
        assert {each.item.remote_id for each in await backend.fetch(ids)} == set(ids) - {gone}


async def test_what_happens_is_told_as_it_happens(looks: Looks, harness: Harness) -> None:
    """What happens is told as it happens (Y9).

    An item by its id, or where to look for it.
    """
    mirror = await looks.begin()
    async with looks.backend() as backend:
        if not isinstance(backend, HasPush):
            pytest.skip("this backend tells of nothing as it happens")
        async with backend.subscribe() as changes:
            edited = harness.edit_one(movies(mirror))
            home = next(key for key, rows in mirror.rows.items() if edited in rows)
            with anyio.fail_after(EVENT_S):
                async for change in changes:
                    if change.aspect is Aspect.METADATA and (
                        edited in change.changed
                        or (not change.changed and change.library in {None, home[0]})
                    ):
                        break


async def test_a_source_that_goes_away_ends_live_updates(looks: Looks, harness: Harness) -> None:
    """A source that goes away ends live updates (Y9).

    With an error, never quietly; it can be subscribed to again when it is back.
    """
    await looks.begin()
    async with looks.backend() as backend:
        if not isinstance(backend, HasPush):
            pytest.skip("this backend tells of nothing as it happens")
        async with backend.subscribe() as changes:
            harness.vanish()
            with anyio.fail_after(EVENT_S), pytest.raises(UnreachableError):
                await anext(changes)
        with pytest.raises(BackendError):
            await backend.subscribe().__aenter__()
        harness.come_back()
        async with backend.subscribe():
            pass


async def test_a_listing_goes_on_where_it_stopped(looks: Looks) -> None:
    """A listing goes on where it stopped (Y8).

    The rest of it, with the total that it has.
    """
    await looks.begin()
    async with looks.backend() as backend:
        if not isinstance(backend, CanResume):
            pytest.skip("this backend begins every listing at its start")
        for library in await backend.libraries():
            for listing in backend.listings(library):
                whole = [row async for page in backend.pages(listing) for row in page.items]
                rest = [page async for page in backend.pages_from(listing, len(whole) // 2)]
                assert [row for page in rest for row in page.items] == whole[len(whole) // 2 :]
                assert rest[0].start == len(whole) // 2
