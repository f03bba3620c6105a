"""Who is on the bus: waiting for a caller to leave it."""

import anyio

from msd.bus.binding import Message
from msd.bus.connection import Connection
from msd.bus.listen import SignalMatch
from msd.bus.names import FREEDESKTOP


class Presence:
    """Tells when the connections of callers end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def gone(self, name: str) -> None:
        """Return when no connection has this unique name (any more); it never comes back.

        Raises:
            BusLostError: the bus itself is gone.
        """
        left = anyio.Event()

        def note(message: Message) -> None:
            if message.body[2:] == [""]:
                left.set()

        changed = SignalMatch(
            sender=FREEDESKTOP, interface=FREEDESKTOP, member="NameOwnerChanged", about=name
        )
        async with self._connection.listening(changed, note):
            (is_there,) = await self._connection.call_bus("NameHasOwner", "s", name)
            if is_there:
                await left.wait()
