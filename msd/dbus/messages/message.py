"""A received message: its header as values, its arguments as bytes until somebody wants them."""

import os
from enum import IntEnum
from typing import Any, cast

from msd.dbus.errors import LimitError
from msd.dbus.messages.unmarshal import Bytes, unmarshal
from msd.dbus.messages.variant import Variant

FIXED_BYTES = 16  # up to the length of the header fields, which it includes
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL = 1, 2, 3, 4, 5
_SENDER, _SIGNATURE = 7, 8
_BIG_ENDIAN = ord("B")


class MessageKind(IntEnum):
    """The type byte of a message."""

    CALL = 1
    RETURN = 2
    ERROR = 3
    SIGNAL = 4


class Message:
    """A message that came from the bus.

    Args:
        data: the message as it came, without its body when that was too long to be kept.
        descriptors: those that came with it; `close` closes them.
        is_whole: False when the body was too long to be kept.
    """

    def __init__(
        self, data: bytes | bytearray, descriptors: list[int], *, is_whole: bool = True
    ) -> None:
        self.descriptors = descriptors
        self._is_whole = is_whole
        self._big_endian = data[0] == _BIG_ENDIAN
        self.kind = int(data[1])
        self.flags = int(data[2])
        header = Bytes(data, big_endian=self._big_endian)
        header.at = 8
        serial, fields = unmarshal("ua(yv)", header)
        self.serial = cast("int", serial)
        values = {
            code: variant.value for code, variant in cast("list[tuple[int, Variant]]", fields)
        }
        self.path = str(values.get(_PATH, ""))
        self.interface = cast("str | None", values.get(_INTERFACE))
        self.member = str(values.get(_MEMBER, ""))
        self.error_name = str(values.get(_ERROR_NAME, ""))
        self.reply_serial = cast("int", values.get(_REPLY_SERIAL, 0))
        self.sender = str(values.get(_SENDER, ""))
        self.signature = str(values.get(_SIGNATURE, ""))
        header.align(8)
        self._body = memoryview(data)[header.at :]
        self._decoded: list[object] | None = None

    @property
    def body(self) -> list[Any]:
        """The arguments of a signal or an answer."""
        if self._decoded is None:
            self._decoded = self._arguments(bounded=False)
        return self._decoded

    def arguments(self) -> list[object]:
        """Return the arguments of a call; variants are `Variant`s, descriptors their numbers.

        Raises:
            LimitError: a text, a list or the whole is too long.
            CallError: a descriptor is missing.
        """
        if not self._is_whole:
            raise LimitError("a call of this size is not taken")
        return self._arguments(bounded=True)

    def _arguments(self, *, bounded: bool) -> list[object]:
        data = Bytes(
            self._body,
            big_endian=self._big_endian,
            bounded=bounded,
            descriptors=self.descriptors,
        )
        return unmarshal(self.signature, data) if self._body else []

    def close(self) -> None:
        """Close the descriptors that came with the message."""
        while self.descriptors:
            os.close(self.descriptors.pop())


def lengths(fixed: bytes | bytearray) -> tuple[int, int]:
    """Return how many bytes follow the fixed ones up to the body, and how many the body has."""
    data = Bytes(fixed, big_endian=fixed[0] == _BIG_ENDIAN)
    data.at = 4
    body = data.length()
    data.at = 12
    fields = data.length()
    return fields + -fields % 8, body
