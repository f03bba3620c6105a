"""What a row tells apart from what it shows: where it lies, when it was made and played."""

import msgspec
from msgspec import Struct

from msd.backend_api.protocol import RawItem
from msd.backends.jellyfin.parse.values import moment
from msd.backends.jellyfin.parse.wire import UserData


class RowPlace(Struct, rename="pascal", gc=False):
    """Where a row belongs, and when it was played."""

    id: str
    type: str
    parent_id: str | None = None
    series_id: str | None = None
    season_id: str | None = None
    album_id: str | None = None
    date_created: str | None = None
    user_data: UserData | None = None


_place = msgspec.json.Decoder(RowPlace)


def place_of(item: RawItem) -> RowPlace | None:
    """Return what a row says about its place, None when it can't be read."""
    try:
        return _place.decode(item.payload) if isinstance(item.payload, msgspec.Raw) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def played_at(row: RawItem) -> int:
    """Return the server's time at which a row was last played, 0 when it never was."""
    data = (place := place_of(row)) and place.user_data
    return moment(data.last_played_date) if data else 0
