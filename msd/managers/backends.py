"""BackendManager: the backends that can be added, and the live client of each source."""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from functools import cached_property
from pathlib import Path

import anyio
from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from msd.backend_api import (
    AccountContext,
    AccountServers,
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    DiscoverContext,
    FoundServer,
    HasConnections,
    LoginDialogue,
    MediaBackend,
    NewAccount,
    NewSources,
)
from msd.backend_api.accounts import OptionValue
from msd.backend_api.options import check_options, checked_trust, secrets_of, with_trust
from msd.errors import InvalidArgumentError, NotSupportedError, UnreachableError
from msd.models import (
    Account,
    BackendKind,
    BackendView,
    Capability,
    ConnectAttempt,
    LibraryType,
    RemoteId,
    ServerFacts,
    Source,
    SourceId,
    StatusReason,
)
from msd.redaction import Redactor

CLIENT_NAME = "msd"


class _Open(Struct, frozen=True):
    """A backend, and what it was opened with that may change."""

    backend: MediaBackend
    credentials: Credentials | None
    config: Mapping[str, str]

    def is_of(self, source: Source, credentials: Credentials | None) -> bool:
        return (self.credentials, dict(self.config)) == (credentials, dict(source.config))


class BackendManager:
    """Opens, connects and closes backends; one per source at most."""

    def __init__(
        self,
        discover: Callable[[], Mapping[BackendKind, BackendSpec]],
        *,
        installation_id: str,
        client_version: str,
        device_name: str,
        cache_dir: Path,
        redactor: Redactor | None = None,
    ) -> None:
        self._redactor = redactor or Redactor()
        self._discover = discover
        self._installation_id = installation_id
        self._client_version = client_version
        self.device_name = device_name
        self._cache_dir = cache_dir
        self._open: dict[SourceId, _Open] = {}
        self._turns: defaultdict[SourceId, anyio.Lock] = defaultdict(anyio.Lock)

    @cached_property
    def _specs(self) -> Mapping[BackendKind, BackendSpec]:
        return self._discover()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of sources that can be added."""
        return tuple(sorted(self._specs))

    def described(self) -> tuple[BackendView, ...]:
        """Return every kind that can be added, with the options that it takes."""
        return tuple(
            BackendView(
                kind=kind,
                name=spec.display_name,
                options=spec.options,
                login_options=spec.login_options if spec.login else None,
                is_discoverable=spec.discover is not None,
            )
            for kind, spec in sorted(self._specs.items())
        )

    @property
    def discovering(self) -> tuple[BackendKind, ...]:
        """The kinds that can look around on the local network."""
        return tuple(sorted(kind for kind, spec in self._specs.items() if spec.discover))

    def has_servers(self, kind: BackendKind) -> bool:
        """Return whether an account of this kind brings several servers (A2)."""
        return self._spec(kind).servers is not None

    async def add(
        self, kind: BackendKind, options: Mapping[str, OptionValue], *, device_id: str
    ) -> NewSources:
        """Verify a new source with its server; nothing is stored.

        Raises:
            InvalidArgumentError: unknown kind, or options that the kind doesn't take.
            BackendError: what the server said against it.
        """
        spec = self._spec(kind)
        check_options(spec.kind, spec.options, options)
        trust = await checked_trust(options)
        context = self._add_context(device_id, trust)
        with self._redactor.hiding(*secrets_of(spec.options, options)):
            verified = await spec.add(options, context)
        self._learn(verified.account)
        return with_trust(verified, trust)

    def takes_certificates(self, kind: BackendKind) -> bool:
        """Return whether a source of this kind can trust a certificate of its own (K3)."""
        return self._spec(kind).has_certificates

    def _learn(self, account: NewAccount | None) -> None:
        """Have what a sign-in brought taken out of everything, names of servers included."""
        if account is not None:
            tokens = account.credentials.server_tokens.values()
            self._redactor.learn(account.credentials.token, *tokens)

    def check_login(
        self, kind: BackendKind, options: Mapping[str, OptionValue], *, is_renewal: bool = False
    ) -> None:
        """Check that a login with these options can be begun.

        Args:
            kind: the backend.
            options: its options by name.
            is_renewal: a source stands for the options that are required otherwise.

        Raises:
            NotSupportedError: nobody signs in to sources of this kind, or not in a dialogue.
            InvalidArgumentError: unknown kind, or options that the kind doesn't take.
        """
        spec = self._spec(kind)
        if spec.login is None:
            raise NotSupportedError(f"{kind} has no interactive sign-in; add it with its options")
        check_options(spec.kind, spec.login_options, options, are_required=not is_renewal)

    async def login(
        self,
        kind: BackendKind,
        options: Mapping[str, OptionValue],
        dialogue: LoginDialogue,
        *,
        device_id: str,
        renewed: tuple[Source, Account] | None = None,
    ) -> NewSources:
        """Sign in while a person answers; nothing but what the dialogue keeps is stored.

        Raises:
            BackendError: what the server said against it.
        """
        spec = self._spec(kind)
        if spec.login is None:
            raise NotSupportedError(f"{kind} has no interactive sign-in; add it with its options")
        trust = await checked_trust(options if renewed is None else renewed[0].config)
        context = self._add_context(device_id, trust)
        if renewed is not None:
            context = replace(context, source=renewed[0], account=renewed[1])
        with self._redactor.hiding(*secrets_of(spec.login_options, options)):
            verified = await spec.login(options, context, dialogue)
        self._learn(verified.account)
        return with_trust(verified, trust)

    def hiding(self, *secrets: str) -> AbstractContextManager[None]:
        """Keep what somebody typed out of logs and errors for as long as it is used."""
        return self._redactor.hiding(*secrets)

    async def servers(self, account: Account, credentials: Credentials) -> AccountServers:
        """Ask the sign-in service which servers an account reaches now.

        Raises:
            NotSupportedError: an account of this kind is one of a single server.
            AuthRequiredError: the service no longer accepts the account.
            BackendError: the service can't be asked.
        """
        ask = self._spec(account.kind).servers
        if ask is None:
            raise NotSupportedError(f"a {account.kind} account has one server")
        return await ask(self._account_context(account, credentials))

    def discover(self, kind: BackendKind) -> AsyncGenerator[FoundServer, None]:
        """Yield the servers of a kind that answer on the local network.

        Raises:
            NotSupportedError: the backend can't look around.
        """
        look = self._spec(kind).discover
        if look is None:
            raise NotSupportedError(f"{kind} servers can't be looked for")
        return look(
            DiscoverContext(
                client_name=CLIENT_NAME,
                client_version=self._client_version,
                device_name=self.device_name,
            )
        )

    async def connect(
        self,
        source: Source,
        account: Account | None,
        credentials: Credentials | None,
        content_types: Mapping[RemoteId, LibraryType],
    ) -> ServerFacts:
        """Open the source's backend if need be and check that its server accepts us.

        Raises:
            BackendError: docs/faults.md says what each does to the status.
        """
        backend = await self._open_backend(source, account, credentials, content_types)
        return await backend.connect()

    async def sign_out(
        self, source: Source, account: Account | None, credentials: Credentials | None
    ) -> None:
        """Give the credentials of an account back whose last source this is."""
        if account is not None and credentials is not None:
            if self._spec(account.kind).sign_out is not None:
                await self.sign_out_account(account, credentials)
                return
            credentials = credentials.for_server(source.server_id)
        backend = await self._open_backend(source, account, credentials, {})
        await backend.sign_out()

    async def sign_out_account(self, account: Account, credentials: Credentials) -> None:
        """Give an account's credentials back to its sign-in service, where there is one."""
        sign_out = self._spec(account.kind).sign_out
        if sign_out is not None:
            await sign_out(self._account_context(account, credentials))

    def opened(self, source_id: SourceId) -> MediaBackend:
        """Return the open backend of a source.

        Raises:
            UnreachableError: it was not opened yet.
        """
        try:
            return self._open[source_id].backend
        except KeyError:
            raise UnreachableError(
                "the source is not connected yet", reason=StatusReason.CONNECTING
            ) from None

    def capabilities(self, source_id: SourceId) -> frozenset[Capability]:
        """Return what an open backend can do; nothing before it is opened."""
        opened = self._open.get(source_id)
        return frozenset() if opened is None else opened.backend.capabilities

    def attempts(self, source_id: SourceId) -> tuple[ConnectAttempt, ...]:
        """Return what the last connect tried, address by address, where there are several."""
        opened = self._open.get(source_id)
        if opened is None or not isinstance(opened.backend, HasConnections):
            return ()
        return opened.backend.attempts

    @asynccontextmanager
    async def with_connections(self, source: Source) -> AsyncIterator[HasConnections]:
        """Lend the source's backend, or, while it is closed, one that nobody is signed in to.

        Raises:
            NotSupportedError: its server has one address.
        """
        opened = self._open.get(source.id)
        if opened is not None:
            yield _several(opened.backend)
            return
        context = self._context(source, None, None, {})
        backend = await to_thread.run_sync(self._spec(source.kind).open, context)
        try:
            yield _several(backend)
        finally:
            await backend.aclose()

    async def close(self, source_id: SourceId) -> None:
        """Close the source's backend; a later connect opens a new one."""
        async with self._turns[source_id]:  # one that is being opened is closed, too
            opened = self._open.pop(source_id, None)
        if opened is not None:
            await opened.backend.aclose()

    async def _open_backend(
        self,
        source: Source,
        account: Account | None,
        credentials: Credentials | None,
        content_types: Mapping[RemoteId, LibraryType],
    ) -> MediaBackend:
        async with self._turns[source.id]:
            opened = self._open.get(source.id)
            if opened is not None and opened.is_of(source, credentials):
                return opened.backend
            if opened is not None:  # signed in to again, or found elsewhere now
                del self._open[source.id]
                await opened.backend.aclose()
            context = self._context(source, account, credentials, content_types)
            # In a thread, for a backend's first use imports its HTTP library.
            backend = await to_thread.run_sync(self._spec(source.kind).open, context)
            self._open[source.id] = _Open(backend, credentials, source.config)
            return backend

    def _context(
        self,
        source: Source,
        account: Account | None,
        credentials: Credentials | None,
        content_types: Mapping[RemoteId, LibraryType],
    ) -> BackendContext:
        return BackendContext(
            source=source,
            credentials=credentials,
            device_id="" if account is None else account.device_id,
            client_name=CLIENT_NAME,
            client_version=self._client_version,
            device_name=self.device_name,
            cache_dir=self._cache_dir / "backends" / source.id,
            content_types=content_types,
        )

    def _add_context(self, device_id: str, trust: Mapping[str, str]) -> AddContext:
        return AddContext(
            installation_id=self._installation_id,
            device_id=device_id,
            client_name=CLIENT_NAME,
            client_version=self._client_version,
            device_name=self.device_name,
            trust=trust,
        )

    def _account_context(self, account: Account, credentials: Credentials) -> AccountContext:
        return AccountContext(
            account=account,
            credentials=credentials,
            client_name=CLIENT_NAME,
            client_version=self._client_version,
            device_name=self.device_name,
        )

    def _spec(self, kind: BackendKind) -> BackendSpec:
        try:
            return self._specs[kind]
        except KeyError:
            known = ", ".join(self.kinds)
            raise InvalidArgumentError(
                f"no backend is called {kind!r}; there are: {known}"
            ) from None


def _several(backend: MediaBackend) -> HasConnections:
    if not isinstance(backend, HasConnections):
        raise NotSupportedError("the server of this source has one address")
    return backend
