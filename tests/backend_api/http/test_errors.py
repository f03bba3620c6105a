"""Every exception of httpx becomes one error of msd."""

import errno
import inspect
import socket
import ssl

import httpx
import pytest

from msd.backend_api.http.errors import backend_errors, translated
from msd.errors import (
    BackendError,
    BadResponseError,
    InvalidArgumentError,
    MsdError,
    TlsError,
    UnreachableError,
)
from msd.models import StatusReason

REQUEST = httpx.Request("GET", "http://host/")
EXPECTED = {
    httpx.InvalidURL: InvalidArgumentError,
    httpx.UnsupportedProtocol: InvalidArgumentError,
    httpx.DecodingError: BadResponseError,
    httpx.TooManyRedirects: BadResponseError,
    httpx.CookieConflict: BadResponseError,
    httpx.HTTPStatusError: UnreachableError,
    httpx.StreamError: BackendError,
    httpx.TransportError: UnreachableError,
    httpx.HTTPError: BackendError,
}


def every_httpx_exception():
    return sorted(
        (
            value
            for name in httpx.__all__
            if inspect.isclass(value := getattr(httpx, name)) and issubclass(value, Exception)
        ),
        key=lambda kind: kind.__name__,
    )


def made(kind):
    if kind is httpx.HTTPStatusError:
        return kind("text", request=REQUEST, response=httpx.Response(502, request=REQUEST))
    try:
        return kind("text")
    except TypeError:
        return kind()


def caused(error, cause):
    error.__context__ = cause
    return error


@pytest.mark.parametrize("kind", every_httpx_exception(), ids=lambda kind: kind.__name__)
def test_every_exception_class_of_httpx_is_translated(kind):
    """Every exception class of httpx is translated.

    Totality.
    """
    expected = next(EXPECTED[base] for base in kind.__mro__ if base in EXPECTED)

    with pytest.raises(MsdError) as caught, backend_errors():
        raise made(kind)

    assert expected is type(caught.value)


def test_the_list_of_exceptions_is_not_empty():
    """The totality test would pass on nothing."""
    assert len(every_httpx_exception()) > 25


def test_a_deadline_is_unreachable():
    """A deadline is unreachable (S2).

    A slow server is offline with the reason timeout.
    """
    with pytest.raises(UnreachableError) as caught, backend_errors():
        raise TimeoutError

    assert caught.value.reason is StatusReason.TIMEOUT


def test_a_certificate_fault_behind_a_connect_error_is_tls():
    """A certificate fault behind a connect error is tls (S2).

    Httpx reports it as a ConnectError; the TLS error is in its context.
    """
    cause = ssl.SSLCertVerificationError(1, "bad")
    cause.verify_message = "self-signed certificate"

    error = translated(caused(httpx.ConnectError("x"), caused(OSError("y"), cause)))

    assert isinstance(error, TlsError)
    assert "self-signed certificate" in str(error)


def test_a_server_that_leaves_during_the_handshake_is_unreachable():
    """A server that leaves during the handshake is unreachable (S2).

    A restarting server is offline, not in error.
    """
    error = translated(caused(httpx.ConnectError("x"), ssl.SSLEOFError(8, "eof")))

    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (socket.gaierror(-2, "unknown"), StatusReason.DNS),
        (ConnectionRefusedError(), StatusReason.REFUSED),
        (OSError(errno.ENETUNREACH, "no net"), StatusReason.NO_NETWORK),
        (OSError(errno.EHOSTUNREACH, "no host"), StatusReason.TIMEOUT),
        (RuntimeError(), StatusReason.REFUSED),
    ],
)
def test_the_reason_of_a_failed_connection_comes_from_its_cause(cause, reason):
    """The reason of a failed connection comes from its cause (S2).

    Each kind of unreachable has its reason, also when several addresses were tried.
    """
    group = ExceptionGroup("tried", [OSError("other"), cause])

    error = translated(caused(httpx.ConnectError("x"), group))

    assert isinstance(error, UnreachableError)
    assert reason is error.reason


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://ada:s3cret@host/path?api_key=s3cret", "host:443"),
        ("http://host/", "host:80"),
        ("http://[fd00::5]:8096/", "[fd00::5]:8096"),
    ],
)
@pytest.mark.parametrize(
    "cause", [socket.gaierror(-2, "unknown"), ConnectionRefusedError(), ssl.SSLError(1, "bad")]
)
def test_a_failed_connection_names_host_and_port_and_no_secret(url, place, cause):
    """A failed connection names host and port and no secret.

    One sentence that a person can act on; no URL with a token (K1).
    """
    request = httpx.Request("GET", url)

    error = translated(caused(httpx.ConnectError("x", request=request), cause))

    assert place in str(error)
    assert "s3cret" not in str(error)


def test_an_https_address_of_an_http_server_is_told_apart():
    """An https address of an http server is told apart (S2).

    "wrong version number" helps nobody.
    """
    left, right = ssl.MemoryBIO(), ssl.MemoryBIO()
    left.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError) as caught:
        ssl.create_default_context().wrap_bio(left, right, server_hostname="host").do_handshake()

    request = httpx.Request("GET", "https://host:8096/")
    error = translated(caused(httpx.ConnectError("x", request=request), caught.value))

    assert isinstance(error, TlsError)
    assert "host:8096 seems not to speak https; check the port, or try http://" == str(error)


def test_a_chain_of_causes_that_bites_its_tail_ends():
    """A chain of causes that bites its tail ends (K5).

    Bounded.
    """
    first, second = OSError("a"), OSError("b")
    first.__context__, second.__context__ = second, first

    assert isinstance(translated(caused(httpx.ConnectError("x"), first)), UnreachableError)
