"""Items as a backend reports them; relations are remote ids of the same source."""

from msgspec import Struct

from msd.models.ids import (
    NEVER,
    NO_TIME,
    ItemId,
    Milliseconds,
    RemoteId,
    SourceId,
    UnixSeconds,
)
from msd.models.words import ItemType


class WatchState(Struct, frozen=True, kw_only=True):
    """One user's watch state of one item."""

    watched: bool = False
    play_count: int = 0
    position_ms: Milliseconds = NO_TIME
    last_played: UnixSeconds = NEVER
    favourite: bool = False
    user_rating: float | None = None  # 0 to 10
    likes: bool | None = None  # thumb up or down, where a server has no number for it


class Person(Struct, frozen=True, kw_only=True):
    """Someone who took part in an item."""

    name: str
    role: str = ""
    job: str = "actor"  # actor, director, writer, guest, composer, …
    remote_id: str = ""
    image: str = ""  # the `ref` of a picture of the person


class Image(Struct, frozen=True, kw_only=True):
    """A picture of an item; `ref` means something only to the item's backend."""

    kind: str  # poster, backdrop, thumb, logo, banner
    ref: str


class MediaStream(Struct, frozen=True, kw_only=True):
    """One track of a media source."""

    index: int
    kind: str  # video, audio, subtitle
    codec: str = ""
    language: str = ""
    title: str = ""
    is_default: bool = False
    is_external: bool = False
    is_forced: bool = False
    is_hearing_impaired: bool = False
    channels: int = 0
    width: int = 0
    height: int = 0
    profile: str = ""
    display_title: str = ""  # as the server shows it, e.g. "English - AAC - Stereo"
    channel_layout: str = ""  # e.g. "5.1"
    hdr: str = ""  # hdr10, hdr10plus, hlg, dolby-vision
    spatial: str = ""  # atmos, dtsx


class MediaSource(Struct, frozen=True, kw_only=True):
    """One playable version of an item."""

    remote_id: str
    container: str = ""
    path: str = ""  # a local file's path, or its file:// URI when that is no UTF-8; else empty
    size: int = 0
    bitrate: int = 0
    duration_ms: Milliseconds = NO_TIME
    streams: tuple[MediaStream, ...] = ()
    name: str = ""  # of the version, e.g. "1080p"
    position_ms: Milliseconds = NO_TIME  # where the user stopped in this version
    mime: str = ""  # e.g. "video/x-matroska"
    video_3d: str = ""


class Marker(Struct, frozen=True, kw_only=True):
    """A named part of an item: a chapter, an intro, the credits."""

    kind: str  # chapter, intro, credits, recap, preview, commercial
    start_ms: Milliseconds
    end_ms: Milliseconds = NO_TIME
    title: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """One file of a film in several files, in the order in which they are played."""

    remote_id: str
    duration_ms: Milliseconds = NO_TIME
    title: str = ""
    path: str = ""  # as in `MediaSource`


class LyricLine(Struct, frozen=True, kw_only=True):
    """One line of the words that are sung; without words it is a pause."""

    text: str
    start_ms: Milliseconds | None = None  # None: nobody knows when it is sung


class Extra(Struct, frozen=True, kw_only=True):
    """A trailer, deleted scene, interview or theme song of an item."""

    title: str
    kind: str = ""  # trailer, scene, interview, behind-the-scenes, theme-song, …
    remote_id: str = ""
    url: str = ""  # of a trailer that is not on the server
    path: str = ""  # of a file of this machine, as in `MediaSource`
    mime: str = ""
    duration_ms: Milliseconds = NO_TIME


class Decision(Struct, frozen=True, kw_only=True):
    """How one thing about an item was decided, for those who ask why it is what it is."""

    subject: str  # type, title, year, show, season, episode, …
    value: str
    evidence: str  # id, nfo, tag, file-name, folder-name, neighbours, library
    origin: str = ""  # the path or name that says so


class ItemDetails(Struct, frozen=True, kw_only=True):
    """What is fetched when someone looks at one item, not while listing (Y3)."""

    people: tuple[Person, ...] = ()
    media_sources: tuple[MediaSource, ...] = ()
    markers: tuple[Marker, ...] = ()
    parts: tuple[Part, ...] = ()  # empty: the item is one file
    extras: tuple[Extra, ...] = ()
    trailers: tuple[Extra, ...] = ()
    lyrics: tuple[LyricLine, ...] = ()
    decisions: tuple[Decision, ...] = ()


class MediaItem(Struct, frozen=True, kw_only=True):
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
    added_at: UnixSeconds = NEVER
    duration_ms: Milliseconds = NO_TIME
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    rating: float | None = None  # 0 to 10
    content_rating: str = ""
    external_ids: tuple[str, ...] = ()  # "tmdb:movie:603", "imdb:tt0133093", …
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
    unwatched_count: int | None = None  # the server's number
    critic_rating: float | None = None  # 0 to 10
    edition: str = ""
    episode_number_end: int | None = None  # of a file with several episodes
    status: str = ""  # of a show: continuing, ended
    ended: str = ""  # ISO date on which a show ended
    artist_remote_ids: tuple[RemoteId, ...] = ()
    airs_before_season: int | None = None  # where a special stands among the seasons
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    tags: tuple[str, ...] = ()
    part_count: int = 0  # files that are played one after the other; 0 is unknown
    video_3d: str = ""
    has_lyrics: bool = False
    images: tuple[Image, ...] = ()
    blurhash: str = ""  # of the picture that the item is usually shown with
    colors: tuple[int, ...] = ()  # 0xRRGGBB of that picture's corners, clockwise from top left
    watch: WatchState | None = None  # None: the backend has no opinion, what is stored stays
    path: str = ""  # of the file that is played first, as in `MediaSource`, where lists know it
    mime: str = ""
    size: int = 0
    identity: str = ""
    details: ItemDetails | None = None  # None: not fetched, what is stored stays (Y5)


class DetailPage(Struct, frozen=True, kw_only=True):
    """The details of many items at once; one that is absent could not be had."""

    items: tuple[MediaItem, ...]
    is_whole: bool = True  # False: without what takes a request of its own for each item


class DueItem(Struct, frozen=True):
    """A cached item whose details are to be fetched, with its row's content at that moment."""

    pk: int
    remote_id: RemoteId
    content: int


class StaleItem(Struct, frozen=True):
    """An item that somebody looks at and whose details are stale, and where they come from."""

    id: ItemId
    source_id: SourceId
    due: DueItem
