"""AuthManager: credentials of accounts, kept in a store and, once read, in memory (K1, K2)."""

import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

import anyio

from msd.backend_api import Credentials
from msd.errors import (
    AuthRequiredError,
    KeyringLockedError,
    KeyringUnavailableError,
    MsdError,
    NotSupportedError,
)
from msd.models import Account, AccountId, KeyringState, StatusReason
from msd.redaction import Redactor

RETRY_S = 60.0  # a keyring that changes without telling is looked at this often


class CredentialStore(Protocol):
    """Keeps the secrets of accounts; see `msd.store.credentials`."""

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be stored."""

    async def read(self, account: Account) -> Credentials | None:
        """Return what is stored for the account, None when nothing is."""

    async def write(self, account: Account, credentials: Credentials) -> None:
        """Store the account's credentials, replacing older ones."""

    async def delete(self, account: Account) -> None:
        """Forget the account's credentials; nothing stored is fine."""


class Keyring(Protocol):
    """The keyring as the session bus shows it; only `unlock` ever prompts."""

    async def state(self) -> KeyringState:
        """Return whether it can be used without a prompt."""

    def changes(self) -> AsyncGenerator[None, None]:
        """Yield whenever the keyring appeared, vanished, was locked or unlocked."""

    async def unlock(self) -> bool:
        """Raise the keyring's own prompt; return whether it is unlocked now."""


class AuthManager:
    """Reads and stores credentials, and wakes those who wait for the keyring.

    Args:
        credential_store: keeps the secrets.
        keyring: guards the credential store; None when it needs no unlocking.
        redactor: learns every secret that is read or stored.
    """

    def __init__(
        self,
        credential_store: CredentialStore,
        keyring: Keyring | None,
        redactor: Redactor | None = None,
    ) -> None:
        self._credential_store = credential_store
        self._keyring = keyring
        self._redactor = redactor or Redactor()
        self._known: dict[AccountId, Credentials] = {}
        self._changed = anyio.Event()
        self._state_changed: Callable[[], None] = lambda: None
        self.keyring_state = KeyringState.UNKNOWN if keyring else KeyringState.AVAILABLE

    def new_device_id(self) -> str:
        """Return a device id for an account that is about to be added (I3)."""
        return uuid.uuid4().hex

    async def credentials(self, account: Account) -> Credentials:
        """Return the account's credentials without ever prompting.

        Raises:
            KeyringLockedError, KeyringUnavailableError: they can't be read now (S4).
            AuthRequiredError: the keyring has none for this account.
        """
        known = self._known.get(account.id)
        if known is not None:
            return known
        await self._check_access()
        credentials = await self._credential_store.read(account)
        if credentials is None:
            raise AuthRequiredError(
                f"no credentials are stored for {account.display_name}",
                reason=StatusReason.NO_CREDENTIALS,
            )
        self._know(account, credentials)
        return credentials

    async def check_keyring(self) -> None:
        """Return when credentials could be stored now without a prompt.

        Raises:
            KeyringLockedError: the keyring is locked.
            KeyringUnavailableError: no keyring service is there.
            NotSupportedError: the store that the user chose can only be read.
        """
        if self._credential_store.is_read_only:
            raise NotSupportedError(
                "msd can't change the store of secrets that its settings name; sign in with"
                " another one (secrets.store in msd.toml)"
            )
        await self._check_access()

    async def _check_access(self) -> None:
        match await self._look():
            case KeyringState.LOCKED:
                raise KeyringLockedError("the keyring is locked; unlock it to sign in")
            case KeyringState.ABSENT:
                raise KeyringUnavailableError("no keyring service (Secret Service) is running")
            case _:
                return

    async def store(self, account: Account, credentials: Credentials) -> None:
        """Store credentials of a new account, or replace them."""
        await self.check_keyring()
        self._learn(credentials)
        await self._credential_store.write(account, credentials)
        self._know(account, credentials)
        self._wake()

    async def forget(self, account: Account) -> None:
        """Delete the account's credentials.

        Raises:
            KeyringLockedError, KeyringUnavailableError: they are still there; try again later.
        """
        self._known.pop(account.id, None)
        await self._check_access()
        await self._credential_store.delete(account)

    async def unlock(self) -> bool:
        """Raise the keyring's own prompt; return whether it is unlocked now."""
        if self._keyring is None:
            return True
        unlocked = await self._keyring.unlock()
        await self._look()
        self._wake()
        return unlocked

    async def changed(self) -> None:
        """Return when the keyring may answer differently than before."""
        with anyio.move_on_after(RETRY_S):
            await self._changed.wait()

    async def watch(self, state_changed: Callable[[], None] = lambda: None) -> None:
        """Wake everybody who waits in `changed` whenever the keyring changes.

        Returns never, or at once when there is no keyring.

        Args:
            state_changed: called when `keyring_state` has another value.
        """
        self._state_changed = state_changed
        if self._keyring is None:
            return
        async with aclosing(self._keyring.changes()) as changes:
            async for _ in changes:
                if self.keyring_state is not KeyringState.UNKNOWN:
                    await self._look()
                self._wake()

    async def _look(self) -> KeyringState:
        if self._keyring is not None:
            state = await self._keyring.state()
            if state is not self.keyring_state:
                self.keyring_state = state
                self._state_changed()
        return self.keyring_state

    def _know(self, account: Account, credentials: Credentials) -> None:
        self._learn(credentials)
        self._known[account.id] = credentials

    def _learn(self, credentials: Credentials) -> None:
        self._redactor.learn(credentials.token, *credentials.server_tokens.values())

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def is_keyring_trouble(error: MsdError) -> bool:
    """Return whether an error heals when the keyring changes."""
    if isinstance(error, AuthRequiredError):
        return error.reason is StatusReason.NO_CREDENTIALS
    return isinstance(error, KeyringLockedError | KeyringUnavailableError)
