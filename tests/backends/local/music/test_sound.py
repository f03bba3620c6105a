"""A music file is known by its sound: other tags and another name leave it the same."""

import os
import subprocess

import pytest

from msd.backends.local.files.opening import open_media
from msd.backends.local.music.sound import sound_identity

FORMATS = (".mp3", ".flac", ".m4a", ".ogg", ".opus", ".wav", ".aiff")


def identity(path) -> str:
    with open_media(os.fsencode(path.parent), os.fsencode(path.name)) as file:
        return sound_identity(file, path.stat().st_size)


def with_id3(path, other, title):
    """Write a copy of an MP3 with a longer tag in front and one behind."""
    content = path.read_bytes()
    length = sum(byte << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    frame = b"TIT2" + (len(title) + 1).to_bytes(4) + b"\0\0\0" + title
    size = len(frame) + 2000
    tag = b"ID3\3\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    end = b"TAG" + title.ljust(125, b"\0")
    other.write_bytes(tag + frame + bytes(2000) + content[10 + length :] + end)
    return other


def retagged(path, title):
    """Write a copy of a file with another title; the sound is copied, not encoded again."""
    other = path.with_name(f"{title}{path.suffix}")
    if path.suffix == ".mp3":  # ffmpeg writes another first frame of sound
        return with_id3(path, other, title.encode())
    options = ["-c", "copy", "-metadata", f"title={title}", "-metadata", "comment=" + "x" * 500]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(path), *options, str(other)], check=True
    )
    return other


@pytest.mark.parametrize("suffix", FORMATS)
def test_other_tags_leave_the_identity(media, root, suffix):
    """Retagging and renaming keep what a track is recognised by (I2)."""
    path = media.audio(root / f"one{suffix}", {"title": "One"}, seconds=3)

    assert identity(path) == identity(retagged(path, "Another title that is longer"))


@pytest.mark.parametrize("suffix", FORMATS)
def test_another_sound_is_another_identity(media, root, suffix):
    """The same tags on another sound."""
    one = media.audio(root / f"one{suffix}", {"title": "One"}, seconds=3, hertz=440)
    other = media.audio(root / f"other{suffix}", {"title": "One"}, seconds=3, hertz=880)

    assert identity(one) != identity(other)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"ID3", b"fLaC", b"OggS", b"RIFF....WAVE", b"FORM....AIFF", b"\0\0\0\x08ftyp"),
        *(b"ID3\4\0\x10\x7f\x7f\x7f\x7f", b"wvpk" + b"\xff" * 40, b"\0\0\0\1mdat\xff" * 9),
        b"x" * 99 + b"APETAGEX" + b"\xff" * 24,
    ],
)
def test_broken_files_raise_nothing(root, content):
    """Sizes in a file are believed only within it."""
    (root / "x.mp3").write_bytes(content)

    assert isinstance(identity(root / "x.mp3"), str)
