"""The behaviours a test can inject into a media server."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from tests.simulators.plex import PlexServer, faults
from tests.simulators.plex.client import Probe
from tests.simulators.plex.item import Item, Kind

ALL = "/library/sections/1/all?sort=id"
PAGE = ALL + "&X-Plex-Container-Start={}&X-Plex-Container-Size={}"


@pytest.fixture
def probe(server: PlexServer) -> Probe:
    """The owner, by JSON."""
    return Probe.of(server)


@pytest.fixture
def movies(server: PlexServer) -> list[Item]:
    """The movies in the order of their keys."""
    return server.world.of_kind(Kind.MOVIE, section=server.world.section("Movies"))


@pytest.mark.parametrize(
    ("trouble", "text"),
    [(faults.maintenance(), b"startup maintenance tasks"), (faults.migrating(), b"migrations")],
)
def test_a_server_that_starts_answers_everything_in_xml(
    server: PlexServer, probe: Probe, trouble: faults.Trouble, text: bytes
) -> None:
    """The first so many requests, /identity among them."""
    server.faults.add("", trouble, times=2)

    for target in ("/identity", "/library/sections"):
        answer = probe.get(target)
        assert answer.status == 503
        assert answer.body.startswith(b'<Response code="503" title="Maintenance"')
        assert text in answer.body
    assert probe.get("/identity").status == 200


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 412, 500, 501, 503, 509])
def test_any_error_comes_as_html(server: PlexServer, probe: Probe, code: int) -> None:
    """Once, and then all is well."""
    server.faults.add("/all$", faults.html(code), times=1)

    answer = probe.get(ALL)
    assert (answer.status, answer.headers["Content-Type"]) == (code, "text/html")
    assert probe.get(ALL).status == 200


def test_a_token_is_refused_for_a_moment(server: PlexServer, probe: Probe) -> None:
    """As by an overloaded server: the same token is good afterwards."""
    server.faults.add("", faults.html(401), times=2)

    assert [probe.get("/").status for _ in range(3)] == [401, 401, 200]


def test_pages_are_short_empty_doubled_reversed_and_lie(
    server: PlexServer, probe: Probe, movies: list[Item]
) -> None:
    """Each as its name says."""
    keys = [item.key for item in movies[:6]]
    target = PAGE.format(0, 6)
    for trouble, expected, total in (
        (faults.short_page(2), keys[:2], len(movies)),
        (faults.short_page(0), [], len(movies)),
        (faults.empty_page(), [], 0),
        (faults.duplicate_rows(2), keys + keys[:2], len(movies)),
        (faults.reversed_page(), keys[::-1], len(movies)),
        (faults.announce(1_000_000), keys, 1_000_000),
    ):
        server.faults.add("/all$", trouble, times=1)
        page = probe.container(target)
        assert [int(row["ratingKey"]) for row in page.get("Metadata", [])] == expected
        assert page["totalSize"] == total
    server.faults.add("/all$", faults.no_total(), times=1)
    assert not {"totalSize", "offset"} & probe.container(target).keys()


def test_numbers_come_as_strings(server: PlexServer, probe: Probe) -> None:
    """And truth values as digits."""
    server.faults.add("", faults.numeric_strings())
    page = probe.container(PAGE.format(0, 1))

    assert (page["size"], page["offset"], page["allowSync"]) == ("1", "0", "1")
    assert page["Metadata"][0]["Media"][0]["hasVoiceActivity"] == "0"


def test_bytes_are_not_utf8(server: PlexServer, probe: Probe) -> None:
    """JSON but for one title."""
    server.faults.add("/all$", faults.invalid_utf8())
    body = probe.get(ALL).body

    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert json.loads(body.decode(errors="replace"))["MediaContainer"]["size"] == 1


def test_a_page_is_late_or_never_comes(server: PlexServer, probe: Probe) -> None:
    """Held back by an event that the test sets."""
    leave = threading.Event()
    fault = server.faults.add("/all$", faults.before(lambda: leave.wait(30)), times=1)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(probe.get(ALL).status))
    asking.start()

    assert fault.fired.wait(30)
    assert answers == []
    leave.set()
    asking.join(30)
    assert answers == [200]


def test_a_reply_breaks_off_or_is_not_whole(server: PlexServer, probe: Probe) -> None:
    """In the middle of the connection, and in the middle of the JSON."""
    server.faults.add("/all$", faults.cut_after(400), times=1)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        probe.get(ALL)
    server.faults.add("/all$", faults.truncated(300), times=1)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        _ = probe.get(ALL).json


def test_an_item_moves_between_two_pages(
    server: PlexServer, probe: Probe, movies: list[Item]
) -> None:
    """One deleted from the first page lets another slip past the second."""
    first, slipped = movies[0].key, movies[5].key
    server.faults.add("/all$", faults.before(lambda: server.world.delete(first)), skip=1, times=1)
    pages = [probe.keys(PAGE.format(start, 5)) for start in range(0, len(movies), 5)]

    assert slipped not in [key for page in pages for key in page]


def test_one_request_of_many_is_met(server: PlexServer, probe: Probe) -> None:
    """By path, by query, after some."""
    server.faults.add(
        "/all$",
        faults.html(500),
        where=lambda request: "type=4" in request.query_string,
        skip=1,
        times=1,
    )

    assert [probe.get("/library/sections/2/all?type=4").status for _ in range(3)] == [200, 500, 200]
    assert probe.get("/library/sections/2/all?type=2").status == 200


def test_the_log_tells_what_was_asked(server: PlexServer, probe: Probe) -> None:
    """By route, with headers; most lists at one moment too."""
    probe.get(ALL)
    (logged,) = server.log.matching("/library/sections/{section}/all")

    assert logged.header("x-plex-token") == server.token
    assert logged.query == "sort=id"
    assert server.log.most_concurrent_lists == 1
    assert server.log.count("/identity") == 0
