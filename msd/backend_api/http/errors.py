"""Translate everything httpx raises into msd's own errors, in one place."""

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from msd.errors import (
    BackendError,
    BadResponseError,
    InvalidArgumentError,
    MsdError,
    TlsError,
    UnreachableError,
)
from msd.models import StatusReason
from msd.redaction import redact

# Verification results of OpenSSL: not yet valid, expired.
_EXPIRED = frozenset({9, 10})
# No issuer, self-signed, self-signed in the chain, first one can't be verified.
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})
_LONGEST_CHAIN = 32
_FIRST_SERVER_FAULT = 500
_TOO_MANY_REQUESTS = 429
_DEFAULT_PORTS = {"http": 80, "https": 443}
# What OpenSSL calls an answer in clear: the second since its version 3.2.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})


@contextmanager
def backend_errors() -> Iterator[None]:
    """Raise only `MsdError`s from the block, whatever httpx or a deadline raises in it.

    Raises:
        InvalidArgumentError: the address can't be one.
        TlsError: the certificate or the handshake failed.
        UnreachableError: no connection, or it broke; the reason says how.
        BadResponseError: the answer breaks HTTP in a way that waiting won't heal.
        BackendError: httpx was used wrongly (reason `backend-bug`).
    """
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError) as error:
        raise translated(error) from error
    except TimeoutError as error:
        raise UnreachableError("the server took too long to answer") from error


@contextmanager
def naming(request: str, status: int | None = None) -> Iterator[None]:
    """Name the request in the `BackendError`s of the block that do not name one yet.

    Args:
        request: method and path, e.g. "GET /library/sections/1/all"; no query.
        status: of the answer, None when there was none.
    """
    try:
        yield
    except BackendError as error:
        if not error.request:
            error.request, error.status = redact(request), status
        raise


def translated(error: Exception) -> MsdError:
    """The error of msd that stands for an exception of httpx."""
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return InvalidArgumentError("this is not an address of a web server")
        case httpx.DecodingError() | httpx.TooManyRedirects() | httpx.CookieConflict():
            return BadResponseError("the server's answer can't be read")
        case httpx.HTTPStatusError():
            return _bad_status(error.response.status_code)
        case httpx.TransportError():
            return _broken_transport(error)
        case _:
            return BackendError("the HTTP client was used wrongly")


def _broken_transport(error: httpx.TransportError) -> MsdError:
    match error:
        case httpx.TimeoutException():
            return UnreachableError("the server took too long to answer")
        case httpx.ConnectError() | httpx.ProxyError():
            return _no_connection(error)
        case _:
            return UnreachableError(
                "the connection to the server broke", reason=StatusReason.SERVER_ERROR
            )


def _no_connection(error: httpx.TransportError) -> MsdError:
    """Why no connection came about; httpx hides the cause in the chain of contexts."""
    causes = tuple(_chain(error))
    place = _place(error)
    for cause in causes:
        # An end of file in the handshake is a server that went away, not a bad certificate.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return TlsError(_tls_text(cause, place))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return UnreachableError(
                f"the name in {place} is not known; check its spelling and the network",
                reason=StatusReason.DNS,
            )
        if isinstance(cause, ConnectionRefusedError):
            return UnreachableError(
                f"{place} refused the connection; check the port and that the server runs",
                reason=StatusReason.REFUSED,
            )
        if isinstance(cause, OSError) and cause.errno == errno.ENETUNREACH:
            return UnreachableError(f"no network leads to {place}", reason=StatusReason.NO_NETWORK)
        if isinstance(cause, OSError) and cause.errno == errno.EHOSTUNREACH:
            return UnreachableError(
                f"{place} does not answer; check that the server runs", reason=StatusReason.TIMEOUT
            )
    return UnreachableError(f"{place} can't be reached", reason=StatusReason.REFUSED)


def _place(error: httpx.TransportError) -> str:
    """Host and port that were asked: never more of an address, which might hold a secret."""
    try:
        url = error.request.url
    except RuntimeError:  # httpx was not told
        return "the server"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port or _DEFAULT_PORTS.get(url.scheme, '')}"


def _tls_text(error: ssl.SSLError, place: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the secure connection to {place} failed: {_certificate_text(error)}"
    reason = getattr(error, "reason", None) or "handshake"
    if reason in _NOT_TLS:
        return f"{place} seems not to speak https; check the port, or try http://"
    return f"the secure connection to {place} failed: {reason.replace('_', ' ').lower()}"


def _certificate_text(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, and what to do about it."""
    cause = str(error.verify_message).lower().rstrip(".")
    code = getattr(error, "verify_code", 0)
    if code in _EXPIRED:
        return f"{cause}; renew it on the server, and check the clocks of both machines"
    if code in _UNKNOWN_ISSUER:
        return (
            f"{cause}; add its certificate authority to the system, or trust the certificate for"
            " this source alone (msdctl trust)"
        )
    return f"{cause}; use the name for which the certificate was made, or msdctl trust"


def _bad_status(status: int) -> MsdError:
    if status >= _FIRST_SERVER_FAULT or status == _TOO_MANY_REQUESTS:
        return UnreachableError(
            f"the server answered with status {status}", reason=StatusReason.SERVER_ERROR
        )
    return BadResponseError(f"the server answered with status {status}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Every exception behind one, groups opened (several addresses were tried), bounded."""
    waiting: list[BaseException] = [error]
    for _ in range(_LONGEST_CHAIN):
        if not waiting:
            return
        current = waiting.pop()
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(
            behind for behind in (current.__cause__, current.__context__) if behind is not None
        )
