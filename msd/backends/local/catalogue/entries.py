"""What a library's catalogue holds: leaves, which are files, and groups, which are not."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from msd.backends.local.catalogue.remote_ids import file_id
from msd.backends.local.evidence import Evidence
from msd.backends.local.files.file_kind import MEDIA_KINDS
from msd.backends.local.files.walk import FileEntry, Folder, join
from msd.backends.local.names.episode_name import EpisodeName
from msd.backends.local.names.films import FilmName
from msd.models import ItemType, RemoteId, UnixSeconds

# What comes first is what a frontend shows first; parents before children.
LISTED_TYPES = (
    ItemType.MOVIE,
    ItemType.SHOW,
    ItemType.SEASON,
    ItemType.EPISODE,
    ItemType.VIDEO,
    ItemType.ARTIST,
    ItemType.ALBUM,
    ItemType.TRACK,
    ItemType.MUSIC_VIDEO,
)
MUSIC_TYPES = frozenset({ItemType.ARTIST, ItemType.ALBUM, ItemType.TRACK})  # understood by tags

NAMES_VERSION = 4  # raised whenever the same names or files would give other items
_NS_PER_S = 1_000_000_000


class FileRef(NamedTuple):
    """One media file and the folder that it lies in."""

    folder: Folder
    entry: FileEntry

    @property
    def path(self) -> bytes:
        """The path of the file, relative to the source's folder."""
        return join(self.folder.path, self.entry.name)


class Group(msgspec.Struct, kw_only=True, eq=False):
    """A show, season, artist or album: what several files have in common."""

    type: ItemType
    remote_id: RemoteId
    key: str  # what it is recognised by under another library or folder name
    title: str
    folder: Folder | None = None  # where its NFO and pictures are
    season_folders: tuple[Folder, ...] = ()  # of a season: where its own pictures may be
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()
    number: int | None = None  # of a season
    parent: "Group | None" = None
    artist: str = ""
    cover: FileRef | None = None  # of an album: a track whose tags hold a picture
    genres: tuple[str, ...] = ()
    added_ns: int = 0  # the oldest of its files
    children: int = 0
    extras: list[FileRef] = msgspec.field(default_factory=list)
    evidence: Evidence = Evidence.FOLDER_NAME
    origin: str = ""  # where the title was read

    def adopt(self, mtime_ns: int) -> None:
        """Take the age of one more file into account, in the groups above too."""
        if not self.added_ns or mtime_ns < self.added_ns:
            self.added_ns = mtime_ns
        if self.parent is not None:
            self.parent.adopt(mtime_ns)

    def fingerprint(self) -> int:
        """Return a number that changes whenever its item would."""
        folders = (*((self.folder,) if self.folder else ()), *self.season_folders)
        parts = [
            *(self.remote_id, self.title, self.year, self.ids, self.number, self.artist),
            *(self.cover and (self.cover.path, self.cover.entry.mtime_ns), self.genres),
            *(self.added_ns, self.children, self.key),
            self.parent and (self.parent.remote_id, self.parent.title),
            *(extra.path for extra in self.extras),
            *(companion for folder in folders for companion in _companions(folder)),
        ]
        return _fingerprint(parts)


class Leaf(msgspec.Struct, kw_only=True, eq=False):
    """One playable item: its versions, each of one file or of several parts."""

    type: ItemType
    versions: list[list[FileRef]]  # never empty; the first file names the item
    remote_id: RemoteId = RemoteId("")
    name: FilmName | None = None  # of a film or video
    episode: EpisodeName | None = None
    parent: Group | None = None  # season of an episode, album of a track
    artist: Group | None = None  # of a track
    artist_name: str = ""  # of a music video
    own_folder: Folder | None = None  # a folder that holds nothing else
    extras: list[FileRef] = msgspec.field(default_factory=list)
    attached: list[FileRef] = msgspec.field(default_factory=list)  # other files of its disc
    cue: int = 0  # of a track in a file with several: which one, from 1
    disc: int = 0  # of a track, as its folder says
    evidence: Evidence = Evidence.FILE_NAME  # why it is of this type
    title_evidence: Evidence = Evidence.FILE_NAME

    @property
    def first(self) -> FileRef:
        """The file that names the item."""
        return self.versions[0][0]

    @property
    def folder(self) -> Folder:
        """The folder of the first file."""
        return self.first.folder

    @property
    def path(self) -> bytes:
        """The path of the first file."""
        return self.first.path

    @property
    def files(self) -> list[FileRef]:
        """All files that are played as this item: its versions and their parts."""
        return [ref for version in self.versions for ref in version]

    @property
    def all_files(self) -> list[FileRef]:
        """All files that belong to the item, its extras and the rest of its disc included."""
        return [*self.files, *self.extras, *self.attached]

    @property
    def groups(self) -> Iterator[Group]:
        """What it belongs to, from the nearest on: season and show, or album and artist."""
        group = self.parent
        while group is not None:
            yield group
            group = group.parent

    @property
    def added_ns(self) -> int:
        """The time of its oldest file: a better copy does not make an item new."""
        return min(ref.entry.mtime_ns for ref in self.files)

    def fingerprint(self, companions: Iterable[FileEntry]) -> int:
        """Return a number that changes whenever its item would."""
        above = self.parent and (self.parent.remote_id, self.parent.title, self.parent.number)
        show = self.parent and self.parent.parent and self.parent.parent.title
        artist = self.artist and (self.artist.remote_id, self.artist.title)
        files = [(ref.folder.path, *ref.entry[:3]) for ref in self.files]
        others = [ref.path for ref in (*self.extras, *self.attached)]
        beside = [entry[:3] for entry in companions]
        own = _companions(self.own_folder) if self.own_folder else ()
        shape = [len(version) for version in self.versions]
        return _fingerprint(
            [
                *(self.type, self.remote_id, above, show, artist, self.artist_name, self.disc),
                *(self.name, self.episode, self.cue, shape, files, others, beside, own),
            ]
        )


Entry = Group | Leaf


def leaf_of_file(item_type: ItemType, folder: Folder, entry: FileEntry) -> Leaf:
    """Return the item of one file that has neither versions nor parts."""
    ref = FileRef(folder, entry)
    return Leaf(type=item_type, versions=[[ref]], remote_id=file_id(ref.path))


def seconds(mtime_ns: int, *, now: float) -> UnixSeconds:
    """Return a file's time as msd keeps it: absurd times are unknown, future ones are now."""
    value = min(mtime_ns // _NS_PER_S, int(now))
    return UnixSeconds(value if 0 < value < 2**40 else 0)


def _companions(folder: Folder) -> tuple[object, ...]:
    return tuple(f[:3] for f in folder.files if f.kind not in MEDIA_KINDS)


def _fingerprint(parts: list[object]) -> int:
    digest = xxh3_64_intdigest(repr((NAMES_VERSION, parts)).encode("utf-8", "surrogatepass"))
    return digest - (1 << 63)  # signed
