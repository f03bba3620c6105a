"""What a row leaves out, and the server tells by another request.

artists   a server of version 12 names artists with a capital letter outside ASCII, such as
"Ólafur", without their ids: they are found by their names
parts     a film in several files has the length of the first one; the others are asked for
"""

import unicodedata
from collections.abc import Sequence
from contextlib import aclosing

import msgspec

from msd.backend_api.protocol import RawItem, SkippedItem
from msd.backends.jellyfin.client.faults import OPTIONAL
from msd.backends.jellyfin.client.pages import pages
from msd.backends.jellyfin.client.query import LIGHT, PAGE_SIZE, artist_names_query
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import place_of
from msd.backends.jellyfin.parse.values import guid, ms
from msd.backends.jellyfin.parse.wire import ExtraPage, ExtraRow, Named
from msd.models import ItemType, MediaItem, Milliseconds, Part, RemoteId

_MOST_NAMES = 200_000
_MOST_PARTS = 50
_CREDITED = frozenset({ItemType.ALBUM, ItemType.TRACK, ItemType.MUSIC_VIDEO})

Parsed = MediaItem | SkippedItem


def needs_completion(item: Parsed) -> bool:
    """Return whether something of a parsed row has to be asked for."""
    if isinstance(item, SkippedItem):
        return False
    lacks_artist = item.type in _CREDITED and item.artist and not item.artist_remote_ids
    return item.part_count > 1 or bool(lacks_artist)


class Completion:
    """Completes the items of one session; remembers the names of the artists."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._artists: dict[str, RemoteId] | None = None

    async def complete(self, rows: Sequence[RawItem], items: list[Parsed]) -> list[Parsed]:
        """Return parsed rows with the ids of artists and the whole length of films.

        Raises:
            AuthRequiredError: the server does not accept the token any more.
        """
        return [
            item if isinstance(item, SkippedItem) else await self._complete(row, item)
            for row, item in zip(rows, items, strict=True)
        ]

    async def parts(self, remote_id: RemoteId) -> tuple[Part, ...]:
        """Return the further parts of a film, in order; none when the server does not tell."""
        session = self._session
        path = session.routes.parts(remote_id)
        try:
            page = await session.client.get(
                path, ExtraPage, {"userId": session.routes.user_id}, is_page=True
            )
        except OPTIONAL:
            return ()
        return tuple(part for row in page.items[:_MOST_PARTS] if (part := _part(row)))

    async def _complete(self, row: RawItem, item: MediaItem) -> MediaItem:
        if item.part_count > 1:
            return await self._with_whole_length(item)
        if item.type in _CREDITED and item.artist and not item.artist_remote_ids:
            return await self._with_artist(row, item)
        return item

    async def _with_whole_length(self, item: MediaItem) -> MediaItem:
        """Return a film with the length of all its parts, unknown when a part has none."""
        parts = await self.parts(item.remote_id)
        lengths = [item.duration_ms, *(part.duration_ms for part in parts)]
        is_known = len(lengths) == item.part_count and all(lengths)
        return msgspec.structs.replace(
            item, duration_ms=Milliseconds(sum(lengths) if is_known else 0)
        )

    async def _with_artist(self, row: RawItem, item: MediaItem) -> MediaItem:
        """Return an album, track or video with the artist of this name."""
        names = await self._names()
        place = place_of(row)
        folder = guid(place.parent_id) if place else None
        by_folder = next((artist for artist in names.values() if artist == folder), None)
        artist = by_folder or names.get(_key(item.artist))
        if artist is None:
            return item
        return msgspec.structs.replace(
            item,
            artist_remote_ids=(artist,),
            parent_remote_id=artist if item.type is ItemType.ALBUM else item.parent_remote_id,
        )

    async def _names(self) -> dict[str, RemoteId]:
        """Return the ids of all artists by their names; none when the server can't list them."""
        if self._artists is not None:
            return self._artists
        artists: dict[str, RemoteId] = {}
        query = artist_names_query(self._session.routes.user_id)
        try:
            async with aclosing(pages(self._session.client, query, PAGE_SIZE * LIGHT)) as windows:
                async for page in windows:
                    for row in page.items:
                        if name := _name(row):
                            artists.setdefault(_key(name), row.remote_id)
                    if len(artists) > _MOST_NAMES:
                        break
        except OPTIONAL:
            return {}
        self._artists = artists
        return artists

    def forget(self) -> None:
        """Forget the names: artists may have come meanwhile."""
        self._artists = None


def _part(row: ExtraRow) -> Part | None:
    remote_id = guid(row.id)
    if remote_id is None:
        return None
    return Part(remote_id=remote_id, duration_ms=ms(row.run_time_ticks), title=row.name or "")


def _name(row: RawItem) -> str:
    if not isinstance(row.payload, msgspec.Raw):
        return ""
    try:
        return msgspec.json.decode(row.payload, type=Named).name or ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
