"""Frozen values that cross msd's layers: ids, statuses, sources, libraries, items, reports.

Enumerations are `StrEnum`s whose values are the words used on D-Bus. Times are Unix seconds and
durations are milliseconds everywhere but inside a backend's `parse.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

SourceId = NewType("SourceId", str)
AccountId = NewType("AccountId", str)
LibraryId = NewType("LibraryId", str)
ItemId = NewType("ItemId", str)
RemoteId = NewType("RemoteId", str)  # the server's own id of a library or an item
BackendKind = NewType("BackendKind", str)  # the name of a folder under msd/backends
JobId = NewType("JobId", int)

UnixSeconds = NewType("UnixSeconds", int)
Milliseconds = NewType("Milliseconds", int)


class PublicStatus(StrEnum):
    """The four words a frontend shows for a source (behaviour §3)."""

    CONNECTED = "connected"
    OFFLINE = "offline"
    NEEDS_AUTH = "needs-auth"
    ERROR = "error"


class StatusReason(StrEnum):
    """Why a source has its status (behaviour §3); the wire words of `StatusReason`."""

    STARTING = "starting"
    CONNECTING = "connecting"
    NO_NETWORK = "no-network"
    DNS = "dns"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    SERVER_STARTING = "server-starting"
    SERVER_ERROR = "server-error"
    NOT_A_MEDIA_SERVER = "not-a-media-server"
    FOLDER_MISSING = "folder-missing"
    FOLDER_EMPTY_MOUNT = "folder-empty-mount"
    ACCOUNT_GONE = "account-gone"
    DISABLED = "disabled"
    SIGNED_OUT = "signed-out"
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - a word of the contract, not a secret
    USER_DISABLED = "user-disabled"
    SHARE_WITHDRAWN = "share-withdrawn"
    KEYRING_LOCKED = "keyring-locked"
    KEYRING_UNAVAILABLE = "keyring-unavailable"
    NO_CREDENTIALS = "no-credentials"
    TLS = "tls"
    IDENTITY_MISMATCH = "identity-mismatch"
    PROTOCOL = "protocol"
    FORBIDDEN = "forbidden"
    BACKEND_BUG = "backend-bug"
    DELETES_HELD = "deletes-held"
    DEGRADED_LIVE = "degraded-live"
    OK = "ok"


class DaemonState(StrEnum):
    """What the daemon as a whole can do (behaviour O1)."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    STOPPING = "stopping"


class KeyringState(StrEnum):
    """Whether the user's keyring can be used without a prompt."""

    AVAILABLE = "available"
    LOCKED = "locked"
    ABSENT = "absent"


class ItemType(StrEnum):
    """What an item is."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"
    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"
    MUSIC_VIDEO = "music-video"
    VIDEO = "video"
    COLLECTION = "collection"
    PLAYLIST = "playlist"


class LibraryType(StrEnum):
    """What a library mostly holds."""

    MOVIES = "movies"
    SHOWS = "shows"
    MUSIC = "music"
    MUSIC_VIDEOS = "music-videos"
    VIDEOS = "videos"
    MIXED = "mixed"
    COLLECTIONS = "collections"
    PLAYLISTS = "playlists"
    UNSUPPORTED = "unsupported"  # listed, never synced: photos, books, live TV


class SyncPolicy(StrEnum):
    """When a library is brought up to date without being asked (behaviour A5)."""

    OFF = "off"  # never, not even when asked: its items stay as they are
    MANUAL = "manual"
    INTERVAL = "interval"
    LIVE = "live"  # like interval until the source delivers live events


class Route(StrEnum):
    """How a server is reached."""

    NONE = ""
    LOCAL = "local"
    REMOTE = "remote"
    RELAY = "relay"


class Capability(StrEnum):
    """What a backend can do beyond listing and reading; shown as `Capabilities`."""

    DETAILS = "details"
    COLLECTIONS = "collections"
    PLAYLISTS = "playlists"
    WATCH_STATE = "watch-state"
    PASSWORD_LOGIN = "password-login"  # noqa: S105 - a word of the contract, not a secret


class JobKind(StrEnum):
    """What a job does."""

    SYNC = "sync"
    UNLOCK = "unlock"


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SyncMode(StrEnum):
    """How a sync looks at its source."""

    AUTO = "auto"  # the cheapest way that leaves nothing out
    FULL = "full"  # read every row again, also those that look unchanged


# --- accounts and sources -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signs in: one user of one server (or of one sign-in service). Holds no secret."""

    id: AccountId
    kind: BackendKind
    display_name: str
    remote_user_id: str
    device_id: str  # made once when the account is added, never changed (I3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
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
    added_at: UnixSeconds = UnixSeconds(0)
    last_sync: UnixSeconds = UnixSeconds(0)  # end of the last complete sync, 0 = never
    last_sync_error: str = ""
    skipped_items: int = 0
    held_deletes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """The public status of one source, derived from the three axes of behaviour §3."""

    status: PublicStatus
    reason: StatusReason
    detail: str  # one sentence for a person; no secret
    since: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a successful connect learned about the server."""

    server_id: str
    name: str
    version: str = ""
    address: str = ""
    route: Route = Route.NONE
    latency_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """Everything that is shown of one source at one moment: the `Source` properties."""

    source: Source
    status: SourceStatus
    facts: ServerFacts | None = None
    next_retry: UnixSeconds = UnixSeconds(0)
    attempts: int = 0
    library_count: int = 0
    item_count: int = 0
    capabilities: frozenset[Capability] = frozenset()
    sync_job: JobId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Everything that is shown of one account: the `Account` properties."""

    account: Account
    auth_state: str  # unknown, ok or needs-auth
    source_ids: tuple[SourceId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAttempt:
    """One step of an attempt to reach a source, as `Explain` tells it."""

    at: UnixSeconds
    step: str  # what was tried, e.g. "connect http://host:8096"
    outcome: str  # "ok", or the reason word
    detail: str
    latency_ms: int = 0


# --- libraries and items --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLibrary:
    """A library as a backend reports it."""

    remote_id: RemoteId
    name: str
    type: LibraryType
    hidden: bool = False  # the user hides it on the server's own home page
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySettings:
    """What the user set for one library (A5); survives a rebuilt cache."""

    sync: SyncPolicy = SyncPolicy.INTERVAL
    interval_s: int = 0  # 0: the daemon's default
    show_in_home: bool = True
    content: LibraryType | None = None  # overrides what the backend found the library to hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library as it is cached, with the user's settings."""

    id: LibraryId
    source_id: SourceId
    remote_id: RemoteId
    name: str
    type: LibraryType
    hidden: bool
    position: int
    item_count: int
    synced_at: UnixSeconds  # end of its last complete pass, 0 = never
    settings: LibrarySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """One user's watch state of one item."""

    watched: bool = False
    play_count: int = 0
    position_ms: Milliseconds = Milliseconds(0)
    last_played: UnixSeconds = UnixSeconds(0)
    favourite: bool = False
    user_rating: float | None = None  # 0 to 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who took part in an item."""

    name: str
    role: str = ""
    job: str = "actor"  # actor, director, writer, guest, composer, …
    remote_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of an item; `ref` means something only to the item's backend."""

    kind: str  # poster, backdrop, thumb, logo
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStream:
    """One track of a media source."""

    index: int
    kind: str  # video, audio, subtitle
    codec: str = ""
    language: str = ""
    title: str = ""
    is_default: bool = False
    is_external: bool = False
    channels: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSource:
    """One playable version of an item."""

    remote_id: str
    container: str = ""
    path: str = ""  # a local file's path; empty for servers
    size: int = 0
    bitrate: int = 0
    duration_ms: Milliseconds = Milliseconds(0)
    streams: tuple[MediaStream, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A named part of an item: a chapter, an intro, the credits."""

    kind: str  # chapter, intro, credits, recap, preview, commercial
    start_ms: Milliseconds
    end_ms: Milliseconds = Milliseconds(0)
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDetails:
    """What is fetched when someone looks at one item, not while listing (Y3)."""

    people: tuple[Person, ...] = ()
    media_sources: tuple[MediaSource, ...] = ()
    markers: tuple[Marker, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaItem:
    """One item as a backend reports it; relations are remote ids of the same source.

    `identity` is what stays when a server re-keys the item (file identity, guid, external ids);
    two items of one type and source with the same identity are the same item under I2.
    """

    remote_id: RemoteId
    type: ItemType
    title: str
    sort_title: str = ""  # empty: the store derives one from the title
    original_title: str = ""
    overview: str = ""
    tagline: str = ""
    year: int | None = None
    released: str = ""  # ISO date
    added_at: UnixSeconds = UnixSeconds(0)
    duration_ms: Milliseconds = Milliseconds(0)
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    rating: float | None = None  # 0 to 10
    content_rating: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()  # ("tmdb", "603"), ("imdb", "tt0133093"), …
    parent_remote_id: RemoteId | None = None  # season of an episode, show of a season, album, …
    show_remote_id: RemoteId | None = None
    show_title: str = ""
    season_number: int | None = None
    episode_number: int | None = None
    artist: str = ""
    album: str = ""
    album_remote_id: RemoteId | None = None
    disc_number: int | None = None
    track_number: int | None = None
    child_count: int | None = None
    images: tuple[Image, ...] = ()
    watch: WatchState | None = None  # None: the backend has no opinion, what is stored stays
    identity: str = ""
    details: ItemDetails | None = None  # None: not fetched, what is stored stays (Y5)


# --- sync -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """How far a running sync is (Y11)."""

    phase: str  # connecting, libraries, the listed item type, deletions, members
    done: int  # rows seen so far in the whole sync
    total: int | None  # rows the server announced so far; None = unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync did."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    held: int = 0  # deletions held back (Y7)
    complete: bool = True  # every listing was enumerated completely
    duration_ms: int = 0
    skipped_examples: tuple[str, ...] = ()  # at most 20, one sentence each


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One long operation, as the `Job` object shows it."""

    id: JobId
    kind: JobKind
    source_id: SourceId
    state: JobState
    phase: str = ""
    done: int = 0
    total: int | None = None
    started_at: UnixSeconds = UnixSeconds(0)
    error: str = ""
    result: Mapping[str, int | bool | str] = field(default_factory=lambda: MappingProxyType({}))


# --- questions to the cache -----------------------------------------------------------------


class SortKey(StrEnum):
    """How QueryItems orders its answer."""

    TITLE = "title"
    ADDED = "added"
    RELEASED = "released"
    LAST_PLAYED = "last-played"
    RATING = "rating"
    RANDOM = "random"
    INDEX = "index"  # as the parent orders them: episode, track or playlist order


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuery:
    """A question to the cache; every given condition must hold. None or empty: no condition."""

    source_ids: tuple[SourceId, ...] = ()
    library_ids: tuple[LibraryId, ...] = ()
    types: tuple[ItemType, ...] = ()
    parent_id: ItemId | None = None
    genres: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    watched: bool | None = None
    in_progress: bool | None = None
    favourite: bool | None = None
    added_after: UnixSeconds | None = None
    text: str = ""
    sort: SortKey = SortKey.TITLE
    seed: int = 0  # for SortKey.RANDOM
    descending: bool = False
    limit: int = 50
    cursor: str = ""
    fields: tuple[str, ...] = ()  # beyond the compact set; ("*",) = all


ItemFields = Mapping[str, object]
"""One item as the bus shows it: D-Bus key → plain Python value (str, int, float, bool, list of
str). Keys and their D-Bus types are those of `org.msd.Msd1.Library`; absent = unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of an answer."""

    items: tuple[ItemFields, ...]
    next_cursor: str  # "" at the end
    total: int
