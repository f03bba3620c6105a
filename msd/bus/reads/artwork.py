"""org.msd.Msd1.Artwork on the bus: pictures as files."""

import os
from collections.abc import Mapping, Sequence

import anyio
from anyio import to_thread

from msd.bus.options import read_options
from msd.bus.served import RootInterface
from msd.contract import ARTWORK
from msd.dbus.messages.variant import Variant
from msd.dbus.messages.wire import Descriptor
from msd.errors import InvalidArgumentError, StorageError, UnreachableError
from msd.models import ItemId, StatusReason
from msd.models.artwork import ArtworkKind

WAIT_S = 20.0


class ArtworkInterface(RootInterface):
    """Pictures of items and libraries."""

    name = ARTWORK

    async def get_artworks(
        self, ids: Sequence[str], kind: str, width: int, options: Mapping[str, Variant]
    ) -> Mapping[str, str]:
        """Return the files that are there; the missing ones are fetched."""
        read_options(options, {})
        wanted = [ItemId(item_id) for item_id in ids]
        return await self._coordinator.artwork.files(wanted, _kind(kind), _width(width))

    async def get_artwork(
        self, item_id: str, kind: str, width: int, options: Mapping[str, Variant]
    ) -> str:
        """Return one file; wait while it is fetched."""
        read_options(options, {})
        with anyio.move_on_after(WAIT_S):
            artwork = self._coordinator.artwork
            return str(await artwork.file(ItemId(item_id), _kind(kind), _width(width)))
        raise UnreachableError(
            "the source did not send the picture in time", reason=StatusReason.TIMEOUT
        )

    async def get_artwork_fd(
        self, item_id: str, kind: str, width: int, options: Mapping[str, Variant]
    ) -> Descriptor:
        """Return one file, open for reading; wait while it is fetched."""
        try:
            try:
                return await self._open(await self.get_artwork(item_id, kind, width, options))
            except FileNotFoundError:  # newer pictures took its place in this moment
                return await self._open(await self.get_artwork(item_id, kind, width, options))
        except OSError as error:
            raise StorageError(f"the picture can't be read: {error.strerror}") from error

    async def _open(self, path: str) -> Descriptor:
        return Descriptor(await to_thread.run_sync(os.open, path, os.O_RDONLY | os.O_CLOEXEC))


def _kind(word: str) -> ArtworkKind:
    try:
        return ArtworkKind(word)
    except ValueError:
        known = ", ".join(ArtworkKind)
        raise InvalidArgumentError(f"kind can't be {word[:40]!r}; known: {known}") from None


def _width(width: int) -> int:
    if width < 1:
        raise InvalidArgumentError("width must be at least 1")
    return width
