"""A changed settings file is used without a restart by hand."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.session.bus import PrivateBus, bus
from tests.support.session.daemon import COORDINATOR, ROOT, CallError, Daemon

__all__ = ["bus"]


@pytest.fixture
def daemon(bus: PrivateBus, tmp_path: Path) -> Iterator[Daemon]:
    running = Daemon(bus, tmp_path / "home")
    running.start()
    yield running
    running.kill()


def written(daemon: Daemon, text: str) -> None:
    """Write the settings and tell msd to look at them now."""
    path = daemon.home / "config/msd/msd.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)


def secret_store(daemon: Daemon) -> object:
    try:
        return daemon.get(ROOT, COORDINATOR, "SecretStore")
    except CallError:
        return None  # it is starting again


def test_changed_settings_are_used_by_the_same_process(daemon: Daemon) -> None:
    """It starts again in place: the process id stays, and it stops in order afterwards."""
    written(daemon, '[secrets]\nstore = "file"\n')

    daemon.until(lambda: secret_store(daemon) == "file", "the new settings are used")

    code, _ = daemon.stop()
    assert code == 0


def test_settings_that_can_not_be_used_change_nothing(daemon: Daemon) -> None:
    """The log names what is wrong, and msd goes on."""
    daemon.until(lambda: bool(secret_store(daemon)), "msd is ready")
    before = secret_store(daemon)

    written(daemon, "[snyc]\n")

    daemon.until(lambda: "the changed settings are not used" in daemon.log, "it is logged")
    assert "unknown table [snyc]" in daemon.log
    assert secret_store(daemon) == before


def test_a_file_that_says_the_same_is_no_reason_to_start_again(daemon: Daemon) -> None:
    """A comment, or a default written out, changes nothing."""
    written(daemon, "# mine\n[sync]\nparallel = 3\n")
    written(daemon, "[snyc]\n")

    daemon.until(lambda: "not used" in daemon.log, "both versions were looked at")
    assert "starts again" not in daemon.log
