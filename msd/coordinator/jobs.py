"""Jobs: long operations with progress, cancel and result, shown for a minute after their end."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace

from msd.coordinator.containment import contained
from msd.errors import LimitExceededError, MsdError, UnknownJobError
from msd.events import Event, JobAdded, JobChanged, JobFinished, JobRemoved
from msd.models import Job, JobId, JobKind, JobState, JobValue, SourceId, UnixSeconds

KEPT_S = 60.0
MAX_RUNNING = 200
MAX_ENDED = 200  # the oldest go before their minute is over
FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

log = logging.getLogger(__name__)

Result = Mapping[str, JobValue]


class JobHandle:
    """What the work of a job tells about itself."""

    def __init__(self, update: Callable[..., None], job_id: JobId) -> None:
        self._update = update
        self.id = job_id

    def running(self) -> None:
        """Say that the work has begun."""
        self._update(state=JobState.RUNNING, started_at=UnixSeconds(int(time.time())))

    def progress(self, *, phase: str, done: int, total: int | None) -> None:
        """Say how far the work is."""
        self._update(phase=phase, done=done, total=total)

    def tell(self, result: Result) -> None:
        """Show what there is so far."""
        self._update(result=result)


@dataclass(slots=True)
class _Running:
    job: Job
    scope: anyio.CancelScope
    ended: anyio.Event


class Jobs:
    """Every job of the daemon; their tasks belong to the task group that is given."""

    def __init__(self, tasks: TaskGroup, publish: Callable[[Event], None]) -> None:
        self._tasks = tasks
        self._publish = publish
        self._jobs: dict[JobId, _Running] = {}
        self._last_id = 0

    def start(
        self,
        kind: JobKind,
        source_id: SourceId,
        work: Callable[[JobHandle], Awaitable[Result]],
    ) -> JobId:
        """Start a job and return its id at once.

        Raises:
            LimitExceededError: too many jobs run.
        """
        if sum(one.job.state not in FINAL for one in self._jobs.values()) >= MAX_RUNNING:
            raise LimitExceededError(f"{MAX_RUNNING} jobs are running already")
        self._forget_oldest()
        self._last_id += 1
        job = Job(id=JobId(self._last_id), kind=kind, source_id=source_id, state=JobState.QUEUED)
        running = _Running(job, anyio.CancelScope(), anyio.Event())
        self._jobs[job.id] = running
        self._publish(JobAdded(job.id))
        self._tasks.start_soon(self._run, running, work)
        return job.id

    def get(self, job_id: JobId) -> Job:
        """Return a job.

        Raises:
            UnknownJobError: there is none, or it ended more than a minute ago.
        """
        return self._running(job_id).job

    def all(self) -> tuple[Job, ...]:
        """Return every job, ended ones of the last minute included."""
        return tuple(running.job for running in self._jobs.values())

    def active(self, kind: JobKind, source_id: SourceId) -> JobId | None:
        """Return the job of a kind that runs or waits for a source."""
        for running in self._jobs.values():
            job = running.job
            if (job.kind, job.source_id) == (kind, source_id) and job.state not in FINAL:
                return job.id
        return None

    def cancel(self, job_id: JobId) -> None:
        """Ask a job to stop; one that has ended stays as it is."""
        self._running(job_id).scope.cancel()

    async def cancel_all(self) -> None:
        """Stop every job and return when all have ended."""
        active = [one for one in self._jobs.values() if one.job.state not in FINAL]
        for running in active:
            running.scope.cancel()
        for running in active:
            await running.ended.wait()

    async def ended(self, job_id: JobId) -> None:
        """Return when the job has reached a final state."""
        await self._running(job_id).ended.wait()

    def _running(self, job_id: JobId) -> _Running:
        try:
            return self._jobs[job_id]
        except KeyError:
            raise UnknownJobError(f"no job has the number {job_id}") from None

    async def _run(self, running: _Running, work: Callable[[JobHandle], Awaitable[Result]]) -> None:
        def update(**changes: object) -> None:
            running.job = replace(running.job, **changes)
            self._publish(JobChanged(running.job.id))

        handle = JobHandle(update, running.job.id)
        final: dict[str, object] = {"state": JobState.CANCELLED}
        try:
            with running.scope:
                final = await self._finished(running.job, handle, work)
        finally:
            running.job = replace(running.job, **final)
            running.ended.set()
            self._publish(JobFinished(running.job.id))
        await anyio.sleep(KEPT_S)
        self._forget(running.job.id)

    def _forget_oldest(self) -> None:
        final = [job_id for job_id, one in self._jobs.items() if one.job.state in FINAL]
        for job_id in final[: max(len(final) - MAX_ENDED, 0)]:
            self._forget(job_id)

    def _forget(self, job_id: JobId) -> None:
        if self._jobs.pop(job_id, None) is not None:
            self._publish(JobRemoved(job_id))

    async def _finished(
        self, job: Job, handle: JobHandle, work: Callable[[JobHandle], Awaitable[Result]]
    ) -> dict[str, object]:
        try:
            result = await contained(lambda: work(handle), f"{job.kind} job {job.id}")
        except MsdError as error:
            log.info("%s job %d failed: %s", job.kind, job.id, error)
            return {"state": JobState.FAILED, "error": str(error)}
        return {"state": JobState.DONE, "result": result}
