"""Search as you type over a real bus, as multiples of Ping in the same run.

    python -m benchmarks.search [--items 10000 100000] [--calls 100] [--keep FOLDER]

Fills a cache with a made-up library, people of films included, starts the daemon on a private bus
with no server in reach, and searches over both interfaces: a call of Search, then a Ping, and so
on. Goals: p50 at most 3 Pings, p99 at most 15. Also told: what part of the cache the index is.
`--keep` leaves the filled caches in a folder and takes those that are there.
"""

import random
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import msgspec
from dbus_fast import Variant

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.in_pings import HEAD, command_line, cost_of, homes, served  # noqa: E402
from benchmarks.made_library import fill  # noqa: E402
from msd.contract import JSON, LIBRARY  # noqa: E402
from msd.store.cache.rows.search_text import plain_words  # noqa: E402
from tests.dbus.client import Client, connected_client  # noqa: E402

_LINE = "  {:14} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9}"
_LETTERS = (1, 2, 4, 8)
_SHORTEST_TYPO = 6  # letters


def typed_texts(cache: Path, count: int) -> Mapping[str, Sequence[str]]:
    """Return what people type, by kind: words of titles in the cache, finished or not."""
    dice = random.Random(3)
    with closing(sqlite3.connect(cache)) as rows:
        (last,) = rows.execute("SELECT max(pk) FROM item").fetchone()
        keys = [dice.randrange(1, last + 1) for _ in range(6 * count)]
        titles = [
            plain_words(row[0])
            for key in keys
            for row in rows.execute("SELECT title FROM item WHERE pk = ?", (key,))
        ]
    words = [word for title in titles for word in title]
    several = [title for title in titles if len(title) > 1]
    texts = {
        f"{letters} letters": [
            dice.choice([word for word in words if len(word) >= letters])[:letters]
            for _ in range(count)
        ]
        for letters in _LETTERS
    }
    texts["several words"] = [_unfinished(dice.choice(several)) for _ in range(count)]
    long = [word for word in words if len(word) >= _SHORTEST_TYPO]
    texts["typo"] = [_mistyped(dice, dice.choice(long)) for _ in range(count)]
    texts["no hit"] = ["".join(dice.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(count)]
    return texts


def _unfinished(title: Sequence[str]) -> str:
    return " ".join((*title[:-1], title[-1][: max(2, len(title[-1]) // 2)]))


def _mistyped(dice: random.Random, word: str) -> str:
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            f"{word[:at]}z{word[at:]}",
            f"{word[:at]}q{word[at + 1 :]}",
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


async def measure(address: str, pid: int, texts: Mapping[str, Sequence[str]]) -> None:
    """Print the latencies of each kind of text over both interfaces."""
    async with connected_client(address) as client:
        for search in (_typed, _as_json):
            for text in ("warm", "up", "now"):
                await search(client, text)
            print(f"  {search.__name__.strip('_').replace('_', ' ')}")
            for kind, typed in texts.items():
                await _measure_kind(client, pid, kind, [partial(search, client, t) for t in typed])


async def _typed(client: Client, text: str) -> int:
    hits = (await client.call(LIBRARY, "Search", "sa{sv}", text, {"session": Variant("s", "b")}))[1]
    return len(hits)


async def _as_json(client: Client, text: str) -> int:
    arguments = msgspec.json.encode({"text": text, "options": {"session": "b"}}).decode()
    (answer,) = await client.call(JSON, "Search", "s", arguments)
    return len(msgspec.json.decode(answer)["hits"])


async def _measure_kind(
    client: Client, pid: int, kind: str, searches: Sequence[Callable[[], Awaitable[int]]]
) -> None:
    cost = await cost_of(client, pid, searches)
    found = sum(map(bool, cost.answers)) / len(cost.answers)
    print(_LINE.format(kind, f"{found:.0%}", *cost.figures), flush=True)


def index_share(cache: Path) -> float:
    """Return what part of the cache the index is."""
    with closing(sqlite3.connect(cache)) as file:
        sizes = dict(file.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    return sum(size for name, size in sizes.items() if name.startswith("search")) / sum(
        sizes.values()
    )


def run(items: int, calls: int, home: Path) -> None:
    """Print everything for one size."""
    folder = home / "data" / "msd"
    if not folder.exists():
        fill(folder, items, with_people=True)
    cache = folder / "cache.db"
    print(f"{items} items, {cache.stat().st_size / 1e6:.0f} MB, index {index_share(cache):.1%}")
    print(_LINE.format("", "found", *HEAD), flush=True)
    texts = typed_texts(cache, calls)
    with served(home) as (bus, _, pid):
        anyio.run(measure, bus.address, pid, texts)


def main() -> None:
    """Run what the command line asks for."""
    options = command_line(__doc__, calls=100).parse_args()
    for items, home in homes(options):
        run(items, options.calls, home)


if __name__ == "__main__":
    main()
