"""Items with their details, one or many by one request (docs/protocols/plex.md, Full answers)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from anyio import to_thread
from msgspec.structs import replace

from msd.backend_api.http.client import DETAIL_BYTES, Answer
from msd.backend_api.protocol import SkippedItem
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.library import item_type_of
from msd.backends.plex.listing.locate import TypedLibrary
from msd.backends.plex.listing.query import details_query
from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.item import media_item
from msd.backends.plex.parse.lyrics import lyrics_path, read_lyrics
from msd.backends.plex.parse.rows import raw_item, read_full, read_full_rows
from msd.backends.plex.parse.wire import DetailRow, Row, key
from msd.errors import BadResponseError, ForbiddenError
from msd.models import DetailPage, LibraryType, MediaItem, RemoteId


async def full_item(
    link: ServerLink, sections: Mapping[RemoteId, TypedLibrary], remote_id: RemoteId
) -> MediaItem | None:
    """Return one item with its details; None when it is gone, or nothing that msd lists.

    Raises:
        BadResponseError: the row can't be read.
        BackendError: as `ServerLink.client`, `PlexClient.get`.
    """
    answer = await _answer(link, [remote_id])
    full = None if answer is None else await to_thread.run_sync(read_full, answer)
    if full is None:
        await _check_server(link)
        return None
    item = await to_thread.run_sync(_item, remote_id, *full, sections)
    if isinstance(item, SkippedItem):
        raise BadResponseError(item.why)
    path = lyrics_path(full[1])
    return item if item is None or not path else await _with_lyrics(link, item, path)


async def detail_page(
    link: ServerLink, sections: Mapping[RemoteId, TypedLibrary], remote_ids: Sequence[RemoteId]
) -> DetailPage:
    """Return items with their details; those that are gone or can't be read are absent.

    Whether each server minds the flags for markers and extras when it is asked for several items
    is not documented, so the page does not claim to be whole.

    Raises:
        BackendError: as `ServerLink.client`, `PlexClient.get`.
    """
    asked = frozenset(remote_ids)
    answer = await _answer(link, tuple(dict.fromkeys(remote_ids)))
    items = None if answer is None else await to_thread.run_sync(_items, answer, asked, sections)
    if items is None:
        await _check_server(link)
    return DetailPage(items=items or (), is_whole=False)


def _items(
    answer: Answer, asked: AbstractSet[RemoteId], sections: Mapping[RemoteId, TypedLibrary]
) -> tuple[MediaItem, ...] | None:
    """Return those of a page's items that can be read; None when it has no row at all."""
    rows = read_full_rows(answer)
    readable = [full for full in rows if not isinstance(full, str)]
    keyed = [(RemoteId(key(full[0].rating_key) or ""), full) for full in readable]
    items = [_item(remote_id, *full, sections) for remote_id, full in keyed if remote_id in asked]
    return tuple(item for item in items if isinstance(item, MediaItem)) if rows else None


async def _with_lyrics(link: ServerLink, item: MediaItem, path: str) -> MediaItem:
    """Return a track with its words; those that can't be had or understood are none."""
    try:
        answer = await (await link.client()).get_or_none(path, max_bytes=DETAIL_BYTES)
        lyrics = () if answer is None else read_lyrics(answer)
    except (BadResponseError, ForbiddenError):
        lyrics = ()
    assert item.details is not None  # noqa: S101 - `_item` has given them
    return replace(item, details=replace(item.details, lyrics=lyrics))


async def _answer(link: ServerLink, remote_ids: Sequence[RemoteId]) -> Answer | None:
    query = details_query(remote_ids)
    client = await link.client()
    return await client.get_or_none(query.path, query.parameters, max_bytes=DETAIL_BYTES)


async def _check_server(link: ServerLink) -> None:
    """A misconfigured proxy answers 404 to everything: check that this is the server."""
    await link.connect()


def _item(
    remote_id: RemoteId, row: Row, details: DetailRow, sections: Mapping[RemoteId, TypedLibrary]
) -> MediaItem | SkippedItem | None:
    section = sections.get(RemoteId(key(row.section) or ""))
    item_type = item_type_of(row, LibraryType.MIXED if section is None else section.type)
    if item_type is None:
        return None
    raw_item(row, item_type)  # leaves what lists carry
    item = media_item(remote_id, row, item_type)
    if isinstance(item, SkippedItem):
        return item
    return replace(item, details=item_details(details), has_lyrics=bool(lyrics_path(details)))
