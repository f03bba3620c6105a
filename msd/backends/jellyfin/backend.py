"""The live client of one Jellyfin source."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import anyio
import httpx
import msgspec
from msgspec.structs import replace

from msd.backend_api.artwork import Picture
from msd.backend_api.changes import (
    Aspect,
    CachedRows,
    ChangeCursor,
    Changes,
    LocatedRow,
    PushedChange,
)
from msd.backend_api.http.client import open_client
from msd.backend_api.http.json import decode
from msd.backend_api.protocol import BackendContext, Listing, Page, RawItem, SkippedItem
from msd.backend_api.snapshots import Snapshots
from msd.backends.jellyfin.changes.locate import located, rows_by_id
from msd.backends.jellyfin.changes.metadata import MetadataChanges
from msd.backends.jellyfin.changes.push import live_changes
from msd.backends.jellyfin.changes.watch import WatchChanges
from msd.backends.jellyfin.client.members import members
from msd.backends.jellyfin.client.pages import first_rows, pages
from msd.backends.jellyfin.client.pictures import read_picture
from msd.backends.jellyfin.client.query import (
    PAGE_SIZE,
    SERVER_WIDE,
    listing_query,
    lookup_query,
    newest_query,
)
from msd.backends.jellyfin.client.session import ALLOW_INSECURE, BY_API_KEY, Session, begin_session
from msd.backends.jellyfin.parse.details import item_details
from msd.backends.jellyfin.parse.item import media_item, parsed
from msd.backends.jellyfin.parse.library import content, libraries
from msd.backends.jellyfin.parse.wire import RawPage, SegmentPage, SegmentRow, ViewPage
from msd.errors import BackendError, BadResponseError, UnreachableError
from msd.models import (
    Capability,
    ItemType,
    MediaItem,
    RemoteId,
    RemoteLibrary,
    ServerFacts,
    StatusReason,
)

_MOST_LIBRARIES = 1_000
_CAPABILITIES = frozenset(
    {
        Capability.DETAILS,
        Capability.COLLECTIONS,
        Capability.PLAYLISTS,
        Capability.WATCH_STATE,
        Capability.PASSWORD_LOGIN,
    }
)
_SEGMENTED = frozenset({ItemType.MOVIE, ItemType.EPISODE, ItemType.VIDEO, ItemType.MUSIC_VIDEO})

log = logging.getLogger(__name__)


class JellyfinBackend:
    """A `MediaBackend` over a Jellyfin server's HTTP interface.

    Every call first makes sure, once, that the server is the right one and accepts the user.

    Args:
        context: what msd stored about the source.
        page_size: how many rows one request asks for.
    """

    def __init__(self, context: BackendContext, *, page_size: int = PAGE_SIZE) -> None:
        self._context = context
        self._page_size = page_size
        self._http = open_client(
            allow_public_http=context.source.config.get(ALLOW_INSECURE) == "true"
        )
        self._lock = anyio.Lock()
        self._begun: Session | None = None
        self._all_listings: tuple[Listing, ...] = ()
        self._list_types: dict[RemoteId, ItemType] = {}  # of the collections and playlists listed

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this source can do."""
        return _CAPABILITIES

    async def connect(self) -> ServerFacts:
        """Check that the server is there, is the one that was added, and accepts the user."""
        async with self._lock:
            self._begun = None
            self._begun = await begin_session(self._http, self._context)
            return self._begun.facts

    async def check_identity(self) -> None:
        """Ask the server who it is; see `MediaBackend.check_identity`."""
        await begin_session(self._http, self._context)

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return every library of the user in the user's order, hidden ones included."""
        session = await self._session()
        views = await session.client.get(
            session.routes.views,
            ViewPage,
            {
                "userId": session.routes.user_id,
                "includeHidden": "true",
                "includeExternalContent": "false",
            },
        )
        if len(views.items) > _MOST_LIBRARIES:
            raise BadResponseError("the server announced an impossible number of libraries")
        found, left_out = libraries(views.items, session.hidden_views)
        for sentence in left_out:
            log.warning("%s: %s", self._context.source.id, sentence)
        self._all_listings = tuple(
            listing for library in found for listing in self.listings(library)
        )
        return found

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return what to enumerate for a library, as the user's choice or the server types it."""
        library_type = self._context.content_types.get(library.remote_id, library.type)
        return tuple(Listing(library=library, type=item) for item in content(library_type))

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the rows added last, newest first, at most one page of them."""
        session = await self._session()
        query = newest_query(listing, session.routes.user_id)
        return await first_rows(session.client, query, min(limit, self._page_size))

    async def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate a listing to its announced end; see `pages.pages`."""
        async with aclosing(self.pages_from(listing, 0)) as windows:
            async for page in windows:
                yield page

    async def pages_from(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from a row on; see `CanResume`."""
        session = await self._session()
        query = listing_query(listing, session.routes.user_id)
        async for page in pages(session.client, query, self._page_size, start):
            self._remember_types(listing, page)
            yield page

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        """Return where a library stands now; see `HasChanges`."""
        return await (await self._changes_of(library, aspect)).cursor()

    async def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, _cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        """Yield what may have changed since a cursor; see `HasChanges`."""
        if self.listings(library):
            async for changes in (await self._changes_of(library, aspect)).changes(since):
                yield changes

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[PushedChange]]:
        """Subscribe to the server's push channel; see `HasPush`."""
        # Anew each time: another server may answer at the address by now (I4, K4).
        await self.connect()
        async with live_changes(await self._session()) as changes:
            yield changes

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        """Return the rows with these ids; see `HasPush`."""
        session = await self._session()
        rows = await rows_by_id(session, remote_ids)
        if rows and not self._all_listings:
            await self.libraries()
        return await located(session, rows, self._all_listings)

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Understand rows of one page; same length and order as `items`."""
        return [parsed(item) for item in items]

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the members of a collection or playlist, in order, complete or an error."""
        session = await self._session()
        item_type = self._list_types.get(remote_id)
        if item_type is None:
            found = await self._look_up(session, remote_id)
            if found is None:
                return ()
            item_type = found.type
        return await members(session, remote_id, item_type, self._page_size)

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item with its details, None when the server says that it is gone."""
        session = await self._session()
        path = session.routes.item(remote_id)
        answer = await session.client.answer(path, {"userId": session.routes.user_id}, is_page=True)
        if answer.status == httpx.codes.NOT_FOUND:
            return await self._confirmed_gone(session, remote_id)
        await session.client.raise_for_status(answer, path)
        raw = bytes(decode(answer, msgspec.Raw))
        item = media_item(remote_id, raw)
        if isinstance(item, SkippedItem):
            raise BadResponseError(item.why)
        if session.routes.details_may_be_stale:
            listed = await self._look_up(session, remote_id)
            item = replace(item, watch=listed.watch if listed else None)
        return replace(item, details=item_details(raw, await self._segments(session, item)))

    async def picture(self, ref: str, *, width: int) -> Picture | None:
        """Return a picture of an item; see `HasArtwork`."""
        session = await self._session()
        return await read_picture(session.client, ref, width)

    async def sign_out(self) -> None:
        """Give the token back; a server that can't be asked leaves it to expire."""
        if self._context.source.config.get(BY_API_KEY) == "true":
            return  # it is the administrator's to end
        try:
            session = await self._session()
            await session.client.post("/Sessions/Logout")
        except BackendError as error:
            log.info("%s: signing out failed: %s", self._context.source.id, error)

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _session(self) -> Session:
        async with self._lock:
            if self._begun is None:
                self._begun = await begin_session(self._http, self._context)
            return self._begun

    async def _changes_of(
        self, library: RemoteLibrary, aspect: Aspect
    ) -> MetadataChanges | WatchChanges:
        session = await self._session()
        listings = self.listings(library)
        look = await session.looks.look(f"{aspect} {library.remote_id}")
        if aspect is Aspect.METADATA:
            return MetadataChanges(session, look, listings, self._page_size)
        snapshots = Snapshots(self._context.cache_dir, f"watch-{library.remote_id}")
        return WatchChanges(session, look, listings, self._page_size, snapshots)

    def _remember_types(self, listing: Listing, page: Page) -> None:
        if listing.type in SERVER_WIDE:
            self._list_types |= {row.remote_id: listing.type for row in page.items}

    async def _look_up(self, session: Session, remote_id: RemoteId) -> MediaItem | None:
        """Return an item as lists show it; None when the server lists it for the user no more."""
        query = lookup_query(remote_id, session.routes.user_id)
        rows = await session.client.get(query.path, RawPage, query.parameters)
        for row in rows.items[:1]:
            item = media_item(remote_id, row)
            if isinstance(item, SkippedItem):
                raise BadResponseError(item.why)
            return item
        return None

    async def _confirmed_gone(self, session: Session, remote_id: RemoteId) -> MediaItem | None:
        """Ask a second way: a proxy that leads astray answers 404 for everything."""
        listed = await self._look_up(session, remote_id)
        if listed is not None:
            raise UnreachableError(
                "the server lists the item but does not show it", reason=StatusReason.SERVER_ERROR
            )
        return None

    async def _segments(self, session: Session, item: MediaItem) -> Sequence[SegmentRow]:
        path = session.routes.segments(item.remote_id)
        if path is None or item.type not in _SEGMENTED:
            return ()
        answer = await session.client.answer(path)
        if answer.status == httpx.codes.NOT_FOUND:
            return ()
        await session.client.raise_for_status(answer, path)
        return decode(answer, SegmentPage).items
