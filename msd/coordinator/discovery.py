"""Which kinds of sources there are, and the search for servers on the local network."""

import logging
from collections.abc import Callable
from contextlib import aclosing

import anyio

from msd.backend_api import FoundServer
from msd.coordinator.error_boundary import guarded
from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.services import Services
from msd.errors import MsdError, NotSupportedError
from msd.events import EventStream, ServerFound
from msd.models import BackendKind, BackendView, JobId, JobKind, SourceId

SEARCH_S = 15.0  # in all; backends end sooner by themselves
MAX_FOUND = 200
MAX_TEXT = 500
NO_SOURCE = SourceId("")

log = logging.getLogger(__name__)

Key = tuple[BackendKind, str]


class Discovery:
    """Finds servers on the local network; adding one checks what it says of itself."""

    def __init__(self, services: Services, jobs: Jobs, events: EventStream) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._jobs = jobs
        self._events = events

    def backends(self) -> tuple[BackendView, ...]:
        """Return every kind of sources that can be added, with the options that it takes."""
        return self._backends.described()

    def start(self) -> JobId:
        """Start a search, or join the one that is running.

        Raises:
            NotSupportedError: no backend can search.
            LimitExceededError: too many jobs run.
        """
        running = self._jobs.active(JobKind.DISCOVER, NO_SOURCE)
        if running is not None:
            return running
        if not self._backends.discovering:
            raise NotSupportedError("no kind of source can be searched for on the network")
        return self._jobs.start(JobKind.DISCOVER, NO_SOURCE, self._search)

    async def _search(self, job: JobHandle) -> Result:
        job.running()
        servers: dict[Key, dict[str, str | bool]] = {}

        def add(kind: BackendKind, server: FoundServer) -> None:
            key = (kind, server.server_id)
            if key in servers or len(servers) >= MAX_FOUND or not _is_usable(server):
                return
            servers[key] = self._shown(kind, server)
            job.report(_result(servers))
            self._events.publish(ServerFound(job.id, servers[key]))

        with anyio.move_on_after(SEARCH_S):
            async with anyio.create_task_group() as searches:
                for kind in self._backends.discovering:
                    searches.start_soon(self._search_kind, kind, add)
        return _result(servers)

    async def _search_kind(
        self, kind: BackendKind, add: Callable[[BackendKind, FoundServer], None]
    ) -> None:
        async def search() -> None:
            async with aclosing(self._backends.discover(kind)) as servers:
                async for server in servers:
                    add(kind, server)

        try:
            await guarded(search, f"searching for {kind} servers")
        except MsdError as error:
            log.info("searching for %s servers failed: %s", kind, error)

    def _shown(self, kind: BackendKind, server: FoundServer) -> dict[str, str | bool]:
        known = {(source.kind, source.server_id) for source in self._registry.sources()}
        return {
            "kind": kind,
            "server_id": server.server_id,
            "name": server.name,
            "address": server.address,
            "version": server.version,
            "is_known": (kind, server.server_id) in known,
        }


def _is_usable(server: FoundServer) -> bool:
    texts = (server.server_id, server.name, server.address, server.version)
    return bool(server.server_id and server.address) and all(
        len(text) <= MAX_TEXT and text.isprintable() for text in texts
    )


def _result(servers: dict[Key, dict[str, str | bool]]) -> Result:
    return {"found": len(servers), "servers": tuple(servers.values())}
