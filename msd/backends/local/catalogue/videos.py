"""The videos of one library as films, shows, seasons, episodes and other videos.

Everything here comes from names alone, so that an unchanged library costs one walk. A show is
known by its title, not by its folder: seasons in folders of their own come together, and a show
stays the same when its folder is renamed from "Show" to "Show.S01.1080p".
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from msd.backends.local.catalogue.entries import Entry, Group, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart, Looks, looks_of
from msd.backends.local.catalogue.remote_ids import group_id
from msd.backends.local.files.file_kind import FileKind, split_name
from msd.backends.local.files.text import decode_name, title_key
from msd.backends.local.files.walk import FileEntry, Folder
from msd.backends.local.names import file_names as names
from msd.backends.local.names.file_names import EpisodeName, TitleName
from msd.models import ItemType, LibraryType, RemoteId

_DISC_STRUCTURES = (b"VIDEO_TS", b"BDMV/STREAM")
_NO_TRACKS = (LibraryType.MOVIES, LibraryType.SHOWS)


@dataclass(slots=True)
class Catalogue:
    """The entries of one library by item type."""

    entries: dict[ItemType, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    audio: list[Folder] = field(default_factory=list)  # folders with music to be grouped by tags
    skipped: list[tuple[bytes, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """What the folders above a file say about an episode."""

    show: TitleName | None
    show_path: bytes | None
    season: int | None
    is_nested: bool  # below the library's own folder


def catalogue_of(part: LibraryPart, all_folders: dict[bytes, Folder]) -> Catalogue:
    """Return what the names in one library say."""
    return _Cataloguer(part, all_folders).run()


def directories_of_groups(made: Catalogue) -> dict[RemoteId, set[bytes]]:
    """Return in which directories the episodes of each show and each season are."""
    found: dict[RemoteId, set[bytes]] = defaultdict(set)
    for entry in made.entries[ItemType.EPISODE]:
        if isinstance(entry, Leaf):
            for group in entry.groups:
                found[group.remote_id].add(entry.folder.path)
    return found


class _Cataloguer:
    """The state of one library's cataloguing."""

    def __init__(self, part: LibraryPart, all_folders: dict[bytes, Folder]) -> None:
        self._part = part
        self._folders = all_folders
        self._made = Catalogue()
        self._shows: dict[str, Group] = {}
        self._seasons: dict[tuple[str, int], Group] = {}
        self._placed: tuple[Folder, _Place] | None = None

    def run(self) -> Catalogue:
        for folder in self._part.folders:
            self._take_folder(folder)
        self._made.entries[ItemType.SHOW].extend(self._shows.values())
        self._made.entries[ItemType.SEASON].extend(self._seasons.values())
        return self._made

    def _take_folder(self, folder: Folder) -> None:
        videos = [entry for entry in folder.files if entry.kind is FileKind.VIDEO]
        if any(entry.kind is FileKind.AUDIO for entry in folder.files):
            self._take_audio(folder)
        if not videos:
            return
        above = disc_structure(folder.path)
        if above is not None:
            self._take_disc(folder, above, videos)
            return
        films: dict[tuple[ItemType, str], Leaf] = {}
        episodes: dict[tuple[int | None, int | None, str], Leaf] = {}
        for entry in videos:
            episode = self._episode(folder, entry)
            if episode is not None:
                self._take_episode(folder, entry, episode, episodes)
            else:
                self._take_film(folder, entry, films)
        self._settle_films(folder, films, alone=len(films) == 1 and not episodes)

    # --- audio and discs ---

    def _take_audio(self, folder: Folder) -> None:
        if self._part.type not in _NO_TRACKS:
            self._made.audio.append(folder)
            return
        for entry in folder.files:
            if entry.kind is FileKind.AUDIO:
                why = f"audio in a library of {self._part.type.value}"
                self._made.skipped.append((folder.path + b"/" + entry.name, why))

    def _take_disc(self, folder: Folder, above: bytes, videos: list[FileEntry]) -> None:
        """A copied DVD or Blu-ray: its longest file stands for all of it."""
        main = max(videos, key=lambda entry: (entry.size, entry.name))
        leaf = Leaf(self._film_type(lambda: Looks.MOVIE), folder, [main])
        leaf.own_folder = self._folders.get(above)
        self._made.entries[leaf.type].append(leaf)

    # --- films and other videos ---

    def _film_type(self, looks: Callable[[], Looks]) -> ItemType:
        match self._part.type:
            case LibraryType.MOVIES:
                return ItemType.MOVIE
            case LibraryType.MUSIC | LibraryType.MUSIC_VIDEOS:
                return ItemType.MUSIC_VIDEO
            case LibraryType.VIDEOS:
                return ItemType.VIDEO
        return ItemType.MOVIE if looks() is Looks.MOVIE else ItemType.VIDEO

    def _take_film(
        self, folder: Folder, entry: FileEntry, films: dict[tuple[ItemType, str], Leaf]
    ) -> None:
        kind = self._film_type(lambda: looks_of(folder, entry))
        stem = decode_name(split_name(entry.name)[0])
        key = names.movie_key(stem) if kind is ItemType.MOVIE else stem
        films.setdefault((kind, key), Leaf(kind, folder)).files.append(entry)

    def _settle_films(
        self, folder: Folder, films: dict[tuple[ItemType, str], Leaf], *, alone: bool
    ) -> None:
        for leaf in films.values():
            if alone and folder.path != self._part.path:
                leaf.own_folder = folder
            self._made.entries[leaf.type].append(leaf)

    # --- episodes ---

    def _episode(self, folder: Folder, entry: FileEntry) -> EpisodeName | None:
        """Return what an episode's name says, None when the file is no episode here."""
        if self._part.type in (LibraryType.MUSIC, LibraryType.MUSIC_VIDEOS):
            return None
        stem = decode_name(split_name(entry.name)[0])
        certain = names.is_episode(stem)
        if self._part.type in (LibraryType.MOVIES, LibraryType.VIDEOS):
            return names.episode_name(stem, season=self._place(folder).season) if certain else None
        if self._part.type is LibraryType.SHOWS:
            place = self._place(folder)
            found = names.episode_name(stem, season=place.season)
            is_numbered = found.episode is not None or bool(found.released)
            return found if is_numbered or place.is_nested else None
        if looks_of(folder, entry) is Looks.EPISODE:
            return names.episode_name(stem, season=self._place(folder).season)
        return None

    def _take_episode(
        self,
        folder: Folder,
        entry: FileEntry,
        episode: EpisodeName,
        known: dict[tuple[int | None, int | None, str], Leaf],
    ) -> None:
        place = self._place(folder)
        season = self._season(self._show(place, episode), _season_number(place, episode))
        season.adopt(entry.mtime_ns)
        key = (season.number, episode.episode, season.remote_id)
        if episode.episode is not None and key in known:
            known[key].files.append(entry)  # another version of the same episode
            return
        season.children += 1
        leaf = Leaf(ItemType.EPISODE, folder, [entry], episode=episode, parent=season)
        known[key] = leaf
        self._made.entries[ItemType.EPISODE].append(leaf)

    def _show(self, place: _Place, episode: EpisodeName) -> Group:
        if place.show is not None:
            name = place.show
        else:
            name = TitleName(episode.show or self._part.name, episode.show_year)
        key = title_key(name.title) + (str(name.year) if name.year else "")
        if key not in self._shows:
            self._shows[key] = Group(
                ItemType.SHOW,
                group_id("show", self._part.remote_id, key),
                key,
                name.title,
                folder=self._folders.get(place.show_path) if place.show_path else None,
                year=name.year,
                ids=name.ids,
            )
        return self._shows[key]

    def _season(self, show: Group, number: int) -> Group:
        if (show.key, number) not in self._seasons:
            show.children += 1
            self._seasons[show.key, number] = Group(
                ItemType.SEASON,
                group_id("season", self._part.remote_id, show.key, str(number)),
                f"{show.key}/{number}",
                "Specials" if number == 0 else f"Season {number}",
                folder=show.folder,
                number=number,
                parent=show,
            )
        return self._seasons[show.key, number]

    def _place(self, folder: Folder) -> _Place:
        """Return what the folders above a file say of it: the same for all files of a folder."""
        if self._placed is None or self._placed[0] is not folder:
            self._placed = (folder, self._placed_anew(folder))
        return self._placed[1]

    def _placed_anew(self, folder: Folder) -> _Place:
        below = folder.path[len(self._part.path) :].strip(b"/")
        raw = [part for part in below.split(b"/") if part]
        parts = [decode_name(part) for part in raw]
        while parts and names.is_disc_folder(parts[-1]):
            parts.pop()
        for index, name in enumerate(parts):
            season = names.season_of(name)
            if season is not None:
                return self._named(parts, raw, index - 1, season)
        if not parts:
            return _Place(None, None, None, is_nested=False)
        last = len(parts) - 1
        if last and names.is_episode(parts[last]):
            last -= 1  # a folder of its own for one episode
        return self._named(parts, raw, last, names.release_season(parts[last]))

    def _named(self, parts: list[str], raw: list[bytes], index: int, season: int | None) -> _Place:
        if index < 0:  # seasons directly in the library: the library is the show
            return _Place(names.show_name(self._part.name), self._part.path, season, is_nested=True)
        top = [self._part.path] if self._part.path else []
        show_path = b"/".join([*top, *raw[: index + 1]])
        return _Place(names.show_name(parts[index]), show_path, season, is_nested=True)


def _season_number(place: _Place, episode: EpisodeName) -> int:
    if episode.season is not None:
        return episode.season
    if place.season is not None:
        return place.season
    return 0 if episode.episode is None else 1


def disc_structure(path: bytes) -> bytes | None:
    """Return the folder that holds a copied disc, if this folder is the inside of one."""
    for inside in _DISC_STRUCTURES:
        if path.endswith(b"/" + inside):
            return path[: -len(inside) - 1]
    return None
