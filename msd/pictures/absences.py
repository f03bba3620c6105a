"""Which pictures are not to be had, kept over restarts so that no server is asked again and again.

    FOLDER/<source>/<key>       an empty file; its time of change is when it may be asked for again

Servers are asked for a picture that they don't have by every frontend that shows the item.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msd.models import SourceId
from msd.pictures.store import PictureKey, make_private, remove_folder, source_folder

ABSENT_S = 7 * 24 * 3600  # the source has no such picture
BROKEN_S = 90 * 24 * 3600  # its bytes are no safe picture; another picture has another key
MOST = 10_000


class Absences:
    """The keys of pictures that are not to be had; every method blocks on the disk."""

    def __init__(
        self, folder: Path, *, most: int = MOST, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock
        self._until: OrderedDict[PictureKey, float] | None = None  # the oldest first

    def has(self, key: PictureKey) -> bool:
        """Say whether a picture is known not to be had."""
        until = self._known().get(key)
        if until is None:
            return False
        now = self._clock()
        if now < until <= now + BROKEN_S:  # else the clock was wrong, then or now
            return True
        self._drop(key)
        return False

    def add(self, key: PictureKey, lasting_s: float) -> None:
        """Remember for a time that a picture is not to be had.

        Raises:
            OSError: the disk is full, or the folder can't be written.
        """
        known = self._known()
        while len(known) >= self._most:
            self._drop(next(iter(known)))
        until = self._clock() + lasting_s
        path = self._folder / key
        make_private(path.parent)
        path.touch(0o600)
        os.utime(path, (until, until))
        known[key] = until
        known.move_to_end(key)

    def drop_source(self, source_id: SourceId) -> None:
        """Forget everything of a source.

        Raises:
            OSError: a file can't be removed.
        """
        name = source_folder(source_id)
        for key in [key for key in self._known() if key.startswith(f"{name}/")]:
            self._drop(key)
        remove_folder(self._folder / name)

    def _drop(self, key: PictureKey) -> None:
        if self._known().pop(key, None) is not None:
            with suppress(OSError):
                (self._folder / key).unlink(missing_ok=True)

    def _known(self) -> OrderedDict[PictureKey, float]:
        if self._until is None:
            found: list[tuple[float, PictureKey]] = []
            for path in self._folder.glob("*/*"):
                with suppress(OSError):
                    key = PictureKey(f"{path.parent.name}/{path.name}")
                    found.append((path.stat().st_mtime, key))
            found.sort()
            self._until = OrderedDict((key, until) for until, key in found)
        return self._until
