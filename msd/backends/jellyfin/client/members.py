"""Read the members of a collection or playlist completely."""

from msd.backends.jellyfin.client.pages import pages
from msd.backends.jellyfin.client.query import collection_query, playlist_query
from msd.backends.jellyfin.client.session import Session
from msd.errors import UnreachableError
from msd.models import ItemType, RemoteId, StatusReason

_MOST_PASSES = 2


async def members(
    session: Session, remote_id: RemoteId, item_type: ItemType, page_size: int
) -> tuple[RemoteId, ...]:
    """Return the members in order, an item as often as the list holds it.

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
    for _ in range(_MOST_PASSES):
        found: list[RemoteId] = []
        totals: set[int] = set()
        has_gaps = False
        async for page in pages(session.client, query, page_size):
            found.extend(row.remote_id for row in page.items)
            totals |= {page.total} if page.total is not None else set()
            has_gaps = has_gaps or page.gaps or bool(page.skipped)
        if len(totals) == 1 and not has_gaps:
            return tuple(found)
    raise UnreachableError(
        "the list could not be read completely", reason=StatusReason.SERVER_ERROR
    )
