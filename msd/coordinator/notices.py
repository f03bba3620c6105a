"""What is worth a notification on the desktop, and what becomes of it.

    sign-in/ACCOUNT   credentials are refused or missing     "Sign in" → SignInRequested
    keyring           the keyring keeps sources waiting      "Unlock" → its prompt
    deletes/SOURCE    deletions are held back

One notification per change: the servers of one account share one, as all that wait for the
keyring do. It is taken back as soon as it is no longer true.
"""

from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from msd.coordinator.board import StatusBoard
from msd.coordinator.services import Services
from msd.errors import MsdError
from msd.events import (
    Event,
    EventStream,
    Overflow,
    SignInRequested,
    SourceRemoved,
    SourceStatusChanged,
)
from msd.managers.desktop import Desktop
from msd.models import Notice, PublicStatus, Source, SourceId, SourceStatus, StatusReason

# A session that has just begun unlocks its keyring within moments: nothing worth a word.
KEYRING_PATIENCE_S = 30.0
KEYRING = "keyring"
SIGN_IN = "sign-in"
UNLOCK = "unlock"
_KEYRING_REASONS = frozenset({StatusReason.KEYRING_LOCKED, StatusReason.KEYRING_UNAVAILABLE})


class Notices:
    """Follows the facts of the coordinator and keeps the desktop's notifications true."""

    def __init__(
        self,
        services: Services,
        board: StatusBoard,
        events: EventStream,
        unlock: Callable[[], object],
    ) -> None:
        self._registry = services.registry
        self._desktop = services.desktop
        self._board = board
        self._events = events
        self._unlock = unlock
        self._asking: dict[SourceId, Notice] = {}
        self._late: dict[str, anyio.CancelScope] = {}

    async def run(self) -> None:
        """Follow for ever; return at once when the user wants no notifications."""
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
                    notice = self._notice(source.id, self._board.status(source.id))
                    self._set(source.id, notice, desktop, tasks)

    def _set(
        self, source_id: SourceId, notice: Notice | None, desktop: Desktop, tasks: TaskGroup
    ) -> None:
        before = self._asking.pop(source_id, None)
        shown = {other.key: other for other in self._asking.values()}
        if before is not None:
            shown.setdefault(before.key, before)
        if notice is not None:
            self._asking[source_id] = notice
            if shown.get(notice.key) != notice:
                self._show(notice, desktop, tasks, is_new=notice.key not in shown)
        if before is not None and before.key not in {n.key for n in self._asking.values()}:
            self._withdraw(before.key, desktop)

    def _show(self, notice: Notice, desktop: Desktop, tasks: TaskGroup, *, is_new: bool) -> None:
        if notice.key == KEYRING and is_new:
            self._late[KEYRING] = anyio.CancelScope()
            tasks.start_soon(self._show_late, self._late[KEYRING], desktop)
        elif notice.key not in self._late:
            desktop.show(notice)

    async def _show_late(self, scope: anyio.CancelScope, desktop: Desktop) -> None:
        with scope:
            await anyio.sleep(KEYRING_PATIENCE_S)
            if self._late.get(KEYRING) is scope:  # not taken back at this very moment
                del self._late[KEYRING]
                desktop.show(next(n for n in self._asking.values() if n.key == KEYRING))

    def _withdraw(self, key: str, desktop: Desktop) -> None:
        late = self._late.pop(key, None)
        if late is not None:
            late.cancel()
        else:
            desktop.withdraw(key)

    def _pressed(self, key: str, action: str) -> None:
        if action == UNLOCK:
            try:
                self._unlock()
            except MsdError:
                return  # there are too many jobs; the button can be pressed again
        for source_id, notice in self._asking.items():
            if notice.key == key and action == SIGN_IN:
                self._events.publish(SignInRequested(source_id))
                return

    def _notice(self, source_id: SourceId, status: SourceStatus) -> Notice | None:
        if not self._registry.has_source(source_id):
            return None
        source = self._registry.source(source_id)
        body = _sentence(status.detail)
        if status.reason is StatusReason.DELETES_HELD:
            return held_deletes(source_id, source.name, body)
        if status.status is not PublicStatus.NEEDS_AUTH:
            return None
        if status.reason in _KEYRING_REASONS:
            return _keyring(status.reason, body)
        return Notice(
            key=f"{SIGN_IN}/{source.account_id or source_id}",
            summary=f"Sign in to {self._whose(source)} again",
            body=body,
            action=SIGN_IN,
            label="Sign in",
        )

    def _whose(self, source: Source) -> str:
        account_id = source.account_id
        if account_id is None or len(self._registry.sources_of(account_id)) == 1:
            return source.name
        return self._registry.account(account_id).display_name


def held_deletes(source_id: SourceId, name: str, body: str) -> Notice:
    """Return the notice that items of a source are missing and stay until that is confirmed."""
    return Notice(key=f"deletes/{source_id}", summary=f"Many items of {name} are gone", body=body)


def _keyring(reason: StatusReason, body: str) -> Notice:
    if reason is StatusReason.KEYRING_LOCKED:
        summary = "Media sources wait for the keyring"
        return Notice(key=KEYRING, summary=summary, body=body, action=UNLOCK, label="Unlock")
    return Notice(key=KEYRING, summary="Media sources miss the keyring", body=body)


def _sentence(detail: str) -> str:
    return detail[:1].upper() + detail[1:] + "." if detail else ""
