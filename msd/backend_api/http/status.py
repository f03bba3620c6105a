"""What the status of an answer says about a server as a whole, whichever kind it is."""

from email.utils import parsedate_to_datetime
from time import time

import httpx

from msd.backend_api.http.client import Answer
from msd.errors import UnreachableError
from msd.models import StatusReason

_LONGEST_RETRY_AFTER_S = 3600.0
_BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT})


def raise_if_unavailable(answer: Answer) -> None:
    """Raise when an answer says that the server can't work at the moment.

    Raises:
        UnreachableError: starting (503), broken (other 5xx) or busy, with the pause it asks for.
    """
    if answer.status == httpx.codes.SERVICE_UNAVAILABLE:
        raise UnreachableError(
            "the server is starting",
            reason=StatusReason.SERVER_STARTING,
            retry_after_s=retry_after_s(answer),
        )
    if httpx.codes.is_server_error(answer.status) or answer.status in _BUSY:
        raise UnreachableError(
            f"the server answered with status {answer.status}",
            reason=StatusReason.SERVER_ERROR,
            retry_after_s=retry_after_s(answer),
        )


def retry_after_s(answer: Answer) -> float | None:
    """The seconds to wait that a server asks for, at most an hour; None when it asks nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= len("0000000000"):
        return min(float(int(text)), _LONGEST_RETRY_AFTER_S)  # Jellyfin pads: "005"
    try:
        seconds = parsedate_to_datetime(text).timestamp() - time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)
