"""Where a page of an answer ended, as opaque text for the next call."""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from types import UnionType

from msgspec import Struct

from msd.errors import InvalidArgumentError
from msd.models import ItemQuery
from msd.store.cache.rows import normalise

Key = int | float | str | None
Kind = type | UnionType
_BAD = "the cursor is not one that this query was answered with"


class PageCursor(Struct, frozen=True):
    """The key of the last row of a page."""

    zone: int
    keys: tuple[Key, ...]  # of the order, then the primary key

    def encode(self, query: ItemQuery) -> str:
        """Return the cursor as text."""
        body = [_order(query), self.zone, *self.keys]
        return urlsafe_b64encode(json.dumps(body, separators=(",", ":")).encode()).decode()


def decode(query: ItemQuery, shape: Sequence[Kind]) -> PageCursor | None:
    """Return where the query's page begins, None at the start.

    Args:
        query: with the cursor that the caller sent.
        shape: the types of the keys of the order.

    Raises:
        InvalidArgumentError: the cursor is from another query, or made up.
    """
    if not query.cursor:
        return None
    try:
        order, *keys = json.loads(urlsafe_b64decode(query.cursor.encode()))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArgumentError(_BAD) from error
    kinds = (int, *shape, int)
    if order != _order(query) or len(keys) != len(kinds):
        raise InvalidArgumentError(_BAD)
    for key, kind in zip(keys, kinds, strict=True):
        if not _fits(key, kind):
            raise InvalidArgumentError(_BAD)
    return PageCursor(keys[0], tuple(keys[1:]))


def _order(query: ItemQuery) -> str:
    direction = "desc" if query.descending else "asc"
    place = query.parent_id or query.show_id or query.artist_id or ""
    return f"{query.sort}:{query.seed}:{direction}:{place}"


def _fits(key: object, kind: Kind) -> bool:
    match key:
        case bool():
            return False
        case None:
            return isinstance(None, kind)
        case int():
            return kind is not str and -(2**63) <= key < 2**63
        case float():
            return kind is float and math.isfinite(key)
        case str():
            return kind is str and normalise.text(key) == key
        case _:
            return False
