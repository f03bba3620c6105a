"""Changes that a user makes to what is configured (A5)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import anyio

from msd.backend_api.accounts import OptionValue
from msd.coordinator.board import StatusBoard
from msd.coordinator.catalogue import Catalogue
from msd.coordinator.fleet import Fleet
from msd.coordinator.services import Services
from msd.coordinator.status import Axes, disabled
from msd.coordinator.syncing import Syncing
from msd.errors import InvalidArgumentError
from msd.events import Event, SourceChanged
from msd.models import Library, LibraryId, SourceId, SyncOptions

MAX_NAME = 200


class Changing:
    """Names, order, on and off, and how libraries are treated; each change is kept."""

    def __init__(
        self,
        services: Services,
        board: StatusBoard,
        fleet: Fleet,
        catalogue: Catalogue,
        syncing: Syncing,
        publish: Callable[[Event], None],
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._board = board
        self._fleet = fleet
        self._catalogue = catalogue
        self._syncing = syncing
        self._publish = publish
        self._switching: defaultdict[SourceId, anyio.Lock] = defaultdict(anyio.Lock)

    async def rename(self, source_id: SourceId, name: str) -> None:
        """Give a source another name.

        Raises:
            InvalidArgumentError: the name is empty or too long.
        """
        name = name.strip()
        if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
            raise InvalidArgumentError(f"a name has 1 to {MAX_NAME} characters that can be shown")
        await self._registry.change(source_id, name=name)
        self._publish(SourceChanged(source_id))

    async def set_enabled(self, source_id: SourceId, *, enabled: bool) -> None:
        """Switch a source on or off; its cache stays readable."""
        async with self._switching[source_id]:
            if self._registry.source(source_id).enabled == enabled:
                return
            await self._registry.change(source_id, enabled=enabled)
            if enabled:
                self._board.update(source_id, Axes())
                self._fleet.start(source_id)
            else:
                self._fleet.leave(source_id)
                await self._syncing.stop(source_id)
                await self._backends.close(source_id)
                self._board.update(source_id, disabled(self._board.axes(source_id)))
        self._publish(SourceChanged(source_id))

    async def reorder(self, source_ids: Sequence[SourceId]) -> None:
        """Put the named sources first; the rest keep their order."""
        await self._registry.reorder(source_ids)
        for source in self._registry.sources():
            self._publish(SourceChanged(source.id))

    async def set_policy(
        self, library_id: LibraryId, options: Mapping[str, OptionValue]
    ) -> SourceId:
        """Change how a library is synced and shown, and what it holds; return its source."""
        library = await self._catalogue.set_policy(library_id, options)
        if "content" in options:
            await self._read_anew(library)
        self._publish(SourceChanged(library.source_id))
        return library.source_id

    async def _read_anew(self, library: Library) -> None:
        """Sync a library that holds something else now; what it held so is no loss."""
        await self._backends.close(library.source_id)
        self._fleet.kick(library.source_id)
        await self._syncing.stop(library.source_id)
        own = frozenset({library.id})
        self._syncing.start_if_possible(library.source_id, SyncOptions(only=own, type_changed=own))
