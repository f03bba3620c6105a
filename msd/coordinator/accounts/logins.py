"""Logins: sign-ins in progress, each with an owner; shown for a minute after their end (K6).

begin, reauthenticate ──► waiting ──► authorised · failed · expired · cancelled
"""

import hmac
import logging
from collections.abc import Mapping
from contextlib import ExitStack

import anyio
from anyio.abc import TaskGroup
from msgspec import Struct, field
from msgspec.structs import replace

from msd.backend_api.accounts import OptionValue
from msd.coordinator.accounts.adding import Adding
from msd.coordinator.accounts.login_dialogue import Dialogue
from msd.coordinator.accounts.server_lists import ServerLists
from msd.coordinator.accounts.signing_in import SigningIn, Work
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.errors import (
    InvalidArgumentError,
    LimitExceededError,
    LoginExpiredError,
    MsdError,
    NotOwnerError,
    UnknownLoginError,
)
from msd.events import EventStream, LoginAdded, LoginChanged, LoginFinished, LoginRemoved
from msd.models import (
    BackendKind,
    Caller,
    Login,
    LoginId,
    LoginState,
    LoginStep,
    SourceId,
)

MAX_WAITING = 20
MAX_OF_A_CALLER = 5
KEPT_S = 60.0
SHORTEST_TOKEN = 16  # shorter ones could be guessed
LONGEST_TOKEN = 256
LIFE_S = 3600.0  # a login that nothing else ends, ends then

log = logging.getLogger(__name__)


class _Entry(Struct):
    login: Login
    owner: Caller
    scope: anyio.CancelScope
    dialogue: Dialogue
    ended: anyio.Event
    secrets: ExitStack = field(default_factory=ExitStack)  # kept out of logs until it has ended


class Logins:
    """Every login of the daemon, run in the task group that is given."""

    def __init__(
        self,
        services: Services,
        adding: Adding,
        server_lists: ServerLists,
        events: EventStream,
        tasks: TaskGroup,
    ) -> None:
        self._auth = services.auth
        self._backends = services.backends
        self._callers = services.callers
        self._signing_in = SigningIn(services, adding, server_lists, events)
        self._tasks = tasks
        self._publish = events.publish
        self._entries: dict[LoginId, _Entry] = {}
        self._last_id = 0

    # --- beginning -------------------------------------------------------------------------

    async def begin(
        self,
        kind: BackendKind,
        options: Mapping[str, OptionValue],
        caller: Caller,
        *,
        tied: bool = False,
    ) -> LoginId:
        """Begin to sign in to a new server or account; its sources are added when it succeeds.

        Raises:
            InvalidArgumentError: unknown kind, or options that the kind doesn't take.
            NotSupportedError: the kind has no interactive sign-in.
            LimitExceededError: too many logins wait, or too many sources are there.
            KeyringLockedError, KeyringUnavailableError: credentials can't be stored now.
        """
        work = self._signing_in.new_account(kind, options)
        return await self._start(kind, SourceId(""), work, caller, tied=tied)

    async def reauthenticate(
        self,
        source_id: SourceId,
        options: Mapping[str, OptionValue],
        caller: Caller,
        *,
        tied: bool = False,
    ) -> LoginId:
        """Begin to sign in to a source again; its id, rows and history stay (A3).

        Raises:
            UnknownSourceError: there is no such source.
            NotSupportedError: the source needs no sign-in.
            As `begin`.
        """
        kind, work = self._signing_in.same_account(source_id, options)
        return await self._start(kind, source_id, work, caller, tied=tied)

    # --- reading ---------------------------------------------------------------------------

    def get(self, login_id: LoginId) -> Login:
        """Return a login with everything that its owner may see.

        Raises:
            UnknownLoginError: there is none, or it ended more than a minute ago.
        """
        return self._entry(login_id).login

    def all(self) -> tuple[Login, ...]:
        """Return every login, those that ended in the last minute included."""
        return tuple(entry.login for entry in self._entries.values())

    def is_owner(self, login_id: LoginId, caller: Caller) -> bool:
        """Return whether a caller may see and drive a login."""
        return owns(caller, self._entry(login_id).owner)

    # --- driving a login --------------------------------------------------------------------

    async def submit_password(self, login_id: LoginId, password: str, caller: Caller) -> None:
        """Give the password that a login waits for.

        Raises:
            NotOwnerError: another caller began it.
            InvalidArgumentError: the login waits for no password.
        """
        entry = self._owned(login_id, caller)
        entry.dialogue.submit_password(password)
        entry.secrets.enter_context(self._backends.hiding(password))

    async def select_user(self, login_id: LoginId, user_id: str, pin: str, caller: Caller) -> None:
        """Choose one of the users that a login offers.

        Raises:
            NotOwnerError: another caller began it.
            InvalidArgumentError: the login offers no such user, or the user needs a PIN.
        """
        entry = self._owned(login_id, caller)
        entry.dialogue.select_user(user_id, pin)
        entry.secrets.enter_context(self._backends.hiding(pin))

    async def cancel(self, login_id: LoginId, caller: Caller) -> None:
        """End a login; one that has ended stays as it is.

        Raises:
            NotOwnerError: another caller began it.
        """
        self._owned(login_id, caller).scope.cancel()

    async def end_all(self) -> None:
        """Cancel every login and return when all have ended."""
        waiting = [entry for entry in self._entries.values() if not entry.ended.is_set()]
        for entry in waiting:
            entry.scope.cancel()
        for entry in waiting:
            await entry.ended.wait()

    # --- inside ----------------------------------------------------------------------------

    async def _start(
        self, kind: BackendKind, source_id: SourceId, work: Work, caller: Caller, *, tied: bool
    ) -> LoginId:
        check_token(caller.owner_token)
        self._check_room(caller)
        await self._auth.check_keyring()  # before somebody types a password in vain
        self._check_room(caller)
        self._last_id += 1
        login = Login(
            id=LoginId(self._last_id),
            kind=kind,
            source_id=source_id,
            message="waiting for the server",
        )
        dialogue = Dialogue(lambda **shown: self._update(login.id, **shown), work.keep)
        entry = _Entry(login, caller, anyio.CancelScope(), dialogue, anyio.Event())
        self._entries[login.id] = entry
        self._publish(LoginAdded(login.id))
        self._tasks.start_soon(self._run, entry, work)
        if tied:
            self._tasks.start_soon(self._tie, entry)
        return login.id

    def _check_room(self, caller: Caller) -> None:
        waiting = [entry for entry in self._entries.values() if not entry.ended.is_set()]
        if len(waiting) >= MAX_WAITING:
            raise LimitExceededError(f"{MAX_WAITING} logins are waiting already")
        owned = [entry for entry in waiting if owns(caller, entry.owner)]
        if len(owned) >= MAX_OF_A_CALLER:
            raise LimitExceededError(f"you have {MAX_OF_A_CALLER} logins waiting already")

    async def _run(self, entry: _Entry, work: Work) -> None:
        final: dict[str, object] = {"state": LoginState.CANCELLED, "message": "cancelled"}
        try:
            with entry.scope, anyio.move_on_after(LIFE_S) as life:
                final = await self._finished(entry, work)
            if life.cancelled_caught:
                final = {"state": LoginState.EXPIRED, "message": "nobody signed in within an hour"}
        finally:
            cleared: dict[str, object] = {
                "step": LoginStep.NONE,
                "code": "",
                "url": "",
                "users": (),
            }
            entry.login = replace(entry.login, **(cleared | final))
            entry.ended.set()
            entry.secrets.close()
            self._publish(LoginFinished(entry.login.id))
        await anyio.sleep(KEPT_S)
        if self._entries.pop(entry.login.id, None) is not None:
            self._publish(LoginRemoved(entry.login.id))

    async def _finished(self, entry: _Entry, work: Work) -> dict[str, object]:
        what = f"{entry.login.kind} login {entry.login.id}"
        try:
            source_ids = await guarded(lambda: work.run(entry.dialogue), what)
        except LoginExpiredError as error:
            return {"state": LoginState.EXPIRED, "error": error.code, "message": str(error)}
        except MsdError as error:
            log.info("%s failed: %s", what, error)
            return {"state": LoginState.FAILED, "error": error.code, "message": str(error)}
        return {"state": LoginState.AUTHORISED, "message": "", "source_ids": source_ids}

    async def _tie(self, entry: _Entry) -> None:
        """End a login with the connection that began it."""
        async with anyio.create_task_group() as both:

            async def wait_for_its_end() -> None:
                await entry.ended.wait()
                both.cancel_scope.cancel()

            both.start_soon(wait_for_its_end)
            try:
                await guarded(lambda: self._callers.gone(entry.owner.name), "watching a caller")
            except MsdError as error:
                log.warning("a tied login ends, because its caller can't be watched: %s", error)
            entry.scope.cancel()
            both.cancel_scope.cancel()

    def _update(self, login_id: LoginId, **shown: object) -> None:
        entry = self._entries[login_id]
        entry.login = replace(entry.login, **shown)
        self._publish(LoginChanged(login_id))

    def _entry(self, login_id: LoginId) -> _Entry:
        try:
            return self._entries[login_id]
        except KeyError:
            raise UnknownLoginError(f"no login has the number {login_id}") from None

    def _owned(self, login_id: LoginId, caller: Caller) -> _Entry:
        entry = self._entry(login_id)
        if not owns(caller, entry.owner):
            raise NotOwnerError("only the caller that began this login can continue it")
        return entry


def owns(caller: Caller, owner: Caller) -> bool:
    """Return whether a caller is the owner, or shows the owner's token."""
    if caller.name and caller.name == owner.name:
        return True
    shown, wanted = caller.owner_token.encode(), owner.owner_token.encode()
    return bool(wanted) and hmac.compare_digest(shown, wanted)


def check_token(token: str) -> None:
    """Check that an owner token can't be guessed; "" means that there is none.

    Raises:
        InvalidArgumentError: the token is too short or too long.
    """
    if token and not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
        raise InvalidArgumentError(
            f"owner_token must have {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters"
        )
