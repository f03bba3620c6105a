"""Rows that are withheld until the user consents, and rows whose right was withdrawn."""

from collections import Counter

from msd.models import ItemQuery, ItemType, UnixSeconds, WatchState
from msd.store.cache.reads.libraries import counts, libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.reads.source_facts import rights_digest, total_withdrawn, total_withheld
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.store.made import SOURCE, Stores, library, movie

MOVIE = ItemType.MOVIE
WATCHED = WatchState(watched=True, play_count=2)


def test_a_row_withheld_twice_is_counted_once(stores: Stores) -> None:
    """A row withheld twice is counted once (Y7).

    Its listing lacks it, then the whole library does.
    """
    movies = stores.library()
    stores.write(movies, *map(movie, "abc"))
    a, b, c = stores.keys(movies, "a", "b", "c")

    stores.writer.withhold(movies, MOVIE, [a, b], now=UnixSeconds(1))
    stores.writer.withhold(movies, None, [a, b, c], now=UnixSeconds(1))

    assert stores.cache.read(total_withheld, SOURCE) == 3


def test_consent_hides_the_rows_that_were_withheld_and_no_others(stores: Stores) -> None:
    """Consent hides the rows that were withheld and no others (Y7).

    Whatever form the listing has by then.
    """
    movies = stores.library()
    stores.write(movies, *map(movie, "abc"))
    stores.writer.withhold(movies, MOVIE, stores.keys(movies, "a", "b"), now=UnixSeconds(1))
    stores.write(movies, movie("d"))
    removed = {stores.id_of("a"), stores.id_of("b")}

    written = stores.writer.confirm_withheld()

    assert set(written[movies].removed) == removed
    assert stores.titles() == ["c", "d"]
    assert stores.cache.read(total_withheld, SOURCE) == 0


def test_consent_removes_a_library_that_vanished(stores: Stores) -> None:
    """Consent removes a library that vanished (Y7).

    With its last row the library goes.
    """
    movies = stores.library()
    stores.write(movies, movie("a"))
    stores.writer.withhold(movies, None, stores.writer.keys_of_library(movies), now=UnixSeconds(1))

    stores.writer.confirm_withheld()

    assert stores.cache.read(libraries, SOURCE) == ()


def test_a_row_that_is_deleted_otherwise_is_not_withheld_any_more(stores: Stores) -> None:
    """A row that is deleted otherwise is not withheld any more (Y7).

    Each row is counted once, and only while it is shown.
    """
    movies = stores.library()
    stores.write(movies, *map(movie, "ab"))
    keys = stores.keys(movies, "a", "b")
    stores.writer.withhold(movies, MOVIE, keys, now=UnixSeconds(1))

    stores.writer.soft_delete(movies, MOVIE, keys[:1])

    assert stores.writer.total_withheld() == 1


def test_a_withdrawn_library_is_hidden_at_once_and_comes_back_as_it_was(stores: Stores) -> None:
    """A withdrawn library is hidden at once and comes back as it was (Y19).

    Rows and watch state are kept; nobody is asked to confirm anything.
    """
    movies = stores.library()
    stores.write(movies, movie("a", watch=WATCHED), movie("b"))
    item = stores.id_of("a")

    written = stores.writer.withdraw_library(movies)

    assert len(written.removed) == 2
    assert stores.cache.read(query_items, ItemQuery()).items == ()
    assert stores.cache.read(query_items, ItemQuery(text="a")).items == ()
    assert stores.cache.read(libraries, SOURCE) == ()
    assert stores.cache.read(total_withdrawn, SOURCE) == 2
    assert stores.writer.total_withheld() == 0

    saved = stores.writer.save_libraries([library("movies")])

    assert set(saved.restored[movies].changed) >= {item}
    assert stores.item("a", "play_count")["play_count"] == 2
    assert stores.item("a")["id"] == item
    assert stores.cache.read(total_withdrawn, SOURCE) == 0
    assert stores.cache.read(counts, SOURCE) == (1, 2)


def test_single_withdrawn_rows_come_back_when_they_are_listed(stores: Stores) -> None:
    """Single withdrawn rows come back when they are listed (Y19).

    A parental rating that is raised and lowered again.
    """
    movies = stores.library()
    stores.write(movies, movie("a", watch=WATCHED), movie("b"))
    stores.writer.withdraw(movies, MOVIE, stores.keys(movies, "a"))
    assert stores.titles() == ["b"]
    assert stores.cache.read(total_withdrawn, SOURCE) == 1

    stores.write(movies, movie("a"))

    assert stores.item("a", "play_count")["play_count"] == 2
    assert stores.cache.read(total_withdrawn, SOURCE) == 0


def test_rows_deleted_before_the_right_was_withdrawn_stay_deleted(stores: Stores) -> None:
    """Rows deleted before the right was withdrawn stay deleted (Y19).

    A right brings back what it took, nothing else.
    """
    movies = stores.library()
    stores.write(movies, *map(movie, "ab"))
    stores.writer.soft_delete(movies, MOVIE, stores.keys(movies, "a"))
    stores.writer.withdraw_library(movies)

    stores.writer.save_libraries([library("movies")])

    assert stores.titles() == ["b"]


def test_the_digest_of_the_rights_is_remembered(stores: Stores) -> None:
    """The digest of the rights is remembered (Y19).

    "" says that they were never applied.
    """
    assert stores.writer.rights_digest() == ""

    stores.writer.set_rights_digest("d1")

    assert stores.cache.read(rights_digest, SOURCE) == "d1"


def test_a_library_that_was_created_again_keeps_its_id(stores: Stores) -> None:
    """A library that was created again keeps its id (Y17).

    Also for a writer that is opened later, and with a rebuilt cache.
    """
    movies = stores.library()
    stores.write(movies, *map(movie, "abc"))
    stores.writer.save_libraries([library("again")])
    assert stores.writer.libraries_with(list("ab"), []) == Counter({movies: 2})

    stores.writer.rekey_library(movies, library("again"))

    saved = stores.writer.save_libraries([library("again")])
    assert saved.ids == {"again": movies}
    assert saved.vanished == {}
    assert stores.titles(library_ids=(movies,)) == ["a", "b", "c"]
    later = SyncWriter(stores.paths.cache, stores.paths.state, SOURCE)
    assert later.save_libraries([library("again")]).ids == {"again": movies}
    later.close()
