"""Logins, connections and accounts as the bus asks for them, kept in dictionaries."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from msd.backend_api.accounts import OptionValue
from msd.errors import NotOwnerError, UnknownAccountError, UnknownLoginError
from msd.events import Event, LoginAdded, LoginChanged
from msd.models import (
    AccountId,
    AccountView,
    BackendKind,
    Caller,
    Certificate,
    Connection,
    Login,
    LoginId,
    Route,
    SourceId,
    UnixSeconds,
)

CONNECTIONS = (
    Connection(address="https://near:32400", route=Route.LOCAL, outcome="ok", latency_ms=3),
    Connection(address="https://far:443", route=Route.RELAY, in_use=True, pinned=True),
)


@dataclass
class FakeLogins:
    """Every login belongs to who began it."""

    check: Callable[..., None]
    publish: Callable[[Event], None]
    logins: dict[LoginId, Login] = field(default_factory=dict)
    owners: dict[LoginId, Caller] = field(default_factory=dict)

    def put(self, number: int, owner: Caller, **changes: object) -> LoginId:
        """Add a login, or change one."""
        login_id = LoginId(number)
        is_new = login_id not in self.logins
        if is_new:
            self.logins[login_id] = Login(
                id=login_id, kind=BackendKind("plex"), source_id=SourceId("")
            )
        self.logins[login_id] = replace(self.logins[login_id], **changes)
        self.owners[login_id] = owner
        self.publish(LoginAdded(login_id) if is_new else LoginChanged(login_id))
        return login_id

    async def begin(
        self,
        kind: BackendKind,
        options: Mapping[str, OptionValue],
        caller: Caller,
        *,
        tied: bool = False,
    ) -> LoginId:
        self.check("begin", kind, dict(options), caller.owner_token, tied)
        return self.put(len(self.logins) + 1, caller)

    async def reauthenticate(
        self,
        source_id: SourceId,
        options: Mapping[str, OptionValue],
        caller: Caller,
        *,
        tied: bool = False,
    ) -> LoginId:
        self.check("reauthenticate", source_id, dict(options), caller.owner_token, tied)
        return self.put(len(self.logins) + 1, caller, source_id=source_id)

    def get(self, login_id: LoginId) -> Login:
        if login_id not in self.logins:
            raise UnknownLoginError("no such login")
        return self.logins[login_id]

    def all(self) -> tuple[Login, ...]:
        return tuple(self.logins.values())

    def is_owner(self, login_id: LoginId, caller: Caller) -> bool:
        owner = self.owners[login_id]
        shown = bool(owner.owner_token) and caller.owner_token == owner.owner_token
        return shown or caller.name == owner.name

    async def submit_password(self, login_id: LoginId, password: str, caller: Caller) -> None:
        self._check(login_id, caller)
        self.check("submit_password", login_id, password)

    async def select_user(self, login_id: LoginId, user_id: str, pin: str, caller: Caller) -> None:
        self._check(login_id, caller)
        self.check("select_user", login_id, user_id, pin)

    async def cancel(self, login_id: LoginId, caller: Caller) -> None:
        self._check(login_id, caller)
        self.check("cancel", login_id)

    def _check(self, login_id: LoginId, caller: Caller) -> None:
        if not self.is_owner(login_id, caller):
            raise NotOwnerError("not yours")


@dataclass
class FakeAccounts:
    """Accounts that bring one more server each time."""

    check: Callable[..., None]
    views: Mapping[AccountId, AccountView]

    def all(self) -> tuple[AccountView, ...]:
        return tuple(self.views.values())

    def get(self, account_id: AccountId) -> AccountView:
        if account_id not in self.views:
            raise UnknownAccountError("no such account")
        return self.views[account_id]

    async def remove(self, account_id: AccountId) -> None:
        self.check("remove_account", account_id)

    async def refresh(self, account_id: AccountId) -> tuple[SourceId, ...]:
        self.check("refresh", account_id)
        return (SourceId("plex_0002"),)


@dataclass
class FakeCertificates:
    """Every server shows the same certificate."""

    check: Callable[..., None]

    async def shown(self, address: str) -> Certificate:
        self.check("get_certificate", address)
        return Certificate(
            fingerprint="ab" * 32,
            subject="CN=nas",
            issuer="CN=home",
            expires_at=UnixSeconds(1_800_000_000),
        )

    async def trust(self, source_id: SourceId, options: Mapping[str, OptionValue]) -> None:
        self.check("trust_certificate", source_id, dict(options))


@dataclass
class FakeConnections:
    """Two addresses of every source."""

    check: Callable[..., None]

    async def list(self, source_id: SourceId) -> tuple[Connection, ...]:
        self.check("list", source_id)
        return CONNECTIONS

    async def test(self, source_id: SourceId) -> tuple[Connection, ...]:
        self.check("test", source_id)
        return CONNECTIONS

    async def pin(self, source_id: SourceId, address: str) -> None:
        self.check("pin", source_id, address)
