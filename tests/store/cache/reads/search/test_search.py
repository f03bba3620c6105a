"""Search: what is found, in which order, and that no text does harm."""

from contextlib import closing

import pytest

from msd.models import (
    ItemDetails,
    ItemId,
    ItemType,
    LibraryType,
    Person,
    SearchQuery,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.reads.search.search import search
from msd.store.cache.writes.losses.purge import purge_soft_deleted, purge_source
from msd.store.cache.writes.sync_writer import MANY_NEW_ROWS, SyncWriter
from tests.store.made import OTHER_SOURCE, SOURCE, Stores, library, made, movie, store_item

ADA, BODO = Person(name="Ada Sea"), Person(name="Bodo Heat")
MOVIE, SHOW, EPISODE = ItemType.MOVIE, ItemType.SHOW, ItemType.EPISODE


def found(stores: Stores, text: str, **query: object) -> list[str]:
    """Return the titles of the hits, best first."""
    page = stores.cache.read(search, SearchQuery(text=text, **query))
    assert page.text == text
    return [str(hit["title"]) for hit in page.hits]


@pytest.fixture
def show(stores: Stores) -> Stores:
    """A show called Lost with twelve episodes that are called so as well."""
    library = stores.library("shows", LibraryType.SHOWS)
    episodes = [
        made(EPISODE, f"e{n}", title=f"Lost {n}", show_remote_id="s", show_title="Lost")
        for n in range(12)
    ]
    stores.write(library, *episodes)
    stores.write(library, made(SHOW, "s", title="Lost"))
    stores.write(library, movie("m", "Lost in Translation"))
    return stores


def test_the_best_fit_comes_first(stores: Stores) -> None:
    """Exact title, then one that begins so, then all words, then another title, then people."""
    films = stores.library()
    director = ItemDetails(people=(Person(name="Ada Heat"),))
    stores.write(
        films,
        movie("1", "Made of Stone", details=director),
        movie("2", "La città", original_title="Heat"),
        movie("3", "Dead Heat"),
        movie("4", "Heat Wave"),
        movie("5", "Heat"),
    )

    assert found(stores, "heat") == ["Heat", "La città", "Heat Wave", "Dead Heat", "Made of Stone"]


def test_each_hit_says_where_it_was_found(stores: Stores) -> None:
    """Each hit says what matched."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.TRACK, "t", title="One", artist="Ada", album="First"))
    stores.write(music, movie("m", "Two", original_title="Deux"))

    stores.write(music, movie("p", "Three", details=ItemDetails(people=(ADA, BODO))))

    def match(text: str) -> list[object]:
        hits = stores.cache.read(search, SearchQuery(text=text)).hits
        return [(hit["match"], hit["matched"], hit["fuzzy"]) for hit in hits]

    assert match("one") == [("title", "One", False)]
    assert match("one ada") == [("artist", "Ada", False)]
    assert match("first one") == [("album", "First", False)]
    assert match("deux") == [("original_title", "Deux", False)]
    assert match("bodo") == [("person", "Bodo Heat", False)]
    assert match("thrree") == [("title", "Three", True)]


def test_a_show_comes_before_its_episodes_of_which_only_a_few_are_told(show: Stores) -> None:
    """At most three of a kind unless asked."""
    titles = found(show, "lost")

    assert titles[0] == "Lost"
    assert sum(title.startswith("Lost ") and title[-1].isdigit() for title in titles) == 3
    assert len(found(show, "lost", types=(EPISODE,))) == 12
    assert len(found(show, "lost", per_type=0)) == 14


def test_what_was_begun_or_played_comes_first_among_equals(stores: Stores) -> None:
    """Then begun, own plays, year."""
    films = stores.library()
    stores.write(
        films,
        movie("1", "Solaris", year=2002),
        movie("2", "Solaris", year=1972, watch=WatchState(play_count=1)),
        movie("3", "Solaris", year=1968, watch=WatchState(position_ms=5)),
        movie("4", "Solaris", year=1990),
    )

    page = stores.cache.read(search, SearchQuery(text="solaris"))

    assert [hit["year"] for hit in page.hits] == [1968, 1972, 2002, 1990]


def test_one_mistake_is_forgiven_when_little_is_found(stores: Stores) -> None:
    """Typos only when fewer than three hits, one edit in a word of five letters or more."""
    stores.write(stores.library(), movie("1", "Metropolis"), movie("2", "Heat"))

    for typed in ("metropolos", "metropolsi", "metroplis", "mettropolis"):
        assert found(stores, typed) == ["Metropolis"], typed
    assert found(stores, "haet") == []
    assert found(stores, "metrooplsi") == []


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("3rd Rock", "third rock"),
        ("The Third Rock", "3rd rock"),
        ("One Hundred and One Nights", "101 nights"),
        ("101 Nights", "one hundred and one nights"),
        ("8½", "eight and a half"),
        ("Harbour, Vol. 2", "harbour volume two"),
        ("100% Wool", "hundred percent wool"),
        ("Sol & Sombra", "sol y sombra"),
        ("Starlight Wars", "star light wars"),
        ("Star Light", "starlight"),
        ("Ёлка", "yolka"),
        ("ضوء القمر", "قمر"),
        ("אור הירח", "ירח"),
    ],
)
def test_a_title_is_found_in_another_spelling(stores: Stores, title: str, typed: str) -> None:
    """Numbers, abbreviations, signs, words joined or parted, scripts, attached articles."""
    stores.write(stores.library(), movie("1", title), movie("2", "Something Else"))

    assert found(stores, typed) == [title]


def test_a_row_is_found_by_what_it_is_called_now(stores: Stores) -> None:
    """The index is written in the transaction of the row."""
    films = stores.library()
    stores.write(films, movie("1", "Before"))
    stores.write(films, movie("1", "After"))

    assert found(stores, "before") == []
    assert found(stores, "after") == ["After"]


def test_people_are_found_once_they_are_known_and_stay_so(stores: Stores) -> None:
    """People are found once they are known and stay so (Y22).

    A listing carries no people and takes none away.
    """
    films = stores.library()
    stores.write(films, movie("1", "Solaris"))
    assert found(stores, "banionis") == []
    details = ItemDetails(people=(Person(name="Donatas Banionis"),))
    stores.cache.write(store_item, SOURCE, movie("1", "Solaris", details=details), {}, 5)

    stores.write(films, movie("1", "Solaris", year=1972))

    assert found(stores, "banionis") == ["Solaris"]


def test_a_cast_that_changes_alone_is_found_by_its_new_names(stores: Stores) -> None:
    """A folder's rows come with their people; their listed content may be the same."""
    films = stores.library()
    stores.write(films, movie("1", "Solaris", details=ItemDetails(people=(ADA,))))
    stores.write(films, movie("1", "Solaris", details=ItemDetails(people=(BODO,))), fingerprint=2)

    assert found(stores, "bodo heat") == ["Solaris"]
    assert found(stores, "ada sea") == []


def test_what_is_deleted_or_withdrawn_is_not_found(stores: Stores) -> None:
    """What is deleted or withdrawn is not found (Y7, Y19).

    Hidden at once, search included; purged rows leave nothing behind.
    """
    films = stores.library()
    stores.write(films, movie("1", "Alien"), movie("2", "Aliens"), movie("3", "Alien 3"))
    stores.writer.soft_delete(films, MOVIE, stores.keys(films, "1"))
    stores.writer.withdraw(films, MOVIE, stores.keys(films, "2"))
    assert found(stores, "alien") == ["Alien 3"]

    while stores.cache.write(purge_soft_deleted, UnixSeconds(2**40)):
        pass

    for index in ("search", "search_title"):
        found_rows = f"SELECT count(*) FROM {index} WHERE {index} MATCH 'alien* OR aliens'"
        assert stores.writer._connection.execute(found_rows).fetchone() == (1,)


def test_hidden_sources_and_other_conditions_hold(stores: Stores) -> None:
    """Every given condition must hold."""
    films, more = stores.library(), stores.library("more")
    stores.write(films, movie("1", "Heat"))
    stores.write(more, movie("2", "Heat"), movie("3", "Heat Wave"))

    assert len(found(stores, "heat")) == 3
    assert len(found(stores, "heat", library_ids=(more,))) == 2
    assert found(stores, "heat", source_ids=("nobody",)) == []
    assert found(stores, "heat", types=(SHOW,)) == []
    assert stores.cache.read(search, SearchQuery(text="heat"), {SOURCE}).hits == ()
    assert len(found(stores, "heat", limit=1)) == 1


def test_among_named_items_a_search_looks_at_these_only(stores: Stores) -> None:
    """As the text gets longer, a shell narrows its earlier hits."""
    films = stores.library()
    stores.write(
        films,
        movie("1", "Heat", original_title="Fuego"),
        movie("2", "Heat Wave"),
        movie("3", "Metropolis", details=ItemDetails(people=(Person(name="Ada Heat"),))),
        movie("4", "Dead Heat"),
    )
    among = tuple(ItemId(stores.id_of(remote_id)) for remote_id in ("1", "2", "3"))

    assert found(stores, "heat", among=among) == ["Heat", "Heat Wave", "Metropolis"]
    assert found(stores, "fuego", among=among) == ["Heat"]
    assert found(stores, "heatwave", among=among) == ["Heat Wave"]
    assert found(stores, "metropolsi", among=among) == ["Metropolis"]
    assert found(stores, "dead", among=among) == found(stores, "heat", among=()) == []
    assert found(stores, "heat", among=(ItemId("nobody"),)) == []
    assert found(stores, "heat", among=among, types=(SHOW,)) == []


def test_all_that_fits_is_counted_when_asked_for(show: Stores) -> None:
    """What the limit and grouping leave out is counted as well."""

    def total(text: str, **query: object) -> int | None:
        return show.cache.read(search, SearchQuery(text=text, with_total=True, **query)).total

    assert show.cache.read(search, SearchQuery(text="lost")).total is None
    assert total("lost") == total("lost", limit=1) == 14
    assert total("lost", types=(EPISODE,), limit=2) == 12
    assert total("translation") == 1
    assert total("nothing fits") == total("") == 0
    assert total("lost", among=(ItemId(show.id_of("m")),)) == 1


def test_films_and_shows_are_found_behind_a_great_many_tracks(stores: Stores) -> None:
    """Conditions, and what comes first among equals, hold before candidates are bounded."""
    music, films = stores.library("music", LibraryType.MUSIC), stores.library()
    songs = [made(ItemType.TRACK, f"t{n}", title=f"Song of Love {n}") for n in range(12_000)]
    stores.write(music, *songs)
    titles = {"The Love Bug", "True Love", "Crazy Love Letters"}
    stores.write(films, *(movie(title, title) for title in titles))

    assert {*found(stores, "love")[:3]} == titles
    assert {*found(stores, "love", types=(MOVIE,))} == titles
    assert {*found(stores, "love", library_ids=(films,))} == titles


def test_the_count_does_not_depend_on_the_limit(stores: Stores) -> None:
    """Words written as one are counted as well."""
    films = stores.library()
    stores.write(films, movie("1", "Spider Man"), *(movie(f"m{n}", "Spiderman") for n in range(31)))

    def total(limit: int) -> int | None:
        query = SearchQuery(text="spider the man", limit=limit, with_total=True)
        return stores.cache.read(search, query).total

    assert [total(limit) for limit in (1, 2, 5, 31, 100)] == [32] * 5


def test_what_fits_best_is_found_among_a_great_many(stores: Stores) -> None:
    """The exact title, other titles and all words come first, wherever the rows stand."""
    films = stores.library()
    stores.write(films, *(movie(f"{n}", f"Sea {n}") for n in range(500)))
    stores.write(films, movie("exact", "Sea"), movie("other", "La mer", original_title="Sea"))
    stores.write(films, movie("words", "A Wide Sea to Cross"))

    assert found(stores, "sea")[0] == "Sea"
    assert found(stores, "wide sea") == ["A Wide Sea to Cross"]
    assert found(stores, "sea cross wide") == ["A Wide Sea to Cross"]
    assert found(stores, "la me") == ["La mer"]


def test_no_word_of_a_purged_source_stays(stores: Stores) -> None:
    """Nothing outlives its source (A6); the words of others stay."""
    stores.write(stores.library(), movie("1", "Solaris", original_title="Солярис"))
    with closing(SyncWriter(stores.paths.cache, stores.paths.state, OTHER_SOURCE)) as other:
        (library_id,) = other.save_libraries([library("films")]).ids.values()
        other.write(library_id, MOVIE, [(movie("2", "Metropolis"), 1)])

    while stores.cache.write(purge_source, SOURCE):
        pass

    words = stores.writer._connection.execute("SELECT word FROM search_word").fetchall()
    assert words == [("metropolis",)]
    assert found(stores, "metropolsi") == ["Metropolis"]


def parts(stores: Stores) -> int:
    """Return how many parts the index of titles has."""
    read = stores.writer._connection.execute
    return int(read("SELECT count(DISTINCT segid) FROM search_title_idx").fetchone()[0])


def test_after_many_new_rows_the_index_is_merged(stores: Stores) -> None:
    """A search looks into one part instead of one for each transaction."""
    films = stores.library()

    def add(first: int, count: int) -> None:
        numbers = range(first, first + count)
        stores.write(films, *(movie(f"{n}", f"Alien {n}") for n in numbers))

    add(0, 10)
    add(10, 10)
    assert not stores.writer.tend_search_index()
    assert parts(stores) == 2

    add(100, MANY_NEW_ROWS)
    while stores.writer.tend_search_index():
        assert found(stores, "alien 7")[0] == "Alien 7"
    assert parts(stores) == 1

    add(20, 10)
    assert not stores.writer.tend_search_index()
    assert found(stores, "alien 7 ")[0] == "Alien 7"
