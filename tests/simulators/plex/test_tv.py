"""plex.tv: sign-ins, users, homes, servers, errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.http.client import Answer
from tests.simulators.plex import Household, PlexTv, faults
from tests.simulators.plex.client import Probe
from tests.simulators.plex.tv.users import PlexUser

RESOURCES = "/api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1"


@pytest.fixture
def alice(tv: PlexTv) -> PlexUser:
    """Somebody with an account."""
    return tv.add_user("alice", password="secret")


def _error(answer: Answer) -> tuple[int, int]:
    (found,) = answer.json["errors"]
    assert found["status"] == answer.status
    return answer.status, found["code"]


def _names(answer: Answer) -> list[str]:
    return [each["name"] for each in answer.json]


def _entry(household: Household, name: str, target: str = RESOURCES) -> dict[str, Any]:
    answer = Probe.of(household.tv, household.token()).get(target)
    found: dict[str, Any] = next(each for each in answer.json if each["name"] == name)
    return found


# PINs


@pytest.mark.parametrize(("query", "length", "life"), [("?strong=true", 25, 1800), ("", 4, 900)])
def test_a_pin_waits_until_somebody_approves_it(
    tv: PlexTv, alice: PlexUser, query: str, length: int, life: int
) -> None:
    """Strong for a browser, weak to be typed."""
    probe = Probe.of(tv)
    made = probe.ask("POST", f"/api/v2/pins{query}")
    pin = made.json
    poll = f"/api/v2/pins/{pin['id']}"

    assert made.status == 201
    assert len(pin["code"]) == length
    assert life - 30 <= pin["expiresIn"] <= life
    assert probe.get(poll).json["authToken"] is None

    token = tv.approve(pin["code"], alice)
    assert probe.get(poll).json["authToken"] == token
    assert Probe.of(tv, token).get("/api/v2/user").json["username"] == "alice"


def test_a_pin_ends_by_the_clock_of_plex_tv(tv: PlexTv) -> None:
    """404 with code 1020; or, as some say, no token for ever."""
    probe = Probe.of(tv)
    poll = f"/api/v2/pins/{probe.ask('POST', '/api/v2/pins').json['id']}"
    tv.clock.advance(899)
    assert probe.get(poll).status == 200

    tv.clock.advance(2)
    assert _error(probe.get(poll)) == (404, 1020)
    tv.state.pins.linger = True
    assert probe.get(poll).json["authToken"] is None
    assert probe.get(poll).json["expiresIn"] == 0


def test_a_pin_is_denied_unknown_or_another_devices(tv: PlexTv) -> None:
    """Each ends the login of who asks."""
    probe = Probe.of(tv)
    pin = probe.ask("POST", "/api/v2/pins").json
    stranger = Probe(url=tv.url, client_id="another")

    assert _error(stranger.get(f"/api/v2/pins/{pin['id']}")) == (404, 1020)
    assert _error(probe.get("/api/v2/pins/77")) == (404, 1020)
    tv.deny(pin["code"])
    assert probe.get(f"/api/v2/pins/{pin['id']}").status == 403


def test_another_session_approves_a_pin(tv: PlexTv, alice: PlexUser) -> None:
    """By the code a person typed, in any case."""
    probe = Probe.of(tv)
    pin = probe.ask("POST", "/api/v2/pins").json
    browser = Probe(url=tv.url, token=tv.token(alice), client_id="browser")
    linked = browser.ask("PUT", "/api/v2/pins/link", {"code": pin["code"].lower()})

    assert linked.status == 204
    assert probe.get(f"/api/v2/pins/{pin['id']}").json["authToken"]
    unknown = browser.ask("PUT", "/api/v2/pins/link", {"code": "nope"})
    assert _error(unknown) == (404, 1020)


def test_a_new_pin_of_a_device_replaces_its_token(tv: PlexTv, alice: PlexUser) -> None:
    """Another device keeps its own."""
    probe, other = Probe.of(tv), tv.token(alice, "another-device")
    tokens = [tv.approve(probe.ask("POST", "/api/v2/pins").json["code"], alice) for _ in range(2)]

    statuses = [Probe.of(tv, each).get("/api/v2/user").status for each in (*tokens, other)]
    assert statuses == [401, 200, 200]


# Users


def test_a_token_is_good_until_it_is_revoked_or_signed_out(tv: PlexTv, alice: PlexUser) -> None:
    """401 with code 1001 afterwards."""
    first, second = Probe.of(tv, tv.token(alice, "1")), Probe.of(tv, tv.token(alice, "2"))
    assert first.get("/api/v2/ping").json == {"pong": True}

    assert first.ask("DELETE", "/api/v2/users/signout").status == 204
    assert _error(first.get("/api/v2/user")) == (401, 1001)
    assert second.get("/api/v2/user").status == 200
    tv.revoke_tokens(alice)
    assert _error(second.get("/api/v2/user")) == (401, 1001)


@pytest.mark.parametrize("target", ["/api/v2/user", "/api/v2/pins", RESOURCES, "/api/v2/ping"])
def test_a_device_has_to_say_which_it_is(tv: PlexTv, alice: PlexUser, target: str) -> None:
    """400 with code 1000 otherwise; a parameter is as good as a header."""
    nameless = Probe(url=tv.url, token=tv.token(alice), client_id=None)
    method = "POST" if target.endswith("pins") else "GET"

    assert _error(nameless.ask(method, target)) == (400, 1000)
    joined = "&" if "?" in target else "?"
    named = f"{target}{joined}X-Plex-Client-Identifier=here"
    assert nameless.ask(method, named).status in (200, 201)


def test_a_password_and_a_second_factor(tv: PlexTv) -> None:
    """1001 for a wrong password, 1029 for a missing code."""
    eva = tv.add_user("eva", password="x")
    eva.second_factor = "123456"
    probe, form = Probe.of(tv), {"login": "eva", "password": "x"}

    assert _error(probe.ask("POST", "/api/v2/users/signin", {**form, "password": "y"})) == (
        401,
        1001,
    )
    assert _error(probe.ask("POST", "/api/v2/users/signin", form)) == (401, 1029)
    good = probe.ask("POST", "/api/v2/users/signin", {**form, "verificationCode": "123456"})
    assert good.status == 201
    assert Probe.of(tv, good.json["authToken"]).get("/api/v2/user").status == 200


def test_a_home_and_its_users(tv: PlexTv, alice: PlexUser) -> None:
    """A managed one has neither mail nor name; a PIN is asked for by code 1041."""
    child = tv.add_user("Kid", managed=True, home_of=alice)
    guarded = tv.add_user("Bob", pin="1234", home_of=alice)
    probe = Probe.of(tv, tv.token(alice, "probe-1"))
    home = probe.get("/api/v2/home/users").json
    switch = "/api/v2/home/users/{}/switch{}"

    assert [(each["title"], each["restricted"], each["protected"]) for each in home["users"]] == [
        ("alice", False, False),
        ("Kid", True, False),
        ("Bob", False, True),
    ]
    assert home["users"][1]["email"] is None
    child_token = probe.ask("POST", switch.format(child.uuid, "")).json["authToken"]
    assert Probe.of(tv, child_token).get("/api/v2/user").json["restricted"]
    for pin in ("", "?pin=0000"):
        assert _error(probe.ask("POST", switch.format(guarded.uuid, pin))) == (403, 1041)
    switched = probe.ask("POST", switch.format(guarded.id, "?pin=1234"))
    assert switched.status == 201
    assert probe.get("/api/v2/user").status == 200  # who switched stays signed in


def test_many_switches_are_too_many(tv: PlexTv, alice: PlexUser) -> None:
    """429 without a word of when to come again, until a minute has passed."""
    child = tv.add_user("Kid", managed=True, home_of=alice)
    tv.state.switch_limit = 2
    probe = Probe.of(tv, tv.token(alice))
    switch = f"/api/v2/home/users/{child.uuid}/switch"

    assert [probe.ask("POST", switch).status for _ in range(3)] == [201, 201, 429]
    tv.clock.advance(61)
    assert probe.ask("POST", switch).status == 201


# Servers


def test_an_account_has_its_servers(household: Household) -> None:
    """Owned, shared, dead, a player and one without addresses."""
    found = Probe.of(household.tv, household.token()).get(RESOURCES)

    assert _names(found) == ["Near", "Far", "Dead", "Shared", "Living Room", "Lost Server"]
    near, shared = _entry(household, "Near"), _entry(household, "Shared")
    assert (near["owned"], near["ownerId"], near["sourceTitle"]) == (True, None, None)
    assert (shared["owned"], shared["ownerId"], shared["sourceTitle"]) == (
        False,
        household.bob.id,
        "bob",
    )
    assert near["clientIdentifier"] == household.near.machine_id
    assert [each["uri"] for each in near["connections"]] == [d.uri for d in household.near.doors]
    assert "connections" not in _entry(household, "Lost Server")
    assert _entry(household, "Living Room")["accessToken"] is None
    assert not _entry(household, "Dead")["presence"]


def test_relays_and_https_have_to_be_asked_for(household: Household) -> None:
    """Otherwise there are plain addresses and no relays."""
    far = _entry(household, "Far", "/api/v2/resources")

    assert [each["relay"] for each in _entry(household, "Far")["connections"]] == [
        False,
        False,
        True,
    ]
    assert {each["protocol"] for each in far["connections"]} == {"http"}
    assert len(far["connections"]) == 2


def test_every_server_has_its_own_token_for_every_user(household: Household) -> None:
    """Which no other server takes; the account's is taken by none unless asked for."""
    near, shared = household.near, household.shared
    tokens = {name: _entry(household, name)["accessToken"] for name in ("Near", "Far", "Shared")}
    account = household.token()

    assert len({*tokens.values(), account}) == 4
    assert Probe.of(near, tokens["Near"]).get("/").status == 200
    assert Probe.of(shared, tokens["Shared"]).get("/").status == 200
    for token in (tokens["Near"], account):
        assert Probe.of(shared, token).get("/").status == 401
    assert Probe.of(near, account).get("/").status == 401


def test_an_owners_server_may_take_the_account_token(household: Household) -> None:
    """As most do; a guest's is worthless there all the same."""
    entry = household.tv.published(household.near)
    household.tv.state.published.remove(entry)
    household.tv.publish(household.near, household.alice, takes_account_token=True)

    assert Probe.of(household.near, household.token()).get("/").status == 200
    bobs = household.tv.token(household.bob)
    assert Probe.of(household.near, bobs).get("/").status == 401


def test_access_is_rotated_and_withdrawn(household: Household) -> None:
    """The list has the new token; a share taken back has no entry."""
    tv, server, alice = household.tv, household.shared, household.alice
    old = _entry(household, "Shared")["accessToken"]
    fresh = tv.rotate_access(server, alice)

    assert _entry(household, "Shared")["accessToken"] == fresh != old
    assert [Probe.of(server, each).get("/").status for each in (old, fresh)] == [401, 200]
    tv.unshare(server, alice)
    assert "Shared" not in _names(Probe.of(tv, household.token()).get(RESOURCES))
    assert Probe.of(server, fresh).get("/").status == 401


def test_the_list_is_empty_partial_or_changed(household: Household) -> None:
    """What must delete nothing, and what a server may have to say."""
    tv = household.tv
    probe = Probe.of(tv, household.token())
    tv.published(household.far).hidden = True
    tv.published(household.near).changes["platform"] = None
    tv.published(household.near).https_required = True

    assert "Far" not in _names(probe.get(RESOURCES))
    near = next(each for each in probe.get(RESOURCES).json if each["name"] == "Near")
    assert (near["platform"], near["httpsRequired"]) == (None, True)
    tv.faults.add("resources", faults.replace_json([]), times=1)
    assert probe.get(RESOURCES).json == []
    assert len(probe.get(RESOURCES).json) == 5


def test_plex_tv_is_slow_down_or_somebody_else(tv: PlexTv, alice: PlexUser) -> None:
    """429 with and without Retry-After, 503, 422, HTML; and nothing at all."""
    probe = Probe.of(tv, tv.token(alice))
    user = "/api/v2/user"
    for trouble, status in (
        (faults.too_many(), 429),
        (faults.too_many("7"), 429),
        (faults.tv_status(422, 1001, "Invalid token"), 422),
        (faults.tv_status(503), 503),
        (faults.bad_gateway(), 502),
        (faults.captive_portal(), 200),
    ):
        tv.faults.add("", trouble, times=1)
        assert probe.get(user).status == status
    tv.faults.add("", faults.too_many("7"), times=1)
    assert probe.get(user).headers["Retry-After"] == "7"
    assert probe.get(user).status == 200

    tv.refuse()
    with pytest.raises(ConnectionRefusedError):
        probe.get(user)
    tv.accept()
    assert probe.get(user).status == 200
