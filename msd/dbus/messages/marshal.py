"""Python values → D-Bus bytes, by signature.

dbus-next needs eight times as long for a page of items, and what either library does with NUL,
lone surrogates, object paths, big messages and tuples differs; a wrong byte costs the connection.
So everything that is sent is encoded here: text is cleaned, paths are checked, sizes bounded.

An `a{sv}` leaves out an entry whose value does not fit its type: absent means unknown, and one
absurd year must not take a page of items down.
"""

import logging
import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from msd.dbus.errors import LimitError
from msd.dbus.messages.variant import (
    Entries,
    Entry,
    Typed,
    Variant,
    alignment,
    complete_types,
)

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # D-Bus itself ends connections beyond 64 to 128 MiB

Encoder = Callable[[bytearray, Any], None]

_PADDING = tuple(bytes(count) for count in range(8))
_REPLACEMENT = "\ufffd".encode()
_OBJECT_PATH = re.compile(r"/|(?:/[A-Za-z0-9_]+)+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UINT32 = struct.Struct("<I")
_SHORT = 4  # lists up to this length are few and come again: pictures, genres
UNFIT = (ValueError, TypeError, AttributeError, struct.error)
_FIXED = {"y": "<B", "n": "<h", "q": "<H", "i": "<i", "u": "<I", "x": "<q", "t": "<Q", "h": "<I"}


def marshal(signature: str, values: Sequence[object]) -> bytes:
    """Encode the arguments of one message.

    Raises:
        LimitError: more than 32 MiB.
        ValueError, TypeError, struct.error: a value does not fit its type.
    """
    out = bytearray()
    for encode, value in zip(_encoders(signature), values, strict=True):
        encode(out, value)
    _check_size(out)
    return bytes(out)


def cleaned(text: str) -> bytes:
    """Return text as D-Bus accepts it: UTF-8 without NUL and without lone surrogates."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = _SURROGATE.sub("\ufffd", text).encode()
    return data.replace(b"\0", _REPLACEMENT) if b"\0" in data else data


@lru_cache(maxsize=256)
def _encoders(signature: str) -> tuple[Encoder, ...]:
    return tuple(_encoder(part) for part in complete_types(signature))


@lru_cache(maxsize=256)
def _encoder(signature: str) -> Encoder:
    first = signature[0]
    if first in _FIXED:
        return _fixed_encoder(first)
    if first == "(":
        return _struct_encoder(signature[1:-1])
    if signature == "a{sv}":
        return _encode_options
    if signature.startswith("a{"):
        return _dict_encoder(signature[2:-1])
    if first == "a":
        return _array_encoder(signature[1:])
    return _SIMPLE[first]


def _pad(out: bytearray, size: int) -> None:
    excess = len(out) % size
    if excess:
        out += _PADDING[size - excess]


def _check_size(out: bytearray) -> None:
    if len(out) > MAX_MESSAGE_BYTES:
        raise LimitError("the answer is larger than 32 MiB; ask for fewer items or fields")


def _fixed_encoder(signature: str) -> Encoder:
    pack = struct.Struct(_FIXED[signature]).pack
    size = alignment(signature)

    def encode(out: bytearray, value: int) -> None:
        data = pack(value)
        excess = len(out) % size
        if excess:
            out += _PADDING[size - excess]
        out += data

    return encode


def _encode_bool(out: bytearray, value: object) -> None:
    _pad(out, 4)
    out += b"\1\0\0\0" if value else b"\0\0\0\0"


def _encode_double(out: bytearray, value: float) -> None:
    data = struct.pack("<d", value)
    _pad(out, 8)
    out += data


def _encode_string(out: bytearray, value: str) -> None:
    data = cleaned(value)
    excess = len(out) % 4
    if excess:
        out += _PADDING[4 - excess]
    out += _UINT32.pack(len(data))
    out += data
    out.append(0)


def _encode_path(out: bytearray, value: str) -> None:
    if not _OBJECT_PATH.fullmatch(value):
        raise ValueError("not an object path")
    _encode_string(out, value)


def _encode_signature(out: bytearray, value: str) -> None:
    data = value.encode("ascii")
    out.append(len(data))
    out += data
    out.append(0)


def _encode_variant(out: bytearray, value: Variant) -> None:
    encode = _encoder(value.signature)
    _encode_signature(out, value.signature)
    encode(out, value.value)


_SIMPLE: Mapping[str, Encoder] = {
    "b": _encode_bool,
    "d": _encode_double,
    "s": _encode_string,
    "o": _encode_path,
    "g": _encode_signature,
    "v": _encode_variant,
}


def _struct_encoder(signature: str) -> Encoder:
    members = _encoders(signature)

    def encode(out: bytearray, value: Iterable[object]) -> None:
        _pad(out, 8)
        for encode_member, member in zip(members, value, strict=True):
            encode_member(out, member)

    return encode


def _begin_array(out: bytearray, element_alignment: int) -> tuple[int, int]:
    """Write the place of the length; return it and the position of the first element."""
    _pad(out, 4)
    place = len(out)
    out += b"\0\0\0\0"
    _pad(out, element_alignment)
    return place, len(out)


def _end_array(out: bytearray, place: int, start: int) -> None:
    _check_size(out)
    _UINT32.pack_into(out, place, len(out) - start)


def _array_encoder(signature: str) -> Encoder:
    if signature == "y":
        return _encode_bytes
    encode_element = _encoder(signature)
    element_alignment = alignment(signature)

    def encode(out: bytearray, value: Iterable[object]) -> None:
        if isinstance(value, str | bytes):
            raise TypeError("text is not a list")
        place, start = _begin_array(out, element_alignment)
        for element in value:
            encode_element(out, element)
        _end_array(out, place, start)

    return encode


def _encode_bytes(out: bytearray, value: bytes) -> None:
    place, start = _begin_array(out, 1)
    out += value
    _end_array(out, place, start)


def _dict_encoder(signature: str) -> Encoder:
    encode_key, encode_value = _encoders(signature)

    def encode(out: bytearray, value: Mapping[object, object]) -> None:
        place, start = _begin_array(out, 8)
        for key, entry in value.items():
            _pad(out, 8)
            encode_key(out, key)
            encode_value(out, entry)
        _end_array(out, place, start)

    return encode


@lru_cache(maxsize=1024)
def _entry(key: str, signature: str) -> tuple[bytes, Encoder]:
    """Return what precedes a value in an `a{sv}` entry: key, type and padding, and its encoder."""
    out = bytearray()
    _encode_string(out, key)
    _encode_signature(out, signature)
    _pad(out, alignment(signature))
    return bytes(out), _encoder(signature)


def _encode_options(out: bytearray, value: Mapping[str, Variant] | Typed) -> None:
    place, start = _begin_array(out, 8)
    if isinstance(value, Typed):
        _encode_typed(out, value)
    else:
        for key, (signature, content) in value.items():
            mark = len(out)
            prefix, encode = _entry(key, signature)
            excess = mark % 8
            if excess:
                out += _PADDING[8 - excess]
            out += prefix
            try:
                encode(out, content)
            except UNFIT:
                del out[mark:]
                _log_unfit(key, signature)
    _end_array(out, place, start)


def entries(types: Mapping[str, str]) -> Entries:
    """Return what encodes the entries of an `a{sv}` whose keys have these types (see `Typed`)."""
    found = Entries((key, _typed_entry(key, signature)) for key, signature in types.items())
    found.types = types
    return found


def _encode_typed(out: bytearray, value: Typed) -> None:
    of_key = value.entries
    for key, content in value.values.items():
        if key in of_key:
            try:
                entry = of_key[key](content)
            except UNFIT:
                _log_unfit(key, type(content).__name__)
                continue
            out += _PADDING[-len(out) & 7]
            out += entry


def _typed_entry(key: str, signature: str) -> Entry:
    prefix, encode = _entry(key, signature)
    if signature == "b":
        no, yes = prefix + b"\0\0\0\0", prefix + b"\1\0\0\0"
        return lambda value: yes if value else no
    if signature == "s":
        return lambda value: b"".join((prefix, _UINT32.pack(len(t := cleaned(value))), t, b"\0"))
    if code := _FIXED.get(signature) or (signature == "d" and "<d"):
        return partial(struct.Struct(f"<{len(prefix)}s{code[1:]}").pack, prefix)

    def entry(value: object) -> bytes:
        out = bytearray(prefix)
        encode(out, value)
        return bytes(out)

    if signature == "as":
        remembered = lru_cache(maxsize=256)(entry)
        return lambda value: (
            remembered(tuple(value))
            if len(value) <= _SHORT and type(value) is list
            else entry(value)
        )
    return entry


def _log_unfit(key: str, signature: str) -> None:
    logger.warning("left out %r: its value does not fit the type %s", key, signature)
