"""What a backend may show and ask in a login: bounded, printable, one question at a time (K5)."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api import LoginUser, NewAccount
from msd.coordinator.accounts.login_dialogue import MAX_CODE, MAX_TEXT, MAX_URL, MAX_USERS, Dialogue
from msd.errors import BadResponseError, InvalidArgumentError
from msd.models import LoginStep, UnixSeconds

pytestmark = pytest.mark.anyio

NEVER = UnixSeconds(0)


class Screen:
    """What is shown of a login."""

    def __init__(self) -> None:
        self.shown: dict[str, object] = {}
        self.dialogue = Dialogue(self._update, self._keep)

    def _update(self, **shown: object) -> None:
        self.shown |= shown

    async def _keep(self, account: NewAccount) -> None:
        raise AssertionError(account)

    async def until(self, step: LoginStep) -> None:
        with anyio.fail_after(10):
            while self.shown.get("step") is not step:
                await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("x" * (MAX_CODE + 1), ""),
        ("two\nlines", ""),
        ("A1", "javascript:alert(1)"),
        ("A1", "file:///etc/passwd"),
        ("A1", "https://" + "x" * MAX_URL),
        ("A1", "https://x/\N{RIGHT-TO-LEFT OVERRIDE}"),
        ("A1", "https://[bad"),
    ],
)
def test_a_code_or_link_that_nobody_can_use_is_shown_to_nobody(code: str, url: str) -> None:
    """A code or link that nobody can use is shown to nobody (K5).

    A link is opened by a browser, so it must be one for browsers.
    """
    screen = Screen()

    with pytest.raises(BadResponseError):
        screen.dialogue.show_code(code=code, url=url, expires_at=NEVER, message="")

    assert not screen.shown


@given(st.text(max_size=400), st.text(max_size=400))
def test_what_is_shown_is_short_and_printable(message: str, name: str) -> None:
    """What is shown is short and printable (K5).

    Whatever a server sends.
    """
    screen = Screen()
    screen.dialogue.show_code(code="", url="", expires_at=NEVER, message=message + name)

    shown = str(screen.shown["message"])
    assert len(shown) <= MAX_TEXT
    assert shown.isprintable()


async def test_the_users_to_choose_from_are_bounded() -> None:
    """The users to choose from are bounded (K5)."""
    screen = Screen()
    users = [LoginUser(id=str(n), name=f"user\n{n}" + "x" * 999) for n in range(MAX_USERS + 1)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(screen.dialogue.choose_user, users, "who?")
        await screen.until(LoginStep.USER)
        offered = screen.shown["users"]
        tasks.cancel_scope.cancel()

    assert isinstance(offered, tuple)
    assert len(offered) == MAX_USERS
    assert all(user.name.isprintable() and len(user.name) <= MAX_TEXT for user in offered)


async def test_an_answer_is_given_out_once_and_what_was_shown_before_is_gone() -> None:
    """An answer is given out once and what was shown before is gone (K1).

    No password waits in memory for the next question.
    """
    screen = Screen()
    screen.dialogue.show_code(code="A1", url="https://x/", expires_at=NEVER, message="m")
    heard: list[str] = []

    async def ask() -> None:
        heard.append(await screen.dialogue.ask_password("p"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await screen.until(LoginStep.PASSWORD)
        assert ("", "") == (screen.shown["code"], screen.shown["url"])
        screen.dialogue.submit_password("first")
        with pytest.raises(InvalidArgumentError):
            screen.dialogue.submit_password("second")

    assert ["first"] == heard
    assert "first" not in repr(vars(screen.dialogue))
