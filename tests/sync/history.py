"""Random histories of a server and of the syncs that follow it, with everything that goes wrong.

A history is a number: the same one always does the same. `lines` tells what happened.

    python -m tests.sync.history FIRST COUNT     runs some; stops at the first violation
"""

import logging
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel
from msgspec.structs import replace

from msd.errors import (
    BackendError,
    BadResponseError,
    ForbiddenError,
    MsdError,
    UnreachableError,
)
from msd.models import (
    ItemType,
    LibraryId,
    LibraryType,
    MediaItem,
    RemoteId,
    StatusReason,
    SyncMode,
    SyncOptions,
    SyncReport,
    WatchState,
)
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.sync.context import StoreThread
from msd.sync.enumeration import FEW_ROWS
from tests.store.made import MEMORY
from tests.support.fakes.changing_backend import OVERLAP, ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.library import CachedSource

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

MOVIE_LIBRARIES = ("films", "more", "old")
SHOWS = "shows"
_SHOWN = "SELECT remote_id FROM item WHERE deleted_at IS NULL"
_SHOWN_IN = """
SELECT item.remote_id FROM item JOIN listing ON listing.pk = item.listing
JOIN library ON library.pk = listing.library
WHERE item.deleted_at IS NULL AND library.remote_id = ?
"""


class Killed(BaseException):
    """The worker process is gone."""


class StoreHere(StoreThread[SyncWriter]):
    """A store without a thread: a thousand histories are many hops."""

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        await anyio.lowlevel.checkpoint()
        return call(*args)


class MortalStore(StoreHere):
    """A store whose process dies with one of its calls, before or after the transaction."""

    def __init__(self, writer: SyncWriter, calls: int, *, after: bool) -> None:
        super().__init__(writer)
        self._calls = calls
        self._after = after

    async def run(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        self._calls -= 1
        if self._calls == 0 and not self._after:
            raise Killed
        result = await super().run(call, *args)
        if self._calls == 0:
            raise Killed
        return result


class ViolationError(AssertionError):
    """The cache did something that it must never do; the text is the whole history."""


class History:
    """One server and one cache."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lines: list[str] = []
        self.faults: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.server = ChangingServer(page_size=self._random.choice([4, 8, 20]))
        self.source = CachedSource(self._folder, self.server)
        self.source.wrap = StoreHere
        self.source.on_change = self._check_nothing_disappeared
        self._reader = sqlite3.connect(self._folder / "cache.db")
        self._cached: set[str] = set()
        self._always_there: set[str] = set()  # since the running sync began
        self._made = 0
        self._keeps_history: set[str] = set()
        self._is_unmounted: tuple[RemoteId, dict[RemoteId, MediaItem]] | None = None
        self._is_blind = False  # something happened that only a sweep can find
        self.server.counts = self._random.random() < 0.9
        for name in MOVIE_LIBRARIES:
            self._fill(self.server.library(name), ItemType.MOVIE, self._random.randrange(25))
        shows = self.server.library(SHOWS, LibraryType.SHOWS)
        for kind in (ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE):
            self._fill(shows, kind, self._random.randrange(1, 12))

    def close(self) -> None:
        self._reader.close()
        self.source.close()
        shutil.rmtree(self._folder)

    async def run(self) -> None:
        """Let things happen; then let all be quiet, and compare."""
        for _ in range(self._random.randint(3, 8)):
            for _ in range(self._random.randrange(5)):
                self._something_happens()
            await self._sync_with_a_fault()
        await self._become_quiet()
        self._compare()

    # --- the server --------------------------------------------------------------------------

    def _fill(self, library: RemoteId, kind: ItemType, count: int) -> None:
        for _ in range(count):
            self._made += 1
            name = f"{kind}{self._made}"
            item = movie(name, type=kind, identity=f"file-{name}", watch=WatchState())
            self.server.put(library, item)

    def _all(self) -> list[tuple[RemoteId, MediaItem]]:
        return [
            (library, item)
            for library, items in self.server.items.items()
            for item in items.values()
        ]

    def _something_happens(self) -> None:
        """Change the server; also called while a sync runs."""
        self.server.now += self._random.choice([0, 1, 1, 3, 100])
        actions = [self._add] * 2 + [self._edit] * 3 + [self._watch] * 3 + [self._delete] * 2
        actions += [self._move, self._move, self._rekey, self._rename_library, self._lose_many]
        actions += [self._step_clock, self._unwatch_unseen]
        action = self._random.choice(actions)
        everything = self._all()
        if everything:
            action(*self._random.choice(everything))
        else:
            self._fill(RemoteId("films"), ItemType.MOVIE, 1)

    def _note(self, *words: object) -> None:
        self.lines.append(f"{self.server.now} {' '.join(map(str, words))}")

    def _add(self, library: RemoteId, like: MediaItem) -> None:
        self._fill(library, like.type, self._random.randint(1, 12))
        self._note("add to", library)

    def _edit(self, library: RemoteId, item: MediaItem) -> None:
        title = f"Title {self._random.randrange(10**6)}"
        self.server.edit(
            library, item.remote_id, title=title, year=1900 + self._random.randrange(120)
        )
        self._note("edit", library, item.remote_id, title)

    def _watch(self, library: RemoteId, item: MediaItem) -> None:
        times = self._random.randrange(3)
        watch = WatchState(watched=times > 0, play_count=times, favourite=times == 2)
        self.server.watch(library, item.remote_id, watch)
        self._note("watch", library, item.remote_id, times)

    def _unwatch_unseen(self, library: RemoteId, item: MediaItem) -> None:
        stamps = dict(self.server.stamps)
        self.server.watch(library, item.remote_id, WatchState())
        self.server.stamps = stamps
        self._is_blind = True
        self._note("unwatch unseen", library, item.remote_id)

    def _delete(self, library: RemoteId, item: MediaItem) -> None:
        self.server.drop(library, item.remote_id)
        self._always_there.discard(item.remote_id)
        self._note("delete", library, item.remote_id)

    def _lose_many(self, library: RemoteId, item: MediaItem) -> None:
        for one in list(self.server.items[library].values()):
            if one.type is item.type and self._random.random() < 0.8:
                self._delete(library, one)

    def _move(self, library: RemoteId, item: MediaItem) -> None:
        if library == SHOWS:
            return
        target = RemoteId(self._random.choice(MOVIE_LIBRARIES))
        if target != library:
            self.server.move(library, target, item.remote_id)
            if self._random.random() < 0.5:
                self.server.edit(target, item.remote_id, overview=f"in {target}")
            else:
                self._is_blind = True  # two moves that cancel out leave no trace
            self._note("move", library, "to", target, item.remote_id)

    def _rekey(self, library: RemoteId, item: MediaItem) -> None:
        self._made += 1
        new = f"{item.type}{self._made}"
        self.server.rekey(library, item.remote_id, new)
        self._always_there.discard(item.remote_id)
        if item.watch == WatchState():
            self._keeps_history.add(new)  # what was cached of it before goes on (I2)
        self._note("re-key", library, item.remote_id, "as", new)

    def _rename_library(self, library: RemoteId, _: MediaItem) -> None:
        self.server.libraries = [
            replace(one, name=f"{one.name}!") if one.remote_id == library else one
            for one in self.server.libraries
        ]
        self._note("rename", library)

    def _step_clock(self, *_: object) -> None:
        """The server's clock is set back, by less than the overlap that is for this."""
        self.server.now -= self._random.randrange(OVERLAP)
        self._note("the server's clock steps back")

    # --- a sync ------------------------------------------------------------------------------

    async def _sync_with_a_fault(self) -> None:
        name, fault = self._random.choice(FAULTS)
        self.faults[name] += 1
        self._note("--- sync with", name)
        self._always_there = {str(item.remote_id) for _, item in self._all()}
        options = fault(self) or SyncOptions()
        await self._sync(options)
        self._end_fault()

    async def _sync(self, options: SyncOptions) -> None:
        self.source.now += self._random.choice([60, 600, 3600, 30 * 3600])
        self._cached = self._shown()
        try:
            report = await self.source.sync(options)
            self._check_sum(report)
            self._note(
                f"    +{report.added} ~{report.updated} -{report.removed} held {report.withheld}"
            )
        except MsdError as error:
            self._note("    failed:", error)
        except Killed:
            self._note("    killed")
        except BaseExceptionGroup as group:
            if not group.split(Killed)[0]:
                raise
            self._note("    killed")
        self._check_nothing_disappeared()

    def _check_sum(self, report: SyncReport) -> None:
        """Each row that came is counted once, by what became of it."""
        parts = (report.added, report.updated, report.unchanged, report.skipped)
        if report.seen != sum(parts):
            self._fail(f"{report.seen} rows were seen, and counted as {parts}")
        if report.complete and report.faults:
            self._fail(f"complete in spite of {report.faults}")

    def _end_fault(self) -> None:
        server = self.server
        server.on_call = None
        if self._is_unmounted is not None:
            library, items = self._is_unmounted
            server.items[library] |= items
            self._is_unmounted = (library, {})
        server.changes_cut_after = None
        server.oldest_cursor = 0
        server.hidden, server.poison, server.refused, server.unsure = set(), set(), set(), set()
        self.source.wrap = StoreHere

    def _shown(self) -> set[str]:
        return {remote_id for (remote_id,) in self._reader.execute(_SHOWN)}

    def _check_nothing_disappeared(self) -> None:
        """What is on the server all the time and was shown is shown at every moment (Y7)."""
        lost = (self._cached & self._always_there) - self._shown()
        if lost:
            self._fail(f"disappeared although they exist: {sorted(lost)}")

    # --- the end -----------------------------------------------------------------------------

    async def _become_quiet(self) -> None:
        self._note("--- quiet")
        self.source.now += 60
        for _ in range(2):
            self.server.now += 10 * OVERLAP
            await self._quiet_sync(SyncOptions())
        if self._is_blind or not self.server.counts:
            await self._quiet_sync(SyncOptions(full_enumeration=True))
        self._cached = set()  # what is confirmed now may go
        await self._quiet_sync(SyncOptions(confirm_deletes=True))

    async def _quiet_sync(self, options: SyncOptions) -> None:
        now = self.source.now
        self._always_there = {str(item.remote_id) for _, item in self._all()}
        await self._sync(options)
        self.source.now = now + 60  # no sweep by itself

    def _compare(self) -> None:
        expected = {item.remote_id: _facts(library, item) for library, item in self._all()}
        names = {one.id: one.remote_id for one in self.source.libraries()}
        shown = {
            remote_id: (
                names[LibraryId(str(item["library_id"]))],
                *(item.get(key) for key in ("type", "title", "year", "overview")),
                *(item.get(key) for key in ("watched", "play_count", "favourite")),
            )
            for remote_id, item in self.source.items().items()
        }
        for remote_id in sorted(expected.keys() | shown.keys()):
            wanted, is_shown = expected.get(RemoteId(remote_id)), shown.get(remote_id)
            if remote_id in self._keeps_history and wanted and is_shown:
                wanted, is_shown = wanted[:-3], is_shown[:-3]
            if wanted != is_shown:
                self._fail(f"{remote_id} is {is_shown} and should be {wanted}")
        renamed = {one.name for one in self.server.libraries}
        if renamed != {one.name for one in self.source.libraries()}:
            self._fail("libraries have other names")

    def _fail(self, what: str) -> None:
        text = "\n".join(self.lines)
        raise ViolationError(f"history {self.seed}: {what}\n{text}")

    # --- faults ------------------------------------------------------------------------------

    def no_fault(self) -> None:
        """All goes well."""

    def one_request_fails(self) -> None:
        """One request is answered with an error, each time it is sent; the server is there (S9)."""
        left = self._random.randint(1, 30)
        error = self._random.choice(REQUEST_ERRORS)
        failing: set[str] = set()

        def call(what: str) -> None:
            nonlocal left
            left -= 1
            if left == 0 and what != "identity":
                failing.add(what)
                self._note("    fails:", what, error)
            if what in failing:
                raise error

        self.server.on_call = call
        self._is_blind = True

    def cut(self) -> None:
        """The connection breaks with one of the requests."""
        left = self._random.randint(1, 40)

        def call(_: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                raise UnreachableError("cut")

        self.server.on_call = call

    def killed(self) -> None:
        """The worker dies."""
        calls, after = self._random.randint(1, 60), self._random.random() < 0.5
        self.source.wrap = lambda writer: MortalStore(writer, calls, after=after)

    def cut_changes(self) -> None:
        """The connection breaks between two pages of changes."""
        self.server.changes_cut_after = self._random.randrange(4)

    def changed_meanwhile(self) -> None:
        """The server does not stand still while it is listed."""

        def call(what: str) -> None:
            if self._random.random() < 0.3:
                self._note("    meanwhile, before", what)
                self._something_happens()

        self.server.on_call = call

    def reordered(self) -> None:
        """Rows change places while they are listed."""

        def call(what: str) -> None:
            if what.startswith("page") and self._random.random() < 0.5:
                for library, items in self.server.items.items():
                    rows = list(items.items())
                    self._random.shuffle(rows)
                    self.server.items[library] = dict(rows)

        self.server.on_call = call

    def short_pages(self) -> None:
        """Rows are counted and left out."""
        rows = [item.remote_id for _, item in self._all()]
        self.server.hidden = set(
            self._random.sample(rows, min(len(rows), self._random.randint(1, 5)))
        )
        self._is_blind = True

    def poison(self) -> None:
        """The server fails on some rows."""
        rows = [item.remote_id for _, item in self._all()]
        self.server.poison = set(self._random.sample(rows, min(len(rows), 2)))
        self._is_blind = True

    def unmounted(self) -> None:
        """A disk is away: the server says that a whole library is gone, for a while.

        Once only: the same loss a day later would be believed.
        """
        if self._is_unmounted is None:
            library = RemoteId(self._random.choice(MOVIE_LIBRARIES))
            self._is_unmounted = (library, self.server.items[library])
            self.server.items[library] = {}
            # What moved there and is cached elsewhere is gone from there, which is no drop.
            own = {name for (name,) in self._reader.execute(_SHOWN_IN, (library,))}
            self._always_there -= self._is_unmounted[1].keys() - own
            if len(own) < FEW_ROWS:  # denied one by one, they are believed to be gone (Y7)
                self._always_there -= own

    def refused(self) -> None:
        """A library is refused."""
        self.server.refused = {RemoteId(self._random.choice(MOVIE_LIBRARIES))}

        def call(what: str) -> None:
            if what.startswith("changes") and what.split()[1] in self.server.refused:
                raise ForbiddenError("refused")

        self.server.on_call = call

    def unsure(self) -> None:
        """The server can't tell what changed."""
        self.server.unsure = {ItemType.MOVIE}

    def forgotten_cursor(self) -> None:
        """The cursor means nothing any more."""
        self.server.oldest_cursor = self.server.now + 1

    def one_library(self) -> SyncOptions:
        """Only one library is synced."""
        libraries = self.source.libraries()
        if not libraries:
            return SyncOptions()
        return SyncOptions(only=frozenset({self._random.choice(libraries).id}))

    def full(self) -> SyncOptions:
        """Everything is read again."""
        return SyncOptions(mode=SyncMode.FULL)

    def full_enumeration(self) -> SyncOptions:
        """Everything is enumerated."""
        return SyncOptions(full_enumeration=True)

    def wrong_clock(self) -> None:
        """The clock of this machine is wrong for a while."""
        self.source.now += self._random.choice([-1, 1]) * self._random.randrange(10**8)


REQUEST_ERRORS = (
    UnreachableError("the server answered with status 500"),
    UnreachableError("a gateway refuses msd", reason=StatusReason.NOT_A_MEDIA_SERVER),
    UnreachableError("the server took too long to answer"),
    ForbiddenError("the server forbids this to the user"),
    BadResponseError("the answer is garbage"),
    BackendError("a mistake in the backend"),
)
FAULTS: list[tuple[str, Callable[[History], SyncOptions | None]]] = [
    (fault.__name__, fault)
    for fault, weight in (
        (History.no_fault, 3),
        (History.cut, 4),
        (History.one_request_fails, 6),
        (History.killed, 4),
        (History.cut_changes, 2),
        (History.changed_meanwhile, 4),
        (History.reordered, 2),
        (History.short_pages, 1),
        (History.poison, 1),
        (History.unmounted, 2),
        (History.refused, 2),
        (History.unsure, 1),
        (History.forgotten_cursor, 1),
        (History.one_library, 2),
        (History.full, 1),
        (History.full_enumeration, 1),
        (History.wrong_clock, 1),
    )
    for _ in range(weight)
]


def _facts(library: RemoteId, item: MediaItem) -> tuple[object, ...]:
    watch = item.watch or WatchState()
    return (
        library,
        item.type,
        item.title,
        item.year,
        item.overview or None,
        watch.watched,
        watch.play_count,
        watch.favourite,
    )


def main(first: int, count: int) -> int:
    """Run histories until one is violated; print what happened in it."""
    logging.disable(logging.CRITICAL)
    for seed in range(first, first + count):
        history = History(seed)
        try:
            anyio.run(history.run)
        except ViolationError as error:
            print(error)
            return 1
        finally:
            history.close()
    print(f"{count} histories from {first}: no violation")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
