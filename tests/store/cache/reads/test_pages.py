"""Pages that jump, pages that are not counted, and everything below a show or an artist."""

import pytest

from msd.errors import InvalidArgumentError
from msd.models import ItemQuery, ItemType, LibraryType, SortKey
from msd.store.cache.reads.pages import query_items
from tests.store.made import Stores, made

EPISODES = ["e1x1", "e1x2", "e1x10", "e2x1"]


@pytest.mark.parametrize("sort", [SortKey.TITLE, SortKey.ADDED, SortKey.RANDOM])
@pytest.mark.parametrize("descending", [False, True])
def test_an_offset_leaves_out_as_many_items(films: Stores, sort: SortKey, descending: bool) -> None:
    """A grid that jumps shows what paging would have come to."""
    order = {"sort": sort, "descending": descending, "seed": 5}
    titles = films.titles(limit=500, **order)

    for offset in range(len(titles) + 2):
        page = films.cache.read(query_items, ItemQuery(offset=offset, limit=2, **order))
        assert titles[offset : offset + 2] == [item["title"] for item in page.items]
        assert (offset + 2 < len(titles)) == bool(page.next_cursor)


def test_paging_goes_on_behind_an_offset(films: Stores) -> None:
    """The cursor of a page knows nothing of how the page was found."""
    titles = films.titles(limit=500)
    first = films.cache.read(query_items, ItemQuery(offset=2, limit=1))
    after = films.cache.read(query_items, ItemQuery(cursor=first.next_cursor, limit=500))

    assert titles[3:] == [item["title"] for item in after.items]
    with pytest.raises(InvalidArgumentError, match="offset"):
        films.cache.read(query_items, ItemQuery(cursor=first.next_cursor, offset=1))


@pytest.mark.parametrize("query", [{}, {"watched": False}, {"parent_id": "none"}])
def test_rows_are_counted_only_when_asked(films: Stores, query: dict[str, object]) -> None:
    """Counting reads every row that matches."""
    assert films.cache.read(query_items, ItemQuery(with_total=False, **query)).total is None
    assert isinstance(films.cache.read(query_items, ItemQuery(**query)).total, int)


def test_everything_of_a_show_is_found_in_one_question(series: Stores) -> None:
    """Seasons and episodes, those without a season too."""
    show = series.id_of("show")
    seasons = series.titles(show_id=show, types=(ItemType.SEASON,), sort=SortKey.TITLE)
    episodes = series.titles(show_id=show, types=(ItemType.EPISODE,), sort=SortKey.INDEX)

    assert ["s1", "s2"] == seasons
    assert {*EPISODES, "stray"} == set(episodes)
    assert EPISODES == [title for title in episodes if title != "stray"]
    assert [] == series.titles(show_id="nothing")


def test_everything_of_an_artist_is_found_in_one_question(stores: Stores) -> None:
    """Albums and their tracks, and nothing of another artist."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.ARTIST, "ann"), made(ItemType.ARTIST, "bob"))
    stores.write(
        music,
        made(ItemType.ALBUM, "one", parent_remote_id="ann"),
        made(ItemType.ALBUM, "two", parent_remote_id="bob"),
    )
    stores.write(
        music,
        made(ItemType.TRACK, "a", parent_remote_id="one"),
        made(ItemType.TRACK, "b", parent_remote_id="two"),
    )
    stores.finish(music)

    assert {"one", "a"} == set(stores.titles(artist_id=stores.id_of("ann")))
