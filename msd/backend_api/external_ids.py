"""Ids of items in other databases: `provider:kind:id`, e.g. `tmdb:movie:603`.

Most databases number films, shows, seasons and episodes apart, so `tmdb:movie:605` and
`tmdb:show:605` are different works. IMDb numbers all together: `imdb:tt0133093`. MusicBrainz has
words of its own: `musicbrainz:release:…` is an album.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msd.backend_api.values import MOST_ENTRIES, text
from msd.models import ItemType

_LONGEST = 200
_USUAL_FORMS = {
    "imdb": re.compile(r"(?:^|/)((?:tt|nm|co|ev)\d{1,12})\b", re.ASCII | re.IGNORECASE),
    "tmdb": re.compile(r"(?:^|/|-)(\d{1,12})\b", re.ASCII),
    "tvdb": re.compile(r"(?:^|/|-|=)(\d{1,12})\b", re.ASCII),
    "musicbrainz": re.compile(
        r"\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
        re.ASCII | re.IGNORECASE,
    ),
}
_MUSICBRAINZ = "musicbrainz-"
# What MusicBrainz calls what an item is. A track also names its album and artists: those ids are
# theirs and not the track's.
_MUSICBRAINZ_KINDS: Mapping[ItemType, Mapping[str, str]] = MappingProxyType(
    {
        ItemType.ARTIST: {"artist": "artist"},
        ItemType.ALBUM: {"album": "release", "release-group": "release-group"},
        ItemType.TRACK: {"track": "track", "recording": "recording"},
        ItemType.MUSIC_VIDEO: {"track": "track", "recording": "recording"},
    }
)
# To the databases of films these are films.
_FILMS = frozenset({ItemType.VIDEO, ItemType.MUSIC_VIDEO})


def usual_id(provider: str, value: str | None) -> str:
    """Return an id of another database in its usual form, "" when the text holds none.

    Args:
        provider: such as "imdb", "tmdb", "tvdb" or "musicbrainz-album".
        value: as a server wrote it, e.g. " tt0133093 ", "603 - The Matrix", or the address of the
            database's page.
    """
    plain = text(value, _LONGEST)
    pattern = _USUAL_FORMS.get("musicbrainz" if provider.startswith(_MUSICBRAINZ) else provider)
    if not plain or pattern is None:
        return plain
    match = pattern.search(plain)
    return match[1].lower() if match else ""


def external_ids(found: Iterable[tuple[str, str | None]], item_type: ItemType) -> tuple[str, ...]:
    """Return the ids of an item, each once, as `provider:kind:id`; those of others are left out.

    Args:
        found: providers and ids as the source has them, e.g. ("musicbrainz-album", "5b1…").
        item_type: of the item that they are of.
    """
    usual = ((provider, usual_id(provider, value)) for provider, value in found)
    ids = (_external_id(provider, value, item_type) for provider, value in usual if value)
    return tuple(dict.fromkeys(filter(None, ids)))[:MOST_ENTRIES]


def _external_id(provider: str, value: str, item_type: ItemType) -> str:
    if provider == "imdb":
        return f"imdb:{value}"
    if provider.startswith(_MUSICBRAINZ):
        kinds = _MUSICBRAINZ_KINDS.get(item_type, {})
        kind = kinds.get(provider.removeprefix(_MUSICBRAINZ))
        return f"musicbrainz:{kind}:{value}" if kind else ""
    kind = ItemType.MOVIE if item_type in _FILMS else item_type
    return f"{provider}:{kind}:{value}"
