"""The pictures of a row: its own, and those of its season, show or album where it has none.

A `ref` is a path of the server's own, with a size where the server makes the picture:
`/library/metadata/1/thumb/17` or `/library/collections/3/composite/17?width=400&height=600`.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

from msd.backends.plex.parse.wire import Row, many
from msd.models import Image, ItemType

_PATH = re.compile(r"/(?!/)[A-Za-z0-9/:_.,~%-]{1,500}", re.ASCII).fullmatch
# Where servers keep pictures of people; no other address is asked for.
_HOSTS = frozenset({"metadata-static.plex.tv"})
_SIZES = frozenset({"width", "height", "cols", "minSize", "upscale"})
_NUMBER = re.compile(r"\d{1,5}", re.ASCII).fullmatch
_COLOR = re.compile(r"[0-9a-fA-F]{6}", re.ASCII).fullmatch
_LONGEST = 2_000
_WITH_FRAME = frozenset({ItemType.EPISODE, ItemType.VIDEO, ItemType.MUSIC_VIDEO})


def images(row: Row, item_type: ItemType) -> tuple[Image, ...]:
    """Return at most one picture of each kind.

    The `thumb` of an episode or a video is a frame of it, in landscape format; of other items it
    is the poster, unless the list of pictures calls it a snapshot.
    """
    snapshots = tuple(_typed(row, "snapshot"))
    is_frame = item_type in _WITH_FRAME or (row.thumb is not None and row.thumb in snapshots)
    above = (row.parent_thumb, row.grandparent_thumb)
    candidates = (
        ("poster", (None if is_frame else row.thumb, row.composite, *above)),
        ("backdrop", (row.art, *_typed(row, "background"), row.grandparent_art)),
        ("thumb", (row.thumb if is_frame else None, *snapshots)),
        ("logo", _typed(row, "clearLogo")),
        ("banner", (row.banner, *_typed(row, "banner"))),
    )
    refs = ((kind, next(filter(None, map(image_ref, paths)), "")) for kind, paths in candidates)
    return tuple(Image(kind=kind, ref=ref) for kind, ref in refs if ref)


def corner_colors(row: Row) -> tuple[int, ...]:
    """Return the colours of the corners of a row's picture, clockwise from top left."""
    for found in many(row.colors)[:1]:
        corners = (found.top_left, found.top_right, found.bottom_right, found.bottom_left)
        colors = [int(corner, 16) for corner in corners if corner and _COLOR(corner)]
        return tuple(colors) if len(colors) == len(corners) else ()
    return ()


def image_ref(path: str | None) -> str:
    """Return a path of the server's own without anything but sizes in its query, "" for others.

    A query may hold a token, which must not be stored (docs/behaviour.md, K1).
    """
    if not path or len(path) > _LONGEST:
        return ""
    plain, _, query = path.partition("?")
    if not _PATH(plain) or "/../" in plain:
        return ""
    if not query:
        return plain
    sizes = [pair for pair in parse_qsl(query) if pair[0] in _SIZES and _NUMBER(pair[1])]
    return f"{plain}?{urlencode(sizes)}" if sizes else plain


def person_ref(address: str | None) -> str:
    """Return where the picture of a person is: a path of the server's, or a known host of https."""
    if not address or len(address) > _LONGEST:
        return ""
    if address.startswith("/"):
        return image_ref(address)
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme == "https" and parts.username is None and parts.port is None
    except ValueError:
        return ""
    if not is_usable or parts.hostname not in _HOSTS or not _PATH(parts.path):
        return ""
    return f"https://{parts.hostname}{parts.path}"


def _typed(row: Row, kind: str) -> Iterator[str | None]:
    return (picture.url for picture in many(row.images) if picture.type == kind)
