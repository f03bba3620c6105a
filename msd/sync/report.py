"""Where a sync tells what happens while it runs."""

from collections.abc import Callable

from msgspec import Struct

from msd.models import LibraryId, SyncProgress
from msd.store.cache.writes.results import WriteResult


class Report(Struct, frozen=True, kw_only=True):
    """Two listeners, called on the event loop; neither may block."""

    progress: Callable[[SyncProgress], None]
    changed: Callable[[LibraryId, WriteResult], None]
