"""What a source has and msd leaves out is a list, row by row (Y16)."""

import pytest

from msd.errors import InvalidArgumentError
from msd.models import ItemType, Omission, RemoteId, SkippedRow
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.omissions import skipped
from msd.store.cache.writes.losses.purge import purge_source
from tests.store.made import SOURCE, Stores, movie

MOVIE = ItemType.MOVIE


def omission(place: str, kind: str = "unreadable", library: str | None = "movies") -> Omission:
    where = None if library is None else RemoteId(library)
    return Omission(place=place, kind=kind, reason=f"{place} is {kind}", library=where)


def rows(stores: Stores, limit: int = 100) -> list[SkippedRow]:
    found, cursor = [], ""
    while True:
        page = stores.cache.read(skipped, SOURCE, limit, cursor)
        found += page.rows
        cursor = page.next_cursor
        if not cursor:
            assert page.total == len(found)
            return found


def places(stores: Stores) -> list[str]:
    return [row.place for row in rows(stores)]


def test_the_worst_come_first_over_as_many_pages_as_it_takes(stores: Stores) -> None:
    """The worst come first over as many pages as it takes (Y16).

    Worst first, then by place; every page of every size tells the same.
    """
    stores.library()
    stores.writer.add_omissions(
        [
            omission("b", "hidden"),
            omission("c", "strange"),
            omission("a", "hidden"),
            omission("z", "broken"),
        ]
    )

    assert [row.place for row in rows(stores, limit=1)] == ["z", "a", "b", "c"]
    assert [row.place for row in rows(stores, limit=3)] == ["z", "a", "b", "c"]


def test_a_place_is_listed_once_and_keeps_the_time_of_the_first(stores: Stores) -> None:
    """A place is listed once and keeps the time of the first (Y16).

    Distinct rows, with since when.
    """
    stores.library()
    now = [100.0]
    stores.writer._clock = lambda: now[0]
    stores.writer.add_omissions([omission("a")])
    now[0] = 200.0

    stores.writer.add_omissions([omission("a", "broken"), omission("b")])

    assert [(row.place, row.kind, row.since) for row in rows(stores)] == [
        ("a", "broken", 100),
        ("b", "unreadable", 200),
    ]


def test_a_row_that_becomes_readable_vanishes_from_the_list(stores: Stores) -> None:
    """A row that becomes readable vanishes from the list (Y16).

    Durable until it becomes readable.
    """
    library_id = stores.library()
    stores.writer.add_omissions([omission("m1"), omission("m2")], MOVIE)

    stores.write(library_id, movie("m1"))

    assert places(stores) == ["m2"]


def test_a_complete_list_replaces_that_of_its_scope_only(stores: Stores) -> None:
    """A complete list replaces that of its scope only (Y16).

    A listing, a library or the whole source.
    """
    library_id = stores.library()
    stores.library("more")
    stores.writer.add_omissions([omission("m1"), omission("m2")], MOVIE)
    stores.writer.add_omissions([omission("v1")], ItemType.VIDEO)
    stores.writer.add_omissions([omission("o1", library="more"), omission("f", library=None)])

    stores.writer.replace_omissions([omission("m2")], library_id, MOVIE)
    assert places(stores) == ["f", "m2", "o1", "v1"]

    stores.writer.replace_omissions([omission("v2")], library_id)
    assert places(stores) == ["f", "o1", "v2"]

    stores.writer.replace_omissions([omission("f", library=None)])
    assert places(stores) == ["f"]


def test_omissions_name_their_library(stores: Stores) -> None:
    """Omissions name their library (Y16).

    A library that is not known is none.
    """
    library_id = stores.library()
    stores.writer.add_omissions([omission("a"), omission("b", library=None)])

    assert [row.library_id for row in rows(stores)] == [library_id, None]


def test_a_removed_source_leaves_no_omissions(stores: Stores) -> None:
    """A removed source leaves no omissions (A4).

    The purge takes everything.
    """
    stores.library()
    stores.writer.add_omissions([omission("a")])

    while stores.cache.write(purge_source, SOURCE):
        pass

    assert places(stores) == []


@pytest.mark.parametrize(
    "cursor", ["x", "bnVsbA==", "WzEsIDJd", "W3RydWUsICJhIl0=", "Wy0xLCAiIl0="]
)
def test_a_made_up_cursor_is_refused(stores: Stores, cursor: str) -> None:
    """A made up cursor is refused (K6).

    Whatever a caller sends is bounded and checked.
    """
    with pytest.raises(InvalidArgumentError):
        stores.cache.read(skipped, SOURCE, 10, cursor)


def test_a_library_tells_how_much_of_what_it_leaves_out(stores: Stores) -> None:
    """What a server names is counted under its word, the rest under its kind (Y16)."""
    stores.library()
    photos = Omission(
        place="lib:photo",
        kind="unsupported",
        reason="121 photos: msd does not show photos",
        library=RemoteId("movies"),
        thing="photo",
        number=121,
    )
    elsewhere = Omission(place="view 1", kind="unreadable", reason="it has no id")
    stores.writer.add_omissions([photos, omission("a"), omission("b"), elsewhere])

    (library,) = stores.cache.read(libraries, SOURCE)

    assert library.left_out == {"photo": 121, omission("a").kind: 2}
