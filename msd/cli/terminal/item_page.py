"""One item as a page for people: what it is, who made it, what its files offer, where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from msd.cli.terminal.item_table import placing
from msd.cli.terminal.text import cell, count, duration, moment
from msd.cli.terminal.version_words import version_words, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from msd.cli.daemon.client import Fields

_MOST_NAMES = 12
_DATE = len("2026-11-30")
_MINUTE_MS = 60_000
_HOUR_MINUTES = 60
_BY = {
    "director": "directed by",
    "writer": "written by",
    "creator": "created by",
    "producer": "produced by",
    "composer": "music by",
    "actor": "with",
    "guest": "guests",
    "": "with",
}
_CHILDREN = {
    "show": "season",
    "season": "episode",
    "artist": "album",
    "album": "track",
    "collection": "item",
    "playlist": "item",
}
_EVIDENCE = {
    "id": "an id in",
    "nfo": "the NFO file",
    "tag": "the tags of",
    "file-name": "the file name",
    "folder-name": "the folder name",
    "neighbours": "the files beside",
    "library": "the kind of library of",
}


def headline(item: Fields) -> str:
    """Return what the item is called: `Alien (1979), Director's Cut`, `Lies · S01E02 · Dark`."""
    title = cell(item.get("title")) or cell(item.get("id"))
    year = f" ({cell(item['year'])})" if item.get("year") else ""
    edition = f", {cell(item['edition'])}" if item.get("edition") else ""
    return " · ".join(part for part in (title + year + edition, placing(item)) if part)


def summary(item: Fields) -> str:
    """Return the short facts in one line: `movie · 1 h 57 min · R · 8.4/10 · Horror, Action`."""
    critics = _rating(item.get("critic_rating"))
    badges = map(word, cast("Sequence[str]", item.get("badges") or ()))
    parts = (
        cell(item.get("type")),
        _length(item.get("duration_ms")),
        _children(item),
        cell(item.get("content_rating")),
        _rating(item.get("rating")),
        f"critics {critics}" if critics else "",
        cell(item.get("genres")),
        cell(item.get("status")),
        " ".join(badges),
    )
    return " · ".join(part for part in parts if part)


def details(item: Fields, origin: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of all the rest that is worth reading; texts may be empty.

    Args:
        item: every key of an item.
        origin: the library and the source that it is from, in words.
    """
    yield from _people(_rows(item, "people"))
    for version in _rows(item, "versions"):
        yield "version", version_words(version, cell(item.get("title")))
    for name in ("parts", "extras", "trailers"):
        yield name, _titles(_rows(item, name))
    chapters = _rows(item, "chapters")
    yield "chapters", str(len(chapters)) if chapters else ""
    lyrics = _rows(item, "lyrics")
    yield "lyrics", count(len(lyrics), "line") if lyrics else ""
    for marker in _rows(item, "markers"):
        span = f"{duration(marker.get('start_ms')) or '0:00'} to {duration(marker.get('end_ms'))}"
        yield cell(marker.get("kind")), span
    yield "watched", _watched(item)
    yield "favourite", "yes" if item.get("favourite") else ""
    yield "your rating", _rating(item.get("user_rating"))
    original = cell(item.get("original_title"))
    yield "original title", original if original != cell(item.get("title")) else ""
    for name in ("released", "ended", "studios", "tags", "external_ids"):
        yield name.replace("_", " "), cell(item.get(name))
    yield "from", origin
    path = item.get("path")
    yield "file", cell(unquote(path.removeprefix("file://"))) if isinstance(path, str) else ""
    yield "id", cell(item.get("id"))


def decision_lines(item: Fields) -> Iterator[str]:
    """Yield how msd came to each value: `title: Alien (from the file name Alien (1979).mkv)`."""
    for row in _rows(item, "decisions"):
        evidence = cell(row.get("evidence"))
        source = _EVIDENCE.get(evidence, evidence)
        origin = f" {cell(row.get('origin'))}" if row.get("origin") else ""
        yield f"{cell(row.get('subject'))}: {cell(row.get('value'))} (from {source}{origin})"


def _rows(item: Fields, name: str) -> Sequence[Fields]:
    return cast("Sequence[Fields]", item.get(name) or ())


def _rating(value: object) -> str:
    return f"{value:.1f}/10" if isinstance(value, float) else ""


def _length(milliseconds: object) -> str:
    """Return `1 h 57 min`, `24 min`; m:ss for what is shorter than ten minutes, such as a track."""
    if not isinstance(milliseconds, int) or milliseconds < 10 * _MINUTE_MS:
        return duration(milliseconds)
    hours, minutes = divmod(round(milliseconds / _MINUTE_MS), _HOUR_MINUTES)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))


def _children(item: Fields) -> str:
    noun = _CHILDREN.get(cell(item.get("type")))
    number = item.get("child_count")
    if not noun or not number:
        return ""
    unwatched = item.get("unwatched_count")
    return count(number, noun) + (f", {unwatched} unwatched" if unwatched else "")


def _people(people: Sequence[Fields]) -> Iterator[tuple[str, str]]:
    """Yield one line for each job, e.g. `directed by`, with the names and roles."""
    jobs: dict[str, list[str]] = {}
    for person in people:
        role = cell(person.get("role"))
        name = cell(person.get("name")) + (f" ({role})" if role else "")
        job = cell(person.get("job"))
        jobs.setdefault(_BY.get(job, job), []).append(name)
    for job, names in sorted(
        jobs.items(), key=lambda entry: [*_BY.values(), entry[0]].index(entry[0])
    ):
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield job, ", ".join(names[:_MOST_NAMES]) + more


def _titles(rows: Sequence[Mapping[str, object]]) -> str:
    titles = [cell(row.get("title")) for row in rows if row.get("title")]
    return ", ".join(titles) or (str(len(rows)) if rows else "")


def _watched(item: Fields) -> str:
    """Return `3 times, last on 2026-11-30`, `to 42:10 of 1:57:00`, or all of it."""
    plays = item.get("play_count")
    times = "once" if plays == 1 else f"{plays} times"
    words = (
        [times if isinstance(plays, int) and plays > 0 else "yes"] if item.get("watched") else []
    )
    position = duration(item.get("position_ms"))
    if position:
        whole = duration(item.get("duration_ms"))
        words.append(f"to {position}" + (f" of {whole}" if whole else ""))
    last = moment(item.get("last_played"))
    if last:
        words.append(f"last on {last[:_DATE]}")
    return ", ".join(words)
