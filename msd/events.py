"""Facts that happened, and the stream that carries them.

Only the coordinator publishes, and publishing never blocks. There are two ways to receive:

    subscribe   a bounded buffer, read by a task of the reader's own (the bus, notifications). A
                reader that falls behind loses its oldest events and gets `Overflow` instead; it
                must then read everything again.
    listen      a function that is called inside `publish` (the parts of the coordinator, which
                react to one another's facts without knowing one another).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from msd.models import (
    AccountId,
    DaemonState,
    ItemId,
    JobId,
    LibraryId,
    LoginId,
    SourceId,
    SourceStatus,
    StatusReason,
)

BUFFER_SIZE = 4096

Kind = TypeVar("Kind", bound="Event")


class Event(msgspec.Struct, frozen=True):
    """Base of all facts."""


class StateChanged(Event, frozen=True):
    """The daemon's state changed."""

    state: DaemonState


class DaemonChanged(Event, frozen=True):
    """A property of the root object changed (online, metered, revision, pending writes)."""


class SourceAdded(Event, frozen=True):
    """A source is served from now on."""

    source_id: SourceId


class SourceRemoved(Event, frozen=True):
    """A source is served no more."""

    source_id: SourceId


class SourceConnected(Event, frozen=True):
    """A connect succeeded: the server answered and accepted the sign-in."""

    source_id: SourceId


class SourceFailed(Event, frozen=True):
    """A sync or the push connection of a source failed; its connection needs a check."""

    source_id: SourceId
    reason: StatusReason | None = None


class SourceAccessChanged(Event, frozen=True):
    """The credentials or the address of a source changed; it has to be connected again."""

    source_id: SourceId


class LibrarySettingsChanged(Event, frozen=True):
    """The user changed how libraries of a source are synced."""

    source_id: SourceId


class NetworkChanged(Event, frozen=True):
    """The network changed or the machine woke up: what failed before may work now."""


class AccountServersChanged(Event, frozen=True):
    """A second sign-in added servers to an account; the account has to ask for them itself."""

    account_id: AccountId


class AccountSignedIn(Event, frozen=True):
    """Somebody signed in to an account again; its new credentials are stored."""

    account_id: AccountId


class SourceStatusChanged(Event, frozen=True):
    """Status or reason of a source changed (S5); `SourceChanged` does not follow."""

    source_id: SourceId
    status: SourceStatus


class SourceChanged(Event, frozen=True):
    """Some other property of a source may have changed; read its view again."""

    source_id: SourceId


class SourceUsed(Event, frozen=True):
    """A source is asked for something that somebody waits for; idle work on it steps aside."""

    source_id: SourceId


class SignInRequested(Event, frozen=True):
    """The user pressed "Sign in" on the notification of a source; whoever can shows the way."""

    source_id: SourceId


class AccountAdded(Event, frozen=True):
    """An account was added."""

    account_id: AccountId


class AccountChanged(Event, frozen=True):
    """A property of an account may have changed."""

    account_id: AccountId


class AccountRemoved(Event, frozen=True):
    """An account is gone."""

    account_id: AccountId


class JobAdded(Event, frozen=True):
    """A job began."""

    job_id: JobId


class JobChanged(Event, frozen=True):
    """A job progressed."""

    job_id: JobId


class JobFinished(Event, frozen=True):
    """A job reached a final state; its object stays for a minute."""

    job_id: JobId


class JobRemoved(Event, frozen=True):
    """A finished job's object goes away."""

    job_id: JobId


class ServerFound(Event, frozen=True):
    """A discovery found a server on the local network."""

    job_id: JobId
    server: Mapping[str, str | bool]


class LoginAdded(Event, frozen=True):
    """A login began."""

    login_id: LoginId


class LoginChanged(Event, frozen=True):
    """A login asks for something else now."""

    login_id: LoginId


class LoginFinished(Event, frozen=True):
    """A login reached a final state; its object stays for a minute."""

    login_id: LoginId


class LoginRemoved(Event, frozen=True):
    """A finished login's object goes away."""

    login_id: LoginId


class LibrariesChanged(Event, frozen=True):
    """Libraries of a source came, went, or changed in name, type, place or policy."""

    source_id: SourceId


class ItemsChanged(Event, frozen=True):
    """Cached items changed; both lists empty: too many to name, read again."""

    source_id: SourceId
    library_id: LibraryId
    changed: tuple[ItemId, ...]
    removed: tuple[ItemId, ...]
    revision: int


class ArtworkReady(Event, frozen=True):
    """Pictures that were asked for can be had now, or are known to be absent."""

    ids: tuple[str, ...]
    kind: str
    width: int


class Overflow(Event, frozen=True):
    """This subscriber was too slow and lost facts."""


class EventStream:
    """Hands every published event to every subscriber and listener, in order."""

    def __init__(self) -> None:
        self._subscribers: dict[
            MemoryObjectSendStream[Event], MemoryObjectReceiveStream[Event]
        ] = {}
        self._listeners: dict[type[Event], list[Callable[[Any], None]]] = {}
        self._muted: set[type[Event]] = set()

    def listen(self, kind: type[Kind], react: Callable[[Kind], None]) -> None:
        """Have a function called with each event of a class, in the order of registration.

        It is called inside `publish`, after the event is in every subscriber's buffer, so that
        the events that it publishes come later. It must not raise.
        """
        self._listeners.setdefault(kind, []).append(react)

    def mute(self, *kinds: type[Event]) -> None:
        """Publish no event of these classes any more."""
        self._muted |= set(kinds)

    def publish(self, event: Event) -> None:
        """Hand an event to every subscriber and listener now.

        A subscriber's buffer that is full is emptied and gets `Overflow`.
        """
        if type(event) in self._muted:
            return
        for send, receive in self._subscribers.items():
            try:
                send.send_nowait(event)
            except anyio.WouldBlock:
                _drain(receive)
                send.send_nowait(Overflow())
        for react in self._listeners.get(type(event), ()):
            react(event)

    @contextmanager
    def subscribe(self) -> Iterator[MemoryObjectReceiveStream[Event]]:
        """Receive every event published inside the `with` block."""
        send, receive = anyio.create_memory_object_stream[Event](BUFFER_SIZE)
        self._subscribers[send] = receive
        try:
            yield receive
        finally:
            del self._subscribers[send]
            send.close()
            receive.close()


def _drain(receive: MemoryObjectReceiveStream[Event]) -> None:
    while True:
        try:
            receive.receive_nowait()
        except anyio.WouldBlock:
            return
