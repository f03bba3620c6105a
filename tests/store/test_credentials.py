"""KeyringVault against a real gnome-keyring-daemon."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from msd.backend_api import Credentials
from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.models import Account, AccountId, BackendKind
from msd.store.credentials import DEADLINE_S, KeyringVault
from tests.support.bus import bus  # noqa: F401 - a fixture
from tests.support.keyring import Keyring, keyring  # noqa: F401 - a fixture
from tests.support.skipping_loop import SkippingLoop, skip

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.keyring,
    # `keyring` leaves the connection of a call that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket"),
]

SECRET = Credentials(user_id="u1", token="canary-19d3")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture
def ring(
    keyring: Keyring,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Keyring]:
    """A keyring on the bus that this process takes for the session's."""
    for name, value in keyring.bus.variables.items():
        monkeypatch.setenv(name, value)
    yield keyring
    gc.collect()
    if keyring.process is not None:
        keyring.process.send_signal(signal.SIGCONT)


def account(name: str) -> Account:
    return Account(
        id=AccountId(f"fake_{name}"),
        kind=BackendKind("fake"),
        display_name=name,
        remote_user_id=name,
        device_id="d",
    )


ALICE, BOB = account("alice"), account("bob")


async def test_credentials_are_stored_read_replaced_and_deleted(ring: Keyring) -> None:
    """K1."""
    vault = KeyringVault()
    assert await vault.read(ALICE) is None

    await vault.write(ALICE, SECRET)
    await vault.write(BOB, SECRET)
    newer = Credentials(user_id="u1", token="newer")
    await vault.write(ALICE, newer)
    assert await vault.read(ALICE) == newer

    await vault.delete(ALICE)
    await vault.delete(ALICE)
    assert await vault.read(ALICE) is None
    assert await KeyringVault().read(BOB) == SECRET


async def test_a_locked_keyring_says_so_without_a_prompt(ring: Keyring) -> None:
    """K2, S4: and heals when it is unlocked."""
    vault = KeyringVault()
    await vault.write(ALICE, SECRET)
    ring.lock()

    with pytest.raises((KeyringLockedError, KeyringUnavailableError)) as raised:
        await vault.read(ALICE)

    assert SECRET.token not in str(raised.value)
    ring.unlock()
    assert await vault.read(ALICE) == SECRET


async def test_an_absent_keyring_says_so_and_may_come_back(ring: Keyring, tmp_path: Path) -> None:
    """O3."""
    vault = KeyringVault()
    await vault.write(ALICE, SECRET)
    ring.stop()

    for call in (lambda: vault.read(ALICE), lambda: vault.write(ALICE, SECRET)):
        with pytest.raises(KeyringUnavailableError):
            await call()

    ring.start()
    assert await vault.read(ALICE) == SECRET


async def test_a_keyring_that_hangs_fails_at_the_deadline_and_then_at_once(ring: Keyring) -> None:
    """K2: no second thread is left behind; once it goes on, so do we."""
    vault = KeyringVault()
    await vault.write(ALICE, SECRET)
    assert ring.process is not None
    ring.process.send_signal(signal.SIGSTOP)
    said: list[str] = []

    async def read() -> None:
        try:
            await vault.read(ALICE)
        except KeyringUnavailableError as error:
            said.append(str(error))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        with anyio.fail_after(5):
            while not vault._is_busy:
                await anyio.lowlevel.checkpoint()
        assert not said
        skip(DEADLINE_S + 1)
    assert said == ["the keyring does not answer"]
    await read()
    assert said[1:] == ["the keyring still hangs in an earlier request"]

    ring.process.send_signal(signal.SIGCONT)

    with anyio.fail_after(5):
        while vault._is_busy:
            await anyio.lowlevel.checkpoint()
    assert await vault.read(ALICE) == SECRET
