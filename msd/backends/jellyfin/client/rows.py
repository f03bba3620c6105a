"""Rows by their ids, as listings show them."""

from collections.abc import Sequence

from msd.backend_api.protocol import RawItem
from msd.backend_api.rows import batches
from msd.backends.jellyfin.client.pages import rows
from msd.backends.jellyfin.client.query import IDS_AT_ONCE, rows_query
from msd.backends.jellyfin.client.session import Session
from msd.models import RemoteId


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
