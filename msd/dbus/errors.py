"""What goes wrong on a bus, and how an exception looks to a D-Bus caller."""

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

FREEDESKTOP_ERROR = "org.freedesktop.DBus.Error."
MAX_ERROR_CHARS = 2000

ErrorReply = Callable[[Exception, str], tuple[str, str]]
"""Exception and member that raised it -> D-Bus error name and text."""


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


class LimitError(CallError):
    """More than a caller may ask for, or than a message can hold."""

    def __init__(self, text: str) -> None:
        super().__init__("LimitsExceeded", text)


class StoppingError(CallError):
    """The server is stopping and answers no more calls."""

    def __init__(self) -> None:
        super().__init__("Failed", "msd is stopping")


def error_reply(error: Exception, member: str) -> tuple[str, str]:
    """Return the D-Bus error name and text of an exception.

    An unexpected exception is logged here, once, with its traceback; the caller learns nothing.
    """
    if isinstance(error, CallError):
        return error.name, str(error)[:MAX_ERROR_CHARS]
    logger.error("%s failed unexpectedly", member, exc_info=error)
    return f"{FREEDESKTOP_ERROR}Failed", "internal error"
