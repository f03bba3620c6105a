"""The store of credentials as a whole, and unlocking it: all in msd that raises a prompt (K2)."""

from msd.coordinator.jobs import JobHandle, Jobs, Result
from msd.coordinator.services import Services
from msd.errors import KeyringLockedError
from msd.models import JobId, JobKind, SourceId

NO_SOURCE = SourceId("")


class Unlocking:
    """One prompt at a time."""

    def __init__(self, services: Services, jobs: Jobs) -> None:
        self._auth = services.auth
        self._jobs = jobs
        self.store = services.settings.secrets.store

    @property
    def keyring_state(self) -> str:
        """Whether the keyring can be used: available, locked, absent, or unknown yet."""
        return self._auth.keyring_state

    def start(self) -> JobId:
        """Raise the prompt, or join the one that is open already."""
        running = self._jobs.active(JobKind.UNLOCK, NO_SOURCE)
        if running is not None:
            return running
        return self._jobs.start(JobKind.UNLOCK, NO_SOURCE, self._unlock)

    async def _unlock(self, job: JobHandle) -> Result:
        job.running()
        if not await self._auth.unlock():
            raise KeyringLockedError("the keyring is still locked")
        return {}
