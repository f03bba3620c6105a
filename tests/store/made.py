"""Small things to store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from msd.models import (
    Account,
    AccountId,
    BackendKind,
    DetailPage,
    DueItem,
    ItemId,
    ItemQuery,
    ItemType,
    LibraryId,
    LibraryType,
    MediaItem,
    RemoteId,
    RemoteLibrary,
    SortKey,
    Source,
    SourceId,
    UnixSeconds,
)
from msd.store import CacheDatabase, StateStore
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.writes.refreshed_item import store_details
from msd.store.cache.writes.sync_writer import SyncWriter
from msd.store.ids import item_id

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
SOURCE = SourceId("test_0123456789ab")
CONTAINED = (ItemType.SEASON, ItemType.EPISODE, ItemType.ALBUM, ItemType.TRACK)
OTHER_SOURCE = SourceId("test_ba9876543210")


@dataclass(frozen=True)
class Paths:
    """Where the two databases are."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    @property
    def cache(self) -> Path:
        return self.folder / "cache.db"


class Stores:
    """Both databases open, and a writer for one source."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.state = StateStore.open(paths.state)
        self.cache = CacheDatabase.open(paths.cache, revision_floor=0)
        self.writer = SyncWriter(paths.cache, paths.state, SOURCE)

    def close(self) -> None:
        self.writer.close()
        self.cache.close()
        self.state.close()

    def library(self, name: str = "movies", content: LibraryType = LibraryType.MOVIES) -> LibraryId:
        """Add one library next to those that are there and return its id."""
        there = [library(one.remote_id, one.type) for one in self.cache.read(libraries, SOURCE)]
        saved = self.writer.save_libraries([*there, library(name, content)])
        return saved.ids[RemoteId(name)]

    def write(self, library_id: LibraryId, *items: MediaItem, fingerprint: int = 1):
        """Write items of one type."""
        pairs = [(one, fingerprint) for one in items]
        return self.writer.write(library_id, items[0].type, pairs)

    def finish(self, library_id: LibraryId) -> None:
        """Record that every listing of a library was enumerated completely."""
        for item_type in (*self.writer.types(library_id), *CONTAINED):
            self.writer.finish_listing(library_id, item_type, total=1, now=UnixSeconds(1))

    def titles(self, **query: object) -> list[str]:
        """Return the titles of a whole answer, over as many pages as it takes."""
        return [str(one["title"]) for one in self.pages(**query)]

    def pages(self, limit: int = 3, **query: object) -> list[dict[str, object]]:
        """Return every item of an answer."""
        if "sort" in query:
            query["sort"] = SortKey(query["sort"])
        found, cursor = [], ""
        while True:
            page = self.cache.read(query_items, ItemQuery(limit=limit, cursor=cursor, **query))
            found += page.items
            assert page.next_cursor != cursor or not cursor
            cursor = page.next_cursor
            if not cursor:
                return found

    def item(self, remote_id: str, *fields: str) -> dict[str, object]:
        """Return what is cached of one item; fails when it is not there."""
        for one in self.pages(limit=500, fields=("remote_id", *fields)):
            if one["remote_id"] == remote_id:
                return one
        raise AssertionError(f"{remote_id} is not cached")

    def keys(self, library_id: LibraryId, *remote_ids: str) -> list[int]:
        """Return the keys of movies, the way a sync learns them: all others were seen."""
        known = self.writer.known_items(library_id, ItemType.MOVIE)
        for one in self.pages(library_ids=(library_id,), fields=("remote_id",)):
            if one["remote_id"] not in remote_ids:
                known.is_fresh(RemoteId(str(one["remote_id"])), 1)
        return known.missing()

    def id_of(self, remote_id: str) -> str:
        return str(self.item(remote_id)["id"])


def library(name: str, content: LibraryType = LibraryType.MOVIES) -> RemoteLibrary:
    return RemoteLibrary(remote_id=RemoteId(name), name=name, type=content)


def movie(remote_id: str, title: str = "", **more: object) -> MediaItem:
    return MediaItem(
        remote_id=RemoteId(remote_id), type=ItemType.MOVIE, title=title or remote_id, **more
    )


def made(item_type: ItemType, remote_id: str, **more: object) -> MediaItem:
    more.setdefault("title", remote_id)
    return MediaItem(remote_id=RemoteId(remote_id), type=item_type, **more)


def account(name: str = "ada") -> Account:
    return Account(
        id=AccountId(f"test_{name}"),
        kind=BackendKind("test"),
        display_name=name,
        remote_user_id=f"user-{name}",
        device_id="0123",
    )


def source(source_id: SourceId = SOURCE, **more: object) -> Source:
    values = {
        "id": source_id,
        "kind": BackendKind("test"),
        "name": "Home",
        "account_id": account().id,
        "server_id": "server",
    }
    return Source(**(values | more))


def store_item(
    connection: Connection,
    source_id: SourceId,
    item: MediaItem,
    aliases: Mapping[RemoteId, ItemId],
    now: UnixSeconds,
) -> tuple[LibraryId, int | None] | None:
    """Store the full answer about one item, as a refresh does.

    Returns:
        Its library and the revision, None where nothing differs; None when it is not cached.
    """
    wanted = aliases.get(item.remote_id) or item_id(source_id, item.remote_id)
    row = connection.execute(
        "SELECT item.pk, content, library.id FROM item"
        " JOIN listing ON listing.pk = item.listing JOIN library ON library.pk = listing.library"
        " WHERE item.id = ?",
        (wanted,),
    ).fetchone()
    if row is None:
        return None
    asked = DueItem(row[0], item.remote_id, row[1])
    page = DetailPage(items=(item,), is_whole=True)
    revision, _ = store_details(connection, source_id, [asked], page, aliases, now)
    return LibraryId(row[2]), revision
