"""Items that were re-keyed keep their ids and history (I2)."""

import pytest

from msd.models import (
    ItemDetails,
    ItemType,
    LibraryId,
    LibraryType,
    Marker,
    MediaItem,
    Person,
    RemoteId,
    SearchQuery,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.reads.libraries import counts
from msd.store.cache.reads.search.search import search
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.store.made import SOURCE, Stores, library, made, movie, store_item

MOVIE, SHOW, SEASON, EPISODE = ItemType.MOVIE, ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE
DETAILS = ItemDetails(people=(Person(name="Ada"),), markers=(Marker(kind="intro", start_ms=1),))


def passed(stores: Stores, library_id: LibraryId, item_type: ItemType = MOVIE) -> None:
    stores.writer.finish_listing(library_id, item_type, total=0, now=UnixSeconds(1))


def detailed(stores: Stores, item: MediaItem) -> int | None:
    """Store the details of an item as a refresh does; return the revision when they differ."""
    aliases = stores.state.aliases(SOURCE)
    stored = stores.cache.write(store_item, SOURCE, item, aliases, UnixSeconds(1))
    assert stored is not None
    return stored[1]


def found(stores: Stores, text: str) -> list[str]:
    """Return the titles of what is found."""
    return [str(hit["title"]) for hit in stores.cache.read(search, SearchQuery(text=text)).hits]


def test_a_new_item_with_the_same_identity_takes_over_id_and_history(stores: Stores) -> None:
    """A new item with the same identity takes over id and history (I2).

    An update, not delete and add; it holds in a rebuilt cache too.
    """
    movies = stores.library()
    watch = WatchState(watched=True, play_count=3)
    stores.write(movies, movie("old", identity="file:1", watch=watch), movie("other"))
    passed(stores, movies)
    item = stores.id_of("old")
    stores.write(movies, movie("new", "New name", identity="file:1", watch=WatchState()))
    new_item = stores.id_of("new")

    result = stores.writer.rekey(movies, MOVIE, stores.keys(movies, "old"))

    assert (result.changed, result.removed) == ((item,), (new_item,))
    assert stores.titles() == ["New name", "other"]
    assert stores.id_of("new") == item
    assert stores.item("new", "play_count")["play_count"] == 3
    assert stores.cache.read(counts, SOURCE) == (1, 2)
    assert stores.state.aliases(SOURCE) == {"new": item}
    assert stores.write(movies, movie("new", "New name", identity="file:1")).unchanged == 1


def test_details_stay_until_newer_ones_come(stores: Stores) -> None:
    """A renamed file is shown and found with its people also while its source is away."""
    movies = stores.library()
    stores.write(movies, movie("old", identity="g"))
    passed(stores, movies)
    detailed(stores, movie("old", identity="g", details=DETAILS))
    stores.write(movies, movie("new", identity="g"))

    stores.writer.rekey(movies, MOVIE, stores.keys(movies, "old"))

    assert [person["name"] for person in stores.item("new", "people")["people"]] == ["Ada"]
    assert found(stores, "ada") == ["new"]
    revision = detailed(stores, movie("new", identity="g", details=ItemDetails()))
    assert revision is not None
    assert "people" not in stores.item("new", "people")
    assert found(stores, "ada") == []


def test_the_watch_state_that_a_server_kept_wins(stores: Stores) -> None:
    """The watch state that a server kept wins (I2, W3).

    History of the missing row fills a gap, it does not overwrite.
    """
    movies = stores.library()
    stores.write(movies, movie("old", identity="g", watch=WatchState(position_ms=5)))
    passed(stores, movies)
    stores.write(movies, movie("new", identity="g", watch=WatchState(watched=True)))

    stores.writer.rekey(movies, MOVIE, stores.keys(movies, "old"))

    assert stores.item("new")["watched"] is True
    assert stores.item("new")["position_ms"] == 0


def test_another_item_under_the_old_remote_id_does_not_get_the_old_id(stores: Stores) -> None:
    """Another item under the old remote id does not get the old id (I2).

    Ids of two items never collide, in a rebuilt cache neither.
    """
    movies = stores.library()
    stores.write(movies, movie("old", identity="g"))
    passed(stores, movies)
    stores.write(movies, movie("new", identity="g"))
    stores.writer.rekey(movies, MOVIE, stores.keys(movies, "old"))

    stores.write(movies, movie("old", "Somebody else"))

    ids = {stores.id_of("new"), stores.id_of("old")}
    assert len(ids) == 2
    fresh = SyncWriter(stores.paths.cache, stores.paths.state, SOURCE)
    assert fresh.write(movies, MOVIE, [(movie("old", "Somebody else"), 1)]).unchanged == 1
    fresh.close()


@pytest.mark.parametrize("missing", ["other type", "no identity", "known before", "other source"])
def test_only_a_new_item_of_the_same_kind_is_recognised(stores: Stores, missing: str) -> None:
    """Only a new item of the same kind is recognised (I2).

    Anything else stays what it is.
    """
    movies = stores.library()
    identity = "" if missing == "no identity" else "g"
    stores.write(movies, movie("old", identity=identity))
    if missing == "known before":
        stores.write(movies, movie("new", identity="g"))
    passed(stores, movies)
    if missing == "other type":
        stores.write(movies, made(ItemType.VIDEO, "new", identity="g"))
    elif missing == "other source":
        other = SyncWriter(stores.paths.cache, stores.paths.state, "other")
        others = other.save_libraries([library("movies")]).ids["movies"]
        other.write(others, MOVIE, [(movie("new", identity="g"), 1)])
        other.close()
    else:
        stores.write(movies, movie("new", identity=identity))

    result = stores.writer.rekey(movies, MOVIE, stores.keys(movies, "old"))

    assert result.changed == ()
    assert stores.state.aliases(SOURCE) == {}


def test_children_and_members_follow_a_re_keyed_parent(stores: Stores) -> None:
    """Children and members follow a re-keyed parent (I2).

    A re-keyed show keeps its seasons and episodes in every direction.
    """
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(SHOW, "old", identity="tvdb:1"))
    passed(stores, shows, SHOW)
    old = stores.id_of("old")
    stores.write(shows, made(SHOW, "new", identity="tvdb:1"))
    season = made(SEASON, "s", parent_remote_id="new", show_remote_id="new")
    episode = made(EPISODE, "e", parent_remote_id="s", show_remote_id="new")
    stores.write(shows, season)
    stores.write(shows, episode)
    stores.write(shows, made(ItemType.COLLECTION, "c"))
    stores.writer.set_members("c", ["new"])
    for item_type in (ItemType.EPISODE, ItemType.SEASON):
        stores.writer.finish_listing(shows, item_type, total=1, now=UnixSeconds(1))
    known = stores.writer.known_items(shows, SHOW)
    known.is_fresh("new", 1)

    stores.writer.rekey(shows, SHOW, known.missing())

    assert stores.item("s", "parent_id", "show_id")["parent_id"] == old
    assert stores.item("e", "show_id")["show_id"] == old
    assert stores.titles(parent_id=old) == ["s"]
    assert stores.titles(parent_id=stores.id_of("c")) == ["new"]
    assert stores.item("new", "unwatched_count")["unwatched_count"] == 1
    assert stores.write(shows, season).unchanged == 1
    assert stores.write(shows, episode).unchanged == 1


def test_an_alias_without_its_row_is_harmless(stores: Stores) -> None:
    """An alias without its row is harmless (I2).

    A crash between the two databases; the next pass takes it over.
    """
    movies = stores.library()
    stores.write(movies, movie("old", identity="g"))
    passed(stores, movies)
    item = stores.id_of("old")
    stores.write(movies, movie("new", identity="g"))
    stores.state.add_aliases(SOURCE, {RemoteId("new"): item})

    fresh = SyncWriter(stores.paths.cache, stores.paths.state, SOURCE)
    known = fresh.known_items(movies, MOVIE)
    assert known.is_fresh("new", 1) is False
    fresh.rekey(movies, MOVIE, known.missing())

    assert stores.titles() == ["new"]
    assert stores.id_of("new") == item
    fresh.close()
