"""How many items have each genre, year, decade, letter and type."""

from msd.models import FACETS, ItemQuery, ItemType, LibraryType
from msd.store.cache.reads.facets import READERS, facets
from tests.store.made import SOURCE, Stores, made, movie


def counted(stores: Stores, *names: str, **query: object) -> dict[str, list[tuple[str, int]]]:
    found = stores.cache.read(facets, ItemQuery(**query), names or FACETS)
    return {
        name: [(facet.value, facet.count) for facet in values] for name, values in found.items()
    }


def filled(stores: Stores) -> Stores:
    library = stores.library()
    stores.write(
        library,
        movie("a", "Alien", year=1979, genres=("Horror", "Science Fiction")),
        movie("b", "Brazil", year=1985, genres=("science fiction",)),
        movie("c", "Åsa", year=1981),
        movie("d", "8½", genres=("Drama",)),
    )
    stores.finish(library)
    return stores


def test_every_facet_is_counted(stores: Stores) -> None:
    """Each in its order; spellings of one genre count together."""
    found = counted(filled(stores))

    assert [("movie", 4)] == found["types"]
    assert [("science fiction", 2)] == [(n.casefold(), c) for n, c in found["genres"][:1]]
    assert {("Horror", 1), ("Drama", 1)} == set(found["genres"][1:])
    assert [("1985", 1), ("1981", 1), ("1979", 1)] == found["years"]
    assert [("1980", 2), ("1970", 1)] == found["decades"]
    assert [("A", 2), ("B", 1), ("#", 1)] == found["letters"]
    assert set(FACETS) == set(READERS)


def test_only_what_matches_is_counted(stores: Stores) -> None:
    """The conditions of a query, and the sources that are served."""
    filled(stores)

    assert [("1980", 1)] == counted(stores, "decades", genres=("Science Fiction",), years=(1985,))[
        "decades"
    ]
    assert [] == counted(stores, "types", types=(ItemType.SHOW,))["types"]
    assert () == stores.cache.read(facets, ItemQuery(), ("types",), (SOURCE,))["types"]


def test_children_and_members_of_an_item_are_counted(stores: Stores) -> None:
    """Below a show, too."""
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show"))
    stores.write(shows, made(ItemType.SEASON, "s1", parent_remote_id="show"))
    stores.write(shows, made(ItemType.EPISODE, "e1", parent_remote_id="s1", year=2001))
    stores.finish(shows)
    show, season = stores.id_of("show"), stores.id_of("s1")

    assert [("season", 1)] == counted(stores, "types", parent_id=show)["types"]
    assert [("episode", 1)] == counted(stores, "types", parent_id=season)["types"]
    assert [("episode", 1), ("season", 1)] == counted(stores, "types", show_id=show)["types"]
