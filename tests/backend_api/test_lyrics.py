"""Lyrics: plain lines, and lines with their times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.lyrics import bounded_lyrics, lyrics_of_text
from msd.models import LyricLine


def lines(content):
    return [(line.start_ms, line.text) for line in lyrics_of_text(content)]


def test_lines_with_times_come_in_the_order_in_which_they_are_sung():
    """A refrain is written once with all its times; a line without words is a pause."""
    content = """\ufeff[ti:Song]
[ar:Somebody]

[00:12.50]First line
[00:20.00][01:20.5]  Chorus
[00:25:00]
[00:30]<00:30.10>By <00:30.90>word
without a time
"""

    assert lines(content) == [
        (12_500, "First line"),
        (20_000, "Chorus"),
        (25_000, ""),
        (30_000, "By word"),
        (80_500, "Chorus"),
    ]


@pytest.mark.parametrize(
    ("offset", "start"), [("+500", 500), ("-500", 1_500), ("9999", 0), ("x", 1_000), ("", 1_000)]
)
def test_an_offset_moves_every_line(offset, start):
    """A positive one shows lines sooner; never before the song begins."""
    assert lines(f"[offset:{offset}]\n[00:01.00]One") == [(start, "One")]


def test_text_without_times_keeps_its_verses():
    """Empty lines stand between verses, and mean nothing at both ends."""
    assert lines("\n\nOne\nTwo\n\nThree\n\n") == [
        (None, "One"),
        (None, "Two"),
        (None, ""),
        (None, "Three"),
    ]


@pytest.mark.parametrize("content", ["", "\n \n", "[ti:x]", "[00:01.00]", "[00:01.00]\n[00:02]"])
def test_lyrics_without_a_word_are_none(content):
    """So that nobody opens an empty page."""
    assert lyrics_of_text(content) == ()


def test_what_stands_in_brackets_may_be_sung():
    """Only times and tags are read."""
    assert lines("[ar:Ada]\n[Chorus]\n[Chorus: Ada]\n[Refrain:]\nLa [la] la\n[00:99999.0]x") == [
        (None, "[Chorus]"),
        (None, "[Chorus: Ada]"),
        (None, "[Refrain:]"),
        (None, "La [la] la"),
        (None, "[00:99999.0]x"),
    ]


PIECES = [
    "[00:01.00]",
    "[99:99.999]",
    "[9999:99]",
    "[offset:-1]",
    "<00:01.00>",
    "la",
    "\n",
    "\r",
    " ",
]


@given(st.text(max_size=400) | st.lists(st.sampled_from(PIECES) | st.text(max_size=9)).map("".join))
def test_any_text_gives_bounded_lyrics_in_order(content):
    """Whatever a file holds (K5)."""
    found = lyrics_of_text(content)

    times = [line.start_ms for line in found if line.start_ms is not None]
    assert times == sorted(times)
    assert len(times) in (0, len(found))
    assert all(0 <= time <= 1_000 * 24 * 3_600_000 for time in times)
    assert not any("\0" in line.text for line in found)


def test_lyrics_are_bounded():
    """An endless file costs its beginning, an endless line its own."""
    assert len(lyrics_of_text("[00:01.00]la\n" * 50_000)) == 5_000
    assert [len(line.text) for line in lyrics_of_text("x" * 5_000_000)] == [1_000]
    assert len(lyrics_of_text("[00:01.00]" * 100_000 + "la")) <= 5_000


def test_an_impossible_time_is_unknown():
    """The words stay (Y14)."""
    assert bounded_lyrics([(-5, "a"), (0, "b"), (10**18, "c"), (None, "d")]) == (
        LyricLine(text="a"),
        LyricLine(text="b", start_ms=0),
        LyricLine(text="c"),
        LyricLine(text="d"),
    )
