"""No secret leaves the keyring: each place where msd leaves something is searched (K1)."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from msd.redaction import Outlet
from tests.simulators.jellyfin import JellyfinSimulator, faults, make_world
from tests.support.fakes.leaky_backend import PASSWORD, install, token_of
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import COORDINATOR, NAME, ROOT, CallError, Daemon
from tests.support.session.keyring import Keyring

PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
USERS = ("fine", "unreachable", "crashing", "refused", "failing-sync", "crashing-sync")
SECRET = "the other canary"  # the password of the Jellyfin user


class Places:
    """Everything that was searched, by its kind."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def add(self, place: str, content: bytes | str) -> None:
        data = content.encode() if isinstance(content, str) else content
        self.found[place] = self.found.get(place, b"") + data

    def add_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.add(f"file {path.relative_to(folder)}", path.read_bytes())

    def add_process(self, who: str, pid: int) -> None:
        for name in ("cmdline", "environ"):
            self.add(f"{who} {name}", Path("/proc", str(pid), name).read_bytes())

    def hits(self, *canaries: str) -> set[str]:
        """Return where a canary is, as it is or as JSON and addresses spell it."""
        spellings = {c.encode() for c in canaries} | {
            json.dumps(c)[1:-1].encode() for c in canaries
        }
        return {
            place
            for place, content in self.found.items()
            if any(spelling in content for spelling in spellings)
        }


@contextmanager
def monitored(bus: PrivateBus, file: Path) -> Iterator[None]:
    """Write down everything that msd sends over the bus."""
    with file.open("wb") as out:
        monitor = subprocess.Popen(
            ["dbus-monitor", "--session", f"sender='{NAME}'"],
            env=dict(bus.environment),
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield
    finally:
        monitor.terminate()
        monitor.wait(10)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path("/proc", str(pid), "task", str(pid), "children").read_text()
    return [int(word) for word in text.split()]


@pytest.fixture
def canaries(bus: PrivateBus, keyring: Keyring, tmp_path: Path) -> Iterator[Daemon]:
    """An msd that is not started yet, with a backend that leaks what it can."""
    install(tmp_path / "plugins")
    extra = {"PYTHONPATH": str(tmp_path / "plugins"), "PYTHONFAULTHANDLER": "1"}
    daemon = Daemon(bus, tmp_path / "home", extra)
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


def refused(places: Places, daemon: Daemon, *call: str) -> None:
    """Make a call that fails, and look at its error."""
    with pytest.raises(CallError) as raised:
        daemon.call(*call)
    places.add("D-Bus errors", str(raised.value))


def add(daemon: Daemon, user: str) -> str:
    """Add a source of the leaky backend."""
    options = ("2", "user", "s", user, "password", "s", PASSWORD)
    (source_id,) = daemon.call("AddSource", "sa{sv}", "leaky", *options)
    return str(source_id)


def look_at_the_bus(places: Places, daemon: Daemon) -> None:
    """Read every property, status, explanation and error there is."""
    places.add(
        "GetManagedObjects", daemon._run("call", NAME, ROOT, OBJECT_MANAGER, "GetManagedObjects")
    )
    places.add("GetAll", daemon._run("call", NAME, ROOT, PROPERTIES, "GetAll", "s", COORDINATOR))
    for source in daemon.call("ListSources"):
        places.add("ListSources", json.dumps(source, ensure_ascii=False))
        steps = daemon.call("Explain", "s", source["id"])
        places.add("Explain", json.dumps(steps, ensure_ascii=False))
    items, _, _ = daemon.query("fields", "as", "1", "*")
    places.add("QueryItems", json.dumps(items, ensure_ascii=False))


def leak_everything(places: Places, daemon: Daemon, monitor: Path) -> None:
    """Add, fail, sync, sign in again, restart and crash; then search all that is left."""
    with monitored(daemon.bus, monitor):
        daemon.start()
        wrong = ("sa{sv}", "leaky", "2", "user", "s")
        refused(places, daemon, "AddSource", *wrong, "wrong", "password", "s", PASSWORD)
        refused(places, daemon, "AddSource", *wrong, "exploding", "password", "s", PASSWORD)
        sources = {user: add(daemon, user) for user in USERS}
        daemon.until_synced(sources["fine"])
        for user, status in (
            ("unreachable", "offline"),
            ("crashing", "error"),
            ("refused", "needs-auth"),
        ):
            daemon.until(lambda u=user, s=status: daemon.status(sources[u])[0] == s, user)
        for user in ("failing-sync", "crashing-sync"):
            source = f"{ROOT}/source/{sources[user]}"
            daemon.until(
                lambda s=source: daemon.get(s, f"{NAME}.Source", "LastSyncError") != "", user
            )
        login = daemon.call(
            "Reauthenticate", "sa{sv}", sources["refused"], "1", "owner_token", "s", "o" * 16
        )
        sign_in_anew(daemon, login)
        look_at_the_bus(places, daemon)
        assert daemon.process is not None
        places.add_process("msd", daemon.process.pid)
        daemon.stop()
        daemon.start()
        look_at_the_bus(places, daemon)
        daemon.process.send_signal(signal.SIGABRT)
        daemon.process.wait(10)
    places.add("all messages of msd on the bus", monitor.read_bytes())
    places.add_files(daemon.home)


def sign_in_anew(daemon: Daemon, login: str) -> None:
    """Sign in again with a password, as often as it is asked for."""
    while daemon.get(login, f"{NAME}.Login", "State") == "waiting":
        if daemon.get(login, f"{NAME}.Login", "Step") == "password":
            daemon._run(
                *("call", NAME, login, f"{NAME}.Login", "SubmitPassword", "sa{sv}", PASSWORD),
                *("1", "owner_token", "s", "o" * 16),
            )


def secrets() -> tuple[str, ...]:
    tokens = [token_of(user) for user in USERS]
    return (PASSWORD, *tokens, *(f"{token}0" for token in tokens))


@pytest.mark.timeout(180)
def test_what_a_careless_backend_tells_of_secrets_leaves_msd_nowhere(
    canaries: Daemon, tmp_path: Path
) -> None:
    """A leaky backend leaks into no journal, crash output, database or message (K1)."""
    places = Places()

    leak_everything(places, canaries, tmp_path / "monitor")

    assert "call first" in canaries.log  # faulthandler has spoken
    assert canaries.log.count("***") > 20
    looked_at = sorted(places.found)
    print(f"{len(looked_at)} places searched for {len(secrets())} secrets: {', '.join(looked_at)}")
    assert {"file data/msd/state.db", "file data/msd/cache.db", "file log"} <= places.found.keys()
    assert set() == places.hits(*secrets())


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("outlet", "place"),
    [
        (Outlet.LOG, "file log"),
        (Outlet.BUS, "all messages of msd on the bus"),
        (Outlet.DATABASE, "file data/msd/state.db"),
    ],
)
def test_an_outlet_without_its_redaction_is_noticed(
    canaries: Daemon, tmp_path: Path, outlet: Outlet, place: str
) -> None:
    """The test above can fail in each place."""
    canaries.command = (sys.executable, "-m", "tests.support.session.leaking_msd", outlet)
    places = Places()

    leak_everything(places, canaries, tmp_path / "monitor")

    assert place in places.hits(*secrets())


@pytest.mark.timeout(120)
def test_a_server_that_repeats_the_token_finds_no_place_for_it(
    canaries: Daemon, tmp_path: Path
) -> None:
    """A token in titles, names, error pages and redirects of a server is stored nowhere (K1)."""
    places = Places()
    world = make_world(60, seed=3)
    world.add_user("carol", SECRET)
    with (
        JellyfinSimulator(world, version="10.11") as sim,
        monitored(canaries.bus, tmp_path / "monitor"),
    ):
        canaries.start()
        source_id = canaries.add_jellyfin(sim.url, "carol", SECRET)
        canaries.until_synced(source_id)
        (token,) = {
            value.split('Token="')[1].split('"')[0]
            for request in sim.log.requests
            for name, value in request.headers
            if name.lower() == "authorization" and 'Token="' in value
        }

        def echo(page: dict[str, object]) -> object:
            text = json.dumps(page)
            return json.loads(text.replace('"Name": "', f'"Name": "{token} '))

        hold = sim.faults.add("/Items", faults.late(2), times=1)
        sim.faults.add("/(Items|UserViews|Views)", faults.rewrite(echo))
        canaries.call("SyncSource", "s", source_id)
        canaries.until(hold.fired.is_set, "the sync is in the middle")
        assert canaries.process is not None
        (worker,) = children(canaries.process.pid)
        places.add_process("worker", worker)
        canaries.until_synced(source_id)
        assert any("***" in item["title"] for item in canaries.query("limit", "u", "50")[0])
        sim.faults.clear()
        sim.faults.add(".*", faults.status(500, f"Token={token}"))
        canaries.call("SyncSource", "s", source_id)
        canaries.until(lambda: canaries.status(source_id)[0] == "offline", "offline")
        sim.faults.clear()
        sim.faults.add(".*", faults.redirect(f"http://elsewhere.invalid/?api_key={token}"))
        canaries.call("InitializeAllSources")
        canaries.until(lambda: canaries.status(source_id)[1] == "not-a-media-server", "redirected")
        look_at_the_bus(places, canaries)
        canaries.stop()
    places.add("all messages of msd on the bus", (tmp_path / "monitor").read_bytes())
    places.add_files(canaries.home)

    print(f"{len(places.found)} places searched")
    assert set() == places.hits(token, SECRET)
