"""What people do with files keeps ids and history: renaming, moving, retagging, better copies."""

import shutil
from typing import cast

import pytest

from msd.store.cache.reads.omissions import skipped
from tests.backends.local.cases.trees import plant
from tests.support.fakes.fake_backend import FakeServer
from tests.support.folders.list_folder import added_source, opened
from tests.support.library import SOURCE, CachedSource

pytestmark = pytest.mark.anyio


class Kept:
    """A folder and its cache; each `sync` walks again, as after a restart."""

    def __init__(self, root, cached) -> None:
        self.root, self.cached = root, cached

    async def sync(self):
        return await self.cached.sync()

    def titles(self) -> dict[str, str]:
        """Return msd's ids by type and title."""
        return {f"{row['type']} {row['title']}": str(row["id"]) for row in self.rows()}

    def rows(self):
        return list(self.cached.items().values())

    def left_out(self) -> list[tuple[str, str]]:
        """Return kind and place of what the cache lists as left out, worst first."""
        page = self.cached.cache.read(skipped, SOURCE, 100, "")
        return [(row.kind, row.place) for row in page.rows]

    def libraries(self) -> dict[str, str]:
        return {library.name: str(library.id) for library in self.cached.libraries()}


@pytest.fixture
async def kept(tmp_path):
    root = tmp_path / "Media"
    root.mkdir()
    (tmp_path / "store").mkdir()
    source = await added_source(str(root))
    backends = []

    class Door:
        def open(self):
            backends.append(opened(source, tmp_path / "private"))
            return backends[-1]

    cached = CachedSource(tmp_path / "store", cast("FakeServer", Door()))
    yield Kept(root, cached)
    cached.close()
    for backend in backends:
        await backend.aclose()


TWO_LIBRARIES = """
    Movies/{A (2000),B (2001)}.mkv
    Kids/{C (2002),D (2003)}.mkv
    """


async def test_a_renamed_library_keeps_its_id_and_its_films_theirs(kept, media):
    """Nothing is held and nothing lost."""
    plant(kept.root, media, TWO_LIBRARIES)
    await kept.sync()
    before, kids = kept.titles(), kept.libraries()["Kids"]

    (kept.root / "Kids").rename(kept.root / "Children")
    report = await kept.sync()

    assert before == kept.titles()
    assert {"Movies", "Children"} == kept.libraries().keys()
    assert kids == kept.libraries()["Children"]
    assert 0 == report.withheld


async def test_a_film_that_is_moved_and_then_deleted_leaves_no_ghost(kept, media):
    """Three films are left, under their ids."""
    plant(kept.root, media, TWO_LIBRARIES)
    await kept.sync()
    before = kept.titles()

    (kept.root / "Movies/A (2000).mkv").rename(kept.root / "Kids/A (2000).mkv")
    await kept.sync()
    moved = kept.titles()
    (kept.root / "Kids/A (2000).mkv").unlink()
    await kept.sync()

    assert before == moved
    assert {key: value for key, value in before.items() if key != "movie A"} == kept.titles()


async def test_a_move_followed_by_a_renamed_library(kept, media):
    """Four films with their ids."""
    plant(kept.root, media, TWO_LIBRARIES)
    await kept.sync()
    before = kept.titles()

    (kept.root / "Movies/A (2000).mkv").rename(kept.root / "Kids/A (2000).mkv")
    await kept.sync()
    (kept.root / "Kids").rename(kept.root / "Children")
    await kept.sync()

    assert before == kept.titles()


async def test_a_year_added_to_a_show_s_folder(kept, media):
    """Show, season and episodes keep their ids."""
    plant(
        kept.root,
        media,
        """
        TV/Dark/Season 1/Dark - S01E0{1,2}.mkv
        TV/Fargo/Season 1/Fargo - S01E01.mkv
        """,
    )
    await kept.sync()
    before = {row["id"] for row in kept.rows()}

    (kept.root / "TV/Dark").rename(kept.root / "TV/Dark (2017)")
    await kept.sync()

    assert before == {row["id"] for row in kept.rows()}
    assert 2017 in {row.get("year") for row in kept.rows() if row["type"] == "show"}


async def test_a_better_copy_of_an_episode(kept, media):
    """The old file is gone, the new one has another name and other content."""
    plant(kept.root, media, "TV/Dark/Season 1/Dark - S01E01 - Pilot 720p.mkv")
    await kept.sync()
    before = kept.titles()

    (kept.root / "TV/Dark/Season 1/Dark - S01E01 - Pilot 720p.mkv").unlink()
    plant(kept.root, media, "TV/Dark/Season 1/Dark - S01E01 - Pilot 1080p.mkv")
    await kept.sync()

    assert before == kept.titles()


async def test_a_better_copy_of_a_film(kept, media):
    """Variant: a film, and the folder of the release is another one, too."""
    plant(
        kept.root,
        media,
        "Movies/{Heat.1995.720p.HDTV.x264-A/Heat.1995.720p.HDTV.x264-A,Up (2009)}.mkv",
    )
    await kept.sync()
    before = kept.titles()

    shutil.rmtree(kept.root / "Movies/Heat.1995.720p.HDTV.x264-A")
    plant(kept.root, media, "Movies/Heat (1995)/Heat (1995) - 2160p.mkv")
    await kept.sync()

    assert before == kept.titles()


async def test_tracks_that_are_retagged_and_moved(kept, media):
    """Known by their sound: artist, album and title are new, and the folder is another."""
    for number in (1, 2, 3):
        tags = {"title": f"Old {number}", "artist": "Old", "album": "Old", "track": str(number)}
        path = kept.root / f"Music/Old/Old/0{number}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        media.audio(path, tags, hertz=400 + 50 * number)
    await kept.sync()
    before = {row["track_number"]: row["id"] for row in kept.rows() if row["type"] == "track"}

    shutil.rmtree(kept.root / "Music/Old")
    for number in (1, 2, 3):
        tags = {"title": f"New {number}", "artist": "New", "album": "Fresh", "track": str(number)}
        path = kept.root / f"Music/New/Fresh/0{number}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        media.audio(path, tags, hertz=400 + 50 * number)
    await kept.sync()

    tracks = [row for row in kept.rows() if row["type"] == "track"]
    assert before == {row["track_number"]: row["id"] for row in tracks}
    assert {"New"} == {row["artist"] for row in tracks}
    assert {"artist New", "album Fresh"} <= kept.titles().keys()


async def test_what_is_left_out_stays_listed_after_any_number_of_syncs(kept, media):
    """Broken files before samples; also when a sync finds nothing new (Y16)."""
    plant(
        kept.root,
        media,
        """
        Movies/Good (2000)/Good (2000).mkv
        Movies/Good (2000)/Sample/sample.mkv
        Movies/bad {0,1} (2001).mkv := a text
        """,
    )
    await kept.sync()
    first = kept.left_out()
    await kept.sync()
    await kept.sync()

    assert [
        ("broken", "Movies/bad 0 (2001).mkv"),
        ("broken", "Movies/bad 1 (2001).mkv"),
        ("sample", "Movies/Good (2000)/Sample/sample.mkv"),
    ] == first
    assert first == kept.left_out()


async def test_links_out_of_a_folder_without_libraries_are_listed(kept, media, tmp_path):
    """Although nothing of the folder is an item (Y16)."""
    (kept.root / "Heat (1995).mkv").symlink_to(media.video(tmp_path / "elsewhere/Heat (1995).mkv"))
    (kept.root / "gone (2003).mkv").symlink_to(tmp_path / "nothing")

    await kept.sync()

    assert [
        ("broken", "gone (2003).mkv"),
        ("link-outside", "Heat (1995).mkv"),
    ] == kept.left_out()


async def test_a_second_sync_finds_nothing_to_do(kept, media):
    """Also the ids are the same after a restart."""
    plant(kept.root, media, TWO_LIBRARIES)
    await kept.sync()
    before = kept.titles()

    report = await kept.sync()

    assert before == kept.titles()
    assert (0, 0, 0) == (report.added, report.updated, report.removed)
