"""The music of one library as artists, albums and tracks, by its tags.

An album is known by its album artist and title, so that its discs and folders come together; an
album without tags is a folder. Several artists on one album make it "Various Artists", unless one
of them plays at least half of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msd.backends.local.catalogue.entries import Group, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart
from msd.backends.local.catalogue.remote_ids import group_id
from msd.backends.local.files.file_kind import FileKind
from msd.backends.local.files.text import decode_name, title_key
from msd.backends.local.files.walk import FileEntry, Folder, join
from msd.backends.local.music.tags import TrackTags
from msd.backends.local.names import file_names as names
from msd.models import ItemType

VARIOUS_ARTISTS = "Various Artists"
_UNKNOWN_ARTIST = "Unknown Artist"
_FEATURING = re.compile(r"\s+[(\[]?(?:feat\.?|ft\.?|featuring)\s.*$", re.IGNORECASE)
_ALBUM_FOLDER = re.compile(
    r"^(?:(?P<artist>.+?) - )?(?:[(\[]?(?P<before>(?:19|20)\d\d)[)\]]?[ -]+)?"
    r"(?P<album>.+?)(?:\s*[(\[](?P<after>(?:19|20)\d\d)[)\]])?$"
)

ReadTags = Callable[[bytes, FileEntry], TrackTags]


@dataclass(slots=True)
class Music:
    """The artists, albums and tracks of one library."""

    artists: list[Group] = field(default_factory=list)
    albums: list[Group] = field(default_factory=list)
    tracks: list[Leaf] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Track:
    folder: Folder
    entry: FileEntry
    tags: TrackTags


def music_of(part: LibraryPart, folders: Iterable[Folder], read_tags: ReadTags) -> Music:
    """Group the music in some folders of one library; reads tags through `read_tags`."""
    return _Grouper(part, read_tags).run(folders)


class _Grouper:
    """The state of one library's grouping."""

    def __init__(self, part: LibraryPart, read_tags: ReadTags) -> None:
        self._part = part
        self._read_tags = read_tags
        self._music = Music()
        self._artists: dict[str, Group] = {}
        self._albums: dict[tuple[str, str], Group] = {}

    def run(self, folders: Iterable[Folder]) -> Music:
        for path, discs in _by_album_folder(folders).items():
            by_album: dict[str, list[_Track]] = defaultdict(list)
            for track in self._tracks(discs):
                by_album[title_key(track.tags.album)].append(track)
            for tracks in by_album.values():
                self._take(path, tracks)
        self._music.artists.extend(self._artists.values())
        self._music.albums.extend(self._albums.values())
        return self._music

    def _tracks(self, discs: list[Folder]) -> Iterable[_Track]:
        for folder in discs:
            for entry in folder.files:
                if entry.kind is FileKind.AUDIO:
                    yield _Track(
                        folder, entry, self._read_tags(join(folder.path, entry.name), entry)
                    )

    def _take(self, path: bytes, tracks: list[_Track]) -> None:
        """Make or extend the album of some tracks that share folder and album title."""
        title, artist_name, year = self._album_names(path, tracks)
        artist = self._artist(artist_name, tracks[0].folder) if artist_name else None
        album = None
        if title and artist is not None:
            album = self._album(artist, title, tracks, year)
        for track in tracks:
            own = artist or self._artist(track.tags.artist or _UNKNOWN_ARTIST, track.folder)
            self._take_track(track, album, own)

    def _take_track(self, track: _Track, album: Group | None, artist: Group) -> None:
        leaf = Leaf(ItemType.TRACK, track.folder, [track.entry], parent=album, artist=artist)
        self._music.tracks.append(leaf)
        if album is None:
            artist.adopt(track.entry.mtime_ns)
            return
        album.children += 1
        album.adopt(track.entry.mtime_ns)

    def _album_names(self, path: bytes, tracks: list[_Track]) -> tuple[str, str, int]:
        """Return title, artist and year of an album; without a title they are loose tracks."""
        title = tracks[0].tags.album
        year = next((t.tags.year for t in tracks if t.tags.year), 0)
        if title:
            return title, _album_artist(tracks), year
        below = path[len(self._part.path) :].strip(b"/")
        if not below:
            return "", "", 0
        above, _, own = below.rpartition(b"/")
        named = _ALBUM_FOLDER.match(decode_name(own))
        if named is None:
            return decode_name(own), _album_artist(tracks), year
        artist = decode_name(above.rpartition(b"/")[2]) or named["artist"] or _album_artist(tracks)
        year = year or int(named["before"] or named["after"] or 0)
        return named["album"], artist, year

    def _artist(self, name: str, folder: Folder) -> Group:
        key = title_key(name)
        if key not in self._artists:
            self._artists[key] = Group(
                ItemType.ARTIST,
                group_id("artist", self._part.remote_id, key),
                key,
                name,
                folder=None,
            )
        group = self._artists[key]
        above = folder.path.rpartition(b"/")[0]
        if group.folder is None and title_key(decode_name(above.rpartition(b"/")[2])) == key:
            group.folder = Folder(above)  # exchanged for the walked one by the library
        return group

    def _album(self, artist: Group, title: str, tracks: list[_Track], year: int) -> Group:
        key = title_key(title)
        if (artist.key, key) not in self._albums:
            artist.children += 1
            first = tracks[0]
            mbid = next((t.tags.album_mbid for t in tracks if t.tags.album_mbid), "")
            covers = (t for t in tracks if t.tags.has_cover)
            cover = next(covers, None)
            self._albums[artist.key, key] = Group(
                ItemType.ALBUM,
                group_id("album", self._part.remote_id, artist.key, key),
                f"{artist.key}/{key}",
                title,
                folder=first.folder,
                year=year or None,
                ids=(("musicbrainz-album", mbid),) if mbid else (),
                parent=artist,
                artist=artist.title,
                cover=join(cover.folder.path, cover.entry.name) if cover else None,
                genre=next((t.tags.genre for t in tracks if t.tags.genre), ""),
            )
        return self._albums[artist.key, key]


def primary_artist(name: str) -> str:
    """Return an artist's name without guests."""
    return _FEATURING.sub("", name)


def _album_artist(tracks: list[_Track]) -> str:
    """Return whose album it is."""
    named = Counter(t.tags.album_artist for t in tracks if t.tags.album_artist)
    if named:
        return named.most_common(1)[0][0]
    if any(t.tags.is_compilation for t in tracks):
        return VARIOUS_ARTISTS
    artists = Counter(primary_artist(t.tags.artist) for t in tracks if t.tags.artist)
    if not artists:
        return _UNKNOWN_ARTIST
    name, count = artists.most_common(1)[0]
    return name if 2 * count >= artists.total() else VARIOUS_ARTISTS


def _by_album_folder(folders: Iterable[Folder]) -> dict[bytes, list[Folder]]:
    """Put the discs of an album ("CD1", "Disc 2") together under the folder above them."""
    found: dict[bytes, list[Folder]] = defaultdict(list)
    for folder in folders:
        above, _, own = folder.path.rpartition(b"/")
        found[above if above and names.is_disc_folder(decode_name(own)) else folder.path].append(
            folder
        )
    return found
