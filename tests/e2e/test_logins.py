"""Logins of a Jellyfin server, driven with gdbus alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.simulators.jellyfin.client import Probe
from tests.simulators.jellyfin.service.discovery import DiscoveryResponder
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import NAME, ROOT, Daemon, plain
from tests.support.session.gdbus import LOGIN, OWNER, Gdbus, GdbusError
from tests.support.session.keyring import Keyring


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(300, seed=3), version="10.11") as simulator:
        yield simulator


@pytest.fixture
def daemon(
    bus: PrivateBus, keyring: Keyring, sim: JellyfinSimulator, tmp_path: Path
) -> Iterator[Daemon]:
    with DiscoveryResponder(sim) as network:
        quiet = {
            "MSD_PLEX_GDM": "",
            "MSD_JELLYFIN_DISCOVERY": f"127.0.0.1:{network.port}",
        }
        daemon = Daemon(bus, tmp_path / "home", quiet)
        daemon.start()
        yield daemon
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def gdbus(daemon: Daemon) -> Gdbus:
    return Gdbus(daemon)


def enter(sim: JellyfinSimulator, code: str) -> None:
    """Enter a code as alice, who is signed in on another device."""
    answer = Probe(sim.url).login().ask("POST", "/QuickConnect/Authorize", code=code)
    assert answer.status == 200


def test_a_server_is_signed_in_to_with_gdbus_alone(
    gdbus: Gdbus, daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Quick Connect from BeginLogin to the source; each call is another connection."""
    login = gdbus.begin("jellyfin", url=f"'{sim.url}'")
    code = gdbus.until_code(login)
    enter(sim, code)
    assert "authorised" == gdbus.until_ended(login)
    (source_id,) = gdbus.sources(login)

    daemon.until_synced(source_id)
    assert daemon.status(source_id) == ("connected", "ok")
    assert code not in daemon.log


def test_nobody_else_reads_answers_or_cancels_a_login(gdbus: Gdbus, sim: JellyfinSimulator) -> None:
    """A login belongs to its owner, also among programs of one user (K6)."""
    sim.state.quick_connect.enabled = False
    login = gdbus.begin("jellyfin", url=f"'{sim.url}'", username="'alice'")
    gdbus.until_step(login, "password")

    for member, *arguments in (
        ("Read", "{}"),
        ("Read", "{'owner_token': <'another token of 30 letters..'>}"),
        ("SubmitPassword", "secret", "{}"),
        ("SelectUser", "1", "", "{}"),
        ("Cancel", "{}"),
    ):
        with pytest.raises(GdbusError, match="NotOwner"):
            gdbus.call(login, f"{LOGIN}.{member}", *arguments)
    assert "(<''>,)" == gdbus.seen_by_others(login, "Message")
    assert "(<'waiting'>,)" == gdbus.seen_by_others(login, "State")


def test_a_wrong_password_is_asked_for_again_and_a_login_can_be_cancelled(
    gdbus: Gdbus, daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """A wrong password can be corrected; a cancelled login leaves nothing."""
    sim.state.quick_connect.enabled = False
    options = {"url": f"'{sim.url}'", "username": "'alice'"}
    given_up, login = gdbus.begin("jellyfin", **options), gdbus.begin("jellyfin", **options)
    for one in (given_up, login):
        gdbus.until_step(one, "password")
    gdbus.call(given_up, f"{LOGIN}.Cancel", OWNER)
    gdbus.call(login, f"{LOGIN}.SubmitPassword", "wrong-pw-of-alice", OWNER)
    daemon.until(lambda: "does not accept" in gdbus.read(login, "Message"), "it asks again")
    gdbus.call(login, f"{LOGIN}.SubmitPassword", "secret", OWNER)

    assert "cancelled" == gdbus.until_ended(given_up)
    assert "authorised" == gdbus.until_ended(login)
    assert 1 == len(daemon.call("ListSources"))
    assert "wrong-pw-of-alice" not in daemon.log


def test_a_code_that_the_server_forgot_expires(
    gdbus: Gdbus, daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """An expired code adds nothing."""
    login = gdbus.begin("jellyfin", url=f"'{sim.url}'")
    gdbus.until_code(login)
    sim.state.quick_connect.forget()

    assert "expired" == gdbus.until_ended(login)
    assert "LoginExpired" == gdbus.read(login, "Error")
    assert [] == daemon.call("ListSources")


def test_a_tied_login_ends_with_the_connection_that_began_it(
    gdbus: Gdbus, sim: JellyfinSimulator
) -> None:
    """A login with `tied` ends when its caller leaves the bus."""
    login = gdbus.begin("jellyfin", url=f"'{sim.url}'", tied="true")

    assert "cancelled" == gdbus.until_ended(login)


def test_a_login_may_last_longer_than_the_connection_that_began_it(
    gdbus: Gdbus, sim: JellyfinSimulator
) -> None:
    """Without `tied` a code that is entered later still adds the source."""
    login = gdbus.begin("jellyfin", url=f"'{sim.url}'")
    enter(sim, gdbus.until_code(login))

    assert "authorised" == gdbus.until_ended(login)


def test_a_token_that_was_revoked_while_a_sync_runs_is_renewed_in_place(
    gdbus: Gdbus, daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """A new sign-in keeps the id and the rows, and the sync goes on by itself (A3)."""
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    rows, items = daemon.count(), {item["id"] for item in all_items(daemon)}
    hold = sim.faults.add("/Items", faults.late(60))
    daemon.call("SyncSource", "s", source_id)
    daemon.until(hold.fired.is_set, "the sync is in the middle")
    sim.revoke_tokens("alice")
    sim.faults.clear()
    daemon.call("InitializeAllSources")
    daemon.until(
        lambda: daemon.status(source_id) == ("needs-auth", "token-refused"), "it is refused"
    )
    assert daemon.count() == rows

    login = gdbus.reauthenticate(source_id)
    enter(sim, gdbus.until_code(login))
    assert "authorised" == gdbus.until_ended(login)
    assert [source_id] == gdbus.sources(login)
    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "it is connected")
    daemon.until_synced(source_id)

    assert daemon.get(f"{ROOT}/source/{source_id}", f"{NAME}.Source", "LastSyncError") == ""
    assert daemon.count() == rows
    assert {item["id"] for item in all_items(daemon)} == items
    assert [source_id] == [source["id"] for source in daemon.call("ListSources")]


def test_another_user_is_refused_for_a_source_of_somebody_else(
    gdbus: Gdbus, daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Another user is refused and signed out again; the source goes on as before (A3)."""
    sim.world.add_user("bob", "geheim")
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    login = gdbus.reauthenticate(source_id, username="'bob'", quick_connect="false")
    gdbus.until_step(login, "password")
    gdbus.call(login, f"{LOGIN}.SubmitPassword", "geheim", OWNER)

    assert "failed" == gdbus.until_ended(login)
    assert "AuthRefused" == gdbus.read(login, "Error")
    daemon.until(
        lambda: not [d for d in sim.state.devices.by_token.values() if d.user.name == "bob"],
        "bob is signed out",
    )
    daemon.call("InitializeAllSources")
    assert daemon.sync(source_id)["state"] == "done"


def test_servers_on_the_network_are_found(daemon: Daemon, sim: JellyfinSimulator) -> None:
    """DiscoverServers gives addresses that can be signed in to."""
    job = str(daemon.call("DiscoverServers"))
    daemon.until(lambda: daemon.get(job, f"{NAME}.Job", "State") == "done", "it ends")

    (server,) = plain(daemon.get(job, f"{NAME}.Job", "Result"))["servers"]
    assert (sim.url, sim.world.server_id) == (server["address"], server["server_id"])
    assert server["is_known"] is False


def all_items(daemon: Daemon) -> list[dict[str, object]]:
    """Return up to 500 items."""
    return daemon.query("limit", "u", "500")[0]
