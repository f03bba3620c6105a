"""The credentials of all accounts as one JSON document: the file store and systemd credentials.

{"accounts": {"jellyfin_3f2a9c41d07e": {"user_id": "…", "token": "…"}}}
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msd.backend_api import Credentials
from msd.errors import KeyringUnavailableError
from msd.models import AccountId
from msd.store.credentials.entry import entry, read_entry

MOST_BYTES = 1024 * 1024  # what systemd passes on, too

Ledger = dict[AccountId, Credentials]


def read_ledger(path: Path, *, is_guarded: bool = False) -> Ledger:
    """Return the credentials in a file; a missing file holds none, a foreign entry is left out.

    Args:
        path: the file.
        is_guarded: its folder keeps others away; its own mode may show rights that it grants.

    Raises:
        KeyringUnavailableError: others than its owner may read it, or it is none of msd's.
    """
    try:
        text = _read_private(path, is_guarded=is_guarded)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise KeyringUnavailableError(f"{path} can't be read: {exc.strerror}") from exc
    return _accounts(path, text)


def ledger_text(ledger: Mapping[AccountId, Credentials]) -> str:
    """Return the document that holds these credentials."""
    accounts = {account_id: entry(credentials) for account_id, credentials in ledger.items()}
    return json.dumps({"accounts": accounts}, indent=1) + "\n"


def _read_private(path: Path, *, is_guarded: bool) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - opened already
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyringUnavailableError(f"{path} is not a file")
        if status.st_mode & 0o077 and not is_guarded:
            raise KeyringUnavailableError(
                f"others may read {path}; make it private: chmod 600 {path}"
            )
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise KeyringUnavailableError(f"{path} is too large to be msd's")
    return text


def _accounts(path: Path, text: bytes) -> Ledger:
    try:
        document: Any = json.loads(text)
        accounts = document["accounts"].items()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as exc:
        # Not chained to what JSON says: that repeats a part of the text.
        raise KeyringUnavailableError(f"{path} is damaged, or not msd's") from (
            exc if isinstance(exc, RecursionError) else None
        )
    decoded = {AccountId(account_id): read_entry(fields) for account_id, fields in accounts}
    return {account_id: found for account_id, found in decoded.items() if found is not None}
