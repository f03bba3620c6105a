"""The gate before the coordinator: the bus name is owned first, the store opens later (O1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from msd.errors import MsdError
from msd.models import DaemonState, DaemonView

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator


class Gate:
    """Holds calls until the coordinator is open, or answers them with what prevents it."""

    def __init__(self) -> None:
        self._decided = anyio.Event()
        self._coordinator: Coordinator | None = None
        self._error: MsdError | None = None

    def open(self, coordinator: Coordinator) -> None:
        """Let every call through, those that wait included."""
        self._coordinator = coordinator
        self._decided.set()

    def fail(self, error: MsdError) -> None:
        """Answer every call with this error, those that wait included."""
        self._coordinator = None
        self._error = error
        self._decided.set()

    async def coordinator(self) -> Coordinator:
        """Return the coordinator as soon as the store is open.

        Raises:
            MsdError: the store could not be opened.
        """
        await self._decided.wait()
        if self._coordinator is None:
            raise self._failure()
        return self._coordinator

    @property
    def opened(self) -> Coordinator | None:
        """The coordinator when the gate is open, without waiting."""
        return self._coordinator

    @property
    def daemon(self) -> DaemonView:
        """What is shown of the daemon now, without waiting."""
        if self._coordinator is not None:
            return self._coordinator.daemon()
        state = DaemonState.STARTING if self._error is None else DaemonState.DEGRADED
        return DaemonView(state=state)

    def _failure(self) -> MsdError:
        # A new one each time: an exception raised twice collects the tracebacks of both callers.
        error = self._error or MsdError("msd is not open")
        return type(error)(*error.args)
