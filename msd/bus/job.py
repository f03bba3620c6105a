"""org.msd.Msd1.Job on the bus: one object per job."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from msd.contract import JOB
from msd.dbus.messages.variant import Variant
from msd.dbus.serving.interface import Interface
from msd.errors import UnknownJobError
from msd.models import Job, JobId, JobValue

if TYPE_CHECKING:
    from msd.bus.ports import Coordinator

UNKNOWN_TOTAL = -1
_NUMBER = re.compile(r"[1-9][0-9]{0,17}|0")


def job_total(job: Job) -> int:
    """Return the number of announced rows, -1 for unknown."""
    return UNKNOWN_TOTAL if job.total is None else job.total


def job_result(job: Job) -> dict[str, Variant]:
    """Return the result with the types of its values."""
    return {key: _typed(value) for key, value in job.result.items()}


def _typed(value: JobValue) -> Variant:
    if isinstance(value, bool):
        return Variant("b", value)
    if isinstance(value, tuple):
        return Variant("aa{sv}", [found_server(entry) for entry in value])
    return Variant("x" if isinstance(value, int) else "s", value)


def found_server(server: Mapping[str, str | bool]) -> dict[str, Variant]:
    """Return a server that was discovered, with the types of its values."""
    return {key: _typed(value) for key, value in server.items()}


class JobInterface(Interface):
    """One job."""

    name = JOB
    properties: ClassVar[Mapping[str, Callable[[Job], object]]] = {
        "Kind": lambda job: job.kind,
        "SourceId": lambda job: job.source_id,
        "State": lambda job: job.state,
        "Phase": lambda job: job.phase,
        "Done": lambda job: job.done,
        "Total": job_total,
        "StartedAt": lambda job: job.started_at,
        "Error": lambda job: job.error,
        "Result": job_result,
    }

    def __init__(self, coordinator: Coordinator, job_id: JobId) -> None:
        self._coordinator = coordinator
        self._job_id = job_id

    def subject(self) -> Job:
        """Return the job as it is now."""
        return self._coordinator.jobs.get(self._job_id)

    async def cancel(self) -> None:
        """Ask the job to stop."""
        self._coordinator.jobs.cancel(self._job_id)


def job_number(name: str) -> JobId:
    """Return the id that the last element of a job's path means.

    Raises:
        UnknownJobError: no job can have this path.
    """
    if not _NUMBER.fullmatch(name):
        raise UnknownJobError("no job has this number")
    return JobId(int(name))
