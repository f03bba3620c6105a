"""What is no item is told, with the reason; snapshots, bins, twins and unfinished files."""

import os
import time

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import link, plant, read

pytestmark = pytest.mark.anyio


async def test_snapshots_and_bins_are_one_omission_each(tmp_path, cache, media):
    """Not one for each file in them."""
    root = tmp_path / "Media"
    plant(
        root,
        media,
        """
        Movies/Heat (1995)/Heat (1995).mkv
        {@Recently-Snapshot,#snapshot}/GMT/Movies/Heat (1995)/Heat (1995).mkv
        Movies/@Recycle/Del (1991).mkv
        .Trash-1000/files/Old (1990).mkv
        """,
    )

    made = await read(root, cache)

    assert ["Heat (1995)"] == made.films
    assert {
        "@Recently-Snapshot": "snapshot",
        "#snapshot": "snapshot",
        "Movies/@Recycle": "bin",
        ".Trash-1000": "bin",
    } == made.left_out


async def test_work_of_download_programs_is_left_out(tmp_path, cache, media):
    """Unpacking, failed, and downloads that have not ended."""
    root = tmp_path / "Movies"
    plant(
        root,
        media,
        """
        Heat (1995)/Heat (1995).mkv
        _UNPACK_New.Movie.2020/new.movie.2020.mkv
        _FAILED_Bad.Movie.2021/bad.movie.2021.mkv
        Late (2022).mkv.part := x
        """,
    )

    made = await read(root, cache)

    assert ["Heat (1995)"] == made.films
    assert {
        "_UNPACK_New.Movie.2020": "unfinished",
        "_FAILED_Bad.Movie.2021": "broken",
        "Late (2022).mkv.part": "unfinished",
    } == made.left_out


async def test_hard_links_are_one_file(tmp_path, cache, media):
    """The name in a library is kept, the one in the heap of downloads is told."""
    root = tmp_path / "Media"
    plant(
        root,
        media,
        """
        Movies/Heat (1995)/Heat (1995).mkv
        Movies/Up (2009).mkv
        TV/Dark/Season 1/Dark - S01E01.mkv
        """,
    )
    link(
        root / "torrents/Heat.1995.1080p/Heat.1995.1080p.mkv",
        root / "Movies/Heat (1995)/Heat (1995).mkv",
    )
    link(root / "torrents/Dark.S01E01.mkv", root / "TV/Dark/Season 1/Dark - S01E01.mkv")

    made = await read(root, cache)

    assert ["Heat (1995)", "Up (2009)"] == made.films
    assert {"Dark": ["1x1"]} == made.shows
    assert {
        "torrents/Heat.1995.1080p/Heat.1995.1080p.mkv": "twin",
        "torrents/Dark.S01E01.mkv": "twin",
    } == made.left_out


async def test_broken_files_are_told_before_samples_and_still_later(tmp_path, cache, media):
    """The list is one of the folder: a second look that finds nothing new gives it again."""
    root = tmp_path / "Movies"
    plant(
        root,
        media,
        """
        Good (2000)/Good (2000).mkv
        Good (2000)/Sample/sample {0,1,2,3,4}.mkv
        bad {0,1} (2001).mkv := a text
        """,
    )

    first = await read(root, cache)
    second = await read(root, cache)

    assert ["Good (2000)"] == first.films
    broken = {"bad 0 (2001).mkv": "broken", "bad 1 (2001).mkv": "broken"}
    samples = {f"Good (2000)/Sample/sample {number}.mkv": "sample" for number in range(5)}
    assert broken | samples == first.left_out == second.left_out
    assert ["bad 0 (2001).mkv", "bad 1 (2001).mkv"] == [o.place for o in first.omissions[:2]]


async def test_a_mended_file_is_no_omission_any_more(tmp_path, cache, media):
    """What is known against a file counts until the file changes."""
    root = tmp_path / "Movies"
    plant(root, media, "bad (2001).mkv := a text")
    before = await read(root, cache)

    media.video(root / "bad (2001).mkv")
    after = await read(root, cache)

    assert {"bad (2001).mkv": "broken"} == before.left_out
    assert {} == after.left_out
    assert ["bad (2001)"] == after.films


async def test_links_out_of_the_folder_are_told_without_any_library(tmp_path, cache, media):
    """They stay shut (K6); the reason says what to do."""
    root = tmp_path / "Movies"
    root.mkdir()
    film = media.video(tmp_path / "elsewhere/Heat (1995).mkv")
    (root / "Heat (1995).mkv").symlink_to(film)
    (root / "gone (2003).mkv").symlink_to(tmp_path / "nothing")

    made = await read(root, cache)

    assert {} == made.libraries
    assert {"Heat (1995).mkv": "link-outside", "gone (2003).mkv": "broken"} == made.left_out
    reason = next(o.reason for o in made.omissions if o.kind == "link-outside")
    assert "add the folder that it leads to" in reason


async def test_a_file_that_points_elsewhere_is_told(tmp_path, cache, media):
    """It is a medium for its owner."""
    root = tmp_path / "Movies"
    plant(
        root,
        media,
        """
        Linked (1997)/Linked (1997).strm := http://192.0.2.1/x
        {Heat (1995),Up (2009)}.mkv
        """,
    )

    made = await read(root, cache)

    assert {"Linked (1997)/Linked (1997).strm": "unsupported"} == made.left_out


async def test_a_folder_that_asks_to_be_left_out_is_one_omission(tmp_path, cache, media):
    """Also the reason names the file that asks."""
    root = tmp_path / "Movies"
    plant(
        root,
        media,
        """
        Heat (1995).mkv
        Private/{A (2000),B (2001)}.mkv
        Private/.nomedia := x
        .hidden (1990).mkv
        """,
    )

    made = await read(root, cache)

    assert {"Private": "ignored", ".hidden (1990).mkv": "hidden"} == made.left_out
    assert any(".nomedia" in omission.reason for omission in made.omissions)


async def test_added_is_never_later_than_now(tmp_path, cache, media):
    """Else a film is the newest for ever."""
    root = tmp_path / "Movies"
    plant(root, media, "{Old (1960),Future (2030)}.mkv")
    os.utime(root / "Future (2030).mkv", (3.8e9, 3.8e9))

    made = await read(root, cache)

    assert all(item.added_at <= time.time() for item in made.of(ItemType.MOVIE))
    assert ["Future (2030)", "Old (1960)"] == made.films


async def test_a_chain_of_directories_has_an_end(tmp_path, cache, media):
    """What lies too deep is told, and costs nothing."""
    root = tmp_path / "Movies"
    plant(root, media, "Heat (1995).mkv")
    path = root
    for _ in range(200):
        path = path / "d"
    path.mkdir(parents=True)

    made = await read(root, cache)

    assert ["unreadable"] == list(made.left_out.values())
