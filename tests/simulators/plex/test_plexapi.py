"""The simulators driven by plexapi, a client that knows nothing of them."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from plexapi.alert import AlertListener
from plexapi.exceptions import Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin
from plexapi.server import PlexServer as PlexApiServer
from requests.adapters import HTTPAdapter

from tests.simulators.http.server import HOST
from tests.simulators.plex import Household, PlexServer, PlexTv
from tests.simulators.plex.item import Kind

TIMEOUT_S = 30


class Elsewhere(HTTPAdapter):
    """Sends what is meant for a host to another one: requests' own way to reroute."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send to the other host."""
        parts = urlsplit(request.url or "")
        request.url = f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(household: Household) -> Iterator[requests.Session]:
    """A session for which the household's plex.tv is plex.tv."""
    with _session(household.tv) as made:
        yield made


@pytest.fixture
def plex(server: PlexServer) -> Iterator[PlexApiServer]:
    """A signed-in connection."""
    with requests.Session() as made:
        yield PlexApiServer(server.url, server.token, session=made, timeout=TIMEOUT_S)


def _session(tv: PlexTv) -> requests.Session:
    made = requests.Session()
    for host in ("https://plex.tv", "https://clients.plex.tv"):
        made.mount(host, Elsewhere(tv.url))
    return made


def _weak_login(session: requests.Session) -> MyPlexPinLogin:
    return MyPlexPinLogin(session=session, headers={"X-Plex-Client-Identifier": "plexapi-1"})


# plex.tv


def test_a_short_code_signs_in(household: Household, session: requests.Session) -> None:
    """MyPlexPinLogin polls until somebody enters its four letters."""
    login = _weak_login(session)
    code = login.pin
    assert code
    assert len(code) == 4
    assert not login.checkLogin()

    household.tv.approve(code, household.alice)

    assert login.checkLogin()
    account = MyPlexAccount(token=login.token, session=session, timeout=TIMEOUT_S)
    assert account.username == "alice"
    assert account.subscriptionPlan == "lifetime"
    assert account.ping()


def test_a_long_code_signs_in_by_a_browser(household: Household, session: requests.Session) -> None:
    """The address for the browser carries the code and the client identifier."""
    login = MyPlexPinLogin(
        session=session, oauth=True, headers={"X-Plex-Client-Identifier": "plexapi-1"}
    )
    url = login.oauthUrl()
    newest = household.tv.state.pins.newest()

    assert newest.code in url
    assert len(newest.code) > 20

    household.tv.approve(newest.code, household.alice)
    assert login.checkLogin()


def test_an_expired_code_ends_the_login(household: Household, session: requests.Session) -> None:
    """The client takes the 404 for the end."""
    login = _weak_login(session)
    assert login.pin

    household.tv.clock.advance(901)

    assert not login.checkLogin()
    assert login.expired


def test_a_password_signs_in_and_a_wrong_one_does_not(
    household: Household, session: requests.Session
) -> None:
    """And what signed in can sign out."""
    account = MyPlexAccount("alice", "secret", session=session, timeout=TIMEOUT_S)
    account.signout()

    with pytest.raises(Unauthorized):
        MyPlexAccount(token=account.authToken, session=session, timeout=TIMEOUT_S)
    with pytest.raises(Unauthorized):
        MyPlexAccount("alice", "guess", session=session, timeout=TIMEOUT_S)


def test_the_servers_of_an_account(household: Household, session: requests.Session) -> None:
    """Each with a token of its own, in the order a client would try its addresses."""
    account = MyPlexAccount(token=household.token(), session=session, timeout=TIMEOUT_S)
    servers = {each.name: each for each in account.resources() if "server" in each.provides}

    assert set(servers) == {"Near", "Far", "Shared", "Dead", "Lost Server"}
    assert [servers[name].owned for name in ("Near", "Shared")] == [True, False]
    assert servers["Near"].accessToken == household.near.token
    assert servers["Far"].preferred_connections(ssl=True)[-1] == household.far.doors[-1].uri
    assert not servers["Lost Server"].connections


def test_a_server_is_reached_by_its_entry(household: Household, session: requests.Session) -> None:
    """By plain http, on the ports that also speak TLS."""
    account = MyPlexAccount(token=household.token(), session=session, timeout=TIMEOUT_S)

    near = account.resource("Near").connect(ssl=False, timeout=TIMEOUT_S)
    shared = account.resource("Shared").connect(ssl=False, timeout=TIMEOUT_S)

    assert near.machineIdentifier == household.near.machine_id
    assert [each.title for each in shared.library.sections()] == ["Movies"]


# A media server


def test_the_libraries_and_everything_in_them(server: PlexServer, plex: PlexApiServer) -> None:
    """Counts and keys agree with the world."""
    sections = {each.title: each for each in plex.library.sections()}
    assert list(sections) == [each.title for each in server.world.sections.values()]

    for title, kind in (("Movies", Kind.MOVIE), ("TV Shows", Kind.SHOW), ("Music", Kind.ARTIST)):
        section = server.world.section(title)
        keys = {item.key for item in server.world.of_kind(kind, section=section)}
        assert {each.ratingKey for each in sections[title].all()} == keys
        assert sections[title].totalSize == len(keys)
        assert sections[title].key == section.id


def test_a_section_is_searched(server: PlexServer, plex: PlexApiServer) -> None:
    """By title, by what was seen, sorted."""
    movies, world = plex.library.section("Movies"), server.world
    wanted = world.of_kind(Kind.MOVIE, section=world.section("Movies"))
    model = wanted[3]

    assert model.key in [each.ratingKey for each in movies.search(title=model.title)]
    unseen = {item.key for item in wanted if not _views(server, item.key)}
    assert {each.ratingKey for each in movies.search(unwatched=True)} == unseen
    newest = movies.search(sort="addedAt:desc", limit=3)
    assert [each.ratingKey for each in newest] == sorted((i.key for i in wanted), reverse=True)[:3]


def test_shows_seasons_and_episodes(server: PlexServer, plex: PlexApiServer) -> None:
    """Down from a show and up from an episode, hidden seasons included."""
    shows = plex.library.section("TV Shows")
    hidden, *others = (plex.fetchItem(item.key) for item in server.world.of_kind(Kind.SHOW))

    assert len(shows.searchEpisodes()) == len(server.world.of_kind(Kind.EPISODE))
    for show in (hidden, *others):
        leaves = server.world.leaves_below(show.ratingKey)
        assert [each.ratingKey for each in show.episodes()] == [item.key for item in leaves]
    episode = others[0].seasons()[0].episodes()[0]
    assert episode.show().ratingKey == others[0].ratingKey
    assert hidden.episodes()[0].parentRatingKey is None or hidden.episodes()[0].skipParent


def test_music(server: PlexServer, plex: PlexApiServer) -> None:
    """Artists, albums and tracks."""
    artist = plex.library.section("Music").all()[0]
    album = artist.albums()[0]
    track = album.tracks()[0]

    assert track.artist().title == artist.title
    assert plex.fetchItem(track.ratingKey).media[0].parts[0].streams[0].codec == "flac"
    assert len(artist.tracks()) == len(server.world.leaves_below(artist.ratingKey))


def test_details_have_what_rows_lack(server: PlexServer, plex: PlexApiServer) -> None:
    """Streams, markers, chapters, people with ids."""
    movie = plex.fetchItem(server.world.of_kind(Kind.MOVIE)[1].key)

    assert [stream.codec for stream in movie.subtitleStreams()] == ["srt", "ass"]
    assert movie.roles[0].role == "Part 1"
    assert {each.id.partition(":")[0] for each in movie.guids} == {"imdb", "tmdb", "tvdb"}
    assert len(movie.chapters) == 4
    assert [each.type for each in _episode(server, plex).markers] == ["intro", "credits"]


def test_collections_and_playlists(server: PlexServer, plex: PlexApiServer) -> None:
    """With their members in order."""
    collections = plex.library.section("Movies").collections()
    playlists = plex.playlists()

    assert {each.title for each in collections} == {"Favourites", "Recent"}
    for held in (*collections, *playlists):
        assert [each.ratingKey for each in held.items()] == list(
            server.world.items[held.ratingKey].members
        )


def test_watching_leaves_traces(server: PlexServer, plex: PlexApiServer) -> None:
    """In the item, in the history, in what is begun."""
    movie = server.world.of_kind(Kind.MOVIE)[2]
    server.world.watch(movie.key)

    assert plex.fetchItem(movie.key).isPlayed
    assert [each.ratingKey for each in plex.history()] == [movie.key]

    plex.fetchItem(movie.key).markUnplayed()
    assert not _views(server, movie.key)
    begun = {each.ratingKey for each in plex.continueWatching()}
    assert begun == {
        key
        for key, state in server.world.states[1].items()
        if state.view_offset and server.world.items[key].kind is not Kind.TRACK
    }


def test_changes_are_heard_of(server: PlexServer, plex: PlexApiServer) -> None:
    """By the AlertListener's WebSocket."""
    heard: queue.Queue[dict[str, Any]] = queue.Queue()
    # On a socket of ours: the client forgets to close its own when the server says goodbye.
    with socket.create_connection((HOST, server.doors[0].port), TIMEOUT_S) as line:
        listener = AlertListener(plex, heard.put, ws_socket=line)
        listener.start()
        server.wait_for_channels(1, TIMEOUT_S)
        movie = server.world.of_kind(Kind.MOVIE)[0]
        server.world.edit(movie.key, title="Renamed")
        notice = heard.get(timeout=TIMEOUT_S)
        server.close_channels()
        listener.join(TIMEOUT_S)

    entry = notice["TimelineEntry"][0]
    assert (notice["type"], entry["itemID"], entry["state"]) == ("timeline", str(movie.key), 5)


def test_a_wrong_token_is_refused(server: PlexServer) -> None:
    """As an error the client knows."""
    with requests.Session() as made, pytest.raises(Unauthorized):
        PlexApiServer(server.url, "x" * 20, session=made, timeout=TIMEOUT_S)


def _views(server: PlexServer, key: int) -> int:
    state = server.world.state(1, key)
    return state.view_count if state else 0


def _episode(server: PlexServer, plex: PlexApiServer) -> Any:
    return plex.fetchItem(server.world.of_kind(Kind.EPISODE)[0].key)
