"""What the machine says of its network and its sleep; the bus layer provides it."""

from collections.abc import Callable
from typing import Protocol


class Network(Protocol):
    """Whether there is a network, and the moments at which trying again makes sense."""

    @property
    def online(self) -> str:
        """Whether there is a network: yes, no or unknown."""

    @property
    def metered(self) -> str:
        """Whether the network is paid by volume: yes, no or unknown."""

    async def watch(self, changed: Callable[[], None]) -> None:
        """Call when the network changed or the machine woke up; return when nobody can tell."""
