"""What a row tells apart from what it shows: where it lies, when it was made and played."""

import msgspec
from msgspec import Struct

from msd.backend_api.lenient import lenient
from msd.backend_api.protocol import RawItem
from msd.backends.jellyfin.parse.values import guid, moment
from msd.backends.jellyfin.parse.wire import ITEM_TYPES, UserData
from msd.models import ItemType, RemoteId


class RowPlace(Struct, rename="pascal", gc=False):
    """Where a row belongs, and when it was played.

    `parent_id` is the folder on disk of a film or show, never its library.
    """

    id: str
    type: str
    parent_id: str | None = None
    series_id: str | None = None
    season_id: str | None = None
    album_id: str | None = None
    extra_type: str | None = None
    date_created: str | None = None
    run_time_ticks: int | None = None
    user_data: UserData | None = None

    @property
    def item_type(self) -> ItemType | None:
        """The type that msd shows this row as, None for what it does not show.

        Extras, and versions and parts of a film, which have no parent, are no items.
        """
        if self.extra_type is not None:
            return None
        item_type = ITEM_TYPES.get(self.type)
        if item_type is ItemType.VIDEO and guid(self.parent_id) is None:
            return None
        return item_type

    @property
    def parents(self) -> tuple[RemoteId, ...]:
        """What the item lies in, the outermost first: show, season, album, folder.

        A music video names an audio album of the same name, in which it does not lie.
        """
        album = self.album_id if self.type == "Audio" else None
        values = (self.series_id, self.season_id, album, self.parent_id)
        found = dict.fromkeys(filter(None, map(guid, values)))
        found.pop(guid(self.id) or "", None)
        return tuple(map(RemoteId, found))


_place = msgspec.json.Decoder(RowPlace)


def place_of(item: RawItem) -> RowPlace | None:
    """Return what a row says about its place, None when it can't be read."""
    if not isinstance(item.payload, msgspec.Raw):
        return None
    try:
        return _place.decode(item.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return lenient(bytes(item.payload), RowPlace)
        except ValueError:
            return None


def played_at(row: RawItem) -> int:
    """Return the server's time at which a row was last played, 0 when it never was."""
    data = (place := place_of(row)) and place.user_data
    return moment(data.last_played_date) if data else 0
