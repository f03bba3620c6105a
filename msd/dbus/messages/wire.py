"""Whole messages as bytes: the header in front of marshalled arguments."""

from collections.abc import Sequence

from msgspec import Struct

from msd.dbus.messages.marshal import marshal
from msd.dbus.messages.message import Message, MessageKind
from msd.dbus.messages.names import Address
from msd.dbus.messages.variant import Variant

_LITTLE_ENDIAN = ord("l")
_PROTOCOL_VERSION = 1
_HEADER = "yyyyuua(yv)"
NO_REPLY_EXPECTED = 1

_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL = 1, 2, 3, 4, 5
_DESTINATION, _SIGNATURE, _UNIX_FDS = 6, 8, 9


class Descriptor(Struct, frozen=True):
    """A file descriptor to hand out (h, as an argument of its own); closed once it is sent."""

    number: int


class Outgoing(Struct, frozen=True):
    """One encoded message and the descriptors that travel with it, which it owns."""

    data: bytes | memoryview
    descriptors: tuple[int, ...] = ()


def method_return(serial: int, call: Message, signature: str, values: Sequence[object]) -> Outgoing:
    """Encode the answer to a call."""
    fields = [(_REPLY_SERIAL, Variant("u", call.serial)), (_DESTINATION, Variant("s", call.sender))]
    return _message(MessageKind.RETURN, serial, fields, signature, values)


def error(serial: int, call: Message, name: str, text: str) -> Outgoing:
    """Encode the failure of a call."""
    fields = [
        (_ERROR_NAME, Variant("s", name)),
        (_REPLY_SERIAL, Variant("u", call.serial)),
        (_DESTINATION, Variant("s", call.sender)),
    ]
    return _message(MessageKind.ERROR, serial, fields, "s", [text])


def method_call(
    serial: int,
    address: Address,
    signature: str,
    values: Sequence[object],
    *,
    wants_reply: bool = True,
) -> Outgoing:
    """Encode a call of another process."""
    flags = 0 if wants_reply else NO_REPLY_EXPECTED
    return _message(MessageKind.CALL, serial, _fields(address), signature, values, flags=flags)


def signal(serial: int, address: Address, signature: str, values: Sequence[object]) -> Outgoing:
    """Encode a signal."""
    return _message(MessageKind.SIGNAL, serial, _fields(address), signature, values)


def _fields(address: Address) -> list[tuple[int, Variant]]:
    fields = [
        (_PATH, Variant("o", address.path)),
        (_INTERFACE, Variant("s", address.interface)),
        (_MEMBER, Variant("s", address.member)),
    ]
    if address.destination:
        fields.append((_DESTINATION, Variant("s", address.destination)))
    return fields


def _message(
    kind: MessageKind,
    serial: int,
    fields: list[tuple[int, Variant]],
    signature: str,
    values: Sequence[object],
    *,
    flags: int = NO_REPLY_EXPECTED,
) -> Outgoing:
    descriptors = tuple(value.number for value in values if isinstance(value, Descriptor))
    body = marshal(signature, _with_indexes(values) if descriptors else values)
    if signature:
        fields.append((_SIGNATURE, Variant("g", signature)))
    if descriptors:
        fields.append((_UNIX_FDS, Variant("u", len(descriptors))))
    header = marshal(
        _HEADER,
        [_LITTLE_ENDIAN, kind, flags, _PROTOCOL_VERSION, len(body), serial, fields],
    )
    return Outgoing(header + bytes(-len(header) % 8) + body, descriptors)


def _with_indexes(values: Sequence[object]) -> list[object]:
    """Replace descriptors by their places in the list that travels beside the bytes."""
    indexed: list[object] = []
    place = 0
    for value in values:
        if isinstance(value, Descriptor):
            indexed.append(place)
            place += 1
        else:
            indexed.append(value)
    return indexed
