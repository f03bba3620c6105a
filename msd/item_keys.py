"""The keys of an item on the bus, with their D-Bus types; shared by the store and the bus.

The meaning of each key stands in `dbus/org.msd.Msd1.Library.xml`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msd.models import ItemType

ITEM_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "id": "s",
        "source_id": "s",
        "remote_id": "s",
        "library_id": "s",
        "type": "s",
        "title": "s",
        "sort_title": "s",
        "original_title": "s",
        "overview": "s",
        "tagline": "s",
        "year": "i",
        "released": "s",
        "added": "x",
        "duration_ms": "x",
        "genres": "as",
        "studios": "as",
        "rating": "d",
        "content_rating": "s",
        "external_ids": "as",
        "parent_id": "s",
        "show_id": "s",
        "show_title": "s",
        "season_number": "i",
        "episode_number": "i",
        "artist": "s",
        "album": "s",
        "album_id": "s",
        "disc_number": "i",
        "track_number": "i",
        "child_count": "u",
        "unwatched_count": "u",
        "watched": "b",
        "play_count": "u",
        "position_ms": "x",
        "last_played": "x",
        "favourite": "b",
        "user_rating": "d",
        "artwork": "as",
        "fetched": "x",
        "edition": "s",
        "status": "s",
        "ended": "s",
        "critic_rating": "d",
        "tags": "as",
        "artist_ids": "as",
        "episode_number_end": "i",
        "airs_before_season": "i",
        "airs_before_episode": "i",
        "airs_after_season": "i",
        "part_count": "u",
        "three_d": "s",
        "has_lyrics": "b",
    }
)
COMPACT_KEYS = frozenset(
    {"id", "source_id", "type", "title", "year", "watched", "position_ms", "artwork"}
)
PLACING_KEYS: Mapping[ItemType, frozenset[str]] = MappingProxyType(
    {
        ItemType.EPISODE: frozenset({"parent_id", "show_title", "season_number", "episode_number"}),
        ItemType.TRACK: frozenset({"parent_id", "artist", "album", "disc_number", "track_number"}),
    }
)
ALL = "*"
