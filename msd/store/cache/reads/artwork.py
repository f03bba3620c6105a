"""Which picture is shown for an item: its own, else one of its parents, else one of below.

    episode → season → show        collection, playlist → its members, in order
    track   → album  → artist      library              → its newest items, newest first
                                   show, artist         → its first season or album with one

A library of artists without pictures shows an album, too. A wide picture (`thumb`, `backdrop`)
stands in for the other kind of wide picture before the relatives are asked. An id of a person
(`person_artwork_id`) stands for the picture of one of the people in an item's details.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from msd.models import ItemId, LibraryId, SourceId
from msd.models.artwork import ArtworkKind, PictureRef
from msd.store.cache.reads.details import person_key
from msd.store.cache.reads.listings import visible_listings
from msd.store.cache.rows.columns import ARTWORK
from msd.store.ids import item_of_person, person_artwork_id

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
SELECT parent, item_id FROM member
WHERE parent IN (SELECT value FROM json_each(?)) AND position < {MOST_MEMBERS}
ORDER BY parent, position
"""
_FIRST_PARTS = """
SELECT whole.value, item.id FROM json_each(?) AS whole CROSS JOIN item ON item.pk = (
    SELECT part.pk FROM item AS part INDEXED BY item_parent
    WHERE part.parent_id = whole.value AND part.deleted_at IS NULL AND part.artwork & ?
    ORDER BY part.season_number IS 0, part.season_number, part.year, part.sort_title
    LIMIT 1
)
"""
_NEWEST = f"""
SELECT id, added FROM item WHERE listing = ? AND deleted_at IS NULL
ORDER BY added DESC LIMIT {MOST_MEMBERS}
"""
_PEOPLE = """
SELECT item.id, item.listing, json_extract(CAST(item_full.body AS TEXT), '$.people')
FROM item JOIN item_full ON item_full.item = item.pk
WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL
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
        self.listings = visible_listings(connection, hidden)
        self._rows: dict[str, _Row | None] = {}

    def read(self, ids: Iterable[str]) -> None:
        """Read those rows that were not read yet."""
        wanted = [item_id for item_id in dict.fromkeys(ids) if item_id not in self._rows]
        if not wanted:
            return
        self._rows.update(dict.fromkeys(wanted))
        for item_id, pk, listing, *parents, images in self._connection.execute(
            _ITEMS, (json.dumps(wanted),)
        ):
            if listing in self.listings:
                above = tuple(dict.fromkeys(filter(None, parents)))
                source_id = self.listings[listing].source_id
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
    """Return the picture of each item, library or person that has one, own or of a relative."""
    rows = _Rows(connection, hidden_sources)
    kinds = _KINDS.get(kind, (kind.value,))
    found = _own_or_above(rows, ids, kinds)
    if missing := [item_id for item_id in ids if item_id not in found]:
        found |= _below(connection, rows, missing, kinds)
    people = [item_id for item_id in ids if item_of_person(item_id)]
    if people and kind is ArtworkKind.POSTER:
        found |= _of_people(connection, rows, people)
    return found


def _own_or_above(rows: _Rows, ids: Sequence[str], kinds: Sequence[str]) -> dict[str, PictureRef]:
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
    return found


def _of_people(
    connection: sqlite3.Connection, rows: _Rows, ids: Sequence[str]
) -> dict[str, PictureRef]:
    """Return the pictures of people, as the details of their items name them."""
    items = sorted({item_of_person(artwork_id) for artwork_id in ids})
    found: dict[str, PictureRef] = {}
    for item_id, listing, people in connection.execute(_PEOPLE, (json.dumps(items),)):
        if listing in rows.listings and people:
            for person in json.loads(people):
                if ref := person.get("image"):
                    artwork_id = person_artwork_id(item_id, person_key(person))
                    found.setdefault(artwork_id, PictureRef(rows.listings[listing].source_id, ref))
    return {artwork_id: found[artwork_id] for artwork_id in ids if artwork_id in found}


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


def _below(
    connection: sqlite3.Connection, rows: _Rows, ids: Sequence[str], kinds: Sequence[str]
) -> dict[str, PictureRef]:
    """Return the picture of a member of each item or library, else of a part of it or of one."""
    groups = _with_members(connection, rows, ids)
    members = [one for group in groups.values() for one in group]
    found = _first_of_each(groups, _own_or_above(rows, members, kinds))
    bare = {item_id: group for item_id, group in groups.items() if item_id not in found}
    wholes = [one for group in bare.values() for one in group]
    return found | _first_of_each(bare, _of_parts(connection, rows, wholes, kinds))


def _with_members(
    connection: sqlite3.Connection, rows: _Rows, ids: Sequence[str]
) -> dict[str, list[str]]:
    """Return each item with its members after it, and the newest items of each library."""
    keys = {row.pk: item_id for item_id in ids if (row := rows.get(item_id)) is not None}
    groups = {item_id: [item_id] for item_id in keys.values()}
    for parent, member in connection.execute(_MEMBERS, (json.dumps([*keys]),)):
        groups[keys[parent]].append(member)
    for library_id in set(ids) & {listing.library_id for listing in rows.listings.values()}:
        listings = [one.pk for one in rows.listings.values() if one.library_id == library_id]
        newest = [item for pk in listings for item in connection.execute(_NEWEST, (pk,))]
        newest.sort(key=lambda item: item[1], reverse=True)
        groups[library_id] = [item for item, _ in newest]
    return groups


def _of_parts(
    connection: sqlite3.Connection, rows: _Rows, wholes: Sequence[str], kinds: Sequence[str]
) -> dict[str, PictureRef]:
    """Return the picture of the first season or album that has one, for each show or artist."""
    bits = sum(ARTWORK[kind] for kind in kinds)
    wanted = json.dumps([*dict.fromkeys(wholes)])
    parts = dict(connection.execute(_FIRST_PARTS, (wanted, bits)).fetchall())
    rows.read(parts.values())
    refs = {whole: _first(rows, [part], kinds) for whole, part in parts.items()}
    return {whole: ref for whole, ref in refs.items() if ref is not None}


def _first_of_each(
    groups: Mapping[str, Sequence[str]], refs: Mapping[str, PictureRef]
) -> dict[str, PictureRef]:
    firsts = {
        each: next((refs[one] for one in group if one in refs), None)
        for each, group in groups.items()
    }
    return {each: ref for each, ref in firsts.items() if ref is not None}


def _by_kind(images: str | None) -> dict[str, str]:
    if not images:
        return {}
    return dict(reversed(json.loads(images)))  # of a kind the first one counts
