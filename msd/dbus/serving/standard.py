"""The interfaces that D-Bus itself defines: Peer, Introspectable, ObjectManager; their XML."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from msd.dbus.errors import CallError
from msd.dbus.messages.names import INTROSPECTABLE, OBJECT_MANAGER, PEER
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.properties import property_values
from msd.dbus.serving.spec import InterfaceSpec, parse_specs
from msd.dbus.serving.tree import ObjectTree

logger = logging.getLogger(__name__)

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
    """Return the content of the first of these files that can be read.

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


class ObjectManager(Interface):
    """Lists the objects below the root object."""

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
            except Exception:
                logger.debug("%s is left out", path, exc_info=True)
                continue
            objects[path] = {interface.name: values}
        return objects
