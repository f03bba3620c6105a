"""What a query demands of an item, as SQL."""

import json
from collections.abc import Sequence

from msgspec import Struct, field

from msd.models import ItemQuery
from msd.store.cache.rows.facets import LinkedFacet, facet_key
from msd.store.cache.rows.sort_title import NO_LETTER, fold

LAST_CHARACTER = "\U0010ffff"
_LINKED = """EXISTS (SELECT 1 FROM item_facet WHERE item_facet.item = item.pk
AND item_facet.listing = item.listing AND item_facet.value {one_of})"""
_FEW_KEYS = 8  # so many are quicker one by one; all conditions together have a limit
# Seasons of a show and their episodes; albums of an artist and their tracks.
_BELOW = """item.parent_id IN (SELECT ? UNION ALL SELECT child.id FROM item AS child
WHERE child.parent_id = ? AND child.deleted_at IS NULL)"""


class Conditions(Struct):
    """SQL that must hold for a row, with its parameters."""

    texts: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, text: str, *parameters: object) -> None:
        """Demand one thing more."""
        self.texts.append(text)
        self.parameters += parameters

    def and_text(self) -> str:
        """Return the conditions, each with a leading AND."""
        return "".join(f" AND {text}" for text in self.texts)


def conditions_of(query: ItemQuery) -> Conditions:
    """Return the conditions of a query but where its rows are looked for.

    A plus before a column keeps SQLite from searching an index by it: where that is wanted, the
    range is demanded once more, see `own_range`.
    """
    found = Conditions()
    for ancestor in (query.show_id, query.artist_id):
        if ancestor is not None:
            found.add(_BELOW, ancestor, ancestor)
    for keys in linked_keys(query):
        text, *values = one_of(keys)
        found.add(_LINKED.format(one_of=text), *values)
    if query.years:
        text, *values = one_of(query.years)
        found.add(f"item.year {text}", *values)
    _add_watch_state(found, query)
    if query.added_after is not None:
        found.add("+item.added > ?", max(0, query.added_after))  # 0 is not known
    if query.letter:
        text, *values = letter_range(query.letter)
        found.add(text.replace("item.", "+item."), *values)
    for word in query.text.split():
        found.add(
            r"(' ' || item.title LIKE ? ESCAPE '\' OR ' ' || item.sort_title LIKE ? ESCAPE '\')",
            _beginning(word),
            _beginning(fold(word)),
        )
    return found


def _add_watch_state(found: Conditions, query: ItemQuery) -> None:
    if query.watched is not None:
        found.add(f"item.watched = {query.watched:d}")
    if query.in_progress is not None:
        found.add("item.position_ms > 0" if query.in_progress else "item.position_ms = 0")
    if query.favourite is not None:
        found.add(f"item.favourite = {query.favourite:d}")


def linked_keys(query: ItemQuery) -> Sequence[Sequence[int]]:
    """Return the keys of facet values of which an item must have one, for each condition."""
    wanted = (
        (LinkedFacet.GENRES, query.genres),
        (LinkedFacet.STUDIOS, query.studios),
        (LinkedFacet.CONTENT_RATINGS, query.content_ratings),
    )
    return [sorted({facet_key(facet, name) for name in names}) for facet, names in wanted if names]


def one_of(keys: Sequence[int]) -> tuple[str, *tuple[object, ...]]:
    """Return the end of the condition that a value is one of some numbers, and its parameters."""
    if len(keys) > _FEW_KEYS:
        return ("IN (SELECT value FROM json_each(?))", json.dumps(keys))
    return (f"IN ({', '.join('?' * len(keys))})", *keys)


def letter_range(letter: str) -> tuple[str, *tuple[str, ...]]:
    """Return the condition that a sort title begins with a letter, and its parameters.

    Signs and digits stand before the letters; few titles begin with one behind them.
    """
    if letter == NO_LETTER:
        return ("item.sort_title < 'a'",)
    first = fold(letter)[:1]
    return ("item.sort_title >= ? AND item.sort_title < ?", first, first + LAST_CHARACTER)


def _beginning(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"% {escaped}%"
