"""What is wrong with single sources, as the daemon sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.lookup import called, list_sources
from msd.cli.doctor.finding import Finding, Severity, fine, warning
from msd.cli.errors import CommandError
from msd.cli.hints import hint_for_status, with_flags
from msd.cli.terminal.text import cell, count, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msd.cli.daemon.client import Client, Fields

_REMEDIES = {
    "tls": "msdctl trust {name}; or put a certificate on the server that this machine knows",
    "dns": "a DNS filter (Pi-hole, router) may hide it: allow plex.direct or use the server's"
    " address; `msdctl connections --test {name}`",
    "refused": "start the server, or `msdctl connections --test {name}`",
    "timeout": "is the server switched on? `msdctl connections --test {name}`",
    "folder-missing": "mount the disk or the share, then `msdctl reconnect {name}`",
    "folder-empty-mount": "mount the disk or the share: its mount point is empty",
    "identity-mismatch": "another server answers at this address: `msdctl connections {name}`",
    "not-a-media-server": "another program answers at this address: `msdctl connections {name}`",
    "forbidden": "ask the owner of the server for access",
    "protocol": "msdctl logs; the server may be too old or too new for this msd",
    "backend-bug": "msdctl bundle, and report it",
}
_HEALS = frozenset({"starting", "connecting", "no-network", "server-starting"})


def source_findings(client: Client) -> Iterator[Finding]:
    """Yield one finding for each source in trouble, and one for the others together."""
    try:
        rows = list_sources(client)
    except CommandError as exc:
        yield warning("no-answer", f"msd does not list its sources: {exc.message}", "msdctl logs")
        return
    enabled = [row for row in rows if row.get("enabled") is not False]
    troubled = [row for row in enabled if row.get("status_reason") not in ("ok", *_HEALS)]
    for row in troubled:
        yield _finding(row, rows)
    healthy = len(enabled) - len(troubled)
    if healthy:
        yield fine("sources", f"{count(healthy, 'source')} in order")


def _finding(row: Fields, rows: Sequence[Fields]) -> Finding:
    name = called(row, rows)
    reason = str(row.get("status_reason"))
    remedy = _REMEDIES.get(reason, "").format(name=name) or hint_for_status(row, name)
    detail = with_flags(cell(row.get("status_detail"))) or reason
    is_bad = row.get("status") != "connected"
    return Finding(
        f"source-{reason}",
        Severity.ERROR if is_bad else Severity.WARNING,
        f"{cell(row.get('name'))}: {detail}",
        safe(remedy or f"msdctl explain {name}"),
    )
