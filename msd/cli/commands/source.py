"""`sources`, `remove`, `rename`, `enable`, `disable`, `reorder`, `reconnect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.lookup import list_sources, match, short_ids, source_ids
from msd.cli.errors import CommandError, ExitCode, usage_error
from msd.cli.terminal.prompt import can_ask, confirm
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import cell, safe
from msd.contract import SOURCE, source_path

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_NAMING = "SOURCE is an id, a name, or the unique start of either."
_REMOVE_NOTES = f"""\
{_NAMING} Servers and folders stay as they are. msdctl asks first;
where nobody can be asked, it removes only with --yes."""


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    commands.add(
        "sources", _sources, examples="msdctl sources\nmsdctl --json sources | jq -r '.[].id'"
    )
    remove = commands.add(
        "remove",
        _remove,
        notes=_REMOVE_NOTES,
        examples="msdctl remove 'Living room'\nmsdctl remove --yes jellyfin_3f2a",
    )
    remove.add_argument("sources", nargs="+", metavar="SOURCE")
    remove.add_argument("-y", "--yes", action="store_true", help="don't ask")
    rename = commands.add(
        "rename", _rename, notes=_NAMING, examples="msdctl rename jellyfin_3f2a 'Living room'"
    )
    rename.add_argument("source", metavar="SOURCE")
    rename.add_argument("name", metavar="NAME")
    for name, run in (("enable", _enable), ("disable", _disable), ("reconnect", _reconnect)):
        switch = commands.add(name, run, notes=_NAMING)
        switch.add_argument("sources", nargs="+", metavar="SOURCE")
    reorder = commands.add(
        "reorder",
        _reorder,
        notes=f"The named sources come first, the others keep their order. {_NAMING}",
        examples="msdctl reorder Films 'Living room'",
    )
    reorder.add_argument("sources", nargs="+", metavar="SOURCE")


def _sources(session: Session, _options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    if session.out.as_json:
        session.out.document(rows)
    elif rows:
        session.out.table(source_table(rows, shorten=session.out.is_rich))
    else:
        session.out.say("no sources yet; `msdctl add --help` tells how to add one")
    return ExitCode.OK


def source_table(rows: list[Fields], *, shorten: bool) -> Table:
    """Return the sources as a table; short ids are for people at a terminal."""
    ids = short_ids(rows) if shorten else {}
    columns = (
        Column("name", least=12),
        Column("kind", rank=3),
        Column("status"),
        Column("reason", rank=2),
        Column("items", right=True, rank=1),
        Column("address", least=16, rank=5),
        Column("id", rank=4),
    )
    return Table(columns, [_row(row, ids) for row in rows])


def _row(row: Fields, ids: dict[str, str]) -> tuple[str, ...]:
    is_off = row.get("enabled") is False
    reason = cell(row.get("status_reason"))
    return (
        cell(row.get("name")),
        cell(row.get("kind")),
        "disabled" if is_off else cell(row.get("status")),
        "" if is_off or reason == "ok" else reason,
        cell(row.get("item_count")),
        cell(row.get("address")),
        cell(ids.get(str(row.get("id")), row.get("id"))),
    )


def _remove(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    ids = list(dict.fromkeys(match("Source", rows, name) for name in options.sources))
    if not options.yes:
        names = {str(row["id"]): row.get("name") for row in rows}
        what = ", ".join(f"{names[identifier]} ({identifier})" for identifier in ids)
        pronoun = "it" if len(ids) == 1 else "them"
        agree(f"Remove {what} and all that is stored of {pronoun}?", "nothing was removed")
    for identifier in ids:
        session.client.call("RemoveSource", "s", identifier)
        _report(session, "removed", identifier, rows)
    return ExitCode.OK


def agree(question: str, otherwise: str) -> None:
    """Ask before something is lost; a script must say --yes.

    Raises:
        CommandError: the answer is no, or nobody can be asked.
    """
    if not can_ask():
        raise usage_error(
            f"{otherwise}: nobody can be asked", hint="--yes goes on without a question"
        )
    if not confirm(safe(question)):
        raise CommandError(otherwise, code="Refused", exit_code=ExitCode.FAILED)


def _rename(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    identifier = match("Source", rows, options.source)
    session.client.call("RenameSource", "ss", identifier, options.name)
    if session.out.as_json:
        session.out.record({"renamed": identifier})
    else:
        session.out.say(f"{_name(rows, identifier)} is now called {safe(options.name)}")
    return ExitCode.OK


def _enable(session: Session, options: Namespace) -> ExitCode:
    return _set_enabled(session, options.sources, enabled=True)


def _disable(session: Session, options: Namespace) -> ExitCode:
    return _set_enabled(session, options.sources, enabled=False)


def _set_enabled(session: Session, names: list[str], *, enabled: bool) -> ExitCode:
    rows = list_sources(session.client)
    for identifier in [match("Source", rows, name) for name in names]:
        session.client.call("SetSourceEnabled", "sb", identifier, enabled)
        _report(session, "enabled" if enabled else "disabled", identifier, rows)
    return ExitCode.OK


def _reconnect(session: Session, options: Namespace) -> ExitCode:
    rows = list_sources(session.client)
    for identifier in source_ids(session.client, options.sources):
        path = source_path(identifier)
        session.client.call("Reconnect", path=path, interface=SOURCE)
        _report(session, "reconnecting", identifier, rows)
    return ExitCode.OK


def _reorder(session: Session, options: Namespace) -> ExitCode:
    ids = source_ids(session.client, options.sources)
    session.client.call("ReorderSources", "as", [str(identifier) for identifier in ids])
    if session.out.as_json:
        session.out.record({"reordered": ids})
        return ExitCode.OK
    return _sources(session, options)


def _report(session: Session, done: str, identifier: str, rows: list[Fields]) -> None:
    if session.out.as_json:
        session.out.record({done: identifier})
    else:
        session.out.say(f"{done} {_name(rows, identifier)}")


def _name(rows: list[Fields], identifier: str) -> str:
    name = next((row.get("name") for row in rows if row["id"] == identifier), None)
    return cell(name or identifier)
