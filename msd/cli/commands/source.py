"""`sources`, `remove`, `rename`, `enable`, `disable`: the list of sources and changes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.lookup import list_sources, match, source_id, source_ids
from msd.cli.errors import CommandError, ExitCode
from msd.cli.terminal.prompt import can_ask, confirm
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, safe

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.session import Commands, Session

_NAMING = "SOURCE is an id, the unique start of one, or the exact name of a source."


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    commands.add(
        "sources",
        _sources,
        "list the sources and their status",
        examples="msdctl sources\nmsdctl --json sources | jq -r '.[].id'",
    )
    remove = commands.add(
        "remove",
        _remove,
        "remove sources with all that is stored of them; servers and folders stay as they are",
        notes=_NAMING,
        examples='msdctl remove "Living room"\nmsdctl remove --yes jellyfin_3f2a9c41d07e',
    )
    remove.add_argument("sources", nargs="+", metavar="SOURCE")
    remove.add_argument("-y", "--yes", action="store_true", help="don't ask on a terminal")
    rename = commands.add(
        "rename",
        _rename,
        "give a source another name",
        notes=_NAMING,
        examples='msdctl rename jellyfin_3f "Living room"',
    )
    rename.add_argument("source", metavar="SOURCE")
    rename.add_argument("name", metavar="NAME")
    enable = commands.add("enable", _enable, "let sources connect and sync again", notes=_NAMING)
    enable.add_argument("sources", nargs="+", metavar="SOURCE")
    disable = commands.add(
        "disable",
        _disable,
        "leave sources alone; what is cached of them stays readable",
        notes=_NAMING,
    )
    disable.add_argument("sources", nargs="+", metavar="SOURCE")


async def _sources(session: Session, _options: Namespace) -> ExitCode:
    rows = await list_sources(session.client)
    if session.out.as_json:
        session.out.document(rows)
        return ExitCode.OK
    if not rows:
        session.out.say("no sources yet; `msdctl add --help` tells how to add one")
        return ExitCode.OK
    columns = [
        Column("id", whole=True),
        Column("name"),
        Column("status", whole=True),
        Column("reason", whole=True),
        Column("items", right=True),
    ]
    names = ("id", "name", "status", "status_reason", "item_count")
    texts = [[cell(row.get(name)) for name in names] for row in rows]
    session.out.table(Table(columns, texts))
    return ExitCode.OK


async def _remove(session: Session, options: Namespace) -> ExitCode:
    rows = await list_sources(session.client)
    ids = list(dict.fromkeys(match("Source", rows, name) for name in options.sources))
    if not options.yes and can_ask():
        names = {str(row["id"]): row.get("name") for row in rows}
        what = ", ".join(f"{names[identifier]} ({identifier})" for identifier in ids)
        pronoun = "it" if len(ids) == 1 else "them"
        if not confirm(safe(f"Remove {what} and all that is stored of {pronoun}?")):
            raise CommandError("nothing was removed", code="Refused", exit_code=ExitCode.FAILED)
    for identifier in ids:
        await session.client.call("RemoveSource", "s", identifier)
        _tell(session, "removed", identifier)
    return ExitCode.OK


async def _rename(session: Session, options: Namespace) -> ExitCode:
    identifier = await source_id(session.client, options.source)
    await session.client.call("RenameSource", "ss", identifier, options.name)
    _tell(session, "renamed", identifier)
    return ExitCode.OK


async def _enable(session: Session, options: Namespace) -> ExitCode:
    return await _set_enabled(session, options.sources, enabled=True)


async def _disable(session: Session, options: Namespace) -> ExitCode:
    return await _set_enabled(session, options.sources, enabled=False)


async def _set_enabled(session: Session, names: list[str], *, enabled: bool) -> ExitCode:
    for identifier in await source_ids(session.client, names):
        await session.client.call("SetSourceEnabled", "sb", identifier, enabled)
        _tell(session, "enabled" if enabled else "disabled", identifier)
    return ExitCode.OK


def _tell(session: Session, done: str, identifier: str) -> None:
    if session.out.as_json:
        session.out.record({done: identifier})
    else:
        session.out.say(f"{done} {cell(identifier)}")
