"""A Jellyfin server through the whole of msd: real bus, real keyring, real HTTP."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.simulators.http.faults import Trouble
from tests.simulators.jellyfin import JellyfinSimulator, Phase, World, faults, make_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import LIBRARY, NAME, ROOT, CallError, Daemon
from tests.support.session.keyring import Keyring

VERSIONS = ("10.8", "10.10", "10.11", "12")
TYPES = {
    "Movie": "movie",
    "Series": "show",
    "Season": "season",
    "Episode": "episode",
    "MusicAlbum": "album",
    "Audio": "track",
    "MusicVideo": "music-video",
    "Video": "video",
    "BoxSet": "collection",
    "Playlist": "playlist",
}


@pytest.fixture
def daemon(bus: PrivateBus, keyring: Keyring, tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(bus, tmp_path / "home")
    daemon.start()
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(300, seed=3), version="10.11") as simulator:
        yield simulator


def on_server(world: World, jellyfin_type: str) -> int:
    """Return how many items of a type the user can see on the server."""
    return sum(not item.virtual for item in world.of_type(jellyfin_type))


def tokens_in(sim: JellyfinSimulator) -> set[str]:
    """Return every token that requests to the server carried."""
    return {
        value.split('Token="')[1].split('"')[0]
        for request in sim.log.requests
        for name, value in request.headers
        if name.lower() == "authorization" and 'Token="' in value
    }


@contextmanager
def servers(versions: Iterable[str], items: int) -> Iterator[list[JellyfinSimulator]]:
    """Run several servers."""
    with ExitStack() as running:
        yield [
            running.enter_context(JellyfinSimulator(make_world(items, seed=seed), version=version))
            for seed, version in enumerate(versions, start=5)
        ]


def test_counts_are_equal_on_both_sides(daemon: Daemon) -> None:
    """A full sync of each server version brings every type at every level."""
    with servers(VERSIONS, items=300) as sims:
        added = {daemon.add_jellyfin(sim.url): sim for sim in sims}
        for source_id, sim in added.items():
            daemon.until_synced(source_id)

            expected = {own: on_server(sim.world, theirs) for theirs, own in TYPES.items()}
            assert expected == {own: cached(daemon, source_id, own) for own in TYPES.values()}
            assert cached(daemon, source_id, "artist") > 0
            assert sim.log.most_concurrent_lists <= 2
            assert daemon.status(source_id) == ("connected", "ok")
            assert source_id.startswith("jellyfin_")


def cached(daemon: Daemon, source_id: str, item_type: str = "") -> int:
    """Return how many items of one source are cached, of one type or in all."""
    of_type = ("types", "as", "1", item_type) if item_type else ()
    return daemon.query("source_ids", "as", "1", source_id, *of_type, "limit", "u", "1")[2]


def test_kill_in_the_middle_of_a_sync_then_start_with_the_server_down(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Written rows are served while the server is down; the rest comes later (O1, O3, O4)."""
    hold = sim.faults.add(
        "/Items",
        faults.late(60),
        where=lambda request: "includeItemTypes=Episode" in request.query_string,
    )
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until(lambda: daemon.count("movie") > 0, "the first pages are there")
    daemon.until(hold.fired.is_set, "the sync is in the middle")
    before = daemon.count()
    daemon.kill()
    sim.set_phase(Phase.REFUSED)

    daemon.start()

    assert daemon.count() >= before > 0
    daemon.until(lambda: daemon.status(source_id) == ("offline", "refused"), "offline")
    sim.faults.clear()
    sim.set_phase(Phase.READY)
    daemon.until_synced(source_id)
    assert daemon.status(source_id) == ("connected", "ok")
    assert daemon.count("episode") == on_server(sim.world, "Episode")


def test_changes_on_the_server_arrive_with_the_next_sync(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Edits, deletions and new ids on the server arrive with the next sync (I2, Y5, Y7)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    movies = sim.world.in_library(sim.world.library("Filme & Kino").id, "Movie")
    edited, deleted, rekeyed = movies[0], movies[1], movies[2]
    ids = {
        item["title"]: item["id"]
        for item in daemon.query("types", "as", "1", "movie", "limit", "u", "500")[0]
    }
    names = [movie.name for movie in (edited, deleted, rekeyed)]
    sim.world.edit(edited.id, name="A New Name")
    sim.world.delete(deleted.id)
    sim.world.rekey(rekeyed.id)

    done = daemon.sync(source_id)

    assert done["state"] == "done"
    assert done["result"]["removed"] == 1
    items = {
        item["id"]: item["title"]
        for item in daemon.query("types", "as", "1", "movie", "limit", "u", "500")[0]
    }
    assert items[ids[names[0]]] == "A New Name"
    assert items[ids[names[2]]] == names[2]
    assert ids[names[1]] not in items


def test_a_million_announced_and_ten_given_deletes_nothing(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """A list with fewer rows than announced deletes nothing (Y7)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    before = daemon.count("movie")
    sim.faults.add(
        "/Items", faults.announce(1_000_000), where=lambda request: "Movie" in request.query_string
    )

    daemon.sync(source_id)

    assert daemon.count("movie") == before


OUTAGES: dict[str, tuple[Trouble, str | None]] = {
    "500": (faults.status(500, "Error processing request."), "server-error"),
    "502": (faults.bad_gateway(), "server-error"),
    "captive portal": (faults.captive_portal(), None),
    "truncated": (faults.truncated(20), None),
}


def test_an_outage_is_never_needs_auth(daemon: Daemon) -> None:
    """Each kind of outage is offline or an error, never needs-auth (S2)."""
    with servers(["10.11"] * len(OUTAGES), items=100) as sims:
        added = {daemon.add_jellyfin(sim.url): sim for sim in sims}
        for source_id in added:
            daemon.until_synced(source_id)
        before = {source_id: cached(daemon, source_id) for source_id in added}
        for sim, (trouble, _) in zip(sims, OUTAGES.values(), strict=True):
            sim.faults.add(".*", trouble)

        daemon.call("SyncAllSources")
        for source_id, (kind, (_, reason)) in zip(added, OUTAGES.items(), strict=True):
            daemon.until_status(source_id, "offline")
            assert reason in {None, daemon.status(source_id)[1]}, kind
            assert cached(daemon, source_id) == before[source_id] > 0

        for source_id, sim in added.items():
            sim.faults.clear()
            daemon.until_status(source_id, "connected", "ok")


def test_a_401_that_was_a_mistake_is_not_needs_auth(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """A refusal counts only when a second authenticated call confirms it (S4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    sim.faults.add("/Users/Me", faults.refused_token(), times=1)

    daemon.call("SyncSource", "s", source_id)
    daemon.until_synced(source_id)

    assert daemon.status(source_id) == ("connected", "ok")


def test_a_revoked_token_is_needs_auth_and_keeps_the_cache(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """After a refusal the requests to that server stop and the cache stays (S4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    before = daemon.count()
    sim.revoke_tokens("alice")

    assert daemon.sync(source_id)["state"] == "failed"
    daemon.until(lambda: daemon.status(source_id) == ("needs-auth", "token-refused"), "refused")

    sim.log.clear()
    with pytest.raises(CallError):
        daemon.call("SyncSource", "s", source_id)
    assert not sim.log.requests
    assert daemon.count() == before


def test_another_server_on_the_same_address_gets_no_token(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """A server with another identity gets no token (I4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    sim.become_another_server()
    sim.log.clear()

    daemon.sync(source_id)
    daemon.until(lambda: daemon.status(source_id) == ("error", "identity-mismatch"), "mismatch")

    assert not tokens_in(sim)
    assert daemon.count() > 0


def test_without_a_keyring_the_source_says_so_and_heals(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """msd starts without a keyring and without a server, and heals when they come (O1, O3, S4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    before = daemon.count()
    daemon.stop()
    keyring.stop()

    daemon.start()

    assert daemon.count() == before
    daemon.until(
        lambda: daemon.status(source_id) == ("needs-auth", "keyring-unavailable"), "no keyring"
    )
    keyring.start()
    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "it heals")


def test_a_locked_keyring_heals_when_it_is_unlocked(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """A locked keyring is needs-auth until it is unlocked (S4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    daemon.stop()
    keyring.lock()

    daemon.start()

    daemon.until(
        lambda: daemon.status(source_id) == ("needs-auth", "keyring-locked"), "it is locked"
    )
    with pytest.raises(CallError, match=r"locked"):
        daemon.add_jellyfin(sim.url, "admin", "root")
    keyring.unlock()
    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "it heals")


def test_the_token_is_in_the_keyring_and_nowhere_else(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Files, log, process list and environment are searched for the token (K1)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    daemon.sync(source_id)
    tokens = tokens_in(sim)
    assert len(tokens) == 1
    assert daemon.process is not None
    process = Path("/proc") / str(daemon.process.pid)
    shown = daemon._run(
        "call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"
    )
    places = [path.read_bytes() for path in daemon.home.rglob("*") if path.is_file()]
    places += [(process / "cmdline").read_bytes(), (process / "environ").read_bytes()]
    places.append(shown.encode())
    for canary in (*tokens, "secret"):
        assert not [place for place in places if f'"{canary}"'.encode() in place]
    for token in tokens:
        assert not [place for place in places if token.encode() in place]


def test_removing_signs_out_and_leaves_nothing(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """A removed source is signed out and nothing of it is left (A4)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)

    daemon.call("RemoveSource", "s", source_id)

    assert daemon.count() == 0
    sim.log.wait_for(
        lambda requests: any(r.path.endswith("/Sessions/Logout") for r in requests), timeout_s=10
    )
    again = daemon.add_jellyfin(sim.url)
    assert again == source_id


@pytest.mark.parametrize(
    ("user", "password", "error"),
    [("alice", "wrong", "AuthRefused"), ("nobody", "x", "AuthRefused")],
)
def test_a_refused_login_adds_nothing(
    daemon: Daemon, sim: JellyfinSimulator, user: str, password: str, error: str
) -> None:
    """A wrong password adds nothing and is in no message (A1)."""
    with pytest.raises(CallError) as raised:
        daemon.add_jellyfin(sim.url, user, password)

    assert "password" in str(raised.value).lower()
    assert f" {password}" not in str(raised.value)
    assert daemon.call("ListSources") == []
    assert error


def test_details_come_when_they_are_asked_for(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """Details are fetched when somebody asks for them (Y3)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    item = daemon.query("types", "as", "1", "movie")[0][0]

    def fetched() -> bool:
        (found,) = daemon.call(
            "GetItems",
            "asa{sv}",
            "1",
            item["id"],
            "1",
            "fields",
            "as",
            "1",
            "fetched",
            interface=LIBRARY,
        )
        return "fetched" in found

    assert not fetched()
    daemon.call(
        "GetItems", "asa{sv}", "1", item["id"], "1", "refresh", "b", "true", interface=LIBRARY
    )
    daemon.until(fetched, "the details are there")
