"""Servers on loopback: closing, while clients come."""

from __future__ import annotations

import gc
import socket
import warnings

import pytest

from tests.simulators.http.connection import Service
from tests.simulators.http.dual import DualListener
from tests.simulators.http.message import Reply, Request, Response
from tests.simulators.http.server import Listener, LoopbackServer
from tests.simulators.http.tls import LOOPBACK_NAMES, TestAuthority

ROUNDS = 60


class Nothing:
    """Answers everything with nothing."""

    def answer(self, request: Request) -> Reply:
        """Answer."""
        return Reply(Response())

    def is_list(self, request: Request) -> bool:
        """There are no lists."""
        return False

    def standing_headers(self, took_s: float) -> list[tuple[str, str]]:
        """There are no headers."""
        return []


class Reopening(LoopbackServer):
    """A server that a test closes and opens."""

    def __init__(self, listener: Listener) -> None:
        super().__init__("reopening")
        self.listeners.append(listener)

    def reopen(self) -> None:
        """Close and listen again."""
        self._wait(self._close_all())
        self._wait(self._open_all())


@pytest.mark.parametrize("kind", [Listener, DualListener])
def test_who_comes_while_a_server_closes_leaves_no_socket_open(kind: type[Listener]) -> None:
    """Whether the client has said nothing yet or is in the middle of a handshake."""
    authority = TestAuthority()
    tls = authority.issue(*LOOPBACK_NAMES) if kind is DualListener else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Reopening(kind(Service(Nothing()), tls=tls)) as server:
            address = (server.listeners[0].host, server.listeners[0].port)
            for each in range(ROUNDS):
                with socket.create_connection(address, timeout=20) as client:
                    if each % 2:
                        client.sendall(b"\x16\x03\x01")
                    server.reopen()
        gc.collect()
    authority.remove()

    assert [str(each.message) for each in caught] == []
