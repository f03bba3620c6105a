"""org.msd.Msd1.SourceCoordinator on the bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msd import __version__
from msd.bus.backend import backend_entry
from msd.bus.descriptor import add_options
from msd.bus.login import begin_options
from msd.bus.options import Reader, flag, read_options, whole_number, word
from msd.bus.served import RootInterface
from msd.bus.source import source_entry
from msd.contract import SOURCE_COORDINATOR, job_path, login_path, source_path
from msd.dbus.messages.variant import Variant, variants
from msd.errors import InvalidArgumentError
from msd.models import (
    BackendKind,
    DaemonView,
    LibraryId,
    LibraryType,
    SourceId,
    SourceStatus,
    SyncPolicy,
)

if TYPE_CHECKING:
    from msd.bus.ports import OptionValue

_CERTIFICATE_TYPES = {"fingerprint": "s", "subject": "s", "issuer": "s", "expires_at": "x"}
_STEP_TYPES = {"at": "x", "step": "s", "outcome": "s", "detail": "s", "latency_ms": "u"}
_MAX_UINT32 = 2**32 - 1


def _content(key: str, variant: Variant) -> object:
    return "" if variant == ("s", "") else word(LibraryType)(key, variant)


_POLICY_OPTIONS: Mapping[str, Reader] = {
    "sync": word(SyncPolicy),
    "interval_s": whole_number(0, _MAX_UINT32),
    "show_in_home": flag,
    "content": _content,
}


class SourceCoordinatorInterface(RootInterface):
    """Adds, removes, watches and syncs sources."""

    name = SOURCE_COORDINATOR
    properties: ClassVar[Mapping[str, Callable[[DaemonView], object]]] = {
        "Version": lambda _: __version__,
        "State": lambda daemon: daemon.state,
        "Online": lambda daemon: daemon.online,
        "Metered": lambda daemon: daemon.metered,
        "Revision": lambda daemon: daemon.revision,
        "PendingWrites": lambda daemon: daemon.pending_writes,
        "SecretStore": lambda daemon: daemon.secret_store,
        "KeyringState": lambda daemon: daemon.keyring_state,
        "Capabilities": lambda daemon: daemon.capabilities,
    }

    def subject(self) -> DaemonView:
        """Return the daemon as it is now, also before its coordinator is there."""
        return self._gate.daemon

    async def add_plex_account(self, token: str) -> Sequence[str]:
        """Add every server of a Plex account."""
        return await self._coordinator.add_plex_account(token)

    async def add_jellyfin_source(self, url: str, username: str, password: str) -> str:
        """Sign in to a Jellyfin server."""
        return await self._coordinator.add_jellyfin_source(url, username, password)

    async def add_local_source(self, path: str) -> str:
        """Add a folder."""
        return await self._coordinator.add_local_source(path)

    async def add_source(self, kind: str, options: Mapping[str, Variant]) -> Sequence[str]:
        """Add the source or sources that the options describe."""
        values: Mapping[str, OptionValue] = await add_options(options)
        return await self._coordinator.add_source(BackendKind(kind), values)

    async def list_backends(self) -> Sequence[Mapping[str, Variant]]:
        """Return the kinds of sources that can be added."""
        return [backend_entry(backend) for backend in self._coordinator.discovery.backends()]

    async def begin_login(self, kind: str, options: Mapping[str, Variant]) -> str:
        """Begin to sign in."""
        backend_options, owner, tied = begin_options(await add_options(options))
        return login_path(
            await self._coordinator.logins.begin(
                BackendKind(kind), backend_options, owner, tied=tied
            )
        )

    async def reauthenticate(self, source_id: str, options: Mapping[str, Variant]) -> str:
        """Begin a new sign-in to a source."""
        backend_options, owner, tied = begin_options(await add_options(options))
        logins = self._coordinator.logins
        login_id = await logins.reauthenticate(
            SourceId(source_id), backend_options, owner, tied=tied
        )
        return login_path(login_id)

    async def get_certificate(self, address: str) -> Mapping[str, Variant]:
        """Return the certificate that a server shows."""
        certificate = await self._coordinator.certificates.shown(address)
        return variants(
            _CERTIFICATE_TYPES, {key: getattr(certificate, key) for key in _CERTIFICATE_TYPES}
        )

    async def discover_servers(self) -> str:
        """Look for servers."""
        return job_path(self._coordinator.discovery.start())

    async def unlock_secrets(self) -> str:
        """Raise the keyring's prompt."""
        return job_path(self._coordinator.keyring.unlock())

    async def remove_source(self, source_id: str) -> None:
        """Remove a source."""
        await self._coordinator.remove_source(SourceId(source_id))

    async def rename_source(self, source_id: str, name: str) -> None:
        """Rename a source."""
        await self._coordinator.sources.rename(SourceId(source_id), name)

    async def set_source_enabled(self, source_id: str, enabled: bool) -> None:  # noqa: FBT001 - as on the wire
        """Enable or disable a source."""
        await self._coordinator.sources.set_enabled(SourceId(source_id), enabled=enabled)

    async def reorder_sources(self, source_ids: Sequence[str]) -> None:
        """Put sources first."""
        if len(set(source_ids)) != len(source_ids):
            raise InvalidArgumentError("a source is named twice")
        await self._coordinator.sources.reorder([SourceId(source_id) for source_id in source_ids])

    async def set_library_policy(self, library_id: str, options: Mapping[str, Variant]) -> None:
        """Change a library's policy."""
        values = read_options(options, _POLICY_OPTIONS)
        await self._coordinator.syncs.set_policy(LibraryId(library_id), values)

    async def initialize_all_sources(self) -> None:
        """Connect every enabled source now."""
        await self._coordinator.initialize_all_sources()

    async def sync_source(self, source_id: str) -> str:
        """Start or join a sync."""
        return job_path(await self._coordinator.sync_source(SourceId(source_id)))

    async def sync_all_sources(self) -> Sequence[str]:
        """Start or join a sync of every enabled source."""
        return [job_path(job_id) for job_id in await self._coordinator.sync_all_sources()]

    async def get_source_status(self, source_id: str) -> tuple[str, str, str, int]:
        """Return the status of a source."""
        return status_fields(self._coordinator.get_source_status(SourceId(source_id)))

    async def get_all_source_statuses(self) -> Mapping[str, tuple[str, str, str, int]]:
        """Return the status of every source."""
        statuses = self._coordinator.get_all_source_statuses()
        return {source_id: status_fields(status) for source_id, status in statuses.items()}

    async def list_sources(self) -> Sequence[Mapping[str, Variant]]:
        """Return every source."""
        return [source_entry(view) for view in self._coordinator.list_sources()]

    async def get_backend(self, source_id: str) -> str:
        """Return the object of a source."""
        return source_path(self._coordinator.get_backend(SourceId(source_id)).source.id)

    async def explain(self, source_id: str) -> Sequence[Mapping[str, Variant]]:
        """Return why a source has its status."""
        attempts = self._coordinator.sources.explain(SourceId(source_id))
        return [
            variants(_STEP_TYPES, {key: getattr(attempt, key) for key in _STEP_TYPES})
            for attempt in attempts
        ]


def status_fields(status: SourceStatus) -> tuple[str, str, str, int]:
    """Return a status in the order of the wire."""
    return (status.status, status.reason, status.detail, status.since)
