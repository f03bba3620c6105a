"""Discovery by UDP: send a question to the local network and collect the replies."""

import os
import socket
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from ipaddress import ip_address

import anyio
import msgspec
from anyio.abc import SocketAttribute, UDPSocket

MOST_REPLIES = 256
_LONGEST_REPLY = 4096
_HOPS = 2
_NOWHERE = socket.inet_aton("0.0.0.0")  # noqa: S104 - a placeholder of the kernel's interface

Target = tuple[str, int]  # an IPv4 address and a port


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One received datagram. Its sender is not verified."""

    content: bytes
    sender: str  # IPv4 address


async def replies(
    question: bytes, targets: Sequence[Target], *, wait_s: float
) -> AsyncGenerator[Reply, None]:
    """Send a question to each target, and yield what comes back within some seconds.

    A multicast group is asked on every network interface. Without a network nothing comes back.
    """
    if not targets:
        return
    async with await anyio.create_udp_socket(family=socket.AF_INET) as udp:
        await _ask(udp, question, targets)
        end = anyio.current_time() + wait_s
        for _ in range(MOST_REPLIES):
            reply = await _next(udp, end - anyio.current_time())
            if reply is None:
                return
            yield reply


def chosen_targets(variable: str, otherwise: Target) -> tuple[Target, ...]:
    """Return the targets that an environment variable names (`address:port`), else the default.

    An empty value means nobody.
    """
    given = os.environ.get(variable)
    if given is None:
        return (otherwise,)
    host, _, port = given.rpartition(":")
    return ((host, int(port)),) if host and port.isdecimal() else ()


async def _next(udp: UDPSocket, wait_s: float) -> Reply | None:
    with anyio.move_on_after(max(wait_s, 0.0)):
        content, (sender, _) = await udp.receive()
        return Reply(content=content[:_LONGEST_REPLY], sender=str(sender))
    return None


async def _ask(udp: UDPSocket, question: bytes, targets: Sequence[Target]) -> None:
    raw = udp.extra(SocketAttribute.raw_socket)  # noqa: S610 - no SQL
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)
    for host, port in targets:
        if not ip_address(host).is_multicast:
            with suppress(OSError):  # there is no network
                await udp.sendto(question, host, port)
            continue
        for index, _ in socket.if_nameindex():
            interface = struct.pack("@4s4si", _NOWHERE, _NOWHERE, index)
            try:
                raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
            except OSError:
                continue  # it has no IPv4 address
            await udp.sendto(question, host, port)
