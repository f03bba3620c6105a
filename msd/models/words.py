"""Enumerations; their values are the words used on D-Bus."""

from enum import StrEnum


class PublicStatus(StrEnum):
    """The four words a frontend shows for a source."""

    CONNECTED = "connected"
    OFFLINE = "offline"
    NEEDS_AUTH = "needs-auth"
    ERROR = "error"


class StatusReason(StrEnum):
    """Why a source has its status; the wire words of `StatusReason`."""

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
    """What the daemon as a whole can do (O1)."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    STOPPING = "stopping"


class KeyringState(StrEnum):
    """Whether the user's keyring can be used without a prompt."""

    UNKNOWN = "unknown"  # not looked at yet
    AVAILABLE = "available"
    LOCKED = "locked"
    ABSENT = "absent"


class SecretStore(StrEnum):
    """Where credentials rest, as the user chose (K1)."""

    SECRET_SERVICE = "secret-service"  # noqa: S105 - a word of the contract, not a secret
    SYSTEMD = "systemd"
    PASS = "pass"  # noqa: S105 - see above
    FILE = "file"


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
    """When a library is brought up to date without being asked (A5)."""

    OFF = "off"  # never, not even when asked: its items stay as they are
    MANUAL = "manual"
    INTERVAL = "interval"
    LIVE = "live"  # as soon as the source pushes a change; else at intervals


class DetailsState(StrEnum):
    """Whether the details of a source's items are in the cache; the words of `DetailsState`."""

    DONE = "done"  # of every item
    RUNNING = "running"  # they are fetched now
    WAITING = "waiting"  # until nothing else happens
    UNSUPPORTED = "unsupported"  # the source gives them one by one only
    OFF = "off"  # the user does not want them fetched


class LiveState(StrEnum):
    """Whether a source pushes its changes; the wire words of `LiveUpdates` (Y9)."""

    OK = "ok"
    DEGRADED = "degraded"  # it could and does not just now; it is asked at short intervals
    UNSUPPORTED = "unsupported"
    OFF = "off"  # not connected, or no library wants it


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
    DISCOVER = "discover"


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class LoginState(StrEnum):
    """Where a sign-in stands; all but the first are final."""

    WAITING = "waiting"
    AUTHORISED = "authorised"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class LoginStep(StrEnum):
    """What a sign-in waits for."""

    NONE = ""  # nothing that a person could do
    CODE = "code"  # the code to be entered, or the link to be opened, elsewhere
    PASSWORD = "password"  # noqa: S105 - a word of the contract, not a secret
    USER = "user"  # one of the users to be chosen


class SyncMode(StrEnum):
    """How a sync looks at its source."""

    AUTO = "auto"  # the cheapest way that leaves nothing out
    FULL = "full"  # read every row again, also those that look unchanged


class SortKey(StrEnum):
    """How QueryItems orders its answer."""

    TITLE = "title"
    ADDED = "added"
    RELEASED = "released"
    LAST_PLAYED = "last-played"
    RATING = "rating"
    YEAR = "year"
    ARTIST = "artist"
    RANDOM = "random"
    INDEX = "index"  # as the parent orders them: episode, track or playlist order
