"""Pictures of a page over a real bus with every server off, as multiples of Ping in the same run.

    python -m benchmarks.artwork [--items 10000 100000] [--calls 300] [--keep FOLDER]

Fills a cache with a made-up library, puts a picture on the disk for each of 50 films, and asks for
them over both interfaces: a call of GetArtworks, then a Ping, and so on. Also told: one library
(its newest items are looked through), and what checking one poster costs its process.
`--keep` leaves the filled caches in a folder and takes those that are there.
"""

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import msgspec
from anyio import run as run_async

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.in_pings import HEAD, command_line, cost_of, homes, served  # noqa: E402
from benchmarks.made_library import fill  # noqa: E402
from benchmarks.sync import spent_cpu_s  # noqa: E402
from msd.contract import ARTWORK, JSON  # noqa: E402
from msd.managers.artwork import ArtworkManager  # noqa: E402
from msd.models import SourceId  # noqa: E402
from msd.models.artwork import PictureRef  # noqa: E402
from msd.pictures.process import PictureChecker  # noqa: E402
from tests.dbus.client import Client, connected_client  # noqa: E402
from tests.pictures.samples import picture  # noqa: E402

PAGE, WIDTH = 50, 320
_LINE = "  {:22} {:>8} {:>8} {:>8} {:>8} {:>9}"
_FILMS = """
SELECT item.pk, item.id, library.source_id, library.id FROM item
JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library
WHERE listing.type = 'movie' ORDER BY item.pk % 997, item.pk LIMIT ?
"""


def give_pictures(folder: Path, cache_dir: Path) -> tuple[list[str], str]:
    """Give 50 films a picture of their own on the disk; return their ids and their library's."""
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as rows:
        films = rows.execute(_FILMS, (PAGE,)).fetchall()
        for pk, item_id, _, _ in films:
            images = msgspec.json.encode([("poster", item_id)]).decode()
            rows.execute(
                "UPDATE item_detail SET body = json_set(body, '$.images', json(?)) WHERE item = ?",
                (images, pk),
            )
    run_async(_keep, cache_dir, [(film[1], film[2]) for film in films])
    return [film[1] for film in films], films[0][3]


async def _keep(cache_dir: Path, films: Sequence[tuple[str, str]]) -> None:
    content = picture(WIDTH, WIDTH * 3 // 2)
    async with ArtworkManager(cache_dir, most_bytes=100 << 20) as artwork:
        for item_id, source_id in films:
            await artwork.keep(PictureRef(SourceId(source_id), item_id), WIDTH, content)


async def check_cost() -> float:
    """Return the processor time in milliseconds that checking one poster of 320 pixels takes."""
    content = picture(WIDTH, WIDTH * 3 // 2, kind="WEBP", quality=90)
    async with PictureChecker() as checker:
        await checker.check(content, WIDTH)
        assert checker.pid is not None
        before = spent_cpu_s(checker.pid)
        for _ in range(200):
            await checker.check(content, WIDTH)
        return (spent_cpu_s(checker.pid) - before) / 200 * 1000


async def measure(address: str, pid: int, ids: Sequence[str], library: str, calls: int) -> None:
    """Print the latencies of each way to ask."""
    async with connected_client(address) as client:
        for name, ask in (
            ("50 films", partial(_typed, client, ids)),
            ("50 films, Json", partial(_as_json, client, ids)),
            ("1 film", partial(_typed, client, ids[:1])),
            ("1 library", partial(_typed, client, [library])),
        ):
            for _ in range(5):
                await ask()
            cost = await cost_of(client, pid, [ask] * calls)
            named = f"{name} ({cost.answers[-1]} files)"
            print(_LINE.format(named, *cost.figures), flush=True)


async def _typed(client: Client, ids: Sequence[str]) -> int:
    (files,) = await client.call(ARTWORK, "GetArtworks", "assua{sv}", ids, "poster", WIDTH, {})
    return sum(map(bool, files.values()))


async def _as_json(client: Client, ids: Sequence[str]) -> int:
    arguments = msgspec.json.encode({"ids": ids, "kind": "poster", "width": WIDTH}).decode()
    (answer,) = await client.call(JSON, "GetArtworks", "s", arguments)
    return sum(map(bool, msgspec.json.decode(answer)["files"].values()))


def run(items: int, calls: int, home: Path) -> None:
    """Print everything for one size."""
    folder = home / "data" / "msd"
    if not folder.exists():
        fill(folder, items, with_people=True)
    ids, library = give_pictures(folder, home / "cache" / "msd")
    print(f"{items} items, {(folder / 'cache.db').stat().st_size / 1e6:.0f} MB")
    print(_LINE.format("", *HEAD), flush=True)
    with served(home) as (bus, _, pid):
        anyio.run(measure, bus.address, pid, ids, library, calls)


def main() -> None:
    """Run what the command line asks for."""
    options = command_line(__doc__, calls=300).parse_args()
    print(f"checking a poster: {run_async(check_cost):.1f} ms of CPU")
    for items, home in homes(options):
        run(items, options.calls, home)


if __name__ == "__main__":
    main()
