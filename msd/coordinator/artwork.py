"""Pictures of items: answered from files, fetched in the background when they are missing."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import anyio
from msgspec import Struct, field

from msd.backend_api.artwork import MOST_PICTURE_BYTES, HasArtwork
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.errors import (
    LimitExceededError,
    MsdError,
    StorageError,
    UnknownItemError,
    UnreachableError,
)
from msd.events import ArtworkReady, EventStream
from msd.managers.artwork import ArtworkManager, fitting_width
from msd.models import ItemId, SourceId, StatusReason
from msd.models.artwork import ArtworkKind, PictureRef
from msd.pictures.store import PictureKey, picture_key

MAX_PICTURES = 500  # of one call
MAX_PENDING = 2000  # that are waited for, in all
AT_ONCE = 2  # per source: small servers scale one picture after the other
BATCH = 12  # pictures that are announced together
PICTURE_S = 30.0
ABSENT_S = 3600.0  # before a source is asked again for a picture that it does not have
MAX_ABSENT = 20_000

log = logging.getLogger(__name__)


class _Fetch(Struct):
    """A picture on its way, and the ids of those items that show it."""

    key: PictureKey
    ref: str
    ids: list[str]
    done: anyio.Event = field(default_factory=anyio.Event)
    path: Path | None = None
    error: MsdError | None = None


class Artwork:
    """Gives files; no call of it but `file` waits for a network."""

    def __init__(
        self,
        services: Services,
        work: SourceTasks,
        events: EventStream,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._files: ArtworkManager = services.artwork
        self._work = work
        self._publish = events.publish
        self._clock = clock
        self._fetches: dict[PictureKey, _Fetch] = {}
        self._absent: dict[PictureKey, float] = {}

    async def files(
        self, ids: Sequence[ItemId], kind: ArtworkKind, width: int
    ) -> Mapping[str, str]:
        """Return the path of each picture that is there; the missing ones are fetched.

        An item or library without a picture of this kind has "". One whose picture is on its way
        is absent; `ArtworkReady` follows.

        Raises:
            LimitExceededError: more than `MAX_PICTURES` ids, or too many pictures on their way.
        """
        if len(ids) > MAX_PICTURES:
            raise LimitExceededError(f"{len(ids)} ids are too many; at most {MAX_PICTURES}")
        width = fitting_width(width)
        refs = await self._refs(ids, kind)
        answers: dict[str, str] = dict.fromkeys(ids, "")
        keys = {item_id: _key(ref, width) for item_id, ref in refs.items()}
        paths = await self._files.find(list(keys.values()))
        missing: dict[str, PictureRef] = {}
        for (item_id, key), path in zip(keys.items(), paths, strict=True):
            if path is not None:
                answers[item_id] = str(path)
            elif not self._is_absent(key):
                del answers[item_id]
                missing[item_id] = refs[item_id]
        self._fetch_soon(missing, kind, width)
        return answers

    async def file(self, item_id: ItemId, kind: ArtworkKind, width: int) -> Path:
        """Return the path of a picture; wait while it is fetched.

        Raises:
            UnknownItemError: no item or library has this id, or it has no picture of this kind.
            BackendError: the source can't be asked now.
            StorageError: the picture can't be stored.
        """
        width = fitting_width(width)
        refs = await self._refs([item_id], kind)
        if item_id not in refs:
            raise UnknownItemError(f"{item_id!r} has no {kind}")
        key = _key(refs[item_id], width)
        (path,) = await self._files.find([key])
        if path is None and not self._is_absent(key):
            self._fetch_soon(refs, kind, width)
            fetch = self._fetches[key]
            await fetch.done.wait()
            if fetch.error is not None:
                raise type(fetch.error)(*fetch.error.args)
            path = fetch.path
        if path is None:
            raise UnknownItemError(f"{item_id!r} has no {kind} that can be shown")
        return path

    async def _refs(self, ids: Sequence[ItemId], kind: ArtworkKind) -> Mapping[str, PictureRef]:
        hidden = self._services.registry.removed().keys()
        return await self._services.cache.picture_refs(ids, kind, hidden=hidden)

    def _is_absent(self, key: PictureKey) -> bool:
        return self._clock() < self._absent.get(key, float("-inf"))

    # --- fetching --------------------------------------------------------------------------

    def _fetch_soon(self, missing: Mapping[str, PictureRef], kind: ArtworkKind, width: int) -> None:
        new: dict[SourceId, list[_Fetch]] = {}
        for item_id, ref in missing.items():
            key = _key(ref, width)
            fetch = self._fetches.get(key)
            if fetch is not None:
                fetch.ids.append(item_id)
                continue
            if len(self._fetches) >= MAX_PENDING:
                raise LimitExceededError(f"{MAX_PENDING} pictures are being fetched already")
            fetch = self._fetches[key] = _Fetch(key=key, ref=ref.ref, ids=[item_id])
            new.setdefault(ref.source_id, []).append(fetch)
        for source_id, fetches in new.items():
            self._work.start_soon(source_id, self._fetch_all, source_id, fetches, kind, width)

    async def _fetch_all(
        self, source_id: SourceId, fetches: list[_Fetch], kind: ArtworkKind, width: int
    ) -> None:
        """Fetch pictures a batch at a time, and announce each batch."""
        try:
            for start in range(0, len(fetches), BATCH):
                batch = fetches[start : start + BATCH]
                limiter = anyio.CapacityLimiter(AT_ONCE)
                async with anyio.create_task_group() as tasks:
                    for fetch in batch:
                        tasks.start_soon(self._fetch_one, source_id, fetch, width, limiter)
                self._announce(batch, kind, width)
        finally:
            for fetch in fetches:
                self._fetches.pop(fetch.key, None)
                fetch.done.set()
        await self._files.rest()

    async def _fetch_one(
        self, source_id: SourceId, fetch: _Fetch, width: int, limiter: anyio.CapacityLimiter
    ) -> None:
        async with limiter:
            try:
                fetch.path = await guarded(
                    lambda: self._fetch(source_id, fetch, width), "fetching a picture"
                )
            except MsdError as error:
                log.debug("a picture of %s was not fetched: %s", source_id, error)
                fetch.error = error
            finally:
                self._fetches.pop(fetch.key, None)
                fetch.done.set()

    async def _fetch(self, source_id: SourceId, fetch: _Fetch, width: int) -> Path | None:
        backend = self._services.backends.opened(source_id)
        if not isinstance(backend, HasArtwork):
            self._remember_absent(fetch.key)
            return None
        with anyio.move_on_after(PICTURE_S) as deadline:
            picture = await backend.picture(fetch.ref, width=width)
        if deadline.cancelled_caught:
            raise UnreachableError(
                "the server did not send the picture in time", reason=StatusReason.TIMEOUT
            )
        if picture is None or len(picture.content) > MOST_PICTURE_BYTES:
            self._remember_absent(fetch.key)
            return None
        try:
            path = await self._files.keep(fetch.key, picture.content, width=width)
        except OSError as error:
            raise StorageError(f"the picture can't be stored: {error.strerror}") from error
        if path is None:
            self._remember_absent(fetch.key)
        return path

    def _remember_absent(self, key: PictureKey) -> None:
        if len(self._absent) >= MAX_ABSENT:
            self._absent.clear()
        self._absent[key] = self._clock() + ABSENT_S

    def _announce(self, fetches: Iterable[_Fetch], kind: ArtworkKind, width: int) -> None:
        ids = tuple(item_id for fetch in fetches if fetch.error is None for item_id in fetch.ids)
        if ids:
            self._publish(ArtworkReady(ids=ids, kind=kind, width=width))


def _key(ref: PictureRef, width: int) -> PictureKey:
    return picture_key(ref.source_id, ref.ref, width)
