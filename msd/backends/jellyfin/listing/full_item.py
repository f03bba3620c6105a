"""One item with its details.

Lists are the authority for what lists carry: the item is its listed row, and the full answer adds
details only. A full answer may be stale on a server of version 12, carries pictures that lists
leave out, and counts the members of an artist in another way.
"""

from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec
from anyio import to_thread

from msd.backend_api.http.client import DETAIL_BYTES, Answer
from msd.backend_api.http.json import decode
from msd.backend_api.lenient import decode_leniently
from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backends.jellyfin.client.client import Parameters
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.listing.completion import Completion
from msd.backends.jellyfin.listing.rows import rows_by_id
from msd.backends.jellyfin.parse.details import ExtraAnswers, item_details
from msd.backends.jellyfin.parse.item import media_item, parsed
from msd.backends.jellyfin.parse.wire import (
    ExtraPage,
    ExtraRow,
    Lyrics,
    SegmentPage,
    SegmentRow,
    ThemeMedia,
)
from msd.errors import BadResponseError, ForbiddenError, UnreachableError
from msd.models import ItemType, MediaItem, RemoteId, StatusReason

T = TypeVar("T", bound=msgspec.Struct)

_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED})
_WITH_THEMES = frozenset({ItemType.MOVIE, ItemType.SHOW, ItemType.SEASON, ItemType.VIDEO})
_SEGMENTED = frozenset({ItemType.MOVIE, ItemType.EPISODE, ItemType.VIDEO, ItemType.MUSIC_VIDEO})


async def full_item(
    session: Session, completion: Completion, remote_id: RemoteId
) -> MediaItem | None:
    """Return one item with its details, None when the server says that it is gone.

    Raises:
        UnreachableError: the server does not answer, or lists the item and does not show it.
        AuthRequiredError, ForbiddenError, BadResponseError: as `JellyfinClient.get` says.
    """
    path = session.routes.item(remote_id)
    answer = await session.client.answer(
        path, {"userId": session.routes.user_id}, is_page=True, max_bytes=DETAIL_BYTES
    )
    listed = [row for row in await rows_by_id(session, [remote_id]) if row.remote_id == remote_id]
    if answer.status == httpx.codes.NOT_FOUND:
        if listed:  # a proxy that leads astray answers 404 for everything
            raise UnreachableError(
                "the server lists the item but does not show it", reason=StatusReason.SERVER_ERROR
            )
        return None
    await session.client.raise_for_status(answer, path)
    answered = _answered(remote_id, answer)
    item = await _listed(completion, listed) or answered
    extras = await _extras(session, completion, item, answer)
    raw = bytes(decode(answer, msgspec.Raw))
    details = await to_thread.run_sync(item_details, raw, extras, session.versions.positions())
    return msgspec.structs.replace(item, details=details)


async def _listed(completion: Completion, rows: Sequence[RawItem]) -> MediaItem | None:
    for item in await completion.complete(rows, [parsed(row) for row in rows]):
        if isinstance(item, SkippedItem):
            raise BadResponseError(item.why)
        return item
    return None


def _answered(remote_id: RemoteId, answer: Answer) -> MediaItem:
    """Return the item of the full answer, for what no list has by its id."""
    item = media_item(remote_id, bytes(decode(answer, msgspec.Raw)))
    if isinstance(item, SkippedItem):
        raise BadResponseError(item.why)
    return item


async def _extras(
    session: Session, completion: Completion, item: MediaItem, answer: Answer
) -> ExtraAnswers:
    """Ask for what the full answer only counts; what can't be had is left out."""
    counts = _counts(answer)
    routes, remote_id = session.routes, item.remote_id
    themes = await _themes(session, item) if item.type in _WITH_THEMES else None
    lyrics = await _optional(session, routes.lyrics(remote_id), Lyrics) if item.has_lyrics else None
    return ExtraAnswers(
        segments=await _segments(session, item),
        parts=await completion.parts(remote_id) if item.part_count > 1 else (),
        trailers=await _rows(session, routes.trailers(remote_id))
        if counts.local_trailer_count
        else (),
        features=await _rows(session, routes.extras(remote_id))
        if counts.special_feature_count
        else (),
        themes=() if themes is None else _theme_rows(themes),
        lyrics=() if lyrics is None else lyrics.lyrics,
    )


class _Counts(msgspec.Struct, rename="pascal"):
    local_trailer_count: int | None = None
    special_feature_count: int | None = None


def _counts(answer: Answer) -> _Counts:
    try:
        return decode_leniently(answer, _Counts)
    except BadResponseError:
        return _Counts()


async def _rows(session: Session, path: str) -> Sequence[ExtraRow]:
    """Return the rows of an answer that is an array."""
    page = await _optional(session, path, ExtraPage, {"userId": session.routes.user_id})
    return () if page is None else page.items


async def _themes(session: Session, item: MediaItem) -> ThemeMedia | None:
    """Return the item's own themes: those of a show would be those of each of its seasons."""
    parameters = {"userId": session.routes.user_id, "inheritFromParent": "false"}
    return await _optional(session, session.routes.themes(item.remote_id), ThemeMedia, parameters)


def _theme_rows(themes: ThemeMedia) -> Sequence[ExtraRow]:
    pages = (themes.theme_songs_result, themes.theme_videos_result)
    return [row for page in pages if page is not None for row in page.items]


async def _segments(session: Session, item: MediaItem) -> Sequence[SegmentRow]:
    if item.type not in _SEGMENTED:
        return ()
    page = await _optional(session, session.routes.segments(item.remote_id), SegmentPage)
    return () if page is None else page.items


async def _optional(
    session: Session, path: str | None, shape: type[T], parameters: Parameters | None = None
) -> T | None:
    """Return what a request tells that an item can do without; None: the server has no such thing.

    An odd entry costs itself. An array is read as the `Items` of a page.

    Raises:
        UnreachableError: the server fails; what is known of the item must stay.
        AuthRequiredError: the server does not accept the token any more.
    """
    if path is None:
        return None
    answer = await session.client.answer(path, parameters, is_page=True)
    if answer.status in _ABSENT:
        return None
    try:
        await session.client.raise_for_status(answer, path)
        if answer.body.lstrip()[:1] == b"[":
            answer = msgspec.structs.replace(answer, body=b'{"Items":' + answer.body + b"}")
        return decode_leniently(answer, shape)
    except (BadResponseError, ForbiddenError):
        return None
