"""A version of an item in words: `4K HDR10, English Atmos 7.1, subtitles en de; mkv, 32 GB`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.terminal.language import language
from msd.cli.terminal.text import cell, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msd.cli.daemon.client import Fields

_GIGABYTE, _MEGABYTE = 10**9, 10**6
_SIZES = ((7680, 4320, "8K"), (3840, 2160, "4K"), (1920, 1080, "1080p"), (1280, 720, "720p"))
_WORDS = {
    "4k": "4K",
    "8k": "8K",
    "3d": "3D",
    "hdr10": "HDR10",
    "hdr10plus": "HDR10+",
    "hlg": "HLG",
    "dolby-vision": "Dolby Vision",
    "atmos": "Atmos",
    "dtsx": "DTS:X",
}
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def word(value: object) -> str:
    """Return a word of the bus as people write it: `dolby-vision` is Dolby Vision."""
    text = cell(value)
    return _WORDS.get(text, text)


def version_words(version: Fields, title: str) -> str:
    """Return what a version offers, then what its file is.

    A version that is only called like its item has no name of its own.
    """
    name = cell(version.get("name"))
    streams = cast("Sequence[Fields]", version.get("streams") or ())
    videos, sounds, texts = (
        [stream for stream in streams if stream.get("kind") == name]
        for name in ("video", "audio", "subtitle")
    )
    codes = (language(cell(one.get("language"))).code for one in texts)
    subtitles = " ".join(dict.fromkeys(code for code in codes if code))
    position = duration(version.get("position_ms"))
    offers = (
        name if name != title else "",
        *map(_video, videos),
        *dict.fromkeys(map(_audio, sounds)),
        f"subtitles {subtitles}" if subtitles else "",
        f"watched to {position}" if position else "",
    )
    file = (cell(version.get("container")), _size(version.get("size")))
    parts = (", ".join(filter(None, offers)), ", ".join(filter(None, file)))
    return "; ".join(part for part in parts if part)


def _video(stream: Fields) -> str:
    words = (
        _definition(stream.get("width"), stream.get("height")),
        word(stream.get("hdr")),
        cell(stream.get("codec")).upper(),
    )
    return " ".join(filter(None, words))


def _definition(width: object, height: object) -> str:
    """Return 4K, 1080p, …; a wide film of 3840 by 1600 is 4K, too."""
    if not isinstance(width, int) or not isinstance(height, int):
        return ""
    # A tenth less is still called so: rips cut black edges away.
    fitting = (
        name for wide, high, name in _SIZES if width * 10 >= wide * 9 or height * 10 >= high * 9
    )
    return next(fitting, f"{height}p" if height else "")


def _audio(stream: Fields) -> str:
    channels = stream.get("channels")
    layout = cell(stream.get("layout")) or _LAYOUTS.get(cast("int", channels), "")
    sound = word(stream.get("spatial")) or cell(stream.get("codec")).upper()
    words = (language(cell(stream.get("language"))).name, sound, layout)
    return " ".join(filter(None, words))


def _size(octets: object) -> str:
    if not isinstance(octets, int) or octets <= 0:
        return ""
    if octets >= _GIGABYTE:
        return f"{octets / _GIGABYTE:.1f} GB"
    return f"{max(octets / _MEGABYTE, 1):.0f} MB"
