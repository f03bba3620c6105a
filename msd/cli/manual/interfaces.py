"""Reads the documented interface XML: members with their comments, for people."""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHORT = re.compile(r"^@short_description:\s*(.+?)(?:\n\n|\Z)", re.DOTALL | re.MULTILINE)
_ARGUMENT = re.compile(r"^@(\w+):\s*", re.MULTILINE)
_LIST = re.compile(r"<simplelist>(.*?)</simplelist>", re.DOTALL)
_MEMBER = re.compile(r"<member>(.*?)</member>", re.DOTALL)
KEY = re.compile(r"^`(\w+)` ([a-z{}()]+)(?: |$)")
"""The start of an entry about a key: its name and its D-Bus type."""

Block = str | tuple[str, ...]
"""A paragraph, or the entries of a list."""


class Argument(NamedTuple):
    """One argument of a method or signal."""

    name: str
    signature: str
    direction: str  # "in", "out", or "" for a signal
    text: str


class Member(NamedTuple):
    """A method, signal or property, and what its comment says."""

    role: str  # "method", "signal" or "property"
    name: str
    signature: str  # of a property
    arguments: tuple[Argument, ...]
    blocks: tuple[Block, ...]


class Interface(NamedTuple):
    """One interface of the contract with its documentation."""

    name: str
    summary: str
    blocks: tuple[Block, ...]
    members: tuple[Member, ...]


def read_interfaces(folder: Path) -> list[Interface]:
    """Return the interfaces of every XML file of a folder, by file name."""
    return [_interface(path.read_text()) for path in sorted(folder.glob("*.xml"))]


def _interface(text: str) -> Interface:
    builder = ET.TreeBuilder(insert_comments=True)
    root = ET.fromstring(text, parser=ET.XMLParser(target=builder))  # noqa: S314 - our own file
    for comment, element in _documented(root):
        if element.tag == "interface":
            body = _body(comment)
            summary = _SHORT.search(body)
            members = tuple(_member(*pair) for pair in _documented(element))
            return Interface(
                element.get("name", ""),
                " ".join(summary[1].split()) if summary else "",
                _blocks(_SHORT.sub("", body)),
                members,
            )
    raise ValueError("the file has no documented interface")


def _documented(parent: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """Yield each child element with the comment in front of it."""
    comment = ""
    for child in parent:
        if callable(child.tag):  # a comment
            comment = child.text or ""
        else:
            yield comment, child
            comment = ""


def _member(comment: str, element: ET.Element) -> Member:
    body = _body(comment)
    lead, texts = _argument_texts(body)
    arguments = tuple(
        Argument(
            name=part.get("name", ""),
            signature=part.get("type", ""),
            direction=part.get("direction", ""),
            text=texts.get(part.get("name", ""), ""),
        )
        for part in element.iter("arg")
    )
    return Member(
        str(element.tag),
        element.get("name", ""),
        element.get("type", ""),
        arguments,
        _blocks(lead),
    )


def _body(comment: str) -> str:
    """Return a comment without its first line, which repeats the name."""
    lines = textwrap.dedent(comment.strip("\n")).strip().splitlines()
    return textwrap.dedent("\n".join(lines[1:]))


def _argument_texts(body: str) -> tuple[str, dict[str, str]]:
    """Return the text without the descriptions of arguments, and these by name."""
    described, separator, rest = body.partition("\n\n")
    if not described.lstrip().startswith("@"):
        return body, {}
    parts = _ARGUMENT.split(described)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return rest if separator else "", {name: " ".join(text.split()) for name, text in pairs}


def _blocks(text: str) -> tuple[Block, ...]:
    """Return the paragraphs and lists of a text, in order."""
    return tuple(block for block in _every_block(text) if block)


def _every_block(text: str) -> Iterator[Block]:
    for index, part in enumerate(_LIST.split(text)):
        if index % 2:
            yield tuple(" ".join(entry.split()) for entry in _MEMBER.findall(part))
        else:
            yield from (" ".join(paragraph.split()) for paragraph in part.split("\n\n"))
