"""Jobs as msdctl sees them: properties read once, then kept up by signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from msd.cli.errors import GONE_CODES, CommandError, not_reachable, signals_ended
from msd.contract import JOB
from msd.dbus.names import OBJECT_MANAGER, PROPERTIES
from msd.models import JobKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anyio.streams.memory import MemoryObjectReceiveStream

    from msd.cli.daemon.client import Client, Fields, Signal

FINAL_STATES = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobView:
    """One job at one moment."""

    path: str
    fields: Fields = field(default_factory=dict)

    @property
    def source_id(self) -> str:
        """The source that the job works on; empty for a job of the whole daemon."""
        return self._text("SourceId")

    @property
    def kind(self) -> str:
        """What the job does."""
        return self._text("Kind")

    @property
    def is_unlock(self) -> bool:
        """Whether it is about the keyring, and not about a source."""
        return self.kind == JobKind.UNLOCK

    @property
    def state(self) -> str:
        """`queued`, `running`, `done`, `failed` or `cancelled`."""
        return self._text("State")

    @property
    def phase(self) -> str:
        """What the job is at."""
        return self._text("Phase")

    @property
    def error(self) -> str:
        """Why it failed."""
        return self._text("Error")

    @property
    def done(self) -> int:
        """Rows seen so far."""
        return self._number("Done")

    @property
    def total(self) -> int | None:
        """Rows that the source announced, None while unknown."""
        total = self._number("Total")
        return total if total >= 0 else None

    @property
    def result(self) -> Fields:
        """What the job did, once it is over."""
        return cast("Fields", self.fields.get("Result") or {})

    @property
    def is_over(self) -> bool:
        """Whether the state is final."""
        return self.state in FINAL_STATES

    def _text(self, name: str) -> str:
        return str(self.fields.get(name, ""))

    def _number(self, name: str) -> int:
        value = self.fields.get(name, -1)
        return value if isinstance(value, int) else -1


async def read_job(client: Client, path: str) -> JobView:
    """Return a job as it is now."""
    return JobView(path, await client.properties(path, JOB))


async def cancel_job(client: Client, path: str) -> None:
    """Ask a job to stop at the next page; nothing happens when it is over.

    Raises:
        CommandError: `UnknownJob`, it was over more than a minute ago or has never been.
    """
    await client.call("Cancel", path=path, interface=JOB)


async def follow_jobs(
    client: Client,
    signals: MemoryObjectReceiveStream[Signal],
    paths: Iterable[str],
    show: Callable[[JobView], None],
) -> list[JobView]:
    """Show each change of the jobs until all are over, and return them as they ended.

    `signals` must have been opened before the jobs were begun or looked up, so that no end can
    fall between. A job that was running before is followed like a new one.
    """
    jobs = {path: await read_job(client, path) for path in paths}
    for job in jobs.values():
        show(job)
    while not all(job.is_over for job in jobs.values()):
        signal = await _next(signals)
        path = _subject(signal)
        before = jobs.get(path)
        if before is None or before.is_over:
            continue
        after = jobs[path] = await _changed(client, before, signal)
        if after != before:
            show(after)
    return list(jobs.values())


async def _next(signals: MemoryObjectReceiveStream[Signal]) -> Signal:
    async for signal in signals:
        if signal.is_departure:
            raise not_reachable("the daemon stopped; the sync goes on when it starts again")
        return signal
    raise signals_ended()


def _subject(signal: Signal) -> str:
    """Return the path of the object that a signal is about, whoever sent it."""
    return str(signal.args[0]) if signal.interface == OBJECT_MANAGER else signal.path


async def _changed(client: Client, job: JobView, signal: Signal) -> JobView:
    if signal.interface != PROPERTIES:
        return await _read_again(client, job)
    changes = cast("Fields", signal.args[1])
    moved = JobView(job.path, {**job.fields, **changes})
    return await _read_again(client, moved) if moved.is_over else moved


async def _read_again(client: Client, job: JobView) -> JobView:
    try:
        return await read_job(client, job.path)
    except CommandError as exc:
        if exc.code not in GONE_CODES:
            raise
        error = job.error or "the daemon forgot the job before its end was seen"
        state = job.state if job.is_over else "failed"
        return JobView(job.path, {**job.fields, "State": state, "Error": error})
