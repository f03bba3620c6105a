"""From the word in msd.toml to the store."""

import os
from pathlib import Path

from msd.models import SecretStore
from msd.store.credentials.file import FileCredentialStore
from msd.store.credentials.password_store import PassCredentialStore
from msd.store.credentials.secret_service import SecretServiceCredentialStore
from msd.store.credentials.systemd import SystemdCredentialStore

FILE_NAME = "secrets.json"


AnyCredentialStore = (
    SecretServiceCredentialStore
    | SystemdCredentialStore
    | PassCredentialStore
    | FileCredentialStore
)


def chosen_credential_store(store: SecretStore, *, data_dir: Path) -> AnyCredentialStore:
    """Return the store that the user chose; nothing is opened yet."""
    match store:
        case SecretStore.SECRET_SERVICE:
            return SecretServiceCredentialStore()
        case SecretStore.SYSTEMD:
            return SystemdCredentialStore(os.environ.get("CREDENTIALS_DIRECTORY", ""))
        case SecretStore.PASS:
            return PassCredentialStore()
        case SecretStore.FILE:
            return FileCredentialStore(data_dir / FILE_NAME)
