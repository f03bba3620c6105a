"""The status board: where every configured source stands, and why (S1, S5, S7, S8)."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from msd.coordinator.status import Auth, Axes, Link, public_status
from msd.errors import UnknownSourceError
from msd.events import AccountChanged, Event, SourceChanged, SourceStatusChanged
from msd.models import (
    NEVER,
    AccountId,
    ConnectAttempt,
    LiveState,
    PublicStatus,
    Source,
    SourceId,
    SourceStatus,
    StatusReason,
    UnixSeconds,
)

REMEMBERED_ATTEMPTS = 30

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Entry:
    name: str
    account_id: AccountId | None
    axes: Axes
    status: SourceStatus
    held_deletes: int = 0
    live: LiveState = LiveState.OFF
    attempts: int = 0
    next_retry: UnixSeconds = NEVER
    history: deque[ConnectAttempt] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED_ATTEMPTS)
    )


class StatusBoard:
    """Holds the axes of every source, derives the public status, tells each change once."""

    def __init__(
        self, publish: Callable[[Event], None], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._entries: dict[SourceId, _Entry] = {}

    def add(self, source: Source, axes: Axes) -> None:
        """Begin to show a source; nothing is published, the source is announced by itself."""
        self._entries[source.id] = _Entry(
            name=source.name,
            account_id=source.account_id,
            axes=axes,
            status=self._status(axes, source.held_deletes),
            held_deletes=source.held_deletes,
        )

    def remove(self, source_id: SourceId) -> None:
        """Show a source no more."""
        self._entries.pop(source_id, None)

    def axes(self, source_id: SourceId) -> Axes:
        """Return where a source stands."""
        return self._entry(source_id).axes

    def status(self, source_id: SourceId) -> SourceStatus:
        """Return the public status of a source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._entry(source_id).status

    def update(self, source_id: SourceId, axes: Axes) -> None:
        """Take in where a source stands now; publish when status or reason changed."""
        entry = self._entries.get(source_id)
        if entry is not None:  # a source may be removed while an attempt runs
            entry.axes = axes
            self._derive(source_id, entry)

    def set_held_deletes(self, source_id: SourceId, held_deletes: int) -> None:
        """Take in how many deletions are held back (Y7)."""
        entry = self._entries.get(source_id)
        if entry is not None:
            entry.held_deletes = held_deletes
            self._derive(source_id, entry)

    def live(self, source_id: SourceId) -> LiveState:
        """Return whether a source tells of its changes by itself."""
        entry = self._entries.get(source_id)
        return LiveState.OFF if entry is None else entry.live

    def set_live(self, source_id: SourceId, live: LiveState) -> None:
        """Take in whether a source tells of its changes (Y9)."""
        entry = self._entries.get(source_id)
        if entry is not None and entry.live is not live:
            entry.live = live
            self._derive(source_id, entry)
            self._publish(SourceChanged(source_id))

    def set_retry(self, source_id: SourceId, *, attempts: int, next_retry: UnixSeconds) -> None:
        """Note failed attempts and when the next one comes; 0 = none planned. Never published."""
        entry = self._entries.get(source_id)
        if entry is not None:
            entry.attempts = attempts
            entry.next_retry = next_retry

    def retry(self, source_id: SourceId) -> tuple[int, UnixSeconds]:
        """Return the failed attempts in a row and when the next one comes."""
        entry = self._entry(source_id)
        return entry.attempts, entry.next_retry

    def note(self, source_id: SourceId, attempt: ConnectAttempt) -> None:
        """Remember a step that was tried, for `Explain`."""
        entry = self._entries.get(source_id)
        if entry is not None:
            entry.history.append(attempt)

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        """Return the steps that were tried, the latest last, then what comes next (S8)."""
        entry = self._entry(source_id)
        return (*entry.history, _next_step(entry))

    def auth_state(self, source_ids: tuple[SourceId, ...]) -> str:
        """Return how an account's sources see its credentials: the worst of them."""
        states = {self._entry(source_id).axes.auth for source_id in source_ids}
        for state in (Auth.NEEDS_AUTH, Auth.OK):
            if state in states:
                return state.value
        return Auth.UNKNOWN.value

    def _entry(self, source_id: SourceId) -> _Entry:
        try:
            return self._entries[source_id]
        except KeyError:
            raise UnknownSourceError(f"no source has the id {source_id!r}") from None

    def _derive(self, source_id: SourceId, entry: _Entry) -> None:
        before, after = entry.status, self._status(entry.axes, entry.held_deletes, entry.live)
        if (before.status, before.reason) == (after.status, after.reason):
            return  # the detail is that of the change; `explain` has the latest
        entry.status = after
        _log_change(source_id, entry.name, before, after)
        self._publish(SourceStatusChanged(source_id, after))
        if entry.account_id is not None:
            self._publish(AccountChanged(entry.account_id))

    def _status(
        self, axes: Axes, held_deletes: int, live: LiveState = LiveState.OFF
    ) -> SourceStatus:
        status, reason, detail = public_status(axes, held_deletes=held_deletes, live=live)
        since = UnixSeconds(int(self._clock()))
        return SourceStatus(status=status, reason=reason, detail=detail, since=since)


def _next_step(entry: _Entry) -> ConnectAttempt:
    axes = entry.axes
    if axes.link is Link.DISABLED:
        detail = "nothing is tried until the source is enabled"
    elif axes.auth is Auth.NEEDS_AUTH and not entry.next_retry:
        detail = "nothing is tried until the user signs in again"
    elif axes.auth is Auth.NEEDS_AUTH:
        detail = "it goes on as soon as the keyring can be read"
    elif axes.link is Link.ONLINE:
        detail = "the server is asked again every minute"
    else:
        detail = "it is tried again, sooner when the network changes or somebody asks"
    return ConnectAttempt(at=entry.next_retry, step="next", outcome="planned", detail=detail)


def _log_change(source_id: SourceId, name: str, before: SourceStatus, after: SourceStatus) -> None:
    """Log once when a source becomes unavailable and once when it recovers (S7)."""
    quiet = {StatusReason.STARTING, StatusReason.CONNECTING, StatusReason.DISABLED}
    if after.status is PublicStatus.CONNECTED:
        if before.status is not PublicStatus.CONNECTED:
            log.info("%s (%s) is connected", name, source_id)
        return
    was_quiet = before.status is PublicStatus.CONNECTED or before.reason in quiet
    if was_quiet and after.reason not in quiet:
        log.warning("%s (%s) is %s: %s", name, source_id, after.status, after.detail)
