"""One contestant of `benchmarks.compare`: `python -m benchmarks.peers NAME URL …`.

Each runs in a process of its own, so that its memory and processor time are its own, and prints
how many items it got. The peers list everything as they offer it and keep what they return; msd's
own worker also stores it.
"""

import asyncio
import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.floor import (
    PAGE,
    PASSWORD,
    PLEX_SECTIONS,
    TYPES,
    USER,
    Cost,
    Server,
    fetch_all,
    fetch_all_plex,
    members_asked,
    store_again,
)

PEER_PAGE = 1000  # the most that both are used with


def jellyfin_apiclient(url: str) -> dict[str, float]:
    """List everything with jellyfin-apiclient-python."""
    from jellyfin_apiclient_python import JellyfinClient  # noqa: PLC0415 - its cost is its own

    client = JellyfinClient(allow_multiple_clients=True)
    client.config.app("benchmark", "1.0", "bench", "apiclient")
    client.config.data["auth.ssl"] = False
    client.auth.connect_to_address(url)
    client.auth.login(url, USER, PASSWORD)
    client.logged_in = True
    client.start(websocket=False, keep_alive=True)
    asked = members_asked()
    rows: list[Any] = []
    total = 1
    while len(rows) < total:
        page = client.jellyfin.get_user_items(
            start_index=len(rows),
            limit=PEER_PAGE,
            recursive=True,
            include_item_types=",".join(TYPES),
            fields=asked["fields"],
            image_type_limit=asked["imageTypeLimit"],
            enable_image_types=asked["enableImageTypes"],
        )
        rows += page["Items"]
        total = page["TotalRecordCount"]
    client.http.stop_session()
    return {"items": len(rows)}


def aiojellyfin(url: str) -> dict[str, float]:
    """List everything with aiojellyfin."""
    return asyncio.run(_aiojellyfin(url))


async def _aiojellyfin(url: str) -> dict[str, float]:
    import aiohttp  # noqa: PLC0415 - its cost is its own
    from aiojellyfin.session import Session, SessionConfiguration  # noqa: PLC0415

    with closing(Server(url)) as server:
        login = server.login
    async with aiohttp.ClientSession() as session:
        configuration = SessionConfiguration(
            session=session,
            url=url,
            app_name="benchmark",
            app_version="1.0",
            device_name="bench",
            device_id="floor",
        )
        client = Session(configuration, login["User"]["Id"], login["AccessToken"])
        asked = {
            **members_asked(),
            "recursive": "true",
            "includeItemTypes": ",".join(TYPES),
            "limit": str(PEER_PAGE),
        }
        rows: list[Any] = []
        total = 1
        while len(rows) < total:
            page = await client.get_json("/Items", {**asked, "startIndex": str(len(rows))})
            rows += page["Items"]
            total = page["TotalRecordCount"]
    return {"items": len(rows)}


def plexapi(url: str, token: str) -> dict[str, float]:
    """List every section with plexapi, by pages as large as msd's."""
    from plexapi.server import PlexServer  # noqa: PLC0415 - its cost is its own

    server = PlexServer(url, token, timeout=120)
    rows: list[Any] = []
    for section in server.library.sections():
        for kind in PLEX_SECTIONS.get(section.type, ()):
            rows += section.search(libtype=kind.value, container_size=PAGE)
    return {"items": len(rows)}


def jellyfin_floor(url: str, cache: str) -> dict[str, float]:
    """Fetch all of a Jellyfin server, and store as many rows as the cache holds."""
    return _stored(fetch_all(url), cache)


def plex_floor(url: str, token: str, cache: str) -> dict[str, float]:
    """Fetch all of a Plex server, and store as many rows as the cache holds."""
    return _stored(fetch_all_plex(url, token), cache)


def _stored(fetched_rows: tuple[Cost, int], cache: str) -> dict[str, float]:
    """Return what fetching and storing cost; nothing else is counted."""
    fetched, rows = fetched_rows
    with tempfile.TemporaryDirectory() as folder:
        cost = fetched + store_again(Path(cache), Path(folder))
    return {"items": rows, "wall_s": cost.wall_s, "cpu_s": cost.cpu_s}


PEERS = {
    "jellyfin-floor": jellyfin_floor,
    "jellyfin-apiclient-python": jellyfin_apiclient,
    "aiojellyfin": aiojellyfin,
    "plex-floor": plex_floor,
    "plexapi": plexapi,
}


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    print(json.dumps(PEERS[name](*arguments)))
