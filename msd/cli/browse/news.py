"""Signals of the daemon as sentences for `msdctl watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.client import Fields, Signal
from msd.cli.daemon.jobs import JobView
from msd.cli.daemon.lookup import list_sources
from msd.cli.dialogue.progress import phase_with_count, summary
from msd.cli.errors import CommandError
from msd.cli.hints import with_flags
from msd.cli.terminal.text import cell, count, safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from msd.cli.daemon.client import Client


class News:
    """Turns signals into sentences; names of sources are looked up once and when they change."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._names: dict[str, str] = {}
        self._phases: dict[str, str] = {}
        self._read_names()

    def sentence(self, signal: Signal) -> str:
        """Return what a signal says; empty when a person learns nothing from it."""
        if signal.is_owner_change:
            return "msd has stopped" if signal.is_departure else "msd has started"
        tellers: dict[str, Callable[..., str]] = {
            "SourceAdded": self._added,
            "SourceRemoved": self._removed,
            "SourceStatusChanged": self._status,
            "SyncProgress": self._progress,
            "SyncFinished": self._finished,
            "ItemsChanged": self._items,
            "ServerFound": self._found,
            "SignInRequested": self._sign_in,
        }
        teller = tellers.get(signal.member)
        return teller(*signal.args) if teller else ""

    def _read_names(self) -> None:
        try:
            rows = list_sources(self._client)
        except CommandError:
            return  # the daemon may be on its way out; ids do then
        self._names = {str(row["id"]): str(row.get("name") or row["id"]) for row in rows}

    def _name(self, source_id: object) -> str:
        if str(source_id) not in self._names:
            self._read_names()
        return safe(self._names.get(str(source_id), str(source_id)))

    def _added(self, source_id: object) -> str:
        return f"{self._name(source_id)} was added"

    def _removed(self, source_id: object) -> str:
        return f"{self._name(source_id)} was removed"

    def _status(self, source_id: object, status: object, *rest: object) -> str:
        reason, detail = rest[0], with_flags(cell(rest[1]))
        sentence = f"{self._name(source_id)} is {cell(status)}"
        if detail and (status, reason) != ("connected", "ok"):
            sentence += f": {detail}"
        return sentence

    def _progress(self, source_id: object, job: object, *rest: object) -> str:
        phase, done, total = rest
        if self._phases.get(str(job)) == phase:
            return ""  # one line for each phase; bars are for `msdctl sync`
        self._phases[str(job)] = str(phase)
        view = JobView(str(job), {"Phase": phase, "Done": done, "Total": total})
        return f"{self._name(source_id)}: syncing, {phase_with_count(view)}"

    def _finished(self, source_id: object, job: object, report: object) -> str:
        self._phases.pop(str(job), None)
        fields = cast("Fields", report)
        result = {name: value for name, value in fields.items() if name not in ("state", "error")}
        view = JobView(
            str(job),
            {
                "SourceId": source_id,
                "State": fields.get("state"),
                "Error": fields.get("error"),
                "Result": result,
            },
        )
        return summary(view, {str(source_id): self._names.get(str(source_id), "")})

    def _items(self, source_id: object, _library: object, *rest: object) -> str:
        changed, removed = (len(cast("list[object]", part)) for part in rest[:2])
        if not changed and not removed:
            return f"{self._name(source_id)}: much has changed"
        parts = [f"{count(changed, 'item')} changed"] if changed else []
        parts += [f"{count(removed, 'item')} removed"] if removed else []
        return f"{self._name(source_id)}: {', '.join(parts)}"

    def _found(self, _job: object, server: object) -> str:
        fields = cast("Fields", server)
        return f"found {cell(fields.get('name'))} at {cell(fields.get('address'))}"

    def _sign_in(self, source_id: object) -> str:
        return f"somebody wants to sign in to {self._name(source_id)}"
