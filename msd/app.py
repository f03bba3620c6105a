"""The composition root: builds everything once, owns the root task group, stops in order.

own the bus name ─► open the store ─► show the sources, offline ─► READY=1
                 ─► only then sockets and the keyring (O1)
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread
from anyio.abc import TaskStatus

from msd import __version__
from msd.backends import discover
from msd.bus.desktop.keyring import SecretServiceClient
from msd.bus.desktop.network import SystemNetwork
from msd.bus.desktop.notifications import DesktopNotifications
from msd.bus.exports import export_root, new_server
from msd.bus.gate import Gate
from msd.bus.signals import run_signals
from msd.contract import BUS_NAME
from msd.coordinator import SourceCoordinator
from msd.coordinator.services import Services
from msd.dbus.errors import BusLostError, BusUnavailableError, NameTakenError
from msd.dbus.serving.server import BusServer
from msd.errors import StorageError
from msd.events import EventStream
from msd.managers.artwork import ArtworkManager
from msd.managers.auth import AuthManager
from msd.managers.backends import BackendManager
from msd.managers.cache import CacheManager
from msd.managers.registry import SourceRegistry
from msd.managers.sync import SyncManager
from msd.models import SecretStore
from msd.notify import keep_watchdog_fed, notify
from msd.redaction import Redactor
from msd.reloading import START_AGAIN, until_settings_change
from msd.settings import Settings
from msd.store.cache.database import CacheDatabase
from msd.store.credentials import chosen_credential_store
from msd.store.state.store import StateStore

BUS_LOST = 1  # and every other error: systemd starts msd again
CONFIG_ERROR = 78
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
REOPEN_S = 60.0  # a disk that was full, or not mounted yet, is tried again this often
LEAVE_S = 4.7  # what hangs after a stop signal is left behind then (O4: within 5 s)

log = logging.getLogger("msd")


def main(settings: Settings, redactor: Redactor) -> int:
    """Run the daemon; return its exit code (see `msd --help`)."""
    os.umask(0o077)
    try:
        is_to_start_again = anyio.run(run, settings, redactor)
    except Exception as raised:
        error = _only(raised)
        if isinstance(error, NameTakenError):
            log.critical("%s", error)
            return CONFIG_ERROR
        if isinstance(error, BusLostError | BusUnavailableError):
            log.critical("%s", error)
            return BUS_LOST
        raise
    return START_AGAIN if is_to_start_again else 0


async def run(settings: Settings, redactor: Redactor) -> bool:
    """Serve until SIGTERM or SIGINT, or until the bus is lost.

    Returns:
        Whether msd is to start again, since its settings have changed.
    """
    gate = Gate()
    changed = anyio.Event()
    async with new_server(redactor=redactor) as bus, anyio.create_task_group() as tasks:
        stop = anyio.Event()
        await tasks.start(_watch_signals, stop)
        export_root(bus, gate)
        await bus.own_name(BUS_NAME)
        tasks.start_soon(_leave_although_something_hangs, stop)
        tasks.start_soon(bus.serve)
        tasks.start_soon(keep_watchdog_fed)
        tasks.start_soon(_stop_for_new_settings, settings, changed, stop)
        await _serve_until_stopped(settings, redactor, bus, gate, stop)
        tasks.cancel_scope.cancel()
    return changed.is_set()


async def _stop_for_new_settings(
    settings: Settings, changed: anyio.Event, stop: anyio.Event
) -> None:
    await until_settings_change(settings)
    notify("RELOADING=1")
    changed.set()
    stop.set()
    _leave_in_time(code=BUS_LOST)  # where a stop hangs, systemd starts msd again


async def _serve_until_stopped(
    settings: Settings, redactor: Redactor, bus: BusServer, gate: Gate, stop: anyio.Event
) -> None:
    """Serve; while the databases can't be opened, answer with the reason and try again (O7)."""
    reason, is_repaired = "", False
    while not stop.is_set():
        error = await _serve_or_error(settings, redactor, bus, gate, stop)
        if error is None:
            return
        if error.damaged and not is_repaired:
            log.warning("%s; it is opened once more, which repairs it", error)
            is_repaired = True
            if gate.opened is not None:
                gate.fail(error)  # until it is open again
            continue
        if str(error) != reason:
            log.critical("%s; msd tries again every minute", error)
        reason, is_repaired = str(error), False
        gate.fail(error)
        notify("READY=1", f"STATUS=degraded: {error}")
        with anyio.move_on_after(REOPEN_S):
            await stop.wait()


async def _serve_or_error(
    settings: Settings, redactor: Redactor, bus: BusServer, gate: Gate, stop: anyio.Event
) -> StorageError | None:
    try:
        await _serve(settings, redactor, bus, gate, stop)
    except Exception as raised:
        error = _only(raised)  # task groups wrap it
        if isinstance(error, StorageError):
            return error
        raise
    return None


async def _serve(
    settings: Settings, redactor: Redactor, bus: BusServer, gate: Gate, stop: anyio.Event
) -> None:
    most_bytes = settings.artwork.max_mb << 20
    async with (
        _stores(settings, redactor) as stores,
        ArtworkManager(settings.cache_dir, most_bytes=most_bytes) as artwork,
        anyio.create_task_group() as tasks,
    ):
        services = await _services(settings, redactor, bus, stores, artwork)
        coordinator = SourceCoordinator(services, EventStream(), tasks)
        await coordinator.open()
        gate.open(coordinator)
        await tasks.start(run_signals, bus, coordinator)
        notify("READY=1", f"STATUS={len(coordinator.list_sources())} sources")
        coordinator.start()
        try:
            await stop.wait()
        finally:
            await coordinator.close()
            tasks.cancel_scope.cancel()


async def _services(
    settings: Settings,
    redactor: Redactor,
    bus: BusServer,
    stores: tuple[StateStore, CacheDatabase],
    artwork: ArtworkManager,
) -> Services:
    state, cache = stores
    registry = await SourceRegistry.open(state)
    return Services(
        settings=settings,
        registry=registry,
        auth=_auth(settings, redactor, bus),
        backends=BackendManager(
            discover,
            installation_id=registry.installation_id,
            client_version=__version__,
            device_name=socket.gethostname(),
            cache_dir=settings.cache_dir,
            redactor=redactor,
        ),
        cache=await CacheManager.open(cache),
        syncs=SyncManager(parallel=settings.sync.parallel),
        artwork=artwork,
        network=SystemNetwork(),
        callers=bus.connection,
        desktop=DesktopNotifications(bus.connection) if settings.notifications.enabled else None,
    )


@asynccontextmanager
async def _stores(
    settings: Settings, redactor: Redactor
) -> AsyncIterator[tuple[StateStore, CacheDatabase]]:
    state = await to_thread.run_sync(_open_state, settings, redactor)
    try:
        cache = await to_thread.run_sync(_open_cache, settings, state)
        if cache.rebuilt_because:
            log.warning("the cache was rebuilt: %s", cache.rebuilt_because)
        try:
            yield state, cache
        finally:
            cache.close()
    finally:
        state.close()


def _auth(settings: Settings, redactor: Redactor, bus: BusServer) -> AuthManager:
    store = SecretStore(settings.secrets.store)
    is_guarded = store is SecretStore.SECRET_SERVICE
    keyring = SecretServiceClient(bus.connection) if is_guarded else None
    return AuthManager(
        chosen_credential_store(store, data_dir=settings.data_dir), keyring, redactor
    )


def _open_state(settings: Settings, redactor: Redactor) -> StateStore:
    return StateStore.open(settings.state_db, redactor=redactor)


def _open_cache(settings: Settings, state: StateStore) -> CacheDatabase:
    return CacheDatabase.open(settings.cache_db, revision_floor=state.revision_floor())


async def _watch_signals(
    stop: anyio.Event, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    try:
        with anyio.open_signal_receiver(*STOP_SIGNALS) as signals:
            task_status.started()
            async for _ in signals:
                if not stop.is_set():
                    notify("STOPPING=1")
                    stop.set()
                    _leave_in_time(code=0)
    finally:
        for number in STOP_SIGNALS:  # one more must not turn a clean end into a failure
            signal.signal(number, signal.SIG_IGN)


async def _leave_although_something_hangs(stop: anyio.Event) -> None:
    """See to it that an error ends the process too, whatever thread its task group waits for."""
    try:
        await anyio.sleep_forever()
    finally:
        _leave_in_time(code=0 if stop.is_set() else BUS_LOST)


def _leave_in_time(*, code: int) -> None:
    """End the process after `LEAVE_S` in a thread, for the event loop may be what hangs."""
    deadline = threading.Timer(LEAVE_S, os._exit, args=(code,))
    deadline.daemon = True
    deadline.start()


def _only(error: Exception) -> Exception:
    """Return what is inside nested groups when it is one error; each task group adds one."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
