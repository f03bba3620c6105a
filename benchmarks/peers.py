"""One contestant of `benchmarks.compare`: `python -m benchmarks.peers NAME URL [CACHE]`.

Each runs in a process of its own, so that its memory and processor time are its own, and prints
how many items it got. The peers list everything as they offer it and keep what they return; msd's
own worker also stores it. `plexapi` joins them once msd speaks to Plex servers.
"""

import asyncio
import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.floor import (
    PASSWORD,
    TYPES,
    USER,
    Server,
    fetch_all,
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


def floor(url: str, cache: str) -> dict[str, float]:
    """Fetch everything, and store as many rows as the cache holds; only that is counted."""
    fetched, rows = fetch_all(url)
    with tempfile.TemporaryDirectory() as folder:
        cost = fetched + store_again(Path(cache), Path(folder))
    return {"items": rows, "wall_s": cost.wall_s, "cpu_s": cost.cpu_s}


PEERS = {
    "floor": floor,
    "jellyfin-apiclient-python": jellyfin_apiclient,
    "aiojellyfin": aiojellyfin,
}


if __name__ == "__main__":
    _, name, *arguments = sys.argv
    print(json.dumps(PEERS[name](*arguments)))
