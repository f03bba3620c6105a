"""A sign-in service with several servers, and every kind of sign-in, over dictionaries."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import anyio
from msgspec.structs import replace

from msd.backend_api import (
    PINNED_ADDRESS,
    AccountContext,
    AccountServers,
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    DiscoverContext,
    FoundServer,
    LoginDialogue,
    LoginUser,
    NewAccount,
    NewSource,
    NewSources,
    OptionSpec,
)
from msd.backend_api.accounts import OptionValue
from msd.errors import (
    AuthRefusedError,
    AuthRequiredError,
    BadResponseError,
    InvalidArgumentError,
    LoginExpiredError,
    MsdError,
    UnreachableError,
)
from msd.models import (
    BackendKind,
    ConnectAttempt,
    Connection,
    Route,
    ServerFacts,
    StatusReason,
    UnixSeconds,
)
from tests.support.fakes.fake_backend import FakeBackend, FakeServer

CLUB = BackendKind("club")
CODE = "WXYZ"
LINK = "https://club.example/link"
ADDRESSES = ("https://near.example", "https://far.example")


@dataclass
class FakeService:
    """Users, their servers with a token for each, and what a test does to them."""

    server_tokens: dict[str, str] = field(
        default_factory=lambda: {"near": "near-1", "shared": "shared-1"}
    )
    accepts: dict[str, str] = field(default_factory=dict)  # instead of what the service says
    addresses: tuple[str, ...] = ADDRESSES
    servers: dict[str, FakeServer] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=lambda: {"ann": "", "bob": "1234"})  # id → PIN
    password: str = "secret"
    complete: bool = True
    error: MsdError | None = None  # of the service, when it is asked for servers
    is_refused: bool = False
    tokens: int = 0  # how many were given out
    asked: int = 0
    keeps: bool = False  # a token ends the one before
    after_keep: MsdError | None = None
    approved: anyio.Event = field(default_factory=anyio.Event)
    expired: anyio.Event = field(default_factory=anyio.Event)
    shown: anyio.Event = field(default_factory=anyio.Event)
    who: str = "ann"  # who approves
    signed_out: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    used: dict[str, list[str]] = field(default_factory=dict)  # server → tokens that it saw
    devices: list[str] = field(default_factory=list)
    found: list[FoundServer] = field(default_factory=list)
    look_on: anyio.Event | None = None  # a discovery ends when it is set

    def server(self, server_id: str) -> FakeServer:
        """Return a server, made when it is asked for."""
        if server_id not in self.servers:
            self.servers[server_id] = FakeServer(server_id=server_id, name=server_id.title())
        return self.servers[server_id]

    def new_token(self) -> str:
        """Give out another token of the account."""
        self.tokens += 1
        return f"account-{self.tokens}"

    def sources(self) -> tuple[NewSource, ...]:
        """Return the servers as the service lists them."""
        return tuple(
            NewSource(
                server_id=server_id,
                name=server_id.title(),
                address=ADDRESSES[0],
                owned=server_id != "shared",
                config=MappingProxyType({"addresses": " ".join(self.addresses)}),
            )
            for server_id in self.server_tokens
        )

    def brought(self, user: str, token: str) -> NewSources:
        """Return what a sign-in of a user brings."""

        async def undo() -> None:
            self.undone.append(token)

        return NewSources(account=self.account(user, token), sources=self.sources(), undo=undo)

    def account(self, user: str, token: str) -> NewAccount:
        """Return the account of a user."""
        credentials = Credentials(
            user_id=user, token=token, server_tokens=MappingProxyType(dict(self.server_tokens))
        )
        return NewAccount(remote_user_id=user, display_name=user.title(), credentials=credentials)

    # --- what the spec offers --------------------------------------------------------------

    async def add(self, options: Mapping[str, OptionValue], _context: AddContext) -> NewSources:
        """Add by a token that was obtained elsewhere."""
        if options["token"] == "bad":
            raise AuthRefusedError("the service does not know this token")
        return self.brought(self.who, str(options["token"]))

    async def login(
        self, options: Mapping[str, OptionValue], context: AddContext, dialogue: LoginDialogue
    ) -> NewSources:
        """Sign in by code, password or choice of a user."""
        self.devices.append(context.device_id)
        match options.get("by", "code"):
            case "password":
                user = await self._by_password(dialogue)
            case "user":
                user = await self._by_choice(dialogue)
            case "nonsense":
                dialogue.show_code(
                    code=CODE, url="javascript:x", expires_at=UnixSeconds(0), message=""
                )
                raise AssertionError("the dialogue took a link that is none")
            case "bug":
                raise RuntimeError("a defect")
            case "code":
                user = await self._by_code(dialogue)
            case other:
                raise InvalidArgumentError(f"no way to sign in is called {other}")
        token = self.new_token()
        if self.keeps:
            bare = Credentials(user_id=user, token=token)  # its servers are asked for afterwards
            await dialogue.keep(replace(self.account(user, token), credentials=bare))
            await anyio.lowlevel.checkpoint()
            if self.after_keep is not None:
                raise self.after_keep
        return self.brought(user, token)

    async def _by_code(self, dialogue: LoginDialogue) -> str:
        dialogue.show_code(
            code=CODE, url=LINK, expires_at=UnixSeconds(1_700_000_000), message="open the link"
        )
        self.shown.set()
        async with anyio.create_task_group() as waiting:

            async def wait(event: anyio.Event) -> None:
                await event.wait()
                waiting.cancel_scope.cancel()

            waiting.start_soon(wait, self.approved)
            waiting.start_soon(wait, self.expired)
        if self.expired.is_set():
            raise LoginExpiredError("the code was not used in time")
        return self.who

    async def _by_password(self, dialogue: LoginDialogue) -> str:
        message = "give the password"
        while await dialogue.ask_password(message) != self.password:
            message = "the password is wrong; try again"
        return self.who

    async def _by_choice(self, dialogue: LoginDialogue) -> str:
        users = [
            LoginUser(id=i, name=i.title(), needs_pin=bool(p)) for i, p in self.members.items()
        ]
        choice = await dialogue.choose_user(users, "choose a user")
        while self.members[choice.user_id] != choice.pin:
            choice = await dialogue.choose_user(users, "the PIN is wrong; try again")
        return choice.user_id

    async def ask_servers(self, _context: AccountContext) -> AccountServers:
        """List the servers of an account."""
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        if self.is_refused:
            raise AuthRequiredError("the service no longer knows the account")
        return AccountServers(
            sources=self.sources(), server_tokens=dict(self.server_tokens), complete=self.complete
        )

    async def sign_out(self, context: AccountContext) -> None:
        """Take a token back."""
        self.signed_out.append(context.credentials.token)

    async def discover(self, _context: DiscoverContext) -> AsyncGenerator[FoundServer, None]:
        """Yield what was put into `found`."""
        for server in self.found:
            yield server
        if self.look_on is not None:
            await self.look_on.wait()

    def open(self, context: BackendContext) -> "ClubBackend":
        """Open a client of one server."""
        return ClubBackend(self, context)


class ClubBackend(FakeBackend):
    """A server that lets in who shows its token, reachable by two addresses."""

    def __init__(self, service: FakeService, context: BackendContext) -> None:
        super().__init__(service.server(context.source.server_id), context)
        self._service = service
        self._source = context.source
        self._attempts: tuple[ConnectAttempt, ...] = ()

    async def connect(self) -> ServerFacts:
        pinned = self._source.config.get(PINNED_ADDRESS, "")
        address = pinned or ADDRESSES[0]
        self._attempts = (
            ConnectAttempt(at=UnixSeconds(1), step=f"try {address}", outcome="ok", detail=""),
        )
        facts = await super().connect()
        server_id = self._source.server_id
        token = self.context.credentials.token if self.context and self.context.credentials else ""
        self._service.used.setdefault(server_id, []).append(token)
        accepted = self._service.accepts.get(server_id) or self._service.server_tokens.get(
            server_id
        )
        if token != accepted:
            raise AuthRequiredError("the server does not know the token")
        return ServerFacts(
            server_id=facts.server_id, name=facts.name, address=address, route=Route.LOCAL
        )

    @property
    def attempts(self) -> tuple[ConnectAttempt, ...]:
        return self._attempts

    def connections(self) -> tuple[Connection, ...]:
        pinned = self._source.config.get(PINNED_ADDRESS, "")
        return tuple(
            Connection(address=address, route=Route.LOCAL, pinned=address == pinned)
            for address in self._source.config["addresses"].split()
        )

    async def test_connections(self) -> tuple[Connection, ...]:
        if self._server.error is not None:
            raise self._server.error
        return tuple(
            Connection(address=one.address, route=one.route, outcome="ok")
            for one in self.connections()
        )


def club_spec(service: FakeService) -> BackendSpec:
    """Return a spec whose accounts are those of the service."""
    return BackendSpec(
        kind=CLUB,
        display_name="Club",
        options=(
            OptionSpec(
                name="token", signature="s", description="token", required=True, secret=True
            ),
        ),
        add=service.add,
        open=service.open,
        login=service.login,
        login_options=(OptionSpec(name="by", signature="s", description="how", required=True),),
        servers=service.ask_servers,
        sign_out=service.sign_out,
        discover=service.discover,
    )


UNREACHABLE = UnreachableError("the service is down", reason=StatusReason.SERVER_ERROR)
BROKEN = BadResponseError("the service answers nonsense")
