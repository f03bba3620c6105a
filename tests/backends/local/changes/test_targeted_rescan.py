"""Rows told from single directories are those that a whole scan would tell (Y6, Y10)."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from pathlib import Path
from threading import Event

import anyio
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from msd.backends.local.changes.targeted_rescan import RescannedRows, targeted_rescan
from msd.backends.local.changes.watch import FolderWatch
from msd.backends.local.scanning.index import TagIndex
from msd.errors import UnreachableError
from msd.models import RemoteId
from tests.support.folders.files import put
from tests.support.folders.list_folder import added_source, everything, opened
from tests.support.mirror import Mirror

pytestmark = pytest.mark.anyio


def fill(root: Path) -> None:
    for number in range(4):
        put(root / f"Movies/Film {number} (200{number})/Film {number} (200{number}).mkv")
    put(root / "Clips/party.mkv")
    put(root / "TV/Dark/Season 1/Dark S01E01.mkv")
    put(root / "Lonely (1999)/Lonely (1999).mkv")


class Seen:
    """A folder whose libraries are known from a scan."""

    def __init__(self, source, cache: Path) -> None:
        self.source, self.cache = source, cache

    def at(self, *paths: str) -> RescannedRows | None:
        index = TagIndex(self.cache)
        try:
            return targeted_rescan(
                self.source, {}, [path.encode() for path in paths], index, Event()
            )
        finally:
            index.close()

    def told(self, *paths: str) -> tuple[list[str], list[str]] | None:
        found = self.at(*paths)
        return None if found is None else (sorted(found.changed), sorted(found.removed))


@pytest.fixture
async def seen(root: Path, cache: Path) -> Seen:
    fill(root)
    source = await added_source(str(root))
    backend = opened(source, cache)
    await everything(backend)
    await backend.aclose()
    return Seen(source, cache)


async def test_a_new_film_is_one_row(seen, root):
    """Whether it has a directory of its own or not."""
    put(root / "Movies/New (2010)/New (2010).mkv")
    put(root / "Movies/Other (2011).mkv")

    assert seen.told("Movies/New (2010)/New (2010).mkv") == (
        ["film:Movies/new/2010"],
        [],
    )
    assert seen.told("Movies/Other (2011).mkv") == (["film:Movies/other/2011"], [])


async def test_what_lies_beside_a_film_changes_its_row(seen, root):
    """NFO files, pictures, subtitles."""
    put(root / "Movies/Film 1 (2001)/poster.jpg")

    assert seen.told("Movies/Film 1 (2001)/poster.jpg") == (
        ["film:Movies/film1/2001"],
        [],
    )


async def test_a_companion_may_find_another_owner(seen, root):
    """The film that had it looks different, although nobody touched it."""
    for name in ("Aa.mkv", "Bb.mkv", "Cc.mkv", "Aa two.jpg"):
        put(root / f"Movies/{name}")
    put(root / "Movies/Aa two.mkv")

    assert seen.told("Movies/Aa two.mkv") == (
        ["file:Movies/Aa two.mkv", "file:Movies/Aa.mkv"],
        [],
    )


async def test_a_file_that_went_is_a_row_that_went(seen, root):
    """With its directory, too."""
    shutil.rmtree(root / "Movies/Film 1 (2001)")

    assert seen.told("Movies/Film 1 (2001)/Film 1 (2001).mkv") == (
        [],
        ["film:Movies/film1/2001"],
    )


async def test_a_version_that_comes_first_names_the_film(seen, root):
    """The film keeps its id."""
    put(root / "Movies/Film 1 (2001)/Film 1 (2001) - 4K.mkv")

    assert seen.told("Movies/Film 1 (2001)/Film 1 (2001) - 4K.mkv") == (
        ["film:Movies/film1/2001"],
        [],
    )


async def test_a_new_episode_comes_with_its_show(seen, root):
    """The season and the show count one more; the other episodes are as they were."""
    put(root / "TV/Dark/Season 1/Dark S01E02.mkv")
    put(root / "TV/Dark/Season 1/Dark S01E03.mkv")

    assert seen.told("TV/Dark/Season 1/Dark S01E03.mkv") == (
        ["episode:TV/dark/1/3", "season:TV/dark/1", "show:TV/dark"],
        [],
    )


async def test_a_show_is_known_by_all_its_directories(seen, root):
    """Also by those that only an earlier rescan has seen."""
    new, old = "TV/dark.S02.1080p/dark.S02E01.mkv", "TV/Dark/Season 1/Dark S01E01.mkv"
    put(root / new)
    put(root / "TV/Light/Light S01E01.mkv")
    came = seen.told(new)
    (root / new).unlink()
    went = seen.told(new)
    (root / old).unlink()
    ended = seen.told(old)

    assert came == (["episode:TV/dark/2/1", "season:TV/dark/2", "show:TV/dark"], [])
    assert went is None  # that a season or a show is gone is for a whole scan
    assert ended is None


async def test_a_new_season_may_change_every_row_of_its_show(seen, root):
    """All directories of the show are scanned; that a season went is for a full scan (Y7)."""
    put(root / "TV/DARK.S00/DARK.S00E01.mkv")
    told = seen.told("TV/DARK.S00/DARK.S00E01.mkv")
    (root / "TV/DARK.S00/DARK.S00E01.mkv").unlink()

    assert told is not None
    assert {"episode:TV/dark/0/1", "season:TV/dark/0", "show:TV/dark"} <= {*told[0]}
    assert seen.told("TV/DARK.S00/DARK.S00E01.mkv") is None


async def test_a_show_whose_directories_are_not_known_is_not_gone(seen):
    """A show whose directories are not known is not gone (Y7).

    A row that is asked for by its id, after the index was lost in part.
    """
    with sqlite3.connect(seen.cache / "local-index.db") as index:
        index.execute("DELETE FROM titles WHERE id != ''")
    index.close()
    backend = opened(seen.source, seen.cache)
    found = await backend.fetch([RemoteId("show:TV/dark"), RemoteId("season:TV/dark/1")])
    await backend.aclose()

    assert {each.item.remote_id for each in found} == {"show:TV/dark", "season:TV/dark/1"}


async def test_shows_of_an_index_that_never_knew_them_are_for_a_whole_scan(seen, root):
    """One that an earlier msd left."""
    with sqlite3.connect(seen.cache / "local-index.db") as index:
        index.execute("DELETE FROM titles")
    index.close()
    put(root / "TV/Dark/Season 1/Dark S01E02.mkv")

    assert seen.told("TV/Dark/Season 1/Dark S01E02.mkv") is None


async def test_beside_several_others_only_the_files_themselves_are_told(seen, root):
    """The others stay as they are: none of them is alone, before and after."""
    for number in range(60):
        put(root / f"Movies/Flat {number} (1990).mkv")

    assert seen.told("Movies/Flat 7 (1990).mkv") == (["film:Movies/flat7/1990"], [])
    assert seen.told("Movies/Gone (1990).mkv") == ([], ["film:Movies/gone/1990"])


@pytest.mark.parametrize(
    "path",
    [
        "TV/Dark/tvshow.nfo",
        "Songs/Band/Album/01 Song.flac",
        "Movies/Film 1 (2001)/song.mp3",
        "Movies/Film 1 (2001)/VIDEO_TS/VTS_01_1.VOB",
        "Movies/Film 1 (2001)/Trailers/one.mkv",
        "Movies/folder.jpg",
        "Movies/.hidden/film.mkv",
        "Movies/../../outside/film.mkv",
        "Unseen/One (1980).mkv",
    ],
)
async def test_what_many_directories_make_is_for_a_whole_scan(seen, root, path):
    """Shows and music, discs and extras, what is left out, libraries that nobody saw before."""
    put(root / path)
    put(root / "Unseen/Two (1981).mkv")

    assert seen.told(path) is None


async def test_links_and_names_that_leave_out_are_for_a_whole_scan(seen, root):
    """Another directory has a say in what is listed here."""
    (root / "Movies/Link (1990).mkv").symlink_to("Film 1 (2001)/Film 1 (2001).mkv")
    assert seen.told("Movies/Link (1990).mkv") is None
    (root / "Movies/Link (1990).mkv").unlink()
    assert seen.told("Movies/Link (1990).mkv") is not None
    (root / "Movies/.nomedia").touch()
    assert seen.told("Movies/Film 1 (2001)/Film 1 (2001).mkv") is None


async def test_a_library_that_is_empty_now_is_for_a_whole_scan(seen, root):
    """It went, and no row tells that."""
    shutil.rmtree(root / "Movies")
    film = "Movies/Film 1 (2001)/Film 1 (2001).mkv"
    assert seen.told(film) is None
    put(root / "Movies/deep/deeper/Film (1990).mkv")
    assert seen.told(film) == ([], ["film:Movies/film1/2001"])


async def test_what_may_change_the_type_of_a_library_is_for_a_whole_scan(seen, root):
    """By its name alone "Clips" may hold anything; "Movies" says it all."""
    put(root / "Clips/holiday.mkv")
    assert seen.told("Clips/holiday.mkv") == (["file:Clips/holiday.mkv"], [])
    put(root / "Clips/Alien (1979).mkv")
    assert seen.told("Clips/Alien (1979).mkv") is None
    (root / "Clips/party.mkv").unlink()
    assert seen.told("Clips/party.mkv") is None
    put(root / "Movies/holiday.mkv")
    assert seen.told("Movies/holiday.mkv") == (["file:Movies/holiday.mkv"], [])


async def test_a_folder_that_became_several_titles_is_for_a_whole_scan(seen, root):
    """Until then it was a part of the library that the root is."""
    put(root / "Lonely (1999)/poster.jpg")
    assert seen.told("Lonely (1999)/poster.jpg") == (
        ["film:./lonely/1999"],
        [],
    )
    put(root / "Holidays/Spain (2001).mkv")
    assert seen.told("Holidays/Spain (2001).mkv") == (["film:./spain/2001"], [])
    put(root / "Holidays/Italy (2002).mkv")
    assert seen.told("Holidays/Italy (2002).mkv") is None


async def test_a_folder_that_is_not_there_is_an_error_and_not_a_loss(seen, root):
    """A folder that is not there is an error and not a loss (Y7)."""
    root.rename(root.with_name("away"))
    with pytest.raises(UnreachableError):
        seen.at("Movies/Film 1 (2001)/Film 1 (2001).mkv")


async def test_without_known_libraries_only_a_whole_scan_can_tell(seen, root, tmp_path):
    """The index is a cache, and may have vanished."""
    assert Seen(seen.source, tmp_path / "other").told("Movies/Film 1 (2001)/x.nfo") is None


# --- any history ---------------------------------------------------------------------------------

MANY = 500
FILMS = tuple(f"Film {number} (200{number})" for number in range(6))
HOMES = ("Movies", "Clips", "")


def episode(number: int) -> str:
    """Return the path of an episode of one of two shows, each in directories of many kinds."""
    show, name = f"Show {number % 2}", f"E{number:02}.mkv"
    return (
        f"{show}/Season 1/{show} S01{name}",
        f"{show}/Season 2/{show} S02{name}",
        f"{show}/{show} S01{name}",
        f"{show.lower()}.S03.1080p/{show}.S03{name}",
        f"{show} S04{name}",
        f"A {show}.S05/{show.upper()}.S05{name}",
    )[number // 2 % 6]


def act(root: Path, operation: str, number: int) -> None:  # noqa: PLR0912 - a table
    film, home = FILMS[number % len(FILMS)], root / HOMES[number // 6 % len(HOMES)]
    files = sorted(path for path in root.rglob("*.mkv") if not path.is_symlink())
    chosen = files[number % len(files)] if files else None
    match operation:
        case "add":
            put(home / film / f"{film}.mkv", bytes(number))
        case "flat":
            put(home / f"{film}.mkv", bytes(number))
        case "version":
            put(home / film / f"{film} - {number}p.mkv")
        case "sibling":
            put(home / film / "Another (1950).mkv")
        case "episode":
            put(root / "TV" / episode(number))
        case "about a show":
            names = ("tvshow.nfo", "poster.jpg", "season01-poster.jpg")
            put(root / f"TV/Show {number % 2}" / names[number % 3], bytes(number))
        case "stray episode":
            put(home / film / f"Show {number % 2} S02E{number:02}.mkv")
        case "song":
            put(root / f"Songs/Band/Album/{number:02} Song.mp3")
        case "companion":
            put(home / film / ("poster.jpg", f"{film}.nfo", "movie.nfo", "x.srt")[number % 4])
        case "extra":
            put(home / film / "Trailers" / "one.mkv")
        case "disc":
            put(home / film / "VIDEO_TS" / "VTS_01_1.VOB")
        case "leave out":
            put(home / film / ".nomedia")
        case "leave in":
            for path in root.rglob(".nomedia"):
                path.unlink()
        case "link" if chosen and not (home / "Link (1980).mkv").is_symlink():
            (home / "Link (1980).mkv").symlink_to(chosen)
        case "rewrite" if chosen:
            put(chosen, bytes(number))
        case "delete" if chosen:
            chosen.unlink()
        case "rename" if chosen:
            chosen.rename(chosen.with_name(f"Renamed {number} (1970).mkv"))
        case "move" if chosen:
            chosen.rename(root / "Movies" / f"Moved {number} (1960).mkv")
        case "rename directory" if chosen and chosen.parent.parent != root != chosen.parent:
            target = chosen.parent.with_name(f"Directory {number} (1940)")
            if not target.exists():
                chosen.parent.rename(target)
        case "delete directory" if chosen and chosen.parent.parent != root != chosen.parent:
            shutil.rmtree(chosen.parent)


OPERATIONS = (
    *("add", "flat", "version", "sibling", "episode", "episode", "stray episode", "song"),
    *("companion", "about a show"),
    *("extra", "disc", "leave out", "leave in", "link", "rewrite", "delete", "rename", "move"),
    *("rename directory", "delete directory"),
)


async def live_it(base: Path, history: list[tuple[str, int, bool]]) -> Counter[str]:
    """Follow a history by what the kernel tells; return how often each means was used."""
    root, means = base / "root", Counter[str]()
    fill(root)
    put(root / "Movies/.keep")
    put(root / "Clips/.keep")
    source = await added_source(str(root))
    watch = FolderWatch(os.fsencode(root), 1000)
    watch.begin()
    backend = opened(source, base / "cache")
    mirror = Mirror(backend)
    await mirror.read_all()
    index = TagIndex(base / "cache")
    try:
        for operation, number, is_seen in history:
            act(root, operation, number)
            if not is_seen:
                continue
            watch.read()
            touched = watch.take()
            if not touched:
                continue
            found = (
                None
                if touched.is_unclear
                else targeted_rescan(source, {}, touched.files, index, Event())
            )
            if found is None:
                means["whole scan"] += 1
                mirror = await scanned(source, base / "cache")
            else:
                means["rows"] += 1
                asked: list[RemoteId] = [*found.changed, *found.removed]
                mirror.apply(await backend.fetch(asked), asked)
            truth = await scanned(source, base / "other")
            assert mirror.all_fingerprints() == truth.all_fingerprints(), (
                operation,
                number,
                touched,
            )
    finally:
        watch.close()
        index.close()
        await backend.aclose()
    return means


async def scanned(source, cache: Path) -> Mirror:
    backend = opened(source, cache)
    try:
        mirror = Mirror(backend)
        await mirror.read_all()
    finally:
        await backend.aclose()
    return mirror


def made(seed: int) -> list[tuple[str, int, bool]]:
    """Return the history of a number."""
    chance = random.Random(seed)
    return [
        (chance.choice(OPERATIONS), chance.randrange(36), chance.random() < 0.7) for _ in range(25)
    ]


STEPS = st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 35), st.sampled_from([True, False]))


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(history=st.lists(STEPS, min_size=4, max_size=14))
def test_any_history_is_told_as_a_whole_scan_would(tmp_path_factory, history):
    """Any history is told as a whole scan would (Y6).

    Cost follows the changes; what it buys is never a wrong row.
    """
    base = tmp_path_factory.mktemp("history")
    anyio.run(live_it, base, history)
    shutil.rmtree(base)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_histories(tmp_path_factory, capsys):
    """The same for longer, from a seed that is new each day and printed."""
    means, first = Counter[str](), int(time.time()) // 86_400 * 1000
    for seed in range(first, first + MANY):
        base = tmp_path_factory.mktemp(f"history-{seed}")
        means += anyio.run(live_it, base, made(seed))
        shutil.rmtree(base)

    assert means["rows"] > MANY
    with capsys.disabled():
        print(f"\n{MANY} histories of rescans from seed {first}, 0 violations; told by {means}")
