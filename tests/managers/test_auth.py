"""AuthManager: what the keyring's state means for credentials."""

import anyio
import pytest

from msd.backend_api import Credentials
from msd.errors import AuthRequiredError, KeyringLockedError, KeyringUnavailableError
from msd.managers.auth import AuthManager
from msd.models import Account, AccountId, BackendKind, KeyringState, StatusReason
from tests.support.rig import FakeKeyring, FakeVault

pytestmark = pytest.mark.anyio

ALICE = Account(
    id=AccountId("fake_alice"),
    kind=BackendKind("fake"),
    display_name="Alice",
    remote_user_id="1",
    device_id="d",
)
SECRET = Credentials(user_id="1", token="canary-77aa")


async def test_credentials_are_read_once_and_then_known() -> None:
    """K2: a keyring that locks later changes nothing for what is in memory."""
    vault, keyring = FakeVault(), FakeKeyring()
    auth = AuthManager(vault, keyring)
    await auth.store(ALICE, SECRET)
    keyring.now = KeyringState.LOCKED
    vault.stored.clear()

    assert await auth.credentials(ALICE) is SECRET


@pytest.mark.parametrize(
    ("state", "error"),
    [(KeyringState.LOCKED, KeyringLockedError), (KeyringState.ABSENT, KeyringUnavailableError)],
)
async def test_a_keyring_that_would_prompt_is_not_touched(
    state: KeyringState, error: type[Exception]
) -> None:
    """K2, S4: its state is looked at first, for reading, storing and deleting."""
    keyring = FakeKeyring(now=state)
    vault = FakeVault(error=AssertionError("touched"))  # type: ignore[arg-type]
    auth = AuthManager(vault, keyring)

    for call in (
        lambda: auth.credentials(ALICE),
        lambda: auth.store(ALICE, SECRET),
        lambda: auth.forget(ALICE),
    ):
        with pytest.raises(error):
            await call()


async def test_an_account_without_an_entry_has_no_credentials() -> None:
    """S4."""
    with pytest.raises(AuthRequiredError) as raised:
        await AuthManager(FakeVault(), FakeKeyring()).credentials(ALICE)

    assert raised.value.reason is StatusReason.NO_CREDENTIALS


async def test_forgotten_credentials_are_gone_everywhere() -> None:
    """A4."""
    vault = FakeVault()
    auth = AuthManager(vault, FakeKeyring())
    await auth.store(ALICE, SECRET)

    await auth.forget(ALICE)

    assert not vault.stored
    with pytest.raises(AuthRequiredError):
        await auth.credentials(ALICE)


async def test_those_who_wait_are_woken_by_a_change_of_the_keyring() -> None:
    """S4, O3."""
    keyring = FakeKeyring(now=KeyringState.LOCKED)
    auth = AuthManager(FakeVault(), keyring)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(auth.watch)
        await anyio.wait_all_tasks_blocked()
        woken = anyio.Event()

        async def wait() -> None:
            await auth.changed()
            woken.set()

        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert not woken.is_set()

        keyring.become(KeyringState.AVAILABLE)

        with anyio.fail_after(5):
            await woken.wait()
        tasks.cancel_scope.cancel()


def test_a_secret_is_not_in_a_repr() -> None:
    """K1."""
    assert "canary" not in repr(SECRET)
