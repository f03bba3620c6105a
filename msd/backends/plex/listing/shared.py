"""Enumerate items that other people share one by one (docs/protocols/plex.md, Libraries).

The server lists only the shared items themselves. What is below a shared show or artist is asked
for one by one; nobody shares more than a few.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msd.backend_api.protocol import Page, RawItem
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import Query, shared_query
from msd.models import ItemType, RemoteId

_MOST_PARENTS = 1_000
_ABOVE: Mapping[ItemType, Sequence[tuple[ItemType, str]]] = MappingProxyType(
    {
        ItemType.SEASON: ((ItemType.SHOW, "children"),),
        ItemType.EPISODE: ((ItemType.SHOW, "allLeaves"), (ItemType.SEASON, "children")),
        ItemType.ALBUM: ((ItemType.ARTIST, "children"),),
        ItemType.TRACK: ((ItemType.ARTIST, "allLeaves"), (ItemType.ALBUM, "children")),
    }
)


async def shared_page(link: ServerLink, item_type: ItemType, page_size: int) -> Page:
    """Return all that is shared of one type as a single page.

    Raises:
        BackendError: as `ListReader.pages`.
    """
    merged = _MergedRows()
    await merged.take(link, shared_query(item_type), item_type, page_size)
    for above, below in _ABOVE.get(item_type, ()):
        parents = _MergedRows()
        await parents.take(link, shared_query(above), above, page_size)
        merged.has_gaps = merged.has_gaps or parents.has_gaps or len(parents.rows) > _MOST_PARENTS
        for remote_id in list(parents.rows)[:_MOST_PARENTS]:
            query = shared_query(item_type, f"/library/metadata/{remote_id}/{below}")
            await merged.take(link, query, item_type, page_size)
    return merged.page()


class _MergedRows:
    """Rows of several lists, each row once."""

    def __init__(self) -> None:
        self.rows: dict[RemoteId, RawItem] = {}
        self.has_gaps = False
        self._skipped: list[str] = []

    async def take(
        self, link: ServerLink, query: Query, item_type: ItemType, page_size: int
    ) -> None:
        async for page in ListReader(link, query, item_type).pages(page_size):
            self.rows |= {row.remote_id: row for row in page.items}
            self.has_gaps = self.has_gaps or page.gaps
            self._skipped += page.skipped

    def page(self) -> Page:
        count = len(self.rows) + len(self._skipped)
        return Page(
            start=0,
            limit=max(count, 1),
            total=count,
            items=tuple(self.rows.values()),
            gaps=self.has_gaps,
            skipped=tuple(self._skipped),
        )
