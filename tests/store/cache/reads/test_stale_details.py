"""Whose details are asked for again when somebody looks."""

from __future__ import annotations

import pytest

from msd.models import DetailPage, ItemDetails, ItemId, Person, UnixSeconds
from msd.store.cache.reads.due_details import due_details
from msd.store.cache.reads.stale_details import DAY_S, stale_details
from msd.store.cache.writes.refreshed_item import store_details
from tests.store.made import OTHER_SOURCE, SOURCE, Stores, movie, store_item

FETCHED = UnixSeconds(1_800_000_000)
CAST = ItemDetails(people=(Person(name="Ada"),))


def is_stale(stores: Stores, *, after_s: int = 0, name: str = "a") -> bool:
    found = stores.cache.read(
        stale_details, [stores.id_of(name), ItemId("unknown")], UnixSeconds(FETCHED + after_s)
    )
    assert all(item.id == stores.id_of(name) and item.source_id == SOURCE for item in found)
    return bool(found)


def looked_at(stores: Stores, **members) -> None:
    """Write a row and fetch its details."""
    stores.write(stores.library(), movie("a", **members))
    stores.cache.write(store_item, SOURCE, movie("a", details=CAST), {}, FETCHED)


def test_details_that_nobody_fetched_are_missing(stores: Stores) -> None:
    """A row alone has none; a row of another source is not this one's."""
    stores.write(stores.library(), movie("a"))

    assert is_stale(stores)
    assert stores.cache.read(stale_details, [], FETCHED) == ()
    assert OTHER_SOURCE != SOURCE


@pytest.mark.parametrize(
    ("members", "days"),
    [
        ({}, 30),
        ({"added_at": FETCHED - 31 * DAY_S}, 30),
        ({"added_at": FETCHED - 29 * DAY_S}, 3),
        ({"status": "continuing"}, 3),
        ({"status": "ended"}, 30),
    ],
)
def test_details_grow_old_and_sooner_while_something_is_new(stores: Stores, members, days) -> None:
    """Markers and subtitles come without a change of the row, mostly in the first weeks."""
    looked_at(stores, **members)

    assert not is_stale(stores, after_s=days * DAY_S - 1)
    assert is_stale(stores, after_s=days * DAY_S)


def test_a_row_that_changes_makes_its_details_stale(stores: Stores) -> None:
    """Whoever writes it; asking again makes them fresh."""
    looked_at(stores)
    stores.write(stores.library(), movie("a", "edited"), fingerprint=2)
    assert is_stale(stores)

    stores.cache.write(store_item, SOURCE, movie("a", "edited", details=CAST), {}, FETCHED)
    assert not is_stale(stores)


def test_what_a_page_brought_is_fresh_only_when_it_is_whole(stores: Stores) -> None:
    """A page of many leaves markers and extras out."""
    stores.write(stores.library(), movie("a"))
    for is_whole in (False, True):
        asked = stores.cache.read(due_details, SOURCE, (), 9)
        page = DetailPage(items=(movie("a", details=CAST),), is_whole=is_whole)
        stores.cache.write(store_details, SOURCE, asked, page, {}, FETCHED)

        assert is_stale(stores) is not is_whole
        stores.write(stores.library(), movie("a", "edited"), fingerprint=2)


def test_a_row_that_the_source_did_not_answer_is_asked_for_when_somebody_looks(
    stores: Stores,
) -> None:
    """The idle pass leaves it alone; a person who looks does not."""
    stores.write(stores.library(), movie("a"))
    asked = stores.cache.read(due_details, SOURCE, (), 9)
    stores.cache.write(store_details, SOURCE, asked, DetailPage(items=()), {}, FETCHED)

    assert stores.cache.read(due_details, SOURCE, (), 9) == []
    assert is_stale(stores)


def test_a_row_that_is_gone_is_not_asked_for(stores: Stores) -> None:
    """Details of a deleted item answer nothing."""
    stores.write(stores.library(), movie("a"))
    item_id = stores.id_of("a")
    stores.writer.soft_delete(stores.library(), movie("a").type, stores.keys(stores.library(), "a"))

    assert stores.cache.read(stale_details, [item_id], FETCHED) == ()
