"""SecretServiceCredentialStore against a real gnome-keyring-daemon."""

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
import secretstorage
from keyring.core import get_keyring

from msd.backend_api import Credentials
from msd.dbus.serving.server import BusServer
from msd.errors import KeyringLockedError, KeyringUnavailableError
from msd.store.credentials.secret_service import DEADLINE_S, SecretServiceCredentialStore
from tests.bus.desktop.prompting_service import PROMPTING_SPECS, PromptingService
from tests.store.credentials.accounts import ALICE, BOB, SECRET
from tests.support.session.bus import PrivateBus, bus  # noqa: F401 - a fixture
from tests.support.session.keyring import Keyring, keyring  # noqa: F401 - a fixture
from tests.support.skipping_loop import SkippingLoop, skip

pytestmark = [pytest.mark.anyio, pytest.mark.keyring]


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
    if keyring.process is not None:
        keyring.process.send_signal(signal.SIGCONT)


async def test_credentials_are_stored_read_replaced_and_deleted(ring: Keyring) -> None:
    """Credentials are stored read replaced and deleted (K1)."""
    credential_store = SecretServiceCredentialStore()
    assert await credential_store.read(ALICE) is None

    await credential_store.write(ALICE, SECRET)
    await credential_store.write(BOB, SECRET)
    newer = Credentials(user_id="u1", token="newer")
    await credential_store.write(ALICE, newer)
    assert await credential_store.read(ALICE) == newer

    await credential_store.delete(ALICE)
    await credential_store.delete(ALICE)
    assert await credential_store.read(ALICE) is None
    assert await SecretServiceCredentialStore().read(BOB) == SECRET


async def test_a_locked_keyring_says_so_without_a_prompt(ring: Keyring) -> None:
    """A locked keyring says so without a prompt (K2, S4).

    And heals when it is unlocked.
    """
    credential_store = SecretServiceCredentialStore()
    await credential_store.write(ALICE, SECRET)
    ring.lock()

    with pytest.raises((KeyringLockedError, KeyringUnavailableError)) as raised:
        await credential_store.read(ALICE)

    assert SECRET.token not in str(raised.value)
    ring.unlock()
    assert await credential_store.read(ALICE) == SECRET


async def test_an_absent_keyring_says_so_and_may_come_back(ring: Keyring, tmp_path: Path) -> None:
    """An absent keyring says so and may come back (O3)."""
    credential_store = SecretServiceCredentialStore()
    await credential_store.write(ALICE, SECRET)
    ring.stop()

    for call in (
        lambda: credential_store.read(ALICE),
        lambda: credential_store.write(ALICE, SECRET),
    ):
        with pytest.raises(KeyringUnavailableError):
            await call()

    ring.start()
    assert await credential_store.read(ALICE) == SECRET


async def test_a_keyring_that_hangs_fails_at_the_deadline_and_leaves_no_thread_behind(
    ring: Keyring,
) -> None:
    """A keyring that hangs fails at the deadline and leaves no thread behind (K2).

    The call that is given up is cut off, while the keyring still hangs.
    """
    credential_store = SecretServiceCredentialStore()
    await credential_store.write(ALICE, SECRET)
    assert ring.process is not None
    ring.process.send_signal(signal.SIGSTOP)
    said: list[str] = []

    async def read() -> None:
        try:
            await credential_store.read(ALICE)
        except KeyringUnavailableError as error:
            said.append(str(error))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        with anyio.fail_after(5):
            while not credential_store.is_busy:
                await anyio.lowlevel.checkpoint()
        assert not said
        skip(DEADLINE_S + 1)
    assert said == ["the keyring does not answer"]
    with anyio.fail_after(5):
        while credential_store.is_busy:
            await anyio.lowlevel.checkpoint()

    ring.process.send_signal(signal.SIGCONT)

    assert await credential_store.read(ALICE) == SECRET


async def test_an_account_with_several_servers_keeps_the_token_of_each(ring: Keyring) -> None:
    """An account with several servers keeps the token of each (K1).

    One entry per account, whatever it brings.
    """
    credential_store = SecretServiceCredentialStore()
    many = Credentials(user_id="u1", token="t", server_tokens={"s1": "one", "s2": "two"})

    await credential_store.write(ALICE, many)

    stored = await credential_store.read(ALICE)
    assert stored == many
    assert stored is not None
    assert stored.for_server("s2").token == "two"


async def test_a_keyring_manager_shows_whose_entry_it_is(ring: Keyring) -> None:
    """The label that keyring would give names nobody."""
    credential_store = SecretServiceCredentialStore()
    await credential_store.write(ALICE, SECRET)
    await credential_store.write(ALICE, SECRET)

    with closing(secretstorage.dbus_init()) as connection:
        items = list(secretstorage.get_default_collection(connection).get_all_items())
        shown = [(item.get_label(), item.get_attributes()["username"]) for item in items]

    assert shown == [("Media Source Daemon: alice (fake)", "fake/fake_alice")]


async def test_what_keyring_is_configured_to_use_is_not_used(
    ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keyring is configured to use is not used (K1).

    Neither a plain file nor a chain of backends by accident.
    """
    config = tmp_path / "config" / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(
        "[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/nowhere")
    assert "null" in type(get_keyring()).__module__

    await SecretServiceCredentialStore().write(ALICE, SECRET)

    assert await SecretServiceCredentialStore().read(ALICE) == SECRET
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and b"canary" in _read(path)]
    assert holding == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a socket
        return b""


async def test_nothing_that_would_prompt_gets_through(
    bus: PrivateBus,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing that would prompt gets through (K2).

    Not reading, storing or deleting in a locked keyring, and not in one without entries.
    """
    for name, value in bus.variables.items():
        monkeypatch.setenv(name, value)
    async with BusServer(PROMPTING_SPECS, address=bus.address) as server:
        service = PromptingService(server)
        await server.own_name("org.freedesktop.secrets")
        credential_store = SecretServiceCredentialStore()

        for call in (
            lambda: credential_store.read(ALICE),
            lambda: credential_store.write(ALICE, SECRET),
            lambda: credential_store.delete(ALICE),
        ):
            with pytest.raises(KeyringLockedError):
                await call()
        service.locked = False
        with pytest.raises(KeyringLockedError):
            await credential_store.write(ALICE, SECRET)

        assert 1 == service.asked_to_confirm
        assert 0 == service.prompts + service.created + service.unlocks
