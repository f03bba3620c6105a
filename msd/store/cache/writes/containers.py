"""Shows, seasons, albums, artists, collections and playlists are what their members are (Y21).

    episode ─► season ─► show ─┐
    track   ─► album ─► artist ┼─► collection, playlist
    film    ───────────────────┘

`settle` is called in the transaction that changes a member. It works out `watched`,
`unwatched_count` and `child_count` of every container above the member:

- from the members, once these are complete: their listing was enumerated completely, or, for a
  collection or playlist, each entry names an item that is cached;
- from the source's own numbers (the columns `said_…`) before that.

An item with unwatched members is never shown as watched, nor the reverse.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache

from msgspec import Struct

from msd.models import ItemId, ItemType, LibraryId
from msd.store.cache import statements as sql

_CHILD_TYPES = {
    ItemType.SHOW: ItemType.SEASON,
    ItemType.SEASON: ItemType.EPISODE,
    ItemType.ARTIST: ItemType.ALBUM,
    ItemType.ALBUM: ItemType.TRACK,
}
_LEAF_TYPES = {
    ItemType.SHOW: ItemType.EPISODE,
    ItemType.SEASON: ItemType.EPISODE,
    ItemType.ARTIST: ItemType.TRACK,
    ItemType.ALBUM: ItemType.TRACK,
}
_WITH_ENTRIES = (ItemType.COLLECTION, ItemType.PLAYLIST)
_CONTAINER_TYPES = json.dumps([*_CHILD_TYPES, *_WITH_ENTRIES])

_ABOVE = """
SELECT parent_id FROM item WHERE id IN (SELECT value FROM json_each(:ids)) AND parent_id NOT NULL
UNION SELECT show_id FROM item WHERE id IN (SELECT value FROM json_each(:ids)) AND show_id NOT NULL
"""
_ENTERED_IN = """
SELECT parent.id FROM member CROSS JOIN item AS parent ON parent.pk = member.parent
WHERE member.item_id IN (SELECT value FROM json_each(?))
"""
_CONTAINERS = """
SELECT item.pk, item.id, listing.type, listing.library, library.id, item.said_watched,
       item.said_unwatched, item.said_children,
       item.watched, item.unwatched_count, item.child_count
FROM item JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE item.id IN (SELECT value FROM json_each(?)) AND item.deleted_at IS NULL
AND listing.type IN (SELECT value FROM json_each(?))
"""
_OF_LIBRARY = """
SELECT item.id FROM listing CROSS JOIN item ON item.listing = listing.pk
WHERE listing.library = ? AND item.deleted_at IS NULL
AND listing.type IN (SELECT value FROM json_each(?))
"""
# An episode names its show; whatever stands two levels below an item belongs to it, too.
_LEAVES = """
SELECT container, count(*), sum(is_current), sum(is_current AND NOT watched) FROM (
    SELECT show_id AS container, pk, deleted_at IS NULL AS is_current, watched
    FROM item INDEXED BY item_show
    WHERE show_id IN (SELECT value FROM json_each(:ids))
    AND listing IN (SELECT value FROM json_each(:leaves))
    UNION
    SELECT parent_id, pk, deleted_at IS NULL, watched FROM item INDEXED BY item_parent
    WHERE parent_id IN (SELECT value FROM json_each(:ids))
    AND listing IN (SELECT value FROM json_each(:leaves))
    UNION
    SELECT middle.parent_id, leaf.pk, leaf.deleted_at IS NULL, leaf.watched
    FROM item AS middle INDEXED BY item_parent
    CROSS JOIN item AS leaf INDEXED BY item_parent ON leaf.parent_id = middle.id
    WHERE middle.parent_id IN (SELECT value FROM json_each(:ids))
    AND leaf.listing IN (SELECT value FROM json_each(:leaves))
) GROUP BY container
"""
_CHILDREN = """
SELECT parent_id, count(*), sum(deleted_at IS NULL) FROM item INDEXED BY item_parent
WHERE parent_id IN (SELECT value FROM json_each(?)) GROUP BY parent_id
"""
_ENTRIES = """
SELECT member.parent, count(*), count(item.pk),
       count(item.pk) FILTER (WHERE item.deleted_at IS NULL),
       sum(CASE WHEN item.deleted_at IS NOT NULL THEN 0
           WHEN listing.type IN (SELECT value FROM json_each(:containers))
           THEN coalesce(item.unwatched_count, NOT item.watched)
           ELSE NOT item.watched END)
FROM member LEFT JOIN item ON item.id = member.item_id
LEFT JOIN listing ON listing.pk = item.listing
WHERE member.parent IN (SELECT value FROM json_each(:parents)) GROUP BY member.parent
"""


class ContainerState(Struct, frozen=True):
    """What is shown of a container."""

    watched: bool
    unwatched_count: int | None  # None: unknown
    child_count: int | None


class _Said(Struct, frozen=True, kw_only=True):
    """What the source says of a container."""

    watched: bool
    unwatched: int | None
    children: int | None


class Members(Struct, frozen=True, kw_only=True):
    """What the cache holds of a container's members."""

    are_complete: bool
    unwatched: int = 0
    leaves: int = 0  # episodes, tracks or entries that are shown
    children: int | None = None  # None: not known completely


class _Container(Struct, frozen=True, kw_only=True):
    pk: int
    id: ItemId
    type: ItemType
    library: int
    library_id: LibraryId
    said: _Said
    shown: ContainerState


def container_state(said: _Said, members: Members) -> ContainerState:
    """Return what is shown of a container; the only place that decides it."""
    children = said.children if members.children is None else members.children
    unwatched = said.unwatched
    if members.are_complete:
        unwatched = members.unwatched if members.leaves else None
    if unwatched is None or (unwatched == 0 and children == 0):
        return ContainerState(said.watched, None, children)
    return ContainerState(unwatched == 0, unwatched, children)


def settle(
    connection: sqlite3.Connection, changed: Iterable[str], revision: Callable[[], int]
) -> dict[LibraryId, list[ItemId]]:
    """Bring the containers above changed items up to date, inside the open transaction.

    Args:
        connection: to the cache.
        changed: ids of items that changed, with the ids of their former parents and shows.
        revision: returns the revision of this transaction; called when a container changes.

    Returns:
        The containers that are shown differently now, by library.
    """
    ids = containers_above(connection, changed)
    if not ids:
        return {}
    revision = cache(revision)  # one transaction has one
    containers = _containers(connection, ids)
    below = [container for container in containers if container.type not in _WITH_ENTRIES]
    above = [container for container in containers if container.type in _WITH_ENTRIES]
    settled = _store(connection, _by_children(connection, below), revision)
    # The entries of a collection may be shows, which must be settled first.
    for library, items in _store(connection, _by_entries(connection, above), revision).items():
        settled.setdefault(library, []).extend(items)
    return settled


def containers_of_library(connection: sqlite3.Connection, library: int) -> list[str]:
    """Return the ids of the containers in a library, given by its key."""
    rows = connection.execute(_OF_LIBRARY, (library, _CONTAINER_TYPES))
    return [item for (item,) in rows]


def containers_above(connection: sqlite3.Connection, changed: Iterable[str]) -> set[str]:
    """Return the ids of items with those of everything that they may belong to."""
    level = set(changed)
    ids = set(level)
    for _ in range(2):  # a season and its show; an album and its artist
        rows = connection.execute(_ABOVE, {"ids": json.dumps(list(level))})
        level = {item for (item,) in rows} - ids
        if not level:
            break
        ids |= level
    entered = connection.execute(_ENTERED_IN, (json.dumps(list(ids)),))
    return ids | {item for (item,) in entered}


def _containers(connection: sqlite3.Connection, ids: Collection[str]) -> list[_Container]:
    rows = connection.execute(_CONTAINERS, (json.dumps(list(ids)), _CONTAINER_TYPES))
    return [
        _Container(
            pk=pk,
            id=ItemId(item),
            type=ItemType(item_type),
            library=library,
            library_id=LibraryId(library_id),
            said=_Said(watched=bool(said[0]), unwatched=said[1], children=said[2]),
            shown=ContainerState(bool(said[3]), said[4], said[5]),
        )
        for pk, item, item_type, library, library_id, *said in rows
    ]


def _by_children(
    connection: sqlite3.Connection, containers: Collection[_Container]
) -> list[tuple[_Container, ContainerState]]:
    """Return what shows, seasons, artists and albums are to be shown as."""
    if not containers:
        return []
    listings = connection.execute("SELECT pk, library, type, complete_at > 0 FROM listing")
    all_listings = listings.fetchall()
    complete = {(library, kind) for _, library, kind, is_complete in all_listings if is_complete}
    leaf_types = set(_LEAF_TYPES.values())
    leaf_listings = json.dumps([pk for pk, _, kind, _ in all_listings if kind in leaf_types])
    ids = json.dumps([container.id for container in containers])
    leaves = {
        item: counted
        for item, *counted in connection.execute(_LEAVES, {"ids": ids, "leaves": leaf_listings})
    }
    children = {item: counted for item, *counted in connection.execute(_CHILDREN, (ids,))}
    return [
        (
            container,
            container_state(container.said, _members(container, complete, leaves, children)),
        )
        for container in containers
    ]


def _members(
    container: _Container,
    complete: Collection[tuple[int, str]],
    leaves: Mapping[str, list[int]],
    children: Mapping[str, list[int]],
) -> Members:
    known, current, unwatched = leaves.get(container.id, (0, 0, 0))
    known_children, current_children = children.get(container.id, (0, 0))
    # A new show comes before its episodes: without any, its listing says nothing about it.
    has_leaves = known > 0 and (container.library, _LEAF_TYPES[container.type]) in complete
    has_children = (
        known_children > 0 and (container.library, _CHILD_TYPES[container.type]) in complete
    )
    return Members(
        are_complete=has_leaves,
        unwatched=unwatched,
        leaves=current,
        children=current_children if has_children else None,
    )


def _by_entries(
    connection: sqlite3.Connection, containers: Collection[_Container]
) -> list[tuple[_Container, ContainerState]]:
    """Return what collections and playlists are to be shown as."""
    if not containers:
        return []
    rows = connection.execute(
        _ENTRIES,
        {
            "parents": json.dumps([container.pk for container in containers]),
            "containers": _CONTAINER_TYPES,
        },
    )
    entries = {parent: counted for parent, *counted in rows}
    states = []
    for container in containers:
        named, known, current, unwatched = entries.get(container.pk, (0, 0, 0, 0))
        is_complete = 0 < named == known
        members = Members(
            are_complete=is_complete,
            unwatched=unwatched or 0,
            leaves=current,
            children=current if is_complete else None,
        )
        states.append((container, container_state(container.said, members)))
    return states


def _store(
    connection: sqlite3.Connection,
    states: Iterable[tuple[_Container, ContainerState]],
    revision: Callable[[], int],
) -> dict[LibraryId, list[ItemId]]:
    differing = [(container, state) for container, state in states if container.shown != state]
    if not differing:
        return {}
    number = revision()
    connection.executemany(
        sql.SETTLE_ITEM,
        [
            (number, state.watched, state.unwatched_count, state.child_count, container.pk)
            for container, state in differing
        ],
    )
    settled: dict[LibraryId, list[ItemId]] = {}
    for container, _ in differing:
        settled.setdefault(container.library_id, []).append(container.id)
    return settled
