"""D-Bus bytes → Python values, by signature, with bounds that hold before a value is built.

Both libraries decode a whole message before anybody can refuse it: a million words keep dbus-next,
and every other caller, busy for seconds. Here the arguments of a call are decoded only when its
signature is right, and decoding stops at the first text or list that is too long.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

from msd.dbus.errors import CallError, LimitError
from msd.dbus.messages.variant import Variant, alignment, complete_types

MAX_STRING_BYTES = 64 * 1024
MAX_LIST_LENGTH = 1000

_CODES = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}
_ORDERS = {"l": "<", "B": ">"}


class Bytes:
    """Bytes that are decoded, and how far decoding has come.

    Args:
        data: a whole message, or a part that begins at a multiple of 8.
        big_endian: the byte order that the message names.
        bounded: whether texts and lists may not be longer than a caller's may be.
        descriptors: those that came with the message.
    """

    __slots__ = ("at", "bounded", "data", "descriptors", "order")

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        *,
        big_endian: bool = False,
        bounded: bool = False,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.data = data
        self.at = 0
        self.order = _ORDERS["B" if big_endian else "l"]
        self.bounded = bounded
        self.descriptors = descriptors

    def align(self, size: int) -> None:
        """Step over padding."""
        self.at += -self.at % size

    def number(self, code: str, size: int) -> int | float:
        """Read one number."""
        self.align(size)
        (value,) = struct.unpack_from(self.order + code, self.data, self.at)
        self.at += size
        return value  # type: ignore[no-any-return]

    def length(self) -> int:
        """Read the length of a text or an array."""
        return int(self.number("I", 4))

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        start = self.at
        self.at += size
        return bytes(self.data[start : self.at])


Decoder = Callable[[Bytes], object]


def unmarshal(signature: str, data: Bytes) -> list[object]:
    """Decode values; variants are `Variant`s, structs lists, descriptors their numbers.

    Raises:
        LimitError: a text or a list is longer than a caller's may be.
        CallError: a descriptor did not come with the message.
    """
    return [decode(data) for decode in _decoders(signature)]


@lru_cache(maxsize=256)
def _decoders(signature: str) -> tuple[Decoder, ...]:
    return tuple(_decoder(part) for part in complete_types(signature))


@lru_cache(maxsize=256)
def _decoder(signature: str) -> Decoder:
    first = signature[0]
    if first in _CODES:
        code, size = _CODES[first], struct.calcsize(_CODES[first])
        return lambda data: data.number(code, size)
    if first == "(":
        return _struct_decoder(signature[1:-1])
    if signature == "ay":
        return _bytes
    if signature.startswith("a{"):
        return _dict_decoder(signature[2:-1])
    if first == "a":
        return _array_decoder(signature[1:])
    return _SIMPLE[first]


def _bool(data: Bytes) -> bool:
    return bool(data.length())


def _text(data: Bytes) -> str:
    length = data.length()
    if data.bounded and length > MAX_STRING_BYTES:
        raise LimitError("texts of more than 64 KiB are not taken")
    text = data.take(length).decode()
    data.at += 1
    return text


def _signature(data: Bytes) -> str:
    length = data.data[data.at]
    data.at += 1
    text = data.take(length).decode("ascii")
    data.at += 1
    return text


def _descriptor(data: Bytes) -> int:
    place = data.length()
    if place >= len(data.descriptors):
        raise CallError("InvalidArgs", "a file descriptor did not come with the message")
    return data.descriptors[place]


def _variant(data: Bytes) -> Variant:
    signature = _signature(data)
    return Variant(signature, _decoder(signature)(data))


def _bytes(data: Bytes) -> bytes:
    length = data.length()
    if data.bounded and length > MAX_STRING_BYTES:
        raise LimitError("byte strings of more than 64 KiB are not taken")
    return data.take(length)


_SIMPLE: dict[str, Decoder] = {
    "b": _bool,
    "s": _text,
    "o": _text,
    "g": _signature,
    "h": _descriptor,
    "v": _variant,
}


def _struct_decoder(signature: str) -> Decoder:
    members = _decoders(signature)

    def decode(data: Bytes) -> list[object]:
        data.align(8)
        return [decode_member(data) for decode_member in members]

    return decode


def _end_of_array(data: Bytes, element_alignment: int) -> int:
    length = data.length()
    data.align(element_alignment)
    return data.at + length


def _check_length(data: Bytes, count: int) -> None:
    if data.bounded and count > MAX_LIST_LENGTH:
        raise LimitError(f"lists of more than {MAX_LIST_LENGTH} elements are not taken")


def _array_decoder(signature: str) -> Decoder:
    decode_element = _decoder(signature)
    element_alignment = alignment(signature)

    def decode(data: Bytes) -> list[object]:
        end = _end_of_array(data, element_alignment)
        elements: list[object] = []
        while data.at < end:
            elements.append(decode_element(data))
            _check_length(data, len(elements))
        return elements

    return decode


def _dict_decoder(signature: str) -> Decoder:
    decode_key, decode_value = _decoders(signature)

    def decode(data: Bytes) -> dict[object, object]:
        end = _end_of_array(data, 8)
        entries: dict[object, object] = {}
        count = 0
        while data.at < end:
            data.align(8)
            key = decode_key(data)
            entries[key] = decode_value(data)
            count += 1
            _check_length(data, count)
        return entries

    return decode
