"""Libraries outside the server's sections. They are short and are read completely each time."""

from collections.abc import AsyncGenerator

from msd.backend_api.changes import Aspect, CachedRows, ChangeCursor, Changes
from msd.backend_api.protocol import Listing
from msd.backends.plex.changes.cursors import SectionCursor, decoded, encoded
from msd.backends.plex.listing.locate import LibraryReader
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import PLAYLISTS, listing_query
from msd.backends.plex.listing.shared import shared_page


class FullRead:
    """The user's playlists, or what is shared with the user item by item."""

    def __init__(self, library: LibraryReader, aspect: Aspect) -> None:
        self._library = library
        self._aspect = aspect

    async def cursor(self) -> ChangeCursor:
        """Return an empty cursor: every pass reads all rows."""
        return encoded(SectionCursor())

    async def changes(self, since: ChangeCursor, _: CachedRows) -> AsyncGenerator[Changes, None]:
        """Yield every row; a playlist has no watch state of its own.

        Raises:
            BackendError: as `ListReader.pages`.
        """
        decoded(since)
        for listing in self._library.listings:
            if listing.library.remote_id == PLAYLISTS and self._aspect is Aspect.WATCH:
                continue
            async for changes in self._listing(listing):
                yield changes
        if self._library.listings:
            yield Changes(listing=self._library.listings[-1], cursor=since)

    async def _listing(self, listing: Listing) -> AsyncGenerator[Changes, None]:
        if listing.library.remote_id != PLAYLISTS:
            page = await shared_page(self._library.link, listing.type, self._library.page_size)
            yield Changes(listing=listing, items=page.items, count=page.total, is_unsure=page.gaps)
            return
        reader = ListReader(self._library.link, listing_query(listing), listing.type)
        async for page in reader.pages(self._library.page_size):
            yield Changes(listing=listing, items=page.items, count=page.total, is_unsure=page.gaps)
