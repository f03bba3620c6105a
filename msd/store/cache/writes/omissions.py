"""What a source has and msd leaves out, row by row, until it becomes readable (Y16)."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from msd.models import (
    OMISSION_KINDS,
    ItemType,
    LibraryId,
    Omission,
    RemoteId,
    SourceId,
    UnixSeconds,
)
from msd.store.cache import statements as sql
from msd.store.cache.rows import normalise

MOST_OMISSIONS = 100_000  # of one source; more are counted by the sync and not listed

_SEVERITY = {kind: severity for severity, kind in enumerate(OMISSION_KINDS)}
# "" and None stand for any library and any type.
_NOT_NAMED = """
DELETE FROM omission WHERE source_id = :source AND (:library IS NULL OR library = :library)
AND (:type = '' OR type = :type) AND place NOT IN (SELECT value FROM json_each(:places))
"""


def add_omissions(
    connection: sqlite3.Connection,
    source_id: SourceId,
    omissions: Sequence[Omission],
    libraries: Mapping[RemoteId, LibraryId],
    item_type: ItemType | None,
    now: UnixSeconds,
) -> None:
    """Record omissions inside the open transaction; those that are known keep their time.

    Args:
        connection: to the cache.
        source_id: whose they are.
        omissions: each place once; of two with one place the last counts.
        libraries: ids of the source's libraries by remote id.
        item_type: the type of the listing that leaves them out, if it is one.
        now: the time.
    """
    connection.executemany(
        sql.PUT_OMISSION,
        [
            (
                source_id,
                place,
                None if omission.library is None else libraries.get(omission.library),
                item_type or "",
                _SEVERITY.get(omission.kind, len(OMISSION_KINDS)),
                normalise.text(omission.kind, normalise.NAME) or "other",
                normalise.text(omission.reason),
                normalise.text(omission.title),
                now,
                normalise.text(omission.thing, normalise.NAME),
                normalise.number(omission.number, normalise.MAX_COUNT),
            )
            for omission in omissions[:MOST_OMISSIONS]
            if (place := _place(omission))
        ],
    )


def drop_omissions_but(
    connection: sqlite3.Connection,
    source_id: SourceId,
    omissions: Sequence[Omission],
    library_id: LibraryId | None,
    item_type: ItemType | None,
) -> None:
    """Forget the omissions of a scope that are not among these.

    Without a type the scope is the library; without a library it is the whole source.
    """
    connection.execute(
        _NOT_NAMED,
        {
            "source": source_id,
            "library": library_id,
            "type": item_type or "",
            "places": json.dumps([_place(omission) for omission in omissions]),
        },
    )


def drop_readable(
    connection: sqlite3.Connection, source_id: SourceId, remote_ids: Iterable[RemoteId]
) -> None:
    """Forget omissions of rows that could be read now."""
    there = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM omission WHERE source_id = ?)", (source_id,)
    ).fetchone()
    if there[0]:
        rows = [(source_id, remote_id) for remote_id in remote_ids]
        connection.executemany(sql.DELETE_OMISSION, rows)


def drop_source(connection: sqlite3.Connection, source_id: SourceId) -> None:
    """Forget every omission of a source."""
    connection.execute("DELETE FROM omission WHERE source_id = ?", (source_id,))


def _place(omission: Omission) -> str:
    return normalise.text(omission.place, normalise.REFERENCE)
