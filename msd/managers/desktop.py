"""The user's desktop as far as it shows notifications; the bus layer provides it."""

from collections.abc import Callable
from typing import Protocol

from msd.models import Notice


class Desktop(Protocol):
    """Where notifications are shown; nothing here blocks, and nothing fails."""

    def show(self, notice: Notice) -> None:
        """Show a notice, or replace the one with the same key."""

    def withdraw(self, key: str) -> None:
        """Take a notice back; none is fine."""

    async def run(self, pressed: Callable[[str, str], None]) -> None:
        """Do the work until the bus is gone.

        Args:
            pressed: called with key and action when a button is pressed.
        """
