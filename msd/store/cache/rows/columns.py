"""The columns of an item and what their values stand for; shared by reads and writes."""

from collections.abc import Mapping
from types import MappingProxyType

# What a listing fills, in the order of `ItemRow.values`.
CONTENT_COLUMNS = (
    "title",
    "sort_title",
    "year",
    "released",
    "added",
    "duration_ms",
    "rating",
    "show_title",
    "season_number",
    "episode_number",
    "artist",
    "album",
    "disc_number",
    "track_number",
    "said_children",
    "said_unwatched",
    "artwork",
    "parent_id",
    "show_id",
    "album_id",
    "place",
)
WATCH_COLUMNS = (
    "said_watched",
    "play_count",
    "position_ms",
    "last_played",
    "favourite",
    "user_rating",
)
# What is shown of an item; of a container it comes from its members, see writes/containers.
SHOWN_COLUMNS = ("watched", "unwatched_count", "child_count")
NEVER_WATCHED: tuple[object, ...] = (False, 0, 0, 0, False, None)
UNKNOWN_RATING = -1.0
ARTWORK: Mapping[str, int] = MappingProxyType(
    {"poster": 1, "backdrop": 2, "thumb": 4, "logo": 8, "banner": 16}
)
