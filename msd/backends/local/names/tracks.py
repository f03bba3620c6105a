"""What the names of music files and album folders say: disc, track, artist, title, year."""

import re
from functools import lru_cache

import msgspec

from msd.backends.local.files.text import clean_title

_ONLY_NUMBER = re.compile(
    r"^(?:audio ?)?(?:track|titel|piste|pista|spur|traccia)[ ._-]*(\d{1,3})$", re.IGNORECASE
)
_NUMBER = re.compile(
    r"^[(\[]?(?:(?P<disc>\d{1,2})[-.](?=\d\d)|[A-H](?=\d))?(?P<track>\d{1,3})[)\]]?"
    r"(?:[ _]*[.)_-][ _]*|[ _]+)(?=\S)"
)
_NOTHING_ELSE = re.compile(r"^(?:(?P<disc>\d{1,2})[-.])?(?P<track>\d{1,3})$")
_YEAR = r"(?:19|20)\d\d"
_ALBUM_FOLDER = re.compile(
    rf"^(?:(?!{_YEAR} - )(?P<artist>.+?) - (?=\S))?"
    rf"(?:[(\[]?(?P<before>{_YEAR})[)\]]?(?:[ _]*-[ _]*|[ _]+))?"
    rf"(?P<album>\S.*?)(?:\s*[(\[](?P<after>{_YEAR})[^)\]]*[)\]])?(?:\s*[(\[{{][^)\]}}]*[)\]}}])*$"
)
_DISC_IN_TITLE = re.compile(
    r"[\s,:_-]*[(\[]?\s*(?:cd|dis[ck]|dvd|disque|platte)[\s._#-]*(?P<disc>\d{1,2})"
    r"(?:\s*(?:of|/|von)\s*\d{1,2})?\s*(?::[^)\]]*)?[)\]]?\s*$",
    re.IGNORECASE,
)


class AlbumFolder(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of an album's folder says; empty and 0 are unknown."""

    album: str
    artist: str = ""
    year: int = 0


def track_name(stem: str) -> tuple[int | None, int | None, str, str]:
    """Return disc, track, artist and title of a music file without tags; empty is unknown.

    Example: "1-05 Artist - Title" gives 1, 5, "Artist" and "Title".
    """
    only = _ONLY_NUMBER.match(stem)
    if only:
        return None, int(only[1]), "", clean_title(stem)
    match = _NOTHING_ELSE.match(stem) or _NUMBER.match(stem)
    rest = stem[match.end() :] if match else stem
    artist, dash, title = rest.partition(" - ")
    if not dash:
        artist, title = "", rest
    disc = match["disc"] if match else None
    return (
        int(disc) if disc else None,
        int(match["track"]) if match else None,
        clean_title(artist.replace("_", " ")),
        clean_title((title or stem).replace("_", " ")),
    )


@lru_cache(maxsize=4096)
def album_folder(name: str) -> AlbumFolder:
    """Read the name of an album's folder: "Artist - 1999 - Album [FLAC]", "1999 - Album"."""
    match = _ALBUM_FOLDER.match(name)
    if match is None:
        return AlbumFolder(album=name)
    artist = match["artist"] or ""
    return AlbumFolder(
        album=match["album"],
        artist="" if re.fullmatch(_YEAR, artist) else artist,
        year=int(match["before"] or match["after"] or 0),
    )


@lru_cache(maxsize=4096)
def split_disc(album: str) -> tuple[str, int]:
    """Return an album's title without the disc in it, and that disc: "Hits (Disc 2)"."""
    match = _DISC_IN_TITLE.search(album)
    if match is None or not match.start():
        return album, 0
    return album[: match.start()].strip(), int(match["disc"])
