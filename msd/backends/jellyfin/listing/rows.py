"""Rows by their ids, as listings show them, and the members of collections and playlists."""

from collections.abc import AsyncGenerator, Sequence

from msd.backend_api.protocol import Page, RawItem
from msd.backend_api.rows import batches, read_members
from msd.backends.jellyfin.client.pages import pages, rows
from msd.backends.jellyfin.client.query import (
    IDS_AT_ONCE,
    collection_query,
    playlist_query,
    rows_query,
)
from msd.backends.jellyfin.client.session import Session
from msd.models import ItemType, RemoteId


async def rows_by_id(session: Session, remote_ids: Sequence[RemoteId]) -> tuple[RawItem, ...]:
    """Return what the user may see of these items, as listings show it.

    The id of another version of a film brings the row of the film, which is in progress when the
    version is. A server of version 10.11 also answers items of libraries that it does not show to
    the user: an answer is no proof of a right.

    Raises:
        As `pages.rows` does.
    """
    wanted = dict.fromkeys(remote_ids)
    found = await _read(session, tuple(wanted))
    missing = wanted.keys() - {row.remote_id for row in found}
    if missing and session.routes.lists_begun_versions:
        found += await _read(session, await _films(session, missing))
    return tuple(map(session.versions.applied, found))


async def _films(session: Session, remote_ids: set[RemoteId]) -> tuple[RemoteId, ...]:
    """Return the films of what may be other versions of them."""
    await session.versions.refresh()
    films = {session.versions.film_of(remote_id) for remote_id in remote_ids}
    return tuple(sorted(film for film in films if film is not None))


async def _read(session: Session, remote_ids: Sequence[RemoteId]) -> list[RawItem]:
    found: list[RawItem] = []
    for batch in batches(remote_ids, IDS_AT_ONCE):
        asked = frozenset(batch)
        answer = await rows(session.client, rows_query(batch, session.routes.user_id), len(batch))
        found.extend(row for row in answer if row.remote_id in asked)
    return found


async def members(
    session: Session, remote_id: RemoteId, item_type: ItemType, page_size: int
) -> tuple[RemoteId, ...]:
    """Return the members in order, an item as often as the list holds it.

    A collection comes in the order that its owner chose (`DisplayOrder`), a playlist in its own.

    Raises:
        ForbiddenError: the user may not see the list.
        UnreachableError: the list kept changing while it was read, or could not all be read.
        AuthRequiredError, BadResponseError: as `pages` says.
    """
    user_id = session.routes.user_id
    if item_type is ItemType.PLAYLIST:
        query = playlist_query(session.routes.playlist(remote_id), user_id)
    else:
        query = collection_query(remote_id, user_id)

    def read() -> AsyncGenerator[Page, None]:
        return pages(session.client, query, page_size)

    return await read_members(read)
