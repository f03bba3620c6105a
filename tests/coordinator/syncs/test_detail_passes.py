"""Details are fetched while nothing else happens (Y24)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from msd.backend_api.changes import PushedChange
from msd.coordinator.syncs.detail_passes import DetailPasses, DetailTiming
from msd.errors import UnreachableError
from msd.events import ItemsChanged, NetworkChanged
from msd.models import (
    DetailsState,
    ItemQuery,
    JobState,
    LiveState,
    RemoteId,
    SearchQuery,
    SourceId,
    StatusReason,
    SyncPolicy,
)
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import FakeServer
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

AT_ONCE = DetailTiming(
    quiet_s=0.0, count_every_s=0.0, again_s=0.0, retry_first_s=0.01, retry_longest_s=0.02
)
FILMS = 12


@dataclass
class Stage:
    """A coordinator with one source whose films are synced; passes begin when `begin` is called."""

    run: Run
    server: FakeServer
    source_id: SourceId
    tasks: anyio.abc.TaskGroup

    def begin(self, timing: DetailTiming = AT_ONCE, *, wanted: bool = True) -> DetailPasses:
        """Let the coordinator's passes begin now, with other waits and another setting."""
        self.server.calls.clear()
        passes = self.run.coordinator.syncs._details
        if not wanted:
            settings = self.run.services.settings
            sync = replace(settings.sync, details=False)
            passes._sources._settings = replace(settings, sync=sync)
        passes._timing = timing
        passes._backoffs.default_factory = timing.backoff
        passes._not_before.clear()
        self.tasks.start_soon(passes.run)
        return passes

    @property
    def state(self) -> DetailsState:
        return self.run.coordinator.sources.get(self.source_id).details

    @property
    def missing(self) -> int:
        return self.run.coordinator.sources.get(self.source_id).details_missing

    def requests(self) -> list[str]:
        return [call for call in self.server.calls if call.startswith("details")]

    async def until_done(self) -> None:
        await self.run.until(lambda: self.state is DetailsState.DONE)

    async def until_asked(self, times: int = 1) -> None:
        await self.run.eventually(lambda: len(self.requests()) >= times)

    async def cast_of(self, name: str) -> list[str]:
        page = await self.run.coordinator.library.search(SearchQuery(text=name))
        return [str(hit["title"]) for hit in page.hits]


@asynccontextmanager
async def stage(tmp_path: Path, server: FakeServer | None = None) -> AsyncIterator[Stage]:
    server = server or FakeServer()
    server.movies(server.library("films"), FILMS)
    async with Rig(tmp_path, server=server).running() as run, anyio.create_task_group() as tasks:
        source_id = await run.add()
        await run.until_synced(source_id)
        yield Stage(run, server, source_id, tasks)
        tasks.cancel_scope.cancel()


async def test_details_come_by_themselves_and_stay(tmp_path: Path) -> None:
    """An actor is found with the server off; the items are named in one event."""
    async with stage(tmp_path) as on:
        before = len(on.run.of(ItemsChanged))
        on.begin()
        await on.until_done()
        on.server.error = UnreachableError("off")

        assert await on.cast_of("Player of m3") == ["Movie m3"]
        assert on.missing == 0
        (changed,) = on.run.of(ItemsChanged)[before:]
        assert len(changed.changed) == FILMS


async def test_progress_is_shown(tmp_path: Path) -> None:
    """While a page is on its way, frontends see that and how many are missing."""
    async with stage(tmp_path) as on:
        on.server.held_details = anyio.Event()
        on.begin()
        await on.run.until(lambda: on.state is DetailsState.RUNNING)
        assert on.missing == FILMS

        on.server.held_details.set()
        await on.until_done()


async def test_nothing_is_fetched_when_the_user_does_not_want_it(tmp_path: Path) -> None:
    """The setting `sync.details`; what is missing is still told."""
    async with stage(tmp_path) as on:
        passes = on.begin(wanted=False)
        await on.run.until(lambda: on.state is DetailsState.OFF)

        assert passes._running is None
        assert on.missing == FILMS
        assert on.requests() == []


async def test_a_metered_network_is_spared(tmp_path: Path) -> None:
    """A pass ends when the network becomes metered, and begins when it is so no more."""
    async with stage(tmp_path) as on:
        on.server.held_details = anyio.Event()
        on.begin()
        await on.until_asked()
        on.run.rig.network.metered = "yes"
        on.run.coordinator.events.publish(NetworkChanged())
        await on.run.until(lambda: on.state is DetailsState.WAITING)

        on.server.held_details.set()
        on.run.rig.network.metered = "no"
        on.run.coordinator.events.publish(NetworkChanged())
        await on.until_done()


async def test_a_sync_ends_the_pass(tmp_path: Path) -> None:
    """Two workers never ask one source at a time; the pass goes on after the sync (Y1)."""
    async with stage(tmp_path) as on:
        on.server.held_details = anyio.Event()
        on.begin()
        await on.until_asked()
        on.server.hold = anyio.Event()
        job_id = await on.run.coordinator.sync_source(on.source_id, mode="full")
        await on.run.until(lambda: on.state is DetailsState.WAITING)
        on.server.held_details.set()
        assert len(on.requests()) == 1

        on.server.hold.set()
        assert await on.run.until_ended(job_id) is JobState.DONE
        await on.until_done()


async def test_a_user_who_looks_at_an_item_ends_the_pass(tmp_path: Path) -> None:
    """The pass waits until the source was left alone for a while."""
    async with stage(tmp_path) as on:
        on.server.held_details = anyio.Event()
        on.begin(replace(AT_ONCE, quiet_s=3600.0))
        await on.until_asked()
        (item, *_) = (await on.run.coordinator.library.query(ItemQuery(limit=1))).items
        await on.run.coordinator.library.items([item["id"]], refresh=True)
        await on.run.until(lambda: on.state is DetailsState.WAITING)
        on.server.held_details.set()
        await on.run.eventually(lambda: "item" in on.server.calls)

        await on.run.until(lambda: on.missing == FILMS - 1)
        assert len(on.requests()) == 1


async def test_a_pushed_change_ends_the_pass(tmp_path: Path) -> None:
    """A burst of changes has the source for itself."""
    async with stage(tmp_path, ChangingServer()) as on:
        server = on.server
        assert isinstance(server, ChangingServer)
        await on.run.until(
            lambda: on.run.coordinator.sources.get(on.source_id).live is LiveState.OK
        )
        server.held_details = anyio.Event()
        on.begin(replace(AT_ONCE, quiet_s=3600.0))
        await on.until_asked()
        server.edit(server.libraries[0].remote_id, "m1", title="Pushed")
        server.tell(PushedChange(changed=(RemoteId("m1"),)))
        await on.run.until(lambda: on.state is DetailsState.WAITING)

        assert len(on.requests()) == 1


async def test_what_is_pushed_after_the_last_pass_is_fetched_too(tmp_path: Path) -> None:
    """A changed row is due without a sync: it is counted, shown and asked for."""
    async with stage(tmp_path, ChangingServer()) as on:
        server = on.server
        assert isinstance(server, ChangingServer)
        await on.run.until(
            lambda: on.run.coordinator.sources.get(on.source_id).live is LiveState.OK
        )
        on.begin()
        await on.until_done()
        server.edit(server.libraries[0].remote_id, "m1", title="Pushed")
        server.tell(PushedChange(changed=(RemoteId("m1"),)))
        await on.until_asked(2)
        await on.until_done()

        assert on.requests()[-1] == "details m1"
        assert "Pushed" in await on.cast_of("Player of m1")


async def test_removing_the_source_ends_the_pass(tmp_path: Path) -> None:
    """Nothing outlives its source (A6)."""
    async with stage(tmp_path) as on:
        on.server.held_details = anyio.Event()
        passes = on.begin()
        await on.until_asked()

        await on.run.coordinator.remove_source(on.source_id)
        await on.run.eventually(lambda: passes._running is None)

        assert len(on.requests()) == 1


async def test_libraries_that_are_not_synced_by_themselves_are_left_alone(
    tmp_path: Path,
) -> None:
    """A library that is synced by hand only is not asked for behind the user's back."""
    async with stage(tmp_path) as on:
        (library,) = await on.run.coordinator.library.libraries(on.source_id)
        await on.run.coordinator.syncs.set_policy(library.id, {"sync": SyncPolicy.MANUAL.value})
        on.begin()
        await on.until_done()
        assert on.requests() == []

        await on.run.coordinator.syncs.set_policy(library.id, {"sync": SyncPolicy.LIVE.value})
        await on.until_asked()


async def test_a_server_without_details_in_lists_is_asked_once(tmp_path: Path) -> None:
    """Until it is connected again: it may be another version by then."""
    async with stage(tmp_path) as on:
        on.server.lists_details = False
        on.begin()
        await on.run.until(lambda: on.state is DetailsState.UNSUPPORTED)
        assert len(on.requests()) == 1

        on.server.lists_details = True
        await on.run.coordinator.sources.reconnect(on.source_id)
        await on.until_done()


async def test_a_pass_that_failed_is_begun_again_later(tmp_path: Path) -> None:
    """With growing waits; what was written stays."""
    async with stage(tmp_path) as on:
        on.server.identity_error = UnreachableError("busy", reason=StatusReason.SERVER_ERROR)
        on.server.odd_details = {"m1"}
        on.begin()
        await on.until_asked(3)
        assert on.missing == FILMS

        on.server.identity_error = None
        on.server.odd_details = set()
        await on.until_done()


async def test_a_source_that_is_offline_waits(tmp_path: Path) -> None:
    """Nothing is tried, and what is missing is told."""
    async with stage(tmp_path) as on:
        await on.run.coordinator.sources.set_enabled(on.source_id, enabled=False)
        on.begin()
        await on.run.until(lambda: on.missing == FILMS)

        assert on.state is DetailsState.WAITING
        assert on.requests() == []
