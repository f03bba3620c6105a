"""The feed of changes for callers that were not there when they were told (Y10)."""

from msd.coordinator.services import Services
from msd.errors import InvalidArgumentError, LimitExceededError
from msd.models import ChangeSet

MOST_CHANGES = 5000  # a sync commits fewer rows at once, so an answer makes progress


class ChangeFeed:
    """Answers from the cache."""

    def __init__(self, services: Services) -> None:
        self._cache = services.cache
        self._registry = services.registry

    async def changes(self, since: int, limit: int) -> ChangeSet:
        """Return what changed after a revision.

        Raises:
            InvalidArgumentError: the limit is 0.
            LimitExceededError: it is more than `MOST_CHANGES`.
        """
        if limit < 1:
            raise InvalidArgumentError("limit must be at least 1")
        if limit > MOST_CHANGES:
            raise LimitExceededError(f"limit is {limit}; at most {MOST_CHANGES} are told at once")
        hidden = self._registry.removed().keys()
        return await self._cache.changes(since, limit, hidden=hidden)
