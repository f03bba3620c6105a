"""The whole of msd: a real bus, a real keyring, real servers, real files."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.session.bus import bus  # noqa: F401 - a fixture
from tests.support.session.keyring import keyring  # noqa: F401 - a fixture

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
