"""How SQLite finds the rows of each condition in each order: by an index, never by a scan."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from msd.models import ItemQuery, ItemType, LibraryType, SortKey
from msd.store.cache.reads.listings import Listing, visible_listings
from msd.store.cache.reads.page_cursor import PageCursor
from msd.store.cache.reads.pages import query_items
from msd.store.cache.reads.query.conditions import conditions_of
from msd.store.cache.reads.query.order import order_of
from msd.store.cache.reads.query.page import page_in_order
from msd.store.cache.reads.query.rarest import candidates, rarest
from tests.store.made import MEMORY, Paths, Stores, made, movie

IN_ORDER = {
    SortKey.TITLE: {"item_title"},
    SortKey.ADDED: {"item_added"},
    SortKey.RELEASED: {"item_released"},
    SortKey.LAST_PLAYED: {"item_last_played"},
    SortKey.RATING: {"item_rating"},
    SortKey.YEAR: {"item_year"},
    SortKey.ARTIST: {"item_place", "item_title"},
    SortKey.INDEX: {"item_place", "item_title"},
}
CONDITIONS: dict[str, dict[str, object]] = {
    "none": {},
    "in_progress": {"in_progress": True},
    "not in_progress": {"in_progress": False},
    "favourite": {"favourite": True},
    "not favourite": {"favourite": False},
    "watched": {"watched": True},
    "unwatched": {"watched": False},
    "genres": {"genres": ("Drama",)},
    "years": {"years": (1999,)},
    "several years": {"years": (1999, 2000)},
    "added_after": {"added_after": 5},
    "letter": {"letter": "A"},
    "no letter": {"letter": "#"},
    "content_ratings": {"content_ratings": ("PG",)},
    "studios": {"studios": ("One",)},
    "text": {"text": "a"},
}
# Conditions whose rows an index has in the order that is asked for.
OWN_INDEX = {
    ("in_progress", "item_last_played"): "item_in_progress",
    ("favourite", "item_title"): "item_favourite",
    ("unwatched", "item_title"): "item_unwatched_title",
    ("unwatched", "item_added"): "item_unwatched_added",
    ("years", "item_title"): "item_year",
}
# Where the rows of a condition are found when there are few of them.
FEW = {
    "in_progress": "INDEX item_in_progress ",
    "favourite": "INDEX item_favourite ",
    "watched": "INDEX item_watched ",
    "unwatched": "INDEX item_unwatched_title ",
    "genres": "SEARCH item_facet USING PRIMARY KEY",
    "years": "INDEX item_year ",
    "several years": "INDEX item_year ",
    "added_after": "INDEX item_added ",
    "letter": "INDEX item_title ",
    "no letter": "INDEX item_title ",
    "content_ratings": "SEARCH item_facet USING PRIMARY KEY",
    "studios": "SEARCH item_facet USING PRIMARY KEY",
}
# The rows of several years don't stand in the order of years in any index.
READ_AND_SORTED = {("several years", SortKey.YEAR)}
CURSOR = {
    SortKey.ADDED: 5,
    SortKey.LAST_PLAYED: 5,
    SortKey.RATING: 5.0,
}


@pytest.fixture(scope="module")
def mixed() -> Iterator[Stores]:
    """A film, an episode and a track; nothing writes into it."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        stores = Stores(Paths(Path(folder) / "msd"))
        stores.write(stores.library(), movie("m"))
        shows = stores.library("shows", LibraryType.SHOWS)
        stores.write(shows, made(ItemType.EPISODE, "e", show_title="Show"))
        music = stores.library("music", LibraryType.MUSIC)
        stores.write(music, made(ItemType.TRACK, "t", artist="A"))
        yield stores
        stores.close()


def steps(stores: Stores, text: str, parameters: object) -> dict[int, list[str]]:
    """Return the steps of a plan, those of one query together."""
    found = defaultdict(list)
    rows = stores.writer._connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)
    for _, parent, _, step in rows:
        found[parent].append(f"{step} ")
    return found


def listings_of(stores: Stores) -> list[Listing]:
    listings = visible_listings(stores.writer._connection, ()).values()
    return [listing for listing in listings if listing.item_count]


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", IN_ORDER)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_pages_are_read_in_the_order_of_an_index(
    mixed: Stores, condition: str, sort: SortKey, descending: bool, continued: bool
) -> None:
    """The cost of a page follows the page: every condition in every order, and behind a cursor."""
    query = ItemQuery(sort=sort, descending=descending, **CONDITIONS[condition])
    order = order_of(query, listings_of(mixed))
    keys = ((1999,) if len(order.keys) > 1 else ()) + (CURSOR.get(sort, "m"), 7)
    cursor = PageCursor(0, keys) if continued else None

    in_order = dict.fromkeys(listings_of(mixed))
    found = page_in_order(query, order, conditions_of(query), in_order, cursor)

    if (condition, sort) in READ_AND_SORTED:
        assert found is None
        return
    assert found is not None
    expected = {OWN_INDEX.get((condition, index), index) for index in IN_ORDER[sort]}
    reading = 0
    for together in steps(mixed, *found).values():
        of_items = [step for step in together if " item " in step]
        reading += len(of_items)
        assert all(any(f" {index} " in step for index in expected) for step in of_items), of_items
        assert not any(step.startswith("SCAN item") for step in of_items)
        if of_items:
            assert not any("TEMP B-TREE" in step for step in together), together
    assert reading >= len(listings_of(mixed))


@pytest.mark.parametrize("condition", FEW)
def test_few_rows_are_found_by_an_index(mixed: Stores, condition: str) -> None:
    """Rare conditions are not looked for in the order of the page."""
    query = ItemQuery(sort=SortKey.RATING, **CONDITIONS[condition])

    (candidate,) = candidates(query, listings_of(mixed))

    plan = steps(mixed, candidate.text, candidate.parameters)
    of_items = [step for together in plan.values() for step in together if " item" in step]
    assert of_items
    assert all(FEW[condition] in step for step in of_items), of_items


def test_every_condition_has_a_plan() -> None:
    """Who adds a condition adds it here."""
    elsewhere = {"source_ids", "library_ids", "types", "parent_id", "show_id", "artist_id"}
    form = {"sort", "seed", "descending", "limit", "cursor", "offset", "with_total", "fields"}

    named = {key for condition in CONDITIONS.values() for key in condition}

    assert set(ItemQuery.__struct_fields__) == named | elsewhere | form


def test_what_is_below_an_item_is_found_by_it(series: Stores) -> None:
    """Children, everything of a show, and members: never a scan."""
    show = series.id_of("show")
    for query in (ItemQuery(parent_id=show), ItemQuery(show_id=show), ItemQuery(artist_id=show)):
        conditions = conditions_of(query)
        if query.parent_id:
            conditions.add("item.parent_id = ?", query.parent_id)
        text = f"SELECT pk FROM item INDEXED BY item_parent WHERE 1{conditions.and_text()}"
        plan = steps(series, text, conditions.parameters)
        assert not any("SCAN item" in step for together in plan.values() for step in together)


@pytest.mark.parametrize(("matching", "read_in_order"), [(20, False), (90, True)])
def test_rows_of_a_rare_condition_are_read_and_many_are_met(
    stores: Stores, matching: int, read_in_order: bool
) -> None:
    """With 10 rows wanted of 100, 31 rows cost as much as reading in order."""
    library = stores.library()
    genres = [("Drama",)] * matching + [("War",)] * (100 - matching)
    stores.write(library, *(movie(f"{n}", genres=names) for n, names in enumerate(genres)))
    query = ItemQuery(genres=("Drama",), limit=9)
    read = (stores.writer._connection, query, listings_of(stores))

    assert (rarest(*read) is None) == read_in_order
    assert rarest(*read, most=100) is not None


def test_the_rarest_of_several_conditions_is_read(stores: Stores) -> None:
    """Each of them is counted no further than it is worthwhile."""
    library = stores.library()
    for number in range(40):
        stores.write(library, movie(f"{number}", genres=("War",), year=2000 + number // 4))
    query = ItemQuery(genres=("War",), years=(2001, 2002), limit=9)

    found = rarest(stores.writer._connection, query, listings_of(stores))

    assert found is not None
    assert "item_year" in found.text
    assert json.dumps([listing.pk for listing in listings_of(stores)]) in found.parameters


@pytest.mark.parametrize("sort", SortKey)
def test_long_lists_of_values_take_few_variables(stores: Stores, sort: SortKey) -> None:
    """SQLite has a limit, and each library asks anew: a thousand years are fine for a caller."""
    for name in ("one", "two", "three"):
        stores.write(stores.library(name), movie(name, year=1999))
    names = tuple(f"{number}" for number in range(1000))
    query = ItemQuery(years=tuple(range(1000, 2000)), sort=sort)

    def with_few_variables(connection: sqlite3.Connection, asked: ItemQuery) -> int:
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 400)
        return len(query_items(connection, asked).items)

    assert stores.cache.read(with_few_variables, query) == 3
    for condition in ("genres", "studios", "content_ratings"):
        asked = ItemQuery(sort=sort, **{condition: names})
        assert stores.cache.read(with_few_variables, asked) == 0
