"""The one place below the outer borders that catches unexpected exceptions."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msd.errors import BackendError, MsdError

log = logging.getLogger(__name__)
Result = TypeVar("Result")


async def guarded(call: Callable[[], Awaitable[Result]], what: str) -> Result:
    """Return what `call()` returns, so that an unexpected error of one source stops no other.

    Args:
        call: the work.
        what: what it does, for the log, e.g. "syncing jellyfin_0123456789ab".

    Raises:
        MsdError: as raised by the call. Anything else is logged once with its traceback and
            becomes a `BackendError` with the reason `backend-bug`.
    """
    try:
        return await call()
    except MsdError:
        raise
    except Exception as exc:
        log.exception("%s failed unexpectedly", what)
        raise BackendError(f"{what} failed unexpectedly; the journal has the details") from exc
