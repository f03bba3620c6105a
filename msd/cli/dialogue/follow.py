"""Beginning jobs and staying with them until they are over or left alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import anyio

from msd.cli.daemon.jobs import JobView, cancel_job, follow_jobs
from msd.cli.dialogue.interrupt import Interrupts, OnInterrupt
from msd.cli.dialogue.progress import progress_of
from msd.cli.errors import GONE_CODES, CommandError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msd.cli.daemon.client import Client
    from msd.cli.session import Session

Begin = Callable[[], "Awaitable[Sequence[str]]"]
"""Begins jobs, or joins running ones, and returns their object paths."""


async def begin_and_follow(
    session: Session, begin: Begin, *, names: Mapping[str, str], policy: OnInterrupt
) -> ExitCode:
    """Begin jobs, show them until all are over, and return how it went."""
    ended: list[JobView] = []
    async with session.client.signals() as signals:
        paths = await begin()
        with progress_of(session.out, names) as progress:
            async with anyio.create_task_group() as tasks:
                interrupts = Interrupts(
                    policy,
                    progress,
                    cancel=partial(cancel_all, session.client, paths),
                    detach=tasks.cancel_scope.cancel,
                )
                await tasks.start(interrupts.watch)
                ended += await follow_jobs(session.client, signals, paths, progress.show)
                tasks.cancel_scope.cancel()
    if interrupts.interrupted:
        if not ended and not session.out.as_json:
            session.out.note("left to the daemon; `msdctl jobs` shows how it goes on")
        return ExitCode.INTERRUPTED
    return _exit_code(ended)


def _exit_code(ended: Sequence[JobView]) -> ExitCode:
    bad = [job for job in ended if job.state != "done"]
    if not bad:
        return ExitCode.OK
    return ExitCode.SIGN_IN if all(job.is_unlock for job in bad) else ExitCode.FAILED


async def cancel_all(client: Client, paths: Sequence[str]) -> None:
    """Cancel those of the jobs that are still there."""
    for path in paths:
        try:
            await cancel_job(client, path)
        except CommandError as exc:
            if exc.code not in GONE_CODES:
                raise
