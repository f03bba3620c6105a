"""The watch state of a row."""

import pytest

from msd.backends.plex.parse.details import item_details
from msd.backends.plex.parse.rows import read_full
from msd.models import ItemType, WatchState
from tests.backends.plex.parse.rows_of import item, listed


def test_an_unwatched_item_is_untouched_not_unknown():
    """An unwatched item is untouched not unknown.

    Absent is not null.
    """
    assert item().watch == WatchState()


def test_watch_state_of_one_item():
    """Watch state of one item (W3).

    What the server knows, in msd's words.
    """
    watched = item(viewCount="2", viewOffset=60_000, lastViewedAt=1_700_000_000, userRating=7.5)

    assert watched.watch == WatchState(
        watched=True,
        play_count=2,
        position_ms=60_000,
        last_played=1_700_000_000,
        user_rating=7.5,
    )
    assert not item(viewOffset=60_000).watch.watched


@pytest.mark.parametrize(
    ("leaves", "viewed", "watched"), [(3, 3, True), (3, 2, False), (0, 0, False), (2, None, False)]
)
def test_a_show_is_watched_when_all_its_episodes_are(leaves, viewed, watched):
    """A show is watched when all its episodes are.

    ViewCount of a show counts episodes.
    """
    show = item(ItemType.SHOW, type="show", leafCount=leaves, viewedLeafCount=viewed, viewCount=9)

    assert watched is show.watch.watched


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_truths_come_in_many_spellings(value):
    """Truths come in many spellings."""
    body = {
        "ratingKey": "7",
        "type": "movie",
        "title": "T",
        "Media": [{"Part": [{"Stream": [{"streamType": 2, "default": value}]}]}],
    }
    _, details = read_full(listed(body))

    assert item_details(details).media_sources[0].streams[0].is_default


@pytest.mark.parametrize(
    ("plays", "watched", "count"),
    [("3", True, 3), (3.0, True, 3), ("many", True, 1), (1e300, True, 1_000_000), (0, False, 0)],
)
def test_an_odd_number_of_plays_is_still_played(plays, watched, count):
    """A watch state never becomes "never watched" because a number was odd (Y14)."""
    state = item(viewCount=plays, lastViewedAt=1_700_000_000).watch

    assert (watched, count) == (state.watched, state.play_count)


def test_an_odd_position_leaves_the_rest_of_the_watch_state():
    """Only the odd value goes (Y14)."""
    state = item(viewCount=2, viewOffset={"ms": 1}, lastViewedAt=1_700_000_000).watch

    assert (True, 2, 0) == (state.watched, state.play_count, state.position_ms)


@pytest.mark.parametrize("member", ["viewOffset", "lastViewedAt", "userRating"])
def test_a_watch_state_of_which_nothing_can_be_read_is_no_opinion(member):
    """What is stored stays (Y14)."""
    assert item(**{member: {}}).watch is None
    assert item().watch == WatchState()


def test_a_position_is_never_behind_the_end():
    """A resume point of 2 h 45 in a film of 1 h."""
    assert 3_600_000 == item(viewOffset=9_900_000, duration=3_600_000).watch.position_ms
    assert 9_900_000 == item(viewOffset=9_900_000).watch.position_ms


def test_counts_that_the_server_does_not_tell_are_unknown():
    """Unknown is absent, never 0 (Y13)."""
    show = item(ItemType.SHOW, type="show", leafCount=18, viewedLeafCount=15, childCount="5")
    unknown = item(ItemType.ALBUM, type="album")
    film = item(leafCount=3)

    assert [(3, 5), (None, None), (None, None)] == [
        (found.unwatched_count, found.child_count) for found in (show, unknown, film)
    ]
