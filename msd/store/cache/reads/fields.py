"""From rows to what the bus shows of an item: only the keys that were asked for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msd.errors import InvalidArgumentError
from msd.item_keys import ALL, COMPACT_KEYS, DETAIL_KEYS, DETAILS, ITEM_KEYS, PLACING_KEYS
from msd.models import ItemFields, ItemType
from msd.store.cache.reads.details import shown_details
from msd.store.cache.reads.listings import Listing
from msd.store.cache.rows.columns import ARTWORK, UNKNOWN_RATING
from msd.store.cache.rows.sort_title import letter_of, plain_sort_title

_OF_LISTING = frozenset({"source_id", "library_id", "type"})
_OF_DETAIL = frozenset(
    {
        "sort_title",
        "original_title",
        "overview",
        "tagline",
        "content_rating",
        "genres",
        "studios",
        "external_ids",
        "edition",
        "status",
        "ended",
        "critic_rating",
        "tags",
        "artist_ids",
        "episode_number_end",
        "airs_before_season",
        "airs_before_episode",
        "airs_after_season",
        "part_count",
        "three_d",
        "has_lyrics",
        "badges",
        "path",
        "mime",
        "size",
        "blurhash",
        "colors",
    }
)
_OF_FULL = frozenset({"fetched", *DETAIL_KEYS})
_OF_ITEM = frozenset(ITEM_KEYS) - _OF_LISTING - _OF_DETAIL - _OF_FULL
_FLAGS = ("watched", "favourite")
# Columns that can't be empty, with what stands for "unknown" in them.
_UNKNOWN: Mapping[str, str] = {
    "added": "0",
    "last_played": "0",
    "released": "''",
    "rating": str(UNKNOWN_RATING),
}
_ARTWORK = [
    [kind for kind, bit in ARTWORK.items() if bits & bit] for bits in range(2 ** len(ARTWORK))
]


@lru_cache(maxsize=64)
def projection(fields: tuple[str, ...]) -> "Projection":
    """Return what to read for the fields that a caller named; callers name the same ones again.

    Raises:
        InvalidArgumentError: one of them is no key of an item.
    """
    return Projection(fields)


class Projection:
    """What to read of each item of an answer, and how it is shown; never changes.

    `columns` are to be selected, `item.listing` and `item.id` first, with `joins` behind `item`.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        """Take the fields that a caller named beyond the compact set.

        Raises:
            InvalidArgumentError: one of them is no key of an item.
        """
        named = set(fields) - {ALL, DETAILS}
        if ALL in fields:
            named |= set(ITEM_KEYS)
        if DETAILS in fields:
            named |= set(DETAIL_KEYS)
        if unknown := named - set(ITEM_KEYS) - set(DETAIL_KEYS):
            raise InvalidArgumentError(f"there is no field {min(unknown)!r}")
        common = named | COMPACT_KEYS
        keys = {kind: common | PLACING_KEYS.get(kind, frozenset()) for kind in ItemType}
        self._columns = sorted(frozenset().union(*keys.values()) & _OF_ITEM)
        self._places = {
            kind: [(at, key) for at, key in enumerate(self._columns, start=2) if key in of_kind]
            for kind, of_kind in keys.items()
        }
        self._artwork = 2 + self._columns.index("artwork")
        self._flags = [key for key in _FLAGS if key in common]
        self._with_library = "library_id" in common
        self._detail = common & _OF_DETAIL
        self._with_full = bool(common & _OF_FULL)
        self._of_full = common & frozenset(DETAIL_KEYS)
        self.columns = self._selected()
        self.joins = self._joined()

    def _selected(self) -> str:
        of_item = ["item.listing", "item.id", *map(_column, self._columns)]
        detail = ["item_detail.body", "item_full.beyond_list"] if self._detail else []
        full = ["item_full.fetched", "item_full.body"] if self._with_full else []
        return ", ".join(of_item + detail + full)

    def _joined(self) -> str:
        detail = " LEFT JOIN item_detail ON item_detail.item = item.pk" if self._detail else ""
        needs_full = self._with_full or self._detail
        full = " LEFT JOIN item_full ON item_full.item = item.pk" if needs_full else ""
        return detail + full

    def items(
        self,
        listings: Mapping[int, Listing],
        rows: Sequence[Sequence[Any]],
    ) -> Sequence[ItemFields]:
        """Return the items of rows that begin with `columns`, in their order."""
        origins = {pk: self._origin(listings[pk]) for pk in {row[0] for row in rows}}
        return [self._item(row, *origins[row[0]]) for row in rows]

    def _origin(self, listing: Listing) -> tuple[list[tuple[int, str]], dict[str, str]]:
        """Return where the values of a listing's items stand, and what all of them share."""
        shared: dict[str, str] = {"source_id": listing.source_id, "type": listing.type.value}
        if self._with_library:
            shared["library_id"] = listing.library_id
        return self._places[listing.type], shared

    def _item(
        self, row: Sequence[Any], places: Iterable[tuple[int, str]], shared: Mapping[str, str]
    ) -> dict[str, object]:
        item: dict[str, object] = {
            key: value for at, key in places if (value := row[at]) is not None
        }
        for key in self._flags:
            item[key] = bool(item[key])
        if "letter" in item:
            item["letter"] = letter_of(str(item["letter"]))
        item["artwork"] = _ARTWORK[row[self._artwork]].copy()
        item.update(shared)
        if self._detail or self._with_full:
            self._add_details(item, row)
        return item

    def _add_details(self, item: dict[str, object], row: Sequence[Any]) -> None:
        at = 2 + len(self._columns)
        if self._detail:
            for body in (row[at + 1], row[at]):  # a listing's value wins
                detail = json.loads(body) if body else {}
                item |= {key: value for key, value in detail.items() if key in self._detail}
            if "sort_title" in self._detail:  # it is stored only where the source has its own
                item.setdefault("sort_title", plain_sort_title(str(item["title"])))
            at += 2
        if self._with_full and row[at]:
            item["fetched"] = row[at]
        if self._of_full and row[at + 1]:
            shown = shown_details(json.loads(row[at + 1]), str(item["id"]))
            item |= {key: value for key, value in shown.items() if key in self._of_full}


def _column(name: str) -> str:
    if name == "letter":
        return "item.sort_title"
    unknown = _UNKNOWN.get(name)
    return f"item.{name}" if unknown is None else f"nullif(item.{name}, {unknown})"
