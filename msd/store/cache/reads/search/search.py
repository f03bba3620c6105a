"""Search as you type: candidates from the full-text index, ordered by how well they fit.

text ─► readings (as typed, numbers as digits)
─► candidates, step by step until there are enough: titles that begin like the text; titles with
all its words; titles with words of which the last begins so; the same in shows, albums, artists
and people; with two words written as one
─► level of each (see `Level`), then films, shows and artists before their parts, then what is
begun or was played, then the year
fewer than FEW_HITS? ─► with words that begin like each of several typed ones
nothing, or fewer than FEW_HITS for a single word? ─► with one word written as two, without small
words, with other forms, and with one typing mistake mended in a word of 5 letters or more

What a step finds fits better than what the next one would, and each takes a bounded number of
candidates: a search costs about the same in a small cache and in a large one.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from msd.errors import InvalidArgumentError
from msd.models import ItemFields, ItemType, SearchPage, SearchQuery, SourceId
from msd.store.cache.reads.fields import Projection, projection
from msd.store.cache.reads.listings import Listing, check_libraries, visible_listings
from msd.store.cache.reads.search.candidates import Candidate, CandidateReader
from msd.store.cache.reads.search.fit import Fit, Hit, Level
from msd.store.cache.reads.search.readings import (
    Reading,
    beginnings,
    joined,
    readings,
    taken_apart,
    with_mistakes,
)
from msd.store.cache.reads.search.vocabulary import Vocabulary
from msd.store.cache.rows import normalise
from msd.store.cache.rows.search_text import MAX_LENGTH, MOST_WORDS, plain_words
from msd.store.cache.rows.sort_title import sort_title

LEAST_CANDIDATES = 40  # of one step
LEAST_BEGINNINGS = 5  # of each listing
FEW_HITS = 3

_OF_MANY = (ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK)


def search(
    connection: sqlite3.Connection, query: SearchQuery, hidden_sources: Collection[SourceId] = ()
) -> SearchPage:
    """Return the items that fit a text best.

    Raises:
        InvalidArgumentError: a field is unknown, or the text is too long.
        UnknownLibraryError: a named library does not exist.
    """
    if len(query.text) > MAX_LENGTH or len(query.text.split()) > MOST_WORDS:
        raise InvalidArgumentError(
            f"a text to search for has at most {MAX_LENGTH} characters and {MOST_WORDS} words"
        )
    shown = projection(query.fields)
    check_libraries(connection, query.library_ids, hidden_sources)
    visible = visible_listings(connection, hidden_sources)
    listings = {pk: listing for pk, listing in visible.items() if _is_wanted(query, listing)}
    text = normalise.text(query.text, MAX_LENGTH * 4)
    typed = plain_words(text)
    if not typed or not listings:
        return SearchPage(hits=(), text=query.text, total=0 if query.with_total else None)
    is_everything = len(listings) == len(visible) and not hidden_sources
    reader = CandidateReader(connection, listings, is_everything=is_everything)
    finder = _Finder(reader, Vocabulary(connection), query, text, typed)
    hits = finder.best()
    return SearchPage(
        hits=_shown(connection, shown, listings, hits),
        text=query.text,
        total=finder.total() if query.with_total else None,
    )


class _Finder:
    """Finds what fits one text, and knows whether that is all."""

    def __init__(
        self,
        reader: CandidateReader,
        vocabulary: Vocabulary,
        query: SearchQuery,
        text: str,
        typed: tuple[str, ...],
    ) -> None:
        self._reader = reader
        self._vocabulary = vocabulary
        self._query = query
        self._text = text
        self._typed = typed
        self._wanted = readings(typed)
        self._named = None if query.among is None else reader.named(query.among)
        # Whatever the limit is: what is looked for only where few items fit comes then.
        self._counted = [*self._wanted, *joined(typed)]
        self._hits: dict[int, Hit] = {}
        self._is_all = True

    def best(self) -> list[Hit]:
        """Return the best hits, the best first."""
        fit = self._fit(self._wanted)
        if self._named is None:
            self._add(fit, self._beginnings())
            self._take(fit, "search_title", whole_words=True)
            self._take_if_few(fit, "search_title")
        self._take_if_few(fit, "search")
        self._take_if_few(self._fit(joined(self._typed)), "search")
        if len(self._hits) < FEW_HITS:
            self._resort_to(self._fit(beginnings(self._typed)))
        if len(self._hits) < (FEW_HITS if len(self._typed) == 1 else 1):
            known = self._vocabulary.known
            self._resort_to(self._fit(taken_apart(known, self._typed)))
            mended = with_mistakes(known, self._typed)
            # What was mistyped is compared as it was meant.
            texts = [" ".join(reading.words) for reading in mended]
            self._resort_to(Fit(self._reader, texts, mended, Level.MISTAKE))
        return list(_limited(sorted(self._hits.values(), key=lambda hit: hit.order), self._query))

    def total(self) -> int | None:
        """Return how many items fit, None when they are too many to be counted."""
        if self._is_all:
            return len(self._hits)
        return self._reader.count(self._vocabulary.expression(self._counted))

    def _beginnings(self) -> tuple[Sequence[Candidate], bool]:
        of_each = max(LEAST_BEGINNINGS, self._query.limit // len(self._reader.listings))
        return self._reader.beginning_with(sort_title(self._text), of_each)

    def _fit(self, wanted: Sequence[Reading]) -> Fit:
        return Fit(self._reader, [self._text], wanted)

    def _resort_to(self, fit: Fit) -> None:
        self._counted += fit.wanted
        self._take(fit, "search")

    def _take_if_few(self, fit: Fit, index: str) -> None:
        """Take one more step, unless there are enough hits already."""
        if self._is_full() and self._named is None:
            self._is_all = False
        else:
            self._take(fit, index)

    def _take(self, fit: Fit, index: str, *, whole_words: bool = False) -> None:
        if self._named is not None:
            self._add(fit, (self._named, True))
            return
        expression = self._vocabulary.expression(fit.wanted, whole_words=whole_words)
        at_most = max(LEAST_CANDIDATES, 2 * self._query.limit)
        if expression:
            self._add(fit, self._reader.in_index(index, expression, at_most))

    def _add(self, fit: Fit, found: tuple[Sequence[Candidate], bool]) -> None:
        """Add those of the candidates that fit; the flag says whether the step found them all."""
        candidates, is_all = found
        new = [item for item in candidates if item.pk not in self._hits]
        self._hits |= {hit.item.pk: hit for hit in fit.hits(new)}
        self._is_all &= is_all

    def _is_full(self) -> bool:
        """Return whether there are as many hits as are asked for, and not few."""
        if len(self._hits) < max(self._query.limit, FEW_HITS):
            return False
        return sum(1 for _ in _limited(self._hits.values(), self._query)) == self._query.limit


def _is_wanted(query: SearchQuery, listing: Listing) -> bool:
    return (
        (not query.source_ids or listing.source_id in query.source_ids)
        and (not query.library_ids or listing.library_id in query.library_ids)
        and (not query.types or listing.type in query.types)
    )


def _limited(hits: Iterable[Hit], query: SearchQuery) -> Iterable[Hit]:
    """Return the first hits, of the parts of one show or album only a few."""
    taken: Counter[tuple[ItemType, str]] = Counter()
    left = query.limit
    for hit in hits:
        if left == 0:
            return
        kind, container = hit.item.type, hit.item.container
        if kind in _OF_MANY and container is not None and query.per_type and not query.types:
            taken[kind, container] += 1
            if taken[kind, container] > query.per_type:
                continue
        left -= 1
        yield hit


def _shown(
    connection: sqlite3.Connection,
    shown: Projection,
    listings: Mapping[int, Listing],
    hits: Sequence[Hit],
) -> tuple[ItemFields, ...]:
    keys = json.dumps([hit.item.pk for hit in hits])
    rows = connection.execute(
        f"SELECT {shown.columns}, item.pk FROM item{shown.joins}"
        " WHERE item.pk IN (SELECT value FROM json_each(?))",
        (keys,),
    ).fetchall()
    by_pk = dict(zip((row[-1] for row in rows), shown.items(listings, rows), strict=True))
    return tuple(
        {
            **by_pk[hit.item.pk],
            "match": hit.match,
            "matched": hit.matched,
            "fuzzy": hit.is_fuzzy,
        }
        for hit in hits
    )
