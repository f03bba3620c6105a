"""Jobs as msdctl sees them: properties read once, then kept up by signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from msd.cli.daemon.connection import OBJECT_MANAGER, PROPERTIES
from msd.cli.errors import GONE_CODES, CommandError, not_reachable
from msd.contract import JOB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from msd.cli.daemon.client import Client, Fields, Signal, Signals

FINAL_STATES = frozenset({"done", "failed", "cancelled"})


class JobView(NamedTuple):
    """One job at one moment."""

    path: str
    fields: Mapping[str, object] = {}

    @property
    def source_id(self) -> str:
        """The source that the job works on; empty for a job of the whole daemon."""
        return self._text("SourceId")

    @property
    def job_kind(self) -> str:
        """What the job does."""
        return self._text("Kind")

    @property
    def is_unlock(self) -> bool:
        """Whether it is about the keyring, and not about a source."""
        return self.job_kind == "unlock"

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


def read_job(client: Client, path: str) -> JobView:
    """Return a job as it is now."""
    return JobView(path, client.properties(path, JOB))


def cancel_job(client: Client, path: str) -> None:
    """Ask a job to stop at the next page; nothing happens when it is over.

    Raises:
        CommandError: `UnknownJob`, it was over more than a minute ago or has never been.
    """
    client.call("Cancel", path=path, interface=JOB)


class Wake(Protocol):
    """What may end the wait for a signal: a Ctrl-C that somebody wants to handle."""

    @property
    def descriptor(self) -> int:
        """A descriptor that becomes readable."""

    def handle(self) -> bool:
        """Do what is to be done about it; return whether to go on following."""


def follow_jobs(
    client: Client,
    signals: Signals,
    paths: Iterable[str],
    show: Callable[[JobView], None],
    wake: Wake | None = None,
) -> list[JobView]:
    """Show each change of the jobs until all are over, and return them as they ended.

    `signals` must have been opened before the jobs were begun or looked up, so that no end is
    missed. A job that was running before is followed like a new one. The list is empty when
    `wake` ended the wait.
    """
    jobs = {path: read_job(client, path) for path in paths}
    for job in jobs.values():
        show(job)
    while not all(job.is_over for job in jobs.values()):
        signal = signals.next(wake=wake.descriptor if wake else None)
        if signal is None:
            if wake is not None and not wake.handle():
                return []
            continue
        path = _subject(signal)
        before = jobs.get(path)
        if before is None or before.is_over:
            continue
        after = jobs[path] = _changed(client, before, signal)
        if after != before:
            show(after)
    return list(jobs.values())


def _stopped() -> CommandError:
    return not_reachable("the daemon stopped; the sync goes on when it starts again")


def _subject(signal: Signal) -> str:
    """Return the path of the object that a signal is about, whoever sent it."""
    if signal.is_departure:
        raise _stopped()
    return str(signal.args[0]) if signal.interface == OBJECT_MANAGER else signal.path


def _changed(client: Client, job: JobView, signal: Signal) -> JobView:
    if signal.interface != PROPERTIES:
        return _read_again(client, job)
    changes = cast("Fields", signal.args[1])
    moved = JobView(job.path, {**job.fields, **changes})
    return _read_again(client, moved) if moved.is_over else moved


def _read_again(client: Client, job: JobView) -> JobView:
    try:
        return read_job(client, job.path)
    except CommandError as exc:
        if exc.code not in GONE_CODES:
            raise
        if not client.is_running():
            raise _stopped() from exc  # it took its objects off the bus on its way out
        error = job.error or "the daemon forgot the job before its end was seen"
        state = job.state if job.is_over else "failed"
        return JobView(job.path, {**job.fields, "State": state, "Error": error})
