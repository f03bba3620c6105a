"""What could not be fetched a moment ago, so that the next look at a page asks nobody in vain."""

from collections.abc import Callable

from msgspec import Struct

from msd.models import SourceId
from msd.models.artwork import PictureRef

PAUSE_S, LONGEST_PAUSE_S = 60.0, 900.0  # of a picture; twice as long after each failure
MOST = 10_000

PictureInWidth = tuple[PictureRef, int]


class _Failure(Struct, frozen=True):
    until: float  # nobody asks before
    pause_s: float


class PictureFailures:
    """Pictures, and sources as a whole, that are left alone for a while. In memory only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pictures: dict[PictureInWidth, _Failure] = {}
        self._sources: dict[SourceId, float] = {}

    def has(self, picture: PictureInWidth) -> bool:
        """Say whether a picture, or its source, is left alone at the moment."""
        now = self._clock()
        failure = self._pictures.get(picture)
        is_failed = failure is not None and now < failure.until
        return is_failed or now < self._sources.get(picture[0].source_id, now)

    def add(self, picture: PictureInWidth) -> None:
        """Leave a picture alone, longer each time."""
        before = self._pictures.pop(picture, None)
        if len(self._pictures) >= MOST:
            self._pictures.clear()
        pause_s = PAUSE_S if before is None else min(2 * before.pause_s, LONGEST_PAUSE_S)
        self._pictures[picture] = _Failure(until=self._clock() + pause_s, pause_s=pause_s)

    def add_source(self, source_id: SourceId) -> None:
        """Leave a source alone."""
        self._sources[source_id] = self._clock() + PAUSE_S

    def forget(self, picture: PictureInWidth) -> None:
        """Forget a failure: the picture came."""
        self._pictures.pop(picture, None)
        self._sources.pop(picture[0].source_id, None)

    def forget_source(self, source_id: SourceId) -> None:
        """Forget all failures of a source: it was connected anew, or removed."""
        self._sources.pop(source_id, None)
        for picture in [each for each in self._pictures if each[0].source_id == source_id]:
            del self._pictures[picture]
