"""A backend to start from: films in a catalogue file. See docs/writing-a-backend.md.

The catalogue is JSON:

    {"id": "shelf-1", "libraries": [{"id": "a", "name": "Films", "films": [
        {"id": "1", "title": "Heat", "year": 1995, "seconds": 10200, "watched": true}]}]}

Copy this folder to `msd/backends/<kind>`, or to a package of your own that announces it:

    [project.entry-points."msd.backends"]
    catalogue = "my_package.catalogue:SPEC"
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import msgspec
import xxhash
from anyio import to_thread

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    Listing,
    NewSource,
    NewSources,
    OptionSpec,
    OptionValue,
    Page,
    RawItem,
    SkippedItem,
)
from msd.backend_api.lenient import lenient
from msd.errors import (
    BadResponseError,
    IdentityMismatchError,
    InvalidArgumentError,
    UnreachableError,
)
from msd.models import (
    BackendKind,
    Capability,
    ItemType,
    LibraryType,
    MediaItem,
    Milliseconds,
    RemoteId,
    RemoteLibrary,
    ServerFacts,
    StatusReason,
    WatchState,
)

KIND = BackendKind("catalogue")
PARSER_VERSION = 1  # raise it whenever `_parsed` would give another item for the same row
PAGE_SIZE = 500
LARGEST_FILE = 64 << 20
MS_PER_SECOND = 1000


class Film(msgspec.Struct, frozen=True):
    """A row as the source has it; a field that is missing or odd is unknown."""

    id: str
    title: str = ""
    year: int | None = None
    seconds: int | None = None
    watched: bool | None = None


class Library(msgspec.Struct, frozen=True):
    """A library of the catalogue."""

    id: str
    name: str | None = None
    films: list[msgspec.Raw] = []  # each is decoded by itself: an odd one costs itself only


class Catalogue(msgspec.Struct, frozen=True):
    """The whole file."""

    id: str
    libraries: list[Library]


class CatalogueBackend:
    """The client of one catalogue; implements `MediaBackend`."""

    def __init__(self, context: BackendContext) -> None:
        self._source = context.source
        self._path = Path(context.source.address)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a catalogue can do beyond listing."""
        return frozenset()

    async def connect(self) -> ServerFacts:
        """Check that the catalogue is there and is the one that was added."""
        catalogue = await self._catalogue()
        return ServerFacts(server_id=catalogue.id, name=self._source.name, version="")

    async def check_identity(self) -> None:
        """Check the same; nothing is remembered between two calls here."""
        await self._catalogue()

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return every library. A catalogue that is gone raises each time: it is never empty."""
        return tuple(
            RemoteLibrary(
                remote_id=RemoteId(library.id),
                name=library.name or library.id,
                type=LibraryType.MOVIES,
                position=position,
            )
            for position, library in enumerate((await self._catalogue()).libraries)
        )

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return what there is to enumerate: films."""
        return (Listing(library=library, type=ItemType.MOVIE),)

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the last rows first: a catalogue grows at its end."""
        rows, _ = _rows(await self._films(listing))
        return tuple(reversed(rows[-limit:])) if limit > 0 else ()

    async def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Yield the rows in the order of the file, with the total on each page."""
        films = await self._films(listing)
        for start in range(0, max(len(films), 1), PAGE_SIZE):
            items, skipped = _rows(films[start : start + PAGE_SIZE])
            yield Page(start=start, limit=PAGE_SIZE, total=len(films), items=items, skipped=skipped)

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Parse raw rows; one result per row, in order."""
        return [_parsed(item) for item in items]

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Refuse: there are no collections here."""
        raise BadResponseError(f"{remote_id} has no members")

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item, None when the catalogue has it no more."""
        for library in (await self._catalogue()).libraries:
            for row in _rows(library.films)[0]:
                if row.remote_id == remote_id:
                    item = _parsed(row)
                    if isinstance(item, SkippedItem):
                        raise BadResponseError(item.why)  # None would mean that it is gone
                    return item
        return None

    async def sign_out(self) -> None:
        """Nobody is signed in to a file."""

    async def aclose(self) -> None:
        """Nothing is open between two calls."""

    async def _films(self, listing: Listing) -> list[msgspec.Raw]:
        for library in (await self._catalogue()).libraries:
            if library.id == listing.library.remote_id:
                return library.films
        raise BadResponseError("the catalogue does not have this library any more")

    async def _catalogue(self) -> Catalogue:
        """Read the file off the event loop.

        Raises:
            IdentityMismatchError: it is another catalogue than the one that was added.
            UnreachableError, BadResponseError: it can't be read.
        """
        catalogue = await to_thread.run_sync(read_catalogue, self._path)
        if catalogue.id != self._source.server_id:
            raise IdentityMismatchError("the file holds another catalogue")
        return catalogue


def read_catalogue(path: Path) -> Catalogue:
    """Return the content of a catalogue file; blocks.

    Raises:
        UnreachableError: there is no file, or it may not be read.
        BadResponseError: it is no catalogue.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadResponseError("the catalogue is too large")
        content = path.read_bytes()
    except OSError as error:
        raise UnreachableError(
            "the catalogue can't be read", reason=StatusReason.FOLDER_MISSING
        ) from error
    except ValueError as error:  # a path with NUL
        raise UnreachableError(
            "the catalogue can't be read", reason=StatusReason.FOLDER_MISSING
        ) from error
    try:
        return msgspec.json.decode(content, type=Catalogue)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadResponseError("the file is not a catalogue") from error


def _rows(films: Sequence[msgspec.Raw]) -> tuple[tuple[RawItem, ...], tuple[str, ...]]:
    """Return usable rows with their fingerprints, and a sentence for each one that is not.

    A fingerprint is equal for equal rows in every process: never Python's `hash` of a string.
    """
    items, skipped = [], []
    for number, film in enumerate(films):
        try:
            remote_id = msgspec.json.decode(film, type=_Identified).id
        except msgspec.DecodeError:
            skipped.append(f"row {number} has no usable id")
            continue
        digest = xxhash.xxh3_64_intdigest(bytes(film), seed=PARSER_VERSION)
        fingerprint = digest - (1 << 64) if digest >= 1 << 63 else digest
        items.append(RawItem(RemoteId(remote_id), fingerprint, bytes(film)))
    return tuple(items), tuple(skipped)


class _Identified(msgspec.Struct, frozen=True):
    id: str


def _parsed(row: RawItem) -> MediaItem | SkippedItem:
    try:
        film = lenient(bytes(row.payload), Film)  # type: ignore[call-overload]
    except ValueError as error:
        return SkippedItem(remote_id=row.remote_id, why=f"the row can't be read: {error}")
    watch = None if film.watched is None else WatchState(watched=film.watched)
    return MediaItem(
        remote_id=row.remote_id,
        type=ItemType.MOVIE,
        title=film.title or "(untitled)",
        year=film.year,
        duration_ms=Milliseconds(MS_PER_SECOND * (film.seconds or 0)),
        identity=film.id,
        watch=watch,
    )


async def add(options: Mapping[str, OptionValue], context: AddContext) -> NewSources:
    """Check what the user gives; nothing is stored yet.

    Raises:
        InvalidArgumentError: there is no catalogue at that path.
    """
    del context  # names the client and the device, for servers that want to know
    path = Path(str(options["path"]))
    if not path.is_absolute():
        raise InvalidArgumentError("the path must be absolute")
    try:
        catalogue = await to_thread.run_sync(read_catalogue, path)
    except UnreachableError as error:
        raise InvalidArgumentError("there is no catalogue at this path") from error
    source = NewSource(server_id=catalogue.id, name=path.stem, address=str(path))
    return NewSources(account=None, sources=(source,))


SPEC = BackendSpec(
    kind=KIND,
    display_name="Catalogue file",
    options=(
        OptionSpec(name="path", signature="s", description="path of the file", required=True),
    ),
    add=add,
    open=CatalogueBackend,
)
