"""Whatever is typed: a right answer or a typed error, at a bounded cost (K5, K6)."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msd.errors import InvalidArgumentError
from msd.models import ItemDetails, Person, SearchPage, SearchQuery
from msd.store.cache.reads.search.search import search
from msd.store.cache.rows import normalise
from msd.store.cache.rows.search_text import (
    MAX_LENGTH,
    MOST_WORDS,
    joined_forms,
    people_words,
    plain_words,
    search_tokens,
)
from tests.store.conftest import Paths, Stores
from tests.store.made import movie

WORDS = ("sea", "star", "stars", "starfish", "no", "9", "über", "花", "花火", "Ночь", "o'neil")
FEW, MANY = 600, 6000
OPERATORS = ('"', "*", "NEAR(a b)", "title: x", "a AND", "a OR b NOT", "(", "\0", "^x", "-", "{a}:")
# Of SQLite's virtual machine, for a search of a cache of any size: it examines a bounded number
# of rows in a bounded number of steps.
MOST_INSTRUCTIONS = 600_000
_COUNTED = 100
hostile = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.one_of(
    st.text(max_size=MAX_LENGTH),
    st.lists(st.sampled_from([*WORDS, *OPERATORS]), max_size=MOST_WORDS).map(" ".join),
    st.lists(st.text("abcdeistu", min_size=1, max_size=9), max_size=MOST_WORDS).map(" ".join),
)


def filled(folder: Path, count: int) -> Stores:
    """Return a store of films whose titles share a few words, with the same people."""
    stores = Stores(Paths(folder))
    cast = ItemDetails(people=(Person(name="Ada Star"), Person(name="Björn Sea")))
    stores.write(
        stores.library(),
        *(
            movie(f"{n}", " ".join(WORDS[n * k % len(WORDS)] for k in (1, 3, 7)), details=cast)
            for n in range(count)
        ),
    )
    return stores


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    stores = filled(tmp_path_factory.mktemp("few"), FEW)
    yield stores
    stores.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    stores = filled(tmp_path_factory.mktemp("many"), MANY)
    yield stores
    stores.close()


def searched(stores: Stores, query: SearchQuery) -> tuple[SearchPage, int]:
    """Return the answer, and how many instructions of SQLite it took."""
    spent = [0]

    def note() -> None:
        spent[0] += _COUNTED

    def counted(connection: Connection) -> SearchPage:
        connection.set_progress_handler(note, _COUNTED)
        try:
            return search(connection, query)
        finally:
            connection.set_progress_handler(None, 0)

    return stores.cache.read(counted), spent[0]


@given(text=texts, limit=st.integers(1, 100), count=st.booleans())
@hostile
def test_any_text_gets_an_answer_at_a_bounded_cost(
    many: Stores, text: str, limit: int, count: bool
) -> None:
    """No operator, script or number of words makes a search fail, or dear."""
    if len(text) > MAX_LENGTH or len(text.split()) > MOST_WORDS:
        return
    page, spent = searched(many, SearchQuery(text=text, limit=limit, with_total=count))

    assert page.text == text
    assert len(page.hits) <= limit
    assert (page.total is not None) == count
    assert page.total is None or page.total >= len(page.hits)
    assert spent <= MOST_INSTRUCTIONS


@pytest.mark.parametrize(
    "text", ["s", "st", "star", "sea star", "sea st", "ada", "ada star sea", "stra", "xyzxyz", "花"]
)
def test_a_search_costs_the_same_among_many_items(few: Stores, many: Stores, text: str) -> None:
    """Ten times the items: the same number of candidates is compared."""
    _, small = searched(few, SearchQuery(text=text))
    _, large = searched(many, SearchQuery(text=text))

    assert large <= 1.5 * small + 2 * _COUNTED


@pytest.mark.parametrize("text", OPERATORS)
def test_operators_are_ordinary_text(many: Stores, text: str) -> None:
    """FTS operators and NUL mean nothing."""
    typed = f"sea {text} star"

    page, _ = searched(many, SearchQuery(text=typed))
    plain, _ = searched(many, SearchQuery(text=" ".join(plain_words(typed))))

    assert page.hits == plain.hits


@pytest.mark.parametrize("text", ["x" * 65_536, "a " * 10_000, "a " * (MOST_WORDS + 1)])
def test_a_text_that_is_too_long_is_refused_with_the_limit(many: Stores, text: str) -> None:
    """Nothing is cut in silence."""
    with pytest.raises(InvalidArgumentError, match="at most"):
        searched(many, SearchQuery(text=text))


@given(text=texts)
@hostile
def test_a_title_is_found_by_itself_and_by_its_beginning(stores: Stores, text: str) -> None:
    """Whatever a title is made of."""
    words = plain_words(normalise.text(text))
    if not 0 < len(words) < MOST_WORDS or len(text) > MAX_LENGTH // 4:
        return
    stores.write(stores.library("own"), movie("own", text))

    def finds(typed: str) -> bool:
        page = stores.cache.read(search, SearchQuery(text=typed, fields=("remote_id",)))
        return any(hit["remote_id"] == "own" for hit in page.hits)

    assert finds(text)
    assert finds(words[0])


@given(text=st.text())
@settings(deadline=None)
def test_folded_text_is_bounded_and_searchable(text: str) -> None:
    """Every plain word of a text is among its tokens."""
    tokens = search_tokens(text).split()

    assert set(plain_words(text)) <= set(tokens)
    assert len(tokens) <= 12 * MAX_LENGTH
    assert joined_forms(text)[0] == "".join(plain_words(text))
    assert people_words([text] * 100).split() == tokens * 40
