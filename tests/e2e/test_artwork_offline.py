"""Pictures while their source is away, and when it is back."""

from collections.abc import Callable
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.e2e.test_artwork import ARTWORK, ids_of, posters, until_shown
from tests.simulators.jellyfin import JellyfinSimulator, Phase
from tests.simulators.plex import PlexServer, PlexTv
from tests.simulators.plex import make_world as make_plex_world
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import NAME, ROOT, Daemon, running
from tests.support.session.keyring import Keyring
from tests.support.session.monitor import monitored

WAITING = ("GetArtwork", "GetArtworkFd")
UNREACHABLE = f"{NAME}.Error.Unreachable"


def some_films(daemon: Daemon) -> list[str]:
    return ids_of(daemon.query("types", "as", "1", "movie")[0])[:4]


def nothing_comes(daemon: Daemon, ids: list[str]) -> None:
    """Ask in all three ways for pictures that can't be had now."""
    with monitored(daemon.environment) as monitor:
        assert posters(daemon, ids, 240) == {}
        assert [error_of(daemon, method, ids[0]) for method in WAITING] == [UNREACHABLE] * 2
        assert posters(daemon, ids, 240) == {}
    assert monitor.signals("ArtworkReady") == []


def error_of(daemon: Daemon, method: str, item: str) -> str:
    """Return the name of the error that a call is answered with."""
    address = DBusAddress(ROOT, bus_name=NAME, interface=ARTWORK)
    call = new_method_call(address, method, "ssua{sv}", (item, "poster", 240, {}))
    with open_dbus_connection(daemon.bus.address, enable_fds=True) as connection:
        reply = connection.send_and_get_reply(call, timeout=30)
    return str(reply.header.fields.get(HeaderFields.error_name, ""))


def test_a_folder_that_is_away_has_its_pictures_again_when_it_is_back(
    daemon: Daemon, media: Path
) -> None:
    """Before and after msd has seen that it is away (Y7)."""
    source_id = str(daemon.call("AddLocalSource", "s", str(media)))
    daemon.until_synced(source_id)
    ids = some_films(daemon)
    away = media.with_name("away")
    media.rename(away)

    nothing_comes(daemon, ids[:3])
    daemon.sync(source_id)
    daemon.until_status(source_id, "offline", "folder-missing")
    nothing_comes(daemon, ids[:3])
    away.rename(media)
    daemon.until_status(source_id, "connected")

    assert all(until_shown(daemon, ids, 240).values())


def test_a_jellyfin_server_that_is_off_has_its_pictures_again_when_it_is_back(
    daemon: Daemon, sim: JellyfinSimulator
) -> None:
    """Before and after msd has seen that it is off."""
    source_id = daemon.add_jellyfin(sim.url)

    goes_and_comes_back(
        daemon,
        source_id,
        stop=lambda: sim.set_phase(Phase.REFUSED),
        start=lambda: sim.set_phase(Phase.READY),
    )


def test_a_plex_server_that_is_off_has_its_pictures_again_when_it_is_back(
    bus: PrivateBus, keyring: Keyring, tmp_path: Path
) -> None:
    """As a Jellyfin server."""
    with PlexTv() as tv, PlexServer(make_plex_world(60, seed=3)) as server:
        alice = tv.add_user("alice")
        tv.publish(server, alice)
        with running(bus, tmp_path / "home", MSD_PLEX_TV=tv.url, MSD_PLEX_GDM="") as daemon:
            token = tv.token(alice, "given-elsewhere")
            [source_id] = daemon.call("AddPlexAccount", "s", token)

            goes_and_comes_back(daemon, source_id, stop=server.refuse, start=server.accept)


def reconnect(daemon: Daemon, source_id: str) -> None:
    daemon.call_object(f"{ROOT}/source/{source_id}", f"{NAME}.Source", "Reconnect")


def goes_and_comes_back(
    daemon: Daemon, source_id: str, *, stop: Callable[[], None], start: Callable[[], None]
) -> None:
    daemon.until_synced(source_id)
    ids = some_films(daemon)
    seen = until_shown(daemon, ids[3:], 96)
    assert len(seen) == 1
    stop()

    nothing_comes(daemon, ids[:3])
    reconnect(daemon, source_id)
    daemon.until_status(source_id, "offline")
    nothing_comes(daemon, ids[:3])
    assert posters(daemon, list(seen), 240) == seen
    start()
    reconnect(daemon, source_id)
    daemon.until_status(source_id, "connected")

    assert all(until_shown(daemon, ids, 240).values())
