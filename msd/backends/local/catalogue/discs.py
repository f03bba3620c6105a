"""Copied DVDs and Blu-rays: many files that are one film, or some episodes."""

import re
from collections import defaultdict
from collections.abc import Iterable

from msd.backends.local.files.file_kind import FileKind, split_name
from msd.backends.local.files.walk import FileEntry, Folder

_INSIDE = re.compile(
    rb"(?i)^(?P<disc>.*?)/?(?:(?<![^/])(?:video_ts|hvdvd_ts|bdmv/stream(?:/ssif)?|bdmv))$"
)
_VOB = re.compile(rb"(?i)^vts_(\d\d)_([1-9])\.vob$")
_DVD_FILE = re.compile(rb"(?i)^(?:video_ts|vts_\d\d_\d)\.(?:vob|ifo|bup)$")


def disc_folder(folder: Folder) -> bytes | None:
    """Return the folder of the disc that a folder is the inside of, None when it is of none.

    A DVD may also have been copied without its folder VIDEO_TS.
    """
    inside = _INSIDE.match(folder.path)
    if inside is not None:
        return inside["disc"]
    names = [entry.name for entry in folder.files if _DVD_FILE.match(entry.name)]
    videos = [entry for entry in folder.files if entry.kind is FileKind.VIDEO]
    if names and all(_DVD_FILE.match(entry.name) for entry in videos):
        return folder.path
    return None


def main_files(videos: Iterable[FileEntry]) -> list[FileEntry]:
    """Return the files of a disc that are its film: the largest title of a DVD, else one file."""
    videos = list(videos)
    titles: dict[bytes, list[FileEntry]] = defaultdict(list)
    for entry in videos:
        match = _VOB.match(entry.name)
        if match:
            titles[match[1]].append(entry)
    if titles:
        largest = max(titles.values(), key=lambda files: sum(entry.size for entry in files))
        return sorted(largest, key=lambda entry: split_name(entry.name)[0].lower())
    return [max(videos, key=lambda entry: (entry.size, entry.name))]
