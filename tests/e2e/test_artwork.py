"""Pictures of a folder and of a server through the whole of msd, on a real bus."""

import re
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from PIL import Image

from tests.simulators.jellyfin import JellyfinSimulator, make_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import NAME, ROOT, CallError, Daemon, running
from tests.support.session.keyring import Keyring

ARTWORK = f"{NAME}.Artwork"


def posters(daemon: Daemon, ids: list[str], width: int) -> dict[str, str]:
    arguments = (str(len(ids)), *ids, "poster", str(width), "0")
    found: dict[str, str] = daemon.call("GetArtworks", "assua{sv}", *arguments, interface=ARTWORK)
    return found


def until_shown(daemon: Daemon, ids: list[str], width: int) -> dict[str, str]:
    daemon.until(lambda: len(posters(daemon, ids, width)) == len(ids), "the posters are there")
    return posters(daemon, ids, width)


def width_of(path: Path) -> int:
    with Image.open(path) as image:
        return image.width


def ids_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items if "poster" in item.get("artwork", ())]


def test_posters_of_a_folder_are_private_files_of_the_wanted_width(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """A poster wall is one call a page; files are whole, private and scaled (K5)."""
    with running(bus, tmp_path / "home") as daemon:
        daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
        films, _, _ = daemon.query("types", "as", "1", "movie")

        files = until_shown(daemon, ids_of(films), 90)

        assert files
        for file in map(Path, files.values()):
            assert file.stat().st_mode & 0o777 == 0o600
            assert width_of(file) <= 96
        with pytest.raises(CallError, match="kind can't be"):
            daemon.call("GetArtwork", "ssua{sv}", "x", "cover", "90", "0", interface=ARTWORK)
        with pytest.raises(CallError, match="has no poster"):
            daemon.call("GetArtwork", "ssua{sv}", "x", "poster", "90", "0", interface=ARTWORK)


def test_posters_of_a_server_stay_when_it_is_off(
    bus: PrivateBus, keyring: Keyring, tmp_path: Path
) -> None:
    """Pictures are scaled by the server, answered offline, and name neither server nor token."""
    with running(bus, tmp_path / "home") as daemon:
        with JellyfinSimulator(make_world(60, seed=4), version="12") as sim:
            daemon.until_synced(daemon.add_jellyfin(sim.url))
            films, _, _ = daemon.query("types", "as", "1", "movie")
            ids = ids_of(films)[:12]
            online = until_shown(daemon, ids, 240)
            requests = [r for r in sim.log.requests if "/Images/" in r.path]
            assert all("maxWidth=240" in r.query for r in requests)
            assert len(requests) <= len(ids)
        daemon.until_status(daemon.call("ListSources")[0]["id"], "offline")

        assert posters(daemon, ids, 240) == online
        assert all(width_of(Path(path)) == 240 for path in online.values())
        names = " ".join(Path(path).name for path in online.values())
        assert re.search(r"jellyfin|127\.0\.0\.1|Token", names) is None


def test_a_sandboxed_caller_gets_the_open_file(
    bus: PrivateBus, tmp_path: Path, media: Path
) -> None:
    """Flatpak programs can't read the cache folder; a descriptor needs no path."""
    with running(bus, tmp_path / "home") as daemon:
        daemon.until_synced(str(daemon.call("AddLocalSource", "s", str(media))))
        films, _, _ = daemon.query("types", "as", "1", "movie")
        item = ids_of(films)[0]
        address = DBusAddress(ROOT, bus_name=NAME, interface=ARTWORK)
        call = new_method_call(address, "GetArtworkFd", "ssua{sv}", (item, "poster", 240, {}))

        with open_dbus_connection(bus.address, enable_fds=True) as connection:
            reply = connection.send_and_get_reply(call, timeout=20)
            with reply.body[0].to_file("rb") as file, Image.open(file) as image:
                assert image.width <= 240
