"""Random histories of a simulated Plex server, over real HTTP.

python -m tests.sync.plex_history FIRST COUNT
"""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

from msd.models import RemoteId
from tests.backends.plex.signed_in import signed_in
from tests.simulators.http.faults import Trouble
from tests.simulators.plex import PlexServer, faults, make_world
from tests.simulators.plex.item import Kind
from tests.support.fakes.fake_backend import FakeServer
from tests.support.library import CachedSource
from tests.sync.jellyfin_history import Door
from tests.sync.source_history import Facts, Fault, Happening, SourceHistory, run_histories

ITEMS = 60
LEAVES = (Kind.MOVIE, Kind.EPISODE, Kind.TRACK)
HOLDERS = (Kind.SHOW, Kind.SEASON, Kind.ARTIST, Kind.ALBUM)
LISTS = "/all$"


class PlexHistory(SourceHistory):
    """One server."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, "Plex")

    @asynccontextmanager
    async def _opened(self, folder: Path) -> AsyncIterator[FakeServer]:
        del folder
        with PlexServer(make_world(ITEMS)) as self._server:
            async with signed_in(self._server, 20) as backend:
                yield cast("FakeServer", Door(backend))

    def _pass_time(self, seconds: int) -> None:
        self._server.world.clock.advance(seconds)

    def _happenings(self) -> Mapping[str, Happening]:
        world, roll = self._server.world, self._random
        leaf = roll.choice(world.of_kind(*LEAVES)).key
        self._touched = [RemoteId(str(leaf))]
        holder = roll.choice(world.of_kind(*HOLDERS)).key
        name = f"Edited {roll.randrange(10**6)}"
        return {
            "edit": lambda: world.edit(leaf, title=name),
            "edit a holder": lambda: world.edit(holder, title=name),
            "delete": lambda: world.delete(leaf),
            "add": lambda: self._came.add(str(world.clone(leaf).key)),
            "watch": lambda: world.watch(leaf),
            "unwatch": lambda: world.unwatch(leaf),
            "progress": lambda: world.progress(leaf, roll.randrange(60_000, 600_000)),
            "re-key": lambda: self._came.add(str(world.rekey(leaf).key)),
        }

    def _faults(self) -> list[Fault]:
        roll = self._random
        found = {
            "cut": faults.cut_after(roll.randrange(1, 4000)),
            "truncated": faults.truncated(roll.randrange(1, 4000)),
            "server error": faults.status(500),
            "bad gateway": faults.bad_gateway(),
            "changed meanwhile": faults.before(self._something_happens),
        }
        end = self._server.faults.clear
        bad = [Fault(name, partial(self._begin, trouble), end) for name, trouble in found.items()]
        return [Fault("none", lambda: None, end), *bad]

    def _begin(self, trouble: Trouble) -> None:
        roll = self._random
        self._server.faults.add(LISTS, trouble, skip=roll.randrange(12), times=roll.randint(1, 3))

    def _facts(self, source: CachedSource) -> Facts:
        """A row that came by its id has all genres; lists show two (contract)."""
        found = super()._facts(source)
        return {
            key: {**item, "genres": cast("list[str]", item.get("genres", []))[:2]}
            for key, item in found.items()
        }


if __name__ == "__main__":
    sys.exit(run_histories(PlexHistory, int(sys.argv[1]), int(sys.argv[2])))
