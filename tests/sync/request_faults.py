"""Every request of a sync fails once, in every way: what does not depend on it must arrive.

    python -m tests.sync.request_faults jellyfin|plex [PART OF]    runs all, or one part of so many

The requests of a first sync and of a following one are recorded. Then each of them fails for
good, one way after the other, in a sync of its own: with the server's own errors, with a gateway's,
with garbage, cut and without any answer. Demanded each time: nothing cached disappears, what is
missing is named, at most one library lacks rows, and when the request works again the next syncs
bring everything.
"""

import logging
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import anyio

from msd.backend_api import BackendContext, MediaBackend
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.backends.plex.backend import PlexBackend
from msd.errors import MsdError
from msd.models import SyncOptions
from tests.backends.jellyfin.signed_in import signed_in as jellyfin_signed_in
from tests.backends.plex.signed_in import signed_in as plex_signed_in
from tests.simulators.http.faults import FaultScript, Trouble, cut_after, gateway, status, truncated
from tests.simulators.http.message import Request
from tests.simulators.http.requestlog import RequestLog
from tests.simulators.jellyfin import JellyfinSimulator
from tests.simulators.jellyfin import make_world as jellyfin_world
from tests.simulators.jellyfin.world.userdata import mark
from tests.simulators.plex import PlexServer
from tests.simulators.plex import make_world as plex_world
from tests.simulators.plex.item import Kind
from tests.store.made import MEMORY
from tests.support.fakes.fake_backend import FakeServer
from tests.support.library import CachedSource
from tests.sync.jellyfin_history import Door

ITEMS = 60
TROUBLES: dict[str, Callable[[], Trouble]] = {
    "500": lambda: status(500),
    "404": lambda: status(404, "Error processing request."),
    "own 401": lambda: status(401),
    "own 403": lambda: status(403),
    "gateway 401": gateway,
    "garbage": lambda: truncated(40),
    "cut": lambda: cut_after(0),
}
# A value that differs from one sync to the next: times, and rows that an earlier answer named.
_VARIES = re.compile(r"(?i)(date|time|since|ids|>=|>)[^=]*=[^&]*")


class Server(Protocol):
    """A simulated server."""

    faults: FaultScript
    log: RequestLog


@dataclass
class Subject:
    """One kind of server, its client, and what changes between two syncs."""

    server: Server
    context: BackendContext
    make: Callable[[BackendContext], MediaBackend]
    change: Callable[[], None]
    essential: re.Pattern[str]  # requests without which a source can't be used at all
    essential_first: re.Pattern[str]  # … or without which there is nothing to begin with


@asynccontextmanager
async def jellyfin() -> AsyncIterator[Subject]:
    world = jellyfin_world(ITEMS)
    world.clock.advance(3600)
    with JellyfinSimulator(world, version="12") as sim:

        def change() -> None:
            world.clock.advance(3600)
            movies, episodes = world.of_type("Movie"), world.of_type("Episode")
            world.edit(movies[0].id, name="Edited")
            world.clone(episodes[0].id, name="New")
            world.delete(world.of_type("Audio")[0].id)
            mark(world, sim.user(), movies[1], played=True)
            world.clock.advance(3600)

        async with jellyfin_signed_in(sim, 20) as backend:
            yield Subject(
                server=cast("Server", sim),
                context=backend._context,
                make=lambda context: JellyfinBackend(context, page_size=20),
                change=change,
                essential_first=re.compile(r"(?i)/UserViews|/Views$"),
                essential=re.compile(
                    r"(?i)/System/Info|/Users/(Me|[0-9a-f]{32})$|/System/Endpoint"
                ),
            )


@asynccontextmanager
async def plex() -> AsyncIterator[Subject]:
    world = plex_world(ITEMS)
    with PlexServer(world) as server:

        def change() -> None:
            world.clock.advance(3600)
            movies = world.of_kind(Kind.MOVIE)
            world.edit(movies[0].key, title="Edited")
            world.clone(world.of_kind(Kind.EPISODE)[0].key)
            world.delete(world.of_kind(Kind.TRACK)[0].key)
            world.watch(movies[1].key)
            world.clock.advance(3600)

        async with plex_signed_in(server, 20) as backend:
            yield Subject(
                server=cast("Server", server),
                context=backend._context,
                make=lambda context: PlexBackend(context, page_size=20),
                change=change,
                essential_first=re.compile(r"^/library/sections$"),
                essential=re.compile(r"^/identity|^/$"),
            )


SUBJECTS = {"jellyfin": jellyfin, "plex": plex}


def key_of(method: str, path: str, query: str) -> str:
    """Return what makes a request the same one in another sync."""
    parameters = sorted(_VARIES.sub(r"\1=…", part) for part in query.split("&") if part)
    return f"{method} {path}?{'&'.join(parameters)}"


@dataclass
class Result:
    """What came of all runs."""

    runs: int = 0
    contained: int = 0
    failed_as_a_whole: int = 0
    healed: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


class Trial:
    """Runs syncs of one subject in which one request fails."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        self._subject = subject
        self._folder = folder
        self.result = Result()

    async def run(self, part: int = 0, of: int = 1) -> Result:
        """Record the requests, then let each fail; only every `of`-th run, from `part` on."""
        first = await self._recorded("before", None)
        self._subject.change()
        following = await self._recorded("after", "before")
        await self._recorded("fresh", None)
        number = 0
        for name, keys, start in (("first", first, None), ("following", following, "before")):
            self.result.requests[name] = len(keys)
            for key in keys:
                for trouble in TROUBLES:
                    number += 1
                    if number % of == part:
                        await self._fails(f"{name}: {key}: {trouble}", key, trouble, start)
        return self.result

    async def _recorded(self, name: str, start: str | None) -> list[str]:
        """Sync into a cache of this name; return the distinct requests that it took."""
        log = self._subject.server.log
        log.clear()
        await self._sync(name, start)
        keys = [key_of(one.method, one.path, one.query) for one in log.requests]
        return list(dict.fromkeys(keys))

    async def _sync(self, name: str, start: str | None) -> str:
        """Sync once, from a copy of another cache; return the faults that are named."""
        if start is not None and start != name:
            shutil.copytree(self._folder / start, self._folder / name, dirs_exist_ok=True)
        (self._folder / name).mkdir(exist_ok=True)
        backend = self._subject.make(self._subject.context)
        source = CachedSource(self._folder / name, cast("FakeServer", Door(backend)))
        source.now += 600
        try:
            report = await source.sync(SyncOptions())
        finally:
            source.close()
            await backend.aclose()
        return report.fault_summary() or ("" if report.complete else "incomplete")

    def _rows(self, name: str) -> dict[str, set[str]]:
        """Return the ids of the rows by library."""
        source = CachedSource(self._folder / name, FakeServer())
        try:
            names = {one.id: one.remote_id for one in source.libraries()}
            found: dict[str, set[str]] = {}
            for remote_id, item in source.items().items():
                found.setdefault(str(names[item["library_id"]]), set()).add(remote_id)  # type: ignore[index]
            return found
        finally:
            source.close()

    async def _fails(self, what: str, key: str, trouble: str, start: str | None) -> None:
        shutil.rmtree(self._folder / "trial", ignore_errors=True)
        self.result.runs += 1
        wanted = self._rows("fresh")
        kept = self._rows(start) if start else {}
        named, error = "", ""

        def is_met(request: Request) -> bool:
            return key_of(request.method, request.path, request.query_string) == key

        self._subject.server.faults.add(".", TROUBLES[trouble](), where=is_met)
        try:
            named = await self._sync("trial", start)
        except MsdError as exc:
            error = str(exc)
        self._subject.server.faults.clear()
        shown = self._rows("trial")
        self._judge(what, key, shown=shown, wanted=wanted, kept=kept, named=named, error=error)
        for _ in range(2):
            await self._sync("trial", "trial")
        if self._rows("trial") == wanted:
            self.result.healed += 1
        else:
            self._violated(what, "does not heal")

    def _judge(
        self,
        what: str,
        key: str,
        *,
        shown: dict[str, set[str]],
        wanted: dict[str, set[str]],
        kept: dict[str, set[str]],
        named: str,
        error: str,
    ) -> None:
        gone = {row for library, rows in kept.items() for row in rows - shown.get(library, set())}
        lost = gone & {row for rows in wanted.values() for row in rows}
        if lost:
            self._violated(what, f"deleted although they exist: {sorted(lost)[:5]}")
        lacking = [name for name, rows in wanted.items() if rows - shown.get(name, set())]
        if error:
            self.result.failed_as_a_whole += 1
            if not self._is_essential(what, key):
                self._violated(what, f"ends the sync: {error}")
            return
        if lacking and not named:
            self._violated(what, f"{lacking} lack rows, and nothing says so")
        if len(lacking) > 1 and "parentid" in key.lower():
            self._violated(what, f"{len(lacking)} libraries lack rows: {named}")
        self.result.contained += 1

    def _is_essential(self, what: str, key: str) -> bool:
        """Return whether nothing at all can be had without this request."""
        path = key.split()[1].split("?", maxsplit=1)[0]
        patterns = [self._subject.essential]
        patterns += [self._subject.essential_first] if what.startswith("first") else []
        return any(pattern.search(path) for pattern in patterns)

    def _violated(self, what: str, how: str) -> None:
        self.result.violations.append(f"{what}\n    {how}")


async def trial(kind: str, part: int = 0, of: int = 1) -> Result:
    """Run the trial of one kind of server, or every `of`-th run of it."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    try:
        async with SUBJECTS[kind]() as subject:
            return await Trial(subject, folder).run(part, of)
    finally:
        shutil.rmtree(folder)


def main(kind: str, part: int = 0, of: int = 1) -> int:
    """Print every violation and the numbers."""
    logging.disable(logging.CRITICAL)
    result = anyio.run(trial, kind, part, of)
    print("\n".join(result.violations))
    print(
        f"{kind}: requests {dict(result.requests)}, {result.runs} runs,"
        f" {result.contained} contained, {result.failed_as_a_whole} failed as a whole,"
        f" {result.healed} healed, {len(result.violations)} violations"
    )
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
