"""A Plex backend that is signed in to a simulated server, and what it needs to be so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msd.backend_api import BackendContext, Credentials
from msd.backends.plex.backend import PlexBackend
from msd.models import (
    AccountId,
    BackendKind,
    ItemType,
    LibraryType,
    RemoteId,
    Source,
    SourceId,
)
from tests.simulators.plex import PlexServer
from tests.simulators.plex.item import Kind
from tests.simulators.plex.viewer import Viewer

KINDS = {
    ItemType.MOVIE: Kind.MOVIE,
    ItemType.VIDEO: Kind.MOVIE,
    ItemType.SHOW: Kind.SHOW,
    ItemType.SEASON: Kind.SEASON,
    ItemType.EPISODE: Kind.EPISODE,
    ItemType.ARTIST: Kind.ARTIST,
    ItemType.ALBUM: Kind.ALBUM,
    ItemType.TRACK: Kind.TRACK,
    ItemType.COLLECTION: Kind.COLLECTION,
    ItemType.PLAYLIST: Kind.PLAYLIST,
}


def context_of(
    server: PlexServer,
    viewer: Viewer | None = None,
    content_types: dict[RemoteId, LibraryType] | None = None,
) -> BackendContext:
    token = server.token if viewer is None else server.grants.token_of(viewer)
    source = Source(
        id=SourceId("plex_0123456789ab"),
        kind=BackendKind("plex"),
        name="Server",
        account_id=AccountId("account"),
        server_id=server.machine_id,
        address=server.url,
    )
    return BackendContext(
        source=source,
        credentials=Credentials(user_id="1", token=token),
        device_id="0123456789abcdef0123456789abcdef",
        client_name="msd",
        client_version="0.1.0",
        device_name="Büro, “oben”",
        cache_dir=Path("/nonexistent"),
        content_types=content_types or {},
    )


@asynccontextmanager
async def signed_in(
    server: PlexServer,
    page_size: int = 500,
    *,
    viewer: Viewer | None = None,
    content_types: dict[RemoteId, LibraryType] | None = None,
) -> AsyncIterator[PlexBackend]:
    backend = PlexBackend(context_of(server, viewer, content_types), page_size=page_size)
    try:
        yield backend
    finally:
        await backend.aclose()
