"""Containers are what their members are, whatever changes a member (Y21)."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from msd.models import (
    ItemId,
    ItemType,
    LibraryId,
    LibraryType,
    PushedRow,
    RemoteId,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.writes.losses.purge import purge_soft_deleted
from msd.store.cache.writes.pushed_rows import soft_delete_rows, write_pushed_rows
from tests.store.made import MEMORY, SOURCE, Paths, Stores, made, store_item
from tests.support.containers import check_containers, wrong_containers

SHOW, SEASON, EPISODE = ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE
WATCHED, UNWATCHED = WatchState(watched=True), WatchState()
COUNTS = ("watched", "unwatched_count", "child_count")


def episode(number: int, *, season: str = "s1", watched: bool = False, show: str = "show"):
    """One episode as every backend reports it."""
    return made(
        EPISODE,
        f"{season}e{number}",
        parent_remote_id=season,
        show_remote_id=show,
        watch=WATCHED if watched else UNWATCHED,
    )


@pytest.fixture
def shows(stores: Stores) -> LibraryId:
    """A show with one season of three episodes, one of them watched; all listings complete."""
    library_id = stores.library("shows", LibraryType.SHOWS)
    stores.write(library_id, made(SHOW, "show", child_count=9, unwatched_count=9))
    stores.write(library_id, made(SEASON, "s1", parent_remote_id="show"))
    stores.write(library_id, *(episode(number, watched=number == 1) for number in (1, 2, 3)))
    stores.finish(library_id)
    return library_id


def shown(stores: Stores, remote_id: str) -> tuple[object, ...]:
    item = stores.item(remote_id, *COUNTS)
    return tuple(item.get(key) for key in COUNTS)


def push(stores: Stores, *items) -> list[ItemId]:
    """Write rows as a push does; return every item that it reports as changed."""
    rows = [PushedRow(library=None, item=item, fingerprint=1) for item in items]
    writes, _ = stores.cache.write(write_pushed_rows, SOURCE, rows, {}, UnixSeconds(2))
    return [item for write in writes for item in write.changed]


def test_the_servers_numbers_are_shown_until_the_members_are_complete(stores: Stores) -> None:
    """The servers numbers are shown until the members are complete (Y21).

    Three of nine episodes say nothing about the show.
    """
    library_id = stores.library("shows", LibraryType.SHOWS)
    stores.write(library_id, made(SHOW, "show", child_count=2, unwatched_count=9))
    stores.write(library_id, episode(1, watched=True))

    assert shown(stores, "show") == (False, 9, 2)


def test_unknown_numbers_are_absent(stores: Stores) -> None:
    """Unknown numbers are absent (Y13, Y21).

    Unknown is absent, never 0.
    """
    stores.write(stores.library("shows", LibraryType.SHOWS), made(SHOW, "show"))

    assert shown(stores, "show") == (False, None, None)


def test_a_show_counts_its_episodes_once_they_are_complete(stores: Stores, shows) -> None:
    """A show counts its episodes once they are complete (Y21).

    The members decide, whatever the server says of the show.
    """
    assert shown(stores, "show") == (False, 2, 1)
    assert shown(stores, "s1") == (False, 2, 3)


def test_the_last_watched_episode_makes_season_and_show_watched_at_once(
    stores: Stores, shows
) -> None:
    """The last watched episode makes season and show watched at once (Y21).

    The event names the episodes only; season and show are reported, too.
    """
    changed = push(stores, episode(2, watched=True), episode(3, watched=True))

    assert shown(stores, "show") == (True, 0, 1)
    assert shown(stores, "s1") == (True, 0, 3)
    assert {stores.id_of("show"), stores.id_of("s1")} <= set(changed)

    push(stores, episode(1, watched=False))

    assert shown(stores, "show") == (False, 1, 1)


def test_a_new_episode_is_counted(stores: Stores, shows) -> None:
    """A new episode is counted (Y21).

    A show that was watched is not watched any more.
    """
    push(stores, episode(2, watched=True), episode(3, watched=True))

    written = stores.write(shows, episode(4))

    assert shown(stores, "show") == (False, 1, 1)
    assert set(written.containers[shows]) == {stores.id_of("show"), stores.id_of("s1")}


def test_a_deleted_episode_is_not_counted(stores: Stores, shows) -> None:
    """A deleted episode is not counted (Y21).

    Soft deletes by a sync and by a push alike.
    """
    stores.writer.soft_delete(shows, EPISODE, [key_of(stores, "s1e2")])
    assert shown(stores, "show") == (False, 1, 1)

    stores.cache.write(soft_delete_rows, SOURCE, ["s1e3"], {}, UnixSeconds(2), lambda *_: False)
    assert shown(stores, "show") == (True, 0, 1)


def key_of(stores: Stores, remote_id: str) -> int:
    row = stores.writer._connection.execute(
        "SELECT pk FROM item WHERE remote_id = ?", (remote_id,)
    ).fetchone()
    return int(row[0])


def test_an_episode_that_moves_to_another_show_leaves_the_first(stores: Stores, shows) -> None:
    """An episode that moves to another show leaves the first (Y21).

    The former parents are settled as well.
    """
    stores.write(shows, made(SHOW, "other"))
    stores.write(shows, made(SEASON, "o1", parent_remote_id="other"))
    moved = made(EPISODE, "s1e2", parent_remote_id="o1", show_remote_id="other", watch=UNWATCHED)

    stores.write(shows, moved)

    assert shown(stores, "show") == (False, 1, 1)
    assert shown(stores, "other") == (False, 1, 1)
    check_containers(stores.paths.cache)


def test_a_collection_counts_films_and_the_episodes_of_its_shows(stores: Stores, shows) -> None:
    """A collection counts films and the episodes of its shows (Y21).

    A mark on one film of a box set changes the box set at once.
    """
    films = stores.library("films")
    stores.write(films, made(ItemType.MOVIE, "m1", watch=WATCHED), made(ItemType.MOVIE, "m2"))
    boxes = stores.library("boxes", LibraryType.COLLECTIONS)
    stores.write(boxes, made(ItemType.COLLECTION, "box", unwatched_count=7))
    stores.writer.set_members("box", ["m1", "m2", "show"])
    assert shown(stores, "box") == (False, 3, 3)

    changed = push(stores, made(ItemType.MOVIE, "m2", watch=WATCHED))

    assert shown(stores, "box") == (False, 2, 3)
    assert stores.id_of("box") in changed
    push(stores, episode(2, watched=True), episode(3, watched=True))
    assert shown(stores, "box") == (True, 0, 3)


def test_a_collection_with_unknown_members_shows_the_servers_number(stores: Stores) -> None:
    """A collection with unknown members shows the servers number (Y21).

    One of two entries is not cached yet.
    """
    films = stores.library("films")
    stores.write(films, made(ItemType.MOVIE, "m1", watch=WATCHED))
    stores.write(films, made(ItemType.COLLECTION, "box", unwatched_count=1, child_count=2))
    stores.writer.set_members("box", ["m1", "m2"])
    assert shown(stores, "box") == (False, 1, 2)

    stores.write(films, made(ItemType.MOVIE, "m2", watch=WATCHED))

    assert shown(stores, "box") == (True, 0, 2)


def test_a_re_keyed_episode_leaves_the_season_that_it_was_in(stores: Stores, shows) -> None:
    """A re keyed episode leaves the season that it was in (I2, Y21).

    The server gave it another id and another season.
    """
    stores.write(shows, made(EPISODE, "old", parent_remote_id="s1", identity="e", watch=UNWATCHED))
    stores.write(shows, made(SEASON, "s2", parent_remote_id="show"))
    stores.writer.finish_listing(shows, EPISODE, total=4, now=UnixSeconds(1))
    new = made(EPISODE, "new", parent_remote_id="s2", identity="e", watch=WATCHED)
    stores.write(shows, new)

    stores.writer.rekey(shows, EPISODE, [key_of(stores, "old")])

    assert shown(stores, "s1") == (False, 2, 3)
    assert shown(stores, "s2") == (True, 0, 1)
    check_containers(stores.paths.cache)


def test_an_album_and_its_artist_are_played_with_their_tracks(stores: Stores) -> None:
    """An album and its artist are played with their tracks (Y21).

    No server marks albums.
    """
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.ARTIST, "artist"))
    stores.write(music, made(ItemType.ALBUM, "album", parent_remote_id="artist"))
    for number in (1, 2):
        track = made(ItemType.TRACK, f"t{number}", parent_remote_id="album", watch=UNWATCHED)
        stores.write(music, track)
    stores.finish(music)
    assert shown(stores, "artist") == (False, 2, 1)

    for number in (1, 2):
        push(stores, made(ItemType.TRACK, f"t{number}", parent_remote_id="album", watch=WATCHED))

    assert shown(stores, "album") == (True, 0, 2)
    assert shown(stores, "artist") == (True, 0, 1)


def test_a_row_fetched_by_itself_changes_no_container(stores: Stores, shows) -> None:
    """A row fetched by itself changes no container (Y22).

    A full answer adds details and overwrites nothing, watch state included.
    """
    for number in (2, 3):
        item = episode(number, watched=True)
        stores.cache.write(store_item, SOURCE, item, {}, UnixSeconds(3))

    assert shown(stores, "show") == (False, 2, 1)
    check_containers(stores.paths.cache)


def test_what_the_server_says_of_a_complete_show_does_not_matter(stores: Stores, shows) -> None:
    """What the server says of a complete show does not matter (Y21).

    A stale answer for the show itself changes nothing that is shown.
    """
    push(stores, made(SHOW, "show", child_count=5, unwatched_count=0, watch=WATCHED))

    assert shown(stores, "show") == (False, 2, 1)


def test_the_checker_notices_a_container_that_was_forgotten(stores: Stores, shows) -> None:
    """The guard of the guard: a member changed behind the writers' back."""
    connection = stores.writer._connection
    connection.execute("UPDATE item SET watched = 1 WHERE remote_id IN ('s1e2', 's1e3')")

    assert len(list(wrong_containers(stores.paths.cache))) == 2


REMOTE_IDS = st.sampled_from(range(3))


class ContainerMachine(RuleBasedStateMachine):
    """Random changes by every writer; after each one the containers are right."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.stores = Stores(Paths(self.folder / "msd"))
        self.shows = self.stores.library("shows", LibraryType.SHOWS)
        self.boxes = self.stores.library("boxes", LibraryType.COLLECTIONS)

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.stores.close()
            shutil.rmtree(self.folder)

    def put(self, item, *, pushed: bool) -> None:
        library = self.boxes if item.type is ItemType.COLLECTION else self.shows
        if pushed:
            push(self.stores, item)
        else:
            self.stores.write(library, item)

    @rule(
        number=REMOTE_IDS,
        season=st.sampled_from(["s0", "s1", "s2"]),
        show=REMOTE_IDS,
        watched=st.booleans(),
        pushed=st.booleans(),
    )
    def an_episode(self, number, season, show, watched, pushed) -> None:
        item = episode(number, season=season, watched=watched, show=f"show{show}")
        self.put(item, pushed=pushed)

    @rule(
        number=REMOTE_IDS,
        show=REMOTE_IDS,
        said=st.sampled_from([None, 0, 1, 5]),
        watched=st.booleans(),
        pushed=st.booleans(),
    )
    def a_season_and_a_show(self, number, show, said, watched, pushed) -> None:
        watch = WatchState(watched=watched)
        show_id = f"show{show}"
        self.put(made(SHOW, show_id, unwatched_count=said, watch=watch), pushed=pushed)
        season = made(SEASON, f"s{number}", parent_remote_id=show_id, child_count=said, watch=watch)
        self.put(season, pushed=pushed)

    @rule(entries=st.lists(st.sampled_from(["show0", "show1", "s1e1", "s2e2", "film"])))
    def a_collection(self, entries) -> None:
        self.put(made(ItemType.COLLECTION, "box", unwatched_count=3), pushed=False)
        self.stores.writer.set_members(RemoteId("box"), entries)

    @rule(item_type=st.sampled_from([SHOW, SEASON, EPISODE]))
    def a_listing_is_complete(self, item_type) -> None:
        self.stores.writer.finish_listing(self.shows, item_type, total=1, now=UnixSeconds(1))

    @rule(
        item_type=st.sampled_from([SHOW, SEASON, EPISODE]),
        seen=st.sets(st.sampled_from(["show0", "s1", "s1e1", "s2e2", "s0e0"])),
        how=st.sampled_from(["soft_delete", "withdraw"]),
    )
    def rows_are_gone(self, item_type, seen, how) -> None:
        known = self.stores.writer.known_items(self.shows, item_type)
        for remote_id in seen:
            known.is_fresh(RemoteId(remote_id), 1)
        remove: Callable[..., object] = getattr(self.stores.writer, how)
        remove(self.shows, item_type, known.missing())

    @rule()
    def withdrawn_rows_come_back(self) -> None:
        self.stores.writer.restore_library(self.shows)

    @rule()
    def deleted_rows_are_purged(self) -> None:
        while self.stores.cache.write(purge_soft_deleted, UnixSeconds(2**40), batch=2):
            pass

    @invariant()
    def containers_are_what_their_members_are(self) -> None:
        if hasattr(self, "stores"):
            check_containers(self.stores.paths.cache)


ContainerMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestContainersOverRandomHistories = pytest.mark.timeout(300)(ContainerMachine.TestCase)
