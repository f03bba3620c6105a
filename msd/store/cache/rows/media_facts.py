"""What lists show of an item's files: its badges, and how a file of this machine is opened."""

from collections.abc import Iterator
from urllib.parse import quote

from msd.models import ItemDetails, MediaItem, MediaSource, MediaStream
from msd.store.cache.rows.normalise import MAX_SIZE, NAME, REFERENCE, number, text, texts

LONGEST_PATH = 2 * REFERENCE  # a path of Linux

_SIZES = (("8k", 7_600, 4_200), ("4k", 3_800, 2_100), ("1080p", 1_900, 1_060))  # at least


def badges_of(details: ItemDetails) -> list[str]:
    """Return what a frontend marks an item with, each once, e.g. "4k", "dolby-vision", "atmos"."""
    return texts(_badges(details.media_sources))


def file_of(file: MediaItem | MediaSource) -> dict[str, object]:
    """Return `path`, `mime` and `size` of an item or a version, as far as it is a file of here."""
    path = text(file.path, LONGEST_PATH)
    if not path or path != file.path:
        return {}
    size = number(file.size, MAX_SIZE)
    return {"path": file_uri(path), "mime": text(file.mime, NAME), "size": size}


def file_uri(path: str) -> str:
    """Return the file:// URI of a path; it is one already when the path is no UTF-8."""
    return path if path.startswith("file://") else f"file://{quote(path, errors='replace')}"


def _badges(sources: tuple[MediaSource, ...]) -> Iterator[str]:
    for source in sources:
        for stream in source.streams:
            yield from _of_size(stream)
            yield from (stream.hdr, stream.spatial)
        if source.video_3d:
            yield "3d"


def _of_size(stream: MediaStream) -> Iterator[str]:
    """Yield the size of a picture; a film in a wide format reaches one of both numbers."""
    width, height = number(stream.width, MAX_SIZE), number(stream.height, MAX_SIZE)
    for badge, least_width, least_height in _SIZES:
        if width >= least_width or height >= least_height:
            yield badge
            return
