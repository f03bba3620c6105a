"""Credentials in a real `pass` with a real gpg key."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import anyio
import pytest

from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.store.credentials.password_store import PassCredentialStore
from tests.store.credentials.accounts import ALICE, BOB, MANY, SECRET

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not (shutil.which("pass") and shutil.which("gpg")), reason="not installed"),
]


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a user with an empty password store."""
    folder = tmp_path_factory.mktemp("pass")
    gnupg = folder / "gnupg"
    gnupg.mkdir(mode=0o700)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "GNUPGHOME": str(gnupg),
        "PASSWORD_STORE_DIR": str(folder / "store"),
    }
    yield environment
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=True)


def make_key(home: Mapping[str, str], passphrase: str = "") -> None:
    """Make a key and a store for it."""
    subprocess.run(
        [
            *("gpg", "--batch", "--quiet", "--pinentry-mode=loopback"),
            *("--passphrase", passphrase, "--quick-gen-key", "msd test", "future-default"),
        ],
        env=home,
        check=True,
        capture_output=True,
    )
    subprocess.run(["pass", "init", "msd test"], env=home, check=True, capture_output=True)


async def test_credentials_are_stored_read_replaced_and_deleted(home: Mapping[str, str]) -> None:
    """Credentials are stored read replaced and deleted (K1)."""
    make_key(home)
    credential_store = PassCredentialStore(home)
    assert await credential_store.read(ALICE) is None
    await credential_store.delete(ALICE)

    await credential_store.write(ALICE, SECRET)
    await credential_store.write(BOB, SECRET)
    await credential_store.write(ALICE, MANY)

    assert await PassCredentialStore(home).read(ALICE) == MANY
    await credential_store.delete(ALICE)
    assert await credential_store.read(ALICE) is None
    assert await credential_store.read(BOB) == SECRET


async def test_a_key_whose_passphrase_must_be_asked_for_is_locked(home: Mapping[str, str]) -> None:
    """A key whose passphrase must be asked for is locked (K2).

    Nothing asks; writing needs no passphrase.
    """
    make_key(home, "a passphrase")
    await anyio.run_process(["gpgconf", "--kill", "gpg-agent"], env=home)
    credential_store = PassCredentialStore(home)
    await credential_store.write(ALICE, SECRET)

    with pytest.raises(KeyringLockedError) as raised:
        await credential_store.read(ALICE)

    assert "canary" not in str(raised.value)


async def test_without_pass_the_store_says_so(tmp_path: Path) -> None:
    """Without pass the store says so (S4)."""
    with pytest.raises(KeyringUnavailableError, match="not installed"):
        await PassCredentialStore({"PATH": str(tmp_path)}).read(ALICE)


async def test_a_store_that_was_never_made_says_what_to_try(home: Mapping[str, str]) -> None:
    """A store that was never made says what to try (S4)."""
    with pytest.raises(KeyringUnavailableError, match="pass ls"):
        await PassCredentialStore(home).write(ALICE, SECRET)
