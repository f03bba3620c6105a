"""Jobs: long operations with progress, cancel and result; shown for a minute after their end."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
from anyio.abc import TaskGroup
from msgspec import Struct
from msgspec.structs import replace

from msd.coordinator.error_boundary import guarded
from msd.errors import LimitExceededError, MsdError, UnknownJobError
from msd.events import EventStream, JobAdded, JobChanged, JobFinished, JobRemoved
from msd.models import Job, JobId, JobKind, JobState, JobValue, SourceId, UnixSeconds

KEPT_S = 60.0
MAX_RUNNING = 200
MAX_ENDED = 200  # the oldest go before their minute is over
FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

log = logging.getLogger(__name__)

Result = Mapping[str, JobValue]


class JobHandle:
    """What the work of a job reports about itself."""

    def __init__(self, update: Callable[..., None], job_id: JobId) -> None:
        self._update = update
        self.id = job_id

    def running(self) -> None:
        """Report that the work has begun."""
        self._update(state=JobState.RUNNING, started_at=UnixSeconds(int(time.time())))

    def progress(self, *, phase: str, done: int, total: int | None) -> None:
        """Report how far the work is; `total` is None until it is known."""
        self._update(phase=phase, done=done, total=total)

    def report(self, result: Result) -> None:
        """Show the result so far."""
        self._update(result=result)


class _Running(Struct):
    job: Job
    scope: anyio.CancelScope
    ended: anyio.Event


class Jobs:
    """Every job of the daemon, run in the task group that is given."""

    def __init__(self, tasks: TaskGroup, events: EventStream) -> None:
        self._tasks = tasks
        self._publish = events.publish
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
        if len(self._active()) >= MAX_RUNNING:
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
        for running in self._active():
            if (running.job.kind, running.job.source_id) == (kind, source_id):
                return running.job.id
        return None

    def cancel(self, job_id: JobId) -> None:
        """Ask a job to stop; one that has ended stays as it is."""
        self._running(job_id).scope.cancel()

    async def end_all(self) -> None:
        """Cancel every job and return when all have ended."""
        await self._end(self._active())

    async def end_all_of(self, source_id: SourceId) -> None:
        """Cancel every job of a source and return when all have ended."""
        await self._end(
            [running for running in self._active() if running.job.source_id == source_id]
        )

    async def ended(self, job_id: JobId) -> None:
        """Return when the job has reached a final state."""
        await self._running(job_id).ended.wait()

    def _active(self) -> list[_Running]:
        return [running for running in self._jobs.values() if running.job.state not in FINAL]

    async def _end(self, jobs: Sequence[_Running]) -> None:
        for running in jobs:
            running.scope.cancel()
        for running in jobs:
            await running.ended.wait()

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
        final = [job_id for job_id, ended in self._jobs.items() if ended.job.state in FINAL]
        for job_id in final[: max(len(final) - MAX_ENDED, 0)]:
            self._forget(job_id)

    def _forget(self, job_id: JobId) -> None:
        if self._jobs.pop(job_id, None) is not None:
            self._publish(JobRemoved(job_id))

    async def _finished(
        self, job: Job, handle: JobHandle, work: Callable[[JobHandle], Awaitable[Result]]
    ) -> dict[str, object]:
        try:
            result = await guarded(lambda: work(handle), f"{job.kind} job {job.id}")
        except MsdError as error:
            log.info("%s job %d failed: %s", job.kind, job.id, error)
            return {"state": JobState.FAILED, "error": str(error)}
        return {"state": JobState.DONE, "result": result}
