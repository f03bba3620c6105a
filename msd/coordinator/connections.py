"""The addresses at which the server of a source may be reached, and the one that the user pins."""

from collections.abc import Callable
from types import MappingProxyType

import anyio

from msd.backend_api import PINNED_ADDRESS
from msd.coordinator.containment import contained
from msd.coordinator.services import Services
from msd.errors import InvalidArgumentError, UnreachableError
from msd.events import Event, SourceChanged
from msd.models import Connection, Source, SourceId

TEST_S = 19.0  # bus clients give up after 25 s, and the contract says 20


class Connections:
    """Lists, tries and pins addresses; for backends whose servers have several."""

    def __init__(
        self,
        services: Services,
        *,
        publish: Callable[[Event], None],
        reconnect: Callable[[SourceId], None],
    ) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._publish = publish
        self._reconnect = reconnect

    async def list(self, source_id: SourceId) -> tuple[Connection, ...]:
        """Return the addresses that are known, best first; no I/O.

        Raises:
            UnknownSourceError: there is no such source.
            NotSupportedError: its server has one address.
        """
        source = self._registry.source(source_id)
        async with self._backends.with_connections(source) as backend:
            return backend.connections()

    async def test(self, source_id: SourceId) -> tuple[Connection, ...]:
        """Try every address once and return what came of it.

        Raises:
            UnreachableError: it took too long.
            As `list`.
        """
        source = self._registry.source(source_id)
        async with self._backends.with_connections(source) as backend:
            try:
                with anyio.fail_after(TEST_S):
                    return await contained(backend.test_connections, f"testing {source_id}")
            except TimeoutError as exc:
                raise UnreachableError(f"no answer within {TEST_S:.0f} s") from exc

    async def pin(self, source_id: SourceId, address: str) -> None:
        """Use one address and no other, or, with "", leave the choice to the backend.

        Raises:
            InvalidArgumentError: the server has no such address.
            As `list`.
        """
        known = [connection.address for connection in await self.list(source_id)]
        if address and address not in known:
            raise InvalidArgumentError("the source has no such address; ListConnections tells all")
        source = self._registry.source(source_id)
        if _pinned(source) == address:
            return
        config = {key: value for key, value in source.config.items() if key != PINNED_ADDRESS}
        if address:
            config[PINNED_ADDRESS] = address
        await self._registry.change(source_id, config=MappingProxyType(config))
        self._publish(SourceChanged(source_id))
        self._reconnect(source_id)


def _pinned(source: Source) -> str:
    return source.config.get(PINNED_ADDRESS, "")
