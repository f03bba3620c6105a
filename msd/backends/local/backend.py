"""The live backend of one folder; files are touched only in threads that can be left behind."""

import heapq
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import to_thread

from msd.backend_api import BackendContext, Listing, Page, RawItem, SkippedItem
from msd.backend_api.artwork import Picture
from msd.backend_api.changes import (
    Aspect,
    CachedRows,
    ChangeCursor,
    Changes,
    LocatedRow,
    PushedChange,
)
from msd.backend_api.rows import batches
from msd.backends.local.catalogue.entries import LISTED_TYPES, MUSIC_TYPES
from msd.backends.local.files.root_folder import check_folder
from msd.backends.local.listed_rows import located_rows, raw_items, remote_library
from msd.errors import BadResponseError, UnreachableError
from msd.models import (
    Capability,
    DetailPage,
    MediaItem,
    Omission,
    RemoteId,
    RemoteLibrary,
    ServerFacts,
    StatusReason,
)

if TYPE_CHECKING:
    from msd.backends.local.catalogue.entries import Entry
    from msd.backends.local.changes.targeted_rescan import RescannedRows
    from msd.backends.local.items.detail_reader import DetailReader
    from msd.backends.local.items.parser import EntryParser
    from msd.backends.local.scanning.index import TagIndex
    from msd.backends.local.scanning.scan import Scan

PAGE_SIZE = 500
_CONNECT_S = 10
_CLOSE_S = 2
_THREADS = 2
_CHUNK = 25  # entries that one thread parses before it checks whether the caller still waits

_NOTHING = ChangeCursor("nothing")

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class LocalBackend:
    """Serves one folder: one walk for its whole life, files read only when they changed."""

    capabilities = frozenset({Capability.DETAILS})

    def __init__(self, context: BackendContext) -> None:
        self._context = context
        self._source = context.source
        self._stop = Event()  # ends what threads still do when nobody waits for it any more
        # Of its own: threads that hang on a dead disk delay nobody else.
        self._limiter = anyio.CapacityLimiter(_THREADS)
        self._lock = anyio.Lock()
        self._scan: Scan | None = None
        self._parser: EntryParser | None = None
        self._details: DetailReader | None = None
        self._index: TagIndex | None = None
        self._opening = Lock()

    async def connect(self) -> ServerFacts:
        """Check that the folder is there; see `MediaBackend.connect`."""
        try:
            with anyio.fail_after(_CONNECT_S):
                remark = await self._run(check_folder, self._source.address, self._source.config)
        except TimeoutError as exc:
            raise UnreachableError(
                f"the folder {self._source.address} does not answer", reason=StatusReason.TIMEOUT
            ) from exc
        if remark:
            log.info("folder %s: %s", self._source.address, remark)
        return ServerFacts(
            server_id=self._source.server_id,
            name=os.path.basename(self._source.address),
            address=self._source.address,
        )

    async def check_identity(self) -> None:
        """Check that the folder is there; see `MediaBackend.check_identity`."""
        await self.connect()

    async def libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return the libraries that hold any media; see `MediaBackend.libraries`."""
        scan = await self._scanned()
        return tuple(remote_library(position, part) for position, part in enumerate(scan.parts))

    async def picture(self, ref: str, *, width: int) -> Picture | None:  # noqa: ARG002 - msd scales
        """Return a picture of the folder as it is; see `HasArtwork`."""
        from msd.backends.local.items.pictures import read_picture  # noqa: PLC0415

        try:
            return await self._run(read_picture, self._source.address, ref)
        except BadResponseError:
            # A file that can't be read because the disk went away is no broken file.
            await self._run(check_folder, self._source.address, self._source.config)
            raise

    def listings(self, library: RemoteLibrary) -> tuple[Listing, ...]:
        """Return one listing for each type: a library may hold a few things of another kind."""
        return tuple(Listing(library=library, type=item_type) for item_type in LISTED_TYPES)

    async def newest(self, listing: Listing, limit: int) -> tuple[RawItem, ...]:
        """Return the youngest files; nothing of music, which takes its tags to be understood."""
        scan = await self._scanned()
        part = scan.part(listing.library.remote_id)
        if part is None or listing.type in MUSIC_TYPES:
            return ()
        entries = await self._run(scan.entries, part, listing.type)
        youngest = heapq.nlargest(limit, entries, key=lambda entry: entry.added_ns)
        return await self._run(raw_items, scan, youngest)

    async def pages(self, listing: Listing) -> AsyncGenerator[Page, None]:
        """Enumerate one type of a library, at least one page even if it is empty."""
        scan = await self._scanned()
        part = scan.part(listing.library.remote_id)
        if part is None:
            # It went away after `libraries`; that is for the next pass to judge.
            yield Page(start=0, limit=PAGE_SIZE, total=0, items=(), gaps=True)
            return
        entries = await self._run(scan.entries, part, listing.type)
        gaps = scan.has_gaps(part)
        for start in range(0, max(len(entries), 1), PAGE_SIZE):
            window = entries[start : start + PAGE_SIZE]
            yield Page(
                start=start,
                limit=PAGE_SIZE,
                total=len(entries),
                items=await self._run(raw_items, scan, window),
                gaps=gaps,
            )

    @property
    def names_rows(self) -> bool:
        """See `HasOmissions`."""
        return True

    async def omissions(self) -> tuple[Omission, ...]:
        """Return every file and folder that is no item, with the reason; see `HasOmissions`.

        Files that can't be played are among them: they are remembered until they change.
        """
        from msd.backends.local.scanning.omissions import omissions_of  # noqa: PLC0415

        return await self._run(omissions_of, await self._scanned())

    async def cursor(self, library: RemoteLibrary, aspect: Aspect) -> ChangeCursor:
        """Return where a library stands, as this backend's walk has seen it; see `HasChanges`."""
        from msd.backends.local.changes.cursor import cursor_of  # noqa: PLC0415 - imported when used

        scan = await self._scanned()
        part = scan.part(library.remote_id)
        if aspect is Aspect.WATCH or part is None:
            return _NOTHING
        return await self._run(cursor_of, part)

    async def changes(
        self, library: RemoteLibrary, aspect: Aspect, since: ChangeCursor, cached: CachedRows, /
    ) -> AsyncGenerator[Changes, None]:
        """Yield the rows that differ from those in the cache; see `HasChanges`.

        Nobody watches anything in a folder, so the other aspect is always empty.
        """
        from msd.backends.local.changes.cursor import (  # noqa: PLC0415 - imported when used
            changed_rows,
            cursor_of,
            is_unchanged,
        )

        scan = await self._scanned()
        part = scan.part(library.remote_id)
        if aspect is Aspect.WATCH or part is None or await self._run(is_unchanged, part, since):
            return
        for item_type in LISTED_TYPES:
            known = await cached.fingerprints(library.remote_id, item_type)
            changed = await self._run(changed_rows, scan, part, item_type, known)
            listing = Listing(library=library, type=item_type)
            for start in range(0, len(changed.entries), PAGE_SIZE):
                window = changed.entries[start : start + PAGE_SIZE]
                yield Changes(listing=listing, items=await self._run(raw_items, scan, window))
            is_last = item_type is LISTED_TYPES[-1]
            yield Changes(
                listing=listing,
                count=None if scan.has_gaps(part) else changed.count,
                cursor=await self._run(cursor_of, part) if is_last else None,
            )

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[PushedChange]]:
        """Watch every directory; see `HasPush`.

        Raises:
            BackendError: this folder can't be watched, only walked (reason `degraded-live`).
            UnreachableError: it is not there.
        """
        from msd.backends.local.changes.subscription import folder_changes  # noqa: PLC0415 - imported when used

        await self.connect()
        root = await self._run(os.path.realpath, os.fsencode(self._source.address))
        stop = Event()  # its own: a call that somebody gives up ends no subscription
        try:
            rescan = partial(self._rescan, stop)
            async with folder_changes(root, rescan, self._limiter) as changes:
                yield changes
        finally:
            stop.set()

    async def fetch(self, remote_ids: Sequence[RemoteId]) -> tuple[LocatedRow, ...]:
        """Return the rows with these ids as the folder is now; see `HasPush`.

        Raises:
            UnreachableError: the folder, or a part of it, is not there: what is absent is not gone.
        """
        from msd.backends.local.items.parser import EntryParser  # noqa: PLC0415 - imported when used

        scan = await self._run(self._scan_for, remote_ids)
        self._parser = EntryParser(scan)  # what is parsed next are rows of this scan
        found = await self._run(located_rows, scan, remote_ids)
        if scan.walk.gaps and len(found) < len(set(remote_ids)):
            raise UnreachableError(
                "a part of the folder can't be read", reason=StatusReason.FOLDER_MISSING
            )
        return found

    async def parse(self, items: Sequence[RawItem]) -> list[MediaItem | SkippedItem]:
        """Read what changed; see `MediaBackend.parse`."""
        parser = await self._entry_parser()
        entries = [_entry_of(item) for item in items]
        parsed: list[list[MediaItem | SkippedItem]] = [[]] * -(-len(entries) // _CHUNK)

        async def parse_chunk(number: int) -> None:
            chunk = entries[number * _CHUNK : (number + 1) * _CHUNK]
            parsed[number] = await self._run(_parse_all, parser, chunk)

        async with anyio.create_task_group() as tasks:
            for number in range(len(parsed)):
                tasks.start_soon(parse_chunk, number)
        results = [item for chunk in parsed for item in chunk]
        if any(isinstance(item, SkippedItem) for item in results):
            # Files that can't be read because the disk went away are not broken files.
            await self._run(check_folder, self._source.address, self._source.config)
        return results

    async def members(self, remote_id: RemoteId) -> tuple[RemoteId, ...]:
        """Return nothing: folders have no collections and playlists."""
        del remote_id
        return ()

    async def item(self, remote_id: RemoteId) -> MediaItem | None:
        """Return one item as the folder is now; see `MediaBackend.item`."""
        # This may be called long after the walk of this backend: walk again.
        scan = await self._run(self._new_scan)
        found = await self._run(_parse_one, scan, remote_id)
        if found is None and scan.walk.gaps:
            raise UnreachableError(
                "a part of the folder can't be read", reason=StatusReason.FOLDER_MISSING
            )
        return found

    async def detail_page(
        self, remote_ids: Sequence[RemoteId], *, more_follow: bool = False
    ) -> DetailPage | None:
        """Return items with their details; see `HasDetailPages`.

        A walk serves several pages only while more follow: it holds the whole folder.
        """
        from msd.backends.local.items.detail_reader import DetailReader  # noqa: PLC0415 - when used

        asked = tuple(dict.fromkeys(remote_ids))
        reader = self._details if more_follow else None
        if reader is None or not reader.is_good_for(asked):
            reader = await self._run(DetailReader.of_new_scan, self._new_scan)
        self._details = reader if more_follow else None
        items: list[MediaItem] = []
        for chunk in batches(asked, _CHUNK):
            items += await self._run(reader.read, chunk)
        if len(items) < len(asked):
            # Files that can't be read because the disk went away are not broken files.
            await self._run(check_folder, self._source.address, self._source.config)
        return DetailPage(items=tuple(items))

    async def sign_out(self) -> None:
        """Do nothing: nobody signs in to a folder."""

    async def aclose(self) -> None:
        """End what still runs and close the index."""
        self._stop.set()
        with anyio.move_on_after(_CLOSE_S, shield=True):  # threads may hang on a dead disk
            await to_thread.run_sync(self._close_index, abandon_on_cancel=True)

    def _close_index(self) -> None:
        with self._opening:
            index, self._index = self._index, None
        if index is not None:
            index.close()

    async def _scanned(self) -> "Scan":
        async with self._lock:
            if self._scan is None:
                self._scan = await self._run(self._new_scan)
            return self._scan

    async def _entry_parser(self) -> "EntryParser":
        from msd.backends.local.items.parser import EntryParser  # noqa: PLC0415 - imported when used

        if self._parser is None:
            self._parser = EntryParser(await self._scanned())
        return self._parser

    def _new_scan(self) -> "Scan":
        from msd.backends.local.scanning.scan import scan_folder  # noqa: PLC0415 - imported when used

        with self._opening:
            index = self._opened_index()
            return scan_folder(self._source, self._context.content_types, index, self._stop)

    def _rescan(self, stop: Event, paths: Iterable[bytes]) -> "RescannedRows | None":
        from msd.backends.local.changes.targeted_rescan import targeted_rescan  # noqa: PLC0415

        with self._opening:
            index = self._opened_index()
            return targeted_rescan(self._source, self._context.content_types, paths, index, stop)

    def _scan_for(self, remote_ids: Sequence[RemoteId]) -> "Scan":
        """Return a scan that knows of these rows whether they are there."""
        from msd.backends.local.catalogue.remote_ids import is_of_show, path_of  # noqa: PLC0415
        from msd.backends.local.changes.affected_directories import by_directory, scan_affected  # noqa: PLC0415

        paths = [path for each in remote_ids if (path := path_of(each)) is not None]
        titled = [each for each in remote_ids if path_of(each) is None]
        shows = [each for each in titled if is_of_show(each)]
        with self._opening:
            index, touched = self._opened_index(), by_directory(paths)
            chosen = self._context.content_types
            found = scan_affected(self._source, touched, titled, index, self._stop, chosen)
        if found is not None:
            there = {located.item.remote_id for located in located_rows(found, shows)}
            if there.issuperset(shows):
                return found
        return self._new_scan()  # only a full scan shows that a show is gone (Y7)

    def _opened_index(self) -> "TagIndex":
        from msd.backends.local.scanning.index import TagIndex  # noqa: PLC0415 - imported when used

        # A cancelled call may still open the index in the thread that it left behind.
        if self._stop.is_set():
            raise UnreachableError("the source is being closed", reason=StatusReason.CONNECTING)
        if self._index is None:
            self._index = TagIndex(self._context.cache_dir)
        return self._index

    async def _run(self, call: Callable[..., Result], *args: object) -> Result:
        """Run blocking work in a thread; a cancelled caller leaves at once, the work soon after."""
        try:
            return await to_thread.run_sync(
                call, *args, limiter=self._limiter, abandon_on_cancel=True
            )
        except anyio.get_cancelled_exc_class():
            self._stop.set()
            self._stop = Event()
            self._scan = self._parser = self._details = None
            raise


def _parse_all(parser: "EntryParser", entries: list["Entry"]) -> list[MediaItem | SkippedItem]:
    return [parser.parse(entry) for entry in entries]


def _parse_one(scan: "Scan", remote_id: RemoteId) -> MediaItem | None:
    from msd.backends.local.items.detail_reader import DetailReader  # noqa: PLC0415 - when used

    return next(iter(DetailReader(scan).read([remote_id])), None)


def _entry_of(item: RawItem) -> "Entry":
    from msd.backends.local.catalogue.entries import Group, Leaf  # noqa: PLC0415 - imported when used

    if not isinstance(item.payload, Group | Leaf):
        raise BadResponseError("a row that this backend did not list")
    return item.payload
