"""The one place below the outer borders that catches what nobody expected."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msd.errors import BackendError, MsdError

log = logging.getLogger(__name__)
Result = TypeVar("Result")


async def contained(call: Callable[[], Awaitable[Result]], what: str) -> Result:
    """Return what `call()` returns; keep an unexpected error from taking others down.

    Raises:
        MsdError: as raised by the call; anything unexpected is logged once with its traceback
            and becomes a `BackendError` with the reason `backend-bug`.
    """
    try:
        return await call()
    except MsdError:
        raise
    except Exception as exc:
        log.exception("%s failed unexpectedly", what)
        raise BackendError(f"{what} failed unexpectedly; the journal has the details") from exc
