"""The walk: everything that lies in real folders, nothing outside, nothing opened."""

import os
import threading

import pytest

from msd.backends.local.files.walk import MOST_LEFT_OUT, Walk, WalkStoppedError, walk_folder


def walked(root):
    return walk_folder(str(root), threading.Event())


def names_of(walk) -> set[str]:
    return {
        os.fsdecode(os.path.join(path, entry.name))
        for path, folder in walk.folders.items()
        for entry in folder.files
    }


def put(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def test_media_and_what_belongs_to_them_are_found(root):
    """One pass finds media, pictures, NFO files and subtitles."""
    put(root, "a.mkv", "Films/b.MP4", "Films/b.nfo", "Films/b.en.srt", "Films/poster.JPG")

    assert {
        "a.mkv",
        "Films/b.MP4",
        "Films/b.nfo",
        "Films/b.en.srt",
        "Films/poster.JPG",
    } == names_of(walked(root))


def test_what_is_no_media_is_left_out_and_told(root):
    """What is no media is left out and told.

    A file that no parser recognises as media is skipped and counted.
    """
    put(root, "notes.txt", "film.mkv.part", "no extension", ".hidden.mkv", "Thumbs.db")

    walk = walked(root)

    assert set() == names_of(walk) - {"Thumbs.db"}
    assert sorted(left.path for left in walk.left_out) == [
        *(b".hidden.mkv", b"film.mkv.part", b"no extension", b"notes.txt"),
    ]


def test_albums_are_no_extras(root):
    """An album may be called "Extras", a song "Sample"."""
    put(root, "Music/Ada/Extras/sample.mp3", "Music/Ada/Other/Song-short.mp3")

    assert {"Music/Ada/Extras/sample.mp3", "Music/Ada/Other/Song-short.mp3"} == names_of(
        walked(root)
    )


def test_a_folder_that_asks_to_be_left_out_is(root):
    """.nomedia and .ignore, as on other systems."""
    put(root, "private/.nomedia", "private/a.mkv", "open/b.mkv")

    assert {"open/b.mkv"} == names_of(walked(root))


def test_a_link_out_of_the_folder_is_not_followed(root, tmp_path):
    """A link out of the folder is not followed (K6).

    Nothing outside the root, neither by a file's nor a folder's link.
    """
    put(tmp_path, "secret/film.mkv")
    (root / "film.mkv").symlink_to(tmp_path / "secret/film.mkv")
    (root / "folder").symlink_to(tmp_path / "secret", target_is_directory=True)

    walk = walked(root)

    assert set() == names_of(walk)
    assert {b"film.mkv", b"folder"} == {left.path for left in walk.left_out}


def test_a_sibling_with_the_same_beginning_is_outside(root):
    """ "/x/root-2" is not inside "/x/root"."""
    put(root.parent, "root-2/film.mkv")
    (root / "film.mkv").symlink_to(root.parent / "root-2/film.mkv")

    assert set() == names_of(walked(root))


def test_links_inside_show_what_has_no_other_name(root):
    """A link is followed inside the root; a file is found once, under its real name."""
    put(root, "a/film.mkv", ".store/hidden.mkv")
    (root / "b").symlink_to(root / "a", target_is_directory=True)
    (root / "again.mkv").symlink_to(root / "a/film.mkv")
    (root / "shown.mkv").symlink_to(root / ".store/hidden.mkv")

    assert {"a/film.mkv", "shown.mkv"} == names_of(walked(root))


def test_loops_end(root):
    """Symbolic link loops are ordinary."""
    put(root, "a/b/film.mkv")
    (root / "a/b/up").symlink_to(root, target_is_directory=True)
    (root / "self").symlink_to("self")
    (root / "x").symlink_to("y")
    (root / "y").symlink_to("x")

    assert {"a/b/film.mkv"} == names_of(walked(root))


def test_pipes_and_sockets_are_never_opened(root):
    """A FIFO called film.mkv does not hang the walk; it is counted."""
    os.mkfifo(root / "film.mkv")

    walk = walked(root)

    assert walk.left_out == [(b"film.mkv", "other", "not a regular file")]


def test_names_that_are_no_utf_8_are_ordinary(root):
    """os.fsencode bytes, as they are."""
    with open(os.fsencode(root) + b"/Caf\xe9.mkv", "wb") as file:
        file.write(b"x")

    (folder,) = walked(root).folders.values()

    assert [entry.name for entry in folder.files] == [b"Caf\xe9.mkv"]


def test_an_unreadable_folder_is_a_gap(root, unprivileged):
    """Permission errors are ordinary: what can't be seen may not be counted as gone (Y7)."""
    put(root, "open/a.mkv", "closed/b.mkv")

    walk = unprivileged(root, closed=root / "closed")

    assert walk["gaps"] == ["closed"]
    assert walk["names"] == ["open/a.mkv"]


def test_the_walk_stops_when_told(root):
    """The walk stops when told (Y12).

    A cancelled sync leaves no thread walking.
    """
    stop = threading.Event()
    stop.set()

    with pytest.raises(WalkStoppedError):
        walk_folder(str(root), stop)


def test_an_unreadable_root_is_an_error(root):
    """The root itself is never a gap."""
    with pytest.raises(FileNotFoundError):
        walked(root / "missing")


def test_files_left_out_are_counted_beyond_those_kept_by_name():
    """Memory is bounded, the count is true."""
    walk = Walk()
    for number in range(MOST_LEFT_OUT + 20):
        walk.leave_out(b"%d.txt" % number, "other", "not a media file by its name")

    assert (len(walk.left_out), walk.uncounted) == (MOST_LEFT_OUT, 20)


def test_the_order_of_a_walk_is_always_the_same(root):
    """Pages come in an order of their own, not of the disk's."""
    put(root, *(f"{letter}/{number}.mkv" for letter in "cab" for number in (2, 1)))

    walk = walked(root)

    assert sorted(walk.folders) == list(walk.folders)
    assert all(folder.files == sorted(folder.files) for folder in walk.folders.values())
