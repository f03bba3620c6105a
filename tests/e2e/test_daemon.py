"""The daemon as a process: start, stop, exit codes, damaged files."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import COORDINATOR, LIBRARY, NAME, ROOT, CallError, Daemon

HEAVY = ("sqlalchemy", "httpx", "keyring", "secretstorage", "rich", "guessit")


@pytest.fixture
def daemon(bus: PrivateBus, tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(bus, tmp_path / "home")
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


def state(daemon: Daemon) -> str:
    return str(daemon.get(ROOT, COORDINATOR, "State"))


def until_ready(daemon: Daemon, expected: str = "ready") -> None:
    daemon.until(lambda: state(daemon) == expected, f"State is {expected}")


def test_it_answers_at_once_and_stops_with_code_0(daemon: Daemon) -> None:
    """The name is owned at once, and SIGTERM ends with code 0 (O1, O4)."""
    daemon.start()
    assert daemon.call("ListSources") == []
    assert state(daemon) == "ready"

    code, seconds = daemon.stop()

    assert code == 0
    assert seconds < 5
    assert "Traceback" not in daemon.log


def test_files_are_private(daemon: Daemon) -> None:
    """Files have mode 0600 and folders 0700 (K5)."""
    daemon.start()
    until_ready(daemon)

    data = daemon.home / "data" / "msd"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in data.iterdir()}
    daemon.stop()

    assert oct(data.stat().st_mode & 0o777) == "0o700"
    assert set(modes.values()) == {"0o600"}


def test_a_second_instance_says_who_has_the_name(daemon: Daemon) -> None:
    """A second instance ends with a message that names the first one (O5)."""
    daemon.start()
    assert daemon.process is not None

    second = subprocess.run(
        [sys.executable, "-m", "msd"],
        env=daemon.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert second.returncode == 78
    assert str(daemon.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    daemon.stop()


def test_losing_the_bus_ends_it_with_a_code_that_restarts_it(daemon: Daemon) -> None:
    """A lost bus ends msd with a code for which systemd restarts it (O5)."""
    daemon.start()
    until_ready(daemon)
    assert daemon.process is not None

    daemon.bus.kill()

    assert daemon.process.wait(10) == 1
    assert "Traceback" not in daemon.log


def test_without_a_bus_it_says_so(daemon: Daemon) -> None:
    """A missing bus is one sentence and a code other than 0 (O5)."""
    daemon.bus.kill()

    done = subprocess.run(
        [sys.executable, "-m", "msd"],
        env={**daemon.environment, "XDG_RUNTIME_DIR": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_settings_that_can_not_be_meant_end_it_with_78(daemon: Daemon) -> None:
    """Wrong settings are one sentence and exit code 78."""
    config = daemon.home / "config" / "msd"
    config.mkdir(parents=True)
    (config / "msd.toml").write_text("[sync]\ninterval = 5\n")

    done = subprocess.run(
        [sys.executable, "-m", "msd"],
        env=daemon.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 78
    assert "unknown key sync.interval" in done.stderr


def test_sigterm_while_it_starts_ends_it_cleanly(daemon: Daemon) -> None:
    """SIGTERM ends msd cleanly at any moment of its start (O4)."""
    for _ in range(3):
        daemon.start()
        code, seconds = daemon.stop()
        assert code == 0
        assert seconds < 5
    assert "Traceback" not in daemon.log


def test_a_damaged_cache_is_moved_aside_and_made_anew(daemon: Daemon, media: Path) -> None:
    """A damaged cache is replaced; sources stay and the revision never goes back (O1, Y10)."""
    daemon.start()
    source_id = str(daemon.call("AddLocalSource", "s", str(media)))
    daemon.until_synced(source_id)
    items = daemon.count()
    revision = daemon.get(ROOT, COORDINATOR, "Revision")
    daemon.stop()
    cache = daemon.home / "data" / "msd" / "cache.db"
    cache.write_bytes(b"this is no database" * 1000)

    daemon.start()
    daemon.until_synced(source_id)
    daemon.until(lambda: daemon.count() == items, "the cache is filled again")

    assert daemon.get(ROOT, COORDINATOR, "Revision") > revision
    assert [path for path in cache.parent.iterdir() if "damaged" in path.name]
    assert "the cache was rebuilt" in daemon.log
    daemon.stop()


def test_a_newer_database_is_refused_untouched_and_the_daemon_says_so(daemon: Daemon) -> None:
    """A newer database makes msd degraded, with clear errors (O1)."""
    daemon.start()
    until_ready(daemon)
    daemon.stop()
    state_db = daemon.home / "data" / "msd" / "state.db"
    garbage = b"SQLite format 3\0" + b"\xff" * 5000
    for path in state_db.parent.glob("state.db*"):
        path.unlink()
    state_db.write_bytes(garbage)

    daemon.start()
    until_ready(daemon, "degraded")

    with pytest.raises(CallError, match=r"(?i)state\.db"):
        daemon.call("ListSources")
    assert state_db.read_bytes() == garbage
    code, _ = daemon.stop()
    assert code == 0


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_disk_that_can_be_used_again_ends_the_degraded_state(daemon: Daemon, media: Path) -> None:
    """Nobody has to restart msd when there is room or a mount again (O7)."""
    daemon.start()
    until_ready(daemon)
    source_id = daemon.call("AddLocalSource", "s", str(media))
    daemon.until_synced(source_id)
    daemon.stop()
    data = daemon.home / "data" / "msd"
    away = data.with_name("not mounted yet")
    data.rename(away)
    data.write_text("where a directory belongs")

    daemon.start()
    until_ready(daemon, "degraded")
    with pytest.raises(CallError):
        daemon.call("ListSources")
    data.unlink()
    away.rename(data)

    daemon.until(lambda: daemon.get(ROOT, COORDINATOR, "State") == "ready", "ready", timeout_s=90)
    assert [source["id"] for source in daemon.call("ListSources")] == [source_id]
    assert daemon.count() > 0


def test_nothing_heavy_is_imported_before_the_first_answer(daemon: Daemon, media: Path) -> None:
    """Modules that cost start-up time are imported after the first answer."""
    daemon.start()
    daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
    daemon.stop()
    spy = daemon.home / "spy.py"
    spy.write_text(
        "import sys, json, os\n"
        "from msd.dbus.serving import server\n"
        "answer = server.BusServer._answer\n"
        "async def first(self, message, *rest):\n"
        "    await answer(self, message, *rest)\n"
        "    if message.member == 'QueryItems':\n"
        "        with open(os.environ['SEEN'], 'w') as out:\n"
        "            json.dump(sorted(sys.modules), out)\n"
        "server.BusServer._answer = first\n"
        "from msd import app\n"
        "start = app.SourceCoordinator.start\n"
        "app.SourceCoordinator.start = lambda self: None\n"
        "from msd.__main__ import main\n"
        "sys.exit(main())\n"
    )
    seen = daemon.home / "modules.json"
    process = subprocess.Popen([sys.executable, spy], env={**daemon.environment, "SEEN": str(seen)})
    daemon.process = process
    daemon.until(daemon._owns_name, "the name is owned")

    assert daemon.count() > 0
    daemon.until(seen.exists, "the modules are listed")
    daemon.until(lambda: bool(seen.read_text()), "they are written")

    modules = set(__import__("json").loads(seen.read_text()))
    assert not [name for name in HEAVY if name in modules]
    daemon.stop()


def test_a_caller_that_vanishes_or_talks_nonsense_leaves_it_alive(
    daemon: Daemon, media: Path
) -> None:
    """Callers that leave or send wrong arguments don't end msd (K6)."""
    daemon.start()
    daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
    bad = [
        ("QueryItems", "a{sv}", "1", "colour", "s", "red"),
        ("QueryItems", "a{sv}", "1", "limit", "s", "many"),
        ("QueryItems", "a{sv}", "1", "limit", "u", "501"),
        ("QueryItems", "a{sv}", "1", "cursor", "s", "nonsense"),
        ("QueryItems", "s", "x"),
        ("GetItems", "asa{sv}", "1", "x" * 70_000, "0"),
        ("NoSuchMember",),
    ]
    for words in bad:
        with pytest.raises(CallError):
            daemon.call(*words, interface=LIBRARY)
    callers = [
        subprocess.Popen(
            ["busctl", "--user", "call", NAME, ROOT, LIBRARY, "QueryItems", "a{sv}", "0"],
            env=daemon.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(10)
    ]
    for caller in callers:
        caller.kill()
        caller.wait()

    assert daemon.count() > 0
    code, _ = daemon.stop()
    assert code == 0
    assert "Traceback" not in daemon.log


def test_a_stop_signal_ends_it_although_a_thread_hangs(daemon: Daemon, media: Path) -> None:
    """SIGTERM ends msd within 5 s with code 0, also when a disk call hangs (O4)."""
    daemon.home.mkdir(parents=True)
    fifo = daemon.home / "hangs"
    os.mkfifo(fifo)
    spy = daemon.home / "spy.py"
    spy.write_text(
        "import sys, os\n"
        "from msd.managers.cache import CacheManager\n"
        "async def query(self, query, *, hidden):\n"
        "    return await self._read(open, os.environ['FIFO'])\n"
        "CacheManager.query = query\n"
        "from msd.__main__ import run_and_leave\n"
        "run_and_leave()\n"
    )
    daemon.process = subprocess.Popen(
        [sys.executable, spy], env={**daemon.environment, "FIFO": str(fifo)}
    )
    daemon.until(daemon._owns_name, "the name is owned")
    until_ready(daemon)

    def ask() -> None:
        with pytest.raises(CallError):
            daemon.count()

    caller = threading.Thread(target=ask)
    caller.start()
    daemon.call("ListSources")

    daemon.process.send_signal(signal.SIGTERM)

    assert daemon.process.wait(6) == 0
    caller.join(10)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with three files that look like films."""
    folder = tmp_path / "Films"
    folder.mkdir()
    for number in range(3):
        (folder / f"Film {number} (2001).mkv").write_bytes(b"x" * (1000 + number))
    return folder


def start_whatever_comes(daemon: Daemon) -> None:
    """Start msd without expecting that it gets as far as its name."""
    with (daemon.home / "log").open("ab") as log:
        daemon.process = subprocess.Popen(
            [sys.executable, "-m", "msd"], env=daemon.environment, stderr=log
        )
    daemon.until(daemon._owns_name, "msd owns its name")


def test_a_damaged_row_of_a_source_is_told_and_left_as_it_is(daemon: Daemon, films: Path) -> None:
    """A damaged row in state.db makes msd degraded; it is no crash that systemd repeats (O1)."""
    daemon.start()
    daemon.call("AddLocalSource", "s", str(films))
    daemon.stop()
    state_db = daemon.home / "data" / "msd" / "state.db"
    with sqlite3.connect(state_db) as db:
        db.execute("UPDATE source SET config = '{'")
    db.close()

    start_whatever_comes(daemon)
    until_ready(daemon, "degraded")

    with pytest.raises(CallError, match=r"state\.db is damaged"):
        daemon.call("ListSources")
    code, _ = daemon.stop()
    assert code == 0
    assert "Traceback" not in daemon.log


def test_damage_of_the_cache_that_shows_late_is_mended_in_the_same_run(
    daemon: Daemon, films: Path
) -> None:
    """A cache that opens well and fails when rows are counted is replaced at once (O1)."""
    daemon.start()
    source_id = str(daemon.call("AddLocalSource", "s", str(films)))
    daemon.until_synced(source_id)
    items = daemon.count()
    daemon.stop()
    cache = daemon.home / "data" / "msd" / "cache.db"
    with sqlite3.connect(cache) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page_size,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'library'").fetchone()
    db.close()
    with cache.open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(b"\xff" * page_size)

    start_whatever_comes(daemon)
    until_ready(daemon)
    daemon.until(lambda: daemon.count() == items, "the cache is filled again")

    assert [path for path in cache.parent.iterdir() if "cache.db.damaged-" in path.name]
    assert "opened once more" in daemon.log
    code, _ = daemon.stop()
    assert code == 0
    assert "Traceback" not in daemon.log


def test_a_fatal_error_ends_it_although_a_thread_hangs(daemon: Daemon) -> None:
    """A fatal error ends the process although a thread hangs, and the journal says why (O4, O5)."""
    daemon.home.mkdir(parents=True)
    fifo = daemon.home / "hangs"
    os.mkfifo(fifo)
    spy = daemon.home / "spy.py"
    spy.write_text(
        "import os, threading\n"
        "import anyio\n"
        "from anyio import to_thread\n"
        "from msd.coordinator import SourceCoordinator\n"
        "hanging = threading.Event()\n"
        "def hang():\n"
        "    hanging.set()\n"
        "    open(os.environ['FIFO'])\n"
        "async def wait():\n"
        "    await to_thread.run_sync(hang, abandon_on_cancel=True)  # as the keyring's calls\n"
        "async def fail():\n"
        "    while not hanging.is_set():\n"
        "        await anyio.lowlevel.checkpoint()\n"
        "    raise ValueError('a bug')\n"
        "def start(self):\n"
        "    self._tasks.start_soon(wait)\n"
        "    self._tasks.start_soon(fail)\n"
        "SourceCoordinator.start = start\n"
        "from msd.__main__ import run_and_leave\n"
        "run_and_leave()\n"
    )
    with (daemon.home / "log").open("ab") as log:
        daemon.process = subprocess.Popen(
            [sys.executable, spy], env={**daemon.environment, "FIFO": str(fifo)}, stderr=log
        )

    assert daemon.process.wait(15) == 1
    assert "a bug" in daemon.log
