"""Rows by their ids: the listed ones, and nothing that is gone."""

from __future__ import annotations

import pytest

from msd.backends.plex.listing.locate import BATCH
from msd.errors import UnreachableError
from msd.models import RemoteId
from tests.backends.plex.mirrored import mirrored
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import faults
from tests.simulators.plex.item import Kind

pytestmark = pytest.mark.anyio


async def test_fetched_rows_are_the_listed_ones(server):
    """`HasPush.fetch`: the same fingerprint as in `pages`, and the listing it belongs to."""
    async with mirrored(server, "Movies", "TV Shows", "Music", "Other Videos") as mirror:
        listed = {
            key: (place, row.fingerprint)
            for place, rows in mirror.rows.items()
            for key, row in rows.items()
        }
        found = await mirror.backend.fetch([RemoteId(key) for key in listed])

    assert len(listed) > BATCH
    assert listed == {
        one.item.remote_id: (
            (one.listing.library.remote_id, one.listing.type),
            one.item.fingerprint,
        )
        for one in found
    }


async def test_ids_that_are_gone_are_left_out(server):
    """An id that is absent is gone."""
    keys = [RemoteId(str(item.key)) for item in server.world.of_kind(Kind.MOVIE)[:4]]
    async with signed_in(server) as backend:
        found = await backend.fetch([keys[0], RemoteId("99998"), keys[1], RemoteId("99999")])
        assert [one.item.remote_id for one in found] == keys[:2]
        assert await backend.fetch([RemoteId("99998"), RemoteId("99999")]) == ()
        assert await backend.fetch([]) == ()


async def test_a_server_that_answers_404_for_one_unknown_id_among_known_ones_is_understood(server):
    """A server that answers 404 for one unknown id among known ones is understood.

    That it is silently left out is nobody's promise.
    """
    keys = [str(item.key) for item in server.world.of_kind(Kind.MOVIE)[:4]]
    server.faults.add(
        "^/library/metadata/", faults.html(404), where=lambda request: "99999" in request.path
    )
    async with signed_in(server) as backend:
        found = await backend.fetch([RemoteId(key) for key in (*keys[:2], "99999", *keys[2:])])

    assert {one.item.remote_id for one in found} == set(keys)


async def test_a_proxy_that_answers_404_for_everything_deletes_nothing(server):
    """A proxy that answers 404 for everything deletes nothing (W2, Y7).

    The server has to prove itself.
    """
    async with signed_in(server) as backend:
        await backend.libraries()
        server.faults.add("^/", faults.html(404))
        with pytest.raises(UnreachableError):
            await backend.fetch([RemoteId("1")])
