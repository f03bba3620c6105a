"""Changes of items, collected per library until they are sent (Y10)."""

from msgspec import Struct, field

from msd.events import ItemsChanged
from msd.models import ItemId, LibraryId, SourceId

MAX_IDS = 500


class _Batch(Struct):
    """What changed in one library since the last signal; insertion order is kept."""

    changed: dict[ItemId, None] = field(default_factory=dict)
    removed: dict[ItemId, None] = field(default_factory=dict)
    revision: int = 0
    is_reload: bool = False

    def add(self, event: ItemsChanged) -> None:
        self.revision = max(self.revision, event.revision)
        for item_id in event.changed:
            self.removed.pop(item_id, None)
            self.changed[item_id] = None
        for item_id in event.removed:
            self.changed.pop(item_id, None)
            self.removed[item_id] = None
        is_too_much = len(self.changed) > MAX_IDS or len(self.removed) > MAX_IDS
        if self.is_reload or is_too_much or not (event.changed or event.removed):
            self.is_reload = True
            self.changed.clear()
            self.removed.clear()


class ItemChanges:
    """Collects changes and hands them out all together, so that no revision goes back."""

    def __init__(self) -> None:
        self._batches: dict[tuple[SourceId, LibraryId], _Batch] = {}
        self._revision = 0

    def add(self, event: ItemsChanged) -> None:
        """Add what changed in one library."""
        key = (event.source_id, event.library_id)
        self._batches.setdefault(key, _Batch()).add(event)

    def take(self) -> list[ItemsChanged]:
        """Return one event per library that changed, oldest revision first, and forget them."""
        batches = sorted(self._batches.items(), key=lambda entry: entry[1].revision)
        self._batches = {}
        return [self._event(*key, batch) for key, batch in batches]

    def _event(self, source_id: SourceId, library_id: LibraryId, batch: _Batch) -> ItemsChanged:
        self._revision = max(self._revision, batch.revision)
        return ItemsChanged(
            source_id, library_id, tuple(batch.changed), tuple(batch.removed), self._revision
        )
