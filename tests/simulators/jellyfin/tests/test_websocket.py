"""The push channel, read by a websocket library of somebody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
import websocket

from tests.simulators.jellyfin import JellyfinSimulator, Timing, make_world
from tests.simulators.jellyfin.client import Probe
from tests.simulators.jellyfin.world.physical import folder_id
from tests.simulators.jellyfin.world.userdata import mark

Start = Callable[..., JellyfinSimulator]
QUICK = Timing(library_quiet_s=0.1, user_data_quiet_s=0.05)


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[JellyfinSimulator] = []

    def run(version: str = "10.11", timing: Timing = QUICK) -> JellyfinSimulator:
        simulator = JellyfinSimulator(make_world(100), version=version, timing=timing)
        simulator.start()
        running.append(simulator)
        return simulator

    yield run
    for simulator in running:
        simulator.stop()


class Listener:
    """One open socket; `next` waits for a message of one type."""

    def __init__(self, simulator: JellyfinSimulator, token: str | None, query: str = "") -> None:
        address = simulator.url.replace("http", "ws") + "/socket" + query
        header = [f'Authorization: MediaBrowser Token="{token}"'] if token else []
        self.socket = websocket.create_connection(address, header=header, timeout=10)

    def next(self, kind: str) -> Any:
        while True:
            message = json.loads(self.socket.recv())
            assert len(message["MessageId"]) == 32
            if message["MessageType"] == kind:
                return message.get("Data")

    def is_closed(self) -> bool:
        try:
            while self.socket.recv():
                pass
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return True
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close(timeout=0)


@pytest.mark.parametrize("version", ["10.8", "12"])
def test_a_bad_token_is_refused_with_403_in_the_handshake(start: Start, version: str) -> None:
    """Not 401, and api_key is read until 10.11 only."""
    simulator = start(version)
    token = Probe(simulator.url).login().token
    attempts = [("", None), ("?ApiKey=bad", None), (f"?ApiKey={token}", "bad")]
    if version == "12":
        attempts.append((f"?api_key={token}", None))
    for query, header in attempts:
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            Listener(simulator, header, query)
    simulator.disable_user("alice")
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        Listener(simulator, token)
    simulator.disable_user("alice", disabled=False)
    with Listener(simulator, None, f"?ApiKey={token}") as listener:
        assert listener.next("ForceKeepAlive") == 60


def test_a_keep_alive_is_echoed(start: Start) -> None:
    """The client's proof that the channel lives."""
    simulator = start()
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        listener.socket.send(json.dumps({"MessageType": "KeepAlive"}))
        assert listener.next("KeepAlive") is None


@pytest.mark.parametrize("version", ["10.11", "12"])
def test_a_silent_client_is_warned_and_then_forgotten(start: Start, version: str) -> None:
    """The socket stays open in every version, and nothing arrives on it any more."""
    timing = Timing(keep_alive_s=1, check_every_s=0.2, library_quiet_s=0.05)
    simulator = start(version, timing)
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        assert listener.next("ForceKeepAlive") == 1
        assert listener.next("ForceKeepAlive") == 1
        assert simulator.sockets.open[0].forgotten.wait(10)
        simulator.world.edit(simulator.world.of_type("Movie")[0].id, name="Unheard")
        listener.socket.settimeout(0.5)
        with pytest.raises(websocket.WebSocketTimeoutException):
            listener.next("LibraryChanged")


def test_changes_of_the_library_are_told_together_after_a_quiet_time(start: Start) -> None:
    """Added, updated and removed in one message; ids never seen are among the removed."""
    simulator = start()
    world = simulator.world
    first, second, third = world.of_type("Movie")[:3]
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        listener.next("ForceKeepAlive")
        added = world.clone(first.id, name="Neu")
        world.edit(second.id, name="Geändert")
        world.make_unseen(third.id, simulator.user())
        world.delete(third.id)
        data = listener.next("LibraryChanged")

    assert data["ItemsAdded"] == [added.id]
    assert data["ItemsUpdated"] == [second.id]
    assert data["ItemsRemoved"] == [third.id]
    assert data["FoldersAddedTo"] == [folder_id(first.library_id)]
    assert data["CollectionFolders"] == sorted(world.libraries)
    assert data["IsEmpty"] is False


def test_every_change_restarts_the_wait(start: Start) -> None:
    """During a scan the message comes only at its end."""
    simulator = start(timing=Timing(library_quiet_s=0.4))
    movies = simulator.world.of_type("Movie")[:8]
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        listener.next("ForceKeepAlive")
        began = time.monotonic()
        while time.monotonic() < began + 1:
            for movie in movies:
                simulator.world.edit(movie.id, name="Scanned")
        last = time.monotonic()
        data = listener.next("LibraryChanged")

    assert time.monotonic() - last > 0.3
    assert data["ItemsUpdated"] == sorted(movie.id for movie in movies)


def test_what_a_user_may_not_see_is_not_told(start: Start) -> None:
    """Added and updated are filtered, removed is not."""
    simulator = start()
    world = simulator.world
    hidden, virtual, seen = world.of_type("Movie")[:3]
    virtual.virtual = True
    world.make_unseen(hidden.id, simulator.user())
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        world.edit(hidden.id, name="Secret")
        world.edit(virtual.id, name="Missing")
        world.edit(seen.id, name="Public")
        assert listener.next("LibraryChanged")["ItemsUpdated"] == [seen.id]


def test_a_users_data_is_told_with_the_parent_to_that_user_only(start: Start) -> None:
    """Marks and stops are told, progress is not."""
    simulator = start()
    world, alice = simulator.world, simulator.user()
    track = world.of_type("Audio")[0]
    movie = world.of_type("Movie")[0]
    probe = Probe(simulator.url).login()
    admin = Probe(simulator.url, device_id="other").login("admin", "root")
    with Listener(simulator, probe.token) as listener, Listener(simulator, admin.token) as other:
        mark(world, alice, track, played=True)
        data = listener.next("UserDataChanged")
        rows = {row["ItemId"]: row for row in data["UserDataList"]}
        assert data["UserId"] == alice.id
        assert set(rows) == {track.id, track.album_id}
        assert rows[track.id]["Played"] is True

        body = {"ItemId": movie.id, "PositionTicks": (movie.runtime_ticks or 0) // 2}
        probe.ask("POST", "/Sessions/Playing/Progress", body)
        simulator.world.edit(movie.id, name="A marker in the stream")
        kinds: list[str] = []
        while not kinds or kinds[-1] != "LibraryChanged":
            kinds.append(json.loads(listener.socket.recv())["MessageType"])
        assert "UserDataChanged" not in kinds
        heard: list[str] = []
        while not heard or heard[-1] != "LibraryChanged":
            heard.append(json.loads(other.socket.recv())["MessageType"])
        assert "UserDataChanged" not in heard


def test_a_restart_is_announced_and_ends_the_channel(start: Start) -> None:
    """ServerRestarting, then nothing."""
    simulator = start()
    token = Probe(simulator.url).login().token
    with Listener(simulator, token) as listener:
        listener.next("ForceKeepAlive")
        simulator.restart()
        listener.next("ServerRestarting")
        assert listener.is_closed()
    with Listener(simulator, token) as listener:
        assert listener.next("ForceKeepAlive") == 60


def test_a_test_can_send_unknown_and_repeated_messages_and_drop_the_channel(start: Start) -> None:
    """Clients have to ignore both and to come back."""
    simulator = start()
    with Listener(simulator, Probe(simulator.url).login().token) as listener:
        listener.next("ForceKeepAlive")
        simulator.push("NeverHeardOf", {"x": 1}, message_id="1" * 32)
        simulator.push("NeverHeardOf", {"x": 1}, message_id="1" * 32)
        assert [listener.next("NeverHeardOf")["x"] for _ in range(2)] == [1, 1]
        simulator.drop_connections()
        assert listener.is_closed()
