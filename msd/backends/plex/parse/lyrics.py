"""The words of a track: where they are, and what is there (docs/protocols/plex.md, Lyrics)."""

import codecs
import re

from msd.backend_api.http.client import Answer
from msd.backend_api.lenient import decode_leniently
from msd.backend_api.lyrics import MAX_LYRICS, bounded_lyrics, lyrics_of_text
from msd.backend_api.values import decode_text
from msd.backends.plex.parse.wire import DetailRow, LyricsLine, LyricsListed, many
from msd.backends.plex.parse.xml import in_json
from msd.models import LyricLine

_LYRICS = 4
_STREAM = re.compile(r"/library/streams/\d{1,18}(?:\.[a-z]{1,8})?", re.ASCII).fullmatch
_UNSAID = frozenset({"", "application/octet-stream"})  # whether it is text
_UTF_16 = frozenset({codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE})
_STRUCTURED = frozenset({"application/json", "text/xml", "application/xml"})


def lyrics_path(row: DetailRow) -> str:
    """Return where the words of a track are, "" where there are none."""
    for version in many(row.versions)[:1]:
        for part in many(version.parts)[:1]:
            for stream in many(part.streams):
                if stream.stream_type == _LYRICS and stream.key and _STREAM(stream.key):
                    return stream.key
    return ""


def read_lyrics(answer: Answer) -> tuple[LyricLine, ...]:
    """Return the lines of an answer: those of a provider, or a file as it lies beside the track.

    Anything else, such as a picture, has none.

    Raises:
        UnreachableError, BadResponseError: it calls itself JSON or XML and is none of Plex's.
    """
    if answer.media_type not in _STRUCTURED:
        return lyrics_of_text(decode_text(answer.body)) if _is_text(answer) else ()
    listed = decode_leniently(in_json(answer), LyricsListed, strict=False).container
    lines = (line for row in many(listed.lyrics)[:1] for line in many(row.lines))
    return bounded_lyrics((_start(line), _words(line)) for line in lines)


def _is_text(answer: Answer) -> bool:
    if len(answer.body) > MAX_LYRICS:
        return False
    if answer.media_type.startswith("text/"):
        return True
    return answer.media_type in _UNSAID and (answer.body[:2] in _UTF_16 or 0 not in answer.body)


def _words(line: LyricsLine) -> str:
    return " ".join(span.text.strip() for span in many(line.spans) if span.text)


def _start(line: LyricsLine) -> int | None:
    offsets = (line.start_offset, *(span.start_offset for span in many(line.spans)))
    return next((offset for offset in offsets if offset is not None), None)
