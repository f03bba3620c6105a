"""Reads the query language of media queries."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from .item import Item, ViewState
from .world import World

_RELATIVE = re.compile(r"-?(\d+)(y|mon|w|d|h|m|s)")
_SIGN = re.compile(r"(?:>>|<<|[!<>])?$")
_BELOW = re.compile(r"(artist|album|show|season)\.id")
_UNIT_S: Final = {
    "y": 31_536_000,
    "mon": 2_592_000,
    "w": 604_800,
    "d": 86_400,
    "h": 3600,
    "m": 60,
    "s": 1,
}
_PREFIXES = {"movie", "show", "season", "episode", "artist", "album", "track", "clip", "photo"}
_NUMBERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "": operator.eq,
    "!": operator.ne,
    ">": operator.ge,  # `>=` of older clients
    ">>": operator.gt,
    "<": operator.le,
    "<<": operator.lt,
}


class BadQueryError(Exception):
    """A value that cannot be read: the server answers 400."""


class Query:
    """The parameters of one request."""

    def __init__(self, text: str) -> None:
        self.pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
        self._values = dict(self.pairs)

    def text(self, name: str) -> str | None:
        """Return one value, or None when absent."""
        return self._values.get(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether a parameter is 1 or true."""
        value = self._values.get(name)
        return default if value is None else value.lower() in ("1", "true")

    def number(self, name: str) -> int | None:
        """Return one whole number, or None when absent."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise BadQueryError(name) from None

    def words(self, name: str) -> frozenset[str]:
        """Return the parts of a comma-separated value."""
        return frozenset(part for part in self._values.get(name, "").split(",") if part)


@dataclass(frozen=True, slots=True)
class Look:
    """What filters and sorts may look at."""

    world: World
    account_id: int

    def state(self, item: Item) -> ViewState | None:
        """Return what the account did with an item."""
        return self.world.state(self.account_id, item.key)


Value = Callable[[Look, Item], Any]


def _state_value(name: str) -> Value:
    def value(look: Look, item: Item) -> Any:
        state = look.state(item)
        return (getattr(state, name) or 0) if state else 0

    return value


VALUES: Final[dict[str, Value]] = {
    "id": lambda _, item: item.key,
    "addedAt": lambda _, item: item.added_at,
    "updatedAt": lambda _, item: item.updated_at or 0,
    "year": lambda _, item: item.year or 0,
    "duration": lambda _, item: item.duration_ms,
    "rating": lambda _, item: item.rating or 0,
    "index": lambda _, item: item.index or 0,
    "lastViewedAt": _state_value("last_viewed_at"),
    "viewCount": _state_value("view_count"),
    "viewOffset": _state_value("view_offset"),
    "userRating": _state_value("user_rating"),
}
_TEXTS: Final[dict[str, Value]] = {
    "title": lambda _, item: item.title,
    "titleSort": lambda _, item: item.sort_title or item.title,
    "studio": lambda _, item: item.studio,
    "contentRating": lambda _, item: item.content_rating,
    "originallyAvailableAt": lambda _, item: item.released,
}
_TAGS: Final[dict[str, Value]] = {
    "genre": lambda _, item: item.genres,
    "director": lambda _, item: item.directors,
    "writer": lambda _, item: item.writers,
    "actor": lambda _, item: item.roles,
    "country": lambda _, item: item.countries,
}
_FLAGS: Final[dict[str, Value]] = {
    "unwatched": lambda look, item: not VALUES["viewCount"](look, item),
    "inProgress": lambda look, item: bool(VALUES["viewOffset"](look, item)),
    "unmatched": lambda _, item: "://" not in item.guid,
    "trash": lambda _, __: False,
}
_SORTS: Final[dict[str, Value]] = {
    **VALUES,
    **_TEXTS,
    "titleSort": lambda _, item: (item.sort_title or item.title).casefold(),
}
Test = Callable[[Look, Item], bool]


def tests_of(query: Query, now: int) -> list[Test]:
    """Return what an item has to pass; parameters that are no filters are passed over."""
    found = []
    for name, value in query.pairs:
        test = _test(name, value, now)
        if test:
            found.append(test)
    return found


def sorted_by(items: list[Item], sort: str, look: Look) -> list[Item]:
    """Return items in the order of a `sort` value, the leading field first."""
    ordered = items
    for part in reversed([each for each in sort.split(",") if each]):
        name, *directions = part.split(":")
        value = _SORTS.get(_plain(name))
        if value is None:
            raise BadQueryError(name)
        ordered = sorted(
            ordered,
            key=lambda item: value(look, item),
            reverse="desc" in directions,
        )
    return ordered


def _test(name: str, value: str, now: int) -> Test | None:
    sign = _SIGN.search(name)[0]  # type: ignore[index]
    field = name.removesuffix(sign)
    if _BELOW.fullmatch(field):
        return _below(int(value) if value.isdigit() else -1)
    field = _plain(field)
    if field in VALUES:
        return _number_test(VALUES[field], sign, value, now)
    if field in _TEXTS:
        return _text_test(_TEXTS[field], sign, value)
    return _choice_test(field, value, wanted=sign != "!")


def _choice_test(field: str, value: str, *, wanted: bool) -> Test | None:
    """Return the test of a flag, a tag or a guid."""
    if field in _FLAGS:
        asked = (value in ("1", "true")) is wanted
        return lambda look, item: _FLAGS[field](look, item) is asked
    if field in _TAGS:
        tags = set(value.split(","))
        return lambda look, item: bool(tags & set(_TAGS[field](look, item))) is wanted
    if field == "guid":
        return lambda _, item: (item.guid == value) is wanted
    return None


def _plain(name: str) -> str:
    prefix, dot, rest = name.partition(".")
    return rest if dot and prefix in _PREFIXES else name


def _number_test(of: Value, sign: str, value: str, now: int) -> Test:
    compare = _NUMBERS[sign]
    wanted = [_moment(part, now) for part in value.lstrip("=").split(",")]
    return lambda look, item: any(compare(of(look, item), each) for each in wanted)


def _text_test(of: Value, sign: str, value: str) -> Test:
    if value.startswith("="):
        return lambda look, item: (of(look, item) == value[1:]) is (sign != "!")
    folded = value.casefold()
    checks: dict[str, Callable[[str], bool]] = {
        "<": lambda text: text.startswith(folded),
        ">": lambda text: text.endswith(folded),
        "!": lambda text: folded not in text,
    }
    checks[""] = lambda text: folded in text
    check = checks.get(sign, checks[""])
    return lambda look, item: check(str(of(look, item)).casefold())


def _below(key: int) -> Test:
    return lambda _, item: key in (item.parent, item.grandparent)


def _moment(text: str, now: int) -> float:
    relative = _RELATIVE.fullmatch(text)
    if relative:
        return now - int(relative[1]) * _UNIT_S[relative[2]]
    try:
        return float(text)
    except ValueError:
        raise BadQueryError(text) from None
