"""The videos of one library as films, shows, seasons, episodes and other videos.

Everything here comes from names (and, for episodes, from the numbers in NFO files), so that an
unchanged library costs one walk. What each file is, is decided by its own evidence first; the
library only decides about names that say nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec

from msd.backends.local.catalogue.discs import disc_folder, main_files
from msd.backends.local.catalogue.entries import Entry, FileRef, Group, Leaf, leaf_of_file
from msd.backends.local.catalogue.extras import Extras, extra_name, is_sample, stem_of
from msd.backends.local.catalogue.films import FilmShelf, film_id
from msd.backends.local.catalogue.libraries import LibraryPart
from msd.backends.local.catalogue.looks import Looks, is_camera_name, looks_of
from msd.backends.local.catalogue.places import Place, home_of, place_of
from msd.backends.local.catalogue.remote_ids import title_id
from msd.backends.local.catalogue.shows import Found, ShowShelf
from msd.backends.local.evidence import Evidence
from msd.backends.local.files.file_kind import FileKind
from msd.backends.local.files.left_out import LeftOut
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, Folder, join
from msd.backends.local.names.episode_name import Certainty, EpisodeName
from msd.backends.local.names.episodes import episode_name
from msd.backends.local.names.explicit_episodes import explicit_episode, fansub_episode
from msd.backends.local.names.films import film_name
from msd.backends.local.names.titles import comparable
from msd.backends.local.names.tracks import track_name
from msd.models import ItemType, LibraryType, RemoteId

_NO_TRACKS = (LibraryType.MOVIES, LibraryType.SHOWS)


class NamedByNfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the NFO file of a video says of its place in the library."""

    root: str = ""  # movie, episodedetails, musicvideo; empty without an NFO
    season: int | None = None
    episode: int | None = None
    show: str = ""


ReadNfo = Callable[[Folder, FileEntry], NamedByNfo]
HasVideo = Callable[[bytes, FileEntry], bool]
_NO_NFO = NamedByNfo()
_MOST_COMPARED = 20  # titles in one folder that an extra's name is searched for
_TYPE_OF_NFO = {"movie": ItemType.MOVIE, "musicvideo": ItemType.MUSIC_VIDEO}


class Catalogue(msgspec.Struct, kw_only=True, eq=False):
    """The entries of one library by item type."""

    entries: dict[ItemType, list[Entry]]
    audio: list[Folder] = msgspec.field(default_factory=list)  # music to be grouped by tags
    left_out: list[LeftOut] = msgspec.field(default_factory=list)


def catalogue_of(
    part: LibraryPart,
    all_folders: Mapping[bytes, Folder],
    *,
    read_nfo: ReadNfo = lambda _folder, _entry: _NO_NFO,
    has_video: HasVideo = lambda _path, _entry: True,
) -> Catalogue:
    """Return what the names in one library say.

    Args:
        part: the library.
        all_folders: every folder that was walked, by path.
        read_nfo: reads the NFO file of a video.
        has_video: looks into a file of a library of music whose name is a video's.
    """
    return _Cataloguer(part, all_folders, read_nfo, has_video).run()


def directories_of_titles(made: Catalogue, library: RemoteId) -> dict[RemoteId, set[bytes]]:
    """Return in which directories the files of each title are: of a film, or of a show."""
    found: dict[RemoteId, set[bytes]] = defaultdict(set)
    for kind in (ItemType.EPISODE, ItemType.MOVIE):
        for entry in made.entries[kind]:
            if not isinstance(entry, Leaf):
                continue
            key = title_key_of(entry)
            for ref in entry.all_files if key else ():
                found[title_id(library, key)].add(ref.folder.path)
    return found


def title_key_of(leaf: Leaf) -> str:
    """Return the key of the title that a film or episode has; empty for one without."""
    if leaf.parent is not None and leaf.parent.parent is not None:
        return leaf.parent.parent.key
    name = leaf.name
    return comparable(name.title) if name is not None and name.year is not None else ""


class _Cataloguer:
    """The state of one library's cataloguing."""

    def __init__(
        self,
        part: LibraryPart,
        all_folders: Mapping[bytes, Folder],
        read_nfo: ReadNfo,
        has_video: HasVideo,
    ) -> None:
        self._part = part
        self._folders = all_folders
        self._read_nfo = read_nfo
        self._has_video = has_video
        self._made = Catalogue(entries=defaultdict(list))
        self._films = FilmShelf(part.path, part.remote_id, all_folders)
        self._shows = ShowShelf(part.path, part.remote_id, part.name, all_folders)
        is_of_shows = part.type is LibraryType.SHOWS
        self._extras = Extras(part.path, all_folders, is_of_shows=is_of_shows)
        self._videos: list[Leaf] = []
        self._pending_extras: list[tuple[bytes, FileRef]] = []  # the owner's folder, the file
        self._discs: dict[bytes, list[FileRef]] = defaultdict(list)

    def run(self) -> Catalogue:
        for folder in self._part.folders:
            self._take_folder(folder)
        for disc, files in self._discs.items():
            self._take_disc(disc, files)
        entries = self._made.entries
        self._shows.settle()
        for kind, found in (
            (ItemType.SHOW, self._shows.shows),
            (ItemType.SEASON, self._shows.seasons),
            (ItemType.EPISODE, self._shows.episodes),
        ):
            entries[kind].extend(found)
        for leaf in self._films.settle():
            entries[leaf.type].append(leaf)
        self._settle_videos()
        self._hand_out_extras()
        return self._made

    def _take_folder(self, folder: Folder) -> None:
        folder, themes = self._extras.split_theme_songs(folder)
        self._pending_extras += themes
        if any(entry.kind is FileKind.AUDIO for entry in folder.files):
            self._take_audio(folder)
        if not any(entry.kind is FileKind.VIDEO for entry in folder.files):
            return
        if self._part.type in (LibraryType.MUSIC, LibraryType.MUSIC_VIDEOS):
            self._take_music_videos(folder)
            return
        disc = disc_folder(folder)
        if disc is not None:
            of_disc = [e for e in folder.files if e.kind is FileKind.VIDEO]
            self._discs[disc].extend(FileRef(folder, entry) for entry in of_disc)
            return
        owner = self._extras.owner_of(folder)
        videos, extras = self._extras.split(folder)
        if owner is not None:
            videos, extras = [], [e for e in folder.files if e.kind is FileKind.VIDEO]
        for entry in extras:
            self._take_extra(owner or folder.path, FileRef(folder, entry))
        self._take_videos(folder, videos)

    def _take_videos(self, folder: Folder, videos: list[FileEntry]) -> None:
        place = place_of(folder, self._part.path)
        for entry in videos:
            ref = FileRef(folder, entry)
            if is_sample(folder, entry):
                self._leave_out(ref.path, "sample", "a sample of a film")
                continue
            found = self._episode(ref, place, is_alone=len(videos) == 1)
            if found is not None:
                self._shows.add(found)
            else:
                self._take_film(ref)

    def _leave_out(self, path: bytes, kind: str, reason: str) -> None:
        self._made.left_out.append(LeftOut(path, kind, reason))

    # --- audio and music videos ---

    def _take_audio(self, folder: Folder) -> None:
        if self._part.type not in _NO_TRACKS:
            self._made.audio.append(folder)
            return
        for entry in folder.files:
            if entry.kind is FileKind.AUDIO:
                why = f"audio in a library of {self._part.type.value}"
                self._leave_out(join(folder.path, entry.name), "other", why)

    def _take_music_videos(self, folder: Folder) -> None:
        """In a library of music a file without pictures is a track, whatever its suffix."""
        tracks = []
        for entry in folder.files:
            if entry.kind is not FileKind.VIDEO:
                continue
            ref = FileRef(folder, entry)
            if self._part.type is LibraryType.MUSIC and not self._has_video(ref.path, entry):
                tracks.append(entry)
            else:
                self._made.entries[ItemType.MUSIC_VIDEO].append(self._music_video(ref))
        if tracks and folder not in self._made.audio:
            self._made.audio.append(folder)

    def _music_video(self, ref: FileRef) -> Leaf:
        leaf = leaf_of_file(ItemType.MUSIC_VIDEO, ref.folder, ref.entry)
        leaf.name = film_name(stem_of(ref.entry))
        artist, title = track_name(leaf.name.title)[2:]
        leaf.artist_name = artist or self._artist_folder(ref.folder)
        leaf.name = msgspec.structs.replace(leaf.name, title=title or leaf.name.title)
        return leaf

    def _artist_folder(self, folder: Folder) -> str:
        below = folder.path[len(self._part.path) :].strip(b"/")
        if self._part.type is not LibraryType.MUSIC_VIDEOS or not below:
            return ""
        return decode_name(below.partition(b"/")[0])

    def _take_disc(self, disc: bytes, files: list[FileRef]) -> None:
        """Make a film of a copied disc; leave out one of a show, whose episodes are unknown."""
        place = place_of(self._folders.get(disc) or Folder(disc), self._part.path)
        is_of_show = place.season is not None or (
            self._part.type is LibraryType.SHOWS
            and not (place.steps and film_name(place.steps[-1].name).is_release)
        )
        if is_of_show:
            why = "a disc of a show: which episodes are on it can't be known"
            self._leave_out(disc, "disc", why)
            return
        main = main_files(ref.entry for ref in files)
        names = [entry.name for entry in main]
        first = [ref for name in names for ref in files if ref.entry.name == name]
        self._films.add_disc(disc, first, [ref for ref in files if ref not in first])

    # --- films and other videos ---

    def _take_film(self, ref: FileRef) -> None:
        kind, evidence = self._film_type(ref)
        if kind is ItemType.MOVIE:
            self._films.add(ref, evidence)
            return
        leaf = leaf_of_file(kind, ref.folder, ref.entry)
        leaf.name, leaf.evidence = film_name(stem_of(ref.entry)), evidence
        self._videos.append(leaf)

    def _film_type(self, ref: FileRef) -> tuple[ItemType, Evidence]:
        by_nfo = _TYPE_OF_NFO.get(self._read_nfo(ref.folder, ref.entry).root)
        if by_nfo is not None:
            return by_nfo, Evidence.NFO
        part = self._part
        if part.is_chosen and part.type is LibraryType.VIDEOS:
            return ItemType.VIDEO, Evidence.ID
        is_of_films = part.type is LibraryType.MOVIES
        if not (is_of_films and part.is_named) and looks_of(ref.folder, ref.entry) is Looks.MOVIE:
            return ItemType.MOVIE, Evidence.FILE_NAME
        if is_of_films and (part.is_named or not is_camera_name(stem_of(ref.entry))):
            return ItemType.MOVIE, Evidence.LIBRARY
        return ItemType.VIDEO, Evidence.LIBRARY

    def _settle_videos(self) -> None:
        taken = {entry.remote_id for entries in self._made.entries.values() for entry in entries}
        for leaf in sorted(self._videos, key=lambda video: video.path):
            leaf.remote_id = film_id(leaf, self._part.remote_id, taken)
            taken.add(leaf.remote_id)
            home = home_of(leaf.folder, self._part.path, self._folders)
            videos = [e for e in leaf.folder.files if e.kind is FileKind.VIDEO]
            leaf.own_folder = home if home is leaf.folder and len(videos) == 1 else None
            self._made.entries[leaf.type].append(leaf)

    def _take_extra(self, owner: bytes, ref: FileRef) -> None:
        if is_sample(ref.folder, ref.entry):
            self._leave_out(ref.path, "sample", "a sample of a film")
        else:
            self._pending_extras.append((owner, ref))

    def _hand_out_extras(self) -> None:
        """Give each extra to what it lies beside: a film there, the season or show of a folder."""
        if not self._pending_extras:
            return
        owners = self._owners()
        by_title = {
            owner: {_key_of(entry): entry for entry in reversed(entries)}
            for owner, entries in owners.items()
        }
        for owner, ref in self._pending_extras:
            candidates = owners.get(owner, [])
            titles = by_title.get(owner, {})
            name = extra_name(ref.entry) or stem_of(ref.entry)
            chosen = titles.get(comparable(film_name(name).title)) or next(
                (
                    titles[key]
                    for key in [*titles][:_MOST_COMPARED]
                    if key and key in comparable(name)
                ),
                candidates[0] if candidates else None,
            )
            if chosen is None:
                self._leave_out(ref.path, "other", "an extra of something that is not listed")
            else:
                chosen.extras.append(ref)

    def _owners(self) -> dict[bytes, list[Leaf | Group]]:
        owners: dict[bytes, list[Leaf | Group]] = defaultdict(list)
        for entries in self._made.entries.values():
            for entry in entries:
                if isinstance(entry, Leaf) and entry.type is not ItemType.EPISODE:
                    for path in {ref.folder.path for ref in entry.files}:
                        owners[path].append(entry)
                    if entry.own_folder is not None:
                        owners[entry.own_folder.path].append(entry)
        for leaf in self._shows.episodes:
            season = leaf.parent
            if season is None or season.parent is None:
                continue
            for path in _with_above(leaf.folder.path, self._part.path):
                if season.parent not in owners[path]:
                    owners[path].append(season.parent)
        return owners

    # --- episodes ---

    def _episode(self, ref: FileRef, place: Place, *, is_alone: bool) -> Found | None:
        """Return what an episode's file says, None when the file is no episode here."""
        nfo = self._read_nfo(ref.folder, ref.entry)
        if nfo.root == "movie":
            return None
        stem = stem_of(ref.entry)
        if not is_alone and place.release is not None:
            place = msgspec.structs.replace(place, release=None)
        name, evidence = self._episode_name(stem, place)
        if nfo.root == "episodedetails":
            read = name or episode_name(stem, season=place.season)
            name, evidence = _with_nfo(read, nfo), Evidence.NFO
        if name is None:
            return None
        return Found(ref=ref, name=name, place=place, evidence=evidence)

    def _episode_name(self, stem: str, place: Place) -> tuple[EpisodeName | None, Evidence]:
        """Read an episode's name, as far as it is expected here."""
        certain = explicit_episode(stem) or fansub_episode(stem)
        if certain is not None:
            return certain, Evidence.FILE_NAME
        if place.release is not None:
            return episode_name(stem, season=place.season), Evidence.FOLDER_NAME
        if self._is_film(stem, place):
            return None, Evidence.FILE_NAME
        read = episode_name(stem, season=place.season)
        is_counted = read.episode is not None or bool(read.released)
        if self._part.type is LibraryType.SHOWS:
            if is_counted or place.is_nested:
                return read, Evidence.LIBRARY
            return None, Evidence.LIBRARY
        is_in_season = place.season is not None and place.show is not None
        return (read, Evidence.FOLDER_NAME) if is_in_season and is_counted else (None, Evidence.ID)

    def _is_film(self, stem: str, place: Place) -> bool:
        """Say whether a file without an episode's number, among shows, is a film."""
        name = film_name(stem)
        if place.season_folder is not None or name.year is None or not name.is_release:
            return False
        read = episode_name(stem, season=None)
        if read.certainty >= Certainty.WORDED:
            return False
        above = place.steps[-1] if place.steps else None
        number = read.episode
        return number is None or above is None or str(number) in name.title


def _with_nfo(name: EpisodeName, nfo: NamedByNfo) -> EpisodeName:
    """Return a name with the numbers of the NFO file: both belong together."""
    show = nfo.show or name.show
    if nfo.episode is None:
        return msgspec.structs.replace(name, show=show)
    season = nfo.season if nfo.season is not None else name.season
    last = name.last_episode if name.episode == nfo.episode else None
    return msgspec.structs.replace(
        name,
        show=show,
        season=season,
        episode=nfo.episode,
        last_episode=last,
        certainty=Certainty.EXPLICIT,
    )


def _key_of(entry: Leaf | Group) -> str:
    if isinstance(entry, Group):
        return comparable(entry.title)
    return comparable(entry.name.title) if entry.name is not None else "\0"


def _with_above(path: bytes, library: bytes) -> list[bytes]:
    """Return a folder and those above it; the library's own folder is no title's."""
    found = []
    while len(path) > len(library):
        found.append(path)
        path = path.rpartition(b"/")[0]
    return found
