"""What a sync records of a source as a whole: omissions, rights, what has no type here."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from msd.models import (
    ItemType,
    LibraryId,
    Omission,
    RemoteLibrary,
    SourceId,
    UnixSeconds,
)
from msd.store.cache import statements as sql
from msd.store.cache.file import connect_cache_writer, current_revision, noting_damage
from msd.store.cache.reads.source_facts import RIGHTS, read_fact
from msd.store.cache.writes import omissions
from msd.store.cache.writes.library_rows import LibraryRows
from msd.store.database import transaction


class SourceWriter:
    """Writes facts of one source. Every method is one transaction."""

    def __init__(self, cache_path: Path, source_id: SourceId, clock: Callable[[], float]) -> None:
        self._cache_path = cache_path
        self._source_id = source_id
        self._clock = clock
        self._connection: sqlite3.Connection = connect_cache_writer(cache_path)
        self._libraries = LibraryRows(self._connection, source_id)

    def cached_libraries(self) -> tuple[RemoteLibrary, ...]:
        """Return the libraries as they were listed last."""
        with noting_damage(self._cache_path):
            return self._libraries.current()

    def rights_digest(self) -> str:
        """Return the digest of the user's rights as they were last applied; "" = never (Y19)."""
        with noting_damage(self._cache_path):
            return read_fact(self._connection, self._source_id, RIGHTS)

    def set_rights_digest(self, digest: str) -> None:
        """Remember the digest of the user's rights that were applied."""
        with noting_damage(self._cache_path), transaction(self._connection):
            self._connection.execute(sql.PUT_SOURCE_FACT, (self._source_id, RIGHTS, digest))

    def add_omissions(self, found: Sequence[Omission], item_type: ItemType | None = None) -> None:
        """Record rows or files that are left out; those that are known keep their time (Y16)."""
        with noting_damage(self._cache_path), transaction(self._connection):
            self._add_omissions(found, item_type)

    def replace_omissions(
        self,
        found: Sequence[Omission],
        library_id: LibraryId | None = None,
        item_type: ItemType | None = None,
    ) -> None:
        """Record everything that a scope leaves out; what is not named is readable again (Y16).

        Args:
            found: the complete list.
            library_id: the library, None for the whole source.
            item_type: the listing of the library, None for all of them.
        """
        with noting_damage(self._cache_path), transaction(self._connection):
            omissions.drop_omissions_but(
                self._connection, self._source_id, found, library_id, item_type
            )
            self._add_omissions(found, item_type)

    def _add_omissions(self, found: Sequence[Omission], item_type: ItemType | None) -> None:
        libraries = {
            omission.library: self._libraries.id_of(omission.library)
            for omission in found
            if omission.library is not None
        }
        omissions.add_omissions(
            self._connection, self._source_id, found, libraries, item_type, self._now()
        )

    # --- inside -----------------------------------------------------------------------------

    def _revision(self) -> int:
        return current_revision(self._connection)

    def _now(self) -> UnixSeconds:
        return UnixSeconds(int(self._clock()))
