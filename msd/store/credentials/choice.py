"""From the word in msd.toml to the store."""

import os
from pathlib import Path

from msd.models import SecretStore
from msd.store.credentials.file import FileVault
from msd.store.credentials.password_store import PassVault
from msd.store.credentials.secret_service import SecretServiceVault
from msd.store.credentials.systemd import SystemdVault

FILE_NAME = "secrets.json"


AnyVault = SecretServiceVault | SystemdVault | PassVault | FileVault


def chosen_vault(store: SecretStore, *, data_dir: Path) -> AnyVault:
    """Return the store that the user chose; nothing is opened yet."""
    match store:
        case SecretStore.SECRET_SERVICE:
            return SecretServiceVault()
        case SecretStore.SYSTEMD:
            return SystemdVault(os.environ.get("CREDENTIALS_DIRECTORY", ""))
        case SecretStore.PASS:
            return PassVault()
        case SecretStore.FILE:
            return FileVault(data_dir / FILE_NAME)
