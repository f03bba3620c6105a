"""A loopback HTTP server whose every byte a test decides; each connection serves many requests."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import anyio
from anyio.abc import ByteStream
from anyio.streams.tls import TLSListener

REASONS = {200: "OK", 204: "No Content", 302: "Found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Handle = Callable[[Seen, ByteStream], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class RawServer:
    """Where the server listens, and what it was asked."""

    base_url: str
    port: int
    seen: list[Seen] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [request.path for request in self.seen]


def reply(status: int, body: bytes = b"", content_type: str = "", **headers: str) -> bytes:
    """A complete answer; header names are written with `_` for `-`."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"Content-Length: {len(body)}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_reply(document: object, status: int = 200, **headers: str) -> bytes:
    body = json.dumps(document).encode()
    return reply(status, body, "application/json; charset=utf-8", **headers)


def answering(answer: bytes | Callable[[Seen], bytes]) -> Handle:
    """Answer every request with the same bytes, or with what a function makes of it."""

    async def handle(seen: Seen, stream: ByteStream) -> None:
        await stream.send(answer if isinstance(answer, bytes) else answer(seen))

    return handle


@asynccontextmanager
async def raw_server(
    handle: Handle, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RawServer]:
    """Serve inside the block; a given port may be one that is reserved for it."""
    tcp = await anyio.create_tcp_listener(local_host=host, local_port=port, reuse_port=port != 0)
    port = tcp.extra_attributes[anyio.abc.SocketAttribute.local_port]()
    listener = TLSListener(tcp, tls, standard_compatible=False) if tls else tcp
    shown = f"[{host}]" if ":" in host else host
    server = RawServer(base_url=f"{'https' if tls else 'http'}://{shown}:{port}", port=port)

    async def serve(stream: ByteStream) -> None:
        async with stream:
            try:
                while (request := await _read(stream)) is not None:
                    server.seen.append(request)
                    await handle(request, stream)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
                return

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        yield server
        group.cancel_scope.cancel()


async def _read(stream: ByteStream) -> Seen | None:
    head = b""
    while b"\r\n\r\n" not in head:
        try:
            head += await stream.receive()
        except anyio.EndOfStream:
            return None
        if head.startswith(b"\x16"):  # a TLS handshake, like any plain server ends it
            return None
    top, _, body = head.partition(b"\r\n\r\n")
    first, *rest = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive()
    method, target, _ = first.split(" ")
    split = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(split.query, True).items()}
    return Seen(method=method, path=split.path, query=query, headers=headers, body=body)
