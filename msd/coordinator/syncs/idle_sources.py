"""Which sources may be asked for something that nobody waits for (Y24)."""

from collections.abc import Sequence

from msd.backend_api.details import HasDetailPages
from msd.coordinator.services import Services
from msd.coordinator.sources.status import Auth, Link
from msd.coordinator.sources.status_registry import StatusRegistry
from msd.coordinator.syncs.sync_jobs import SyncJobs
from msd.errors import UnreachableError
from msd.models import SourceId


class IdleSources:
    """Knows the user's wish, the network, and what each source does at this moment."""

    def __init__(self, services: Services, statuses: StatusRegistry, sync_jobs: SyncJobs) -> None:
        self._settings = services.settings
        self._registry = services.registry
        self._backends = services.backends
        self._network = services.network
        self._statuses = statuses
        self._sync_jobs = sync_jobs

    @property
    def wants_details(self) -> bool:
        """Whether the user has details fetched at all."""
        return self._settings.sync.details

    def all(self) -> Sequence[SourceId]:
        """Return every source that is shown, in the user's order."""
        sources = self._registry.sources()
        return [source.id for source in sources if self._statuses.has(source.id)]

    def can_be_asked(self, source_id: SourceId) -> bool:
        """Return whether a source is connected and idle, and asking it costs no money."""
        if not self.wants_details or not self._statuses.has(source_id):
            return False
        axes = self._statuses.axes(source_id)
        return (
            self._network.metered != "yes"
            and axes.link is Link.ONLINE
            and axes.auth is Auth.OK
            and self._sync_jobs.job(source_id) is None
            and self.gives_pages(source_id)
        )

    def gives_pages(self, source_id: SourceId) -> bool:
        """Return whether the kind of a source gives details in pages; True until it is opened."""
        try:
            return isinstance(self._backends.opened(source_id), HasDetailPages)
        except UnreachableError:
            return True
