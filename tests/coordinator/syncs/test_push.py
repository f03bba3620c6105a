"""What a source tells reaches the cache at once, and nothing falls between (Y9)."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import anyio
import pytest

from msd.backend_api.changes import PushedChange
from msd.coordinator.syncs.pending_changes import MOST_ROWS
from msd.coordinator.syncs.push_subscription import DEBOUNCE_S
from msd.errors import UnreachableError
from msd.events import AccountSignedIn, ItemsChanged
from msd.models import (
    ItemFields,
    ItemQuery,
    ItemType,
    LibraryType,
    LiveState,
    PublicStatus,
    RemoteId,
    SourceId,
    StatusReason,
    WatchState,
)
from tests.support.fakes.changing_backend import ChangingServer
from tests.support.fakes.fake_backend import movie
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio

LONGER_THAN_A_WRITE_S = 5 * DEBOUNCE_S


class Stage:
    """A running coordinator that is subscribed to a server with one library of forty films."""

    def __init__(self, run: Run, server: ChangingServer, source_id: SourceId) -> None:
        self.run = run
        self.server = server
        self.source_id = source_id
        self.films = server.libraries[0].remote_id

    def tell(self, *changed: str, removed: tuple[str, ...] = (), **where: object) -> None:
        self.server.tell(
            PushedChange(
                changed=tuple(RemoteId(one) for one in changed),
                removed=tuple(RemoteId(one) for one in removed),
                **where,  # type: ignore[arg-type]
            )
        )

    async def all(self) -> Sequence[ItemFields]:
        query = ItemQuery(limit=500, fields=("remote_id",))
        return (await self.run.coordinator.library.query(query)).items

    async def titles(self) -> dict[str, str]:
        return {str(item["remote_id"]): str(item["title"]) for item in await self.all()}

    async def ids(self) -> dict[str, str]:
        return {str(item["remote_id"]): str(item["id"]) for item in await self.all()}

    def changes(self) -> list[ItemsChanged]:
        return [one for one in self.run.of(ItemsChanged) if isinstance(one, ItemsChanged)]

    async def until_title(self, remote_id: str, title: str | None) -> None:
        with anyio.fail_after(10):
            while (await self.titles()).get(remote_id) != title:
                await self.run.next_event()

    async def until_live(self, state: LiveState) -> None:
        await self.run.until(lambda: self.live is state)

    @property
    def live(self) -> LiveState:
        return self.run.coordinator.sources.get(self.source_id).live

    @property
    def syncs(self) -> int:
        return len(self.run.syncs.requests)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    server = ChangingServer()
    server.movies(server.library("films"), 40)
    rig = Rig(tmp_path, server=server)
    async with rig.running() as run:
        run.coordinator.start()
        stage = Stage(run, server, await run.add())
        await stage.until_live(LiveState.OK)
        yield stage


async def test_a_change_is_shown_without_a_sync(stage: Stage) -> None:
    """A change is shown without a sync (Y10).

    The row is fetched by its id and told by its own.
    """
    syncs = stage.syncs
    stage.server.edit(stage.films, "m3", title="Renamed")
    stage.server.watch(stage.films, "m4", WatchState(watched=True))

    stage.tell("m3", "m4")
    await stage.until_title("m3", "Renamed")

    told = stage.run.of(ItemsChanged)[-1]
    assert isinstance(told, ItemsChanged)
    assert len(told.changed) == 2
    assert stage.syncs == syncs


async def test_a_row_that_is_new_appears_and_one_that_is_gone_disappears(stage: Stage) -> None:
    """Y10; a deletion is verified by asking for the id (Y7)."""
    stage.server.movies(stage.films, 1, first=40)
    stage.server.drop(stage.films, "m3")

    stage.tell("m40", removed=("m3",))
    await stage.until_title("m40", "Movie m40")
    await stage.until_title("m3", None)

    report = await stage.run.coordinator.sync_source(stage.source_id)
    stage.server.calls.clear()
    await stage.run.until_ended(report)
    assert not [call for call in stage.server.calls if call.startswith("page")]  # it all adds up


async def test_a_row_that_goes_on_under_another_key_keeps_its_id(stage: Stage) -> None:
    """A row that goes on under another key keeps its id (I2).

    A file that was moved; the sync that may record it is the one that judges the loss.
    """
    stage.server.edit(stage.films, "m3", title="Moved", identity="one file")
    stage.tell("m3")
    await stage.until_title("m3", "Moved")
    before = await stage.ids()
    stage.server.rekey(stage.films, "m3", "elsewhere")

    stage.tell("elsewhere", removed=("m3",))
    await stage.until_title("m3", None)

    after = await stage.ids()
    assert after["elsewhere"] == before["m3"]
    assert len(after) == len(before)


async def test_a_claim_that_a_row_is_gone_is_not_believed(stage: Stage) -> None:
    """A claim that a row is gone is not believed (Y7).

    The source still has it.
    """
    stage.server.edit(stage.films, "m4", title="Renamed")

    stage.tell("m4", removed=("m3",))
    await stage.until_title("m4", "Renamed")

    assert "m3" in await stage.titles()


async def test_deletions_that_are_too_many_are_held(stage: Stage) -> None:
    """Deletions that are too many are held (Y7).

    Told one by one they count together, and a whole enumeration judges them.
    """
    for n in range(30):
        stage.server.drop(stage.films, f"m{n}")
        stage.tell(removed=(f"m{n}",))
    await stage.run.until(
        lambda: stage.run.coordinator.sources.get(stage.source_id).source.held_deletes > 0
    )

    status = stage.run.coordinator.get_source_status(stage.source_id)
    assert status.reason is StatusReason.DELETES_HELD
    assert len(await stage.titles()) >= 30  # ten may go, by twos and threes


async def test_many_changes_are_followed_by_one_sync(stage: Stage) -> None:
    """Many changes are followed by one sync (Y10).

    Not one by one.
    """
    syncs = stage.syncs
    stage.server.movies(stage.films, MOST_ROWS + 20, first=40)

    stage.tell(*(f"m{n}" for n in range(40, 60 + MOST_ROWS)))
    await stage.until_title("m159", "Movie m159")

    assert stage.syncs == syncs + 1


async def test_a_change_without_ids_leads_to_a_look_at_the_library(stage: Stage) -> None:
    """A change without ids leads to a look at the library (Y9).

    That one only.
    """
    stage.server.edit(stage.films, "m3", title="Renamed")

    stage.tell(library=stage.films)
    await stage.until_title("m3", "Renamed")

    library = (await stage.run.coordinator.library.libraries(stage.source_id))[0]
    assert stage.run.syncs.requests[-1].options.only == {library.id}


async def test_a_row_of_a_library_that_is_new_is_found_by_a_look(stage: Stage) -> None:
    """A row of a library that is new is found by a look (Y9).

    It has no place yet.
    """
    more = stage.server.library("more")
    stage.server.movies(more, 3, first=100)

    stage.tell("m100")

    await stage.until_title("m100", "Movie m100")


async def test_what_changes_while_a_sync_runs_is_not_overwritten_by_it(stage: Stage) -> None:
    """What changes while a sync runs is not overwritten by it (Y9).

    A row was listed, then it changed and was told, then the listed one is written.
    """
    server, listed = stage.server, anyio.Event()

    def change(what: str) -> None:
        if what == "parse" and server.hold_parsed is not None:
            server.edit(stage.films, "m3", title="Newest")
            stage.tell("m3")

    server.edit(stage.films, "m3", title="Newer")
    server.hold_parsed, server.on_call = listed, change
    job = await stage.run.coordinator.sync_source(stage.source_id)
    with anyio.move_on_after(LONGER_THAN_A_WRITE_S):
        await stage.until_title("m3", "Newest")  # it must not be shown yet, or it would be undone
    listed.set()
    await stage.run.until_ended(job)

    await stage.until_title("m3", "Newest")


async def test_what_was_written_is_told_although_the_connection_ends(stage: Stage) -> None:
    """What was written is told although the connection ends (Y10).

    Who follows the signals would never hear of it.
    """
    server = stage.server
    [own] = [one for one in await stage.all() if one["remote_id"] == "m3"]

    def cut(what: str) -> None:
        if what == "parse":
            server.on_call = None
            server.cut()  # noticed while the row is written

    server.edit(stage.films, "m3", title="Renamed")
    server.on_call = cut
    stage.tell("m3")

    await stage.run.until(lambda: any(own["id"] in one.changed for one in stage.changes()))


async def test_what_a_dead_worker_wrote_and_never_told_is_read_anew(stage: Stage) -> None:
    """What a dead worker wrote and never told is read anew (Y10).

    Killed between a transaction and its message.
    """
    stage.server.edit(stage.films, "m3", title="Renamed")
    stage.run.syncs.dies_untold = True

    await stage.run.until_ended(await stage.run.coordinator.sync_source(stage.source_id))

    told = stage.changes()[-1]
    assert (told.changed, told.removed) == ((), ())
    assert told.revision == await stage.run.services.cache.newest_revision()
    assert (await stage.titles())["m3"] == "Renamed"


async def test_what_happens_while_catching_up_is_replayed(tmp_path: Path) -> None:
    """What happens while catching up is replayed (Y9).

    Subscribe, buffer, catch up, replay; the row changes after its aspect was followed. A first
    sync follows nothing, so the connection breaks after it.
    """
    server = ChangingServer()
    films = server.library("films")
    server.movies(films, 40)
    is_first = True

    def change(what: str) -> None:
        nonlocal is_first
        if what == "changes films watch" and server.listeners and is_first:
            is_first = False
            server.edit(films, "m3", title="Changed meanwhile")
            server.tell(PushedChange(changed=(RemoteId("m3"),)))

    rig = Rig(tmp_path, server=server)
    async with rig.running() as run:
        run.coordinator.start()
        stage = Stage(run, server, await run.add())
        await stage.until_live(LiveState.OK)
        server.on_call = change
        server.cut()

        await stage.until_title("m3", "Changed meanwhile")


async def test_a_dead_connection_degrades_and_everything_is_caught_up_with(stage: Stage) -> None:
    """Y9, peers row 4: what happened in between comes with the new subscription."""
    stage.server.live_error = UnreachableError("no live updates now")
    stage.server.cut()
    await stage.until_live(LiveState.DEGRADED)
    status = stage.run.coordinator.get_source_status(stage.source_id)
    stage.server.edit(stage.films, "m3", title="Renamed")
    stage.server.live_error = None

    await stage.until_live(LiveState.OK)

    assert (status.status, status.reason) == (PublicStatus.CONNECTED, StatusReason.DEGRADED_LIVE)
    assert (await stage.titles())["m3"] == "Renamed"
    status = stage.run.coordinator.get_source_status(stage.source_id)
    assert status.reason is StatusReason.OK


async def test_a_source_that_becomes_unreachable_is_offline_and_not_degraded(stage: Stage) -> None:
    """A source that becomes unreachable is offline and not degraded (S2, Y9).

    The supervisor looks at once.
    """
    stage.server.error = UnreachableError("gone")
    stage.server.cut()

    await stage.run.until_status(stage.source_id, PublicStatus.OFFLINE)
    await stage.until_live(LiveState.OFF)
    stage.server.error = None
    await stage.run.coordinator.sources.reconnect(stage.source_id)

    await stage.until_live(LiveState.OK)


async def test_a_library_that_is_manual_is_left_alone(stage: Stage) -> None:
    """A library that is manual is left alone (A5).

    And with no other the source needs no connection.
    """
    library = (await stage.run.coordinator.library.libraries(stage.source_id))[0]
    await stage.run.coordinator.syncs.set_policy(library.id, {"sync": "manual"})
    await stage.until_live(LiveState.OFF)

    assert not stage.server.listeners
    await stage.run.coordinator.syncs.set_policy(library.id, {"sync": "live"})
    await stage.until_live(LiveState.OK)


async def test_rows_of_a_manual_library_are_not_written_beside_a_live_one(stage: Stage) -> None:
    """Rows of a manual library are not written beside a live one (A5)."""
    more = stage.server.library("more")
    stage.server.movies(more, 3, first=100)
    await stage.run.until_ended(await stage.run.coordinator.sync_source(stage.source_id))
    libraries = await stage.run.coordinator.library.libraries(stage.source_id)
    own = next(one.id for one in libraries if one.remote_id == more)
    await stage.run.coordinator.syncs.set_policy(own, {"sync": "manual"})
    stage.server.edit(more, "m100", title="Renamed")
    stage.server.edit(stage.films, "m3", title="Renamed")

    stage.tell("m3", "m100")
    await stage.until_title("m3", "Renamed")

    assert (await stage.titles())["m100"] == "Movie m100"


async def test_a_collection_that_is_told_of_has_its_members_read(stage: Stage) -> None:
    """A collection that is told of has its members read (Y9, Y3).

    The row alone does not tell them.
    """
    sets = stage.server.library("sets", LibraryType.COLLECTIONS)
    stage.server.put(sets, movie("c1", type=ItemType.COLLECTION))
    await stage.run.until_ended(await stage.run.coordinator.sync_source(stage.source_id))
    stage.server.members[RemoteId("c1")] = (RemoteId("m1"), RemoteId("m2"))
    stage.server.edit(sets, "c1", title="Two films")

    stage.tell("c1")
    await stage.until_title("c1", "Two films")
    collection = (await stage.run.coordinator.library.query(ItemQuery(text="Two films"))).items[0]

    with anyio.fail_after(10):
        query = ItemQuery(parent_id=collection["id"])  # type: ignore[arg-type]
        while (await stage.run.coordinator.library.query(query)).total != 2:
            await stage.run.next_event()


async def test_a_disabled_source_has_no_connection(stage: Stage) -> None:
    """A disabled source has no connection (A5)."""
    await stage.run.coordinator.sources.set_enabled(stage.source_id, enabled=False)
    stage.server.cut()

    await stage.until_live(LiveState.OFF)

    assert not stage.server.listeners


async def test_a_source_without_live_updates_says_so(tmp_path: Path) -> None:
    """A source without live updates says so (Y9).

    And is asked at intervals, which is no fault.
    """
    rig = Rig(tmp_path)
    rig.server.movies(rig.server.library("films"), 3)
    async with rig.running() as run:
        run.coordinator.start()
        source_id = await run.add()

        await run.until(
            lambda: run.coordinator.sources.get(source_id).live is LiveState.UNSUPPORTED
        )

        await run.until_synced(source_id)
        assert run.coordinator.get_source_status(source_id).reason is StatusReason.OK


async def test_after_a_new_sign_in_live_updates_come_back_at_once(stage: Stage) -> None:
    """After a new sign in live updates come back at once (A3).

    What the old credentials ended is no reason to leave the server alone for minutes.
    """
    server, coordinator = stage.server, stage.run.coordinator
    server.hold, server.oldest_cursor = anyio.Event(), 10**12  # to catch up it must enumerate
    server.calls.clear()
    server.cut()
    await stage.run.eventually(lambda: "page movie 0" in server.calls)

    coordinator.events.publish(AccountSignedIn(coordinator.accounts.all()[0].account.id))
    server.hold.set()

    assert stage.live is not LiveState.OK
    await stage.until_live(LiveState.OK)
