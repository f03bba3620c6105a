"""Decode JSON from servers: typed, bounded in depth; broken text is repaired."""

import re
from typing import TypeVar

import msgspec

from msd.backend_api.http.client import Answer
from msd.backend_api.http.errors import naming
from msd.errors import BadResponseError, UnreachableError
from msd.models import StatusReason

# Every escape in turn, so that an escaped backslash is not taken for the start of one.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_LONGEST_MARGIN = 64  # before the first tag of a page that calls itself JSON
# Broken in a text, and worth no more than a space between members.
CONTROL = bytes(max(byte, 32) for byte in range(256))

T = TypeVar("T")


def decode(answer: Answer, shape: type[T], *, strict: bool = True) -> T:
    """Return the JSON of a successful answer as a `shape`.

    Args:
        answer: what the server sent.
        shape: what it is to be.
        strict: whether numbers in quotes and the like are of another shape.

    Raises:
        UnreachableError: something else than the server answered (a portal, a proxy's page), or
            the text ends too early.
        BadResponseError: it is JSON of another shape, or no JSON, or nested too deep.
    """
    with naming(answer.request, answer.status):
        return _decode(answer, shape, strict=strict)


def _decode(answer: Answer, shape: type[T], *, strict: bool) -> T:
    if not _is_json(answer):
        raise UnreachableError(
            "something else than the media server answered",
            reason=StatusReason.NOT_A_MEDIA_SERVER,
        )
    try:
        return decoded(answer.body, shape, strict=strict)
    except msgspec.ValidationError as error:
        raise BadResponseError("the server's answer has an unexpected shape") from error
    except RecursionError as error:
        raise BadResponseError("the server's answer is nested too deep") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if "truncated" in str(error):
            raise UnreachableError(
                "the server's answer ends too early", reason=StatusReason.SERVER_ERROR
            ) from error
        raise BadResponseError("the server's answer is not valid JSON") from error


def _is_json(answer: Answer) -> bool:
    is_said = answer.media_type == "application/json" or answer.media_type.endswith("+json")
    return is_said and not answer.body[:_LONGEST_MARGIN].lstrip().startswith(b"<")


def decoded(body: bytes, shape: type[T], *, strict: bool = True) -> T:
    """Return JSON as a `shape`, mended where only its text is broken.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: it can't be.
    """
    try:
        return msgspec.json.decode(body, type=shape, strict=strict)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        whole = mended(body)
        if whole == body:
            raise
    return msgspec.json.decode(whole, type=shape, strict=strict)


def mended(text: bytes) -> bytes:
    r"""Return JSON whose texts hold no broken UTF-8, control character or half surrogate pair.

    Servers pass them on from file names; one of them must not cost a whole page. What is broken
    becomes U+FFFD, a control character a space.
    """
    plain = text.translate(CONTROL).decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda match: rb"\ufffd" if match[1] else match[0], plain)
