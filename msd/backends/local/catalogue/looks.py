"""What one media file looks like, by its name and those of its folders alone."""

import re
from enum import Enum

from msd.backends.local.files.file_kind import FileKind, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.explicit_episodes import explicit_episode, fansub_episode
from msd.backends.local.names.films import film_name

_CAMERA = re.compile(
    r"^(?:(?:IMG|VID|MVI|MOV|DSC[FN]?|PXL|GOPR|GX|GH|GP|DJI|WP|P|CIMG|SAM|MAH|C|"
    r"Screen[ _-]?Record(?:ing|er)?|Screencast(?: from)?|WhatsApp Video|signal|video|clip|Zoom|"
    r"Bildschirmaufnahme|Aufnahme|Recording|capture)[ _-]?\d[\d _.-]*.*"
    r"|\d{8}[_-]\d{4,6}.*|\d{4}-\d\d-\d\d[ _]\d\d[-.]\d\d.*)$",
    re.IGNORECASE,
)


class Looks(Enum):
    """What one media file looks like, by its name alone."""

    AUDIO = "audio"
    EPISODE = "episode"
    MOVIE = "movie"
    VIDEO = "video"


def looks_of(folder: Folder, entry: FileEntry) -> Looks:
    """Say what a media file looks like, by its name and those of its folders."""
    if entry.kind is FileKind.AUDIO:
        return Looks.AUDIO
    stem = decode_name(split_name(entry.name)[0])
    if explicit_episode(stem) or fansub_episode(stem):
        return Looks.EPISODE
    own = decode_name(folder.path.rpartition(b"/")[2])
    if folder_names.season_of(own) is not None or explicit_episode(own):
        return Looks.EPISODE
    if is_camera_name(stem):
        return Looks.VIDEO
    return Looks.MOVIE if _is_movie(stem) or _is_movie(own) else Looks.VIDEO


def is_camera_name(stem: str) -> bool:
    """Say whether a name is one that cameras, phones and recorders give."""
    return _CAMERA.match(stem) is not None


def _is_movie(name: str) -> bool:
    """A year in brackets or an id makes a film, or several words that releases have."""
    found = film_name(name)
    if found.year is not None or found.ids:
        return found.is_release
    return found.is_release and len(found.version.split()) > 1
