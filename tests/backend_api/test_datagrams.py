"""Questions to the local network, and what comes back."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import anyio
import pytest

from msd.backend_api.datagrams import MOST_REPLIES, replies

pytestmark = pytest.mark.anyio

GROUP = "239.255.42.42"


@asynccontextmanager
async def answering(
    *answers: bytes, group: str = "", heard: list[bytes] | None = None
) -> AsyncIterator[int]:
    """A port where each question gets these answers; one that is b"" is the question itself."""
    async with await anyio.create_udp_socket(family=socket.AF_INET) as udp:
        raw = udp.extra(anyio.abc.SocketAttribute.raw_socket)
        if group:
            loopback = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1"))
            raw.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, loopback)

        async def serve() -> None:
            while True:
                question, (host, port) = await udp.receive()
                if heard is not None:
                    heard.append(question)
                for answer in answers:
                    await udp.sendto(answer or question, host, port)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serve)
            yield raw.getsockname()[1]
            tasks.cancel_scope.cancel()


async def heard(
    *targets: tuple[str, int], wait_s: float = 30.0, enough: Callable[[int], bool] = lambda n: n > 0
) -> list[bytes]:
    """What comes back until there is enough of it."""
    found = []
    asking = replies(b"who?", targets, wait_s=wait_s)
    async for reply in asking:
        ip_address(reply.sender)
        found.append(reply.content)
        if enough(len(found)):
            break
    await asking.aclose()
    return found


async def test_an_answer_comes_with_its_sender():
    """An answer comes with its sender.

    Sender and content are all that is known.
    """
    async with answering(b"") as port:
        [reply] = [found async for found in replies(b"who?", [("127.0.0.1", port)], wait_s=0.5)]

    assert (b"who?", "127.0.0.1") == (reply.content, reply.sender)


async def test_a_group_is_asked_on_every_interface():
    """A group is asked on every interface.

    The loopback one included, for a server on this machine.
    """
    async with answering(b"here", group=GROUP) as port:
        assert [b"here"] == await heard((GROUP, port))


async def test_silence_ends_in_time():
    """A question that nobody answers, to a port that nobody has and to one that is silent."""
    async with answering() as port:
        assert [] == await heard(("127.0.0.1", port), ("127.0.0.1", 9), wait_s=0.05)
    assert [] == await heard(wait_s=30.0)


async def test_a_flood_is_bounded():
    """A flood is bounded (K5).

    In number and in size.
    """
    async with answering(*[b"x" * 9000] * 300) as port:
        found = await heard(("127.0.0.1", port), enough=lambda n: n >= MOST_REPLIES)

    assert len(found) <= MOST_REPLIES
    assert {4096} == set(map(len, found))
