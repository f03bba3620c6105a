"""Connections that send clear text to private addresses only and are always closed.

The check stands where bytes leave, so that no change of name, network or server gets round it (K3).
"""

import ssl
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import anyio
import httpcore

from msd.backend_api.host import is_private_address, is_private_host
from msd.errors import TlsError

_CLOSE_S = 5.0


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens guarded connections.

    Args:
        allow_public_http: the user asked for plain http to the internet.
        fingerprint: SHA-256 of the one certificate that is accepted, "" for ordinary verification.
        inner: opens the connections themselves.
    """

    def __init__(
        self,
        *,
        allow_public_http: bool,
        fingerprint: str = "",
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow_public_http = allow_public_http
        self._fingerprint = fingerprint
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect, and note whether clear text may be sent there."""
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        may_speak_clear = self._allow_public_http or _is_private(stream, host)
        return _GuardedStream(stream, self._fingerprint, may_speak_clear=may_speak_clear)

    async def sleep(self, seconds: float) -> None:
        """Pause before another attempt to connect."""
        await self._inner.sleep(seconds)


class _GuardedStream(httpcore.AsyncNetworkStream):
    """A connection before TLS; what `start_tls` returns is not guarded any more."""

    def __init__(
        self, inner: httpcore.AsyncNetworkStream, fingerprint: str, *, may_speak_clear: bool
    ) -> None:
        self._inner = inner
        self._fingerprint = fingerprint
        self._may_speak_clear = may_speak_clear

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> None:
        if not self._may_speak_clear:
            raise TlsError(
                "plain http to a public address must be allowed explicitly (allow_insecure);"
                " better use https"
            )
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = await self._inner.start_tls(ssl_context, server_hostname, timeout)
            if self._fingerprint:
                _raise_unless_pinned(secured, self._fingerprint)
        except BaseException:
            # httpcore forgets the socket when it is cancelled in a handshake.
            with anyio.move_on_after(_CLOSE_S, shield=True):
                await self._inner.aclose()
            raise
        return secured

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        return self._inner.get_extra_info(info)


def _raise_unless_pinned(stream: httpcore.AsyncNetworkStream, fingerprint: str) -> None:
    """Compare the certificate with the pin before a byte of a request is sent."""
    secured = stream.get_extra_info("ssl_object")
    certificate = secured.getpeercert(binary_form=True) if secured is not None else None
    seen = sha256(certificate).hexdigest() if certificate else ""
    if not compare_digest(seen, fingerprint):
        raise TlsError(
            f"the server shows another certificate than the one that was trusted ({seen[:16]}…);"
            " if it was renewed, trust the new one (msdctl trust)"
        )


def _is_private(stream: httpcore.AsyncNetworkStream, host: str) -> bool:
    """By the address that was reached; by the spelling of the host when that is not known."""
    address = stream.get_extra_info("server_addr")
    return is_private_address(str(address[0])) if address else is_private_host(host)
