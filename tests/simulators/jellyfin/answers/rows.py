"""Items as JSON rows: built once per shape, kept as bytes, joined into pages."""

from __future__ import annotations

from typing import Any

from tests.simulators.http.wire import to_json
from tests.simulators.jellyfin.answers.dto import item_members, view_members
from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.service.versions import ServerVersion
from tests.simulators.jellyfin.world.item import Item, Library, User
from tests.simulators.jellyfin.world.userdata import user_data_members, view_user_data_members
from tests.simulators.jellyfin.world.world import World

_KEPT_SHAPES = 6


class Rows:
    """The cache of rendered rows.

    A row is kept without its closing brace, so that the user's part, which changes far more
    often and differs between users, can be appended.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_shape: dict[Shape, dict[str, bytes]] = {}
        self._user_parts: dict[tuple[str, str], bytes] = {}
        self._user_revision = -1
        world.on_item_saved.append(self._forget)

    def clear(self) -> None:
        """Forget every row."""
        self._by_shape.clear()
        self._user_parts.clear()

    def parts(
        self, items: list[Item], shape: Shape, version: ServerVersion, user: User | None
    ) -> list[bytes]:
        """Return the rows of these items, with the user's data unless user is None.

        Every row is two parts; left unjoined so that a page copies its bytes only once.
        """
        cache = self._by_shape.get(shape)
        if cache is None:
            while len(self._by_shape) >= _KEPT_SHAPES:
                del self._by_shape[next(iter(self._by_shape))]
            cache = self._by_shape[shape] = {}
        parts: list[bytes] = []
        for item in items:
            row = cache.get(item.id)
            if row is None:
                members = item_members(self._world, item, shape, version)
                row = cache[item.id] = to_json(members)[:-1]
            parts.append(row)
            parts.append(self._user_part(item, version, user) if user else b"}")
        return parts

    def view(self, library: Library, version: ServerVersion, user: User | None) -> dict[str, Any]:
        """Return a library as the JSON object of a view."""
        members = view_members(self._world, library, version)
        if user:
            members["UserData"] = view_user_data_members(self._world, library, version, user)
        return members

    def _user_part(self, item: Item, version: ServerVersion, user: User) -> bytes:
        if self._user_revision != self._world.revision:
            self._user_parts.clear()
            self._user_revision = self._world.revision
        key = (user.id, item.id)
        part = self._user_parts.get(key)
        if part is None:
            if item.overrides and "UserData" in item.overrides:
                part = b"}"
            else:
                members = user_data_members(self._world, item, version, user)
                part = b',"UserData":' + to_json(members) + b"}"
            self._user_parts[key] = part
        return part

    def _forget(self, item_id: str) -> None:
        for cache in self._by_shape.values():
            cache.pop(item_id, None)
            # Rows of children carry their parent's name.
            for child in self._world.below(item_id):
                cache.pop(child.id, None)
