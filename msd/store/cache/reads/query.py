"""From an `ItemQuery` to SQL: conditions, order, and the page after a cursor.

    one listing ──┐  each: rows after the cursor, in index order, at most one page
    one listing ──┼─► merged, at most one page ─► joined with what is shown
    …           ──┘

So a page costs the same at any depth and in a library of any size, as long as the conditions
are not too rare. Orders without an index (random, index) read every matching row once.
"""

import json
from collections.abc import Collection, Sequence
from hashlib import blake2b

from msgspec import Struct, field

from msd.models import ItemQuery, SortKey
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.rows.columns import genre_key
from msd.store.cache.rows.sort_title import NO_LETTER, fold

LAST_CHARACTER = "\U0010ffff"
_CONTENT_RATING = """EXISTS (SELECT 1 FROM item_detail AS rated WHERE rated.item = item.pk
AND json_extract(rated.body, '$.content_rating') IN (SELECT value FROM json_each(?)))"""
_STUDIO = """EXISTS (SELECT 1 FROM item_detail AS made, json_each(made.body, '$.studios') AS studio
WHERE made.item = item.pk AND lower(studio.value) IN (SELECT value FROM json_each(?)))"""
MAX_BRANCHES = 64  # above, one scan is cheaper than that many look-ups
_PRIME = 2**31 - 1
_NUMBER = (
    "coalesce(item.season_number, item.disc_number, 0) * 1000000"
    " + coalesce(item.episode_number, item.track_number, item.year, 999999)"
)


class Order(Struct, frozen=True):
    """What an answer is sorted by; the primary key comes last and makes it unique."""

    keys: tuple[str, ...]
    shape: tuple[type, ...]
    is_indexed: bool = False


# Seasons of a show and their episodes; albums of an artist and their tracks.
_BELOW = """item.parent_id IN (SELECT ? UNION ALL SELECT child.id FROM item AS child
WHERE child.parent_id = ? AND child.deleted_at IS NULL)"""


class Conditions(Struct):
    """SQL that must hold for a row, with its parameters."""

    texts: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, text: str, *parameters: object) -> None:
        """Demand one thing more."""
        self.texts.append(text)
        self.parameters += parameters

    def and_text(self) -> str:
        """Return the conditions, each with a leading AND."""
        return "".join(f" AND {text}" for text in self.texts)


_NUMBERED = Order((_NUMBER, "item.released", "item.sort_title"), (int, str, str, int))
# Over a whole library the episodes of a show, or the tracks of an album, stand together.
_TOP = """coalesce(item.show_id, item.album_id,
 CASE WHEN item.season_number IS NOT NULL THEN item.parent_id END, item.id)"""
_TOP_TITLE = f"""coalesce((SELECT top.sort_title FROM item AS top WHERE top.id = {_TOP}),
 item.show_title, item.album, item.sort_title)"""
_GROUPED = Order(
    (
        _TOP_TITLE,
        _TOP,
        *_NUMBERED.keys,
    ),
    (str, str, *_NUMBERED.shape),
)
_POSITION = Order((), (int,))
_INDEXED = {
    SortKey.TITLE: Order(("item.sort_title",), (str, int), is_indexed=True),
    SortKey.ADDED: Order(("item.added",), (int, int), is_indexed=True),
    SortKey.RELEASED: Order(("item.released",), (str, int), is_indexed=True),
    SortKey.LAST_PLAYED: Order(("item.last_played",), (int, int), is_indexed=True),
    SortKey.RATING: Order(("item.rating",), (float, int), is_indexed=True),
}


# These read every matching row once; rows without the value come last.
_YEAR = {
    descending: Order((f"coalesce(item.year, {missing})", "item.sort_title"), (int, str, int))
    for descending, missing in ((False, 99999), (True, 0))
}
_ARTIST = {
    descending: Order(
        (f"lower(coalesce(item.artist, {missing}))", "item.sort_title"), (str, str, int)
    )
    for descending, missing in ((False, "char(1114111)"), (True, "''"))
}
_SOLE_INDEXES = {
    SortKey.TITLE: "item_unwatched_title",
    SortKey.ADDED: "item_unwatched_added",
}


def order_of(query: ItemQuery, *, of_members: bool) -> Order:
    """Return the order that a query asks for.

    A playlist may hold an item twice, so among members the position has to decide.
    """
    if query.sort is SortKey.INDEX:
        numbered = _NUMBERED if query.parent_id is not None else _GROUPED
        order = _POSITION if of_members else numbered
    elif query.sort is SortKey.RANDOM:
        order = Order((_shuffled(query.seed),), (int, int))
    elif query.sort in (SortKey.YEAR, SortKey.ARTIST):
        order = (_YEAR if query.sort is SortKey.YEAR else _ARTIST)[query.descending]
    else:
        order = _INDEXED[query.sort]
    if not of_members:
        return order
    return Order((*order.keys, "member.position"), (*order.shape[:-1], int, int))


def rows_of(query: ItemQuery) -> str:
    """Return the table of items with the index that has the rows of a query's rarest condition.

    Few items are begun or favourites: they are read and sorted, whatever the order. The others
    are read in the order of an index until the page is full.
    """
    if query.in_progress:
        return "item INDEXED BY item_in_progress"
    if query.favourite:
        return "item INDEXED BY item_favourite"
    if query.watched is False and query.sort in _SOLE_INDEXES:
        return f"item INDEXED BY {_SOLE_INDEXES[query.sort]}"
    return "item"


def conditions_of(query: ItemQuery) -> Conditions:
    """Return the conditions of a query but where its rows are looked for."""
    found = Conditions()
    for ancestor in (query.show_id, query.artist_id):
        if ancestor is not None:
            found.add(_BELOW, ancestor, ancestor)
    _add_lists(found, query)
    if query.watched is not None:
        found.add(f"item.watched = {query.watched:d}")
    if query.in_progress is not None:
        found.add("item.position_ms > 0" if query.in_progress else "item.position_ms = 0")
    if query.favourite is not None:
        found.add(f"item.favourite = {query.favourite:d}")
    if query.added_after is not None:
        found.add("item.added > ?", query.added_after)
    if query.letter:
        _add_letter(found, query.letter)
    for word in query.text.split():
        found.add(
            r"(' ' || item.title LIKE ? ESCAPE '\' OR ' ' || item.sort_title LIKE ? ESCAPE '\')",
            _beginning(word),
            _beginning(fold(word)),
        )
    return found


def _add_lists(found: Conditions, query: ItemQuery) -> None:
    """Demand one value of each list."""
    if query.genres:
        keys = json.dumps([genre_key(name) for name in query.genres])
        found.add(
            "item.pk IN (SELECT item FROM item_genre"
            " WHERE genre IN (SELECT value FROM json_each(?)))",
            keys,
        )
    if query.years:
        found.add(f"item.year IN ({', '.join('?' * len(query.years))})", *query.years)
    if query.content_ratings:
        found.add(_CONTENT_RATING, json.dumps([*query.content_ratings]))
    if query.studios:
        found.add(_STUDIO, json.dumps([studio.lower() for studio in query.studios]))


def _add_letter(found: Conditions, letter: str) -> None:
    """Demand a first letter of the sort title, as the facet `letters` names it."""
    first = fold(letter)[:1]
    if letter == NO_LETTER:
        # Signs and digits stand before the letters; few titles begin with one behind them.
        found.add("item.sort_title < 'a'")
    else:
        found.add("item.sort_title >= ? AND item.sort_title < ?", first, first + LAST_CHARACTER)


def page_of_listings(
    query: ItemQuery,
    order: Order,
    conditions: Conditions,
    listings: Collection[int],
    cursor: PageCursor | None,
) -> tuple[str, list[object]]:
    """Return SQL for the keys of one page and one row more: `pk, k0, …`."""
    if order.is_indexed and len(listings) <= MAX_BRANCHES:
        places: list[tuple[str, object]] = [("item.listing = ?", one) for one in listings]
        seeks = _indexed_seeks(query, order, cursor)
    else:
        places = [_in_listings(listings)]
        seeks = [_seek(query, order, cursor)]
    last = query.offset + query.limit + 1
    branches, parameters = [], []
    for place, listing in places:
        for seek in seeks:
            where = f"item.deleted_at IS NULL AND {place}{conditions.and_text()}{seek.and_text()}"
            branches.append(f"SELECT * FROM ({_branch(query, order, rows_of(query), where)})")
            parameters += [listing, *conditions.parameters, *seek.parameters, last]
    keys = [f"k{at}" for at in range(len(order.keys))]
    merged = f"{' UNION ALL '.join(branches)} ORDER BY {_sorted((*keys, 'pk'), query)} LIMIT ?"
    return f"{merged} OFFSET ?", [*parameters, query.limit + 1, query.offset]


def page_of(
    query: ItemQuery,
    order: Order,
    rows: str,
    conditions: Conditions,
    cursor: PageCursor | None,
) -> tuple[str, list[object]]:
    """Return SQL for the keys of one page and one row more, out of few rows."""
    seek = _seek(query, order, cursor)
    where = f"item.deleted_at IS NULL{conditions.and_text()}{seek.and_text()}"
    text = f"{_branch(query, order, rows, where)} OFFSET ?"
    return text, [*conditions.parameters, *seek.parameters, query.limit + 1, query.offset]


def _in_listings(listings: Collection[int]) -> tuple[str, object]:
    return "item.listing IN (SELECT value FROM json_each(?))", json.dumps(list(listings))


def _branch(query: ItemQuery, order: Order, rows: str, where: str) -> str:
    keys = ", ".join(f"{key} AS k{at}" for at, key in enumerate(order.keys))
    by = _sorted((*order.keys, "item.pk"), query)
    return f"SELECT item.pk AS pk, {keys} FROM {rows} WHERE {where} ORDER BY {by} LIMIT ?"


def _sorted(keys: Sequence[str], query: ItemQuery) -> str:
    direction = " DESC" if query.descending else ""
    return ", ".join(f"{key}{direction}" for key in keys)


def _indexed_seeks(query: ItemQuery, order: Order, cursor: PageCursor | None) -> list[Conditions]:
    """Return the two ranges of an index that lie behind a cursor.

    A comparison of pairs would read every row with the cursor's own key, of which there may be
    very many (all that were never played).
    """
    if cursor is None:
        return [Conditions()]
    key, pk = cursor.keys
    after = "<" if query.descending else ">"
    column = order.keys[0]
    same, later = Conditions(), Conditions()
    same.add(f"{column} = ? AND item.pk {after} ?", key, pk)
    later.add(f"{column} {after} ?", key)
    return [same, later]


def _seek(query: ItemQuery, order: Order, cursor: PageCursor | None) -> Conditions:
    found = Conditions()
    if cursor is not None:
        after = "<" if query.descending else ">"
        keys = (*order.keys, "item.pk")
        marks = ", ".join("?" * len(keys))
        found.add(f"({', '.join(keys)}) {after} ({marks})", *cursor.keys)
    return found


def _shuffled(seed: int) -> str:
    """Return SQL for a number that looks random and is the same for one seed and row.

    Every step stays below 2^62, as SQLite turns integers that overflow into fractions.
    """
    digest = blake2b(str(seed).encode(), digest_size=12).digest()
    factor, first, second = (
        1 + int.from_bytes(digest[at : at + 4]) % (_PRIME - 1) for at in (0, 4, 8)
    )
    mixed = f"((item.pk % {_PRIME} * {factor} + {first}) % {_PRIME})"
    return f"(({mixed} * {mixed} + {second}) % {_PRIME})"


def _beginning(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"% {escaped}%"
