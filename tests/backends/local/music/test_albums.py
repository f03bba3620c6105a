"""Tracks come together as albums and artists by their tags."""

import threading

import pytest

from msd.backends.local.catalogue.libraries import divide
from msd.backends.local.files.walk import walk_folder
from msd.backends.local.music.albums import Readers, music_of, primary_artist
from msd.backends.local.music.tags import TrackTags as Tags


def track_tags(title="", artist="", album_artist="", album="", **more):
    return Tags(title=title, artist=artist, album_artist=album_artist, album=album, **more)


def grouped(root, tags):
    """Group real files whose tags are given by path."""
    for path in tags:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    walk = walk_folder(str(root), threading.Event())
    (part,) = divide(walk, "Music", {})
    readers = Readers(
        tags=lambda path, _entry: tags[path.decode()],
        cues=lambda _folder: {},
        is_track=lambda _path, _entry: False,
    )
    return music_of(part, part.folders, readers)


def albums(music):
    return {(album.artist, album.title): album.children for album in music.albums}


def test_discs_of_an_album_come_together(root):
    """Multi-disc."""
    tags = {
        f"Ada/Numbers/CD{d}/{n}.mp3": track_tags(f"T{n}", "Ada", album="Numbers", disc=d, track=n)
        for d in (1, 2)
        for n in (1, 2)
    }

    assert albums(grouped(root, tags)) == {("Ada", "Numbers"): 4}


def test_a_compilation_is_one_album_of_various_artists(root):
    """Compilations: by album artist, by flag, or by many artists on one album."""
    names = ("Ann", "Ben", "Cleo", "Dan")
    by_count = {f"Best/{n}.mp3": track_tags("T", n, album="Best") for n in names}
    by_flag = {
        f"Solo/{n}.mp3": track_tags("T", "Eve", album="Solo", is_compilation=True) for n in "12"
    }
    by_tag = {f"Tag/{n}.mp3": track_tags("T", n, "Various", "Tag") for n in names}

    music = grouped(root, by_count | by_flag | by_tag)

    assert (albums(music)) == {
        ("Various Artists", "Best"): 4,
        ("Various Artists", "Solo"): 2,
        ("Various", "Tag"): 4,
    }


def test_guests_do_not_make_a_compilation(root):
    """ "feat." belongs to the track."""
    tags = {
        "A/1.mp3": track_tags("1", "Ada", album="X"),
        "A/2.mp3": track_tags("2", "Ada feat. Bob", album="X"),
        "A/3.mp3": track_tags("3", "Bob (ft. Ada)", album="X"),
    }

    assert albums(grouped(root, tags)) == {("Ada", "X"): 3}


def test_two_albums_of_one_name_stay_apart(root):
    """ "Greatest Hits" is everybody's."""
    tags = {
        "A/Hits/1.mp3": track_tags("1", "A", album="Greatest Hits"),
        "B/Hits/1.mp3": track_tags("1", "B", album="Greatest Hits"),
    }

    assert albums(grouped(root, tags)) == {("A", "Greatest Hits"): 1, ("B", "Greatest Hits"): 1}


def test_spelling_does_not_split_an_artist(root):
    """Case, articles and punctuation."""
    tags = {
        "1.mp3": track_tags("1", "The Beatles", album="Help!"),
        "x/2.mp3": track_tags("2", "the beatles", album="Help"),
    }

    music = grouped(root, tags)

    assert len(music.artists) == 1
    assert [album.children for album in music.albums] == [2]


def test_an_untagged_album_is_its_folder(root):
    """Missing tags: artist and album from the folders."""
    tags = {
        "Old Band/Demo (1987)/1.wav": track_tags("1"),
        "New Band - 2001 - Debut/1.wav": track_tags("1"),
    }

    music = grouped(root, tags)

    assert {("Old Band", "Demo", 1987), ("New Band", "Debut", 2001)} == {
        (album.artist, album.title, album.year) for album in music.albums
    }


def test_loose_untagged_tracks_have_no_album(root):
    """A file in the library's own folder belongs to no album; it has an artist, if unknown."""
    music = grouped(root, {"song.mp3": track_tags("song"), "Bob - x.mp3": track_tags("x", "Bob")})

    assert music.albums == []
    assert {"Unknown Artist", "Bob"} == {artist.title for artist in music.artists}
    assert all(track.artist is not None and track.parent is None for track in music.tracks)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("A feat. B", "A"), ("A (ft. B)", "A"), ("A Featuring B", "A"), ("Left", "Left")],
)
def test_guests_are_taken_from_an_artist_s_name(name, expected):
    """ "Left" is not "Le" with a guest."""
    assert expected == primary_artist(name)
