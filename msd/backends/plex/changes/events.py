"""Decode a media server's events and turn them into `PushedChange`s; no I/O.

No event is sent for what the user watched or marked elsewhere, only noise around it; and an item
is pushed several times until it is complete (docs/protocols/plex.md, Events).
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from msd.backend_api.changes import Aspect, PushedChange
from msd.backends.plex.listing.query import PLAYLISTS
from msd.backends.plex.parse.wire import key, many
from msd.models import RemoteId

MOST_IDS = 200  # of one change; beyond that asking what changed is cheaper
_LONGEST_EVENT = 1 << 20
_LIBRARY = "com.plexapp.plugins.library"  # others are about the internet and television
_DONE, _DELETED = 5, 9
_PLAYLIST, _COLLECTION = 15, 18
_SCAN = "library.update.section"
_REFRESH = "library.refresh.items"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ITEM_PATH = re.compile(r"/library/metadata/([A-Za-z0-9_-]+)")


class Timeline(Struct, rename="camel"):
    """The state of an item that is added, changed or deleted."""

    identifier: str | None = None
    section_id: str | int | None = msgspec.field(default=None, name="sectionID")
    item_id: str | int | None = msgspec.field(default=None, name="itemID")
    parent_item_id: str | int | None = msgspec.field(default=None, name="parentItemID")
    root_item_id: str | int | None = msgspec.field(default=None, name="rootItemID")
    type: int | None = None
    state: int | None = None
    metadata_state: str | None = None
    queue_size: int | None = None


class Playing(Struct, rename="camel"):
    """What a player does."""

    rating_key: str | int | None = None
    state: str | None = None


class Context(Struct, rename="camel"):
    """What an activity is about."""

    library_section_id: str | int | None = msgspec.field(default=None, name="librarySectionID")
    key: str | None = None
    refreshed: bool | None = None


class Activity(Struct):
    """Something that the server does."""

    type: str | None = None
    context: Context | None = msgspec.field(default=None, name="Context")


class ActivityStep(Struct):
    """Where an activity is."""

    event: str | None = None
    activity: Activity | None = msgspec.field(default=None, name="Activity")


class Event(Struct):
    """One event, which holds one entry or, as over websockets, a list of them."""

    timeline: list[Timeline] | Timeline | None = msgspec.field(default=None, name="TimelineEntry")
    playing: list[Playing] | Playing | None = msgspec.field(
        default=None, name="PlaySessionStateNotification"
    )
    activity: list[ActivityStep] | ActivityStep | None = msgspec.field(
        default=None, name="ActivityNotification"
    )
    container: "Event | None" = msgspec.field(default=None, name="NotificationContainer")


_event = msgspec.json.Decoder(Event, strict=False)


class EventReader:
    """Takes a stream of bytes apart into events (text/event-stream)."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that a chunk completes; what can't be understood is left out.

        Raises:
            ValueError: an event is too long to be one.
        """
        # A line end may be torn in two.
        text = self._rest + chunk
        tail = len(text) - 1 if text.endswith(b"\r") else len(text)
        *lines, rest = _LINE_END.split(text[:tail])
        self._rest = rest + text[tail:]
        if len(self._rest) + sum(map(len, self._data)) > _LONGEST_EVENT:
            raise ValueError("an event without an end")
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:])
            elif not line and self._data:
                data, self._data = b"\n".join(self._data), []
                if (event := _understood(data)) is not None:
                    yield event


def _understood(data: bytes) -> Event | None:
    try:
        event = _event.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return event.container or event


class _Gathered(msgspec.Struct):
    """The ids that several events name in one library, for one aspect."""

    changed: dict[RemoteId, None] = msgspec.field(default_factory=dict)
    removed: dict[RemoteId, None] = msgspec.field(default_factory=dict)
    is_library_dirty: bool = False  # the library has to be synced

    def changes(self, library: RemoteId | None, aspect: Aspect) -> Iterator[PushedChange]:
        """Yield the changes that the events amount to."""
        too_many = len(self.changed) + len(self.removed) > MOST_IDS
        changed = tuple(remote_id for remote_id in self.changed if remote_id not in self.removed)
        if (changed or self.removed) and not too_many:
            yield PushedChange(
                library=library, aspect=aspect, changed=changed, removed=tuple(self.removed)
            )
        if self.is_library_dirty or too_many:
            yield PushedChange(library=library, aspect=aspect)


class PendingEvents:
    """Collects events and returns the changes that they mean, each item once."""

    def __init__(self) -> None:
        self._gathered: dict[tuple[RemoteId | None, Aspect], _Gathered] = {}

    def add(self, event: Event) -> None:
        """Add an event."""
        for entry in many(event.timeline):
            self._timeline(entry)
        for player in many(event.playing):
            # A position is only worth asking for when the player has stopped.
            if player.state == "stopped":
                self._of(None, Aspect.WATCH).changed |= _ids(player.rating_key)
        for step in many(event.activity):
            if step.event == "ended" and step.activity is not None:
                self._ended(step.activity, step.activity.context or Context())

    def changes(self) -> list[PushedChange]:
        """Return the changes that the events mean."""
        return [
            change
            for (library, aspect), gathered in self._gathered.items()
            for change in gathered.changes(library, aspect)
        ]

    def _timeline(self, entry: Timeline) -> None:
        section = key(entry.section_id)
        if entry.identifier != _LIBRARY:
            return
        if entry.type == _PLAYLIST:
            self._of(PLAYLISTS).is_library_dirty = True
        elif section is None or section == "0":
            return
        elif entry.type == _COLLECTION:
            self._of(RemoteId(section)).is_library_dirty = True
        elif entry.state == _DELETED or entry.metadata_state == "deleted":
            gathered = self._of(RemoteId(section))
            gathered.removed |= _ids(entry.item_id)
            gathered.changed |= _ids(entry.parent_item_id, entry.root_item_id)
            gathered.is_library_dirty = True  # collections that held it
        elif entry.state == _DONE and not entry.metadata_state and not entry.queue_size:
            self._of(RemoteId(section)).changed |= _ids(
                entry.item_id, entry.parent_item_id, entry.root_item_id
            )

    def _ended(self, activity: Activity, context: Context) -> None:
        if activity.type == _SCAN:
            # Items of libraries without an agent are never reported as done.
            section = key(context.library_section_id)
            self._of(None if section is None else RemoteId(section)).is_library_dirty = True
        elif activity.type == _REFRESH:
            # Looking at an item or marking it is all it takes; then nothing was refreshed.
            match = _ITEM_PATH.match(context.key or "")
            aspect = Aspect.METADATA if context.refreshed else Aspect.WATCH
            self._of(None, aspect).changed |= _ids(match[1] if match else None)

    def _of(self, library: RemoteId | None, aspect: Aspect = Aspect.METADATA) -> _Gathered:
        return self._gathered.setdefault((library, aspect), _Gathered())


def _ids(*values: object) -> dict[RemoteId, None]:
    ids: Iterable[str | None] = map(key, values)
    return {RemoteId(remote_id): None for remote_id in ids if remote_id is not None}
