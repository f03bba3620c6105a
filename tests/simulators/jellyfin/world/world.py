"""The mutable world of one simulated server: what it holds, and how a test changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.clock import Clock
from tests.simulators.jellyfin.world.item import LEAF_TYPES, Item, Library, User, UserData
from tests.simulators.jellyfin.world.wire import make_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a connected session may be told about."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    user_id: str | None = None
    data_of: tuple[str, ...] = ()


class World:
    """Everything the server knows. Every method may be called from any thread."""

    def __init__(self, *, name: str = "Simulated Jellyfin", seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.server_name = name
        self.server_id = make_id("server", seed, name)
        self.libraries: dict[str, Library] = {}
        self.items: dict[str, Item] = {}
        self.children: dict[str, list[str]] = {}
        self.users: dict[str, User] = {}
        self.groups_into_collections = False
        self.tie_seed = 0
        self.revision = 0
        self.listeners: list[Callable[[Change], None]] = []
        self.on_item_saved: list[Callable[[str], None]] = []

    # Reading

    def user(self, name: str) -> User | None:
        """Return the user with this name in any case."""
        wanted = name.casefold()
        return next((user for user in self.users.values() if user.name.casefold() == wanted), None)

    def of_type(self, *types: str) -> list[Item]:
        """Return every item of the given types, in the order they were added."""
        with self.lock:
            return [item for item in self.items.values() if item.type in types]

    def in_library(self, library_id: str, *types: str) -> list[Item]:
        """Return the items of one library, of the given types or of all."""
        with self.lock:
            return [
                item
                for item in self.items.values()
                if item.library_id == library_id and (not types or item.type in types)
            ]

    def library(self, name: str) -> Library:
        """Return the library with this name."""
        return next(library for library in self.libraries.values() if library.name == name)

    def children_of(self, item_id: str) -> list[Item]:
        """Return the direct children of a folder, or a collection's members in order."""
        item = self.items.get(item_id)
        ids = item.members if item and item.members else self.children.get(item_id, ())
        return [self.items[child] for child in ids if child in self.items]

    def below(self, folder_id: str) -> Iterator[Item]:
        """Yield everything under a folder, each item once even where parents form a ring."""
        waiting, seen = [folder_id], {folder_id}
        while waiting:
            for child in self.children_of(waiting.pop()):
                if child.id not in seen:
                    seen.add(child.id)
                    waiting.append(child.id)
                    yield child

    def leaves_below(self, folder_id: str) -> list[Item]:
        """Return the playable items under a folder."""
        return [item for item in self.below(folder_id) if item.type in LEAF_TYPES]

    def ancestors(self, item_id: str) -> list[str]:
        """Return the ids from an item's parent up to its library, stopping at a ring."""
        found: list[str] = []
        item = self.items.get(item_id)
        while item and item.parent_id not in found:
            found.append(item.parent_id)
            item = self.items.get(item.parent_id)
        return found

    # Building

    def add_user(self, name: str, password: str, **more: Any) -> User:
        """Create an account."""
        user = User(id=make_id("user", self.server_id, name), name=name, password=password, **more)
        with self.lock:
            self.users[user.id] = user
        return user

    def add_library(self, library: Library) -> Library:
        """Put a library on the server."""
        with self.lock:
            self.libraries[library.id] = library
            self._touch()
        return library

    def load(self, items: Iterable[Item]) -> None:
        """Put generated items on the server without telling anyone."""
        with self.lock:
            for item in items:
                self._insert(item)
            self._touch()

    # Changing items

    def add(self, item: Item) -> Item:
        """Add one item; connected sessions hear of it."""
        with self.lock:
            self._insert(item)
            self._touch()
        self._announce(Change(added=(item.id,)))
        return item

    def clone(self, item_id: str, **changes: Any) -> Item:
        """Add a new item that resembles another: same library and parent, an id of its own."""
        with self.lock:
            model = self.items[item_id]
            path = changes.pop("path", f"{model.path}.{len(self.items)}")
            now = self.clock.now()
            new_id = changes.pop("id", make_id(model.type, path))
            fresh = replace(model, id=new_id, path=path, created=now, saved=now, **changes)
        return self.add(fresh)

    def edit(self, item_id: str, **changes: Any) -> Item:
        """Change members of an item and save it: its Etag and save date move."""
        with self.lock:
            item = self.items[item_id]
            for member, value in changes.items():
                setattr(item, member, value)
            item.saved = self._next_save(item)
            self._saved(item_id)
        self._announce(Change(updated=(item_id,)))
        return item

    def distort(self, item_id: str, **members: Any) -> None:
        """Replace members of the item's JSON verbatim (wrong types, absurd values)."""
        item = self.items[item_id]
        self.edit(item_id, overrides={**(item.overrides or {}), **members})

    def delete(self, item_id: str) -> None:
        """Remove an item and everything below it."""
        with self.lock:
            gone = [item_id, *(item.id for item in list(self._owned_below(item_id)))]
            for each in gone:
                self._remove(each)
            self._touch()
        self._announce(Change(removed=tuple(gone)))

    def move(self, item_id: str, *, library_id: str, parent_id: str | None = None) -> Item:
        """Move an item into another library: as on disk, it is removed and comes back re-keyed."""
        return self.rekey(item_id, library_id=library_id, parent_id=parent_id or library_id)

    def rekey(self, item_id: str, **changes: Any) -> Item:
        """Give an item the new id that a renamed file gets; its play state follows its key."""
        with self.lock:
            item = self.items[item_id]
            path = f"{item.path}.renamed"
            fresh = replace(item, id=make_id(item.type, path), path=path, **changes)
            fresh.saved = self._next_save(item)
            for user in self.users.values():
                if item_id in user.data:
                    user.data[fresh.id] = user.data[item_id]
            self._remove(item_id)
            self._insert(fresh)
            self._adopt(item_id, fresh)
            self._touch()
        self._announce(Change(removed=(item_id,), added=(fresh.id,)))
        return fresh

    def shuffle_ties(self) -> None:
        """Order items of equal sort name differently from now on."""
        with self.lock:
            self.tie_seed += 1
            self._touch()

    # Changing libraries and accounts

    def rename_library(self, library_id: str, name: str) -> Library:
        """Rename a library: its id changes, its items stay."""
        with self.lock:
            old = self.libraries.pop(library_id)
            new = replace(old, name=name, id=make_id(old.view_type, name, self.server_id))
            self.libraries[new.id] = new
            for item in self.items.values():
                if item.library_id == library_id:
                    item.library_id = new.id
                if item.parent_id == library_id:
                    item.parent_id = new.id
                    self._saved(item.id)
            self.children[new.id] = self.children.pop(library_id, [])
            self._touch()
        return new

    def remove_library(self, library_id: str) -> None:
        """Remove a library with all its items."""
        with self.lock:
            gone = [item.id for item in self.in_library(library_id)]
            for each in gone:
                self._remove(each)
            del self.libraries[library_id]
            self._touch()
        self._announce(Change(removed=tuple(gone)))

    def hide_library(self, library_id: str, user: User, *, hidden: bool = True) -> None:
        """Leave a library out of a user's home screen, or put it back."""
        with self.lock:
            (user.hidden_views.add if hidden else user.hidden_views.discard)(library_id)
            self._touch()

    def forbid_library(self, library_id: str, user: User, *, forbidden: bool = True) -> None:
        """Take away a user's right to see a library, or give it back."""
        with self.lock:
            change = user.forbidden_libraries.add if forbidden else user.forbidden_libraries.discard
            change(library_id)
            self._touch()

    def make_unseen(self, item_id: str, user: User) -> None:
        """Hide one item from a user (a parental rule): what makes pages short up to 10.11."""
        with self.lock:
            user.unseen_items.add(item_id)
            self._touch()

    def data_changed(self, user: User, *item_ids: str, quiet: bool = False) -> None:
        """Note that a user's data of some items changed."""
        with self.lock:
            self._touch()
        if not quiet:
            self._announce(Change(user_id=user.id, data_of=item_ids))

    def data(self, user: User, item_id: str) -> UserData:
        """Return a user's data of an item, to read or to change."""
        return user.data.setdefault(item_id, UserData())

    # Inside

    def _next_save(self, item: Item) -> datetime:
        return max(self.clock.now(), item.saved + timedelta(milliseconds=1))

    def _touch(self) -> None:
        self.revision += 1

    def _saved(self, item_id: str) -> None:
        self._touch()
        for listener in self.on_item_saved:
            listener(item_id)

    def _insert(self, item: Item) -> None:
        self.items[item.id] = item
        self.children.setdefault(item.parent_id, []).append(item.id)
        for listener in self.on_item_saved:
            listener(item.id)

    def _remove(self, item_id: str) -> None:
        item = self.items.pop(item_id)
        siblings = self.children.get(item.parent_id, [])
        if item_id in siblings:
            siblings.remove(item_id)
        for listener in self.on_item_saved:
            listener(item_id)

    def _owned_below(self, item_id: str) -> Iterator[Item]:
        if not self.items[item_id].members:
            yield from self.below(item_id)

    def _adopt(self, old_id: str, new: Item) -> None:
        """Hang what was below an item under the one that took its place."""
        for child in self.children.pop(old_id, ()):
            self.items[child].parent_id = new.id
            self.children.setdefault(new.id, []).append(child)
        for item in self.below(new.id):
            item.library_id = new.library_id
            for member in ("series_id", "season_id", "album_id"):
                if getattr(item, member) == old_id:
                    setattr(item, member, new.id)
            for member in ("artist_ids", "album_artist_ids"):
                ids = getattr(item, member)
                setattr(item, member, tuple(new.id if each == old_id else each for each in ids))
            self._saved(item.id)

    def _announce(self, change: Change) -> None:
        for listener in list(self.listeners):
            listener(change)
