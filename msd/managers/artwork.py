"""ArtworkManager: pictures that are safe to show, as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from anyio import CapacityLimiter, to_thread

from msd.pictures.process import PictureChecker
from msd.pictures.store import PictureKey, PictureStore

WIDTHS = (96, 160, 240, 320, 480, 640, 960, 1280, 1920)
FOLDER = "artwork"


def fitting_width(width: int) -> int:
    """Return the smallest width that is kept and not below the wanted one, at most 1920."""
    return next((step for step in WIDTHS if step >= width), WIDTHS[-1])


class ArtworkManager:
    """Keeps pictures below a cap. An async context manager: leaving it ends its process."""

    def __init__(self, cache_dir: Path, *, most_bytes: int) -> None:
        self._store = PictureStore(cache_dir / FOLDER, most_bytes=most_bytes)
        self._checker = PictureChecker()
        self._thread = CapacityLimiter(1)

    async def __aenter__(self) -> Self:
        await self._checker.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._checker.__aexit__()

    async def find(self, keys: Sequence[PictureKey]) -> list[Path | None]:
        """Return the file of each key, None where there is none yet."""
        return await to_thread.run_sync(self._find, keys, limiter=self._thread)

    async def keep(self, key: PictureKey, content: bytes, *, width: int) -> Path | None:
        """Check and scale a picture, and return its file; None when it is no safe picture.

        Raises:
            OSError: the disk is full, or the folder can't be written.
        """
        checked = await self._checker.check(content, width)
        if checked is None:
            return None
        return await to_thread.run_sync(self._store.put, key, *checked, limiter=self._thread)

    async def drop(self, key: PictureKey) -> None:
        """Remove a picture that turned out to be another than its key says."""
        await to_thread.run_sync(self._store.drop, key, limiter=self._thread)

    async def rest(self) -> None:
        """Give back the memory of the checking process; the next picture starts it again."""
        await self._checker.end_when_idle()

    def _find(self, keys: Sequence[PictureKey]) -> list[Path | None]:
        return [self._store.find(key) for key in keys]
