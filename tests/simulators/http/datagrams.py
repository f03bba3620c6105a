"""Answers to searches on the local network: one UDP port of loopback, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from .server import HOST


class Responder:
    """Answers datagrams. Use it as a context manager.

    Args:
        answers: what is sent back for a question; nothing for one that is not understood.
    """

    def __init__(self, answers: Callable[[bytes], Sequence[bytes]]) -> None:
        self.silent = False
        self.verbatim: list[bytes] = []  # sent besides, whatever it is
        self.searches: list[bytes] = []
        self._answers = answers
        self._ending = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._thread = threading.Thread(target=self._serve, name="responder", daemon=True)

    @property
    def port(self) -> int:
        """Where to send a search."""
        port: int = self._socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (HOST, self.port))  # wakes the thread, which then ends
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            datagram, sender = self._socket.recvfrom(4096)
            if self._ending.is_set():
                return
            self.searches.append(datagram)
            found = () if self.silent else self._answers(datagram)
            for answer in (*found, *self.verbatim) if found else ():
                self._socket.sendto(answer, sender)
