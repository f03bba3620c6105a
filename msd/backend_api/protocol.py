"""The contract of a backend: all that a backend author reads.

A backend is a package that offers one `SPEC: BackendSpec`. msd finds it as a sub-package of
`msd.backends` or through the entry-point group `msd.backends`; nothing else names it. The
conformance suite in `tests/conformance` runs over every backend that is found.

    SPEC.add(options, context)   → NewSources           once, when the user adds it
    SPEC.open(context)           → MediaBackend         cheap, no I/O; once per connection or sync
        connect()                → ServerFacts          reachable? the same server? signed in?
        libraries()              → RemoteLibrary…       complete, or an error
        listings(library)        → Listing…             what must be enumerated, in order
        newest(listing, limit)   → RawItem…             a preview for an empty cache
        pages(listing)           → Page…                windows of cheap RawItems
        parse(raw_items)         → MediaItem…           only for rows that look new or changed

Every method but `listings` may raise `BackendError`s (`msd.errors`), and only those. Cancelling a
call must be safe at any await.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from msgspec import Struct

from msd.backend_api.accounts import AddContext, Credentials, NewSources, OptionSpec, OptionValue
from msd.backend_api.sign_in import (
    AccountContext,
    AccountServers,
    DiscoverContext,
    FoundServer,
    LoginDialogue,
)
from msd.models import (
    BackendKind,
    Capability,
    ConnectAttempt,
    Connection,
    ItemType,
    LibraryType,
    MediaItem,
    RemoteId,
    RemoteLibrary,
    ServerFacts,
    Source,
)


class BackendContext(Struct, frozen=True, kw_only=True):
    """What a backend is opened with."""

    source: Source
    credentials: Credentials | None
    device_id: str
    client_name: str
    client_version: str
    device_name: str
    cache_dir: Path  # private to the source; may vanish between runs
    content_types: Mapping[RemoteId, LibraryType] = MappingProxyType(
        {}
    )  # what the user says a library holds


class Listing(Struct, frozen=True, kw_only=True):
    """One enumeration whose absence of a row means that the row is gone: library by item type."""

    library: RemoteLibrary
    type: ItemType


class RawItem(Struct, frozen=True):
    """A row as it was listed, before it costs anything to understand.

    `fingerprint` is a signed 64-bit number that changes whenever `parse` would give another
    result; a row whose fingerprint is known is neither parsed nor written.
    """

    remote_id: RemoteId
    fingerprint: int
    payload: object


class Page(Struct, frozen=True, kw_only=True):
    """One window of a listing, in the source's own order.

    `total` is what the source announced with this page, None when it did not. `gaps` says that
    rows may be missing here for a known reason (an unreadable folder): nothing may be deleted
    on the strength of this enumeration. `skipped` are rows that could not even be listed.
    """

    start: int
    limit: int
    total: int | None
    items: tuple[RawItem, ...]
    gaps: bool = False
    skipped: tuple[str, ...] = ()


class SkippedItem(Struct, frozen=True, kw_only=True):
    """A row that can't be understood: counted and reported, never stored."""

    remote_id: RemoteId
    why: str  # one short sentence


class MediaBackend(Protocol):
    """The live client of one source. Used by one task group; closed with `aclose`.

    What not every backend can do is a protocol of its own below: `HasConnections`.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this source can do."""

    async def connect(self) -> ServerFacts:
        """Check that the source is there, is the one that was added, and accepts us.

        Raises:
            UnreachableError, TlsError, IdentityMismatchError, AuthRequiredError, ForbiddenError,
            BadResponseError: see behaviour §3 for what each does to the status.
        """

    async def check_identity(self) -> None:
        """Ask the server who it is, by its cheapest request, on the connection that is in use.

        Another request has just failed; this one tells whether the whole server is at fault (S9).
        MUST change nothing in the backend: what it remembers of a running pass stays.

        Raises:
            BackendError: the server can't be used at all, as `connect` would raise it.
        """

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return every library that the user may see, hidden and unsupported ones included."""

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return what to enumerate for a library, parents before children; may be empty."""

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the rows added last, newest first: shown while the whole is still coming (Y4)."""

    def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from the start to its announced end, a window at a time.

        A window on which the server fails is narrowed down to the rows at fault; they are named
        in `Page.skipped`, and the page has gaps (Y8).
        """

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Understand rows of one page; same length and order as `items`."""

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the members of a collection or playlist, in order, complete or an error."""

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item with its details, None when the source says that it is gone."""

    async def sign_out(self) -> None:
        """Give the credentials back, best effort; nothing to do without an account."""

    async def aclose(self) -> None:
        """Release connections."""


PINNED_ADDRESS = "pinned_address"
"""The key of `Source.config` with the address that the user chose; absent: the backend chooses."""


@runtime_checkable
class HasConnections(Protocol):
    """A backend whose server may be reached by several addresses, of which one may be pinned."""

    @property
    def attempts(self) -> tuple[ConnectAttempt, ...]:
        """What the last `connect` tried, address by address, for `Explain`."""

    def connections(self) -> tuple[Connection, ...]:
        """Return every address that is known of the server, best first; no I/O."""

    async def test_connections(self) -> tuple[Connection, ...]:
        """Try every address once, without a token, and return what came of it."""


Login = Callable[[Mapping[str, OptionValue], AddContext, LoginDialogue], Awaitable[NewSources]]


class BackendSpec(Struct, frozen=True, kw_only=True):
    """How msd learns about a backend. What a kind can't do stays None."""

    kind: BackendKind
    display_name: str
    options: tuple[OptionSpec, ...]
    add: Callable[[Mapping[str, OptionValue], AddContext], Awaitable[NewSources]]
    open: Callable[[BackendContext], MediaBackend]
    login: Login | None = None
    login_options: tuple[OptionSpec, ...] = ()
    servers: Callable[[AccountContext], Awaitable[AccountServers]] | None = None
    sign_out: Callable[[AccountContext], Awaitable[None]] | None = None
    discover: Callable[[DiscoverContext], AsyncGenerator[FoundServer, None]] | None = None
    has_certificates: bool = False  # its servers speak https; a source can trust one of its own
