"""A version in words, from whatever a server said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.cli.terminal.language import language
from msd.cli.terminal.text import safe
from msd.cli.terminal.version_words import version_words

VIDEO = {"kind": "video", "width": 3840, "height": 1600, "codec": "hevc", "hdr": "hdr10"}
AUDIO = {"kind": "audio", "language": "eng", "layout": "7.1", "codec": "truehd", "spatial": "atmos"}


def subtitles(*codes):
    return [{"kind": "subtitle", "language": code} for code in codes]


def test_a_version_is_what_it_offers_then_what_its_file_is():
    """The words of shops and boxes, not those of encoders."""
    streams = [VIDEO, AUDIO, *subtitles("ger", "en-GB", "deu")]
    version = {"name": "Extended", "container": "mkv", "size": 32_400_000_000, "streams": streams}

    assert version_words(version, "Alien") == (
        "Extended, 4K HDR10 HEVC, English Atmos 7.1, subtitles de en; mkv, 32.4 GB"
    )


@pytest.mark.parametrize(
    ("width", "height", "word"),
    [
        (3840, 2160, "4K"),
        (1920, 800, "1080p"),
        (1440, 1080, "1080p"),
        (1280, 720, "720p"),
        (720, 576, "576p"),
        (320, 180, "180p"),
    ],
)
def test_a_picture_is_named_by_its_greater_side(width, height, word):
    """A film in cinema format is cut at the top, an old series at the sides."""
    stream = {"kind": "video", "width": width, "height": height}

    assert version_words({"streams": [stream]}, "") == word


def test_a_name_that_only_repeats_the_title_is_left_out():
    """Jellyfin calls the only version like its film."""
    assert version_words({"name": "Alien", "container": "mkv"}, "Alien") == "mkv"


def test_channels_stand_in_for_a_missing_layout():
    """Six channels are 5.1."""
    stream = {"kind": "audio", "codec": "eac3", "channels": 6, "language": "und"}

    assert version_words({"streams": [stream]}, "") == "EAC3 5.1"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("eng", ("en", "English")),
        ("pt-BR", ("pt", "Portuguese")),
        ("chi", ("zh", "Chinese")),
        ("tlh", ("tlh", "tlh")),
        ("und", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_language_is_known_by_any_of_its_codes(code, expected):
    """Plex writes three letters, files write anything."""
    assert language(code) == expected


VALUES = st.none() | st.text() | st.integers() | st.booleans() | st.floats()
KEYS = st.sampled_from(
    ["kind", "codec", "width", "height", "hdr", "spatial", "language", "layout", "channels"]
)


@given(st.lists(st.dictionaries(KEYS, VALUES)), VALUES, VALUES)
def test_any_streams_are_one_line(streams, size, position):
    """What a daemon of another version sends is shown, never obeyed, and breaks nothing."""
    streams = [
        {**stream, "kind": "audio" if at % 2 else "video"} for at, stream in enumerate(streams)
    ]
    version = {"streams": streams, "size": size, "position_ms": position}

    words = version_words(version, "")
    assert safe(words) == words
