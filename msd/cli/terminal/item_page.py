"""One item as a page for people: what it is, where it is, who made it, its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from msd.cli.terminal.item_table import item_pairs
from msd.cli.terminal.text import cell, count, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from msd.cli.daemon.client import Fields

_MEGABYTE = 1024 * 1024
# Keys with a form of their own below, and those that only programs need.
_OWN_FORM = frozenset(
    {
        *("people", "versions", "chapters", "markers", "parts", "extras", "trailers"),
        *("decisions", "path", "size", "artwork", "remote_id", "sort_title"),
    }
)
_EVIDENCE = {
    "id": "an id in",
    "nfo": "the NFO file",
    "tag": "the tags of",
    "file-name": "the file name",
    "folder-name": "the folder name",
    "neighbours": "the files beside",
    "library": "the kind of library of",
}


def item_page(item: Fields) -> Iterator[tuple[str, str]]:
    """Yield name and text of everything worth reading, most of it in one line each."""
    yield from item_pairs({key: value for key, value in item.items() if key not in _OWN_FORM})
    if item.get("path"):
        yield "path", unquote(cell(item["path"]).removeprefix("file://"))
    yield from _people(_rows(item, "people"))
    for version in _rows(item, "versions"):
        yield "version", _version(version)
    for name in ("parts", "chapters", "extras", "trailers"):
        rows = _rows(item, name)
        if rows:
            titles = ", ".join(cell(row.get("title")) for row in rows if row.get("title"))
            yield name, titles or count(len(rows), name.removesuffix("s"))
    for marker in _rows(item, "markers"):
        span = f"{duration(marker.get('start_ms')) or '0:00'} to {duration(marker.get('end_ms'))}"
        yield cell(marker.get("kind")), span


def decision_lines(item: Fields) -> Iterator[str]:
    """Yield how msd came to each value: `title: Alien (from the file name Alien (1979).mkv)`."""
    for row in _rows(item, "decisions"):
        evidence = cell(row.get("evidence"))
        source = _EVIDENCE.get(evidence, evidence)
        origin = f" {cell(row.get('origin'))}" if row.get("origin") else ""
        yield f"{cell(row.get('subject'))}: {cell(row.get('value'))} (from {source}{origin})"


def _rows(item: Fields, name: str) -> Sequence[Fields]:
    return cast("Sequence[Fields]", item.get(name) or ())


def _people(people: Sequence[Fields]) -> Iterator[tuple[str, str]]:
    """Yield one line for each job, e.g. `director`, with the names and roles."""
    jobs: dict[str, list[str]] = {}
    for person in people:
        role = cell(person.get("role"))
        name = cell(person.get("name")) + (f" ({role})" if role else "")
        jobs.setdefault(cell(person.get("job")) or "with", []).append(name)
    for job, names in jobs.items():
        yield job, ", ".join(names)


def _version(version: Fields) -> str:
    """Return a version in words: `mkv, 1.4 GB, 1920x1080 hevc, eac3 5.1 en, subtitles de en`."""
    parts = [cell(version.get("name")), cell(version.get("container"))]
    size = version.get("size")
    if isinstance(size, int) and size > 0:
        parts.append(f"{size / _MEGABYTE:,.0f} MB")
    streams = _rows(version, "streams")
    parts += [_stream(stream) for stream in streams if stream.get("kind") in ("video", "audio")]
    languages = [cell(one.get("language")) for one in streams if one.get("kind") == "subtitle"]
    if any(languages):
        parts.append(f"subtitles {' '.join(dict.fromkeys(filter(None, languages)))}")
    return ", ".join(part for part in parts if part)


def _stream(stream: Mapping[str, object]) -> str:
    size = f"{stream['width']}x{stream['height']}" if stream.get("height") else ""
    words = (size, *(cell(stream.get(name)) for name in ("codec", "hdr", "layout", "language")))
    return " ".join(word for word in words if word)
