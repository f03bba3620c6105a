"""What a sync does with rows that its source does not list any more."""

import json
from collections.abc import Sequence

from msd.models import NEVER, ItemId, ItemType, LibraryId, RemoteId, UnixSeconds
from msd.store.cache.file import noting_damage
from msd.store.cache.reads import source_facts
from msd.store.cache.writes.losses import lost_rows
from msd.store.cache.writes.losses.lost_rows import LostRow
from msd.store.cache.writes.results import WithheldLoss, WriteResult
from msd.store.cache.writes.source_writer import SourceWriter
from msd.store.database import transaction

_REMAINING = """
SELECT pk, id, remote_id FROM item WHERE pk IN (SELECT value FROM json_each(?))
AND listing = ? AND deleted_at IS NULL ORDER BY pk
"""


class LossWriter(SourceWriter):
    """Hides, withholds and withdraws rows of one source. Every method is one transaction."""

    def remaining(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> list[int]:
        """Return those keys whose current row still belongs to the listing (did not move away)."""
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            return [pk for pk, *_ in self._remaining(listing, keys)]

    def remaining_rows(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> list[tuple[int, RemoteId]]:
        """Return those with their remote ids."""
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            return [(pk, remote_id) for pk, _, remote_id in self._remaining(listing, keys)]

    def soft_delete(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> WriteResult:
        """Hide rows that are gone from the source; rows that moved away are left alone."""
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            with transaction(self._connection):
                rows = [
                    LostRow(pk, item, listing) for pk, item, _ in self._remaining(listing, keys)
                ]
                return self._result(lost_rows.soft_delete(self._connection, rows, self._now()))

    def withdraw(
        self, library_id: LibraryId, item_type: ItemType, keys: Sequence[int]
    ) -> WriteResult:
        """Hide rows that the user may not see any more; they come back with the right (Y19)."""
        with noting_damage(self._cache_path):
            listing = self._libraries.listing(library_id, item_type)
            with transaction(self._connection):
                rows = [
                    LostRow(pk, item, listing) for pk, item, _ in self._remaining(listing, keys)
                ]
                return self._result(
                    lost_rows.soft_delete(self._connection, rows, self._now(), are_withdrawn=True)
                )

    def remove_library(self, library_id: LibraryId) -> WriteResult:
        """Hide a library's items and forget the library (Y7 allowed it)."""
        with noting_damage(self._cache_path), transaction(self._connection):
            library_pk = self._libraries.library_pk(library_id)
            return self._result(lost_rows.remove_library(self._connection, library_pk, self._now()))

    # --- withheld rows (Y7) ------------------------------------------------------------------

    def withheld(self, library_id: LibraryId, item_type: ItemType | None) -> WithheldLoss | None:
        """Return the rows withheld of a listing, or of a whole library (type None)."""
        with noting_damage(self._cache_path):
            library_pk = self._libraries.library_pk(library_id)
            return lost_rows.read_withheld(self._connection, library_pk, item_type or "")

    def withhold(
        self,
        library_id: LibraryId,
        item_type: ItemType | None,
        keys: Sequence[int],
        *,
        now: UnixSeconds,
    ) -> None:
        """Withhold exactly these rows; the same rows again keep the time of the first."""
        with noting_damage(self._cache_path), transaction(self._connection):
            library_pk = self._libraries.library_pk(library_id)
            lost_rows.withhold(self._connection, library_pk, item_type or "", keys, now)

    def clear_withheld(self, library_id: LibraryId, item_type: ItemType | None) -> None:
        """Forget what is withheld: the rows are listed again."""
        if self.withheld(library_id, item_type) is not None:
            self.withhold(library_id, item_type, (), now=NEVER)

    def total_withheld(self) -> int:
        """Return how many rows are withheld in the whole source, each counted once."""
        with noting_damage(self._cache_path):
            return source_facts.total_withheld(self._connection, self._source_id)

    def confirm_withheld(self) -> dict[LibraryId, WriteResult]:
        """Hide exactly the rows that are withheld now: the user has consented (Y7)."""
        with noting_damage(self._cache_path), transaction(self._connection):
            done = lost_rows.confirm_withheld(self._connection, self._source_id, self._now())
            return {library_id: self._result(deleted) for library_id, deleted in done.items()}

    def keys_of_library(self, library_id: LibraryId) -> list[int]:
        """Return the keys of all rows that a library shows."""
        with noting_damage(self._cache_path):
            library_pk = self._libraries.library_pk(library_id)
            return [row.pk for row in lost_rows.rows_of_library(self._connection, library_pk)]

    # --- rights (Y19) -----------------------------------------------------------------------

    def withdraw_library(self, library_id: LibraryId) -> WriteResult:
        """Hide a library that the user may not see any more; it comes back with the right."""
        with noting_damage(self._cache_path), transaction(self._connection):
            library_pk = self._libraries.library_pk(library_id)
            return self._result(
                lost_rows.remove_library(
                    self._connection, library_pk, self._now(), is_withdrawn=True
                )
            )

    def restore_library(self, library_id: LibraryId) -> WriteResult:
        """Show the withdrawn rows of a library again, with the watch state that they had."""
        with noting_damage(self._cache_path), transaction(self._connection):
            library_pk = self._libraries.library_pk(library_id)
            return self._result(lost_rows.restore_library(self._connection, library_pk))

    def total_withdrawn(self) -> int:
        """Return how many rows are kept although the user may not see them now."""
        with noting_damage(self._cache_path):
            return source_facts.total_withdrawn(self._connection, self._source_id)

    # --- inside -----------------------------------------------------------------------------

    def _result(self, deleted: lost_rows.Deleted) -> WriteResult:
        return WriteResult(
            revision=deleted.revision or self._revision(),
            changed=deleted.changed,
            removed=deleted.removed,
            containers=deleted.containers,
        )

    def _lost_rows(self, listing: int, keys: Sequence[int]) -> list[LostRow]:
        return [LostRow(pk, item, listing) for pk, item, _ in self._remaining(listing, keys)]

    def _remaining(self, listing: int, keys: Sequence[int]) -> list[tuple[int, ItemId, RemoteId]]:
        return self._connection.execute(_REMAINING, (json.dumps(list(keys)), listing)).fetchall()
