"""The lyrics of a track: of the file beside it ("Song.lrc"), else of its tags."""

from msd.backend_api.lyrics import MAX_LYRICS, lyrics_of_text
from msd.backend_api.values import decode_text
from msd.backends.local.catalogue.entries import Leaf
from msd.backends.local.files.opening import open_media, read_small
from msd.backends.local.files.text import decode_name
from msd.backends.local.music.tags import TrackTags, read_lyrics
from msd.backends.local.scanning.scan import Scan
from msd.models import LyricLine


def has_lyrics(scan: Scan, leaf: Leaf, tags: TrackTags) -> bool:
    """Say whether somebody wrote down what is sung; those of a whole album are of no track."""
    if leaf.cue:
        return False
    return tags.has_lyrics or scan.sidecars(leaf.folder).lyrics(leaf.first.entry) is not None


def track_lyrics(scan: Scan, leaf: Leaf) -> tuple[LyricLine, ...]:
    """Return the lyrics of a track; unreadable ones are none. Reads files."""
    if leaf.cue:
        return ()
    beside = scan.sidecars(leaf.folder).lyrics(leaf.first.entry)
    return (lyrics_of_text(_beside(scan, beside)) if beside else ()) or _in_tags(scan, leaf)


def _beside(scan: Scan, path: bytes) -> str:
    try:
        return decode_text(read_small(scan.root, path, MAX_LYRICS))
    except OSError:
        return ""


def _in_tags(scan: Scan, leaf: Leaf) -> tuple[LyricLine, ...]:
    try:
        with open_media(scan.root, leaf.path) as file:
            return lyrics_of_text(read_lyrics(file, decode_name(leaf.first.entry.name)))
    except OSError:
        return ()
