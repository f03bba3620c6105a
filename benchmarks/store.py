"""How fast the store writes and answers, against plain SQLite in the same run.

python -m benchmarks.store              100,000 items
python -m benchmarks.store --million    also 1,000,000
"""

import argparse
import gc
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from msd.models import (
    Image,
    ItemQuery,
    ItemType,
    LibraryType,
    MediaItem,
    Milliseconds,
    RemoteId,
    RemoteLibrary,
    SortKey,
    SourceId,
    UnixSeconds,
    WatchState,
)
from msd.store import CacheDatabase, StateStore
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.writes.sync_writer import SyncWriter

BATCH = 3000  # what a sync commits at once
SOURCE = SourceId("jellyfin_0123456789ab")
WORDS = [
    "Silence",
    "Amélie",
    "Night",
    "Star",
    "Ocean",
    "Garden",
    "Über",
    "Fire",
    "Winter",
    "Road",
    "Señor",
    "King",
    "Return",
]
GENRES = ("Drama", "Comedy", "Action", "Science Fiction", "Documentary", "Rock", "Jazz")
OVERVIEW = "A quiet town, a long winter, and somebody who comes back after many years. " * 5


class Batch(NamedTuple):
    """One call of `SyncWriter.write`."""

    library: RemoteLibrary
    type: ItemType
    items: list[tuple[MediaItem, int]]


@dataclass(frozen=True)
class Files:
    """The databases of one run."""

    cache: Path
    state: Path


MOVIES = RemoteLibrary(remote_id=RemoteId("1"), name="Movies", type=LibraryType.MOVIES)
SHOWS = RemoteLibrary(remote_id=RemoteId("2"), name="Shows", type=LibraryType.SHOWS)
MUSIC = RemoteLibrary(remote_id=RemoteId("3"), name="Music", type=LibraryType.MUSIC)


def made_items(count: int) -> Iterator[Batch]:
    """Return a mixed library: 30 % movies, 40 % episodes, 30 % tracks, with their parents."""
    dice = random.Random(7)
    yield from _batches(MOVIES, ItemType.MOVIE, (_movie(i, dice) for i in range(count * 3 // 10)))
    shows = count * 4 // 1000
    yield from _batches(SHOWS, ItemType.SHOW, (_show(i, dice) for i in range(shows)))
    yield from _batches(SHOWS, ItemType.EPISODE, (_episode(i, dice) for i in range(shows * 100)))
    albums = count * 3 // 100
    yield from _batches(MUSIC, ItemType.ALBUM, (_album(i, dice) for i in range(albums)))
    yield from _batches(MUSIC, ItemType.TRACK, (_track(i, dice) for i in range(albums * 10)))


def _batches(
    library: RemoteLibrary, item_type: ItemType, items: Iterator[MediaItem]
) -> Iterator[Batch]:
    ordered = sorted(items, key=lambda item: item.title)  # as servers are asked for them
    for start in range(0, len(ordered), BATCH):
        chunk = ordered[start : start + BATCH]
        yield Batch(library, item_type, [(item, hash(item.remote_id)) for item in chunk])


def _title(index: int, dice: random.Random) -> str:
    return f"{dice.choice(WORDS)} {dice.choice(WORDS)} {index}"


def _common(item_type: ItemType, index: int, dice: random.Random) -> MediaItem:
    return MediaItem(
        remote_id=RemoteId(f"{item_type}{dice.getrandbits(100):025x}{index}"),
        type=item_type,
        title=_title(index, dice),
        year=1950 + index % 75,
        released=f"{1950 + index % 75}-05-17",
        added_at=UnixSeconds(1_600_000_000 + dice.randrange(10**8)),
        duration_ms=Milliseconds(dice.randrange(10**7)),
        rating=dice.randrange(100) / 10,
        images=(Image(kind="poster", ref="0123456789abcdef0123456789abcdef"),),
        watch=WatchState(watched=index % 3 == 0, last_played=UnixSeconds(index % 3 * 10**8)),
        identity=f"{item_type}://{index}",
    )


def _movie(index: int, dice: random.Random) -> MediaItem:
    return replace(
        _common(ItemType.MOVIE, index, dice),
        overview=OVERVIEW,
        genres=tuple(dice.sample(GENRES, 2)),
        studios=("Studio One", "Studio Two"),
        external_ids=(f"tmdb:movie:{index}", f"imdb:tt{index:07d}"),
    )


def _show(index: int, dice: random.Random) -> MediaItem:
    return replace(
        _common(ItemType.SHOW, index, dice),
        remote_id=RemoteId(f"show{index}"),
        overview=OVERVIEW,
        genres=tuple(dice.sample(GENRES, 2)),
    )


def _episode(index: int, dice: random.Random) -> MediaItem:
    show = RemoteId(f"show{index // 100}")
    return replace(
        _common(ItemType.EPISODE, index, dice),
        overview=OVERVIEW,
        parent_remote_id=show,
        show_remote_id=show,
        show_title=f"Show {index // 100}",
        season_number=index % 100 // 10,
        episode_number=index % 10,
        external_ids=(f"tvdb:episode:{index}",),
    )


def _album(index: int, dice: random.Random) -> MediaItem:
    return replace(_common(ItemType.ALBUM, index, dice), remote_id=RemoteId(f"album{index}"))


def _track(index: int, dice: random.Random) -> MediaItem:
    album = RemoteId(f"album{index // 10}")
    return replace(
        _common(ItemType.TRACK, index, dice),
        parent_remote_id=album,
        album_remote_id=album,
        album=f"Album {index // 10}",
        artist=f"Artist {index // 100}",
        track_number=index % 10,
        genres=(dice.choice(GENRES),),
    )


def filled(files: Files, batches: Sequence[Batch]) -> float:
    """Write the batches into new databases; return the seconds that it took."""
    StateStore.open(files.state).close()
    CacheDatabase.open(files.cache, revision_floor=0).close()
    with closing(SyncWriter(files.cache, files.state, SOURCE)) as writer:
        ids = writer.save_libraries([MOVIES, SHOWS, MUSIC]).ids
        start = time.perf_counter()
        for library, item_type, items in batches:
            writer.write(ids[library.remote_id], item_type, items)
        return time.perf_counter() - start


def raw_floor(source: Path, target: Path) -> float:
    """Insert the rows of one cache into a new one with plain executemany; return the seconds."""
    CacheDatabase.open(target, revision_floor=0).close()
    with closing(sqlite3.connect(source)) as old:
        tables = ("item", "item_detail", "item_facet", "item_external")
        rows = {table: old.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    new = sqlite3.connect(target, isolation_level=None)
    with closing(new):
        new.execute("PRAGMA synchronous=NORMAL")
        new.execute("PRAGMA cache_size=-32768")
        start = time.perf_counter()
        parts = len(rows["item"]) // BATCH + 1
        for part in range(parts):
            new.execute("BEGIN IMMEDIATE")
            for table, all_rows in rows.items():
                size = len(all_rows) // parts + 1
                chunk = all_rows[part * size : (part + 1) * size]
                if chunk:
                    marks = ",".join("?" * len(chunk[0]))
                    new.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)
            new.execute("COMMIT")
        return time.perf_counter() - start


def unchanged(files: Files, batches: Sequence[Batch]) -> float:
    """Look every row up as a re-sync does; return the seconds. Nothing may be written."""
    with closing(SyncWriter(files.cache, files.state, SOURCE)) as writer:
        ids = writer.save_libraries([MOVIES, SHOWS, MUSIC]).ids
        known = {}
        start = time.perf_counter()
        for library, item_type, items in batches:
            if (library.remote_id, item_type) not in known:
                known[library.remote_id, item_type] = writer.known_items(
                    ids[library.remote_id], item_type
                )
            listing = known[library.remote_id, item_type]
            if sum(listing.is_fresh(item.remote_id, mark) for item, mark in items):
                raise AssertionError("a row that did not change looks changed")
        took = time.perf_counter() - start
        start = time.perf_counter()
        missing = sum(len(listing.missing()) for listing in known.values())
        say(f"  missing rows: {missing}, found in", f"{time.perf_counter() - start:.3f} s")
        return took


def changed(files: Files, batches: Sequence[Batch], count: int) -> float:
    """Write `count` changed rows in one call; return the seconds."""
    library, item_type, _ = batches[0]
    with closing(SyncWriter(files.cache, files.state, SOURCE)) as writer:
        ids = writer.save_libraries([MOVIES, SHOWS, MUSIC]).ids
        pool = [pair for batch in batches if batch.type is item_type for pair in batch.items]
        picked = random.Random(count).sample(pool, count)
        other = [(replace(item, title=item.title + "!"), mark + 1) for item, mark in picked]
        start = time.perf_counter()
        result = writer.write(ids[library.remote_id], item_type, other)
        took = time.perf_counter() - start
        if result.updated != count:
            raise AssertionError(result)
        writer.write(ids[library.remote_id], item_type, picked)
        return took


def queries(files: Files) -> None:
    """Print how long pages take, and the same page in raw SQLite."""
    cache = CacheDatabase.open(files.cache, revision_floor=0)
    with closing(cache), closing(sqlite3.connect(files.cache)) as raw:
        library = max(cache.read(libraries, None), key=lambda one: one.item_count)
        movie_library = next(one for one in cache.read(libraries, None) if one.name == "Movies").id
        first = ItemQuery(library_ids=(movie_library,), types=(ItemType.MOVIE,))
        _compare_with_raw(cache, raw, first)
        asked = {
            "all libraries, first page": ItemQuery(),
            "one library by added": replace(first, sort=SortKey.ADDED, descending=True),
            "one library by last played": replace(first, sort=SortKey.LAST_PLAYED, descending=True),
            "random": replace(first, sort=SortKey.RANDOM, seed=7),
            "genre": replace(first, genres=("Drama",)),
            "text": replace(first, text="sil 12"),
            "year": replace(first, years=(1999,)),
            "all fields": replace(first, fields=("*",)),
        }
        for name, query in asked.items():
            say(f"  {name}:", milliseconds(lambda query=query: cache.read(query_items, query)))
        say("  biggest library:", f"{library.item_count} items")


def _compare_with_raw(cache: CacheDatabase, raw: sqlite3.Connection, first: ItemQuery) -> None:
    listing, count = raw.execute(
        "SELECT pk, item_count FROM listing WHERE type = 'movie' ORDER BY item_count DESC"
    ).fetchone()
    columns = (
        "id, title, year, watched, position_ms, artwork, parent_id, show_title, season_number,"
        " episode_number, artist, album, disc_number, track_number, sort_title, pk"
    )
    by_title = f"SELECT {columns} FROM item WHERE deleted_at IS NULL AND listing = ?"
    end = "ORDER BY sort_title, pk LIMIT 51"
    dice = random.Random(1)
    titles = [
        raw.execute(
            f"SELECT sort_title FROM item WHERE listing = ? AND deleted_at IS NULL"
            f" ORDER BY sort_title LIMIT 1 OFFSET {dice.randrange(count)}",
            (listing,),
        ).fetchone()[0]
        for _ in range(20)
    ]
    say(
        "  raw SQLite, first page:",
        milliseconds(lambda: raw.execute(f"{by_title} {end}", (listing,)).fetchall()),
    )
    deep = iter(titles * 100)
    say(
        "  raw SQLite, any page:",
        milliseconds(
            lambda: raw.execute(
                f"{by_title} AND sort_title > ? {end}", (listing, next(deep))
            ).fetchall()
        ),
    )
    say("  first page:", milliseconds(lambda: cache.read(query_items, first)))
    cursors = _cursors(cache, first, 40)
    at = iter(cursors * 100)
    say(
        "  any page:",
        milliseconds(lambda: cache.read(query_items, replace(first, cursor=next(at)))),
    )


def _cursors(cache: CacheDatabase, query: ItemQuery, count: int) -> list[str]:
    found = [""]
    while len(found) < count:
        page = cache.read(query_items, replace(query, limit=500, cursor=found[-1]))
        if not page.next_cursor:
            break
        found.append(page.next_cursor)
    random.Random(3).shuffle(found)
    return found


def milliseconds(call: Callable[[], object], rounds: int = 60) -> str:
    """Return the median and the 99th percentile of a call's duration."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    return f"{statistics.median(took):.2f} ms (p99 {took[int(rounds * 0.99)]:.2f})"


def run(count: int, rounds: int, folder: Path) -> None:
    """Print everything for one size."""
    batches = list(made_items(count))
    gc.freeze()  # a sync does not hold its items, so the collector must not walk them here
    rows = sum(len(batch.items) for batch in batches)
    say(f"{rows} items")
    ratios = []
    for number in range(rounds):
        files = Files(folder / f"{count}-{number}" / "cache.db", folder / f"{count}-s" / "state.db")
        took = filled(files, batches)
        floor = raw_floor(files.cache, folder / f"{count}-raw-{number}" / "cache.db")
        ratios.append(took / floor)
        say(f"  write: {rows / took:,.0f}/s; raw floor {rows / floor:,.0f}/s; {ratios[-1]:.2f}x")
    say(
        f"  median {statistics.median(ratios):.2f}x; {files.cache.stat().st_size / rows:.0f} B/item"
    )
    say("  re-sync unchanged:", f"{rows / unchanged(files, batches):,.0f}/s")
    for some in (1, 100, 1000):
        times = [changed(files, batches, some) for _ in range(3)]
        say(f"  write {some} changed rows:", f"{statistics.median(times) * 1000:.1f} ms")
    queries(files)


def say(*words: str) -> None:
    """Print a line."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(100_000, options.rounds, Path(folder))
        if options.million:
            run(1_000_000, 1, Path(folder))


if __name__ == "__main__":
    main()
