"""Extras: trailers, interviews, deleted scenes, theme songs. An extra is beside something.

A folder of extras lies in a title's own folder: that of a film (its name says the same as the
film in it), a show or a season. A file is an extra by its name when what it belongs to lies beside
it. Words like "Interview" and "Short" also occur in titles, so alone they say nothing.
"""

import re
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from msd.backends.local.catalogue.entries import FileRef
from msd.backends.local.files.file_kind import FileKind, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.explicit_episodes import explicit_episode
from msd.backends.local.names.films import FilmName, film_name
from msd.backends.local.names.titles import comparable
from msd.backends.local.names.words import EXTRA_KINDS, EXTRA_SUFFIX

_SEPARATORS = re.compile(r"[\W_]+")
_THEME = "theme"
_THEME_FOLDER = "thememusic"
_DISC_NAMES = frozenset({b"video_ts", b"bdmv", b"hvdvd_ts"})


class Extras:
    """Finds the extras of one library."""

    def __init__(
        self, library: bytes, all_folders: Mapping[bytes, Folder], *, is_of_shows: bool
    ) -> None:
        self._library = library
        self._folders = all_folders
        self._is_of_shows = is_of_shows
        self._owners: dict[bytes, bool] = {}

    def owner_of(self, folder: Folder) -> bytes | None:
        """Return the title's folder above when a folder lies in one of its folders of extras."""
        path = folder.path
        while len(path) > len(self._library):
            above, _, name = path.rpartition(b"/")
            if folder_names.is_extras(decode_name(name)) and self._is_title_folder(above):
                return above
            path = above
        return None

    def split_theme_songs(self, folder: Folder) -> tuple[Folder, list[tuple[bytes, FileRef]]]:
        """Return a folder without its theme songs, and those with the folder of their title."""
        themes = [entry for entry in folder.files if is_theme_song(folder, entry)]
        if not themes:
            return folder, []
        owner = self.owner_of(folder)
        if owner is None and not self._is_title_folder(folder.path):
            return folder, []
        others = [entry for entry in folder.files if entry not in themes]
        songs = [(owner or folder.path, FileRef(folder, entry)) for entry in themes]
        return msgspec.structs.replace(folder, files=others), songs

    def split(self, folder: Folder) -> tuple[list[FileEntry], list[FileEntry]]:
        """Return the videos of a folder that are titles, and those that are extras by name."""
        videos = [entry for entry in folder.files if entry.kind is FileKind.VIDEO]
        named = ((entry.name, extra_name(entry)) for entry in videos)
        likely = {name: base for name, base in named if base is not None}
        if not likely or len(videos) == 1:
            return videos, []
        beside = _Beside(videos, likely)
        extras = [
            entry
            for entry in videos
            if entry.name in likely and self._is_extra(folder, entry, beside, likely)
        ]
        names = {entry.name for entry in extras}
        return [entry for entry in videos if entry.name not in names], extras

    def _is_extra(
        self,
        folder: Folder,
        entry: FileEntry,
        beside: "_Beside",
        likely: Mapping[bytes, str],
    ) -> bool:
        base, own = likely[entry.name], stem_of(entry)
        if base.strip(" ._-") and beside.has_named(base):
            return True
        if explicit_episode(own) is not None or not self._is_title_folder(folder.path):
            return False
        if not base.strip(" ._-"):
            return beside.count > len(likely)
        return self._is_film_folder(folder, but_for=entry)

    def _is_title_folder(self, path: bytes) -> bool:
        if path not in self._owners:
            self._owners[path] = self._looks_like_title(path)
        return self._owners[path]

    def _looks_like_title(self, path: bytes) -> bool:
        folder = self._folders.get(path)
        if folder is None or path == self._library:
            return False
        name = decode_name(path.rpartition(b"/")[2])
        if folder_names.season_of(name) is not None:
            return True
        if any(self._is_part_of_title(below) for below in folder.subfolders):
            return True
        videos = [entry for entry in folder.files if entry.kind is FileKind.VIDEO]
        if any(explicit_episode(stem_of(entry)) is not None for entry in videos):
            return True
        if self._is_of_shows and any(extra_name(entry) is None for entry in videos):
            return not folder_names.is_heap(name)
        return self._is_film_folder(folder)

    def _is_part_of_title(self, below: bytes) -> bool:
        name = decode_name(below)
        return below.lower() in _DISC_NAMES or folder_names.season_of(name) not in (None, 0)

    def _is_film_folder(self, folder: Folder, but_for: FileEntry | None = None) -> bool:
        """Say whether a folder is a film's own: one of its videos has the folder's title."""
        own = film_name(decode_name(folder.path.rpartition(b"/")[2]))
        videos = [e for e in folder.files if e.kind is FileKind.VIDEO and e is not but_for]
        mains = [film_name(stem_of(entry)) for entry in videos]
        if any(_is_same_film(main, own) for main in mains):
            return True
        plain = {
            comparable(film_name(stem_of(entry)).title)
            for entry in videos
            if extra_name(entry) is None
        }
        return own.is_release and len(plain) == 1


class _Beside:
    """The names of the videos in one folder."""

    def __init__(self, videos: list[FileEntry], likely: Mapping[bytes, str]) -> None:
        self.count = len(videos)
        self._stems = {comparable(stem_of(entry)) for entry in videos}
        self._years: dict[str, set[int | None]] = defaultdict(set)
        for entry in videos:
            if entry.name in likely:
                continue  # a trailer is no proof of its film
            name = film_name(stem_of(entry))
            self._years[comparable(name.title)].add(name.year)

    def has_named(self, base: str) -> bool:
        """Say whether a video has a name, or the title that is in it."""
        if comparable(base) in self._stems:
            return True
        name = film_name(base)
        years = self._years.get(comparable(name.title), set()) if name.title else set()
        return bool(years) and (name.year is None or bool({None, name.year} & years))


def stem_of(entry: FileEntry) -> str:
    """Return a file's name without its suffix, as text."""
    return decode_name(split_name(entry.name)[0])


def extra_name(entry: FileEntry) -> str | None:
    """Return what stands before the word for an extra, None when there is no such word."""
    match = EXTRA_SUFFIX.match(stem_of(entry))
    return None if match is None else match["title"]


def is_sample(folder: Folder, entry: FileEntry) -> bool:
    """Say whether a file is a release's sample, which is nothing that anybody wants to watch."""
    stem = _SEPARATORS.sub(" ", stem_of(entry)).strip().casefold()
    above = _SEPARATORS.sub("", decode_name(folder.path.rpartition(b"/")[2])).casefold()
    return stem == "sample" or (above in ("sample", "samples") and "sample" in stem.split())


def is_theme_song(folder: Folder, entry: FileEntry) -> bool:
    """Say whether a file is named like a theme song: "theme.mp3", or in a folder "theme-music"."""
    if entry.kind is not FileKind.AUDIO:
        return False
    above = _SEPARATORS.sub("", decode_name(folder.path.rpartition(b"/")[2])).casefold()
    return above == _THEME_FOLDER or stem_of(entry).casefold() == _THEME


def kind_of_extra(ref: FileRef) -> str:
    """Return which kind of extra a file is, such as "trailer" or "interview"; else "extra"."""
    if is_theme_song(*ref):
        return "theme-song"
    match = EXTRA_SUFFIX.match(stem_of(ref.entry))
    words = [match["kind"]] if match else []
    words.append(decode_name(ref.folder.path.rpartition(b"/")[2]))
    kinds = (EXTRA_KINDS.get(_SEPARATORS.sub("", word).casefold()) for word in words)
    return next((kind for kind in kinds if kind), "extra")


def _is_same_film(first: FilmName, second: FilmName) -> bool:
    years = {first.year, second.year} - {None}
    return len(years) < 2 and comparable(first.title) == comparable(second.title)  # noqa: PLR2004
