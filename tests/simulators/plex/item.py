"""What a simulated Plex Media Server holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """The type codes of metadata."""

    MOVIE = 1
    SHOW = 2
    SEASON = 3
    EPISODE = 4
    ARTIST = 8
    ALBUM = 9
    TRACK = 10
    CLIP = 12
    PHOTO = 13
    PHOTO_ALBUM = 14
    PLAYLIST = 15
    COLLECTION = 18

    @property
    def wire(self) -> str:
        """The name in `type`."""
        return "photo" if self is Kind.PHOTO_ALBUM else self.name.lower()


LEAF_KINDS = frozenset({Kind.MOVIE, Kind.EPISODE, Kind.TRACK, Kind.CLIP, Kind.PHOTO})
TOP_KINDS = {
    "movie": Kind.MOVIE,
    "show": Kind.SHOW,
    "artist": Kind.ARTIST,
    "photo": Kind.PHOTO_ALBUM,
}
LEAF_OF_SECTION = {
    "movie": Kind.MOVIE,
    "show": Kind.EPISODE,
    "artist": Kind.TRACK,
    "photo": Kind.PHOTO,
}


@dataclass(slots=True, kw_only=True)
class Section:
    """One library."""

    id: int
    type: str  # movie, show, artist, photo
    title: str
    agent: str
    scanner: str
    uuid: str
    path: str
    updated_at: int
    created_at: int
    scanned_at: int
    content_changed_at: int
    language: str = "en-US"
    hidden: int = 0
    refreshing: bool = False


@dataclass(slots=True, kw_only=True)
class Item:
    """One piece of metadata, the same for every user.

    `members` are the keys of what a collection or playlist holds. `overrides` are written into
    the row verbatim and `omitted` left out of it: what real servers get wrong.
    """

    key: int
    kind: Kind
    section_id: int | None
    title: str
    guid: str
    added_at: int
    updated_at: int | None
    parent: int | None = None
    grandparent: int | None = None
    index: int | None = None
    parent_index: int | None = None
    year: int | None = None
    duration_ms: int = 0
    summary: str = ""
    sort_title: str = ""
    studio: str = ""
    content_rating: str = ""
    released: str = ""
    rating: float | None = None
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    lyrics: str = ""  # of a track: the content of the file beside it
    height: int = 1080
    stamp: int = 0  # changes with the file
    versions: int = 1
    parts: int = 1
    hides_seasons: bool = False  # of a show; its episodes have no parent on the wire
    subtype: str = ""
    extras: tuple[int, ...] = ()
    members: tuple[int, ...] = ()
    playlist_type: str = ""
    smart: bool = False
    playlist_of: int | None = None  # the account a playlist belongs to
    unlisted: bool = False  # an extra: hangs on another item and is in no list
    overrides: dict[str, Any] = field(default_factory=dict)
    omitted: frozenset[str] = frozenset()

    @property
    def path_key(self) -> str:
        """The `key` member: where the item, or what it holds, is."""
        if self.kind is Kind.PLAYLIST:
            return f"/playlists/{self.key}/items"
        if self.kind is Kind.COLLECTION:
            return f"/library/collections/{self.key}/children"
        below = "" if self.kind in LEAF_KINDS else "/children"
        return f"/library/metadata/{self.key}{below}"


@dataclass(slots=True)
class ViewState:
    """What one account did with one item."""

    view_count: int = 0
    view_offset: int = 0
    last_viewed_at: int = 0
    user_rating: float | None = None
    last_rated_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One row of the play history."""

    number: int
    key: int
    account_id: int
    viewed_at: int


def hex_id(digits: int, *parts: object) -> str:
    """Return hex digits that depend on the parts only."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:digits]
