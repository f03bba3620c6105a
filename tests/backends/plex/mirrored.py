"""A mirror of a simulated server, and what to ask of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace

from msd.models import ItemType, RemoteId
from tests.backends.plex.signed_in import signed_in
from tests.simulators.plex import PlexServer
from tests.simulators.plex.item import Kind
from tests.simulators.plex.viewer import Viewer
from tests.support.mirror import Mirror, truth

HOLDERS = {ItemType.SHOW, ItemType.SEASON}


@asynccontextmanager
async def mirrored(
    server: PlexServer, *libraries: str, page_size: int = 500, viewer: Viewer | None = None
) -> AsyncIterator[Mirror]:
    """A mirror that is in step with a server whose clock then moves on by an hour."""
    async with signed_in(server, page_size, viewer=viewer) as backend:
        mirror = Mirror(backend)
        await mirror.read_all(*libraries)
        server.world.clock.advance(3600)
        server.log.clear()
        yield mirror


def one(server: PlexServer, kind: Kind, place: int = 0):
    return server.world.of_kind(kind)[place]


def enumerated(mirror: Mirror) -> set[ItemType]:
    return {item_type for _, item_type in mirror.enumerated}


async def in_step(mirror: Mirror) -> bool:
    return _as_listed(await mirror.items()) == _as_listed(await truth(mirror))


def _as_listed(items):
    """A row that came by its id has all genres; lists show two."""
    return {
        place: {key: replace(item, genres=item.genres[:2]) for key, item in rows.items()}
        for place, rows in items.items()
    }


def rewritten(before: dict, mirror: Mirror) -> set[RemoteId]:
    """Return the rows that are not what they were."""
    return {
        key
        for place, rows in mirror.rows.items()
        for key, row in rows.items()
        if place not in before or row.fingerprint != before[place].get(key)
    }


def prints(mirror: Mirror) -> dict:
    return {
        place: {key: row.fingerprint for key, row in rows.items()}
        for place, rows in mirror.rows.items()
    }
