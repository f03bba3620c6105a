"""Short lists that were just read serve the rest of a sync, and no later one (Y23)."""

from __future__ import annotations

from msd.backend_api import Listing, Page, RawItem
from msd.backends.plex.listing.recent import KEPT_S, RecentLists
from msd.models import ItemType, LibraryType, RemoteId, RemoteLibrary

LIBRARY = RemoteLibrary(remote_id=RemoteId("1"), name="Films", type=LibraryType.MOVIES)
LISTING = Listing(library=LIBRARY, type=ItemType.MOVIE)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def page(*keys: str, total: int | None = None, **more) -> Page:
    rows = tuple(RawItem(RemoteId(key), 0, None) for key in keys)
    return Page(start=0, limit=50, total=len(keys) if total is None else total, items=rows, **more)


def test_a_whole_list_comes_back_once_in_the_order_of_its_keys():
    """As the enumeration would list it."""
    lists = RecentLists()
    lists.put(LISTING, page("10", "9", "100"), 5)
    taken = lists.take(LISTING)

    assert ["9", "10", "100"] == [row.remote_id for row in taken.items]
    assert (0, 3) == (taken.start, taken.total)
    assert lists.take(LISTING) is None


def test_a_part_of_a_list_or_one_with_gaps_is_not_kept():
    """Nothing is taken for complete that is not."""
    lists = RecentLists()
    for part in (
        page("1", total=2),
        page("1", gaps=True),
        page("1", total=1, skipped=("row 1",)),
        page("a"),
        Page(start=5, limit=5, total=1, items=page("1").items),
        Page(start=0, limit=5, total=None, items=page("1").items),
    ):
        lists.put(LISTING, part, 5)

        assert lists.get(LISTING) is None


def test_an_old_list_is_read_again():
    """A later sync reads what is there then."""
    clock = Clock()
    lists = RecentLists(clock)
    lists.put(LISTING, page("1"), 5)
    clock.now = KEPT_S + 1

    assert lists.take(LISTING) is None
