"""What is cached: libraries, items, changes, and details that are fetched on demand."""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from msd.backend_api.accounts import OptionValue
from msd.coordinator.detail_refresh import DetailRefresh
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.coordinator.source_tasks import SourceTasks
from msd.errors import (
    InvalidArgumentError,
    LimitExceededError,
    MsdError,
    UnknownLibraryError,
)
from msd.events import (
    DaemonChanged,
    EventStream,
    ItemsChanged,
    LibrariesChanged,
    LibrarySettingsChanged,
    SourceChanged,
    SourceRemoved,
    SourceUsed,
)
from msd.models import (
    NEVER,
    ChangeSet,
    Facet,
    ItemFields,
    ItemId,
    ItemPage,
    ItemQuery,
    Library,
    LibraryId,
    LibrarySettings,
    LibraryType,
    RemoteId,
    SearchPage,
    SearchQuery,
    SkippedPage,
    SourceId,
    SyncPolicy,
)

MAX_PAGE = 500
MAX_CHANGES = 5000  # a sync commits fewer rows at once, so that each answer makes progress
MAX_REFRESHED = 50  # details that are fetched for one call

log = logging.getLogger(__name__)
Word = TypeVar("Word", SyncPolicy, LibraryType)


class MediaLibrary:
    """Answers from the cache alone; the network only ever writes into it."""

    def __init__(self, services: Services, work: SourceTasks, events: EventStream) -> None:
        self._cache = services.cache
        self._registry = services.registry
        self._work = work
        self._publish = events.publish
        self._details = DetailRefresh(services, work, self.publish_change, self.note_use)
        self._content: dict[SourceId, Mapping[RemoteId, LibraryType]] = {}
        self._shown: dict[SourceId, tuple[Library, ...]] = {}  # as clients know them
        events.listen(SourceRemoved, lambda event: self._forget(event.source_id))
        events.listen(LibrarySettingsChanged, lambda event: self.recount_soon(event.source_id))

    @property
    def revision(self) -> int:
        """The revision of the newest change to any item."""
        return self._cache.revision

    async def open(self) -> None:
        """Count what is cached of each source."""
        for source in self._registry.sources():
            await self._count(source.id)
            await self._saw_libraries(source.id)

    # --- reading ---------------------------------------------------------------------------

    async def libraries(self, source_id: SourceId | None) -> tuple[Library, ...]:
        """Return the libraries of a source, or of all.

        A library of a type that msd has no items for is listed, but never synced: its policy is
        "off" whatever the user set, until the user says what it holds.

        Raises:
            UnknownSourceError: no source has this id.
        """
        if source_id is not None:
            self._registry.source(source_id)
        libraries = await self._cache.libraries(
            source_id,
            settings=self._registry.library_settings(),
            hidden=self._registry.removed().keys(),
        )
        return tuple(map(_as_synced, libraries))

    async def query(self, query: ItemQuery) -> ItemPage:
        """Return one page of items.

        Raises:
            LimitExceededError: more than `MAX_PAGE` items were asked for.
            UnknownSourceError: a named source does not exist.
            UnknownLibraryError: a named library does not exist.
            InvalidArgumentError: a bad cursor, field or limit.
        """
        if query.limit > MAX_PAGE:
            raise LimitExceededError(f"limit is {query.limit}; a page holds at most {MAX_PAGE}")
        if query.limit < 1:
            raise InvalidArgumentError("limit must be at least 1")
        for source_id in query.source_ids:
            self._registry.source(source_id)
        return await self._cache.query(query, hidden=self._registry.removed().keys())

    async def facets(
        self, query: ItemQuery, names: Collection[str]
    ) -> Mapping[str, tuple[Facet, ...]]:
        """Return how many of the matching items have each value of the named facets.

        Raises:
            UnknownSourceError: a named source does not exist.
            UnknownLibraryError: a named library does not exist.
        """
        for source_id in query.source_ids:
            self._registry.source(source_id)
        return await self._cache.facets(query, names, hidden=self._registry.removed().keys())

    async def search(self, query: SearchQuery) -> SearchPage:
        """Return the items that fit a text best.

        Raises:
            UnknownSourceError: a named source does not exist.
            InvalidArgumentError: a field is unknown, or the text is too long.
        """
        for source_id in query.source_ids:
            self._registry.source(source_id)
        return await self._cache.search(query, hidden=self._registry.removed().keys())

    async def items(
        self, ids: Sequence[ItemId], *, fields: tuple[str, ...] = (), refresh: bool = False
    ) -> tuple[ItemFields, ...]:
        """Return items by id in the given order; unknown ones are absent.

        With `refresh` details that are stale or missing are then fetched from their sources in
        the background; an `ItemsChanged` follows for what changed.

        Raises:
            LimitExceededError: more than `MAX_PAGE` ids, or `MAX_REFRESHED` with `refresh`.
        """
        limit = MAX_REFRESHED if refresh else MAX_PAGE
        if len(ids) > limit:
            raise LimitExceededError(f"{len(ids)} ids were given; at most {limit} are allowed")
        hidden = self._registry.removed().keys()
        items = await self._cache.items(ids, fields, hidden=hidden)
        if refresh:
            await self._details.start(ids)
        return items

    async def skipped(self, source_id: SourceId, *, limit: int, cursor: str) -> SkippedPage:
        """Return one page of what a source has and msd leaves out, worst first (Y16).

        Raises:
            UnknownSourceError: no source has this id.
            InvalidArgumentError: the cursor is none of these pages.
        """
        self._registry.source(source_id)
        return await self._cache.skipped(source_id, limit=limit, cursor=cursor)

    async def changes(self, since: int, limit: int) -> ChangeSet:
        """Return what changed after a revision, for callers that missed its signals (Y10).

        Raises:
            InvalidArgumentError: the limit is 0.
            LimitExceededError: the limit is more than `MAX_CHANGES`.
        """
        if limit < 1:
            raise InvalidArgumentError("limit must be at least 1")
        if limit > MAX_CHANGES:
            raise LimitExceededError(f"limit is {limit}; an answer has at most {MAX_CHANGES} items")
        hidden = self._registry.removed().keys()
        return await self._cache.changes(since, limit, hidden=hidden)

    # --- settings of libraries ------------------------------------------------------------

    def content_types(self, source_id: SourceId) -> Mapping[RemoteId, LibraryType]:
        """Return what the user says that libraries of a source hold."""
        return self._content.get(source_id, {})

    async def change_settings(
        self, library_id: LibraryId, options: Mapping[str, OptionValue]
    ) -> Library:
        """Change the settings of a library and return it; absent keys don't change.

        Raises:
            UnknownLibraryError: no library has this id.
            InvalidArgumentError: an unknown key or an impossible value.
        """
        library = await self._library(library_id)

        def changed(settings: LibrarySettings) -> LibrarySettings:
            for key, value in options.items():
                settings = _with_option(settings, key, value)
            return settings

        await self._registry.change_library_settings(library.source_id, library_id, changed)
        await self._load_content_types(library.source_id)
        return library

    async def check_libraries(self, source_id: SourceId, wanted: Sequence[LibraryId]) -> None:
        """Return when every named library is one of the source.

        Raises:
            UnknownLibraryError: one is not.
        """
        known = {library.id for library in await self.libraries(source_id)}
        for library_id in wanted:
            if library_id not in known:
                raise UnknownLibraryError(f"{source_id} has no library with the id {library_id!r}")

    async def _library(self, library_id: LibraryId) -> Library:
        for library in await self.libraries(None):
            if library.id == library_id:
                return library
        raise UnknownLibraryError(f"no library has the id {library_id!r}")

    async def _load_content_types(self, source_id: SourceId) -> None:
        self._content[source_id] = {
            library.remote_id: library.settings.content
            for library in await self.libraries(source_id)
            if library.settings.content is not None
        }

    # --- what happened ---------------------------------------------------------------------

    def publish_change(self, event: ItemsChanged) -> None:
        """Publish that items changed, and note the revision."""
        self._cache.saw_revision(event.revision)
        self._publish(event)
        self._publish(DaemonChanged())

    def note_use(self, source_id: SourceId) -> None:
        """Publish that somebody waits for a source: idle work on it steps aside (Y24)."""
        self._publish(SourceUsed(source_id))

    async def publish_missed_changes(self, source_id: SourceId) -> None:
        """Make clients read a source again when the cache is ahead of what was published.

        A worker that is killed may have committed a transaction and not reported it.
        """
        newest = await self._cache.newest_revision()
        if newest <= self._cache.revision or not self._registry.has_source(source_id):
            return
        for library in await self.libraries(source_id):
            self.publish_change(
                ItemsChanged(
                    source_id=source_id,
                    library_id=library.id,
                    changed=(),
                    removed=(),
                    revision=newest,
                )
            )

    def recount_soon(self, source_id: SourceId) -> None:
        """Count a source's items again in the background."""
        self._work.start_soon(source_id, self._recount, source_id)

    def _forget(self, source_id: SourceId) -> None:
        self._content.pop(source_id, None)
        self._shown.pop(source_id, None)

    async def _recount(self, source_id: SourceId) -> None:
        try:
            if not self._registry.has_source(source_id):
                return
            if await guarded(lambda: self._count(source_id), f"counting the items of {source_id}"):
                self._publish(SourceChanged(source_id))
            if await self._saw_libraries(source_id):
                self._publish(LibrariesChanged(source_id))
        except MsdError as error:
            log.warning("items of %s can't be counted: %s", source_id, error)

    async def _saw_libraries(self, source_id: SourceId) -> bool:
        """Remember the libraries as they are listed now; return whether clients know others."""
        libraries = tuple(
            replace(library, item_count=0, counts={}, synced_at=NEVER, left_out={})
            for library in await self.libraries(source_id)
        )
        before, self._shown[source_id] = self._shown.get(source_id, ()), libraries
        return before != libraries

    async def _count(self, source_id: SourceId) -> bool:
        await self._load_content_types(source_id)
        return await self._cache.count(source_id)


def _as_synced(library: Library) -> Library:
    if library.type is not LibraryType.UNSUPPORTED:
        return library
    settings = replace(library.settings, sync=SyncPolicy.OFF)
    return replace(library, settings=settings, synced_at=NEVER)


def _with_option(settings: LibrarySettings, key: str, value: OptionValue) -> LibrarySettings:
    match key, value:
        case "sync", str():
            return replace(settings, sync=_member(SyncPolicy, key, value))
        case "interval_s", int() if not isinstance(value, bool):
            if value and not 60 <= value <= 30 * 86_400:  # noqa: PLR2004 - a minute to a month
                raise InvalidArgumentError("interval_s must be 0 or 60 to 2592000")
            return replace(settings, interval_s=value)
        case "show_in_home", bool():
            return replace(settings, show_in_home=value)
        case "content", str():
            return replace(settings, content=_member(LibraryType, key, value) if value else None)
        case (("sync" | "interval_s" | "show_in_home" | "content"), _):
            raise InvalidArgumentError(f"{key} has a value of the wrong type")
        case _:
            known = "sync, interval_s, show_in_home, content"
            raise InvalidArgumentError(f"unknown key {key!r}; known: {known}")


def _member(enum: type[Word], key: str, value: str) -> Word:
    try:
        return enum(value)
    except ValueError:
        known = ", ".join(enum)
        raise InvalidArgumentError(f"{key} can't be {value!r}; known: {known}") from None
