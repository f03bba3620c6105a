"""Rows as bytes: rendered once per shape, with each account's part apart."""

from __future__ import annotations

from tests.simulators.http.wire import to_json

from .item import Item
from .members import Shape, item_members, state_members
from .world import World

_KEPT_SHAPES = 8


class Rows:
    """The cache of rendered rows.

    A row is kept without its closing brace, so that the account's part can follow.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_shape: dict[Shape, dict[int, bytes]] = {}
        self._states: dict[int, dict[int, bytes]] = {}
        world.on_saved.append(self._forget)
        world.on_viewed.append(self._forget_state)

    def of(self, items: list[Item], shape: Shape, account_id: int) -> list[bytes]:
        """Return the row of every item."""
        cache = self._by_shape.get(shape)
        if cache is None:
            while len(self._by_shape) >= _KEPT_SHAPES:
                del self._by_shape[next(iter(self._by_shape))]
            cache = self._by_shape[shape] = {}
        states = self._states.setdefault(account_id, {})
        rows = []
        for item in items:
            row = cache.get(item.key)
            if row is None:
                row = cache[item.key] = to_json(item_members(self._world, item, shape))[:-1]
            state = states.get(item.key)
            if state is None:
                members = state_members(self._world, item, account_id)
                state = states[item.key] = b"," + to_json(members)[1:] if members else b"}"
            rows.append(row + state)
        return rows

    def _forget(self, key: int) -> None:
        for cache in (*self._by_shape.values(), *self._states.values()):
            cache.pop(key, None)

    def _forget_state(self, account_id: int, key: int) -> None:
        self._states.get(account_id, {}).pop(key, None)
