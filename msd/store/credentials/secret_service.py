"""Credentials in the Secret Service, through `keyring` (K1, K2).

Calls block and may hang, so they are made one at a time in a thread of their own, with a
deadline. A call that is given up has its connection cut, which ends the thread; until it has
ended, the keyring counts as unavailable.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import to_thread

from msd.backend_api import Credentials
from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.models import Account
from msd.store.credentials.entry import entry_text, read_text

if TYPE_CHECKING:  # slow to import, and not needed to start
    from msd.store.credentials.promptless import PromptlessKeyring

log = logging.getLogger(__name__)

SERVICE = "org.msd.Msd1"
DEADLINE_S = 10.0
Result = TypeVar("Result")


class SecretServiceCredentialStore:
    """One entry per account: service `org.msd.Msd1`, user `<kind>/<account id>`."""

    is_read_only = False

    def __init__(self) -> None:
        self._busy_with: PromptlessKeyring | None = None
        self._turn = anyio.Lock()
        # Not one of the threads that everything else shares: those may not wait for a keyring.
        self._thread = anyio.CapacityLimiter(1)

    @property
    def is_busy(self) -> bool:
        """Whether a thread is in a call, perhaps one that was given up."""
        return self._busy_with is not None

    async def read(self, account: Account) -> Credentials | None:
        """Return what is stored for the account, None when nothing usable is."""
        text = await self._call(lambda ring: ring.fetch(SERVICE, _user(account)))
        return None if text is None else read_text(text)

    async def write(self, account: Account, credentials: Credentials) -> None:
        """Store the account's credentials, replacing older ones."""
        user, label, text = _user(account), _label(account), entry_text(credentials)
        await self._call(lambda ring: ring.store(SERVICE, user, text, label=label))

    async def delete(self, account: Account) -> None:
        """Forget the account's credentials; nothing stored is fine."""
        await self._call(lambda ring: ring.discard(SERVICE, _user(account)))

    async def _call(self, call: "Callable[[PromptlessKeyring], Result]") -> Result:
        async with self._turn:
            if self.is_busy:
                raise KeyringUnavailableError("the keyring still hangs in an earlier request")
            try:
                with anyio.fail_after(DEADLINE_S):
                    return await to_thread.run_sync(
                        self._in_thread, call, abandon_on_cancel=True, limiter=self._thread
                    )
            except TimeoutError as exc:
                raise KeyringUnavailableError("the keyring does not answer") from exc
            finally:
                if self._busy_with is not None:
                    self._busy_with.hang_up()

    def _in_thread(self, call: "Callable[[PromptlessKeyring], Result]") -> Result:
        from msd.store.credentials import promptless  # noqa: PLC0415 - see above

        ring = promptless.PromptlessKeyring()
        self._busy_with = ring
        try:
            return call(ring)
        except promptless.LOCKED as exc:
            raise KeyringLockedError("the keyring is locked") from exc
        except promptless.FAILED as exc:
            # The text of these errors is the keyring's own and may name entries: journal only.
            log.info("the keyring failed: %s", type(exc).__name__)
            raise KeyringUnavailableError("the keyring can't be used") from exc
        finally:
            ring.close()
            self._busy_with = None


def _user(account: Account) -> str:
    return f"{account.kind}/{account.id}"


def _label(account: Account) -> str:
    """What a keyring manager lists the entry as."""
    return f"Media Source Daemon: {account.display_name} ({account.kind})"
