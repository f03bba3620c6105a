"""What names make of videos: one test for each kind of place a file can lie in."""

import threading

import pytest

from msd.backends.local.catalogue.catalogue import catalogue_of
from msd.backends.local.catalogue.libraries import divide
from msd.backends.local.files.walk import walk_folder
from msd.models import ItemType, LibraryType

M, S, E, V, C = (
    ItemType.MOVIE,
    ItemType.SEASON,
    ItemType.EPISODE,
    ItemType.VIDEO,
    ItemType.MUSIC_VIDEO,
)


def catalogued(root, paths, content=None):
    """Return type → keys of entries (path of a leaf, key of a group) of one library."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x" * (1 + len(path)))
    walk = walk_folder(str(root), threading.Event())
    top = paths[0].partition("/")[0]
    (part,) = divide(walk, "root", {top: content} if content else {})
    made = catalogue_of(part, walk.folders)
    return {
        kind: sorted(getattr(e, "key", None) or e.path.decode() for e in entries)
        for kind, entries in made.entries.items()
        if entries
    }


@pytest.mark.parametrize(
    ("paths", "content", "kind", "expected"),
    [
        (["Movies/A (2000)/VIDEO_TS/VTS_01_1.VOB"], None, M, None),
        (["Movies/A (2000)/BDMV/STREAM/00000.m2ts"], None, M, None),
        (["Music/A/clip.mkv"], LibraryType.MUSIC, C, None),
        (["Music Videos/A - B.mkv"], None, C, None),
        (["Clips/x.mkv", "Clips/y.mkv"], LibraryType.VIDEOS, V, None),
        (["Movies/B S01E01.mkv"], None, E, None),
        (["TV/Film (2000).mkv"], None, M, None),
        (["TV/thing.mkv"], None, V, None),
        (["TV/Season 1/1.mkv"], None, S, ["tv/1"]),
        (["TV/Show/CD1/Show S02E01.mkv"], None, S, ["show/2"]),
        (["TV/Show/Show.S01E02.720p/a.S01E02.mkv"], None, S, ["show/1"]),
        (["TV/A.S01E02.720p/x.S01E02.mkv"], None, S, ["a/1"]),
        (["TV/News 2020-01-02.mkv"], None, S, ["news/2020"]),
        (["TV/Show/Making of.mkv"], None, S, ["show/0"]),
        (["Mess/A (2000).mkv"], LibraryType.MIXED, M, None),
        (["Mess/A S01E01.mkv"], LibraryType.MIXED, E, None),
        (["Mess/clip.mkv"], LibraryType.MIXED, V, None),
    ],
)
def test_a_video_is_what_its_place_makes_it(root, paths, content, kind, expected):
    """A video is what its place makes it.

    Films, shows, seasons, episodes, music videos and other videos.
    """
    assert catalogued(root, paths, content)[kind] == (expected or sorted(paths))


def test_the_longest_file_stands_for_a_copied_disc(root):
    """Menus and trailers of a disc are no films."""
    paths = [f"Movies/A (2000)/BDMV/STREAM/{'0' * n}.m2ts" for n in (5, 6, 7)]

    assert catalogued(root, paths) == {M: [paths[-1]]}


def test_seasons_in_folders_of_their_own_are_one_show(root):
    """A series split over folders is one series."""
    paths = [
        "TV/Dark.S01.1080p/Dark.S01E01.mkv",
        "TV/Dark S02/Dark.S02E01.mkv",
        "TV/Dark/x 3x01.mkv",
    ]

    found = catalogued(root, paths)

    assert found[ItemType.SHOW] == ["dark"]
    assert found[S] == ["dark/1", "dark/2", "dark/3"]
