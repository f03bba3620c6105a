"""Credentials in the Secret Service, through `keyring`; the only module that imports it (K1, K2).

The Secret Service backend is named explicitly: keyring's own choice may fall back to a plain
file, and once it has chosen "none" it never looks again. Calls block, may hang, and are made one
at a time in a worker thread with a deadline; a call that hangs leaves its thread behind, and until
that thread ends the keyring counts as unavailable.
"""

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import to_thread

from msd.backend_api import Credentials
from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.models import Account

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

log = logging.getLogger(__name__)

SERVICE = "org.msd.Msd1"
DEADLINE_S = 10.0
Result = TypeVar("Result")


class KeyringVault:
    """One entry per account: service `org.msd.Msd1`, user `<kind>/<account id>`."""

    def __init__(self) -> None:
        self._is_busy = False
        self._turn = anyio.Lock()

    async def read(self, account: Account) -> Credentials | None:
        """Return what is stored for the account, None when nothing usable is."""
        text = await self._call(lambda ring: ring.get_password(SERVICE, _user(account)))
        return None if text is None else _decoded(text)

    async def write(self, account: Account, credentials: Credentials) -> None:
        """Store the account's credentials, replacing older ones."""
        text = json.dumps({"user_id": credentials.user_id, "token": credentials.token})
        await self._call(lambda ring: ring.set_password(SERVICE, _user(account), text))

    async def delete(self, account: Account) -> None:
        """Forget the account's credentials; nothing stored is fine."""
        await self._call(lambda ring: _delete(ring, _user(account)))

    async def _call(self, call: "Callable[[KeyringBackend], Result]") -> Result:
        async with self._turn:
            if self._is_busy:
                raise KeyringUnavailableError("the keyring still hangs in an earlier request")
            try:
                with anyio.fail_after(DEADLINE_S):
                    return await to_thread.run_sync(self._in_thread, call, abandon_on_cancel=True)
            except TimeoutError as exc:
                raise KeyringUnavailableError("the keyring does not answer") from exc

    def _in_thread(self, call: "Callable[[KeyringBackend], Result]") -> Result:
        import keyring.errors  # noqa: PLC0415 - slow to import, and not needed to start
        from keyring.backends.SecretService import Keyring  # noqa: PLC0415

        self._is_busy = True
        try:
            return call(Keyring())  # type: ignore[no-untyped-call]
        except keyring.errors.KeyringLocked as exc:
            raise KeyringLockedError("the keyring is locked") from exc
        except (keyring.errors.KeyringError, RuntimeError) as exc:
            # The text of these errors is the keyring's own and may name entries: journal only.
            log.info("the keyring failed: %s", type(exc).__name__)
            raise KeyringUnavailableError("the keyring can't be used") from exc
        finally:
            self._is_busy = False


def _delete(ring: "KeyringBackend", user: str) -> None:
    if ring.get_password(SERVICE, user) is not None:
        ring.delete_password(SERVICE, user)


def _user(account: Account) -> str:
    return f"{account.kind}/{account.id}"


def _decoded(text: str) -> Credentials | None:
    try:
        fields = json.loads(text)
        return Credentials(user_id=str(fields["user_id"]), token=str(fields["token"]))
    except (ValueError, KeyError, TypeError):
        return None
