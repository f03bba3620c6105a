"""Remote ids of the local backend: readable, ASCII and bounded.

film:Films/alien/1979                 a film with a year: it stays the same for a better copy
film:Films/alien/1979/tmdb-348        another film of that title and year, by its id
episode:Series/dark/1/2               season 1, episode 2 of a show
episode:Series/daily/2014/2014-06-03  an episode with a date
file:Clips/holiday.mp4                everything else that is a file, by its path below the root
file~0123…                            a file whose path is too long to be an id
show:Series/dark                      a show, by library and title
show:Series/dark.2017                 one of several shows of that title
season:Series/dark/1                  album:Music/artist/album, artist:Music/artist
title:Series/dark                     no item: what has this title (for the index)
"""

from urllib.parse import quote_from_bytes, unquote_to_bytes

from xxhash import xxh3_128_hexdigest

from msd.models import RemoteId

_MAX_PATH = 700  # of an id made from a path
_MAX_PART = 120  # of one word in the id of a show, artist or album
_FILE = "file:"
_WITH_TITLES = ("film:", "show:", "season:", "episode:")


def path_id(path: bytes) -> str:
    """Return a path as ASCII text, "." for the root."""
    return quote_from_bytes(path, safe="/ (),'&!+-._") or "."


def file_id(path: bytes) -> RemoteId:
    """Return the id of a file."""
    text = path_id(path)
    if len(text) > _MAX_PATH:
        return RemoteId("file~" + xxh3_128_hexdigest(path))
    return RemoteId(_FILE + text)


def path_of(remote_id: RemoteId) -> bytes | None:
    """Return the path a file's id was made from, None when the id holds none."""
    if not remote_id.startswith(_FILE):
        return None
    return unquote_to_bytes(remote_id[len(_FILE) :].partition("#")[0])


def library_id(path: bytes) -> RemoteId:
    """Return the id of a library, which is a top-level folder or the root."""
    text = path_id(path)
    return RemoteId(text if len(text) <= _MAX_PATH else "~" + xxh3_128_hexdigest(path))


def group_id(kind: str, library: RemoteId, *keys: str) -> RemoteId:
    """Return the id of something that no single file stands for, such as a show."""
    return RemoteId("/".join((f"{kind}:{library}", *map(_part, keys))))


def title_id(library: RemoteId, title: str) -> RemoteId:
    """Return what the index keeps the directories of a title under; `title` is a key."""
    return group_id("title", library, title)


def title_id_of(remote_id: RemoteId, library: RemoteId) -> RemoteId | None:
    """Return the title's id for a film, show, season or episode of a library."""
    kind, _, rest = remote_id.partition(":")
    if not remote_id.startswith(_WITH_TITLES) or not rest.startswith(f"{library}/"):
        return None
    title = rest[len(library) + 1 :].partition("/")[0].partition(".")[0]
    return RemoteId(f"title:{library}/{title}") if kind and title else None


def is_of_show(remote_id: RemoteId) -> bool:
    """Say whether an id is that of a show or a season."""
    return remote_id.startswith(("show:", "season:"))


def is_in_library(remote_id: RemoteId, library: RemoteId) -> bool:
    """Say whether an id that holds no path may be one of a library's items."""
    kind, _, rest = remote_id.partition(":")
    return kind.startswith("file~") or rest.startswith(f"{library}/")


def _part(key: str) -> str:
    text = quote_from_bytes(key.encode("utf-8", "replace"), safe="")
    return text if len(text) <= _MAX_PART else "~" + xxh3_128_hexdigest(text)
