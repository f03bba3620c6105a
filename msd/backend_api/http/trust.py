"""What makes the certificate of one server trustworthy: the system, a private CA, or a pin (K3).

Verification is never switched off. A pinned fingerprint takes the place of the name and the issuer:
exactly the certificate with this fingerprint is accepted, e.g. "3f:a1:…" of 32 bytes (SHA-256).
"""

import re
import ssl
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from msd.errors import InvalidArgumentError

CA_CERTIFICATE = "ca_certificate"
"""The key of `Source.config` with the PEM text of a private certificate authority."""
FINGERPRINT = "certificate_fingerprint"
"""The key of `Source.config` with the SHA-256 fingerprint of the one accepted certificate."""

_HEX = re.compile(r"[0-9a-f]{64}").fullmatch
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
