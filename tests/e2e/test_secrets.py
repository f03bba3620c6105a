"""The keyring in all its states; `-s` shows the measured times."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles

import pytest

from msd.store.credentials.systemd import CREDENTIAL
from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import COORDINATOR, NAME, ROOT, CallError, Daemon
from tests.support.session.keyring import Keyring

QUERIES = 40


@pytest.fixture
def daemon(bus: PrivateBus, tmp_path: Path) -> Iterator[Daemon]:
    """An msd that is not started yet."""
    daemon = Daemon(bus, tmp_path / "home")
    yield daemon
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.kill()


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(200, seed=3), version="10.11") as simulator:
        yield simulator


def add_and_stop(daemon: Daemon, sim: JellyfinSimulator) -> str:
    """Add and sync a source, then stop msd, so that nothing is in memory."""
    daemon.start()
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)
    daemon.stop()
    return source_id


def keyring_state(daemon: Daemon) -> str:
    return str(daemon.get(ROOT, COORDINATOR, "KeyringState"))


def latencies_ms(daemon: Daemon, count: int = QUERIES) -> list[float]:
    """Ask for a page again and again; return how long each answer took, busctl included."""
    taken = []
    for _ in range(count):
        began = time.monotonic()
        daemon.query("types", "as", "1", "movie", "limit", "u", "50")
        taken.append((time.monotonic() - began) * 1000)
    return sorted(taken)


def percentiles(taken: Sequence[float]) -> str:
    cuts = quantiles(taken, n=100)
    return f"QueryItems p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"


@contextmanager
def frozen(keyring: Keyring) -> Iterator[None]:
    """Stop the keyring from answering inside the block."""
    assert keyring.process is not None
    keyring.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        keyring.process.send_signal(signal.SIGCONT)


def test_a_start_before_the_keyring_heals_step_by_step(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """The cache answers while the keyring is absent, locked and unlocked (O1, O3, S4)."""
    source_id = add_and_stop(daemon, sim)
    keyring.stop()
    rows: list[str] = []
    began = time.monotonic()

    def step(what: str, act: Callable[[], object], status: tuple[str, str], state: str) -> None:
        acted = time.monotonic()
        act()
        daemon.until(lambda: daemon.status(source_id) == status, what)
        daemon.until(lambda: keyring_state(daemon) == state, what)
        seen = f"{time.monotonic() - acted:5.2f} s later: {' / '.join(status)}, keyring {state}"
        rows.append(f"{acted - began:6.2f} s  {what:<36} {seen}")

    def first_answer() -> None:
        daemon.start()
        asked = time.monotonic()
        assert daemon.count("movie") > 0
        rows.append(f"        first QueryItems answered after {time.monotonic() - asked:.2f} s")

    step(
        "msd starts, no keyring",
        first_answer,
        ("needs-auth", "keyring-unavailable"),
        "absent",
    )
    step(
        "the keyring appears, locked",
        keyring.start_locked,
        ("needs-auth", "keyring-locked"),
        "locked",
    )
    assert daemon.count("movie") > 0
    step("the keyring is unlocked", keyring.unlock, ("connected", "ok"), "available")
    print("", *rows, sep="\n")


def test_a_keyring_that_dies_and_comes_back_changes_nothing_for_what_is_known(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """Tokens in memory outlive the keyring; a restart needs it again (K2)."""
    daemon.start()
    source_id = daemon.add_jellyfin(sim.url)
    daemon.until_synced(source_id)

    keyring.stop()
    daemon.until(lambda: keyring_state(daemon) == "absent", "its end is seen")

    assert daemon.sync(source_id)["state"] == "done"
    assert daemon.status(source_id) == ("connected", "ok")
    with pytest.raises(CallError, match="keyring"):
        daemon.add_jellyfin(sim.url, "admin", "root")
    keyring.start()
    daemon.until(lambda: keyring_state(daemon) == "available", "its return is seen")
    assert daemon.add_jellyfin(sim.url, "admin", "root")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_keyring_that_hangs_makes_nobody_else_wait_and_heals_at_once(
    daemon: Daemon, sim: JellyfinSimulator, keyring: Keyring
) -> None:
    """The cache answers as always while the keyring hangs for a minute (K2)."""
    source_id = add_and_stop(daemon, sim)
    daemon.start()
    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "connected")
    usual = latencies_ms(daemon)
    daemon.stop()

    with frozen(keyring):
        frozen_at = time.monotonic()
        daemon.start()
        meanwhile: list[float] = []
        while time.monotonic() - frozen_at < 60:
            meanwhile += latencies_ms(daemon)
        daemon.until(
            lambda: daemon.status(source_id) == ("needs-auth", "keyring-unavailable"), "it hangs"
        )
    thawed_at = time.monotonic()
    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "it heals by itself")

    print(
        f"\nusually: {percentiles(usual)}",
        f"keyring hangs: {percentiles(meanwhile)} ({len(meanwhile)} queries)",
        f"healed {time.monotonic() - thawed_at:.2f} s after it went on",
        sep="\n",
    )
    assert max(meanwhile) < 5_000  # a keyring call that is in the way takes its whole deadline


def configured(daemon: Daemon, text: str) -> None:
    """Write the settings."""
    folder = daemon.home / "config" / "msd"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "msd.toml").write_text(text)


def test_a_machine_without_a_keyring_keeps_tokens_in_a_private_file_when_told_to(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """The file store is used only when it was chosen, and the bus shows it (K1)."""
    daemon.start()
    with pytest.raises(CallError, match="keyring"):
        daemon.add_jellyfin(sim.url)
    daemon.stop()
    assert not list(daemon.home.rglob("secrets.json"))
    configured(daemon, '[secrets]\nstore = "file"\n')

    source_id = add_and_stop(daemon, sim)
    daemon.start()

    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "signed in again")
    assert daemon.get(ROOT, COORDINATOR, "SecretStore") == "file"
    assert keyring_state(daemon) == "available"
    (file,) = daemon.home.rglob("secrets.json")
    assert file.stat().st_mode & 0o777 == 0o600
    daemon.stop()
    file.chmod(0o644)
    daemon.start()
    daemon.until(
        lambda: daemon.status(source_id) == ("needs-auth", "keyring-unavailable"), "refused"
    )
    assert "chmod 600" in daemon.call("GetSourceStatus", "s", source_id)[2]


def test_credentials_of_systemd_are_read_and_nothing_can_be_added(
    daemon: Daemon, sim: JellyfinSimulator, tmp_path: Path
) -> None:
    """LoadCredential= reads what the file store wrote; nothing can be added."""
    configured(daemon, '[secrets]\nstore = "file"\n')
    source_id = add_and_stop(daemon, sim)
    (file,) = daemon.home.rglob("secrets.json")
    handed_over = tmp_path / "credentials"
    handed_over.mkdir()
    file.rename(handed_over / CREDENTIAL)
    configured(daemon, '[secrets]\nstore = "systemd"\n')
    daemon.extra = {"CREDENTIALS_DIRECTORY": str(handed_over)}
    sim.log.clear()

    daemon.start()

    daemon.until(lambda: daemon.status(source_id) == ("connected", "ok"), "signed in")
    with pytest.raises(CallError, match=r"secrets\.store"):
        daemon.add_jellyfin(sim.url, "admin", "root")
    assert daemon.get(ROOT, COORDINATOR, "SecretStore") == "systemd"
    assert len(daemon.call("ListSources")) == 1


def ask_for_everything(daemon: Daemon, source_id: str, item_id: str) -> None:
    """Make every call that usually leads to requests; return when all were answered."""
    daemon.call("InitializeAllSources")
    daemon.call("SyncAllSources")
    with pytest.raises(CallError, match=r"sign|disabled"):
        daemon.call("SyncSource", "s", source_id)
    refresh = ("1", item_id, "1", "refresh", "b", "true")
    daemon.call("GetItems", "asa{sv}", *refresh, interface=f"{NAME}.Library")
    daemon.call("ListSources")


def refuse(sim: JellyfinSimulator, cause: str) -> None:
    """Revoke the user's token."""
    if cause == "disabled":
        sim.disable_user("alice")
    else:  # as a changed password does with every token of the user (contract 3.6)
        sim.revoke_tokens("alice")


def test_after_a_refusal_the_server_is_left_alone_and_the_cache_serves(
    daemon: Daemon, keyring: Keyring
) -> None:
    """After a refusal the servers' own logs show no more requests (S4)."""
    causes = {"revoked": "token-refused", "disabled": "user-disabled"}
    daemon.start()
    with ExitStack() as running:
        for seed, (cause, reason) in enumerate(causes.items(), start=3):
            simulator = JellyfinSimulator(make_world(60, seed=seed), version="10.11")
            sim = running.enter_context(simulator)
            source_id = daemon.add_jellyfin(sim.url)
            daemon.until_synced(source_id)
            movies = ("source_ids", "as", "1", source_id, "types", "as", "1", "movie")
            items = daemon.query(*movies)[0]
            refuse(sim, cause)
            daemon.call("SyncSource", "s", source_id)
            daemon.until_status(source_id, "needs-auth", reason)
            sim.log.clear()

            ask_for_everything(daemon, source_id, items[0]["id"])

            assert [] == sim.log.requests
            assert items == daemon.query(*movies)[0]
            steps = daemon.call("Explain", "s", source_id)
            assert "msd tries the old sign-in again" in steps[-1]["detail"]


def test_msdctl_says_which_store_is_in_use(daemon: Daemon, keyring: Keyring) -> None:
    """The status names the secret store in use (K1)."""
    daemon.start()

    done = subprocess.run(
        [os.fspath(Path(daemon.command[0]).with_name("msdctl")), "status", "--json"],
        env=daemon.environment,
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout)["daemon"]["secret_store"] == "secret-service"
