"""Questions to the cache and their answers."""

from collections.abc import Mapping

from msgspec import Struct

from msd.models.ids import ItemId, LibraryId, SourceId, UnixSeconds
from msd.models.words import ItemType, SortKey

FAR_OFFSET = 10_000  # so many rows are passed over in a few milliseconds
MAX_WORDS = 16  # of a text that is searched for


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
    show_id: ItemId | None = None  # episodes and seasons of a show
    artist_id: ItemId | None = None  # albums and tracks of an artist
    letter: str = ""  # the first letter of the sort title as `letters` returns it, "#" = no letter
    content_ratings: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    text: str = ""
    sort: SortKey = SortKey.TITLE
    seed: int = 0  # for SortKey.RANDOM
    descending: bool = False
    limit: int = 50
    cursor: str = ""
    offset: int = 0  # rows to leave out before the first page; not together with a cursor
    with_total: bool = True  # count the rows on all pages, which reads each of them
    fields: tuple[str, ...] = ()  # beyond the compact set; ("*",) = all

    @property
    def is_dear(self) -> bool:
        """Whether it reads more than a page: all rows that match, or all before the page."""
        reads_all = self.sort is SortKey.RANDOM or bool(self.text) or self.offset > FAR_OFFSET
        return reads_all or (self.with_total and self._conditions() > 0)

    @property
    def may_read_far(self) -> bool:
        """Whether a page may read many rows: conditions may be common and never meet in a row."""
        sorts_years = self.sort is SortKey.YEAR and len(self.years or ()) > 1
        return sorts_years or self._conditions() > 1

    def _conditions(self) -> int:
        """Return how many things are demanded beside where items are: those numbers are known."""
        demanded = (
            *(self.parent_id, self.show_id, self.artist_id, self.added_after),
            *(self.watched, self.in_progress, self.favourite),
            *(self.genres, self.years, self.content_ratings, self.studios),
            *(self.letter, self.text),
        )
        return sum(value not in (None, (), "") for value in demanded)


ItemFields = Mapping[str, object]
"""One item as the bus shows it: D-Bus key → plain Python value (str, int, float, bool, list of
str). Keys and their D-Bus types are those of `org.msd.Msd1.Library`; absent = unknown."""


class ItemPage(Struct, frozen=True, kw_only=True):
    """One page of an answer."""

    items: tuple[ItemFields, ...]
    next_cursor: str  # "" at the end
    total: int | None  # None: it was not asked for


FACETS = ("types", "genres", "studios", "content_ratings", "years", "decades", "letters")
"""What `GetFacets` counts."""


class Facet(Struct, frozen=True, kw_only=True):
    """One value of a facet and how many matching items have it."""

    value: str
    count: int


class SearchQuery(Struct, frozen=True, kw_only=True):
    """What a person typed, and where to look for it. None or empty: no condition."""

    text: str
    source_ids: tuple[SourceId, ...] = ()
    library_ids: tuple[LibraryId, ...] = ()
    types: tuple[ItemType, ...] = ()
    limit: int = 20
    among: tuple[ItemId, ...] | None = None  # only these items
    with_total: bool = False  # count everything that fits
    per_type: int = 3  # at most so many episodes, tracks, … of one show or album; 0 = no limit
    fields: tuple[str, ...] = ()  # beyond the compact set


class SearchPage(Struct, frozen=True, kw_only=True):
    """The hits of a search, best first; each carries the key `match`."""

    hits: tuple[ItemFields, ...]
    text: str  # what was searched for, so that a late answer can be told from a newer one
    total: int | None = None  # how many items fit; None: not asked for, or too many to count
