"""The property values that clients know, and the signals that bring them up to date."""

from collections.abc import Mapping
from typing import Protocol

from msd.contract import ROOT_PATH
from msd.dbus.messages.names import OBJECT_MANAGER, PROPERTIES
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.properties import property_values
from msd.dbus.serving.spec import InterfaceSpec


class Emit(Protocol):
    """Sends a signal: path, interface, member, arguments."""

    def __call__(self, path: str, interface: str, member: str, *values: object) -> None: ...  # noqa: D102


class PublishedState:
    """One emission per real change of a property, none without (S5)."""

    def __init__(self, emit: Emit, specs: Mapping[str, InterfaceSpec]) -> None:
        self._emit = emit
        self._specs = specs
        self._values: dict[str, dict[str, Variant]] = {}

    @property
    def paths(self) -> frozenset[str]:
        """The objects that clients know of."""
        return frozenset(self._values)

    def published(self, path: str, name: str) -> object:
        """Return the value of a property as clients know it, None for an unknown object."""
        variant = self._values.get(path, {}).get(name)
        return None if variant is None else variant.value

    def assume(self, path: str, interface: Interface) -> None:
        """Take the present values as known to clients."""
        values = property_values(interface, self._specs[interface.name])
        self._values[path] = self._emitting(interface.name, values)

    def show(self, path: str, interface: Interface) -> None:
        """Announce a new object."""
        values = property_values(interface, self._specs[interface.name])
        self._values[path] = self._emitting(interface.name, values)
        public = {n: v for n, v in values.items() if not self._is_private(interface.name, n)}
        self._emit(ROOT_PATH, OBJECT_MANAGER, "InterfacesAdded", path, {interface.name: public})

    def hide(self, path: str, interface_name: str) -> None:
        """Announce that an object is gone."""
        if self._values.pop(path, None) is not None:
            self._emit(ROOT_PATH, OBJECT_MANAGER, "InterfacesRemoved", path, [interface_name])

    def update(self, path: str, interface_name: str, values: Mapping[str, Variant]) -> None:
        """Send the values that changed; private ones are only named as changed."""
        known = self._values.get(path)
        if known is None:
            return
        news = {
            name: value
            for name, value in self._emitting(interface_name, values).items()
            if known.get(name) != value
        }
        if news:
            known.update(news)
            hidden = [name for name in news if self._is_private(interface_name, name)]
            public = {name: value for name, value in news.items() if name not in hidden}
            self._emit(path, PROPERTIES, "PropertiesChanged", interface_name, public, hidden)

    def _emitting(self, interface_name: str, values: Mapping[str, Variant]) -> dict[str, Variant]:
        properties = self._specs[interface_name].properties
        return {
            name: value
            for name, value in values.items()
            if properties[name].emits in ("true", "invalidates")
        }

    def _is_private(self, interface_name: str, name: str) -> bool:
        return self._specs[interface_name].properties[name].emits == "invalidates"
