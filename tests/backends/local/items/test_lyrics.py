"""The lyrics of a track in a folder."""

from __future__ import annotations

import struct

import pytest

from msd.models import ItemType, LyricLine
from tests.backends.local.cases.trees import read
from tests.support.folders.list_folder import added_source, opened

pytestmark = pytest.mark.anyio

LRC = "[00:01.00]La\n[00:02.50]la\n"
TIMED = (LyricLine(text="La", start_ms=1_000), LyricLine(text="la", start_ms=2_500))


async def track(root, cache):
    item = (await read(root, cache)).one(ItemType.TRACK)
    backend = opened(await added_source(str(root)), cache)
    found = await backend.item(item.remote_id)
    await backend.aclose()
    assert item.has_lyrics == found.has_lyrics
    return found


def song(media, root, suffix=".mp3", **tags):
    return media.audio(root / f"Music/Ada/One/01 Song{suffix}", {"title": "Song"} | tags)


async def test_lyrics_beside_a_track_come_with_their_times(media, root, cache):
    """ "Song.lrc" is of "Song.mp3"."""
    song(media, root).with_suffix(".lrc").write_text(LRC)

    found = await track(root, cache)

    assert found.has_lyrics
    assert found.details.lyrics == TIMED


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".m4a"])
@pytest.mark.parametrize(
    ("text", "lines"), [(LRC, TIMED), ("La\nla", (LyricLine(text="La"), LyricLine(text="la")))]
)
async def test_lyrics_in_tags_are_read_from_every_format(media, root, cache, suffix, text, lines):
    """With times where the tag has LRC in it, as plain lines else."""
    song(media, root, suffix, lyrics=text)

    found = await track(root, cache)

    assert found.has_lyrics
    assert found.details.lyrics == lines


USLT = b"\x03eng\0" + b"La\nla"
USLT_LRC = b"\x03eng\0" + LRC.encode()
SYLT = b"\x03eng\x02\x01\0" + b"La\0" + struct.pack(">I", 1_000) + b"\nla\0" + b"\0\0\x09\xc4"
PLAIN = (LyricLine(text="La"), LyricLine(text="la"))


def id3(**frames):
    """Return an ID3 tag of version 2.4."""

    def syncsafe(number):
        return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

    body = b"".join(
        name.encode() + syncsafe(len(content)) + b"\0\0" + content
        for name, content in frames.items()
    )
    return b"ID3\x04\0\0" + syncsafe(len(body)) + body


@pytest.mark.parametrize(
    ("frames", "lines"),
    [
        ({"USLT": USLT}, PLAIN),
        ({"USLT": USLT_LRC}, TIMED),
        ({"SYLT": SYLT}, TIMED),
        ({"USLT": USLT, "SYLT": SYLT}, TIMED),
    ],
)
async def test_lyrics_of_an_mp3_are_in_two_kinds_of_frames(media, root, cache, frames, lines):
    """USLT has text, SYLT a time for each line; those with times are taken."""
    path = song(media, root)
    path.write_bytes(id3(TIT2=b"\x03Song", **frames) + path.read_bytes())

    found = await track(root, cache)

    assert found.has_lyrics
    assert found.details.lyrics == lines


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LRC.encode("utf-16"), "La"),
        ("[00:01]Größe".encode("cp1252"), "Größe"),
        (b"\xff\xfe", ""),
        (b"", ""),
        (b"\0" * 1_000, ""),
        (b"[00:01]x\n" * 100_000, ""),
    ],
)
async def test_odd_files_of_lyrics_cost_themselves(media, root, cache, content, expected):
    """In another encoding, broken or too large; the track stays (Y14)."""
    song(media, root).with_suffix(".lrc").write_bytes(content)

    found = await track(root, cache)

    assert [line.text for line in found.details.lyrics[:1]] == ([expected] if expected else [])


async def test_a_link_to_another_file_is_no_lyrics(media, root, cache, tmp_path):
    """Nothing outside of the folder is read (K6)."""
    secret = tmp_path / "secret"
    secret.write_text("[00:01]secret")
    song(media, root).with_suffix(".lrc").symlink_to(secret)

    assert (await track(root, cache)).details.lyrics == ()


async def test_a_track_without_lyrics_says_so(media, root, cache):
    """No flag, no lines."""
    song(media, root)

    found = await track(root, cache)

    assert not found.has_lyrics
    assert found.details.lyrics == ()
