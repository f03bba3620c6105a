"""Where a sync tells what happens while it runs."""

from collections.abc import Callable
from dataclasses import dataclass

from msd.models import LibraryId, SyncProgress
from msd.sync.ports import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Two listeners; neither may block. `changed` may be called from the store's thread."""

    progress: Callable[[SyncProgress], None]
    changed: Callable[[LibraryId, Written], None]
