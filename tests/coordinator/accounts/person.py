"""Somebody who signs in: begins a login, waits for what it asks, answers."""

from dataclasses import dataclass, field

from msd.models import Caller, Login, LoginId, LoginState, LoginStep, SourceId
from tests.support.fakes.fake_service import CLUB
from tests.support.rig import Run

TOKEN = "a token of 20 letters"
OWNER = Caller(name=":1.1")


@dataclass
class Person:
    """One caller of a running coordinator."""

    run: Run
    caller: Caller = field(default=OWNER)

    async def begin(self, by: str = "code", *, tied: bool = False) -> LoginId:
        """Begin to sign in to the club."""
        logins = self.run.coordinator.logins
        return await logins.begin(CLUB, {"by": by}, self.caller, tied=tied)

    async def reauthenticate(self, source_id: SourceId, by: str = "code") -> LoginId:
        """Begin to sign in to a source anew."""
        logins = self.run.coordinator.logins
        return await logins.reauthenticate(source_id, {"by": by}, self.caller)

    def login(self, login_id: LoginId) -> Login:
        return self.run.coordinator.logins.get(login_id)

    async def until_step(self, login_id: LoginId, step: LoginStep) -> Login:
        """Wait until something is asked."""
        await self.run.until(lambda: self.login(login_id).step is step)
        return self.login(login_id)

    async def until_ended(self, login_id: LoginId) -> Login:
        """Wait until a login has ended."""
        await self.run.until(lambda: self.login(login_id).state is not LoginState.WAITING)
        return self.login(login_id)

    async def sign_in(self) -> tuple[SourceId, ...]:
        """Sign in by an approved code; return the sources."""
        self.run.rig.service.approved.set()
        ended = await self.until_ended(await self.begin())
        assert ended.state is LoginState.AUTHORISED, ended
        return ended.source_ids
