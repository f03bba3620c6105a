"""What the status of an answer says about a server as a whole, whichever kind it is.

Only the server's own refusal of a sign-in counts as one. A gateway, a proxy or the portal of a
network that answers in its place makes the source offline (docs/behaviour.md, S4).
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from time import time

import httpx
import msgspec

from msd.backend_api.http.client import Answer
from msd.backend_api.http.errors import naming
from msd.errors import BadResponseError, ForbiddenError, UnreachableError
from msd.models import StatusReason

_LONGEST_RETRY_AFTER_S = 3600.0
_BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT})
_REFUSALS = frozenset(
    {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.PROXY_AUTHENTICATION_REQUIRED}
)
_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED})
_BLOCKED = "cf-mitigated"  # a header that Cloudflare adds to its own pages, e.g. "challenge"


class ServerForm(msgspec.Struct, frozen=True, kw_only=True):
    """How answers of one kind of media server differ from those of a gateway in front of it."""

    name: str  # with its article, e.g. "a Plex Media Server"
    is_own_refusal: Callable[[Answer], bool]  # whether a 401 or 403 has the server's own form


def raise_unless_refused(answer: Answer, form: ServerForm) -> None:
    """Raise the error that an unsuccessful answer stands for.

    The server's own 401 raises nothing: the caller confirms by a second request that the server
    does not accept the sign-in.

    Raises:
        ForbiddenError: the server accepts the sign-in and refuses this.
        UnreachableError: the server can't work now, or something else answered in its place.
        BadResponseError: the server refuses the request itself.
    """
    if answer.is_success:
        return
    with naming(answer.request, answer.status):
        _raise_unless_refused(answer, form)


def _raise_unless_refused(answer: Answer, form: ServerForm) -> None:
    raise_if_unavailable(answer)
    if answer.status in _REFUSALS and not form.is_own_refusal(answer):
        raise not_a_media_server(
            f"a gateway in front of the server refuses msd (status {answer.status}); let msd's"
            " requests through, or use the server's own address"
        )
    match answer.status:
        case httpx.codes.UNAUTHORIZED:
            return
        case httpx.codes.FORBIDDEN:
            raise ForbiddenError("the server forbids this to the user")
    if answer.status in _ABSENT:
        raise not_a_media_server(f"the address answers, but not as {form.name}")
    if httpx.codes.is_redirect(answer.status):
        raise not_a_media_server(
            "the address sends its visitors elsewhere, as login pages of networks and gateways do"
        )
    raise BadResponseError(f"the server refused a request with status {answer.status}")


def raise_if_unavailable(answer: Answer) -> None:
    """Raise when an answer says that the server can't work at the moment.

    Raises:
        UnreachableError: starting (503), broken (other 5xx) or busy, with the pause it asks for;
            or a portal or a protection service answered in the server's place.
    """
    with naming(answer.request, answer.status):
        _raise_if_unavailable(answer)


def _raise_if_unavailable(answer: Answer) -> None:
    if _BLOCKED in answer.headers and not answer.is_success:
        raise not_a_media_server(
            "a protection service in front of the server blocks msd; allow msd's requests there,"
            " or use an address that does not pass through it"
        )
    if answer.status == httpx.codes.NETWORK_AUTHENTICATION_REQUIRED:
        raise not_a_media_server("this network asks for a sign-in of its own in a browser")
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


def not_a_media_server(message: str) -> UnreachableError:
    """Return the error for something else that answers in the place of a media server."""
    return UnreachableError(message, reason=StatusReason.NOT_A_MEDIA_SERVER)


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
