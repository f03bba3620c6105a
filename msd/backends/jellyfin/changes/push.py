"""What a Jellyfin server pushes over its websocket, and the proof that it still does (Y9).

The server forgets a client that sends no KeepAlive message for a minute, old ones without closing
the connection; protocol pings do not count. It answers each, so a connection on which nothing
comes any more is dead. Nothing is ever sent again: every new connection begins with a catch-up.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Self

import anyio
import httpx
import msgspec

from msd.backend_api.changes import Aspect, PushedChange
from msd.backend_api.http.client import Answer
from msd.backend_api.http.status import raise_if_unavailable
from msd.backend_api.http.websocket import WebSocket
from msd.backends.jellyfin.client.client import ME, JellyfinClient
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import LibraryUpdate, Message, User, UserDataUpdate
from msd.errors import BadResponseError, ForbiddenError, UnreachableError
from msd.models import RemoteId, StatusReason

SOCKET = "/socket"
MOST_IDS = 500  # of one message; beyond that asking what changed is cheaper
_GREETING_S = 20.0
_LONGEST_KEEP_ALIVE_S = 60  # also what the server announces unless it was changed
_KEEP_ALIVES = 3  # sent in the time after which the server forgets its client
_PATIENCE = 0.8  # of that time: silence of both sides has lasted long enough
_REMEMBERED = 256
_KEEP_ALIVE = '{"MessageType":"KeepAlive"}'
_EVERYTHING = (PushedChange(), PushedChange(aspect=Aspect.WATCH))

_message = msgspec.json.Decoder(Message)
_library = msgspec.json.Decoder(LibraryUpdate)
_user_data = msgspec.json.Decoder(UserDataUpdate)


@asynccontextmanager
async def pushed_changes(session: Session) -> AsyncIterator[AsyncIterator[PushedChange]]:
    """Subscribe; entered means that the server has registered the connection.

    Raises:
        AuthRequiredError: the server does not accept the token any more.
        ForbiddenError: it accepts the token, but not for this.
        BadResponseError: something on the way does not pass websockets on.
        UnreachableError, TlsError: as everywhere.
    """
    async with session.client.websocket(SOCKET) as opened:
        if isinstance(opened, Answer):
            await _raise_refusal(session.client, opened)
        else:
            channel = _Channel(opened, session.routes.user_id)
            await channel.be_greeted()
            yield channel


async def _raise_refusal(client: JellyfinClient, answer: Answer) -> None:
    """A socket refuses a bad token with 403, so a second question tells what is meant."""
    raise_if_unavailable(answer)
    if answer.status in {httpx.codes.FORBIDDEN, httpx.codes.UNAUTHORIZED}:
        await client.get(ME, User)
        raise ForbiddenError("the server refuses live events to the user")
    raise BadResponseError(
        f"live events were refused with status {answer.status}: a proxy on the way may not pass"
        " websockets on"
    )


class _Channel:
    """One subscription. Reading it is also what keeps it alive."""

    def __init__(self, socket: WebSocket, user_id: str) -> None:
        self._socket = socket
        self._user_id = user_id
        self._waiting: deque[PushedChange] = deque()
        self._seen: deque[str] = deque(maxlen=_REMEMBERED)
        self._forgets_after_s = float(_LONGEST_KEEP_ALIVE_S)
        self._is_greeted = False
        self._heard_at = self._said_at = self._left_at = anyio.current_time()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PushedChange:
        # Silence is only what was listened to: what came meanwhile is still to be read.
        self._heard_at += anyio.current_time() - self._left_at
        try:
            while not self._waiting:
                await self._turn()
            return self._waiting.popleft()
        finally:
            self._left_at = anyio.current_time()

    async def be_greeted(self) -> None:
        """Wait for the server's first words, which come after it has registered the connection."""
        with anyio.move_on_after(_GREETING_S):
            while not self._is_greeted:
                self._take(await self._socket.receive())
            await self._keep_alive()
            self._left_at = anyio.current_time()
            return
        raise _dead("the server accepts live connections but says nothing on them")

    async def _turn(self) -> None:
        """Take one message, or send what is due when none came until then."""
        due = self._said_at + self._forgets_after_s / _KEEP_ALIVES
        dead = self._heard_at + self._forgets_after_s * _PATIENCE
        now = anyio.current_time()
        if now >= dead:
            raise _dead("nothing comes from the server any more")
        if now >= due:
            await self._keep_alive()
            return
        with anyio.move_on_at(min(due, dead)):
            self._take(await self._socket.receive())

    async def _keep_alive(self) -> None:
        self._said_at = anyio.current_time()
        await self._socket.send(_KEEP_ALIVE)

    def _take(self, text: str | None) -> None:
        self._heard_at = anyio.current_time()
        try:
            message = _message.decode(text or "")
        except (msgspec.DecodeError, RecursionError):
            self._waiting.extend(_EVERYTHING)  # it may have said anything
            return
        if message.message_id and message.message_id in self._seen:
            return
        self._seen.append(message.message_id or "")
        self._waiting.extend(self._meaning(message))

    def _meaning(self, message: Message) -> tuple[PushedChange, ...]:
        match message.message_type:
            case "ForceKeepAlive":
                self._adjust(message.data)
            case "LibraryChanged":
                return _library_change(message.data)
            case "UserDataChanged":
                return self._user_data_change(message.data)
            case "UserUpdated":
                return (PushedChange(),)  # what the user may see can be different now
            case "ServerRestarting" | "ServerShuttingDown":
                raise UnreachableError(
                    "the server announced that it stops or restarts",
                    reason=StatusReason.SERVER_STARTING,
                )
        return ()

    def _adjust(self, data: msgspec.Raw) -> None:
        """Note after how many seconds the server forgets a client."""
        self._is_greeted = True
        try:
            seconds = msgspec.json.decode(data, type=float)
        except msgspec.DecodeError:
            return
        self._forgets_after_s = min(max(seconds, 1.0), float(_LONGEST_KEEP_ALIVE_S))

    def _user_data_change(self, data: msgspec.Raw) -> tuple[PushedChange, ...]:
        try:
            update = _user_data.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return (PushedChange(aspect=Aspect.WATCH),)
        if guid(update.user_id) not in {None, self._user_id}:
            return ()
        ids = _ids([row.item_id for row in update.user_data_list])
        return (PushedChange(aspect=Aspect.WATCH, changed=ids or ()),)


def _library_change(data: msgspec.Raw) -> tuple[PushedChange, ...]:
    try:
        update = _library.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return (PushedChange(),)
    changed = _ids([*(update.items_added or ()), *(update.items_updated or ())])
    removed = _ids(update.items_removed or ())
    if changed is None or removed is None:
        return (PushedChange(),)
    return (PushedChange(changed=changed, removed=removed),) if changed or removed else ()


def _ids(values: Iterable[str | None]) -> tuple[RemoteId, ...] | None:
    """Return each id once, None when there are too many or unusable ones among them."""
    found = tuple(dict.fromkeys(map(guid, values)))
    if len(found) > MOST_IDS or None in found:
        return None
    return tuple(RemoteId(each) for each in found if each)


def _dead(message: str) -> UnreachableError:
    return UnreachableError(message, reason=StatusReason.TIMEOUT)
