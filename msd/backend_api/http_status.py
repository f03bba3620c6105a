"""What the status of an answer says about a server as a whole, whichever kind it is."""

import httpx

from msd.backend_api.http import Answer, retry_after_s
from msd.errors import UnreachableError
from msd.models import StatusReason

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
