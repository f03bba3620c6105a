"""What an unsuccessful answer stands for (docs/protocols/jellyfin.md, Errors).

The server's own refusals have a known form. An answer in another form came from something in
front of it: a gateway that asks for a sign-in of its own, an IP filter, a captive portal.
"""

import httpx

from msd.backend_api.http.client import Answer
from msd.backend_api.http.status import raise_if_unavailable
from msd.errors import BackendError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import StatusReason

_MARGIN = 64  # bytes before the first tag of a page


def is_own_refusal(answer: Answer) -> bool:
    """Return whether a 401 or 403 has the form of the server's own refusals.

    Those have no body, a sentence in plain text, or a sentence as JSON text, and never name a
    way to sign in (`WWW-Authenticate`).
    """
    if "www-authenticate" in answer.headers:
        return False
    body = answer.body[:_MARGIN].lstrip()
    if not body:
        return True
    is_text = answer.media_type in {"text/plain", "application/json", ""}
    return is_text and not body.startswith(b"<")


def fault(answer: Answer, path: str) -> BackendError:
    """Return the error that an unsuccessful answer to a request of `path` stands for.

    A 401 in the server's own form is not judged here: a second request has to confirm it.
    """
    try:
        raise_if_unavailable(answer)
    except UnreachableError as error:
        return error
    match answer.status:
        case httpx.codes.UNAUTHORIZED | httpx.codes.FORBIDDEN if not is_own_refusal(answer):
            return gateway_fault(answer)
        case httpx.codes.FORBIDDEN:
            return ForbiddenError("the server forbids this to the user")
        case httpx.codes.NOT_FOUND | httpx.codes.METHOD_NOT_ALLOWED:
            return UnreachableError(
                "the address answers, but not as a Jellyfin server",
                reason=StatusReason.NOT_A_MEDIA_SERVER,
            )
    if httpx.codes.is_redirect(answer.status):
        return UnreachableError(
            "the server sends its clients elsewhere", reason=StatusReason.NOT_A_MEDIA_SERVER
        )
    return BadResponseError(f"the server refused {path} with status {answer.status}")


def gateway_fault(answer: Answer) -> UnreachableError:
    """Return the error for a refusal that something in front of the server wrote."""
    return UnreachableError(
        f"something in front of the server refused the request with status {answer.status}:"
        " a gateway or proxy that asks for a sign-in of its own",
        reason=StatusReason.NOT_A_MEDIA_SERVER,
    )


def of_this_request(error: UnreachableError, path: str, answer: Answer | None) -> BackendError:
    """Return the error of one request that failed while the server itself answers well."""
    what = str(error) if answer is None else f"status {answer.status}"
    return BadResponseError(f"the server works, but the request {path} failed: {what}")
