"""Random histories of a simulated Jellyfin server and the syncs that follow it, over real HTTP."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from msd.backends.jellyfin.backend import JellyfinBackend
from msd.errors import MsdError
from msd.sync.plan import SyncPlan
from tests.backends.jellyfin.signed_in import signed_in
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.simulators.jellyfin import faults as troubles
from tests.simulators.jellyfin.item import Item
from tests.simulators.jellyfin.userdata import mark
from tests.store.made import MEMORY
from tests.support.library import CachedSource

ITEMS = 60
# What depends on the cache: its ids, and what is counted from watch states that went on (I2).
OWN = frozenset(
    {"unwatched_count", "id", "parent_id", "show_id", "album_id", "fetched", "library_id"}
)
Facts = Mapping[str, Mapping[str, object]]

WATCH = frozenset({"watched", "play_count", "position_ms", "last_played", "favourite"})
LEAVES = ("Movie", "Episode", "Audio", "Video", "MusicVideo")


class Door:
    """Opens always the same client, as a `FakeServer` opens its own."""

    def __init__(self, backend: JellyfinBackend) -> None:
        self._backend = backend

    def open(self) -> JellyfinBackend:
        return self._backend


class JellyfinHistory:
    """One server and one cache; `run` raises when they are not the same in the end."""

    def __init__(self, seed: int, version: str) -> None:
        self.seed = seed
        self.faults: Counter[str] = Counter()
        self.lines: list[str] = [f"history {seed} of Jellyfin {version}"]
        self._random = random.Random(seed)
        self._version = version
        self._came: set[str] = set()

    async def run(self) -> None:
        """Let things happen; then let all be quiet, and compare with a cache that is new."""
        folder = Path(tempfile.mkdtemp(dir=MEMORY))
        world = make_world(ITEMS)
        world.clock.advance(3600)
        try:
            with JellyfinSimulator(world, version=self._version) as self._sim:
                async with signed_in(self._sim, 20, folder) as backend:
                    await self._history(backend, folder)
        finally:
            shutil.rmtree(folder)

    async def _history(self, backend: JellyfinBackend, folder: Path) -> None:
        self._backend = backend
        door = Door(backend)
        (folder / "one").mkdir()
        (folder / "two").mkdir()
        source = CachedSource(folder / "one", door)  # type: ignore[arg-type]
        fresh = CachedSource(folder / "two", door)  # type: ignore[arg-type]
        try:
            for _ in range(self._random.randint(2, 5)):
                await self._sync(source)
                for _ in range(self._random.randrange(6)):
                    self._something_happens()
            for plan in (SyncPlan(), SyncPlan(), SyncPlan(confirm_deletes=True)):
                self._sim.world.clock.advance(3600)
                source.now += 60
                await self._copy(source, plan)
            await fresh.sync()
            self._compare(facts(source), facts(fresh))
        finally:
            source.close()
            fresh.close()

    def _something_happens(self) -> None:
        world, roll = self._sim.world, self._random
        world.clock.advance(roll.choice([1, 60, 3600]))
        item = roll.choice(world.of_type(*LEAVES))
        what: dict[str, Callable[[Item], object]] = {
            "edit": lambda item: world.edit(item.id, name=f"Edited {roll.randrange(10**6)}"),
            "delete": lambda item: world.delete(item.id),
            "add": lambda item: self._came.add(world.clone(item.id, name="New").id),
            "watch": lambda item: mark(world, self._sim.user(), item, played=roll.random() < 0.6),
            "re-key": lambda item: self._came.add(world.rekey(item.id).id),
            "ties": lambda _: world.shuffle_ties(),
        }
        name = roll.choice(sorted(what))
        what[name](item)
        self.lines.append(f"{name} {item.id}")

    async def _sync(self, source: CachedSource) -> None:
        roll, faults = self._random, self._sim.faults
        source.now += roll.choice([60, 3600, 30 * 3600])
        name, trouble = roll.choice(
            [
                ("none", None),
                ("cut", troubles.cut_after(roll.randrange(1, 4000))),
                ("truncated", troubles.truncated(roll.randrange(1, 4000))),
                ("server error", troubles.status(500)),
                ("bad gateway", troubles.bad_gateway()),
                ("changed meanwhile", troubles.before(self._something_happens)),
                ("reversed", troubles.reversed_page()),
                ("twice", troubles.duplicate_rows(2)),
            ]
        )
        self.faults[name] += 1
        self.lines.append(f"--- sync with {name}")
        if trouble is not None:
            faults.add(r"/Items", trouble, skip=roll.randrange(12), times=roll.randint(1, 3))
        try:
            await self._copy(source, SyncPlan())
        except MsdError as error:
            self.lines.append(f"    failed: {error}")
        faults.clear()

    async def _copy(self, source: CachedSource, plan: SyncPlan) -> None:
        await source.sync(plan)

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


def facts(source: CachedSource) -> Facts:
    """Return every field of every item that does not depend on the cache it is in."""
    names = {one.id: one.remote_id for one in source.libraries()}
    return {
        remote_id: {key: value for key, value in item.items() if key not in OWN}
        | {"library": names[item["library_id"]]}  # type: ignore[index]
        for remote_id, item in source.items().items()
    }
