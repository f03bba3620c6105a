"""What a simulated server holds: libraries, items, users and a user's data about an item."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FOLDER_TYPES = frozenset(
    {
        "Series",
        "Season",
        "MusicArtist",
        "MusicAlbum",
        "BoxSet",
        "Playlist",
        "PhotoAlbum",
        "Folder",
        "AggregateFolder",
        "CollectionFolder",
        "UserRootFolder",
        "UserView",
    }
)
MEDIA_TYPES = {
    "Movie": "Video",
    "Episode": "Video",
    "Video": "Video",
    "MusicVideo": "Video",
    "Audio": "Audio",
    "Photo": "Photo",
    "Book": "Book",
}
LEAF_TYPES = frozenset(MEDIA_TYPES)


@dataclass(slots=True, frozen=True, kw_only=True)
class Extra:
    """A trailer, a deleted scene or a theme of an item; `type` as the server says."""

    id: str
    type: str
    name: str
    runtime_ticks: int | None = None


@dataclass(slots=True, kw_only=True)
class Item:
    """One item. `overrides` replaces members of its JSON verbatim, for hostile rows."""

    id: str
    type: str
    name: str
    sort_name: str
    library_id: str
    parent_id: str
    path: str
    number: int
    created: datetime
    saved: datetime
    overview: str | None = None
    original_title: str | None = None
    premiere: datetime | None = None
    year: int | None = None
    runtime_ticks: int | None = None
    index: int | None = None
    index_end: int | None = None
    parent_index: int | None = None
    rating: float | None = None
    official_rating: str | None = None
    status: str | None = None
    virtual: bool = False
    airs_before_season: int | None = None
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    end_date: datetime | None = None
    critic_rating: int | None = None
    part_ids: tuple[str, ...] = ()  # further files of a film
    extras: tuple[Extra, ...] = ()
    lyrics: tuple[tuple[int | None, str], ...] = ()  # of a track: ticks and words
    segments: tuple[tuple[str, int, int], ...] = ()  # type, start and end in ticks
    version_ids: tuple[str, ...] = ()  # other versions of a film
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    provider_ids: dict[str, str] = field(default_factory=dict)
    series_id: str | None = None
    season_id: str | None = None
    album_id: str | None = None
    artist_ids: tuple[str, ...] = ()
    album_artist_ids: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    replaced_pictures: int = 0  # how often all of its pictures were replaced
    overrides: dict[str, Any] | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the item holds other items."""
        return self.type in FOLDER_TYPES

    @property
    def data_key(self) -> str:
        """Return the key a user's data is stored under; it survives a file move."""
        return self.provider_ids.get("Tmdb") or self.provider_ids.get("Tvdb") or self.id


@dataclass(slots=True, kw_only=True)
class Library:
    """One view. `is_folder_view` is False for synthetic ones (Live TV, playlists)."""

    id: str
    name: str
    collection_type: str | None
    path: str
    created: datetime
    view_type: str = "CollectionFolder"


@dataclass(slots=True, kw_only=True)
class UserData:
    """What one user did with one item."""

    position_ticks: int = 0
    play_count: int = 0
    favorite: bool = False
    played: bool = False
    last_played: datetime | None = None
    likes: bool | None = None
    rating: float | None = None


@dataclass(slots=True, kw_only=True)
class User:
    """One account of the server."""

    id: str
    name: str
    password: str
    administrator: bool = False
    disabled: bool = False
    hidden: bool = False
    refused: bool = False
    failed_logins: int = 0
    hidden_views: set[str] = field(default_factory=set)
    forbidden_libraries: set[str] = field(default_factory=set)
    unseen_items: set[str] = field(default_factory=set)
    max_parental_rating: int | None = None
    data: dict[str, UserData] = field(default_factory=dict)
