"""The arguments of a call as an adapter gets them: bounded, and free of the library's types."""

from collections.abc import Sequence
from typing import Any

from msd.dbus.binding import Message
from msd.dbus.errors import CallError, LimitError
from msd.dbus.variant import Variant

MAX_STRING_BYTES = 64 * 1024
MAX_LIST_LENGTH = 1000


def received(message: Message) -> list[object]:
    """Return the arguments of a call; variants are `Variant`s, descriptors their numbers.

    Raises:
        LimitError: a string or a list is too long.
        CallError: a descriptor is missing.
    """
    descriptors = message.unix_fds or ()
    return [_value(value, descriptors) for value in message.body]


def _value(value: Any, descriptors: Sequence[int]) -> object:  # noqa: ANN401 - as it came
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        _check_length(value)
        return [_value(element, descriptors) for element in value]
    if isinstance(value, dict):
        _check_length(value)
        return {
            _value(key, descriptors): _value(entry, descriptors) for key, entry in value.items()
        }
    if isinstance(value, bytes):
        if len(value) > MAX_STRING_BYTES:
            raise LimitError("byte strings of more than 64 KiB are not taken")
        return value
    if hasattr(value, "signature"):
        return Variant(value.signature, _content(value, descriptors))
    return value


def _content(variant: Any, descriptors: Sequence[int]) -> object:  # noqa: ANN401 - as it came
    if variant.signature != "h":
        return _value(variant.value, descriptors)
    if not 0 <= variant.value < len(descriptors):
        raise CallError("InvalidArgs", "a file descriptor did not come with the message")
    return descriptors[variant.value]


def _text(value: str) -> str:
    if len(value) > MAX_STRING_BYTES or (
        len(value) * 4 > MAX_STRING_BYTES and len(value.encode()) > MAX_STRING_BYTES
    ):
        raise LimitError("texts of more than 64 KiB are not taken")
    return value


def _check_length(value: Sequence[object] | dict[object, object]) -> None:
    if len(value) > MAX_LIST_LENGTH:
        raise LimitError(f"lists of more than {MAX_LIST_LENGTH} elements are not taken")
