"""The push channels of a media server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import websocket

from tests.simulators.plex import Household, PlexServer
from tests.simulators.plex.client import Probe
from tests.simulators.plex.item import Kind
from tests.simulators.plex.pms.events import EVENTSOURCE, WEBSOCKET

TIMEOUT_S = 20


class EventSource:
    """Reads server-sent events from one open reply."""

    def __init__(self, server: PlexServer, query: str = "", token: str | None = None) -> None:
        parts = urlsplit(server.url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_S
        )
        headers = {"X-Plex-Token": token or server.token}
        self._connection.request("GET", EVENTSOURCE + query, headers=headers)
        self.reply = self._connection.getresponse()

    def next(self) -> tuple[str, Any] | None:
        """Return the next event and its data, or None at the end."""
        lines: list[str] = []
        while line := self.reply.readline():
            if line == b"\n":
                (kind, data) = lines
                return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
            lines.append(line.decode().rstrip("\n"))
        return None

    def next_but_ping(self) -> tuple[str, Any]:
        """Return the next event that says something."""
        while event := self.next():
            if event[0] != "ping":
                return event
        raise EOFError

    def close(self) -> None:
        """Hang up."""
        self.reply.close()
        self._connection.close()


@contextmanager
def _listening(server: PlexServer, query: str = "", token: str | None = None) -> Iterator[Any]:
    source = EventSource(server, query, token)
    try:
        yield source
    finally:
        source.close()


@contextmanager
def _socket(server: PlexServer, query: str = "", token: str | None = None) -> Iterator[Any]:
    opened = websocket.create_connection(
        server.url.replace("http", "ws", 1) + WEBSOCKET + query,
        timeout=TIMEOUT_S,
        header={"X-Plex-Token": token or server.token},
    )
    try:
        server.wait_for_channels(1, TIMEOUT_S)
        yield opened
    finally:
        opened.shutdown()


def _frame(opened: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened.recv())["NotificationContainer"]
    return found


def test_both_channels_tell_the_same_in_their_own_form(server: PlexServer) -> None:
    """EventSource one object, WebSocket an array in a container."""
    movie = server.world.of_kind(Kind.MOVIE)[0]
    with _socket(server) as opened, _listening(server) as source:
        server.wait_for_channels(2, TIMEOUT_S)
        server.world.edit(movie.key, title="Renamed")
        kind, data = source.next_but_ping()
        frame = _frame(opened)

    assert (kind, frame["type"]) == ("timeline", "timeline")
    assert frame["TimelineEntry"] == [data["TimelineEntry"]]
    assert data["TimelineEntry"] | {"updatedAt": 0} == {
        "identifier": "com.plexapp.plugins.library",
        "sectionID": "1",
        "itemID": str(movie.key),
        "type": 1,
        "title": "Renamed",
        "state": 5,
        "updatedAt": 0,
    }


def test_added_deleted_scanned_and_watched(server: PlexServer) -> None:
    """Each as a real server tells it; watching only by a refresh that changed nothing."""
    world = server.world
    movie = world.of_kind(Kind.MOVIE)[0]
    with _socket(server) as opened:
        fresh = world.clone(movie.key)
        added = [_frame(opened)["TimelineEntry"][0] for _ in range(2)]
        world.delete(fresh.key)
        deleted = _frame(opened)["TimelineEntry"][0]
        world.scan(world.section("Movies"))
        scan = [_frame(opened) for _ in range(3)]
        world.watch(movie.key)
        watched = _frame(opened)["ActivityNotification"][0]["Activity"]

    assert [(each["state"], each.get("metadataState")) for each in added] == [
        (0, "created"),
        (5, None),
    ]
    assert (deleted["state"], deleted["metadataState"]) == (9, "deleted")
    assert [each["type"] for each in scan] == ["activity", "activity", "status"]
    assert scan[1]["ActivityNotification"][0]["event"] == "ended"
    assert (watched["type"], watched["Context"]["refreshed"]) == ("library.refresh.items", False)


def test_a_player_is_heard(server: PlexServer) -> None:
    """By frames with its state and position."""
    movie = server.world.of_kind(Kind.MOVIE)[0]
    with _socket(server, "?filters=playing") as opened:
        server.world.edit(movie.key, title="not asked for")
        for state, offset in (("playing", 0), ("stopped", 61_000)):
            server.play(movie, state, offset)
        notices = [_frame(opened)["PlaySessionStateNotification"][0] for _ in range(2)]

    assert [(each["state"], each["viewOffset"]) for each in notices] == [
        ("playing", 0),
        ("stopped", 61_000),
    ]


@pytest.mark.parametrize("query", ["?filters=timeline", "?filters=-status,-activity"])
def test_a_client_hears_what_it_asks_for(server: PlexServer, query: str) -> None:
    """By name, or by leaving out."""
    movie = server.world.of_kind(Kind.MOVIE)[0]
    with _listening(server, query) as source:
        server.wait_for_channels(1, TIMEOUT_S)
        server.world.scan(server.world.section("Movies"))
        server.world.edit(movie.key, title="Renamed")

        assert source.next_but_ping()[0] == "timeline"


def test_a_shared_account_hears_of_its_sections_only(household: Household) -> None:
    """Changes elsewhere stay unsaid."""
    server, world = household.shared, household.shared.world
    token = household.tv.access_token(server, household.alice)
    plain = server.doors[0].plain_url.replace("http", "ws", 1)
    opened = websocket.create_connection(
        plain + WEBSOCKET, timeout=TIMEOUT_S, header={"X-Plex-Token": token}
    )
    try:
        server.wait_for_channels(1, TIMEOUT_S)
        world.edit(world.of_kind(Kind.TRACK)[0].key, title="unseen")
        world.edit(world.of_kind(Kind.MOVIE)[0].key, title="seen")

        assert _frame(opened)["TimelineEntry"][0]["title"] == "seen"
    finally:
        opened.shutdown()


def test_events_get_doubled_late_and_lost(server: PlexServer) -> None:
    """As a test wishes."""
    movie = server.world.of_kind(Kind.MOVIE)[0]
    with _socket(server, "?filters=timeline") as opened:
        server.disturbance.lost = 1
        server.world.edit(movie.key, title="lost")
        server.push("timeline", {"title": "after it"})
        assert _frame(opened)["TimelineEntry"][0]["title"] == "after it"

        server.disturbance.repeats = 2
        server.push("timeline", {"title": "twice"})
        assert [_frame(opened)["TimelineEntry"][0]["title"] for _ in range(2)] == ["twice"] * 2

        server.disturbance.repeats, server.disturbance.delay_s = 1, 0.05
        server.push("timeline", {"title": "late"})
        server.disturbance.delay_s = 0
        server.push("timeline", {"title": "early"})
        assert [_frame(opened)["TimelineEntry"][0]["title"] for _ in range(2)] == ["early", "late"]


def test_a_deletion_may_happen_without_a_word(server: PlexServer) -> None:
    """The next thing heard is something else."""
    first, second = server.world.of_kind(Kind.MOVIE)[:2]
    with _socket(server) as opened:
        server.world.delete(first.key, quiet=True)
        server.world.edit(second.key, title="told")

        assert _frame(opened)["TimelineEntry"][0]["title"] == "told"


def test_pings_come_until_they_stop(server: PlexServer) -> None:
    """Silence is what a dead line looks like."""
    server.disturbance.ping_every_s = 0.01
    with _listening(server) as source:
        assert [source.next() for _ in range(3)] == [("ping", {})] * 3

    server.disturbance.pings = False
    with _listening(server) as source:
        server.wait_for_channels(1, TIMEOUT_S)
        server.push("status", {"title": "first heard"})
        assert source.next()[0] == "status"


def test_channels_close_break_and_are_refused(server: PlexServer) -> None:
    """In an orderly way, suddenly, and for a worthless token."""
    with _socket(server) as opened:
        server.close_channels()
        assert opened.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
    with _listening(server) as source:
        server.wait_for_channels(1, TIMEOUT_S)
        server.close_channels()
        while source.next():
            pass
    server.wait_for_channels(0, TIMEOUT_S)
    with _socket(server) as opened:
        server.break_channels()
        with pytest.raises((websocket.WebSocketException, ConnectionError)):
            opened.recv()
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(
            server.url.replace("http", "ws", 1) + WEBSOCKET, timeout=TIMEOUT_S
        )
    assert refused.value.status_code == 401
    assert Probe(url=server.url, token="x").get(EVENTSOURCE).status == 401


def test_only_the_plural_path_is_there(server: PlexServer) -> None:
    """The document's singular one is no channel."""
    assert Probe.of(server).get("/:/websocket/notifications").status == 404


def test_a_restart_ends_every_channel(server: PlexServer) -> None:
    """And afterwards the server listens again, on the same port."""
    with _listening(server) as source:
        server.wait_for_channels(1, TIMEOUT_S)
        server.restart()
        with pytest.raises((EOFError, OSError, http.client.HTTPException)):
            source.next_but_ping()

    assert Probe.of(server).get("/identity").status == 200
