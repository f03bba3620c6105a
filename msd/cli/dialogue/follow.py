"""Begins jobs and stays with them until they are over or left alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msd.cli.daemon.jobs import JobView, cancel_job, follow_jobs
from msd.cli.dialogue.interrupt import OnInterrupt, interrupts
from msd.cli.dialogue.progress import progress_of
from msd.cli.errors import GONE_CODES, CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from msd.cli.daemon.client import Client
    from msd.cli.session import Session

    Begin = Callable[[], Sequence[str]]
    """Begins jobs, or joins running ones, and returns their object paths."""


def begin_and_follow(
    session: Session, begin: Begin, *, names: Mapping[str, str], policy: OnInterrupt
) -> ExitCode:
    """Begin jobs, show them until all are over, and return how it went."""
    with session.client.signals() as signals:
        paths = begin()
        cancel = partial(cancel_all, session.client, paths)
        with (
            progress_of(session.out, names) as progress,
            interrupts(policy, progress, cancel) as wake,
        ):
            ended = follow_jobs(session.client, signals, paths, progress.show, wake)
    if wake.interrupted:
        if not ended and not session.out.as_json:
            session.out.note("left to the daemon; `msdctl jobs` shows how it goes on")
        return ExitCode.INTERRUPTED
    return _exit_code(ended)


def _exit_code(ended: Sequence[JobView]) -> ExitCode:
    bad = [job for job in ended if job.state != "done"]
    if not bad:
        return ExitCode.OK
    return ExitCode.SIGN_IN if all(job.is_unlock for job in bad) else ExitCode.FAILED


def cancel_all(client: Client, paths: Sequence[str]) -> None:
    """Cancel those of the jobs that are still there."""
    for path in paths:
        try:
            cancel_job(client, path)
        except CommandError as exc:
            if exc.code not in GONE_CODES:
                raise
