"""The live client of one Plex Media Server, seen through one account."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from msd.backend_api.artwork import Picture
from msd.backend_api.changes import (
    Aspect,
    CachedRows,
    ChangeCursor,
    Changes,
    LocatedRow,
    PushedChange,
)
from msd.backend_api.protocol import BackendContext, Listing, Page, RawItem, SkippedItem
from msd.backend_api.rows import read_members
from msd.backends.plex.changes.full_read import FullRead
from msd.backends.plex.changes.metadata import MetadataChanges
from msd.backends.plex.changes.push import SILENCE_S, live_changes
from msd.backends.plex.changes.watching import WatchChanges
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.connect.pictures import read_picture
from msd.backends.plex.listing.full_items import detail_page, full_item
from msd.backends.plex.listing.library import content
from msd.backends.plex.listing.locate import (
    LibraryReader,
    TypedLibrary,
    locate_rows,
    rows_by_id,
    unreadable_rows,
)
from msd.backends.plex.listing.omissions import omissions_of
from msd.backends.plex.listing.pages import ListReader
from msd.backends.plex.listing.query import (
    PAGE_SIZE,
    PLAYLISTS,
    SHARED,
    listing_query,
    members_query,
)
from msd.backends.plex.listing.recent import RecentLists
from msd.backends.plex.listing.sections import libraries_of, read_sections, rights_of
from msd.backends.plex.listing.shared import shared_page
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.wire import Section, key
from msd.errors import ForbiddenError
from msd.models import (
    Capability,
    ConnectAttempt,
    Connection,
    DetailPage,
    ItemType,
    LibraryType,
    MediaItem,
    Omission,
    RemoteId,
    RemoteLibrary,
    Rights,
    ServerFacts,
)

_CAPABILITIES = frozenset(
    {
        Capability.DETAILS,
        Capability.COLLECTIONS,
        Capability.PLAYLISTS,
        Capability.WATCH_STATE,
    }
)


class PlexBackend:
    """A `MediaBackend` over a Plex Media Server's HTTP interface.

    Args:
        context: what msd stored about the source.
        page_size: how many rows one request asks for.
        silence_s: after this long without an event or a ping the stream of events is dead.
    """

    def __init__(
        self,
        context: BackendContext,
        *,
        page_size: int = PAGE_SIZE,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._context = context
        self._silence_s = silence_s
        self._page_size = page_size
        self._link = ServerLink(context)
        self._libraries: dict[RemoteId, RemoteLibrary] = {}
        self._sections: dict[RemoteId, Section] = {}  # as `libraries` read them, each used once
        self._all_sections: tuple[Section, ...] = ()
        self._recent = RecentLists()
        self._list_types: dict[RemoteId, ItemType] = {}  # of the collections and playlists listed

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this source can do."""
        return _CAPABILITIES

    async def connect(self) -> ServerFacts:
        """Check that the server is there, is the one that was added, and accepts the user."""
        return await self._link.connect()

    async def check_identity(self) -> None:
        """Ask the server who it is; see `MediaBackend.check_identity`."""
        await self._link.check_identity()

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return every section shared with the user, hidden ones included, and two of msd's own.

        Those are the user's playlists and, if there are any, the individually shared items.
        """
        sections = await read_sections(self._link)
        self._all_sections = tuple(sections)
        self._sections = {RemoteId(key(section.key) or ""): section for section in sections}
        self._libraries = await libraries_of(self._link, sections)
        return tuple(self._libraries.values())

    async def rights(self) -> Rights | None:
        """Return which libraries are shared with the user; see `HasRights`."""
        source = self._context.source
        return rights_of(await read_sections(self._link), is_owner=source.owned)

    @property
    def names_rows(self) -> bool:
        """See `HasOmissions`."""
        return False

    async def omissions(self) -> tuple[Omission, ...]:
        """Return what the server has and msd does not show; see `HasOmissions`."""
        libraries = self._libraries.values() or await self.libraries()
        return await omissions_of(self._link, tuple(libraries), self._all_sections)

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return what to enumerate for a library, as the user's choice or the server types it."""
        library_type = self._library_type(library)
        return tuple(Listing(library=library, type=item) for item in content(library_type))

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the rows added last, newest first, at most one page of them."""
        query = listing_query(listing).narrowed(sort="addedAt:desc")
        reader = ListReader(self._link, query, listing.type)
        page = await reader.first_page(min(limit, self._page_size))
        if listing.library.remote_id not in {PLAYLISTS, SHARED}:
            self._recent.put(listing, page, reader.now)
        return page.items

    def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate a listing to its announced end; see `ListReader.pages`."""
        return self.pages_from(listing, 0)

    async def pages_from(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from a row on."""
        if listing.library.remote_id == SHARED:
            yield await shared_page(self._link, listing.type, self._page_size)
            return
        async for page in self._windows(listing, start):
            if listing.type in {ItemType.COLLECTION, ItemType.PLAYLIST}:
                self._list_types |= {row.remote_id: listing.type for row in page.items}
            yield page

    def _windows(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """The windows of a listing; a short one that was just read is not listed again."""
        recent = None if start else self._recent.take(listing)
        if recent is not None:
            return _single(recent)
        reader = ListReader(self._link, listing_query(listing), listing.type)
        return reader.pages(self._page_size, start)

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Parse raw rows; one result per row, in order."""
        return [parsed(item) for item in items]

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the members of a collection or playlist, in order, complete or an error."""
        item_type = self._list_types.get(remote_id)
        if item_type is None:
            item = await self.item(remote_id)
            item_type = ItemType.PLAYLIST if item is None else item.type
        query = members_query(remote_id, item_type)
        return await read_members(
            lambda: ListReader(self._link, query, item_type).pages(self._page_size)
        )

    async def picture(self, ref: str, *, width: int) -> Picture | None:
        """Return a picture of an item; see `HasArtwork`."""
        return await read_picture(await self._link.client(), ref, width)

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item with its details, None when the server says that it is gone."""
        return await full_item(self._link, await self._typed_libraries(), remote_id)

    async def detail_page(
        self,
        remote_ids: Sequence[RemoteId],
        *,
        more_follow: bool = False,  # noqa: ARG002 - nothing is kept
    ) -> DetailPage | None:
        """Return items with their details; see `HasDetailPages`."""
        return await detail_page(self._link, await self._typed_libraries(), remote_ids)

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        """Return where a library stands now."""
        return await (await self._changes_of(library, aspect)).cursor()

    async def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        """Yield what may have changed in a library since a cursor."""
        async for changes in (await self._changes_of(library, aspect)).changes(since, cached):
            yield changes

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[PushedChange]]:
        """Subscribe to what happens on the server; see `HasPush.subscribe`."""
        async with live_changes(self._link, self._silence_s) as changes:
            yield changes

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        """Return the rows with these ids as they are listed."""
        sections = await self._typed_libraries()
        answer = await rows_by_id(self._link, remote_ids)
        rows = locate_rows(answer.rows, sections) + unreadable_rows(answer.unreadable)
        missing = set(remote_ids) - {row.item.remote_id for row in rows}
        if missing and PLAYLISTS in sections:
            # Playlists are found by no id but among themselves.
            listing = Listing(library=sections[PLAYLISTS].library, type=ItemType.PLAYLIST)
            async for page in self.pages(listing):
                wanted = [item for item in page.items if item.remote_id in missing]
                rows += tuple(LocatedRow(item=item, listing=listing) for item in wanted)
        return rows

    async def sign_out(self) -> None:
        """Do nothing: a server's token belongs to the account, which signs out as a whole."""

    async def aclose(self) -> None:
        """Release connections."""
        await self._link.aclose()

    @property
    def attempts(self) -> tuple[ConnectAttempt, ...]:
        """What the last `connect` tried, address by address."""
        return self._link.attempts

    def connections(self) -> tuple[Connection, ...]:
        """Return every address that is known of the server, best first."""
        return self._link.connections()

    async def test_connections(self) -> tuple[Connection, ...]:
        """Try every address once, without a token, and return the outcome."""
        return await self._link.test_connections()

    def _library_type(self, library: RemoteLibrary) -> LibraryType:
        return self._context.content_types.get(library.remote_id, library.type)

    async def _typed_libraries(self) -> Mapping[RemoteId, TypedLibrary]:
        """Every library that is known, by its id, with what it holds."""
        libraries = self._libraries.values() or await self.libraries()
        return {
            library.remote_id: TypedLibrary(library, self._library_type(library))
            for library in libraries
        }

    async def _changes_of(
        self, library: RemoteLibrary, aspect: Aspect
    ) -> MetadataChanges | WatchChanges | FullRead:
        looked_at = LibraryReader(
            self._link,
            self.listings(library),
            await self._typed_libraries(),
            self._page_size,
            self._recent,
        )
        if library.remote_id in {PLAYLISTS, SHARED}:
            return FullRead(looked_at, aspect)
        if aspect is Aspect.WATCH:
            return WatchChanges(looked_at)
        if (known := self._sections.pop(library.remote_id, None)) is not None:
            return MetadataChanges(looked_at, known)
        for section in await read_sections(self._link):
            if key(section.key) == library.remote_id:
                return MetadataChanges(looked_at, section)
        raise ForbiddenError("the server does not know this library any more")


async def _single(page: Page) -> AsyncGenerator[Page, None]:
    yield page
