"""Credentials that systemd hands over, e.g. `LoadCredential=msd-secrets:PATH`; never written.

The credential holds what the file store writes: sign in once with `store = "file"`, then let
systemd keep the file, encrypted if it can (`systemd-creds encrypt`).
"""

import logging
from pathlib import Path

from anyio import to_thread

from msd.backend_api import Credentials
from msd.errors import KeyringUnavailableError, NotSupportedError
from msd.models import Account
from msd.store.credentials.ledger import Ledger, read_ledger

CREDENTIAL = "msd-secrets"

log = logging.getLogger(__name__)


class SystemdCredentialStore:
    """The credential `msd-secrets` of this service.

    Args:
        directory: `$CREDENTIALS_DIRECTORY`, "" when systemd gave none.
    """

    is_read_only = True

    def __init__(self, directory: str) -> None:
        self._directory = directory

    async def read(self, account: Account) -> Credentials | None:
        """Return what the credential holds for the account, None when nothing usable.

        Raises:
            KeyringUnavailableError: systemd gave msd no such credential.
        """
        return (await to_thread.run_sync(self._read)).get(account.id)

    async def write(self, account: Account, credentials: Credentials) -> None:  # noqa: ARG002 - the port's
        """Refuse.

        Raises:
            NotSupportedError: always.
        """
        raise NotSupportedError(
            "the credentials come from systemd, which msd can't change; sign in with another"
            " store (secrets.store in msd.toml)"
        )

    async def delete(self, account: Account) -> None:
        """Leave the credential as it is, which nothing but its owner can change."""
        log.info("what the credential %s holds for %s stays there", CREDENTIAL, account.id)

    def _read(self) -> Ledger:
        path = Path(self._directory, CREDENTIAL)
        if not self._directory or not path.exists():
            raise KeyringUnavailableError(
                f"systemd gave msd no credential {CREDENTIAL}; see LoadCredential= in its unit"
            )
        # An ACL for the service's user shows as rights of the group.
        return read_ledger(path, is_guarded=True)
