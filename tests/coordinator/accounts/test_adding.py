"""Adding: what a failed step leaves behind, and how much can be added."""

from dataclasses import dataclass

import pytest

from msd import errors
from msd.backend_api import Credentials
from msd.coordinator.accounts.adding import MAX_SOURCES
from msd.coordinator.sources.sources import MAX_NAME
from msd.models import Account, Source, SourceId
from tests.support.fakes.fake_backend import KIND
from tests.support.rig import FakeCredentialStore, Rig

pytestmark = pytest.mark.anyio


@dataclass
class LateCredentialStore(FakeCredentialStore):
    """Stores what it is given after the caller has given up."""

    async def write(self, account: Account, credentials: Credentials) -> None:
        self.stored[account.id] = credentials
        raise errors.KeyringUnavailableError("the keyring does not answer")


async def test_an_add_that_failed_on_a_slow_keyring_leaves_no_secret(rig: Rig) -> None:
    """An add that failed on a slow keyring leaves no secret (A1, K1).

    The write may arrive after the deadline.
    """
    rig.credential_store = LateCredentialStore()
    async with rig.running() as run:
        with pytest.raises(errors.KeyringUnavailableError):
            await run.add()

        assert not rig.credential_store.stored
        assert not run.coordinator.list_sources()
        assert rig.server.signed_out == ["alice"]


async def test_sources_are_bounded(rig: Rig) -> None:
    """Sources are bounded (K6)."""
    many = [
        Source(
            id=SourceId(f"fake_{number:012x}"),
            kind=KIND,
            name="x",
            account_id=None,
            server_id=str(number),
        )
        for number in range(MAX_SOURCES)
    ]
    async with rig.running() as run:
        await run.services.registry.add(None, many)
        rig.server.calls.clear()

        with pytest.raises(errors.LimitExceededError, match=str(MAX_SOURCES)):
            await run.add()

        assert rig.server.calls == []


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * (MAX_NAME + 1), "two\nlines", "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
async def test_a_name_that_can_not_be_shown_is_refused(rig: Rig, name: str) -> None:
    """A name that can not be shown is refused (K6)."""
    async with rig.running() as run:
        source_id = await run.add()

        with pytest.raises(errors.InvalidArgumentError, match=f"1 to {MAX_NAME}"):
            await run.coordinator.sources.rename(source_id, name)

        await run.coordinator.sources.rename(source_id, "x" * MAX_NAME)
        assert run.coordinator.sources.get(source_id).source.name == "x" * MAX_NAME
