"""`accounts`: who signs in, and to which sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.commands.source import agree
from msd.cli.daemon.lookup import list_sources, match, short_ids
from msd.cli.errors import ExitCode
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, snake_case
from msd.contract import ACCOUNT, ACCOUNTS_PATH

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    accounts = commands.add(
        "accounts",
        _accounts,
        notes="ACCOUNT is an id, a name, or the unique start of either.",
        examples="msdctl accounts\n"
        "msdctl accounts --refresh plex_3f2a\n"
        "msdctl accounts --remove ada",
    )
    change = accounts.add_mutually_exclusive_group()
    change.add_argument(
        "--refresh", metavar="ACCOUNT", help="ask for its servers now; new ones are added"
    )
    change.add_argument(
        "--remove", metavar="ACCOUNT", help="sign out and remove the sources of the account"
    )
    accounts.add_argument("-y", "--yes", action="store_true", help="remove without asking")


def _accounts(session: Session, options: Namespace) -> ExitCode:
    if options.refresh is not None:
        return _refresh(session, options.refresh)
    if options.remove is not None:
        return _remove(session, options.remove, is_agreed=options.yes)
    rows = _rows(session)
    if session.out.as_json:
        session.out.document(rows)
    elif rows:
        names = {str(row["id"]): cell(row.get("name")) for row in list_sources(session.client)}
        session.out.table(_table(rows, names, shorten=session.out.is_rich))
    else:
        session.out.say("no accounts yet; `msdctl login --help` tells how to sign in")
    return ExitCode.OK


def _table(rows: list[Fields], names: dict[str, str], *, shorten: bool) -> Table:
    ids = short_ids(rows) if shorten else {}
    columns = (
        Column("name", least=10),
        Column("kind", rank=2),
        Column("signed in"),
        Column("sources", least=14, rank=1),
        Column("id", rank=3),
    )
    return Table(
        columns,
        [
            (
                cell(row.get("name")),
                cell(row.get("kind")),
                cell(row.get("auth_state")),
                ", ".join(names.get(name, name) for name in cast("list[str]", row["source_ids"])),
                cell(ids.get(str(row["id"]), row["id"])),
            )
            for row in rows
        ],
    )


def _refresh(session: Session, name: str) -> ExitCode:
    path = f"{ACCOUNTS_PATH}/{match('Account', _rows(session), name)}"
    (added,) = session.client.call("RefreshServers", path=path, interface=ACCOUNT)
    ids = cast("list[str]", added)
    if session.out.as_json:
        session.out.document({"added": ids})
    else:
        names = {row["id"]: cell(row.get("name")) for row in list_sources(session.client)}
        session.out.say(*[f"added {names.get(name, name)}" for name in ids] or ["no new servers"])
    return ExitCode.OK


def _remove(session: Session, name: str, *, is_agreed: bool) -> ExitCode:
    rows = _rows(session)
    identifier = match("Account", rows, name)
    (row,) = (row for row in rows if row["id"] == identifier)
    if not is_agreed:
        names = {str(row["id"]): str(row.get("name")) for row in list_sources(session.client)}
        sources = [names.get(name, name) for name in cast("list[str]", row["source_ids"])]
        what = f" with its sources {', '.join(sources)}" if sources else ""
        agree(f"Sign out {row.get('name')}{what}?", "nothing was removed")
    session.client.call("Remove", path=f"{ACCOUNTS_PATH}/{identifier}", interface=ACCOUNT)
    if session.out.as_json:
        session.out.record({"removed": identifier})
    else:
        session.out.say(f"signed out {cell(row.get('name'))}")
    return ExitCode.OK


def _rows(session: Session) -> list[Fields]:
    objects = session.client.objects(ACCOUNT)
    rows = [
        {snake_case(name): value for name, value in fields.items()} for fields in objects.values()
    ]
    named = [row | {"name": row.get("display_name", "")} for row in rows]
    return sorted(named, key=lambda row: str(row["id"]))
