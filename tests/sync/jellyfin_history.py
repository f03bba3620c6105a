"""Random histories of a simulated Jellyfin server, over real HTTP.

python -m tests.sync.jellyfin_history VERSION FIRST COUNT
"""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

from msd.backends.jellyfin.backend import JellyfinBackend
from msd.models import RemoteId
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.http.faults import Trouble
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.simulators.jellyfin import faults as troubles
from tests.simulators.jellyfin.world.userdata import favor, mark
from tests.support.fakes.fake_backend import FakeServer
from tests.sync.source_history import Fault, Happening, SourceHistory, run_histories

ITEMS = 60
LEAVES = ("Movie", "Episode", "Audio", "Video", "MusicVideo")


class Door:
    """Opens always the same client, as a `FakeServer` opens its own."""

    def __init__(self, backend: object) -> None:
        self._backend = backend

    def open(self) -> object:
        return self._backend


class JellyfinHistory(SourceHistory):
    """One server of one version."""

    def __init__(self, seed: int, version: str) -> None:
        super().__init__(seed, f"Jellyfin {version}")
        self._version = version

    @asynccontextmanager
    async def _opened(self, folder: Path) -> AsyncIterator[FakeServer]:
        world = make_world(ITEMS)
        world.clock.advance(3600)
        with JellyfinSimulator(world, version=self._version) as self._sim:
            async with signed_in(self._sim, 20, folder) as backend:
                self._backend: JellyfinBackend = backend
                yield cast("FakeServer", Door(backend))

    def _pass_time(self, seconds: int) -> None:
        self._sim.world.clock.advance(seconds)

    def _happenings(self) -> Mapping[str, Happening]:
        world, roll = self._sim.world, self._random
        item = roll.choice(world.of_type(*LEAVES))
        user, played = self._sim.user(), roll.random() < 0.6
        self._touched = [RemoteId(item.id)]
        day = world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            "edit": lambda: world.edit(item.id, name=f"Edited {roll.randrange(10**6)}"),
            "delete": lambda: world.delete(item.id),
            "add": lambda: self._came.add(world.clone(item.id, name="New").id),
            "watch": lambda: mark(world, user, item, played=played),
            "watch on the same date": lambda: mark(world, user, item, played=True, at=day),
            "unwatch": lambda: mark(world, user, item, played=False),
            "favour": lambda: favor(world, user, item, favorite=played),
            "re-key": lambda: self._came.add(world.rekey(item.id).id),
            "ties": world.shuffle_ties,
        }

    def _faults(self) -> list[Fault]:
        roll = self._random
        found = {
            "cut": troubles.cut_after(roll.randrange(1, 4000)),
            "truncated": troubles.truncated(roll.randrange(1, 4000)),
            "server error": troubles.status(500),
            "bad gateway": troubles.bad_gateway(),
            "changed meanwhile": troubles.before(self._something_happens),
            "reversed": troubles.reversed_page(),
            "twice": troubles.duplicate_rows(2),
        }
        end = self._sim.faults.clear
        bad = [Fault(name, partial(self._begin, trouble), end) for name, trouble in found.items()]
        return [Fault("none", lambda: None, end), *bad]

    def _begin(self, trouble: Trouble) -> None:
        roll = self._random
        self._sim.faults.add("/Items", trouble, skip=roll.randrange(12), times=roll.randint(1, 3))


if __name__ == "__main__":
    sys.exit(
        run_histories(
            lambda seed: JellyfinHistory(seed, sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
        )
    )
