"""`sync` and `confirm-deletes`: bring sources up to date and watch it happen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from msd.cli.daemon.jobs import read_job
from msd.cli.daemon.lookup import list_sources, match
from msd.cli.dialogue.follow import begin_and_follow
from msd.cli.dialogue.interrupt import OnInterrupt, on_interrupt
from msd.cli.errors import CommandError, ExitCode
from msd.cli.hints import with_flags
from msd.cli.terminal.text import cell, safe
from msd.contract import SOURCE, source_path
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from msd.cli.daemon.client import Client, Fields
    from msd.cli.dialogue.follow import Begin
    from msd.cli.session import Commands, Session
    from msd.models import SourceId

_NOTES = """\
Without SOURCE, every source is synced that can be; a line tells why one is left out. Where
that leaves nothing, the exit code is 5 when all need a sign-in, else 1. A sync that runs
already is joined. SOURCE is an id, a name, or the unique start of either.

Ctrl-C asks whether to cancel the sync or to let it run without msdctl; a second Ctrl-C
cancels. Where nobody can be asked it cancels, or does what --on-interrupt says. What is
cached by then is kept, and the exit code is 130.

With --json each change is one line: "event" is "progress" or, at the end, "finished". A
source that is left out is one line with "source_id", "left_out", "reason" and "detail"."""

# What the daemon answers for a source that can't be synced now, and one that was just removed.
_LEFT_OUT_CODES = frozenset({"AuthRequired", "NotSupported", "UnknownSource"})


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    sync = commands.add(
        "sync",
        _sync,
        notes=_NOTES,
        examples=(
            "msdctl sync\n"
            'msdctl sync --full "Living room"\n'
            "msdctl --json sync --on-interrupt detach jellyfin_3f | jq .done"
        ),
    )
    sync.add_argument("sources", nargs="*", metavar="SOURCE")
    sync.add_argument(
        "--full", action="store_true", help="read every row again, also what looks unchanged"
    )
    _add_follow_options(sync)
    confirm = commands.add(
        "confirm-deletes",
        _confirm_deletes,
        notes="Many deletions at once are suspicious and wait for you; a sync carries them out.",
    )
    confirm.add_argument("source", metavar="SOURCE")
    _add_follow_options(confirm)


def _add_follow_options(parser: ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help="begin it and don't wait")
    parser.add_argument(
        "--on-interrupt",
        choices=[OnInterrupt.CANCEL.value, OnInterrupt.DETACH.value],
        help="what Ctrl-C does, without asking",
    )


def _sync(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    ids = [cast("SourceId", match("Source", rows, name)) for name in options.sources]
    if not rows and not session.out.as_json:
        session.out.say("nothing to sync: there are no sources yet")
        return ExitCode.OK
    names = {str(row["id"]): str(row.get("name", "")) for row in rows}
    if ids:
        begin = partial(_begin_named, session.client, ids, full=options.full)
        return _run(session, options, begin, names)
    return _sync_all(session, options, names)


def _sync_all(session: Session, options: Namespace, names: dict[str, str]) -> ExitCode:
    outcome = ExitCode.OK

    def begin() -> list[str]:
        nonlocal outcome
        paths = _begin_all(session.client, full=options.full)
        left_out = _left_out(session.client, paths)
        for row in left_out:
            _tell_left_out(session, row)
        if left_out and not paths:
            outcome = _nothing_synced(left_out)
        return paths

    return _run(session, options, begin, names) or outcome


def _confirm_deletes(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    identifier = cast("SourceId", match("Source", rows, options.source))
    names = {str(row["id"]): str(row.get("name", "")) for row in rows}
    begin = partial(_begin_confirmed, session.client, identifier)
    return _run(session, options, begin, names)


def _run(session: Session, options: Namespace, begin: Begin, names: dict[str, str]) -> ExitCode:
    if not options.detach:
        policy = on_interrupt(options.on_interrupt, as_json=session.out.as_json)
        return begin_and_follow(session, begin, names=names, policy=policy)
    paths = begin()
    if session.out.as_json:
        session.out.document({"jobs": paths})
    else:
        session.out.say(*(f"begun: job {cell(path.rpartition('/')[2])}" for path in paths))
    return ExitCode.OK


def _begin_all(client: Client, *, full: bool) -> list[str]:
    if not full:
        (paths,) = client.call("SyncAllSources")
        return cast("list[str]", paths)
    begun: list[str] = []
    for row in list_sources(client):
        if not row.get("enabled", True):
            continue
        try:
            begun += _begin_named(client, [cast("SourceId", str(row["id"]))], full=True)
        except CommandError as error:
            if error.code not in _LEFT_OUT_CODES:
                raise
    return begun


def _left_out(client: Client, paths: list[str]) -> list[Fields]:
    """Return the sources that none of the jobs works on."""
    begun = {(read_job(client, path)).source_id for path in paths}
    return [row for row in list_sources(client) if row["id"] not in begun]


def _tell_left_out(session: Session, row: Fields) -> None:
    reason, detail = str(row.get("status_reason", "")), str(row.get("status_detail", ""))
    if session.out.as_json:
        record = {"source_id": row["id"], "left_out": True, "reason": reason, "detail": detail}
        session.out.record(record)
        return
    name = safe(str(row.get("name") or row["id"]))
    session.out.say(f"{name}: not synced: {with_flags(safe(detail or reason))}")


def _nothing_synced(left_out: list[Fields]) -> ExitCode:
    need_sign_in = all(row.get("status") == "needs-auth" for row in left_out)
    return ExitCode.SIGN_IN if need_sign_in else ExitCode.FAILED


def _begin_named(client: Client, ids: list[SourceId], *, full: bool) -> list[str]:
    options = {"mode": Variant("s", "full" if full else "auto")}
    return [
        str(path)
        for identifier in dict.fromkeys(ids)
        for path in client.call(
            "Sync", "a{sv}", options, path=source_path(identifier), interface=SOURCE
        )
    ]


def _begin_confirmed(client: Client, identifier: SourceId) -> list[str]:
    path = source_path(identifier)
    return [str(job) for job in client.call("ConfirmDeletes", path=path, interface=SOURCE)]
