"""People and details of all items, fetched while nothing else happens: real daemon, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.simulators.http.message import Request
from tests.simulators.jellyfin import JellyfinSimulator, Phase, faults, make_world
from tests.simulators.plex import PlexServer, PlexTv
from tests.simulators.plex import make_world as plex_world
from tests.simulators.words import PEOPLE
from tests.support.session.bus import PrivateBus
from tests.support.session.daemon import LIBRARY, ROOT, CallError, Daemon, running
from tests.support.session.keyring import Keyring

pytestmark = pytest.mark.timeout(240)

SOURCE = "org.msd.Msd1.Source"
ITEMS = 500
LONG_S = 180  # passes wait for half a minute of quiet, and pause between pages
PAGES = ITEMS // 50


@pytest.fixture
def tv() -> Iterator[PlexTv]:
    with PlexTv() as running_tv:
        yield running_tv


@pytest.fixture
def daemon(bus: PrivateBus, keyring: Keyring, tmp_path: Path, tv: PlexTv) -> Iterator[Daemon]:
    with running(bus, tmp_path / "home", MSD_PLEX_TV=tv.url, MSD_PLEX_GDM="") as daemon:
        yield daemon


@pytest.fixture
def jellyfin() -> Iterator[JellyfinSimulator]:
    with JellyfinSimulator(make_world(ITEMS, seed=3), version="12") as simulator:
        yield simulator


@pytest.fixture
def plex(tv: PlexTv) -> Iterator[PlexServer]:
    with PlexServer(plex_world(ITEMS, seed=3)) as server:
        tv.publish(server, tv.add_user("alice"))
        yield server


def shown(daemon: Daemon, source_id: str, name: str) -> object:
    return daemon.get(f"{ROOT}/source/{source_id}", SOURCE, name)


def until_details(daemon: Daemon, source_id: str, *states: str) -> None:
    def holds() -> bool:
        try:
            return shown(daemon, source_id, "DetailsState") in states
        except CallError:
            return False  # msd starts again with other settings

    daemon.until(
        holds,
        f"the details of {source_id} are {states}",
        timeout_s=LONG_S,
    )


def asked(sim: JellyfinSimulator) -> list[list[str]]:
    """Return the ids of each request for details."""
    queries = [parse_qs(request.query) for request in sim.log.requests]
    return [
        query["ids"][0].split(",") for query in queries if "People" in query.get("fields", [""])[0]
    ]


def _asks_for_people(request: Request, item_id: str) -> bool:
    return item_id in request.query_string and "People" in request.query_string


def found_by(daemon: Daemon, name: str, *sources: str) -> list[dict[str, object]]:
    """Return what a search finds by a person, in some sources or (none named) in all."""
    of_sources = ("1", "source_ids", "as", str(len(sources)), *sources) if sources else ("0",)
    _, hits, _ = daemon.call("Search", "sa{sv}", name, *of_sources, interface=LIBRARY)
    return [hit for hit in hits if hit["match"] == "person"]


def test_people_are_found_with_every_server_off(
    daemon: Daemon, jellyfin: JellyfinSimulator, plex: PlexServer, tv: PlexTv
) -> None:
    """Few requests bring the details of every item; then nothing needs a server."""
    alice = next(user for user in tv.state.users.values() if user.name == "alice")
    sources = [
        daemon.add_jellyfin(jellyfin.url),
        *daemon.call("AddPlexAccount", "s", tv.token(alice, "given-elsewhere")),
    ]
    for source_id in sources:
        daemon.until_synced(source_id)
        until_details(daemon, source_id, "waiting", "running")
    plex.log.clear()
    for source_id in sources:
        until_details(daemon, source_id, "done")

    assert len(asked(jellyfin)) <= PAGES
    assert jellyfin.log.count("/Items/{id}") == 0
    requests = plex.log.matching("/library/metadata/{keys}")
    assert 0 < sum("includeChapters" in request.query for request in requests) <= PAGES
    jellyfin.set_phase(Phase.REFUSED)
    plex.refuse()
    for source_id in sources:
        assert any(found_by(daemon, name, source_id) for name in PEOPLE[:6])
    films, _, _ = daemon.query(
        *("types", "as", "1", "movie", "fields", "as", "2", "people", "versions"),
        *("limit", "u", "500", "source_ids", "as", "1", sources[0]),
    )
    assert all(film["people"] and film["versions"] for film in films)


def test_a_killed_pass_goes_on_where_it_was(daemon: Daemon, jellyfin: JellyfinSimulator) -> None:
    """What is there is not asked for again, but for the page that was on its way."""
    source_id = daemon.add_jellyfin(jellyfin.url)
    daemon.until_synced(source_id)
    jellyfin.log.wait_for(
        lambda log: sum("People" in request.query for request in log) >= 2, timeout_s=LONG_S
    )
    daemon.kill()
    before = asked(jellyfin)
    jellyfin.log.clear()

    daemon.start()
    until_details(daemon, source_id, "done")

    written = {item for page in before[:-1] for item in page}
    again = {item for page in asked(jellyfin) for item in page}
    assert written.isdisjoint(again)
    assert len(written | again | set(before[-1])) == daemon.count()


def test_an_odd_item_and_a_slow_server_cost_only_themselves(
    daemon: Daemon, jellyfin: JellyfinSimulator
) -> None:
    """A film that breaks every page that holds it is left out; all others come."""
    (film, *_) = jellyfin.world.of_type("Movie")
    jellyfin.faults.add(
        "^/Items$", faults.status(500), where=lambda request: _asks_for_people(request, film.id)
    )
    source_id = daemon.add_jellyfin(jellyfin.url)
    daemon.until_synced(source_id)
    until_details(daemon, source_id, "waiting", "running")
    until_details(daemon, source_id, "done")

    films, _, _ = daemon.query("types", "as", "1", "movie", "fields", "as", "2", "people", "title")
    assert [one["title"] for one in films if "people" not in one] == [film.name]


def test_nothing_is_fetched_once_the_setting_says_so(
    daemon: Daemon, jellyfin: JellyfinSimulator
) -> None:
    """The settings file is read again by itself; frontends are told."""
    settings = daemon.home / "config" / "msd" / "msd.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    source_id = daemon.add_jellyfin(jellyfin.url)
    daemon.until_synced(source_id)
    settings.write_text("[sync]\ndetails = false\n")
    until_details(daemon, source_id, "off")

    missing = shown(daemon, source_id, "DetailsMissing")
    assert isinstance(missing, int)
    assert missing > ITEMS / 2


def test_details_that_are_fresh_are_not_fetched_and_told_again(
    daemon: Daemon, jellyfin: JellyfinSimulator, plex: PlexServer, tv: PlexTv, media: Path
) -> None:
    """A frontend may refresh on each ItemsChanged: the second time changes nothing."""
    alice = next(user for user in tv.state.users.values() if user.name == "alice")
    sources = [
        daemon.add_jellyfin(jellyfin.url),
        *daemon.call("AddPlexAccount", "s", tv.token(alice, "given-elsewhere")),
        str(daemon.call("AddLocalSource", "s", str(media))),
    ]
    for source_id in sources:
        daemon.until_synced(source_id)
    for source_id in sources:
        films = ("source_ids", "as", "1", source_id, "types", "as", "1", "movie", "limit", "u", "2")
        first, other = (str(film["id"]) for film in daemon.query(*films)[0])
        refreshed(daemon, first)
        before = daemon.get(ROOT, "org.msd.Msd1.SourceCoordinator", "Revision")

        for _ in range(5):
            refresh(daemon, first)

        assert daemon.get(ROOT, "org.msd.Msd1.SourceCoordinator", "Revision") == before
        refreshed(daemon, other)  # what was asked for before would have been fetched by now
        changes = ("tua{sv}", str(before), "100", "0")
        changed = daemon.call("GetChanges", *changes, interface=LIBRARY)[0]
        assert changed == [other]


def refresh(daemon: Daemon, item_id: str) -> dict[str, object]:
    options = ("2", "refresh", "b", "true", "fields", "as", "2", "fetched", "versions")
    (item,) = daemon.call("GetItems", "asa{sv}", "1", item_id, *options, interface=LIBRARY)
    return dict(item)


def refreshed(daemon: Daemon, item_id: str) -> None:
    daemon.until(lambda: "versions" in refresh(daemon, item_id), "the details are there")
