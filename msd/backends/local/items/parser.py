"""One listed entry → one item: reads the file, its NFO and its tags.

What NFO and tags say goes before what names say. A file that holds nothing playable is skipped.
"""

from msgspec.structs import replace

from msd.backend_api import SkippedItem
from msd.backends.local.catalogue.entries import Entry, Group, Leaf, seconds
from msd.backends.local.catalogue.remote_ids import file_id, path_id
from msd.backends.local.catalogue.sidecars import folder_images, folder_nfo
from msd.backends.local.files.file_kind import split_name
from msd.backends.local.files.opening import content_identity, open_media, read_small
from msd.backends.local.files.probe import Technical, probe
from msd.backends.local.files.text import decode_name
from msd.backends.local.files.walk import FileEntry, join
from msd.backends.local.items.nfo import EMPTY, MAX_NFO, Nfo, parse_nfo
from msd.backends.local.music.tags import TrackTags
from msd.backends.local.names import file_names as names
from msd.backends.local.names.file_names import TitleName
from msd.backends.local.scanning.scan import Scan
from msd.models import (
    Image,
    ItemDetails,
    ItemType,
    MediaItem,
    MediaSource,
    MediaStream,
    Milliseconds,
)

_KEPT_NFOS = 256
_GROUP_NFO = {ItemType.SHOW: "tvshow", ItemType.ALBUM: "album", ItemType.ARTIST: "artist"}
_IDENTITY_IDS = ("tvdb", "tmdb", "imdb", "musicbrainz-album", "musicbrainz-artist")


class EntryParser:
    """Understands the entries of one scan; blocks."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._nfos: dict[bytes, Nfo] = {}

    def parse(self, entry: Entry, *, with_details: bool = False) -> MediaItem | SkippedItem:
        """Return the item of an entry; details cost nothing more but make it large."""
        if isinstance(entry, Group):
            return self._group(entry)
        main = entry.files[0]
        try:
            with open_media(self._scan.root, entry.path) as file:
                technical = probe(file)
                identity = content_identity(file, main.size)
        except OSError as exc:
            return _skip(entry, f"can't be read: {exc.strerror or exc}")
        if not technical.is_media and (entry.type is not ItemType.TRACK or not main.size):
            return _skip(entry, "an empty file" if not main.size else "nothing in it can be played")
        item = self._track(entry) if entry.type is ItemType.TRACK else self._video(entry)
        if isinstance(item, SkippedItem):
            return item
        duration = self._duration(entry, technical) or item.duration_ms
        item = replace(item, identity=identity, duration_ms=Milliseconds(duration))
        if not with_details:
            return item
        details = ItemDetails(
            people=self._own_nfo(entry).people,
            media_sources=self._media_sources(entry, technical),
            markers=technical.chapters,
        )
        return replace(item, details=details)

    # --- shows, seasons, artists, albums ---

    def _group(self, group: Group) -> MediaItem:
        nfo = self._group_nfo(group)
        images = folder_images(group.folder) if group.folder else ()
        item = MediaItem(
            remote_id=group.remote_id,
            type=group.type,
            title=nfo.title or group.title,
            year=nfo.year or group.year,
            added_at=seconds(group.added_ns),
            external_ids=nfo.external_ids or group.ids,
            child_count=group.children,
            images=images,
            identity=self._group_identity(group),
            genres=nfo.genres or ((group.genre,) if group.genre else ()),
            artist=group.artist,
            parent_remote_id=group.parent.remote_id if group.parent else None,
        )
        match group.type:
            case ItemType.SEASON:
                return self._season(group, item)
            case ItemType.ALBUM:
                item = replace(item, images=images or _embedded(group.cover))
        return _described(item, nfo)

    def _season(self, season: Group, item: MediaItem) -> MediaItem:
        """A season has neither NFO nor name of its own; its pictures lie in the show's folder."""
        number = season.number or 0
        prefix = f"season{number:02d}-" if number else "season-specials-"
        show = season.parent
        return replace(
            item,
            season_number=number,
            title=season.title,
            images=folder_images(season.folder, prefix=prefix) if season.folder else (),
            external_ids=(),
            show_remote_id=show.remote_id if show else None,
            show_title=self._title(show) if show else "",
        )

    def _group_nfo(self, group: Group | None) -> Nfo:
        if group is None or group.folder is None or group.type not in _GROUP_NFO:
            return EMPTY
        path = folder_nfo(group.folder, _GROUP_NFO[group.type])
        return self._nfo(path) if path else EMPTY

    def _group_identity(self, group: Group) -> str:
        """What a group is recognised by when its folder or library is renamed (I2)."""
        if group.type is ItemType.SEASON and group.parent is not None:
            return f"{self._group_identity(group.parent)}/{group.number}"
        ids = dict(self._group_nfo(group).external_ids or group.ids)
        known = next((f"{kind}:{ids[kind]}" for kind in _IDENTITY_IDS if kind in ids), group.key)
        return f"{group.type.value}:{known}"

    def _title(self, group: Group) -> str:
        return self._group_nfo(group).title or group.title

    # --- videos ---

    def _video(self, leaf: Leaf) -> MediaItem:
        nfo = self._own_nfo(leaf)
        item = MediaItem(
            remote_id=leaf.remote_id,
            type=leaf.type,
            title="",
            added_at=seconds(leaf.files[0].mtime_ns),
            genres=nfo.genres,
            external_ids=nfo.external_ids,
            images=self._images(leaf),
        )
        if leaf.type is ItemType.EPISODE:
            return _described(self._episode(leaf, item, nfo), nfo)
        name = self._film_name(leaf)
        ids = nfo.external_ids or name.ids
        item = replace(item, title=nfo.title or name.title, year=nfo.year or name.year)
        return _described(replace(item, external_ids=ids), nfo)

    def _film_name(self, leaf: Leaf) -> TitleName:
        stem = decode_name(split_name(leaf.files[0].name)[0])
        own = decode_name(leaf.own_folder.path.rpartition(b"/")[2]) if leaf.own_folder else None
        if leaf.type is ItemType.VIDEO:
            return TitleName(stem)
        if leaf.type is ItemType.MUSIC_VIDEO:
            return TitleName(names.track_name(stem)[3] or stem)
        return names.movie_name(stem, own)

    def _episode(self, leaf: Leaf, item: MediaItem, nfo: Nfo) -> MediaItem:
        named, season = leaf.episode, leaf.parent
        if named is None or season is None or season.parent is None:
            return replace(item, title=decode_name(leaf.files[0].name))
        number = nfo.episode if nfo.episode is not None else named.episode
        return replace(
            item,
            title=nfo.title or named.title or _episode_title(named, number),
            released=named.released,
            season_number=season.number,
            episode_number=number,
            parent_remote_id=season.remote_id,
            show_remote_id=season.parent.remote_id,
            show_title=self._title(season.parent),
        )

    def _own_nfo(self, leaf: Leaf) -> Nfo:
        path = self._scan.sidecars(leaf.folder).nfo(leaf.files[0])
        if path is None and leaf.own_folder is not None:
            path = folder_nfo(leaf.own_folder, "movie")
        return self._nfo(path) if path else EMPTY

    def _nfo(self, path: bytes) -> Nfo:
        known = self._nfos.get(path)
        if known is not None:
            return known
        if len(self._nfos) >= _KEPT_NFOS:
            self._nfos.clear()
        try:
            nfo = parse_nfo(read_small(self._scan.root, path, MAX_NFO))
        except OSError:
            nfo = EMPTY
        self._nfos[path] = nfo
        return nfo

    def _images(self, leaf: Leaf) -> tuple[Image, ...]:
        own = self._scan.sidecars(leaf.folder).images(leaf.files[0])
        if leaf.own_folder is None:
            return own
        kinds = {image.kind for image in own}
        shared = folder_images(leaf.own_folder)
        return (*own, *(image for image in shared if image.kind not in kinds))

    # --- tracks ---

    def _track(self, leaf: Leaf) -> MediaItem | SkippedItem:
        tags = self._scan.tags(leaf.path, leaf.files[0])
        if tags.problem:
            return _skip(leaf, tags.problem)
        album, artist = leaf.parent, leaf.artist
        return MediaItem(
            remote_id=leaf.remote_id,
            type=ItemType.TRACK,
            title=tags.title,
            year=tags.year or None,
            added_at=seconds(leaf.files[0].mtime_ns),
            duration_ms=Milliseconds(tags.duration_ms),
            genres=(tags.genre,) if tags.genre else (),
            artist=tags.artist or (artist.title if artist else ""),
            album=album.title if album else "",
            album_remote_id=album.remote_id if album else None,
            parent_remote_id=(album or artist).remote_id if album or artist else None,  # type: ignore[union-attr]
            disc_number=tags.disc or None,
            track_number=tags.track or None,
            images=self._track_images(leaf, tags),
        )

    def _track_images(self, leaf: Leaf, tags: TrackTags) -> tuple[Image, ...]:
        own = self._scan.sidecars(leaf.folder).images(leaf.files[0])
        return own or (_embedded(leaf.path) if tags.has_cover else folder_images(leaf.folder))

    # --- what can be played ---

    def _duration(self, leaf: Leaf, first: Technical) -> int:
        """The length of the item: of its parts together, of its versions the first one's."""
        parts = [f for f in leaf.files[1:] if _is_part(f)]
        return first.duration_ms + sum(self._probe(leaf, f).duration_ms for f in parts)

    def _probe(self, leaf: Leaf, entry: FileEntry) -> Technical:
        try:
            with open_media(self._scan.root, join(leaf.folder.path, entry.name)) as file:
                return probe(file)
        except OSError:
            return Technical(is_media=False)

    def _media_sources(self, leaf: Leaf, first: Technical) -> tuple[MediaSource, ...]:
        found = []
        for entry in leaf.files:
            technical = first if entry is leaf.files[0] else self._probe(leaf, entry)
            if technical.is_media or entry is leaf.files[0]:
                found.append(self._media_source(leaf, entry, technical))
        return tuple(found)

    def _media_source(self, leaf: Leaf, entry: FileEntry, technical: Technical) -> MediaSource:
        path = join(leaf.folder.path, entry.name)
        subtitles: tuple[MediaStream, ...] = self._scan.sidecars(leaf.folder).subtitles(
            entry, first=len(technical.streams)
        )
        return MediaSource(
            remote_id=file_id(path),
            container=technical.container
            or split_name(entry.name)[1][1:].decode("ascii", "replace"),
            path=decode_name(join(self._scan.root, path)),
            size=entry.size,
            bitrate=technical.bitrate,
            duration_ms=technical.duration_ms,
            streams=(*technical.streams, *subtitles),
        )


def _described(item: MediaItem, nfo: Nfo) -> MediaItem:
    """Return the item with what only an NFO file can say of it."""
    return replace(
        item,
        original_title=nfo.original_title,
        sort_title=nfo.sort_title,
        overview=nfo.overview,
        tagline=nfo.tagline,
        released=nfo.released or item.released,
        studios=nfo.studios,
        rating=nfo.rating,
        content_rating=nfo.content_rating,
    )


def _embedded(path: bytes | None) -> tuple[Image, ...]:
    return (Image(kind="poster", ref="embedded:" + path_id(path)),) if path else ()


def _episode_title(named: names.EpisodeName, number: int | None) -> str:
    if named.last_episode is not None:
        return f"Episodes {number}–{named.last_episode}"  # noqa: RUF001 - a range
    if number is not None:
        return f"Episode {number}"
    return named.released or "Special"


def _is_part(entry: FileEntry) -> bool:
    return names.part_of(decode_name(split_name(entry.name)[0])) is not None


def _skip(leaf: Leaf, why: str) -> SkippedItem:
    return SkippedItem(remote_id=leaf.remote_id, why=why)
