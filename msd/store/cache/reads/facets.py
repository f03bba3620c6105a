"""How many of the items that match a query are of each genre, year, letter and so on."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from msd.models import Facet, ItemQuery, SourceId
from msd.store.cache.reads.listings import visible_listings
from msd.store.cache.reads.pages import is_wanted
from msd.store.cache.reads.query import Conditions, conditions_of
from msd.store.cache.rows.columns import genre_key
from msd.store.cache.rows.sort_title import NO_LETTER, letter_of

MAX_VALUES = 500

_CHILDREN = """(item.parent_id = ? OR item.id IN (SELECT member.item_id FROM member
JOIN item AS holder ON holder.pk = member.parent WHERE holder.id = ?))"""


def facets(
    connection: sqlite3.Connection,
    query: ItemQuery,
    names: Collection[str],
    hidden_sources: Collection[SourceId] = (),
) -> dict[str, tuple[Facet, ...]]:
    """Return the values of each named facet, with how many items have it.

    Types and genres come with the most frequent first, years and decades with the newest, letters
    in their order with "#" for everything else at the end; at most `MAX_VALUES` of each.

    Args:
        connection: to the cache.
        query: its conditions; what it says of the form of an answer plays no part.
        names: keys of `READERS`.
        hidden_sources: are left out.
    """
    listings = visible_listings(connection, hidden_sources).values()
    matching = conditions_of(query)
    if query.parent_id is not None:
        matching.add(_CHILDREN, query.parent_id, query.parent_id)
    pks = [listing.pk for listing in listings if is_wanted(query, listing)]
    matching.add("item.listing IN (SELECT value FROM json_each(?))", json.dumps(pks))
    return {
        name: tuple(
            Facet(value=value, count=count)
            for value, count in list(READERS[name](connection, matching))[:MAX_VALUES]
        )
        for name in names
    }


Counts = Iterable[tuple[str, int]]


def _rows(
    connection: sqlite3.Connection, matching: Conditions, columns: str, joins: str = ""
) -> Iterable[tuple[object, ...]]:
    """Count the matching items by the first of the columns; the count comes last."""
    return connection.execute(
        f"SELECT {columns}, count(*) FROM item{joins}"
        f" WHERE item.deleted_at IS NULL{matching.and_text()} GROUP BY 1",
        matching.parameters,
    )


def _types(connection: sqlite3.Connection, matching: Conditions) -> Counts:
    joins = " JOIN listing ON listing.pk = item.listing"
    counts = {str(word): int(str(n)) for word, n in _rows(connection, matching, "type", joins)}
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _genres(connection: sqlite3.Connection, matching: Conditions) -> Counts:
    """Only keys of genres are linked; a name stands with any item that has the genre."""
    joins = " JOIN item_genre ON item_genre.item = item.pk"
    rows = sorted(
        _rows(connection, matching, "item_genre.genre, min(item.pk)", joins),
        key=lambda row: -int(str(row[2])),
    )
    names = ((_genre(connection, row[0], row[1]), int(str(row[2]))) for row in rows[:MAX_VALUES])
    return sorted(
        ((name, count) for name, count in names if name), key=lambda entry: (-entry[1], entry[0])
    )


def _genre(connection: sqlite3.Connection, key: object, item: object) -> str:
    (body,) = connection.execute("SELECT body FROM item_detail WHERE item = ?", (item,)).fetchone()
    genres = json.loads(body).get("genres", ())
    return next((str(name) for name in genres if genre_key(str(name)) == key), "")


def _years(connection: sqlite3.Connection, matching: Conditions) -> Counts:
    return [(str(year), count) for year, count in _by_year(connection, matching)]


def _decades(connection: sqlite3.Connection, matching: Conditions) -> Counts:
    counts: Counter[int] = Counter()
    for year, count in _by_year(connection, matching):
        counts[year - year % 10] += count
    return [(str(decade), count) for decade, count in counts.items()]


def _by_year(connection: sqlite3.Connection, matching: Conditions) -> list[tuple[int, int]]:
    rows = _rows(connection, matching, "item.year")
    counts = [(int(str(year)), int(str(n))) for year, n in rows if year is not None]
    return sorted(counts, reverse=True)


def _letters(connection: sqlite3.Connection, matching: Conditions) -> Counts:
    counts: Counter[str] = Counter()
    for first, count in _rows(connection, matching, "substr(item.sort_title, 1, 1)"):
        counts[letter_of(str(first))] += int(str(count))
    return sorted(counts.items(), key=lambda entry: (entry[0] == NO_LETTER, entry[0]))


READERS: Mapping[str, Callable[[sqlite3.Connection, Conditions], Counts]] = {
    "types": _types,
    "genres": _genres,
    "years": _years,
    "decades": _decades,
    "letters": _letters,
}
