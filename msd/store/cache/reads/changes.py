"""What changed since a revision, for callers that missed the signals (Y10)."""

import json
import sqlite3
from collections.abc import Collection

from msd.models import ChangeSet, ItemId, SourceId
from msd.store.cache.file import current_revision

# Changes of one transaction share a revision, so an answer ends with a whole one.
_CHANGES = """
SELECT id, revision, deleted_at IS NOT NULL FROM item INDEXED BY item_revision
WHERE revision > ? AND listing NOT IN (
    SELECT listing.pk FROM listing JOIN library ON library.pk = listing.library
    WHERE library.source_id IN (SELECT value FROM json_each(?))
) ORDER BY revision LIMIT ?
"""


def changes(
    connection: sqlite3.Connection,
    since: int,
    limit: int,
    hidden_sources: Collection[SourceId] = (),
) -> ChangeSet:
    """Return what changed after a revision, in the order of revisions.

    It answers `reset` when what was purged since then leaves no trace, when the revision is
    of no cache that is known, and when one transaction changed more than `limit` items.
    """
    current = current_revision(connection)
    floor = connection.execute("SELECT value FROM meta WHERE key = 'feed_floor'").fetchone()
    if floor is None or not floor[0] <= since <= current:
        return ChangeSet(revision=current, reset=True)
    hidden = json.dumps(sorted(hidden_sources))
    rows = connection.execute(_CHANGES, (since, hidden, limit + 1)).fetchall()
    upto = current
    if len(rows) > limit:
        cut = rows[limit][1]
        rows = [row for row in rows if row[1] < cut]
        if not rows:
            return ChangeSet(revision=current, reset=True)
        upto = rows[-1][1]
    return ChangeSet(
        changed=tuple(ItemId(item) for item, _, is_gone in rows if not is_gone),
        removed=tuple(ItemId(item) for item, _, is_gone in rows if is_gone),
        revision=upto,
    )
