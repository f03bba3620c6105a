"""How the exceptions of msd look to a D-Bus caller."""

import logging

from msd.contract import ERROR_PREFIX
from msd.dbus.errors import MAX_ERROR_CHARS, CallError, LimitError, StoppingError
from msd.errors import INTERNAL_CODE, INTERNAL_TEXT, LimitExceededError, MsdError

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
