"""Desktop notifications: which changes of a source the user hears of.

    key               shown when                             button
    sign-in/ACCOUNT   credentials are refused or missing     "Sign in" → SignInRequested
    keyring           sources wait for the keyring           "Unlock" → its prompt
    deletes/SOURCE    deletions are withheld

The servers of one account share one notification, and so do all sources that wait for the
keyring. A notification is taken back as soon as it is no longer true.
"""

import anyio
from anyio.abc import TaskGroup

from msd.coordinator.accounts.keyring import Keyring
from msd.coordinator.services import Services
from msd.coordinator.sources.status import KEYRING_REASONS
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.errors import MsdError
from msd.events import (
    Event,
    EventStream,
    Overflow,
    SignInRequested,
    SourceRemoved,
    SourceStatusChanged,
)
from msd.managers.session import Desktop
from msd.models import Notice, PublicStatus, Source, SourceId, SourceStatus, StatusReason

# A session that has just begun unlocks its keyring within moments.
KEYRING_PATIENCE_S = 30.0
KEYRING = "keyring"
SIGN_IN = "sign-in"
UNLOCK = "unlock"


class Notifications:
    """Shows and withdraws notifications as the status of sources changes."""

    def __init__(
        self,
        services: Services,
        statuses: StatusRegistry,
        keyring: Keyring,
        events: EventStream,
    ) -> None:
        self._registry = services.registry
        self._desktop = services.desktop
        self._statuses = statuses
        self._keyring = keyring
        self._events = events
        self._wanted: dict[SourceId, Notice] = {}
        self._delayed: dict[str, anyio.CancelScope] = {}

    async def run(self) -> None:
        """Follow the events for ever; return at once when the user wants no notifications."""
        if self._desktop is None:
            return
        with self._events.subscribe() as events:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._desktop.run, self._pressed)
                async for event in events:
                    self._follow(event, self._desktop, tasks)

    def _follow(self, event: Event, desktop: Desktop, tasks: TaskGroup) -> None:
        match event:
            case SourceStatusChanged(source_id=source_id, status=status):
                self._set(source_id, self._notice(source_id, status), desktop, tasks)
            case SourceRemoved(source_id=source_id):
                self._set(source_id, None, desktop, tasks)
            case Overflow():
                for source in self._registry.sources():
                    notice = self._notice(source.id, self._statuses.status(source.id))
                    self._set(source.id, notice, desktop, tasks)

    def _set(
        self, source_id: SourceId, notice: Notice | None, desktop: Desktop, tasks: TaskGroup
    ) -> None:
        before = self._wanted.pop(source_id, None)
        shown = {other.key: other for other in self._wanted.values()}
        if before is not None:
            shown.setdefault(before.key, before)
        if notice is not None:
            self._wanted[source_id] = notice
            if shown.get(notice.key) != notice:
                self._show(notice, desktop, tasks, is_new=notice.key not in shown)
        if before is not None and before.key not in {n.key for n in self._wanted.values()}:
            self._withdraw(before.key, desktop)

    def _show(self, notice: Notice, desktop: Desktop, tasks: TaskGroup, *, is_new: bool) -> None:
        if notice.key == KEYRING and is_new:
            self._delayed[KEYRING] = anyio.CancelScope()
            tasks.start_soon(self._show_delayed, self._delayed[KEYRING], desktop)
        elif notice.key not in self._delayed:
            desktop.show(notice)

    async def _show_delayed(self, scope: anyio.CancelScope, desktop: Desktop) -> None:
        with scope:
            await anyio.sleep(KEYRING_PATIENCE_S)
            if self._delayed.get(KEYRING) is scope:  # else it was withdrawn at this moment
                del self._delayed[KEYRING]
                desktop.show(next(n for n in self._wanted.values() if n.key == KEYRING))

    def _withdraw(self, key: str, desktop: Desktop) -> None:
        delayed = self._delayed.pop(key, None)
        if delayed is not None:
            delayed.cancel()
        else:
            desktop.withdraw(key)

    def _pressed(self, key: str, action: str) -> None:
        if action == UNLOCK:
            try:
                self._keyring.unlock()
            except MsdError:
                return  # too many jobs run; the button can be pressed again
        for source_id, notice in self._wanted.items():
            if notice.key == key and action == SIGN_IN:
                self._events.publish(SignInRequested(source_id))
                return

    def _notice(self, source_id: SourceId, status: SourceStatus) -> Notice | None:
        if not self._registry.has_source(source_id):
            return None
        source = self._registry.source(source_id)
        body = _sentence(status.detail)
        if status.reason is StatusReason.DELETES_HELD:
            return deletes_held(source_id, source.name, body)
        if status.status is not PublicStatus.NEEDS_AUTH:
            return None
        if status.reason in KEYRING_REASONS:
            return _keyring(status.reason, body)
        return Notice(
            key=f"{SIGN_IN}/{source.account_id or source_id}",
            summary=f"Sign in to {self._signed_in_name(source)} again",
            body=body,
            action=SIGN_IN,
            label="Sign in",
        )

    def _signed_in_name(self, source: Source) -> str:
        account_id = source.account_id
        if account_id is None or len(self._registry.sources_of(account_id)) == 1:
            return source.name
        return self._registry.account(account_id).display_name


def deletes_held(source_id: SourceId, name: str, body: str) -> Notice:
    """Return the notice that deletions of a source are withheld until the user confirms them."""
    return Notice(key=f"deletes/{source_id}", summary=f"Many items of {name} are gone", body=body)


def _keyring(reason: StatusReason, body: str) -> Notice:
    if reason is StatusReason.KEYRING_LOCKED:
        summary = "Media sources wait for the keyring"
        return Notice(key=KEYRING, summary=summary, body=body, action=UNLOCK, label="Unlock")
    return Notice(key=KEYRING, summary="Media sources miss the keyring", body=body)


def _sentence(detail: str) -> str:
    return detail[:1].upper() + detail[1:] + "." if detail else ""
