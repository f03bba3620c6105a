"""The cache heals: whatever happened to its file, it opens again (O4)."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from msd.errors import StorageError
from msd.models import ItemQuery, ItemType, LibraryType
from msd.store import CacheDatabase
from msd.store.cache.file import current_revision
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from tests.store.made import SOURCE, Paths, Stores, library, movie


def filled(paths: Paths, count: int = 500) -> int:
    """Make a cache and return its revision; everything is in the one file afterwards."""
    stores = Stores(paths)
    stores.write(stores.library(), *(movie(f"m{n}", overview="x" * 500) for n in range(count)))
    revision = stores.cache.read(current_revision)
    stores.close()
    return revision


def reading(paths: Paths) -> CacheDatabase:
    return CacheDatabase.open(paths.cache, revision_floor=0)


def moved_aside(paths: Paths) -> list[str]:
    return sorted(one.name for one in paths.folder.glob("cache.db.damaged-*Z"))


def garbage(file: Path) -> None:
    file.write_bytes(os.urandom(50_000))


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_one_page(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-16_384])


def wrong_schema_page(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 16_284 + file.read_bytes()[16_384:])


def odd_bytes_in_the_schema(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for name in (b"item_title", b"item_added", b"item_detail"):
        at = content.find(name)
        content[at] = 0xF8
    file.write_bytes(content)


def a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "content").touch()


def foreign(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE photos (name)")
    connection.close()


def a_table_is_gone(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("DROP TABLE item_detail")
    connection.close()


def no_revision(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("DELETE FROM meta")
    connection.commit()
    connection.close()


def newer(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("INSERT INTO schema_ledger VALUES (99, 'from tomorrow', 0)")
    connection.commit()
    connection.close()


def unreleased(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE schema_ledger SET version = 10")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "harm",
    [
        garbage,
        cut_in_half,
        cut_one_page,
        wrong_schema_page,
        odd_bytes_in_the_schema,
        a_directory,
        foreign,
        a_table_is_gone,
        no_revision,
        newer,
        unreleased,
    ],
)
def test_a_cache_that_can_not_be_used_is_moved_aside_and_made_anew(paths: Paths, harm) -> None:
    """A cache that can not be used is moved aside and made anew (O1, Y10).

    It opens, says why, keeps the old file, and its revisions go on.
    """
    revision = filled(paths)
    harm(paths.cache)

    cache = reading(paths)

    assert "cache" in cache.rebuilt_because
    assert len(moved_aside(paths)) == 1
    assert cache.read(query_items, ItemQuery()).total == 0
    assert cache.read(current_revision) > revision
    cache.close()
    again = reading(paths)
    assert again.rebuilt_because == ""
    again.close()


def test_a_healthy_cache_is_kept(paths: Paths) -> None:
    """Nothing is made anew without need."""
    revision = filled(paths)

    cache = reading(paths)

    assert cache.rebuilt_because == ""
    assert cache.read(query_items, ItemQuery()).total == 500
    assert cache.read(current_revision) == revision
    cache.close()


def test_a_page_that_turns_out_damaged_is_reported_and_healed_by_the_next_open(
    paths: Paths,
) -> None:
    """A read may meet what the open could not see."""
    filled(paths, 3000)
    connection = sqlite3.connect(paths.cache)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'item'").fetchone()[
        0
    ]
    connection.close()
    with paths.cache.open("r+b") as file:
        file.seek((page - 1) * 16_384)
        file.write(b"\xa5" * 16_384)
    cache = reading(paths)
    assert cache.rebuilt_because == ""

    with pytest.raises(StorageError) as caught:
        cache.read(query_items, ItemQuery())

    assert caught.value.damaged
    cache.close()
    healed = reading(paths)
    assert "damaged" in healed.rebuilt_because
    assert healed.read(query_items, ItemQuery()).total == 0
    healed.close()


def test_revisions_of_a_new_cache_start_above_the_floor(paths: Paths) -> None:
    """Revisions of a new cache start above the floor (Y10).

    Also when the clock was set back since.
    """
    floor = 2**60

    cache = CacheDatabase.open(paths.cache, revision_floor=floor)

    assert cache.read(current_revision) == floor + 1
    cache.close()


def test_two_damaged_caches_are_kept_at_most(paths: Paths) -> None:
    """A disk that fails every day must not fill up."""
    for day in range(4):
        (paths.folder).mkdir(exist_ok=True)
        for old in range(day):
            (paths.folder / f"cache.db.damaged-2001010{old}T000000Z-wal").touch()
            (paths.folder / f"cache.db.damaged-2001010{old}T000000Z").touch()
        garbage(paths.cache)
        reading(paths).close()

    assert len(moved_aside(paths)) == 2
    assert len(list(paths.folder.glob("cache.db.damaged-*"))) <= 6


def test_a_cache_that_may_not_be_opened_is_an_error_not_a_new_cache(paths: Paths) -> None:
    """Only damage is healed by a new file."""
    paths.folder.touch()  # a file where the data directory should be

    with pytest.raises(StorageError) as caught:
        reading(paths)

    assert not caught.value.damaged
    assert moved_aside(paths) == []


def test_files_are_for_this_user_only(stores: Stores) -> None:
    """Files are for this user only (K5).

    0600 and 0700, the companions of the database included.
    """
    stores.write(stores.library(), movie("1"))

    assert stores.paths.folder.stat().st_mode & 0o777 == 0o700
    files = list(stores.paths.folder.iterdir())
    assert {"cache.db", "cache.db-wal", "cache.db-shm"} <= {one.name for one in files}
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}


def test_the_cache_has_the_settings_that_its_size_needs(stores: Stores) -> None:
    """The file has 16 KiB pages, WAL; a reader can't write."""
    writer = stores.cache._writer

    assert writer.execute("PRAGMA page_size").fetchone() == (16_384,)
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (1,)
    with stores.cache._readers.reading() as connection:
        assert connection.execute("PRAGMA query_only").fetchone() == (1,)
    with (
        pytest.raises(StorageError),
        stores.cache._readers.reading() as connection,
    ):
        connection.execute("DELETE FROM item")


_ENDLESS_WRITER = """
import sys
from pathlib import Path
from msd.models import ItemType, SourceId
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.store.made import SOURCE, library, movie
folder = Path(sys.argv[1])
writer = SyncWriter(folder / "cache.db", folder / "state.db", SOURCE)
library_id = writer.save_libraries([library("movies")]).ids["movies"]
for batch in range(10**6):
    items = [(movie(f"{batch}-{n}", overview="x" * 300), n) for n in range(100)]
    writer.write(library_id, ItemType.MOVIE, items)
    print(batch, flush=True)
"""


@pytest.mark.parametrize("batches", [1, 4, 9])
def test_kill_9_in_the_middle_of_a_write_leaves_whole_transactions(
    paths: Paths, batches: int
) -> None:
    """Kill 9 in the middle of a write leaves whole transactions (O4, Y12).

    The cache opens, holds what was accepted, and nothing half.
    """
    Stores(paths).close()
    writer = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS_WRITER, str(paths.folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        for _ in range(batches):
            accepted = int(writer.stdout.readline()) + 1
        writer.send_signal(signal.SIGKILL)

    cache = reading(paths)

    assert cache.rebuilt_because == ""
    (shown,) = cache.read(libraries, SOURCE)
    assert shown.item_count >= accepted * 100
    assert shown.item_count % 100 == 0
    page = cache.read(query_items, ItemQuery(text="0", limit=1))  # counted row by row
    everything = cache.read(query_items, ItemQuery(watched=False, limit=1))
    assert everything.total == shown.item_count
    assert page.total > 0
    cache.close()
    connection = sqlite3.connect(paths.cache)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_two_processes_may_write_while_a_third_reads(paths: Paths) -> None:
    """Workers and the front take turns, and nobody fails."""
    Stores(paths).close()
    program = _ENDLESS_WRITER.replace("range(10**6)", "range(8)").replace(
        "SOURCE)\n", "SourceId('test_' + sys.argv[2]))\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(paths.folder), name], stdout=subprocess.DEVNULL
        )
        for name in ("one", "two")
    ]
    cache = reading(paths)
    seen = 0
    while any(writer.poll() is None for writer in writers):
        total = cache.read(query_items, ItemQuery(types=(ItemType.MOVIE,))).total
        assert total >= seen
        seen = total

    assert [writer.wait() for writer in writers] == [0, 0]
    assert cache.read(query_items, ItemQuery()).total == 1600
    cache.close()


def test_libraries_of_every_type_can_be_kept(stores: Stores) -> None:
    """The schema knows all words of the models."""
    stores.writer.save_libraries([library(one.value, one) for one in LibraryType])

    assert {one.type for one in stores.cache.read(libraries, None)} == set(LibraryType)
