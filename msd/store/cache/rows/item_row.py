"""From a `MediaItem` to what the tables hold: bounded, hashed, relations as item ids.

This runs once for each new or changed row of a sync, so it is written for speed: empty values
are skipped before anything is called.
"""

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_digest

from msd.models import ItemId, ItemType, MediaItem, RemoteId, WatchState
from msd.store.cache.rows import normalise
from msd.store.cache.rows.columns import ARTWORK, UNKNOWN_RATING
from msd.store.cache.rows.details import encode_details
from msd.store.cache.rows.facets import LinkedFacet
from msd.store.cache.rows.media_facts import badges_of, file_of
from msd.store.cache.rows.normalise import number, number_or_none, text, texts
from msd.store.cache.rows.place import place
from msd.store.cache.rows.sort_title import given_sort_title, sort_title
from msd.store.ids import IdBook

_PLACES = (
    "episode_number_end",
    "airs_before_season",
    "airs_before_episode",
    "airs_after_season",
)
_FACET_KEYS = (("genres", LinkedFacet.GENRES), ("studios", LinkedFacet.STUDIOS))
_TOPS = frozenset({ItemType.SHOW, ItemType.ALBUM})
_encode = msgspec.json.Encoder().encode


class ItemRow(Struct, kw_only=True):
    """One item, ready to be stored."""

    id: ItemId
    remote_id: RemoteId
    fingerprint: int
    content: int  # changes with anything below but `watch` and `full`
    identity: int | None
    values: tuple[object, ...]  # CONTENT_COLUMNS but the last
    place: str  # see rows/place
    top: str  # the show or album that it has its place in, "" = none
    is_top: bool  # whether others may have their places in it
    detail: bytes  # JSON, empty without
    facets: list[tuple[LinkedFacet, str]]
    external_ids: list[str]
    watch: tuple[object, ...] | None  # WATCH_COLUMNS; None: keep what is stored
    full: bytes | None  # None: keep what is stored
    full_content: int | None
    children: int | None
    unwatched: int | None
    original_title: str

    def shown(self, watch: tuple[object, ...]) -> tuple[object, ...]:
        """Return SHOWN_COLUMNS as the source says them; containers are settled afterwards."""
        return (watch[0], self.unwatched, self.children)


def item_row(item: MediaItem, fingerprint: int, ids: IdBook) -> ItemRow | None:
    """Return the row of an item, None when its remote id can't be stored."""
    if not normalise.is_usable_id(item.remote_id):
        return None
    facets = _facets(item)
    external_ids = texts(item.external_ids) if item.external_ids else []
    detail = _detail(item, facets, external_ids, ids)
    values = _values(item)
    identity = identity_hash(item.identity) if item.identity else None
    relations = (
        _relation(item.parent_remote_id),
        _relation(item.show_remote_id),
        _relation(item.album_remote_id),
    )
    related = tuple([relation and ids.id_of_relation(relation) for relation in relations])
    # The relations' remote ids are hashed, not their item ids: those change when a parent is
    # re-keyed, which is no change of this item.
    content = _hash(_encode((item.remote_id, values, relations, identity)) + detail)
    full = None if item.details is None else encode_details(item.details)
    item_id = ids.id_of(item.remote_id)
    top = _top(item.type, related)
    return ItemRow(
        id=item_id,
        remote_id=item.remote_id,
        fingerprint=normalise.signed_64(fingerprint),
        content=content,
        identity=identity,
        values=values + related,
        place=place(item.type, values, item_id, top),
        top=top,
        is_top=item.type in _TOPS,
        detail=detail,
        facets=facets,
        external_ids=external_ids,
        watch=None if item.watch is None else _watch(item.watch),
        full=full,
        full_content=None if full is None else _hash(full),
        children=_count(item.child_count),
        unwatched=_count(item.unwatched_count),
        original_title=text(item.original_title) if item.original_title else "",
    )


def _top(item_type: ItemType, related: tuple[str | None, ...]) -> str:
    """Return the id of the show or album that an item has its place in, "" for none."""
    parent, show, album = related
    match item_type:
        case ItemType.SEASON:
            return show or parent or ""
        case ItemType.EPISODE:
            return show or ""
        case ItemType.TRACK:
            return album or parent or ""
        case _:
            return ""


def _facets(item: MediaItem) -> list[tuple[LinkedFacet, str]]:
    """Return the genres, studios and content rating, by which items are asked for."""
    found = [(LinkedFacet.GENRES, name) for name in texts(item.genres)]
    found += [(LinkedFacet.STUDIOS, name) for name in texts(item.studios)]
    if item.content_rating and (rating := text(item.content_rating, normalise.NAME)):
        found.append((LinkedFacet.CONTENT_RATINGS, rating))
    return found


def _values(item: MediaItem) -> tuple[object, ...]:
    """Return CONTENT_COLUMNS without the three relations."""
    title = text(item.title) or "?"
    given = text(item.sort_title) if item.sort_title else ""
    rating = None if item.rating is None else normalise.rating(item.rating)
    return (
        title,
        given_sort_title(given) if given else sort_title(title),
        None if item.year is None else normalise.year(item.year),
        normalise.date(item.released) if item.released else "",
        number(item.added_at, normalise.MAX_TIME) if item.added_at else 0,
        (number(item.duration_ms, normalise.MAX_DURATION_MS) or None) if item.duration_ms else None,
        UNKNOWN_RATING if rating is None else rating,
        (text(item.show_title) or None) if item.show_title else None,
        None if item.season_number is None else _position(item.season_number),
        None if item.episode_number is None else _position(item.episode_number),
        (text(item.artist) or None) if item.artist else None,
        (text(item.album) or None) if item.album else None,
        None if item.disc_number is None else _position(item.disc_number),
        None if item.track_number is None else _position(item.track_number),
        _count(item.child_count),
        _count(item.unwatched_count),
        _artwork(item) if item.images else 0,
    )


def _count(value: int | None) -> int | None:
    return None if value is None else number_or_none(value, normalise.MAX_COUNT)


def _position(value: int) -> int | None:
    return number_or_none(value, normalise.MAX_NUMBER)


def _relation(remote_id: RemoteId | None) -> RemoteId | None:
    return remote_id if remote_id and normalise.is_usable_id(remote_id) else None


def _artwork(item: MediaItem) -> int:
    bits = 0
    for image in item.images[: normalise.MAX_ENTRIES]:
        bits |= ARTWORK.get(image.kind, 0)
    return bits


def _detail(
    item: MediaItem,
    facets: list[tuple[LinkedFacet, str]],
    external_ids: list[str],
    ids: IdBook,
) -> bytes:
    found: dict[str, object] = {}
    if item.original_title:
        found["original_title"] = text(item.original_title)
    if item.overview:
        found["overview"] = text(item.overview, normalise.OVERVIEW)
    if item.tagline:
        found["tagline"] = text(item.tagline)
    if item.images:
        found.update(_pictures(item))
    for key, facet in _FACET_KEYS:
        if names := [name for kind, name in facets if kind is facet]:
            found[key] = names
    if ratings := [name for kind, name in facets if kind is LinkedFacet.CONTENT_RATINGS]:
        found["content_rating"] = ratings[0]
    if external_ids:
        found["external_ids"] = external_ids
    found.update(_rare(item))
    if item.artist_remote_ids:
        usable = filter(normalise.is_usable_id, item.artist_remote_ids[: normalise.MAX_ENTRIES])
        found["artist_ids"] = [ids.id_of_relation(remote_id) for remote_id in usable]
    return _encode(found) if found else b""


def _own_sort_title(item: MediaItem) -> str:
    """Return the sort title of the source, "" when it is the title's own.

    Jellyfin sends one with each row, and nearly all of them are the title in lower case.
    """
    given = text(item.sort_title)
    return "" if given_sort_title(given) == sort_title(text(item.title)) else given


def _rare(item: MediaItem) -> dict[str, object]:
    """Return what few items have, as far as it is known."""
    values: dict[str, object] = {
        "sort_title": _own_sort_title(item) if item.sort_title else "",
        "edition": text(item.edition) if item.edition else "",
        "status": text(item.status, normalise.NAME) if item.status else "",
        "ended": normalise.date(item.ended) if item.ended else "",
        "three_d": text(item.video_3d, normalise.NAME) if item.video_3d else "",
        "tags": texts(item.tags) if item.tags else [],
        "part_count": number(item.part_count, normalise.MAX_NUMBER) if item.part_count else 0,
        "has_lyrics": bool(item.has_lyrics),
    }
    if item.details is not None:
        values["badges"] = badges_of(item.details)
        for first in item.details.media_sources[:1]:
            values |= file_of(first)
    if item.path:
        values |= file_of(item)
    known = {key: value for key, value in values.items() if value}
    if item.critic_rating is not None:
        known["critic_rating"] = normalise.rating(item.critic_rating)
    for key in _PLACES:
        if (value := getattr(item, key)) is not None:
            known[key] = _position(value)
    return {key: value for key, value in known.items() if value is not None}


def _pictures(item: MediaItem) -> dict[str, object]:
    """Return the pictures, and what can be shown until one of them is there."""
    images = [
        (image.kind if image.kind in ARTWORK else text(image.kind, normalise.NAME), image.ref)
        for image in item.images[: normalise.MAX_ENTRIES]
        if text(image.ref, normalise.REFERENCE) == image.ref  # cut, it would lead nowhere
    ]
    values: dict[str, object] = {
        "images": images,
        "blurhash": normalise.blurhash(item.blurhash) if item.blurhash else "",
        "colors": normalise.colors(item.colors) if item.colors else [],
    }
    return {key: value for key, value in values.items() if value}


def _watch(watch: WatchState) -> tuple[object, ...]:
    return (
        bool(watch.watched),
        number(watch.play_count, normalise.MAX_COUNT) if watch.play_count else 0,
        number(watch.position_ms, normalise.MAX_DURATION_MS) if watch.position_ms else 0,
        number(watch.last_played, normalise.MAX_TIME) if watch.last_played else 0,
        bool(watch.favourite),
        None if watch.user_rating is None else normalise.rating(watch.user_rating),
    )


def identity_hash(identity: str) -> int:
    """Return what is stored of an item's identity."""
    return _hash(identity.encode(errors="replace"))


def _hash(value: bytes) -> int:
    return int.from_bytes(xxh3_64_digest(value), signed=True)
