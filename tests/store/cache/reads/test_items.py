"""What QueryItems, GetItems and ListLibraries are answered from."""

import pytest

from msd.errors import UnknownLibraryError
from msd.item_keys import ALL
from msd.models import (
    ItemId,
    ItemQuery,
    ItemType,
    LibraryId,
    LibraryType,
    SearchQuery,
    SortKey,
    SourceId,
)
from msd.store.cache.reads.facets import facets
from msd.store.cache.reads.items import items
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.cache.reads.search.search import search
from msd.store.cache.writes.sync_writer import SyncWriter
from tests.store.made import SOURCE, Stores, library, made, movie

SHOW, SEASON, EPISODE, TRACK = ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK
PYTHON_TYPES = {"s": str, "as": list, "b": bool, "d": float, "i": int, "u": int, "x": int}


# --- order and paging ------------------------------------------------------------------------

TITLES = ["100% Wolf_", "The Abyss", "Amélie", "Brazil", "Cube 2", "Cube 10"]
# Those that have the value, and those that have none.
ORDERS: dict[SortKey, tuple[list[str], list[str]]] = {
    SortKey.TITLE: (TITLES, []),
    SortKey.ADDED: (["Brazil", "Amélie", "The Abyss"], ["Cube 10", "Cube 2", "100% Wolf_"]),
    SortKey.RELEASED: (["Brazil", "The Abyss", "Amélie"], ["Cube 10", "Cube 2", "100% Wolf_"]),
    SortKey.LAST_PLAYED: (["Cube 10", "Cube 2"], ["The Abyss", "Brazil", "Amélie", "100% Wolf_"]),
    SortKey.RATING: (["The Abyss", "Brazil", "Amélie"], ["Cube 10", "Cube 2", "100% Wolf_"]),
    SortKey.YEAR: (["Brazil", "The Abyss", "Amélie", "100% Wolf_"], ["Cube 2", "Cube 10"]),
}


@pytest.mark.parametrize("limit", [1, 2, 4, 50])
@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_is_kept_over_pages_of_any_size(films: Stores, sort, limit) -> None:
    """Library.QueryItems: ascending and descending, items without the value come last."""
    known, unknown = ORDERS[sort]
    assert films.titles(sort=sort, limit=limit) == known + unknown
    assert films.titles(sort=sort, limit=limit, descending=True) == known[::-1] + unknown[::-1]


def test_a_random_order_is_the_same_for_one_seed(films: Stores) -> None:
    """dbus-api.md: random with seed, pages included."""
    one, other = (films.titles(sort=SortKey.RANDOM, seed=seed) for seed in (1, 2))

    assert sorted(one) == sorted(TITLES)
    assert one == films.titles(sort=SortKey.RANDOM, seed=1, limit=50)
    assert one != other
    extremes = [films.titles(sort=SortKey.RANDOM, seed=seed) for seed in (2**63 - 1, -(2**63))]
    assert [sorted(titles) for titles in extremes] == [sorted(one)] * 2


def test_random_orders_are_evenly_spread(stores: Stores) -> None:
    """Each item should come first about as often as any other."""
    movies = stores.library()
    stores.write(movies, *(movie(f"{n}") for n in range(10)))
    first = [stores.titles(sort=SortKey.RANDOM, seed=seed, limit=10)[0] for seed in range(200)]

    counts = [first.count(f"{n}") for n in range(10)]

    assert min(counts) >= 5
    assert max(counts) <= 50


def test_pages_over_several_libraries_are_one_order(films: Stores) -> None:
    """Also when there are more libraries than are merged by index."""
    for number in range(70):
        more = films.library(f"library {number}")
        films.write(more, movie(f"x{number}", f"Cube {number + 3}"))

    titles = films.titles(limit=7)

    assert len(titles) == 76
    assert titles[:4] == ["100% Wolf_", "The Abyss", "Amélie", "Brazil"]
    cubes = sorted(int(title[5:]) for title in titles if title.startswith("Cube"))
    assert [title for title in titles if title.startswith("Cube")] == [f"Cube {n}" for n in cubes]


def test_the_total_counts_all_pages(films: Stores) -> None:
    """dbus-api.md: also behind a cursor, and for conditions."""
    page = films.cache.read(query_items, ItemQuery(limit=4))
    rest = films.cache.read(query_items, ItemQuery(limit=4, cursor=page.next_cursor))

    assert (page.total, rest.total) == (6, 6)
    assert rest.next_cursor == ""
    assert films.cache.read(query_items, ItemQuery(limit=1, watched=True)).total == 1


def test_a_page_that_ends_with_the_answer_has_no_cursor(films: Stores) -> None:
    """An empty page at the end would cost every client a call."""
    assert films.cache.read(query_items, ItemQuery(limit=6)).next_cursor == ""


def test_pages_are_stable_while_rows_change(films: Stores) -> None:
    """dbus-api.md: a row that stays is seen once, whatever happens around it."""
    first = films.cache.read(query_items, ItemQuery(limit=2))
    films.write(films.library(), movie("m0", "000 in front"))
    (library_id,) = [one.id for one in films.cache.read(libraries, None)]
    known = films.writer.known_items(library_id, ItemType.MOVIE)
    for remote_id in ("m0", "m2", "m3", "m4", "m5", "m6"):
        known.is_fresh(remote_id, 1)
    films.writer.soft_delete(library_id, ItemType.MOVIE, known.missing())  # The Abyss, seen

    rest = films.cache.read(query_items, ItemQuery(limit=9, cursor=first.next_cursor))

    assert [one["title"] for one in rest.items] == ["Amélie", "Brazil", "Cube 2", "Cube 10"]


# --- conditions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"years": (1985, 1989)}, ["The Abyss", "Brazil"]),
        ({"watched": True}, ["Cube 10"]),
        ({"watched": False, "text": "cube"}, ["Cube 2"]),
        ({"in_progress": True}, ["Cube 2"]),
        ({"in_progress": False, "text": "cube"}, ["Cube 10"]),
        ({"favourite": True}, ["100% Wolf_"]),
        ({"favourite": False, "years": (2020,)}, []),
        ({"added_after": 100}, ["The Abyss", "Amélie"]),
        ({"text": "ab"}, ["The Abyss"]),
        ({"text": "THE"}, ["The Abyss"]),
        ({"text": "amelie"}, ["Amélie"]),
        ({"text": "AMÉ"}, ["Amélie"]),
        ({"text": "byss"}, []),
        ({"text": "cu 1"}, ["Cube 10"]),
        ({"text": "100%"}, ["100% Wolf_"]),
        ({"text": "%"}, []),
        ({"text": "_"}, []),
        ({"text": "wolf_"}, ["100% Wolf_"]),
        ({"text": "   "}, TITLES),
        ({"text": "a\\"}, []),
        ({"types": (ItemType.SHOW,)}, []),
        ({"types": (ItemType.SHOW, ItemType.MOVIE), "years": (1985,)}, ["Brazil"]),
        ({"source_ids": ("nobody",)}, []),
        ({"parent_id": "nothing"}, []),
        ({"genres": ("nothing",)}, []),
    ],
    ids=str,
)
def test_every_condition_must_hold(films: Stores, conditions, expected) -> None:
    """dbus-api.md: conditions are ANDed, the values of one are ORed; unknown ids match nothing."""
    assert films.titles(**conditions) == expected
    assert films.cache.read(query_items, ItemQuery(limit=1, **conditions)).total == len(expected)


@pytest.mark.parametrize("hidden", [(), (SOURCE,)])
def test_an_unknown_library_is_an_error(films: Stores, hidden: tuple[SourceId, ...]) -> None:
    """As an unknown source is; one of a source that is not served is unknown."""
    library_id = films.cache.read(libraries, SOURCE)[0].id if hidden else LibraryId("nothing")
    wanted = {"library_ids": (library_id,)}

    for read in (
        lambda: films.cache.read(query_items, ItemQuery(**wanted), hidden),
        lambda: films.cache.read(facets, ItemQuery(**wanted), ["years"], hidden),
        lambda: films.cache.read(search, SearchQuery(text="a", **wanted), hidden),
    ):
        with pytest.raises(UnknownLibraryError, match=library_id):
            read()


def test_conditions_hold_in_every_order(films: Stores) -> None:
    """Whatever index is read."""
    for sort in SortKey:
        assert sorted(films.titles(sort=sort, watched=False, limit=2)) == sorted(
            set(TITLES) - {"Cube 10"}
        )


def test_hidden_sources_are_served_nowhere(films: Stores) -> None:
    """Hidden sources are served nowhere (A4, A5).

    Not in pages, not by id, not as children, not in totals.
    """
    item = ItemId(films.id_of("m1"))
    hidden = [SOURCE]

    assert films.cache.read(query_items, ItemQuery(), hidden) == films.cache.read(
        query_items, ItemQuery(source_ids=("nobody",))
    )
    assert films.cache.read(query_items, ItemQuery(watched=False), hidden).total == 0
    assert films.cache.read(query_items, ItemQuery(parent_id=item), hidden).total == 0
    assert films.cache.read(items, [item], (), hidden) == ()


def test_sources_and_libraries_can_be_chosen(films: Stores) -> None:
    """Every item carries its source; nothing is a default."""
    other = SyncWriter(films.paths.cache, films.paths.state, "other")
    others = other.save_libraries([library("movies")]).ids["movies"]
    other.write(others, ItemType.MOVIE, [(movie("m1", "Alien"), 1)])
    other.close()

    assert films.titles(source_ids=("other",)) == ["Alien"]
    assert films.titles(library_ids=(others,)) == ["Alien"]
    assert films.titles(library_ids=(others,), source_ids=(SOURCE,)) == []
    assert len(films.titles(source_ids=(SOURCE, "other"))) == 7
    assert films.titles(source_ids=("other",), fields=(ALL,))


# --- children --------------------------------------------------------------------------------


def test_children_come_as_their_parent_orders_them(series: Stores) -> None:
    """dbus-api.md: index = season and episode order, by number and not by text."""
    show, first = series.id_of("show"), series.id_of("s1")

    assert series.titles(parent_id=first, sort=SortKey.INDEX) == ["e1x1", "e1x2", "e1x10"]
    assert series.titles(parent_id=first, sort=SortKey.INDEX, descending=True, limit=1) == [
        "e1x10",
        "e1x2",
        "e1x1",
    ]
    assert series.titles(parent_id=show, types=(SEASON,), sort=SortKey.INDEX) == ["s1", "s2"]
    assert series.titles(parent_id=first) == ["e1x1", "e1x2", "e1x10"]
    assert series.titles(parent_id=first, watched=True) == ["e1x2"]


def test_tracks_come_by_disc_and_number(stores: Stores) -> None:
    """The same index order."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.ALBUM, "album"))
    tracks = [(2, 1), (1, 11), (1, 2), (None, 3)]
    for disc, number in tracks:
        stores.write(
            music,
            made(
                TRACK,
                f"{disc}-{number}",
                parent_remote_id="album",
                disc_number=disc,
                track_number=number,
            ),
        )

    found = stores.titles(parent_id=stores.id_of("album"), sort=SortKey.INDEX)

    assert found == ["None-3", "1-2", "1-11", "2-1"]


@pytest.mark.parametrize("sort", SortKey)
def test_a_playlist_is_paged_in_any_order_with_its_repetitions(stores: Stores, sort) -> None:
    """A track that stands in it twice is shown twice."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.PLAYLIST, "p"))
    stores.write(music, *(made(TRACK, f"{n}", title="same") for n in range(5)))
    stores.writer.set_members("p", ["3", "0", "3", "4", "3", "1"])
    parent = stores.id_of("p")

    for limit in (1, 2, 3, 50):
        pages = stores.pages(parent_id=parent, sort=sort, limit=limit, fields=("remote_id",))
        assert sorted(str(one["remote_id"]) for one in pages) == list("013334")


def test_counts_of_children_and_unwatched_episodes_come_when_asked(series: Stores) -> None:
    """A show counts the episodes of its seasons and those beside them (Y21)."""
    fields = ("child_count", "unwatched_count")

    assert {"child_count": 3, "unwatched_count": 4}.items() <= series.item("show", *fields).items()
    assert {"child_count": 3, "unwatched_count": 2}.items() <= series.item("s1", *fields).items()
    assert "unwatched_count" not in series.item("e1x1", *fields)
    assert "child_count" not in series.item("show")
    assert series.item("s1", "unwatched_count", "child_count")["unwatched_count"] == 2


def test_items_that_are_each_others_parents_do_no_harm(stores: Stores) -> None:
    """Items that are each others parents do no harm.

    Cyclic parents; reads never follow them.
    """
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(SEASON, "a", parent_remote_id="b"))
    stores.write(shows, made(SEASON, "b", parent_remote_id="a"))
    stores.finish(shows)

    assert stores.titles(parent_id=stores.id_of("a")) == ["b"]
    assert stores.item("a", "unwatched_count", "child_count")["child_count"] == 1


def test_children_without_numbers_stand_by_date_then_title(stores: Stores) -> None:
    """A daily show: the date of an episode is its number."""
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(SEASON, "s"))
    days = {
        "Zebra": "2024-03-04",
        "Apple": "2024-03-05",
        "Mango": "2024-03-06",
        "Kiwi": "2024-03-05",
    }
    for title, released in days.items():
        episode = made(ItemType.EPISODE, title, parent_remote_id="s", released=released)
        stores.write(shows, episode)

    titles = stores.titles(parent_id=stores.id_of("s"), sort="index")

    assert titles == ["Zebra", "Apple", "Kiwi", "Mango"]


def test_the_index_of_a_whole_library_goes_show_by_show(stores: Stores) -> None:
    """Episodes of two shows do not mix, also when both have one title."""
    shows = stores.library("shows", LibraryType.SHOWS)
    for show in ("b", "a"):
        stores.write(shows, made(ItemType.SHOW, show, title="Same"))
        for season, number in ((1, 2), (2, 1), (1, 1)):
            episode = made(
                ItemType.EPISODE,
                f"{show}{season}x{number}",
                show_remote_id=show,
                season_number=season,
                episode_number=number,
            )
            stores.write(shows, episode)

    titles = stores.titles(types=(ItemType.EPISODE,), sort="index")

    first, second = titles[0][0], titles[3][0]
    assert {first, second} == {"a", "b"}
    assert titles == [f"{show}{at}" for show in (first, second) for at in ("1x1", "1x2", "2x1")]
