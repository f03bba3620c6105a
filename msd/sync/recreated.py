"""Libraries that a server has renamed, moved or created again with the same items (Y17)."""

import logging
from collections.abc import Sequence
from contextlib import aclosing

from msd.backend_api import RawItem
from msd.backend_api.faults import Request
from msd.errors import BackendError
from msd.models import LibraryId, MediaItem, RemoteLibrary
from msd.store.cache.writes.results import SavedLibraries
from msd.sync.context import SyncContext

log = logging.getLogger(__name__)


async def recognise_libraries(
    context: SyncContext, libraries: Sequence[RemoteLibrary], saved: SavedLibraries
) -> frozenset[LibraryId]:
    """Let new libraries that hold the items of vanished ones go on under the ids of these.

    The first page of each listing of a new library is compared with the cache, by remote ids and
    by what stays when rows get other ids. More than half of the rows decide.

    Returns:
        The libraries that were recognised; they must be saved again, and enumerated.
    """
    vanished = {library_id for library_id, count in saved.vanished.items() if count}
    recognised: set[LibraryId] = set()
    for library in libraries:
        if saved.ids.get(library.remote_id) not in saved.never_synced:
            continue
        if not vanished:
            break
        previous = await _previous(context, library, vanished)
        if previous is not None:
            log.info("%s is a library that was known under another id", library.name)
            await context.thread.run(context.store.rekey_library, previous, library)
            vanished.discard(previous)
            recognised.add(previous)
    return frozenset(recognised)


async def _previous(
    context: SyncContext, library: RemoteLibrary, vanished: set[LibraryId]
) -> LibraryId | None:
    """Return the vanished library that holds more than half of a new one's rows."""
    try:
        rows = await _sample(context, library)
        parsed = await context.backend.parse(rows)
    except BackendError as error:
        await context.faults.contain(error, Request.PAGES, library, what="its first rows")
        return None
    identities = [item.identity for item in parsed if isinstance(item, MediaItem)]
    remote_ids = [row.remote_id for row in rows]
    found = await context.thread.run(context.store.libraries_with, remote_ids, identities)
    candidates = {library_id: found[library_id] for library_id in vanished if library_id in found}
    best = max(candidates, key=candidates.__getitem__, default=None)
    return best if best is not None and 2 * candidates[best] > len(rows) else None


async def _sample(context: SyncContext, library: RemoteLibrary) -> list[RawItem]:
    rows: list[RawItem] = []
    for listing in context.backend.listings(library):
        async with aclosing(context.backend.pages(listing)) as pages:
            async for page in pages:
                rows += page.items
                break
    return rows
