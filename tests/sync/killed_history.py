"""Random histories of a simulated Jellyfin server that the real worker process follows and dies of.

The worker is killed by SIGKILL when it asks for something, a moment later, or when it says
something; what another process reads from the cache is checked each time that it says something.

    python -m tests.sync.killed_history FIRST COUNT
"""

import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from subprocess import PIPE
from threading import Timer

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from msd.models import BackendKind, Source, SyncOptions
from msd.sync import messages
from tests.simulators.jellyfin import VERSIONS
from tests.simulators.jellyfin import faults as troubles
from tests.support.library import SOURCE, CachedSource
from tests.sync.jellyfin_history import JellyfinHistory

WORKER = (sys.executable, "-m", "msd.worker")
LONGEST_S = 60
LATEST_S = 0.1


class KilledHistory(JellyfinHistory):
    """One server, one cache, and a worker that may die at any moment."""

    async def _sync(self, source: CachedSource) -> None:
        roll, number = self._random, self._random.randrange(25)
        where = roll.choice(["never", "at request", "soon after request", "at line"])
        soon_s = 0.0 if where == "at request" else roll.uniform(0, LATEST_S)
        self.lines.append(f"--- sync, killed {where} {number}")
        async with self._worker(source, SyncOptions()) as (process, lines):
            if "request" in where:
                kill = Timer(soon_s, kill_if_alive, [process])  # whatever it does by then
                kill.daemon = True
                self._sim.faults.add(".*", troubles.before(kill.start), skip=number, times=1)
            said = 0
            async for _ in lines:
                said += 1
                self._check(source)
                if where == "at line" and said > number // 3:
                    kill_if_alive(process)
        self._sim.faults.clear()
        self.faults["killed" if process.returncode == -9 else "ended"] += 1
        self._check(source)

    async def _copy(self, source: CachedSource, options: SyncOptions) -> None:
        async with self._worker(source, options) as (_, lines):
            *_, last = [line async for line in lines]
        assert isinstance(messages.decode(last), messages.Finished), last

    @asynccontextmanager
    async def _worker(
        self, source: CachedSource, options: SyncOptions
    ) -> AsyncIterator[tuple[Process, AsyncIterator[bytes]]]:
        """Start a worker with its request; give what it says."""
        self._shown = shown(source)
        with anyio.fail_after(LONGEST_S):
            process = await anyio.open_process(WORKER, stdin=PIPE, stdout=PIPE, stderr=None)
            async with process:
                assert process.stdin is not None
                assert process.stdout is not None
                await process.stdin.send(messages.encode(self._request(source, options)))
                yield process, lines_of(BufferedByteReceiveStream(process.stdout))
                await process.wait()

    def _request(self, source: CachedSource, options: SyncOptions) -> messages.SyncRequest:
        context = self._backend._context
        assert context.credentials is not None
        own = Source(
            id=SOURCE,
            kind=BackendKind("jellyfin"),
            name="Server",
            account_id=None,
            server_id=context.source.server_id,
            address=context.source.address,
        )
        return messages.SyncRequest(
            source=own,
            user_id=context.credentials.user_id,
            token=context.credentials.token,
            device_id=context.device_id,
            device_name=context.device_name,
            cache_db=str(source.folder / "cache.db"),
            state_db=str(source.folder / "state.db"),
            cache_dir=str(source.folder),
            options=options,
        )

    def _check(self, source: CachedSource) -> None:
        """What is on the server and was shown is shown, and the file is whole (Y7, Y12)."""
        lost = (self._shown & self._sim.world.items.keys()) - shown(source)
        if lost:
            self._fail(f"disappeared although they exist: {sorted(lost)}")
        with sqlite3.connect(source.folder / "cache.db") as connection:
            [(verdict,)] = connection.execute("PRAGMA integrity_check(1)")
        connection.close()
        if verdict != "ok":
            self._fail(f"the cache is damaged: {verdict}")


def kill_if_alive(process: Process) -> None:
    """End a process that may have come to its own end meanwhile, from any thread."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


async def lines_of(output: BufferedByteReceiveStream) -> AsyncIterator[bytes]:
    """Yield whole lines until the process closes its output."""
    while True:
        try:
            yield await output.receive_until(b"\n", messages.MAX_LINE)
        except (anyio.IncompleteRead, anyio.EndOfStream):
            return


def shown(source: CachedSource) -> set[str]:
    """Return the remote ids of all items that the cache shows."""
    return set(source.items())


def main(first: int, count: int) -> None:
    """Run histories and print what happened."""
    versions, ends = sorted(VERSIONS), Counter[str]()
    for seed in range(first, first + count):
        history = KilledHistory(seed, versions[seed % len(versions)])
        anyio.run(history.run)
        ends += history.faults
    print(f"{count} histories from seed {first}: {ends['killed']} workers killed, 0 violations")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
