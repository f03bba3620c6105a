"""Divide a walked folder into libraries: its top-level folders, or itself.

A top-level folder is a library of its own when its name says so ("Films", "TV", "Musik") or when
it plainly holds several titles. What looks like a single title (a film's, show's or artist's
folder) belongs, with the files that lie in the root, to the library that the root itself is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from msd.backends.local.catalogue.remote_ids import library_id
from msd.backends.local.files.file_kind import MEDIA_KINDS, FileKind, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, Walk
from msd.backends.local.names import file_names as names
from msd.models import LibraryType, RemoteId

_SAMPLE = 2000  # media files looked at to find out what a library holds
_MOSTLY = 0.8
_HALF = 0.5
_SOME = 0.2

_HINTS = {
    LibraryType.MUSIC_VIDEOS: r"music[ _-]?videos?|musikvideos?|concerts?|konzerte?",
    LibraryType.MOVIES: r"movies?|films?|filme|spielfilme|cinema|kino|películas|peliculas|фильмы",
    LibraryType.SHOWS: (
        r"tv|tv[ _-]?(?:shows?|series)|shows?|series|serien?|anime|cartoons|dramas?|сериалы"
    ),
    LibraryType.MUSIC: r"music|musik|musique|música|musica|audio|songs?|albums?|lieder|музыка",
    LibraryType.VIDEOS: r"videos?|home[ _-]?videos?|clips?|camera|kamera|youtube|видео",
}
_HINT = {kind: re.compile(rf"^(?:{words})$", re.IGNORECASE) for kind, words in _HINTS.items()}


class Looks(Enum):
    """What one media file looks like, by its name alone."""

    AUDIO = "audio"
    EPISODE = "episode"
    MOVIE = "movie"
    VIDEO = "video"


_LOOKS_OF_TYPE = {
    LibraryType.MOVIES: Looks.MOVIE,
    LibraryType.SHOWS: Looks.EPISODE,
    LibraryType.VIDEOS: Looks.VIDEO,
}


@dataclass(frozen=True, slots=True)
class LibraryPart:
    """One library: the folders of the walk that belong to it."""

    remote_id: RemoteId
    path: bytes  # the top-level folder, b"" when it is the root
    name: str
    type: LibraryType
    folders: tuple[Folder, ...]


def divide(
    walk: Walk, root_name: str, content_types: Mapping[RemoteId, LibraryType]
) -> tuple[LibraryPart, ...]:
    """Return the libraries of a walked folder that hold any media, in the order of their names."""
    by_top = _by_top(walk)
    tops = [top for top in by_top if top]
    own = _own_libraries(by_top, tops, hinted_root=_specific_hint(root_name))
    parts = [_part(top, decode_name(top), by_top[top], content_types) for top in own]
    rest = [folder for top, folders in by_top.items() if top not in own for folder in folders]
    if any(True for _ in media_in(rest)):
        parts.append(_part(b"", root_name, rest, content_types))
    return tuple(sorted(parts, key=lambda part: part.name.casefold()))


def is_library(top: bytes, folders: list[Folder], root_name: str) -> bool:
    """Say whether a top-level folder looks like a library of its own, whatever lies beside it."""
    if not any(True for _ in media_in(folders)):
        return False
    if hint_of(decode_name(top)):
        return True
    return not _specific_hint(root_name) and _holds_titles(top, folders)


def keeps_type(part: LibraryPart, came: Iterable[Looks], *, is_less: bool) -> bool:
    """Say whether a library surely stays of the type that it is, and one of its own.

    Args:
        part: the library; its type must not be one that the user chose, which always stays.
        came: what the files look like that came to it.
        is_less: whether some went.
    """
    if _is_certain(hint_of(part.name)):
        return True
    return not is_less and {*came} <= {_LOOKS_OF_TYPE.get(part.type)}


def media_in(folders: Iterable[Folder]) -> Iterator[tuple[Folder, FileEntry]]:
    """Go through all media files of some folders."""
    for folder in folders:
        for entry in folder.files:
            if entry.kind in MEDIA_KINDS:
                yield folder, entry


def looks_of(folder: Folder, entry: FileEntry) -> Looks:
    """Say what a media file looks like, by its name and those of its folders."""
    if entry.kind is FileKind.AUDIO:
        return Looks.AUDIO
    stem = decode_name(split_name(entry.name)[0])
    if names.is_episode(stem):
        return Looks.EPISODE
    own = decode_name(folder.path.rpartition(b"/")[2])
    if names.season_of(own) is not None:
        return Looks.EPISODE
    if names.is_movie(stem) or names.is_movie(own):
        return Looks.MOVIE
    return Looks.VIDEO


def _by_top(walk: Walk) -> dict[bytes, list[Folder]]:
    by_top: dict[bytes, list[Folder]] = defaultdict(list)
    for path, folder in walk.folders.items():
        by_top[path.partition(b"/")[0]].append(folder)
    return by_top


def _own_libraries(
    by_top: Mapping[bytes, list[Folder]], tops: list[bytes], *, hinted_root: bool
) -> frozenset[bytes]:
    """Return the top-level folders that are libraries of their own."""
    holding = [top for top in tops if any(True for _ in media_in(by_top[top]))]
    hinted = frozenset(top for top in holding if hint_of(decode_name(top)))
    if hinted_root:
        return hinted
    many = {top for top in holding if top not in hinted and _holds_titles(top, by_top[top])}
    audio = {top for top in many if _is_audio(by_top[top])}
    # Several folders of albums side by side are artists; a single one is somebody's music.
    artists = audio if len(audio) > 1 else set()
    return hinted | (many - artists)


def _holds_titles(top: bytes, folders: list[Folder]) -> bool:
    """Say whether a top-level folder holds several titles rather than being one."""
    name = decode_name(top)
    if names.is_movie(name) or names.season_of(name) is not None or names.release_season(name):
        return False
    titles: set[str] = set()
    for folder, entry in islice(media_in(folders), _SAMPLE):
        below = folder.path[len(top) + 1 :].partition(b"/")[0]
        inner = decode_name(below)
        if looks_of(folder, entry) is Looks.EPISODE and not inner:
            continue  # episodes directly below their show's name
        if inner and (names.season_of(inner) is not None or names.is_disc_folder(inner)):
            continue
        titles.add(inner or names.movie_key(decode_name(split_name(entry.name)[0])))
        if len(titles) > 1:
            return True
    return False


def _is_audio(folders: list[Folder]) -> bool:
    kinds = Counter(entry.kind for _folder, entry in islice(media_in(folders), _SAMPLE))
    return kinds[FileKind.AUDIO] >= _MOSTLY * kinds.total()


def hint_of(name: str) -> LibraryType | None:
    """Return what a folder's name says it holds."""
    return next((kind for kind, words in _HINT.items() if words.match(name)), None)


def _specific_hint(name: str) -> bool:
    return hint_of(name) not in (None, LibraryType.VIDEOS)


def _part(
    path: bytes,
    name: str,
    folders: list[Folder],
    content_types: Mapping[RemoteId, LibraryType],
) -> LibraryPart:
    remote_id = library_id(path)
    chosen = content_types.get(remote_id)
    return LibraryPart(
        remote_id=remote_id,
        path=path,
        name=name,
        type=chosen or _classify(name, folders),
        folders=tuple(folders),
    )


def _classify(name: str, folders: list[Folder]) -> LibraryType:
    """Return what a library mostly holds, judged by a bounded sample of names."""
    seen = Counter(looks_of(*found) for found in islice(media_in(folders), _SAMPLE))
    total = seen.total()
    audio = seen[Looks.AUDIO] / total
    hint = hint_of(name)
    if hint is LibraryType.MUSIC and audio >= _HALF:
        return hint
    if hint is not None and _is_certain(hint) and audio <= _HALF:
        return hint
    if audio >= _MOSTLY:
        return LibraryType.MUSIC
    if audio > 1 - _MOSTLY:
        return LibraryType.MIXED
    return _kind_of_videos(seen, total - seen[Looks.AUDIO])


def _is_certain(hint: LibraryType | None) -> bool:
    """Say whether a library with such a name is of that type, whatever videos it holds."""
    return hint not in (None, LibraryType.MUSIC, LibraryType.VIDEOS)


def _kind_of_videos(seen: Counter[Looks], videos: int) -> LibraryType:
    episodes, movies = seen[Looks.EPISODE] / videos, seen[Looks.MOVIE] / videos
    if episodes >= _SOME and movies >= _SOME:
        return LibraryType.MIXED
    if episodes >= _HALF:
        return LibraryType.SHOWS
    if movies >= _HALF:
        return LibraryType.MOVIES
    return LibraryType.VIDEOS
