"""Questions to the cache and their answers."""

from collections.abc import Mapping

from msgspec import Struct

from msd.models.ids import ItemId, LibraryId, SourceId, UnixSeconds
from msd.models.words import ItemType, SortKey


class ItemQuery(Struct, frozen=True, kw_only=True):
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


class ItemPage(Struct, frozen=True, kw_only=True):
    """One page of an answer."""

    items: tuple[ItemFields, ...]
    next_cursor: str  # "" at the end
    total: int
