"""A served msd with a scripted coordinator, and msdctl as a person or a script runs it."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
from anyio.abc import Process
from msgspec.structs import replace

from msd.backends import jellyfin, local, plex
from msd.bus.exports import export_root, new_server
from msd.bus.gate import Gate
from msd.bus.signals import run_signals
from msd.contract import BUS_NAME
from msd.errors import AuthRequiredError, StorageError
from msd.events import JobChanged, JobFinished
from msd.models import (
    BackendView,
    ItemPage,
    ItemQuery,
    JobId,
    JobState,
    LibraryId,
    SourceId,
    SyncMode,
)
from tests.support.fakes.fake_coordinator import FakeCoordinator
from tests.support.session.bus import PrivateBus

ROOT = Path(__file__).parents[2]
DEADLINE_S = 15
# A socket left open or a deprecated call shows on standard error, where tests look.
MSDCTL = (sys.executable, "-W", "error", "-m", "msd.cli")


BACKENDS = tuple(
    BackendView(
        kind=spec.kind,
        name=spec.display_name,
        options=spec.options,
        login_options=spec.login_options if spec.login else None,
        is_discoverable=spec.discover is not None,
    )
    for spec in (jellyfin.SPEC, local.SPEC, plex.SPEC)
)


class StagedCoordinator(FakeCoordinator):
    """The shared fake with pages, joined syncs and jobs that obey; a test plays the jobs."""

    def __init__(self) -> None:
        super().__init__()
        self._called = anyio.Event()
        self.obeys = True  # cancelled jobs end
        self.backend_views = BACKENDS
        self.left_out: set[SourceId] = set()  # can't be synced
        self.fails_from: int | None = None  # the first item that can't be read

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something holds that only a call can bring about."""
        with anyio.fail_after(DEADLINE_S):
            while not is_so():
                await self._called.wait()

    def check(self, *call: object) -> None:
        super().check(*call)
        self._called.set()
        self._called = anyio.Event()

    def page(self, query: ItemQuery) -> ItemPage:
        start = int(query.cursor or 0)
        end = start + query.limit
        if self.fails_from is not None and start >= self.fails_from:
            raise StorageError("the disk failed")
        items = tuple(self.items.values())
        return ItemPage(
            items=items[start:end],
            next_cursor=str(end) if end < len(items) else "",
            total=len(items),
        )

    async def sync_source(
        self,
        source_id: SourceId,
        *,
        mode: SyncMode = SyncMode.AUTO,
        libraries: Sequence[LibraryId] = (),
    ) -> JobId:
        if source_id in self.left_out:
            raise AuthRequiredError("the keyring is locked; unlock it to sign in")
        running = [job.id for job in self.job_entries.values() if job.source_id == source_id]
        return (
            running[0]
            if running
            else await super().sync_source(source_id, mode=mode, libraries=libraries)
        )

    async def sync_all_sources(self) -> tuple[JobId, ...]:
        wanted = [source_id for source_id in self.source_views if source_id not in self.left_out]
        return tuple([await self.sync_source(source_id) for source_id in wanted])

    def obey_cancel(self, job_id: JobId) -> None:
        if self.obeys:
            self.end_job(job_id, JobState.CANCELLED)

    def move_job(self, number: int, phase: str, done: int, total: int | None) -> None:
        job_id = JobId(number)
        self.job_entries[job_id] = replace(
            self.job_entries[job_id], phase=phase, done=done, total=total
        )
        self.publish(JobChanged(job_id))

    def end_job(self, number: int, state: JobState, error: str = "", **result: int) -> None:
        job_id = JobId(number)
        self.job_entries[job_id] = replace(
            self.job_entries[job_id], state=state, error=error, result=MappingProxyType(result)
        )
        self.publish(JobFinished(job_id))


@dataclass(frozen=True)
class Finished:
    """How a run of msdctl ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The standard output as one JSON document."""
        return json.loads(self.stdout)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The standard output as a JSON document per line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


@dataclass(frozen=True)
class Stage:
    """A bus with msd on it."""

    bus: PrivateBus
    library: str
    coordinator: StagedCoordinator

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of a client."""
        return environment(self.bus, self.library)

    async def run(self, *arguments: str, stdin: bytes = b"") -> Finished:
        """Run msdctl to its end, in pipes."""
        return await run_msdctl(*arguments, env=self.env, stdin=stdin)


def environment(bus: PrivateBus, library: str) -> Mapping[str, str]:
    """Return an environment with this session bus and D-Bus library."""
    return {
        **bus.environment,
        "MSD_DBUS_LIB": library,
        "COLUMNS": "100",
        "TZ": "UTC",
        "PYTHONPATH": str(ROOT),
    }


async def run_msdctl(*arguments: str, env: Mapping[str, str], stdin: bytes = b"") -> Finished:
    """Run msdctl to its end, in pipes."""
    with anyio.fail_after(DEADLINE_S):
        done = await anyio.run_process([*MSDCTL, *arguments], input=stdin, env=env, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@asynccontextmanager
async def running_msdctl(*arguments: str, env: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run msdctl beside the test; it is killed at the end of the block."""
    async with await anyio.open_process([*MSDCTL, *arguments], env=env) as process:
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()


@asynccontextmanager
async def staged(bus: PrivateBus, library: str) -> AsyncIterator[Stage]:
    """Serve msd on the bus for the length of the block."""
    coordinator = StagedCoordinator()
    gate = Gate()
    async with (
        new_server(address=bus.address, library=library) as server,
        anyio.create_task_group() as tasks,
    ):
        export_root(server, gate)
        await server.own_name(BUS_NAME)
        gate.open(coordinator)
        await tasks.start(run_signals, server, coordinator)
        yield Stage(bus, library, coordinator)
        tasks.cancel_scope.cancel()
