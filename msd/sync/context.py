"""What every part of one sync works with: the backend, the store, who listens, numbers."""

from collections.abc import Callable
from typing import Generic, TypeVar, TypeVarTuple

import anyio
from anyio import to_thread
from msgspec import Struct

from msd.backend_api import MediaBackend
from msd.models import LibraryId, SyncProgress
from msd.store.cache.writes.results import WriteResult
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync.fault_log import FaultLog
from msd.sync.statistics import SyncStatistics

Args = TypeVarTuple("Args")
Result = TypeVar("Result")
Store = TypeVar("Store")


class StoreThread(Generic[Store]):
    """A store, and one thread at a time for it: calls never overlap, transactions always end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        """Return what `call(*args)` returns; a cancelled caller waits for its end (Y12)."""
        return await to_thread.run_sync(call, *args, limiter=self._limiter)


class Report(Struct, frozen=True, kw_only=True):
    """Two listeners, called on the event loop; neither may block."""

    progress: Callable[[SyncProgress], None]
    changed: Callable[[LibraryId, WriteResult], None]


class SyncContext(Struct, frozen=True, kw_only=True):
    """What every part of one sync works with."""

    backend: MediaBackend
    thread: StoreThread[SyncWriter]
    report: Report
    statistics: SyncStatistics
    faults: FaultLog
    reads_all: bool  # every row is parsed and written, whatever its fingerprint says

    @property
    def store(self) -> SyncWriter:
        """The cache of the source; its methods block and are called through `thread`."""
        return self.thread.store
