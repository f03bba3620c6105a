"""What makes the certificate of one server trustworthy: the system, a private CA, or a pin (K3).

Verification is never switched off. A pinned fingerprint takes the place of the name and the issuer:
exactly the certificate with this fingerprint is accepted, e.g. "3f:a1:…" of 32 bytes (SHA-256).
"""

import re
import ssl
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

import anyio
import msgspec
from anyio.streams.tls import TLSAttribute

from msd.errors import InvalidArgumentError, TlsError, UnreachableError
from msd.models import CA_CERTIFICATE, FINGERPRINT, Certificate, UnixSeconds

_HEX = re.compile(r"[0-9a-f]{64}").fullmatch
_HTTPS_PORT = 443
_HANDSHAKE_S = 5.0
_LONGEST_NAME = 200
_LONGEST_PEM = 64 << 10
_CONTEXTS = 8  # a context holds about a megabyte of the system's certificates


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What one source trusts besides the system's certificate authorities."""

    ca_certificate: str = ""  # PEM, one certificate or several
    fingerprint: str = ""  # 64 hexadecimal digits in lower case


SYSTEM = Trust()


def trust_of(config: Mapping[str, str]) -> Trust:
    """Return what a source trusts, as its configuration says.

    Raises:
        InvalidArgumentError: as `fingerprint` and `ssl_context` say.
    """
    return Trust(
        ca_certificate=config.get(CA_CERTIFICATE, ""),
        fingerprint=fingerprint(config.get(FINGERPRINT, "")),
    )


def fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as 64 hexadecimal digits; "" stays "".

    Raises:
        InvalidArgumentError: it is none. Colons, spaces and capitals are accepted.
    """
    plain = re.sub(r"[:\s]", "", text).lower().removeprefix("sha256")
    if plain and _HEX(plain) is None:
        raise InvalidArgumentError("this is not the SHA-256 fingerprint of a certificate")
    return plain


@lru_cache(maxsize=_CONTEXTS)
def ssl_context(trust: Trust) -> ssl.SSLContext:
    """Return the TLS context for a server.

    With a fingerprint the connection itself compares it after the handshake; see `guard`.

    Raises:
        InvalidArgumentError: the text holds no usable certificate of an authority.
    """
    context = ssl.create_default_context()
    if trust.ca_certificate:
        try:
            context.load_verify_locations(cadata=trust.ca_certificate[:_LONGEST_PEM])
        except (ssl.SSLError, ValueError) as error:
            raise InvalidArgumentError(
                "the file holds no usable certificate of a certificate authority (PEM)"
            ) from error
    if trust.fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def presented_certificate(address: str) -> Certificate:
    """Return the certificate that a server shows, without verifying it; no request is sent.

    Args:
        address: a base URL of https, e.g. "https://192.168.1.5:8920".

    Raises:
        InvalidArgumentError: this is no address of https.
        UnreachableError: nothing answers within 5 seconds.
        TlsError: what answers speaks no TLS, or shows no readable certificate.
    """
    host, port = _place(address)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with anyio.fail_after(_HANDSHAKE_S):
            stream = await anyio.connect_tcp(
                host, port, ssl_context=context, tls_hostname=host, tls_standard_compatible=False
            )
            async with stream:
                shown = stream.extra(TLSAttribute.peer_certificate_binary)  # noqa: S610 - no SQL
    except TimeoutError as error:
        raise UnreachableError(f"{host}:{port} took too long to answer") from error
    except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        raise TlsError(f"{host}:{port} seems not to speak https") from error
    except OSError as error:
        raise UnreachableError(f"{host}:{port} can't be reached") from error
    if not shown:
        raise TlsError(f"{host}:{port} shows no certificate")
    return _described(shown)


def _place(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port or _HTTPS_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "https":
        raise InvalidArgumentError("this is not an address that begins with https://")
    return host, port


def _described(shown: bytes) -> Certificate:
    from cryptography import x509  # noqa: PLC0415 - slow, and rarely needed

    try:
        certificate = x509.load_der_x509_certificate(shown)
        return Certificate(
            fingerprint=sha256(shown).hexdigest(),
            subject=_plain(certificate.subject.rfc4514_string()),
            issuer=_plain(certificate.issuer.rfc4514_string()),
            expires_at=UnixSeconds(int(certificate.not_valid_after_utc.timestamp())),
        )
    except ValueError as error:
        raise TlsError("the server's certificate can't be read") from error


def _plain(name: str) -> str:
    return "".join(filter(str.isprintable, name))[:_LONGEST_NAME]
