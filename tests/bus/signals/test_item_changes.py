"""Changes of items, collected until they are told (Y10)."""

from msd.bus.signals.item_changes import MAX_IDS, ItemChanges
from msd.events import ItemsChanged
from msd.models import ItemId, LibraryId, SourceId


def change(library: str, revision: int, changed: str = "", removed: str = "") -> ItemsChanged:
    return ItemsChanged(
        SourceId("s"),
        LibraryId(library),
        tuple(ItemId(item_id) for item_id in changed.split()),
        tuple(ItemId(item_id) for item_id in removed.split()),
        revision,
    )


def test_libraries_come_in_the_order_of_their_newest_revisions() -> None:
    """Libraries come in the order of their newest revisions (Y10).

    A revision that never goes back.
    """
    changes = ItemChanges()
    changes.add(change("l1", 1, "a"))
    changes.add(change("l2", 2, "b"))
    changes.add(change("l1", 3, "c"))

    assert [change("l2", 2, "b"), change("l1", 3, "a c")] == changes.take()
    assert [] == changes.take()


def test_an_older_revision_is_told_as_the_newest_that_was_told() -> None:
    """Y10, whatever order the facts come in."""
    changes = ItemChanges()
    changes.add(change("l1", 5, "a"))
    changes.take()
    changes.add(change("l1", 4, "b"))

    assert [change("l1", 5, "b")] == changes.take()


def test_the_last_fate_of_an_item_counts() -> None:
    """Changed then removed is removed; removed then changed is changed."""
    changes = ItemChanges()
    changes.add(change("l1", 1, "a", "b"))
    changes.add(change("l1", 2, "b", "a"))

    assert [change("l1", 2, "b", "a")] == changes.take()


def test_too_many_items_are_a_reload_and_stay_one() -> None:
    """At most 500 ids each."""
    changes = ItemChanges()
    most = " ".join(f"i{number}" for number in range(MAX_IDS))
    changes.add(change("l1", 1, most, most.replace("i", "x")))
    changes.add(change("l2", 2, most))
    changes.add(change("l2", 3, "one-more"))
    changes.add(change("l2", 4, "after"))

    named, reload = changes.take()
    assert MAX_IDS == len(named.changed)
    assert change("l2", 4) == reload
