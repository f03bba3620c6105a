"""A Plex Media Server through the whole of msd: real bus, real keyring, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.plex import PlexServer, PlexTv, faults, make_world
from tests.simulators.plex.item import Kind
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import NAME, ROOT, Daemon, running
from tests.support.session.keyring import Keyring

TYPES = {
    "show": Kind.SHOW,
    "season": Kind.SEASON,
    "episode": Kind.EPISODE,
    "artist": Kind.ARTIST,
    "album": Kind.ALBUM,
    "track": Kind.TRACK,
    "collection": Kind.COLLECTION,
    "playlist": Kind.PLAYLIST,
}
EVERYTHING = ("limit", "u", "500", "fields", "as", "1", "*")


@pytest.fixture
def tv() -> Iterator[PlexTv]:
    with PlexTv() as running_tv:
        yield running_tv


@pytest.fixture
def server(tv: PlexTv) -> Iterator[PlexServer]:
    with PlexServer(make_world(300, seed=3)) as running_server:
        tv.publish(running_server, tv.add_user("alice"))
        yield running_server


@pytest.fixture
def daemon(bus: PrivateBus, keyring: Keyring, tmp_path: Path, tv: PlexTv) -> Iterator[Daemon]:
    with running(bus, tmp_path / "home", MSD_PLEX_TV=tv.url, MSD_PLEX_GDM="") as daemon:
        yield daemon


def add(daemon: Daemon, tv: PlexTv) -> str:
    """Add alice's account; return the id of her only server and wait for its first sync."""
    alice = next(user for user in tv.state.users.values() if user.name == "alice")
    [source_id] = daemon.call("AddPlexAccount", "s", tv.token(alice, "given-elsewhere"))
    daemon.until_synced(source_id)
    return str(source_id)


def items(daemon: Daemon, item_type: str) -> dict[str, dict[str, object]]:
    """Return the items of a type by their titles."""
    found, _, _ = daemon.query("types", "as", "1", item_type, *EVERYTHING)
    return {str(item["title"]): item for item in found}


def test_counts_are_equal_on_both_sides(daemon: Daemon, tv: PlexTv, server: PlexServer) -> None:
    """Every type arrives at every level; photos are named and left alone."""
    source_id = add(daemon, tv)

    world = server.world
    films = world.of_kind(Kind.MOVIE, section=world.section("Movies"))
    videos = world.of_kind(Kind.MOVIE, section=world.section("Other Videos"))
    assert {own: len(world.of_kind(kind)) for own, kind in TYPES.items()} == {
        own: daemon.count(own) for own in TYPES
    }
    assert (len(films), len(videos)) == (daemon.count("movie"), daemon.count("video"))
    assert [library["type"] for library in daemon.libraries()] == [
        "movies",
        "shows",
        "music",
        "videos",
        "unsupported",
        "playlists",
    ]
    assert daemon.status(source_id) == ("connected", "ok")
    assert server.log.most_concurrent_lists <= 2
    assert not [one for one in server.log.requests if "Token" in one.query]


def test_an_item_has_what_the_server_says_of_it(
    daemon: Daemon, tv: PlexTv, server: PlexServer
) -> None:
    """Fields, watch state and relations arrive with a sync, details on request."""
    film = server.world.of_kind(Kind.MOVIE)[0]
    server.world.edit(film.key, title="The One", rating=8.5)
    server.world.progress(film.key, 60_000)
    add(daemon, tv)

    found = items(daemon, "movie")["The One"]

    assert found["critic_rating"] == 8.5  # `rating` is that of the audience
    assert found["position_ms"] == 60_000
    assert found["added"] == film.added_at


def test_changes_on_the_server_arrive_with_the_next_sync(
    daemon: Daemon, tv: PlexTv, server: PlexServer
) -> None:
    """Edits, deletions, new keys and watching arrive with the next sync (I2, Y5, Y6, Y7)."""
    source_id = add(daemon, tv)
    for library in daemon.libraries():  # else some of it is pushed before
        options = ("1", "sync", "s", "interval")
        daemon.call("SetLibraryPolicy", "sa{sv}", str(library["id"]), *options)
    world = server.world
    movies = world.of_kind(Kind.MOVIE, section=world.section("Movies"))
    edited, deleted, rekeyed, watched = (
        world.edit(movie.key, title=name)
        for movie, name in zip(movies, ("One", "Two", "Three", "Four"), strict=False)
    )
    daemon.sync(source_id)
    before = {name: items(daemon, "movie")[name]["id"] for name in ("One", "Two", "Three")}
    world.edit(edited.key, title="A New Name")
    world.delete(deleted.key)
    world.rekey(rekeyed.key)
    world.watch(watched.key)

    done = daemon.sync(source_id)

    assert done["state"] == "done"
    after = items(daemon, "movie")
    assert after["A New Name"]["id"] == before["One"]
    assert after["Three"]["id"] == before["Three"]
    assert after["Four"]["watched"] is True
    assert "Two" not in after


def test_nothing_changed_costs_little(daemon: Daemon, tv: PlexTv, server: PlexServer) -> None:
    """The cost of a sync follows the changes (Y6)."""
    source_id = add(daemon, tv)
    server.log.clear()

    done = daemon.sync(source_id)

    assert done["state"] == "done"
    assert len(server.log.requests) < 120


def test_kill_in_the_middle_then_start_with_the_server_down(
    daemon: Daemon, tv: PlexTv, server: PlexServer
) -> None:
    """What was written is served while server and plex.tv are away, and heals (O1, O3, O4)."""
    hold = server.faults.add(
        "/all$", faults.late(60), where=lambda request: "type=4" in request.query_string
    )
    alice = next(iter(tv.state.users.values()))
    [source_id] = daemon.call("AddPlexAccount", "s", tv.token(alice, "given-elsewhere"))
    daemon.until(lambda: daemon.count("movie") > 0, "the first pages are there")
    daemon.until(hold.fired.is_set, "the sync is in the middle")
    before = daemon.count()
    daemon.kill()
    server.refuse()
    tv.refuse()

    daemon.start()

    assert daemon.count() >= before > 0
    daemon.until(lambda: daemon.status(source_id) == ("offline", "refused"), "offline")
    server.faults.clear()
    server.accept()
    daemon.until_synced(source_id)
    assert daemon.status(source_id) == ("connected", "ok")
    assert daemon.count("episode") == len(server.world.of_kind(Kind.EPISODE))


def test_a_library_that_suddenly_lists_nothing_loses_nothing(
    daemon: Daemon, tv: PlexTv, server: PlexServer
) -> None:
    """A drop to nothing is withheld (Y7)."""
    source_id = add(daemon, tv)
    before = daemon.count("movie")
    server.faults.add("/library/sections/1/all$", faults.empty_page())

    daemon.sync(source_id)

    assert daemon.count("movie") == before


def test_a_collection_and_a_playlist_have_their_members_in_order(
    daemon: Daemon, tv: PlexTv, server: PlexServer
) -> None:
    """Collections and playlists have their members in order."""
    add(daemon, tv)
    playlist = server.world.of_kind(Kind.PLAYLIST)[0]
    expected = [server.world.items[key].title for key in playlist.members]

    item_id = str(items(daemon, "playlist")[playlist.title]["id"])
    members, _, _ = daemon.query(
        "parent_id", "s", item_id, "sort", "s", "index", "limit", "u", "50"
    )

    assert [member["title"] for member in members] == expected
    assert daemon.get(f"{ROOT}", f"{NAME}.SourceCoordinator", "State") == "ready"
