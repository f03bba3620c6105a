"""Whatever a caller asks the library for, it gets an answer within its limits or a typed error."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from dbus_fast import Variant
from hypothesis import given, settings
from hypothesis import strategies as st

from msd.bus.reads.query import FACET_OPTIONS, QUERY_OPTIONS
from msd.contract import JSON, LIBRARY, MAX_PAGE
from msd.models import FACETS, ItemType, LibraryType, SortKey, WatchState
from tests.dbus.client import Client, ErrorReply, connected_client
from tests.store.made import Paths, Stores, account, made, movie, source
from tests.support.session.bus import private_bus
from tests.support.session.daemon import Daemon

EXAMPLES = settings(max_examples=80)
MOST_TEXT = 2000  # characters of an error
TYPED = {"InvalidArgument", "LimitExceeded", "UnknownSource", "UnknownLibrary"}


@dataclass
class Asker:
    """Calls the daemon from a test that is no coroutine."""

    portal: BlockingPortal
    client: Client

    def __call__(self, interface: str, member: str, signature: str, *values: Any) -> Any:
        """Return the results, or the code of a typed error."""
        try:
            return self.portal.call(self.client.call, interface, member, signature, *values)
        except ErrorReply as error:
            failure = error
        assert failure.code in TYPED, f"{failure!s:.500} for {member} {values!r:.500}"
        assert len(failure.text) <= MOST_TEXT
        return failure.code


def fill(paths: Paths) -> None:
    """Leave a few films, a show and a collection in the cache."""
    stores = Stores(paths)
    stores.state.add(account(), [source(enabled=False)])
    films = stores.library()
    stores.write(
        films,
        *(
            movie(
                f"m{number}",
                f"Film {number}",
                year=1950 + number,
                added_at=number,
                genres=("Drama", "War")[: number % 3],
                watch=WatchState(watched=number % 2 == 0, favourite=number % 5 == 0),
            )
            for number in range(40)
        ),
    )
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show"))
    stores.write(shows, made(ItemType.EPISODE, "e", show_remote_id="show", show_title="show"))
    stores.close()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("reads")
    fill(Paths(folder / "home" / "data" / "msd"))
    with ExitStack() as stack:
        bus = stack.enter_context(private_bus(folder / "bus"))
        daemon = Daemon(bus, folder / "home")
        daemon.start()
        stack.callback(daemon.stop)
        portal = stack.enter_context(start_blocking_portal())
        connected = portal.wrap_async_context_manager(connected_client(bus.address))
        yield Asker(portal, stack.enter_context(connected))
        assert "Traceback" not in daemon.log


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ODD = st.sampled_from(
    [
        "",
        "%",
        "_",
        "'",
        '"; DROP TABLE item; --',
        "\\",
        "*",
        "NEAR(",
        "title:a",
        "\u202e",
        "a" * 9000,
    ]
)
WORDS = TEXT | ODD
INTEGERS = st.sampled_from([0, 1, -1, 2**31 - 1, 2**63 - 1, -(2**63)]) | st.integers(-5, 600)
VALUES = st.one_of(
    WORDS.map(lambda text: Variant("s", text)),
    st.lists(WORDS, max_size=5).map(lambda texts: Variant("as", texts)),
    st.booleans().map(lambda flag: Variant("b", flag)),
    INTEGERS.map(lambda number: Variant("x", number)),
    st.integers(0, 2**32 - 1).map(lambda number: Variant("u", number)),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3).map(lambda some: Variant("ai", some)),
    st.floats().map(lambda number: Variant("d", number)),
    st.binary(max_size=5).map(lambda data: Variant("ay", data)),
    st.just(Variant("a{sv}", {"a": Variant("v", Variant("s", "b"))})),
)
# What is nearly right gets further than what is not.
LIKELY: dict[str, st.SearchStrategy[Variant]] = {
    "sort": st.sampled_from([*SortKey]).map(lambda word: Variant("s", word.value)),
    "types": st.lists(st.sampled_from([*ItemType]), max_size=3).map(
        lambda words: Variant("as", [word.value for word in words])
    ),
    "facets": st.lists(st.sampled_from(FACETS)).map(lambda names: Variant("as", names)),
    "genres": st.lists(st.sampled_from(["Drama", "war", "none"])).map(lambda n: Variant("as", n)),
    "years": st.lists(st.integers(1940, 2000), max_size=3).map(lambda some: Variant("ai", some)),
    **{
        key: st.booleans().map(lambda flag: Variant("b", flag))
        for key in ("watched", "in_progress", "favourite", "descending", "count")
    },
    "offset": st.sampled_from([0, 1, 39, 40, 41, 10**6, 10**7]).map(lambda n: Variant("u", n)),
    "limit": st.integers(1, MAX_PAGE).map(lambda n: Variant("u", n)),
    "fields": st.lists(st.sampled_from(["*", "genres", "letter", "size", "no key"])).map(
        lambda names: Variant("as", names)
    ),
    "letter": st.sampled_from("F#sé葉").map(lambda letter: Variant("s", letter)),
}


def options(keys: Any) -> st.SearchStrategy[dict[str, Variant]]:
    known = {key: LIKELY.get(key, VALUES) | VALUES for key in keys}
    likely = {key: LIKELY[key] for key in keys if key in LIKELY}
    return (
        st.fixed_dictionaries({}, optional=likely)
        | st.fixed_dictionaries({}, optional=known)
        | st.dictionaries(WORDS, VALUES, max_size=3)
    )


def check_page(answer: Any, query: dict[str, Variant]) -> None:
    if isinstance(answer, str):
        return
    items, cursor, total = answer
    limit = query["limit"].value if "limit" in query else 50
    assert len(items) <= limit
    assert isinstance(cursor, str)
    assert (total >= 0) == (query.get("count") == Variant("b", True))


@EXAMPLES
@given(options(QUERY_OPTIONS))
def test_any_query_is_answered(ask: Asker, query: dict[str, Variant]) -> None:
    """Conditions and form of every type, likely and absurd."""
    check_page(ask(LIBRARY, "QueryItems", "a{sv}", query), query)


@EXAMPLES
@given(options(FACET_OPTIONS))
def test_any_facets_are_counted(ask: Asker, query: dict[str, Variant]) -> None:
    """Each facet that was asked for, and no other."""
    answer = ask(LIBRARY, "GetFacets", "a{sv}", query)

    if not isinstance(answer, str):
        names = query["facets"].value if "facets" in query else FACETS
        assert set(names) == answer[0].keys()


@EXAMPLES
@given(st.lists(WORDS, max_size=8), options(["fields", "details", "refresh"]))
def test_any_ids_are_looked_up(ask: Asker, ids: list[str], wanted: dict[str, Variant]) -> None:
    """An id that nothing has is absent."""
    answer = ask(LIBRARY, "GetItems", "asa{sv}", ids, wanted)

    assert isinstance(answer, str) or answer == [[]]


@EXAMPLES
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), options([]), WORDS)
def test_any_revision_and_source_is_answered(
    ask: Asker, revision: int, limit: int, wanted: dict[str, Variant], source_id: str
) -> None:
    """Also those that never were."""
    ask(LIBRARY, "GetChanges", "tua{sv}", revision, limit, wanted)
    ask(LIBRARY, "ListLibraries", "sa{sv}", source_id, wanted)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)
QUERIES = st.dictionaries(st.sampled_from(sorted(QUERY_OPTIONS)), JSON_VALUES, max_size=4)


@EXAMPLES
@given(
    st.sampled_from(["QueryItems", "GetItems", "GetFacets", "GetChanges", "ListSources"]),
    WORDS | JSON_VALUES.map(json.dumps) | QUERIES.map(lambda query: json.dumps({"query": query})),
)
def test_any_text_is_answered_as_json(ask: Asker, member: str, text: str) -> None:
    """No JSON, other JSON, and JSON with odd values."""
    answer = ask(JSON, member, "s", text)

    assert isinstance(answer, str) or isinstance(json.loads(answer[0]), dict)


def cursors(ask: Asker) -> list[str]:
    """Return real cursors of several queries."""
    forms = ({}, {"sort": Variant("s", "added")}, {"sort": Variant("s", "year")})
    pages = [
        ask(LIBRARY, "QueryItems", "a{sv}", {"limit": Variant("u", 3), **form}) for form in forms
    ]
    return [cursor for _, cursor, _ in pages]


@EXAMPLES
@given(
    st.sampled_from([*SortKey]),
    st.integers(0, 2),
    st.integers(0, 80),
    st.lists(INTEGERS | WORDS | st.none() | st.booleans() | st.floats(), max_size=5),
    st.sampled_from(["whole", "cut", "changed", "forged", "text"]),
    WORDS,
)
def test_any_cursor_is_refused_or_continued(
    ask: Asker, sort: SortKey, which: int, at: int, keys: list[Any], how: str, text: str
) -> None:
    """Of another query, truncated, changed, forged: InvalidArgument or a page of the query."""
    real = cursors(ask)[which]
    forged = json.dumps([f"{sort}:0:asc:", *keys]).encode()
    cursor = {
        "whole": real,
        "cut": real[:at],
        "changed": real[:at] + "A" + real[at + 1 :],
        "forged": base64.urlsafe_b64encode(forged).decode(),
        "text": text,
    }[how]
    query = {"sort": Variant("s", sort.value), "cursor": Variant("s", cursor)}

    answer = ask(LIBRARY, "QueryItems", "a{sv}", query)

    assert answer == "InvalidArgument" or not isinstance(answer, str)


@pytest.mark.parametrize("key", ["genres", "studios", "content_ratings", "library_ids", "years"])
@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_lists_have_a_limit(ask: Asker, key: str, size: int, fits: bool) -> None:
    """A thousand elements are taken, one more is refused."""
    query = {key: Variant("as", [str(number) for number in range(size)])}

    assert (ask(LIBRARY, "QueryItems", "a{sv}", query) != "LimitExceeded") == fits
    assert (ask(LIBRARY, "GetFacets", "a{sv}", query) != "LimitExceeded") == fits


def test_an_offset_beyond_the_end_finds_nothing(ask: Asker) -> None:
    """A grid that jumps too far."""
    query = {"offset": Variant("u", 10**7), "count": Variant("b", True)}

    assert [[], "", 42] == ask(LIBRARY, "QueryItems", "a{sv}", query)
