"""`jobs`, `cancel` and `unlock`: what the daemon is busy with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.jobs import JobView, cancel_job
from msd.cli.dialogue.follow import begin_and_follow
from msd.cli.dialogue.interrupt import OnInterrupt
from msd.cli.dialogue.progress import phase
from msd.cli.errors import GONE_CODES, CommandError, ExitCode, unknown_error
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, moment, snake_case
from msd.contract import JOB, JOBS_PATH

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_JOB_HINT = "`msdctl jobs` lists what there is; a job stays for a minute after its end"


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    commands.add("jobs", _jobs, "list running jobs, and those that ended within the last minute")
    cancel = commands.add(
        "cancel",
        _cancel,
        "stop a job; what it has done so far is kept",
        examples="msdctl cancel 3",
    )
    cancel.add_argument("job", metavar="JOB", help="its number or its object path")
    commands.add(
        "unlock",
        _unlock,
        "unlock the keyring with its own prompt, so that sources can sign in",
    )


async def _jobs(session: Session, _options: Namespace) -> ExitCode:
    objects = await session.client.objects(JOB)
    jobs = sorted(
        (JobView(path, fields) for path, fields in objects.items()),
        key=lambda job: (len(job.path), job.path),
    )
    if session.out.as_json:
        session.out.document([_record(job) for job in jobs])
        return ExitCode.OK
    if not jobs:
        session.out.say("no jobs")
        return ExitCode.OK
    columns = [
        Column("job", whole=True),
        Column("kind", whole=True),
        Column("source", whole=True),
        Column("state", whole=True),
        Column("phase"),
        Column("done", right=True),
        Column("total", right=True),
        Column("started", whole=True),
        Column("error"),
    ]
    session.out.table(Table(columns, [_row(job) for job in jobs]))
    return ExitCode.OK


def _record(job: JobView) -> Fields:
    return {"job": job.path} | {snake_case(name): value for name, value in job.fields.items()}


def _row(job: JobView) -> list[str]:
    return [
        cell(job.path.rpartition("/")[2]),
        cell(job.kind),
        cell(job.source_id),
        cell(job.state),
        phase(job) if job.phase else "",
        cell(job.done),
        cell(job.total),
        moment(job.fields.get("StartedAt")),
        cell(job.error),
    ]


async def _cancel(session: Session, options: Namespace) -> ExitCode:
    number = options.job.removeprefix(f"{JOBS_PATH}/")
    if not (number.isascii() and number.isdigit()):
        raise unknown_error("Job", options.job, hint=_JOB_HINT)
    path = f"{JOBS_PATH}/{number}"
    try:
        await cancel_job(session.client, path)
    except CommandError as exc:
        if exc.code not in GONE_CODES:
            raise
        raise unknown_error("Job", options.job, hint=_JOB_HINT) from exc
    if session.out.as_json:
        session.out.record({"cancelled": path})
    else:
        session.out.say(f"cancelled job {number}")
    return ExitCode.OK


async def _unlock(session: Session, _options: Namespace) -> ExitCode:
    async def begin() -> list[str]:
        return [str(path) for path in await session.client.call("UnlockSecrets")]

    return await begin_and_follow(session, begin, names={}, policy=OnInterrupt.CANCEL)
