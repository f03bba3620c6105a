"""Somebody who signs in, for the login of one backend: what he is shown and what he answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msd.backend_api import LoginUser, NewAccount, UserChoice
from msd.models import UnixSeconds


@dataclass
class FakeDialogue:
    """Implements `LoginDialogue`; its answers are given before."""

    passwords: list[str] = field(default_factory=list)
    choices: list[UserChoice] = field(default_factory=list)
    entered: Callable[[str], None] = lambda _code: None  # called with each code that is shown
    codes: list[tuple[str, str]] = field(default_factory=list)  # and links
    expiries: list[UnixSeconds] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    offered: list[tuple[LoginUser, ...]] = field(default_factory=list)
    kept: list[NewAccount] = field(default_factory=list)

    def show_code(self, *, code: str, url: str, expires_at: UnixSeconds, message: str) -> None:
        self.codes.append((code, url))
        self.expiries.append(expires_at)
        self.messages.append(message)
        self.entered(code)

    async def ask_password(self, message: str) -> str:
        self.messages.append(message)
        return self.passwords.pop(0)

    async def choose_user(self, users: Sequence[LoginUser], message: str) -> UserChoice:
        self.messages.append(message)
        self.offered.append(tuple(users))
        return self.choices.pop(0)

    async def keep(self, account: NewAccount) -> None:
        self.kept.append(account)
