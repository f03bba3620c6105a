"""A coordinator with one library of twelve films behind it."""

from pathlib import Path

import pytest

from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return what outlives a run: files, a keyring, a server with twelve films."""
    rig = Rig(tmp_path)
    rig.server.movies(rig.server.library("films"), 12)
    return rig
