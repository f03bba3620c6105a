"""Tags of real music files, in every format, also broken ones."""

import errno
import os
from io import FileIO

import pytest

from msd.backends.local.files.opening import MediaFile, open_media
from msd.backends.local.music.tags import TrackTags, read_cover, read_lyrics, read_tags

TAGS = {
    "title": "Tune",
    "artist": "Ada",
    "album_artist": "Ada & Band",
    "album": "Numbers",
    "date": "2001-05-06",
    "genre": "Jazz",
    "track": "3/9",
    "disc": "2/2",
}


def tags_of(path) -> TrackTags:
    with open_media(os.fsencode(path.parent), os.fsencode(path.name)) as file:
        return read_tags(file, path.name, path.stat().st_size)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".opus", ".m4a"])
def test_tags_of_every_format_say_the_same(media, root, suffix):
    """Tags of every format say the same.

    Music by its tags.
    """
    tags = tags_of(media.audio(root / f"x{suffix}", TAGS))

    assert (
        *(tags.title, tags.artist),
        *(tags.album_artist, tags.album),
    ) == ("Tune", "Ada", "Ada & Band", "Numbers")
    assert (tags.year, tags.genre, tags.track) == (2001, "Jazz", 3)
    assert tags.disc == 2
    assert 900 <= tags.duration_ms <= 1200


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a"])
def test_an_embedded_cover_is_noticed(media, root, suffix):
    """Covers embedded or beside."""
    cover = media.picture(root / "cover.png")

    assert tags_of(media.audio(root / f"with{suffix}", TAGS, cover=cover)).has_cover
    assert not tags_of(media.audio(root / f"without{suffix}", TAGS)).has_cover


def test_an_untagged_track_has_the_title_of_its_name(media, root):
    """An untagged file is still an item."""
    tags = tags_of(media.audio(root / "07 - Ada - Song.mp3"))

    assert (tags.track, tags.artist, tags.title) == (7, "Ada", "Song")


def test_a_format_without_a_tag_reader_is_still_a_track(media, root):
    """Matroska audio: tinytag does not know it, libmediainfo does."""
    tags = tags_of(media.audio(root / "Song.mka"))

    assert (tags.title, tags.problem) == ("Song", "")


@pytest.mark.parametrize(
    "content", [b"", b"noise" * 100, b"ID3\x04\0\0\x7f\x7f\x7f\x7f", b"fLaC\xff"]
)
def test_what_is_no_music_says_so(root, content):
    """Zero-length and corrupt files raise nothing."""
    (root / "x.mp3").write_bytes(content)

    assert tags_of(root / "x.mp3").problem


def test_cut_music_raises_nothing(media, root):
    """A half copied file is either music or not."""
    cover = media.picture(root / "cover.png")
    for suffix in (".mp3", ".flac", ".ogg", ".m4a", ".wav", ".wma", ".aiff"):
        with_cover = cover if suffix in (".mp3", ".flac", ".m4a") else None
        whole = media.audio(root / f"x{suffix}", TAGS, cover=with_cover).read_bytes()
        for length in range(0, len(whole), max(1, len(whole) // 15)):
            (root / f"cut{suffix}").write_bytes(whole[:length])
            tags_of(root / f"cut{suffix}")


def test_absurd_tags_are_cut_down(media, root):
    """Absurd tags are cut down (K5).

    Sizes, numbers and text are bounded.
    """
    tags = tags_of(
        media.audio(root / "x.flac", {"title": "T" * 9000, "track": "99999999", "date": "x9y9"})
    )

    assert (len(tags.title), tags.track, tags.year) == (500, 0, 0)


class FailingFile(FileIO):
    """A file on a disk that gives nothing any more."""

    def readinto(self, buffer):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    "read",
    [
        lambda file: read_tags(file, "x.mp3", 9),
        lambda file: read_lyrics(file, "x.mp3"),
        lambda file: read_cover(file, "x.mp3"),
    ],
)
def test_a_failing_disk_is_no_file_without_tags(media, root, read):
    """That nothing is there would be remembered, and the disk comes back (Y7)."""
    path = media.audio(root / "x.mp3", TAGS)

    with (
        MediaFile(FailingFile(path)) as file,
        pytest.raises(OSError, match="Input/output error") as raised,
    ):
        read(file)
    assert raised.value.errno == errno.EIO


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a"])
def test_a_cover_is_read_as_it_was_put_in(media, root, suffix):
    """Byte for byte; nothing where none is."""
    cover = media.picture(root / "cover.png")
    for name, put_in in (("with", cover), ("without", None)):
        media.audio(root / f"{name}{suffix}", TAGS, cover=put_in)
        with open_media(os.fsencode(root), os.fsencode(name + suffix)) as file:
            assert read_cover(file, name + suffix) == (put_in.read_bytes() if put_in else b"")
