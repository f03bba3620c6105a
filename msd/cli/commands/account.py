"""`accounts`: who signs in, and to which sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import match
from msd.cli.errors import ExitCode
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, snake_case
from msd.contract import ACCOUNT, ACCOUNTS_PATH

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_COLUMNS = ("id", "kind", "display_name", "auth_state", "source_ids")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    accounts = commands.add(
        "accounts",
        _accounts,
        "list the accounts, or ask one which servers it reaches now",
        notes="ACCOUNT is an id, the unique start of one, or the exact name of an account.",
        examples="msdctl accounts\nmsdctl accounts --refresh plex_3f2a9c41d07e",
    )
    accounts.add_argument(
        "--refresh", metavar="ACCOUNT", help="ask for its servers now; new ones are added"
    )


async def _accounts(session: Session, options: Namespace) -> ExitCode:
    if options.refresh is not None:
        return await _refresh(session, options.refresh)
    rows = await _rows(session)
    if session.out.as_json:
        session.out.document(rows)
        return ExitCode.OK
    if not rows:
        session.out.say("no accounts yet; `msdctl login --help` tells how to sign in")
        return ExitCode.OK
    titles = ("id", "kind", "name", "signed in", "sources")
    columns = [Column(title, whole=title in {"id", "kind"}) for title in titles]
    table = [[cell(row.get(name)) for name in _COLUMNS] for row in rows]
    session.out.table(Table(columns, table))
    return ExitCode.OK


async def _refresh(session: Session, name: str) -> ExitCode:
    account_id = match("Account", await _rows(session), name)
    path = f"{ACCOUNTS_PATH}/{account_id}"
    (added,) = await session.client.call("RefreshServers", path=path, interface=ACCOUNT)
    ids = cast("list[str]", added)
    if session.out.as_json:
        session.out.document({"added": ids})
    else:
        session.out.say(*[f"added {cell(one)}" for one in ids] or ["no new servers"])
    return ExitCode.OK


async def _rows(session: Session) -> list[Fields]:
    objects = await session.client.objects(ACCOUNT)
    rows = [
        {snake_case(name): value for name, value in fields.items()} for fields in objects.values()
    ]
    named = [row | {"name": row.get("display_name", "")} for row in rows]
    return sorted(named, key=lambda row: str(row["id"]))
