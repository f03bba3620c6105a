"""Which items' details are worth asking for again when somebody looks at them.

Details are stale when they are due (see `due_details`), when a page of many brought them and left
something out, or when they are old: markers, subtitles and trailers come without a change of the
row, and mostly while an item is new or a show continues.
"""

import json
import sqlite3
from collections.abc import Sequence

from msd.models import DueItem, ItemId, SourceId, StaleItem, UnixSeconds

DAY_S = 86_400
STALE_S = 30 * DAY_S
STALE_WHILE_NEW_S = 3 * DAY_S
NEW_S = 30 * DAY_S  # so long after it was added, an item is new
_STALE = f"""
SELECT item.id, library.source_id, item.pk, item.remote_id, item.content
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
LEFT JOIN item_full ON item_full.item = item.pk
LEFT JOIN item_detail ON item_detail.item = item.pk
WHERE item.id IN (SELECT value FROM json_each(:ids)) AND item.deleted_at IS NULL AND (
    item.details_of IS NOT item.content OR item_full.item IS NULL OR NOT item_full.is_whole
    OR item_full.fetched <= :now - CASE
        WHEN item.added > item_full.fetched - {NEW_S} THEN {STALE_WHILE_NEW_S}
        WHEN json_extract(item_detail.body, '$.status') = 'continuing' THEN {STALE_WHILE_NEW_S}
        ELSE {STALE_S} END
)
"""


def stale_details(
    connection: sqlite3.Connection, ids: Sequence[ItemId], now: UnixSeconds
) -> tuple[StaleItem, ...]:
    """Return those of some items whose details are stale or missing, in the order of the ids."""
    rows = connection.execute(_STALE, {"ids": json.dumps(ids), "now": now})
    stale = {
        item_id: StaleItem(ItemId(item_id), SourceId(source), DueItem(pk, remote_id, content))
        for item_id, source, pk, remote_id, content in rows
    }
    return tuple(stale[item_id] for item_id in dict.fromkeys(ids) if item_id in stale)
