"""The push channel: handshake, keep-alive and debounced messages."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.http.websocket import CLOSE, PING, PONG, TEXT, frame, handshake, read_frame
from tests.simulators.jellyfin.service.access import Device, identify
from tests.simulators.jellyfin.service.http import Request, Response, text_reply
from tests.simulators.jellyfin.service.state import ServerState, authenticate
from tests.simulators.jellyfin.world.item import User
from tests.simulators.jellyfin.world.physical import folder_id, physical
from tests.simulators.jellyfin.world.userdata import user_data_members
from tests.simulators.jellyfin.world.world import Change


@dataclass(slots=True)
class Timing:
    """The waits of the push channel, in seconds; a test shortens them."""

    library_quiet_s: float = 30.0
    user_data_quiet_s: float = 0.5
    keep_alive_s: int = 60
    check_every_s: float = 12.0


@dataclass(eq=False, slots=True)
class Socket:
    """One open socket of a signed-in device."""

    device: Device
    writer: asyncio.StreamWriter
    heard_at: float
    # Set when a server up to 10.11 stops caring: the connection stays, nothing arrives on it.
    forgotten: threading.Event = field(default_factory=threading.Event)

    def send(self, kind: str, data: Any = None, message_id: str | None = None) -> None:
        """Send one message."""
        message: dict[str, Any] = {"MessageType": kind, "MessageId": message_id or uuid.uuid4().hex}
        if data is not None:
            message["Data"] = data
        self.send_raw(json.dumps(message).encode())

    def send_raw(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send one frame with any payload."""
        if not (self.writer.is_closing() or self.forgotten.is_set()):
            self.writer.write(frame(opcode, payload))


@dataclass(slots=True)
class Sockets:
    """Every open socket of one server, and what is waiting to be told."""

    state: ServerState
    timing: Timing = field(default_factory=Timing)
    open: list[Socket] = field(default_factory=list)
    refuse_with: int = 0  # the status of a proxy that passes no upgrade on
    before_upgrade: Callable[[], object] | None = None
    _added: set[str] = field(default_factory=set)
    _updated: set[str] = field(default_factory=set)
    _removed: set[str] = field(default_factory=set)
    _data: dict[str, set[str]] = field(default_factory=dict)
    _library_timer: asyncio.TimerHandle | None = None
    _data_timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def upgrade(self, request: Request) -> Response:
        """Return the reply that makes a socket of a signed-in device's connection."""
        if self.before_upgrade:
            self.before_upgrade()
        if self.refuse_with:
            return text_reply("no websockets here", self.refuse_with)
        caller = identify(request, self.state.version, legacy=self.state.allows_legacy)
        device = authenticate(self.state, caller.token)
        if device is None:
            return text_reply("Invalid token" if caller.token else "Token is required", 403)

        async def take_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(handshake(request, "Server: Kestrel"))
            await self._serve(device, reader, writer)

        return Response(status=101, takes_over=take_over)

    async def _serve(
        self, device: Device, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve an open socket until it ends."""
        socket = Socket(device, writer, asyncio.get_running_loop().time())
        self.open.append(socket)
        socket.send("ForceKeepAlive", self.timing.keep_alive_s)
        watcher = asyncio.create_task(self._watch(socket))
        try:
            await self._listen(socket, reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            watcher.cancel()
            self.open.remove(socket)

    def broadcast(self, kind: str, data: Any = None, message_id: str | None = None) -> None:
        """Send a message to every socket."""
        for socket in list(self.open):
            socket.send(kind, data, message_id)

    def drop_all(self) -> None:
        """Break every socket."""
        for socket in list(self.open):
            socket.writer.transport.abort()

    def mute_all(self) -> None:
        """Let every socket die silently: it stays open and nothing arrives on it any more."""
        for socket in list(self.open):
            socket.forgotten.set()

    def note(self, change: Change) -> None:
        """Note a change; every change restarts the wait before it is told."""
        loop = asyncio.get_running_loop()
        if change.user_id:
            waiting = self._data.setdefault(change.user_id, set())
            waiting.update(change.data_of)
            _restart(self._data_timers.get(change.user_id))
            self._data_timers[change.user_id] = loop.call_later(
                self.timing.user_data_quiet_s, self._tell_user_data, change.user_id
            )
            return
        self._added.update(change.added)
        self._updated.update(change.updated)
        self._removed.update(change.removed)
        _restart(self._library_timer)
        self._library_timer = loop.call_later(self.timing.library_quiet_s, self._tell_library)

    def _tell_library(self) -> None:
        world = self.state.world
        for socket in list(self.open):
            user = socket.device.user
            if user is None:
                continue
            added = [each for each in sorted(self._added) if _sees(self.state, user, each)]
            updated = [
                each
                for each in sorted(self._updated - self._added)
                if _sees(self.state, user, each)
            ]
            removed = sorted(self._removed)
            moved = bool(added or removed)
            data = {
                "FoldersAddedTo": sorted(
                    {folder_id(world.items[each].library_id) for each in added}
                ),
                "FoldersRemovedFrom": [],
                "ItemsAdded": added,
                "ItemsRemoved": removed,
                "ItemsUpdated": updated,
                "CollectionFolders": sorted(world.libraries) if moved else [],
                "IsEmpty": not (added or removed or updated),
            }
            socket.send("LibraryChanged", data)
        self._added.clear()
        self._updated.clear()
        self._removed.clear()

    def _tell_user_data(self, user_id: str) -> None:
        world, ids = self.state.world, sorted(self._data.pop(user_id, ()))
        user = world.users[user_id]
        named = [world.items.get(each) or physical(world, each) for each in ids]
        rows = [
            user_data_members(world, item, self.state.version, user) | {"ItemId": item.id}
            for item in named
            if item is not None
        ]
        for socket in list(self.open):
            if socket.device.user is user:
                socket.send("UserDataChanged", {"UserId": user_id, "UserDataList": rows})

    async def _listen(self, socket: Socket, reader: asyncio.StreamReader) -> None:
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == CLOSE:
                socket.send_raw(payload, CLOSE)
                return
            if opcode == PING:
                socket.send_raw(payload, PONG)
            if opcode == TEXT and json.loads(payload).get("MessageType") == "KeepAlive":
                socket.heard_at = asyncio.get_running_loop().time()
                socket.send("KeepAlive")

    async def _watch(self, socket: Socket) -> None:
        """Warn a silent client, then forget it: the connection stays open in every version."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.timing.check_every_s)
            silent_s = loop.time() - socket.heard_at
            if silent_s >= self.timing.keep_alive_s:
                socket.forgotten.set()
                return
            if silent_s > self.timing.keep_alive_s * 0.75:
                socket.send("ForceKeepAlive", self.timing.keep_alive_s)


def _sees(state: ServerState, user: User, item_id: str) -> bool:
    item = state.world.items.get(item_id)
    if item is None or item.virtual:
        return False
    return item_id not in user.unseen_items and item.library_id not in user.forbidden_libraries


def _restart(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
