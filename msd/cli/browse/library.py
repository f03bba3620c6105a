"""`libraries` and `policy`: what sources hold, and how it is kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msd.cli.daemon.lookup import library_ids, list_libraries, list_sources, short_ids, source_id
from msd.cli.errors import ExitCode, usage_error
from msd.cli.terminal.table import Column, Table
from msd.cli.terminal.text import ago, cell
from msd.dbus.messages.variant import Variant

if TYPE_CHECKING:
    from argparse import Namespace

    from msd.cli.daemon.client import Fields
    from msd.cli.session import Commands, Session

_NOTES = """\
Without KEY=VALUE, the policy is shown. LIBRARY is an id, a name, or the
unique start of either. Keys:

  sync=WORD           off, manual, interval or live
  interval_s=SECONDS  time between two syncs, 0 = the daemon's default
  show_in_home=yes    yes or no
  content=WORD        what the library holds (movies, shows, music, ...), empty = as found"""

_POLICY_KEYS = ("sync", "interval_s", "show_in_home", "content")
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_MAX_UINT32 = 2**32 - 1


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    libraries = commands.add(
        "libraries", _libraries, examples="msdctl libraries\nmsdctl libraries Films"
    )
    libraries.add_argument("source", nargs="?", metavar="SOURCE")
    policy = commands.add(
        "policy",
        _policy,
        notes=_NOTES,
        examples="msdctl policy Films sync=interval interval_s=3600\nmsdctl policy Kids sync=off",
    )
    policy.add_argument("library", metavar="LIBRARY")
    policy.add_argument("settings", nargs="*", metavar="KEY=VALUE")


def _libraries(session: Session, options: Namespace) -> ExitCode:
    chosen = "" if options.source is None else source_id(session.client, options.source)
    rows = list_libraries(session.client, chosen)
    if session.out.as_json:
        session.out.document(rows)
        return ExitCode.OK
    if not rows:
        session.out.say("no libraries yet")
        return ExitCode.OK
    names = {row["id"]: cell(row.get("name")) for row in list_sources(session.client)}
    ids = short_ids(rows) if session.out.is_rich else {}
    columns = (
        Column("name", least=12),
        Column("source", least=8, rank=1),
        Column("type"),
        Column("items", right=True),
        Column("sync", rank=3),
        Column("synced", rank=2),
        Column("id", rank=4),
    )
    session.out.table(Table(columns, [_library_row(row, names, ids) for row in rows]))
    return ExitCode.OK


def _library_row(row: Fields, names: dict[object, str], ids: dict[str, str]) -> list[str]:
    return [
        cell(row.get("name")),
        names.get(row.get("source_id"), cell(row.get("source_id"))),
        cell(row.get("type")),
        cell(row.get("item_count")),
        cell(row.get("sync")),
        ago(row.get("synced_at")) or "never",
        cell(ids.get(str(row["id"]), row["id"])),
    ]


def _policy(session: Session, options: Namespace) -> ExitCode:
    settings = dict(policy_setting(argument) for argument in options.settings)
    (identifier,) = library_ids(session.client, [options.library])
    if settings:
        session.client.call("SetLibraryPolicy", "sa{sv}", identifier, settings)
    rows = list_libraries(session.client)
    row = next((row for row in rows if row["id"] == identifier), {})
    policy = {key: row[key] for key in ("id", "name", *_POLICY_KEYS) if key in row}
    if session.out.as_json:
        session.out.document(policy)
    else:
        session.out.pairs((key, cell(value)) for key, value in policy.items())
    return ExitCode.OK


def policy_setting(argument: str) -> tuple[str, Variant]:
    """Return one key=value of a policy, typed.

    Raises:
        CommandError: it can't be meant.
    """
    key, equals, value = argument.partition("=")
    if not equals or not key:
        raise usage_error(f"'{argument}' is not key=value", hint="see `msdctl policy --help`")
    if key == "show_in_home":
        if value not in _TRUTH:
            raise usage_error(f"{key} must be yes or no, not '{value}'")
        return key, Variant("b", _TRUTH[value])
    if key == "interval_s":
        if not (value.isascii() and value.isdigit() and int(value) <= _MAX_UINT32):
            raise usage_error(f"{key} must be a number of seconds, not '{value}'")
        return key, Variant("u", int(value))
    return key, Variant("s", value)  # a key that nobody knows: the daemon names those it does
