"""What goes wrong on the bus, and how any exception looks to a D-Bus caller."""

import logging

from msd.bus.limits import MAX_ERROR_CHARS
from msd.bus.names import ERROR_PREFIX, FREEDESKTOP_ERROR
from msd.errors import INTERNAL_CODE, INTERNAL_TEXT, MsdError

logger = logging.getLogger(__name__)


class BusError(Exception):
    """The bus connection can't be made or kept."""


class BusUnavailableError(BusError):
    """There is no session bus to connect to."""


class BusLostError(BusError):
    """The bus went away, or took our name away: the process must end (O5)."""


class NameTakenError(BusError):
    """Another process owns the bus name: a second instance must end."""

    def __init__(self, name: str, owner: str, pid: int | None) -> None:
        super().__init__(
            f"the bus name {name} is owned by {owner}" + (f", process {pid}" if pid else "")
        )
        self.owner = owner
        self.pid = pid


class RemoteError(BusError):
    """Another process answered a call of ours with an error."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class CallError(Exception):
    """A call that D-Bus itself calls wrong; `name` is what follows the freedesktop prefix."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = FREEDESKTOP_ERROR + name


def error_reply(error: Exception, member: str) -> tuple[str, str]:
    """Return the D-Bus error name and text of an exception.

    What was not foreseen is logged here, once, with its traceback; its caller learns nothing.
    """
    if isinstance(error, MsdError):
        return ERROR_PREFIX + error.code, str(error)[:MAX_ERROR_CHARS]
    if isinstance(error, CallError):
        return error.name, str(error)[:MAX_ERROR_CHARS]
    logger.error("%s failed unexpectedly", member, exc_info=error)
    return ERROR_PREFIX + INTERNAL_CODE, INTERNAL_TEXT
