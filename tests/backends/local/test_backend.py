"""The local backend over real folders of real files."""

import os
import shutil
import sqlite3
from pathlib import Path
from threading import Event

import anyio
import pytest
from msgspec.structs import replace

from msd.backend_api import SkippedItem
from msd.backends.local import SPEC
from msd.backends.local.backend import PAGE_SIZE
from msd.backends.local.catalogue.entries import LISTED_TYPES
from msd.backends.local.scanning.index import TagIndex
from msd.backends.local.scanning.scan import scan_folder
from msd.errors import UnreachableError
from msd.models import ItemType, LibraryType, StatusReason
from tests.support.folders.list_folder import added_source, everything, opened

pytestmark = pytest.mark.anyio

TUNE = {"title": "Tune", "artist": "Ada", "album": "Numbers", "track": "1"}


async def listed(root, cache, content_types=None):
    """Return all items and everything skipped, as a new backend sees them."""
    backend = opened(await added_source(str(root)), cache, content_types)
    items, skipped = await everything(backend)
    await backend.aclose()
    return items, skipped


async def rows(root, cache):
    """Return remote id → fingerprint of all rows."""
    backend = opened(await added_source(str(root)), cache)
    found = {}
    for library in await backend.libraries():
        for listing in backend.listings(library):
            async for page in backend.pages(listing):
                found |= {item.remote_id: item.fingerprint for item in page.items}
    await backend.aclose()
    return found


def by_type(items, item_type):
    return [item for item in items if item.type is item_type]


def fill(root, media):
    """A few of everything."""
    media.video(root / "Movies/Alien (1979)/Alien (1979).mkv")
    media.video(root / "TV/Dark/Season 1/Dark S01E01 Secrets.mkv")
    media.video(root / "TV/Dark/Season 2/Dark S02E01.mkv")
    media.audio(root / "Music/Ada/Numbers/01.flac", TUNE)


async def test_everything_is_listed_with_its_relations(media, root, cache):
    """Everything is listed with its relations.

    Films, shows, seasons, episodes, artists, albums, tracks.
    """
    fill(root, media)

    items, skipped = await listed(root, cache)

    ids = {item.remote_id: item for item in items}
    assert skipped == []
    assert len(ids) == len(items) == 9
    (season, *_) = sorted(by_type(items, ItemType.SEASON), key=lambda item: item.season_number)
    episode = next(item for item in items if item.title == "Secrets")
    assert ids[episode.parent_remote_id] is season
    assert ids[episode.show_remote_id] is ids[season.parent_remote_id]
    assert (episode.season_number, episode.episode_number, episode.show_title) == (1, 1, "Dark")
    (track,) = by_type(items, ItemType.TRACK)
    assert ItemType.ALBUM is ids[track.album_remote_id].type
    assert ItemType.ARTIST is ids[ids[track.album_remote_id].parent_remote_id].type
    assert all(item.watch is None and item.details is None for item in items)
    assert all(item.added_at > 0 for item in items)


async def test_an_unchanged_folder_has_the_same_rows(media, root, cache):
    """Nothing is parsed or written again when nothing changed, also without the tag index."""
    fill(root, media)

    first = await rows(root, cache)
    shutil.rmtree(cache)

    assert first == await rows(root, cache)


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("Movies/Alien (1979)/Alien (1979).mkv", {"film:Movies/alien/1979"}),
        ("Movies/Alien (1979)/Alien (1979).nfo", {"film:Movies/alien/1979"}),
        ("Movies/Alien (1979)/poster.jpg", {"film:Movies/alien/1979"}),
        ("Movies/Alien (1979)/Alien (1979).en.srt", {"film:Movies/alien/1979"}),
        ("TV/Dark/tvshow.nfo", {"show:TV/dark", "season:TV/dark/1", "season:TV/dark/2"}),
    ],
)
async def test_a_change_shows_in_the_fingerprint(media, root, cache, path, changed):
    """Only what a changed file belongs to is read again."""
    fill(root, media)
    before = await rows(root, cache)

    with (root / path).open("ab") as file:
        file.write(b" ")
    after = await rows(root, cache)

    assert changed <= {key for key in after if after[key] != before.get(key)}
    assert "file:Music/Ada/Numbers/01.flac" not in {k for k in after if after[k] != before[k]}


async def test_a_renamed_file_keeps_its_identity(media, root, cache):
    """A renamed file keeps its identity (I2).

    Ids survive a rename inside the source when size and content agree.
    """
    fill(root, media)
    before, _ = await listed(root, cache)

    (root / "Movies/Alien (1979)").rename(root / "Movies/Alien - The First One (1979)")
    (root / "TV/Dark").rename(root / "TV/DARK")
    after, _ = await listed(root, cache)

    assert {item.identity for item in before} == {item.identity for item in after}
    assert all(item.identity for item in before)
    assert len(before) == len({(item.type, item.identity) for item in before})


async def test_shows_keep_their_identity_in_another_library(media, root, cache):
    """Shows keep their identity in another library (I2).

    Renaming the library's folder moves shows, seasons, artists and albums along.
    """
    fill(root, media)
    before, _ = await listed(root, cache)

    (root / "TV").rename(root / "Series")
    (root / "Music").rename(root / "Musik")
    after, _ = await listed(root, cache)

    assert {item.identity for item in before} == {item.identity for item in after}


async def test_an_nfo_and_pictures_describe_a_film(media, root, cache):
    """An nfo and pictures describe a film.

    Sidecar NFO and images.
    """
    film = media.video(root / "Movies/Alien (1979)/Alien (1979).mkv")
    film.with_suffix(".nfo").write_text(
        "<movie><title>Alien!</title><plot>In space.</plot><uniqueid type='tmdb'>348</uniqueid>"
        "<originaltitle>Alien</originaltitle><genre>Horror</genre></movie>"
    )
    media.picture(film.with_name("poster.jpg"))
    media.picture(film.with_name("Alien (1979)-fanart.jpg"))

    (item,), _ = await listed(root, cache)

    assert (item.title, item.overview, item.original_title) == ("Alien!", "In space.", "Alien")
    assert item.external_ids == ("tmdb:movie:348",)
    assert item.genres == ("Horror",)
    assert {"poster", "backdrop"} == {image.kind for image in item.images}


async def test_pictures_of_shows_seasons_and_albums(media, root, cache):
    """Covers embedded or beside; the season's picture lies in the show's folder."""
    cover = media.picture(root / "Music/source.png")
    media.audio(root / "Music/Ada/Numbers/01.mp3", TUNE, cover=cover)
    media.audio(root / "Music/Ada/Other/01.mp3", TUNE | {"album": "Other"})
    media.picture(root / "Music/Ada/Other/folder.jpg")
    media.video(root / "TV/Dark/Season 1/Dark S01E01.mkv")
    media.picture(root / "TV/Dark/season01-poster.jpg")
    media.picture(root / "TV/Dark/fanart.jpg")

    items, _ = await listed(root, cache)

    refs = {item.title: {i.kind: i.ref.split("@")[0] for i in item.images} for item in items}
    assert refs["Numbers"] == {"poster": "embedded:Music/Ada/Numbers/01.mp3"}
    assert refs["Other"] == {"poster": "file:Music/Ada/Other/folder.jpg"}
    assert refs["Season 1"] == {"poster": "file:TV/Dark/season01-poster.jpg"}
    assert refs["Dark"] == {"backdrop": "file:TV/Dark/fanart.jpg"}


async def test_versions_and_parts_of_a_film_are_one_item(media, root, cache):
    """Two resolutions are two media sources; two discs are as long as both together."""
    for version in ("1080p", "2160p"):
        media.video(root / f"Movies/Dune (2021)/Dune (2021) - {version}.mkv")
    for part in (1, 2):
        media.video(root / f"Movies/Gandhi (1982)/Gandhi (1982) cd{part}.avi", seconds=2)
    (root / "Movies/Dune (2021)/Dune (2021) - 1080p.de.forced.srt").write_text("1\n")

    items, _ = await listed(root, cache)
    dune, gandhi = sorted(items, key=lambda item: item.title)
    backend = opened(await added_source(str(root)), cache)
    details = (await backend.item(dune.remote_id)).details
    await backend.aclose()

    assert 900 <= dune.duration_ms <= 1200
    assert 3900 <= gandhi.duration_ms <= 4400
    assert [f"Dune (2021) - {v}.mkv" for v in ("1080p", "2160p")] == [
        Path(source.path).name for source in details.media_sources
    ]
    subtitle = details.media_sources[0].streams[-1]
    assert (
        *(subtitle.kind, subtitle.codec, subtitle.language),
        *(subtitle.title, subtitle.is_external),
    ) == ("subtitle", "srt", "de", "forced", True)


async def test_versions_of_an_episode_are_one_item(media, root, cache):
    """The same episode twice in a folder is one episode with two media sources."""
    for version in ("720p", "1080p"):
        media.video(root / f"TV/Dark/Season 1/Dark S01E01 {version}.mkv")

    items, _ = await listed(root, cache)
    (episode,) = by_type(items, ItemType.EPISODE)
    backend = opened(await added_source(str(root)), cache)
    details = (await backend.item(episode.remote_id)).details
    await backend.aclose()

    assert len(details.media_sources) == 2
    assert [season.child_count for season in by_type(items, ItemType.SEASON)] == [1]


async def test_what_can_not_be_played_is_skipped_with_the_reason(media, root, cache):
    """Unreadable, zero-length and corrupt media never raise."""
    media.video(root / "Movies/Good (2000).mkv")
    (root / "Movies/Empty (2001).mkv").touch()
    (root / "Movies/Noise (2002).mkv").write_bytes(b"noise" * 999)
    (root / "Movies/readme.pdf").touch()

    items, skipped = await listed(root, cache)

    assert [item.title for item in items] == ["Good"]
    assert sorted(skipped) == [
        "Movies/readme.pdf: not a media file by its name",
        "an empty file",
        "nothing in it can be played",
    ]


async def test_what_is_said_of_a_skipped_item_does_not_repeat_its_name(media, root, cache):
    """The sync puts the id before the reason; the list of omissions has the path beside it."""
    media.video(root / "Movies/Good (2000).mkv")
    (root / "Movies/Empty (2001).mkv").touch()
    (root / "Movies/readme.pdf").touch()
    backend = opened(await added_source(str(root)), cache)
    (library,) = await backend.libraries()

    reasons: list[str] = []
    for listing in backend.listings(library):
        async for page in backend.pages(listing):
            parsed = await backend.parse(page.items)
            reasons += [item.why for item in parsed if isinstance(item, SkippedItem)]
    omissions = await backend.omissions()
    await backend.aclose()

    assert ["an empty file"] == reasons
    assert [
        ("Movies/Empty (2001).mkv", "broken", "an empty file"),
        ("Movies/readme.pdf", "other", "not a media file by its name"),
    ] == [(omission.place, omission.kind, omission.reason) for omission in omissions]
    assert {library.remote_id} == {omission.library for omission in omissions}


async def test_odd_names_are_ordinary(media, root, cache):
    """No UTF-8, longest names, dots and percent signs: ids are ASCII, bounded and reversible."""
    template = media.video(root / "Movies/Plain (2000).mkv")
    for name in (b"Caf\xe9 (2001).mkv", b"N" * 244 + b" (2002).mkv"[-11:], b"50% (2003).mkv"):
        shutil.copyfile(template, os.path.join(os.fsencode(root), b"Movies", name))
    deep = root / "Movies" / "/".join(["d" * 200] * 5)
    media.video(deep / "Deep (2004).mkv")

    items, skipped = await listed(root, cache)
    backend = opened(await added_source(str(root)), cache)
    found = [(await backend.item(item.remote_id)).remote_id for item in items]
    await backend.aclose()

    assert skipped == []
    assert len(items) == 5
    assert [item.remote_id for item in items] == found
    assert all(item.remote_id.isascii() and len(item.remote_id) <= 800 for item in items)
    assert all(item.title.encode() for item in items)


async def test_the_user_says_what_a_library_holds(media, root, cache):
    """Libraries are changeable; files keep their ids."""
    media.video(root / "Films/Clip (2000).mkv")

    as_found, _ = await listed(root, cache)
    as_told, _ = await listed(root, cache, {"Films": LibraryType.VIDEOS})

    assert [as_found[0].type, as_told[0].type] == [ItemType.MOVIE, ItemType.VIDEO]
    assert as_found[0].remote_id == as_told[0].remote_id


async def test_audio_in_a_library_of_films_is_counted(media, root, cache):
    """Nothing is left out in silence."""
    media.video(root / "Movies/A (2000).mkv")
    media.audio(root / "Movies/soundtrack.mp3")

    _, skipped = await listed(root, cache)

    assert skipped == ["Movies/soundtrack.mp3: audio in a library of movies"]


async def test_a_listing_announces_its_total_on_every_page(root, cache):
    """A listing announces its total on every page (Y7).

    The same total on the first and the last page, windows without holes.
    """
    for number in range(PAGE_SIZE * 2 + 7):
        path = root / f"Movies/Film {number} (2000).mkv"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    backend = opened(await added_source(str(root)), cache)
    (library,) = await backend.libraries()

    pages = {
        listing.type: [page async for page in backend.pages(listing)]
        for listing in backend.listings(library)
    }
    await backend.aclose()

    films = pages[ItemType.MOVIE]
    assert [page.start for page in films] == [0, PAGE_SIZE, 2 * PAGE_SIZE]
    assert {PAGE_SIZE * 2 + 7} == {page.total for page in films}
    assert [len(page.items) for page in films] == [PAGE_SIZE, PAGE_SIZE, 7]
    assert all([(p.total, p.items) for p in pages[t]] == [(0, ())] for t in LISTED_TYPES[1:])


async def test_the_newest_come_first_when_asked_for(media, root, cache):
    """The newest come first when asked for (Y4).

    Newest items first.
    """
    for number in range(3):
        os.utime(media.video(root / f"Movies/Film {number} (2000).mkv"), (number + 1, number + 1))
    backend = opened(await added_source(str(root)), cache)
    (library,) = await backend.libraries()

    newest = await backend.newest(backend.listings(library)[0], 2)
    titles = [item.title for item in await backend.parse(newest)]
    await backend.aclose()

    assert titles == ["Film 2", "Film 1"]


async def test_an_item_that_is_gone_is_none(media, root, cache):
    """Only a folder that is there can say that."""
    path = media.video(root / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(root)), cache)
    path.unlink()
    media.video(root / "Movies/B (2000).mkv")

    assert await backend.item("film:Movies/a/2000") is None
    shutil.rmtree(root)
    with pytest.raises(UnreachableError):
        await backend.item("film:Movies/a/2000")
    await backend.aclose()


@pytest.mark.parametrize("remote_id", ["file:../../etc/passwd", "file:/etc/passwd", "", "x" * 9999])
async def test_an_id_of_somebody_else_reads_nothing(media, root, cache, remote_id):
    """An id of somebody else reads nothing (K6).

    No id makes msd read a file that it did not list.
    """
    media.video(root / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(root)), cache)

    assert await backend.item(remote_id) is None
    await backend.aclose()


async def test_a_missing_folder_is_unreachable(root, cache):
    """A missing folder is unreachable (Y7).

    Gone is offline, never empty.
    """
    source = await added_source(str(root))
    root.rmdir()
    backend = opened(source, cache)

    for call in (backend.connect, backend.libraries):
        with pytest.raises(UnreachableError) as raised:
            await call()
        assert StatusReason.FOLDER_MISSING is raised.value.reason
    await backend.aclose()


async def test_a_file_that_vanishes_after_the_walk_is_skipped(media, root, cache):
    """Folders change while they are read; that is no error."""
    path = media.video(root / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(root)), cache)
    (library,) = await backend.libraries()
    pages = [page async for page in backend.pages(backend.listings(library)[0])]

    path.unlink()
    (parsed,) = await backend.parse(pages[0].items)
    await backend.aclose()

    assert isinstance(parsed, SkippedItem)
    assert "can't be read" in parsed.why


async def test_a_folder_that_goes_away_after_the_walk_is_unreachable(media, root, cache):
    """An unmounted disk does not turn all its files into broken ones."""
    media.video(root / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(root)), cache)
    (library,) = await backend.libraries()
    pages = [page async for page in backend.pages(backend.listings(library)[0])]

    root.rename(root.with_name("elsewhere"))
    with pytest.raises(UnreachableError):
        await backend.parse(pages[0].items)
    await backend.aclose()


async def test_every_item_is_found_by_its_id_with_its_details(media, root, cache):
    """Every item is found by its id with its details (Y3).

    Details come when someone looks at an item; all else is as it was listed.
    """
    fill(root, media)
    listed_items, _ = await listed(root, cache)
    backend = opened(await added_source(str(root)), cache)

    for item in listed_items:
        found = await backend.item(item.remote_id)
        assert replace(found, details=None) == item
        assert found.details is not None
    await backend.aclose()


class ExchangesTheFolder(Event):
    """Stands for somebody who replaces the root in the middle of a walk."""

    def __init__(self, root):
        super().__init__()
        self._root = root
        self._asked = 0

    def is_set(self):
        self._asked += 1
        if self._asked == 2:
            self._root.rename(self._root.with_name("before"))
            (self._root / "Movies").mkdir(parents=True)
            (self._root / "Movies/Other (2000).mkv").touch()
        return False


async def test_a_folder_exchanged_under_the_walk_is_unreachable(media, root, cache):
    """A folder exchanged under the walk is unreachable (Y7).

    What was read is half of one folder and half of another.
    """
    fill(root, media)
    source = await added_source(str(root))

    with pytest.raises(UnreachableError):
        scan_folder(source, {}, TagIndex(cache), ExchangesTheFolder(root))


async def test_a_hanging_disk_does_not_hold_a_cancelled_sync(media, root, cache):
    """A hanging disk does not hold a cancelled sync (Y12).

    Cancel takes effect within 1 s, even while a thread hangs in a disk call.
    """
    fill(root, media)
    await listed(root, cache)
    shutil.rmtree(root / "TV")  # so that the next walk has something to write
    backend = opened(await added_source(str(root)), cache)
    lock = sqlite3.connect(cache / "local-index.db")
    lock.execute("BEGIN EXCLUSIVE")  # whoever writes now hangs for seconds
    began = anyio.current_time()

    with anyio.move_on_after(0.3) as scope:
        await backend.libraries()
    took = anyio.current_time() - began
    lock.rollback()
    lock.close()
    await backend.aclose()

    assert scope.cancelled_caught
    assert took < 1


async def test_a_damaged_index_is_made_anew(media, root, cache):
    """The cache folder may hold anything, or be no folder at all."""
    fill(root, media)
    before, _ = await listed(root, cache)
    for damage in (b"not a database" * 999, b"SQLite format 3\0" + b"\xff" * 5000):
        (cache / "local-index.db").write_bytes(damage)
        assert before == (await listed(root, cache))[0]
        with sqlite3.connect(cache / "local-index.db") as index:
            assert index.execute("SELECT count(*) FROM tags").fetchone() == (1,)
        index.close()

    assert before == (await listed(root, root / "Movies/Alien (1979)/Alien (1979).mkv"))[0]


def test_the_spec_names_what_adding_needs():
    """The contract of adding."""
    assert SPEC.kind == "local"
    assert [(o.name, o.required) for o in SPEC.options] == [("path", True), ("name", False)]
