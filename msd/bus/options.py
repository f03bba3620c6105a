"""Options (`a{sv}`) of D-Bus callers, read key by key."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any

from msd.contract import MAX_PAGE
from msd.dbus.messages.variant import Variant
from msd.errors import InvalidArgumentError, LimitExceededError

Reader = Callable[[str, Variant], object]

_WHOLE_NUMBERS = frozenset("ynqiuxt")


def read_options(options: Mapping[str, Variant], known: Mapping[str, Reader]) -> dict[str, Any]:
    """Return what the caller gave, each value read by the reader of its key.

    Raises:
        InvalidArgumentError: a key is not known, or a value can't be meant; names the key.
    """
    unknown = sorted(options.keys() - known.keys())
    if unknown:
        raise InvalidArgumentError(
            f"unknown option {unknown[0]!r}; known are {', '.join(sorted(known)) or 'none'}"
        )
    return {key: known[key](key, variant) for key, variant in options.items()}


def checked_texts(values: Mapping[str, object], known: Collection[str]) -> dict[str, str]:
    """Return options that are all texts.

    Raises:
        InvalidArgumentError: a key is not known, or its value is no text; names the key.
    """
    for key, value in values.items():
        if key not in known:
            raise InvalidArgumentError(
                f"unknown option {key!r}; known are {', '.join(sorted(known))}"
            )
        if not isinstance(value, str):
            raise InvalidArgumentError(f"{key} must be a text (s)")
    return {key: str(value) for key, value in values.items()}


def text(key: str, variant: Variant) -> object:
    """Read a text (s)."""
    return _typed(key, variant, "s", "a text (s)")


def texts(key: str, variant: Variant) -> tuple[str, ...]:
    """Read a list of texts (as) as a tuple."""
    return tuple(_typed(key, variant, "as", "a list of texts (as)"))


def flag(key: str, variant: Variant) -> object:
    """Read a flag (b)."""
    return _typed(key, variant, "b", "a flag (b)")


def whole_number(minimum: int, maximum: int) -> Reader:
    """Return a reader of whole numbers of any integer type, between bounds."""

    def read(key: str, variant: Variant) -> object:
        value = variant.value
        if variant.signature not in _WHOLE_NUMBERS or not isinstance(value, int):
            raise InvalidArgumentError(f"{key} must be a whole number")
        if not minimum <= value <= maximum:
            raise InvalidArgumentError(f"{key} must be from {minimum} to {maximum}")
        return value

    return read


def page_limit(key: str, variant: Variant) -> object:
    """Read how many entries a page may have."""
    if isinstance(variant.value, int) and variant.value > MAX_PAGE:
        raise LimitExceededError(f"{key} must be at most {MAX_PAGE}")
    return whole_number(1, MAX_PAGE)(key, variant)


def word(kind: type[StrEnum]) -> Reader:
    """Return a reader of one word of an enumeration."""

    def read(key: str, variant: Variant) -> object:
        return _word(key, text(key, variant), kind)

    return read


def words(kind: type[StrEnum]) -> Reader:
    """Return a reader of a list of words of an enumeration."""

    def read(key: str, variant: Variant) -> object:
        return tuple(_word(key, value, kind) for value in texts(key, variant))

    return read


def _typed(key: str, variant: Variant, signature: str, meaning: str) -> Any:  # noqa: ANN401 - the signature tells
    if variant.signature != signature:
        raise InvalidArgumentError(f"{key} must be {meaning}")
    return variant.value


def _word(key: str, value: object, kind: type[StrEnum]) -> StrEnum:
    try:
        return kind(str(value))
    except ValueError:
        raise InvalidArgumentError(f"{key} must be one of {', '.join(kind)}") from None
