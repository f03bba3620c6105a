"""The music of one library as artists, albums and tracks, by its tags.

An album is known by its release id; else by its album artist, its title and its year, so that its
discs and folders come together and albums that only share a title do not. An album without tags
is a folder. Several artists on one album make it "Various Artists", unless one of them plays at
least half of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import msgspec

from msd.backends.local.catalogue.entries import FileRef, Group, Leaf
from msd.backends.local.catalogue.libraries import LibraryPart
from msd.backends.local.catalogue.remote_ids import file_id, group_id
from msd.backends.local.files.file_kind import FileKind
from msd.backends.local.files.text import decode_name, title_key
from msd.backends.local.files.walk import FileEntry, Folder
from msd.backends.local.music.cue import CueTrack
from msd.backends.local.music.tags import TrackTags, genres_of
from msd.backends.local.names import folders as folder_names
from msd.backends.local.names.tracks import AlbumFolder, album_folder, split_disc
from msd.models import ItemType, RemoteId

VARIOUS_ARTISTS = "Various Artists"
_UNKNOWN_ARTIST = "Unknown Artist"
# Folders of albums by several artists, and of what has none.
_NO_ARTISTS = frozenset(
    (
        *("soundtracks", "soundtrack", "ost", "compilations", "compilation", "various"),
        *("samplers", "audiobooks", "hörbücher", "singles", "unsorted", "misc", "downloads"),
    )
)
_FEATURING = re.compile(r"\s+[(\[]?(?:feat\.?|ft\.?|featuring)\s.*$", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"^\d{1,2}$")

ReadTags = Callable[[bytes, FileEntry], TrackTags]
ReadCue = Callable[[Folder], dict[bytes, tuple[CueTrack, ...]]]
IsTrack = Callable[[bytes, FileEntry], bool]


class Music(msgspec.Struct, kw_only=True, eq=False):
    """The artists, albums and tracks of one library."""

    artists: list[Group] = msgspec.field(default_factory=list)
    albums: list[Group] = msgspec.field(default_factory=list)
    tracks: list[Leaf] = msgspec.field(default_factory=list)


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """How what is in files is read: it is remembered for files that did not change."""

    tags: ReadTags
    cues: ReadCue
    is_track: IsTrack  # of a file whose name is a video's


class _Track(msgspec.Struct, frozen=True, kw_only=True):
    ref: FileRef
    tags: TrackTags
    album: str  # without the disc in it
    disc: int  # 0 is unknown
    cue: int = 0


class _Album(msgspec.Struct, kw_only=True, eq=False):
    """Tracks that are one album by their tags, in one folder or several."""

    title: str
    artist: str
    year: int
    release: str  # the release id of MusicBrainz
    tracks: list[_Track]


def music_of(part: LibraryPart, folders: Iterable[Folder], readers: Readers) -> Music:
    """Group the music in some folders of one library."""
    return _Grouper(part, readers).run(folders)


def primary_artist(name: str) -> str:
    """Return an artist's name without guests."""
    return _FEATURING.sub("", name)


class _Grouper:
    """The state of one library's grouping."""

    def __init__(self, part: LibraryPart, readers: Readers) -> None:
        self._part = part
        self._readers = readers
        self._music = Music()
        self._artists: dict[str, Group] = {}

    def run(self, folders: Iterable[Folder]) -> Music:
        albums: dict[tuple[str, str], list[_Album]] = defaultdict(list)
        for path, discs in _by_album_folder(folders).items():
            for album in self._albums_in(path, discs):
                albums[title_key(album.artist), title_key(album.title)].append(album)
        for same_title in albums.values():
            self._take(_joined(same_title))
        self._music.artists.extend(self._artists.values())
        return self._music

    # --- which tracks are one album in one folder --------------------------------------------

    def _albums_in(self, path: bytes, discs: list[Folder]) -> Iterable[_Album]:
        by_tags: dict[tuple[str, str, str], list[_Track]] = defaultdict(list)
        for track in self._tracks(discs):
            tags = track.tags
            artist = title_key(tags.album_artist) if tags.album_artist else ""
            by_tags[title_key(track.album), artist, tags.album_mbid].append(track)
        for tracks in _with_incomplete(by_tags):
            yield self._named(path, tracks)

    def _tracks(self, discs: list[Folder]) -> Iterable[_Track]:
        for folder in discs:
            cues = self._readers.cues(folder)
            for entry in folder.files:
                ref = FileRef(folder, entry)
                if entry.kind is FileKind.AUDIO or (
                    entry.kind is FileKind.VIDEO and self._readers.is_track(ref.path, entry)
                ):
                    yield from self._tracks_of(ref, cues.get(entry.name, ()))

    def _tracks_of(self, ref: FileRef, cue: tuple[CueTrack, ...]) -> Iterable[_Track]:
        tags = self._readers.tags(ref.path, ref.entry)
        album, disc = split_disc(tags.album)
        own = decode_name(ref.folder.path.rpartition(b"/")[2])
        disc = tags.disc or disc or (folder_names.disc_number(own) or 0)
        if not cue:
            yield _Track(ref=ref, tags=tags, album=album, disc=disc)
            return
        for number, piece in enumerate(cue, start=1):
            told = piece.as_tags(tags)
            yield _Track(ref=ref, tags=told, album=told.album, disc=disc, cue=number)

    def _named(self, path: bytes, tracks: list[_Track]) -> _Album:
        """Return title, artist and year of an album; without a title they are loose tracks."""
        years = Counter(track.tags.year for track in tracks if track.tags.year)
        year = years.most_common(1)[0][0] if years else 0
        release = next((t.tags.album_mbid for t in tracks if t.tags.album_mbid), "")
        below = path[len(self._part.path) :].strip(b"/")
        above, _, own = below.rpartition(b"/")
        folder = album_folder(decode_name(own)) if below else AlbumFolder(album="")
        title = tracks[0].album
        if title:
            artist = _album_artist(tracks)
            same = title_key(folder.album) == title_key(title)
            year = year or (folder.year if same else 0)
        else:
            title = folder.album
            artist = self._artist_of_folder(above, folder) or _album_artist(tracks)
            year = year or folder.year
        return _Album(title=title, artist=artist, year=year, release=release, tracks=tracks)

    def _artist_of_folder(self, above: bytes, folder: AlbumFolder) -> str:
        name = decode_name(above.rpartition(b"/")[2])
        if title_key(name) in _NO_ARTISTS:
            return folder.artist or VARIOUS_ARTISTS
        return name or folder.artist

    # --- artists, albums, tracks ---------------------------------------------------------------

    def _take(self, albums: list[_Album]) -> None:
        """Make the albums that share artist and title; years and ids tell them apart."""
        several = len(albums) > 1
        for album in albums:
            artist = None
            if album.title:
                artist = self._artist(album.artist, album.tracks[0].ref.folder)
            group = self._album(artist, album, several=several) if artist is not None else None
            for track in album.tracks:
                name = primary_artist(track.tags.artist) or _UNKNOWN_ARTIST
                own = artist or self._artist(name, track.ref.folder)
                self._take_track(track, group, own)

    def _take_track(self, track: _Track, album: Group | None, artist: Group) -> None:
        remote_id = file_id(track.ref.path)
        leaf = Leaf(
            type=ItemType.TRACK,
            versions=[[track.ref]],
            remote_id=RemoteId(f"{remote_id}#{track.cue}") if track.cue else remote_id,
            parent=album,
            artist=artist,
            cue=track.cue,
            disc=track.disc,
        )
        self._music.tracks.append(leaf)
        if album is None:
            artist.adopt(track.ref.entry.mtime_ns)
            return
        album.children += 1
        album.adopt(track.ref.entry.mtime_ns)

    def _artist(self, name: str, folder: Folder) -> Group:
        key = title_key(name)
        if key not in self._artists:
            self._artists[key] = Group(
                type=ItemType.ARTIST,
                remote_id=group_id("artist", self._part.remote_id, key),
                key=key,
                title=name,
            )
        group = self._artists[key]
        above = folder.path.rpartition(b"/")[0]
        if group.folder is None and title_key(decode_name(above.rpartition(b"/")[2])) == key:
            group.folder = Folder(above)  # exchanged for the walked one by the scan
        return group

    def _album(self, artist: Group, album: _Album, *, several: bool) -> Group:
        artist.children += 1
        key = title_key(album.title)
        remote_id = group_id("album", self._part.remote_id, artist.key, key)
        mark = album.release[:8] or (str(album.year) if album.year else "")
        if several and mark:
            remote_id = RemoteId(f"{remote_id}.{mark}")
        cover = next((t.ref for t in album.tracks if t.tags.has_cover), None)
        genres = next((found for t in album.tracks if (found := genres_of(t.tags))), ())
        group = Group(
            type=ItemType.ALBUM,
            remote_id=remote_id,
            key=f"{artist.key}/{key}" + (f"/{mark}" if several else ""),
            title=album.title,
            folder=_common_folder(album.tracks),
            year=album.year or None,
            ids=(("musicbrainz-album", album.release),) if album.release else (),
            parent=artist,
            artist=artist.title,
            cover=cover,
            genres=genres,
        )
        self._music.albums.append(group)
        return group


def _joined(albums: list[_Album]) -> list[_Album]:
    """Join albums of several folders that share artist and title and don't differ otherwise."""
    found: list[_Album] = []
    for album in sorted(albums, key=lambda each: (not each.release, not each.year)):
        same = [known for known in found if _is_same(known, album)]
        if len(same) == 1:
            same[0].tracks.extend(album.tracks)
            same[0].year = same[0].year or album.year
            same[0].release = same[0].release or album.release
        else:
            found.append(album)
    for album in found:
        album.tracks.sort(key=lambda track: (track.ref.path, track.cue))
    return sorted(found, key=lambda album: album.tracks[0].ref.path)


def _is_same(known: _Album, album: _Album) -> bool:
    if not album.title:
        return not known.title
    if known.release and album.release:
        return known.release == album.release
    return not known.year or not album.year or known.year == album.year


def _with_incomplete(
    by_tags: dict[tuple[str, str, str], list[_Track]],
) -> Iterable[list[_Track]]:
    """Give tracks that lack an album artist or release id to the album that they are among."""
    by_title: dict[str, list[tuple[tuple[str, str, str], list[_Track]]]] = defaultdict(list)
    for key, tracks in by_tags.items():
        by_title[key[0]].append((key, tracks))
    for same_title in by_title.values():
        complete = [tracks for key, tracks in same_title if key[1] or key[2]]
        bare = [track for key, tracks in same_title if not (key[1] or key[2]) for track in tracks]
        if len(complete) == 1:
            complete[0].extend(bare)
        elif bare:
            complete.append(bare)
        yield from complete


def _album_artist(tracks: list[_Track]) -> str:
    """Return whose album it is."""
    named = Counter(t.tags.album_artist for t in tracks if t.tags.album_artist)
    if named:
        return named.most_common(1)[0][0]
    if any(t.tags.is_compilation for t in tracks):
        return VARIOUS_ARTISTS
    artists = Counter(_first_artist(t.tags.artist) for t in tracks if t.tags.artist)
    if not artists:
        return _UNKNOWN_ARTIST
    name, count = artists.most_common(1)[0]
    shared = sum(n for artist, n in artists.items() if _is_guesting(artist, name))
    return name if 2 * max(count, shared) >= artists.total() else VARIOUS_ARTISTS


def _first_artist(name: str) -> str:
    return primary_artist(name)


def _is_guesting(artist: str, name: str) -> bool:
    """Say whether "Santana & Rob Thomas" is an album track of Santana's."""
    return artist == name or artist.startswith((f"{name} & ", f"{name}, ", f"{name} with "))


def _common_folder(tracks: list[_Track]) -> Folder:
    """Return the folder of an album, which is above the folders of its discs."""
    folders = {track.ref.folder.path: track.ref.folder for track in tracks}
    first = tracks[0].ref.folder
    above = {_album_path(path) for path in folders}
    if len(folders) > 1 and len(above) == 1 and (path := next(iter(above))) not in folders:
        return Folder(path)  # exchanged for the walked one by the scan
    return first


def _album_path(path: bytes) -> bytes:
    above, _, own = path.rpartition(b"/")
    name = decode_name(own)
    is_disc = folder_names.disc_number(name) is not None or _BARE_NUMBER.match(name)
    return above if above and is_disc else path


def _by_album_folder(folders: Iterable[Folder]) -> dict[bytes, list[Folder]]:
    """Put the discs of an album ("CD1", "Disc 2 (Live)") together under the folder above them."""
    found: dict[bytes, list[Folder]] = defaultdict(list)
    for folder in folders:
        above, _, own = folder.path.rpartition(b"/")
        is_disc = folder_names.disc_number(decode_name(own)) is not None
        found[above if above and is_disc else folder.path].append(folder)
    return found
