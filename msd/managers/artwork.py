"""ArtworkManager: pictures that are safe to show, as files."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from anyio import CapacityLimiter, to_thread

from msd.models import SourceId
from msd.models.artwork import PictureRef
from msd.pictures.absences import ABSENT_S, BROKEN_S, Absences
from msd.pictures.process import PictureChecker
from msd.pictures.store import PictureStore, picture_key

WIDTHS = (96, 160, 240, 320, 480, 640, 960, 1280, 1920)
FOLDER, ABSENCES = "artwork", "artwork-absent"


def fitting_width(width: int) -> int:
    """Return the smallest width that is kept and not below the wanted one, at most 1920."""
    return next((step for step in WIDTHS if step >= width), WIDTHS[-1])


class ArtworkManager:
    """Keeps pictures below a cap. An async context manager: leaving it ends its process."""

    def __init__(self, cache_dir: Path, *, most_bytes: int) -> None:
        self._store = PictureStore(cache_dir / FOLDER, most_bytes=most_bytes)
        self._absences = Absences(cache_dir / ABSENCES)
        self._checker = PictureChecker()
        self._thread = CapacityLimiter(1)

    async def __aenter__(self) -> Self:
        await self._checker.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._checker.__aexit__(kind, error, trace)

    async def find(
        self, refs: Collection[PictureRef], width: int
    ) -> Mapping[PictureRef, Path | None]:
        """Return the file of each picture in one width, None for one that is not to be had.

        What is not known yet is left out.
        """
        return await to_thread.run_sync(self._find, refs, width, limiter=self._thread)

    async def find_other_width(
        self, refs: Collection[PictureRef], width: int
    ) -> Mapping[PictureRef, Path]:
        """Return each picture that is there in another width: the next larger, else smaller one."""
        return await to_thread.run_sync(self._find_other, refs, width, limiter=self._thread)

    async def keep(self, ref: PictureRef, width: int, content: bytes) -> Path | None:
        """Check and scale a picture, and return its file; None when it is no safe picture.

        Raises:
            OSError: the disk is full, or the folder can't be written.
            TimeoutError: the machine is too busy to check it.
        """
        checked = await self._checker.check(content, width)
        if checked is None:
            await self._remember(ref, BROKEN_S)
            return None
        key = picture_key(ref.source_id, ref.ref, width)
        return await to_thread.run_sync(self._store.put, key, *checked, limiter=self._thread)

    async def remember_absent(self, ref: PictureRef) -> None:
        """Remember for days, over restarts, that a source does not have a picture.

        Raises:
            OSError: the disk is full, or the folder can't be written.
        """
        await self._remember(ref, ABSENT_S)

    async def drop_source(self, source_id: SourceId) -> None:
        """Remove everything that is kept of a source.

        Raises:
            OSError: a file can't be removed.
        """
        for drop in (self._store.drop_source, self._absences.drop_source):
            await to_thread.run_sync(drop, source_id, limiter=self._thread)

    async def _remember(self, ref: PictureRef, lasting_s: float) -> None:
        key = picture_key(ref.source_id, ref.ref)
        await to_thread.run_sync(self._absences.add, key, lasting_s, limiter=self._thread)

    def _find(self, refs: Collection[PictureRef], width: int) -> dict[PictureRef, Path | None]:
        found: dict[PictureRef, Path | None] = {}
        for ref in refs:
            path = self._store.find(picture_key(ref.source_id, ref.ref, width))
            if path is not None or self._absences.has(picture_key(ref.source_id, ref.ref)):
                found[ref] = path
        return found

    def _find_other(self, refs: Collection[PictureRef], width: int) -> dict[PictureRef, Path]:
        larger = [step for step in WIDTHS if step > width]
        smaller = [step for step in reversed(WIDTHS) if step < width]
        found: dict[PictureRef, Path] = {}
        for ref in refs:
            keys = (picture_key(ref.source_id, ref.ref, step) for step in (*larger, *smaller))
            if path := next(filter(None, map(self._store.find, keys)), None):
                found[ref] = path
        return found
