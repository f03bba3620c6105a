"""A real `systemd --user`, once per session, with msd's own unit and activation file installed."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folders.media import MediaMaker, media  # noqa: F401 - a fixture
from tests.systemd.user_manager import MissingToolError, UserManager, start

ROOT = Path(__file__).parents[2]

# The daemon as installed, but SIGUSR1 makes its event loop hang: what the watchdog is for.
INSTALLED_MSD = """#!{python}
import signal, threading
from msd.__main__ import run_and_leave

def hang_the_event_loop(*_):
    threading.Event().wait()

signal.signal(signal.SIGUSR1, hang_the_event_loop)
run_and_leave()
"""


@pytest.fixture(scope="session")
def manager(
    tmp_path_factory: pytest.TempPathFactory,
    media: MediaMaker,  # noqa: F811
) -> Iterator[UserManager]:
    """Start the manager; skip where that can't be done, but not in CI as root."""
    required = os.environ.get("CI") and os.geteuid() == 0
    try:
        home = _home(tmp_path_factory.mktemp("home"))
        media.video(home / "Videos/A Film (2001)/A Film (2001).mkv")
        with start(home) as running:
            yield running
    except MissingToolError as exc:
        if required:
            raise
        pytest.skip(f"no systemd --user for tests: {exc}")


def _home(home: Path) -> Path:
    units = home / ".config/systemd/user"
    units.mkdir(parents=True)
    shutil.copy(ROOT / "systemd/msd.service", units)
    services = home / ".local/share/dbus-1/services"
    services.mkdir(parents=True)
    shutil.copy(ROOT / "dbus/org.msd.Msd1.service", services)
    (home / ".local/share/msd").mkdir()
    program = home / ".local/bin/msd"
    program.parent.mkdir()
    program.write_text(INSTALLED_MSD.format(python=sys.executable))
    program.chmod(0o755)
    return home
