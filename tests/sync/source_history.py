"""Random histories of one real source and of the syncs that follow it, whatever goes wrong.

A history is a number: the same one does the same. `lines` tells what happened. In the end a cache
that was brought up to date again and again must hold what a new one holds, in every field.
"""

import logging
import random
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple, cast

import anyio

from msd.backend_api.changes import HasPush
from msd.errors import MsdError
from msd.models import MediaItem, PushedRow, RemoteId, SyncOptions, UnixSeconds
from msd.store.cache.writes.pushed_rows import soft_delete_rows, write_pushed_rows
from msd.sync.enumeration import needs_consent
from tests.store.made import MEMORY
from tests.support.fakes.fake_backend import FakeServer
from tests.support.library import SOURCE, CachedSource

# What depends on the cache: its ids, and what is counted from watch states that went on (I2).
OWN = frozenset(
    {"unwatched_count", "id", "parent_id", "show_id", "album_id", "fetched", "library_id"}
)
WATCH = frozenset({"watched", "play_count", "position_ms", "last_played", "favourite"})
IDLE_SHARE = 0.5  # of the times between two syncs, an idle pass runs
LIVE_SHARE = 0.5  # of the times between two syncs, the server's push channel is heard
Facts = Mapping[str, Mapping[str, object]]
Happening = Callable[[], object]


class Fault(NamedTuple):
    """What goes wrong with a sync."""

    name: str
    begin: Happening
    end: Happening


class SourceHistory(ABC):
    """One source and one cache; `run` raises when they are not the same in the end."""

    def __init__(self, seed: int, name: str) -> None:
        self.seed = seed
        self.faults: Counter[str] = Counter()
        self.lines: list[str] = [f"history {seed} of {name}"]
        self._random = random.Random(seed)
        self._idle = random.Random(-seed)  # its own, so that old seeds tell the same histories
        self._came: set[str] = set()
        self._touched: list[RemoteId] = []  # what the last happening was about

    # --- what a kind of source must tell -------------------------------------------------------

    @abstractmethod
    def _opened(self, folder: Path) -> AbstractAsyncContextManager[FakeServer]:
        """Run the source with its data below a folder; give what opens its backend."""

    @abstractmethod
    def _happenings(self) -> Mapping[str, Happening]:
        """Return what may happen to the source now, by name."""

    @abstractmethod
    def _faults(self) -> list[Fault]:
        """Return what may go wrong with a sync."""

    @abstractmethod
    def _pass_time(self, seconds: int) -> None:
        """Let time go by at the source."""

    # --- the history ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Let things happen; then let all be quiet, and compare with a cache that is new."""
        folder = Path(tempfile.mkdtemp(dir=MEMORY))
        try:
            async with self._opened(folder) as door:
                await self._history(door, folder)
        finally:
            shutil.rmtree(folder)

    async def _history(self, door: FakeServer, folder: Path) -> None:
        (folder / "one").mkdir()
        (folder / "two").mkdir()
        source = CachedSource(folder / "one", door)
        fresh = CachedSource(folder / "two", door)
        try:
            for _ in range(self._random.randint(2, 5)):
                await self._sync(source)
                is_live = self._random.random() < LIVE_SHARE
                self.lines.append(f"    pushed rows {'are' if is_live else 'are not'} heard")
                for _ in range(self._random.randrange(6)):
                    self._something_happens()
                    if is_live:
                        await self._hear(door, source)
                if self._idle.random() < IDLE_SHARE:
                    await self._idle_pass(source)
            for options in (SyncOptions(), SyncOptions(), SyncOptions(confirm_deletes=True)):
                self._pass_time(3600)
                source.now += 60
                await self._copy(source, options)
            await fresh.sync()
            await self._same_details(source, fresh)
            self._compare(self._facts(source), self._facts(fresh))
        finally:
            source.close()
            fresh.close()

    async def _idle_pass(self, source: CachedSource) -> None:
        """Fetch the details that are due, as msd does while nothing else happens (Y24)."""
        report = await source.fetch_details()
        self.lines.append(f"    details of {report.seen} rows, {report.updated} differ")

    async def _same_details(self, source: CachedSource, fresh: CachedSource) -> None:
        """Let both caches have all details; a sync then finds nothing changed (Y22)."""
        await self._idle_pass(source)
        await fresh.fetch_details()
        before = source.items()
        await self._copy(source, SyncOptions())
        if source.items() != before:
            self._fail("a sync changed what an idle pass had written")

    def _something_happens(self) -> None:
        self._pass_time(self._random.choice([1, 60, 3600]))
        happenings = self._happenings()
        name = self._random.choice(sorted(happenings))
        self.lines.append(f"{name} {str(happenings[name]())[:60]}")

    async def _hear(self, door: FakeServer, source: CachedSource) -> None:
        """Write what the server pushes, as msd does while it is subscribed (Y9)."""
        if not self._touched:
            return
        backend = cast("HasPush", door.open())
        located = await backend.fetch(self._touched)
        parsed = await door.open().parse([row.item for row in located])
        rows = [
            PushedRow(
                library=None if row.listing is None else row.listing.library.remote_id,
                item=item,
                fingerprint=row.item.fingerprint,
            )
            for row, item in zip(located, parsed, strict=True)
            if isinstance(item, MediaItem)
        ]
        aliases, now = source.state.aliases(SOURCE), UnixSeconds(int(source.now))
        source.cache.write(write_pushed_rows, SOURCE, rows, aliases, now)
        gone = sorted(set(self._touched) - {row.item.remote_id for row in located})
        source.cache.write(soft_delete_rows, SOURCE, gone, aliases, now, needs_consent)
        self.lines.append(f"    pushed: {len(rows)} rows, {len(gone)} gone")

    async def _sync(self, source: CachedSource) -> None:
        source.now += self._random.choice([60, 3600, 30 * 3600])
        fault = self._random.choice(self._faults())
        self.faults[fault.name] += 1
        self.lines.append(f"--- sync with {fault.name}")
        before = set(source.items())
        fault.begin()
        try:
            await self._copy(source, SyncOptions())
        except MsdError as error:
            self.lines.append(f"    failed: {error}")
        fault.end()
        self.lines.append(f"    {len(before)} → {len(source.items())} items")

    async def _copy(self, source: CachedSource, options: SyncOptions) -> None:
        await source.sync(options)

    def _facts(self, source: CachedSource) -> Facts:
        """Return every field of every item that does not depend on the cache it is in."""
        names = {one.id: one.remote_id for one in source.libraries()}
        return {
            remote_id: {key: value for key, value in item.items() if key not in OWN}
            | {"library": names[item["library_id"]]}  # type: ignore[index]
            for remote_id, item in source.items().items()
        }

    def _compare(self, shown: Facts, wanted: Facts) -> None:
        for remote_id in sorted(shown.keys() | wanted.keys()):
            ours, theirs = shown.get(remote_id, {}), wanted.get(remote_id, {})
            # What came may be an old acquaintance whose watch state goes on (I2).
            skipped = WATCH if remote_id in self._came else frozenset()
            wrong = {
                key: (ours.get(key), theirs.get(key))
                for key in (ours.keys() | theirs.keys()) - skipped
                if ours.get(key) != theirs.get(key)
            }
            if wrong:
                self._fail(f"{remote_id} is and should be {wrong}")

    def _fail(self, what: str) -> None:
        text = "\n".join(self.lines)
        raise AssertionError(f"{what}\n{text}")


def run_histories(make: Callable[[int], SourceHistory], first: int, count: int) -> int:
    """Run histories one after the other until one fails; print what happened in it."""
    logging.disable(logging.CRITICAL)
    for seed in range(first, first + count):
        try:
            anyio.run(make(seed).run)
        except AssertionError as error:
            print(error)
            return 1
    print(f"{count} histories from {first}: no violation")
    return 0
