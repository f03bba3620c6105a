"""The daemon as msdctl talks to it: calls, properties and signals."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from msd.cli.daemon.connection import (
    FREEDESKTOP,
    FREEDESKTOP_PATH,
    OBJECT_MANAGER,
    PROPERTIES,
    Call,
    Connection,
    EncodingError,
    NoBusError,
    Reply,
    SignalMessage,
    session_bus_addresses,
)
from msd.cli.errors import (
    CommandError,
    ExitCode,
    from_bus,
    not_reachable,
    signals_ended,
    usage_error,
)
from msd.contract import BUS_NAME, ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Methods that talk to a server answer within 20 s; an activated daemon may need a few more.
CALL_TIMEOUT_S = 30

Fields = dict[str, object]


class Bus(Protocol):
    """What a client needs of its connection; see `msd.cli.daemon.connection.Connection`."""

    overflowed: bool

    def call(self, call: Call, *, timeout_s: float) -> Reply:
        """Send a method call and wait for the reply."""

    def next_signal(
        self, timeout_s: float | None = None, *, wake: int | None = None
    ) -> SignalMessage | None:
        """Wait for a signal."""

    def close(self) -> None:
        """End the connection."""


class Signal(NamedTuple):
    """One signal of the daemon, or the news that it left or joined the bus."""

    path: str
    interface: str
    member: str
    args: tuple[object, ...]

    @property
    def is_owner_change(self) -> bool:
        """Whether the daemon left or joined the bus."""
        return self.interface == FREEDESKTOP

    @property
    def is_departure(self) -> bool:
        """Whether the daemon left the bus."""
        return self.is_owner_change and self.args[-1] == ""


class Client:
    """Calls to the daemon; every failure is a `CommandError`."""

    def __init__(self, bus: Bus, *, call_timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._bus = bus
        self._call_timeout_s = call_timeout_s
        self._owner = ""

    def close(self) -> None:
        """End the connection to the bus."""
        self._bus.close()

    def call(
        self,
        member: str,
        signature: str = "",
        *args: object,
        path: str = ROOT_PATH,
        interface: str = SOURCE_COORDINATOR,
        descriptors: Sequence[int] = (),
    ) -> list[object]:
        """Call a method of the daemon and return its results as plain Python values."""
        return self.exchange(Call(BUS_NAME, path, interface, member, signature, args, descriptors))

    def properties(self, path: str, interface: str) -> Fields:
        """Return all properties of one interface of an object."""
        (fields,) = self.call("GetAll", "s", interface, path=path, interface=PROPERTIES)
        return cast("Fields", fields)

    def objects(self, interface: str) -> dict[str, Fields]:
        """Return path and properties of every object that has the interface."""
        (tree,) = self.call("GetManagedObjects", interface=OBJECT_MANAGER)
        objects = cast("dict[str, dict[str, Fields]]", tree)
        return {path: faces[interface] for path, faces in objects.items() if interface in faces}

    def call_bus(self, member: str, signature: str = "", *args: object) -> list[object]:
        """Call a method of the bus itself, such as `GetNameOwner`."""
        return self.exchange(
            Call(FREEDESKTOP, FREEDESKTOP_PATH, FREEDESKTOP, member, signature, args)
        )

    def is_running(self) -> bool:
        """Return whether the daemon is on the bus, without starting it."""
        return bool(*self.call_bus("NameHasOwner", "s", BUS_NAME))

    @contextmanager
    def signals(self) -> Iterator[Signals]:
        """Receive every signal that the daemon sends inside the `with` block."""
        owner_change = f"type='signal',sender='{FREEDESKTOP}',member='NameOwnerChanged'"
        rules = (f"{owner_change},arg0='{BUS_NAME}'", f"type='signal',sender='{BUS_NAME}'")
        for rule in rules:
            self.call_bus("AddMatch", "s", rule)
        try:
            owner = ""
            if self.is_running():
                owner = str(*self.call_bus("GetNameOwner", "s", BUS_NAME))
            yield Signals(self._bus, owner)
        finally:
            for rule in rules:
                self._forget(rule)

    def _forget(self, rule: str) -> None:
        try:
            self.call_bus("RemoveMatch", "s", rule)
        except CommandError:
            return  # the bus is gone, and its rules with it

    def exchange(self, call: Call) -> list[object]:
        """Send any call and return its results.

        Raises:
            CommandError: the answer is an error, or there is none.
        """
        try:
            reply = self._bus.call(call, timeout_s=self._call_timeout_s)
        except TimeoutError as exc:
            raise CommandError(
                f"the daemon did not answer within {self._call_timeout_s:g} seconds",
                code="TimedOut",
                hint="`msdctl logs` may tell why; `msdctl restart` starts it again",
                exit_code=ExitCode.NOT_REACHABLE,
            ) from exc
        except (EOFError, OSError) as exc:
            raise not_reachable("the session bus went away", hint="") from exc
        except EncodingError as exc:
            raise usage_error(f"this can't be sent over D-Bus: {exc}") from exc
        if reply.error_name:
            raise from_bus(reply.error_name, str(next(iter(reply.values), "")))
        return reply.values


class Signals:
    """The signals of the daemon; those of other programs are left out."""

    def __init__(self, bus: Bus, owner: str) -> None:
        self._bus = bus
        self._owner = owner

    def next(self, timeout_s: float | None = None, *, wake: int | None = None) -> Signal | None:
        """Wait for a signal; None after the time, or once the descriptor `wake` is readable.

        Raises:
            CommandError: the bus went away, or signals were lost because nobody read them.
        """
        while True:
            if self._bus.overflowed:
                raise signals_ended()
            try:
                message = self._bus.next_signal(timeout_s, wake=wake)
            except (EOFError, OSError) as exc:
                raise signals_ended() from exc
            if message is None:
                return None
            signal = self._accepted(message)
            if signal is not None:
                return signal

    def _accepted(self, message: SignalMessage) -> Signal | None:
        if message.sender == FREEDESKTOP:
            if message.member != "NameOwnerChanged" or message.args[:1] != (BUS_NAME,):
                return None
            self._owner = str(message.args[2])
        elif message.sender != self._owner:
            return None  # any program of the user can send a signal; only the daemon's count
        return Signal(message.path, message.interface, message.member, message.args)


def connected() -> Client:
    """Connect to the session bus.

    Raises:
        CommandError: there is no session bus, or it refuses the connection.
    """
    addresses = session_bus_addresses()
    problem = "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set"
    for address in addresses:
        try:
            return Client(Connection(address))
        except NoBusError as exc:
            problem = str(exc)
    raise not_reachable(
        problem, hint="run msdctl inside a desktop session, or start one with `scripts/run`"
    )
