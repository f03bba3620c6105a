"""Reads of the library over a real bus, as multiples of Ping in the same run, and memory.

    python -m benchmarks.reads [--items 10000 100000 1000000] [--calls 100] [--keep FOLDER]
                               [--only WORDS]

Fills a cache with a made-up library, starts the daemon on a private bus with no server in reach,
and asks over both interfaces: a read, then a Ping, and so on. Goal: pages cost at most 2 Pings. The
processor time of a read is that of the daemon. Then GJS, as a shell extension, reads pages of 500
items (goal: at most 5 ms of processor time as JSON text). Memory is that of the daemon before the
first read and after all of them. `--keep` leaves the filled caches in a folder and takes those that
are there.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import msgspec
from dbus_fast import Variant

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.in_pings import HEAD, command_line, cost_of, homes, served  # noqa: E402
from benchmarks.made_library import fill  # noqa: E402
from msd.contract import JSON, LIBRARY  # noqa: E402
from tests.dbus.client import Client, connected_client  # noqa: E402

_LINE = "  {:26} {:>8} {:>8} {:>7} {:>7} {:>8}"
_TYPES = {bool: "b", int: "x", str: "s", list: "as"}
_GJS = """
const {Gio, GLib} = imports.gi;
const spent = () => {
    let sum = 0;
    const tasks = Gio.File.new_for_path('/proc/self/task')
        .enumerate_children('standard::name', 0, null);
    for (let one; (one = tasks.next_file(null));) {
        const path = `/proc/self/task/${one.get_name()}/schedstat`;
        sum += Number(new TextDecoder().decode(GLib.file_get_contents(path)[1]).split(' ')[0]);
    }
    return sum / 1e6;
};
const call = (iface, signature, values) => Gio.DBus.session.call_sync(
    'org.msd.Msd1', '/org/msd/Msd1', `org.msd.Msd1.${iface}`, 'QueryItems',
    new GLib.Variant(signature, values), null, Gio.DBusCallFlags.NONE, -1, null);
const text = JSON.stringify({query: {limit: 500}});
const ways = {
    'Json': () => JSON.parse(call('Json', '(s)', [text]).deepUnpack()[0]).items,
    'aa{sv}': () => call('Library', '(a{sv})', [{limit: new GLib.Variant('u', 500)}])
        .recursiveUnpack()[0],
};
for (const [name, way] of Object.entries(ways)) {
    for (let n = 0; n < 5; n++) way();
    const before = spent();
    let items = 0;
    for (let n = 0; n < ROUNDS; n++) items += way().length;
    print(`${name} ${((spent() - before) / ROUNDS).toFixed(2)} ${items / ROUNDS}`);
}
"""


@dataclass(frozen=True)
class Read:
    """One question, asked with each of its queries in turn."""

    name: str
    queries: Sequence[Mapping[str, Any]] = ({},)
    member: str = "QueryItems"
    ids: Sequence[str] = ()
    calls: int = 0  # 0: as many as the command line says


@dataclass
class Library:
    """What the reads need to know of the filled cache."""

    size: int
    films: str
    ids: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)


async def look_around(client: Client, size: int) -> Library:
    """Return the library of films, ids of items, and cursors far from the start."""
    (libraries,) = await client.call(LIBRARY, "ListLibraries", "sa{sv}", "", {})
    films = next(one["id"].value for one in libraries if one["name"].value == "Movies")
    found = Library(size, films)
    for part in range(1, 6):
        query = typed({"offset": size * part // 6, "limit": 50})
        items, cursor, _ = await client.call(LIBRARY, "QueryItems", "a{sv}", query)
        found.cursors.append(cursor)
        found.ids += [item["id"].value for item in items[:10]]
    return found


def reads(library: Library) -> Sequence[Read]:
    """Return what is asked, pages first."""
    newest = {"sort": "added", "descending": True}
    films = {"library_ids": [library.films]}
    continued = {"in_progress": True, "sort": "last-played", "descending": True}
    return (
        Read("first page by title"),
        Read("first page by date added", [newest]),
        Read("first page by artist", [{"sort": "artist"}]),
        Read("films by title", [films]),
        Read("films by date added", [films | newest]),
        Read("far page by cursor", [{"cursor": cursor} for cursor in library.cursors]),
        Read("continue watching", [continued]),
        Read("favourites", [{"favourite": True}]),
        Read("unwatched", [{"watched": False}]),
        Read("a genre", [{"genres": ["Drama"]}]),
        Read("a genre, newest first", [{"genres": ["Comedy"]} | newest]),
        Read("a studio", [{"studios": [f"Studio {number}"]} for number in (3, 57, 211)]),
        Read("a content rating", [{"content_ratings": ["PG"]}]),
        Read("a year", [{"years": [str(year)]} for year in (1957, 1999, 2004)]),
        Read("a letter", [{"letter": letter} for letter in "bmt"]),
        Read("GetItems of 50", member="GetItems", ids=library.ids),
        Read("GetItems of 50, details", [{"details": True}], member="GetItems", ids=library.ids),
        Read("500 items by title", [{"limit": 500}]),
        Read("far page by offset", [{"offset": library.size // 2}], calls=20),
        Read("total of unwatched", [{"watched": False, "count": True, "limit": 1}], calls=10),
        Read("letters", [{"facets": ["letters"]}], member="GetFacets", calls=10),
        Read("facets, all", member="GetFacets", calls=10),
        Read("facets of unwatched, all", [{"watched": False}], member="GetFacets", calls=5),
    )


def typed(query: Mapping[str, Any]) -> dict[str, Variant]:
    """Return a query as `a{sv}`."""
    return {key: Variant(_TYPES[type(value)], value) for key, value in query.items()}


async def ask(client: Client, interface: str, read: Read, query: Mapping[str, Any]) -> None:
    """Ask once, and read the answer."""
    if interface == JSON:
        named = {"ids": read.ids, "options": query} if read.ids else {"query": query}
        text = msgspec.json.encode(named).decode()
        (answer,) = await client.call(JSON, read.member, "s", text)
        msgspec.json.decode(answer)
    elif read.ids:
        await client.call(LIBRARY, read.member, "asa{sv}", [*read.ids], typed(query))
    else:
        await client.call(LIBRARY, read.member, "a{sv}", typed(query))


async def measure(client: Client, pid: int, interface: str, read: Read, calls: int) -> None:
    """Print the latency of a read, and the daemon's processor time."""
    queries = [read.queries[number % len(read.queries)] for number in range(read.calls or calls)]
    for query in [*read.queries, *read.queries]:
        await ask(client, interface, read, query)
    calls_of = [partial(ask, client, interface, read, query) for query in queries]
    cost = await cost_of(client, pid, calls_of)
    print(_LINE.format(read.name, *cost.figures), flush=True)


def memory(pid: int) -> str:
    """Return what a process holds in memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return ", ".join(f"{key} {found[key] / 1024:.1f} MiB" for key in ("Rss", "Pss"))


async def measure_all(address: str, pid: int, size: int, calls: int, only: str) -> None:
    """Print everything of one size."""
    async with connected_client(address) as client:
        library = await look_around(client, size)
        for interface, name in ((LIBRARY, "aa{sv}"), (JSON, "Json")):
            print(_LINE.format(name, *HEAD), flush=True)
            for read in reads(library):
                if only in read.name:
                    await measure(client, pid, interface, read, calls)


def measure_gjs(environment: Mapping[str, str], rounds: int) -> None:
    """Print the processor time of a GJS client for pages of 500 items."""
    if shutil.which("gjs") is None:
        print("  gjs is not installed")
        return
    script = _GJS.replace("ROUNDS", str(rounds))
    done = subprocess.run(
        ["gjs", "-c", script], env=dict(environment), capture_output=True, text=True, check=True
    )
    for line in done.stdout.splitlines():
        way, cpu_ms, items = line.split()
        print(f"  GJS, {items} items as {way}: {cpu_ms} ms of processor time")


def run(size: int, home: Path, calls: int, only: str) -> None:
    """Print everything for one size."""
    if not (home / "data" / "msd").exists():
        fill(home / "data" / "msd", size, with_people=False)
    with served(home) as (bus, daemon, pid):
        daemon.call("ListSources")  # the cache is open
        print(f"{size} items; memory idle: {memory(pid)}", flush=True)
        anyio.run(measure_all, bus.address, pid, size, calls, only)
        measure_gjs(bus.environment, 20)
        print(f"  memory after all of that: {memory(pid)}", flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = command_line(__doc__, calls=100)
    parser.add_argument("--only", default="", help="measure reads whose names hold these words")
    options = parser.parse_args()
    for items, folder in homes(options):
        run(items, folder / "home", options.calls, options.only)


if __name__ == "__main__":
    main()
