"""Read the list of libraries, which is also the list of what the user may see.

An odd entry costs itself alone (docs/behaviour.md, S9).
"""

import logging
from collections.abc import Sequence

import xxhash

from msd.backends.plex.connect.link import ServerLink
from msd.backends.plex.listing.library import library, playlists, shared, shared_library
from msd.backends.plex.listing.query import shared_query
from msd.backends.plex.parse.rows import decode_providers, decode_sections
from msd.backends.plex.parse.wire import Section, key
from msd.errors import AuthRequiredError, BackendError, BadResponseError, ForbiddenError
from msd.models import ItemType, RemoteId, RemoteLibrary, Rights

SECTIONS = "/library/sections"
_PROVIDERS = "/media/providers"
_MOST_LIBRARIES = 1_000
_OWNER = "owner"  # the digest of the rights of a server's owner

log = logging.getLogger(__name__)


async def libraries_of(
    link: ServerLink, sections: Sequence[Section]
) -> dict[RemoteId, RemoteLibrary]:
    """Return the user's sections and the two libraries that msd adds, by their ids.

    Raises:
        BackendError: as `PlexClient.get`.
    """
    libraries: dict[RemoteId, RemoteLibrary] = {}
    for position, section in enumerate(sections):
        entry = library(section, position)
        if entry is None:
            log.warning("%s: a library without an id is left out", link.source_id)
        else:
            libraries.setdefault(entry.remote_id, entry)
    for extra in (playlists(len(sections)), await _shared_library(link, len(sections) + 1)):
        if extra is not None:
            libraries[extra.remote_id] = extra
    return libraries


async def read_sections(link: ServerLink) -> Sequence[Section]:
    """Return the server's own libraries; an unreadable entry is an empty `Section`.

    Raises:
        BadResponseError: the answer is no list, or too long to be one.
        BackendError: as `PlexClient.get`.
    """
    client = await link.client()
    sections = decode_sections(await client.get(SECTIONS))
    if len(sections) > _MOST_LIBRARIES:
        raise BadResponseError("the server announced an impossible number of libraries")
    return sections


def rights_of(sections: Sequence[Section], *, is_owner: bool) -> Rights | None:
    """Return what the user may see; None, nothing is hidden, where the list leaves doubt.

    The owner sees everything: a section that he has no more was removed. What is missing in the
    list of anybody else is not shared with him any more. An empty list, or one with an entry that
    can't be read, proves nothing.
    """
    if is_owner:
        return Rights(digest=_OWNER)
    keys = [key(section.key) for section in sections]
    if not keys or None in keys:
        return None
    shared = sorted(f"{key(section.key)}:{section.uuid or ''}" for section in sections)
    return Rights(
        digest=xxhash.xxh3_64_hexdigest("\n".join(shared)),
        libraries=frozenset(RemoteId(each) for each in keys if each is not None),
        restrictions=f"{len(keys)} shared libraries",
    )


async def _shared_library(link: ServerLink, position: int) -> RemoteLibrary | None:
    """Return the library of what is shared item by item; None when nobody shares anything.

    Servers that are too old to list their providers have none. Where that list fails, the shared
    items themselves are asked for.
    """
    client = await link.client()
    try:
        answer = await client.get_or_none(_PROVIDERS)
        return None if answer is None else shared(decode_providers(answer), position)
    except ForbiddenError:
        return None
    except AuthRequiredError:
        raise
    except BackendError as error:  # a server that is away refuses the next request, too
        log.info("%s: the list of providers can't be read: %s", link.source_id, error)
    query = shared_query(ItemType.MOVIE)
    answer = await client.get_or_none(query.path, query.parameters, start=0, size=0)
    return None if answer is None else shared_library("", position)
