"""Which picture is shown for an item: its own, else one of its parents or members.

    episode → season → show        collection, playlist → its members, in order
    track   → album  → artist      library              → its items with a picture, newest first

A wide picture (`thumb`, `backdrop`) stands in for the other kind of wide picture before the
parents are asked.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from msd.models import ItemId, LibraryId, SourceId
from msd.models.artwork import ArtworkKind, PictureRef
from msd.store.cache.reads.listings import visible_listings

MOST_GENERATIONS = 3  # a track has an album and an artist above it
MOST_MEMBERS = 20  # that are looked at for one container
_KINDS: Mapping[ArtworkKind, tuple[str, ...]] = {
    ArtworkKind.THUMB: ("thumb", "backdrop"),
    ArtworkKind.BACKDROP: ("backdrop", "thumb"),
}
_ITEMS = """
SELECT item.id, item.pk, item.listing, item.parent_id, item.album_id, item.show_id,
       json_extract(item_detail.body, '$.images')
FROM item LEFT JOIN item_detail ON item_detail.item = item.pk
WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL
"""
_MEMBERS = f"""
SELECT member.item_id FROM member WHERE member.parent = ? ORDER BY member.position
LIMIT {MOST_MEMBERS}
"""
_NEWEST = f"""
SELECT item.id FROM item JOIN listing ON listing.pk = item.listing
JOIN library ON library.pk = listing.library
WHERE library.id = ? AND library.deleted_at IS NULL AND item.deleted_at IS NULL
AND item.artwork <> 0 ORDER BY item.added DESC LIMIT {MOST_MEMBERS}
"""


class _Row(Struct, frozen=True):
    pk: int
    source_id: SourceId
    parents: tuple[str, ...]
    images: Mapping[str, str]


class _Rows:
    """Rows by id, each read once."""

    def __init__(self, connection: sqlite3.Connection, hidden: Collection[SourceId]) -> None:
        self._connection = connection
        self._listings = visible_listings(connection, hidden)
        self._rows: dict[str, _Row | None] = {}

    def read(self, ids: Iterable[str]) -> None:
        """Read those rows that were not read yet."""
        wanted = [item_id for item_id in dict.fromkeys(ids) if item_id not in self._rows]
        self._rows.update(dict.fromkeys(wanted))
        for item_id, pk, listing, *parents, images in self._connection.execute(
            _ITEMS, (json.dumps(wanted),)
        ):
            if listing in self._listings:
                above = tuple(dict.fromkeys(filter(None, parents)))
                source_id = self._listings[listing].source_id
                self._rows[item_id] = _Row(pk, source_id, above, _by_kind(images))

    def get(self, item_id: str) -> _Row | None:
        """Return a row that was read, None when it is not served."""
        return self._rows.get(item_id)


def picture_refs(
    connection: sqlite3.Connection,
    ids: Sequence[ItemId | LibraryId],
    kind: ArtworkKind,
    hidden_sources: Collection[SourceId] = (),
) -> dict[str, PictureRef]:
    """Return the picture of each item or library that has one, of its own or of its relatives."""
    rows = _Rows(connection, hidden_sources)
    kinds = _KINDS.get(kind, (kind.value,))
    found: dict[str, PictureRef] = {}
    candidates: dict[str, tuple[str, ...]] = {item_id: (item_id,) for item_id in ids}
    for _ in range(MOST_GENERATIONS):
        rows.read(candidate for group in candidates.values() for candidate in group)
        for item_id in list(candidates):
            if ref := _first(rows, candidates[item_id], kinds):
                found[item_id] = ref
                del candidates[item_id]
            else:
                candidates[item_id] = _parents(rows, candidates[item_id])
    for item_id in ids:
        if item_id not in found and (below := _below(connection, rows, item_id)):
            rows.read(below)
            if ref := _first(rows, below, kinds):
                found[item_id] = ref
    return found


def _first(rows: _Rows, ids: Iterable[str], kinds: Sequence[str]) -> PictureRef | None:
    present = [row for item_id in ids if (row := rows.get(item_id)) is not None]
    for row in present:
        for kind in kinds:
            if ref := row.images.get(kind):
                return PictureRef(row.source_id, ref)
    return None


def _parents(rows: _Rows, ids: Iterable[str]) -> tuple[str, ...]:
    present = [row for item_id in ids if (row := rows.get(item_id)) is not None]
    return tuple(dict.fromkeys(parent for row in present for parent in row.parents))


def _below(connection: sqlite3.Connection, rows: _Rows, item_id: str) -> tuple[str, ...]:
    row = rows.get(item_id)
    query, key = (_NEWEST, item_id) if row is None else (_MEMBERS, row.pk)
    return tuple(member for (member,) in connection.execute(query, (key,)))


def _by_kind(images: str | None) -> dict[str, str]:
    if not images:
        return {}
    return dict(reversed(json.loads(images)))  # of a kind the first one counts
