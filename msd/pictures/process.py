"""Runs the picture checker, one picture at a time; a picture that ends it costs only itself."""

import logging
import sys
from collections.abc import Sequence
from subprocess import PIPE
from typing import Self

import anyio
from anyio.abc import ByteReceiveStream, Process

from msd.pictures.wire import ANSWER, REQUEST, Format

PICTURE_S = 20.0  # to check and scale one picture
MOST_ANSWER_BYTES = 16 << 20
_COMMAND = (sys.executable, "-m", "msd.pictures.checker")

log = logging.getLogger(__name__)


class PictureChecker:
    """Turns bytes of strangers into safe pictures of a wanted width.

    Use it as an async context manager: leaving it ends the process.
    """

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = tuple(command)
        self._turn = anyio.Lock()
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with anyio.CancelScope(shield=True):
            await self._end()

    async def check(self, content: bytes, width: int) -> tuple[Format, bytes] | None:
        """Return the format and content of a safe picture, None when it is refused.

        Pictures are refused that can't be decoded as a whole, are of no known format, or need
        more memory or time than one picture may.
        """
        async with self._turn:
            finished = False
            try:
                with anyio.move_on_after(PICTURE_S):
                    answer = await self._exchange(content, width)
                    finished = True
                    return answer
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                log.info("a picture of %d bytes ended the picture checker", len(content))
            finally:
                if not finished:  # an answer may still come: it would be taken for the next one
                    with anyio.CancelScope(shield=True):
                        await self._end()
            return None

    async def end_when_idle(self) -> None:
        """End the process; the next picture starts it again."""
        async with self._turn:
            await self._end()

    async def _exchange(self, content: bytes, width: int) -> tuple[Format, bytes] | None:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise anyio.BrokenResourceError
        await process.stdin.send(REQUEST.pack(width, len(content)) + content)
        number, length = ANSWER.unpack(await _read(process.stdout, ANSWER.size))
        if length > MOST_ANSWER_BYTES:
            raise anyio.BrokenResourceError
        picture = await _read(process.stdout, length)
        return (Format(number), picture) if number else None

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self._end()
            self._process = await anyio.open_process(
                self._command, stdin=PIPE, stdout=PIPE, stderr=None, start_new_session=True
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.aclose()


async def _read(stream: ByteReceiveStream, length: int) -> bytes:
    parts = []
    while length:
        part = await stream.receive(min(length, 1 << 16))
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
