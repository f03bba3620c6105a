"""XML answers as the JSON that the same server would have sent.

Plex answers in XML when the Accept header did not reach it, and its oldest versions always do.
Attributes are members, child elements are lists by their names, and the names that items have in
XML are `Metadata` in JSON (docs/protocols/plex.md, Types).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import httpx
import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec.structs import replace

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import CONTROL
from msd.errors import BadResponseError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ITEMS = frozenset({"Video", "Track", "Photo", "Playlist"})
_XML = frozenset({"text/xml", "application/xml"})
_DEEPEST = 10  # a container, an item, a version, a file, a track: half of this

Node = dict[str, "str | list[Node]"]


def in_json(answer: Answer) -> Answer:
    """Return an answer in JSON, whichever of the two the server chose.

    Raises:
        BadResponseError: it is XML that can't be understood.
    """
    if answer.media_type not in _XML:
        return answer
    try:
        body = as_json(answer.body)
    except ValueError as error:
        raise BadResponseError("the server's answer is not valid XML") from error
    return replace(answer, headers=httpx.Headers({"content-type": "application/json"}), body=body)


def as_json(body: bytes) -> bytes:
    """Return an XML answer as JSON.

    Raises:
        ValueError: it is no XML, or not of the kind that a media server sends.
    """
    text = body.translate(CONTROL).decode("utf-8", "replace")
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, RecursionError) as error:
        raise ValueError(f"no usable XML: {type(error).__name__}") from error
    return msgspec.json.encode({root.tag: _node(root, _DEEPEST)})


def _node(element: "Element", depth: int) -> Node:
    if depth == 0:
        raise ValueError("nested too deep")
    node: Node = dict(element.attrib)
    for name, children in _by_name(element):
        node[name] = [_node(child, depth - 1) for child in children]
    return node


def _by_name(element: "Element") -> Iterable[tuple[str, list["Element"]]]:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(_name(child), []).append(child)
    return children.items()


def _name(element: "Element") -> str:
    is_item = element.tag in _ITEMS or (element.tag == "Directory" and element.get("ratingKey"))
    return "Metadata" if is_item else element.tag
