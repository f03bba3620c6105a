"""What can't be fetched again from anywhere."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from msgspec.structs import replace

from msd.errors import SourceExistsError, StorageError
from msd.models import (
    AccountId,
    ItemId,
    LibraryId,
    LibrarySettings,
    LibraryType,
    RemoteId,
    SyncPolicy,
    UnixSeconds,
)
from msd.redaction import Redactor
from msd.store import StateStore
from tests.store.made import OTHER_SOURCE, SOURCE, Paths, account, source

LIBRARY = LibraryId("test_0123456789ab_0001")


@pytest.fixture
def state(paths: Paths):
    opened = StateStore.open(paths.state)
    yield opened
    opened.close()


def reopened(state: StateStore, paths: Paths) -> StateStore:
    state.close()
    return StateStore.open(paths.state)


def test_sources_and_accounts_survive_a_restart(state: StateStore, paths: Paths) -> None:
    """Sources and accounts survive a restart (I1).

    What was added is there again, as it was.
    """
    one = source(config={"verify": "no"}, address="http://host:8096", added_at=UnixSeconds(7))
    state.add(account(), [one])

    state = reopened(state, paths)

    assert state.accounts() == (account(),)
    assert state.sources() == (one,)
    state.close()


def test_no_secret_at_hand_is_stored(paths: Paths) -> None:
    """No secret at hand is stored (K1).

    Neither in names that a server gave, nor in the error of a sync.
    """
    redactor = Redactor()
    redactor.learn("canary-0a1b")
    with closing(StateStore.open(paths.state, redactor=redactor)) as state:
        owner = replace(account(), display_name="Alice canary-0a1b")
        one = source(name="canary-0a1b", address="http://canary-0a1b/", config={"k": "canary-0a1b"})
        state.add(owner, [one])
        state.update_source(replace(one, last_sync_error="no canary-0a1b"))

        assert "http://***/" == state.sources()[0].address
        assert "Alice ***" == state.accounts()[0].display_name

    files = [path.read_bytes() for path in paths.state.parent.iterdir()]
    assert not [content for content in files if b"canary" in content]


def test_the_installation_id_is_made_once(state: StateStore, paths: Paths) -> None:
    """The installation id is made once (I3).

    32 hexadecimal digits, the same for ever.
    """
    first = state.installation_id()

    state = reopened(state, paths)

    assert state.installation_id() == first
    assert int(first, 16)
    assert len(first) == 32
    state.close()


def test_adding_a_source_twice_is_refused_and_changes_nothing(state: StateStore) -> None:
    """Adding a source twice is refused and changes nothing (A1, I1).

    All or nothing, also when another source of the call would be new.
    """
    state.add(account(), [source()])

    with pytest.raises(SourceExistsError):
        state.add(account("bob"), [source(OTHER_SOURCE), source()])

    assert state.sources() == (source(),)
    assert state.accounts() == (account(),)


def test_a_folder_has_no_account(state: StateStore) -> None:
    """Nobody signs in to a folder."""
    folder = source(account_id=None)

    state.add(None, [folder])

    assert state.sources() == (folder,)
    assert state.accounts() == ()


def test_an_update_stores_every_changeable_property(state: StateStore) -> None:
    """An update stores every changeable property (A5).

    Rename, enable, address, results of a sync.
    """
    state.add(account(), [source()])
    changed = source(
        name="Den",
        enabled=False,
        owned=False,
        address="http://other",
        server_version="10.11",
        position=4,
        last_sync=UnixSeconds(9),
        last_sync_error="no",
        skipped_items=3,
        held_deletes=2,
    )

    state.update_source(changed)

    assert state.sources() == (changed,)


def test_updating_a_source_that_is_gone_does_not_bring_it_back(state: StateStore) -> None:
    """Updating a source that is gone does not bring it back (A4).

    From the removal on it is served nowhere.
    """
    state.add(account(), [source()])
    state.mark_removed(SOURCE)

    state.update_source(source(name="late"))
    state.update_source(source(OTHER_SOURCE))

    assert state.sources() == ()


def test_reordering_puts_the_named_first(state: StateStore) -> None:
    """Reordering puts the named first (A5).

    The rest keep their order.
    """
    sources = [source(f"test_{n}", position=n) for n in range(4)]
    state.add(account(), sources)

    state.reorder(["test_2", "test_0", "test_2", "nobody"])

    assert [one.id for one in state.sources()] == ["test_2", "test_0", "test_1", "test_3"]


def test_a_removal_that_was_interrupted_is_remembered(state: StateStore, paths: Paths) -> None:
    """A removal that was interrupted is remembered (A4).

    The purge resumes after a crash.
    """
    state.add(account(), [source()])
    state.mark_removed(SOURCE)

    state = reopened(state, paths)

    assert state.sources() == ()
    assert [one.id for one in state.removed_sources()] == [SOURCE]
    state.close()


def test_finishing_a_removal_takes_all_that_belongs_to_the_source(state: StateStore) -> None:
    """Finishing a removal takes all that belongs to the source (A4).

    Settings and aliases too; the account with its last source.
    """
    state.add(account(), [source(), source(OTHER_SOURCE)])
    for source_id in (SOURCE, OTHER_SOURCE):
        state.set_library_settings(source_id, LibraryId(f"{source_id}_1"), LibrarySettings())
        state.add_aliases(source_id, {RemoteId("1"): ItemId("x")})
    state.mark_removed(SOURCE)

    state.finish_removal(SOURCE)

    assert state.removed_sources() == ()
    assert state.accounts() == (account(),)
    assert list(state.library_settings()) == [f"{OTHER_SOURCE}_1"]
    assert state.aliases(SOURCE) == {}
    assert state.aliases(OTHER_SOURCE)
    state.mark_removed(OTHER_SOURCE)
    state.finish_removal(OTHER_SOURCE)
    assert state.accounts() == ()


def test_finishing_a_removal_that_was_taken_back_does_nothing(state: StateStore) -> None:
    """Finishing a removal that was taken back does nothing (A1, A4).

    The user may add a source again before its purge is done.
    """
    state.add(account(), [source()])
    state.mark_removed(SOURCE)
    state.add(account(), [source(name="again")])

    state.finish_removal(SOURCE)

    assert [one.name for one in state.sources()] == ["again"]
    assert state.accounts() == (account(),)


def test_library_settings_survive_a_restart(state: StateStore, paths: Paths) -> None:
    """Library settings survive a restart (A5).

    They do not live in the cache.
    """
    settings = LibrarySettings(
        sync=SyncPolicy.OFF, interval_s=60, show_in_home=False, content=LibraryType.MUSIC
    )
    state.set_library_settings(SOURCE, LIBRARY, LibrarySettings())
    state.set_library_settings(SOURCE, LIBRARY, settings)

    state = reopened(state, paths)

    assert state.library_settings() == {LIBRARY: settings}
    state.close()


def test_the_revision_floor_never_goes_down(state: StateStore) -> None:
    """The revision floor never goes down (Y10).

    A revision that was given out is never given out again.
    """
    assert state.revision_floor() == 0
    state.raise_revision_floor(2**53)
    state.raise_revision_floor(7)

    assert state.revision_floor() == 2**53


def test_an_alias_replaces_an_older_one_of_the_same_item(state: StateStore) -> None:
    """An alias replaces an older one of the same item (I2).

    An item has one remote id, a remote id belongs to one item.
    """
    state.add_aliases(SOURCE, {RemoteId("a"): ItemId("x"), RemoteId("b"): ItemId("y")})

    state.add_aliases(SOURCE, {RemoteId("c"): ItemId("x")})
    state.add_aliases(SOURCE, {RemoteId("c"): ItemId("y")})

    assert state.aliases(SOURCE) == {"c": "y"}
    assert state.aliases(OTHER_SOURCE) == {}


def test_files_are_for_this_user_only(state: StateStore, paths: Paths) -> None:
    """Files are for this user only (K5).

    0600 and 0700, the companions of the database included.
    """
    state.add(account(), [source()])

    assert paths.folder.stat().st_mode & 0o777 == 0o700
    files = sorted(one.name for one in paths.folder.iterdir())
    assert files == ["state.db", "state.db-shm", "state.db-wal"]
    for one in paths.folder.iterdir():
        assert one.stat().st_mode & 0o777 == 0o600, one


def test_files_that_were_open_to_others_are_closed(paths: Paths) -> None:
    """Files that were open to others are closed (K5).

    Also when somebody made them with other rights.
    """
    paths.folder.mkdir(mode=0o755)
    paths.state.touch(mode=0o644)
    paths.state.chmod(0o644)

    StateStore.open(paths.state).close()

    assert paths.folder.stat().st_mode & 0o777 == 0o700
    assert paths.state.stat().st_mode & 0o777 == 0o600


def test_writes_are_durable(state: StateStore) -> None:
    """Writes are durable.

    WAL and synchronous=FULL.
    """
    connection = state._connection

    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize("damage", ["header", "foreign", "cut off"])
def test_a_damaged_state_is_refused_and_left_as_it_is(
    state: StateStore, paths: Paths, damage: str
) -> None:
    """A damaged state is refused and left as it is.

    It is never made anew by itself.
    """
    state.add(account(), [source()])
    state.close()
    if damage == "header":
        paths.state.write_bytes(b"not a database at all" + paths.state.read_bytes()[21:])
    elif damage == "cut off":
        paths.state.write_bytes(paths.state.read_bytes()[:-4096])
    else:
        paths.state.unlink()
        foreign = sqlite3.connect(paths.state)
        foreign.execute("CREATE TABLE photos (name)")
        foreign.close()
    before = paths.state.read_bytes()

    with pytest.raises(StorageError) as caught:
        StateStore.open(paths.state)

    assert caught.value.damaged
    assert "state.db" in str(caught.value)
    assert paths.state.read_bytes()[100:] == before[100:]


def test_a_folder_that_can_not_be_written_is_a_storage_error(paths: Paths) -> None:
    """A folder that can not be written is a storage error.

    One type for all that the disk may do.
    """
    paths.folder.parent.mkdir(exist_ok=True)
    paths.folder.write_text("a file where a folder should be")

    with pytest.raises(StorageError) as caught:
        StateStore.open(paths.state)

    assert not caught.value.damaged


def test_a_value_that_no_msd_wrote_is_damage(state: StateStore, paths: Paths) -> None:
    """Damage inside a row is a clear error, not a crash."""
    state.add(account(), [source()])
    state._connection.execute("UPDATE source SET config = 'no json'")

    with pytest.raises(StorageError) as caught:
        state.sources()

    assert caught.value.damaged


def test_opening_a_store_leaves_heavy_modules_out(paths: Paths) -> None:
    """Opening a store leaves heavy modules out (S2, O1).

    Neither making the databases nor reading them needs any.
    """
    program = f"""
import sys
from pathlib import Path
from msd.models import ItemQuery
from msd.store import CacheDatabase, StateStore
from msd.store.cache.reads.items import items, remote_ids
from msd.store.cache.reads.libraries import counts, libraries
from msd.store.cache.reads.pages import query_items
state = StateStore.open(Path({str(paths.state)!r}))
cache = CacheDatabase.open(Path({str(paths.cache)!r}), revision_floor=state.revision_floor())
state.sources(), state.accounts(), state.aliases("x"), state.library_settings()
cache.read(query_items, ItemQuery(fields=("*",), genres=("x",), text="a", parent_id="x"))
cache.read(items, ["x"]), cache.read(libraries, None)
cache.read(counts, "x"), cache.read(remote_ids, ["x"])
print(sorted({{"sqlalchemy", "httpx", "keyring", "xxhash"}} & set(sys.modules)))
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]

    assert outputs == ["[]\n", "[]\n"]


def test_many_threads_may_use_one_store(state: StateStore) -> None:
    """Blocking calls come from worker threads."""
    state.add(account(), [source()])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: state.update_source(replace(source(), skipped_items=n)), range(50)))

    assert state.sources()[0].skipped_items in range(50)


def test_servers_that_the_user_removed_are_kept_with_their_account(state: StateStore) -> None:
    """Servers that the user removed are kept with their account (A2).

    And forgotten with it.
    """
    state.add(account(), [source()])
    state.set_hidden_servers(account().id, {"b", "a"})
    hidden = state.hidden_servers()
    state.mark_removed(source().id)
    state.finish_removal(source().id)

    assert hidden == {account().id: frozenset({"a", "b"})}
    assert state.hidden_servers() == {}


def test_only_an_account_without_a_source_can_be_dropped(state: StateStore) -> None:
    """Only an account without a source can be dropped (A1).

    What a sign-in that a crash ended leaves behind.
    """
    orphan = replace(account(), id=AccountId("orphan"))
    state.add(account(), [source()])
    state.add(orphan, [])
    state.drop_account(account().id)
    state.drop_account(orphan.id)

    assert state.accounts() == (account(),)
