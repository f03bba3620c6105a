"""Tables keep ids whole and columns straight."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from msd.cli.terminal.table import Column, Table

ID = "jellyfin_3f2a9c41d07e"
COLUMNS = [Column("id", whole=True), Column("name"), Column("items", right=True)]


def test_a_plain_table_is_aligned_and_has_no_trailing_spaces():
    """issue 2 §8"""
    table = Table(COLUMNS, [["a1", "Films", "7"], ["b", "", "1200"]])

    lines = list(table.lines())

    assert lines == ["ID  NAME   ITEMS", "a1  Films      7", "b           1200"]


def test_wide_characters_count_as_two_columns():
    """issue 2 §8"""
    table = Table([Column("name"), Column("x")], [["千と", "1"], ["abcd", "2"]])

    assert list(table.lines()) == ["NAME  X", "千と  1", "abcd  2"]


@pytest.mark.parametrize("width", [50, 60, 200])
def test_a_rich_table_never_cuts_an_id(width):
    """msdctl: long tables don't truncate ids"""
    table = Table(COLUMNS, [[ID, "a very long name " * 10, "1234567"]])
    console = Console(file=io.StringIO(), width=width, markup=False)

    console.print(table.rich())

    assert table.whole_width() <= width
    assert ID in console.file.getvalue()


def test_a_rich_table_shows_markup_as_it_is():
    """K5: rich markup from a server is text"""
    table = Table([Column("name")], [["[red]not red[/red] [link=http://x]y[/link]"]])
    console = Console(file=io.StringIO(), width=100)

    console.print(table.rich())

    assert "[red]not red[/red] [link=http://x]y[/link]" in console.file.getvalue()


@given(st.lists(st.tuples(st.text("ab千 [/]", max_size=8), st.text("xy", max_size=3)), max_size=5))
def test_a_table_has_one_line_for_each_row_and_one_for_the_titles(rows):
    """issue 2 §8"""
    columns = [Column("one"), Column("two")]

    assert len(list(Table(columns, rows).lines())) == len(rows) + 1
    if rows:
        assert len(list(Table(columns, rows, titled=False).lines())) == len(rows)
