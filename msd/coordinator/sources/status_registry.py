"""The status of every configured source, with its history (S1, S5, S7, S8)."""

import logging
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct, field

from msd.coordinator.sources.status import (
    HEALED_BY_CREDENTIALS,
    KEYRING_REASONS,
    Auth,
    Axes,
    Link,
    public_status,
)
from msd.errors import UnknownSourceError
from msd.events import (
    AccountChanged,
    EventStream,
    SourceChanged,
    SourceRemoved,
    SourceStatusChanged,
)
from msd.models import (
    NEVER,
    AccountId,
    ConnectAttempt,
    DetailsState,
    LiveState,
    PublicStatus,
    Source,
    SourceId,
    SourceStatus,
    StatusReason,
    SyncFault,
    UnixSeconds,
)

REMEMBERED_ATTEMPTS = 30

log = logging.getLogger(__name__)


class _Entry(Struct, kw_only=True):
    name: str
    account_id: AccountId | None
    axes: Axes
    status: SourceStatus
    held_deletes: int = 0
    live: LiveState = LiveState.OFF
    details: DetailsState = DetailsState.WAITING
    details_missing: int = 0
    attempts: int = 0
    next_retry: UnixSeconds = NEVER
    faults: tuple[SyncFault, ...] = ()
    faults_at: UnixSeconds = NEVER
    history: deque[ConnectAttempt] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED_ATTEMPTS)
    )


class StatusRegistry:
    """Holds the axes of every source, derives the public status, publishes each change once."""

    def __init__(self, events: EventStream, *, clock: Callable[[], float] = time.time) -> None:
        self._publish = events.publish
        self._clock = clock
        self._entries: dict[SourceId, _Entry] = {}
        self._is_frozen = False
        events.listen(SourceRemoved, lambda event: self._remove(event.source_id))

    def add(self, source: Source, axes: Axes) -> None:
        """Begin to show a source; nothing is published, since `SourceAdded` announces it."""
        self._entries[source.id] = _Entry(
            name=source.name,
            account_id=source.account_id,
            axes=axes,
            status=self._status(axes, source.held_deletes),
            held_deletes=source.held_deletes,
        )

    def has(self, source_id: SourceId) -> bool:
        """Return whether a source is shown."""
        return source_id in self._entries

    def _remove(self, source_id: SourceId) -> None:
        self._entries.pop(source_id, None)

    def axes(self, source_id: SourceId) -> Axes:
        """Return the axes of a source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._entry(source_id).axes

    def status(self, source_id: SourceId) -> SourceStatus:
        """Return the public status of a source.

        Raises:
            UnknownSourceError: no source has this id.
        """
        return self._entry(source_id).status

    def freeze(self) -> None:
        """Change and publish nothing any more: msd is stopping, and closes connections itself."""
        self._is_frozen = True

    def update(self, source_id: SourceId, axes: Axes) -> None:
        """Set the axes of a source; publish when status or reason changed."""
        entry = self._changeable(source_id)
        if entry is not None:  # a source may be removed while an attempt runs
            entry.axes = axes
            self._derive(source_id, entry)

    def set_held_deletes(self, source_id: SourceId, held_deletes: int) -> None:
        """Set how many deletions are withheld (Y7)."""
        entry = self._changeable(source_id)
        if entry is not None:
            entry.held_deletes = held_deletes
            self._derive(source_id, entry)

    def live(self, source_id: SourceId) -> LiveState:
        """Return whether the source pushes its changes."""
        entry = self._entries.get(source_id)
        return LiveState.OFF if entry is None else entry.live

    def set_live(self, source_id: SourceId, live: LiveState) -> None:
        """Set whether the source pushes its changes (Y9)."""
        entry = self._changeable(source_id)
        if entry is not None and entry.live is not live:
            entry.live = live
            self._derive(source_id, entry)
            self._publish(SourceChanged(source_id))

    def details(self, source_id: SourceId) -> DetailsState:
        """Return whether the details of the source's items are fetched (Y24)."""
        return self._entry(source_id).details

    def details_missing(self, source_id: SourceId) -> int:
        """Return of how many items the details are to be fetched."""
        return self._entry(source_id).details_missing

    def set_details(self, source_id: SourceId, state: DetailsState, missing: int) -> None:
        """Set whether details are fetched, and of how many items they are missing (Y24)."""
        entry = self._changeable(source_id)
        if entry is not None and (entry.details, entry.details_missing) != (state, missing):
            entry.details, entry.details_missing = state, missing
            self._publish(SourceChanged(source_id))

    def set_retry(self, source_id: SourceId, *, attempts: int, next_retry: UnixSeconds) -> None:
        """Set the failed attempts and the time of the next one; 0 = none planned. Not published."""
        entry = self._changeable(source_id)
        if entry is not None:
            entry.attempts = attempts
            entry.next_retry = next_retry

    def waits_for_sign_in(self, source_id: SourceId) -> bool:
        """Return whether somebody has to sign in before the source can be used again."""
        entry = self._entries.get(source_id)
        if entry is None or entry.axes.auth is not Auth.NEEDS_AUTH:
            return False
        return entry.axes.auth_reason not in KEYRING_REASONS

    def retry(self, source_id: SourceId) -> tuple[int, UnixSeconds]:
        """Return the failed attempts in a row and when the next one comes."""
        entry = self._entry(source_id)
        return entry.attempts, entry.next_retry

    def add_attempt(self, source_id: SourceId, attempt: ConnectAttempt) -> None:
        """Add a step that was tried to the history for `Explain`."""
        entry = self._entries.get(source_id)
        if entry is not None:
            entry.history.append(attempt)

    def explain(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        """Return the steps that were tried, the latest last, then what comes next (S8)."""
        entry = self._entry(source_id)
        return (*entry.history, *_fault_steps(entry), _next_step(entry))

    def faults(self, source_id: SourceId) -> tuple[SyncFault, ...]:
        """Return what failed in the last sync although it went on (S9)."""
        entry = self._entries.get(source_id)
        return () if entry is None else entry.faults

    def set_faults(self, source_id: SourceId, faults: tuple[SyncFault, ...]) -> None:
        """Set what failed in the last sync, for `explain`."""
        entry = self._changeable(source_id)
        if entry is not None:
            entry.faults, entry.faults_at = faults, UnixSeconds(int(self._clock()))

    def auth_state(self, source_ids: tuple[SourceId, ...]) -> str:
        """Return how an account's sources see its credentials: the worst of them."""
        states = {self._entry(source_id).axes.auth for source_id in source_ids}
        for state in (Auth.NEEDS_AUTH, Auth.OK):
            if state in states:
                return state.value
        return Auth.UNKNOWN.value

    def _changeable(self, source_id: SourceId) -> _Entry | None:
        return None if self._is_frozen else self._entries.get(source_id)

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


def _fault_steps(entry: _Entry) -> list[ConnectAttempt]:
    return [
        ConnectAttempt(
            at=entry.faults_at,
            step=" ".join(filter(None, ("sync", fault.library, fault.listing))),
            outcome=str(fault.status) if fault.status else fault.scope.value,
            detail=fault.sentence(),
        )
        for fault in entry.faults
    ]


def _next_step(entry: _Entry) -> ConnectAttempt:
    axes = entry.axes
    if axes.link is Link.DISABLED:
        detail = "nothing is tried until the source is enabled"
    elif axes.auth is Auth.NEEDS_AUTH and axes.auth_reason in HEALED_BY_CREDENTIALS:
        detail = "msd connects as soon as the keyring can be read"
    elif axes.auth is Auth.NEEDS_AUTH:
        detail = (
            "msd tries the old sign-in again then; at once when the network changes, after a"
            " resume, a new sign-in or a request to connect"
        )
    elif axes.link is Link.ONLINE:
        detail = "the server is asked again every minute"
    else:
        detail = "msd tries again then; sooner when the network changes or somebody asks"
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
