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
    """A row as it was listed, not yet parsed.

    `fingerprint` is a signed 64-bit number, for example -5390512273910844712. It MUST change
    whenever `parse` would give another result, and MUST be equal for an equal row in every
    process: each sync is a process of its own. Python's `hash` of a string is not. A row whose
    fingerprint is cached is neither parsed nor written. The version of the parser belongs into
    it, so that rows are parsed again when the parser has changed.
    """

    remote_id: RemoteId
    fingerprint: int
    payload: object


class Page(Struct, frozen=True, kw_only=True):
    """One window of a listing, in the source's own order.

    `total` is what the source announced with this page, None when it did not; the first and the
    last page of an enumeration MUST have it, or nothing is deleted. `gaps` says that rows may be
    missing here for a known reason, such as an unreadable folder: nothing is deleted then either.
    `skipped` has a sentence for each row that could not even be listed, for example
    "row 17 has no usable id".
    """

    start: int
    limit: int
    total: int | None
    items: tuple[RawItem, ...]
    gaps: bool = False
    skipped: tuple[str, ...] = ()


class SkippedItem(Struct, frozen=True, kw_only=True):
    """A row that can't be parsed: counted and listed as an omission, never stored as an item."""

    remote_id: RemoteId
    why: str  # one short sentence


class MediaBackend(Protocol):
    """The client of one source. Used by one task group; closed with `aclose`.

    Every method but `listings` MUST raise only `BackendError`s, and MUST be safe to cancel at any
    await. What not every backend can do is a protocol of its own: `HasConnections` below, and
    those of `msd.backend_api.changes`. docs/writing-a-backend.md has a template.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this source can do."""

    async def connect(self) -> ServerFacts:
        """Check that the source is there, is the one that was added, and accepts us.

        Raises:
            IdentityMismatchError: another server answers; no token MUST be sent to it (I4).
            AuthRequiredError: the server refused the credentials; a second request MUST have
                confirmed it.
            UnreachableError, TlsError, ForbiddenError, BadResponseError: docs/behaviour.md,
                Status, says what each does to the status.
        """

    async def check_identity(self) -> None:
        """Ask the server who it is, by its cheapest request, on the connection that is in use.

        Another request has just failed; this one tells whether the whole server is at fault (S9).
        MUST change nothing in the backend: what it remembers of a running pass stays.

        Raises:
            BackendError: the server can't be used at all, as `connect` would raise it.
        """

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return every library that the user may see, hidden and unsupported ones included.

        A source that is gone MUST raise at every call: an empty tuple says that it has no library
        any more. An odd entry of the source's list is repaired or left out by itself; it MUST NOT
        fail the others. The id of a library is stable, its name is not empty.
        """

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return what to enumerate for a library, parents before children; may be empty."""

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the rows added last, newest first: shown before the full enumeration (Y4)."""

    def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate a listing from the start to its announced end, a window at a time.

        Windows MUST follow one another without a gap: each starts where the last one ended. A
        window on which the server fails is narrowed down to the rows at fault; they are named in
        `Page.skipped`, and the page has gaps (Y8).
        """

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Parse raw rows; one result per row, in order.

        A row that can't be read is a `SkippedItem`; an odd value in it is left out, and the rest
        of the row stays. What is unknown MUST be absent, never 0. `parent_remote_id` MUST name an
        item that is listed, or be None (Y15).
        """

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return the members of a collection or playlist in order; complete, or an error."""

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item with its details.

        None MUST mean that the source itself says that the item is gone: it is the proof for a
        deletion. Whatever else happens is an error.
        """

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
        """Try every address once, without a token, and return the outcome."""


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
