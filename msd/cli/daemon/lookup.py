"""Finds what a person named: by id, by name, or by the unique start of either."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from msd.cli.errors import CommandError, ExitCode, unknown_error
from msd.contract import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msd.cli.daemon.client import Client, Fields
    from msd.models import SourceId

_PLURALS = {"Source": "sources", "Account": "accounts", "Library": "libraries"}
_SHORTEST = 4
_BARE = re.compile(r"[\w@%+=:,./-]+")


def list_sources(client: Client) -> list[Fields]:
    """Return all sources in the user's order."""
    (rows,) = client.call("ListSources")
    return cast("list[Fields]", rows)


def list_libraries(client: Client, source_id: str = "") -> list[Fields]:
    """Return the libraries of one source, or of all."""
    (rows,) = client.call("ListLibraries", "sa{sv}", source_id, {}, interface=LIBRARY)
    return cast("list[Fields]", rows)


def source_ids(client: Client, names: Sequence[str]) -> list[SourceId]:
    """Return the ids of the named sources, in order; asks the daemon once."""
    if not names:
        return []
    rows = list_sources(client)
    return [cast("SourceId", match("Source", rows, name)) for name in names]


def source_id(client: Client, name: str) -> SourceId:
    """Return the id of the one named source."""
    return (source_ids(client, [name]))[0]


def library_ids(client: Client, names: Sequence[str]) -> list[str]:
    """Return the ids of the named libraries, in order; asks the daemon once."""
    if not names:
        return []
    rows = list_libraries(client)
    return [match("Library", rows, name) for name in names]


def match(what: str, rows: Sequence[Fields], name: str) -> str:
    """Return the id of the one row that `name` means.

    An exact id wins over an exact name, that over a name in other case, that over the start of
    an id, and that over the start of a name.

    Args:
        what: "Source", "Account" or "Library", for the error.
        rows: what there is, with `id` and `name`.
        name: what somebody typed.

    Raises:
        CommandError: nothing, or more than one thing, is called so.
    """
    hint = f"`msdctl {_PLURALS[what]}` lists what there is"
    matching = _matching(rows, name)
    if not matching:
        raise unknown_error(what, name, hint=hint)
    if len(matching) > 1:
        raise CommandError(
            f"'{name}' may be any of {', '.join(matching)}",
            code="Ambiguous",
            hint="give the whole id",
            exit_code=ExitCode.UNKNOWN,
        )
    return matching[0]


def _matching(rows: Sequence[Fields], name: str) -> list[str]:
    """Return the ids that the best kind of match gives."""
    folded = name.casefold()
    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda identifier, _: identifier == name,
        lambda _, title: title == name,
        lambda _, title: title.casefold() == folded,
        lambda identifier, _: identifier.startswith(name),
        lambda _, title: title.casefold().startswith(folded),
    )
    for is_match in tests if name else ():
        matching = [
            str(row["id"]) for row in rows if is_match(str(row["id"]), str(row.get("name", "")))
        ]
        if matching:
            return matching
    return []


def short_ids(rows: Sequence[Fields]) -> dict[str, str]:
    """Return id and the shortest start of it that is unique, at least four characters of its own.

    `jellyfin_3f2a9c41d07e` becomes `jellyfin_3f2a` when no other id begins so.
    """
    ids = [str(row["id"]) for row in rows]
    shortened: dict[str, str] = {}
    for identifier in ids:
        length = identifier.rfind("_") + 1 + _SHORTEST
        while sum(other.startswith(identifier[:length]) for other in ids) > 1:
            length += 1
            if length >= len(identifier):
                break
        shortened[identifier] = identifier[:length]
    return shortened


def called(row: Fields, rows: Sequence[Fields]) -> str:
    """Return what to type for a source: its name when only it is called so, else its id."""
    name = str(row.get("name", ""))
    is_unique = sum(str(other.get("name", "")).casefold() == name.casefold() for other in rows) == 1
    return quoted(name) if name and is_unique else str(row["id"])


def quoted(name: str) -> str:
    """Return a name as it can be pasted into a shell."""
    return name if _BARE.fullmatch(name) else "'" + name.replace("'", "'\\''") + "'"
