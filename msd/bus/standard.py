"""The interfaces that D-Bus itself defines: Peer, Introspectable, Properties, ObjectManager."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msd.bus.errors import CallError
from msd.bus.interface import Interface
from msd.bus.names import INTROSPECTABLE, OBJECT_MANAGER, PEER, PROPERTIES
from msd.bus.spec import InterfaceSpec, parse_specs, snake_case
from msd.bus.tree import ObjectTree
from msd.bus.values import property_value, property_values
from msd.bus.variant import Variant
from msd.errors import MsdError

STANDARD_SPECS = parse_specs("""<node>
<interface name="org.freedesktop.DBus.Peer">
  <method name="Ping"/>
  <method name="GetMachineId"><arg name="machine_uuid" type="s" direction="out"/></method>
</interface>
<interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect"><arg name="xml_data" type="s" direction="out"/></method>
</interface>
<interface name="org.freedesktop.DBus.Properties">
  <method name="Get">
    <arg name="interface_name" type="s" direction="in"/>
    <arg name="property_name" type="s" direction="in"/>
    <arg name="value" type="v" direction="out"/>
  </method>
  <method name="GetAll">
    <arg name="interface_name" type="s" direction="in"/>
    <arg name="properties" type="a{sv}" direction="out"/>
  </method>
  <method name="Set">
    <arg name="interface_name" type="s" direction="in"/>
    <arg name="property_name" type="s" direction="in"/>
    <arg name="value" type="v" direction="in"/>
  </method>
  <signal name="PropertiesChanged">
    <arg name="interface_name" type="s"/>
    <arg name="changed_properties" type="a{sv}"/>
    <arg name="invalidated_properties" type="as"/>
  </signal>
</interface>
<interface name="org.freedesktop.DBus.ObjectManager">
  <method name="GetManagedObjects">
    <arg name="objects" type="a{oa{sa{sv}}}" direction="out"/>
  </method>
  <signal name="InterfacesAdded">
    <arg name="object_path" type="o"/>
    <arg name="interfaces_and_properties" type="a{sa{sv}}"/>
  </signal>
  <signal name="InterfacesRemoved">
    <arg name="object_path" type="o"/>
    <arg name="interfaces" type="as"/>
  </signal>
</interface>
</node>""")

_DOCTYPE = (
    '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n'
    ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n'
)
_MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")


class Peer(Interface):
    """Answers on every path, also where nothing is served."""

    name = PEER

    async def ping(self) -> None:
        """Answer."""

    async def get_machine_id(self) -> str:
        """Return the id of this machine."""
        return machine_id(_MACHINE_ID_FILES)


def machine_id(files: Sequence[str]) -> str:
    """Return what the first of these files that can be read says.

    Raises:
        CallError: none can.
    """
    for path in files:
        try:
            return Path(path).read_text().strip()
        except OSError:
            continue
    raise CallError("Failed", "this machine has no id")


class Introspectable(Interface):
    """Describes one node."""

    name = INTROSPECTABLE

    def __init__(self, path: str, tree: ObjectTree, described: Sequence[InterfaceSpec]) -> None:
        self._path = path
        self._tree = tree
        self._described = described

    async def introspect(self) -> str:
        """Return the XML of the node's interfaces and the names of its children."""
        interfaces = "".join(spec.xml for spec in self._described)
        children = "".join(f'<node name="{name}"/>' for name in self._tree.children(self._path))
        return f"{_DOCTYPE}<node>{interfaces}{children}</node>"


class Properties(Interface):
    """Reads and sets the properties of one object."""

    name = PROPERTIES

    def __init__(self, interfaces: Sequence[Interface], specs: Mapping[str, InterfaceSpec]) -> None:
        self._interfaces = {interface.name: interface for interface in interfaces}
        self._specs = specs

    async def get(self, interface_name: str, property_name: str) -> Variant:
        """Return one value."""
        interface, spec = self._find(interface_name)
        return property_value(interface, spec, property_name)

    async def get_all(self, interface_name: str) -> dict[str, Variant]:
        """Return every value that can be read."""
        if interface_name in STANDARD_SPECS:
            return {}
        interface, spec = self._find(interface_name)
        return property_values(interface, spec)

    async def set(self, interface_name: str, property_name: str, value: Variant) -> None:
        """Change one value."""
        interface, spec = self._find(interface_name)
        wanted = spec.properties.get(property_name)
        if wanted is None:
            raise CallError("UnknownProperty", f"{spec.name} has no property {property_name!r}")
        if not wanted.is_writable:
            raise CallError("PropertyReadOnly", f"{property_name} can't be set")
        if value.signature != wanted.signature:
            raise CallError("InvalidArgs", f"{property_name} is of the type {wanted.signature}")
        await getattr(interface, f"set_{snake_case(property_name)}")(value.value)

    def _find(self, name: str) -> tuple[Interface, InterfaceSpec]:
        if name not in self._interfaces:
            raise CallError("UnknownInterface", f"no interface {name!r} with properties here")
        return self._interfaces[name], self._specs[name]


class ObjectManager(Interface):
    """Tells which objects there are below the root object."""

    name = OBJECT_MANAGER

    def __init__(self, tree: ObjectTree, specs: Mapping[str, InterfaceSpec]) -> None:
        self._tree = tree
        self._specs = specs

    async def get_managed_objects(self) -> dict[str, dict[str, dict[str, Variant]]]:
        """Return every object with its interfaces and property values."""
        objects: dict[str, dict[str, dict[str, Variant]]] = {}
        for path, interface in (await self._tree.managed()).items():
            try:
                values = property_values(interface, self._specs[interface.name])
            except MsdError:
                continue  # it went away while the others were read
            objects[path] = {interface.name: values}
        return objects
