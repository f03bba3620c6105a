"""A backend over a dictionary, as simple as the protocol allows, with faults to order."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import xxhash
from msgspec.structs import replace

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    Listing,
    NewAccount,
    NewSource,
    NewSources,
    OptionSpec,
    Page,
    RawItem,
    SkippedItem,
)
from msd.backend_api.accounts import TRUST_OPTIONS, OptionValue
from msd.backend_api.artwork import Picture
from msd.errors import AuthRefusedError, ForbiddenError, MsdError, UnreachableError
from msd.models import (
    BackendKind,
    Capability,
    DetailPage,
    ItemDetails,
    ItemType,
    LibraryType,
    MediaItem,
    MediaSource,
    Person,
    RemoteId,
    RemoteLibrary,
    ServerFacts,
    StatusReason,
)

KIND = BackendKind("fake")
TYPES: Mapping[LibraryType, tuple[ItemType, ...]] = {
    LibraryType.MOVIES: (ItemType.MOVIE,),
    LibraryType.SHOWS: (ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE),
    LibraryType.COLLECTIONS: (ItemType.COLLECTION,),
}


@dataclass
class FakeServer:
    """What a fake backend is connected to; tests change it at will."""

    server_id: str = "server-1"
    name: str = "Fake server"
    users: dict[str, str] = field(default_factory=lambda: {"alice": "secret"})
    libraries: list[RemoteLibrary] = field(default_factory=list)
    items: dict[RemoteId, dict[RemoteId, MediaItem]] = field(default_factory=dict)
    members: dict[RemoteId, tuple[RemoteId, ...]] = field(default_factory=dict)
    error: MsdError | Exception | None = None  # raised by every call
    identity_error: MsdError | None = None  # the server as a whole is away
    listing_errors: dict[ItemType, MsdError] = field(default_factory=dict)
    totals: dict[ItemType, Callable[[int, int], int | None]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # rows that are counted and left out
    on_call: Callable[[str], None] | None = None  # before each call; may raise, may change things
    poison: set[str] = field(default_factory=set)  # rows on which the server fails
    parse_error_after: int | None = None  # calls
    refused: set[RemoteId] = field(default_factory=set)  # libraries
    gaps: bool = False
    page_size: int = 10
    hold: anyio.Event | None = None  # pages wait for it
    hold_parsed: anyio.Event | None = None  # what is parsed next waits for it
    slow: anyio.Event | None = None  # connecting waits for it
    calls: list[str] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)
    trusted: list[dict[str, str]] = field(default_factory=list)  # when it was added or connected
    pictures: dict[str, bytes] = field(default_factory=dict)  # by ref
    held_pictures: anyio.Event | None = None  # pictures wait for it
    lists_details: bool = True
    lists_whole_details: bool = True
    odd_details: set[str] = field(default_factory=set)  # a page with one of these fails
    held_details: anyio.Event | None = None  # pages of details wait for it

    def open(self, context: BackendContext | None = None) -> "FakeBackend":
        """Return a client of this server."""
        return FakeBackend(self, context)

    def library(self, remote_id: str, kind: LibraryType = LibraryType.MOVIES) -> RemoteId:
        """Add a library."""
        own = RemoteId(remote_id)
        self.libraries.append(
            RemoteLibrary(
                remote_id=own, name=remote_id.title(), type=kind, position=len(self.libraries)
            )
        )
        self.items[own] = {}
        return own

    def put(self, library: RemoteId, *items: MediaItem) -> None:
        """Add or replace items."""
        for item in items:
            self.items[library][item.remote_id] = item

    def movies(self, library: RemoteId, count: int, first: int = 0) -> None:
        """Add movies `m<first>` and following."""
        self.put(library, *(movie(f"m{n}") for n in range(first, first + count)))

    def edit(self, library: RemoteId, remote_id: str, **changes: object) -> None:
        """Change an item."""
        own = RemoteId(remote_id)
        self.items[library][own] = replace(self.items[library][own], **changes)

    def drop(self, library: RemoteId, *remote_ids: str) -> None:
        """Delete items."""
        for remote_id in remote_ids:
            del self.items[library][RemoteId(remote_id)]


def movie(remote_id: str, title: str = "", **attributes: object) -> MediaItem:
    """Return a movie, or an item of another `type`."""
    named = {"type": ItemType.MOVIE, "title": title or f"Movie {remote_id}", **attributes}
    return MediaItem(remote_id=RemoteId(remote_id), **named)  # type: ignore[arg-type]


class FakeBackend:
    """Implements `MediaBackend` over a `FakeServer`."""

    def __init__(self, server: FakeServer, context: BackendContext | None = None) -> None:
        self._server = server
        self.context = context
        self.is_closed = False
        self._parsed = 0

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.DETAILS, Capability.COLLECTIONS})

    async def connect(self) -> ServerFacts:
        if self.context is not None:
            self._server.trusted.append(dict(self.context.source.config))
        if self._server.slow is not None:
            await self._server.slow.wait()
        self._call("connect")
        await anyio.lowlevel.checkpoint()
        return ServerFacts(
            server_id=self._server.server_id, name=self._server.name, version="1.2.3"
        )

    async def picture(self, ref: str, *, width: int) -> Picture | None:
        self._call(f"picture {ref} {width}")
        if self._server.held_pictures is not None:
            await self._server.held_pictures.wait()
        content = self._server.pictures.get(ref)
        return None if content is None else Picture(content=content)

    async def check_identity(self) -> None:
        self._call("identity")
        if self._server.identity_error is not None:
            raise self._server.identity_error

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        self._call("libraries")
        return tuple(self._server.libraries)

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        return tuple(Listing(library=library, type=t) for t in TYPES.get(library.type, ()))

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        self._call("newest")
        items = self.visible(listing.library.remote_id)
        wanted = (
            i for i in items if i.type is listing.type and i.remote_id not in self._server.poison
        )
        rows = sorted(wanted, key=lambda i: -i.added_at)
        return tuple(RawItem(i.remote_id, fingerprint(i), i) for i in rows[:limit])

    async def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        async for page in self._windows(listing, 0):
            yield page

    def visible(self, library: RemoteId) -> list[MediaItem]:
        """Return the rows of a library that the user may see."""
        forbidden: set[str] = getattr(self._server, "forbidden", set())
        rows = self._server.items[library].values()
        return [row for row in rows if row.remote_id not in forbidden]

    async def _windows(self, listing: Listing, start: int) -> AsyncGenerator[Page, None]:
        server = self._server
        size = server.page_size
        while True:
            self._call(f"page {listing.type} {start}")
            if server.hold is not None:
                await server.hold.wait()
            if listing.library.remote_id in server.refused:
                raise ForbiddenError("the library is refused")
            if start and listing.type in server.listing_errors:
                raise server.listing_errors[listing.type]
            rows = [
                item
                for item in self.visible(listing.library.remote_id)
                if item.type is listing.type
            ]
            announce = server.totals.get(listing.type, lambda real, _start: real)
            total = announce(len(rows), start)
            window = list(enumerate(rows[start : start + size], start))
            bad = tuple(f"row {n} fails" for n, item in window if item.remote_id in server.poison)
            yield Page(
                start=start,
                limit=size,
                total=total,
                items=tuple(
                    RawItem(item.remote_id, fingerprint(item), item)
                    for _, item in window
                    if item.remote_id not in server.poison | server.hidden
                ),
                gaps=server.gaps or bool(bad),
                skipped=bad,
            )
            start += size
            if start >= (total or 0):
                return

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        self._call("parse")
        self._parsed += 1
        after = self._server.parse_error_after
        if after is not None and self._parsed > after:
            raise UnreachableError("cut")
        parsed: list[MediaItem | SkippedItem] = []
        for raw in items:
            assert isinstance(raw.payload, MediaItem)
            bad = raw.payload.title == "unreadable"
            parsed.append(SkippedItem(remote_id=raw.remote_id, why="bad") if bad else raw.payload)
        hold, self._server.hold_parsed = self._server.hold_parsed, None
        if hold is not None:
            await hold.wait()
        return parsed

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        self._call("members")
        return self._server.members.get(remote_id, ())

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        self._call("item")
        for items in self._server.items.values():
            if remote_id in items:
                return with_cast(items[remote_id])
        return None

    async def detail_page(
        self,
        remote_ids: Sequence[RemoteId],
        *,
        more_follow: bool = False,
    ) -> DetailPage | None:
        self._call("details " + " ".join(remote_ids))
        server = self._server
        if server.held_details is not None:
            await server.held_details.wait()
        if server.odd_details & set(remote_ids):
            raise UnreachableError("a row fails", reason=StatusReason.SERVER_ERROR)
        if not server.lists_details:
            return None
        rows = {row.remote_id: row for library in server.items for row in self.visible(library)}
        return DetailPage(
            items=tuple(
                with_cast(rows[each]) for each in dict.fromkeys(remote_ids) if each in rows
            ),
            is_whole=server.lists_whole_details,
        )

    async def sign_out(self) -> None:
        self._call("sign_out")
        if self.context is not None and self.context.credentials is not None:
            self._server.signed_out.append(self.context.credentials.user_id)

    async def aclose(self) -> None:
        self.is_closed = True

    def _call(self, what: str) -> None:
        self._server.calls.append(what)
        if self._server.on_call is not None:
            self._server.on_call(what)
        if self._server.error is not None:
            raise self._server.error


def with_cast(item: MediaItem) -> MediaItem:
    """Return an item with the details that the server has of it."""
    if item.details is not None:
        return item
    people = (Person(name=f"Player of {item.remote_id}", job="actor"),)
    sources = (MediaSource(remote_id=f"file-{item.remote_id}"),)
    return replace(item, details=ItemDetails(people=people, media_sources=sources))


def fingerprint(item: MediaItem) -> int:
    """Return a number that changes with any attribute."""
    return xxhash.xxh3_64_intdigest(repr(item).encode()) - 2**63


def fake_spec(server: FakeServer) -> BackendSpec:
    """Return a spec whose backends are connected to the server."""

    async def add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
        server.calls.append("add")
        server.trusted.append(dict(context.trust))
        if server.error is not None:
            raise server.error
        user = str(options["user"])
        if server.users.get(user) != options.get("password", "secret"):
            raise AuthRefusedError("wrong user or password")

        async def undo() -> None:
            server.signed_out.append(user)

        return NewSources(
            account=NewAccount(
                remote_user_id=user,
                display_name=user.title(),
                credentials=Credentials(user_id=user, token=f"token-of-{user}"),
            ),
            sources=(
                NewSource(server_id=server.server_id, name=server.name, address="fake://server"),
            ),
            undo=undo,
        )

    return BackendSpec(
        kind=KIND,
        display_name="Fake",
        options=(
            OptionSpec(name="user", signature="s", description="who signs in", required=True),
            OptionSpec(name="password", signature="s", description="password", secret=True),
            *TRUST_OPTIONS,
        ),
        add=add,
        open=server.open,
        has_certificates=True,
    )
