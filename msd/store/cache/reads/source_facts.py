"""What the cache remembers of a source as a whole."""

import sqlite3

from msd.models import SourceId

RIGHTS = "rights"  # digest of the user's rights as they were last applied

_WITHDRAWN = """
SELECT count(*) FROM library JOIN listing ON listing.library = library.pk
JOIN item INDEXED BY item_withdrawn ON item.listing = listing.pk
WHERE library.source_id = ? AND item.withdrawn_at IS NOT NULL
"""
_WITHHELD = """
SELECT count(*) FROM withheld JOIN library ON library.pk = withheld.library
JOIN item ON item.pk = withheld.item
WHERE library.source_id = ? AND item.deleted_at IS NULL
"""


def read_fact(connection: sqlite3.Connection, source_id: SourceId, key: str) -> str:
    """Return one remembered text, "" when there is none."""
    row = connection.execute(
        "SELECT value FROM source_fact WHERE source_id = ? AND key = ?", (source_id, key)
    ).fetchone()
    return "" if row is None else str(row[0])


def rights_digest(connection: sqlite3.Connection, source_id: SourceId) -> str:
    """Return the digest of the user's rights as they were last applied; "" = never (Y19)."""
    return read_fact(connection, source_id, RIGHTS)


def total_withdrawn(connection: sqlite3.Connection, source_id: SourceId) -> int:
    """Return how many rows of a source are kept although the user may not see them now (Y19)."""
    return int(connection.execute(_WITHDRAWN, (source_id,)).fetchone()[0])


def total_withheld(connection: sqlite3.Connection, source_id: SourceId) -> int:
    """Return how many rows of a source are withheld, each counted once (Y7)."""
    return int(connection.execute(_WITHHELD, (source_id,)).fetchone()[0])
