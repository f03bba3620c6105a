"""The addresses at which the server of a source may be reached, and the one that the user pins."""

from types import MappingProxyType

import anyio

from msd.backend_api import PINNED_ADDRESS
from msd.coordinator.error_boundary import guarded
from msd.coordinator.services import Services
from msd.errors import InvalidArgumentError, UnreachableError
from msd.events import EventStream, SourceAccessChanged, SourceChanged
from msd.models import Connection, Source, SourceId

TEST_S = 19.0  # bus clients give up after 25 s, and the contract says 20


class Connections:
    """Lists, tests and pins addresses; for backends whose servers have several."""

    def __init__(self, services: Services, events: EventStream) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._events = events

    async def list(self, source_id: SourceId) -> tuple[Connection, ...]:
        """Return the known addresses, best first; no request is sent.

        Raises:
            UnknownSourceError: no source has this id.
            NotSupportedError: servers of this kind have one address.
        """
        source = self._registry.source(source_id)
        async with self._backends.with_connections(source) as backend:
            return backend.connections()

    async def test(self, source_id: SourceId) -> tuple[Connection, ...]:
        """Try every address once and return the outcomes.

        Raises:
            UnreachableError: the test took longer than `TEST_S`.
            As `list`.
        """
        source = self._registry.source(source_id)
        async with self._backends.with_connections(source) as backend:
            try:
                with anyio.fail_after(TEST_S):
                    return await guarded(backend.test_connections, f"testing {source_id}")
            except TimeoutError as exc:
                raise UnreachableError(f"no answer within {TEST_S:.0f} s") from exc

    async def pin(self, source_id: SourceId, address: str) -> None:
        """Use one address and no other; "" leaves the choice to the backend again.

        Raises:
            InvalidArgumentError: the server has no such address.
            As `list`.
        """
        known = [connection.address for connection in await self.list(source_id)]
        if address and address not in known:
            raise InvalidArgumentError(
                f"the source has no such address; its addresses are: {', '.join(known)}"
            )
        source = self._registry.source(source_id)
        if _pinned(source) == address:
            return
        config = {key: value for key, value in source.config.items() if key != PINNED_ADDRESS}
        if address:
            config[PINNED_ADDRESS] = address
        await self._registry.change(source_id, config=MappingProxyType(config))
        self._events.publish(SourceChanged(source_id))
        self._events.publish(SourceAccessChanged(source_id))


def _pinned(source: Source) -> str:
    return source.config.get(PINNED_ADDRESS, "")
