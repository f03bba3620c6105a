"""The mutable world of one simulated Plex Media Server, and how a test changes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tests.simulators.clock import Clock

from .item import LEAF_KINDS, Item, Kind, Play, Section, ViewState, hex_id


class What(StrEnum):
    """What happened to an item or a section."""

    ADDED = "added"
    EDITED = "edited"
    DELETED = "deleted"
    VIEWED = "viewed"
    SCANNED = "scanned"


@dataclass(frozen=True, slots=True)
class Change:
    """Something a connected client may be told of; `item` as it is, or was before deletion."""

    what: What
    item: Item | None = None
    section: Section | None = None


class World:
    """Everything the server knows. Every method may be called from any thread."""

    def __init__(self, *, name: str = "Simulated Plex", seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.name = name
        self.machine_id = hex_id(40, "machine", seed, name)
        self.sections: dict[int, Section] = {}
        self.items: dict[int, Item] = {}
        self.children: dict[int, list[int]] = {}
        self.states: dict[int, dict[int, ViewState]] = {}  # by account, by item
        self.history: list[Play] = []
        self.counts_changes = True  # False: contentChangedAt stays, as some servers' does
        # What this server's version does not send, by kind of row; see `recorded_forms`.
        self.left_out: dict[Kind, frozenset[str]] = {}
        self.revision = 0
        self.listeners: list[Callable[[Change], None]] = []
        self.on_saved: list[Callable[[int], None]] = []  # an item's row is no longer valid
        self.on_viewed: list[Callable[[int, int], None]] = []  # (account, item)
        self._last_key = 0

    def now(self) -> int:
        """Return the server's time in whole seconds."""
        return int(self.clock.now().timestamp())

    # Reading

    def section(self, title: str) -> Section:
        """Return the section with this title."""
        return next(each for each in self.sections.values() if each.title == title)

    def of_kind(self, *kinds: Kind, section: Section | None = None) -> list[Item]:
        """Return the items of some kinds, of one section or of all, in the order of their keys."""
        with self.lock:
            return [
                item
                for item in self.items.values()
                if item.kind in kinds and (section is None or item.section_id == section.id)
            ]

    def children_of(self, key: int) -> list[Item]:
        """Return the direct children of an item, or what a collection or playlist holds."""
        item = self.items.get(key)
        keys = item.members if item and item.members else self.children.get(key, ())
        return [self.items[each] for each in keys if each in self.items]

    def leaves_below(self, key: int) -> list[Item]:
        """Return the playable items below a show, season, artist or album."""
        item = self.items.get(key)
        if item is None or item.kind in LEAF_KINDS:
            return [item] if item else []
        return [leaf for child in self.children_of(key) for leaf in self.leaves_below(child.key)]

    def state(self, account_id: int, key: int) -> ViewState | None:
        """Return what an account did with an item, or None when it did nothing."""
        return self.states.get(account_id, {}).get(key)

    # Building

    def new_key(self) -> int:
        """Return a rating key that was never used."""
        with self.lock:
            self._last_key += 1
            return self._last_key

    def add_section(self, type_: str, title: str, *, agent: str = "", **more: Any) -> Section:
        """Put a library on the server."""
        with self.lock:
            number = max(self.sections, default=0) + 1
            section = Section(
                id=number,
                type=type_,
                title=title,
                agent=agent or f"tv.plex.agents.{'music' if type_ == 'artist' else type_}",
                scanner={
                    "movie": "Plex Movie",
                    "show": "Plex TV Series",
                    "artist": "Plex Music",
                }.get(type_, "Plex Photo Scanner"),
                uuid=_uuid("section", self.machine_id, title),
                path=f"/media/{title}",
                updated_at=1_600_000_000,
                created_at=1_600_000_000,
                scanned_at=1_700_000_000,
                content_changed_at=1_000 * number,
                **more,
            )
            self.sections[number] = section
            self.revision += 1
        return section

    def load(self, items: Iterable[Item]) -> None:
        """Put generated items on the server without telling anyone."""
        with self.lock:
            for item in items:
                self._insert(item)
            self.revision += 1

    # Changing items

    def add(self, item: Item) -> Item:
        """Add one item; its section's counter moves and clients hear of it."""
        with self.lock:
            self._insert(item)
            self._moved(item)
        self._announce(What.ADDED, item)
        return item

    def clone(self, key: int, **changes: Any) -> Item:
        """Add an item that resembles another, with a key, guid and file of its own."""
        with self.lock:
            fresh_key, now = self.new_key(), self.now()
            guid = f"plex://{self.items[key].kind.wire}/{hex_id(24, 'clone', fresh_key)}"
            given = {"guid": guid, "added_at": now, "updated_at": now, "stamp": now, **changes}
            fresh = replace(self.items[key], key=fresh_key, **given)
        return self.add(fresh)

    def edit(self, key: int, *, touch: bool = True, **changes: Any) -> Item:
        """Change members of an item; `touch=False` leaves updatedAt as it was."""
        with self.lock:
            item = self.items[key]
            for member, value in changes.items():
                setattr(item, member, value)
            if touch and "updated_at" not in changes:
                item.updated_at = max(self.now(), (item.updated_at or 0) + 1)
            self._saved(item)
            self._moved(item)
        self._announce(What.EDITED, item)
        return item

    def distort(self, key: int, *, omit: Iterable[str] = (), **members: Any) -> None:
        """Write members into an item's rows verbatim, or leave some out; nobody is told."""
        with self.lock:
            item = self.items[key]
            item.overrides = {**item.overrides, **members}
            item.omitted = item.omitted | frozenset(omit)
            self._saved(item)
            self.revision += 1

    def replace_file(self, key: int) -> Item:
        """Replace an item's file: the part's change stamp moves, updatedAt does not."""
        return self.edit(key, touch=False, stamp=max(self.now(), self.items[key].stamp + 1))

    def delete(self, key: int, *, quiet: bool = False) -> None:
        """Remove an item and everything below it; `quiet` sends no event."""
        with self.lock:
            item = self.items[key]
            gone = [item, *self._below(item)]
            for each in reversed(gone):
                self._remove(each)
            self._moved(item)
        if not quiet:
            for each in reversed(gone):
                self._announce(What.DELETED, each)

    def rekey(self, key: int, **changes: Any) -> Item:
        """Give an item a new key under the same guid, as removing and adding its file does."""
        with self.lock:
            old = self.items[key]
            stamp = max(self.now(), old.stamp + 1)
            fresh = replace(old, **{"key": self.new_key(), "stamp": stamp, **changes})
            below = self.children.pop(key, [])
            self._remove(old)
            self._insert(fresh)
            for child in below:
                self._hang(self.items[child], fresh)
            for states in self.states.values():
                if key in states:
                    states[fresh.key] = states.pop(key)
            for item in (old, fresh):
                self._moved(item)
        self._announce(What.DELETED, old)
        self._announce(What.ADDED, fresh)
        return fresh

    def move(self, key: int, section: Section) -> Item:
        """Move an item into another section, where it gets a new key."""
        return self.rekey(key, section_id=section.id, parent=None, grandparent=None)

    # Changing sections

    def scan(self, section: Section) -> None:
        """Scan a section that holds nothing new."""
        with self.lock:
            section.scanned_at = max(self.now(), section.scanned_at + 1)
            self.revision += 1
        self._announce(What.SCANNED, section=section)

    def rebuild(self, section: Section) -> None:
        """Delete a section and make it again: another uuid, another key for every item."""
        with self.lock:
            section.uuid = _uuid("again", section.uuid)
            for item in self.of_kind(*Kind, section=section):
                if item.parent is None:
                    self._renumber(item)
            self._count(section)

    def remove_section(self, section: Section) -> None:
        """Remove a section with all its items."""
        with self.lock:
            for item in self.of_kind(*Kind, section=section):
                self._remove(item)
            del self.sections[section.id]
            self.revision += 1

    # What accounts do

    def watch(self, key: int, account_id: int = 1, *, history: bool = True) -> None:
        """Mark everything playable at or below an item as watched."""
        for leaf in self.leaves_below(key):
            with self.lock:
                state = self._state(account_id, leaf.key)
                state.view_count += 1
                state.view_offset = 0
                state.last_viewed_at = self.now()
                if history:
                    self._played(leaf, account_id)
            self._viewed(account_id, leaf)

    def unwatch(self, key: int, account_id: int = 1) -> None:
        """Take every view and position from what is at or below an item."""
        for leaf in self.leaves_below(key):
            with self.lock:
                state = self._state(account_id, leaf.key)
                state.view_count = state.view_offset = state.last_viewed_at = 0
            self._viewed(account_id, leaf)

    def progress(self, key: int, offset_ms: int, account_id: int = 1) -> None:
        """Keep a position in an item."""
        with self.lock:
            state = self._state(account_id, key)
            state.view_offset = offset_ms
            state.last_viewed_at = self.now()
        self._viewed(account_id, self.items[key])

    def rate(self, key: int, rating: float | None, account_id: int = 1) -> None:
        """Rate an item from 0 to 10, or take the rating back."""
        with self.lock:
            state = self._state(account_id, key)
            state.user_rating = rating
            state.last_rated_at = self.now() if rating is not None else 0
        self._viewed(account_id, self.items[key])

    # Inside

    def _insert(self, item: Item) -> None:
        self.items[item.key] = item
        self._last_key = max(self._last_key, item.key)
        if item.parent is not None:
            self.children.setdefault(item.parent, []).append(item.key)
        self._saved(item)

    def _remove(self, item: Item) -> None:
        self.items.pop(item.key, None)
        siblings = self.children.get(item.parent or 0, [])
        if item.key in siblings:
            siblings.remove(item.key)
        self._saved(item)

    def _hang(self, child: Item, parent: Item) -> None:
        child.parent, child.section_id = parent.key, parent.section_id
        self.children.setdefault(parent.key, []).append(child.key)
        for leaf in self.children_of(child.key):
            leaf.grandparent, leaf.section_id = parent.key, parent.section_id
        self._saved(child)

    def _renumber(self, item: Item) -> None:
        below = self.children.pop(item.key, [])
        self._remove(item)
        item.key = self.new_key()
        self._insert(item)
        for child in [self.items[each] for each in below]:
            child.parent, child.grandparent = item.key, item.parent
            self._renumber(child)

    def _below(self, item: Item) -> Iterator[Item]:
        if not item.members:
            for child in self.children_of(item.key):
                yield child
                yield from self._below(child)

    def _saved(self, item: Item) -> None:
        """Invalidate the rows that show something of an item: its own, those above and below."""
        above = [key for key in (item.parent, item.grandparent) if key]
        below = self._below(item) if item.key in self.items else ()
        for key in (item.key, *above, *(each.key for each in below)):
            for listener in self.on_saved:
                listener(key)

    def _moved(self, item: Item) -> None:
        section = self.sections.get(item.section_id or 0)
        self.revision += 1
        if section:
            self._count(section)

    def _count(self, section: Section) -> None:
        self.revision += 1
        section.scanned_at = max(self.now(), section.scanned_at)
        if self.counts_changes:
            section.content_changed_at += 7

    def _state(self, account_id: int, key: int) -> ViewState:
        return self.states.setdefault(account_id, {}).setdefault(key, ViewState())

    def _played(self, leaf: Item, account_id: int) -> None:
        self.history.append(
            Play(
                number=len(self.history) + 1,
                key=leaf.key,
                account_id=account_id,
                viewed_at=self.now(),
            )
        )

    def _viewed(self, account_id: int, leaf: Item) -> None:
        with self.lock:
            self.revision += 1
            for key in filter(None, (leaf.key, leaf.parent, leaf.grandparent)):
                for listener in self.on_viewed:
                    listener(account_id, key)
        self._announce(What.VIEWED, leaf)

    def _announce(
        self, what: What, item: Item | None = None, section: Section | None = None
    ) -> None:
        for listener in list(self.listeners):
            listener(Change(what, item, section))


def _uuid(*parts: object) -> str:
    digits = hex_id(32, *parts)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
