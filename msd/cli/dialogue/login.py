"""A login as msdctl sees it: shown, answered, and waited for."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, cast

from msd.cli.daemon.connection import PROPERTIES
from msd.cli.errors import (
    CommandError,
    ExitCode,
    from_code,
    not_reachable,
    usage_error,
)
from msd.cli.terminal.link import open_in_browser, qr_lines
from msd.cli.terminal.prompt import ask, can_ask
from msd.cli.terminal.secret import as_descriptor, read_secret
from msd.cli.terminal.text import cell, safe, snake_case, span
from msd.contract import LOGIN
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msd.cli.daemon.client import Fields, Signals
    from msd.cli.session import Session

_LINES_BESIDE_THE_CODE = 8
_TICK_S = 1.0


class Answers(NamedTuple):
    """How a login is answered without asking a person."""

    from_stdin: bool = False  # passwords and PINs, one line each
    user: str = ""  # the id or name of the user to choose
    with_qr: bool = True
    with_browser: bool = True


class LoginView(NamedTuple):
    """One login at one moment."""

    fields: Mapping[str, object] = {}

    def text(self, name: str) -> str:
        """Return a property that is a text."""
        return str(self.fields.get(name, ""))

    @property
    def state(self) -> str:
        """`waiting`, or how it ended."""
        return self.text("State")

    @property
    def step(self) -> str:
        """What is to be done."""
        return self.text("Step")

    @property
    def users(self) -> list[tuple[str, str, bool]]:
        """Whom to choose from: id, name, whether a PIN is needed."""
        return cast("list[tuple[str, str, bool]]", self.fields.get("Users") or [])

    @property
    def source_ids(self) -> list[str]:
        """What it added or renewed."""
        return cast("list[str]", self.fields.get("SourceIds") or [])

    @property
    def seconds_left(self) -> int | None:
        """Seconds until the code expires; None when nobody knows."""
        expires = self.fields.get("ExpiresAt")
        if not isinstance(expires, int) or expires <= 0:
            return None
        return max(expires - int(time.time()), 0)


class LoginConversation:
    """Goes through one login with a person, or with what a script gave beforehand."""

    def __init__(self, session: Session, path: str, answers: Answers) -> None:
        self._session = session
        self._path = path
        self._answers = answers
        self._shown = LoginView()
        self._asked: set[str] = set()

    def until_ended(self, signals: Signals) -> LoginView:
        """Show and answer everything until the login has ended; return how.

        Raises:
            CommandError: it failed, expired or was cancelled; or it asks what nobody answers.
        """
        login = self._read()
        while login.state == "waiting":
            self._take(login)
            login = self._next(signals, login)
        self._end_countdown()
        if login.state != "authorised":
            raise _failure(login)
        return login

    def _read(self) -> LoginView:
        return LoginView(self._session.client.properties(self._path, LOGIN))

    def _next(self, signals: Signals, login: LoginView) -> LoginView:
        while True:
            self._count_down(login)
            signal = signals.next(_TICK_S if self._counts_down(login) else None)
            if signal is None:
                continue
            if signal.is_departure:
                raise not_reachable("the daemon stopped, and the login with it")
            if signal.path == self._path and signal.interface in (LOGIN, PROPERTIES):
                return self._read()

    def _counts_down(self, login: LoginView) -> bool:
        is_code = login.step == "code" and login.seconds_left is not None
        return is_code and self._session.out.is_rich

    def _count_down(self, login: LoginView) -> None:
        if not self._counts_down(login):
            return
        left = span(login.seconds_left or 0)
        text = f"waiting; the code is good for {left}; Ctrl-C gives up"
        self._session.out.write(f"\r\x1b[K{text[: self._session.out.width - 1]}")
        self._session.out.flush()

    def _end_countdown(self) -> None:
        if self._counts_down(self._shown):
            self._session.out.write("\r\x1b[K")

    def _take(self, login: LoginView) -> None:
        if login == self._shown:
            return
        self._end_countdown()
        self._shown = login
        if self._session.out.as_json:
            self._session.out.record(login_record("login", self._path, login))
        match login.step:
            case "code":
                self._show_code(login)
            case "password":
                self._give_password(login)
            case "user":
                self._choose(login)
            case _:
                pass

    def _show_code(self, login: LoginView) -> None:
        out = self._session.out
        if out.as_json:
            return
        code, link = login.text("Code"), login.text("Url")
        out.paragraph(safe(login.text("Message")))
        if link and self._answers.with_browser and out.is_rich and open_in_browser(link):
            out.say("The browser has been asked to open the link.")
        if link and self._answers.with_qr and out.is_rich:
            free = out.height - _LINES_BESIDE_THE_CODE
            out.say(*qr_lines(link, width=out.width, height=free))
        if link:
            out.say(f"link  {cell(link)}")  # in one piece, however long it is
        if code and code not in link:
            out.say(f"code  {cell(code)}")
        if not self._counts_down(login):
            out.say("waiting; Ctrl-C gives up")

    def _give_password(self, login: LoginView) -> None:
        secret = self._secret("password", login)
        self._send("SubmitPassword", "sa{sv}", "", secret=("password-fd", secret))

    def _choose(self, login: LoginView) -> None:
        user_id, needs_pin = self._user(login)
        pin = self._secret("PIN", login) if needs_pin else ""
        self._send("SelectUser", "ssa{sv}", user_id, "", secret=("pin-fd", pin))

    def _send(self, member: str, signature: str, *values: str, secret: tuple[str, str]) -> None:
        name, text = secret
        with ExitStack() as stack:
            descriptors = [stack.enter_context(as_descriptor(text))]
            self._session.client.call(
                member,
                signature,
                *values,
                {name: Variant("h", 0)},
                path=self._path,
                interface=LOGIN,
                descriptors=descriptors,
            )

    def _secret(self, name: str, login: LoginView) -> str:
        """Return a secret; a wrong one from stdin is not followed by another."""
        if name in self._asked and self._answers.from_stdin:
            raise CommandError(
                safe(login.text("Message")), code="AuthRefused", exit_code=ExitCode.SIGN_IN
            )
        self._asked.add(name)
        if not self._answers.from_stdin:
            self._session.out.note(safe(login.text("Message")))
        return read_secret(name, from_stdin=self._answers.from_stdin)

    def _user(self, login: LoginView) -> tuple[str, bool]:
        users = {user_id: (name, needs_pin) for user_id, name, needs_pin in login.users}
        wanted = self._answers.user or self._asked_user(login)
        named = [user_id for user_id, (name, _) in users.items() if name == wanted]
        user_id = wanted if wanted in users else next(iter(named), "")
        if not user_id:
            names = ", ".join(safe(name) for name, _ in users.values())
            raise usage_error(f"there is no user '{wanted}'; there are: {names}")
        return user_id, users[user_id][1]

    def _asked_user(self, login: LoginView) -> str:
        if not can_ask():
            raise usage_error("nobody can be asked which user it is", hint="give --user NAME")
        out = self._session.out
        out.note(safe(login.text("Message")))
        for number, (_, name, needs_pin) in enumerate(login.users, start=1):
            out.note(f"  {number}  {safe(name)}{'  (PIN)' if needs_pin else ''}")
        answer = ask("User")
        if answer.isdecimal() and 1 <= int(answer) <= len(login.users):
            return login.users[int(answer) - 1][0]
        return answer


def login_record(event: str, path: str, login: LoginView) -> Fields:
    """Return a login as scripts read it."""
    fields = {snake_case(name): value for name, value in login.fields.items()}
    users = [{"id": i, "name": name, "needs_pin": pin} for i, name, pin in login.users]
    return {"event": event, "login": path, **fields, "users": users}


def _failure(login: LoginView) -> CommandError:
    message = safe(login.text("Message")) or f"the login ended: {login.state}"
    if login.text("Error"):
        return from_code(login.text("Error"), message)
    code = "LoginExpired" if login.state == "expired" else "Cancelled"
    return CommandError(message, code=code, exit_code=ExitCode.SIGN_IN)
