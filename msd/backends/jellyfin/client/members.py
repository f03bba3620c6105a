"""Read the members of a collection or playlist completely, in their own order."""

from collections.abc import AsyncGenerator

from msd.backend_api.protocol import Page
from msd.backend_api.rows import read_members
from msd.backends.jellyfin.client.pages import pages
from msd.backends.jellyfin.client.query import collection_query, playlist_query
from msd.backends.jellyfin.client.session import Session
from msd.models import ItemType, RemoteId


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
