"""`sync` and `confirm-deletes`: bring sources up to date and watch it happen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from msd.bus.names import SOURCE, source_path
from msd.bus.variant import Variant
from msd.cli.failures import ExitCode
from msd.cli.following import Begin, begin_and_follow
from msd.cli.interrupt import OnInterrupt, on_interrupt
from msd.cli.lookup import list_sources, match
from msd.cli.text import cell
from msd.models import SourceId

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from msd.cli.client import Client
    from msd.cli.session import Commands, Session

_NOTES = """\
Without SOURCE, every enabled source is synced. A sync that runs already is joined. SOURCE
is an id, the unique start of one, or the exact name of a source.

Ctrl-C asks whether to cancel the sync or to let it run without msdctl; a second Ctrl-C
cancels. Where nobody can be asked it cancels, or does what --on-interrupt says. What is
cached by then is kept, and the exit code is 130.

With --json each change is one line: "event" is "progress" or, at the end, "finished"."""


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    sync = commands.add(
        "sync",
        _sync,
        "bring sources up to date",
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
        "let deletions go through that were held back because so many at once are suspicious",
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


async def _sync(session: Session, options: Namespace) -> ExitCode:
    rows = await list_sources(session.client)
    ids = [SourceId(match("Source", rows, name)) for name in options.sources]
    if not rows and not session.out.as_json:
        session.out.say("nothing to sync: there are no sources yet")
        return ExitCode.OK
    names = {str(row["id"]): str(row.get("name", "")) for row in rows}
    begin = partial(_begin_syncs, session.client, ids, full=options.full)
    return await _run(session, options, begin, names)


async def _confirm_deletes(session: Session, options: Namespace) -> ExitCode:
    rows = await list_sources(session.client)
    identifier = SourceId(match("Source", rows, options.source))
    names = {str(row["id"]): str(row.get("name", "")) for row in rows}
    begin = partial(_begin_confirmed, session.client, identifier)
    return await _run(session, options, begin, names)


async def _run(
    session: Session, options: Namespace, begin: Begin, names: dict[str, str]
) -> ExitCode:
    if not options.detach:
        policy = on_interrupt(options.on_interrupt, as_json=session.out.as_json)
        return await begin_and_follow(session, begin, names=names, policy=policy)
    paths = await begin()
    if session.out.as_json:
        session.out.document({"jobs": paths})
    else:
        session.out.say(*(f"begun: job {cell(path.rpartition('/')[2])}" for path in paths))
    return ExitCode.OK


async def _begin_syncs(client: Client, ids: list[SourceId], *, full: bool) -> list[str]:
    if not ids and not full:
        (paths,) = await client.call("SyncAllSources")
        return cast("list[str]", paths)
    if not ids:
        rows = await list_sources(client)
        ids = [SourceId(str(row["id"])) for row in rows if row.get("enabled", True)]
    options = {"mode": Variant("s", "full" if full else "auto")}
    return [
        str(path)
        for identifier in dict.fromkeys(ids)
        for path in await client.call(
            "Sync", "a{sv}", options, path=source_path(identifier), interface=SOURCE
        )
    ]


async def _begin_confirmed(client: Client, identifier: SourceId) -> list[str]:
    path = source_path(identifier)
    return [str(job) for job in await client.call("ConfirmDeletes", path=path, interface=SOURCE)]
