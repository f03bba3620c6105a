"""Real mounts: an unmounted disk is offline, never an empty library (Y7).

Each test runs a child in a mount namespace of its own (`unshare --mount`), where it may mount and
unmount; where that is not permitted the tests are skipped, and say so.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[4]
PRELUDE = """
import json, os, subprocess, sys
from pathlib import Path
import anyio
from msd.errors import UnreachableError
from tests.support.folders.list_folder import added_source, opened
disk, cache = Path(sys.argv[1]), Path(sys.argv[2])
answers = {}

def mount(path, size="1m"):
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "test", str(path)], check=True)

def umount(path):
    subprocess.run(["umount", "--lazy", str(path)], check=True)

def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")

async def connect(backend):
    try:
        await backend.connect()
        return "ok"
    except UnreachableError as exc:
        return exc.reason.value

async def pages(backend):
    found = []
    for library in await backend.libraries():
        for listing in backend.listings(library):
            found += [page async for page in backend.pages(listing)]
    return found

async def main():
"""


def is_permitted() -> bool:
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "test", "/mnt"]
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=10).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


@pytest.fixture
def in_namespace(tmp_path):
    """Run the body of an async main with `disk` and `cache`; returns its `answers`."""
    if not is_permitted():
        pytest.skip("mounting in a private namespace is not permitted here: mounts are not tested")

    def run(body: str):
        program = PRELUDE + body + "\nanyio.run(main)\nprint(json.dumps(answers))"
        done = subprocess.run(
            [
                *("unshare", "--mount", sys.executable, "-c", program),
                *(str(tmp_path / "disk"), str(tmp_path / "cache")),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=50,
            cwd=REPOSITORY,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_an_unmounted_disk_is_an_empty_mount_point(in_namespace):
    """An unmounted disk is an empty mount point (Y7).

    The file system id differs and nothing is there.
    """
    answers = in_namespace("""
    mount(disk); put(disk / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(disk)), cache)
    answers["mounted"] = await connect(backend)
    umount(disk)
    answers["unmounted"] = await connect(backend)
    """)

    assert answers == {"mounted": "ok", "unmounted": "folder-empty-mount"}


def test_files_left_on_the_mount_point_do_not_stand_for_the_disk(in_namespace):
    """Something was written while the disk was away; the mount point is gone all the same."""
    answers = in_namespace("""
    put(disk / "leftover.mkv")
    mount(disk); put(disk / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(disk)), cache)
    umount(disk)
    answers["unmounted"] = await connect(backend)
    """)

    assert answers == {"unmounted": "folder-empty-mount"}


def test_a_folder_on_an_unmounted_disk_is_missing(in_namespace):
    """The usual case: the source is a folder on the disk."""
    answers = in_namespace("""
    mount(disk); put(disk / "Films/A (2000).mkv")
    backend = opened(await added_source(str(disk / "Films")), cache)
    umount(disk)
    answers["unmounted"] = await connect(backend)
    """)

    assert answers == {"unmounted": "folder-missing"}


def test_a_new_file_system_id_with_content_is_accepted(in_namespace):
    """Ids change over a restart: the same disk mounted again is the same folder."""
    answers = in_namespace("""
    mount(disk); put(disk / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(disk)), cache)
    umount(disk)
    mount(disk); put(disk / "Movies/A (2000).mkv")
    answers["again"] = await connect(backend)
    umount(disk)
    mount(disk)
    answers["empty"] = await connect(backend)
    """)

    assert answers == {"again": "ok", "empty": "folder-empty-mount"}


def test_a_folder_that_was_emptied_is_connected(in_namespace):
    """The same file system, really empty: that is for the engine to judge."""
    answers = in_namespace("""
    mount(disk); put(disk / "a.mkv")
    backend = opened(await added_source(str(disk)), cache)
    (disk / "a.mkv").unlink()
    answers["emptied"] = await connect(backend)
    """)

    assert answers == {"emptied": "ok"}


def test_an_unmount_between_connect_and_walk_empties_nothing(in_namespace):
    """An unmount between connect and walk empties nothing (Y7).

    The walk looks again.
    """
    answers = in_namespace("""
    mount(disk); put(disk / "Movies/A (2000).mkv")
    backend = opened(await added_source(str(disk)), cache)
    await backend.connect()
    umount(disk)
    try:
        answers["pages"] = len(await pages(backend))
    except UnreachableError as exc:
        answers["error"] = exc.reason.value
    """)

    assert answers == {"error": "folder-empty-mount"}


def test_an_unmount_in_the_middle_of_a_walk_empties_nothing(in_namespace):
    """An unmount in the middle of a walk empties nothing (Y7).

    The disk goes away while its folders are read, at any moment.
    """
    answers = in_namespace("""
    import threading
    mount(disk, "64m")
    for number in range(4000):
        put(disk / f"Movies/Film {number} (2000)/film.mkv")
    source = await added_source(str(disk))
    answers["outcomes"] = []
    for delay in (0.0, 0.01, 0.03, 0.08):
        backend = opened(source, cache)
        timer = threading.Timer(delay, umount, [disk])
        timer.start()
        try:
            found = await pages(backend)
            complete = sum(len(page.items) for page in found) == 4000
            has_gaps = bool(found) and found[0].gaps
            answers["outcomes"].append("complete" if complete else "gaps" if has_gaps else "WRONG")
        except UnreachableError as exc:
            answers["outcomes"].append(exc.reason.value)
        timer.join()
        mount(disk, "64m")
        for number in range(4000):
            put(disk / f"Movies/Film {number} (2000)/film.mkv")
    """)

    assert "WRONG" not in answers["outcomes"]
    assert set(answers["outcomes"]) <= {"complete", "gaps", "folder-empty-mount", "folder-missing"}


def test_a_folder_that_is_mounted_twice_is_read_once(in_namespace):
    """Loops by bind mounts end, too."""
    answers = in_namespace("""
    put(disk / "Movies/A (2000).mkv")
    (disk / "Movies/up").mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(disk / "Movies/up")], check=True)
    found = await pages(opened(await added_source(str(disk)), cache))
    answers["items"] = sum(len(page.items) for page in found)
    """)

    assert answers == {"items": 1}


def test_a_disk_mounted_below_the_folder_leaves_a_gap_when_it_goes(in_namespace):
    """Y7 at every level: a library that is a mount point of its own is not emptied either."""
    answers = in_namespace("""
    put(disk / "Movies/A (2000).mkv")
    mount(disk / "TV"); put(disk / "TV/Dark/Dark S01E01.mkv")
    source = await added_source(str(disk))
    first = await pages(opened(source, cache))
    umount(disk / "TV")
    again = await pages(opened(source, cache))
    third = await pages(opened(source, cache))
    answers["libraries"] = len(await opened(source, cache).libraries())
    answers["gaps"] = [any(page.gaps for page in found) for found in (first, again, third)]
    """)

    assert answers == {"libraries": 2, "gaps": [False, True, True]}
