"""The clock of a simulated server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The server's clock: real time plus whatever a test has advanced it by."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the server's time."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._offset += timedelta(seconds=seconds)
