"""Properties of served objects: reading their values, and the interface that D-Bus defines."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from msd.dbus.errors import CallError
from msd.dbus.messages.names import PROPERTIES, STANDARD_INTERFACES
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import InterfaceSpec, snake_case

logger = logging.getLogger(__name__)


def property_value(interface: Interface, spec: InterfaceSpec, name: str) -> Variant:
    """Return the value of one property.

    Raises:
        CallError: there is no such property.
        Exception: whatever its reader raises.
    """
    if name not in spec.properties:
        raise CallError("UnknownProperty", f"{spec.name} has no property {name!r}")
    value = interface.properties[name](interface.subject())
    return Variant(spec.properties[name].signature, value)


def property_values(
    interface: Interface, spec: InterfaceSpec, names: Iterable[str] | None = None
) -> dict[str, Variant]:
    """Return the values of the named properties, or of all; one that can't be read is absent.

    Raises:
        Exception: the object is gone.
    """
    subject = interface.subject()
    values: dict[str, Variant] = {}
    for name in spec.properties if names is None else names:
        try:
            value = interface.properties[name](subject)
        except Exception:
            logger.exception("property %s of %s could not be read", name, spec.name)
        else:
            values[name] = Variant(spec.properties[name].signature, value)
    return values


class Properties(Interface):
    """Reads and sets the properties of one object."""

    name = PROPERTIES

    def __init__(self, interfaces: Sequence[Interface], specs: Mapping[str, InterfaceSpec]) -> None:
        self._interfaces = {interface.name: interface for interface in interfaces}
        self._specs = specs

    async def get(self, interface_name: str, property_name: str) -> Variant:
        """Return one value; an empty interface name means any interface."""
        interface, spec = self._find(interface_name, property_name)
        return property_value(interface, spec, property_name)

    async def get_all(self, interface_name: str) -> dict[str, Variant]:
        """Return every value that can be read."""
        if interface_name in STANDARD_INTERFACES:
            return {}
        if not interface_name:
            return self._all()
        interface, spec = self._find(interface_name, "")
        return property_values(interface, spec)

    def _all(self) -> dict[str, Variant]:
        values: dict[str, Variant] = {}
        for name, interface in self._interfaces.items():
            values |= property_values(interface, self._specs[name])
        return values

    async def set(self, interface_name: str, property_name: str, value: Variant) -> None:
        """Change one value."""
        interface, spec = self._find(interface_name, property_name)
        wanted = spec.properties.get(property_name)
        if wanted is None:
            raise CallError("UnknownProperty", f"{spec.name} has no property {property_name!r}")
        if not wanted.is_writable:
            raise CallError("PropertyReadOnly", f"{property_name} can't be set")
        if value.signature != wanted.signature:
            raise CallError("InvalidArgs", f"{property_name} is of the type {wanted.signature}")
        await getattr(interface, f"set_{snake_case(property_name)}")(value.value)

    def _find(self, name: str, property_name: str) -> tuple[Interface, InterfaceSpec]:
        if not name:
            having = (n for n in self._interfaces if property_name in self._specs[n].properties)
            name = next(having, "")
        if name not in self._interfaces:
            raise CallError("UnknownInterface", f"no interface {name!r} with properties here")
        return self._interfaces[name], self._specs[name]
