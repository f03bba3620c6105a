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
        "letter": "s",
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
        "badges": "as",
        "path": "s",
        "mime": "s",
        "size": "x",
        "blurhash": "s",
        "colors": "au",
    }
)
COMPACT_KEYS = frozenset(
    {
        *("id", "source_id", "library_id", "type", "title", "year", "duration_ms"),
        *("watched", "unwatched_count", "position_ms", "artwork"),
    }
)
PLACING_KEYS: Mapping[ItemType, frozenset[str]] = MappingProxyType(
    {
        ItemType.EPISODE: frozenset({"parent_id", "show_title", "season_number", "episode_number"}),
        ItemType.TRACK: frozenset({"parent_id", "artist", "album", "disc_number", "track_number"}),
    }
)
ALL = "*"

DETAILS = "details"
"""A field that stands for every key of `DETAIL_KEYS`."""
STREAM_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "index": "u",
        "kind": "s",
        "codec": "s",
        "profile": "s",
        "language": "s",
        "title": "s",
        "display_title": "s",
        "channels": "u",
        "layout": "s",
        "width": "u",
        "height": "u",
        "hdr": "s",
        "spatial": "s",
        "default": "b",
        "forced": "b",
        "hearing_impaired": "b",
        "external": "b",
    }
)
_EXTRA_KEYS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("kind", "title", "remote_id", "url", "path", "mime"), "s"),
        "duration_ms": "x",
    }
)
DETAIL_LISTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "people": {"name": "s", "role": "s", "job": "s", "artwork_id": "s"},
        "versions": {
            "name": "s",
            "container": "s",
            "path": "s",
            "mime": "s",
            "size": "x",
            "bitrate": "x",
            "duration_ms": "x",
            "position_ms": "x",
            "three_d": "s",
            "streams": "aa{sv}",
        },
        "chapters": {"title": "s", "start_ms": "x", "end_ms": "x"},
        "markers": {"kind": "s", "title": "s", "start_ms": "x", "end_ms": "x"},
        "parts": {"title": "s", "duration_ms": "x", "path": "s"},
        "lyrics": {"start_ms": "x", "text": "s"},
        "extras": _EXTRA_KEYS,
        "trailers": _EXTRA_KEYS,
        "decisions": {"subject": "s", "value": "s", "evidence": "s", "origin": "s"},
    }
)
"""Lists of dictionaries that single items have, with the keys of their entries."""
DETAIL_KEYS: Mapping[str, str] = MappingProxyType(dict.fromkeys(DETAIL_LISTS, "aa{sv}"))
"""Keys that an item has only when its details are asked for."""
HIT_KEYS: Mapping[str, str] = MappingProxyType({"match": "s", "matched": "s", "fuzzy": "b"})
"""Keys that an item has only as a hit of a search."""
