"""Divide a walked folder into libraries: its top-level folders, or itself.

A top-level folder is a library of its own when its name says so ("Films", "Kids Movies", "Musik")
or when it plainly holds several titles. What looks like a single title (a film's, show's or
artist's folder) belongs, with the files in the root, to the library that the root itself is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec
from xxhash import xxh3_64

from msd.backends.local.catalogue.entries import NAMES_VERSION
from msd.backends.local.catalogue.extras import is_theme_song, stem_of
from msd.backends.local.catalogue.looks import Looks, looks_of
from msd.backends.local.catalogue.remote_ids import library_id
from msd.backends.local.files.file_kind import MEDIA_KINDS, FileKind, split_name
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, Walk
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.explicit_episodes import explicit_episode
from msd.backends.local.names.films import film_name, is_movie
from msd.backends.local.names.titles import comparable
from msd.models import LibraryType, RemoteId

_SAMPLE = 2000  # media files looked at to find out what a library holds
_MOSTLY = 0.8
_HALF = 0.5
_SOME = 0.2

_HINTS = {
    LibraryType.MUSIC_VIDEOS: r"music[ _-]?videos?|musikvideos?|concerts?|konzerte?|clips musicaux",
    LibraryType.MOVIES: (
        r"movies?|films?|filme|spielfilme|cinema|cinéma|kino|películas|peliculas|filmes|filmer|"
        r"elokuvat|filmy|фильмы|кино|电影|映画|영화"
    ),
    LibraryType.SHOWS: (
        r"tv|tv[ _-]?(?:shows?|series)|shows?|series|serien?|séries|anime|animes|cartoons|dramas?|"
        r"telenovelas|сериалы|аниме|电视剧|アニメ|드라마"
    ),
    LibraryType.MUSIC: r"music|musik|musique|música|musica|audio|songs?|albums?|lieder|музыка|音乐",
    LibraryType.VIDEOS: (
        r"videos?|home[ _-]?videos?|home[ _-]?movies?|clips?|camera|kamera|youtube|видео|"
        r"recordings?|aufnahmen|screencasts?|lectures?|vorlesungen"
    ),
}
# What may stand before and behind the word, so that the name is still nothing but a hint.
_QUALIFIERS = (
    r"(?:my|our|all|new|old|kids?|children'?s|family|adults?|hd|fhd|uhd|4k|3d|8k|1080p|2160p|720p|"
    r"anime|tv|german|deutsche?|english|french|foreign|documentary|meine|unsere|neue|alte|kinder)"
)
_HINT = {
    kind: re.compile(
        rf"^(?:{_QUALIFIERS}[ ._-]+)*(?:{words})(?:[ ._-]+[(\[]?{_QUALIFIERS}[)\]]?)*$",
        re.IGNORECASE,
    )
    for kind, words in _HINTS.items()
}
# Words that make a library of a folder wherever they stand in its name ("Kids Movies 4K").
_WITHIN = {
    LibraryType.MUSIC_VIDEOS: r"music[ _-]?videos|musikvideos",
    LibraryType.VIDEOS: r"home[ _-]?(?:videos|movies)|private[ _-]?videos",
    LibraryType.MOVIES: r"movies|films|[^\W\d_]*filme|películas|peliculas|filmes|фильмы",
    LibraryType.SHOWS: (
        r"tv[ _-]?(?:shows|series)|shows|[^\W\d_]*serien|séries|cartoons|сериалы|anime"
    ),
    LibraryType.MUSIC: r"music|musik|musique|música|alben|музыка",
}
_HINT_WITHIN = {
    kind: re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)
    for kind, words in _WITHIN.items()
}
_MOST_WORDS = 4  # of a name that is more than a hint

_LOOKS_OF_TYPE = {
    LibraryType.MOVIES: Looks.MOVIE,
    LibraryType.SHOWS: Looks.EPISODE,
    LibraryType.VIDEOS: Looks.VIDEO,
}


class LibraryPart(msgspec.Struct, frozen=True, kw_only=True):
    """One library: the folders of the walk that belong to it."""

    remote_id: RemoteId
    path: bytes  # the top-level folder, b"" when it is the root
    name: str
    type: LibraryType
    folders: tuple[Folder, ...]
    is_chosen: bool = False  # the user said what it holds

    @property
    def is_named(self) -> bool:
        """Whether its name says of which type it is, or the user does."""
        return self.is_chosen or hint_of(self.name) is self.type


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
    return tuple(sorted(parts, key=lambda part: (part.name.casefold(), part.path)))


def is_library(top: bytes, folders: list[Folder], root_name: str) -> bool:
    """Say whether a top-level folder looks like a library of its own, whatever lies beside it."""
    if not any(True for _ in media_in(folders)):
        return False
    if _is_hinted(top, folders):
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


def hint_of(name: str) -> LibraryType | None:
    """Return what a folder's name says it holds: "Movies", "Kids Movies", "Movies 4K"."""
    exact = next((kind for kind, words in _HINT.items() if words.match(name)), None)
    if exact is not None or len(name.split()) > _MOST_WORDS or film_name(name).year is not None:
        return exact
    return next((kind for kind, words in _HINT_WITHIN.items() if words.search(name)), None)


def names_digest(part: LibraryPart) -> str:
    """Return what changes whenever a name, size or time below a library does."""
    facts = (NAMES_VERSION, part.type, part.name, part.is_chosen)
    digest = xxh3_64(repr(facts).encode("utf-8", "surrogatepass"))
    for folder in part.folders:
        digest.update(repr((folder.path, folder.files)).encode())
    return digest.hexdigest()


def _is_hinted(top: bytes, folders: list[Folder]) -> bool:
    """Say whether a name makes a library; one that only contains the word must hold titles."""
    name = decode_name(top)
    if any(words.match(name) for words in _HINT.values()):
        return True
    return hint_of(name) is not None and _holds_titles(top, folders)


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
    hinted = frozenset(top for top in holding if _is_hinted(top, by_top[top]))
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
    if hint_of(name) is None and (
        is_movie(name)
        or folder_names.season_of(name) is not None
        or folder_names.release_season(name) is not None
    ):
        return False
    titles: set[str] = set()
    for folder, entry in islice(media_in(folders), _SAMPLE):
        below = folder.path[len(top) + 1 :].partition(b"/")[0]
        inner = decode_name(below)
        if looks_of(folder, entry) is Looks.EPISODE and not inner:
            found = explicit_episode(stem_of(entry))
            if found is None or not found.show:
                continue  # episodes directly below their show's name
            titles.add(comparable(found.show))
        elif inner and _is_within_title(inner):
            continue
        else:
            titles.add(inner or _title_of(entry))
        if len(titles) > 1:
            return True
    return False


def _is_within_title(inner: str) -> bool:
    """Say whether a folder only orders what belongs to the title above it."""
    return (
        folder_names.season_of(inner) is not None
        or folder_names.disc_number(inner) is not None
        or folder_names.is_quality(inner)
        or folder_names.is_extras(inner)
    )


def _title_of(entry: FileEntry) -> str:
    return comparable(film_name(decode_name(split_name(entry.name)[0])).title)


def _is_audio(folders: list[Folder]) -> bool:
    kinds = Counter(entry.kind for _folder, entry in islice(media_in(folders), _SAMPLE))
    return kinds[FileKind.AUDIO] >= _MOSTLY * kinds.total()


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
        is_chosen=chosen is not None,
    )


def _classify(name: str, folders: list[Folder]) -> LibraryType:
    """Return what a library mostly holds, judged by a bounded sample of names."""
    sample = [*islice(media_in(folders), _SAMPLE)]
    # A theme song beside each show makes no library of music.
    telling = [found for found in sample if not is_theme_song(*found)] or sample
    seen = Counter(looks_of(*found) for found in telling)
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
    if hint is LibraryType.VIDEOS:
        # Clips among films say nothing of themselves: nothing but films makes it one of films.
        return LibraryType.VIDEOS if seen[Looks.VIDEO] else _kind_of_videos(seen)
    return _kind_of_videos(seen)


def _is_certain(hint: LibraryType | None) -> bool:
    """Say whether a library with such a name is of that type, whatever videos it holds."""
    return hint not in (None, LibraryType.MUSIC, LibraryType.VIDEOS)


def _kind_of_videos(seen: Counter[Looks]) -> LibraryType:
    videos = seen.total() - seen[Looks.AUDIO]
    episodes, movies = seen[Looks.EPISODE] / videos, seen[Looks.MOVIE] / videos
    if episodes >= _SOME and movies >= _SOME:
        return LibraryType.MIXED
    if episodes >= _HALF:
        return LibraryType.SHOWS
    if movies >= _HALF:
        return LibraryType.MOVIES
    return LibraryType.VIDEOS
