"""The options of AddSource: plain values, and texts that come through a file descriptor."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from msd.dbus.messages.variant import Variant
from msd.dbus.serving.callers import Caller, caller
from msd.errors import InvalidArgumentError, LimitExceededError

if TYPE_CHECKING:
    from msd.bus.ports import OptionValue

MAX_DESCRIPTOR_BYTES = 64 * 1024
DESCRIPTOR_DEADLINE_S = 5.0

_SUFFIX = "-fd"
_WHOLE_NUMBERS = frozenset("ynqiuxt")
_GRACE_S = 1.0
_AT_ONCE = 2  # threads that one caller may keep busy with writers that never write


async def add_options(
    options: Mapping[str, Variant], *, deadline_s: float = DESCRIPTOR_DEADLINE_S
) -> dict[str, OptionValue]:
    """Return the options as plain values; `<name>-fd` is read and given as `<name>`.

    Raises:
        InvalidArgumentError: a value of a type that no option has, or a descriptor that does not
            deliver text in time.
        LimitExceededError: a descriptor delivers more than 64 KiB.
    """
    values: dict[str, OptionValue] = {}
    for key, variant in options.items():
        name = key.removesuffix(_SUFFIX) if variant.signature == "h" else key
        if name in values:
            raise InvalidArgumentError(f"option {name!r} is given twice")
        values[name] = await _option(key, variant, deadline_s)
    return values


async def _option(key: str, variant: Variant, deadline_s: float) -> OptionValue:
    signature, value = variant
    if signature == "h" and isinstance(value, int):
        if not key.endswith(_SUFFIX):
            raise InvalidArgumentError(f"option {key!r}: a descriptor is named {key}{_SUFFIX}")
        return await _text_from(key, value, deadline_s)
    if signature in ("s", "b") or signature in _WHOLE_NUMBERS:
        return value  # type: ignore[return-value]
    raise InvalidArgumentError(f"option {key!r} must be a text, a flag or a whole number")


async def _text_from(key: str, descriptor: int, deadline_s: float) -> str:
    data: bytes | None = None
    try:
        with anyio.fail_after(deadline_s + _GRACE_S):
            async with caller.get(Caller()).turn("descriptors", _AT_ONCE):
                data = await _read_in_thread(descriptor, deadline_s)
    except (OSError, TimeoutError) as error:
        raise InvalidArgumentError(f"{key}: no end of the text in time") from error
    if data is None:
        raise InvalidArgumentError(f"{key}: who called has left the bus")
    if len(data) > MAX_DESCRIPTOR_BYTES:
        raise LimitExceededError(f"{key} must deliver at most 64 KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"{key}: not UTF-8 text") from None
    if "\0" in text:
        raise InvalidArgumentError(f"{key}: a text can't hold NUL")
    return text.removesuffix("\n")


async def _read_in_thread(descriptor: int, deadline_s: float) -> bytes:
    """Read in a thread with a descriptor of its own, which it closes however late it can.

    Whoever takes the descriptor out of the list closes it: the thread, or the caller of one that
    was cancelled before it began.
    """
    owned = [os.dup(descriptor)]

    def read() -> bytes:
        return _read_all(owned.pop(), deadline_s) if owned else b""

    try:
        limiter = anyio.CapacityLimiter(1)  # of its own: a hung writer holds up nobody else
        return await anyio.to_thread.run_sync(read, abandon_on_cancel=True, limiter=limiter)
    finally:
        with suppress(IndexError):
            os.close(owned.pop())


def _read_all(descriptor: int, deadline_s: float) -> bytes:
    """Read to the end, at most one byte beyond the limit, and close."""
    try:
        deadline = time.monotonic() + deadline_s
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        data = b""
        while len(data) <= MAX_DESCRIPTOR_BYTES:
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0 or not poller.poll(left_ms):
                raise TimeoutError
            chunk = os.read(descriptor, MAX_DESCRIPTOR_BYTES + 1 - len(data))
            if not chunk:
                break
            data += chunk
        return data
    finally:
        os.close(descriptor)
