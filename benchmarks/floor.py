"""What any client must at least do: fetch every page, and store the rows somewhere.

The floor decodes nothing. `fetch_all` and `fetch_all_plex` ask for the pages that msd asks for,
`store_again` writes rows that msd decoded before into the same tables and indexes, `store_plain`
into a plain table.
"""

import http.client
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from msd.backend_api import Listing
from msd.backends.jellyfin.client.query import listing_query
from msd.backends.plex.listing.query import TYPE_CODES
from msd.backends.plex.listing.query import listing_query as plex_query
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

ROOT = Path(__file__).parents[1]
PAGE = 500
BATCH = 10_000
TYPES = ("Movie", "Series", "Season", "Episode", "MusicAlbum", "Audio", "MusicVideo", "Video")
ITEM_TABLES = (
    ("item", "pk"),
    ("item_detail", "item"),
    ("item_facet", "item"),
    ("item_external", "item"),
)
PLEX_SECTIONS = {
    "movie": (ItemType.MOVIE,),
    "show": (ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE),
    "artist": (ItemType.ARTIST, ItemType.ALBUM, ItemType.TRACK),
}
DEVICE = 'MediaBrowser Client="floor", Device="floor", DeviceId="floor", Version="1"'
USER, PASSWORD = "alice", "secret"


def members_asked() -> dict[str, str]:
    """Return the parameters by which msd says what each row shall hold."""
    library = RemoteLibrary(remote_id=RemoteId(""), name="", type=LibraryType.MOVIES)
    asked = listing_query(Listing(library=library, type=ItemType.MOVIE), "").parameters
    return {name: str(asked[name]) for name in ("fields", "imageTypeLimit", "enableImageTypes")}


@dataclass(frozen=True)
class Cost:
    """What some work took."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: "Cost") -> "Cost":
        """Return both together."""
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __mul__(self, factor: float) -> "Cost":
        """Return the cost of so many times the work."""
        return Cost(self.wall_s * factor, self.cpu_s * factor)


class Stopwatch:
    """Counts what happens between `start` and `stop`, again and again."""

    def __init__(self) -> None:
        self.cost = Cost(0.0, 0.0)
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def stop(self) -> Cost:
        """Return what was counted so far."""
        self.cost += Cost(time.monotonic() - self._wall, time.process_time() - self._cpu)
        return self.cost


@contextmanager
def simulator(items: int) -> Iterator[str]:
    """Run the simulator, which has rendered the rows that msd asks for; yield its address."""
    command = [sys.executable, "-m", "tests.simulators.jellyfin", "--items", str(items)]
    command += ["--version", "10.11", "--no-compression", "--warm", urlencode(members_asked())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


class Server:
    """The barest client: one connection, no decoding."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self.login = json.loads(
            self._ask(
                "POST",
                "/Users/AuthenticateByName",
                json.dumps({"Username": USER, "Pw": PASSWORD}),
            )
        )

    def page(self, start: int) -> bytes:
        """Return one page of everything."""
        query = {
            **members_asked(),
            "recursive": "true",
            "includeItemTypes": ",".join(TYPES),
            "startIndex": start,
            "limit": PAGE,
        }
        return self._ask("GET", f"/Items?{urlencode(query)}", token=self.login["AccessToken"])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, verb: str, path: str, body: str | None = None, token: str = "") -> bytes:
        headers = {"Authorization": DEVICE + (f', Token="{token}"' if token else "")}
        headers["Content-Type"] = "application/json"
        self._connection.request(verb, path, body, headers)
        return self._connection.getresponse().read()


def fetch_all(url: str) -> tuple[Cost, int]:
    """Fetch every page and look into none; return the cost and the number of rows."""
    with closing(Server(url)) as server:
        rows = json.loads(server.page(0))["TotalRecordCount"]
        watch = Stopwatch()
        for start in range(0, rows, PAGE):
            server.page(start)
        return watch.stop(), rows


@contextmanager
def plex_simulator(items: int) -> Iterator[tuple[str, str, str, str]]:
    """Run the simulators, which have rendered the rows that msd and plexapi ask for.

    Yields the server's address and token, plex.tv's address, and an account's token.
    """
    command = [sys.executable, "-m", "tests.simulators.plex", "--items", str(items)]
    for query in _plex_queries():
        command += ["--warm", query]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url, token, tv = (process.stdout.readline().strip() for _ in range(3))
            account = next(line for line in process.stdout if "account token" in line).split()[-1]
            yield url, token, tv, account
        finally:
            process.terminate()


def _plex_queries() -> Iterator[str]:
    for parameters in _plex_lists().values():
        yield urlencode(parameters)
        yield urlencode({"type": parameters["type"], "includeGuids": 1})


def _plex_lists() -> dict[ItemType, dict[str, str]]:
    """Return what msd asks of a section for each type that stands in one."""
    library = RemoteLibrary(remote_id=RemoteId("1"), name="", type=LibraryType.MOVIES)
    return {
        kind: dict(plex_query(Listing(library=library, type=kind)).parameters)
        for kind in ItemType
        if kind in TYPE_CODES and kind is not ItemType.MUSIC_VIDEO
    }


class PlexServer:
    """The barest client of a Plex server: one connection, no decoding of rows."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self._token = token
        self.machine_id = self.get("/identity")["machineIdentifier"]

    def get(self, path: str) -> dict[str, Any]:
        """Return a small answer, decoded."""
        return dict(json.loads(self._ask(path, {}))["MediaContainer"])

    def page(self, path: str, start: int, size: int = PAGE) -> bytes:
        """Return one page of a list."""
        window = {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
        return self._ask(path, window)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def lists(self) -> Iterator[tuple[str, int]]:
        """Yield the lists of every section, with their lengths."""
        for section in self.get("/library/sections")["Directory"]:
            for kind in PLEX_SECTIONS.get(section["type"], ()):
                path = f"/library/sections/{section['key']}/all?{urlencode(_plex_lists()[kind])}"
                first = json.loads(self.page(path, 0, 1))
                yield path, int(first["MediaContainer"]["totalSize"])

    def _ask(self, path: str, window: Mapping[str, str]) -> bytes:
        headers = {"X-Plex-Token": self._token, "Accept": "application/json", **window}
        self._connection.request("GET", path, headers=headers)
        return self._connection.getresponse().read()


def fetch_all_plex(url: str, token: str) -> tuple[Cost, int]:
    """Fetch every page of every section and look into none; return the cost and the rows."""
    with closing(PlexServer(url, token)) as server:
        lists = list(server.lists())
        watch = Stopwatch()
        for path, rows in lists:
            for start in range(0, rows, PAGE):
                server.page(path, start)
        return watch.stop(), sum(rows for _, rows in lists)


def new_database(path: Path) -> sqlite3.Connection:
    """Return an empty database with the pragmas of the cache."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=1")
    db.execute("PRAGMA cache_size=-16384")
    return db


def store_plain(rows: int, folder: Path) -> Cost:
    """Store rows of four columns, one of them as long as an item's details."""
    watch = Stopwatch()
    with closing(new_database(folder / "plain.db")) as db:
        db.execute("CREATE TABLE item(pk INTEGER PRIMARY KEY, id TEXT UNIQUE, sort TEXT, detail)")
        db.execute("CREATE INDEX by_sort ON item(sort, pk)")
        detail = "x" * 700
        for first in range(0, rows, BATCH):
            batch = [
                (n, f"{n:032x}", f"title {n}", detail)
                for n in range(first, min(first + BATCH, rows))
            ]
            db.execute("BEGIN")
            db.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", batch)
            db.execute("COMMIT")
    return watch.stop()


def store_again(cache: Path, folder: Path) -> Cost:
    """Store what a cache holds in a database with the same schema; reading it is not counted."""
    watch = Stopwatch()
    watch.stop()
    with (
        closing(sqlite3.connect(cache)) as source,
        closing(new_database(folder / "same.db")) as db,
    ):
        # The tables behind a full-text index come with the index itself.
        schema = (
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT IN"
            " (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY type = 'index'"
        )
        for (statement,) in source.execute(schema):
            db.execute(statement)
        for first in range(0, source.execute("SELECT max(pk) FROM item").fetchone()[0] + 1, BATCH):
            found = []
            for table, key in ITEM_TABLES:
                rows = source.execute(
                    f"SELECT * FROM {table} WHERE {key} >= ? AND {key} < ?", (first, first + BATCH)
                ).fetchall()
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    found.append((f"INSERT INTO {table} VALUES ({marks})", rows))
            watch.start()
            db.execute("BEGIN")
            for statement, rows in found:
                db.executemany(statement, rows)
            db.execute("COMMIT")
            watch.stop()
    return watch.cost
