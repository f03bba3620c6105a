"""A Plex account, driven with gdbus alone; the servers report what they saw."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.plex import GdmResponder, Household, PlexServer, faults
from tests.simulators.plex.item import Kind
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import NAME, ROOT, CallError, Daemon, plain
from tests.support.session.gdbus import LOGIN, OWNER, Gdbus, GdbusError
from tests.support.session.keyring import Keyring

LINK = {"link": "true"}


@pytest.fixture
def household() -> Iterator[Household]:
    """Alice's account with four servers: near, far by relay, shared, dead."""
    with Household() as household:
        household.tv.state.other_resources.clear()
        yield household


@pytest.fixture
def daemon(
    bus: PrivateBus, keyring: Keyring, household: Household, tmp_path: Path
) -> Iterator[Daemon]:
    with GdmResponder(household.near) as network:
        around = {
            "MSD_PLEX_TV": household.tv.url,
            "MSD_PLEX_GDM": f"127.0.0.1:{network.port}",
            "MSD_JELLYFIN_DISCOVERY": "",
            "SSL_CERT_FILE": household.ca_file,
        }
        daemon = Daemon(bus, tmp_path / "home", around)
        daemon.start()
        yield daemon
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def gdbus(daemon: Daemon) -> Gdbus:
    return Gdbus(daemon)


def tokens_at(server: PlexServer) -> set[str]:
    """Return every token that a server has seen."""
    sent = (request.header("x-plex-token") for request in server.log.requests)
    return {token for token in sent if token}


def signed_in(gdbus: Gdbus, household: Household) -> dict[str, str]:
    """Sign alice in by a PIN; return her sources by the name of their server."""
    login = gdbus.begin("plex", **LINK)
    household.tv.approve(gdbus.until_code(login), household.alice)
    assert gdbus.until_ended(login) == "authorised"
    listed = gdbus.daemon.call("ListSources")
    assert sorted(gdbus.sources(login)) == sorted(source["id"] for source in listed)
    return {source["name"]: source["id"] for source in listed}


def source(daemon: Daemon, source_id: str) -> dict[str, Any]:
    """Return the ListSources entry of a source."""
    return next(one for one in daemon.call("ListSources") if one["id"] == source_id)


def test_an_account_is_signed_in_to_by_a_pin_with_gdbus_alone(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """Each of four servers has its status, its route and its own token (A2)."""
    sources = signed_in(gdbus, household)
    near, far, shared, dead = household.servers
    for name in ("Near", "Far", "Shared"):
        daemon.until_status(sources[name], "connected", "ok")
    daemon.until_status(sources["Dead"], "offline", "refused")
    for name in ("Near", "Far", "Shared"):
        daemon.until_synced(sources[name])

    shown = {name: source(daemon, source_id) for name, source_id in sources.items()}
    assert {"Near": "local", "Far": "relay", "Shared": "remote", "Dead": ""} == {
        name: one["route"] for name, one in shown.items()
    }
    assert {"Near": True, "Far": True, "Shared": False, "Dead": True} == {
        name: one["owned"] for name, one in shown.items()
    }
    for server in (near, far, shared):
        assert {household.tv.access_token(server, household.alice)} == tokens_at(server)
    assert set() == tokens_at(dead)
    assert (
        len(near.world.of_kind(Kind.MOVIE))
        == daemon.query(
            "source_ids",
            "as",
            "1",
            sources["Near"],
            "types",
            "as",
            "2",
            "movie",
            "video",
            "limit",
            "u",
            "1",
        )[2]
    )


def test_a_link_for_the_browser_signs_in_as_well(gdbus: Gdbus, household: Household) -> None:
    """A strong code that stands in the link for the browser signs in as well."""
    login = gdbus.begin("plex")
    code = gdbus.until_code(login)
    assert code in gdbus.read(login, "Url")
    household.tv.approve(code, household.alice)

    assert gdbus.until_ended(login) == "authorised"


def test_a_member_of_a_home_is_chosen_and_a_wrong_pin_asked_for_again(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """A member of a Plex Home gets the member's own servers and tokens."""
    tv = household.tv
    kid = tv.add_user("kid", pin="1234", managed=True, home_of=household.alice)
    tv.share(household.near, kid)
    login = gdbus.begin("plex", **LINK)
    tv.approve(gdbus.until_code(login), household.alice)
    gdbus.until_step(login, "user")
    users = gdbus.call(login, f"{LOGIN}.Read", OWNER)
    assert f"('{kid.id}', 'kid', true)" in users
    gdbus.call(login, f"{LOGIN}.SelectUser", str(kid.id), "4321", OWNER)
    daemon.until(lambda: "PIN" in gdbus.read(login, "Message"), "it asks again")
    gdbus.until_step(login, "user")
    gdbus.call(login, f"{LOGIN}.SelectUser", str(kid.id), "1234", OWNER)
    assert gdbus.until_ended(login) == "authorised"
    (source_id,) = gdbus.sources(login)
    daemon.until_status(source_id, "connected", "ok")
    daemon.until_synced(source_id)

    assert {tv.access_token(household.near, kid)} == tokens_at(household.near)


def test_a_pin_that_nobody_approves_expires_and_a_denied_one_fails(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """A PIN expires by plex.tv's clock and adds nothing."""
    denied = gdbus.begin("plex", **LINK)
    household.tv.deny(gdbus.until_code(denied))
    assert gdbus.until_ended(denied) == "failed"
    login = gdbus.begin("plex", **LINK)
    gdbus.until_code(login)
    household.tv.clock.advance(3600)

    assert gdbus.until_ended(login) == "expired"
    assert daemon.call("ListSources") == []


def test_a_tied_login_ends_with_its_caller_and_others_learn_nothing(
    gdbus: Gdbus, household: Household
) -> None:
    """A login ends with its caller and nobody else learns its code (K6)."""
    tied = gdbus.begin("plex", tied="true", **LINK)
    login = gdbus.begin("plex", **LINK)
    code = gdbus.until_code(login)

    assert gdbus.until_ended(tied) == "cancelled"
    for name in ("Code", "Url", "Message"):
        assert gdbus.seen_by_others(login, name) == "(<''>,)"
    for member, *arguments in (("Read", "{}"), ("Cancel", "{}")):
        with pytest.raises(GdbusError, match="NotOwner"):
            gdbus.call(login, f"{LOGIN}.{member}", *arguments)
    assert code not in gdbus.call(ROOT, "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
    household.tv.approve(code, household.alice)
    assert gdbus.until_ended(login) == "authorised"


def test_with_plex_tv_down_a_cold_start_connects_and_syncs_on_the_local_network(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """Servers, tokens and addresses are known without plex.tv (O1, O3)."""
    sources = signed_in(gdbus, household)
    daemon.until_synced(sources["Near"])
    daemon.stop()
    household.tv.refuse()
    film = household.near.world.of_kind(Kind.MOVIE)[0]
    household.near.world.edit(film.key, title="A New Name")

    daemon.start()
    daemon.until_status(sources["Near"], "connected", "ok")

    assert daemon.sync(sources["Near"])["state"] == "done"
    assert "A New Name" in {item["title"] for item in daemon.query("limit", "u", "500")[0]}
    with pytest.raises(CallError, match="refused"):
        daemon._busctl(NAME, account(daemon), f"{NAME}.Account", "RefreshServers")


def test_an_empty_answer_of_plex_tv_lets_nothing_vanish(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """An empty list, or an answer that is no list, removes no server (A2)."""
    sources = signed_in(gdbus, household)
    daemon.until_synced(sources["Near"])
    answers: list[object] = [[], "nothing"]
    for answer in answers:
        household.tv.faults.clear()
        household.tv.faults.add("/api/v2/resources", faults.replace_json(answer))
        daemon.stop()
        asked = household.tv.log.count("/api/v2/resources")
        daemon.start()
        daemon.until_status(sources["Near"], "connected", "ok")
        until_asked_again(daemon, household, asked)

        listed = daemon.call("ListSources")
        assert sorted(sources.values()) == sorted(one["id"] for one in listed)
        assert "account-gone" not in {one["status_reason"] for one in listed}


def until_asked_again(daemon: Daemon, household: Household, asked: int) -> None:
    """Wait until plex.tv was asked for the servers more than so many times."""
    daemon.until(lambda: household.tv.log.count("/api/v2/resources") > asked, "it was asked")


def test_a_share_that_is_taken_back_is_gone_and_comes_back(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """A server that a complete answer lacks is account-gone; its items stay (A2)."""
    sources = signed_in(gdbus, household)
    daemon.until_synced(sources["Shared"])
    rows = daemon.query("source_ids", "as", "1", sources["Shared"], "limit", "u", "1")[2]
    household.tv.unshare(household.shared, household.alice)
    daemon.call("InitializeAllSources")
    daemon.until_status(sources["Shared"], "offline", "account-gone")

    assert (
        rows == daemon.query("source_ids", "as", "1", sources["Shared"], "limit", "u", "1")[2] > 0
    )


def test_a_token_that_a_server_replaced_is_asked_for_and_tried_at_once(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """A replaced server token is fetched again without a person (A2)."""
    sources = signed_in(gdbus, household)
    daemon.until_status(sources["Shared"], "connected", "ok")
    daemon.until_synced(sources["Shared"])
    fresh = household.tv.rotate_access(household.shared, household.alice)
    daemon.call("InitializeAllSources")
    daemon.until(lambda: fresh in tokens_at(household.shared), "the new token is used")

    daemon.until_status(sources["Shared"], "connected", "ok")


def test_a_revoked_account_is_renewed_in_place_for_all_its_servers(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """One sign-in serves every source of the account; ids and rows stay (A3, S4)."""
    sources = signed_in(gdbus, household)
    for name in ("Near", "Far", "Shared"):
        daemon.until_synced(sources[name])
    rows = daemon.count()
    household.tv.revoke_tokens(household.alice)
    with pytest.raises(CallError, match="sign in again"):
        # The servers' own tokens still work: only asking plex.tv finds it out.
        daemon.until(lambda: refreshed(daemon), "the account is asked for", 60)
    for source_id in sources.values():
        daemon.until_status(source_id, "needs-auth", "token-refused")

    login = gdbus.reauthenticate(sources["Near"], **LINK)
    household.tv.approve(gdbus.until_code(login), household.alice)
    assert gdbus.until_ended(login) == "authorised"
    for name in ("Near", "Far", "Shared"):
        daemon.until_status(sources[name], "connected", "ok")

    assert rows == daemon.count()
    assert sorted(sources.values()) == sorted(one["id"] for one in daemon.call("ListSources"))


def test_removing_the_last_source_signs_the_account_out(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """Removing the last source signs the account out (A4)."""
    sources = signed_in(gdbus, household)
    for source_id in sources.values():
        daemon.call("RemoveSource", "s", source_id)
    daemon.until(lambda: household.tv.log.count("/api/v2/users/signout") == 1, "signed out")

    assert daemon.call("ListSources") == []


def test_a_token_adds_an_account_and_its_servers_are_found_on_the_network(
    daemon: Daemon, household: Household
) -> None:
    """AddPlexAccount adds the servers; DiscoverServers knows which are added."""
    added = daemon.call("AddPlexAccount", "s", household.token())
    job = str(daemon.call("DiscoverServers"))
    daemon.until(lambda: daemon.get(job, f"{NAME}.Job", "State") == "done", "it ends")

    assert 4 == len(added)
    (server,) = plain(daemon.get(job, f"{NAME}.Job", "Result"))["servers"]
    assert ("plex", household.near.machine_id, True) == (
        server["kind"],
        server["server_id"],
        server["is_known"],
    )
    with pytest.raises(CallError, match="already"):
        daemon.call("AddPlexAccount", "s", household.token())


def test_addresses_are_listed_tried_and_pinned(
    gdbus: Gdbus, daemon: Daemon, household: Household
) -> None:
    """Addresses can be listed, tried and pinned; Explain lists each attempt."""
    sources = signed_in(gdbus, household)
    path = f"{ROOT}/source/{sources['Near']}"
    daemon.until_status(sources["Near"], "connected", "ok")
    first, second = household.near.doors

    def call(member: str, *arguments: str) -> Any:
        return daemon._busctl(NAME, path, f"{NAME}.Source", member, *arguments)

    (tested,) = call("TestConnections")
    call("PinConnection", "s", second.uri)
    daemon.until(
        lambda: source(daemon, sources["Near"])["address"] == second.uri, "the pin is used", 60
    )
    daemon.stop()
    daemon.start()
    daemon.until_status(sources["Near"], "connected", "ok")
    (listed,) = call("ListConnections")

    assert {first.uri, second.uri} <= {one["address"] for one in tested if one["outcome"] == "ok"}
    assert [second.uri] == [one["address"] for one in listed if one["pinned"]]
    assert second.uri == source(daemon, sources["Near"])["address"]

    def relay_was_tried() -> bool:
        steps = json.dumps(daemon.call("Explain", "s", sources["Far"]))
        return "relay" in steps or household.far.doors[2].uri in steps

    daemon.until(relay_was_tried, "the relay of the far server is tried", 60)


def account(daemon: Daemon) -> str:
    """Return the object of the only account."""
    return f"{ROOT}/account/{daemon.call('ListSources')[0]['account_id']}"


def refreshed(daemon: Daemon) -> bool:
    """Ask for the account's servers; never true, because a recent answer is asked for again."""
    daemon._busctl(NAME, account(daemon), f"{NAME}.Account", "RefreshServers")
    return False
