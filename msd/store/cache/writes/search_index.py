"""Keeps the full-text index in step with the rows, in the transaction that writes them.

The index has words and no texts: what it holds of an item is worked out from the item's rows, also
to take it out again. `search_title` has the words of titles and original titles, `search` those of
shows, albums, artists, years and people as well. `search_word` lists the words, to complete and to
mend those that are typed; a word that no item has any more does no harm there, and stays until a
source is purged.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from msd.store.cache import statements as sql
from msd.store.cache.rows.columns import CONTENT_COLUMNS
from msd.store.cache.rows.details import people_names
from msd.store.cache.rows.item_row import ItemRow
from msd.store.cache.rows.search_text import (
    LISTED_LETTERS,
    listing_mark,
    people_words,
    search_tokens,
)

MERGED_PAGES = 300  # of the index, which one transaction rewrites

_TITLE, _YEAR, _SHOW, _ARTIST, _ALBUM = (
    CONTENT_COLUMNS.index(name) for name in ("title", "year", "show_title", "artist", "album")
)
_STORED = """
SELECT item.pk, item.listing, item.title,
       coalesce(json_extract(item_detail.body, '$.original_title'),
                json_extract(nullif(item_full.beyond_list, ''), '$.original_title'), ''),
       item_full.body, item.show_title, item.artist, item.album, item.year
FROM item LEFT JOIN item_detail ON item_detail.item = item.pk
LEFT JOIN item_full ON item_full.item = item.pk
"""
_STORED_OF = f"{_STORED} WHERE item.pk IN (SELECT value FROM json_each(?))"
_INDEXED_WORDS = "CREATE VIRTUAL TABLE temp.indexed_word USING fts5vocab(main, search, row)"
_FORGET_WORDS = f"""
DELETE FROM search_word
WHERE word NOT IN (SELECT substr(term, 1, {LISTED_LETTERS}) FROM temp.indexed_word)
"""

Texts = tuple[str, str, str]
"""What the index has of an item: the mark of its listing, the words of its titles, all words."""


def add(connection: sqlite3.Connection, listing: int, rows: Iterable[tuple[int, ItemRow]]) -> None:
    """Put new rows of a listing into the index, given with their primary keys."""
    _put(connection, [(pk, _texts_of_row(listing, row)) for pk, row in rows])


@contextmanager
def in_step(connection: sqlite3.Connection, pks: Collection[int]) -> Iterator[None]:
    """Bring the index in step with whatever the block changes of stored items."""
    before = _stored(connection, pks)
    yield
    after = _stored(connection, pks)
    changed = [pk for pk, texts in after.items() if texts != before.get(pk)]
    _drop(connection, [(pk, before[pk]) for pk in changed if pk in before])
    _put(connection, [(pk, after[pk]) for pk in changed])


def remove(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    """Take items out of the index, before their rows are deleted."""
    _drop(connection, _stored(connection, pks).items())


def merge(connection: sqlite3.Connection, *, is_first: bool) -> bool:
    """Merge some of the parts that writes leave in the index; True while there are more.

    Each transaction adds a part, and a search looks into every one of them.

    Args:
        connection: in a transaction.
        is_first: whether this is the first call for the parts that are there now.
    """
    is_more = False
    for statement in (sql.MERGE_TITLE_WORDS, sql.MERGE_WORDS):
        before = connection.total_changes
        # A negative number makes FTS5 take all parts, and then go on with these.
        connection.execute(statement, (-MERGED_PAGES if is_first else MERGED_PAGES,))
        is_more |= connection.total_changes - before > 1
    return is_more


def forget_words(connection: sqlite3.Connection) -> None:
    """Take words that no item has any more off the list, after a source was purged (A6)."""
    connection.execute(_INDEXED_WORDS)
    connection.execute(_FORGET_WORDS)
    connection.execute("DROP TABLE temp.indexed_word")


def _stored(connection: sqlite3.Connection, pks: Collection[int]) -> dict[int, Texts]:
    """Return what the index has of items."""
    rows = connection.execute(_STORED_OF, (json.dumps(list(pks)),))
    return {row[0]: _texts(*row[1:]) for row in rows}


def _texts_of_row(listing: int, row: ItemRow) -> Texts:
    values = row.values
    place = (values[_SHOW], values[_ARTIST], values[_ALBUM], values[_YEAR])
    return _texts(listing, str(values[_TITLE]), row.original_title, row.full, *place)


def _texts(listing: int, title: str, original: str, full: bytes | None, *place: object) -> Texts:
    titles = search_tokens(title)
    if original and original != title:
        titles = f"{titles} {search_tokens(original)}"
    others = [search_tokens(str(text)) for text in place if text is not None]
    people = people_words(people_names(full)) if full else ""
    return listing_mark(listing), titles, " ".join((titles, *others, people))


def _put(connection: sqlite3.Connection, texts: Collection[tuple[int, Texts]]) -> None:
    of_titles = [(pk, f"{mark} {titles}") for pk, (mark, titles, _) in texts]
    connection.executemany(sql.ADD_TITLE_WORDS, of_titles)
    of_all = [(pk, f"{mark} {words}") for pk, (mark, _, words) in texts]
    connection.executemany(sql.ADD_WORDS, of_all)
    distinct = {*" ".join([words for _, (_, _, words) in texts]).split()}
    listed = {word[:LISTED_LETTERS] for word in distinct}
    connection.executemany(sql.ADD_SEARCH_WORD, [(word,) for word in sorted(listed)])


def _drop(connection: sqlite3.Connection, texts: Iterable[tuple[int, Texts]]) -> None:
    for pk, (mark, titles, words) in texts:
        connection.execute(sql.REMOVE_TITLE_WORDS, (pk, f"{mark} {titles}"))
        connection.execute(sql.REMOVE_WORDS, (pk, f"{mark} {words}"))
