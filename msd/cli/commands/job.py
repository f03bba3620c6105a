"""`jobs`, `cancel` and `unlock`: what the daemon is busy with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.jobs import JobView, cancel_job
from msd.cli.daemon.lookup import list_sources
from msd.cli.dialogue.follow import begin_and_follow
from msd.cli.dialogue.interrupt import OnInterrupt
from msd.cli.dialogue.progress import outcome, phase_with_count
from msd.cli.errors import GONE_CODES, CommandError, ExitCode, unknown_error
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import ago, cell, snake_case
from msd.contract import JOB, JOBS_PATH

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_JOB_HINT = "`msdctl jobs` lists what there is; a job stays for a minute after its end"


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    commands.add("jobs", _jobs)
    cancel = commands.add(
        "cancel",
        _cancel,
        examples="msdctl cancel 3",
    )
    cancel.add_argument("job", metavar="JOB", help="its number or its object path")
    commands.add("unlock", _unlock, notes="Sources that wait for the keyring sign in then.")


def _jobs(session: Session, _options: Namespace) -> ExitCode:
    objects = session.client.objects(JOB)
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
    names = {str(row["id"]): cell(row.get("name")) for row in list_sources(session.client)}
    columns = (
        Column("job"),
        Column("kind", rank=3),
        Column("source", least=12),
        Column("state"),
        Column("what it does or did", least=20, rank=1),
        Column("started", rank=4),
    )
    session.out.table(Table(columns, [_row(job, names) for job in jobs]))
    return ExitCode.OK


def _record(job: JobView) -> Fields:
    return {"job": job.path} | {snake_case(name): value for name, value in job.fields.items()}


def _row(job: JobView, names: dict[str, str]) -> list[str]:
    return [
        cell(job.path.rpartition("/")[2]),
        cell(job.job_kind),
        names.get(job.source_id, cell(job.source_id)),
        cell(job.state),
        cell(job.error) or (outcome(job) if job.is_over else phase_with_count(job)),
        ago(job.fields.get("StartedAt")),
    ]


def _cancel(session: Session, options: Namespace) -> ExitCode:
    number = options.job.removeprefix(f"{JOBS_PATH}/")
    if not (number.isascii() and number.isdigit()):
        raise unknown_error("Job", options.job, hint=_JOB_HINT)
    path = f"{JOBS_PATH}/{number}"
    try:
        cancel_job(session.client, path)
    except CommandError as exc:
        if exc.code not in GONE_CODES:
            raise
        raise unknown_error("Job", options.job, hint=_JOB_HINT) from exc
    if session.out.as_json:
        session.out.record({"cancelled": path})
    else:
        session.out.say(f"cancelled job {number}")
    return ExitCode.OK


def _unlock(session: Session, _options: Namespace) -> ExitCode:
    def begin() -> list[str]:
        return [str(path) for path in session.client.call("UnlockSecrets")]

    return begin_and_follow(session, begin, names={}, policy=OnInterrupt.CANCEL)
