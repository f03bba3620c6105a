"""The two ways to listen: EventSource and WebSocket, each with its own form of an event."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Protocol

from tests.simulators.http.websocket import CLOSE, PING, PONG, TEXT, frame, read_frame
from tests.simulators.plex.viewer import Viewer

_ARRAYS = {
    "playing": "PlaySessionStateNotification",
    "timeline": "TimelineEntry",
    "activity": "ActivityNotification",
    "status": "StatusNotification",
    "progress": "ProgressNotification",
    "reachability": "ReachabilityNotification",
    "backgroundProcessingQueue": "BackgroundProcessingQueueEventNotification",
    "preference": "Setting",
    "update.statechange": "AutoUpdateNotification",
    "account": "AccountUpdateNotification",
}
EVENT_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"X-Plex-Protocol: 1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Stream(Protocol):
    """One client that listens."""

    viewer: Viewer
    wanted: frozenset[str]
    unwanted: frozenset[str]
    writer: asyncio.StreamWriter

    def send(self, kind: str, entry: dict[str, Any]) -> None:
        """Send one event."""

    def ping(self) -> None:
        """Show that the line is alive."""

    def end(self) -> None:
        """Say goodbye."""

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Wait until the client has gone."""


@dataclass(eq=False, slots=True)
class EventSource:
    """One client of the EventSource."""

    viewer: Viewer
    wanted: frozenset[str]
    unwanted: frozenset[str]
    writer: asyncio.StreamWriter

    def send(self, kind: str, entry: dict[str, Any]) -> None:
        """Send one event: no container, one object instead of an array."""
        self._event(kind, {array_of(kind): entry})

    def ping(self) -> None:
        """Send the event that says nothing."""
        self._event("ping", {})

    def end(self) -> None:
        """End the reply."""
        self.writer.write(b"0\r\n\r\n")
        self.writer.close()

    def send_raw(self, text: bytes) -> None:
        """Send any bytes as one chunk of the stream."""
        if not self.writer.is_closing():
            self.writer.write(b"%x\r\n%s\r\n" % (len(text), text))

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Wait until the client has gone."""
        while await reader.read(65_536):
            pass

    def _event(self, kind: str, data: dict[str, Any]) -> None:
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        self.send_raw(f"event: {kind}\ndata: {body}\n\n".encode())


@dataclass(eq=False, slots=True)
class WebSocket:
    """One client of the WebSocket."""

    viewer: Viewer
    wanted: frozenset[str]
    unwanted: frozenset[str]
    writer: asyncio.StreamWriter
    closing: bool = False

    def send(self, kind: str, entry: dict[str, Any]) -> None:
        """Send one event in its container."""
        container = {"type": kind, "size": 1, array_of(kind): [entry]}
        text = json.dumps({"NotificationContainer": container}, ensure_ascii=False)
        self.send_raw(text.encode())

    def ping(self) -> None:
        """Send a ping frame."""
        self.send_raw(b"", PING)

    def end(self) -> None:
        """Send a close frame; the client's ends the connection."""
        self.closing = True
        self.send_raw(b"\x03\xe8", CLOSE)

    def send_raw(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send any frame."""
        if not self.writer.is_closing():
            self.writer.write(frame(opcode, payload))

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Answer what the client says, until it says goodbye."""
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == CLOSE:
                if not self.closing:
                    self.send_raw(payload, CLOSE)
                return
            if opcode == PING:
                self.send_raw(payload, PONG)


def array_of(kind: str) -> str:
    """Return the name of what an event carries."""
    return "TranscodeSession" if kind.startswith("transcodeSession.") else _ARRAYS.get(kind, kind)
