"""Which top-level folders are libraries, and of what."""

import threading

import pytest

from msd.backends.local.catalogue.libraries import divide
from msd.backends.local.files.walk import walk_folder
from msd.models import LibraryType


def put(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def divided(root, name="root", content_types=None):
    parts = divide(walk_folder(str(root), threading.Event()), name, content_types or {})
    return {part.remote_id: part.type for part in parts}


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        ("Movies", "A (2000)/a.mkv", LibraryType.MOVIES),
        ("Filme", "a.mkv", LibraryType.MOVIES),
        ("TV Shows", "A/Season 1/1.mkv", LibraryType.SHOWS),
        ("Serien", "A/a.mkv", LibraryType.SHOWS),
        ("Musik", "A/B/1.mp3", LibraryType.MUSIC),
        ("Music Videos", "a.mkv", LibraryType.MUSIC_VIDEOS),
        ("Home Videos", "clip.mp4", LibraryType.VIDEOS),
        ("Home Videos", "A (2000).mp4", LibraryType.MOVIES),
        ("Movies", "a.mp3", LibraryType.MUSIC),
    ],
)
def test_a_top_level_folder_is_a_library_of_what_it_mostly_holds(root, folder, file, expected):
    """Its name is a hint, its content decides."""
    put(root, f"{folder}/{file}")

    assert {folder: expected} == divided(root)


def test_several_libraries_stand_side_by_side(root):
    """Libraries: by what a top-level folder mostly holds."""
    put(root, "Films/A (2000).mkv", "TV/B/B S01E01.mkv", "Music/C/D/1.flac", "loose.mp4")

    assert divided(root) == {
        "Films": LibraryType.MOVIES,
        "TV": LibraryType.SHOWS,
        "Music": LibraryType.MUSIC,
        ".": LibraryType.VIDEOS,
    }


def test_a_folder_of_film_folders_is_one_library(root):
    """Films are not a library each."""
    put(root, *(f"Film {n} (200{n})/film.mkv" for n in range(5)))

    assert divided(root) == {".": LibraryType.MOVIES}


def test_a_folder_of_show_folders_is_one_library(root):
    """Shows are not a library each."""
    put(root, *(f"Show {n}/Season {s}/S0{s}E01.mkv" for n in range(3) for s in (1, 2)))
    put(root, "Flat/Flat S01E01.mkv", "Flat/Flat S01E02.mkv")

    assert divided(root) == {".": LibraryType.SHOWS}


def test_a_folder_of_artists_is_one_library(root):
    """Artists are not a library each."""
    put(root, *(f"Artist {n}/Album {a}/1.mp3" for n in range(3) for a in (1, 2)))

    assert divided(root) == {".": LibraryType.MUSIC}


def test_a_folder_whose_own_name_says_what_it_holds_is_one_library(root):
    """~/Music is one library, however it is laid out inside."""
    put(root, "Some Band/1.mp3", "Some Band/2.mp3", "Other/Live/1.mp3")

    assert divided(root, name="Music") == {".": LibraryType.MUSIC}


def test_an_unnamed_folder_with_several_titles_is_a_library(root):
    """What a top-level folder holds counts, not only its name."""
    put(root, "Kids/A (2000).mkv", "Kids/B (2001).mkv", "Films/C (2002).mkv")

    assert divided(root) == {"Kids": LibraryType.MOVIES, "Films": LibraryType.MOVIES}


def test_much_of_both_is_mixed(root):
    """A download folder."""
    put(
        root,
        *(f"Stuff/{n}.mp3" for n in range(5)),
        *(f"Stuff/Film {n} (2000).mkv" for n in range(5)),
    )
    put(
        root,
        *(f"Mess/F{n} (2000).mkv" for n in range(5)),
        *(f"Mess/S S01E0{n}.mkv" for n in range(5)),
    )

    assert divided(root) == {"Stuff": LibraryType.MIXED, "Mess": LibraryType.MIXED}


def test_the_user_has_the_last_word(root):
    """Libraries are changeable: `content_types`."""
    put(root, "Movies/A (2000).mkv")

    assert divided(root, content_types={"Movies": LibraryType.VIDEOS}) == {
        "Movies": LibraryType.VIDEOS
    }


def test_folders_without_media_are_no_libraries(root):
    """Documents beside films make no library."""
    put(root, "Papers/a.txt", "Pictures/b.jpg")

    assert divided(root) == {}


def test_a_library_s_id_is_plain_text_whatever_its_name(root):
    """Names that are no UTF-8 and odd characters are ordinary."""
    put(root, "Ünï/A (2000).mkv", "Ünï/B (2000).mkv")

    (remote_id,) = divided(root)

    assert remote_id.isascii()
