"""What a library's catalogue holds: leaves, which are files, and groups, which are not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xxhash import xxh3_64_intdigest

from msd.backends.local.catalogue.remote_ids import file_id
from msd.backends.local.files.file_kind import MEDIA_KINDS
from msd.backends.local.files.walk import FileEntry, Folder, join
from msd.backends.local.names.file_names import EpisodeName
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

NAMES_VERSION = 1  # raised whenever the same names or files would give other items
_NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class Group:
    """A show, season, artist or album: what several files have in common."""

    type: ItemType
    remote_id: RemoteId
    key: str  # what it is recognised by under another library or folder name
    title: str
    folder: Folder | None = None  # where its NFO and pictures are
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()
    number: int | None = None  # of a season
    parent: "Group | None" = None
    artist: str = ""
    cover: bytes | None = None  # of an album: a track whose tags hold a picture
    genre: str = ""
    added_ns: int = 0  # the oldest of its files
    children: int = 0

    def adopt(self, mtime_ns: int) -> None:
        """Take the age of one more file into account, in the groups above too."""
        if not self.added_ns or mtime_ns < self.added_ns:
            self.added_ns = mtime_ns
        if self.parent is not None:
            self.parent.adopt(mtime_ns)

    def fingerprint(self) -> int:
        """Return a number that changes whenever its item would."""
        parts = [
            *(self.remote_id, self.title, self.year, self.ids, self.number, self.artist),
            *(self.cover, self.genre, self.added_ns, self.children, self.key),
            self.parent and (self.parent.remote_id, self.parent.title),
        ]
        return _fingerprint([*parts, *(_companions(self.folder) if self.folder else ())])


@dataclass(slots=True)
class Leaf:
    """One playable item: a file, or several that are versions or parts of one film."""

    type: ItemType
    folder: Folder
    files: list[FileEntry] = field(default_factory=list)  # the first one names the item
    episode: EpisodeName | None = None
    parent: Group | None = None  # season of an episode, album of a track
    artist: Group | None = None  # of a track
    own_folder: Folder | None = None  # a folder that holds nothing else

    @property
    def path(self) -> bytes:
        """The path of its first file."""
        return join(self.folder.path, self.files[0].name)

    @property
    def groups(self) -> Iterator[Group]:
        """What it belongs to, from the nearest on: season and show, or album and artist."""
        group = self.parent
        while group is not None:
            yield group
            group = group.parent

    @property
    def added_ns(self) -> int:
        """The time of its first file."""
        return self.files[0].mtime_ns

    @property
    def remote_id(self) -> RemoteId:
        """The id of its first file."""
        return file_id(self.path)

    def fingerprint(self, companions: Iterable[FileEntry]) -> int:
        """Return a number that changes whenever its item would."""
        above = self.parent and (self.parent.remote_id, self.parent.title, self.parent.number)
        show = self.parent and self.parent.parent and self.parent.parent.title
        artist = self.artist and (self.artist.remote_id, self.artist.title)
        facts = [(*f[:3], int(f.kind)) for f in (*self.files, *companions)]
        own = _companions(self.own_folder) if self.own_folder else ()
        return _fingerprint([self.type, self.path, above, show, artist, self.episode, *facts, *own])


Entry = Group | Leaf


def seconds(mtime_ns: int) -> UnixSeconds:
    """Return a file's time as msd keeps it; absurd times are unknown."""
    value = mtime_ns // _NS_PER_S
    return UnixSeconds(value if 0 < value < 2**40 else 0)


def _companions(folder: Folder) -> tuple[object, ...]:
    return tuple(f[:3] for f in folder.files if f.kind not in MEDIA_KINDS)


def _fingerprint(parts: list[object]) -> int:
    digest = xxh3_64_intdigest(repr((NAMES_VERSION, parts)).encode("utf-8", "surrogatepass"))
    return digest - (1 << 63)  # signed
