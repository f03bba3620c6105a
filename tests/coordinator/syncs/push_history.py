"""Random histories of a server that tells of its changes badly, and of a frontend that listens.

Events get lost, come twice, late or lying; connections die; syncs run meanwhile; msd restarts.
The frontend keeps its own copy in step by ItemsChanged alone, or by the feed of changes after a
pause. A history is a number: the same one has the same things happen, if not at the same moment.

    python -m tests.coordinator.syncs.push_history FIRST COUNT
"""

import logging
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from msd.backend_api.changes import PushedChange
from msd.errors import MsdError, UnreachableError
from msd.events import ItemsChanged
from msd.models import (
    ItemFields,
    ItemQuery,
    ItemType,
    JobId,
    JobState,
    LiveState,
    MediaItem,
    RemoteId,
    SourceId,
    WatchState,
)
from tests.store.made import MEMORY
from tests.support.fakes.changing_backend import OVERLAP, ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.hurried_loop import HurriedLoop
from tests.support.rig import Rig, Run

LIBRARIES = ("films", "more")
FIELDS = ("remote_id", "library_id", "watched", "play_count")
PATIENCE_S = 400.0  # by the clock of a hurried loop


Shown = tuple[object, object, object]
"""Title, watched and play count of a row."""


class ViolationError(AssertionError):
    """Something happened that must never; the text is the whole history."""


@dataclass
class Frontend:
    """A client's copy of everything, by msd's ids."""

    items: dict[str, ItemFields] = field(default_factory=dict)
    revision: int = 0

    async def begin(self, run: Run) -> None:
        """Read everything."""
        self.items, cursor = {}, ""
        self.revision = run.coordinator.library.revision
        while True:
            page = await run.coordinator.library.query(
                ItemQuery(limit=500, cursor=cursor, fields=FIELDS)
            )
            self.items |= {str(item["id"]): item for item in page.items}
            cursor = page.next_cursor
            if not cursor:
                return

    async def take(self, run: Run, event: ItemsChanged) -> None:
        """Follow a signal."""
        if not event.changed and not event.removed:
            await self.begin(run)
            return
        await self._follow(run, event.changed, event.removed)
        self.revision = max(self.revision, event.revision)

    async def catch_up(self, run: Run) -> None:
        """Ask what changed since the last that is known, until that is all."""
        while self.revision < run.coordinator.library.revision:
            found = await run.coordinator.library.changes(self.revision, 500)
            if found.reset:
                await self.begin(run)
            else:
                await self._follow(run, found.changed, found.removed)
                self.revision = found.revision

    async def _follow(self, run: Run, changed: object, removed: object) -> None:
        wanted = [str(one) for one in changed]  # type: ignore[attr-defined]
        found = await run.coordinator.library.items(wanted, fields=FIELDS)  # type: ignore[arg-type]
        for gone in {*map(str, removed), *wanted}:  # type: ignore[call-overload]
            self.items.pop(gone, None)
        self.items |= {str(item["id"]): item for item in found}


class LiveHistory:
    """One server, one msd, one frontend."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.faults: Counter[str] = Counter()
        self.lines: list[str] = []
        self._random = random.Random(seed)
        self._made = 0
        self._late: list[PushedChange] = []
        self._gone: set[str] = set()  # once deleted or re-keyed: it may vanish at any moment
        self._ever_shown: set[str] = set()
        self._before_rekey: dict[str, tuple[bool, int]] = {}  # watch state, by the new id
        self._wants_sync = False
        self.server = ChangingServer(page_size=20)
        for name in LIBRARIES:
            library = self.server.library(name)
            for _ in range(self._random.randrange(5, 30)):
                self._put(library)

    async def run(self) -> None:
        """Let things happen; then let all be quiet, and compare."""
        folder = Path(tempfile.mkdtemp(dir=MEMORY))
        try:
            rig = Rig(folder, server=self.server)
            self._frontend = Frontend()
            self._source_id: SourceId | None = None
            parts = self._random.randint(1, 2)
            for part in range(parts):
                async with AsyncExitStack() as stack:
                    self._run = await stack.enter_async_context(rig.running())
                    await self._session(is_last=part == parts - 1)
        finally:
            shutil.rmtree(folder)

    async def _session(self, *, is_last: bool) -> None:
        """Live from a start of msd to its stop."""
        self._run.coordinator.start()
        if self._source_id is None:
            self._source_id = await self._run.add()
            await self._until(self._is_synced)
            await self._frontend.begin(self._run)
        else:
            self.faults["restart"] += 1
            await self._frontend.catch_up(self._run)
        for _ in range(self._random.randint(5, 25)):
            self._something_happens()
            await self._a_while(self._random.choice([0.0, 0.05, 0.3, 1.0, 8.0]))
        if is_last:
            await self._become_quiet()
            self._compare()

    # --- what happens --------------------------------------------------------------------------

    def _put(self, library: RemoteId) -> str:
        self._made += 1
        name = f"movie{self._made}"
        self.server.put(library, movie(name, identity=f"file-{name}", watch=WatchState()))
        return name

    def _something_happens(self) -> None:
        self.server.now += self._random.choice([0, 1, 3, 100])
        library = RemoteId(self._random.choice(LIBRARIES))
        rows = list(self.server.items[library].values())
        actions: list[Callable[[RemoteId, MediaItem], None]] = [
            *[self._edit] * 4,
            *[self._watch] * 3,
            *[self._add] * 2,
            self._delete,
            self._rekey,
            self._move,
            self._lie,
            self._cut,
            self._refuse,
            self._sync,
            self._look,
        ]
        if rows:
            self._random.choice(actions)(library, self._random.choice(rows))
        else:
            self._put(library)

    def _edit(self, library: RemoteId, row: MediaItem) -> None:
        self.server.edit(library, row.remote_id, title=f"Title {self._random.randrange(10**6)}")
        self._tell("edit", changed=(row.remote_id,))

    def _watch(self, library: RemoteId, row: MediaItem) -> None:
        times = self._random.randrange(3)
        self.server.watch(library, row.remote_id, WatchState(watched=times > 0, play_count=times))
        self._tell("watch", changed=(row.remote_id,))

    def _add(self, library: RemoteId, _: MediaItem) -> None:
        self._tell("add", changed=(RemoteId(self._put(library)),))

    def _delete(self, library: RemoteId, row: MediaItem) -> None:
        self._gone.add(row.remote_id)
        self.server.drop(library, row.remote_id)
        self._tell("delete", removed=(row.remote_id,))

    def _rekey(self, library: RemoteId, row: MediaItem) -> None:
        self._made += 1
        self._gone.add(row.remote_id)
        new = RemoteId(f"movie{self._made}")
        watch = row.watch or WatchState()
        self._before_rekey[new] = (watch.watched, watch.play_count)
        self.server.rekey(library, row.remote_id, new)
        self._tell("re-key", changed=(new,), removed=(row.remote_id,))

    def _move(self, library: RemoteId, row: MediaItem) -> None:
        target = RemoteId(next(name for name in LIBRARIES if name != library))
        self.server.move(library, target, row.remote_id)
        self.server.edit(target, row.remote_id, overview=f"in {target}")
        self._tell("move", changed=(row.remote_id,))

    def _lie(self, _: RemoteId, row: MediaItem) -> None:
        self.faults["lying removal"] += 1
        self._note("lie about", row.remote_id)
        self.server.tell(PushedChange(removed=(row.remote_id,)))

    def _cut(self, *_: object) -> None:
        self.faults["cut"] += 1
        self._note("cut")
        self.server.cut()

    def _refuse(self, *_: object) -> None:
        refuses = self.server.live_error is None and self._random.random() < 0.5
        self.server.live_error = UnreachableError("not now") if refuses else None
        self.faults["refused subscription"] += refuses
        self._note("refuse" if refuses else "accept")

    def _sync(self, *_: object) -> None:
        self.faults["sync meanwhile"] += 1
        self._wants_sync = True
        self._note("sync")

    def _look(self, library: RemoteId, _: MediaItem) -> None:
        self._note("look at", library)
        self.server.tell(PushedChange(library=library))

    def _tell(
        self, what: str, changed: tuple[RemoteId, ...] = (), removed: tuple[RemoteId, ...] = ()
    ) -> None:
        change = PushedChange(changed=changed, removed=removed)
        how = self._random.choice(["told", "told", "told", "lost", "twice", "late"])
        self._note(what, *changed, *removed, how)
        if how != "told":
            self.faults[how] += 1
        if how == "late":
            self._late.append(change)
            return
        for _ in range({"told": 1, "lost": 0, "twice": 2}[how]):
            self.server.tell(change)
        if self._late and self._random.random() < 0.5:
            self.server.tell(self._late.pop(0))

    # --- msd and the frontend ------------------------------------------------------------------

    async def _a_while(self, seconds: float) -> None:
        """Let the clock go on; the frontend follows what it hears, and is checked."""
        if self._wants_sync:
            self._wants_sync = False
            await self._start_sync()
        with anyio.move_on_after(seconds):
            while True:
                event = await self._run.received.receive()
                with anyio.CancelScope(shield=True):
                    await self._heard(event)

    async def _start_sync(self) -> None:
        assert self._source_id is not None
        try:
            await self._run.coordinator.sync_source(self._source_id)
        except MsdError as error:
            self._note("    no sync:", error)

    async def _heard(self, event: object) -> None:
        if not isinstance(event, ItemsChanged):
            return
        await self._frontend.take(self._run, event)
        shown = {str(item["remote_id"]) for item in self._frontend.items.values()}
        self._ever_shown |= shown
        there = {name for rows in self.server.items.values() for name in rows}
        if lost := (self._ever_shown & there) - shown - self._gone:
            self._fail(f"disappeared although they exist: {sorted(lost)}")

    # --- the end -------------------------------------------------------------------------------

    async def _become_quiet(self) -> None:
        self._note("--- quiet")
        assert self._source_id is not None
        coordinator, source_id = self._run.coordinator, self._source_id
        self.server.live_error = None
        for change in self._late:
            self.server.tell(change)
        await self._until(lambda: coordinator.sources.get(source_id).live is LiveState.OK)
        for _ in range(2):
            self.server.now += 10 * OVERLAP
            await self._until_done(await coordinator.sync_source(source_id))
        await self._until_done(await coordinator.syncs.confirm_deletes(source_id))
        await self._a_while(10.0)
        await self._frontend.catch_up(self._run)

    async def _until_done(self, job: JobId) -> None:
        get = self._run.coordinator.jobs.get
        await self._until(lambda: get(job).state in {JobState.DONE, JobState.FAILED})

    def _is_synced(self) -> bool:
        assert self._source_id is not None
        view = self._run.coordinator.sources.get(self._source_id)
        return view.source.last_sync > 0 and view.sync_job is None

    async def _until(self, holds: Callable[[], bool]) -> None:
        with anyio.fail_after(PATIENCE_S):
            while not holds():
                await self._a_while(0.5)

    def _compare(self) -> None:
        shown = {
            str(item["remote_id"]): (item["title"], item["watched"], item.get("play_count") or 0)
            for item in self._frontend.items.values()
        }
        wanted = {
            str(row.remote_id): (
                row.title,
                (row.watch or WatchState()).watched,
                (row.watch or WatchState()).play_count,
            )
            for rows in self.server.items.values()
            for row in rows.values()
            if row.type is ItemType.MOVIE
        }
        for name in sorted(shown.keys() | wanted.keys()):
            if shown.get(name) != wanted.get(name) and not self._may_keep_watched(
                name, shown.get(name), wanted.get(name)
            ):
                self._fail(f"{name} is {shown.get(name)} and should be {wanted.get(name)}")

    def _may_keep_watched(self, name: str, shown: Shown | None, wanted: Shown | None) -> bool:
        """Return whether a re-keyed row that is "never watched" keeps its old watch state (W3).

        When msd hears of the new id only after it was un-marked, it can't tell that from a server
        that lost the state with the old id.
        """
        if shown is None or wanted is None or name not in self._before_rekey:
            return False
        is_unwatched = wanted[1:] == (False, 0)
        return is_unwatched and shown == (wanted[0], *self._before_rekey[name])

    def _note(self, *words: object) -> None:
        self.lines.append(" ".join(map(str, words)))

    def _fail(self, what: str) -> None:
        text = "\n".join(self.lines)
        raise ViolationError(f"history {self.seed}: {what}\n{text}")


def run_live_histories(first: int, count: int) -> Counter[str]:
    """Run histories; return the faults that were injected."""
    faults: Counter[str] = Counter()
    for seed in range(first, first + count):
        history = LiveHistory(seed)
        anyio.run(history.run, backend_options={"loop_factory": HurriedLoop})
        faults += history.faults
    return faults


def main(first: int, count: int) -> None:
    """Run histories until one is violated; print what happened in it."""
    logging.disable(logging.CRITICAL)
    faults = run_live_histories(first, count)
    print(f"{count} live histories from {first}, 0 violations: {dict(sorted(faults.items()))}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
