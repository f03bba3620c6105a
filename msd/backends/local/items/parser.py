"""One listed entry becomes one item: reads the file, its NFO and its tags.

What NFO and tags say goes before what names say (`evidence`). A file that holds nothing playable
is skipped.
"""

import time
from typing import TypedDict

import msgspec

from msd.backend_api import SkippedItem
from msd.backend_api.external_ids import external_ids
from msd.backends.local.catalogue.entries import Entry, FileRef, Group, Leaf, seconds
from msd.backends.local.catalogue.extras import stem_of
from msd.backends.local.catalogue.sidecars import folder_images, folder_nfo, picture_ref
from msd.backends.local.evidence import Claim, Evidence, strongest
from msd.backends.local.files.nfo import EMPTY, MAX_NFO, Nfo, parse_nfo
from msd.backends.local.files.opening import content_identity, open_media, read_small
from msd.backends.local.files.probe import Technical, probe
from msd.backends.local.files.text import clean_title, decode_name
from msd.backends.local.files.walk import join
from msd.backends.local.items.details import details_of
from msd.backends.local.items.lyrics import has_lyrics
from msd.backends.local.items.opened_by import mime_of, path_or_uri
from msd.backends.local.items.portraits import Portraits
from msd.backends.local.music.tags import TrackTags, genres_of
from msd.backends.local.names.episode_name import EpisodeName
from msd.backends.local.scanning.scan import Scan
from msd.models import Image, ItemType, MediaItem, Milliseconds, UnixSeconds

_KEPT_NFOS = 256
_GROUP_NFO = {ItemType.SHOW: "tvshow", ItemType.ALBUM: "album", ItemType.ARTIST: "artist"}
_IDENTITY_IDS = ("musicbrainz-album", "musicbrainz-artist")


class _File(TypedDict):
    path: str
    mime: str
    size: int


class EntryParser:
    """Understands the entries of one scan; blocks."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._nfos: dict[bytes, Nfo] = {}
        self._portraits = Portraits(scan.root)
        self._now = time.time()

    def parse(self, entry: Entry, *, with_details: bool = False) -> MediaItem | SkippedItem:
        """Return the item of an entry; details take more reading."""
        if isinstance(entry, Group):
            item = self._group(entry)
            return self._detailed(entry, item, self._group_nfo(entry)) if with_details else item
        if entry.type is ItemType.TRACK:
            return self._track(entry, with_details=with_details)
        return self._playable_video(entry, with_details=with_details)

    def _playable_video(self, leaf: Leaf, *, with_details: bool) -> MediaItem | SkippedItem:
        main = leaf.first
        if problem := self._scan.problem(main):
            return _skip(leaf, problem)
        try:
            with open_media(self._scan.root, main.path) as file:
                technical = probe(file)
                identity = content_identity(file, main.entry.size)
        except OSError as exc:
            return _skip(leaf, f"can't be read: {exc.strerror or exc}")
        if not technical.is_media:
            return self._refuse(leaf, _NOT_PLAYABLE if main.entry.size else "an empty file")
        nfo = self._own_nfo(leaf)
        item = self._video(leaf, nfo)
        item = msgspec.structs.replace(
            item,
            identity=identity,
            duration_ms=self._duration(leaf, technical),
            part_count=len(leaf.versions[0]),
        )
        return self._detailed(leaf, item, nfo, technical) if with_details else item

    def _detailed(
        self, entry: Entry, item: MediaItem, nfo: Nfo, technical: Technical | None = None
    ) -> MediaItem:
        people = self._portraits.given(entry, nfo.people)
        nfo = msgspec.structs.replace(nfo, people=people)
        details = details_of(self._scan, entry, item, nfo, technical)
        return msgspec.structs.replace(item, details=details)

    def _refuse(self, leaf: Leaf, why: str) -> SkippedItem:
        """Skip a file that can't be played, and remember that for the list of omissions."""
        self._scan.note_problem(leaf.first, why)
        return _skip(leaf, why)

    # --- shows, seasons, artists, albums ---

    def _group(self, group: Group) -> MediaItem:
        nfo = self._group_nfo(group)
        images = folder_images(group.folder) if group.folder else ()
        title = strongest(
            Claim(nfo.title, Evidence.NFO), Claim(group.title, group.evidence, group.origin)
        )
        item = MediaItem(
            remote_id=group.remote_id,
            type=group.type,
            title=(title.value if title else None) or group.title,
            year=nfo.year or group.year,
            added_at=self._added(nfo, group.added_ns),
            external_ids=_ids(group.ids, nfo, group.type),
            child_count=group.children,
            images=images,
            identity=self._group_identity(group),
            genres=nfo.genres or group.genres,
            artist=group.artist,
            status=nfo.status,
            ended=nfo.ended,
            tags=nfo.tags,
            parent_remote_id=group.parent.remote_id if group.parent else None,
        )
        match group.type:
            case ItemType.SEASON:
                return self._season(group, item, nfo)
            case ItemType.ALBUM:
                item = msgspec.structs.replace(item, images=images or _embedded(group.cover))
        return _described(item, nfo)

    def _season(self, season: Group, item: MediaItem, nfo: Nfo) -> MediaItem:
        """A season's pictures lie in the show's folder, or in its own; its name in an NFO."""
        number = season.number or 0
        show = season.parent
        named = dict(self._group_nfo(show).season_names).get(number, "")
        return _described(
            msgspec.structs.replace(
                item,
                season_number=number,
                title=nfo.title or named or season.title,
                images=_season_images(season, number),
                external_ids=_ids((), nfo, ItemType.SEASON),
                genres=nfo.genres,
                show_remote_id=show.remote_id if show else None,
                show_title=self._title(show) if show else "",
            ),
            nfo,
        )

    def _group_nfo(self, group: Group | None) -> Nfo:
        if group is None:
            return EMPTY
        if group.type is ItemType.SEASON:
            paths = [folder_nfo(folder, "season") for folder in group.season_folders]
            path = next((path for path in paths if path), None)
            nfo = self._nfo(path) if path else EMPTY
            return nfo if nfo.season in (None, group.number) else EMPTY
        if group.folder is None or group.type not in _GROUP_NFO:
            return EMPTY
        path = folder_nfo(group.folder, _GROUP_NFO[group.type])
        return self._nfo(path) if path else EMPTY

    def _group_identity(self, group: Group) -> str:
        """Return what a group is recognised by when its folder or library is renamed (I2)."""
        if group.type is ItemType.SEASON and group.parent is not None:
            return f"{self._group_identity(group.parent)}/{group.number}"
        ids = dict(self._group_nfo(group).external_ids) | dict(group.ids)
        known = next((f"{kind}:{ids[kind]}" for kind in _IDENTITY_IDS if kind in ids), group.key)
        return f"{group.type.value}:{known}"

    def _title(self, group: Group) -> str:
        return self._group_nfo(group).title or group.title

    # --- videos ---

    def _video(self, leaf: Leaf, nfo: Nfo) -> MediaItem:
        named = leaf.name
        item = MediaItem(
            remote_id=leaf.remote_id,
            type=leaf.type,
            title="",
            added_at=self._added(nfo, leaf.added_ns),
            genres=nfo.genres,
            tags=nfo.tags,
            external_ids=_ids(named.ids if named else (), nfo, leaf.type),
            images=self._images(leaf),
            **self._file(leaf.first),
        )
        if leaf.type is ItemType.EPISODE:
            return _described(self._episode(leaf, item, nfo), nfo)
        title = nfo.title or (named.title if named else "")
        year = nfo.year or (named.year if named else None)
        if leaf.type is ItemType.VIDEO and not nfo.title and (named is None or named.year is None):
            title = clean_title(stem_of(leaf.first.entry))
        item = msgspec.structs.replace(
            item,
            title=title or decode_name(leaf.first.entry.name),
            year=year,
            artist=nfo.artist or leaf.artist_name,
            album=nfo.album,
            edition=nfo.edition or (named.edition if named else ""),
            video_3d="3d" if named is not None and named.is_3d else "",
        )
        return _described(item, nfo)

    def _episode(self, leaf: Leaf, item: MediaItem, nfo: Nfo) -> MediaItem:
        named, season = leaf.episode, leaf.parent
        if named is None or season is None or season.parent is None:
            return msgspec.structs.replace(item, title=decode_name(leaf.first.entry.name))
        return msgspec.structs.replace(
            item,
            title=nfo.title or named.title or _episode_title(named),
            released=named.released,
            season_number=season.number,
            episode_number=named.episode,
            episode_number_end=named.last_episode,
            airs_before_season=nfo.airs_before_season,
            airs_before_episode=nfo.airs_before_episode,
            airs_after_season=nfo.airs_after_season,
            parent_remote_id=season.remote_id,
            show_remote_id=season.parent.remote_id,
            show_title=self._title(season.parent),
        )

    def _own_nfo(self, leaf: Leaf) -> Nfo:
        here = [ref.entry for ref in leaf.files if ref.folder is leaf.folder]
        path = self._scan.sidecars(leaf.folder).nfo(*here)
        if path is None and leaf.own_folder is not None:
            own = leaf.own_folder
            name = decode_name(own.path.rpartition(b"/")[2])
            path = folder_nfo(own, "movie", name.lower(), "video_ts")
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
        here = [ref.entry for ref in leaf.files if ref.folder is leaf.folder]
        own = self._scan.sidecars(leaf.folder).images(*here)
        if leaf.own_folder is None:
            return own
        kinds = {image.kind for image in own}
        shared = folder_images(leaf.own_folder)
        return (*own, *(image for image in shared if image.kind not in kinds))

    def _added(self, nfo: Nfo, mtime_ns: int) -> UnixSeconds:
        """Return when something came: as the NFO says, else the file's time; never after now."""
        if nfo.added_at:
            return UnixSeconds(min(nfo.added_at, int(self._now)))
        return seconds(mtime_ns, now=self._now)

    # --- tracks ---

    def _track(self, leaf: Leaf, *, with_details: bool) -> MediaItem | SkippedItem:
        """A track whose tags say all is not opened: they are remembered with its length."""
        tags = self._scan.tags(leaf.path, leaf.first.entry)
        if tags.problem:
            return self._refuse(
                leaf, "an empty file" if not leaf.first.entry.size else tags.problem
            )
        technical = None
        if with_details or not (tags.duration_ms and tags.identity):
            technical = self._probe(leaf.first)
        if leaf.cue:
            tags = self._scan.cue_tags(leaf, tags)
        item = self._track_item(leaf, tags, technical)
        return self._detailed(leaf, item, EMPTY, technical) if with_details else item

    def _track_item(self, leaf: Leaf, tags: TrackTags, technical: Technical | None) -> MediaItem:
        album, artist = leaf.parent, leaf.artist
        above = album or artist
        duration = tags.duration_ms or (technical.duration_ms if technical else 0)
        return MediaItem(
            remote_id=leaf.remote_id,
            type=ItemType.TRACK,
            title=tags.title,
            year=tags.year or None,
            added_at=seconds(leaf.added_ns, now=self._now),
            duration_ms=Milliseconds(duration),
            genres=genres_of(tags),
            artist=tags.artist or (artist.title if artist else ""),
            artist_remote_ids=(artist.remote_id,) if artist else (),
            album=album.title if album else "",
            album_remote_id=album.remote_id if album else None,
            parent_remote_id=above.remote_id if above else None,
            disc_number=leaf.disc or tags.disc or None,
            track_number=tags.track or None,
            images=self._track_images(leaf, tags),
            has_lyrics=has_lyrics(self._scan, leaf, tags),
            identity=tags.identity,
            **self._file(leaf.first),
        )

    def _track_images(self, leaf: Leaf, tags: TrackTags) -> tuple[Image, ...]:
        own = self._scan.sidecars(leaf.folder).images(leaf.first.entry)
        return own or (_embedded(leaf.first) if tags.has_cover else folder_images(leaf.folder))

    # --- what can be played ---

    def _duration(self, leaf: Leaf, first: Technical) -> Milliseconds:
        """Return the length: of the parts of the first version together."""
        others = leaf.versions[0][1:]
        return Milliseconds(first.duration_ms + sum(self._probe(ref).duration_ms for ref in others))

    def _file(self, ref: FileRef) -> _File:
        """Return how players open a file."""
        return _File(
            path=path_or_uri(join(self._scan.root, ref.path)),
            mime=mime_of(ref.entry.name, ref.entry.kind),
            size=ref.entry.size,
        )

    def _probe(self, ref: FileRef) -> Technical:
        try:
            with open_media(self._scan.root, ref.path) as file:
                return probe(file)
        except OSError:
            return Technical(is_media=False)


_NOT_PLAYABLE = "nothing in it can be played"


def _described(item: MediaItem, nfo: Nfo) -> MediaItem:
    """Return the item with what only an NFO file can say of it."""
    return msgspec.structs.replace(
        item,
        original_title=nfo.original_title,
        sort_title=nfo.sort_title,
        overview=nfo.overview,
        tagline=nfo.tagline,
        released=nfo.released or item.released,
        studios=nfo.studios,
        rating=nfo.rating,
        critic_rating=nfo.critic_rating,
        content_rating=nfo.content_rating,
    )


def _ids(in_name: tuple[tuple[str, str], ...], nfo: Nfo, item_type: ItemType) -> tuple[str, ...]:
    """Return the ids of a name and an NFO file; those in the name are the stronger evidence."""
    return external_ids((dict(nfo.external_ids) | dict(in_name)).items(), item_type)


def _season_images(season: Group, number: int) -> tuple[Image, ...]:
    """Return pictures beside the seasons ("season01-poster.jpg"), then those in its folder."""
    named = ("season-specials",) if number == 0 else (f"season{number:02d}", f"season{number}")
    found: dict[str, Image] = {}
    if season.folder is not None:
        for prefix in (*named, *(("season00",) if number == 0 else ())):
            for image in folder_images(season.folder, prefix=prefix):
                found.setdefault(image.kind, image)
    for folder in season.season_folders:
        for prefix in (*named, ""):
            for image in folder_images(folder, prefix=prefix):
                found.setdefault(image.kind, image)
    return tuple(found.values())


def _embedded(cover: FileRef | None) -> tuple[Image, ...]:
    if cover is None:
        return ()
    return (Image(kind="poster", ref=picture_ref("embedded", cover.path, cover.entry.mtime_ns)),)


def _episode_title(named: EpisodeName) -> str:
    if named.last_episode is not None:
        return f"Episodes {named.episode}–{named.last_episode}"  # noqa: RUF001 - a range
    if named.episode is not None:
        return f"Episode {named.episode}"
    return named.released or "Special"


def _skip(leaf: Leaf, why: str) -> SkippedItem:
    return SkippedItem(remote_id=leaf.remote_id, why=why)
