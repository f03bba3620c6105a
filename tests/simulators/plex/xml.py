"""The XML a server answers with when nobody asked for JSON: the same values, as attributes."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

_ELEMENTS = {
    "movie": "Video",
    "episode": "Video",
    "clip": "Video",
    "track": "Track",
    "playlist": "Playlist",
    "photo": "Photo",
}


def to_xml(name: str, value: dict[str, Any]) -> bytes:
    """Return one element as a document."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(name, value)}\n'.encode()


def _element(name: str, value: dict[str, Any]) -> str:
    attributes, children = [], []
    for key, member in value.items():
        if isinstance(member, dict):
            children.append(_element(key, member))
        elif isinstance(member, list):
            children.extend(_child(key, each) for each in member)
        elif member is not None:
            attributes.append(f" {key}={quoteattr(_scalar(member))}")
    if not children:
        return f"<{name}{''.join(attributes)}/>"
    return f"<{name}{''.join(attributes)}>{''.join(children)}</{name}>"


def _child(key: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"<{key}>{_scalar(value)}</{key}>"
    if key != "Metadata":
        return _element(key, value)
    kind = _ELEMENTS.get(str(value.get("type")), "Directory")
    if kind == "Photo" and str(value.get("key")).endswith("/children"):
        kind = "Directory"
    return _element(kind, value)


def _scalar(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
