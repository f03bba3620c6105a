"""Checks that every container of a cache is what its members are (Y21).

It works everything out anew, row by row and without the SQL of the code under test, so that a
forgotten change of a member shows.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

LEAF = {"show": "episode", "season": "episode", "artist": "track", "album": "track"}
CHILD = {"show": "season", "season": "episode", "artist": "album", "album": "track"}
WITH_ENTRIES = ("collection", "playlist")
ROWS = """
SELECT item.pk, item.id, listing.type, listing.library, item.deleted_at IS NULL, item.parent_id,
       item.show_id, item.watched, item.unwatched_count, item.child_count,
       item.said_watched, item.said_unwatched, item.said_children
FROM item JOIN listing ON listing.pk = item.listing
"""


class Row(NamedTuple):
    """One item as it is stored."""

    pk: int
    id: str
    type: str
    library: int
    is_shown: bool
    parent_id: str | None
    show_id: str | None
    watched: bool
    unwatched: int | None
    children: int | None
    said_watched: bool
    said_unwatched: int | None
    said_children: int | None


class Cached:
    """All rows of one cache, with what is enumerated and what collections hold."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as cache:
            self.rows = {row[1]: Row(*row) for row in cache.execute(ROWS)}
            self.complete = set(
                cache.execute("SELECT library, type FROM listing WHERE complete_at > 0")
            )
            self.entries: dict[int, list[str]] = {}
            for parent, item in cache.execute(
                "SELECT parent, item_id FROM member ORDER BY parent, position"
            ):
                self.entries.setdefault(parent, []).append(item)

    def belongs(self, leaf: Row, container: Row) -> bool:
        """Tell whether a leaf names the container or hangs on it, at most two levels below."""
        parent = self.rows.get(leaf.parent_id or "")
        above = parent.parent_id if parent is not None else None
        return container.id in (leaf.show_id, leaf.parent_id, above)

    def expected(self, row: Row) -> tuple[bool, int | None, int | None]:
        """Return what a container must show: watched, unwatched members, children."""
        children, unwatched, shown = row.said_children, row.said_unwatched, None
        if row.type in WITH_ENTRIES:
            named = self.entries.get(row.pk, [])
            entries = [self.rows[item] for item in named if item in self.rows]
            if named and len(entries) == len(named):
                current = [entry for entry in entries if entry.is_shown]
                shown, children = len(current), len(current)
                unwatched = sum(map(unwatched_of, current))
        else:
            of_type = [leaf for leaf in self.rows.values() if leaf.type in LEAF.values()]
            leaves = [leaf for leaf in of_type if self.belongs(leaf, row)]
            if leaves and (row.library, LEAF[row.type]) in self.complete:
                current = [leaf for leaf in leaves if leaf.is_shown]
                shown, unwatched = len(current), sum(not leaf.watched for leaf in current)
            below = [child for child in self.rows.values() if child.parent_id == row.id]
            if below and (row.library, CHILD[row.type]) in self.complete:
                children = sum(child.is_shown for child in below)
        if shown == 0 or unwatched is None or (unwatched == 0 and children == 0):
            return row.said_watched, None, children
        return unwatched == 0, unwatched, children


def unwatched_of(entry: Row) -> int:
    """Return how many things are left to see of an entry of a collection."""
    if entry.type in CHILD or entry.type in WITH_ENTRIES:
        return (not entry.watched) if entry.unwatched is None else entry.unwatched
    return not entry.watched


def wrong_containers(path: Path) -> Iterator[str]:
    """Return a sentence for each container of a cache that is not what its members are."""
    cached = Cached(path)
    for row in cached.rows.values():
        if not row.is_shown or (row.type not in CHILD and row.type not in WITH_ENTRIES):
            continue
        shown = (bool(row.watched), row.unwatched, row.children)
        expected = cached.expected(row)
        expected = (bool(expected[0]), *expected[1:])
        if shown != expected:
            yield f"{row.type} {row.id} shows {shown}, its members say {expected}"
        if row.unwatched is not None and row.watched != (row.unwatched == 0):
            yield f"{row.type} {row.id}: watched is {row.watched}, unwatched {row.unwatched}"


def check_containers(path: Path) -> None:
    """Fail when a container of a cache is not what its members are."""
    assert list(wrong_containers(path)) == []
