"""The options of AddSource: plain values, and texts that come through a file descriptor."""

import os
import select
import time
from collections.abc import Mapping

import anyio
import anyio.to_thread

from msd.bus.ports import OptionValue
from msd.dbus.variant import Variant
from msd.errors import InvalidArgumentError, LimitExceededError

MAX_DESCRIPTOR_BYTES = 64 * 1024
DESCRIPTOR_DEADLINE_S = 5.0

_SUFFIX = "-fd"
_WHOLE_NUMBERS = frozenset("ynqiuxt")
_GRACE_S = 1.0


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
    # The thread has a descriptor of its own and closes it, however late a hung file lets it.
    own = os.dup(descriptor)
    try:
        with anyio.fail_after(deadline_s + _GRACE_S):
            data = await anyio.to_thread.run_sync(
                _read_all, own, deadline_s, abandon_on_cancel=True
            )
    except (OSError, TimeoutError) as error:
        raise InvalidArgumentError(f"{key}: no end of the text in time") from error
    if len(data) > MAX_DESCRIPTOR_BYTES:
        raise LimitExceededError(f"{key} must deliver at most 64 KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"{key}: not UTF-8 text") from None
    if "\0" in text:
        raise InvalidArgumentError(f"{key}: a text can't hold NUL")
    return text.removesuffix("\n")


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
