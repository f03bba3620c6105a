"""org.msd.Msd1.Source on the bus: one object per source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from msd.bus.options import Reader, page_limit, read_options, text, texts, word
from msd.contract import DEFAULT_PAGE, SOURCE, job_path
from msd.dbus.messages.variant import Variant, variants
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import snake_case
from msd.models import (
    CA_CERTIFICATE,
    FINGERPRINT,
    Connection,
    LibraryId,
    Route,
    SkippedRow,
    SourceId,
    SourceView,
    SyncMode,
)

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator

SOURCE_PROPERTIES: Mapping[str, Callable[[SourceView], object]] = {
    "Id": lambda view: view.source.id,
    "Kind": lambda view: view.source.kind,
    "Name": lambda view: view.source.name,
    "AccountId": lambda view: view.source.account_id or "",
    "ServerId": lambda view: view.source.server_id,
    "ServerVersion": lambda view: view.facts.version if view.facts else view.source.server_version,
    "Owned": lambda view: view.source.owned,
    "Enabled": lambda view: view.source.enabled,
    "Position": lambda view: view.source.position,
    "Status": lambda view: view.status.status,
    "StatusReason": lambda view: view.status.reason,
    "StatusDetail": lambda view: view.status.detail,
    "StatusSince": lambda view: view.status.since,
    "Route": lambda view: view.facts.route if view.facts else Route.NONE,
    "Address": lambda view: (view.facts.address if view.facts else "") or view.source.address,
    "CertificateFingerprint": lambda view: view.source.config.get(FINGERPRINT, ""),
    "PrivateAuthority": lambda view: CA_CERTIFICATE in view.source.config,
    "LatencyMs": lambda view: view.facts.latency_ms if view.facts else 0,
    "NextRetry": lambda view: view.next_retry,
    "Attempts": lambda view: view.attempts,
    "LiveUpdates": lambda view: view.live,
    "LastSync": lambda view: view.source.last_sync,
    "LastSyncError": lambda view: view.source.last_sync_error,
    "HeldDeletes": lambda view: view.source.held_deletes,
    "LibraryCount": lambda view: view.library_count,
    "ItemCount": lambda view: view.item_count,
    "SkippedItems": lambda view: view.source.skipped_items,
    "WithdrawnItems": lambda view: view.withdrawn_items,
    "DetailsState": lambda view: view.details,
    "DetailsMissing": lambda view: view.details_missing,
    "PendingWrites": lambda _: 0,
    "Capabilities": lambda view: sorted(view.capabilities),
    "SyncJob": lambda view: job_path(view.sync_job),
}
STATUS_PROPERTIES = frozenset({"Status", "StatusReason", "StatusDetail", "StatusSince"})

# The contract test compares these with the types in the XML.
SOURCE_TYPES: Mapping[str, str] = dict.fromkeys(SOURCE_PROPERTIES, "s") | {
    **dict.fromkeys(("Owned", "Enabled", "PrivateAuthority"), "b"),
    **dict.fromkeys(("StatusSince", "NextRetry", "LastSync"), "x"),
    **dict.fromkeys(("Position", "LatencyMs", "Attempts", "HeldDeletes"), "u"),
    **dict.fromkeys(
        ("LibraryCount", "ItemCount", "SkippedItems", "WithdrawnItems", "PendingWrites"), "u"
    ),
    "DetailsMissing": "u",
    "Capabilities": "as",
    "SyncJob": "o",
}
_KEYS = {name: snake_case(name) for name in SOURCE_PROPERTIES}

SKIPPED_TYPES: Mapping[str, str] = {
    "place": "s",
    "kind": "s",
    "reason": "s",
    "since": "x",
    "library_id": "s",
    "title": "s",
    "thing": "s",
    "number": "u",
}
_SKIPPED_OPTIONS: Mapping[str, Reader] = {"limit": page_limit, "cursor": text}
_SYNC_OPTIONS: Mapping[str, Reader] = {"mode": word(SyncMode), "libraries": texts}
_TRUST_OPTIONS: Mapping[str, Reader] = {"fingerprint": text, "ca_certificate": text}


CONNECTION_TYPES: Mapping[str, str] = {
    "address": "s",
    "route": "s",
    "outcome": "s",
    "detail": "s",
    "latency_ms": "u",
    "in_use": "b",
    "pinned": "b",
}


def _connections(connections: Sequence[Connection]) -> list[dict[str, Variant]]:
    return [
        variants(CONNECTION_TYPES, {key: getattr(one, key) for key in CONNECTION_TYPES})
        for one in connections
    ]


def _skipped_entry(row: SkippedRow) -> dict[str, Variant]:
    values = {key: getattr(row, key) for key in SKIPPED_TYPES}
    return variants(SKIPPED_TYPES, {key: value for key, value in values.items() if value})


def source_entry(view: SourceView) -> dict[str, Variant]:
    """Return a source as ListSources shows it."""
    return {
        key: Variant(SOURCE_TYPES[name], SOURCE_PROPERTIES[name](view))
        for name, key in _KEYS.items()
    }


class SourceInterface(Interface):
    """One source."""

    name = SOURCE
    properties: ClassVar = SOURCE_PROPERTIES

    def __init__(self, coordinator: Coordinator, source_id: str) -> None:
        self._coordinator = coordinator
        self._source_id = SourceId(source_id)

    def subject(self) -> SourceView:
        """Return the source as it is now."""
        return self._coordinator.sources.get(self._source_id)

    async def sync(self, options: Mapping[str, Variant]) -> str:
        """Start or join a sync."""
        values = read_options(options, _SYNC_OPTIONS)
        mode = values.get("mode", SyncMode.AUTO)
        libraries = [LibraryId(library_id) for library_id in values.get("libraries", ())]
        job = await self._coordinator.sync_source(self._source_id, mode=mode, libraries=libraries)
        return job_path(job)

    async def reconnect(self) -> None:
        """Try to connect now."""
        await self._coordinator.sources.reconnect(self._source_id)

    async def list_connections(self) -> Sequence[Mapping[str, Variant]]:
        """Return the addresses of the server."""
        return _connections(await self._coordinator.connections.list(self._source_id))

    async def test_connections(self) -> Sequence[Mapping[str, Variant]]:
        """Try every address of the server."""
        return _connections(await self._coordinator.connections.test(self._source_id))

    async def pin_connection(self, address: str) -> None:
        """Use one address and no other."""
        await self._coordinator.connections.pin(self._source_id, address)

    async def list_skipped(
        self, options: Mapping[str, Variant]
    ) -> tuple[Sequence[Mapping[str, Variant]], str]:
        """Return one page of what the source has and msd leaves out."""
        values = read_options(options, _SKIPPED_OPTIONS)
        page = await self._coordinator.library.skipped(
            self._source_id,
            limit=values.get("limit", DEFAULT_PAGE),
            cursor=values.get("cursor", ""),
        )
        return [_skipped_entry(row) for row in page.rows], page.next_cursor

    async def trust_certificate(self, options: Mapping[str, Variant]) -> None:
        """Trust one certificate or one authority for this source."""
        values = read_options(options, _TRUST_OPTIONS)
        await self._coordinator.certificates.trust(self._source_id, values)

    async def remove(self) -> None:
        """Remove the source."""
        await self._coordinator.remove_source(self._source_id)

    async def confirm_deletes(self) -> str:
        """Let held deletions through."""
        return job_path(await self._coordinator.syncs.confirm_deletes(self._source_id))
