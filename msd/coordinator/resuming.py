"""Going on after a new sign-in: the sources connect again and their syncs begin again (A3)."""

from collections.abc import Callable

from msd.coordinator.fleet import Fleet
from msd.coordinator.freshness import Freshness
from msd.coordinator.services import Services
from msd.events import AccountChanged, Event
from msd.models import AccountId, SourceId


class Resuming:
    """Remembers which sources to sync as soon as they are connected."""

    def __init__(
        self,
        services: Services,
        fleet: Fleet,
        freshness: Freshness,
        publish: Callable[[Event], None],
    ) -> None:
        self._registry = services.registry
        self._fleet = fleet
        self._freshness = freshness
        self._syncing = freshness.syncing
        self._publish = publish
        self._interrupted: set[SourceId] = set()

    async def renewed(self, account_id: AccountId) -> None:
        """Go on with new credentials, also with the sync that the old ones ended."""
        for source_id in self._registry.sources_of(account_id):
            failed = self._registry.source(source_id).last_sync_error
            if failed or self._syncing.job(source_id) is not None:
                self._interrupted.add(source_id)
                await self._syncing.stop(source_id)
            self._freshness.renew(source_id)
            self._fleet.kick(source_id)
        self._publish(AccountChanged(account_id))

    def again(self, source_id: SourceId) -> None:
        """Connect with what changed of an account, and redo the sync that failed before."""
        if self._registry.source(source_id).last_sync_error:
            self._interrupted.add(source_id)
        self._fleet.kick(source_id)

    async def connected(self, source_id: SourceId) -> None:
        """Begin the sync that a source owes, or the one that its libraries' policies ask for."""
        if source_id in self._interrupted:
            self._interrupted.discard(source_id)
            self._syncing.start_if_possible(source_id)
        await self._syncing.catch_up(source_id)
