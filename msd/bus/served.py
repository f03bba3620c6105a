"""What waits for the open store before it answers: the root object, and the objects below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msd.bus.gate import Gate
from msd.dbus.serving.interface import Interface

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator


class RootInterface(Interface):
    """Base of the interfaces of the root object; its methods find the coordinator open."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._coordinator: Coordinator

    async def ready(self) -> None:
        """Wait for the open store."""
        self._coordinator = await self._gate.coordinator()


class ObjectBranch:
    """Objects of one kind, directly below one path.

    Args:
        names: returns the last path elements of the objects that there are.
        interface: returns the adapter of one object by the last element of its path; the adapter's
            `subject` raises an MsdError when there is no such object.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        names: Callable[[Coordinator], Iterable[str]],
        interface: Callable[[Coordinator, str], Interface],
    ) -> None:
        self._gate = gate
        self._names = names
        self._interface = interface

    async def find(self, name: str) -> Interface:
        """Return the adapter of one object."""
        interface = self._interface(await self._gate.coordinator(), name)
        interface.subject()
        return interface

    async def all(self) -> dict[str, Interface]:
        """Return every object by the last element of its path."""
        coordinator = await self._gate.coordinator()
        return {name: self._interface(coordinator, name) for name in self._names(coordinator)}

    def names(self) -> tuple[str, ...]:
        """Return the last path elements of the objects that are known now."""
        coordinator = self._gate.opened
        return tuple(self._names(coordinator)) if coordinator else ()
