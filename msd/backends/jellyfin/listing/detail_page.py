"""The details of many items by one list request (docs/protocols/jellyfin.md, Details in lists).

A list carries people, versions with their streams, chapters and trailers on the internet, each
equal to the single answer. Segments, parts, extras and trailers of the server's own take a request
for each item and come when somebody looks at it.
"""

from collections.abc import Sequence

import msgspec

from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backends.jellyfin.client.pages import rows
from msd.backends.jellyfin.client.query import details_query
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.details import carries_details, item_details
from msd.backends.jellyfin.parse.item import parsed
from msd.models import DetailPage, ItemType, MediaItem, RemoteId

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


async def detail_page(session: Session, remote_ids: Sequence[RemoteId]) -> DetailPage | None:
    """Return items with their details; None when the server leaves them out of its lists.

    Raises:
        As `pages.rows` does.
    """
    await session.versions.ensure_read()
    asked = tuple(dict.fromkeys(remote_ids))
    query = details_query(asked, session.routes.user_id)
    found = await rows(session.client, query, len(asked))
    items = [(row, parsed(row)) for row in found if row.remote_id in asked]
    known = [(row, item) for row, item in items if not isinstance(item, SkippedItem)]
    carried = [(row, item) for row, item in known if _carries_details(row)]
    if not carried and any(item.type in _WITH_VERSIONS for _, item in known):
        return None
    return DetailPage(
        items=tuple(_with_details(session, row, item) for row, item in carried), is_whole=False
    )


def _carries_details(row: RawItem) -> bool:
    return isinstance(row.payload, msgspec.Raw) and carries_details(row.payload)


def _with_details(session: Session, row: RawItem, item: MediaItem) -> MediaItem:
    assert isinstance(row.payload, msgspec.Raw)  # noqa: S101 - `_carries_details` has seen to it
    details = item_details(row.payload, positions=session.versions.positions())
    return msgspec.structs.replace(item, details=details)
