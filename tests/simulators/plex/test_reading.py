"""Reading a media server: forms, pages, filters, details."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from tests.simulators.plex import PlexServer, make_world
from tests.simulators.plex.client import Probe
from tests.simulators.plex.item import Kind

PAGE = "X-Plex-Container-Start={}&X-Plex-Container-Size={}"


@pytest.fixture
def probe(server: PlexServer) -> Probe:
    """The owner, by JSON."""
    return Probe.of(server)


def test_anybody_may_ask_who_it_is_and_nothing_else(server: PlexServer) -> None:
    """Other requests without a token end in HTML with 401."""
    nobody = Probe(url=server.url)

    assert nobody.container("/identity")["machineIdentifier"] == server.machine_id
    for target in ("/", "/library/sections", "/library/sections/1/all", "/playlists"):
        answer = nobody.get(target)
        assert (answer.status, answer.headers["Content-Type"]) == (401, "text/html")
    assert b"web/index.html" in nobody.get("/").body


def test_a_token_of_another_server_is_refused(server: PlexServer, probe: Probe) -> None:
    """As is one that was rotated away, or withdrawn."""
    with PlexServer(make_world(10, seed=9)) as other:
        assert Probe.of(server, other.token).get("/").status == 401
    fresh = server.grants.rotate(server.owner)

    assert probe.get("/").status == 401
    assert Probe.of(server, fresh).get("/").status == 200

    server.grants.withdraw(server.owner)
    assert Probe.of(server, fresh).get("/").status == 401


def test_a_token_is_read_from_the_header_and_from_the_query(server: PlexServer) -> None:
    """Every X-Plex header may be a parameter."""
    nobody = Probe(url=server.url)

    assert nobody.get(f"/?X-Plex-Token={server.token}").status == 200


def test_xml_is_what_comes_when_json_is_not_asked_for(server: PlexServer, probe: Probe) -> None:
    """With the same values, as attributes of elements named by type."""
    xml = Probe(url=server.url, token=server.token, accept=None)
    answer = xml.get("/library/sections/1/all?includeGuids=1")
    root, rows = ET.fromstring(answer.body), probe.rows("/library/sections/1/all?includeGuids=1")

    assert answer.headers["Content-Type"] == "text/xml;charset=utf-8"
    assert [each.tag for each in root] == ["Video"] * len(rows)
    assert [each.get("title") for each in root] == [row["title"] for row in rows]
    assert root[0].find("Media/Part").get("key") == rows[0]["Media"][0]["Part"][0]["key"]  # type: ignore[union-attr]
    by_type = {
        "/library/sections/2/all": "Directory",
        "/library/sections/3/all?type=10": "Track",
        "/library/sections/5/all": "Directory",
        "/library/sections/5/all?type=13": "Photo",
        "/playlists": "Playlist",
    }
    for target, tag in by_type.items():
        assert {each.tag for each in ET.fromstring(xml.get(target).body)} == {tag}, target


def test_errors_are_html_whatever_was_accepted(probe: Probe) -> None:
    """With the status that says what is wrong."""
    cases = {
        "/library/metadata/999999": 404,
        "/library/sections/99/all": 404,
        "/nothing/here": 404,
        "/library/sections/1/all?type=x": 400,
        "/library/sections/1/all?X-Plex-Container-Start=0&X-Plex-Container-Size=few": 400,
        "/:/rate?key=1&rating=11": 400,
    }
    for target, status in cases.items():
        answer = probe.get(target)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html"), target


def test_pages_by_query_and_by_header(server: PlexServer, probe: Probe) -> None:
    """Both bounds make a page; only pages tell totals."""
    total = len(server.world.of_kind(Kind.MOVIE, section=server.world.section("Movies")))
    by_query = probe.container("/library/sections/1/all?sort=id&" + PAGE.format(5, 10))
    probe.more = {"X-Plex-Container-Start": "5", "X-Plex-Container-Size": "10"}
    by_header = probe.container("/library/sections/1/all?sort=id")
    answer = probe.get("/library/sections/1/all?sort=id")

    assert by_query == by_header
    assert [by_query[name] for name in ("size", "offset", "totalSize")] == [10, 5, total]
    assert answer.headers["X-Plex-Container-Total-Size"] == str(total)
    probe.more = {}
    whole = probe.container("/library/sections/1/all?X-Plex-Container-Start=5")
    assert "totalSize" not in whole
    assert whole["size"] == total


def test_pages_put_together_are_the_whole_list(server: PlexServer, probe: Probe) -> None:
    """In the order of keys, each item once."""
    keys, start = [], 0
    while page := probe.keys("/library/sections/2/all?type=4&sort=id&" + PAGE.format(start, 7)):
        keys += page
        start += len(page)

    assert keys == sorted(item.key for item in server.world.of_kind(Kind.EPISODE))


def test_a_page_of_nothing_and_a_head_only_count(server: PlexServer, probe: Probe) -> None:
    """What a client asks for to know whether anything changed."""
    count = len(server.world.of_kind(Kind.TRACK))
    target = "/library/sections/3/all?type=10&"
    empty = probe.container(target + PAGE.format(0, 0))
    head = probe.ask("HEAD", target + PAGE.format(0, 1))

    assert (empty["size"], empty["totalSize"]) == (0, count)
    assert "Metadata" not in empty
    assert head.headers["X-Plex-Container-Total-Size"] == str(count)
    assert head.body == b""


def test_a_server_may_give_fewer_than_asked(server: PlexServer, probe: Probe) -> None:
    """By its own limit; collections always have one."""
    server.state.page_cap, server.state.collection_cap = 3, 2
    collection = server.world.of_kind(Kind.COLLECTION)[0]

    assert probe.container("/library/sections/1/all")["size"] == 3
    items = probe.container(f"/library/collections/{collection.key}/items?" + PAGE.format(0, 50))
    assert (items["size"], items["totalSize"]) == (2, 5)


@pytest.mark.parametrize("operator", [">", ">>"])
def test_what_changed_since_a_moment(server: PlexServer, probe: Probe, operator: str) -> None:
    """Both spellings of the operator, for three fields."""
    movies = server.world.of_kind(Kind.MOVIE, section=server.world.section("Movies"))
    since = movies[-4].updated_at
    assert since
    expected = [item.key for item in movies if (item.updated_at or 0) > since - 1]

    target = f"/library/sections/1/all?updatedAt{operator}={since - 1}&sort=updatedAt:asc"
    assert probe.keys(target) == expected
    assert len(probe.keys(f"/library/sections/1/all?addedAt{operator}={since - 1}")) == 3
    viewed = server.world.now() - 10
    server.world.watch(movies[0].key)
    assert probe.keys(f"/library/sections/1/all?lastViewedAt{operator}={viewed}") == [movies[0].key]
    assert probe.keys(f"/library/sections/1/all?lastViewedAt{operator}=-1m") == [movies[0].key]


def test_filters_of_state_text_and_place(server: PlexServer, probe: Probe) -> None:
    """Unwatched, in progress, guid, title, genre, the artist above."""
    world = server.world
    movies = world.of_kind(Kind.MOVIE, section=world.section("Movies"))
    album = world.of_kind(Kind.ALBUM)[0]
    states = world.states[1]
    begun = {key for key, state in states.items() if state.view_offset}
    seen = {key for key, state in states.items() if state.view_count}
    of_artist = [item.key for item in world.of_kind(Kind.ALBUM) if item.parent == album.parent]

    all_movies, keys = {item.key for item in movies}, probe.keys
    assert set(keys("/library/sections/1/all?unwatched=1")) == all_movies - seen
    assert set(keys("/library/sections/1/all?unwatched=0")) == all_movies & seen
    assert set(keys("/library/sections/1/all?inProgress=1")) == all_movies & begun
    assert keys(f"/library/sections/1/all?guid={movies[4].guid}") == [movies[4].key]
    assert movies[4].key in keys(f"/library/sections/1/all?title={movies[4].title[2:6]}")
    genre = movies[0].genres[0]
    by_genre = {item.key for item in movies if genre in item.genres}
    assert set(keys(f"/library/sections/1/all?genre={genre}")) == by_genre
    albums = keys(f"/library/sections/3/all?type=9&artist.id={album.parent}")
    assert sorted(albums) == of_artist


def test_rows_are_light_and_details_full(server: PlexServer, probe: Probe) -> None:
    """What only details have is absent from rows, not empty."""
    key = server.world.of_kind(Kind.MOVIE)[0].key
    row = next(row for row in probe.rows("/library/sections/1/all") if row["ratingKey"] == str(key))
    (full,) = probe.rows(f"/library/metadata/{key}?includeChapters=1&includeExtras=1")

    assert {"Guid", "Rating", "Chapter", "Extras", "librarySectionID"} & row.keys() == set()
    assert "Stream" not in row["Media"][0]["Part"][0]
    assert {len(row["Genre"]), len(row["Role"])} == {2}
    assert all(tag.keys() == {"tag"} for tag in row["Role"])
    assert {"Guid", "Rating", "Chapter", "Extras", "librarySectionID"} <= full.keys()
    assert len(full["Role"]) == 4
    assert [each["streamType"] for each in full["Media"][0]["Part"][0]["Stream"]] == [1, 2, 2, 3, 3]
    assert "Guid" in probe.rows("/library/sections/1/all?includeGuids=1")[0]


def test_a_client_may_ask_for_less(probe: Probe) -> None:
    """By elements and by fields."""
    wanted = "excludeElements=Genre,Role,Media,Image&excludeFields=summary,tagline"

    for row in probe.rows(f"/library/sections/1/all?{wanted}"):
        assert {"Genre", "Role", "Media", "Image", "summary"} & row.keys() == set()
        assert "Director" in row


def test_what_never_happened_is_absent(server: PlexServer, probe: Probe) -> None:
    """An unwatched item has no count, no position and no moment."""
    key = server.world.of_kind(Kind.MOVIE)[0].key
    server.world.watch(key)
    (seen,) = probe.rows(f"/library/metadata/{key}")
    server.world.unwatch(key)
    (unseen,) = probe.rows(f"/library/metadata/{key}")

    assert {"viewCount", "lastViewedAt"} <= seen.keys()
    assert {"viewCount", "lastViewedAt", "viewOffset"} & unseen.keys() == set()


def test_several_details_at_once(server: PlexServer, probe: Probe) -> None:
    """Unknown ones are left out; none known is 404."""
    first, second = (item.key for item in server.world.of_kind(Kind.MOVIE)[:2])

    assert probe.keys(f"/library/metadata/{first},999999,{second}") == [first, second]
    assert probe.get("/library/metadata/999998,999999").status == 404


def test_hidden_seasons_leave_episodes_without_a_parent(server: PlexServer, probe: Probe) -> None:
    """Such a show says so; its episodes are its grandchildren."""
    show = server.world.of_kind(Kind.SHOW)[0]
    (row, *_) = [each for each in probe.rows("/library/sections/2/all") if "skipChildren" in each]
    episodes = probe.rows(f"/library/metadata/{show.key}/grandchildren")

    assert row["ratingKey"] == str(show.key)
    assert all("parentRatingKey" not in each and "parentKey" not in each for each in episodes)
    assert {each["grandparentRatingKey"] for each in episodes} == {str(show.key)}
    others = probe.rows(f"/library/metadata/{server.world.of_kind(Kind.SHOW)[1].key}/allLeaves")
    assert all("parentRatingKey" in each for each in others)


def test_a_season_tells_how_much_of_it_was_seen(server: PlexServer, probe: Probe) -> None:
    """And the show above it, at once."""
    world = server.world
    season = world.of_kind(Kind.SEASON)[0]
    world.unwatch(season.key)
    episode = world.children_of(season.key)[0]
    target = f"/library/metadata/{season.key}"
    (before,) = probe.rows(target)
    world.watch(episode.key)
    (after,) = probe.rows(target)

    assert (before["viewedLeafCount"], after["viewedLeafCount"]) == (0, 1)
    assert after["leafCount"] == len(world.children_of(season.key))


def test_the_kinds_of_sections(server: PlexServer, probe: Probe) -> None:
    """Photos and other videos are there to be told apart."""
    sections = probe.container("/library/sections")["Directory"]
    content = probe.container("/media/providers")["MediaProvider"][0]["Feature"][0]["Directory"]

    assert [(each["title"], each["type"]) for each in sections] == [
        ("Movies", "movie"),
        ("TV Shows", "show"),
        ("Music", "artist"),
        ("Other Videos", "movie"),
        ("Photos", "photo"),
    ]
    assert sections[3]["agent"] == "com.plexapp.agents.none"
    assert "id" not in content[0]  # the home page
    assert Counter(each.get("type") for each in content)["playlist"] == 1


def test_extras_are_in_no_list(server: PlexServer, probe: Probe) -> None:
    """A trailer and a music video hang on their movie and artist."""
    movie, artist = server.world.of_kind(Kind.MOVIE)[0], server.world.of_kind(Kind.ARTIST)[0]

    (trailer,) = probe.rows(f"/library/metadata/{movie.key}/extras")
    (video,) = probe.rows(f"/library/metadata/{artist.key}/extras")
    assert (trailer["subtype"], video["subtype"]) == ("trailer", "musicVideo")
    assert probe.rows("/library/sections/1/all?type=12") == []


def test_history_and_sessions(server: PlexServer, probe: Probe) -> None:
    """Plays newest first; a mark leaves no row."""
    first, second = (item.key for item in server.world.of_kind(Kind.MOVIE)[:2])
    server.world.watch(first)
    server.world.clock.advance(60)
    server.world.watch(second)
    probe.get(f"/:/scrobble?identifier=com.plexapp.plugins.library&key={first}")

    rows = probe.rows("/status/sessions/history/all?sort=viewedAt:desc")
    assert [int(row["ratingKey"]) for row in rows] == [second, first]
    since = f"/status/sessions/history/all?viewedAt>={rows[0]['viewedAt']}"
    assert probe.container(since)["totalSize"] == 1
    assert probe.get("/status/sessions").status == 200


def test_rows_of_mixed_lists_name_their_section(server: PlexServer, probe: Probe) -> None:
    """Where one container is of several sections; in a section's own list they do not."""
    playlist = server.world.of_kind(Kind.PLAYLIST)[0]
    for target in (
        "/library/recentlyAdded",
        "/hubs/continueWatching/items",
        f"/playlists/{playlist.key}/items",
    ):
        for row in probe.rows(target):
            item = server.world.items[int(row["ratingKey"])]
            assert row["librarySectionID"] == item.section_id, target
    assert all("librarySectionID" not in row for row in probe.rows("/library/sections/1/all"))
    items = probe.rows(f"/playlists/{playlist.key}/items")
    assert [row["playlistItemID"] for row in items] == list(range(1, len(items) + 1))
    (hub,) = probe.container("/hubs/continueWatching")["Hub"]
    assert len(hub["Metadata"]) == hub["size"] > 0
