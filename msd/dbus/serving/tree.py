"""The objects that are served: fixed ones, and branches whose objects come and go."""

from collections.abc import Mapping
from typing import Protocol

from msd.dbus.errors import CallError
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import InterfaceSpec


class Branch(Protocol):
    """The objects directly below one path; they come and go."""

    async def find(self, name: str) -> Interface:
        """Return the interface of one object.

        Raises:
            Exception: there is no such object.
        """

    async def all(self) -> dict[str, Interface]:
        """Return every object by its name, as soon as they are known."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the objects that are known now."""


class ObjectTree:
    """Finds the interfaces of an object path."""

    def __init__(self, specs: Mapping[str, InterfaceSpec]) -> None:
        self._specs = specs
        self._objects: dict[str, tuple[Interface, ...]] = {}
        self._branches: dict[str, Branch] = {}

    def add(self, path: str, *interfaces: Interface) -> None:
        """Serve a fixed object.

        Raises:
            TypeError: an adapter lacks a member of its interface.
        """
        for interface in interfaces:
            interface.check(self._specs[interface.name])
        self._objects[path] = interfaces

    def add_branch(self, path: str, branch: Branch) -> None:
        """Serve the objects of a branch below a path."""
        self._branches[path] = branch

    async def find(self, path: str) -> tuple[Interface, ...]:
        """Return the interfaces of an object, none for a path that only has objects below it.

        Raises:
            Exception: the object is not there (any more).
            CallError: nothing is ever served at this path.
        """
        if path in self._objects:
            return self._objects[path]
        parent, _, name = path.rpartition("/")
        if parent in self._branches:
            return (await self._branches[parent].find(name),)
        if self.children(path) or path in self._branches:
            return ()
        raise CallError("UnknownObject", f"no object {path}")

    def children(self, path: str) -> tuple[str, ...]:
        """Return the names of the nodes directly below a path."""
        prefix = path.rstrip("/") + "/"
        names = {
            other[len(prefix) :].partition("/")[0]
            for other in (*self._objects, *self._branches)
            if other.startswith(prefix)
        }
        if path in self._branches:
            names.update(self._branches[path].names())
        return tuple(sorted(names))

    async def managed(self) -> dict[str, Interface]:
        """Return every object of the branches by its path."""
        return {
            f"{parent}/{name}": interface
            for parent, branch in self._branches.items()
            for name, interface in (await branch.all()).items()
        }
