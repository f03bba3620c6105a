"""The details of many items by one list request (docs/protocols/jellyfin.md, Details in lists).

A list carries people, versions with their streams, chapters and trailers on the internet, each
equal to the single answer. Segments, parts, extras and trailers of the server's own take a request
for each item and come when somebody looks at it.
"""

from collections.abc import Mapping, Sequence

import msgspec
from anyio import to_thread

from msd.backend_api.http.client import DETAIL_BYTES
from msd.backend_api.protocol import RawItem
from msd.backends.jellyfin.client.pages import rows
from msd.backends.jellyfin.client.query import details_query
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.details import carries_details, item_details
from msd.backends.jellyfin.parse.item import parsed
from msd.models import DetailPage, ItemType, MediaItem, Milliseconds, RemoteId

# A list that knows the fields has versions on each of these.
_WITH_VERSIONS = frozenset(
    {
        ItemType.MOVIE,
        ItemType.EPISODE,
        ItemType.VIDEO,
        ItemType.MUSIC_VIDEO,
        ItemType.TRACK,
    }
)
_ENOUGH = 2  # rows without details prove that; one may be odd


async def detail_page(session: Session, remote_ids: Sequence[RemoteId]) -> DetailPage | None:
    """Return items with their details; None when the server leaves them out of its lists.

    Raises:
        As `pages.rows` does.
    """
    await session.versions.ensure_read()
    asked = tuple(dict.fromkeys(remote_ids))
    query = details_query(asked, session.routes.user_id)
    found = await rows(session.client, query, len(asked), DETAIL_BYTES)
    wanted = [row for row in found if row.remote_id in asked]
    return await to_thread.run_sync(_page, wanted, session.versions.positions())


def _page(found: Sequence[RawItem], positions: Mapping[str, Milliseconds]) -> DetailPage | None:
    known = [(row, item) for row in found if isinstance(item := parsed(row), MediaItem)]
    carried = [(row, item) for row, item in known if _carries_details(row)]
    versioned = sum(item.type in _WITH_VERSIONS for _, item in known)
    if not carried and versioned >= _ENOUGH:
        return None
    items = (_with_details(row, item, positions) for row, item in carried)
    return DetailPage(items=tuple(items), is_whole=False)


def _carries_details(row: RawItem) -> bool:
    return isinstance(row.payload, msgspec.Raw) and carries_details(row.payload)


def _with_details(
    row: RawItem, item: MediaItem, positions: Mapping[str, Milliseconds]
) -> MediaItem:
    assert isinstance(row.payload, msgspec.Raw)  # noqa: S101 - `_carries_details` has seen to it
    details = item_details(row.payload, positions=positions)
    return msgspec.structs.replace(item, details=details)
