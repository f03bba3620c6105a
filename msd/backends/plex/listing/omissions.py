"""What a Plex server has and msd does not show: told by library and number (Y16)."""

from collections.abc import Sequence

from msd.backend_api.narrowing import concerns_request
from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.parse.rows import read_rows
from msd.backends.plex.parse.wire import Section, key
from msd.errors import BackendError
from msd.models import LibraryType, Omission, RemoteLibrary

_WORDS = {"photo": ("photo", "photos", 13)}  # with the code of the type on the wire
_OTHERS = ("item", "items", None)


async def omissions_of(
    link: ServerLink, libraries: Sequence[RemoteLibrary], sections: Sequence[Section]
) -> tuple[Omission, ...]:
    """Return the libraries that msd does not sync, with the numbers of their items.

    One request for each of them; entries without an id among the libraries are told, too.

    Raises:
        BackendError: as `PlexClient.get`, where it concerns the server as a whole.
    """
    odd = [section for section in sections if key(section.key) is None]
    omissions = [
        Omission(
            place=f"library {number}",
            kind="unreadable",
            reason="the server lists a library without an id",
            title=section.title or "",
        )
        for number, section in enumerate(odd, start=1)
    ]
    types = {key(section.key): section.type or "" for section in sections}
    unsupported = [library for library in libraries if library.type is LibraryType.UNSUPPORTED]
    omissions += [
        await _unsupported(link, library, types.get(library.remote_id, ""))
        for library in unsupported
    ]
    return tuple(omissions)


async def _unsupported(link: ServerLink, library: RemoteLibrary, section_type: str) -> Omission:
    thing, things, code = _WORDS.get(section_type, _OTHERS)
    number = await _count(link, library, code)
    counted = things if number is None else f"{number} {thing if number == 1 else things}"
    return Omission(
        place=f"{library.remote_id}:{section_type or 'items'}",
        kind="unsupported",
        reason=f"{counted} in {library.name}: msd does not show {things}",
        library=library.remote_id,
        title=library.name,
        thing=thing,
        number=number or 0,
    )


async def _count(link: ServerLink, library: RemoteLibrary, code: int | None) -> int | None:
    """Return how many items a library holds, None where the server does not tell."""
    client = await link.client()
    path = f"/library/sections/{library.remote_id}/all"
    parameters: dict[str, str | int] = {} if code is None else {"type": code}
    try:
        answer = await client.get_or_none(path, parameters, start=0, size=0)
        total = None if answer is None else read_rows(answer).total
    except BackendError as error:
        if not concerns_request(error):
            raise
        return None
    return total if total is not None and total >= 0 else None
