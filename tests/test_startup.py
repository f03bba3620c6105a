"""What the daemon has loaded when it gives its first answer."""

import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic

from tests.support.session.bus import private_bus

ROOT = Path(__file__).parents[1]
LIST_SOURCES = (
    *("busctl", "--user", "call", "org.msd.Msd1", "/org/msd/Msd1"),
    *("org.msd.Msd1.SourceCoordinator", "ListSources"),
)
HEAVY = {"sqlalchemy", "httpx", "keyring", "secretstorage", "rich", "pymediainfo"}
# msd itself, but SIGUSR1 makes it write down what it has imported.
PROBE = """
import pathlib, signal, sys
_, told = sys.argv
def tell(*_):
    half = pathlib.Path(told + ".half")
    half.write_text("\\n".join(sys.modules))
    half.rename(told)
signal.signal(signal.SIGUSR1, tell)
sys.argv[1:] = []
from msd.__main__ import run_and_leave
run_and_leave()
"""


def first_answer(folder: Path, environment: dict[str, str]) -> set[str]:
    """Start msd, wait for its first answer, and return the modules that it has loaded."""
    told = folder / "modules"
    told.unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "-c", PROBE, told], cwd=ROOT, env=environment) as daemon:
        try:
            wait = ["gdbus", "wait", "--session", "--timeout=20", "org.msd.Msd1"]
            subprocess.run(wait, env=environment, check=True)
            subprocess.run(LIST_SOURCES, env=environment, check=True, stdout=subprocess.DEVNULL)
            daemon.send_signal(signal.SIGUSR1)
            deadline = monotonic() + 10
            while not told.exists() and monotonic() < deadline:
                Event().wait(0.02)
            return set(told.read_text().splitlines())
        finally:
            daemon.terminate()


def test_nothing_heavy_is_loaded_at_the_first_answer(tmp_path: Path) -> None:
    """Nothing heavy is loaded at the first answer.

    SQLAlchemy alone costs more time than all of the start.
    """
    with private_bus(tmp_path / "bus") as bus:
        own = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("DATA", "CACHE", "CONFIG")}
        environment = {**bus.environment, **own}
        loaded = first_answer(tmp_path, environment)  # this one makes the databases

    assert "msd.coordinator.coordinator" in loaded
    assert loaded & HEAVY == set()


def test_a_sync_loads_no_command_line_of_a_library() -> None:
    """A sync loads no command line of a library (Y4).

    Httpx brings click, pygments and rich where they are installed, 6 MB for nothing.
    """
    program = """
import sys
import msd.worker, msd.backends.jellyfin.backend
print(*{"click", "pygments", "rich"} & sys.modules.keys())
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert loaded == []
