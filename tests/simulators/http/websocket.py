"""The server's side of WebSocket (RFC 6455): the handshake and whole frames."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from typing import Final

from .message import Request

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def handshake(request: Request, *headers: str) -> bytes:
    """Return the reply that turns a connection into a WebSocket."""
    key = (request.header("sec-websocket-key") or "").encode()
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")
    return "\r\n".join([*lines, *headers, f"Sec-WebSocket-Accept: {accept}", "", ""]).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one whole frame as a server sends it."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the opcode and the payload of the next frame of a client."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    mask = await reader.readexactly(4) if second & 0x80 else b"\0\0\0\0"
    payload = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
