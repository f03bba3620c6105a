"""Members of rows that recordings have and that no test is about: each present or absent, by key.

A parser that was written from the same description as its simulator can't be surprised by it. So
rows carry what recorded rows of the same type carry, in the forms that were recorded.
"""

from __future__ import annotations

from typing import Any

from .item import Item, Kind

# Servers up to 2023 send no list of pictures and no colours, and count the tracks of few albums.
OLD_SERVERS = {kind: frozenset({"Image", "UltraBlurColors"}) for kind in Kind} | {
    Kind.ALBUM: frozenset({"Image", "UltraBlurColors", "leafCount", "viewedLeafCount"}),
    Kind.ARTIST: frozenset({"Image", "thumb", "art"}),
}
_COLOURS = {
    "topLeft": "0b0b0b",
    "topRight": "1c1c1c",
    "bottomRight": "2d2d2d",
    "bottomLeft": "3e3e3e",
}
_TOMATOES = "rottentomatoes://image.rating"


def recorded_members(item: Item) -> dict[str, Any]:
    """Return what recorded rows of this type say besides."""
    members = _FORMS[item.kind](item) if item.kind in _FORMS else {}
    return {name: value for name, value in members.items() if value is not None}


def _often(item: Item, value: Any) -> Any:
    """The value on two rows of three."""
    return value if item.key % 3 else None


def _half(item: Item, value: Any) -> Any:
    """The value on every other row."""
    return value if item.key // 2 % 2 else None


def _seldom(item: Item, value: Any) -> Any:
    """The value on one row of five."""
    return value if item.key % 5 == 0 else None


def _ratings(item: Item) -> dict[str, Any]:
    if item.rating is None:
        return {}
    return {
        "ratingImage": _often(item, f"{_TOMATOES}.ripe"),
        "audienceRating": _often(item, round(min(item.rating + 0.4, 10.0), 1)),
        "audienceRatingImage": _often(item, f"{_TOMATOES}.upright"),
    }


def _path(item: Item, what: str) -> str:
    return f"/library/metadata/{item.key}/{what}/{item.added_at}"


def _movie(item: Item) -> dict[str, Any]:
    return _ratings(item) | {
        "slug": f"film-{item.key}",
        "tagline": _often(item, "Nothing is what it seems"),
        "originalTitle": _seldom(item, f"Titre {item.key}"),
        "editionTitle": _seldom(item, "Director's Cut"),
        "chapterSource": _often(item, "media"),
        "primaryExtraKey": _often(item, f"/library/metadata/{item.key + 100_000}"),
        "subtype": item.subtype or _seldom(item, "movie"),
    }


def _show(item: Item) -> dict[str, Any]:
    return _ratings(item) | {
        "slug": f"show-{item.key}",
        "tagline": _half(item, "It begins again"),
        "originalTitle": _half(item, f"Titre {item.key}"),
        "titleSort": item.sort_title or _half(item, f"{item.title}, The"),
        "banner": _path(item, "banner"),
        "theme": _path(item, "theme"),
        "duration": item.duration_ms or 2_700_000,
        "primaryExtraKey": _half(item, f"/library/metadata/{item.key + 100_000}"),
        "skipCount": _half(item, 1),
    }


def _season(item: Item) -> dict[str, Any]:
    return {
        "art": f"/library/metadata/{item.parent}/art/{item.added_at}",
        "parentTheme": f"/library/metadata/{item.parent}/theme/{item.added_at}",
        "parentIndex": 1,
        "summary": item.summary,
    }


def _episode(item: Item) -> dict[str, Any]:
    show = f"/library/metadata/{item.grandparent}"
    return _ratings(item) | {
        "art": f"{show}/art/{item.added_at}",
        "grandparentArt": f"{show}/art/{item.added_at}",
        "grandparentTheme": f"{show}/theme/{item.added_at}",
        "grandparentSlug": f"show-{item.grandparent}",
        "parentYear": _seldom(item, 2020),
        "titleSort": item.sort_title or _seldom(item, f"{item.title}, The"),
        "UltraBlurColors": _COLOURS,
        "originalTitle": _seldom(item, f"Titre {item.key}"),
        "chapterSource": _often(item, "media"),
        "skipCount": _seldom(item, 1),
    }


def _album(item: Item) -> dict[str, Any]:
    return {
        "art": f"/library/metadata/{item.parent}/art/{item.added_at}",
        "summary": item.summary,
        "UltraBlurColors": _COLOURS,
        "loudnessAnalysisVersion": _often(item, "2"),
        "titleSort": item.sort_title or _seldom(item, f"{item.title}, The"),
    }


def _artist(item: Item) -> dict[str, Any]:
    return {"index": 1, "titleSort": item.sort_title or _seldom(item, f"{item.title}, The")}


def _track(item: Item) -> dict[str, Any]:
    art = f"/library/metadata/{item.grandparent}/art/{item.added_at}"
    return {
        "art": art,
        "grandparentArt": art,
        "summary": item.summary,
        "originalTitle": _seldom(item, f"Guest {item.key}"),
        "titleSort": _seldom(item, f"{item.title}, The"),
    }


def _collection(item: Item) -> dict[str, Any]:
    base = f"/library/metadata/{item.key}" if item.key % 2 else f"/library/collections/{item.key}"
    return {
        "thumb": f"{base}/composite/{item.added_at}?width=400&height=600",
        "childCount": str(len(item.members)),
        "smart": "1" if item.smart else None,
        "contentRating": _seldom(item, "PG-13"),
        "index": item.key,
        "titleSort": _seldom(item, f"{item.title}, The"),
        "subtype": "movie",
        "minYear": _often(item, "1999"),
        "maxYear": _often(item, "2003"),
        "ratingCount": _seldom(item, 1),
    }


def _playlist(item: Item) -> dict[str, Any]:
    return {"summary": item.summary, "viewCount": _often(item, 5), "lastViewedAt": item.added_at}


_FORMS = {
    Kind.MOVIE: _movie,
    Kind.SHOW: _show,
    Kind.SEASON: _season,
    Kind.EPISODE: _episode,
    Kind.ARTIST: _artist,
    Kind.ALBUM: _album,
    Kind.TRACK: _track,
    Kind.COLLECTION: _collection,
    Kind.PLAYLIST: _playlist,
}
