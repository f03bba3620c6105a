"""The words of a track."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.http.client import Answer
from msd.backend_api.lyrics import MAX_LYRICS
from msd.backends.plex.parse.lyrics import lyrics_path, read_lyrics
from msd.backends.plex.parse.rows import read_full
from msd.errors import BackendError
from tests.backends.plex.parse.rows_of import SCALARS, listed, row

XML = """<MediaContainer size="1"><Lyrics provider="x" timed="1">
<Line startOffset="1000"><Span startOffset="1000" endOffset="1500" text="La"/></Line>
<Line/>
<Line><Span startOffset="2500" text="la"/><Span startOffset="2700" text="li"/></Line>
</Lyrics></MediaContainer>"""
LINES = [(1_000, "La"), (None, ""), (2_500, "la li")]


def answer(body, media_type):
    headers = httpx.Headers({"content-type": media_type})
    return Answer(status=200, headers=headers, body=body)


def lines(body, media_type="application/json"):
    return [(line.start_ms, line.text) for line in read_lyrics(answer(body, media_type))]


def test_a_providers_words_are_read_in_xml_and_json():
    """A line without words is a pause."""
    document = {
        "MediaContainer": {
            "Lyrics": {
                "Line": [
                    {"startOffset": "1000", "Span": {"text": "La"}},
                    {},
                    {"Span": [{"startOffset": 2500, "text": "la"}, 5, {"text": "li"}]},
                ]
            }
        }
    }

    assert lines(XML.encode(), "text/xml") == LINES
    assert lines(json.dumps(document).encode()) == LINES


def test_a_file_is_read_as_it_lies_beside_the_track():
    """LRC or plain text."""
    assert lines(b"[00:01]La\n[00:02.5]\xff", "text/plain") == [(1_000, "La"), (2_500, "ÿ")]
    assert lines(b"La\nla", "application/octet-stream") == [(None, "La"), (None, "la")]
    assert lines(b"[00:01]La", "") == [(1_000, "La")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream"])
def test_a_file_is_read_in_any_usual_encoding(encoding, media_type):
    """As the same file is in a folder."""
    assert lines("[00:01.00]Café".encode(encoding), media_type) == [(1_000, "Café")]


@pytest.mark.parametrize("media_type", ["image/jpeg", "application/octet-stream", "audio/mpeg", ""])
def test_what_is_no_text_has_no_words(media_type):
    """A picture is none, whatever it calls itself."""
    assert lines(b"\xff\xd8\xff\xe0\0\x10JFIF", media_type) == []


def test_a_file_that_is_too_large_has_no_words():
    """As in a folder."""
    assert lines(b"La\n" * MAX_LYRICS, "text/plain") == []


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("/library/streams/7", "/library/streams/7"),
        ("/library/streams/7.lrc", "/library/streams/7.lrc"),
        ("/library/streams/../../x", ""),
        ("https://evil.example/library/streams/7", ""),
        ("/library/streams/7?X-Plex-Token=x", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_only_a_stream_of_the_servers_own_is_asked_for(key, path):
    """The key is a server's text (K5)."""
    streams = [{"streamType": 2}, {"streamType": 4, "key": key}]
    _, details = read_full(listed(row(Media=[{"Part": [{"Stream": streams}]}])))

    assert path == lyrics_path(details)


@given(
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["Lyrics", "Line", "Span", "text", "startOffset"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_document_gives_bounded_words_or_one_error(content):
    """Odd lines cost themselves (Y14)."""
    body = json.dumps({"MediaContainer": content}).encode()
    try:
        found = read_lyrics(answer(body, "application/json"))
    except BackendError:
        return
    assert len(found) <= 5_000
    assert all(line.start_ms is None or 0 <= line.start_ms < 2**40 for line in found)
