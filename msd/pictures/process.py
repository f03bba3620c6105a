"""Runs the picture checker, one picture at a time; a picture that ends it costs only itself."""

import logging
import sys
from collections.abc import Sequence
from subprocess import PIPE
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import ByteReceiveStream, Process

from msd.pictures.wire import ANSWER, READY, REQUEST, Format

PICTURE_S = 20.0  # to check and scale one picture
IDLE_S = 10.0  # after which the process ends; who scrolls asks for one page after the other
MOST_PICTURES = 500  # of one process: what memory they left behind is given back
MOST_ANSWER_BYTES = 16 << 20
_COMMAND = (sys.executable, "-m", "msd.pictures.checker")
_ENDED = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError)

log = logging.getLogger(__name__)


class PictureChecker:
    """Turns bytes of strangers into safe pictures of a wanted width.

    Use it as an async context manager: leaving it ends the process. The process also ends by
    itself when msd is no more, because its standard input ends then.
    """

    def __init__(
        self, command: Sequence[str] = _COMMAND, *, most_pictures: int = MOST_PICTURES
    ) -> None:
        self._command = tuple(command)
        self._most_pictures = most_pictures
        self._turn = anyio.Lock()
        self._tasks = anyio.create_task_group()
        self._process: Process | None = None
        self._pictures = 0  # that the process was given

    @property
    def pid(self) -> int | None:
        """The process that runs, None when none does."""
        return None if self._process is None else self._process.pid

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tasks.cancel_scope.cancel()
        try:
            with anyio.CancelScope(shield=True):
                await self._end()
        finally:
            await self._tasks.__aexit__(kind, error, trace)

    async def check(self, content: bytes, width: int) -> tuple[Format, bytes] | None:
        """Return the format and content of a safe picture, None when it is refused.

        Pictures are refused that can't be decoded as a whole, are of no known format, or need
        more memory or processor time than one picture may.

        Raises:
            TimeoutError: the machine is too busy.
            OSError: the process can't be started.
        """
        async with self._turn:
            process = await self._running()
            is_answered = False
            try:
                with anyio.fail_after(PICTURE_S):
                    answer = await _exchange(process, content, width)
                is_answered = True
            except _ENDED:
                log.info("a picture of %d bytes ended the picture checker", len(content))
                return None
            finally:
                # An answer that still comes would be taken for that of the next picture.
                if not is_answered or self._pictures >= self._most_pictures:
                    with anyio.CancelScope(shield=True):
                        await self._end()
            return answer

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self._end()
            self._process = await self._started()
            self._pictures = 0
            self._tasks.start_soon(self._end_when_idle, self._process)
        self._pictures += 1
        return self._process

    async def _started(self) -> Process:
        """Start the process, and wait until it is able to check pictures at all."""
        process = await anyio.open_process(
            self._command, stdin=PIPE, stdout=PIPE, stderr=None, start_new_session=True
        )
        is_ready = False
        try:
            with anyio.fail_after(PICTURE_S):
                is_ready = await _read(process.stdout, len(READY)) == READY
        except _ENDED as error:
            raise OSError("the picture checker does not start") from error
        finally:
            if not is_ready:
                with anyio.CancelScope(shield=True):
                    await _ended(process)
        return process

    async def _end_when_idle(self, process: Process) -> None:
        while self._process is process:
            before = self._pictures
            await anyio.sleep(IDLE_S)
            async with self._turn:
                if self._process is process and self._pictures == before:
                    await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await _ended(process)


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.aclose()


async def _exchange(process: Process, content: bytes, width: int) -> tuple[Format, bytes] | None:
    if process.stdin is None:
        raise anyio.BrokenResourceError
    await process.stdin.send(REQUEST.pack(width, len(content)) + content)
    number, length = ANSWER.unpack(await _read(process.stdout, ANSWER.size))
    if length > MOST_ANSWER_BYTES:
        raise anyio.BrokenResourceError
    picture = await _read(process.stdout, length)
    return (Format(number), picture) if number else None


async def _read(stream: ByteReceiveStream | None, length: int) -> bytes:
    if stream is None:
        raise anyio.BrokenResourceError
    parts = []
    while length:
        part = await stream.receive(min(length, 1 << 16))
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
