"""The unit and the activation file under a real `systemd --user`."""

import re
import sys
from pathlib import Path
from time import monotonic

import pytest

from tests.systemd.user_manager import HOME, NAME, UNIT, UserManager, wait_until

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
HARDENING = (ROOT / "systemd/msd-hardening.conf").read_text()


def start_msd(manager: UserManager) -> None:
    manager.run("systemctl", "--user", "reset-failed", UNIT, check=False)  # the start limit
    manager.run("systemctl", "--user", "restart", UNIT)


def exposure(manager: UserManager, *settings: str) -> float:
    name = ".config/systemd/user/msd-offline.service"
    manager.run("sh", "-c", f"cat > {name}", stdin="\n".join(settings))
    report = manager.run("systemd-analyze", "security", "--offline=true", "--no-pager", name).stdout
    manager.run("rm", name)
    found = re.search(r"exposure level for .*: ([\d.]+)", report)
    assert found, report
    return float(found[1])


def test_systemd_finds_nothing_to_say_about_the_unit(manager: UserManager) -> None:
    """Systemd finds nothing to say about the unit.

    `systemd-analyze --user verify` is clean.
    """
    verified = manager.run(
        "systemd-analyze", "--user", "verify", f".config/systemd/user/{UNIT}", check=False
    )

    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_unit_and_its_drop_in_are_hardened(manager: UserManager) -> None:
    """The unit and its drop in are hardened.

    What works in every user manager, and what user namespaces add.
    """
    unit = (ROOT / "systemd/msd.service").read_text()

    shipped = exposure(manager, unit)
    hardened = exposure(manager, unit.replace("[Install]", f"{HARDENING}\n[Install]"))

    print(f"systemd-analyze security: {shipped} as shipped, {hardened} with the drop-in")
    assert shipped <= 6.5
    assert hardened <= 2.5


def test_the_first_call_activates_msd(manager: UserManager) -> None:
    """The first call activates msd (O1).

    An activated caller gets an answer, and soon.
    """
    start_msd(manager)  # makes the databases
    manager.run("systemctl", "--user", "stop", UNIT)
    begin = monotonic()

    answer = manager.call("SourceCoordinator", "ListSources")

    took = monotonic() - begin
    print(f"activated and answered in {took:.2f} s")
    assert answer.startswith("aa{sv}")
    assert took < 10
    wait_until(lambda: manager.show("ActiveState") == "active", "READY=1")


def test_msd_comes_back_after_kill_9(manager: UserManager) -> None:
    """Msd comes back after kill 9 (O4).

    Systemd restarts it, and it owns its name again.
    """
    start_msd(manager)
    killed = manager.show("MainPID")

    manager.run("systemctl", "--user", "kill", "--kill-who=main", "--signal=KILL", UNIT)

    took = wait_until(
        lambda: manager.show("MainPID") not in {"0", killed} and manager.is_on_the_bus(),
        "on the bus again",
    )
    print(f"on the bus again {took:.2f} s after kill -9")


def test_the_watchdog_ends_a_hang_and_the_journal_shows_where(manager: UserManager) -> None:
    """The watchdog ends a hang and the journal shows where.

    SIGABRT, the Python stack in the journal, and msd is back.
    """
    manager.drop_in("watchdog", "[Service]\nWatchdogSec=1s\nRestartSec=100ms\n")
    try:
        start_msd(manager)
        hanging = manager.show("MainPID")

        manager.run("systemctl", "--user", "kill", "--kill-who=main", "--signal=USR1", UNIT)

        wait_until(
            lambda: manager.show("MainPID") not in {"0", hanging} and manager.is_on_the_bus(),
            "restarted by the watchdog",
        )
        journal = manager.journal()
        assert "Watchdog timeout" in journal
        assert "Fatal Python error: Aborted" in journal
        assert "in hang_the_event_loop" in journal
    finally:
        manager.drop_in("watchdog", "")


def test_msd_stops_within_five_seconds(manager: UserManager) -> None:
    """Msd stops within five seconds (O4).

    An orderly stop with code 0.
    """
    start_msd(manager)
    begin = monotonic()

    manager.run("systemctl", "--user", "stop", UNIT)

    print(f"stopped in {monotonic() - begin:.2f} s")
    assert monotonic() - begin < 5
    assert manager.show("Result") == "success"
    assert manager.show("ExecMainStatus") == "0"


def test_a_second_msd_gives_up_for_good(manager: UserManager) -> None:
    """A second msd gives up for good (O5).

    Code 78, which systemd does not answer with a restart.
    """
    start_msd(manager)

    second = manager.run(".local/bin/msd", check=False)

    assert second.returncode == 78
    assert NAME in second.stderr


@pytest.mark.parametrize("drop_in", ["", HARDENING], ids=["as shipped", "hardened"])
def test_a_folder_is_synced_inside_the_sandbox(manager: UserManager, drop_in: str) -> None:
    """A folder is synced inside the sandbox.

    The sandbox takes nothing away that a sync worker needs.
    """
    # PrivateTmp hides what is installed below /tmp, as a checkout may be in a test.
    visible = f"BindReadOnlyPaths={ROOT}\n" if drop_in else ""
    manager.drop_in("hardening", drop_in + visible)
    try:
        start_msd(manager)
        answer = manager.call("SourceCoordinator", "AddLocalSource", "s", "/run/msd-test/Videos")
        source_id = answer.split('"')[1]

        wait_until(
            lambda: manager.call(
                "Library", "QueryItems", "a{sv}", "1", "count", "b", "true"
            ).endswith(" 1"),
            "the one film is served",
        )

        manager.call("SourceCoordinator", "RemoveSource", "s", source_id)
    finally:
        manager.drop_in("hardening", "")


READS_ITS_CREDENTIAL = """
import os, anyio
from msd.models import Account, SecretStore
from msd.store.credentials import chosen_credential_store
account = Account(
    id="fake_alice", kind="fake", display_name="a", remote_user_id="u", device_id="d"
)
credential_store = chosen_credential_store(SecretStore.SYSTEMD, data_dir="/nowhere")
print("user", anyio.run(credential_store.read, account).user_id)
"""


def test_a_credential_that_systemd_loads_is_read(manager: UserManager) -> None:
    """Headless: `LoadCredential=msd-secrets:PATH` in the unit of a user."""
    entry = '{"accounts": {"fake_alice": {"user_id": "u1", "token": "t"}}}'
    manager.run("sh", "-c", "umask 077; cat > secrets.json", stdin=entry)
    loads = f"--property=LoadCredential=msd-secrets:{HOME}/secrets.json"

    done = manager.run(
        *(
            "systemd-run",
            "--user",
            "--wait",
            "--pipe",
            "--quiet",
            loads,
            f"--working-directory={ROOT}",
        ),
        *(sys.executable, "-c", READS_ITS_CREDENTIAL),
    )

    assert "user u1" == done.stdout.strip()
