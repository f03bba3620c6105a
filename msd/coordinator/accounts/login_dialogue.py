"""The two sides of a sign-in: a backend that asks, and a user who answers over the bus.

show_code ──► step "code"      nothing to answer; the backend notices when the code was used
ask_password ─► step "password" ◄── submit_password
choose_user ──► step "user"     ◄── select_user
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import anyio

from msd.backend_api import LoginUser, NewAccount, UserChoice
from msd.errors import BadResponseError, InvalidArgumentError
from msd.models import LoginStep, UnixSeconds

MAX_USERS = 100
MAX_TEXT = 300
MAX_CODE = 64
MAX_URL = 2048

Answer = TypeVar("Answer")


class Dialogue:
    """Implements `LoginDialogue`; `update` shows what is asked, `keep` stores credentials."""

    def __init__(
        self, update: Callable[..., None], keep: Callable[[NewAccount], Awaitable[None]]
    ) -> None:
        self._update = update
        self._keep = keep
        self._step = LoginStep.NONE
        self._users: tuple[LoginUser, ...] = ()
        self._answered = anyio.Event()
        self._password = ""
        self._choice = UserChoice(user_id="")

    # --- the backend's side ----------------------------------------------------------------

    def show_code(self, *, code: str, url: str, expires_at: UnixSeconds, message: str) -> None:
        """Show what to do elsewhere.

        Raises:
            BadResponseError: code or link can't be used.
        """
        if len(code) > MAX_CODE or not code.isprintable() or not _is_link(url):
            raise BadResponseError("the server gave a code or a link that can't be used")
        self._ask(LoginStep.CODE, message, code=code, url=url, expires_at=expires_at)

    async def ask_password(self, message: str) -> str:
        """Wait for a password."""
        await self._answer(LoginStep.PASSWORD, message)
        password, self._password = self._password, ""
        return password

    async def choose_user(self, users: Sequence[LoginUser], message: str) -> UserChoice:
        """Wait for one of the users to be chosen."""
        self._users = tuple(
            LoginUser(id=user.id, name=_text(user.name), needs_pin=user.needs_pin)
            for user in users[:MAX_USERS]
        )
        await self._answer(LoginStep.USER, message, users=self._users)
        choice, self._choice = self._choice, UserChoice(user_id="")
        return choice

    async def keep(self, account: NewAccount) -> None:
        """Store the account's credentials now."""
        await self._keep(account)

    # --- the user's side -------------------------------------------------------------------

    def submit_password(self, password: str) -> None:
        """Answer with a password.

        Raises:
            InvalidArgumentError: no password is asked for.
        """
        self._expect(LoginStep.PASSWORD, "no password is asked for now")
        self._password = password
        self._take()

    def select_user(self, user_id: str, pin: str) -> None:
        """Answer with a user, and the PIN if the user has one.

        Raises:
            InvalidArgumentError: no user is asked for, the user is unknown or needs a PIN.
        """
        self._expect(LoginStep.USER, "no user is asked for now")
        user = next((user for user in self._users if user.id == user_id), None)
        if user is None:
            raise InvalidArgumentError("no user of this login has this id")
        if user.needs_pin and not pin:
            raise InvalidArgumentError("this user needs a PIN")
        self._choice = UserChoice(user_id=user_id, pin=pin)
        self._take()

    # --- inside ----------------------------------------------------------------------------

    def _expect(self, step: LoginStep, otherwise: str) -> None:
        if self._step is not step:
            raise InvalidArgumentError(otherwise)

    def _take(self) -> None:
        self._ask(LoginStep.NONE, "the answer is being checked")
        self._answered.set()

    async def _answer(
        self, step: LoginStep, message: str, users: tuple[LoginUser, ...] = ()
    ) -> None:
        self._answered = anyio.Event()
        self._ask(step, message, users=users)
        await self._answered.wait()

    def _ask(self, step: LoginStep, message: str, **shown: object) -> None:
        self._step = step
        cleared: dict[str, object] = {"code": "", "url": "", "users": ()}
        self._update(step=step, message=_text(message), **(cleared | shown))


def _text(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:MAX_TEXT]


def _is_link(url: str) -> bool:
    if not url:
        return True
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable():
        return False
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False
