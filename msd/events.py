"""Facts that happened, and the stream that carries them from the coordinator to the bus.

Only the coordinator publishes; publishing never blocks. Each subscriber has a bounded buffer; one
that falls behind loses its oldest facts and is told so by `Overflow`, on which it must read
everything again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
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
)

BUFFER_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all facts."""


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """The daemon's state changed."""

    state: DaemonState


@dataclass(frozen=True, slots=True)
class DaemonChanged(Event):
    """A property of the root object changed (online, metered, revision, pending writes)."""


@dataclass(frozen=True, slots=True)
class SourceAdded(Event):
    """A source is served from now on."""

    source_id: SourceId


@dataclass(frozen=True, slots=True)
class SourceRemoved(Event):
    """A source is served no more."""

    source_id: SourceId


@dataclass(frozen=True, slots=True)
class SourceStatusChanged(Event):
    """Status or reason of a source changed (S5); `SourceChanged` does not follow."""

    source_id: SourceId
    status: SourceStatus


@dataclass(frozen=True, slots=True)
class SourceChanged(Event):
    """Some other property of a source may have changed; read its view again."""

    source_id: SourceId


@dataclass(frozen=True, slots=True)
class SignInRequested(Event):
    """The user pressed "Sign in" on the notification of a source; whoever can shows the way."""

    source_id: SourceId


@dataclass(frozen=True, slots=True)
class AccountAdded(Event):
    """An account was added."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """A property of an account may have changed."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class AccountRemoved(Event):
    """An account is gone."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class JobAdded(Event):
    """A job began."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A job progressed."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class JobFinished(Event):
    """A job reached a final state; its object stays for a minute."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class JobRemoved(Event):
    """A finished job's object goes away."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class ServerFound(Event):
    """A discovery found a server on the local network."""

    job_id: JobId
    server: Mapping[str, str | bool]


@dataclass(frozen=True, slots=True)
class LoginAdded(Event):
    """A login began."""

    login_id: LoginId


@dataclass(frozen=True, slots=True)
class LoginChanged(Event):
    """A login asks for something else now."""

    login_id: LoginId


@dataclass(frozen=True, slots=True)
class LoginFinished(Event):
    """A login reached a final state; its object stays for a minute."""

    login_id: LoginId


@dataclass(frozen=True, slots=True)
class LoginRemoved(Event):
    """A finished login's object goes away."""

    login_id: LoginId


@dataclass(frozen=True, slots=True)
class ItemsChanged(Event):
    """Cached items changed; both lists empty: too many to name, read again."""

    source_id: SourceId
    library_id: LibraryId
    changed: tuple[ItemId, ...]
    removed: tuple[ItemId, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Overflow(Event):
    """This subscriber was too slow and lost facts."""


class EventStream:
    """Hands every published fact to every subscriber, in order."""

    def __init__(self) -> None:
        self._subscribers: dict[
            MemoryObjectSendStream[Event], MemoryObjectReceiveStream[Event]
        ] = {}

    def publish(self, event: Event) -> None:
        """Hand a fact to every subscriber now; a full buffer is emptied and says `Overflow`."""
        for send, receive in self._subscribers.items():
            try:
                send.send_nowait(event)
            except anyio.WouldBlock:
                _drain(receive)
                send.send_nowait(Overflow())

    @contextmanager
    def subscribe(self) -> Iterator[MemoryObjectReceiveStream[Event]]:
        """Receive every fact published inside the `with` block."""
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
