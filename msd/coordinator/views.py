"""What is shown of sources and accounts at one moment, gathered from where it lives."""

from msd.coordinator.board import StatusBoard
from msd.coordinator.jobs import Jobs
from msd.coordinator.services import Services
from msd.models import Account, AccountView, JobKind, Source, SourceView


class Views:
    """Gathers snapshots; nothing is computed that isn't in memory."""

    def __init__(self, services: Services, board: StatusBoard, jobs: Jobs) -> None:
        self._services = services
        self._board = board
        self._jobs = jobs

    def source(self, source: Source) -> SourceView:
        """Return everything that is shown of a source."""
        libraries, items = self._services.cache.counts(source.id)
        attempts, next_retry = self._board.retry(source.id)
        return SourceView(
            source=source,
            status=self._board.status(source.id),
            facts=self._board.axes(source.id).facts,
            next_retry=next_retry,
            attempts=attempts,
            library_count=libraries,
            item_count=items,
            capabilities=self._services.backends.capabilities(source.id),
            live=self._board.live(source.id),
            sync_job=self._jobs.active(JobKind.SYNC, source.id),
        )

    def account(self, account: Account) -> AccountView:
        """Return everything that is shown of an account."""
        sources = self._services.registry.sources_of(account.id)
        return AccountView(
            account=account, auth_state=self._board.auth_state(sources), source_ids=sources
        )
