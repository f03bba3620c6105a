"""Changes of real folders as the kernel tells them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from msd.backend_api.changes import HasPush, PushedChange
from msd.backends.local.changes.subscription import folder_changes
from msd.backends.local.changes.watch import MOST_WATCHES, FolderWatch, watch_budget
from msd.backends.local.files.mounts import foreign_mounts
from msd.errors import BackendError, UnreachableError
from msd.models import StatusReason
from tests.support.folders.files import put
from tests.support.folders.list_folder import added_source, opened

pytestmark = pytest.mark.anyio

SILENCE_S = 0.6


@pytest.fixture
def films(root: Path) -> Path:
    put(root / "Movies/Alien (1979)/Alien (1979).mkv")
    put(root / "Movies/Brazil (1985)/Brazil (1985).mkv")
    return root


@asynccontextmanager
async def watched(root: Path, **options: int) -> AsyncIterator[AsyncIterator[PushedChange]]:
    limiter = anyio.CapacityLimiter(2)
    async with folder_changes(os.fsencode(root), needs_scan, limiter, **options) as changes:
        yield changes


def needs_scan(paths: frozenset[bytes]) -> None:
    """Look at files that never stand alone."""


async def told(changes: AsyncIterator[PushedChange]) -> PushedChange:
    with anyio.fail_after(15):
        return await anext(changes)


async def to_the_end(changes: AsyncIterator[PushedChange]) -> None:
    with anyio.fail_after(15):
        async for change in changes:
            assert change == PushedChange()


async def is_quiet(changes: AsyncIterator[PushedChange]) -> bool:
    with anyio.move_on_after(SILENCE_S):
        await anext(changes)
        return False
    return True


async def test_the_backend_tells_that_something_changed(films, cache):
    """The backend tells that something changed (Y9).

    Entered means that every directory is watched.
    """
    backend = opened(await added_source(str(films)), cache)
    try:
        assert isinstance(backend, HasPush)
        async with backend.subscribe() as changes:
            put(films / "TV/Dark/Season 1/Dark S01E01.mkv")
            assert await told(changes) == PushedChange()
            assert await is_quiet(changes)
    finally:
        await backend.aclose()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: put(root / "Movies/New (2001).mkv"),
        lambda root: put(root / "Movies/New (2001)/New (2001).mkv"),
        lambda root: put(root / "Movies/Alien (1979)/Alien (1979).mkv", b"other"),
        lambda root: (root / "Movies/Alien (1979)/Alien (1979).mkv").unlink(),
        lambda root: shutil.rmtree(root / "Movies/Alien (1979)"),
        lambda root: (root / "Movies/Alien (1979)").rename(root / "Movies/Alien"),
        lambda root: (root / "Movies/Alien (1979)").rename(root.with_name("outside")),
        lambda root: os.link(
            root / "Movies/Alien (1979)/Alien (1979).mkv", root / "Movies/Linked (1999).mkv"
        ),
        lambda root: (root / "Movies/Link (1999).mkv").symlink_to("Alien (1979)/Alien (1979).mkv"),
        lambda root: put(root / "Movies/Alien (1979)/.nomedia"),
    ],
)
async def test_everything_that_can_change_a_library_is_told(films, change):
    """Files that come, go, change and move; directories; links; what leaves a folder out."""
    async with watched(films) as changes:
        change(films)
        assert await told(changes) == PushedChange()


@pytest.mark.parametrize(
    "change",
    [
        lambda root: put(root / "Movies/.hidden.mkv"),
        lambda root: put(root / "Movies/Film.mkv.part"),
        lambda root: put(root / "Movies/@eaDir/thumb.jpg"),
        lambda root: (root / "Movies/Alien (1979)/Alien (1979).mkv").read_bytes(),
        lambda root: os.utime(root / "Movies", (1, 1)),
    ],
)
async def test_what_changes_no_library_wakes_nobody(films, change):
    """Hidden and half-made files, reading, and what devices make for themselves."""
    async with watched(films) as changes:
        change(films)
        assert await is_quiet(changes)


async def test_a_file_is_told_of_when_it_is_whole(films):
    """A copy that takes its time is no film yet."""
    async with watched(films) as changes:
        with (films / "Movies/Long (2001).mkv").open("wb") as file:
            file.write(b"half")
            file.flush()
            assert await is_quiet(changes)
            file.write(b"whole")
        assert await told(changes) == PushedChange()


async def test_many_changes_at_once_are_told_once(films):
    """Many changes at once are told once (Y10).

    A copied season is one thing that happened.
    """
    async with watched(films) as changes:
        for number in range(200):
            put(films / f"TV/Show/Season 1/Show S01E{number:03}.mkv")
        assert await told(changes) == PushedChange()
        assert await is_quiet(changes)


async def test_directories_that_come_are_watched_with_all_below(films):
    """Also those that came with content, and those that were moved about."""
    outside = films.with_name("outside")
    put(outside / "Deep/Deeper/film.mkv")
    async with watched(films) as changes:
        outside.rename(films / "Movies/Inside")
        await told(changes)
        put(films / "Movies/Inside/Deep/Deeper/other.mkv")
        await told(changes)
        (films / "Movies/Inside").rename(films / "Movies/Moved")
        await told(changes)
        put(films / "Movies/Moved/Deep/Deeper/third.mkv")
        await told(changes)
        (films / "Movies/Moved").rename(outside)
        await told(changes)
        put(outside / "Deep/Deeper/fourth.mkv")
        assert await is_quiet(changes)


async def test_a_cancelled_wait_loses_nothing(films):
    """A cancelled wait loses nothing (Y12).

    What was read before the cancel is told after it.
    """
    async with watched(films) as changes:
        put(films / "Movies/New (2001).mkv")
        with anyio.move_on_after(0.05):
            await anext(changes)
        assert await told(changes) == PushedChange()


async def test_a_queue_that_ran_over_means_that_anything_changed(films):
    """And directories that came unseen are watched from then on."""
    watch = FolderWatch(os.fsencode(films), 1000)
    watch.begin()
    try:
        limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        one, other = films / "Movies/a.mkv", films / "Movies/b.mkv"
        put(one)
        for _ in range(limit // 2 + 10):
            one.rename(other)
            one, other = other, one
        put(films / "Unseen/film.mkv")
        watch.read()
        assert watch.take()
        watch.read()
        watch.take()
        put(films / "Unseen/other.mkv")
        watch.read()
        assert watch.take()
    finally:
        watch.close()


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
async def test_a_folder_that_goes_away_ends_it(films, how):
    """A folder that goes away ends it (Y7).

    Offline, and never empty.
    """
    async with watched(films) as changes:
        if how == "deleted":
            shutil.rmtree(films)
        else:
            films.rename(films.with_name("away"))
        if how == "replaced":
            films.mkdir()
        with pytest.raises(UnreachableError) as raised:
            await to_the_end(changes)
    assert raised.value.reason is StatusReason.FOLDER_MISSING


async def test_a_folder_that_is_not_there_can_not_be_watched(tmp_path):
    """A folder that is not there can not be watched (S2)."""
    with pytest.raises(UnreachableError):
        async with watched(tmp_path / "nothing"):
            pass


async def test_a_folder_beyond_the_budget_is_walked_instead(films):
    """The watches of the user are not msd's alone: a typed refusal, and all are given back."""
    for number in range(20):
        (films / f"Movies/{number}").mkdir()
    with pytest.raises(BackendError) as raised:
        async with watched(films, budget=10):
            pass
    assert raised.value.reason is StatusReason.DEGRADED_LIVE


async def test_a_folder_that_outgrows_the_budget_is_told_so(films):
    """Live updates end with a reason, not with directories that nobody watches."""
    async with watched(films, budget=10) as changes:
        for number in range(20):
            (films / f"Movies/{number}").mkdir()
        with pytest.raises(BackendError) as raised:
            await to_the_end(changes)
    assert raised.value.reason is StatusReason.DEGRADED_LIVE


def test_the_budget_is_a_part_of_what_the_user_may_have(tmp_path):
    """One of several programs; bounded, also where the kernel allows more or does not say."""
    limit = tmp_path / "max_user_watches"
    for text, budget in (("8192\n", 2048), ("10000000\n", MOST_WATCHES), ("?", MOST_WATCHES)):
        limit.write_text(text)
        assert watch_budget(limit) == budget
    assert watch_budget(tmp_path / "absent") == MOST_WATCHES


MOUNTS = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/nfs\040share rw - nfs4 nas:/films rw
31 22 0:41 / /home/me/Videos/cloud rw - fuse.rclone remote: rw
32 22 0:42 / /mnt/stick rw - fuseblk /dev/sdb1 rw
33 30 0:43 / /srv/nfs\040share/local rw - ext4 /dev/sdc1 rw
nonsense
"""


@pytest.mark.parametrize(
    ("root", "foreign"),
    [
        (b"/srv/films", []),
        (b"/srv/nfs share/films", [b"/srv/nfs share"]),
        (b"/srv/nfs share/local/films", []),
        (b"/home/me/Videos", [b"/home/me/Videos/cloud"]),
        (b"/home/me/Videos/cloud", [b"/home/me/Videos/cloud"]),
        (b"/home/me/Videos/clouds", []),
        (b"/mnt/stick", []),
    ],
)
def test_file_systems_of_other_machines_are_told_apart(tmp_path, root, foreign):
    """The kernel does not report what another machine writes: these are walked."""
    table = tmp_path / "mountinfo"
    table.write_bytes(MOUNTS)
    assert foreign_mounts(root, table) == foreign
    assert foreign_mounts(root, tmp_path / "absent") == []
