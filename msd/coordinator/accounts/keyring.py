"""The store of secrets as it is shown, and unlocking it: the only prompt that msd raises (K2)."""

from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.services import Services
from msd.errors import KeyringLockedError
from msd.models import JobId, JobKind, SourceId

NO_SOURCE = SourceId("")


class Keyring:
    """Unlocks the keyring; there is at most one prompt at a time."""

    def __init__(self, services: Services, jobs: Jobs) -> None:
        self._auth = services.auth
        self._jobs = jobs

    def unlock(self) -> JobId:
        """Raise the keyring's own prompt, or join the prompt that is open."""
        running = self._jobs.active(JobKind.UNLOCK, NO_SOURCE)
        if running is not None:
            return running
        return self._jobs.start(JobKind.UNLOCK, NO_SOURCE, self._unlock)

    async def _unlock(self, job: JobHandle) -> Result:
        job.running()
        if not await self._auth.unlock():
            raise KeyringLockedError("the keyring is still locked")
        return {}
