"""Read the members of a collection or playlist completely."""

from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import members_query
from msd.errors import UnreachableError
from msd.models import ItemType, RemoteId, StatusReason

_MOST_PASSES = 2


async def members(
    link: ServerLink, remote_id: RemoteId, item_type: ItemType, page_size: int
) -> tuple[RemoteId, ...]:
    """Return the members in order, an item as often as the list holds it.

    Raises:
        ForbiddenError: the user may not see the list, or it is gone.
        UnreachableError: the list kept changing while it was read, or could not all be read.
        BackendError: as `ListReader.pages`.
    """
    for _ in range(_MOST_PASSES):
        found: list[RemoteId] = []
        totals: set[int] = set()
        has_gaps = False
        query = members_query(remote_id, item_type)
        async for page in ListReader(link, query, item_type).pages(page_size):
            found.extend(row.remote_id for row in page.items)
            totals |= {page.total} if page.total is not None else set()
            has_gaps = has_gaps or page.gaps or bool(page.skipped)
        if len(totals) == 1 and not has_gaps:
            return tuple(found)
    raise UnreachableError(
        "the list could not be read completely", reason=StatusReason.SERVER_ERROR
    )
