"""Credentials in one file, mode 0600: for a machine without a keyring, chosen explicitly (K1)."""

import os
import threading
from pathlib import Path

from anyio import to_thread

from msd.backend_api import Credentials
from msd.errors import KeyringUnavailableError
from msd.models import Account, AccountId
from msd.store.credentials.ledger import Ledger, ledger_text, read_ledger


class FileCredentialStore:
    """All accounts in one file, which is replaced as a whole or not at all."""

    is_read_only = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    async def read(self, account: Account) -> Credentials | None:
        """Return what is stored for the account, None when nothing usable is.

        Raises:
            KeyringUnavailableError: the file can't be read, or others can read it.
        """
        return (await to_thread.run_sync(read_ledger, self._path)).get(account.id)

    async def write(self, account: Account, credentials: Credentials) -> None:
        """Store the account's credentials, replacing older ones."""
        await to_thread.run_sync(self._change, account.id, credentials)

    async def delete(self, account: Account) -> None:
        """Forget the account's credentials; nothing stored is fine."""
        await to_thread.run_sync(self._change, account.id, None)

    def _change(self, account_id: AccountId, credentials: Credentials | None) -> None:
        with self._lock:
            ledger = read_ledger(self._path)
            if credentials is None:
                ledger.pop(account_id, None)
            else:
                ledger[account_id] = credentials
            try:
                self._replace(ledger)
            except OSError as exc:
                raise KeyringUnavailableError(
                    f"{self._path} can't be written: {exc.strerror}"
                ) from exc

    def _replace(self, ledger: Ledger) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._path.with_suffix(".new")
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - opened already
            file.write(ledger_text(ledger))
            file.flush()
            os.fsync(descriptor)
        half.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
