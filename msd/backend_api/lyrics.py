"""Lyrics as files and tags hold them: plain text, or LRC with a time before each line.

    [ti:Title]                     about the song; left out
    [offset:+250]                  every line 250 ms earlier
    [00:12.50]First line
    [00:20.00][01:20.00]Chorus     sung twice
    [00:25.00]                     a pause
    [00:30.00]<00:30.10>By <00:30.90>word      times of words are left out

Where some lines have a time, those without one can't be placed and are left out.
"""

import re
from collections.abc import Iterable, Iterator

from msd.backend_api.values import length, text
from msd.models import LyricLine, Milliseconds

MAX_LYRICS = 512 << 10  # bytes of a file that is read
_MOST_LINES = 5_000
_LONGEST_LINE = 1_000
_TIME = re.compile(r"\s*\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]", re.ASCII)
_WORD_TIME = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>", re.ASCII)
_TAG = re.compile(
    r"\s*\[(ti|ar|al|au|lr|by|re|tool|ve|length|offset|#):([^\]]*)\]\s*$", re.ASCII | re.IGNORECASE
)
_OFFSET = re.compile(r"\s*([+-]?\d{1,7})\s*", re.ASCII)


def lyrics_of_text(content: str) -> tuple[LyricLine, ...]:
    """Return the lines of an LRC or text file, in the order in which they are sung."""
    offset, timed, plain = 0, [], []
    for line in _lines(content):
        if (tag := _TAG.match(line)) is not None:
            if tag[1].lower() == "offset" and (value := _OFFSET.fullmatch(tag[2])) is not None:
                offset = int(value[1])
            continue
        times, words = _split(line)
        timed += [(time, words) for time in times]
        plain.append(words)
    if timed:
        timed.sort(key=lambda entry: entry[0])
        return bounded_lyrics((max(time - offset, 0), words) for time, words in timed)
    return bounded_lyrics((None, words) for words in plain)


def bounded_lyrics(lines: Iterable[tuple[int | None, str | None]]) -> tuple[LyricLine, ...]:
    """Return lines with their times in milliseconds, without empty ones at both ends.

    An empty line in between is a pause. A time that nothing can have is unknown.
    """
    found: list[LyricLine] = []
    for start_ms, words in lines:
        if len(found) == _MOST_LINES:
            break
        line = LyricLine(text=text(words, _LONGEST_LINE), start_ms=_start(start_ms))
        if line.text or found or line.start_ms is not None:
            found.append(line)
    while found and not found[-1].text and found[-1].start_ms is None:
        found.pop()
    return tuple(found) if any(line.text for line in found) else ()


def _start(value: int | None) -> Milliseconds | None:
    if value is None or value == 0:
        return None if value is None else Milliseconds(0)
    return length(value) or None


def _lines(content: str) -> Iterator[str]:
    """Yield the lines of the part that is looked at; a word may be as long as the file."""
    for line in content[:MAX_LYRICS].removeprefix("\ufeff").splitlines():
        yield line[: 2 * _LONGEST_LINE]


def _split(line: str) -> tuple[list[int], str]:
    """Return the times before a line in milliseconds, and its words."""
    times, at = [], 0
    while (match := _TIME.match(line, at)) is not None:
        minutes, seconds, fraction = match.groups(default="")
        times.append((int(minutes) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0")))
        at = match.end()
    return times, _WORD_TIME.sub("", line[at:]).strip()
