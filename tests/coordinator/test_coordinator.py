"""The coordinator's use cases over real databases, a fake keyring and a fake server."""

import time
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from msd import errors
from msd.events import (
    AccountAdded,
    AccountRemoved,
    ItemsChanged,
    SourceAdded,
    SourceRemoved,
    SourceStatusChanged,
)
from msd.models import (
    BackendKind,
    ItemId,
    ItemQuery,
    JobState,
    KeyringState,
    LibraryType,
    PublicStatus,
    SourceId,
    StatusReason,
    SyncPolicy,
)
from tests.support.fakes.fake_backend import KIND
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


async def count(run: Run) -> int:
    return (await run.coordinator.library.query(ItemQuery())).total


# --- adding ------------------------------------------------------------------------------------


async def test_an_added_source_connects_and_syncs_by_itself(rig: Rig) -> None:
    """Verify, store, announce, first sync (A1, O6)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)

        view = run.coordinator.sources.get(source_id)
        assert view.status.status is PublicStatus.CONNECTED
        assert await count(run) == 12
        assert [SourceAdded(source_id)] == run.of(SourceAdded)
        assert run.of(AccountAdded)
        assert run.of(ItemsChanged)


async def test_the_same_thing_twice_is_refused_and_another_user_is_another_source(rig: Rig) -> None:
    """The same thing twice is refused and another user is another source (I1)."""
    rig.server.users["bob"] = "secret"
    async with rig.running() as run:
        first = await run.add()
        with pytest.raises(errors.SourceExistsError):
            await run.add()
        second = await run.add("bob")

        assert first != second
        assert [first, second] == [view.source.id for view in run.coordinator.list_sources()]
        assert rig.server.signed_out == ["alice"]
        devices = {
            run.services.registry.account(a.account.id).device_id
            for a in run.coordinator.accounts.all()
        }
        assert len(devices) == 2


@pytest.mark.parametrize("state", [KeyringState.LOCKED, KeyringState.ABSENT])
async def test_without_a_keyring_nothing_is_added(rig: Rig, state: KeyringState) -> None:
    """The login is undone, nothing is stored (A1)."""
    rig.keyring.now = state
    async with rig.running() as run:
        with pytest.raises((errors.KeyringLockedError, errors.KeyringUnavailableError)):
            await run.add()

        assert not run.coordinator.list_sources()
        assert not rig.credential_store.stored
        assert rig.server.signed_out == ["alice"]


async def test_a_failed_database_write_takes_the_secret_back(rig: Rig, tmp_path: Path) -> None:
    """A failure at any step undoes the earlier ones (A1)."""
    async with rig.running() as run:
        run.services.registry._store.close()
        with pytest.raises(errors.MsdError):
            await run.add()

        assert not rig.credential_store.stored
        assert rig.server.signed_out == ["alice"]


async def test_a_wrong_password_adds_nothing(rig: Rig) -> None:
    """A wrong password adds nothing (A1)."""
    async with rig.running() as run:
        with pytest.raises(errors.AuthRefusedError):
            await run.coordinator.add_source(KIND, {"user": "alice", "password": "wrong"})

        assert not run.coordinator.list_sources()


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("nothing", {}, "no backend is called"),
        (KIND, {"user": "alice", "colour": "red"}, "no option 'colour'"),
        (KIND, {"user": 5}, "must be of type s"),
        (KIND, {}, "needs the option user"),
    ],
)
async def test_options_that_can_not_be_meant_are_refused(
    rig: Rig, kind: str, options: dict[str, str], says: str
) -> None:
    """Dbus-api: unknown option keys are refused, naming the key and the known ones."""
    async with rig.running() as run:
        with pytest.raises(errors.InvalidArgumentError, match=says):
            await run.coordinator.add_source(BackendKind(kind), options)


# --- start -------------------------------------------------------------------------------------


async def test_after_a_restart_the_cache_answers_while_the_server_is_down(rig: Rig) -> None:
    """Every configured source has a status, and the rows are there (O1, S1)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        revision = run.coordinator.library.revision
    rig.server.error = errors.UnreachableError("down", reason=StatusReason.REFUSED)

    async with rig.running() as run:
        status = run.coordinator.get_source_status(source_id)
        assert (status.status, status.reason) == (PublicStatus.OFFLINE, StatusReason.STARTING)
        assert await count(run) == 12
        assert run.coordinator.library.revision >= revision
        assert run.coordinator.sources.get(source_id).item_count == 12

        run.coordinator.start()
        await run.until(lambda: run.coordinator.get_source_status(source_id).reason == "refused")
        assert await count(run) == 12


async def test_a_source_heals_when_its_server_returns(rig: Rig) -> None:
    """Without anybody asking; here the user asks, which resets the waits (O3, S6)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.error = errors.UnreachableError("down")
        await run.coordinator.sources.reconnect(source_id)
        await run.until_status(source_id, PublicStatus.OFFLINE)
        assert run.coordinator.sources.get(source_id).attempts == 1
        assert run.coordinator.sources.get(source_id).next_retry > 0

        rig.server.error = None
        await run.until_status(source_id, PublicStatus.CONNECTED)

        assert run.coordinator.sources.get(source_id).attempts == 0


async def test_a_network_change_makes_it_try_again_at_once(rig: Rig) -> None:
    """Also resume from suspend; a connected source is left alone (S6)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        run.coordinator.start()
        rig.server.error = errors.TlsError("a captive portal")  # tried again in 15 minutes
        await run.coordinator.sources.reconnect(source_id)
        await run.until_status(source_id, PublicStatus.ERROR)
        rig.server.error = None

        rig.network.change("yes")

        await run.until_status(source_id, PublicStatus.CONNECTED)
        assert run.coordinator.daemon().online == "yes"


async def test_an_unexpected_error_of_a_backend_is_an_error_of_its_source_only(rig: Rig) -> None:
    """Style section 4: containment; the daemon stays."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.error = ZeroDivisionError("a bug")
        await run.coordinator.sources.reconnect(source_id)

        await run.until_status(source_id, PublicStatus.ERROR)

        status = run.coordinator.get_source_status(source_id)
        assert status.reason is StatusReason.BACKEND_BUG
        assert "a bug" not in status.detail
        assert await count(run) == 12


async def test_each_change_of_status_is_told_once(rig: Rig) -> None:
    """Nothing changed, nothing sent (S5)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.error = errors.UnreachableError("down")
        for _ in range(3):
            rig.server.calls.clear()
            await run.coordinator.sources.reconnect(source_id)
            with anyio.fail_after(5):
                while not rig.server.calls:
                    await anyio.lowlevel.checkpoint()
        await run.until_status(source_id, PublicStatus.OFFLINE)

        told = [(e.status.status, e.status.reason) for e in run.of(SourceStatusChanged)]  # type: ignore[attr-defined]
        assert told == [
            ("connected", "ok"),
            ("offline", "timeout"),
        ]


# --- the keyring -------------------------------------------------------------------------------


async def test_a_locked_keyring_is_needs_auth_and_heals_when_it_unlocks(rig: Rig) -> None:
    """The cache answers meanwhile, no request leaves, nobody has to act in msd (S4, O3)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
    rig.keyring.now = KeyringState.LOCKED
    rig.server.calls.clear()

    async with rig.running() as run:
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
        assert run.coordinator.get_source_status(source_id).reason is StatusReason.KEYRING_LOCKED
        assert await count(run) == 12
        assert rig.server.calls == []

        rig.keyring.become(KeyringState.AVAILABLE)

        await run.until_status(source_id, PublicStatus.CONNECTED)


async def test_unlock_secrets_raises_the_prompt_as_a_job(rig: Rig) -> None:
    """Dbus-api: nothing else prompts."""
    async with rig.running() as run:
        source_id = await run.add()
        rig.keyring.now = KeyringState.LOCKED
        job = run.coordinator.keyring.unlock()

        assert await run.until_ended(job) is JobState.DONE
        assert rig.keyring.unlocks == 1
        assert run.coordinator.sources.get(source_id)


async def test_a_prompt_that_is_dismissed_is_a_failed_job(rig: Rig) -> None:
    """Dbus-api: failure is never a status in a success."""
    rig.keyring.is_dismissed = True
    async with rig.running() as run:
        rig.keyring.now = KeyringState.LOCKED
        job = run.coordinator.keyring.unlock()

        assert await run.until_ended(job) is JobState.FAILED
        assert "still locked" in run.coordinator.jobs.get(job).error


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, "\x1b[31m"])
async def test_names_that_can_not_be_shown_are_refused(rig: Rig, name: str) -> None:
    """Names that can not be shown are refused (K5, A5)."""
    async with rig.running() as run:
        source_id = await run.add()
        with pytest.raises(errors.InvalidArgumentError):
            await run.coordinator.sources.rename(source_id, name)


async def test_refused_credentials_stop_requests_and_syncs(rig: Rig) -> None:
    """Until new credentials; a sync says so at once (S4)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.error = errors.AuthRequiredError("revoked")
        await run.coordinator.sources.reconnect(source_id)
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)

        with pytest.raises(errors.AuthRequiredError):
            await run.coordinator.sync_source(source_id)
        half_an_hour, now = 1800, time.time()
        next_retry = run.coordinator.sources.get(source_id).next_retry
        assert half_an_hour * 0.8 < next_retry - now <= half_an_hour
        assert await count(run) == 12


# --- sync --------------------------------------------------------------------------------------


async def test_asking_again_joins_the_running_sync(rig: Rig) -> None:
    """Asking again joins the running sync (Y1)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.hold = anyio.Event()

        first = await run.coordinator.sync_source(source_id)
        second = await run.coordinator.sync_source(source_id)
        assert first == second
        assert run.coordinator.sources.get(source_id).sync_job == first

        rig.server.hold.set()
        assert await run.until_ended(first) is JobState.DONE


async def test_a_failed_sync_is_failed_and_says_why(rig: Rig) -> None:
    """And the source shows the error, with the time of the last success kept (Y11)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        last = run.coordinator.sources.get(source_id).source.last_sync
        rig.server.error = errors.UnreachableError("the server went away")

        job = await run.coordinator.sync_source(source_id)

        assert await run.until_ended(job) is JobState.FAILED
        assert run.coordinator.jobs.get(job).error == "the server went away"
        source = run.coordinator.sources.get(source_id).source
        assert (source.last_sync, source.last_sync_error) == (last, "the server went away")
        await run.until_status(source_id, PublicStatus.OFFLINE)


async def test_a_sync_can_be_cancelled(rig: Rig) -> None:
    """A sync can be cancelled (Y12)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.hold = anyio.Event()
        job = await run.coordinator.sync_source(source_id)
        await run.until(lambda: run.coordinator.jobs.get(job).state is JobState.RUNNING)

        run.coordinator.jobs.cancel(job)

        assert await run.until_ended(job) is JobState.CANCELLED
        assert await count(run) == 12


async def test_held_deletes_show_and_can_be_confirmed(rig: Rig) -> None:
    """Held deletes show and can be confirmed (Y7)."""
    films = rig.server.libraries[0].remote_id
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.items[films].clear()
        await run.until_ended(await run.coordinator.sync_source(source_id))
        view = run.coordinator.sources.get(source_id)
        assert (view.source.held_deletes, view.status.reason) == (12, "deletes-held")
        assert await count(run) == 12

        await run.until_ended(await run.coordinator.syncs.confirm_deletes(source_id))

        assert await count(run) == 0
        assert run.coordinator.sources.get(source_id).source.held_deletes == 0
        assert run.coordinator.get_source_status(source_id).reason is StatusReason.OK


async def test_policies_decide_what_a_start_catches_up(rig: Rig) -> None:
    """Manual libraries wait to be asked, off ones are left alone even then (A5)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        library = (await run.coordinator.library.libraries(source_id))[0]
        await run.coordinator.syncs.set_policy(library.id, {"sync": "off"})
        own = (await run.coordinator.library.libraries(source_id))[0].settings
        assert own.sync is SyncPolicy.OFF

        await run.until_ended(await run.coordinator.sync_source(source_id))

        assert library.id in run.syncs.requests[-1].options.off
        with pytest.raises(errors.InvalidArgumentError, match="known: off, manual"):
            await run.coordinator.syncs.set_policy(library.id, {"sync": "sometimes"})
        with pytest.raises(errors.UnknownLibraryError):
            await run.coordinator.sync_source(source_id, libraries=[library.id[:-1]])  # type: ignore[list-item]


async def test_a_library_that_is_said_to_hold_something_else_is_read_anew(rig: Rig) -> None:
    """A5, issue item 5: changeable; what it held so far is no loss to be confirmed."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        library = (await run.coordinator.library.libraries(source_id))[0]
        rig.server.libraries[0] = replace(rig.server.libraries[0], type=LibraryType.SHOWS)

        await run.coordinator.syncs.set_policy(library.id, {"content": "shows"})
        job = run.coordinator.sources.get(source_id).sync_job
        assert job is not None
        await run.until_ended(job)

        assert run.syncs.requests[-1].content_types == {library.remote_id: "shows"}
        assert await count(run) == 0
        assert run.coordinator.sources.get(source_id).source.held_deletes == 0
        await run.coordinator.sources.set_enabled(source_id, enabled=False)
        await run.coordinator.syncs.set_policy(library.id, {"content": ""})


# --- changing and removing ---------------------------------------------------------------------


async def test_rename_order_and_switch_survive_a_restart(rig: Rig) -> None:
    """Rename order and switch survive a restart (A5)."""
    rig.server.users["bob"] = "secret"
    async with rig.running() as run:
        first, second = await run.add(), await run.add("bob")
        await run.coordinator.sources.rename(first, " Living room ")
        await run.coordinator.sources.reorder([second])
        await run.coordinator.sources.set_enabled(first, enabled=False)
        assert run.coordinator.get_source_status(first).reason is StatusReason.DISABLED
        with pytest.raises(errors.NotSupportedError):
            await run.coordinator.sync_source(first)

    async with rig.running() as run:
        views = run.coordinator.list_sources()
        assert [second, first] == [view.source.id for view in views]
        assert (views[1].source.name, views[1].source.enabled) == ("Living room", False)
        assert views[1].status.reason is StatusReason.DISABLED

        run.coordinator.start()
        await run.coordinator.sources.set_enabled(first, enabled=True)
        await run.until_status(first, PublicStatus.CONNECTED)


async def test_a_removed_source_is_served_nowhere_and_leaves_nothing(rig: Rig) -> None:
    """A removed source is served nowhere and leaves nothing (A4)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)

        await run.coordinator.remove_source(source_id)

        assert await count(run) == 0
        assert not await run.coordinator.library.libraries(None)
        with pytest.raises(errors.UnknownSourceError):
            run.coordinator.get_source_status(source_id)
        with anyio.fail_after(5):
            while run.services.registry.removed():
                await anyio.lowlevel.checkpoint()
        assert not rig.credential_store.stored
        assert rig.server.signed_out == ["alice"]
        assert run.of(SourceRemoved)
        assert run.of(AccountRemoved)
        assert run.services.cache.counts(source_id) == (0, 0)


async def test_a_source_that_is_removed_while_it_syncs_is_gone(rig: Rig) -> None:
    """And can be added again, empty, with the same id (I1) (A4, Y12)."""
    async with rig.running() as run:
        rig.server.hold = anyio.Event()
        source_id = await run.add()
        await run.until(lambda: run.coordinator.sources.get(source_id).sync_job is not None)

        await run.coordinator.remove_source(source_id)
        rig.server.hold = None
        again = await run.add()

        assert again == source_id
        await run.until_synced(again)
        assert await count(run) == 12


async def test_a_purge_goes_on_after_a_restart(rig: Rig) -> None:
    """The keyring was locked when the source was removed (A4)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.keyring.now = KeyringState.LOCKED
        await run.coordinator.remove_source(source_id)
    assert rig.credential_store.stored

    async with rig.running() as run:
        assert not run.coordinator.list_sources()
        assert await count(run) == 0
        rig.keyring.now = KeyringState.AVAILABLE
        run.coordinator.start()

        with anyio.fail_after(5):
            while run.services.registry.removed():
                await anyio.lowlevel.checkpoint()
    assert not rig.credential_store.stored


# --- limits and unknown ids --------------------------------------------------------------------


async def test_unknown_ids_have_their_own_errors(rig: Rig) -> None:
    """Dbus-api: typed errors."""
    unknown = SourceId("fake_000000000000")
    async with rig.running() as run:
        with pytest.raises(errors.UnknownSourceError):
            await run.coordinator.sync_source(unknown)
        with pytest.raises(errors.UnknownSourceError):
            await run.coordinator.library.libraries(unknown)
        with pytest.raises(errors.UnknownSourceError):
            await run.coordinator.library.query(ItemQuery(source_ids=(unknown,)))
        with pytest.raises(errors.UnknownSourceError):
            await run.coordinator.remove_source(unknown)
        with pytest.raises(errors.UnknownSourceError):
            run.coordinator.sources.explain(unknown)
        with pytest.raises(errors.UnknownJobError):
            run.coordinator.jobs.get(7)  # type: ignore[arg-type]
        with pytest.raises(errors.UnknownAccountError):
            run.coordinator.accounts.get("nobody")  # type: ignore[arg-type]
        with pytest.raises(errors.LimitExceededError):
            await run.coordinator.library.query(ItemQuery(limit=501))


async def test_details_are_fetched_when_asked_for(rig: Rig) -> None:
    """In the background, told by ItemsChanged (Y3)."""
    films = rig.server.libraries[0].remote_id
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        page = await run.coordinator.library.query(ItemQuery(fields=("*",)))
        item_id = ItemId(str(page.items[0]["id"]))
        rig.server.edit(films, str(page.items[0]["remote_id"]), overview="New")
        run.of(ItemsChanged)
        run.seen.clear()

        await run.coordinator.library.items([item_id], refresh=True)
        await run.until(lambda: any(isinstance(event, ItemsChanged) for event in run.seen))

        fresh = (await run.coordinator.library.items([item_id], fields=("overview",)))[0]
        assert fresh["overview"] == "New"


async def test_explain_tells_the_steps(rig: Rig) -> None:
    """Explain tells the steps (S8)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
        rig.server.error = errors.UnreachableError("no route", reason=StatusReason.REFUSED)
        await run.coordinator.sources.reconnect(source_id)
        await run.until_status(source_id, PublicStatus.OFFLINE)

        *tried, planned = run.coordinator.sources.explain(source_id)

        assert [("ok", ""), ("refused", "no route")] == [(s.outcome, s.detail) for s in tried]
        assert planned.outcome == "planned"
        assert planned.at > 0


async def test_a_library_that_msd_has_no_items_for_is_listed_and_not_live(rig: Rig) -> None:
    """Books and photos are never synced, so they are neither live nor synced now (Y16)."""
    rig.server.library("books", LibraryType.UNSUPPORTED)
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)

        films, books = await run.coordinator.library.libraries(source_id)

        assert (SyncPolicy.LIVE, SyncPolicy.OFF) == (films.settings.sync, books.settings.sync)
        assert films.synced_at > 0
        assert books.synced_at == 0
