"""Cue sheets give the tracks of one file."""

from hypothesis import given
from hypothesis import strategies as st

from msd.backends.local.music.cue import parse_cue

SHEET = """REM GENRE Rock
PERFORMER "The Band"
TITLE "The Album"
FILE "album.flac" WAVE
  TRACK 01 AUDIO
    TITLE "First"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Second"
    PERFORMER "A Guest"
    INDEX 00 03:58:00
    INDEX 01 04:00:37
"""


def test_a_sheet_names_its_tracks_with_their_times():
    """Title, artist, number, start and end; a frame is a 75th of a second."""
    first, second = parse_cue(SHEET.encode())["album.flac"]

    assert ("First", "", "The Album", 0, 240_493) == (
        *(first.title, first.artist, first.album, first.start_ms, first.end_ms),
    )
    assert ("Second", "A Guest", "The Band", 240_493, 0) == (
        *(second.title, second.artist, second.album_artist, second.start_ms, second.end_ms),
    )


def test_a_sheet_in_another_encoding_is_read():
    """Older programs write CP1252."""
    sheet = SHEET.replace("First", "Été").encode("cp1252")

    assert "Été" == parse_cue(sheet)["album.flac"][0].title


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_no_content_breaks_the_reader(content):
    """Sheets are hostile, too."""
    for tracks in parse_cue(b'FILE "x" WAVE\nTRACK 1 AUDIO\n' + content).values():
        assert len(tracks) <= 99
