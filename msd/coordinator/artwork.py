"""Pictures of items: answered from files, fetched in the background when they are missing."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msd.coordinator.picture_fetches import PictureFetches
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.errors import LimitExceededError, UnknownItemError, UnreachableError
from msd.events import EventStream
from msd.managers.artwork import fitting_width
from msd.models import ItemId, StatusReason
from msd.models.artwork import ArtworkKind, PictureRef

MAX_PICTURES = 500  # of one call
MOST_TRIES = 3  # when a picture is replaced while it is fetched


class Artwork:
    """Gives files; no call of it but `file` waits for a network."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        work: SourceTasks,
        events: EventStream,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._fetches = PictureFetches(services, statuses, work, events, self._refs, clock=clock)

    async def files(
        self, ids: Sequence[ItemId], kind: ArtworkKind, width: int
    ) -> Mapping[str, str]:
        """Return the path of each picture that is there; the missing ones are fetched.

        An item, library or person without a picture of this kind has "". One whose picture is on
        its way is absent; `ArtworkReady` follows. One whose source can't be asked now has another
        width of the picture, if there is one.

        Raises:
            LimitExceededError: more than `MAX_PICTURES` ids.
        """
        if len(ids) > MAX_PICTURES:
            raise LimitExceededError(f"{len(ids)} ids are too many; at most {MAX_PICTURES}")
        width = fitting_width(width)
        refs = await self._refs(ids, kind)
        known = dict(await self._services.artwork.find(refs.values(), width))
        missing = {ItemId(item_id): ref for item_id, ref in refs.items() if ref not in known}
        self._fetches.start(missing, kind, width)
        known |= await self._other_width(missing.values(), width)
        shown = {item_id: known[ref] for item_id, ref in refs.items() if ref in known}
        return {
            item_id: str(shown.get(item_id) or "")
            for item_id in ids
            if item_id in shown or item_id not in refs
        }

    async def file(self, item_id: ItemId, kind: ArtworkKind, width: int) -> Path:
        """Return the path of a picture; wait while it is fetched.

        It is that of another width if there is one and the source can't be asked now.

        Raises:
            UnknownItemError: no item, library or person has this id, or it has no such picture.
            BackendError: the source can't be asked now.
            StorageError: the picture can't be stored.
        """
        width = fitting_width(width)
        for _ in range(MOST_TRIES):
            ref = (await self._refs([item_id], kind)).get(item_id)
            if ref is None:
                raise UnknownItemError(f"{item_id!r} has no {kind}")
            known = await self._services.artwork.find([ref], width)
            if ref in known:
                path = known[ref]
                if path is None:
                    raise UnknownItemError(f"{item_id!r} has no {kind} that can be shown")
                return path
            if other := await self._other_width([ref], width):
                return other[ref]
            fetch = self._fetches.start_one(item_id, ref, kind, width)
            await fetch.done.wait()
            if fetch.error is not None:
                if other := await self._other_width([ref], width):
                    return other[ref]
                raise type(fetch.error)(*fetch.error.args)
        raise UnreachableError(
            f"the {kind} of {item_id!r} can't be had now", reason=StatusReason.SERVER_ERROR
        )

    async def _other_width(
        self, refs: Iterable[PictureRef], width: int
    ) -> Mapping[PictureRef, Path]:
        """Return what is there in another width of those pictures that can't be asked for now."""
        away = {ref for ref in refs if not self._fetches.can_ask(ref, width)}
        return await self._services.artwork.find_other_width(away, width) if away else {}

    async def _refs(self, ids: Sequence[ItemId], kind: ArtworkKind) -> Mapping[str, PictureRef]:
        hidden = self._services.registry.removed().keys()
        return await self._services.cache.picture_refs(ids, kind, hidden=hidden)
