"""By what an item is recognised after the server gave it another id (I2).

Jellyfin's id is made of the file's path: a moved or renamed file comes back as another item.
"""

from msd.backend_api.external_ids import usual_id
from msd.backend_api.values import text
from msd.backends.jellyfin.parse.wire import Row
from msd.models import ItemType

_LONGEST = 200
_VIDEO_IDS = ("Tmdb", "Imdb", "Tvdb")
_PLAIN = {
    "MusicBrainzArtist": "musicbrainz-artist",
    "MusicBrainzAlbum": "musicbrainz-album",
}
_IN_SHOW = frozenset({ItemType.SEASON, ItemType.EPISODE})
_OWN_IDS: dict[ItemType, tuple[str, ...]] = {
    ItemType.MOVIE: _VIDEO_IDS,
    ItemType.SHOW: ("Tvdb", "Tmdb", "Imdb"),
    ItemType.EPISODE: ("Tvdb", "Tmdb", "Imdb"),
    ItemType.VIDEO: _VIDEO_IDS,
    ItemType.MUSIC_VIDEO: _VIDEO_IDS,
    ItemType.COLLECTION: ("Tmdb",),
    ItemType.ARTIST: ("MusicBrainzArtist",),
    # A release group is many releases, and a recording is on many albums: not specific enough.
    ItemType.ALBUM: ("MusicBrainzAlbum",),
}


def identity(row: Row, item_type: ItemType) -> str:
    """Return what stays when the id changes, "" when nothing is specific enough.

    Two versions of one film that the server lists apart share it.
    """
    ids = row.provider_ids or {}
    if item_type in _IN_SHOW and (place := _place_in_show(row, item_type)):
        return place
    if item_type is ItemType.TRACK:
        return _track(row, ids)
    for name in _OWN_IDS.get(item_type, ()):
        if value := usual_id(_PLAIN.get(name, name.lower()), ids.get(name)):
            return text(f"{item_type}:{name.lower()}:{value}", _LONGEST)
    return ""


def _track(row: Row, ids: dict[str, str | None]) -> str:
    """The track of a release; a recording alone is on many albums, and may be on one twice."""
    album = usual_id("musicbrainz-album", ids.get("MusicBrainzAlbum"))
    if not album:
        return ""
    if track := usual_id("musicbrainz-track", ids.get("MusicBrainzTrack")):
        return f"track:{album}:{track}"
    recording = usual_id("musicbrainz-recording", ids.get("MusicBrainzRecording"))
    place = f"{row.parent_index_number}.{row.index_number}"
    return f"track:{album}:{recording}:{place}" if recording else ""


def _place_in_show(row: Row, item_type: ItemType) -> str:
    """The server's own key: the show's external id with the season's and episode's numbers.

    Without an external id the server makes it of an id that changes with the path.
    """
    key = (row.user_data and row.user_data.key) or ""
    digits = 3 if item_type is ItemType.SEASON else 6
    if len(key) <= digits or not key[-digits:].isdecimal():
        return ""
    plain = _plain(key)
    if _plain(row.id) in plain or (row.series_id and _plain(row.series_id) in plain):
        return ""
    return text(f"{item_type}:key:{key}", _LONGEST)


def _plain(value: str) -> str:
    return value.replace("-", "").lower()
