"""AuthManager: what the keyring's state means for credentials."""

import anyio
import pytest

from msd.backend_api import Credentials
from msd.errors import (
    AuthRequiredError,
    KeyringLockedError,
    KeyringUnavailableError,
    NotSupportedError,
)
from msd.managers.auth import AuthManager
from msd.models import Account, AccountId, BackendKind, KeyringState, StatusReason
from msd.redaction import Outlet, Redactor
from tests.support.rig import FakeCredentialStore, FakeKeyring

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
    """Credentials are read once and then known (K2).

    A keyring that locks later changes nothing for what is in memory.
    """
    credential_store, keyring = FakeCredentialStore(), FakeKeyring()
    auth = AuthManager(credential_store, keyring)
    await auth.store(ALICE, SECRET)
    keyring.now = KeyringState.LOCKED
    credential_store.stored.clear()

    assert await auth.credentials(ALICE) is SECRET


@pytest.mark.parametrize(
    ("state", "error"),
    [(KeyringState.LOCKED, KeyringLockedError), (KeyringState.ABSENT, KeyringUnavailableError)],
)
async def test_a_keyring_that_would_prompt_is_not_touched(
    state: KeyringState, error: type[Exception]
) -> None:
    """A keyring that would prompt is not touched (K2, S4).

    Its state is looked at first, for reading, storing and deleting.
    """
    keyring = FakeKeyring(now=state)
    credential_store = FakeCredentialStore(error=AssertionError("touched"))  # type: ignore[arg-type]
    auth = AuthManager(credential_store, keyring)

    for call in (
        lambda: auth.credentials(ALICE),
        lambda: auth.store(ALICE, SECRET),
        lambda: auth.forget(ALICE),
    ):
        with pytest.raises(error):
            await call()


async def test_an_account_without_an_entry_has_no_credentials() -> None:
    """An account without an entry has no credentials (S4)."""
    with pytest.raises(AuthRequiredError) as raised:
        await AuthManager(FakeCredentialStore(), FakeKeyring()).credentials(ALICE)

    assert raised.value.reason is StatusReason.NO_CREDENTIALS


async def test_forgotten_credentials_are_gone_everywhere() -> None:
    """Forgotten credentials are gone everywhere (A4)."""
    credential_store = FakeCredentialStore()
    auth = AuthManager(credential_store, FakeKeyring())
    await auth.store(ALICE, SECRET)

    await auth.forget(ALICE)

    assert not credential_store.stored
    with pytest.raises(AuthRequiredError):
        await auth.credentials(ALICE)


async def test_those_who_wait_are_woken_by_a_change_of_the_keyring() -> None:
    """Those who wait are woken by a change of the keyring (S4, O3)."""
    keyring = FakeKeyring(now=KeyringState.LOCKED)
    auth = AuthManager(FakeCredentialStore(), keyring)
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
    """A secret is not in a repr (K1)."""
    assert "canary" not in repr(SECRET)


async def test_a_store_that_nothing_guards_is_always_available() -> None:
    """A store that nothing guards is always available (K1).

    A file, `pass` or systemd; there is nothing to watch and nothing to unlock.
    """
    auth = AuthManager(FakeCredentialStore(), None)

    await auth.store(ALICE, SECRET)
    with anyio.fail_after(5):
        await auth.watch()

    assert auth.keyring_state is KeyringState.AVAILABLE
    assert await auth.unlock()
    assert await auth.credentials(ALICE) is SECRET


async def test_a_store_that_can_only_be_read_takes_no_new_account() -> None:
    """A store that can only be read takes no new account (K1).

    It is said before anybody signs in for nothing; what is there is read.
    """
    auth = AuthManager(FakeCredentialStore(is_read_only=True, stored={ALICE.id: SECRET}), None)

    with pytest.raises(NotSupportedError, match=r"secrets\.store"):
        await auth.check_keyring()

    assert await auth.credentials(ALICE) is SECRET


async def test_every_secret_that_comes_to_hand_is_told_to_the_redactor() -> None:
    """Every secret that comes to hand is told to the redactor (K1).

    Read, stored, and one for each server.
    """
    redactor = Redactor()
    many = Credentials(user_id="1", token="canary-1", server_tokens={"s": "canary-2"})
    credential_store = FakeCredentialStore(stored={ALICE.id: SECRET})
    auth = AuthManager(credential_store, FakeKeyring(), redactor)

    await auth.credentials(ALICE)
    await auth.store(ALICE, many)

    assert "*** *** ***" == redactor.text(f"{SECRET.token} canary-1 canary-2", Outlet.LOG)


async def test_a_secret_is_known_before_it_is_stored() -> None:
    """A secret is known before it is stored (K1).

    What fails while it is stored may hold it.
    """
    redactor = Redactor()
    auth = AuthManager(
        FakeCredentialStore(error=KeyringUnavailableError("gone")), FakeKeyring(), redactor
    )

    with pytest.raises(KeyringUnavailableError):
        await auth.store(ALICE, SECRET)

    assert "***" == redactor.text(SECRET.token, Outlet.LOG)


async def test_the_state_of_the_keyring_follows_it_once_somebody_needed_it() -> None:
    """Nothing is asked of a keyring that no source needs."""
    keyring = FakeKeyring(now=KeyringState.LOCKED)
    auth = AuthManager(FakeCredentialStore(), keyring)
    told: list[KeyringState] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(auth.watch, lambda: told.append(auth.keyring_state))
        await anyio.wait_all_tasks_blocked()
        keyring.become(KeyringState.ABSENT)
        await anyio.wait_all_tasks_blocked()
        unknown = auth.keyring_state
        with pytest.raises(KeyringUnavailableError):
            await auth.check_keyring()
        for state in (KeyringState.LOCKED, KeyringState.AVAILABLE, KeyringState.AVAILABLE):
            keyring.become(state)
            await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert unknown is KeyringState.UNKNOWN
    assert told == [KeyringState.ABSENT, KeyringState.LOCKED, KeyringState.AVAILABLE]
