"""The sample library that a first start serves when there is nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from msd.models import ItemType
from tests.support.folders.list_folder import added_source, everything, opened

SCRIPT = Path(__file__).parents[2] / "scripts/make_samples.py"


def run(*arguments: str, path: str | None = None):
    environment = os.environ | ({"PATH": path} if path is not None else {})
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
        env=environment,
    )


def test_the_samples_are_a_library_of_everything(tmp_path):
    """The samples are a library of everything.

    Real, playable, tagged media files; made once.
    """
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    samples = tmp_path / "samples"

    assert run(str(samples)).returncode == 0
    made = {path: path.stat().st_mtime_ns for path in samples.rglob("*.flac")}
    assert run(str(samples)).returncode == 0

    assert {path: path.stat().st_mtime_ns for path in samples.rglob("*.flac")} == made
    assert counts(samples, tmp_path / "cache") == {
        ItemType.MOVIE: 4,
        ItemType.SHOW: 1,
        ItemType.SEASON: 2,
        ItemType.EPISODE: 6,
        ItemType.ARTIST: 2,
        ItemType.ALBUM: 3,
        ItemType.TRACK: 9,
    }


def counts(folder, cache):
    async def list_all():
        backend = opened(await added_source(str(folder)), cache)
        items, skipped = await everything(backend)
        await backend.aclose()
        assert skipped == []
        assert all(item.images for item in items if item.type in (ItemType.MOVIE, ItemType.ALBUM))
        return items

    items = anyio.run(list_all)
    return {kind: n for kind in ItemType if (n := sum(item.type is kind for item in items))}


def test_without_ffmpeg_it_says_what_is_missing(tmp_path):
    """A clear message, no traceback."""
    done = run(str(tmp_path / "samples"), path="/nowhere")

    assert done.returncode == 1
    assert "apt install ffmpeg" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_folder_it_says_how_to_call_it():
    """A usage line and the usual status."""
    assert run().returncode == 2
