"""A media server that changes, and who sees what of it."""

from __future__ import annotations

import pytest

from tests.simulators.plex import Household, PlexServer
from tests.simulators.plex.client import Probe
from tests.simulators.plex.item import Item, Kind


@pytest.fixture
def probe(server: PlexServer) -> Probe:
    """The owner, by JSON."""
    return Probe.of(server)


@pytest.fixture
def movie(server: PlexServer) -> Item:
    """Some movie."""
    return server.world.of_kind(Kind.MOVIE)[4]


def _counters(probe: Probe, number: int = 1) -> tuple[int, int, int]:
    sections = probe.container("/library/sections")["Directory"]
    section = next(each for each in sections if each["key"] == str(number))
    return section["contentChangedAt"], section["scannedAt"], section["updatedAt"]


def test_an_edit_moves_the_item_and_the_counter(
    server: PlexServer, probe: Probe, movie: Item
) -> None:
    """And its row is new at once, in every shape."""
    changed, _, settings = _counters(probe)
    was = movie.updated_at
    probe.rows("/library/sections/1/all")
    server.world.edit(movie.key, title="Renamed")
    (row,) = probe.rows("/library/sections/1/all?title=Renamed")

    assert was
    assert row["updatedAt"] > was
    assert _counters(probe)[0] > changed
    assert _counters(probe)[2] == settings


def test_some_servers_do_not_count(server: PlexServer, probe: Probe, movie: Item) -> None:
    """An edit that the counter does not show."""
    server.world.counts_changes = False
    before = _counters(probe)[0]
    server.world.edit(movie.key, title="Renamed")

    assert _counters(probe)[0] == before


def test_watching_moves_no_counter(server: PlexServer, probe: Probe, movie: Item) -> None:
    """View state is invisible to a section and to updatedAt."""
    before, was = _counters(probe), movie.updated_at
    server.world.watch(movie.key)
    (row,) = probe.rows(f"/library/metadata/{movie.key}")

    assert _counters(probe) == before
    assert row["updatedAt"] == was
    assert row["viewCount"] >= 1


def test_an_empty_scan_moves_only_its_moment(server: PlexServer, probe: Probe) -> None:
    """What looks like a change is none."""
    before = _counters(probe)
    server.world.scan(server.world.section("Movies"))
    after = _counters(probe)

    assert after[0] == before[0]
    assert after[1] > before[1]


def test_a_replaced_file_has_another_part_key(
    server: PlexServer, probe: Probe, movie: Item
) -> None:
    """And the same updatedAt."""

    def part_and_update() -> tuple[str, int]:
        (row,) = probe.rows(f"/library/metadata/{movie.key}")
        return row["Media"][0]["Part"][0]["key"], row["updatedAt"]

    (part, updated), _ = part_and_update(), server.world.replace_file(movie.key)

    assert part_and_update()[0] != part
    assert part_and_update()[1] == updated


def test_a_deleted_show_takes_all_below_with_it(server: PlexServer, probe: Probe) -> None:
    """Without a tombstone."""
    show = server.world.of_kind(Kind.SHOW)[0]
    below = {item.key for item in server.world.leaves_below(show.key)}
    server.world.delete(show.key)

    assert not below & set(probe.keys("/library/sections/2/all?type=4"))
    assert probe.get(f"/library/metadata/{show.key}").status == 404


def test_an_item_comes_back_under_another_key(
    server: PlexServer, probe: Probe, movie: Item
) -> None:
    """With the same guid, and with what was seen of it."""
    server.world.watch(movie.key)
    fresh = server.world.rekey(movie.key)
    (row,) = probe.rows(f"/library/sections/1/all?guid={movie.guid}")

    assert row["ratingKey"] == str(fresh.key) != str(movie.key)
    assert row["viewCount"] >= 1


def test_a_rekeyed_show_keeps_what_is_below(server: PlexServer, probe: Probe) -> None:
    """Its seasons and episodes name the new key."""
    show = server.world.of_kind(Kind.SHOW)[1]
    count = len(server.world.leaves_below(show.key))
    probe.rows("/library/sections/2/all?type=4")
    fresh = server.world.rekey(show.key)
    rows = probe.rows(f"/library/metadata/{fresh.key}/allLeaves")

    assert [row["grandparentRatingKey"] for row in rows] == [str(fresh.key)] * count


def test_an_item_moves_to_another_section(server: PlexServer, probe: Probe, movie: Item) -> None:
    """Both counters move; it has another key there."""
    other = server.world.section("Other Videos")
    before = [_counters(probe, number)[0] for number in (1, other.id)]
    fresh = server.world.move(movie.key, other)

    assert fresh.key in probe.keys(f"/library/sections/{other.id}/all")
    assert movie.key not in probe.keys("/library/sections/1/all")
    after = [_counters(probe, number)[0] for number in (1, other.id)]
    assert all(new > old for new, old in zip(after, before, strict=True))


def test_a_rebuilt_section_renumbers_everything(server: PlexServer, probe: Probe) -> None:
    """Under another uuid, with the same guids."""
    section = server.world.section("TV Shows")
    uuid, rows = section.uuid, probe.rows("/library/sections/2/all?type=4")
    server.world.rebuild(section)
    again = probe.rows("/library/sections/2/all?type=4")

    assert section.uuid != uuid
    assert {row["guid"] for row in again} == {row["guid"] for row in rows}
    assert not {row["ratingKey"] for row in again} & {row["ratingKey"] for row in rows}
    parents = {row["ratingKey"] for row in probe.rows("/library/sections/2/all?type=3")}
    assert {row["parentRatingKey"] for row in again if "parentRatingKey" in row} <= parents


def test_a_new_item_is_found_by_what_was_added(
    server: PlexServer, probe: Probe, movie: Item
) -> None:
    """And a removed section is gone."""
    since = server.world.now() - 1
    fresh = server.world.clone(movie.key, title="Fresh")
    assert probe.keys(f"/library/sections/1/all?addedAt>={since}") == [fresh.key]

    server.world.remove_section(server.world.section("Movies"))
    assert probe.get("/library/sections/1/all").status == 404


def test_members_may_be_wrong_or_missing(server: PlexServer, probe: Probe, movie: Item) -> None:
    """What real servers get wrong, in rows and details alike."""
    server.world.distort(movie.key, omit=("guid", "Media"), updatedAt=-1, title=["a list"])

    for target in (f"/library/metadata/{movie.key}", "/library/sections/1/all"):
        row = next(row for row in probe.rows(target) if row["ratingKey"] == str(movie.key))
        assert (row["updatedAt"], row["title"]) == (-1, ["a list"])
        assert not {"guid", "Media"} & row.keys()


# Several accounts


def test_a_shared_account_sees_what_is_shared(household: Household) -> None:
    """One section, and one item of another one that is in no section of its own."""
    server = household.shared
    alice = Probe.of(server, household.tv.access_token(server, household.alice))
    show = server.world.of_kind(Kind.SHOW)[0]
    episode = server.world.leaves_below(show.key)[0]
    hidden = server.world.of_kind(Kind.TRACK)[0]

    titles = [each["title"] for each in alice.container("/library/sections")["Directory"]]
    assert titles == ["Movies"]
    assert alice.keys("/library/shared/all") == [show.key]
    content = alice.container("/media/providers")["MediaProvider"][0]["Feature"][0]["Directory"]
    assert content[-1]["key"] == "/library/shared"
    assert alice.get(f"/library/metadata/{episode.key}").status == 200
    assert alice.get(f"/library/metadata/{hidden.key}").status == 404
    assert alice.get("/library/sections/3/all").status == 404


def test_state_belongs_to_an_account(household: Household) -> None:
    """As do playlists and the history; sessions are the owner's."""
    server = household.shared
    alice = Probe.of(server, household.tv.access_token(server, household.alice))
    bob, key = Probe.of(server), server.world.of_kind(Kind.MOVIE)[0].key
    server.world.unwatch(key)
    server.world.watch(key, household.alice.id)

    assert alice.rows(f"/library/metadata/{key}")[0]["viewCount"] == 1
    assert "viewCount" not in bob.rows(f"/library/metadata/{key}")[0]
    assert alice.rows("/playlists") == []
    assert len(bob.rows("/status/sessions/history/all")) == 1
    server.world.watch(key)
    assert len(alice.rows("/status/sessions/history/all")) == 1
    assert [each.get("/status/sessions").status for each in (alice, bob)] == [403, 200]
    assert alice.get("/:/prefs").status == 403


def test_a_section_stops_being_shared(household: Household) -> None:
    """It vanishes from the sections of that account, and comes back."""
    server = household.shared
    viewer = household.tv.published(server).viewers[household.alice.id]
    alice = Probe.of(server, household.tv.access_token(server, household.alice))
    assert alice.keys("/library/sections/1/all")

    server.limit(viewer, [])
    assert "Directory" not in alice.container("/library/sections")
    assert alice.get("/library/sections/1/all").status == 404

    server.limit(viewer, None)
    assert len(alice.container("/library/sections")["Directory"]) == len(server.world.sections)


def test_a_server_may_ask_nobody_who_he_is(server: PlexServer) -> None:
    """Unclaimed, or in a network allowed without a token: whoever asks is the owner."""
    nobody = Probe(url=server.url)
    server.state.claimed, server.grants.allows_anyone = False, True

    assert not nobody.container("/identity")["claimed"]
    assert nobody.container("/")["allowMediaDeletion"]


def test_only_the_owner_scans_and_deletes(household: Household) -> None:
    """And he only where deleting is allowed."""
    server = household.shared
    alice = Probe.of(server, household.tv.access_token(server, household.alice))
    bob, key = Probe.of(server), server.world.of_kind(Kind.MOVIE)[0].key
    scanned = server.world.section("Movies").scanned_at

    assert alice.get("/library/sections/1/refresh").status == 403
    assert alice.ask("DELETE", f"/library/metadata/{key}").status == 403
    assert bob.get("/library/sections/1/refresh").status == 200
    assert server.world.section("Movies").scanned_at > scanned
    server.state.allows_deletion = False
    assert bob.ask("DELETE", f"/library/metadata/{key}").status == 403
    server.state.allows_deletion = True
    assert bob.ask("DELETE", f"/library/metadata/{key}").status == 200
    assert bob.get(f"/library/metadata/{key}").status == 404
