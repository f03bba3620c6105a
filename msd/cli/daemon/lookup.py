"""Finding what a person named: by id, by exact name, or by the unique start of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msd.cli.errors import CommandError, ExitCode, unknown_error
from msd.contract import LIBRARY
from msd.models import SourceId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msd.cli.daemon.client import Client, Fields


async def list_sources(client: Client) -> list[Fields]:
    """Return all sources in the user's order."""
    (rows,) = await client.call("ListSources")
    return cast("list[Fields]", rows)


async def list_libraries(client: Client, source_id: str = "") -> list[Fields]:
    """Return the libraries of one source, or of all."""
    (rows,) = await client.call("ListLibraries", "s", source_id, interface=LIBRARY)
    return cast("list[Fields]", rows)


async def source_ids(client: Client, names: Sequence[str]) -> list[SourceId]:
    """Return the ids of the named sources, in order; asks the daemon once."""
    if not names:
        return []
    rows = await list_sources(client)
    return [SourceId(match("Source", rows, name)) for name in names]


async def source_id(client: Client, name: str) -> SourceId:
    """Return the id of the one named source."""
    return (await source_ids(client, [name]))[0]


async def library_ids(client: Client, names: Sequence[str]) -> list[str]:
    """Return the ids of the named libraries, in order; asks the daemon once."""
    if not names:
        return []
    rows = await list_libraries(client)
    return [match("Library", rows, name) for name in names]


def match(what: str, rows: Sequence[Fields], name: str) -> str:
    """Return the id of the one row that `name` means.

    An exact id wins over an exact name, and that over the start of an id.

    Raises:
        CommandError: nothing, or more than one thing, is called so.
    """
    plural = {"Source": "sources", "Account": "accounts", "Library": "libraries"}[what]
    hint = f"`msdctl {plural}` lists what there is"
    ids = [str(row["id"]) for row in rows]
    if name in ids:
        return name
    named = [str(row["id"]) for row in rows if row.get("name") == name]
    found = named or [found_id for found_id in ids if name and found_id.startswith(name)]
    if not found:
        raise unknown_error(what, name, hint=hint)
    if len(found) > 1:
        raise CommandError(
            f"'{name}' may be any of {', '.join(found)}",
            code="Ambiguous",
            hint="give the whole id",
            exit_code=ExitCode.UNKNOWN,
        )
    return found[0]
