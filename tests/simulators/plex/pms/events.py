"""What clients that listen are told, and when."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.http.message import Request, Response
from tests.simulators.http.websocket import handshake
from tests.simulators.plex.item import Item, Section, hex_id
from tests.simulators.plex.query import Query
from tests.simulators.plex.viewer import Viewer
from tests.simulators.plex.world import Change, What, World

from .call import LIBRARY
from .channels import EVENT_STREAM_HEAD, EventSource, Stream, WebSocket

EVENTSOURCE = "/:/eventsource/notifications"
WEBSOCKET = "/:/websockets/notifications"
_FINAL = {"state": 5}


@dataclass(slots=True)
class Disturbance:
    """What goes wrong with events on their way, until a test takes it back."""

    repeats: int = 1  # how often each event comes
    delay_s: float = 0.0
    lost: int = 0  # so many of the next events get lost
    pings: bool = True
    ping_every_s: float = 10.0


@dataclass(slots=True)
class Notifications:
    """Every client of one server that listens."""

    world: World
    disturbance: Disturbance = field(default_factory=Disturbance)
    open: list[Stream] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def open_for(self, request: Request, query: Query, viewer: Viewer) -> Response:
        """Return the reply that makes a channel of a viewer's connection."""
        filters = query.words("filters") | query.words("filter")
        unwanted = frozenset(each[1:] for each in filters if each.startswith("-"))
        wanted = frozenset(each for each in filters if not each.startswith("-"))

        async def take_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if request.path == WEBSOCKET:
                writer.write(handshake(request))
                await self._serve(WebSocket(viewer, wanted, unwanted, writer), reader)
            else:
                writer.write(EVENT_STREAM_HEAD)
                await self._serve(EventSource(viewer, wanted, unwanted, writer), reader)

        return Response(status=101 if request.path == WEBSOCKET else 200, takes_over=take_over)

    def push(self, kind: str, entry: dict[str, Any], section_id: int | None = None) -> None:
        """Send an event to all who want it and may know of it, disturbed as a test wishes."""
        trouble = self.disturbance
        if trouble.lost > 0:
            trouble.lost -= 1
            return
        for _ in range(trouble.repeats):
            if trouble.delay_s:
                loop = asyncio.get_running_loop()
                loop.call_later(trouble.delay_s, self._deliver, kind, entry, section_id)
            else:
                self._deliver(kind, entry, section_id)

    def note(self, change: Change) -> None:
        """Tell of a change in the world, with what a real server says for it."""
        item, section = change.item, change.section
        if change.what is What.SCANNED and section:
            self._tell_scan(section)
        elif item is None or (item.section_id is None and change.what is not What.DELETED):
            return
        elif change.what is What.ADDED:
            self._timeline(item, state=0, metadataState="created")
            self._timeline(item, **_FINAL)
        elif change.what is What.EDITED:
            self._timeline(item, **_FINAL)
        elif change.what is What.DELETED:
            self._timeline(item, state=9, metadataState="deleted")
        else:
            self._tell_idle_refresh(item)

    def play(self, item: Item, state: str, offset_ms: int, session: str = "1") -> None:
        """Tell what a player does."""
        self.push(
            "playing",
            {
                "sessionKey": session,
                "clientIdentifier": "another-player",
                "guid": item.guid,
                "ratingKey": str(item.key),
                "url": "",
                "key": f"/library/metadata/{item.key}",
                "viewOffset": offset_ms,
                "state": state,
            },
            item.section_id,
        )

    def wait_for(self, count: int, timeout_s: float) -> None:
        """Wait in another thread until so many channels are open."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.open) == count, timeout_s):
                raise TimeoutError(f"{len(self.open)} channels are open, not {count}")

    def close_all(self) -> None:
        """End every channel in an orderly way."""
        for stream in list(self.open):
            stream.end()

    def break_all(self) -> None:
        """Break every channel."""
        for stream in list(self.open):
            stream.writer.transport.abort()

    def _deliver(self, kind: str, entry: dict[str, Any], section_id: int | None) -> None:
        section = self.world.sections.get(section_id or 0)
        for stream in list(self.open):
            if stream.wanted and kind not in stream.wanted:
                continue
            if kind in stream.unwanted or (section and not stream.viewer.sees_section(section)):
                continue
            stream.send(kind, entry)

    def _timeline(self, item: Item, **more: Any) -> None:
        entry = {
            "identifier": LIBRARY,
            "sectionID": str(item.section_id or -1),
            "itemID": str(item.key),
            "type": int(item.kind),
            "title": item.title,
            **more,
            "updatedAt": self.world.now(),
        }
        if item.parent:
            entry["parentItemID"] = str(item.parent)
        if item.grandparent:
            entry["rootItemID"] = str(item.grandparent)
        self.push("timeline", entry, item.section_id)

    def _tell_scan(self, section: Section) -> None:
        number = hex_id(32, "scan", section.id, section.scanned_at)
        for event, progress in (("started", 0), ("ended", 100)):
            activity = {
                "uuid": number,
                "type": "library.update.section",
                "cancellable": True,
                "userID": 1,
                "title": "Scanning",
                "subtitle": section.title,
                "progress": progress,
                "Context": {"librarySectionID": str(section.id)},
            }
            self.push("activity", _activity(event, activity), section.id)
        complete = {
            "title": "Library scan complete",
            "description": "",
            "notificationName": "LIBRARY_UPDATE",
        }
        self.push("status", complete, section.id)

    def _tell_idle_refresh(self, item: Item) -> None:
        """Say what opening an item or marking it causes: a refresh that changed nothing."""
        activity = {
            "uuid": hex_id(32, "refresh", item.key, self.world.revision),
            "type": "library.refresh.items",
            "cancellable": False,
            "userID": 1,
            "title": "Refreshing",
            "subtitle": item.title,
            "progress": 100,
            "Context": {
                "accessible": True,
                "analyzed": False,
                "exists": True,
                "key": f"/library/metadata/{item.key}",
                "refreshed": False,
            },
        }
        self.push("activity", _activity("ended", activity), item.section_id)

    async def _serve(self, stream: Stream, reader: asyncio.StreamReader) -> None:
        with self._changed:
            self.open.append(stream)
            self._changed.notify_all()
        pinging = asyncio.create_task(self._ping(stream))
        try:
            await stream.writer.drain()
            await stream.listen(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            pinging.cancel()
            with self._changed:
                self.open.remove(stream)
                self._changed.notify_all()

    async def _ping(self, stream: Stream) -> None:
        while True:
            if self.disturbance.pings:
                stream.ping()
            await asyncio.sleep(self.disturbance.ping_every_s)


def _activity(event: str, activity: dict[str, Any]) -> dict[str, Any]:
    return {"event": event, "uuid": activity["uuid"], "Activity": activity}
