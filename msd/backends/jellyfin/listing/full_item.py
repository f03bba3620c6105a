"""One item with its details.

Lists are the authority for what lists carry: the item is its listed row, and the full answer adds
details only. A full answer may be stale on a server of version 12, carries pictures that lists
leave out, and counts the members of an artist in another way.
"""

from collections.abc import Sequence

import httpx
import msgspec

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backends.jellyfin.client.faults import OPTIONAL
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.listing.completion import Completion
from msd.backends.jellyfin.listing.rows import rows_by_id
from msd.backends.jellyfin.parse.details import ExtraAnswers, item_details
from msd.backends.jellyfin.parse.item import media_item, parsed
from msd.backends.jellyfin.parse.wire import ExtraRow, SegmentPage, SegmentRow
from msd.errors import BadResponseError, UnreachableError
from msd.models import ItemType, MediaItem, RemoteId, StatusReason

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
    answer = await session.client.answer(path, {"userId": session.routes.user_id}, is_page=True)
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
    details = item_details(bytes(decode(answer, msgspec.Raw)), extras, session.versions.positions())
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
    routes = session.routes
    return ExtraAnswers(
        segments=await _segments(session, item),
        parts=await completion.parts(item.remote_id) if item.part_count > 1 else (),
        trailers=await _rows(session, routes.trailers(item.remote_id))
        if counts.local_trailer_count
        else (),
        features=await _rows(session, routes.extras(item.remote_id))
        if counts.special_feature_count
        else (),
    )


class _Counts(msgspec.Struct, rename="pascal"):
    local_trailer_count: int | None = None
    special_feature_count: int | None = None


def _counts(answer: Answer) -> _Counts:
    try:
        return msgspec.json.decode(answer.body, type=_Counts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Counts()


async def _rows(session: Session, path: str) -> Sequence[ExtraRow]:
    try:
        return await session.client.get(
            path, list[ExtraRow], {"userId": session.routes.user_id}, is_page=True
        )
    except OPTIONAL:
        return ()


async def _segments(session: Session, item: MediaItem) -> Sequence[SegmentRow]:
    path = session.routes.segments(item.remote_id)
    if path is None or item.type not in _SEGMENTED:
        return ()
    answer = await session.client.answer(path)
    if answer.status == httpx.codes.NOT_FOUND:
        return ()
    await session.client.raise_for_status(answer, path)
    return decode(answer, SegmentPage).items
