"""Where a sync tells what happens while it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from msd.models import LibraryId, SyncProgress
from msd.store.cache.writes.results import WriteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Two listeners, called on the event loop; neither may block."""

    progress: Callable[[SyncProgress], None]
    changed: Callable[[LibraryId, WriteResult], None]
