"""The dialect of each version, each version's own."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import pytest

from tests.simulators.jellyfin import VERSIONS, JellyfinSimulator, make_world
from tests.simulators.jellyfin.answers.query import BadQueryError, Query
from tests.simulators.jellyfin.client import HEADER, Probe
from tests.simulators.jellyfin.service.access import read_header

Start = Callable[..., JellyfinSimulator]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[JellyfinSimulator] = []

    def run(version: str = "10.11", items: int = 100) -> JellyfinSimulator:
        simulator = JellyfinSimulator(make_world(items), version=version)
        simulator.start()
        running.append(simulator)
        return simulator

    yield run
    for simulator in running:
        simulator.stop()


# Item 1: routes, queries, ids


def test_routes_and_query_names_are_read_in_any_case(start: Start) -> None:
    """Routes and query names are read in any case.

    See docs/protocols/jellyfin.md, Wire.
    """
    probe = Probe(start().url).login()
    usual = probe.get("/Items", recursive="true", limit=3).json

    assert probe.get("/iTEMS", RECURSIVE="TRUE", Limit=3).json == usual
    assert probe.get("/Items", recursive="true", limit=3, nonsense="x").json == usual
    assert probe.get("/NoSuchRoute").status == 404
    assert probe.ask("POST", "/UserViews").status == 405


def test_a_scalar_that_cannot_be_read_is_a_problem_document(start: Start) -> None:
    """Lists drop what they do not know, scalars answer 400.

    See docs/protocols/jellyfin.md, Wire.
    """
    probe = Probe(start().url).login()
    for name, value in (("limit", "many"), ("parentId", "x"), ("recursive", "perhaps")):
        answer = probe.get("/Items", **{"recursive": "true"} | {name: value})
        assert answer.status == 400
        assert answer.json["errors"][name]

    assert probe.get("/Items", recursive="true", fields="Nope,Etag", sortBy="Nope").status == 200


def test_lists_are_split_at_commas_or_repeated_but_not_both() -> None:
    """Repeated values are not split.

    See docs/protocols/jellyfin.md, Wire.
    """
    assert Query("ids=a,b").texts("IDS") == ["a", "b"]
    assert Query("ids=a&ids=b").texts("ids") == ["a", "b"]
    assert Query("ids=a,b&ids=c").texts("ids") == ["a,b", "c"]
    assert Query("ids=").texts("ids") == []
    assert Query("genres=Rock,Pop|Jazz").piped("genres") == ["Rock,Pop", "Jazz"]
    with pytest.raises(BadQueryError):
        Query("limit=x").integer("limit")


def test_ids_leave_without_dashes_and_come_back_in_any_form(start: Start) -> None:
    """Ids leave without dashes and come back in any form.

    See docs/protocols/jellyfin.md, Wire.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    plain = simulator.world.of_type("Movie")[0].id
    dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:])).upper()

    for form in (plain, dashed, f"{{{dashed}}}"):
        (row,) = probe.get("/Items", ids=form).json["Items"]
        assert row["Id"] == plain
    assert probe.get(f"/Items/{dashed}").json["Id"] == plain


def test_camel_case_comes_when_asked_for(start: Start) -> None:
    """The Accept profile.

    See docs/protocols/jellyfin.md, Wire.
    """
    probe = Probe(start().url)
    probe.extra_headers = {"Accept": 'application/json; profile="CamelCase"'}

    assert "productName" in probe.get("/System/Info/Public").json


# Item 2: the header and the carriers of a token


def test_the_header_is_read_by_the_servers_grammar() -> None:
    """Quotes, commas inside them, percent and plus, case of keys.

    See docs/protocols/jellyfin.md, Header.
    """
    schemes = ("mediabrowser",)

    def read(text: str) -> dict[str, str] | None:
        return read_header(text, schemes=schemes)

    assert read('mediabrowser Client="a, b", Device=c%20d+e') == {
        "Client": "a, b",
        "Device": "c d e",
    }
    assert read('MediaBrowser  Token="%C5%BElu%C5%A5" , DeviceId="x"') == {
        "Token": "žluť",
        "DeviceId": "x",
    }
    assert read("MediaBrowser token=x") == {"token": "x"}
    assert read("Bearer x") is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_token_travels_only_where_this_version_reads_it(start: Start, version: str) -> None:
    """The whole table.

    See docs/protocols/jellyfin.md, Header.
    """
    simulator = start(version)
    token = Probe(simulator.url).login().token
    bare, legacy = Probe(simulator.url), version != "12"
    everywhere = {"Authorization": f'MediaBrowser Token="{token}"'}
    old_headers = (
        {"X-Emby-Token": token or ""},
        {"X-MediaBrowser-Token": token or ""},
        {"X-Emby-Authorization": f'MediaBrowser Token="{token}"'},
        {"Authorization": f'Emby Token="{token}"'},
    )
    expected = 200 if legacy else 401

    assert bare.ask("GET", "/Users/Me", headers=everywhere).status == 200
    assert bare.ask("GET", "/Users/Me", headers={}, ApiKey=token).status == 200
    assert bare.ask("GET", "/Users/Me", headers={}, api_key=token).status == expected
    for headers in old_headers:
        assert bare.ask("GET", "/Users/Me", headers=headers).status == expected
    for prefix in ("/emby", "/MediaBrowser"):
        answer = bare.ask("GET", f"{prefix}/Users/Me", headers=everywhere)
        assert answer.status == (200 if legacy else 404)


@pytest.mark.parametrize(("version", "winner"), [("10.10", 401), ("10.11", 200), ("12", 200)])
def test_which_of_two_headers_wins_depends_on_the_version(
    start: Start, version: str, winner: int
) -> None:
    """X-Emby-Authorization wins up to 10.10.

    See docs/protocols/jellyfin.md, Header.
    """
    simulator = start(version)
    probe = Probe(simulator.url).login()
    both = {"Authorization": probe.authorization, "X-Emby-Authorization": "MediaBrowser Token=bad"}

    assert probe.ask("GET", "/Users/Me", headers=both).status == winner


def test_an_administrator_can_switch_legacy_carriers_off(start: Start) -> None:
    """EnableLegacyAuthorization exists from 10.11.

    See docs/protocols/jellyfin.md, Versions and routes.
    """
    simulator = start("10.11")
    token = Probe(simulator.url).login().token
    simulator.state.legacy_authorization = False

    assert Probe(simulator.url).ask("GET", "/Users/Me", headers={}, api_key=token).status == 401


# Item 3: logging in


def test_every_refusal_of_a_login_has_its_status_and_a_text_body(start: Start) -> None:
    """Every refusal of a login has its status and a text body.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    probe = Probe(simulator.url)

    def login(body: dict[str, object], device: str | None = "bench-1") -> int:
        headers = {"Authorization": HEADER.format(device)} if device else {}
        answer = probe.ask("POST", "/Users/AuthenticateByName", body, headers=headers)
        assert answer.status == 200 or answer.headers["Content-Type"] == "text/plain"
        return answer.status

    assert login({"Username": "ALICE", "Pw": "secret"}) == 200
    assert login({"username": "alice", "pw": "secret"}) == 200
    assert login({"Username": "alice", "Pw": "wrong"}) == 401
    assert login({"Username": "nobody", "Pw": "secret"}) == 401
    assert login({"Username": " ", "Pw": ""}) == 400
    assert login({"Username": "alice", "Pw": "secret"}, device=None) == 400
    simulator.disable_user("alice")
    assert login({"Username": "alice", "Pw": "secret"}) == 403
    assert login({"Username": "alice", "Pw": "wrong"}) == 403


def test_a_locked_out_account_needs_an_administrator(start: Start) -> None:
    """Never try a login again by yourself.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    simulator.state.lockout_after = 3
    body = {"Username": "alice", "Pw": "wrong"}
    statuses = [
        Probe(simulator.url).ask("POST", "/Users/AuthenticateByName", body).status for _ in range(4)
    ]

    assert statuses == [401, 401, 401, 403]


@pytest.mark.parametrize(("version", "old_token_lives"), [("10.8", True), ("10.11", False)])
def test_a_second_login_of_a_device_replaces_its_token(
    start: Start, version: str, old_token_lives: bool
) -> None:
    """Replaced since 10.9, given out again by 10.8.

    See docs/protocols/jellyfin.md, Signing in.
    """
    probe = Probe(start(version).url)
    first, second = probe.login(), probe.login()
    other = Probe(probe.url, device_id="elsewhere").login()

    assert (first.token == second.token) is old_token_lives
    assert first.get("/Users/Me").status == (200 if old_token_lives else 401)
    assert second.get("/Users/Me").status == 200
    assert other.get("/Users/Me").status == 200


@pytest.mark.parametrize(("version", "status"), [("10.8", 401), ("10.11", 200)])
def test_10_8_signs_other_users_of_a_device_out(start: Start, version: str, status: int) -> None:
    """10 8 signs other users of a device out.

    See docs/protocols/jellyfin.md, Signing in.
    """
    probe = Probe(start(version).url)
    alice = probe.login()
    probe.login("admin", "root")

    assert alice.get("/Users/Me").status == status


def test_a_token_dies_by_logout_revocation_and_disabling(start: Start) -> None:
    """An empty 401.

    See docs/protocols/jellyfin.md, Errors.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    simulator.disable_user("alice")
    dead = probe.get("/Users/Me")
    assert (dead.status, dead.body) == (401, b"")
    simulator.disable_user("alice", disabled=False)
    assert probe.get("/Users/Me").status == 200

    assert probe.ask("POST", "/Sessions/Logout").status == 204
    assert probe.get("/Users/Me").status == 401
    again = probe.login()
    simulator.revoke_tokens("alice")
    assert again.get("/Users/Me").status == 401
    assert again.get("/System/Info/Public").status == 200


def test_an_api_key_is_an_administrator_without_a_user(start: Start) -> None:
    """An api key is an administrator without a user.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    key = Probe(simulator.url, simulator.add_api_key())
    alice = simulator.user().id

    assert key.get("/Users/Me").status == 400
    assert key.get("/UserViews").status == 400
    assert key.get("/UserViews", userId=alice).status == 200
    assert "UserData" not in key.get("/Items", recursive="true").json["Items"][0]
    assert "UserData" in key.get("/Items", recursive="true", userId=alice).json["Items"][0]
    assert key.get("/Auth/Keys").json["TotalRecordCount"] == 1
    assert Probe(simulator.url).login().get("/Auth/Keys").status == 403


def test_another_users_id_is_forbidden_to_a_plain_user(start: Start) -> None:
    """403 with text.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    admin = simulator.user("admin").id
    answer = Probe(simulator.url).login().get("/Items", userId=admin, recursive="true")

    assert (answer.status, answer.headers["Content-Type"]) == (403, "text/plain")


# Item 4: Quick Connect


def test_quick_connect_lets_a_device_in_and_forgets_after_ten_minutes(start: Start) -> None:
    """Quick connect lets a device in and forgets after ten minutes.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    television, alice = Probe(simulator.url, device_id="tv"), Probe(simulator.url).login()
    pending = television.ask("POST", "/QuickConnect/Initiate").json
    secret = {"Secret": pending["Secret"]}
    login = "/Users/AuthenticateWithQuickConnect"
    assert television.ask("POST", login, secret).status == 404

    def poll() -> dict[str, object]:
        answer = television.get("/QuickConnect/Connect", secret=pending["Secret"])
        return dict(answer.json) if answer.status == 200 else {"status": answer.status}

    assert poll()["Authenticated"] is False
    assert alice.ask("POST", "/QuickConnect/Authorize", code="nope").status == 404
    assert alice.ask("POST", "/QuickConnect/Authorize", code=pending["Code"]).json is True
    assert alice.ask("POST", "/QuickConnect/Authorize", code=pending["Code"]).status == 500
    assert poll()["Authenticated"] is True
    tokens = {television.ask("POST", login, secret).json["AccessToken"] for _ in range(2)}
    assert len(tokens) == 1
    assert Probe(simulator.url, tokens.pop()).get("/Users/Me").json["Name"] == "alice"

    simulator.world.clock.advance(12 * 60)
    assert poll() == {"status": 404}


def test_quick_connect_can_be_off_and_loses_its_codes_in_a_restart(start: Start) -> None:
    """All state is in memory.

    See docs/protocols/jellyfin.md, Signing in.
    """
    simulator = start()
    probe = Probe(simulator.url)
    secret = probe.ask("POST", "/QuickConnect/Initiate").json["Secret"]
    simulator.restart()
    assert probe.get("/QuickConnect/Connect", secret=secret).json == "Unknown secret"
    assert probe.ask("POST", "/QuickConnect/Initiate", headers={}).status == 400

    simulator.state.quick_connect.enabled = False
    assert probe.get("/QuickConnect/Enabled").json is False
    assert probe.ask("POST", "/QuickConnect/Initiate").json == "Quick connect is disabled"


@pytest.mark.parametrize(
    ("version", "get", "post"),
    [("10.8", 200, 405), ("10.10", 200, 200), ("10.11", 200, 200), ("12", 405, 200)],
)
def test_which_verb_begins_quick_connect_depends_on_the_version(
    start: Start, version: str, get: int, post: int
) -> None:
    """Which verb begins quick connect depends on the version.

    See docs/protocols/jellyfin.md, Versions and routes.
    """
    probe = Probe(start(version).url)

    assert probe.ask("GET", "/QuickConnect/Initiate").status == get
    assert probe.ask("POST", "/QuickConnect/Initiate").status == post


# Item 5: the rest of the wire (phases are tested with the faults)


def test_json_is_compressed_when_the_client_can_read_that(start: Start) -> None:
    """Gzip over plain HTTP.

    See docs/protocols/jellyfin.md, Wire.
    """
    probe = Probe(start().url).login()
    plain = probe.get("/Items", recursive="true")
    probe.extra_headers = {"Accept-Encoding": "gzip, br"}
    packed = probe.get("/Items", recursive="true")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_a_request_line_longer_than_8_kib_is_refused(start: Start) -> None:
    """Batches of ids stay at a hundred.

    See docs/protocols/jellyfin.md, Wire.
    """
    probe = Probe(start().url).login()
    ids = ["0" * 32] * 300

    assert probe.get("/Items", ids=",".join(ids[:100])).status == 200
    assert probe.get("/Items", ids=",".join(ids)).status == 414


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_serves_old_routes_and_from_10_9_the_new_ones(
    start: Start, version: str
) -> None:
    """The table of equivalent routes.

    See docs/protocols/jellyfin.md, Versions and routes.
    """
    simulator = start(version)
    probe, user = Probe(simulator.url).login(), simulator.user().id
    item = simulator.world.of_type("Movie")[0].id
    pairs = (
        ("/UserViews", f"/Users/{user}/Views"),
        ("/UserItems/Resume", f"/Users/{user}/Items/Resume"),
        ("/Items/Latest", f"/Users/{user}/Items/Latest"),
        (f"/Items/{item}", f"/Users/{user}/Items/{item}"),
    )
    for new, old in pairs:
        assert probe.get(old).status == 200
        assert (probe.get(new).status == 200) is (version != "10.8")
        if version != "10.8":
            assert probe.get(new).json == probe.get(old).json
    assert probe.get(f"/Users/{user}/Items/{item}/UserData").status == (
        404 if version == "10.8" else 200
    )
    number = {"10.8": "10.8.13", "10.10": "10.10.7", "10.11": "10.11.11", "12": "12.0.0"}[version]
    assert probe.get("/System/Info/Public").json["Version"] == number
