"""How SQLite finds the rows of each condition in each order: by an index, never by a scan."""

import pytest

from msd.models import ItemQuery, SortKey
from msd.store.cache.reads import pages
from msd.store.cache.reads.facets import facets
from msd.store.cache.reads.listings import visible_listings
from msd.store.cache.reads.pages import query_items
from tests.store.made import Stores, movie

IN_ORDER = {
    SortKey.TITLE: "item_title",
    SortKey.ADDED: "item_added",
    SortKey.RELEASED: "item_released",
    SortKey.LAST_PLAYED: "item_last_played",
    SortKey.RATING: "item_rating",
}
# Conditions that few rows meet have an index of their own; the rest filter the order's index.
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
    "added_after": {"added_after": 5},
    "letter": {"letter": "A"},
    "no letter": {"letter": "#"},
    "content_ratings": {"content_ratings": ("PG",)},
    "studios": {"studios": ("One",)},
    "text": {"text": "a"},
}
OWN_INDEX = {"in_progress": "item_in_progress", "favourite": "item_favourite"}
# A range of an index may be read in place of the whole order.
RANGES = {"letter": "item_title", "no letter": "item_title", "added_after": "item_added"}
UNWATCHED = {SortKey.TITLE: "item_unwatched_title", SortKey.ADDED: "item_unwatched_added"}


def plan(stores: Stores, query: ItemQuery) -> list[str]:
    """Return the steps by which SQLite finds a page's keys."""
    connection = stores.writer._connection
    listings = list(visible_listings(connection, ()).values())
    text, parameters, *_ = pages._Search(connection, query, listings).page()
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", IN_ORDER)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_page_is_found_by_an_index(
    films: Stores, condition: str, sort: SortKey, descending: bool
) -> None:
    """The cost of a page follows the page: the plan of every condition in every indexed order."""
    query = ItemQuery(sort=sort, descending=descending, with_total=False, **CONDITIONS[condition])
    expected = {OWN_INDEX.get(condition, IN_ORDER[sort]), RANGES.get(condition)}
    if condition == "unwatched":
        expected = {UNWATCHED.get(sort, IN_ORDER[sort])}

    steps = plan(films, query)

    of_items = [step for step in steps if " item " in f"{step} "]
    assert of_items
    assert all(any(f"USING INDEX {name} " in step for name in expected) for step in of_items), steps
    assert not any(step.startswith("SCAN item") for step in steps), steps


@pytest.mark.parametrize("condition", ["none", "unwatched", "years", "text"])
def test_an_indexed_order_is_not_sorted_again(films: Stores, condition: str) -> None:
    """Rows come in the order of the index until the page is full."""
    steps = plan(films, ItemQuery(with_total=False, **CONDITIONS[condition]))

    sorted_at = [at for at, step in enumerate(steps) if "TEMP B-TREE" in step]
    read_at = [at for at, step in enumerate(steps) if "item" in step]
    assert all(at < min(read_at) or at > max(read_at) for at in sorted_at), steps


def titles(stores: Stores, **query: object) -> list[str]:
    return stores.titles(**query)


@pytest.fixture
def rated(stores: Stores) -> Stores:
    films = stores.library()
    stores.write(
        films,
        movie("1", "Alien", content_rating="R", studios=("Fox",), year=1979, artist="b"),
        movie("2", "Brazil", content_rating="PG", studios=("Embassy", "FOX"), year=1985),
        movie("3", "8½", year=1963, artist="A"),
        movie("4", "Éternité"),
    )
    return stores


def test_more_conditions(rated: Stores) -> None:
    """Any value of a list will do; names of studios regardless of case."""
    assert titles(rated, content_ratings=("R", "PG")) == ["Alien", "Brazil"]
    assert titles(rated, studios=("fox",)) == ["Alien", "Brazil"]
    assert titles(rated, studios=("nobody",)) == []
    assert titles(rated, letter="E") == ["Éternité"]
    assert titles(rated, letter="#") == ["8½"]


@pytest.mark.parametrize("sort", ["year", "artist"])
def test_rows_without_the_value_come_last(rated: Stores, sort: str) -> None:
    """Ascending and descending, over pages."""
    ascending = titles(rated, sort=sort, limit=1)
    descending = titles(rated, sort=sort, descending=True, limit=1)

    assert ascending[-1] == descending[-1] or sort == "artist"
    assert ascending[0] == "8½"
    assert set(ascending[2:] if sort == "artist" else ascending[3:]) >= {"Éternité"}


def test_the_letters_that_are_counted_are_those_that_can_be_asked_for(rated: Stores) -> None:
    """The bar of letters and the condition `letter` agree."""
    (counted,) = rated.cache.read(facets, ItemQuery(), ["letters"]).values()

    assert {facet.value: facet.count for facet in counted} == {"#": 1, "A": 1, "B": 1, "E": 1}
    for facet in counted:
        page = rated.cache.read(query_items, ItemQuery(letter=facet.value))
        assert page.total == facet.count
