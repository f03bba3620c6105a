"""Search as you type: candidates from the full-text index, ordered by how well they fit.

text ─► readings (as typed, numbers as digits, words joined, without articles)
─► candidates: at most MOST_CANDIDATES of the index, and titles that begin like it
─► level of each (see `Level`), then films, shows and artists before their parts, then
what is begun or was played, then the year
fewer than FEW_HITS? ─► once more with one typing mistake in a word of 5 letters or more
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import IntEnum

from msgspec import Struct

from msd.errors import InvalidArgumentError
from msd.models import ItemFields, ItemType, SearchPage, SearchQuery, SourceId
from msd.store.cache.reads.fields import Projection, projection
from msd.store.cache.reads.listings import Listing, visible_listings
from msd.store.cache.reads.search.readings import Reading, readings, with_mistakes
from msd.store.cache.rows import normalise
from msd.store.cache.rows.search_text import MAX_LENGTH, MOST_WORDS, joined_forms, plain_words
from msd.store.cache.rows.sort_title import sort_title

MOST_CANDIDATES = 200
MOST_BEGINNINGS = 20  # of each listing
FEW_HITS = 3

_CANDIDATES = """
SELECT item.pk, item.listing, item.title, item.show_title, item.artist, item.album, item.year,
       coalesce(item.show_id, item.album_id), item.position_ms, item.play_count,
       search_text.title, search_text.original, search_text.place, search_text.people
FROM (SELECT rowid AS pk FROM search WHERE search MATCH ? LIMIT ?) AS hit
CROSS JOIN item ON item.pk = hit.pk CROSS JOIN search_text ON search_text.item = item.pk
WHERE item.deleted_at IS NULL AND item.listing IN (SELECT value FROM json_each(?))
"""
_BEGINNINGS = """
SELECT pk FROM item INDEXED BY item_title
WHERE listing = ? AND deleted_at IS NULL AND sort_title >= ? AND sort_title < ?
ORDER BY sort_title LIMIT ?
"""
_BY_KEY = _CANDIDATES.replace(
    "(SELECT rowid AS pk FROM search WHERE search MATCH ? LIMIT ?)",
    "(SELECT value AS pk FROM json_each(?))",
)
_TYPE_ORDER = {
    ItemType.COLLECTION: 1,
    ItemType.ALBUM: 2,
    ItemType.PLAYLIST: 2,
    ItemType.SEASON: 3,
    ItemType.MUSIC_VIDEO: 3,
    ItemType.VIDEO: 3,
    ItemType.TRACK: 4,
    ItemType.EPISODE: 4,
}
_OF_MANY = (ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK)


class Level(IntEnum):
    """How a text fits an item, best first."""

    EXACT = 0
    EXACT_BUT_FORM = 1  # but for an article, or a number in another form
    EXACT_ORIGINAL = 2
    BEGINNING = 3
    TITLE = 4  # all words are in the title
    ORIGINAL = 5  # … or in another title
    PLACE = 6  # … or in show, album, artist or year
    PERSON = 7
    MISTAKE = 8  # added for a typing mistake


class _Candidate(Struct, frozen=True):
    pk: int
    listing: int
    title: str
    show: str | None
    artist: str | None
    album: str | None
    year: int | None
    container: str | None
    position_ms: int
    play_count: int
    titles: str
    originals: str
    places: str
    people: str


class _Hit(Struct, frozen=True, kw_only=True):
    candidate: _Candidate
    type: ItemType
    level: int
    whole_words: int
    match: str

    @property
    def order(self) -> tuple[object, ...]:
        """What hits are sorted by."""
        item = self.candidate
        return (
            self.level,
            -self.whole_words,
            _TYPE_ORDER.get(self.type, 0),
            item.position_ms == 0,
            item.play_count == 0,
            len(item.title) if self.level % Level.MISTAKE == Level.BEGINNING else 0,
            -(item.year or 0),
            item.pk,
        )


def search(
    connection: sqlite3.Connection, query: SearchQuery, hidden_sources: Collection[SourceId] = ()
) -> SearchPage:
    """Return the items that fit a text best.

    Raises:
        InvalidArgumentError: a field is unknown, or the text is too long.
    """
    if len(query.text) > MAX_LENGTH or len(query.text.split()) > MOST_WORDS:
        raise InvalidArgumentError(
            f"a text to search for has at most {MAX_LENGTH} characters and {MOST_WORDS} words"
        )
    shown = projection(query.fields)
    listings = {
        pk: listing
        for pk, listing in visible_listings(connection, hidden_sources).items()
        if _is_wanted(query, listing)
    }
    text = normalise.text(query.text, MAX_LENGTH * 4)
    typed = plain_words(text)
    if not typed or not listings:
        return SearchPage(hits=(), text=query.text)
    finder = _Finder(connection, listings)
    hits = finder.hits(text, readings(typed))
    if len(hits) < FEW_HITS:
        found = {hit.candidate.pk for hit in hits}
        mistaken = finder.hits(text, with_mistakes(connection, typed), Level.MISTAKE)
        hits += [hit for hit in mistaken if hit.candidate.pk not in found]
    best = list(_limited(sorted(hits, key=lambda hit: hit.order), query))
    return SearchPage(hits=_shown(connection, shown, listings, best), text=query.text)


class _Finder:
    """Finds candidates in the listings that a search may see."""

    def __init__(self, connection: sqlite3.Connection, listings: Mapping[int, Listing]) -> None:
        self._connection = connection
        self._listings = listings
        self._pks = json.dumps(list(listings))

    def hits(self, text: str, wanted: Sequence[Reading], worse_by: int = 0) -> list[_Hit]:
        """Return what fits any of the readings of a text."""
        if not wanted:
            return []
        expression = " OR ".join(f"({reading.expression})" for reading in wanted)
        rows = self._connection.execute(_CANDIDATES, (expression, MOST_CANDIDATES, self._pks))
        candidates = {row[0]: _Candidate(*row) for row in rows}
        if candidates and not worse_by:
            candidates |= self._beginnings(text, candidates)
        # What was mistyped is compared as it was meant.
        texts = [" ".join(reading.words) for reading in wanted] if worse_by else [text]
        typed = [_Typed(meant) for meant in texts]
        hits = (self._hit(candidate, typed, wanted, worse_by) for candidate in candidates.values())
        return [hit for hit in hits if hit is not None]

    def _beginnings(self, text: str, known: Collection[int]) -> dict[int, _Candidate]:
        """Return items whose title begins like the text: the index may have cut them off."""
        first = sort_title(text)
        if not first:
            return {}
        end = first + "\U0010ffff"
        keys = [
            pk
            for listing in self._listings
            for (pk,) in self._connection.execute(
                _BEGINNINGS, (listing, first, end, MOST_BEGINNINGS)
            )
            if pk not in known
        ]
        rows = self._connection.execute(_BY_KEY, (json.dumps(keys), self._pks))
        return {row[0]: _Candidate(*row) for row in rows}

    def _hit(
        self,
        candidate: _Candidate,
        typed: Sequence["_Typed"],
        wanted: Sequence[Reading],
        worse_by: int,
    ) -> _Hit | None:
        fits = [fit for reading in wanted if (fit := _level(candidate, reading)) is not None]
        if not fits:
            return None
        level, whole_words, match = min(fits, key=lambda fit: (fit[0], -fit[1]))
        levels = (text.level(candidate) for text in typed)
        exact = min((found for found in levels if found is not None), default=level)
        if exact < level:
            level = exact
            match = "original_title" if exact is Level.EXACT_ORIGINAL else "title"
        return _Hit(
            candidate=candidate,
            type=self._listings[candidate.listing].type,
            level=level + worse_by,
            whole_words=whole_words,
            match=match,
        )


class _Typed:
    """A text in the forms that titles are compared with as a whole."""

    def __init__(self, text: str) -> None:
        self._whole, self._forms = joined_forms(text)
        words = text.split()
        # "true grit 1969": the year is no part of the title.
        self._year = int(words[-1]) if len(words) > 1 and _is_year(words[-1]) else None
        self._without_year = joined_forms(" ".join(words[:-1]))

    def level(self, candidate: _Candidate) -> Level | None:
        """Return how the whole text fits a title, None when it does not."""
        is_of_year = self._year is not None and self._year == candidate.year
        whole, forms = self._without_year if is_of_year else (self._whole, self._forms)
        title, title_forms = joined_forms(candidate.title)
        if title == whole:
            return Level.EXACT
        if forms & title_forms:
            return Level.EXACT_BUT_FORM
        if candidate.originals.partition(" ")[0] == whole:
            return Level.EXACT_ORIGINAL
        if title.startswith(whole) or any(
            own.startswith(form) for own in title_forms for form in forms
        ):
            return Level.BEGINNING
        return None


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdigit()  # noqa: PLR2004 - digits


def _level(candidate: _Candidate, reading: Reading) -> tuple[Level, int, str] | None:
    """Return the best level at which all words are there, how many whole ones, and where."""
    tokens = " "
    for level, texts, match in (
        (Level.TITLE, candidate.titles, "title"),
        (Level.ORIGINAL, candidate.originals, "original_title"),
        (Level.PLACE, candidate.places, ""),
        (Level.PERSON, candidate.people, "person"),
    ):
        if not texts:
            continue
        tokens += f"{texts} "
        whole = reading.whole_words_in(tokens)
        if whole is not None:
            return level, whole, match or _place_of(candidate, reading)
    return None


def _place_of(candidate: _Candidate, reading: Reading) -> str:
    """Return in what else than the title the words are: show, album or artist."""
    for name, text in (
        ("show", candidate.show),
        ("album", candidate.album),
        ("artist", candidate.artist),
    ):
        if text is not None and reading.has_any_of(plain_words(text)):
            return name
    return "title"


def _is_wanted(query: SearchQuery, listing: Listing) -> bool:
    return (
        (not query.source_ids or listing.source_id in query.source_ids)
        and (not query.library_ids or listing.library_id in query.library_ids)
        and (not query.types or listing.type in query.types)
    )


def _limited(hits: Iterable[_Hit], query: SearchQuery) -> Iterable[_Hit]:
    """Return the best hits, of the parts of one show or album only a few."""
    taken: Counter[tuple[ItemType, str]] = Counter()
    left = query.limit
    for hit in hits:
        if left == 0:
            return
        container = hit.candidate.container
        if hit.type in _OF_MANY and container is not None and query.per_type and not query.types:
            taken[hit.type, container] += 1
            if taken[hit.type, container] > query.per_type:
                continue
        left -= 1
        yield hit


def _shown(
    connection: sqlite3.Connection,
    shown: Projection,
    listings: Mapping[int, Listing],
    hits: Sequence[_Hit],
) -> tuple[ItemFields, ...]:
    keys = json.dumps([hit.candidate.pk for hit in hits])
    rows = connection.execute(
        f"SELECT {shown.columns}, item.pk FROM item{shown.joins}"
        " WHERE item.pk IN (SELECT value FROM json_each(?))",
        (keys,),
    ).fetchall()
    by_pk = dict(zip((row[-1] for row in rows), shown.items(listings, rows), strict=True))
    return tuple({**by_pk[hit.candidate.pk], "match": hit.match} for hit in hits)
