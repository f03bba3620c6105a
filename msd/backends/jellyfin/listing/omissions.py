"""What a Jellyfin server has and msd does not show: told by library, kind and number.

Rows of unsupported kinds are counted in libraries that msd does not sync (books, photos) and in
those in which such rows are usual (home videos hold photos). One request a library.
"""

from collections import Counter
from collections.abc import Sequence

from msd.backends.jellyfin.client.faults import OPTIONAL
from msd.backends.jellyfin.client.pages import pages
from msd.backends.jellyfin.client.query import unsupported_query
from msd.backends.jellyfin.client.session import Session
from msd.backends.jellyfin.parse.place import place_of
from msd.models import LibraryType, Omission, RemoteLibrary

_PAGE = 200  # rows of which the kinds are looked at; beyond that only their number is told
_HOLDS_OTHERS = frozenset({LibraryType.UNSUPPORTED, LibraryType.VIDEOS, LibraryType.MIXED})
_WORDS = {
    "Photo": ("photo", "photos"),
    "PhotoAlbum": ("photo album", "photo albums"),
    "Book": ("book", "books"),
    "AudioBook": ("audio book", "audio books"),
    "Trailer": ("trailer", "trailers"),
}
_OTHERS = ("item", "items")


async def omissions(
    session: Session, libraries: Sequence[RemoteLibrary], views: Sequence[str]
) -> tuple[Omission, ...]:
    """Return what is left out of a server.

    Args:
        session: with the server.
        libraries: all libraries of the user.
        views: a sentence for each view that can't be a library.

    Raises:
        AuthRequiredError: the server does not accept the token any more.
    """
    found = [
        Omission(place=f"view {number}", kind="unreadable", reason=sentence)
        for number, sentence in enumerate(views, start=1)
    ]
    for library in libraries:
        if library.type in _HOLDS_OTHERS:
            found += await _of_library(session, library)
    return tuple(found)


async def _of_library(session: Session, library: RemoteLibrary) -> list[Omission]:
    query = unsupported_query(library.remote_id, session.routes.user_id)
    kinds = Counter[str]()
    number = 0
    try:
        async for page in pages(session.client, query, _PAGE):
            number = page.total or len(page.items)
            kinds.update(place.type for row in page.items if (place := place_of(row)))
            break
    except OPTIONAL:
        return []
    if number > kinds.total():  # more than were looked at
        kinds = Counter({"": number})
    return [_omission(library, kind, count) for kind, count in sorted(kinds.items())]


def _omission(library: RemoteLibrary, kind: str, count: int) -> Omission:
    thing, things = _WORDS.get(kind, _OTHERS)
    named = f"{count} {thing if count == 1 else things}"
    return Omission(
        place=f"{library.remote_id}:{kind or 'items'}",
        kind="unsupported",
        reason=f"{named} in {library.name}: msd does not show {things}",
        library=library.remote_id,
        title=library.name,
        thing=thing,
        number=count,
    )
