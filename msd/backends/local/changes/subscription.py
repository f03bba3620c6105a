"""Changes of a folder as they happen, published once it has been quiet for a moment (Y9).

Changed films and episodes are published as rows. For everything else a change without rows is
published: then the whole folder is scanned, one walk for all of its libraries.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self, TypeVar

import anyio
from anyio import to_thread

from msd.backend_api.changes import PushedChange
from msd.backends.local.changes.targeted_rescan import RescannedRows
from msd.backends.local.changes.watch import FolderWatch, Touched, watch_budget
from msd.backends.local.files.mounts import foreign_mounts
from msd.errors import BackendError, UnreachableError
from msd.models import StatusReason

QUIET_S = 0.2  # a file that is copied comes with its companions
LONGEST_S = 2.0  # changes are published after this long, also while more happen
CHECK_S = 45.0  # nothing is reported when a file system is mounted over the folder
_CLOSE_S = 2

T = TypeVar("T")
Rescan = Callable[[frozenset[bytes]], RescannedRows | None]


@asynccontextmanager
async def folder_changes(
    root: bytes, rescan: Rescan, limiter: anyio.CapacityLimiter, *, budget: int | None = None
) -> AsyncIterator[AsyncIterator[PushedChange]]:
    """Watch a canonical folder; entered means that every directory is watched.

    Args:
        root: the folder.
        rescan: says which rows some files of it mean, see `targeted_rescan`; blocks.
        limiter: of the threads in which files are touched.
        budget: how many directories may be watched; default: what the system allows.

    Raises:
        BackendError: it can't be watched, only walked (reason `degraded-live`).
        UnreachableError: it is not there.
    """
    watch = FolderWatch(root, watch_budget() if budget is None else budget)
    changes = _FolderChanges(watch, root, rescan, limiter)
    try:
        await changes.begin()
        yield changes
    finally:
        with anyio.move_on_after(_CLOSE_S, shield=True):  # threads may hang on a dead disk
            await to_thread.run_sync(watch.close, abandon_on_cancel=True)


class _FolderChanges:
    """The iterator of an entered subscription; it ends with an error when the folder goes away."""

    def __init__(
        self, watch: FolderWatch, root: bytes, rescan: Rescan, limiter: anyio.CapacityLimiter
    ) -> None:
        self._watch = watch
        self._root = root
        self._rescan = rescan
        self._limiter = limiter
        self._identity = (0, 0)
        self._touched = Touched()  # and not yet published
        self._publish_at = 0.0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PushedChange:
        while True:
            while not await self._is_over():
                pass
            change = await self._meaning(self._touched)
            self._touched = Touched()
            if change is not None:
                return change

    async def begin(self) -> None:
        """Watch every directory."""
        await self._run(lambda: _refuse_foreign(self._root))
        self._identity = await self._run(lambda: _identity_of(self._root))
        await self._run(self._watch.begin)

    async def _is_over(self) -> bool:
        """Wait for the next event; return whether it has been quiet since the last one."""
        now = anyio.current_time()
        patience = min(QUIET_S, self._publish_at - now) if self._touched else CHECK_S
        with anyio.move_on_after(patience) as waiting:
            await anyio.wait_readable(self._watch)
        if not waiting.cancelled_caught:
            await self._take()
        elif not self._touched:
            await self._check()
        return waiting.cancelled_caught and bool(self._touched)

    async def _take(self) -> None:
        await self._run(self._watch.read)
        touched = self._watch.take()
        if touched and not self._touched:
            self._publish_at = anyio.current_time() + LONGEST_S
        self._touched |= touched

    async def _meaning(self, touched: Touched) -> PushedChange | None:
        """Return the change to publish, None when no row can differ."""
        if touched.is_unclear:
            return PushedChange()
        found = await self._run(lambda: self._rescan(touched.files))
        if found is None:
            return PushedChange()
        if not found.changed and not found.removed:
            return None
        return PushedChange(changed=found.changed, removed=found.removed)

    async def _check(self) -> None:
        """Make sure that the path still leads to the directory that is watched."""
        if await self._run(lambda: _identity_of(self._root)) != self._identity:
            raise UnreachableError(
                "another folder is in the place of the one that was watched",
                reason=StatusReason.FOLDER_EMPTY_MOUNT,
            )

    async def _run(self, call: Callable[[], T]) -> T:
        return await to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=True)


def _refuse_foreign(root: bytes) -> None:
    if foreign := foreign_mounts(root):
        raise BackendError(
            f"{os.fsdecode(foreign[0])} is on another machine or made by a program, which does not"
            " report changes; the folder is scanned at intervals",
            reason=StatusReason.DEGRADED_LIVE,
        )


def _identity_of(root: bytes) -> tuple[int, int]:
    try:
        facts = os.stat(root)
    except OSError as error:
        raise UnreachableError(
            f"the folder can't be read: {error.strerror}", reason=StatusReason.FOLDER_MISSING
        ) from error
    return facts.st_dev, facts.st_ino
