"""What a backend may ask about the cache while its source is compared with it."""

from msd.models import ItemType, LibraryType, RemoteId, WatchState
from tests.store.made import Stores, made, movie

MOVIES, FILMS = RemoteId("movies"), RemoteId("films")
TOUCHED = WatchState(
    watched=True, play_count=2, position_ms=7, last_played=9, favourite=True, user_rating=6.5
)


def test_watch_states_are_those_that_were_touched(stores: Stores) -> None:
    """Rows that nobody has touched are left out; the rest is whole (Y20)."""
    movies = stores.library()
    begun = WatchState(position_ms=5)
    stores.write(
        movies, movie("1", watch=TOUCHED), movie("2", watch=begun), movie("3", watch=WatchState())
    )

    assert stores.writer.rows.watch_states(MOVIES) == {"1": TOUCHED, "2": begun}
    assert stores.writer.rows.watch_states(FILMS) == {}


def test_an_answer_is_as_new_as_the_question(stores: Stores) -> None:
    """A write between two questions is in the second answer (Y20)."""
    movies = stores.library()
    stores.write(movies, movie("1", watch=TOUCHED))
    before = stores.writer.rows.watch_states(MOVIES)

    stores.write(movies, movie("1", watch=WatchState()), fingerprint=2)

    assert (before, stores.writer.rows.watch_states(MOVIES)) == ({"1": TOUCHED}, {})


def test_places_and_fingerprints_are_those_of_current_rows(stores: Stores) -> None:
    """A soft-deleted row has no place and no fingerprint."""
    movies, films = stores.library(), stores.library("films")
    stores.write(movies, movie("1"), movie("2"), fingerprint=7)
    stores.write(films, movie("3"), fingerprint=8)
    stores.writer.soft_delete(movies, ItemType.MOVIE, stores.keys(movies, "2"))

    asked = [RemoteId(name) for name in ("1", "2", "3", "4", "")]
    rows = stores.writer.rows

    assert rows.places(asked) == {"1": (MOVIES, ItemType.MOVIE), "3": (FILMS, ItemType.MOVIE)}
    assert rows.fingerprints(MOVIES, ItemType.MOVIE) == {"1": 7}
    assert rows.fingerprints(FILMS, ItemType.SHOW) == {}


def test_members_are_told_in_order_as_far_as_they_are_cached(stores: Stores) -> None:
    """A member that never came is left out."""
    movies = stores.library()
    sets = stores.library("sets", LibraryType.COLLECTIONS)
    stores.write(movies, movie("1"), movie("2"))
    stores.write(sets, made(ItemType.COLLECTION, "set"))
    stores.writer.set_members(RemoteId("set"), [RemoteId(name) for name in ("2", "9", "1", "2")])

    assert stores.writer.rows.members(RemoteId("set")) == ("2", "1", "2")
    assert stores.writer.rows.members(RemoteId("1")) == ()


def test_expected_rows_are_counted_by_listing(stores: Stores) -> None:
    """The announced total of a complete enumeration, before it nothing is known to be missing."""
    movies = stores.library()
    stores.write(movies, movie("1"))
    stores.writer.finish_listing(movies, ItemType.MOVIE, total=5, now=1)

    assert stores.writer.rows.expected_rows(MOVIES) == {ItemType.MOVIE: 5}
