"""Tables fit the terminal: no word is broken, and the less important gives way first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.cli.terminal.table import ELLIPSIS, Column, Table, shortened, width_of, wrapped

ID = "jellyfin_3f2a9c41d07e"
COLUMNS = [
    Column("name", least=10),
    Column("items", right=True, rank=1),
    Column("id", rank=2),
]
ROWS = [["a very long name of a source", "1234567", ID], ["x", "1", "local_00"]]
WORDS = st.text("ab千 [/]", max_size=30)


def test_a_table_in_a_pipe_is_aligned_and_has_no_trailing_spaces():
    """A pipe gets everything, at its natural width."""
    table = Table(COLUMNS, [["Films", "7", "a1"], ["", "1200", "b"]])

    assert list(table.lines()) == ["NAME   ITEMS  ID", "Films      7  a1", "        1200  b"]


def test_wide_characters_count_as_two_columns():
    """East Asian titles keep the columns straight."""
    table = Table([Column("name"), Column("x")], [["千と", "1"], ["abcd", "2"]])

    assert list(table.lines()) == ["NAME  X", "千と  1", "abcd  2"]


@pytest.mark.parametrize(
    ("width", "titles"),
    [(100, ["NAME", "ITEMS", "ID"]), (40, ["NAME", "ITEMS"]), (16, ["NAME"])],
)
def test_the_least_important_column_is_left_out_first(width, titles):
    """Ids go first, then numbers; the name always stays, and ids are never cut."""
    lines = list(Table(COLUMNS, ROWS).lines(width))

    assert lines[0].split() == titles
    assert ("ID" in titles) == (ID in lines[1])
    assert max(map(width_of, lines)) <= width


def test_a_column_without_any_text_is_not_shown():
    """An empty column tells nothing."""
    assert list(Table(COLUMNS, [["Films", "", "a1"]]).lines()) == ["NAME   ID", "Films  a1"]


def test_a_text_is_shortened_before_a_word():
    """A cut says that it is one, and words stay whole where there is room for one."""
    assert shortened("The Living Room Server", 15) == "The Living…"
    assert shortened("Donaudampfschiff", 8) == "Donauda…"


@given(WORDS, st.integers(2, 40))
def test_a_shortened_text_fits(text, width):
    """Whatever the text is, it takes at most the width."""
    assert width_of(shortened(text, width)) <= width


@given(
    st.lists(st.tuples(WORDS, st.text("19", max_size=9), st.text("abc_", max_size=24)), max_size=5),
    st.integers(20, 140),
)
def test_no_line_is_wider_than_the_terminal(rows, width):
    """The terminal itself breaks words; so no line may reach its edge."""
    lines = list(Table(COLUMNS, rows).lines(width))

    assert len(lines) == len(rows) + 1
    assert max(map(width_of, lines)) <= max(width, 20)


def test_colours_mark_status_words_and_nothing_else():
    """A source that is called "error" keeps its place, and a server's text stays text."""
    table = Table([Column("status"), Column("name")], [["connected", "[red]x[/red]"]])

    _, line = table.lines(80, styled=True)

    assert line == "\x1b[32mconnected\x1b[0m  [red]x[/red]"


@given(st.text("ab ", max_size=60), st.integers(1, 30))
def test_sentences_are_broken_between_words_only(text, width):
    """All words come back, in order and whole."""
    lines = wrapped(text, width)

    assert " ".join(lines).split() == text.split()
    assert all(width_of(line) <= width or " " not in line for line in lines)


def test_the_ellipsis_takes_one_column():
    """The arithmetic of widths relies on it."""
    assert width_of(ELLIPSIS) == 1
