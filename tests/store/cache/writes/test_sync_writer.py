"""What a sync writes, and what it leaves alone."""

import pytest

from msd.models import (
    Image,
    ItemDetails,
    ItemType,
    LibraryType,
    Marker,
    Person,
    RemoteId,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.file import current_revision
from msd.store.cache.reads.items import items, remote_ids
from msd.store.cache.reads.libraries import counts, libraries
from msd.store.cache.writes.losses.purge import purge_soft_deleted, purge_source
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.store.ids import item_id
from tests.store.made import SOURCE, Stores, library, made, movie, store_item

MOVIE, SHOW, SEASON, EPISODE = ItemType.MOVIE, ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE
DETAILS = ItemDetails(people=(Person(name="Ada"),), markers=(Marker(kind="intro", start_ms=1),))


def rows_written(stores: Stores) -> int:
    return stores.writer._connection.total_changes


# --- Y5: a row is rewritten only when it differs ---------------------------------------------


def test_writing_the_same_again_writes_nothing(stores: Stores) -> None:
    """Writing the same again writes nothing (Y5).

    No row, no revision.
    """
    movies = stores.library()
    item = movie("1", genres=("Drama",), watch=WatchState(watched=True), details=DETAILS)
    first = stores.write(movies, item)
    before = rows_written(stores)

    second = stores.write(movies, item)

    assert (first.added, first.updated, first.changed) == (1, 0, (stores.id_of("1"),))
    assert (second.added, second.updated, second.unchanged) == (0, 0, 1)
    assert second.changed == ()
    assert second.revision == first.revision == stores.cache.read(current_revision)
    assert rows_written(stores) == before


def test_a_new_fingerprint_of_the_same_content_is_stored_without_a_change(
    stores: Stores,
) -> None:
    """A new fingerprint of the same content is stored without a change (Y5).

    The row is not parsed again next time, and nobody is told.
    """
    movies = stores.library()
    first = stores.write(movies, movie("1"), fingerprint=1)

    second = stores.write(movies, movie("1"), fingerprint=2)

    assert second.unchanged == 1
    assert second.revision == first.revision
    assert not stores.writer.known_items(movies, MOVIE).is_fresh(RemoteId("1"), 2)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"sort_title": "zzz"},
        {"original_title": "Autre"},
        {"overview": "Long ago"},
        {"tagline": "Run."},
        {"year": 1999},
        {"released": "1999-03-31"},
        {"added_at": 5},
        {"duration_ms": 9},
        {"genres": ("Drama",)},
        {"studios": ("One",)},
        {"rating": 5.5},
        {"content_rating": "PG"},
        {"external_ids": ("tmdb:movie:603",)},
        {"parent_remote_id": "p"},
        {"show_remote_id": "p"},
        {"show_title": "Show"},
        {"season_number": 0},
        {"episode_number": 1},
        {"artist": "Band"},
        {"album": "Record"},
        {"album_remote_id": "p"},
        {"disc_number": 1},
        {"track_number": 1},
        {"child_count": 3},
        {"images": (Image(kind="poster", ref="x"),)},
        {"watch": WatchState(position_ms=7)},
        {"watch": WatchState(user_rating=7.5)},
        {"identity": "file:1"},
        {"details": DETAILS},
    ],
    ids=str,
)
def test_every_part_of_an_item_counts_as_a_change(stores: Stores, change) -> None:
    """Every part of an item counts as a change (Y5).

    Rewritten when it differs, with a new revision; back again when it is undone.
    """
    movies = stores.library()
    first = stores.write(movies, movie("1"))

    second = stores.write(movies, movie("1", **change))

    assert (second.updated, second.unchanged) == (1, 0)
    assert second.revision > first.revision
    assert second.changed == (item_id(SOURCE, RemoteId("1")),)


def test_a_light_listing_erases_neither_watch_state_nor_details(stores: Stores) -> None:
    """A light listing erases neither watch state nor details (Y5).

    None means no opinion.
    """
    movies = stores.library()
    watch = WatchState(watched=True, play_count=2, last_played=UnixSeconds(5), favourite=True)
    stores.write(movies, movie("1", watch=watch, details=DETAILS))
    before = stores.item("1", "*")

    result = stores.write(movies, movie("1", "Other title"))

    after = stores.item("1", "*")
    assert result.updated == 1
    assert after == before | {"title": "Other title", "sort_title": "Other title", "letter": "O"}
    assert after["fetched"] > 0
    assert after["favourite"] is True
    assert stores.write(movies, movie("1", "Other title", details=DETAILS)).unchanged == 1


def test_genres_and_external_ids_follow_the_item(stores: Stores) -> None:
    """Links that are gone from the item are gone from the index."""
    movies = stores.library()
    stores.write(movies, movie("1", genres=("Drama", "War"), external_ids=("tmdb:movie:1",)))

    stores.write(movies, movie("1", genres=("war", "Love"), external_ids=("imdb:tt2",)))

    assert stores.titles(genres=("Drama",)) == []
    assert stores.titles(genres=("WAR",)) == ["1"]
    assert stores.titles(genres=("Love", "Drama")) == ["1"]
    links = stores.writer._connection.execute("SELECT external_id FROM item_external").fetchall()
    assert links == [("imdb:tt2",)]


def test_of_two_rows_with_one_id_the_last_counts(stores: Stores) -> None:
    """A page that overlaps another one by a row is ordinary."""
    movies = stores.library()

    result = stores.write(movies, movie("1", "first"), movie("1", "second"))

    assert result.added == 1
    assert stores.titles() == ["second"]
    assert stores.cache.read(counts, SOURCE) == (1, 1)


# --- moves, deletions, returns ---------------------------------------------------------------


def test_an_item_that_moved_to_another_library_is_there_only(stores: Stores) -> None:
    """Counters of both follow, the id stays, the old listing does not delete it."""
    one, two = stores.library("one"), stores.library("two")
    stores.write(one, movie("1"))
    item = stores.id_of("1")
    (key,) = stores.keys(one, "1")

    result = stores.write(two, movie("1"))

    assert result.updated == 1
    assert stores.writer.remaining(one, MOVIE, [key]) == []
    assert stores.writer.soft_delete(one, MOVIE, [key]).removed == ()
    assert stores.id_of("1") == item
    item_counts = {
        library.id: library.item_count for library in stores.cache.read(libraries, SOURCE)
    }
    assert item_counts == {one: 0, two: 1}


def test_a_deleted_item_is_hidden_and_comes_back_with_its_history(stores: Stores) -> None:
    """A deleted item is hidden and comes back with its history (Y7).

    The tombstone keeps the watch state; the id is the same afterwards.
    """
    movies = stores.library()
    stores.write(movies, movie("1", watch=WatchState(watched=True)), movie("2"))
    item = stores.id_of("1")

    removed = stores.writer.soft_delete(movies, MOVIE, stores.keys(movies, "1"))

    assert removed.removed == (item,)
    assert removed.revision == stores.cache.read(current_revision)
    assert stores.titles() == ["2"]
    assert stores.cache.read(items, [item]) == ()
    assert stores.cache.read(remote_ids, [item]) == {}
    assert stores.cache.read(counts, SOURCE) == (1, 1)
    assert stores.writer.known_items(movies, MOVIE).is_fresh(RemoteId("1"), 1)
    returned = stores.write(movies, movie("1"))
    assert returned.changed == (item,)
    assert stores.item("1")["watched"] is True
    assert stores.cache.read(counts, SOURCE) == (1, 2)


def test_old_tombstones_are_purged_and_young_ones_kept(stores: Stores) -> None:
    """Old tombstones are purged and young ones kept (Y7).

    Nothing of a purged item is left, also not its links.
    """
    movies = stores.library()
    item = movie("1", genres=("War",), external_ids=("tmdb:movie:1",), details=DETAILS)
    stores.write(movies, item, movie("2", genres=("War",)))
    stores.writer.soft_delete(movies, MOVIE, stores.keys(movies, "1"))
    now = UnixSeconds(int(stores.writer._clock()))

    assert stores.cache.write(purge_soft_deleted, UnixSeconds(now - 100)) is False
    assert len(list(stores.writer._connection.execute("SELECT 1 FROM item"))) == 2
    assert stores.cache.write(purge_soft_deleted, UnixSeconds(now + 100), batch=1) is True
    assert stores.cache.write(purge_soft_deleted, UnixSeconds(now + 100), batch=1) is False

    for table, left in {"item": 1, "item_full": 0, "item_external": 0, "item_facet": 1}.items():
        rows = stores.writer._connection.execute(f"SELECT 1 FROM {table}").fetchall()
        assert len(rows) == left, table


def test_purging_a_source_leaves_the_others_alone(stores: Stores) -> None:
    """Purging a source leaves the others alone (A4).

    In batches, to the last row.
    """
    movies = stores.library()
    stores.write(movies, *(movie(f"{n}", genres=("War",)) for n in range(25)))
    stores.writer.soft_delete(movies, MOVIE, stores.keys(movies, "3"))
    stores.writer.withhold(movies, None, stores.keys(movies, "1"), now=UnixSeconds(1))
    other = SyncWriter(stores.paths.cache, stores.paths.state, "other")
    others = other.save_libraries([library("movies")]).ids["movies"]
    other.write(others, MOVIE, [(movie("1", genres=("War",)), 1)])

    steps = 1
    while stores.cache.write(purge_source, SOURCE, batch=10):
        steps += 1

    assert steps == 3
    assert stores.cache.read(counts, SOURCE) == (0, 0)
    assert stores.cache.read(counts, "other") == (1, 1)
    assert stores.titles(genres=("War",)) == ["1"]
    assert stores.writer._connection.execute("SELECT count(*) FROM withheld").fetchone() == (0,)
    other.close()


def test_a_library_that_is_removed_takes_its_items_and_returns_with_them(
    stores: Stores,
) -> None:
    """A library that is removed takes its items and returns with them (Y7).

    Hidden, not lost.
    """
    movies = stores.library("movies")
    stores.library("more")
    stores.write(movies, movie("1"), movie("2"))
    saved = stores.writer.save_libraries([library("more")])
    assert saved.vanished == {movies: 2}

    result = stores.writer.remove_library(movies)

    assert len(result.removed) == 2
    assert [one.name for one in stores.cache.read(libraries, SOURCE)] == ["more"]
    assert stores.titles() == []
    assert stores.writer.save_libraries([library("more")]).vanished == {}
    assert stores.library("movies") == movies
    stores.write(movies, movie("1"))
    assert stores.titles() == ["1"]


def test_a_library_is_stored_as_the_source_tells_it(stores: Stores) -> None:
    """Name, type, place; written again only when they differ."""
    stores.writer.save_libraries([library("a"), library("b", LibraryType.MUSIC)])
    before = rows_written(stores)

    saved = stores.writer.save_libraries([library("a"), library("b", LibraryType.MUSIC)])

    assert rows_written(stores) == before
    assert set(saved.ids) == {"a", "b"}
    assert [(one.name, one.type) for one in stores.cache.read(libraries, SOURCE)] == [
        ("a", LibraryType.MOVIES),
        ("b", LibraryType.MUSIC),
    ]
    assert stores.cache.read(libraries, "nobody") == ()
    assert stores.cache.read(libraries, None, hidden_sources=[SOURCE]) == ()


def test_the_end_of_a_complete_pass_is_recorded(stores: Stores) -> None:
    """`synced_at` is what a frontend shows."""
    movies = stores.library()

    stores.writer.finish_listing(movies, MOVIE, total=3, now=UnixSeconds(70))
    stores.writer.finish_library(movies, now=UnixSeconds(71))

    assert [one.synced_at for one in stores.cache.read(libraries, SOURCE)] == [71]


def test_a_held_loss_keeps_the_time_of_the_first_pass_that_found_it(stores: Stores) -> None:
    """A held loss keeps the time of the first pass that found it (Y7).

    Agreeing passes over at least 24 hours.
    """
    movies, writer = stores.library(), stores.writer
    stores.write(movies, *map(movie, "abc"))
    first, second, third = stores.keys(movies, "a", "b", "c")
    for keys, now in (([first, second], 100), ([second, first], 200)):
        writer.withhold(movies, MOVIE, keys, now=UnixSeconds(now))

    assert writer.withheld(movies, MOVIE).since == 100
    assert writer.withheld(movies, None) is None
    writer.withhold(movies, MOVIE, [first, third], now=UnixSeconds(300))
    assert writer.withheld(movies, MOVIE).since == 300
    writer.clear_withheld(movies, MOVIE)
    assert writer.withheld(movies, MOVIE) is None


# --- members and single items ----------------------------------------------------------------


def test_members_keep_their_order_and_may_repeat_or_come_later(stores: Stores) -> None:
    """Members keep their order and may repeat or come later (Y7).

    A playlist is complete or untouched; the same list again changes nothing.
    """
    music = stores.library("lists", LibraryType.PLAYLISTS)
    stores.write(music, made(ItemType.PLAYLIST, "p"))
    stores.write(music, made(ItemType.TRACK, "b"), made(ItemType.TRACK, "a"))
    playlist = stores.id_of("p")

    first = stores.writer.set_members("p", ["b", "later", "a", "b"])
    again = stores.writer.set_members("p", ["b", "later", "a", "b"])

    assert first.changed == (playlist,)
    assert again.changed == ()
    assert again.revision == first.revision
    assert stores.titles(parent_id=playlist, sort="index") == ["b", "a", "b"]
    stores.write(music, made(ItemType.TRACK, "later"))
    assert stores.titles(parent_id=playlist, sort="index") == ["b", "later", "a", "b"]
    assert stores.item("p", "child_count")["child_count"] == 4
    assert stores.writer.set_members("nobody", ["a"]).changed == ()


def test_details_of_one_item_are_stored_when_it_is_known(stores: Stores) -> None:
    """Details of one item are stored when it is known (Y3, Y5).

    With the time when they were fetched; the listing's fingerprint stays.
    """
    movies = stores.library()
    stores.write(movies, movie("1"), fingerprint=77)

    stored = stores.cache.write(store_item, SOURCE, movie("1", details=DETAILS), {}, UnixSeconds(1))
    unknown = stores.cache.write(
        store_item, SOURCE, movie("2", details=DETAILS), {}, UnixSeconds(1)
    )
    foreign = stores.cache.write(
        store_item, "other", movie("1", details=DETAILS), {}, UnixSeconds(1)
    )

    assert stored == (movies, stores.cache.read(current_revision))
    assert unknown is foreign is None
    assert stores.item("1", "fetched")["fetched"] > 0
    assert not stores.writer.known_items(movies, MOVIE).is_fresh(RemoteId("1"), 77)


def test_details_of_a_re_keyed_item_find_their_row(stores: Stores) -> None:
    """Details of a re keyed item find their row (I2).

    The aliases lead there.
    """
    movies = stores.library()
    stores.write(movies, movie("old"))
    aliases = {RemoteId("new"): stores.id_of("old")}

    assert stores.cache.write(
        store_item, SOURCE, movie("new", details=DETAILS), aliases, UnixSeconds(1)
    )
    assert stores.titles() == ["old"]
    assert stores.item("old", "fetched")["fetched"] == 1


def test_a_full_answer_adds_what_the_list_left_out_and_overwrites_nothing(stores: Stores) -> None:
    """Looking changes nothing: a sync finds every row as its list said it (Y22)."""
    movies = stores.library()
    listed = movie("a", year=1999, overview="short", watch=WatchState(play_count=1))
    stores.write(movies, listed)
    full = movie(
        "a",
        "Other",
        year=2001,
        overview="a longer one",
        tagline="added",
        watch=WatchState(),
        details=DETAILS,
    )

    first = stores.cache.write(store_item, SOURCE, full, {}, UnixSeconds(1))
    again = stores.cache.write(store_item, SOURCE, full, {}, UnixSeconds(2))

    item = stores.item("a", "*")
    assert (item["title"], item["year"], item["overview"]) == ("a", 1999, "short")
    assert (item["play_count"], item["tagline"]) == (1, "added")
    assert again == (movies, None)
    assert stores.write(movies, listed).unchanged == 1
    assert stores.cache.read(current_revision) == first[1]
