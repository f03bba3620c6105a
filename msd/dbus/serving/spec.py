"""The interface XML as the dispatcher uses it: members, types, introspection text."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

_EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class MethodSpec(Struct, frozen=True, kw_only=True):
    """A method: the adapter's attribute, types of its arguments and results."""

    attribute: str
    signature: str
    result: str
    result_count: int
    arguments: tuple[tuple[str, str], ...]  # name, type
    results: tuple[tuple[str, str], ...]


class PropertySpec(Struct, frozen=True, kw_only=True):
    """A property: its type, whether it can be set, and what its change sends."""

    signature: str
    is_writable: bool
    emits: str  # true, invalidates, const, false


class InterfaceSpec(Struct, frozen=True, kw_only=True):
    """One interface of the contract."""

    name: str
    methods: Mapping[str, MethodSpec]
    signals: Mapping[str, str]
    properties: Mapping[str, PropertySpec]
    xml: str  # without comments and white space


def read_specs(folder: Path) -> dict[str, InterfaceSpec]:
    """Read every interface of a folder, by name."""
    specs: dict[str, InterfaceSpec] = {}
    for path in sorted(folder.glob("*.xml")):
        specs |= parse_specs(path.read_text())
    return specs


def parse_specs(text: str) -> dict[str, InterfaceSpec]:
    """Read the interfaces of one XML document, by name."""
    root = ET.fromstring(text)  # noqa: S314 - our own files
    return {element.get("name", ""): _interface(element) for element in root.iter("interface")}


def snake_case(member: str) -> str:
    """Return the Python name of a member: `GetSourceStatus` → `get_source_status`."""
    return _CAPITAL.sub("_", member).lower()


def _interface(element: ET.Element) -> InterfaceSpec:
    for part in element.iter():
        part.text = part.tail = None
    return InterfaceSpec(
        name=element.get("name", ""),
        methods={part.get("name", ""): _method(part) for part in element.iter("method")},
        signals={part.get("name", ""): _types(part) for part in element.iter("signal")},
        properties={part.get("name", ""): _property(part) for part in element.iter("property")},
        xml=ET.tostring(element, encoding="unicode"),
    )


def _method(element: ET.Element) -> MethodSpec:
    return MethodSpec(
        attribute=snake_case(element.get("name", "")),
        signature=_types(element, "in"),
        result=_types(element, "out"),
        result_count=sum(part.get("direction") == "out" for part in element.iter("arg")),
        arguments=_named(element, "in"),
        results=_named(element, "out"),
    )


def _named(element: ET.Element, direction: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (part.get("name", ""), part.get("type", ""))
        for part in element.iter("arg")
        if part.get("direction", "in") == direction
    )


def _types(element: ET.Element, direction: str | None = None) -> str:
    return "".join(
        part.get("type", "")
        for part in element.iter("arg")
        if direction is None or part.get("direction", "in") == direction
    )


def _property(element: ET.Element) -> PropertySpec:
    emits = next(
        (
            part.get("value", "")
            for part in element.iter("annotation")
            if part.get("name") == _EMITS
        ),
        "true",
    )
    return PropertySpec(
        signature=element.get("type", ""),
        is_writable=element.get("access") == "readwrite",
        emits=emits,
    )
