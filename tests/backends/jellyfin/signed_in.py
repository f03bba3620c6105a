"""A Jellyfin backend that is signed in to a simulated server, and what it needs to be so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msd.backend_api import AddContext, BackendContext, Credentials, NewSources
from msd.backends.jellyfin import SPEC
from msd.backends.jellyfin.backend import JellyfinBackend
from msd.models import (
    AccountId,
    ItemType,
    Source,
    SourceId,
)
from tests.simulators.jellyfin import JellyfinSimulator

ADD_CONTEXT = AddContext(
    installation_id="installation",
    device_id="0123456789abcdef0123456789abcdef",
    client_name="msd",
    client_version="0.1.0",
    device_name="Büro, “oben”",
)
WIRE_TYPES = {
    ItemType.MOVIE: "Movie",
    ItemType.SHOW: "Series",
    ItemType.SEASON: "Season",
    ItemType.EPISODE: "Episode",
    ItemType.ARTIST: "MusicArtist",
    ItemType.ALBUM: "MusicAlbum",
    ItemType.TRACK: "Audio",
    ItemType.MUSIC_VIDEO: "MusicVideo",
    ItemType.VIDEO: "Video",
    ItemType.COLLECTION: "BoxSet",
    ItemType.PLAYLIST: "Playlist",
}


async def add(url: str, **options: str | bool) -> NewSources:
    given = {"url": url, "username": "alice", "password": "secret"}
    return await SPEC.add(given | options, ADD_CONTEXT)


def backend_context(
    address: str,
    server_id: str,
    credentials: Credentials | None,
    config: dict[str, str] | None = None,
    cache_dir: Path = Path("/nonexistent"),
) -> BackendContext:
    source = Source(
        id=SourceId("jellyfin_0123456789ab"),
        kind=SPEC.kind,
        name="Server",
        account_id=AccountId("account"),
        server_id=server_id,
        address=address,
        config=config or {},
    )
    return BackendContext(
        source=source,
        credentials=credentials,
        device_id=ADD_CONTEXT.device_id,
        client_name=ADD_CONTEXT.client_name,
        client_version=ADD_CONTEXT.client_version,
        device_name=ADD_CONTEXT.device_name,
        cache_dir=cache_dir,
    )


@asynccontextmanager
async def signed_in(
    sim: JellyfinSimulator, page_size: int = 500, cache_dir: Path = Path("/nonexistent")
) -> AsyncIterator[JellyfinBackend]:
    new = await add(sim.url)
    assert new.account is not None
    [source] = new.sources
    context = backend_context(
        source.address, source.server_id, new.account.credentials, None, cache_dir
    )
    backend = JellyfinBackend(context, page_size=page_size)
    try:
        yield backend
    finally:
        await backend.aclose()
