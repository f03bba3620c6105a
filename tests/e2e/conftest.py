"""The whole of msd: a real bus, a real keyring, real servers, real files."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.support.session.bus import PrivateBus, bus
from tests.support.session.daemon import Daemon, running
from tests.support.session.keyring import Keyring, keyring

__all__ = ["bus", "keyring"]

MAKE_SAMPLES = Path(__file__).parents[2] / "scripts" / "make_samples.py"


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample library of `scripts/run`, made once."""
    folder = tmp_path_factory.mktemp("samples") / "media"
    subprocess.run([sys.executable, MAKE_SAMPLES, folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def media(samples: Path, tmp_path: Path) -> Path:
    """Return a copy of the sample library that a test may change."""
    return Path(shutil.copytree(samples, tmp_path / "media"))


@pytest.fixture
def sim() -> Iterator[JellyfinSimulator]:
    """Return a small Jellyfin 12; suites that need another one have their own."""
    with JellyfinSimulator(make_world(60, seed=4), version="12") as running_sim:
        yield running_sim


@pytest.fixture
def daemon(bus: PrivateBus, keyring: Keyring, tmp_path: Path) -> Iterator[Daemon]:
    """Return msd, started and empty; suites that need another one have their own."""
    with running(bus, tmp_path / "home") as started:
        yield started
