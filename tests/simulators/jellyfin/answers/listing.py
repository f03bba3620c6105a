"""Which items a list request selects, in which order, and which page of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, cast

from tests.simulators.jellyfin.answers.filters import ItemFilter
from tests.simulators.jellyfin.answers.query import by_lower_name
from tests.simulators.jellyfin.service.http import PROBLEM_TEXT, Refusal, json_reply, text_reply
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item, User, UserData
from tests.simulators.jellyfin.world.physical import physical
from tests.simulators.jellyfin.world.world import World

SORTS = by_lower_name(
    "Default AiredEpisodeOrder Album AlbumArtist Artist DateCreated OfficialRating DatePlayed "
    "PremiereDate StartDate SortName Name Random Runtime CommunityRating ProductionYear "
    "PlayCount CriticRating IsFolder IsUnplayed IsPlayed SeriesSortName VideoBitRate AirTime "
    "Studio IsFavoriteOrLiked DateLastContentAdded SeriesDatePlayed ParentIndexNumber "
    "IndexNumber"
)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_COLLECTIONS = {"BoxSet", "Playlist"}
# What does not change which items are selected: a selection is kept for the other pages.
_PAGE_PARAMETERS = (
    "startIndex", "limit", "fields", "enableTotalRecordCount", "enableImages", "imageTypeLimit",
    "enableImageTypes", "enableUserData", "userId", "api_key", "ApiKey",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything a request selects, before paging. `unseen` are the ids a later check removes."""

    items: list[Item]
    unseen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of a selection."""

    items: list[Item]
    total: int
    start: int


def select(call: Call, *, source: Callable[[], Iterable[Item]] | None = None) -> Selection:
    """Return what the request selects, from its scope or from the given source."""
    state = call.state
    if state.selections_revision != call.world.revision:
        state.selections.clear()
        state.selections_revision = call.world.revision
    user = call.user()
    key = (
        call.request.path.lower(),
        user.id if user else None,
        call.request.query.key(without=_PAGE_PARAMETERS),
        source is not None,
    )
    found = state.selections.get(key)
    if found is None:
        found = state.selections[key] = _select(call, user, source)
    return cast("Selection", found)


def page(call: Call, selection: Selection) -> ItemPage:
    """Return the page asked for, short where this version filters after paging."""
    query = call.request.query
    start, limit = query.integer("startIndex") or 0, query.integer("limit")
    rows = selection.items[start : None if limit is None else start + limit]
    seen = [item for item in rows if item.id not in selection.unseen]
    if query.boolean("enableTotalRecordCount") is not False:
        return ItemPage(seen, len(selection.items), start)
    types = {item.type for item in selection.items}
    return ItemPage(seen, 0 if types and types <= _COLLECTIONS else len(seen), start)


def _select(
    call: Call, user: User | None, source: Callable[[], Iterable[Item]] | None
) -> Selection:
    scope = list(source() if source else _scope(call, user))
    wanted = ItemFilter.asked(call, user)
    items = [item for item in scope if wanted.accepts(item)]
    # Up to 10.11 items of a forbidden library are answered by their ids.
    is_by_id = bool(call.request.query.guids("ids"))
    if user and not (is_by_id and not call.state.version.filters_in_sql):
        items = [item for item in items if item.library_id not in user.forbidden_libraries]
    items = _collapse(call, items)
    items = _in_order(call, items, user)
    unseen = frozenset(user.unseen_items) if user else frozenset()
    types = {item.type for item in items}
    if call.state.version.filters_in_sql or (types and types <= _COLLECTIONS):
        return Selection([item for item in items if item.id not in unseen])
    return Selection(items, unseen)


def _scope(call: Call, user: User | None) -> Iterable[Item]:
    world, query = call.world, call.request.query
    ids = query.guids("ids")
    if ids:
        found = (world.items.get(each) or physical(world, each) for each in ids)
        return [item for item in found if item is not None]
    parent = query.guid("parentId")
    recursive = query.boolean("recursive")
    if parent is None:
        return world.items.values() if recursive else []
    if parent in world.libraries:
        return _library_scope(call, user, parent, recursive=recursive)
    item = world.items.get(parent)
    if item is None:
        raise Refusal(text_reply(PROBLEM_TEXT, 400))
    check_allowed(call, user, item.library_id)
    return world.below(parent) if recursive else world.children_of(parent)


def _library_scope(
    call: Call, user: User | None, library_id: str, *, recursive: bool | None
) -> Iterable[Item]:
    world, version = call.world, call.state.version
    check_allowed(call, user, library_id)
    types = {name.lower() for name in call.request.query.texts("includeItemTypes")}
    if recursive is None and version.rank >= (12, 0):
        recursive = bool(types)
    if types == {"boxset"} and recursive:
        return _box_sets(call, library_id)
    if recursive:
        return world.in_library(library_id)
    return world.children_of(library_id)


def _box_sets(call: Call, library_id: str) -> list[Item]:
    """Box sets are server-wide: a parent is ignored up to 10.11, 12 looks at their content."""
    world = call.world
    boxes = world.of_type("BoxSet")
    if not call.state.version.filters_in_sql:
        return boxes
    return [
        box
        for box in boxes
        if box.library_id == library_id
        or any(member.library_id == library_id for member in world.children_of(box.id))
    ]


def check_allowed(call: Call, user: User | None, library_id: str) -> None:
    """Refuse a library the user may not see: 401 with a JSON string, though the token is good."""
    if user and library_id in user.forbidden_libraries:
        library = call.world.libraries[library_id]
        words = f"{user.name} is not permitted to access Library {library.name}."
        raise Refusal(json_reply(words, 401))


def _collapse(call: Call, items: list[Item]) -> list[Item]:
    """Replace movies by their box sets where the administrator asked for that."""
    if not call.world.groups_into_collections:
        return items
    if call.request.query.boolean("collapseBoxSetItems") is False:
        return items
    types = ("Movie",) if call.state.version.rank < (10, 11) else ("Movie", "Series")
    box_of = {
        member: box for box in call.world.of_type("BoxSet") for member in reversed(box.members)
    }
    collapsed: dict[str, Item] = {}
    for item in items:
        stands_for = box_of.get(item.id, item) if item.type in types else item
        collapsed[stands_for.id] = stands_for
    return list(collapsed.values())


def _in_order(call: Call, items: list[Item], user: User | None) -> list[Item]:
    query = call.request.query
    names = query.members("sortBy", SORTS)
    orders = [text.lower() == "descending" for text in query.texts("sortOrder")]
    if len(orders) > max(1, len(query.texts("sortBy"))):
        raise Refusal(text_reply(PROBLEM_TEXT, 400))
    if not names:
        box = call.world.items.get(query.guid("parentId") or "")
        if box is not None and box.type == "BoxSet" and not query.boolean("recursive"):
            return _in_display_order(items)
        if query.guids("ids") or call.parts.get("keep_order"):
            return items
        names = ["SortName"]
    world = call.world
    items = sorted(items, key=lambda item: _tie(world, item))
    for place in reversed(range(len(names))):
        descending = orders[place] if place < len(orders) else bool(orders and orders[0])
        items.sort(key=_sort_key(names[place], world, user), reverse=descending)
    return items


def _in_display_order(items: list[Item]) -> list[Item]:
    """Order the members of a box set as its owner chose: by date of release."""
    return sorted(items, key=lambda item: (item.premiere or _NEVER, item.sort_name))


def _tie(world: World, item: Item) -> bytes:
    """Return what orders equal sort names: stable until the world says otherwise."""
    if world.tie_seed == 0:
        return item.id.encode()
    return blake2b(f"{world.tie_seed}{item.id}".encode(), digest_size=8).digest()


def _sort_key(name: str, world: World, user: User | None) -> Callable[[Item], Any]:
    untouched = UserData()

    def data(item: Item) -> UserData:
        return user.data.get(item.id, untouched) if user else untouched

    keys: dict[str, Callable[[Item], Any]] = {
        "DateCreated": lambda item: item.created,
        "DatePlayed": lambda item: data(item).last_played or _NEVER,
        "PlayCount": lambda item: data(item).play_count,
        "IsPlayed": lambda item: not data(item).played,
        "IsUnplayed": lambda item: data(item).played,
        "IsFavoriteOrLiked": lambda item: not data(item).favorite,
        "PremiereDate": lambda item: item.premiere or _NEVER,
        "ProductionYear": lambda item: item.year or 0,
        "CommunityRating": lambda item: item.rating or 0,
        "Runtime": lambda item: item.runtime_ticks or 0,
        "Name": lambda item: item.name,
        "IndexNumber": lambda item: item.index or 0,
        "ParentIndexNumber": lambda item: item.parent_index or 0,
        "IsFolder": lambda item: not item.is_folder,
        "Random": lambda item: blake2b(f"{world.clock.now()}{item.id}".encode()).digest(),
        "SeriesSortName": lambda item: _series_sort_name(world, item),
    }
    return keys.get(name, lambda item: item.sort_name)


def _series_sort_name(world: World, item: Item) -> str:
    series = world.items.get(item.series_id or "", item)
    return series.sort_name
