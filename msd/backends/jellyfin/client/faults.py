"""How an answer of Jellyfin is told from one of something in front of it, and its scope.

See docs/protocols/jellyfin.md, Errors.
"""

from msd.backend_api.http.client import Answer
from msd.backend_api.http.status import ServerForm, raise_unless_refused
from msd.errors import BackendError, BadResponseError, UnreachableError

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


FORM = ServerForm(name="a Jellyfin server", is_own_refusal=is_own_refusal)


def fault_of(answer: Answer, path: str) -> BackendError | None:
    """Return the error that an unsuccessful answer to a request of `path` stands for.

    None for a success, and for a 401 of the server's own, which a second request has to confirm.
    """
    try:
        raise_unless_refused(answer, FORM)
    except BadResponseError as error:
        return BadResponseError(f"{error} ({path})")
    except BackendError as error:
        return error
    return None


def of_this_request(error: UnreachableError, path: str, answer: Answer | None) -> BackendError:
    """Return the error of one request that failed while the server itself answers well."""
    what = str(error) if answer is None else f"status {answer.status}"
    return BadResponseError(f"the server works, but the request {path} failed: {what}")
