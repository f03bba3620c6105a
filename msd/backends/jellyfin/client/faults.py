"""How an answer of Jellyfin is told from one of something in front of it, and its scope.

See docs/protocols/jellyfin.md, Errors.
"""

import httpx

from msd.backend_api.http.client import Answer
from msd.backend_api.http.status import ServerForm, raise_unless_refused
from msd.errors import BackendError, BadResponseError, ForbiddenError, UnreachableError
from msd.models import StatusReason

_ABSENT = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED})
_MARGIN = 64  # bytes before the first tag of a page


def is_own_refusal(answer: Answer) -> bool:
    """Return whether a 401 or 403 has the form of the server's own refusals.

    Those have no body, a sentence in plain text, or a sentence as JSON text, and never name a
    way to sign in (`WWW-Authenticate`).
    """
    if "www-authenticate" in answer.headers or "cf-mitigated" in answer.headers:
        return False
    body = answer.body[:_MARGIN].lstrip()
    if not body:
        return True
    is_text = answer.media_type in {"text/plain", "application/json", ""}
    return is_text and not body.startswith(b"<")


# What a request that msd can do without may fail with; a refused sign-in is not among it.
OPTIONAL = (BadResponseError, ForbiddenError, UnreachableError)
FORM = ServerForm(name="a Jellyfin server", is_own_refusal=is_own_refusal)


def fault_of(answer: Answer, path: str) -> BackendError | None:
    """Return the error that an unsuccessful answer to a request of `path` stands for.

    None for a success, and for a 401 of the server's own, which a second request has to confirm.
    Whether the server as a whole is at fault is found out by asking for its identity.
    """
    try:
        raise_unless_refused(answer, FORM)
    except UnreachableError as error:
        if answer.status not in _ABSENT:
            return of_request(error, answer, path)
        absent = UnreachableError(
            f"the address has no answer to {path}, as a Jellyfin server has",
            reason=StatusReason.NOT_A_MEDIA_SERVER,
        )
        return of_request(absent, answer, path)
    except BackendError as error:
        return of_request(error, answer, path)
    return None


def of_request(error: BackendError, answer: Answer, path: str) -> BackendError:
    """Note in an error which request was answered with which status; return the error."""
    error.request, error.status = f"GET {path}", answer.status
    return error
