"""The pictures of a row: its own, and those of its season, show or album where it has none.

A poster is upright or square: a wide `Primary` is a frame of the film, and listed as a still.

A `ref` is type, tag, and the id of the item that owns the picture, e.g.
`Logo:b4ccd38d:757a39b65638c283e3b46ed2fee826b8`. The tag identifies the content.
"""

from collections.abc import Iterator, Sequence

from msd.backends.jellyfin.parse.values import guid
from msd.backends.jellyfin.parse.wire import Row
from msd.models import Image

_LONGEST_TAG = 100
_STILLS = frozenset({"Episode", "Video", "MusicVideo"})  # their Primary is a still, 16:9
_MUSIC = frozenset({"MusicArtist", "MusicAlbum", "Audio"})  # often wide, never a still
_WIDE = 1.2  # width by height


def images(row: Row) -> tuple[Image, ...]:
    """Return at most one picture of each kind."""
    return tuple(
        Image(kind=kind, ref=found)
        for kind, candidates in (
            ("poster", _posters(row)),
            ("backdrop", _backdrops(row)),
            ("thumb", _thumbs(row)),
            ("logo", _logos(row)),
            ("banner", _own(row, "Banner")),
        )
        if (found := next(filter(None, candidates), ""))
    )


def usual_blurhash(row: Row, found: Sequence[Image]) -> str:
    """Return the blurhash of the poster, of a still where that is the item's own picture."""
    kind = "thumb" if _is_still(row) else "poster"
    ref = next((image.ref for image in found if image.kind == kind), "")
    wire, _, tagged = ref.partition(":")
    hashes = (row.image_blur_hashes or {}).get(wire)
    return (hashes and hashes.get(tagged.partition(":")[0])) or ""


def _is_still(row: Row) -> bool:
    """Say whether the Primary of a row is a frame of a video."""
    if row.type in _STILLS:
        return True
    return row.type not in _MUSIC and (row.primary_image_aspect_ratio or 0) > _WIDE


def image_ref(wire: str, tag: str | None, owner: str | None) -> str:
    """Return the `ref` of a picture, "" when the tag or the owner's id can't be one.

    Args:
        wire: the server's name of the kind, e.g. "Primary".
        tag: identifies the content of the picture.
        owner: id of the item that owns the picture.
    """
    if not tag or len(tag) > _LONGEST_TAG or not (tag.isascii() and tag.isalnum()):
        return ""
    owner_id = guid(owner)
    return f"{wire}:{tag}:{owner_id}" if owner_id else ""


def _own(row: Row, wire: str) -> Iterator[str]:
    if row.image_tags and (tag := row.image_tags.get(wire)):
        yield image_ref(wire, tag, row.id)


def _posters(row: Row) -> Iterator[str]:
    if not _is_still(row):
        yield from _own(row, "Primary")
    yield image_ref("Primary", row.album_primary_image_tag, row.album_id)
    yield image_ref("Primary", row.parent_primary_image_tag, row.parent_primary_image_item_id)
    yield image_ref("Primary", row.series_primary_image_tag, row.series_id)


def _backdrops(row: Row) -> Iterator[str]:
    if row.backdrop_image_tags:
        yield image_ref("Backdrop", row.backdrop_image_tags[0], row.id)
    if row.parent_backdrop_image_tags:
        yield image_ref("Backdrop", row.parent_backdrop_image_tags[0], row.parent_backdrop_item_id)


def _thumbs(row: Row) -> Iterator[str]:
    yield from _own(row, "Thumb")
    if _is_still(row):
        yield from _own(row, "Primary")
    yield image_ref("Thumb", row.parent_thumb_image_tag, row.parent_thumb_item_id)
    yield image_ref("Thumb", row.series_thumb_image_tag, row.series_id)


def _logos(row: Row) -> Iterator[str]:
    yield from _own(row, "Logo")
    yield image_ref("Logo", row.parent_logo_image_tag, row.parent_logo_item_id)
