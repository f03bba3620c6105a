"""Measure the folder backend on a large tree of real files in many naming styles.

    python -m benchmarks.folder_tree [FILES]

Makes the tree below the working directory, then scans it with a new backend (first scan), again
(second scan: directories only), adds one film and rescans what it has to do with. Prints counts
by type against what was made, omissions by kind, time, CPU and memory.
"""

import itertools
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import anyio

from msd.backends.local.changes.targeted_rescan import targeted_rescan
from msd.backends.local.scanning.index import TagIndex
from msd.models import ItemType
from tests.backends.local.cases import random_trees as styles
from tests.support.folders.list_folder import added_source, opened
from tests.support.folders.media import MediaMaker

_FIRST_WORDS = (
    "Amber Broken Cobalt Distant Eleven Fallow Granite Hollow Ivory Jade Lowland Marrow Ninth"
    " Ochre Paper Quiet Rusty Silver Umber Vellum Winter Xeric Yonder Zinc Autumn Brittle Copper"
    " Daring Ember Feral Gilded Humble Inner Jagged Keen Liquid Mellow Narrow Open Pale"
)
FIRST = _FIRST_WORDS.split()
_SECOND_WORDS = (
    "Harbour Meridian Orchard Lantern Ground Choir Compass Station Mechanic Ferry Regent Armada"
    " Tide Valley Wagon Anchor Bridge Castle Desert Engine Forest Garden Hunter Island Jester"
    " Kingdom Ladder Market Needle Ocean Palace Quarry River Saddle Temple Usher Village Window"
)
SECOND = _SECOND_WORDS.split()
FILMS = (
    *(styles.film_loose, styles.film_of_release, styles.film_in_folder, styles.film_in_parts),
    *(styles.film_on_disc, styles.film_on_bluray),
)
SHOWS = (styles.show_in_seasons, styles.show_flat, styles.show_of_releases, styles.daily)


def planned(count: int) -> tuple[dict[str, str], Counter[ItemType]]:
    """Return paths with their titles, and how many items of each type they are."""
    chance = random.Random(20_000)
    pairs = itertools.product(("", " Saga", " Chronicle"), FIRST, SECOND)
    titles = (f"{first} {second}{more}" for more, first, second in pairs)
    found: dict[str, str] = {}
    right: Counter[ItemType] = Counter()
    while len(found) < count:
        title = next(titles)
        for top, style, kind in _some(chance):
            made = style(chance, title)
            found |= {f"{top}/{path}": what for path, what in made.items()}
            right += _items_of(kind, made)
    return found, right


def _some(chance: random.Random) -> Iterator[tuple[str, styles.Style, ItemType]]:
    yield "Movies", chance.choice(FILMS), ItemType.MOVIE
    yield "TV", chance.choice(SHOWS), ItemType.EPISODE
    yield "Anime", styles.anime, ItemType.EPISODE
    yield "Music", styles.music, ItemType.TRACK


def _items_of(kind: ItemType, made: dict[str, str]) -> Counter[ItemType]:
    match kind:
        case ItemType.MOVIE:
            return Counter({ItemType.MOVIE: 1})
        case ItemType.EPISODE:
            return Counter({ItemType.SHOW: 1, ItemType.EPISODE: len(made)})
    return Counter({ItemType.ARTIST: 1, ItemType.ALBUM: 2, ItemType.TRACK: len(made)})


def plant(root: Path, paths: dict[str, str]) -> None:
    """Write small real files; no two are equal."""
    media = MediaMaker()
    templates = root.parent / "templates"
    video = media.video(templates / "v.mkv", seconds=0.2).read_bytes()
    audio = media.audio(templates / "a.mp3", seconds=0.2).read_bytes()
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        filler = b"\xec\x88" + number.to_bytes(8) if not path.endswith(".mp3") else b""
        content = audio + number.to_bytes(8) if path.endswith(".mp3") else video + filler
        (root / path).write_bytes(content)
    media.close()


class Stopwatch:
    """Prints time and CPU of a step."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_error: object) -> None:
        took, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{self._what}: {took:.2f} s, {cpu:.2f} s of CPU, at most {memory} MB")


async def items(backend: object, *, parse: bool) -> Counter[ItemType]:
    """Return how many items of each type a backend lists."""
    found: Counter[ItemType] = Counter()
    for library in await backend.libraries():  # type: ignore[attr-defined]
        for listing in backend.listings(library):  # type: ignore[attr-defined]
            async for page in backend.pages(listing):  # type: ignore[attr-defined]
                found[listing.type] += len(page.items)
                if parse:
                    await backend.parse(page.items)  # type: ignore[attr-defined]
    return found


async def measure(base: Path, count: int) -> None:
    """Make the tree and measure."""
    root, cache = base / "Media", base / "cache"
    paths, right = planned(count)
    plant(root, paths)
    print(f"{len(paths)} files in {sum(1 for _ in os.walk(root))} directories")
    source = await added_source(str(root))
    backend = opened(source, cache)
    with Stopwatch("first scan, every file read"):
        found = await items(backend, parse=True)
        omissions = await backend.omissions()
    await backend.aclose()
    for kind, number in right.items():
        print(f"  {kind.value}: {found[kind]} of {number}")
    print(f"  omissions: {dict(Counter(omission.kind for omission in omissions))}")
    backend = opened(source, cache)
    with Stopwatch("second scan"):
        again = await items(backend, parse=False)
        assert omissions == await backend.omissions()
    await backend.aclose()
    assert again == found
    _live_add(root, cache, source)


def _live_add(root: Path, cache: Path, source: object) -> None:
    path = "Movies/Newest Film (2024)/Newest Film (2024).mkv"
    (root / path).parent.mkdir(parents=True)
    shutil.copyfile(next((root / "Anime").iterdir()), root / path)
    index = TagIndex(cache)
    with Stopwatch("one new film"):
        rows = targeted_rescan(source, {}, [path.encode()], index, Event())  # type: ignore[arg-type]
    index.close()
    print(f"  {rows}")


def main() -> None:
    """Run with the number of files that is given, 20,000 by default."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as base:
        anyio.run(measure, Path(base), count)


if __name__ == "__main__":
    main()
