"""org.msd.Msd1.Library on the bus: reads of the cache."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import cast

import anyio

from msd.bus.gate import Gate
from msd.bus.options import Reader, flag, read_options, texts
from msd.bus.reads.query import facet_query, item_query, search_query
from msd.bus.served import RootInterface
from msd.contract import LIBRARY, MAX_GET_ITEMS
from msd.dbus.messages.marshal import entries
from msd.dbus.messages.variant import Typed, Variant, variants
from msd.dbus.serving.callers import Caller, caller
from msd.errors import LimitExceededError, SupersededError
from msd.item_keys import ALL, DETAIL_KEYS, DETAIL_LISTS, DETAILS, HIT_KEYS, ITEM_KEYS, STREAM_KEYS
from msd.models import ItemFields, ItemId, Library, SourceId

LIBRARY_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("id", "source_id", "remote_id", "name", "type", "sync", "content"), "s"),
    **dict.fromkeys(("hidden", "show_in_home"), "b"),
    **dict.fromkeys(("position", "item_count", "interval_s"), "u"),
    "synced_at": "x",
    **dict.fromkeys(("counts", "left_out"), "a{su}"),
}
_GET_OPTIONS: Mapping[str, Reader] = {"fields": texts, "details": flag, "refresh": flag}
_NOT_COUNTED = -1
_FACET_TYPE = "a(su)"
_ITEM_ENTRIES = entries({**ITEM_KEYS, **DETAIL_KEYS})
_LIST_ENTRIES = {key: entries(types) for key, types in DETAIL_LISTS.items()}
_STREAM_ENTRIES = entries(STREAM_KEYS)
_DETAIL_LISTS = frozenset(DETAIL_LISTS)
_HIT_ENTRIES = entries({**ITEM_KEYS, **HIT_KEYS})


class LibraryInterface(RootInterface):
    """Libraries and items of all sources."""

    name = LIBRARY
    calls_at_once = 8
    ends_with_caller = True

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._searches: dict[tuple[str, str], anyio.CancelScope] = {}

    async def list_libraries(
        self, source_id: str, options: Mapping[str, Variant]
    ) -> Sequence[Mapping[str, Variant]]:
        """Return the libraries of one source, or of all."""
        read_options(options, {})
        libraries = await self._coordinator.library.libraries(
            SourceId(source_id) if source_id else None
        )
        return [library_entry(library) for library in libraries]

    async def query_items(self, query: Mapping[str, Variant]) -> tuple[Sequence[Typed], str, int]:
        """Return one page of items."""
        wanted = item_query(query)
        if wanted is None:
            return [], "", 0 if query.get("count") == ("b", True) else _NOT_COUNTED
        if wanted.is_dear:
            async with _dear_turn():
                page = await self._coordinator.library.query(wanted)
        else:
            page = await self._coordinator.library.query(wanted)
        total = _NOT_COUNTED if page.total is None else page.total
        return [item_entry(item) for item in page.items], page.next_cursor, total

    async def get_facets(self, query: Mapping[str, Variant]) -> Mapping[str, Variant]:
        """Return how many of the matching items have each genre, year, letter and so on."""
        wanted, names = facet_query(query)
        if wanted is None:
            return {name: Variant(_FACET_TYPE, []) for name in names}
        async with _dear_turn():
            counts = await self._coordinator.library.facets(wanted, names)
        return {
            name: Variant(_FACET_TYPE, [(facet.value, facet.count) for facet in values])
            for name, values in counts.items()
        }

    async def search(
        self, text: str, options: Mapping[str, Variant]
    ) -> tuple[str, Sequence[Typed], int]:
        """Return the items that fit a text best; a newer search of a session ends an older one."""
        query, session = search_query(text, options)
        if query is None:
            return text, [], 0 if options.get("count") == ("b", True) else _NOT_COUNTED
        key = (caller.get(Caller()).name, session)
        if (older := self._searches.get(key)) is not None:
            older.cancel()
        with anyio.CancelScope() as scope:
            self._searches[key] = scope
            try:
                page = await self._coordinator.library.search(query)
                total = _NOT_COUNTED if page.total is None else page.total
                return page.text, [Typed(_HIT_ENTRIES, hit) for hit in page.hits], total
            finally:
                if self._searches.get(key) is scope:
                    del self._searches[key]
        raise SupersededError("a newer search took the place of this one")

    async def get_items(
        self, ids: Sequence[str], options: Mapping[str, Variant]
    ) -> Sequence[Typed]:
        """Return items by their ids."""
        if len(ids) > MAX_GET_ITEMS:
            raise LimitExceededError(f"at most {MAX_GET_ITEMS} ids at a time")
        values = read_options(options, _GET_OPTIONS)
        items = await self._coordinator.library.items(
            [ItemId(item_id) for item_id in ids],
            fields=(ALL, DETAILS) if values.get("details") else values.get("fields", ()),
            refresh=values.get("refresh", False),
        )
        return [item_entry(item) for item in items]

    async def get_changes(
        self, since_revision: int, limit: int, options: Mapping[str, Variant]
    ) -> tuple[Sequence[str], Sequence[str], int, bool]:
        """Return what changed since a revision."""
        read_options(options, {})
        changes = await self._coordinator.library.changes(since_revision, limit)
        return changes.changed, changes.removed, changes.revision, changes.reset


def _dear_turn() -> AbstractAsyncContextManager[None]:
    """Wait for the caller's turn: it has one dear read at a time, so that others get theirs."""
    return caller.get(Caller()).turn("dear reads", 1)


def item_entry(item: ItemFields) -> Typed:
    """Return an item as the wire shows it."""
    if _DETAIL_LISTS.isdisjoint(item):  # nearly always: pages carry no details
        return Typed(_ITEM_ENTRIES, item)
    lists = _detail_lists(item, _DETAIL_LISTS & item.keys())
    return Typed(_ITEM_ENTRIES, {**item, **lists})


def _detail_lists(item: ItemFields, keys: Iterable[str]) -> dict[str, list[Typed]]:
    lists: dict[str, list[Typed]] = {}
    for key in keys:
        dictionaries = cast("Sequence[Mapping[str, object]]", item[key])
        lists[key] = [Typed(_LIST_ENTRIES[key], _with_streams(entry)) for entry in dictionaries]
    return lists


def _with_streams(entry: Mapping[str, object]) -> Mapping[str, object]:
    if "streams" not in entry:
        return entry
    streams = cast("Sequence[Mapping[str, object]]", entry["streams"])
    return {**entry, "streams": [Typed(_STREAM_ENTRIES, stream) for stream in streams]}


def library_entry(library: Library) -> dict[str, Variant]:
    """Return a library as the wire shows it."""
    settings = library.settings
    return variants(
        LIBRARY_TYPES,
        {
            "id": library.id,
            "source_id": library.source_id,
            "remote_id": library.remote_id,
            "name": library.name,
            "type": library.type,
            "hidden": library.hidden,
            "position": library.position,
            "item_count": library.item_count,
            "synced_at": library.synced_at,
            "counts": library.counts,
            "left_out": library.left_out,
            "sync": settings.sync,
            "interval_s": settings.interval_s,
            "show_in_home": settings.show_in_home,
            "content": settings.content or "",
        },
    )
