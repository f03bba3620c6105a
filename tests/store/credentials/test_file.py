"""Credentials in one private file, and in a credential of systemd, which is such a file."""

import os
import sys
from pathlib import Path

import anyio
import pytest

from msd.errors import KeyringUnavailableError, NotSupportedError
from msd.store.credentials.file import FileCredentialStore
from msd.store.credentials.systemd import CREDENTIAL, SystemdCredentialStore
from tests.store.credentials.accounts import ALICE, BOB, MANY, SECRET

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secrets.json"


async def test_credentials_are_stored_read_replaced_and_deleted(path: Path) -> None:
    """Credentials are stored read replaced and deleted (K1)."""
    credential_store = FileCredentialStore(path)
    assert await credential_store.read(ALICE) is None
    await credential_store.delete(ALICE)

    await credential_store.write(ALICE, SECRET)
    await credential_store.write(BOB, SECRET)
    await credential_store.write(ALICE, MANY)

    assert await FileCredentialStore(path).read(ALICE) == MANY
    await credential_store.delete(ALICE)
    assert await credential_store.read(ALICE) is None
    assert await credential_store.read(BOB) == SECRET


async def test_only_the_owner_may_read_it_whatever_the_umask_is(path: Path) -> None:
    """Only the owner may read it whatever the umask is (K5)."""
    old = os.umask(0)
    try:
        await FileCredentialStore(path).write(ALICE, SECRET)
    finally:
        os.umask(old)

    assert 0o600 == path.stat().st_mode & 0o777
    assert 0o700 == path.parent.stat().st_mode & 0o777
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
async def test_a_file_that_others_can_read_is_refused_with_what_to_do(
    path: Path, mode: int
) -> None:
    """A file that others can read is refused with what to do (K1).

    Not read, not written to, and not quietly made private either.
    """
    credential_store = FileCredentialStore(path)
    await credential_store.write(ALICE, SECRET)
    path.chmod(mode)

    for call in (lambda: credential_store.read(ALICE), lambda: credential_store.write(BOB, SECRET)):
        with pytest.raises(KeyringUnavailableError, match="chmod 600"):
            await call()

    assert mode == path.stat().st_mode & 0o777


async def test_a_link_is_not_followed(path: Path) -> None:
    """A link is not followed (K6).

    It may lead to a file of somebody else.
    """
    await FileCredentialStore(path).write(ALICE, SECRET)
    link = path.with_name("link.json")
    link.symlink_to(path)

    with pytest.raises(KeyringUnavailableError):
        await FileCredentialStore(link).read(ALICE)


@pytest.mark.parametrize("text", ["", "[]", '{"accounts": 1}', "canary", "[" * 100_000])
async def test_a_damaged_file_is_said_to_be_so_and_left_alone(path: Path, text: str) -> None:
    """What can't be read may still be mended by hand."""
    credential_store = FileCredentialStore(path)
    await credential_store.write(ALICE, SECRET)
    path.write_text(text)

    for call in (lambda: credential_store.read(ALICE), lambda: credential_store.write(BOB, SECRET)):
        with pytest.raises(KeyringUnavailableError, match="damaged") as raised:
            await call()
        assert "canary" not in f"{raised.value}{raised.value.__cause__}"

    assert text == path.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_can_not_be_written_to_is_an_error_of_the_store(path: Path) -> None:
    """A folder that can not be written to is an error of the store (S4).

    A reason, not a crash.
    """
    path.parent.mkdir(mode=0o500)

    with pytest.raises(KeyringUnavailableError, match="written"):
        await FileCredentialStore(path).write(ALICE, SECRET)


async def test_a_folder_in_the_way_is_an_error_of_the_store(path: Path) -> None:
    """A folder in the way is an error of the store (S4).

    A reason, not a crash.
    """
    path.mkdir(parents=True)

    with pytest.raises(KeyringUnavailableError):
        await FileCredentialStore(path).read(ALICE)


KILLED_WHILE_WRITING = """
import os, sys, anyio
from pathlib import Path
from msd.store.credentials.file import FileCredentialStore
from tests.store.credentials.accounts import BOB, SECRET
path = Path(sys.argv[1])
os.fsync = lambda _: os._exit(9)  # the power goes before anything is safe
anyio.run(FileCredentialStore(path).write, BOB, SECRET)
"""


async def test_an_end_in_the_middle_of_writing_leaves_what_was_there(path: Path) -> None:
    """The file is replaced as a whole."""
    await FileCredentialStore(path).write(ALICE, SECRET)

    killed = await anyio.run_process(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False
    )

    assert 9 == killed.returncode
    assert await FileCredentialStore(path).read(ALICE) == SECRET
    await FileCredentialStore(path).write(BOB, SECRET)
    assert await FileCredentialStore(path).read(BOB) == SECRET


async def test_systemd_hands_over_what_the_file_store_wrote(path: Path, tmp_path: Path) -> None:
    """LoadCredential=msd-secrets:…/secrets.json."""
    await FileCredentialStore(path).write(ALICE, MANY)
    handed_over = tmp_path / "credentials"
    handed_over.mkdir()
    (handed_over / CREDENTIAL).write_bytes(path.read_bytes())
    (handed_over / CREDENTIAL).chmod(0o440)  # as systemd's ACLs show
    credential_store = SystemdCredentialStore(str(handed_over))

    assert await credential_store.read(ALICE) == MANY
    assert await credential_store.read(BOB) is None
    with pytest.raises(NotSupportedError, match="systemd"):
        await credential_store.write(BOB, SECRET)
    await credential_store.delete(ALICE)
    assert await credential_store.read(ALICE) == MANY


@pytest.mark.parametrize("directory", ["", "/nonexistent"])
async def test_without_the_credential_of_systemd_the_store_says_what_is_missing(
    directory: str,
) -> None:
    """Without the credential of systemd the store says what is missing (S4).

    Keyring-unavailable, with what to do.
    """
    with pytest.raises(KeyringUnavailableError, match="LoadCredential"):
        await SystemdCredentialStore(directory).read(ALICE)
