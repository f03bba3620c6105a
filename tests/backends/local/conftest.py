"""Fixtures for the tests of the local backend."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from msd.backends.local.files.walk import walk_folder
from tests.support.folders.media import media

__all__ = ["media"]

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an empty folder to fill."""
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Give the private cache folder of a source."""
    return tmp_path / "cache"


_WALK_AS_NOBODY = """
import json, os, sys, threading
from msd.backends.local.files.walk import walk_folder
root = sys.argv[1]
os.setgid(65534); os.setuid(65534)
walk = walk_folder(root, threading.Event())
names = [os.fsdecode(os.path.join(p, e.name)) for p, f in walk.folders.items() for e in f.files]
print(json.dumps({"gaps": [os.fsdecode(gap) for gap in walk.gaps], "names": sorted(names)}))
"""


@pytest.fixture
def unprivileged(tmp_path):
    """Give a walk as a user who may not read the folder `closed`; root may read everything."""

    def walk(root: Path, *, closed: Path):
        closed.chmod(0)
        if os.geteuid() != 0:
            found = walk_folder(str(root), threading.Event())
            closed.chmod(0o700)
            return {
                "gaps": [os.fsdecode(gap) for gap in found.gaps],
                "names": sorted(
                    os.fsdecode(os.path.join(path, entry.name))
                    for path, folder in found.folders.items()
                    for entry in folder.files
                ),
            }
        for above in (root, *root.parents):
            if above.is_relative_to(tmp_path.parent.parent.parent) and above.owner() == "root":
                above.chmod(above.stat().st_mode | 0o755)
        command = [sys.executable, "-c", _WALK_AS_NOBODY, str(root)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
        return json.loads(done.stdout)

    return walk
