"""Signing in anew, in place: same ids, rows and history, other credentials (A3)."""

import anyio
import pytest

from msd import errors
from msd.models import KeyringState, LoginState, LoginStep, PublicStatus, SourceId, StatusReason
from tests.coordinator.accounts.person import Person
from tests.support.fakes.fake_backend import KIND
from tests.support.fakes.fake_service import UNREACHABLE
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


async def refused(run: Run) -> tuple[SourceId, ...]:
    """Return the sources of an account that its service no longer knows."""
    run.coordinator.start()
    sources = await Person(run).sign_in()
    for source_id in sources:
        await run.until_status(source_id, PublicStatus.CONNECTED)
    service = run.rig.service
    service.is_refused = True
    service.server_tokens = {server_id: f"{server_id}-2" for server_id in service.server_tokens}
    await run.coordinator.sources.reconnect(sources[0])
    for source_id in sources:
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)
    return sources


async def test_every_source_of_the_account_goes_on_with_the_same_id(rig: Rig) -> None:
    """Every source of the account goes on with the same id (A3).

    One sign-in, all its sources at once.
    """
    async with rig.running() as run:
        sources = await refused(run)
        before = run.coordinator.accounts.all()[0].account

        rig.service.is_refused = False
        login_id = await Person(run).reauthenticate(sources[0])
        ended = await Person(run).until_ended(login_id)
        for source_id in sources:
            await run.until_status(source_id, PublicStatus.CONNECTED)

        assert (LoginState.AUTHORISED, sources) == (ended.state, ended.source_ids)
        assert before == run.coordinator.accounts.all()[0].account
        assert sources == tuple(view.source.id for view in run.coordinator.list_sources())
        assert "account-2" == rig.credential_store.stored[before.id].token
        assert ["near-1", "near-2"] == list(dict.fromkeys(rig.service.used["near"]))
        assert rig.service.devices[0] == rig.service.devices[1] == before.device_id


async def test_another_user_is_refused_and_signed_out_again(rig: Rig) -> None:
    """Another user is refused and signed out again (A3).

    That is another source; the old secret stays.
    """
    async with rig.running() as run:
        sources = await refused(run)
        (before,) = rig.credential_store.stored.items()

        rig.service.who = "bob"
        ended = await Person(run).until_ended(await Person(run).reauthenticate(sources[0]))

        assert (LoginState.FAILED, "AuthRefused") == (ended.state, ended.error)
        assert "Ann" in ended.message
        assert [before] == list(rig.credential_store.stored.items())
        assert ["account-2"] == rig.service.undone
        assert run.coordinator.get_source_status(sources[0]).status is PublicStatus.NEEDS_AUTH


async def test_somebody_elses_token_that_was_kept_is_signed_out_and_forgotten(rig: Rig) -> None:
    """Somebody elses token that was kept is signed out and forgotten (A1, A3).

    It ended nothing of ours.
    """
    async with rig.running() as run:
        sources = await refused(run)
        (before,) = rig.credential_store.stored.items()

        rig.service.who, rig.service.keeps = "bob", True
        await Person(run).until_ended(await Person(run).reauthenticate(sources[0]))

        assert [before] == list(rig.credential_store.stored.items())
        assert ["account-2"] == rig.service.signed_out
        assert not run.services.registry.unused_accounts()


async def test_a_token_that_ended_the_old_one_is_kept_whatever_follows(rig: Rig) -> None:
    """A token that ended the old one is kept whatever follows (A1).

    The old one is dead already, so the new one must not be lost.
    """
    async with rig.running() as run:
        sources = await refused(run)

        rig.service.keeps, rig.service.after_keep = True, UNREACHABLE
        ended = await Person(run).until_ended(await Person(run).reauthenticate(sources[0]))

        assert ended.state is LoginState.FAILED
        (stored,) = rig.credential_store.stored.values()
        assert "account-2" == stored.token
        assert {"near": "near-1", "shared": "shared-1"} == dict(stored.server_tokens)


async def test_the_old_secret_stays_until_the_new_one_worked(rig: Rig) -> None:
    """The old secret stays until the new one worked (A3).

    Cancelled on the way.
    """
    async with rig.running() as run:
        person = Person(run)
        sources = await refused(run)
        login_id = await person.reauthenticate(sources[0], "password")
        await person.until_step(login_id, LoginStep.PASSWORD)
        await run.coordinator.logins.cancel(login_id, person.caller)
        await person.until_ended(login_id)

        (stored,) = rig.credential_store.stored.values()
        assert "account-1" == stored.token


async def test_a_sync_that_runs_meanwhile_begins_again_with_the_new_credentials(rig: Rig) -> None:
    """A sync that runs meanwhile begins again with the new credentials (A3).

    Rows stay, the sync goes on by itself.
    """
    server = rig.service.server("near")
    server.movies(server.library("films"), 25)
    async with rig.running() as run:
        run.coordinator.start()
        sources = await Person(run).sign_in()
        near = next(
            one for one in sources if run.coordinator.sources.get(one).source.server_id == "near"
        )
        await run.until_synced(near)
        server.hold = anyio.Event()
        old = await run.coordinator.sync_source(near)
        await run.until(lambda: "page movie 0" in server.calls[-3:])

        rig.service.server_tokens["near"] = "near-2"
        await Person(run).until_ended(await Person(run).reauthenticate(near))
        server.hold.set()
        await run.until(lambda: run.coordinator.jobs.get(old).state == "cancelled")
        await run.until(lambda: run.coordinator.sources.get(near).sync_job not in (None, old))
        job = run.coordinator.sources.get(near).sync_job
        assert job is not None
        assert "done" == await run.until_ended(job)

        assert "near-2" == run.syncs.requests[-1].token
        await run.until(lambda: run.coordinator.sources.get(near).item_count == 25)


async def test_a_keyring_that_is_locked_is_told_before_anything_is_asked(rig: Rig) -> None:
    """A keyring that is locked is told before anything is asked (A3)."""
    async with rig.running() as run:
        sources = await Person(run).sign_in()
        rig.keyring.now = KeyringState.LOCKED

        with pytest.raises(errors.KeyringLockedError):
            await Person(run).reauthenticate(sources[0])


async def test_a_source_that_is_removed_meanwhile_stays_removed(rig: Rig) -> None:
    """A source that is removed meanwhile stays removed (A4)."""
    async with rig.running() as run:
        person = Person(run)
        sources = await person.sign_in()
        login_id = await person.reauthenticate(sources[0], "password")
        await person.until_step(login_id, LoginStep.PASSWORD)
        await run.coordinator.accounts.remove(run.coordinator.accounts.all()[0].account.id)
        await run.coordinator.logins.submit_password(login_id, "secret", person.caller)
        ended = await person.until_ended(login_id)

        assert (LoginState.FAILED, "UnknownSource") == (ended.state, ended.error)
        assert not run.coordinator.list_sources()
        await run.eventually(lambda: not rig.credential_store.stored)


async def test_a_kind_without_a_dialogue_or_an_unknown_source_is_a_typed_error(rig: Rig) -> None:
    """Reauthenticate."""
    async with rig.running() as run:
        source_id = await run.add()
        person = Person(run)

        with pytest.raises(errors.NotSupportedError):
            await run.coordinator.logins.reauthenticate(source_id, {}, person.caller)
        with pytest.raises(errors.UnknownSourceError):
            await run.coordinator.logins.reauthenticate(SourceId("x"), {}, person.caller)
        assert str(KIND) in source_id


async def test_nothing_is_asked_of_the_servers_until_somebody_signs_in(rig: Rig) -> None:
    """Nothing is asked of the servers until somebody signs in (S4).

    A refused account holds all its sources back.
    """
    async with rig.running() as run:
        sources = await refused(run)
        seen = {server: len(tokens) for server, tokens in rig.service.used.items()}

        await run.coordinator.initialize_all_sources()
        for source_id in sources:
            await run.coordinator.sources.reconnect(source_id)
        await anyio.wait_all_tasks_blocked()

        assert seen == {server: len(tokens) for server, tokens in rig.service.used.items()}
        status = run.coordinator.get_source_status(sources[1])
        assert StatusReason.TOKEN_REFUSED is status.reason


async def test_a_new_sign_in_serves_the_sources_that_wait_for_one(rig: Rig) -> None:
    """Who signs in from the beginning renews the same account; ids and rows stay (A3)."""
    async with rig.running() as run:
        sources = await refused(run)
        account_id = run.coordinator.accounts.all()[0].account.id

        rig.service.is_refused = False
        ended = await Person(run).until_ended(await Person(run).begin())
        for source_id in sources:
            await run.until_status(source_id, PublicStatus.CONNECTED)

        assert (LoginState.AUTHORISED, sources) == (ended.state, ended.source_ids)
        assert [account_id] == list(rig.credential_store.stored)
        assert "account-2" == rig.credential_store.stored[account_id].token
        assert [] == rig.service.undone
        assert sources == tuple(view.source.id for view in run.coordinator.list_sources())


async def test_adding_a_source_again_that_waits_for_a_sign_in_renews_it(rig: Rig) -> None:
    """The password that AddSource brings is as good as that of Reauthenticate (A3)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_status(source_id, PublicStatus.CONNECTED)
        with pytest.raises(errors.SourceExistsError, match="Fake server"):
            await run.add()
        rig.server.error = errors.AuthRequiredError("revoked")
        await run.coordinator.sources.reconnect(source_id)
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)

        rig.server.error = None
        again = await run.add()

        assert source_id == again
        await run.until_status(source_id, PublicStatus.CONNECTED)
        assert 1 == len(rig.credential_store.stored)
        assert 1 == len(run.coordinator.accounts.all())


async def test_a_locked_keyring_is_no_reason_to_replace_credentials(rig: Rig) -> None:
    """The credentials are there and only can't be read: the source exists (S4)."""
    async with rig.running() as run:
        source_id = await run.add()
        await run.until_synced(source_id)
    rig.keyring.now = KeyringState.LOCKED
    async with rig.running() as run:
        run.coordinator.start()
        await run.until_status(source_id, PublicStatus.NEEDS_AUTH)

        with pytest.raises(errors.SourceExistsError):
            await run.add()


@pytest.mark.parametrize("news", ["reconnect", "network"])
async def test_a_service_that_refused_the_account_is_asked_again(rig: Rig, news: str) -> None:
    """A restored service accepts the old token: no new sign-in is needed (S4)."""
    async with rig.running() as run:
        sources = await refused(run)
        rig.service.is_refused = False
        for account in run.coordinator.accounts.all():
            run.coordinator.accounts._server_lists.forget_answer(account.account.id)

        if news == "network":
            rig.network.change("yes")
        else:
            await run.coordinator.sources.reconnect(sources[0])
        for source_id in sources:
            await run.until_status(source_id, PublicStatus.CONNECTED)

        assert 1 == rig.service.tokens
