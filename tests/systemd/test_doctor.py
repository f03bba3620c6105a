"""What the doctor says of a unit, asked of a real `systemd --user`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.user_manager import UNIT, MissingToolError, UserManager, start

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(120)]

PROGRAMS = Path(sys.prefix, "bin")
INSTALLED = f".local/share/systemd/user/{UNIT}"


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserManager]:
    """Start a manager with msd set up."""
    home = tmp_path_factory.mktemp("patient")
    (home / ".local/bin").mkdir(parents=True)
    for name in ("msd", "msdctl"):
        (home / ".local/bin" / name).symlink_to(PROGRAMS / name)
    try:
        with start(home) as running:
            yield running
    except MissingToolError as exc:
        pytest.skip(f"no systemd --user for tests: {exc}")


@pytest.fixture
def patient(manager: UserManager) -> Iterator[UserManager]:
    """Set msd up before each test, and remove everything after it."""
    manager.run(".local/bin/msdctl", "setup", "--yes")
    yield manager
    manager.run("systemctl", "--user", "unmask", UNIT, check=False)
    manager.run("sh", "-c", "rm -rf .config/systemd .config/msd; systemctl --user daemon-reload")
    manager.run("systemctl", "--user", "reset-failed", UNIT, check=False)
    manager.run(".local/bin/msdctl", "setup", "--remove", "--yes")


def doctor(manager: UserManager) -> dict[str, str]:
    """Return what mends each thing that is not in order, by code."""
    done = manager.run(".local/bin/msdctl", "--json", "doctor", check=False)
    rows = json.loads(done.stdout)
    return {row["code"]: row["remedy"] for row in rows if row["severity"] != "ok"}


def stop(manager: UserManager) -> None:
    manager.run("systemctl", "--user", "stop", UNIT)


def test_a_new_installation_is_in_order(patient: UserManager) -> None:
    """Only the keyring, which this machine does not have, and lingering are mentioned."""
    assert set(doctor(patient)) <= {"keyring-absent", "no-linger", "clock-not-kept", "few-watches"}


def test_a_masked_unit_is_unmasked(patient: UserManager) -> None:
    """Nothing can start it meanwhile."""
    stop(patient)
    patient.run("systemctl", "--user", "mask", UNIT)

    assert doctor(patient)["unit-masked"] == f"systemctl --user unmask {UNIT}"


def test_a_changed_unit_is_read_again(patient: UserManager) -> None:
    """systemd uses what it read before."""
    patient.run("sh", "-c", f"echo '# changed' >> {INSTALLED}")

    assert doctor(patient)["unit-stale"] == "systemctl --user daemon-reload"


def test_a_unit_of_a_deleted_environment_is_set_up_again(patient: UserManager) -> None:
    """The program that it starts is gone."""
    patient.run("sed", "-i", "s|^ExecStart=.*|ExecStart=%h/venv/bin/msd|", INSTALLED)
    patient.run("systemctl", "--user", "daemon-reload")

    assert doctor(patient)["unit-program-missing"] == "msdctl setup"


def test_a_unit_copied_by_hand_is_replaced(patient: UserManager) -> None:
    """It stays as it is when msd is upgraded."""
    patient.run("sh", "-c", f"mkdir -p .config/systemd/user && cp {INSTALLED} .config/systemd/user")
    patient.run("systemctl", "--user", "daemon-reload")

    assert doctor(patient)["unit-overridden"] == "msdctl setup"


def test_a_unit_that_does_not_start_at_login_is_enabled(patient: UserManager) -> None:
    """The first call starts it nevertheless: a warning."""
    patient.run("systemctl", "--user", "disable", UNIT)

    assert doctor(patient)["not-enabled"] == f"systemctl --user enable {UNIT}"


def test_a_missing_unit_is_set_up_again(patient: UserManager) -> None:
    """Somebody deleted it."""
    stop(patient)
    patient.run("rm", INSTALLED)
    patient.run("systemctl", "--user", "daemon-reload")

    assert doctor(patient)["unit-missing"] == "msdctl setup"


def test_wrong_settings_keep_msd_from_starting(patient: UserManager) -> None:
    """Exit code 78 leads to `config check`, and the settings are named with their line."""
    patient.run("sh", "-c", "mkdir -p .config/msd && echo '[snyc]' > .config/msd/msd.toml")
    patient.run("systemctl", "--user", "restart", UNIT, check=False)

    told = doctor(patient)

    assert told["start-refused"] == "msdctl config check"
    assert "msd.toml" in told["config-wrong"]


def test_a_msd_that_keeps_ending_is_started_again(patient: UserManager) -> None:
    """systemd gives up after some attempts."""
    stop(patient)
    patient.run("sed", "-i", "s|^ExecStart=.*|ExecStart=/bin/false|", INSTALLED)
    patient.drop_in("fast", "[Unit]\nStartLimitBurst=1\n[Service]\nRestart=no\n")
    for _ in range(3):
        patient.run("systemctl", "--user", "start", UNIT, check=False)

    told = doctor(patient)
    patient.run("sed", "-i", "s|^ExecStart=.*|ExecStart=%h/.local/bin/msd|", INSTALLED)
    patient.run("systemctl", "--user", "daemon-reload")

    assert "msdctl start" in told["unit-failed"]
    assert "is running" in patient.run(".local/bin/msdctl", "start").stdout
