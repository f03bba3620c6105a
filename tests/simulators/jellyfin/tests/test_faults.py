"""The fault script does what it says: a client without any kindness meets every trap."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world
from tests.simulators.jellyfin.client import Probe


@pytest.fixture
def simulator() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(100)) as running:
        yield running


@pytest.fixture
def probe(simulator: JellyfinSimulator) -> Probe:
    return Probe(simulator.url).login()


def _list(probe: Probe, start: int = 0, limit: int = 20, **more: Any) -> list[str]:
    query = {"recursive": "true", "startIndex": start, "limit": limit} | more
    return [row["Id"] for row in probe.get("/Items", **query).json["Items"]]


def test_statuses_pages_and_redirects_replace_the_answer(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """What proxies and gateways say in the server's place.

    See docs/protocols/jellyfin.md, Errors.
    """
    cases = {
        502: faults.bad_gateway(),
        504: faults.gateway_timeout(),
        500: faults.status(500, "Error processing request."),
        200: faults.captive_portal(),
        302: faults.redirect("http://elsewhere.invalid/"),
        307: faults.redirect("https://elsewhere.invalid/", 307),
    }
    for status, trouble in cases.items():
        fault = simulator.faults.add("^/Items$", trouble)
        answer = probe.get("/Items", recursive="true")
        simulator.faults.remove(fault)
        assert answer.status == status
        assert "json" not in answer.headers.get("Content-Type", "")
        assert fault.fired.is_set()
    assert _list(probe)


def test_a_token_is_refused_once_and_good_again_after_that(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """Rule: a single 401 is no reason to ask for the password."""
    simulator.faults.add("^/Items$", faults.refused_token(), times=1)

    assert [probe.get("/Items", recursive="true").status for _ in range(2)] == [401, 200]
    assert probe.get("/Users/Me").status == 200


def test_skip_times_and_where_choose_the_requests(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """The third page of a listing, and only that, goes wrong."""
    simulator.faults.add("^/Items$", faults.status(500), skip=2, times=1)
    statuses = [probe.get("/Items", recursive="true", startIndex=n).status for n in (0, 1, 2, 3)]
    assert statuses == [200, 200, 500, 200]

    simulator.faults.clear()
    simulator.faults.add(
        "^/Items$", faults.status(500), where=lambda request: "startIndex=2" in request.query_string
    )
    statuses = [probe.get("/Items", recursive="true", startIndex=n).status for n in (0, 1, 2, 3)]
    assert statuses == [200, 200, 500, 200]


def test_a_cut_connection_breaks_before_the_promised_length(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """The reader learns of it from the length alone."""
    simulator.faults.add("^/Items$", faults.cut_after(3000))

    with pytest.raises(http.client.IncompleteRead):
        probe.get("/Items", recursive="true")


def test_a_cut_inside_the_head_leaves_no_answer(simulator: JellyfinSimulator, probe: Probe) -> None:
    """A connection that dies at once."""
    simulator.faults.add("^/Items$", faults.cut_after(0))

    with pytest.raises(http.client.RemoteDisconnected):
        probe.get("/Items", recursive="true")


def test_truncated_json_is_complete_as_http(simulator: JellyfinSimulator, probe: Probe) -> None:
    """Nothing but the JSON itself tells that something is missing."""
    simulator.faults.add("^/Items$", faults.truncated(500))
    answer = probe.get("/Items", recursive="true")

    assert answer.status == 200
    assert len(answer.body) == 500
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.body)


def test_an_endless_body_goes_on_until_the_client_leaves(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """Whoever reads to the end never comes back."""
    simulator.faults.add("^/Items$", faults.endless())
    parts = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", "/Items", headers={"Authorization": probe.authorization})
    reply = connection.getresponse()

    assert len(reply.read(20_000_000)) == 20_000_000
    reply.close()
    connection.close()
    simulator.faults.clear()
    assert _list(probe)


def test_a_slow_body_arrives_in_drops_and_whole(simulator: JellyfinSimulator, probe: Probe) -> None:
    """Slow is not broken."""
    fast = probe.get("/Items", recursive="true", limit=2).body
    simulator.faults.add("^/Items$", faults.slow(400, 0.01))
    began = time.monotonic()
    answer = probe.get("/Items", recursive="true", limit=2)

    assert time.monotonic() - began > len(fast) / 400 * 0.01
    assert answer.body == fast


def test_a_late_answer_outlasts_an_impatient_client(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """The client's own timeout is what ends it."""
    probe.timeout_s = 0.2
    for trouble in (faults.late(1), faults.hang()):
        fault = simulator.faults.add("^/Items$", trouble)
        with pytest.raises(TimeoutError):
            probe.get("/Items", recursive="true")
        simulator.faults.remove(fault)


def test_lists_cost_time_by_the_row_for_expensive_members(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """People, media sources and untyped lists are slow.

    See docs/protocols/jellyfin.md, Rows.
    """
    simulator.faults.add("^/Items$", faults.costly_rows(0.01))

    def took(**query: Any) -> float:
        began = time.monotonic()
        _list(probe, limit=20, **query)
        return time.monotonic() - began

    assert took(includeItemTypes="Movie", fields="Etag") < 0.2
    assert took(includeItemTypes="Movie", fields="Etag,People") >= 0.2
    assert took(includeItemTypes="Movie", fields="MediaSources,People") >= 0.4
    assert took() >= 0.2


def test_a_page_can_be_held_back_until_the_test_lets_go(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """How a test stops the world in the middle of a sync."""
    let_go = threading.Event()
    fault = simulator.faults.add("^/Items$", faults.before(lambda: let_go.wait(10)), times=1)
    found: list[list[str]] = []
    reader = threading.Thread(target=lambda: found.append(_list(probe)))
    reader.start()

    assert fault.fired.wait(10)
    assert not found
    assert probe.get("/System/Ping").status == 200  # the rest of the server goes on
    let_go.set()
    reader.join(10)
    assert found


def test_totals_rows_and_order_can_lie(simulator: JellyfinSimulator, probe: Probe) -> None:
    """Rule Y7: a million announced and ten given, and other untruths."""
    honest = probe.get("/Items", recursive="true", limit=10).json

    def lied(trouble: faults.Trouble) -> Any:
        fault = simulator.faults.add("^/Items$", trouble)
        page = probe.get("/Items", recursive="true", limit=10).json
        simulator.faults.remove(fault)
        return page

    assert lied(faults.announce(1_000_000)) == honest | {"TotalRecordCount": 1_000_000}
    assert lied(faults.short_page(3)) == honest | {"Items": honest["Items"][:3]}
    assert lied(faults.empty_page()) == honest | {"Items": [], "TotalRecordCount": 0}
    assert lied(faults.reversed_page())["Items"] == honest["Items"][::-1]
    assert lied(faults.duplicate_rows(2))["Items"] == honest["Items"] + honest["Items"][:2]
    assert lied(faults.replace_json([1])) == [1]


def test_an_item_added_between_two_pages_makes_a_row_come_twice(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """Pages move under a reader's feet.

    See docs/protocols/jellyfin.md, Rows.
    """
    first = simulator.world.of_type("Movie")[0]
    simulator.faults.add(
        "^/Items$",
        faults.before(lambda: simulator.world.clone(first.id, sort_name="", name="New")),
        skip=1,
        times=1,
    )
    pages = [_list(probe, start=n) for n in (0, 20)]

    assert pages[0][-1] == pages[1][0]


def test_ties_in_sort_name_can_swap_between_two_pages(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """Equal sort names have no order unless a second key decides.

    See docs/protocols/jellyfin.md, Lists.
    """
    for item in simulator.world.of_type("Movie"):
        simulator.world.edit(item.id, sort_name="same", name="Same")
    order: dict[str, Any] = {"includeItemTypes": "Movie", "limit": 100}
    before = _list(probe, **order)
    stable = _list(probe, sortBy="SortName,DateCreated", **order)
    simulator.world.shuffle_ties()

    assert _list(probe, **order) != before
    assert sorted(_list(probe, **order)) == sorted(before)
    assert _list(probe, sortBy="SortName,DateCreated", **order) == stable


def test_hostile_members_leave_the_server_verbatim(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """NUL, lone surrogates, absurd times, cycles and wrong types."""
    world = simulator.world
    movie, season = world.of_type("Movie")[0], world.of_type("Season")[0]
    hostile = {
        "Name": "nul \0 and half \ud800 a pair",
        "DateCreated": "9999-99-99T99:99:99Z",
        "RunTimeTicks": -(10**30),
        "Genres": {"not": "a list"},
        "UserData": "not an object",
        "Id": 5,
    }
    world.distort(movie.id, **hostile)
    world.distort(season.id, ParentId=season.id, SeriesId=season.id)
    rows = probe.get("/Items", ids=f"{movie.id},{season.id}", fields="Genres,DateCreated,ParentId")
    got, cyclic = rows.json["Items"]

    assert {name: got[name] for name in hostile} == hostile
    assert b"\\ud800" in rows.body
    assert {cyclic["ParentId"], cyclic["SeriesId"]} == {cyclic["Id"]}


def test_phases_of_a_starting_server(simulator: JellyfinSimulator) -> None:
    """Phases of a starting server.

    See docs/protocols/jellyfin.md, Rows.
    """
    probe = Probe(simulator.url)
    simulator.set_phase(Phase.REFUSED)
    with pytest.raises(ConnectionRefusedError):
        probe.get("/System/Info/Public")

    simulator.set_phase(Phase.STARTING)
    starting = probe.get("/System/Info/Public")
    assert (starting.status, starting.headers["Retry-After"]) == (503, "005")
    assert starting.headers["Content-Type"] == "text/html"

    simulator.set_phase(Phase.SETUP)
    setup = probe.get("/System/Info/Public").json
    assert setup["startupWizardCompleted"] is False
    assert "Id" not in setup
    assert probe.get("/Users/Me").status == 503

    simulator.set_phase(Phase.LOADING)
    loading = probe.get("/System/Info/Public")
    assert (loading.status, loading.headers.get("Retry-After")) == (503, None)
    assert b"Please try again shortly" in loading.body
    assert probe.get("/System/Ping").json == "Jellyfin Server"

    simulator.set_phase(Phase.READY)
    assert probe.get("/System/Info/Public").json["StartupWizardCompleted"] is True


def test_older_servers_only_say_that_they_are_loading() -> None:
    """The setup server and Retry-After came with 10.11.

    See docs/protocols/jellyfin.md, Errors.
    """
    with JellyfinSimulator(make_world(10), version="10.10") as simulator:
        for phase in (Phase.STARTING, Phase.SETUP, Phase.LOADING):
            simulator.set_phase(phase)
            answer = Probe(simulator.url).get("/System/Info/Public")
            assert (answer.status, answer.headers.get("Retry-After")) == (503, None)
            assert b"Jellyfin Server is loading" in answer.body


def test_the_port_stays_reserved_while_the_server_refuses(simulator: JellyfinSimulator) -> None:
    """Nobody else can get the port in the meantime."""
    simulator.set_phase(Phase.REFUSED)

    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", simulator.port))


def test_refusing_breaks_connections_that_are_open(simulator: JellyfinSimulator) -> None:
    """A server that goes away takes its connections along."""
    parts = urlsplit(simulator.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", "/System/Ping")
    connection.getresponse().read()
    simulator.set_phase(Phase.REFUSED)

    assert connection.sock.recv(1) == b""
    connection.close()


def test_another_server_answers_on_the_same_port(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """The id changes and old tokens are worthless; only the id tells them apart."""
    old = probe.get("/System/Info/Public").json
    simulator.become_another_server()
    new = probe.get("/System/Info/Public").json

    assert old["Id"] != new["Id"]
    assert old["ProductName"] == new["ProductName"]
    assert probe.get("/Users/Me").status == 401
    rows = probe.login().get("/Items", recursive="true").json["Items"]
    assert {row["ServerId"] for row in rows} == {new["Id"]}


def test_tls_is_trusted_only_with_the_right_authority_and_host() -> None:
    """A certificate of the test's own authority, and one made out to another host."""
    with JellyfinSimulator(make_world(10), tls=True) as simulator:
        assert Probe(simulator.url, ca_file=simulator.ca_file).get("/System/Ping").status == 200
        with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
            Probe(simulator.url).get("/System/Ping")

    with (
        JellyfinSimulator(make_world(10), tls=True, wrong_host=True) as simulator,
        pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for '127\.0\.0\.1'"),
    ):
        Probe(simulator.url, ca_file=simulator.ca_file).get("/System/Ping")


def test_everything_outside_the_base_path_leads_to_the_web_client() -> None:
    """302 with a relative Location.

    See docs/protocols/jellyfin.md, Finding a server.
    """
    with JellyfinSimulator(make_world(10), base_path="/jellyfin") as simulator:
        bare = Probe(simulator.url.removesuffix("/jellyfin"))
        outside = bare.get("/System/Info/Public")
        inside = Probe(simulator.url).get("/System/Info/Public")

        assert (outside.status, outside.headers["Location"]) == (302, "/jellyfin/web/")
        assert bare.get("/health").headers["Location"] == "/jellyfin/health"
        assert inside.status == 200
        assert b"<html>" in bare.get("/JellyFin/web/").body


def test_the_log_counts_requests_and_lists_asked_for_at_the_same_time(
    simulator: JellyfinSimulator, probe: Probe
) -> None:
    """Rule Y1 is checked with this: one list request at a time."""
    _list(probe)
    assert simulator.log.most_concurrent_lists == 1

    together = threading.Barrier(3)
    simulator.faults.add("^/Items$", faults.before(lambda: together.wait(10)), times=3)
    readers = [threading.Thread(target=_list, args=(probe,)) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(10)

    assert simulator.log.most_concurrent_lists == 3
    assert simulator.log.count("/items") == 4
    assert simulator.log.count("/Users/AuthenticateByName", "POST") == 1
    assert "Token=" in (simulator.log.matching("/Items")[0].header("authorization") or "")
    simulator.log.wait_for(lambda requests: len(requests) >= 5)
    with pytest.raises(TimeoutError):
        simulator.log.wait_for(lambda requests: len(requests) > 5, timeout_s=0.05)
