"""Keeps the full-text index in step with the rows, in the transaction that writes them."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from msd.store.cache import statements as sql
from msd.store.cache.rows.columns import CONTENT_COLUMNS
from msd.store.cache.rows.item_row import ItemRow
from msd.store.cache.rows.search_text import joined_forms, search_tokens

BACKLOG_BATCH = 5000  # rows of an older cache that one transaction puts into the index

_TITLE, _YEAR, _SHOW, _ARTIST, _ALBUM = (
    CONTENT_COLUMNS.index(name) for name in ("title", "year", "show_title", "artist", "album")
)
_STORED = """
SELECT item, title, original, place, people FROM search_text
WHERE item IN (SELECT value FROM json_each(?))
"""
_BACKLOG = """
SELECT item.pk, item.title, item_detail.body, item.show_title, item.artist, item.album, item.year
FROM item LEFT JOIN item_detail ON item_detail.item = item.pk
LEFT JOIN search_text ON search_text.item = item.pk
WHERE item.pk <= ? AND search_text.item IS NULL ORDER BY item.pk DESC LIMIT ?
"""
_SET_BACKLOG = "UPDATE meta SET value = ? WHERE key = 'search_backlog'"

Texts = tuple[int, str, str, str, str]  # the item's key, title, original title, place, people


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, ItemRow]]) -> None:
    """Put new rows into the index, given with their primary keys."""
    _put(connection, [_texts(pk, row, row.people or "") for pk, row in rows])


def change(connection: sqlite3.Connection, rows: Collection[tuple[int, ItemRow]]) -> None:
    """Put rows into the index whose texts may have changed."""
    stored = _stored(connection, [pk for pk, _ in rows])
    changed: list[Texts] = []
    for pk, row in rows:
        before = stored.get(pk)
        people = row.people if row.people is not None else (before[4] if before else "")
        texts = _texts(pk, row, people)
        if texts != before:
            changed.append(texts)
    _drop(connection, [stored[pk] for pk, *_ in changed if pk in stored])
    _put(connection, changed)


def set_people(connection: sqlite3.Connection, people: Mapping[int, str]) -> None:
    """Make items findable by their people, which full answers named."""
    stored = _stored(connection, people.keys())
    changed = [texts for pk, texts in stored.items() if texts[4] != people[pk]]
    _drop(connection, changed)
    _put(connection, [(*texts[:4], people[texts[0]]) for texts in changed])


def remove(connection: sqlite3.Connection, pks: Collection[int]) -> None:
    """Take deleted rows out of the index."""
    stored = _stored(connection, pks)
    _drop(connection, stored.values())
    connection.executemany(sql.DELETE_SEARCH_TEXT, [(pk,) for pk in stored])


def index_backlog(connection: sqlite3.Connection, batch: int = BACKLOG_BATCH) -> bool:
    """Put one batch of rows of an older cache into the index; True while there are more."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'search_backlog'").fetchone()
    if row is None or not row[0]:
        return False
    rows = connection.execute(_BACKLOG, (row[0], batch)).fetchall()
    texts = []
    for pk, title, body, show, artist, album, year in rows:
        original = json.loads(body).get("original_title", "") if body else ""
        place = _place(show, artist, album, year)
        texts.append((pk, search_tokens(title), _original(original), place, ""))
    _put(connection, texts)
    is_more = len(rows) == batch
    connection.execute(_SET_BACKLOG, (rows[-1][0] - 1 if is_more else 0,))
    return is_more


def _texts(pk: int, row: ItemRow, people: str) -> Texts:
    values = row.values
    place = _place(values[_SHOW], values[_ARTIST], values[_ALBUM], values[_YEAR])
    title = search_tokens(str(values[_TITLE]))
    return (pk, title, _original(row.original_title), place, people)


def _original(text: str) -> str:
    """Return another title; it begins with the whole of it, to which a search compares."""
    return f"{joined_forms(text)[0]} {search_tokens(text)}" if text else ""


def _place(*texts: object) -> str:
    return " ".join(search_tokens(str(text)) for text in texts if text is not None)


def _stored(connection: sqlite3.Connection, pks: Collection[int]) -> dict[int, Texts]:
    return {row[0]: row for row in connection.execute(_STORED, (json.dumps(list(pks)),))}


def _put(connection: sqlite3.Connection, texts: Collection[Texts]) -> None:
    connection.executemany(sql.PUT_SEARCH_TEXT, texts)
    connection.executemany(sql.ADD_TO_SEARCH, texts)


def _drop(connection: sqlite3.Connection, texts: Iterable[Texts]) -> None:
    connection.executemany(sql.REMOVE_FROM_SEARCH, texts)
