"""Accounts that bring several servers: what appears, vanishes, is refused or withdrawn (A2)."""

import anyio
import pytest

from msd import errors
from msd.coordinator.accounts.server_lists import EVERY_S, RETRY_S
from msd.events import AccountRemoved, SourceAdded, SourceStatusChanged
from msd.models import AccountId, PublicStatus, SourceId, StatusReason
from tests.coordinator.accounts.person import Person
from tests.support.fakes.fake_service import ADDRESSES, BROKEN, CLUB, UNREACHABLE
from tests.support.rig import Rig, Run

pytestmark = pytest.mark.anyio


async def signed_in(run: Run) -> tuple[AccountId, dict[str, SourceId]]:
    """Return an account whose sources, by server, are connected."""
    run.coordinator.start()
    sources = await Person(run).sign_in()
    for source_id in sources:
        await run.until_status(source_id, PublicStatus.CONNECTED)
    by_server = {run.coordinator.sources.get(one).source.server_id: one for one in sources}
    return run.coordinator.accounts.all()[0].account.id, by_server


async def refresh(run: Run, account_id: AccountId) -> tuple[SourceId, ...]:
    """Ask for the servers, also right after the last time."""
    run.coordinator.accounts._server_lists.forget_answer(account_id)
    return await run.coordinator.accounts.refresh(account_id)


def reason(run: Run, source_id: SourceId) -> tuple[PublicStatus, StatusReason]:
    status = run.coordinator.get_source_status(source_id)
    return status.status, status.reason


async def test_a_server_that_appears_is_added_and_announced(rig: Rig) -> None:
    """A server that appears is added and announced (A2)."""
    async with rig.running() as run:
        account_id, before = await signed_in(run)
        rig.service.server_tokens["new"] = "new-1"

        (added,) = await refresh(run, account_id)
        await run.until_status(added, PublicStatus.CONNECTED)

        assert SourceAdded(added) in run.of(SourceAdded)
        assert ["new-1"] == list(dict.fromkeys(rig.service.used["new"]))
        assert {*before.values(), added} == set(run.coordinator.accounts.get(account_id).source_ids)


async def test_a_server_that_is_missing_from_a_complete_answer_is_gone_until_it_is_back(
    rig: Rig,
) -> None:
    """A server that is missing from a complete answer is gone until it is back (A2).

    Offline/account-gone; nothing is deleted.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        token = rig.service.server_tokens.pop("shared")
        await refresh(run, account_id)
        await run.until_status(sources["shared"], PublicStatus.OFFLINE)
        gone = reason(run, sources["shared"])

        rig.service.server_tokens["shared"] = token
        await refresh(run, account_id)
        await run.until_status(sources["shared"], PublicStatus.CONNECTED)

        assert (PublicStatus.OFFLINE, StatusReason.ACCOUNT_GONE) == gone
        assert reason(run, sources["near"]) == (PublicStatus.CONNECTED, StatusReason.OK)


@pytest.mark.parametrize("answer", ["partial", "empty"])
async def test_a_partial_or_empty_answer_takes_nothing_away(rig: Rig, answer: str) -> None:
    """A partial or empty answer takes nothing away (A2).

    Neither sources nor tokens.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        before = dict(rig.service.server_tokens)
        rig.service.server_tokens = {} if answer == "empty" else {"near": "near-1"}
        rig.service.complete = answer == "empty"
        await refresh(run, account_id)

        assert set(sources.values()) == set(run.coordinator.accounts.get(account_id).source_ids)
        assert before == dict(rig.credential_store.stored[account_id].server_tokens)
        for source_id in sources.values():
            assert StatusReason.ACCOUNT_GONE not in reason(run, source_id)


async def test_a_removed_server_is_not_brought_back_but_by_a_new_sign_in(rig: Rig) -> None:
    """A removed server is not brought back but by a new sign in (A2, A4).

    The user removed it; also after a restart.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        await run.coordinator.remove_source(sources["shared"])
        assert () == await refresh(run, account_id)

    async with rig.running() as run:
        assert () == await refresh(run, account_id)

        assert (sources["shared"],) == await Person(run).sign_in()
        await run.coordinator.remove_source(sources["near"])
        assert () == await refresh(run, account_id)


async def test_another_token_is_tried_at_once(rig: Rig) -> None:
    """Another token is tried at once (A2).

    A server's 401 asks the service once; the user notices nothing.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        asked = rig.service.asked
        rig.service.server_tokens["near"] = "near-2"
        run.coordinator.accounts._server_lists.forget_answer(account_id)
        await run.coordinator.sources.reconnect(sources["near"])
        await run.until(lambda: "near-2" in rig.service.used["near"])

        assert ["near-1", "near-2"] == list(dict.fromkeys(rig.service.used["near"]))
        assert asked + 1 == rig.service.asked
        assert reason(run, sources["near"]) == (PublicStatus.CONNECTED, StatusReason.OK)
        assert PublicStatus.NEEDS_AUTH not in {
            event.status.status
            for event in run.of(SourceStatusChanged)
            if isinstance(event, SourceStatusChanged)
        }
        assert "near-2" == rig.credential_store.stored[account_id].server_tokens["near"]
        assert "account-1" == rig.credential_store.stored[account_id].token


async def test_a_sync_that_failed_begins_again_with_the_other_token(rig: Rig) -> None:
    """A sync that failed begins again with the other token (A2).

    At once, and not when the next one is due.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        await run.until_synced(sources["near"])
        await run.services.registry.change(sources["near"], last_sync_error="refused")
        rig.service.server_tokens["near"] = "near-2"
        await refresh(run, account_id)
        await run.until(
            lambda: (
                ("near", "near-2")
                in [(request.source.server_id, request.token) for request in run.syncs.requests]
            )
        )


@pytest.mark.parametrize(
    ("server", "why"),
    [("shared", StatusReason.SHARE_WITHDRAWN), ("near", StatusReason.TOKEN_REFUSED)],
)
async def test_the_same_token_again_means_that_the_server_refuses_the_account(
    rig: Rig, server: str, why: StatusReason
) -> None:
    """The same token again means that the server refuses the account (A2, S4).

    A share that was withdrawn; one's own server just refuses.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        rig.service.accepts[server] = "another"
        run.coordinator.accounts._server_lists.forget_answer(account_id)
        await run.coordinator.sources.reconnect(sources[server])
        await run.until_status(sources[server], PublicStatus.NEEDS_AUTH)

        assert (PublicStatus.NEEDS_AUTH, why) == reason(run, sources[server])
        others = [one for name, one in sources.items() if name != server]
        assert (PublicStatus.CONNECTED, StatusReason.OK) == reason(run, others[0])


async def test_a_refused_account_needs_a_sign_in_for_all_its_sources(rig: Rig) -> None:
    """A refused account needs a sign in for all its sources (A2, S4)."""
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        rig.service.is_refused = True
        with pytest.raises(errors.AuthRequiredError):
            await refresh(run, account_id)
        for source_id in sources.values():
            await run.until_status(source_id, PublicStatus.NEEDS_AUTH)

        assert {(PublicStatus.NEEDS_AUTH, StatusReason.TOKEN_REFUSED)} == {
            reason(run, source_id) for source_id in sources.values()
        }
        assert "needs-auth" == run.coordinator.accounts.get(account_id).auth_state


@pytest.mark.parametrize("trouble", [UNREACHABLE, BROKEN])
async def test_a_service_that_is_down_changes_nothing_for_who_is_connected(
    rig: Rig, trouble: errors.MsdError
) -> None:
    """A service that is down changes nothing for who is connected (S2).

    What is known stays; never needs-auth.
    """
    rig.service.error = trouble
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        with pytest.raises(type(trouble)):
            await refresh(run, account_id)
        await run.coordinator.sources.reconnect(sources["near"])

        assert (PublicStatus.CONNECTED, StatusReason.OK) == reason(run, sources["near"])


async def test_a_token_that_is_refused_while_the_service_is_down_is_no_bad_login(
    rig: Rig,
) -> None:
    """A token that is refused while the service is down is no bad login (S2).

    There may be another token; it is asked for again.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        rig.service.error = UNREACHABLE
        rig.service.accepts["near"] = "near-2"
        run.coordinator.accounts._server_lists.forget_answer(account_id)
        await run.coordinator.sources.reconnect(sources["near"])
        await run.until_status(sources["near"], PublicStatus.OFFLINE)

        assert (PublicStatus.OFFLINE, StatusReason.SERVER_ERROR) == reason(run, sources["near"])


async def test_a_start_with_the_service_down_connects_by_what_is_stored(rig: Rig) -> None:
    """A start with the service down connects by what is stored (O1, O3).

    The servers' tokens are in the keyring.
    """
    async with rig.running() as run:
        _, sources = await signed_in(run)
    rig.service.error = UNREACHABLE
    rig.service.used.clear()

    async with rig.running() as run:
        run.coordinator.start()
        for source_id in sources.values():
            await run.until_status(source_id, PublicStatus.CONNECTED)

        assert {"near-1"} == set(rig.service.used["near"])


async def test_a_start_and_a_new_network_ask_for_the_servers_but_not_too_often(rig: Rig) -> None:
    """A start and a new network ask for the servers but not too often (A2).

    Bounded.
    """
    async with rig.running() as run:
        account_id, _ = await signed_in(run)
    rig.service.asked = 0

    async with rig.running() as run:
        run.coordinator.start()
        await run.eventually(lambda: rig.service.asked == 1)
        assert () == await run.coordinator.accounts.refresh(account_id)  # waits for that answer
        rig.service.server_tokens["new"] = "new-1"
        rig.network.change("yes")
        rig.network.change("yes")
        await anyio.wait_all_tasks_blocked()
        assert 1 == rig.service.asked

        run.coordinator.accounts._server_lists.forget_answer(account_id)
        rig.network.change("yes")
        await run.until(lambda: bool(run.of(SourceAdded)))

        assert 2 == rig.service.asked


async def test_a_worker_gets_the_token_of_its_server_alone(rig: Rig) -> None:
    """A worker gets the token of its server alone (K4).

    Neither the account's token nor another server's.
    """
    for server_id in ("near", "shared"):
        server = rig.service.server(server_id)
        server.movies(server.library("films"), 3)
    async with rig.running() as run:
        _, sources = await signed_in(run)
        for source_id in sources.values():
            await run.until_synced(source_id)

        assert {("near", "near-1"), ("shared", "shared-1")} == {
            (request.source.server_id, request.token) for request in run.syncs.requests
        }


async def test_the_last_source_signs_the_account_out(rig: Rig) -> None:
    """The last source signs the account out (A4).

    The account's own token goes back, once.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        for source_id in sources.values():
            await run.coordinator.remove_source(source_id)
        await run.until(lambda: AccountRemoved(account_id) in run.of(AccountRemoved))
        await run.eventually(lambda: not rig.credential_store.stored)

        assert ["account-1"] == rig.service.signed_out


async def test_a_known_server_is_found_where_the_service_says_now(rig: Rig) -> None:
    """A known server is found where the service says now (A2).

    Addresses are updated; the name that the user gave stays.
    """
    async with rig.running() as run:
        account_id, sources = await signed_in(run)
        await run.coordinator.sources.rename(sources["near"], "Mine")
        await run.coordinator.connections.pin(sources["near"], ADDRESSES[1])
        rig.service.addresses = ("https://moved.example", ADDRESSES[1])
        await refresh(run, account_id)

        source = run.coordinator.sources.get(sources["near"]).source
        assert "Mine" == source.name
        assert {
            "addresses": f"https://moved.example {ADDRESSES[1]}",
            "pinned_address": ADDRESSES[1],
        } == dict(source.config)


async def test_an_account_of_one_server_brings_no_others(rig: Rig) -> None:
    """RefreshServers: NotSupported."""
    async with rig.running() as run:
        await run.add()
        (account,) = run.coordinator.accounts.all()

        with pytest.raises(errors.NotSupportedError):
            await run.coordinator.accounts.refresh(account.account.id)
        with pytest.raises(errors.UnknownAccountError):
            await run.coordinator.accounts.refresh(AccountId("x"))


async def test_an_account_is_added_by_a_token_that_was_obtained_elsewhere(rig: Rig) -> None:
    """An account is added by a token that was obtained elsewhere (A2).

    AddSource.
    """
    async with rig.running() as run:
        added = await run.coordinator.add_source(CLUB, {"token": "mine"})

        assert 2 == len(added)
        (stored,) = rig.credential_store.stored.values()
        assert "mine" == stored.token
        assert EVERY_S > RETRY_S


async def test_a_token_that_is_added_again_signs_a_new_server_in(rig: Rig) -> None:
    """Each server has a token of its own, also one that appeared between two adds (A2)."""
    async with rig.running() as run:
        run.coordinator.start()
        await run.coordinator.add_source(CLUB, {"token": "mine"})
        rig.service.server_tokens["new"] = "new-1"

        (added,) = await run.coordinator.add_source(CLUB, {"token": "mine"})
        await run.until_status(added, PublicStatus.CONNECTED)

        assert ["new-1"] == list(dict.fromkeys(rig.service.used["new"]))
        assert 1 == len(rig.credential_store.stored)
