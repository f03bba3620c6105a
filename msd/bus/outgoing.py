"""What leaves msd on the bus: exceptions as D-Bus errors, and nothing with a secret in it."""

import logging
from typing import Any

from msd.contract import ERROR_PREFIX
from msd.dbus.errors import MAX_ERROR_CHARS, CallError, LimitError, StoppingError
from msd.errors import INTERNAL_CODE, INTERNAL_TEXT, LimitExceededError, MsdError
from msd.redaction import Outlet, Redactor

logger = logging.getLogger(__name__)


def error_reply(error: Exception, member: str) -> tuple[str, str]:
    """Return the D-Bus error name and text of an exception.

    An unexpected exception is logged here, once, with its traceback; the caller learns nothing.
    """
    text = str(error)[:MAX_ERROR_CHARS]
    match error:
        case MsdError():
            return ERROR_PREFIX + error.code, text
        case LimitError():
            return ERROR_PREFIX + LimitExceededError.code, text
        case StoppingError():
            return ERROR_PREFIX + MsdError.code, text
        case CallError():
            return error.name, text
    logger.error("%s failed unexpectedly", member, exc_info=error)
    return ERROR_PREFIX + INTERNAL_CODE, INTERNAL_TEXT


class SecretsFilter:
    """Takes the secrets that a redactor knows out of what leaves on the bus."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def concerns(self, data: bytes) -> bool:
        """Whether a secret is part of an encoded message."""
        return self._redactor.is_in(data, Outlet.BUS)

    def values(self, values: list[Any]) -> list[Any]:
        """Return the arguments of a message without secrets."""
        return self._redactor.value(values, Outlet.BUS)

    def text(self, text: str) -> str:
        """Return the text of an error without secrets."""
        return self._redactor.text(text, Outlet.BUS)
