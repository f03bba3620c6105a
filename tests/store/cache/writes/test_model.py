"""SyncWriter and CacheDatabase against a dictionary that does the same (Y5, Y7, I2)."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from msd.models import ItemQuery, ItemType, RemoteId, SortKey, UnixSeconds, WatchState
from msd.store.cache.file import current_revision
from msd.store.cache.reads.libraries import counts, libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.writes.losses.purge import purge_soft_deleted
from msd.store.ids import item_id
from tests.store.made import MEMORY, SOURCE, Paths, Stores, made

TYPES = (ItemType.MOVIE, ItemType.VIDEO)
LIBRARIES = ("one", "two", "three")
NAMES = st.sampled_from([f"r{n}" for n in range(8)])
TITLES = st.sampled_from(["Alpha", "The Beta", "gamma 2", "gamma 10", "Éta"])
LISTINGS = st.tuples(st.sampled_from(LIBRARIES), st.sampled_from(TYPES))


@dataclass
class Row:
    """What the model knows of one item."""

    id: str
    listing: tuple[str, ItemType]
    title: str
    watched: bool
    added: int
    live: bool = True


class CacheMachine(RuleBasedStateMachine):
    """Random syncs; after each step both sides must tell the same."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.stores = Stores(Paths(self.folder / "msd"))
        self.libraries = {name: self.stores.library(name) for name in LIBRARIES}
        self.rows: dict[str, Row] = {}
        self.renames = 0
        self.aliases: dict[str, str] = {}
        self.revision = self.stores.cache.read(current_revision)

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.stores.close()
            shutil.rmtree(self.folder)

    def live(self) -> dict[str, Row]:
        return {name: row for name, row in self.rows.items() if row.live}

    def id_of(self, name: str) -> str:
        """Return the id of a name: its alias, else the first derived one that is free."""
        salt = 0
        while name not in self.aliases:
            derived = item_id(SOURCE, RemoteId(name), salt)
            if derived not in self.aliases.values():
                if salt:
                    self.aliases[name] = derived
                return derived
            salt += 1
        return self.aliases[name]

    def write(self, listing, name: str, title: str, added: int, watched: bool | None) -> None:
        """Write one item; the revision moves exactly when the model changes."""
        library, item_type = listing
        watch = None if watched is None else WatchState(watched=watched)
        item = made(item_type, name, title=title, added_at=UnixSeconds(added), watch=watch)
        old = self.rows.get(name)
        row = Row(
            id=old.id if old else self.id_of(name),
            listing=listing,
            title=title,
            watched=bool(old and old.watched) if watched is None else watched,
            added=added,
        )

        result = self.stores.write(self.libraries[library], item)

        assert result.added == (old is None)
        assert result.updated == (old is not None and old != row)
        assert result.unchanged == (old == row)
        assert result.changed == (() if old == row else (row.id,))
        self.moved(changed=old != row)
        self.rows[name] = row

    def moved(self, *, changed: bool) -> None:
        revision = self.stores.cache.read(current_revision)
        assert revision == self.revision + 1 if changed else revision == self.revision
        self.revision = revision

    @rule(
        listing=LISTINGS,
        name=NAMES,
        title=TITLES,
        added=st.integers(0, 3),
        watched=st.sampled_from([None, True, False]),
    )
    def write_one(self, listing, name, title, added, watched) -> None:
        """New rows, changes, moves between libraries, returns of deleted rows."""
        self.write(listing, name, title, added, watched)

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def write_the_same_again(self, data) -> None:
        """Nothing changes."""
        name = data.draw(st.sampled_from(sorted(self.live())))
        row = self.rows[name]
        self.write(row.listing, name, row.title, row.added, None)

    @rule(listing=LISTINGS, seen=st.sets(NAMES))
    def delete_what_was_not_seen(self, listing, seen) -> None:
        """A complete pass over one listing."""
        library, item_type = listing
        known = self.stores.writer.known_items(self.libraries[library], item_type)
        for name in seen:
            row = self.rows.get(name)
            fresh = known.is_fresh(RemoteId(name), 1)
            assert fresh == (row is None or not row.live or row.listing != listing)
        gone = {
            name for name, row in self.live().items() if row.listing == listing and name not in seen
        }

        result = self.stores.writer.soft_delete(self.libraries[library], item_type, known.missing())

        assert set(result.removed) == {self.rows[name].id for name in gone}
        self.moved(changed=bool(gone))
        for name in gone:
            self.rows[name].live = False

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def the_server_re_keys_an_item(self, data) -> None:
        """The old row is missing, a new item has its identity; the id stays."""
        name = data.draw(st.sampled_from(sorted(self.live())))
        row = self.rows[name]
        library, item_type = row.listing
        self.renames += 1
        new = f"new{self.renames}"
        writer, library_id = self.stores.writer, self.libraries[library]
        for remote_id in (name, new):
            if remote_id == new:
                writer.finish_listing(library_id, item_type, total=1, now=UnixSeconds(1))
            item = made(
                item_type,
                remote_id,
                title=row.title,
                added_at=UnixSeconds(row.added),
                identity=f"identity{self.renames}",
            )
            self.stores.write(library_id, item)
        known = writer.known_items(library_id, item_type)
        for other in (*self.rows, new):
            if other != name:
                known.is_fresh(RemoteId(other), 1)

        result = writer.rekey(library_id, item_type, known.missing())

        assert result.changed == (row.id,)
        # From here on without the identity, as the other rules write it.
        item = made(item_type, new, title=row.title, added_at=UnixSeconds(row.added))
        self.stores.write(library_id, item)
        self.rows[new] = self.rows.pop(name)
        self.aliases = {one: known for one, known in self.aliases.items() if known != row.id}
        self.aliases[new] = row.id
        self.revision = self.stores.cache.read(current_revision)

    @rule(name=NAMES)
    def purge(self, name) -> None:
        """Old tombstones go for good; a row that returns later begins anew."""
        while self.stores.cache.write(purge_soft_deleted, UnixSeconds(2**40), batch=2):
            pass
        self.rows = self.live()

    @invariant()
    def both_sides_tell_the_same(self) -> None:
        """Rows, totals, counters, and pages in every order."""
        if not hasattr(self, "stores"):
            return
        cache = self.stores.cache
        live = self.live()
        ids = {row.id for row in live.values()}
        assert len(ids) == len(live)
        shown = self.stores.pages(limit=500, fields=("remote_id", "library_id", "added"))
        assert {
            (one["id"], one["remote_id"], one["title"], one["watched"], one.get("added", 0))
            for one in shown
        } == {(row.id, name, row.title, row.watched, row.added) for name, row in live.items()}
        assert cache.read(counts, SOURCE) == (len(LIBRARIES), len(live))
        for library in cache.read(libraries, SOURCE):
            inside = [row for row in live.values() if row.listing[0] == library.name]
            assert library.item_count == len(inside)
        for sort in SortKey:
            for descending in (False, True):
                pages = self.stores.pages(limit=2, sort=sort, descending=descending)
                assert sorted(str(one["id"]) for one in pages) == sorted(ids)
        watched = cache.read(query_items, ItemQuery(watched=True))
        assert watched.total == len(watched.items) == sum(row.watched for row in live.values())


CacheMachine.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestTheCacheAgainstAModel = pytest.mark.timeout(300)(CacheMachine.TestCase)


class LongCacheMachine(CacheMachine):
    """The same for longer."""


LongCacheMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestTheCacheAgainstAModelForLong = pytest.mark.timeout(900)(
    pytest.mark.slow(LongCacheMachine.TestCase)
)
