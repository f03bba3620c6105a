"""What a person or a script sees of jobs while they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from msd.cli.daemon.lookup import quoted
from msd.cli.hints import with_flags
from msd.cli.terminal.text import safe

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from msd.cli.daemon.jobs import JobView
    from msd.cli.terminal.output import Output

Names = Mapping[str, str]
"""Source id → what the user calls it."""


_PHASE_WORDS = {
    "libraries": "looking for libraries",
    "movie": "movies",
    "show": "shows",
    "season": "seasons",
    "episode": "episodes",
    "artist": "artists",
    "album": "albums",
    "track": "tracks",
    "music-video": "music videos",
    "video": "videos",
    "collection": "collections",
    "playlist": "playlists",
    "members": "contents of collections and playlists",
    "deletions": "checking for deleted items",
}


class Progress(Protocol):
    """A display of several jobs."""

    def show(self, job: JobView) -> None:
        """Show a job as it is now."""

    def pause(self) -> None:
        """Leave the terminal alone, for a question."""

    def resume(self) -> None:
        """Go on after a question."""


@contextmanager
def progress_of(out: Output, names: Names) -> Iterator[Progress]:
    """Offer the display that fits the output: JSON lines, bars, or plain lines."""
    if out.as_json:
        yield JsonLines(out)
    elif out.is_rich:
        with _bars(out) as bars:
            yield ProgressBars(bars, out, names)
    else:
        yield PlainLines(out, names)


class JsonLines:
    """One JSON object for each change, the last of a job with its result."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def show(self, job: JobView) -> None:
        """Write what scripts need of a job."""
        record: dict[str, object] = {
            "event": "finished" if job.is_over else "progress",
            "job": job.path,
            "kind": job.job_kind,
            "source_id": job.source_id,
            "state": job.state,
        }
        if job.is_over:
            record |= {"error": job.error, "result": job.result}
        else:
            record |= {"phase": job.phase, "done": job.done, "total": job.total}
        self._out.record(record)

    def pause(self) -> None:
        """Do nothing: nobody is asked."""

    def resume(self) -> None:
        """Do nothing."""


class PlainLines:
    """A line when a job enters a phase and one when it is over."""

    def __init__(self, out: Output, names: Names) -> None:
        self._out = out
        self._names = names
        self._phases: dict[str, str] = {}

    def show(self, job: JobView) -> None:
        """Write a line when there is something new to say."""
        if job.is_over:
            self._out.say(summary(job, self._names))
        elif job.phase and self._phases.get(job.path) != job.phase:
            self._phases[job.path] = job.phase
            self._out.say(f"{title(job, self._names)}: {phase_with_count(job)}")

    def pause(self) -> None:
        """Do nothing: lines don't disturb a question."""

    def resume(self) -> None:
        """Do nothing."""


class ProgressBars:
    """A bar for each running job; one that is over leaves a line above the bars."""

    def __init__(self, bars: Bars, out: Output, names: Names) -> None:
        self._bars = bars
        self._out = out
        self._names = names
        self._tasks: dict[str, TaskID] = {}

    def show(self, job: JobView) -> None:
        """Move the job's bar, or replace it by a line."""
        task = self._tasks.get(job.path)
        if job.is_over:
            if task is not None:
                self._bars.remove_task(self._tasks.pop(job.path))
            self._bars.console.print(summary(job, self._names), soft_wrap=True)
            return
        if task is None:
            name = title(job, self._names)
            task = self._tasks[job.path] = self._bars.add_task(
                name, total=None, phase=phase_with_count(job)
            )
        self._bars.update(
            task,
            completed=max(job.done, 0),
            phase=phase_with_count(job),
        )
        # `update` takes a total of None for "as before"; a phase without one needs a reset.
        self._bars.tasks[self._bars.task_ids.index(task)].total = job.total or None

    def pause(self) -> None:
        """Take the bars off the terminal."""
        self._bars.stop()

    def resume(self) -> None:
        """Draw the bars again."""
        self._bars.start()


@contextmanager
def _bars(out: Output) -> Iterator[Bars]:
    from rich import progress  # noqa: PLC0415 - only for people, see msd.cli.terminal.output
    from rich.table import Column  # noqa: PLC0415

    with progress.Progress(
        progress.TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
        progress.TextColumn("{task.fields[phase]}", markup=False),
        progress.BarColumn(bar_width=24),
        progress.TimeElapsedColumn(),
        console=out.console,
        transient=True,
    ) as bars:
        yield bars


def title(job: JobView, names: Names) -> str:
    """Return what a person calls the subject of a job."""
    return safe(names.get(job.source_id) or job.source_id or job.job_kind)


def summary(job: JobView, names: Names) -> str:
    """Return one line that says how a job ended and what it did."""
    if job.is_unlock:
        return _unlock_summary(job)
    is_good = job.state == "done" and job.result and not job.error
    parts = [title(job, names), "" if is_good else f": {job.state}"]
    if job.error:
        parts.append(f" ({with_flags(safe(job.error))})")
    if job.result:
        parts.append(f": {', '.join(_counts(job))}")
    milliseconds = job.result.get("duration_ms")
    if isinstance(milliseconds, int) and milliseconds > 0:
        parts.append(f" in {milliseconds / 1000:.1f} s")
    if job.result.get("held"):
        name = quoted(names.get(job.source_id) or job.source_id)
        parts.append(f"; `msdctl confirm-deletes {safe(name)}` removes them here too")
    if job.result.get("complete") is False:
        parts.append("; some of it could not be read to the end")
    return "".join(parts)


def outcome(job: JobView) -> str:
    """Return what an ended sync did, in words; empty for other jobs."""
    return ", ".join(_counts(job)) if job.job_kind == "sync" and job.result else ""


def _unlock_summary(job: JobView) -> str:
    if job.state == "done":
        return "the keyring is unlocked"
    return safe(job.error) or "the keyring stays as it is: unlocking was cancelled"


def _counts(job: JobView) -> list[str]:
    """Return what a sync did, in words; what it left as it was only beside changes."""
    result = job.result
    changes = [f"{result[name]} {name}" for name in _CHANGES if result.get(name)]
    if not changes:
        changes = ["nothing changed"]
    elif result.get("unchanged"):
        changes.append(f"{result['unchanged']} unchanged")
    if result.get("skipped"):
        changes.append(f"{result['skipped']} skipped")
    if result.get("held"):
        held = result["held"]
        changes.append(f"{held} missing {'item' if held == 1 else 'items'} kept")
    return changes


_CHANGES = ("added", "updated", "removed")


def phase(job: JobView) -> str:
    """Return what a job is at: its phase, or its state before the first."""
    return safe(_PHASE_WORDS.get(job.phase, job.phase.replace("-", " ")) or job.state)


def phase_with_count(job: JobView) -> str:
    """Return what a job is at and how far: `movies 500/2075`, without numbers when unknown."""
    if job.total:
        return f"{phase(job)} {max(job.done, 0)}/{job.total}"
    return f"{phase(job)} {job.done}" if job.done > 0 else phase(job)
