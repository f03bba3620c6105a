"""Discovery: a job that asks the local network, by every backend that can, all at once."""

import logging
from collections.abc import Callable
from contextlib import aclosing

import anyio

from msd.backend_api import FoundServer
from msd.coordinator.containment import contained
from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.services import Services
from msd.errors import MsdError, NotSupportedError
from msd.events import Event, ServerFound
from msd.models import BackendKind, JobId, JobKind, SourceId

LOOK_S = 15.0  # in all; backends end sooner by themselves
MAX_FOUND = 200
MAX_TEXT = 500
NO_SOURCE = SourceId("")

log = logging.getLogger(__name__)

Key = tuple[BackendKind, str]


class Discovery:
    """Finds servers; what it finds is a claim that adding will check."""

    def __init__(self, services: Services, jobs: Jobs, publish: Callable[[Event], None]) -> None:
        self._registry = services.registry
        self._backends = services.backends
        self._jobs = jobs
        self._publish = publish

    def start(self) -> JobId:
        """Start to look around, or join who does so already.

        Raises:
            NotSupportedError: no backend can.
            LimitExceededError: too many jobs run.
        """
        running = self._jobs.active(JobKind.DISCOVER, NO_SOURCE)
        if running is not None:
            return running
        if not self._backends.discovering:
            raise NotSupportedError("no backend can look around on the network")
        return self._jobs.start(JobKind.DISCOVER, NO_SOURCE, self._look)

    async def _look(self, job: JobHandle) -> Result:
        job.running()
        found: dict[Key, dict[str, str | bool]] = {}

        def take(kind: BackendKind, server: FoundServer) -> None:
            key = (kind, server.server_id)
            if key in found or len(found) >= MAX_FOUND or not _is_usable(server):
                return
            found[key] = self._shown(kind, server)
            job.tell(_result(found))
            self._publish(ServerFound(job.id, found[key]))

        with anyio.move_on_after(LOOK_S):
            async with anyio.create_task_group() as looking:
                for kind in self._backends.discovering:
                    looking.start_soon(self._look_for, kind, take)
        return _result(found)

    async def _look_for(
        self, kind: BackendKind, take: Callable[[BackendKind, FoundServer], None]
    ) -> None:
        async def look() -> None:
            async with aclosing(self._backends.discover(kind)) as servers:
                async for server in servers:
                    take(kind, server)

        try:
            await contained(look, f"looking for {kind} servers")
        except MsdError as error:
            log.info("looking for %s servers failed: %s", kind, error)

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


def _result(found: dict[Key, dict[str, str | bool]]) -> Result:
    return {"found": len(found), "servers": tuple(found.values())}
