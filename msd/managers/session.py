"""What the desktop session tells and shows: network, notifications, callers.

The bus layer implements these protocols and `msd.app` passes them down.
"""

from collections.abc import Callable
from typing import Protocol

from msd.models import Notice


class Network(Protocol):
    """Whether there is a network, and the moments at which trying again makes sense."""

    @property
    def online(self) -> str:
        """Whether there is a network: yes, no or unknown."""

    @property
    def metered(self) -> str:
        """Whether the network is paid by volume: yes, no or unknown."""

    async def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` when the network changed or the machine woke up.

        Returns when there is no service that could report it.
        """


class Desktop(Protocol):
    """Where notifications are shown; no method blocks or fails."""

    def show(self, notice: Notice) -> None:
        """Show a notice, or replace the one with the same key."""

    def withdraw(self, key: str) -> None:
        """Take a notice back; an unknown key is ignored."""

    async def run(self, pressed: Callable[[str, str], None]) -> None:
        """Show what is to be shown until the bus is gone.

        Args:
            pressed: called with key and action when a button is pressed.
        """


class Callers(Protocol):
    """The callers on the session bus."""

    async def gone(self, name: str) -> None:
        """Return when the connection of this name has left the bus."""
