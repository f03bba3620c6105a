"""`status` and `explain`: how msd and its sources are, in sentences, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.browse.front_page import details_sentence, front_page
from msd.cli.daemon.jobs import JobView
from msd.cli.daemon.lookup import called, list_sources, match
from msd.cli.errors import ExitCode
from msd.cli.hints import hint_for_status, with_flags
from msd.cli.terminal.attempts import attempt_lines
from msd.cli.terminal.text import cell, moment, safe, snake_case
from msd.contract import JOB, ROOT_PATH, SOURCE_COORDINATOR

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_USUAL: dict[str, tuple[object, ...]] = {
    "owned": (True,),
    "enabled": (True,),
    "status_reason": ("ok",),
    "item_count": (),
    "library_count": (),
}
_TOLD_OTHERWISE = frozenset({"explain", "position", "details_state", "details_missing"})
_TIMES = frozenset({"status_since", "next_retry", "last_sync"})
_NAMING = "SOURCE is an id, a name, or the unique start of either."


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    status = commands.add(
        "status",
        _status,
        notes=f"{_NAMING} With SOURCE, everything about that source.",
        examples="msdctl status\nmsdctl status 'Living room'",
    )
    status.add_argument("source", nargs="?", metavar="SOURCE")
    status.add_argument(
        "--explain", action="store_true", help="as `msdctl explain`, for every source shown"
    )
    explain = commands.add(
        "explain", _explain, notes=_NAMING, examples="msdctl explain 'Living room'"
    )
    explain.add_argument("source", metavar="SOURCE")


def _status(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    shown = rows
    if options.source is not None:
        chosen = match("Source", rows, options.source)
        shown = [row for row in rows if row["id"] == chosen]
    if options.explain:
        shown = [row | {"explain": _steps(session, str(row["id"]))} for row in shown]
    if options.source is None:
        _show_all(session, shown)
    else:
        _show_one(session, shown[0], rows)
    return ExitCode.OK


def _explain(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    chosen = match("Source", rows, options.source)
    (row,) = (row for row in rows if row["id"] == chosen)
    row = row | {"explain": _steps(session, chosen)}
    if session.out.as_json:
        session.out.document(row)
        return ExitCode.OK
    session.out.paragraph(_sentence(row))
    _show_attempts(session, row)
    _show_hint(session, row, rows)
    return ExitCode.OK


def _show_all(session: Session, rows: list[Fields]) -> None:
    properties = session.client.properties(ROOT_PATH, SOURCE_COORDINATOR)
    daemon = {snake_case(name): value for name, value in properties.items()}
    if session.out.as_json:
        session.out.document({"daemon": daemon, "sources": rows})
        return
    jobs = [JobView(*pair) for pair in session.client.objects(JOB).items()]
    front_page(session.out, daemon, rows, jobs)
    for row in rows:
        if "explain" in row:
            session.out.say("", cell(row.get("name")))
            _show_attempts(session, row)


def _show_one(session: Session, row: Fields, rows: list[Fields]) -> None:
    if session.out.as_json:
        session.out.document(row)
        return
    session.out.pairs(_shown_pairs(row))
    if "explain" in row:
        session.out.say("")
        _show_attempts(session, row)
    _show_hint(session, row, rows)


def _shown_pairs(row: Fields) -> Iterator[tuple[str, str]]:
    """Yield what a person wants to know of a source, without what is usual or unknown."""
    for name, value in row.items():
        if name == "details_state" and (sentence := details_sentence(row)):
            yield "details", sentence
        if name in _TOLD_OTHERWISE or value in _USUAL.get(name, ("", 0, "/", [])):
            continue
        yield name.replace("_", " "), moment(value) if name in _TIMES else with_flags(cell(value))


def _show_attempts(session: Session, row: Fields) -> None:
    for line in attempt_lines(cast("list[Fields]", row["explain"])):
        session.out.paragraph(line, indent="  ")


def _show_hint(session: Session, row: Fields, rows: list[Fields]) -> None:
    hint = hint_for_status(row, called(row, rows))
    if hint:
        session.out.note(f"hint: {safe(hint)}")


def _sentence(row: Fields) -> str:
    since = moment(row.get("status_since"))
    sentence = f"{cell(row.get('name'))} is {cell(row.get('status'))}"
    if since:
        sentence += f" since {since}"
    detail = with_flags(cell(row.get("status_detail")))
    return f"{sentence}: {detail}" if detail else sentence


def _steps(session: Session, identifier: str) -> list[Fields]:
    (steps,) = session.client.call("Explain", "s", identifier)
    return cast("list[Fields]", steps)
