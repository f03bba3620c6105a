"""BackendManager: the backends that can be added, and the live client of each source."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import anyio
from anyio import to_thread

from msd.backend_api import (
    AddContext,
    BackendContext,
    BackendSpec,
    Credentials,
    MediaBackend,
    NewSources,
)
from msd.backend_api.accounts import OptionValue
from msd.errors import InvalidArgumentError, UnreachableError
from msd.models import (
    Account,
    BackendKind,
    Capability,
    LibraryType,
    RemoteId,
    ServerFacts,
    Source,
    SourceId,
    StatusReason,
)

_PYTHON_TYPES: Mapping[str, type] = {"s": str, "b": bool, "u": int}


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
    ) -> None:
        self._discover = discover
        self._installation_id = installation_id
        self._client_version = client_version
        self.device_name = device_name
        self._cache_dir = cache_dir
        self._open: dict[SourceId, MediaBackend] = {}
        self._turns: defaultdict[SourceId, anyio.Lock] = defaultdict(anyio.Lock)

    @cached_property
    def _specs(self) -> Mapping[BackendKind, BackendSpec]:
        return self._discover()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of sources that can be added."""
        return tuple(sorted(self._specs))

    async def add(
        self, kind: BackendKind, options: Mapping[str, OptionValue], *, device_id: str
    ) -> NewSources:
        """Verify a new source with its server; nothing is stored.

        Raises:
            InvalidArgumentError: unknown kind, or options that the kind doesn't take.
            BackendError: what the server said against it.
        """
        spec = self._spec(kind)
        _check_options(spec, options)
        context = AddContext(
            installation_id=self._installation_id,
            device_id=device_id,
            client_name="msd",
            client_version=self._client_version,
            device_name=self.device_name,
        )
        return await spec.add(options, context)

    async def connect(
        self,
        source: Source,
        account: Account | None,
        credentials: Credentials | None,
        content_types: Mapping[RemoteId, LibraryType],
    ) -> ServerFacts:
        """Open the source's backend if need be and check that its server accepts us.

        Raises:
            BackendError: see behaviour §3 for what each does to the status.
        """
        backend = await self._opened(source, account, credentials, content_types)
        return await backend.connect()

    async def sign_out(
        self, source: Source, account: Account | None, credentials: Credentials | None
    ) -> None:
        """Give a source's credentials back to its server."""
        backend = await self._opened(source, account, credentials, {})
        await backend.sign_out()

    def live(self, source_id: SourceId) -> MediaBackend:
        """Return the open backend of a source.

        Raises:
            UnreachableError: it was not opened yet.
        """
        try:
            return self._open[source_id]
        except KeyError:
            raise UnreachableError(
                "the source is not connected yet", reason=StatusReason.CONNECTING
            ) from None

    def capabilities(self, source_id: SourceId) -> frozenset[Capability]:
        """Return what an open backend can do; nothing before it is opened."""
        backend = self._open.get(source_id)
        return frozenset() if backend is None else backend.capabilities

    async def close(self, source_id: SourceId) -> None:
        """Close the source's backend; a later connect opens a new one."""
        async with self._turns[source_id]:  # one that is being opened is closed, too
            backend = self._open.pop(source_id, None)
        if backend is not None:
            await backend.aclose()

    async def _opened(
        self,
        source: Source,
        account: Account | None,
        credentials: Credentials | None,
        content_types: Mapping[RemoteId, LibraryType],
    ) -> MediaBackend:
        async with self._turns[source.id]:
            if source.id not in self._open:
                context = self._context(source, account, credentials, content_types)
                # In a thread, for a backend's first use imports its HTTP library.
                backend = await to_thread.run_sync(self._spec(source.kind).open, context)
                self._open[source.id] = backend
            return self._open[source.id]

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
            client_name="msd",
            client_version=self._client_version,
            device_name=self.device_name,
            cache_dir=self._cache_dir / "backends" / source.id,
            content_types=content_types,
        )

    def _spec(self, kind: BackendKind) -> BackendSpec:
        try:
            return self._specs[kind]
        except KeyError:
            known = ", ".join(self.kinds)
            raise InvalidArgumentError(
                f"no backend is called {kind!r}; there are: {known}"
            ) from None


def _check_options(spec: BackendSpec, options: Mapping[str, OptionValue]) -> None:
    known = {option.name: option for option in spec.options}
    for name, value in options.items():
        if name not in known:
            names = ", ".join(known)
            raise InvalidArgumentError(f"{spec.kind} has no option {name!r}; it takes: {names}")
        if type(value) is not _PYTHON_TYPES[known[name].signature]:
            raise InvalidArgumentError(f"option {name} must be of type {known[name].signature}")
    for option in spec.options:
        if option.required and option.name not in options:
            raise InvalidArgumentError(f"{spec.kind} needs the option {option.name}")
