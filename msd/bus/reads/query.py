"""The query of QueryItems: D-Bus options → `ItemQuery`."""

from collections.abc import Mapping

from msd.bus.options import (
    Reader,
    flag,
    page_limit,
    read_options,
    text,
    texts,
    whole_number,
    word,
    words,
)
from msd.contract import MAX_GET_ITEMS
from msd.dbus.messages.variant import Variant
from msd.errors import InvalidArgumentError, LimitExceededError
from msd.models import FACETS, MAX_WORDS, ItemQuery, ItemType, SearchQuery, SortKey

_INT64 = 2**63
_DECIMAL = 10_000
MAX_OFFSET = 10_000_000
MAX_HITS = 100
OF_A_KIND = 3  # hits of one type, unless all are asked for


def _years(key: str, variant: Variant) -> object:
    """Read years as whole numbers (ai) or, as the other plural keys, as texts (as)."""
    values = variant.value
    if variant.signature not in ("as", "ai", "au", "an", "aq", "ax") or not isinstance(
        values, list
    ):
        raise InvalidArgumentError(f"{key} must be a list of years (as or ai)")
    return tuple(_year(key, value) for value in values)


def _year(key: str, value: object) -> int:
    try:
        year = int(str(value))
    except ValueError:
        raise InvalidArgumentError(f"{key} must hold whole numbers") from None
    if not -_DECIMAL < year < _DECIMAL:
        raise InvalidArgumentError(f"{key} must hold years of at most four digits")
    return year


def _identifier(key: str, variant: Variant) -> object:
    """Read an id; an empty one can't be meant and would match everything."""
    identifier = text(key, variant)
    if not identifier:
        raise InvalidArgumentError(f"{key} must not be empty; leave it out instead")
    return identifier


def _words(key: str, variant: Variant) -> object:
    """Read words that are searched for; none may be ignored silently."""
    searched = str(text(key, variant))
    if len(searched.split()) > MAX_WORDS:
        raise LimitExceededError(f"{key} must hold at most {MAX_WORDS} words")
    return searched


QUERY_OPTIONS: Mapping[str, Reader] = {
    "source_ids": texts,
    "library_ids": texts,
    "types": words(ItemType),
    "parent_id": _identifier,
    "show_id": _identifier,
    "artist_id": _identifier,
    "genres": texts,
    "years": _years,
    "watched": flag,
    "in_progress": flag,
    "favourite": flag,
    "added_after": whole_number(-_INT64, _INT64 - 1),
    "letter": text,
    "content_ratings": texts,
    "studios": texts,
    "text": _words,
    "sort": word(SortKey),
    "seed": whole_number(-_INT64, _INT64 - 1),
    "descending": flag,
    "limit": page_limit,
    "offset": whole_number(0, MAX_OFFSET),
    "count": flag,
    "cursor": text,
    "fields": texts,
}

LIST_CONDITIONS = frozenset(
    {"source_ids", "library_ids", "types", "genres", "years", "content_ratings", "studios"}
)


def _facets(key: str, variant: Variant) -> object:
    names = texts(key, variant)
    for name in names:
        if name not in FACETS:
            raise InvalidArgumentError(f"{key} must be of {', '.join(FACETS)}")
    return names


_FORM = ("sort", "seed", "descending", "limit", "cursor", "offset", "count", "fields")
FACET_OPTIONS: Mapping[str, Reader] = {
    **{key: reader for key, reader in QUERY_OPTIONS.items() if key not in _FORM},
    "facets": _facets,
}


def facet_query(options: Mapping[str, Variant]) -> tuple[ItemQuery | None, tuple[str, ...]]:
    """Return what is counted, None for what nothing can match, and which facets.

    Raises:
        InvalidArgumentError: an unknown key, a wrong type, an unknown word.
    """
    values = read_options(options, FACET_OPTIONS)
    names = values.pop("facets", FACETS)
    if any(not values[key] for key in values.keys() & LIST_CONDITIONS):
        return None, names
    return ItemQuery(**values), names


def _among(key: str, variant: Variant) -> object:
    ids = texts(key, variant)
    if len(ids) > MAX_GET_ITEMS:
        raise LimitExceededError(f"{key} must hold at most {MAX_GET_ITEMS} ids")
    return ids


SEARCH_OPTIONS: Mapping[str, Reader] = {
    "source_ids": texts,
    "library_ids": texts,
    "types": words(ItemType),
    "among": _among,
    "count": flag,
    "grouped": flag,
    "limit": whole_number(1, MAX_HITS),
    "fields": texts,
    "session": text,
}


def search_query(searched: str, options: Mapping[str, Variant]) -> tuple[SearchQuery | None, str]:
    """Return what a caller searches for, None for what nothing can match, and the session.

    Raises:
        InvalidArgumentError: an unknown key, a wrong type, an unknown word, too many hits.
        LimitExceededError: too many ids.
    """
    values = read_options(options, SEARCH_OPTIONS)
    session = str(values.pop("session", ""))
    if any(not values[key] for key in values.keys() & (LIST_CONDITIONS | {"among"})):
        return None, session
    values["with_total"] = values.pop("count", False)
    values["per_type"] = OF_A_KIND if values.pop("grouped", True) else 0
    return SearchQuery(text=searched, **values), session


def item_query(options: Mapping[str, Variant]) -> ItemQuery | None:
    """Return the query that a caller means, None for one that nothing can match.

    A list without an element matches nothing, whatever the other conditions are.

    Raises:
        InvalidArgumentError: an unknown key, a wrong type, an unknown word.
        LimitExceededError: too big a page.
    """
    values = read_options(options, QUERY_OPTIONS)
    if any(not values[key] for key in values.keys() & LIST_CONDITIONS):
        return None
    return ItemQuery(with_total=values.pop("count", False), **values)
