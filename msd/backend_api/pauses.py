"""Pauses between questions to a server that wants to be asked again and again."""

from collections.abc import Iterable, Iterator
from itertools import chain, repeat


def lasting(pauses_s: Iterable[float]) -> Iterator[float]:
    """Return pauses of which the last one comes over and over."""
    *first, last = pauses_s
    return chain(first, repeat(last))
