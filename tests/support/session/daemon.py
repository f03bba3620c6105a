"""The daemon as a process on a private bus, driven with busctl like a user would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.session.bus import PrivateBus

NAME = "org.msd.Msd1"
ROOT = "/org/msd/Msd1"
COORDINATOR = f"{NAME}.SourceCoordinator"
LIBRARY = f"{NAME}.Library"


class CallError(Exception):
    """busctl was answered with an error; its text."""


@dataclass
class Daemon:
    """One home of msd: start, kill and start it again."""

    bus: PrivateBus
    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "-m", "msd")
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What msd and its clients run in."""
        return {
            **os.environ,
            **self.bus.variables,
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            **self.extra,
        }

    @property
    def log(self) -> str:
        """What msd wrote to standard error, over all its runs."""
        path = self.home / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> float:
        """Start msd; return the seconds until it owned its name."""
        self.home.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log
            )
        self.until(self._owns_name, "msd owns its name")
        return time.monotonic() - began

    def stop(self) -> tuple[int, float]:
        """Stop msd with SIGTERM; return its exit code and how long it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        return code, time.monotonic() - began

    def kill(self) -> None:
        """End msd like a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(5)

    def _owns_name(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"msd ended:\n{self.log}"
        bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        try:
            # Of this process: the bus may not have noticed yet that the last one ended.
            (pid,) = self._busctl(*bus, "GetConnectionUnixProcessID", "s", NAME)
        except CallError:
            return False
        return bool(pid == self.process.pid)

    # --- calls -----------------------------------------------------------------------------

    def call(self, member: str, *arguments: str, interface: str = COORDINATOR) -> Any:
        """Call a method of the root object: signature, then values as busctl takes them."""
        results = self._busctl(NAME, ROOT, interface, member, *arguments)
        return results[0] if len(results) == 1 else results

    def call_object(self, path: str, interface: str, member: str, *arguments: str) -> Any:
        """Call a method of another object: signature, then values as busctl takes them."""
        results = self._busctl(NAME, path, interface, member, *arguments)
        return results[0] if len(results) == 1 else results

    def get(self, path: str, interface: str, name: str) -> Any:
        """Return a property."""
        done = self._run("get-property", NAME, path, interface, name)
        return json.loads(done)["data"]

    def _busctl(self, *words: str) -> list[Any]:
        done = self._run("call", *words)
        return [plain(value) for value in json.loads(done)["data"]] if done.strip() else []

    def _run(self, verb: str, *words: str) -> str:
        done = subprocess.run(
            ["busctl", "--user", "--json=short", "--timeout=25", verb, "--", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CallError(done.stderr.strip())
        return done.stdout

    # --- what tests ask all the time -------------------------------------------------------

    def status(self, source_id: str) -> tuple[str, str]:
        """Return status and reason of a source."""
        status, reason, _detail, _since = self.call("GetSourceStatus", "s", source_id)
        return status, reason

    def libraries(self) -> list[dict[str, Any]]:
        """Return every library."""
        found: list[dict[str, Any]] = self.call(
            "ListLibraries", "sa{sv}", "", "0", interface=LIBRARY
        )
        return found

    def query(self, *words: str) -> tuple[list[dict[str, Any]], str, int]:
        """Return items, next cursor and total; words are a busctl dictionary without its size."""
        words = ("count", "b", "true", *words)
        size = str(sum(word in QUERY_KEYS for word in words))
        items, cursor, total = self.call("QueryItems", "a{sv}", size, *words, interface=LIBRARY)
        return items, cursor, total

    def count(self, item_type: str = "") -> int:
        """Return how many items are cached, of one type or in all."""
        words = ("types", "as", "1", item_type) if item_type else ()
        return self.query(*words, "limit", "u", "1")[2]

    def add_jellyfin(self, url: str, user: str = "alice", password: str = "secret") -> str:
        """Add a Jellyfin source."""
        return str(self.call("AddJellyfinSource", "sss", url, user, password))

    def sync(self, source_id: str, timeout_s: float = 60) -> dict[str, Any]:
        """Sync a source and wait for the end; return state, error and result of the job."""
        job = str(self.call("SyncSource", "s", source_id))
        self.until(
            lambda: self.get(job, f"{NAME}.Job", "State") in {"done", "failed", "cancelled"},
            "the sync ends",
            timeout_s,
        )
        return {
            "state": self.get(job, f"{NAME}.Job", "State"),
            "error": self.get(job, f"{NAME}.Job", "Error"),
            "result": plain(self.get(job, f"{NAME}.Job", "Result")),
        }

    def until_synced(self, source_id: str, timeout_s: float = 60) -> None:
        """Wait until a source has been synced completely and nothing runs."""
        path = f"{ROOT}/source/{source_id}"
        self.until(
            lambda: (
                self.get(path, f"{NAME}.Source", "LastSync") > 0
                and self.get(path, f"{NAME}.Source", "SyncJob") == "/"
            ),
            f"{source_id} is synced",
            timeout_s,
        )

    def until_status(self, source_id: str, *wanted: str, timeout_s: float = 60) -> None:
        """Wait until a source has a status, and a reason if one is given."""
        self.until(
            lambda: self.status(source_id)[: len(wanted)] == wanted,
            f"{source_id} is {' '.join(wanted)}",
            timeout_s,
        )

    def until(self, holds: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        """Ask again until a condition holds, when msd told of something or time went by."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}\n{self.log}"
            self.bus.ears.wait()


QUERY_KEYS = frozenset(
    {
        "source_ids",
        "count",
        "show_id",
        "artist_id",
        "offset",
        "library_ids",
        "types",
        "parent_id",
        "genres",
        "years",
        "watched",
        "in_progress",
        "favourite",
        "added_after",
        "text",
        "sort",
        "seed",
        "descending",
        "limit",
        "cursor",
        "fields",
    }
)


def plain(value: Any) -> Any:
    """Take the variants out of busctl's JSON."""
    match value:
        case {"type": str(), "data": inner} if len(value) == 2:
            return plain(inner)
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
    return value


@contextmanager
def running(bus: PrivateBus, home: Path, **extra: str) -> Iterator[Daemon]:
    """Run the daemon; it is stopped with the block, however often it was restarted."""
    daemon = Daemon(bus, home, extra)
    daemon.start()
    try:
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.stop()
