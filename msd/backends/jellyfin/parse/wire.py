"""The shapes of Jellyfin's answers, as far as msd reads them.

Members that are null or absent are None. Sizes and texts are checked where they are used.
"""

from msgspec import Raw, Struct, field

from msd.models import ItemType

TICKS_PER_MS = 10_000
WIRE_TYPES = {
    ItemType.MOVIE: "Movie",
    ItemType.SHOW: "Series",
    ItemType.SEASON: "Season",
    ItemType.EPISODE: "Episode",
    ItemType.ARTIST: "MusicArtist",
    ItemType.ALBUM: "MusicAlbum",
    ItemType.TRACK: "Audio",
    ItemType.MUSIC_VIDEO: "MusicVideo",
    ItemType.VIDEO: "Video",
    ItemType.COLLECTION: "BoxSet",
    ItemType.PLAYLIST: "Playlist",
}
ITEM_TYPES = {wire: item_type for item_type, wire in WIRE_TYPES.items()}


class RawPage(Struct, rename="pascal"):
    """A page whose rows are not looked into yet."""

    items: list[Raw]
    total_record_count: int | None = None


class RowId(Struct, rename="pascal", gc=False):
    """All that listing needs to know of a row."""

    id: str


class UserData(Struct, rename="pascal", gc=False):
    """One user's watch state of an item."""

    playback_position_ticks: int | None = None
    play_count: int | None = None
    is_favorite: bool | None = None
    played: bool | None = None
    last_played_date: str | None = None
    rating: float | None = None
    likes: bool | None = None
    unplayed_item_count: int | None = None
    key: str | None = None


class Named(Struct, rename="pascal", gc=False):
    """Someone or something with a name and an id."""

    name: str | None = None
    id: str | None = None


class Row(Struct, rename="pascal"):
    """An item as lists carry it (docs/protocols/jellyfin.md, Rows)."""

    id: str
    type: str
    name: str | None = None
    sort_name: str | None = None
    original_title: str | None = None
    path: str | None = None
    overview: str | None = None
    taglines: list[str] | None = None
    tags: list[str] | None = None
    production_year: int | None = None
    premiere_date: str | None = None
    end_date: str | None = None
    status: str | None = None
    date_created: str | None = None
    run_time_ticks: int | None = None
    genres: list[str] | None = None
    studios: list[Named] | None = None
    community_rating: float | None = None
    critic_rating: float | None = None
    official_rating: str | None = None
    provider_ids: dict[str, str | None] | None = None
    index_number: int | None = None
    index_number_end: int | None = None
    parent_index_number: int | None = None
    airs_before_season_number: int | None = None
    airs_before_episode_number: int | None = None
    airs_after_season_number: int | None = None
    part_count: int | None = None
    video_3d_format: str | None = field(default=None, name="Video3DFormat")
    has_lyrics: bool | None = None
    child_count: int | None = None
    parent_id: str | None = None
    series_id: str | None = None
    series_name: str | None = None
    season_id: str | None = None
    season_name: str | None = None
    album: str | None = None
    album_id: str | None = None
    album_artist: str | None = None
    album_artists: list[Named] | None = None
    artists: list[str] | None = None
    artist_items: list[Named] | None = None
    image_tags: dict[str, str | None] | None = None
    image_blur_hashes: dict[str, dict[str, str | None] | None] | None = None  # by type and tag
    primary_image_aspect_ratio: float | None = None  # width by height
    backdrop_image_tags: list[str] | None = None
    album_primary_image_tag: str | None = None
    series_primary_image_tag: str | None = None
    series_thumb_image_tag: str | None = None
    parent_primary_image_item_id: str | None = None
    parent_primary_image_tag: str | None = None
    parent_backdrop_item_id: str | None = None
    parent_backdrop_image_tags: list[str] | None = None
    parent_thumb_item_id: str | None = None
    parent_thumb_image_tag: str | None = None
    parent_logo_item_id: str | None = None
    parent_logo_image_tag: str | None = None
    user_data: UserData | None = None


class Ancestor(Struct, rename="pascal", gc=False):
    """Something that an item lies in."""

    id: str | None = None
    type: str | None = None


class RowWatch(Struct, rename="pascal", gc=False):
    """The watch state of a row alone."""

    user_data: UserData | None = None


class PersonRow(Struct, rename="pascal"):
    """Someone who took part in an item."""

    name: str | None = None
    id: str | None = None
    role: str | None = None
    type: str | None = None
    primary_image_tag: str | None = None


class StreamRow(Struct, rename="pascal"):
    """One track of a media source."""

    index: int | None = None
    type: str | None = None
    codec: str | None = None
    profile: str | None = None
    language: str | None = None
    title: str | None = None
    display_title: str | None = None
    is_default: bool | None = None
    is_forced: bool | None = None
    is_hearing_impaired: bool | None = None
    is_external: bool | None = None
    channels: int | None = None
    channel_layout: str | None = None
    audio_spatial_format: str | None = None
    video_range_type: str | None = None
    width: int | None = None
    height: int | None = None


class SourceRow(Struct, rename="pascal"):
    """One playable version of an item."""

    id: str | None = None
    name: str | None = None
    container: str | None = None
    size: int | None = None
    bitrate: int | None = None
    run_time_ticks: int | None = None
    video_3d_format: str | None = field(default=None, name="Video3DFormat")
    media_streams: list[StreamRow] | None = None


class ChapterRow(Struct, rename="pascal"):
    """Where a chapter begins."""

    start_position_ticks: int | None = None
    name: str | None = None


class TrailerLink(Struct, rename="pascal"):
    """A trailer on a page of the internet."""

    url: str | None = None
    name: str | None = None


class DetailRow(Struct, rename="pascal"):
    """What only the full answer about one item carries."""

    people: list[PersonRow] | None = None
    media_sources: list[SourceRow] | None = None
    chapters: list[ChapterRow] | None = None
    remote_trailers: list[TrailerLink] | None = None
    local_trailer_count: int | None = None
    special_feature_count: int | None = None
    part_count: int | None = None


class ExtraRow(Struct, rename="pascal"):
    """A part, trailer or extra of an item, which no list contains."""

    id: str | None = None
    name: str | None = None
    extra_type: str | None = None
    run_time_ticks: int | None = None


class ExtraPage(Struct, rename="pascal"):
    """The further parts of a film."""

    items: list[ExtraRow]


class ThemeMedia(Struct, rename="pascal"):
    """Songs and videos that are played while an item is looked at."""

    theme_songs_result: ExtraPage | None = None
    theme_videos_result: ExtraPage | None = None


class LyricRow(Struct, rename="pascal", gc=False):
    """One line of the words that are sung; `start` in ticks."""

    text: str | None = None
    start: int | None = None


class Lyrics(Struct, rename="pascal"):
    """The words of a track."""

    lyrics: list[LyricRow]


class VersionRow(Struct, rename="pascal"):
    """A begun item, with the ids of all its versions."""

    id: str
    media_sources: list[SourceRow] | None = None
    user_data: UserData | None = None


class SegmentRow(Struct, rename="pascal"):
    """A named stretch of an item: intro, credits, and the like."""

    type: str | None = None
    start_ticks: int | None = None
    end_ticks: int | None = None


class SegmentPage(Struct, rename="pascal"):
    """The segments of one item."""

    items: list[SegmentRow]


class View(Struct, rename="pascal"):
    """A library, or what the server shows like one."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    collection_type: str | None = None


class ViewPage(Struct, rename="pascal"):
    """Every library of one user; each entry is read on its own."""

    items: list[Raw]


class UserConfiguration(Struct, rename="pascal"):
    """What a user set for the home page."""

    my_media_excludes: list[str] | None = None
    grouped_folders: list[str] | None = None
    ordered_views: list[str] | None = None


class UserPolicy(Struct, rename="pascal"):
    """What an administrator set for a user."""

    is_hidden: bool | None = None
    is_disabled: bool | None = None
    enable_remote_access: bool | None = None
    enable_all_folders: bool | None = None
    enabled_folders: list[str] | None = None
    blocked_media_folders: list[str] | None = None
    max_parental_rating: int | None = None
    max_parental_sub_rating: int | None = None
    block_unrated_items: list[str] | None = None
    blocked_tags: list[str] | None = None
    allowed_tags: list[str] | None = None


class User(Struct, rename="pascal"):
    """A user of the server."""

    id: str
    name: str
    configuration: UserConfiguration | None = None
    policy: UserPolicy | None = None


class PublicUser(Struct, rename="pascal"):
    """A user whom the login screen shows."""

    id: str


class Login(Struct, rename="pascal"):
    """What a successful sign-in answers; holds the token."""

    user: User
    access_token: str
    server_id: str

    def __repr__(self) -> str:
        """Show nothing: the token must not reach a log."""
        return "Login(…)"


class Message(Struct, rename="pascal"):
    """One message of the push channel; what it carries is decoded by its type."""

    message_type: str
    message_id: str | None = None
    data: Raw = Raw(b"null")


class LibraryUpdate(Struct, rename="pascal"):
    """Which items came, changed and went."""

    items_added: list[str | None] | None = None
    items_updated: list[str | None] | None = None
    items_removed: list[str | None] | None = None


class UserDataOf(Struct, rename="pascal"):
    """Whose watch state changed."""

    item_id: str | None = None


class UserDataUpdate(Struct, rename="pascal"):
    """Which items one user's watch state changed of."""

    user_data_list: list[UserDataOf]
    user_id: str | None = None


class UtcTime(Struct, rename="pascal"):
    """The server's own clock."""

    request_reception_time: str


class QueuedChanges(Struct, rename="pascal"):
    """What the Kodi Sync Queue plugin remembers."""

    items_added: list[str | None] = []
    items_updated: list[str | None] = []
    user_data_changed: list[UserDataOf] = []
