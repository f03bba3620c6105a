"""Values that items share and that are asked for by name: genres, studios, content ratings.

Each has a key, in which names that differ in case only are the same. The keys of one facet lie
together, so that all of its values are one range.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b

_NAME_BYTES = 6
_FACET_SHIFT = 8 * _NAME_BYTES


class LinkedFacet(IntEnum):
    """A facet whose values are linked to the items that have them."""

    GENRES = 1
    STUDIOS = 2
    CONTENT_RATINGS = 3


@lru_cache(maxsize=8192)
def facet_key(facet: LinkedFacet, name: str) -> int:
    """Return the key of a value."""
    digest = blake2b(name.casefold().encode(errors="replace"), digest_size=_NAME_BYTES).digest()
    return facet << _FACET_SHIFT | int.from_bytes(digest)


def key_range(facet: LinkedFacet) -> tuple[int, int]:
    """Return the least and the greatest key that a value of a facet can have."""
    return facet << _FACET_SHIFT, ((facet + 1) << _FACET_SHIFT) - 1


def linked_values(detail: Mapping[str, object]) -> Iterator[tuple[LinkedFacet, str]]:
    """Yield the values that the detail of an item names."""
    for facet, key in ((LinkedFacet.GENRES, "genres"), (LinkedFacet.STUDIOS, "studios")):
        names = detail.get(key, ())
        if isinstance(names, list):
            yield from ((facet, str(name)) for name in names)
    if rating := detail.get("content_rating"):
        yield LinkedFacet.CONTENT_RATINGS, str(rating)
