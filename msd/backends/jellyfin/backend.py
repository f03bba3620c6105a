"""The live client of one Jellyfin source."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress

import anyio
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
from msd.backend_api.http.trust import trust_of
from msd.backend_api.protocol import BackendContext, Listing, Page, RawItem, SkippedItem
from msd.backends.jellyfin.changes.cursor import WatchCursor, encoded
from msd.backends.jellyfin.changes.library import FollowedLibrary
from msd.backends.jellyfin.changes.locate import Locator
from msd.backends.jellyfin.changes.metadata import metadata_changes, metadata_cursor
from msd.backends.jellyfin.changes.poll import ServerPolls
from msd.backends.jellyfin.changes.push import pushed_changes
from msd.backends.jellyfin.changes.watch import watch_changes
from msd.backends.jellyfin.client.faults import OPTIONAL
from msd.backends.jellyfin.client.pages import first_page, is_whole_list, pages
from msd.backends.jellyfin.client.pictures import read_picture
from msd.backends.jellyfin.client.query import (
    PAGE_SIZE,
    SERVER_WIDE,
    listing_query,
    newest_query,
)
from msd.backends.jellyfin.client.session import ALLOW_INSECURE, BY_API_KEY, Session, begin_session
from msd.backends.jellyfin.client.user import read_user, rights_of
from msd.backends.jellyfin.listing.completion import Completion, needs_completion
from msd.backends.jellyfin.listing.detail_page import detail_page
from msd.backends.jellyfin.listing.full_item import full_item
from msd.backends.jellyfin.listing.omissions import omissions
from msd.backends.jellyfin.listing.rows import members, rows_by_id
from msd.backends.jellyfin.parse.item import parsed
from msd.backends.jellyfin.parse.library import content, libraries
from msd.backends.jellyfin.parse.place import place_of
from msd.backends.jellyfin.parse.wire import ViewPage
from msd.errors import BackendError, BadResponseError
from msd.models import (
    Capability,
    DetailPage,
    ItemType,
    MediaItem,
    Omission,
    RemoteId,
    RemoteLibrary,
    Rights,
    ServerFacts,
)

_MOST_LIBRARIES = 1_000
_PREVIEW_LASTS_S = 60.0  # the overlap of the first cursor is longer
_RIGHTS_LAST_S = 20.0  # after the sign-in was checked
_CAPABILITIES = frozenset(
    {
        Capability.DETAILS,
        Capability.COLLECTIONS,
        Capability.PLAYLISTS,
        Capability.WATCH_STATE,
        Capability.PASSWORD_LOGIN,
    }
)
_WITH_VERSIONS = frozenset({ItemType.MOVIE, ItemType.EPISODE, ItemType.VIDEO, ItemType.MUSIC_VIDEO})

log = logging.getLogger(__name__)


async def _single(page: Page) -> AsyncGenerator[Page, None]:
    yield page


class PolledJellyfinBackend:
    """A `MediaBackend` over a Jellyfin server's HTTP interface, without its push channel.

    This is all that a source with an API key has: the server accepts its websocket and sends no
    messages on it. Every call first makes sure, once, that the server is the right one and
    accepts the user.

    Args:
        context: what msd stored about the source.
        page_size: how many rows one request asks for.
    """

    def __init__(self, context: BackendContext, *, page_size: int = PAGE_SIZE) -> None:
        self._context = context
        self._page_size = page_size
        config = context.source.config
        self._http = open_client(
            allow_public_http=config.get(ALLOW_INSECURE) == "true", trust=trust_of(config)
        )
        self._lock = anyio.Lock()
        self._begun: Session | None = None
        self._polls: ServerPolls | None = None
        self._locates: Locator | None = None
        self._completes: Completion | None = None
        self._previews: dict[tuple[RemoteId, ItemType], tuple[float, Page]] = {}
        self._libraries: tuple[RemoteLibrary, ...] = ()
        self._odd_views: tuple[str, ...] = ()
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
            self._polls = self._locates = self._completes = None
            return self._begun.facts

    async def check_identity(self) -> None:
        """Ask the server who it is; see `MediaBackend.check_identity`."""
        async with self._lock:
            session = self._begun
        if session is None:
            await self._session()
        else:
            await read_user(session.client, session.user_path)

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
        self._libraries, self._odd_views = found, left_out
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
        page = await first_page(session.client, query, min(limit, self._page_size))
        if is_whole_list(page):
            self._previews[listing.library.remote_id, listing.type] = anyio.current_time(), page
        return tuple(map(session.versions.applied, page.items[:limit]))

    async def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate a listing to its announced end; see `pages.pages`."""
        async with aclosing(self.pages_from(listing, 0)) as windows:
            async for page in windows:
                yield page

    async def pages_from(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from a row on; see `CanResume`."""
        session = await self._session()
        if listing.type in _WITH_VERSIONS:
            await session.versions.ensure_read()
        listed = self._listed(session, listing, start)
        async with aclosing(listed) as windows:
            async for page in windows:
                self._remember_types(listing, page)
                rows = tuple(map(session.versions.applied, page.items))
                yield replace(page, items=rows)

    def _listed(self, session: Session, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        """Return the pages of a listing; a preview that was all of it is not asked for again."""
        seen = self._previews.pop((listing.library.remote_id, listing.type), None)
        if seen is not None and start == 0 and anyio.current_time() - seen[0] < _PREVIEW_LASTS_S:
            return _single(replace(seen[1], limit=self._page_size))
        query = listing_query(listing, session.routes.user_id)
        return pages(session.client, query, self._page_size, start)

    async def rights(self) -> Rights | None:
        """Return what the user may see now; see `HasRights`."""
        session = await self._session()
        if anyio.current_time() - session.begun_at < _RIGHTS_LAST_S:
            return session.rights  # they came with the user a moment ago
        return rights_of(await read_user(session.client, session.user_path))

    @property
    def names_rows(self) -> bool:
        """See `HasOmissions`."""
        return False

    async def omissions(self) -> tuple[Omission, ...]:
        """Return what the server has and msd does not show; see `HasOmissions`."""
        session = await self._session()
        if not self._libraries:
            await self.libraries()
        return await omissions(session, self._libraries, self._odd_views)

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        """Return where a library stands now; see `HasChanges`."""
        followed = await self._followed(library, aspect)
        if aspect is Aspect.METADATA:
            return await metadata_cursor(followed)
        return encoded(WatchCursor(followed.poll.at))

    async def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        """Yield what may have changed since a cursor; see `HasChanges`."""
        if not self.listings(library):
            return
        followed = await self._followed(library, aspect)
        read = metadata_changes if aspect is Aspect.METADATA else watch_changes
        async for changes in read(followed, since, cached):
            yield changes

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        """Return the rows with these ids; see `HasPush`.

        Rows of what msd does not show, such as folders and trailers, are left out.
        """
        session = await self._session()
        rows = await rows_by_id(session, remote_ids)
        if rows and not self._all_listings:
            await self.libraries()
        return await self._locator(session).locate(rows, self._all_listings)

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Parse raw rows; one result per row, in order."""
        results = [parsed(item) for item in items]
        if not any(map(needs_completion, results)):
            return results
        return await self._completion(await self._session()).complete(items, results)

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the members of a collection or playlist, in order, complete or an error."""
        session = await self._session()
        item_type = self._list_types.get(remote_id)
        if item_type is None:
            [*rows] = await rows_by_id(session, [remote_id])
            place = place_of(rows[0]) if rows else None
            if place is None or place.item_type is None:
                return ()
            item_type = place.item_type
        return await members(session, remote_id, item_type, self._page_size)

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item with its details, None when the server says that it is gone."""
        session = await self._session()
        return await full_item(session, self._completion(session), remote_id)

    async def detail_page(
        self,
        remote_ids: Sequence[RemoteId],
        *,
        more_follow: bool = False,  # noqa: ARG002 - nothing is kept
    ) -> DetailPage | None:
        """Return items with their details, as far as lists carry them; see `HasDetailPages`."""
        return await detail_page(await self._session(), remote_ids)

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

    async def _followed(self, library: RemoteLibrary, aspect: Aspect) -> FollowedLibrary:
        session = await self._session()
        if not self._all_listings:
            with suppress(*OPTIONAL):
                await self.libraries()
        locator = self._locator(session)
        if self._polls is None:
            self._polls = ServerPolls(session, locator, self._page_size)
        listings = self.listings(library)
        return FollowedLibrary(
            session=session,
            poll=await self._polls.poll(
                f"{aspect} {library.remote_id}", self._all_listings or listings
            ),
            locator=locator,
            listings=listings,
            page_size=self._page_size,
        )

    def _locator(self, session: Session) -> Locator:
        if self._locates is None:
            self._locates = Locator(session)
        return self._locates

    def _completion(self, session: Session) -> Completion:
        if self._completes is None:
            self._completes = Completion(session)
        return self._completes

    def _remember_types(self, listing: Listing, page: Page) -> None:
        if listing.type in SERVER_WIDE:
            self._list_types |= {row.remote_id: listing.type for row in page.items}


class JellyfinBackend(PolledJellyfinBackend):
    """A backend whose server pushes changes to this user; see `HasPush`."""

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[PushedChange]]:
        """Subscribe to the server's push channel; see `HasPush`."""
        # Anew each time: another server may answer at the address by now (I4, K4).
        await self.connect()
        async with pushed_changes(await self._session()) as changes:
            yield changes
