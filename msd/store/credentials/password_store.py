"""Credentials in `pass`, the standard Unix password manager, chosen explicitly (K1).

The program itself is called, in processes that end with their deadline. gpg is told never to ask
for a passphrase: what its agent does not know counts as locked (K2).
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio

from msd.backend_api import Credentials
from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.models import Account
from msd.store.credentials.entry import entry_text, read_text

if TYPE_CHECKING:
    import subprocess

DEADLINE_S = 10.0
_NEVER_ASK = "--pinentry-mode=error"
_GPG_FAILED = 2  # how gpg ends; `pass` itself ends with 1


class PassCredentialStore:
    """One entry per account: `msd/<kind>/<account id>`, one line of JSON."""

    is_read_only = False

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        options = f"{environment.get('PASSWORD_STORE_GPG_OPTS', '')} {_NEVER_ASK}"
        self._environment = {
            **environment,
            "PASSWORD_STORE_GPG_OPTS": options.strip(),
            "LC_ALL": "C",  # its messages are looked at
        }

    async def read(self, account: Account) -> Credentials | None:
        """Return what is stored for the account, None when nothing usable is.

        Raises:
            KeyringLockedError: gpg's agent would have to ask for the passphrase.
            KeyringUnavailableError: there is no `pass`, or it can't be used.
        """
        done = await self._run("show", _name(account))
        if done.returncode == _GPG_FAILED:
            raise KeyringLockedError(
                f"pass needs a passphrase; give it once: pass show {_name(account)}"
            )
        if _is_missing(done):
            return None
        _check(done)
        return read_text(done.stdout.decode(errors="replace").partition("\n")[0])

    async def write(self, account: Account, credentials: Credentials) -> None:
        """Store the account's credentials, replacing older ones."""
        text = entry_text(credentials) + "\n"
        _check(await self._run("insert", "--multiline", "--force", _name(account), say=text))

    async def delete(self, account: Account) -> None:
        """Forget the account's credentials; nothing stored is fine."""
        done = await self._run("rm", "--force", _name(account))
        if not _is_missing(done):
            _check(done)

    async def _run(self, *words: str, say: str = "") -> "subprocess.CompletedProcess[bytes]":
        import shutil  # noqa: PLC0415 - brings three compressors, and few use pass

        program = shutil.which("pass", path=self._environment.get("PATH"))
        if program is None:
            raise KeyringUnavailableError("the program pass is not installed")
        try:
            with anyio.fail_after(DEADLINE_S):
                return await anyio.run_process(
                    [program, *words], input=say.encode(), check=False, env=self._environment
                )
        except TimeoutError as exc:
            raise KeyringUnavailableError("pass does not answer") from exc


def _check(done: "subprocess.CompletedProcess[bytes]") -> None:
    """Raise what a failure means; its text may name entries and stays unseen."""
    if done.returncode != 0:
        raise KeyringUnavailableError("pass can't be used; try: pass ls")


def _is_missing(done: "subprocess.CompletedProcess[bytes]") -> bool:
    return done.returncode == 1 and b"not in the password store" in done.stderr


def _name(account: Account) -> str:
    return f"msd/{account.kind}/{account.id}"
