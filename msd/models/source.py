"""Kinds of sources, accounts and sources: what is stored of them, and what is shown."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from msd.models.ids import NEVER, AccountId, BackendKind, JobId, SourceId, UnixSeconds
from msd.models.words import (
    Capability,
    DaemonState,
    DetailsState,
    LiveState,
    PublicStatus,
    Route,
    StatusReason,
)


class Account(Struct, frozen=True, kw_only=True):
    """Who signs in: one user of one server (or of one sign-in service). Holds no secret."""

    id: AccountId
    kind: BackendKind
    display_name: str
    remote_user_id: str
    device_id: str  # made once when the account is added, never changed (I3)


class Source(Struct, frozen=True, kw_only=True):
    """One server seen through one account, or one folder: what is stored of it."""

    id: SourceId
    kind: BackendKind
    name: str
    account_id: AccountId | None  # None: nobody signs in (a folder)
    server_id: str  # the server's own identity, or a folder's canonical path
    server_version: str = ""
    address: str = ""  # base URL or path; never holds a secret
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    owned: bool = True
    enabled: bool = True
    position: int = 0
    added_at: UnixSeconds = NEVER
    last_sync: UnixSeconds = NEVER  # end of the last complete sync, 0 = never
    last_sync_error: str = ""
    skipped_items: int = 0
    held_deletes: int = 0


class SourceStatus(Struct, frozen=True, kw_only=True):
    """The public status of one source, derived from authentication, link and sync."""

    status: PublicStatus
    reason: StatusReason
    detail: str  # one sentence for a person; no secret
    since: UnixSeconds


class ServerFacts(Struct, frozen=True, kw_only=True):
    """What a successful connect learned about the server."""

    server_id: str
    name: str
    version: str = ""
    address: str = ""
    route: Route = Route.NONE
    latency_ms: int = 0


class SourceView(Struct, frozen=True, kw_only=True):
    """Everything that is shown of one source at one moment: the `Source` properties."""

    source: Source
    status: SourceStatus
    facts: ServerFacts | None = None
    next_retry: UnixSeconds = NEVER
    attempts: int = 0
    library_count: int = 0
    item_count: int = 0
    withdrawn_items: int = 0  # cached rows that the user may not see now (Y19)
    capabilities: frozenset[Capability] = frozenset()
    live: LiveState = LiveState.OFF
    sync_job: JobId | None = None
    details: DetailsState = DetailsState.WAITING
    details_missing: int = 0  # items whose details are to be fetched


CA_CERTIFICATE = "ca_certificate"
"""The key of `Source.config` with the PEM text of a private certificate authority (K3)."""
FINGERPRINT = "certificate_fingerprint"
"""The key of `Source.config` with the SHA-256 fingerprint of the one accepted certificate (K3)."""


class Certificate(Struct, frozen=True, kw_only=True):
    """What a server shows of itself, for a person who decides whether to trust it."""

    fingerprint: str  # SHA-256, 64 hexadecimal digits in lower case
    subject: str  # e.g. "CN=jellyfin.home"
    issuer: str
    expires_at: UnixSeconds


class DaemonView(Struct, frozen=True, kw_only=True):
    """Everything that is shown of the daemon at one moment; before it is open only its state."""

    state: DaemonState
    online: str = "unknown"  # or yes, no
    metered: str = "unknown"  # or yes, no
    revision: int = 0
    pending_writes: int = 0  # there is no queue of changes to be sent to sources yet
    secret_store: str = ""
    keyring_state: str = "unknown"
    capabilities: tuple[str, ...] = ()  # the kinds of sources that can be added


class AccountView(Struct, frozen=True, kw_only=True):
    """Everything that is shown of one account: the `Account` properties."""

    account: Account
    auth_state: str  # unknown, ok or needs-auth
    source_ids: tuple[SourceId, ...]


class ConnectAttempt(Struct, frozen=True, kw_only=True):
    """One step of an attempt to reach a source, as `Explain` tells it."""

    at: UnixSeconds
    step: str  # what was tried, e.g. "connect http://host:8096"
    outcome: str  # "ok", or the reason word
    detail: str
    latency_ms: int = 0


class Connection(Struct, frozen=True, kw_only=True):
    """One address at which a server may be reached, as `ListConnections` shows it."""

    address: str  # base URL without a secret
    route: Route
    outcome: str = ""  # of the last try: "ok" or a reason word; "" = not tried
    detail: str = ""
    latency_ms: int = 0
    in_use: bool = False
    pinned: bool = False


class OptionSpec(Struct, frozen=True, kw_only=True):
    """One option of `AddSource` or `BeginLogin`: its name, D-Bus type and meaning."""

    name: str
    signature: str  # "s", "b" or "u"
    description: str  # for a person, e.g. "the user to sign in as"
    required: bool = False
    secret: bool = False  # asked for without echo; may come as `<name>-fd` (type h)
    default: str | int | bool | None = None  # None: absent is not the same as any value
    format: str = ""  # what a text is: "path" of this machine, "url" of a server, "" = any


class BackendView(Struct, frozen=True, kw_only=True):
    """One kind of sources, as `ListBackends` shows it."""

    kind: BackendKind
    name: str  # for a person, e.g. "Jellyfin"
    options: tuple[OptionSpec, ...]  # of AddSource, in the order in which a form asks for them
    login_options: tuple[OptionSpec, ...] | None  # of BeginLogin; None: nobody signs in
    is_discoverable: bool  # DiscoverServers can find servers of this kind
