"""Foreign text is shown, never obeyed."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.cli.terminal.text import cell, duration, json_text, moment, safe, snake_case

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_a_safe_text_is_one_line_that_no_terminal_obeys(text):
    """A safe text is one line that no terminal obeys (K5)."""
    shown = safe(text)

    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("one\ntwo", "one\\x0atwo"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("lone \ud800", "lone \\ud800"),
        ("Amélie 千と千尋 👩\u200d🚀", "Amélie 千と千尋 👩\u200d🚀"),
    ],
)
def test_dangerous_characters_become_escapes_and_others_stay(text, expected):
    """Dangerous characters become escapes and others stay (K5)."""
    assert expected == safe(text)


@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.booleans() | st.none()))
def test_json_says_the_same_and_holds_nothing_a_terminal_obeys(value):
    """Json says the same and holds nothing a terminal obeys (K5)."""
    text = json_text(value)

    assert value == json.loads(text)
    assert not [char for char in text if unicodedata.category(char) in ("Cc", "Cs")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        (7, "7"),
        (["a", "b\n"], "a, b\\x0a"),
        ({"a": 1, "\x1b": ["x"]}, "a=1, \\x1b=x"),
    ],
)
def test_any_value_of_the_bus_fits_into_one_cell(value, expected):
    """Any value of the bus fits into one cell (K5)."""
    assert expected == cell(value)


@pytest.mark.parametrize("seconds", [0, -5, 2**62, "soon", None])
def test_an_absurd_time_is_shown_as_unknown(seconds):
    """Absurd times."""
    assert moment(seconds) == ""


def test_a_time_is_shown_as_a_local_date():
    """Times are Unix seconds."""
    assert moment(1_700_000_000).startswith("2023-11-1")


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(0, ""), (None, ""), (61_000, "1:01"), (3_600_000, "1:00:00"), (59_999, "0:59")],
)
def test_a_duration_is_shown_in_hours_minutes_and_seconds(milliseconds, expected):
    """Durations are milliseconds."""
    assert expected == duration(milliseconds)


def test_a_member_name_becomes_the_key_that_list_sources_uses():
    """ListSources holds the properties in lower_snake_case."""
    assert snake_case("StatusReason") == "status_reason"
