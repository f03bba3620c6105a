"""The worker: a process that copies one source, or its due details, into the cache and ends.

It exists because decoding and storing a big library in the daemon, in a thread or not, delays
its answers. `msd.managers.sync` starts it; `msd.sync.messages` is what they say
to each other over its standard input and output. Its input closing means that the daemon is gone:
it stops at the end of the running transaction.
"""

import gc
import logging
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import anyio

from msd import __version__, logs
from msd.backend_api import BackendContext, Credentials, MediaBackend
from msd.backends import discover
from msd.errors import INTERNAL_CODE, INTERNAL_TEXT, MsdError, NotSupportedError
from msd.models import LibraryId, SyncProgress, SyncReport
from msd.redaction import Redactor
from msd.store.cache.writes.detail_writer import DetailWriter
from msd.store.cache.writes.results import WriteResult
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync import messages
from msd.sync.context import Report, StoreThread
from msd.sync.detail_pass import DetailPass
from msd.sync.engine import SyncEngine

MAX_NAMED = 500  # changed items that are named one by one (Y10)
# A batch of rows is many objects and no cycles: searching it for some, again and again as it
# grows, would take a third of a sync's time.
GC_THRESHOLD = 500_000
STDIN = 0
IDLE_NICENESS = 10  # of a pass that nobody waits for
WAITING_S = 1.0  # without anything to write, the worker waits for its server

Args = TypeVarTuple("Args")
Result = TypeVar("Result")
Store = TypeVar("Store")

log = logging.getLogger("msd.worker")


class Output:
    """The worker's half of the conversation: whole lines, from any thread."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, message: messages.Message) -> None:
        """Send one message; a daemon that is gone ends the worker."""
        line = messages.encode(message)
        with self._lock:
            while line:
                line = line[os.write(self._descriptor, line) :]

    def progress(self, progress: SyncProgress) -> None:
        """Tell how far the sync is."""
        self.send(messages.Progress(phase=progress.phase, done=progress.done, total=progress.total))

    def changed(self, library_id: LibraryId, written: WriteResult) -> None:
        """Report which rows were committed, if any; containers of other libraries included."""
        for write in written.by_library(library_id):
            changed, removed = write.changed, write.removed
            if len(changed) + len(removed) > MAX_NAMED:
                changed = removed = ()
            self.send(
                messages.Changed(
                    library_id=write.library_id,
                    revision=write.revision,
                    changed=changed,
                    removed=removed,
                )
            )


def main() -> int:
    """Copy the source that standard input asks for; always say how it ended."""
    redactor = Redactor()
    logs.set_up("info", redactor)
    output = Output(os.dup(1))
    os.dup2(2, 1)  # a stray print must not garble the conversation
    try:
        anyio.run(_work, output, redactor)
    except BrokenPipeError:
        return 1
    return 0


async def _work(output: Output, redactor: Redactor) -> None:
    request = messages.decode_request(await _read_line())
    redactor.learn(request.token)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch_daemon, tasks.cancel_scope)
        output.send(await _outcome(request, output))
        tasks.cancel_scope.cancel()


class ReportingThread(StoreThread[Store]):
    """The store's thread; tells the daemon when nothing is written because the server is slow."""

    def __init__(self, store: Store, output: Output) -> None:
        super().__init__(store)
        self._output = output
        self._worked_at = anyio.current_time()
        self._running = 0
        self._is_waiting = False

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        """Return what `call(*args)` returns, after the daemon knows that there is work."""
        if self._is_waiting:
            self._is_waiting = False
            self._output.send(messages.Working())
        self._running += 1
        try:
            return await super().run(call, *args)
        finally:
            self._running -= 1
            self._worked_at = anyio.current_time()

    async def watch(self) -> None:
        """Report waiting whenever the store was idle for a while; runs until it is cancelled."""
        while True:
            await anyio.sleep(WAITING_S / 2)
            is_idle = anyio.current_time() - self._worked_at >= WAITING_S and not self._running
            if is_idle and not self._is_waiting:
                self._is_waiting = True
                self._output.send(messages.Waiting())


async def _outcome(request: messages.SyncRequest, output: Output) -> messages.Message:
    try:
        run = _sync if request.task is messages.Task.SYNC else _fetch_details
        return messages.Finished(report=await run(request, output))
    except BrokenPipeError:
        raise
    except MsdError as error:
        return messages.failed(error)
    except Exception:
        log.exception("sync of %s failed", request.source.id)
        return messages.Failed(code=INTERNAL_CODE, message=INTERNAL_TEXT)


async def _sync(request: messages.SyncRequest, output: Output) -> SyncReport:
    backend = _open_backend(request)
    store = SyncWriter(Path(request.cache_db), Path(request.state_db), request.source.id)
    thread = ReportingThread(store, output)
    engine = SyncEngine(
        backend,
        thread,
        Report(progress=output.progress, changed=output.changed),
        options=request.options,
    )
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    try:
        return await _run(engine.run, thread)
    finally:
        with anyio.move_on_after(2, shield=True):
            await backend.aclose()
        store.close()


async def _fetch_details(request: messages.SyncRequest, output: Output) -> SyncReport:
    os.nice(IDLE_NICENESS)
    backend = _open_backend(request)
    store = DetailWriter(
        Path(request.cache_db),
        Path(request.state_db),
        request.source.id,
        off=request.options.off,
    )
    thread = ReportingThread(store, output)
    report = Report(progress=output.progress, changed=output.changed)
    try:
        return await _run(DetailPass(backend, thread, report).run, thread)
    finally:
        with anyio.move_on_after(2, shield=True):
            await backend.aclose()
        store.close()


async def _run(
    work: Callable[[], Awaitable[SyncReport]], thread: ReportingThread[Store]
) -> SyncReport:
    """Do the work beside the watch over its thread; raise what the work raises."""
    failure: MsdError | None = None
    report = SyncReport()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(thread.watch)
        try:
            report = await work()
        except MsdError as error:  # leaving the group with it would wrap it in another error
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return report


def _open_backend(request: messages.SyncRequest) -> MediaBackend:
    spec = discover().get(request.source.kind)
    if spec is None:
        raise NotSupportedError(f"no backend of kind {request.source.kind} is installed")
    signed_in = Credentials(user_id=request.user_id, token=request.token)
    return spec.open(
        BackendContext(
            source=request.source,
            credentials=signed_in if request.token else None,
            device_id=request.device_id,
            client_name="msd",
            client_version=__version__,
            device_name=request.device_name or socket.gethostname(),
            cache_dir=request.private_dir(),
            content_types=request.content_types,
        )
    )


async def _read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        await anyio.wait_readable(STDIN)
        chunk = os.read(STDIN, 65536)
        if not chunk or len(line) > messages.MAX_LINE:
            raise SystemExit("msd.worker is started by msd, not by hand")
        line += chunk
    return line


async def _watch_daemon(scope: anyio.CancelScope) -> None:
    """Cancel the sync when the daemon says so or is gone."""
    await anyio.wait_readable(STDIN)
    scope.cancel()


if __name__ == "__main__":
    sys.exit(main())
