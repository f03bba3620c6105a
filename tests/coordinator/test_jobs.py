"""Jobs: progress, cancel, result, and an end in every case."""

import anyio
import pytest
from anyio.abc import TaskGroup

from msd import errors
from msd.coordinator.jobs import MAX_ENDED, MAX_RUNNING, JobHandle, Jobs, Result
from msd.events import Event, EventStream, JobAdded, JobChanged, JobFinished, JobRemoved
from msd.models import JobKind, JobState, SourceId

pytestmark = pytest.mark.anyio
SOURCE = SourceId("fake_1")


def recorded(tasks: TaskGroup) -> tuple[Jobs, list[Event]]:
    """Return jobs and the list of what they publish."""
    events, published = EventStream(), list[Event]()
    for kind in (JobAdded, JobChanged, JobFinished, JobRemoved):
        events.listen(kind, published.append)
    return Jobs(tasks, events), published


async def ended(jobs: Jobs, job_id: int) -> JobState:
    with anyio.fail_after(5):
        await jobs.ended(job_id)  # type: ignore[arg-type]
    return jobs.get(job_id).state  # type: ignore[arg-type]


async def test_a_job_tells_its_progress_and_result() -> None:
    """A job shows its progress, then its result."""
    async with anyio.create_task_group() as tasks:
        jobs, published = recorded(tasks)

        async def work(job: JobHandle) -> Result:
            job.running()
            job.progress(phase="movie", done=3, total=4)
            return {"added": 3}

        job_id = jobs.start(JobKind.SYNC, SOURCE, work)
        assert jobs.active(JobKind.SYNC, SOURCE) == job_id

        assert await ended(jobs, job_id) is JobState.DONE
        job = jobs.get(job_id)
        assert (job.phase, job.done, job.total, dict(job.result)) == ("movie", 3, 4, {"added": 3})
        assert jobs.active(JobKind.SYNC, SOURCE) is None
        assert published[0] == JobAdded(job_id)
        assert published[-1] == JobFinished(job_id)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("error", [errors.UnreachableError("no route"), ValueError("a bug")])
async def test_a_job_that_fails_says_so_and_takes_nothing_down(error: Exception) -> None:
    """A job that fails says why, and its error names no internals (Y11)."""
    async with anyio.create_task_group() as tasks:
        jobs = Jobs(tasks, EventStream())

        async def work(_job: JobHandle) -> Result:
            raise error

        job_id = jobs.start(JobKind.SYNC, SOURCE, work)

        assert await ended(jobs, job_id) is JobState.FAILED
        assert jobs.get(job_id).error
        assert "a bug" not in jobs.get(job_id).error
        tasks.cancel_scope.cancel()


async def test_a_cancelled_job_ends_as_cancelled_also_before_it_began() -> None:
    """A cancelled job ends as cancelled also before it began (Y12)."""
    async with anyio.create_task_group() as tasks:
        jobs = Jobs(tasks, EventStream())

        async def work(_job: JobHandle) -> Result:
            await anyio.sleep_forever()
            return {}

        first = jobs.start(JobKind.SYNC, SOURCE, work)
        jobs.cancel(first)
        assert await ended(jobs, first) is JobState.CANCELLED

        second = jobs.start(JobKind.SYNC, SOURCE, work)
        await anyio.wait_all_tasks_blocked()
        jobs.cancel(second)
        assert await ended(jobs, second) is JobState.CANCELLED
        tasks.cancel_scope.cancel()


async def test_jobs_are_bounded() -> None:
    """Jobs are bounded (K6)."""
    async with anyio.create_task_group() as tasks:
        jobs = Jobs(tasks, EventStream())

        async def work(_job: JobHandle) -> Result:
            await anyio.sleep_forever()
            return {}

        for _ in range(MAX_RUNNING):
            jobs.start(JobKind.SYNC, SOURCE, work)
        with pytest.raises(errors.LimitExceededError):
            jobs.start(JobKind.SYNC, SOURCE, work)
        tasks.cancel_scope.cancel()


async def test_ended_jobs_are_bounded_and_the_oldest_go_first() -> None:
    """Ended jobs are bounded and the oldest go first (K6).

    The minute that they are shown for is no reason to grow.
    """
    async with anyio.create_task_group() as tasks:
        jobs, published = recorded(tasks)

        async def work(_job: JobHandle) -> Result:
            return {}

        started = []
        for _ in range(MAX_ENDED + 10):
            started.append(jobs.start(JobKind.SYNC, SOURCE, work))
            await ended(jobs, started[-1])

        shown = [job.id for job in jobs.all()]
        gone = [job_id for job_id in started if job_id not in shown]
        assert len(shown) <= MAX_ENDED + 1
        assert gone == started[: len(gone)]
        assert gone == [event.job_id for event in published if isinstance(event, JobRemoved)]
        tasks.cancel_scope.cancel()


async def test_stopping_all_jobs_returns_when_the_last_has_ended() -> None:
    """Stopping all jobs returns when the last has ended (O4).

    Each at a page boundary.
    """
    async with anyio.create_task_group() as tasks:
        jobs = Jobs(tasks, EventStream())
        boundary, stopped = anyio.Event(), anyio.Event()

        async def work(_job: JobHandle) -> Result:
            with anyio.CancelScope(shield=True):
                await boundary.wait()
            return {}

        async def stop() -> None:
            await jobs.end_all()
            stopped.set()

        job_id = jobs.start(JobKind.SYNC, SOURCE, work)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(stop)
        await anyio.wait_all_tasks_blocked()
        returned_early = stopped.is_set()
        boundary.set()

        assert not returned_early
        with anyio.fail_after(5):
            await stopped.wait()
        assert jobs.get(job_id).state in {JobState.CANCELLED, JobState.DONE}
        tasks.cancel_scope.cancel()
