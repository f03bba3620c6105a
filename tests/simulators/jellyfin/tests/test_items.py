"""Libraries and lists of items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.simulators.jellyfin import VERSIONS, JellyfinSimulator, make_world
from tests.simulators.jellyfin.client import Probe
from tests.simulators.jellyfin.world.physical import folder_id
from tests.simulators.jellyfin.world.wire import write_time

Start = Callable[..., JellyfinSimulator]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[JellyfinSimulator] = []

    def run(version: str = "10.11", items: int = 100) -> JellyfinSimulator:
        simulator = JellyfinSimulator(make_world(items), version=version)
        simulator.start()
        running.append(simulator)
        return simulator

    yield run
    for simulator in running:
        simulator.stop()


def _page(probe: Probe, **query: Any) -> dict[str, Any]:
    answer = probe.get("/Items", **{"recursive": "true"} | query)
    assert answer.status == 200, answer
    return dict(answer.json)


def _ids(probe: Probe, **query: Any) -> list[str]:
    return [row["Id"] for row in _page(probe, **query)["Items"]]


# Item 6: libraries


def test_views_tell_hidden_mixed_and_synthetic_libraries_apart(start: Start) -> None:
    """Views tell hidden mixed and synthetic libraries apart.

    See docs/protocols/jellyfin.md, Libraries.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    usual = {row["Name"]: row for row in probe.get("/UserViews").json["Items"]}
    every = {row["Name"] for row in probe.get("/UserViews", includeHidden="true").json["Items"]}

    assert every - set(usual) == {"Hidden Movies"}
    assert "CollectionType" not in usual["Mixed"]
    assert usual["Séries"]["CollectionType"] == "tvshows"
    assert (usual["Playlists"]["Type"], usual["Music"]["Type"]) == ("UserView", "CollectionFolder")
    configuration = probe.get("/Users/Me").json["Configuration"]
    hidden = simulator.world.library("Hidden Movies").id
    assert configuration["MyMediaExcludes"] == [hidden]


def test_collections_appear_only_with_a_member_the_user_sees(start: Start) -> None:
    """Collections appear only with a member the user sees.

    See docs/protocols/jellyfin.md, Libraries.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    for box in simulator.world.of_type("BoxSet"):
        simulator.world.make_unseen(box.id, simulator.user())

    names = {row["Name"] for row in probe.get("/UserViews").json["Items"]}
    assert "Collections" not in names
    assert "Playlists" in names


def test_a_forbidden_library_answers_401_with_a_json_string_to_a_good_token(start: Start) -> None:
    """No reason to sign out.

    See docs/protocols/jellyfin.md, Errors.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    movies = simulator.world.library("Filme & Kino")
    simulator.world.forbid_library(movies.id, simulator.user())
    answer = probe.get("/Items", parentId=movies.id, recursive="true")

    assert answer.status == 401
    assert answer.json == "alice is not permitted to access Library Filme & Kino."
    assert probe.get("/Users/Me").status == 200
    inside = {item.id for item in simulator.world.in_library(movies.id)}
    assert inside.isdisjoint(_ids(probe))
    assert movies.id not in {row["Id"] for row in probe.get("/UserViews").json["Items"]}


def test_an_unknown_parent_is_a_bad_request_in_text(start: Start) -> None:
    """An unknown parent is a bad request in text.

    See docs/protocols/jellyfin.md, Lists.
    """
    answer = Probe(start().url).login().get("/Items", parentId="1" * 32, recursive="true")

    assert (answer.status, answer.body) == (400, b"Error processing request.")


def test_renaming_a_library_changes_its_id_and_keeps_its_items(start: Start) -> None:
    """Renaming a library changes its id and keeps its items.

    See docs/protocols/jellyfin.md, Libraries.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    old = simulator.world.library("Music")
    before = _ids(probe, parentId=old.id)
    new = simulator.world.rename_library(old.id, "Musik")

    assert old.id != new.id
    assert probe.get("/Items", parentId=old.id, recursive="true").status == 400
    assert _ids(probe, parentId=new.id) == before


# Item 7: paging


@pytest.mark.parametrize(("version", "given", "uncounted"), [("10.11", 37, 0), ("12", 40, 3)])
def test_a_check_after_paging_makes_pages_short_up_to_10_11(
    start: Start, version: str, given: int, uncounted: int
) -> None:
    """The total still counts rows that are removed from the page.

    See docs/protocols/jellyfin.md, Lists.
    """
    simulator = start(version, items=200)
    probe = Probe(simulator.url).login()
    kinds = "Movie,Episode"
    for each in _ids(probe, includeItemTypes=kinds, limit=3):
        simulator.world.make_unseen(each, simulator.user())
    whole = len(simulator.world.of_type("Movie", "Episode"))
    page = _page(probe, includeItemTypes=kinds, limit=40)

    assert page["TotalRecordCount"] == whole - uncounted
    assert len(page["Items"]) == given


def test_the_total_follows_the_rules_of_enable_total_record_count(start: Start) -> None:
    """The rows of this page, or nothing for collections.

    See docs/protocols/jellyfin.md, Lists.
    """
    probe = Probe(start().url).login()
    everything = _page(probe, includeItemTypes="Movie", limit=2)["TotalRecordCount"]
    off = {"limit": 2, "enableTotalRecordCount": "false"}

    assert everything > 2
    assert _page(probe, includeItemTypes="Movie", **off)["TotalRecordCount"] == 2
    assert _page(probe, includeItemTypes="BoxSet", **off)["TotalRecordCount"] == 0
    assert _page(probe, limit=0) == {"Items": [], "TotalRecordCount": 100, "StartIndex": 0}


@pytest.mark.parametrize("version", VERSIONS)
def test_pages_put_together_are_every_item_once(start: Start, version: str) -> None:
    """Pages put together are every item once.

    See docs/protocols/jellyfin.md, Lists.
    """
    simulator = start(version, items=330)
    probe = Probe(simulator.url).login()
    found = [each for n in range(0, 400, 50) for each in _ids(probe, startIndex=n, limit=50)]

    assert len(found) == 330
    assert set(found) == set(simulator.world.items)


def test_ids_come_in_the_order_asked_and_missing_ones_are_left_out(start: Start) -> None:
    """An existence check.

    See docs/protocols/jellyfin.md, Lists.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    wanted = [item.id for item in simulator.world.of_type("Movie")[3::-1]]

    assert _ids(probe, ids=",".join(["1" * 32, *wanted])) == wanted


def test_a_sort_order_longer_than_sort_by_is_a_bad_request(start: Start) -> None:
    """A sort order longer than sort by is a bad request.

    See docs/protocols/jellyfin.md, Lists.
    """
    probe = Probe(start().url).login()
    query = {"recursive": "true", "sortBy": "SortName"}

    assert probe.get("/Items", sortOrder="Ascending,Descending", **query).status == 400
    ascending = probe.get("/Items", sortOrder="Ascending", **query).json["Items"]
    descending = probe.get("/Items", sortOrder="Descending", **query).json["Items"]
    assert [row["Id"] for row in ascending] != [row["Id"] for row in descending]


def test_movies_hide_behind_their_collection_unless_told_otherwise(start: Start) -> None:
    """Send collapseBoxSetItems=false.

    See docs/protocols/jellyfin.md, Lists.
    """
    simulator = start(items=300)
    probe = Probe(simulator.url).login()
    simulator.world.groups_into_collections = True
    boxed = {each for box in simulator.world.of_type("BoxSet") for each in box.members}
    movies = {item.id for item in simulator.world.of_type("Movie")}

    assert set(_ids(probe, includeItemTypes="Movie", collapseBoxSetItems="false")) == movies
    assert set(_ids(probe, includeItemTypes="Movie")).isdisjoint(boxed & movies)


def test_missing_episodes_are_listed_unless_left_out(start: Start) -> None:
    """/Items does not honour the user's switch.

    See docs/protocols/jellyfin.md, Lists.
    """
    simulator = start(items=600)
    probe = Probe(simulator.url).login()
    episodes = simulator.world.of_type("Episode")
    virtual = {item.id for item in episodes if item.virtual}

    assert virtual
    assert virtual <= set(_ids(probe, includeItemTypes="Episode"))
    for less in ({"isMissing": "false"}, {"excludeLocationTypes": "Virtual"}):
        assert virtual.isdisjoint(_ids(probe, includeItemTypes="Episode", **less))


@pytest.mark.parametrize(("version", "whole"), [("10.11", True), ("12", False)])
def test_box_sets_ignore_a_parent_up_to_10_11(start: Start, version: str, whole: bool) -> None:
    """Box sets ignore a parent up to 10 11.

    See docs/protocols/jellyfin.md, Collections and playlists.
    """
    simulator = start(version, items=300)
    probe = Probe(simulator.url).login()
    books = simulator.world.library("Books").id
    boxes = {item.id for item in simulator.world.of_type("BoxSet")}

    assert set(_ids(probe, includeItemTypes="BoxSet")) == boxes
    found = set(_ids(probe, includeItemTypes="BoxSet", parentId=books))
    assert found == (boxes if whole else set())
    box = simulator.world.of_type("BoxSet")[0]
    assert set(_ids(probe, parentId=box.id, recursive="false")) == set(box.members)


def test_fields_gate_members_and_the_null_channel_is_always_there(start: Start) -> None:
    """Fields gate members and the null channel is always there. 3.

    See docs/protocols/jellyfin.md, Wire.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    kind = {"includeItemTypes": "Movie", "limit": 1}
    (bare,) = _page(probe, **kind)["Items"]
    (more,) = _page(probe, fields="Overview,Genres,Etag,MediaSources", **kind)["Items"]
    single = probe.get(f"/Items/{bare['Id']}").json

    assert bare["ChannelId"] is None
    assert set(more) - set(bare) == {"Overview", "Genres", "GenreItems", "Etag", "MediaSources"}
    assert {"People", "Path", "Overview", "MediaStreams", "SortName"} <= set(single)
    assert "UserData" not in _page(probe, enableUserData="false", **kind)["Items"][0]
    assert "ImageTags" not in _page(probe, enableImages="false", **kind)["Items"][0]
    (limited,) = _page(probe, imageTypeLimit=1, enableImageTypes="Backdrop", **kind)["Items"]
    assert (len(bare["BackdropImageTags"]), len(limited["BackdropImageTags"])) == (2, 1)
    assert limited["ImageTags"] == {}


def test_the_etag_moves_with_a_save_and_not_with_playing(start: Start) -> None:
    """The only change detector of an item.

    See docs/protocols/jellyfin.md, Rows.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    movie = simulator.world.of_type("Movie")[0]

    def etag() -> str:
        return str(_page(probe, ids=movie.id, fields="Etag")["Items"][0]["Etag"])

    before = etag()
    probe.ask("POST", f"/UserPlayedItems/{movie.id}")
    assert etag() == before
    simulator.world.edit(movie.id, name="Jiný název")
    assert etag() != before


def test_times_have_seven_digits_with_zeros_trimmed(start: Start) -> None:
    """Etag.

    See docs/protocols/jellyfin.md, Wire.
    """
    simulator = start()
    movie = simulator.world.of_type("Movie")[0]

    assert write_time(movie.premiere or movie.created).endswith("T00:00:00.0000000Z")
    assert write_time(movie.created.replace(microsecond=120000)).endswith(".12Z")
    assert write_time(movie.created.replace(year=1)).startswith("0001-")


@pytest.mark.parametrize(
    ("version", "shown"), [("10.8", None), ("10.10", "0" * 32), ("10.11", "own"), ("12", "own")]
)
def test_the_item_id_inside_user_data_depends_on_the_version(
    start: Start, version: str, shown: str | None
) -> None:
    """The item id inside user data depends on the version.

    See docs/protocols/jellyfin.md, Watch state.
    """
    simulator = start(version)
    (row,) = _page(Probe(simulator.url).login(), includeItemTypes="Movie", limit=1)["Items"]

    assert row["UserData"].get("ItemId") == (row["Id"] if shown == "own" else shown)


def test_a_folder_is_played_when_all_in_it_is(start: Start) -> None:
    """A folder is played when all in it is.

    See docs/protocols/jellyfin.md, Watch state.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    series = simulator.world.of_type("Series")[0]
    episodes = simulator.world.leaves_below(series.id)
    probe.ask("DELETE", f"/UserPlayedItems/{series.id}")

    def data() -> dict[str, Any]:
        return dict(_page(probe, ids=series.id)["Items"][0]["UserData"])

    assert (data()["Played"], data()["UnplayedItemCount"]) == (False, len(episodes))
    probe.ask("POST", f"/UserPlayedItems/{series.id}")
    assert (data()["Played"], data()["UnplayedItemCount"]) == (True, 0)
    played = _ids(probe, parentId=series.id, includeItemTypes="Episode", filters="IsPlayed")
    assert set(played) == {each.id for each in episodes}


def test_resume_rules_decide_what_a_stop_saves(start: Start) -> None:
    """Data.

    See docs/protocols/jellyfin.md, Watch state.
    """
    simulator = start()
    probe = Probe(simulator.url).login()
    movie = simulator.world.of_type("Movie")[0]
    runtime = movie.runtime_ticks or 0
    data = simulator.world.data(simulator.user(), movie.id)

    def stop(position: int | None) -> tuple[int, bool]:
        data.played, data.position_ticks = False, 0
        body = {"ItemId": movie.id} | ({} if position is None else {"PositionTicks": position})
        assert probe.ask("POST", "/Sessions/Playing/Stopped", body).status == 204
        return data.position_ticks, data.played

    assert stop(runtime // 50) == (0, False)
    assert stop(runtime // 2) == (runtime // 2, False)
    assert stop(runtime * 95 // 100) == (0, True)
    assert stop(None) == (0, True)
    negative = {"ItemId": movie.id, "PositionTicks": -1}
    assert probe.ask("POST", "/Sessions/Playing/Stopped", negative).status == 400
    unknown = {"ItemId": "1" * 32, "PositionTicks": 5}
    assert probe.ask("POST", "/Sessions/Playing/Progress", unknown).status == 204


def test_moving_and_renaming_a_file_give_the_item_another_id(start: Start) -> None:
    """An id is made of type and path; play state follows the item's key.

    See docs/protocols/jellyfin.md, Changes.
    """
    simulator = start()
    probe, world = Probe(simulator.url).login(), simulator.world
    movie = world.of_type("Movie")[0]
    world.data(simulator.user(), movie.id).play_count = 7
    moved = world.move(movie.id, library_id=world.library("Mixed").id)

    assert probe.get(f"/Items/{movie.id}").status == 404
    row = probe.get(f"/Items/{moved.id}").json
    assert row["ParentId"] == folder_id(world.library("Mixed").id)
    assert row["UserData"]["PlayCount"] == 7


def test_a_renamed_series_keeps_its_episodes_under_its_new_id(start: Start) -> None:
    """What is below refers to the new id, in the new library.

    See docs/protocols/jellyfin.md, Changes.
    """
    simulator = start()
    probe, world = Probe(simulator.url).login(), simulator.world
    series = world.of_type("Series")[0]
    query = {"includeItemTypes": "Episode", "fields": "ParentId"}
    before = _ids(probe, parentId=series.id, **query)
    moved = world.move(series.id, library_id=world.library("Mixed").id)
    rows = _page(probe, parentId=moved.id, **query)["Items"]

    assert [row["Id"] for row in rows] == before
    assert {row["SeriesId"] for row in rows} == {moved.id}
    assert set(before) <= set(_ids(probe, parentId=world.library("Mixed").id))


def test_deleting_a_series_takes_everything_below_it(start: Start) -> None:
    """What a scan does when a folder is gone."""
    simulator = start()
    probe, world = Probe(simulator.url).login(), simulator.world
    series = world.of_type("Series")[0]
    below = {item.id for item in world.below(series.id)}
    world.delete(series.id)

    assert below
    assert below.isdisjoint(_ids(probe))


# Item 8: the save date


@pytest.mark.parametrize(
    ("version", "alone"), [("10.8", "none"), ("10.10", 500), ("10.11", "right"), ("12", "right")]
)
def test_the_save_date_alone_is_broken_up_to_10_10_and_works_when_sent_twice(
    start: Start, version: str, alone: object
) -> None:
    """The save date alone is broken up to 10 10 and works when sent twice.

    See docs/protocols/jellyfin.md, Changes.
    """
    simulator = start(version)
    probe, world = Probe(simulator.url).login(), simulator.world
    movie = world.of_type("Movie")[0]
    since = write_time(world.clock.now() - timedelta(seconds=5))
    world.edit(movie.id, name="Saved just now")
    both = {"minDateLastSaved": since, "minDateLastSavedForUser": since}

    assert _ids(probe, **both) == [movie.id]
    answer = probe.get("/Items", recursive="true", minDateLastSaved=since)
    found = [row["Id"] for row in answer.json["Items"]] if answer.status == 200 else answer.status
    assert found == {"none": [], 500: 500, "right": [movie.id]}[alone]


def test_playing_is_no_save(start: Start) -> None:
    """The parameter named for the user is no watermark of play state.

    See docs/protocols/jellyfin.md, Changes.
    """
    simulator = start()
    probe, world = Probe(simulator.url).login(), simulator.world
    since = write_time(world.clock.now() - timedelta(seconds=5))
    probe.ask("POST", f"/UserPlayedItems/{world.of_type('Movie')[0].id}")

    assert _ids(probe, minDateLastSavedForUser=since) == []
