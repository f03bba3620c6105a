"""Cursors are opaque, and checked."""

import base64
import json

import pytest

from msd.errors import InvalidArgumentError
from msd.models import (
    ItemQuery,
    ItemType,
    SortKey,
)
from msd.store.cache.reads.pages import query_items
from tests.store.made import Stores

SHOW, SEASON, EPISODE, TRACK = ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK
PYTHON_TYPES = {"s": str, "as": list, "b": bool, "d": float, "i": int, "u": int, "x": int}


def cursor(*body: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode()


@pytest.mark.parametrize(
    "bad",
    [
        "x",
        "é",
        "\ud800",
        "=" * 10,
        "A" * 5000,
        cursor(),
        cursor("title:0:asc:"),
        cursor("title:0:asc:", 0, "abyss"),
        cursor("title:0:asc:", 0, "abyss", "1"),
        cursor("title:0:asc:", 0, "abyss", 1, 2),
        cursor("title:0:asc:", 0, 5, 1),
        cursor("title:0:asc:", "0", "abyss", 1),
        cursor("title:0:asc:", None, "abyss", 1),
        cursor("title:0:asc:", 0, "abyss", True),
        cursor("title:0:asc:", 0, "abyss", 2**70),
        cursor("title:0:asc:", 0, "abyss", 1.5),
        cursor("title:0:asc:", 0, "\ud800", 1),
        cursor("title:0:asc:", 0, None, 1),
        cursor("title:0:asc:", 0, "x" * 5000, 1),
        cursor("added:0:asc:", 0, "abyss", 1),
        cursor("title:0:desc:", 0, "abyss", 1),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
        base64.urlsafe_b64encode(b"7").decode(),
        base64.urlsafe_b64encode(b"{}").decode(),
    ],
)
def test_a_cursor_that_is_not_from_this_query_is_refused(films: Stores, bad: str) -> None:
    """dbus-api.md: InvalidArgument, for whatever text."""
    with pytest.raises(InvalidArgumentError):
        films.cache.read(query_items, ItemQuery(cursor=bad))


def test_a_cursor_of_a_rating_may_be_whole_or_a_fraction(films: Stores) -> None:
    """JSON writes 8.0 as it likes."""
    at = cursor("rating:0:asc:", 0, 7, 0)

    page = films.cache.read(query_items, ItemQuery(sort=SortKey.RATING, cursor=at))

    assert [one["title"] for one in page.items][:3] == ["The Abyss", "Brazil", "Amélie"]
