"""`status`: the daemon and its sources, and with `--explain` why a source is as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.daemon.lookup import list_sources, match
from msd.cli.errors import ExitCode
from msd.cli.hints import hint_for_status, with_flags
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, moment, safe, snake_case
from msd.contract import ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_TIMES = frozenset({"status_since", "next_retry", "last_sync"})
_ATTEMPT_COLUMNS = ("at", "step", "outcome", "latency_ms", "detail")


def register(commands: Commands) -> None:
    """Declare the command of this module."""
    status = commands.add(
        "status",
        _status,
        "show the daemon and all sources, or everything about one source",
        notes="SOURCE is an id, the unique start of one, or the exact name of a source.",
        examples="msdctl status\nmsdctl status --explain jellyfin_3f",
    )
    status.add_argument("source", nargs="?", metavar="SOURCE")
    status.add_argument(
        "--explain",
        action="store_true",
        help="tell why: what was tried, with what outcome, and what comes next",
    )

    explain = commands.add(
        "explain",
        _status,
        "tell why a source is as it is: what was tried, and what comes next",
        notes="SOURCE is an id, the unique start of one, or the exact name of a source.",
        examples="msdctl explain jellyfin_3f",
    )
    explain.add_argument("source", metavar="SOURCE")
    explain.set_defaults(explain=True)


async def _status(session: Session, options: Namespace) -> ExitCode:
    rows = await list_sources(session.client)
    if options.source is not None:
        chosen = match("Source", rows, options.source)
        rows = [row for row in rows if row["id"] == chosen]
    if options.explain:
        rows = [row | {"explain": await _explain(session, str(row["id"]))} for row in rows]
    if options.source is None:
        await _show_all(session, rows)
    else:
        _show_one(session, rows[0])
    return ExitCode.OK


async def _show_all(session: Session, rows: list[Fields]) -> None:
    properties = await session.client.properties(ROOT_PATH, SOURCE_COORDINATOR)
    daemon = {snake_case(name): value for name, value in properties.items()}
    if session.out.as_json:
        session.out.document({"daemon": daemon, "sources": rows})
        return
    session.out.pairs((name, cell(value)) for name, value in daemon.items())
    if rows:
        session.out.say("")
        session.out.table(_status_table(rows))
    for row in rows:
        if "explain" in row:
            session.out.say("", cell(row["id"]))
            session.out.table(_attempt_table(row))


def _show_one(session: Session, row: Fields) -> None:
    if session.out.as_json:
        session.out.document(row)
        return
    session.out.pairs(
        (name, moment(value) if name in _TIMES else with_flags(cell(value)))
        for name, value in row.items()
        if name != "explain"
    )
    if "explain" in row:
        session.out.say("")
        session.out.table(_attempt_table(row))
    hint = hint_for_status(row)
    if hint:
        session.out.note(f"hint: {safe(hint)}")


async def _explain(session: Session, identifier: str) -> list[Fields]:
    (steps,) = await session.client.call("Explain", "s", identifier)
    return cast("list[Fields]", steps)


def _status_table(rows: list[Fields]) -> Table:
    columns = [
        Column("id", whole=True),
        Column("name"),
        Column("status", whole=True),
        Column("reason", whole=True),
        Column("since", whole=True),
        Column("detail"),
    ]
    return Table(
        columns,
        [
            [
                cell(row.get("id")),
                cell(row.get("name")),
                cell(row.get("status")),
                cell(row.get("status_reason")),
                moment(row.get("status_since")),
                with_flags(cell(row.get("status_detail"))),
            ]
            for row in rows
        ],
    )


def _attempt_table(row: Fields) -> Table:
    steps = cast("list[Fields]", row["explain"])
    return Table(
        [Column(name.removesuffix("_ms")) for name in _ATTEMPT_COLUMNS],
        [
            [
                moment(step.get("at")),
                cell(step.get("step")),
                cell(step.get("outcome")),
                f"{step['latency_ms']} ms" if step.get("latency_ms") else "",
                with_flags(cell(step.get("detail"))),
            ]
            for step in steps
        ],
    )
