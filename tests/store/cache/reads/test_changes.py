"""What changed since a revision, and when that can't be told (Y10)."""

from msd.models import ItemType, UnixSeconds
from msd.store.cache.file import current_revision
from msd.store.cache.reads.changes import changes
from msd.store.cache.writes.losses.purge import purge_soft_deleted
from tests.store.made import OTHER_SOURCE, SOURCE, Stores, made, movie

MOVIE = ItemType.MOVIE


def test_every_change_is_told_once_and_the_last_answer_is_empty(stores: Stores) -> None:
    """Asked until the revision is the current one, nothing is missing and nothing comes twice."""
    library = stores.library("one")
    since = stores.cache.read(current_revision)
    for name in ("a", "b", "c"):
        stores.write(library, movie(name))
    stores.write(library, movie("a", title="New"))

    found, since_then = [], since
    while (answer := stores.cache.read(changes, since_then, 1)).changed:
        found += answer.changed
        since_then = answer.revision

    assert len(found) == len(set(found)) == 3
    assert since_then == stores.cache.read(current_revision)
    assert not answer.reset


def test_a_deleted_item_is_told_as_removed(stores: Stores) -> None:
    """A deleted item is told as removed (Y7, Y10)."""
    library = stores.library("one")
    stores.write(library, movie("a"))
    since = stores.cache.read(current_revision)
    known = stores.writer.known_items(library, MOVIE)
    (gone,) = stores.writer.soft_delete(library, MOVIE, known.missing()).removed

    answer = stores.cache.read(changes, since, 100)

    assert (answer.changed, answer.removed) == ((), (gone,))
    assert answer.revision == stores.cache.read(current_revision)


def test_who_missed_a_purge_begins_anew(stores: Stores) -> None:
    """The tombstone that would have told of it is gone."""
    library = stores.library("one")
    stores.write(library, movie("a"))
    before = stores.cache.read(current_revision)
    stores.writer.soft_delete(library, MOVIE, stores.writer.known_items(library, MOVIE).missing())
    after = stores.cache.read(current_revision)

    while stores.cache.write(purge_soft_deleted, UnixSeconds(2**40)):
        pass

    assert stores.cache.read(changes, before, 100).reset
    assert not stores.cache.read(changes, after, 100).reset


def test_more_than_was_asked_for_in_one_transaction_begins_anew(stores: Stores) -> None:
    """An answer ends with a whole revision."""
    library = stores.library("one")
    since = stores.cache.read(current_revision)
    stores.writer.write(library, MOVIE, [(movie(f"r{n}"), 1) for n in range(3)])

    assert stores.cache.read(changes, since, 2).reset
    assert len(stores.cache.read(changes, since, 3).changed) == 3


def test_a_revision_of_another_cache_begins_anew(stores: Stores) -> None:
    """From before this one was made, or from the future."""
    assert stores.cache.read(changes, 0, 10).reset
    assert stores.cache.read(changes, 2**62, 10).reset


def test_a_source_that_is_being_removed_is_not_told_of(stores: Stores) -> None:
    """A source that is being removed is not told of (A4)."""
    since = stores.cache.read(current_revision)
    stores.write(stores.library("one"), movie("a"))

    assert stores.cache.read(changes, since, 10, {SOURCE}).changed == ()
    assert len(stores.cache.read(changes, since, 10, {OTHER_SOURCE}).changed) == 1


def test_an_id_that_was_given_up_for_an_older_one_leaves_no_trace(stores: Stores) -> None:
    """An id that was given up for an older one leaves no trace (I2).

    Who saw the newcomer under its own id begins anew.
    """
    library = stores.library("one")
    stores.write(library, made(MOVIE, "old", identity="file"))
    stores.writer.finish_listing(library, MOVIE, total=1, now=UnixSeconds(1))
    stores.write(library, made(MOVIE, "new", identity="file"))
    since = stores.cache.read(current_revision)
    known = stores.writer.known_items(library, MOVIE)
    known.is_fresh(made(MOVIE, "new").remote_id, 1)

    stores.writer.rekey(library, MOVIE, known.missing())

    assert stores.cache.read(changes, since, 10).reset
