"""The only emitter: facts of the coordinator → signals on the bus."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskStatus
from msgspec.structs import replace

from msd.bus.account import AccountInterface
from msd.bus.gate import Gate
from msd.bus.job import JobInterface, found_server, job_result, job_total
from msd.bus.signals.item_changes import ItemChanges
from msd.bus.signals.logins import LoginSignals
from msd.bus.signals.published_state import PublishedState
from msd.bus.signals.throttle import Throttle
from msd.bus.source import SOURCE_PROPERTIES, STATUS_PROPERTIES, SourceInterface
from msd.bus.source_coordinator import SourceCoordinatorInterface, status_fields
from msd.contract import (
    ACCOUNT,
    ACCOUNTS_PATH,
    ARTWORK,
    JOB,
    JOBS_PATH,
    LIBRARY,
    LOGINS_PATH,
    ROOT_PATH,
    SOURCE,
    SOURCE_COORDINATOR,
    SOURCES_PATH,
    account_path,
    job_path,
    login_path,
    source_path,
)
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.properties import property_values
from msd.dbus.serving.server import BusServer
from msd.errors import MsdError
from msd.events import (
    AccountAdded,
    AccountChanged,
    AccountRemoved,
    ArtworkReady,
    DaemonChanged,
    Event,
    ItemsChanged,
    JobAdded,
    JobChanged,
    JobFinished,
    JobRemoved,
    LibrariesChanged,
    LoginAdded,
    LoginChanged,
    LoginFinished,
    LoginRemoved,
    Overflow,
    ServerFound,
    SignInRequested,
    SourceAdded,
    SourceChanged,
    SourceRemoved,
    SourceStatusChanged,
    StateChanged,
)
from msd.models import (
    AccountId,
    Job,
    JobId,
    JobKind,
    JobState,
    LoginId,
    SourceId,
    SourceStatus,
)

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator

logger = logging.getLogger(__name__)

_FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
_DAEMON_KEY = "daemon"
_ITEMS_KEY = "items"
_LIBRARIES_KEY = "libraries"


async def run_signals(
    server: BusServer,
    coordinator: Coordinator,
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Publish the objects of the coordinator as they are now, then every change.

    `await task_group.start(run_signals, server, coordinator)` returns when no fact can be missed
    any more.
    """
    signals = _Signals(server, coordinator)
    with coordinator.events.subscribe() as events:
        signals.publish_all(announce=False)
        task_status.started()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(signals.throttle.run)
            async for event in events:
                await signals.publish(event)


class _Signals:
    """Turns each fact into the signals of the contract."""

    def __init__(self, server: BusServer, coordinator: Coordinator) -> None:
        self._server = server
        self._coordinator = coordinator
        self._root = SourceCoordinatorInterface(_open(coordinator))
        self._published = PublishedState(server.emit, server.specs)
        self._published.assume(ROOT_PATH, SourceCoordinatorInterface(Gate()))
        self._items = ItemChanges()
        self._progress: dict[JobId, tuple[str, int, int]] = {}
        self._finished: set[JobId] = set()
        self._logins = LoginSignals(server, coordinator, self._published, self._update)
        self.throttle = Throttle(lambda: server.connection.outbox.is_crowded)
        self._publishers: Mapping[type[Event], Callable[[Any], None]] = {
            StateChanged: lambda _: self._update_daemon(),
            DaemonChanged: lambda _: self.throttle.offer(_DAEMON_KEY, self._update_daemon),
            SourceAdded: lambda event: self._add_source(event.source_id),
            SourceRemoved: lambda event: self._remove_source(event.source_id),
            SourceStatusChanged: lambda event: self._status(event.source_id, event.status),
            SourceChanged: lambda event: self._source_soon(event.source_id),
            SignInRequested: lambda event: self._sign_in(event.source_id),
            AccountAdded: lambda event: self._account(event.account_id),
            AccountChanged: lambda event: self._account(event.account_id),
            AccountRemoved: lambda e: self._published.hide(account_path(e.account_id), ACCOUNT),
            JobAdded: lambda event: self._job(event.job_id),
            JobChanged: lambda event: self._job_soon(event.job_id),
            JobFinished: lambda event: self._finish_job(event.job_id),
            JobRemoved: lambda event: self._remove_job(event.job_id),
            ServerFound: lambda event: self._server_found(event.job_id, event.server),
            LoginAdded: lambda event: self._logins.show(event.login_id),
            LoginChanged: lambda event: self._logins.show(event.login_id),
            LoginFinished: lambda event: self._logins.finish(event.login_id),
            LoginRemoved: lambda event: self._logins.remove(event.login_id),
            ItemsChanged: self._items_soon,
            LibrariesChanged: lambda event: self._libraries_soon(event.source_id),
            ArtworkReady: self._artwork_ready,
        }

    async def publish(self, event: Event) -> None:
        """Publish one event; an event that fails does not stop the others."""
        with _guarded():
            if isinstance(event, Overflow):
                await self._publish_again()
            else:
                publish = self._publishers.get(type(event))
                if publish is not None:  # the others are for the coordinator's own parts
                    publish(event)

    def publish_all(self, *, announce: bool) -> None:
        """Bring what clients know up to date with everything that is there now."""
        with _guarded():
            self._update_daemon()
        for account in self._coordinator.accounts.all():
            with _guarded():
                self._account(account.account.id)
        for view in self._coordinator.list_sources():
            with _guarded():
                self._source(view.source.id, announce=announce)
        for job in self._coordinator.jobs.all():
            if job.state in _FINAL and not announce:
                self._finished.add(job.id)
            with _guarded():
                self._job(job.id)
        for login in self._coordinator.logins.all():
            with _guarded():
                self._logins.show(login.id)

    async def _publish_again(self) -> None:
        """Make up for facts that were lost."""
        self._hide_gone()
        self.publish_all(announce=True)
        for library in await self._coordinator.library.libraries(None):
            revision = self._coordinator.daemon().revision
            self._items_soon(ItemsChanged(library.source_id, library.id, (), (), revision))

    def _hide_gone(self) -> None:
        coordinator = self._coordinator
        sources = {source_path(view.source.id) for view in coordinator.list_sources()}
        accounts = {account_path(view.account.id) for view in coordinator.accounts.all()}
        jobs = {job_path(job.id) for job in coordinator.jobs.all()}
        logins = {login_path(login.id) for login in coordinator.logins.all()}
        for path in self._published.paths - sources - accounts - jobs - logins:
            parent, _, name = path.rpartition("/")
            if parent == SOURCES_PATH:
                self._remove_source(SourceId(name))
            elif parent == ACCOUNTS_PATH:
                self._published.hide(path, ACCOUNT)
            elif parent == JOBS_PATH:
                self._remove_job(JobId(int(name)))
            elif parent == LOGINS_PATH:
                self._logins.remove(LoginId(int(name)))

    # --- the daemon

    def _update_daemon(self) -> None:
        self._update(ROOT_PATH, self._root)

    def _update(self, path: str, interface: Interface) -> None:
        spec = self._server.specs[interface.name]
        names = [n for n, p in spec.properties.items() if p.emits in ("true", "invalidates")]
        self._published.update(path, spec.name, property_values(interface, spec, names))

    # --- sources and accounts

    def _add_source(self, source_id: SourceId) -> None:
        self._source(source_id, announce=True)

    def _source(self, source_id: SourceId, *, announce: bool) -> None:
        path = source_path(source_id)
        if path in self._published.paths:
            self._status(source_id, self._coordinator.sources.get(source_id).status)
            return
        self._published.show(path, SourceInterface(self._coordinator, source_id))
        if announce:
            self._server.emit(ROOT_PATH, SOURCE_COORDINATOR, "SourceAdded", source_id)

    def _remove_source(self, source_id: SourceId) -> None:
        self.throttle.drop(source_id)
        path = source_path(source_id)
        if path in self._published.paths:
            self._published.hide(path, SOURCE)
            self._server.emit(ROOT_PATH, SOURCE_COORDINATOR, "SourceRemoved", source_id)

    def _status(self, source_id: SourceId, status: SourceStatus) -> None:
        """Publish a status as the event has it: a later status has an event of its own."""
        path = source_path(source_id)
        before = [self._published.published(path, name) for name in ("Status", "StatusReason")]
        view = replace(self._coordinator.sources.get(source_id), status=status)
        properties = self._server.specs[SOURCE].properties
        values = {
            name: Variant(properties[name].signature, read(view))
            for name, read in SOURCE_PROPERTIES.items()
        }
        self._published.update(path, SOURCE, values)
        if path in self._published.paths and before != [status.status, status.reason]:
            fields = status_fields(status)
            self._server.emit(
                ROOT_PATH, SOURCE_COORDINATOR, "SourceStatusChanged", source_id, *fields
            )

    def _source_soon(self, source_id: SourceId) -> None:
        self.throttle.offer(source_id, lambda: self._update_source(source_id))

    def _update_source(self, source_id: SourceId) -> None:
        with _guarded():
            spec = self._server.specs[SOURCE]
            interface = SourceInterface(self._coordinator, source_id)
            names = [name for name in spec.properties if name not in STATUS_PROPERTIES]
            values = property_values(interface, spec, names)
            self._published.update(source_path(source_id), SOURCE, values)

    def _sign_in(self, source_id: SourceId) -> None:
        self._server.emit(ROOT_PATH, SOURCE_COORDINATOR, "SignInRequested", source_id)

    def _account(self, account_id: AccountId) -> None:
        path = account_path(account_id)
        interface = AccountInterface(self._coordinator, account_id)
        if path in self._published.paths:
            self._update(path, interface)
        else:
            self._published.show(path, interface)

    # --- jobs

    def _job(self, job_id: JobId) -> None:
        path = job_path(job_id)
        is_new = path not in self._published.paths
        if is_new:
            self._published.show(path, JobInterface(self._coordinator, job_id))
        if self._coordinator.jobs.get(job_id).state in _FINAL:
            self._finish_job(job_id)
        elif not is_new:
            self._update_job(job_id)

    def _job_soon(self, job_id: JobId) -> None:
        self.throttle.offer(job_id, lambda: self._update_job(job_id))

    def _update_job(self, job_id: JobId) -> None:
        with _guarded():
            self._update(job_path(job_id), JobInterface(self._coordinator, job_id))
            self._publish_progress(self._coordinator.jobs.get(job_id))

    def _publish_progress(self, job: Job) -> None:
        progress = (job.phase, job.done, job_total(job))
        if job.kind is not JobKind.SYNC or self._progress.get(job.id) == progress:
            return
        self._progress[job.id] = progress
        self._server.emit(
            ROOT_PATH,
            SOURCE_COORDINATOR,
            "SyncProgress",
            job.source_id,
            job_path(job.id),
            *progress,
        )

    def _finish_job(self, job_id: JobId) -> None:
        path = job_path(job_id)
        job = self._coordinator.jobs.get(job_id)
        if job_id in self._finished:
            return
        self._finished.add(job_id)
        self.throttle.drop(job_id)
        self._update_job(job_id)
        result = job_result(job)
        self._server.emit(path, JOB, "Finished", job.state, job.error, result)
        if job.kind is JobKind.SYNC:
            report = {"state": Variant("s", job.state), "error": Variant("s", job.error), **result}
            self._server.emit(
                ROOT_PATH, SOURCE_COORDINATOR, "SyncFinished", job.source_id, path, report
            )

    def _remove_job(self, job_id: JobId) -> None:
        self.throttle.drop(job_id)
        self._progress.pop(job_id, None)
        self._finished.discard(job_id)
        self._published.hide(job_path(job_id), JOB)

    def _server_found(self, job_id: JobId, server: Mapping[str, str | bool]) -> None:
        entry = found_server(server)
        self._server.emit(ROOT_PATH, SOURCE_COORDINATOR, "ServerFound", job_path(job_id), entry)

    # --- libraries and items

    def _libraries_soon(self, source_id: SourceId) -> None:
        def publish() -> None:
            self._server.emit(ROOT_PATH, LIBRARY, "LibrariesChanged", source_id)

        self.throttle.offer((_LIBRARIES_KEY, source_id), publish)

    def _artwork_ready(self, event: ArtworkReady) -> None:
        ready = (list(event.ids), event.kind, event.width)
        self._server.emit(ROOT_PATH, ARTWORK, "ArtworkReady", *ready)

    def _items_soon(self, event: ItemsChanged) -> None:
        self._items.add(event)
        self.throttle.offer(_ITEMS_KEY, self._publish_items)

    def _publish_items(self) -> None:
        for event in self._items.take():
            self._server.emit(
                ROOT_PATH,
                LIBRARY,
                "ItemsChanged",
                event.source_id,
                event.library_id,
                event.changed,
                event.removed,
                event.revision,
            )


def _open(coordinator: Coordinator) -> Gate:
    gate = Gate()
    gate.open(coordinator)
    return gate


@contextmanager
def _guarded() -> Iterator[None]:
    """Keep what goes wrong with one fact from the others."""
    try:
        yield
    except MsdError:
        logger.debug("an object went away before its change was published")
    except Exception:
        logger.exception("a change could not be published")
