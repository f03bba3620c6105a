"""SyncManager: runs syncs, each in a worker process of its own, a bounded number at a time."""

import logging
import os
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from subprocess import PIPE
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ByteReceiveStream, Process

from msd.errors import MsdError
from msd.models import SyncReport

if TYPE_CHECKING:  # msgspec is imported when the first sync starts, not before
    from msd.sync.messages import Changed, Progress, SyncRequest

log = logging.getLogger(__name__)

MOST_WORKERS = 16  # waiting ones included; each is a process
PER_SERVER = 2  # several users of one server sync at the same time; each asks for a page at a time
STOP_S = 2.5  # how long a cancelled worker may take to end its transaction


class SyncManager:
    """Starts workers; knows nothing of sources but the request it is handed.

    A worker that decodes or writes holds one of `parallel` places. One that waits for its server
    says so and gives its place back meanwhile (Y18).
    """

    def __init__(self, *, parallel: int, command: tuple[str, ...] = ()) -> None:
        self._places = anyio.Semaphore(parallel)
        self._workers = anyio.Semaphore(MOST_WORKERS)
        self._servers: defaultdict[str, anyio.Semaphore] = defaultdict(
            lambda: anyio.Semaphore(PER_SERVER)
        )
        self._command = command or (sys.executable, "-m", "msd.worker")

    async def run(
        self,
        request: "SyncRequest",
        *,
        started: Callable[[], None],
        progress: Callable[["Progress"], None],
        changed: Callable[["Changed"], None],
    ) -> SyncReport:
        """Copy one source; wait for a free place first, here and at its server (Y1).

        Cancelling ends the worker at a transaction's end, or kills it after `STOP_S`.

        Raises:
            MsdError: what the sync failed with, of the class that the worker raised.
        """
        from msd.sync import messages  # noqa: PLC0415 - see above

        server = self._servers[request.source.server_id]
        place = _Place(self._places)
        if request.task is messages.Task.DETAILS:
            # Nobody waits for it: one at a time and niced, it takes nothing from syncs (Y18).
            server, place = anyio.Semaphore(1), _Place(anyio.Semaphore(1))
        async with server, self._workers, place, self._worker() as process:
            started()
            said = _exchange(process, messages.encode(request), messages.MAX_LINE)
            async with aclosing(said) as lines:
                async for line in lines:
                    match messages.decode(line):
                        case messages.Progress() as message:
                            progress(message)
                        case messages.Changed() as message:
                            changed(message)
                        case messages.Waiting():
                            place.leave()
                        case messages.Working():
                            await place.take()
                        case messages.Finished(report=report):
                            return report
                        case messages.Failed() as message:
                            raise messages.raised(message)
        raise MsdError("the sync worker ended without a word; the journal may say why")

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Process]:
        # The watchdog and readiness are the daemon's own affair (NotifyAccess=main).
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
        }
        process = await anyio.open_process(
            self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,
            env=environment,
            start_new_session=True,  # Ctrl-C is the daemon's; the worker ends with its pipe
        )
        try:
            yield process
        finally:
            await _end(process)


class _Place:
    """A place among the workers that work; it may be left and taken again."""

    def __init__(self, places: anyio.Semaphore) -> None:
        self._places = places
        self._is_taken = False

    async def __aenter__(self) -> None:
        await self.take()

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    async def take(self) -> None:
        """Wait for a place; meanwhile nothing is read from the worker, which so waits, too."""
        if not self._is_taken:
            await self._places.acquire()
            self._is_taken = True

    def leave(self) -> None:
        """Let somebody else work."""
        if self._is_taken:
            self._is_taken = False
            self._places.release()


async def _exchange(process: Process, request: bytes, limit: int) -> AsyncGenerator[bytes, None]:
    """Send the request and yield the worker's lines until it closes its output."""
    if process.stdin is None or process.stdout is None:
        return
    try:
        await process.stdin.send(request)
    except anyio.BrokenResourceError:
        return
    async for line in _lines(process.stdout, limit):
        yield line


async def _lines(stream: ByteReceiveStream, limit: int) -> AsyncIterator[bytes]:
    buffer = b""
    async for chunk in stream:
        *whole, buffer = (buffer + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(buffer) > limit:
            raise MsdError("the sync worker said too much at once")


async def _end(process: Process) -> None:
    """Let the worker finish its transaction; kill one that doesn't end."""
    with anyio.move_on_after(STOP_S, shield=True):
        if process.stdin is not None:
            await process.stdin.aclose()
        await process.wait()
    if process.returncode is None:
        log.warning("a sync worker did not stop in time and is killed")
        process.kill()
    with anyio.CancelScope(shield=True):
        await process.aclose()
