"""The types of items that every library of a folder may hold."""

from msd.models import ItemType

# What comes first is what a frontend shows first; parents before children.
LISTED_TYPES = (
    ItemType.MOVIE,
    ItemType.SHOW,
    ItemType.SEASON,
    ItemType.EPISODE,
    ItemType.VIDEO,
    ItemType.ARTIST,
    ItemType.ALBUM,
    ItemType.TRACK,
    ItemType.MUSIC_VIDEO,
)
MUSIC_TYPES = frozenset({ItemType.ARTIST, ItemType.ALBUM, ItemType.TRACK})  # understood by tags
