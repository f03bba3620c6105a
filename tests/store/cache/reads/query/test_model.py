"""Every condition in every order against a model in Python, and facets against the pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.models import FACETS, ItemQuery, ItemType, LibraryType, SortKey, WatchState
from msd.store.cache.reads.facets import facets
from msd.store.cache.reads.pages import query_items
from msd.store.cache.rows.sort_title import letter_of
from tests.store.made import MEMORY, Paths, Stores, made, movie

TITLES = (
    "Alien",
    "Åsa",
    "the Abyss",
    "\u0131l\u0131k",
    "8½",
    "Zulu",
    "Éclair",
    "Я",
    "{",
    "?",
    "B b",
    "Cube",
)
GENRES = ("Drama", "drama", "War", "Ölm")
STUDIOS = ("Fox", "FOX", "A24")
RATINGS = ("PG", "R")


@dataclass(frozen=True)
class Rows:
    """A filled store and what is in it, in the order of the primary keys."""

    stores: Stores
    items: list[dict[str, Any]]


def film(number: int) -> Any:
    return movie(
        f"m{number:02}",
        TITLES[number % len(TITLES)],
        year=(None, 1979, 1985, 1999)[number % 4],
        released=("", "1979-05-25", "1985")[number % 3],
        added_at=(0, 100, 200, 300, 400)[number % 5],
        rating=(None, 0.0, 7.5, 9.1)[number // 2 % 4],
        genres=GENRES[number % 3 : number % 3 + number % 2],
        studios=STUDIOS[: number % 4],
        content_rating=("", *RATINGS)[number % 7 % 3],
        watch=WatchState(
            watched=number % 6 == 0,
            position_ms=5 * (number % 8 == 0),
            last_played=60 * (number % 4),
            favourite=number % 9 == 0,
        ),
    )


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    with TemporaryDirectory(dir=MEMORY) as folder:
        stores = Stores(Paths(Path(folder) / "msd"))
        films = stores.library("films")
        stores.write(films, *map(film, range(40)))
        stores.write(films, *(movie(f"gone{n}", genres=("War",)) for n in range(3)))
        keys = stores.keys(films, *(f"gone{n}" for n in range(3)))
        stores.writer.soft_delete(films, ItemType.MOVIE, keys)
        music = stores.library("music", LibraryType.MUSIC)
        stores.write(music, made(ItemType.ARTIST, "ann", title="Ann"))
        stores.write(
            music,
            made(ItemType.ALBUM, "late", title="A late one", artist="Ann", year=2001),
            made(ItemType.ALBUM, "early", title="Z", artist="Ann", year=1990),
            made(ItemType.ALBUM, "bob", title="B", artist="bob"),
        )
        stores.write(
            music,
            *(
                made(
                    ItemType.TRACK,
                    f"{album}{number}",
                    title=f"track {number}",
                    artist=("Ann & others", "")[number % 2],
                    album="?",
                    album_remote_id=album,
                    track_number=number,
                    genres=("Drama",),
                )
                for album in ("late", "bob", "early")
                for number in (2, 10, 1)
            ),
        )
        found = stores.pages(limit=500, fields=("*",))
        stored = stores.writer._connection.execute("SELECT id, sort_title FROM item ORDER BY pk")
        by_id = {item["id"]: item for item in found}
        items = [by_id[item] | {"key": key} for item, key in stored if item in by_id]
        yield Rows(stores, items)
        stores.close()


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "types": st.lists(st.sampled_from([ItemType.MOVIE, ItemType.TRACK, ItemType.ALBUM])),
    "genres": st.lists(st.sampled_from([*GENRES, "None"])),
    "studios": st.lists(st.sampled_from(STUDIOS)),
    "content_ratings": st.lists(st.sampled_from(RATINGS)),
    "years": st.lists(st.sampled_from([1979, 1985, 1999, 2001, 5])),
    "watched": st.booleans(),
    "in_progress": st.booleans(),
    "favourite": st.booleans(),
    "added_after": st.sampled_from([0, 100, 250]),
    "letter": st.sampled_from(["A", "#", "Z", "Я", "I", "\u0131", "T"]),
}
CONDITIONS = st.fixed_dictionaries(
    {}, optional={key: values.map(lambda v: tuple(v) if isinstance(v, list) else v)
                  for key, values in VALUES.items()}
)  # fmt: skip
SORTS = [sort for sort in SortKey if sort not in (SortKey.RANDOM, SortKey.ARTIST, SortKey.INDEX)]
UNKNOWN = {"added": 0, "released": "", "last-played": 0, "rating": None, "year": None}


def folded(names: Any) -> set[str]:
    return {str(name).casefold() for name in names}


def matches(item: dict[str, Any], query: dict[str, Any]) -> bool:
    tests = {
        "types": lambda wanted: item["type"] in wanted,
        "genres": lambda wanted: bool(folded(wanted) & folded(item.get("genres", ()))),
        "studios": lambda wanted: bool(folded(wanted) & folded(item.get("studios", ()))),
        "content_ratings": lambda wanted: item.get("content_rating") in wanted,
        "years": lambda wanted: item.get("year") in wanted,
        "watched": lambda wanted: item["watched"] == wanted,
        "in_progress": lambda wanted: (item["position_ms"] > 0) == wanted,
        "favourite": lambda wanted: item["favourite"] == wanted,
        "added_after": lambda wanted: item.get("added", 0) > wanted,
        "letter": lambda wanted: letter_of(item["key"]) == wanted,
    }
    return all(tests[key](wanted) for key, wanted in query.items() if wanted != ())


def in_order(items: list[dict[str, Any]], sort: SortKey, *, descending: bool) -> list[str]:
    """Return the ids of items, which come in the order of their primary keys."""
    key = {SortKey.TITLE: "key", SortKey.LAST_PLAYED: "last_played"}.get(sort, sort.value)

    def value(item: dict[str, Any]) -> Any:
        own = item.get(key)
        return (own, item["key"]) if sort is SortKey.YEAR else own

    known = [item for item in items if item.get(key) is not None]
    unknown = [item for item in items if item.get(key) is None]
    if descending:  # among equals, the later rows come first
        known.reverse()
        unknown.reverse()
    if sort is SortKey.YEAR:
        unknown.sort(key=lambda item: item["key"], reverse=descending)
    known.sort(key=value, reverse=descending)
    return [item["id"] for item in [*known, *unknown]]


@given(CONDITIONS, st.sampled_from(SORTS), st.booleans(), st.integers(1, 7), st.integers(0, 9))
def test_pages_are_what_a_model_says(
    rows: Rows,
    conditions: dict[str, Any],
    sort: SortKey,
    descending: bool,
    limit: int,
    offset: int,
) -> None:
    """Which items, in which order, over pages and behind an offset, and how many."""
    form = {"sort": sort, "descending": descending, **conditions}
    expected = in_order(
        [item for item in rows.items if matches(item, conditions)], sort, descending=descending
    )

    paged = rows.stores.pages(limit=limit, **form)
    jumped = rows.stores.cache.read(query_items, ItemQuery(limit=limit, offset=offset, **form))

    assert expected == [item["id"] for item in paged]
    assert expected[offset : offset + limit] == [item["id"] for item in jumped.items]
    assert len(expected) == jumped.total


@given(CONDITIONS)
def test_a_facet_counts_what_a_page_finds(rows: Rows, conditions: dict[str, Any]) -> None:
    """The count of each value is the total of the query that asks for the value, too."""
    counted = rows.stores.cache.read(facets, ItemQuery(**conditions), FACETS)

    for name, values in counted.items():
        if name == "decades":
            continue
        key = {"letters": "letter"}.get(name, name)
        for facet in values:
            one = {"years": int, "types": ItemType}.get(name, str)(facet.value)
            wanted = conditions | {key: one if key == "letter" else (one,)}
            if conditions.get(key, ()) not in ((), wanted[key]):
                continue  # the query asks for another value
            page = rows.stores.cache.read(query_items, ItemQuery(limit=1, **wanted))
            assert (name, facet.value, facet.count) == (name, facet.value, page.total)


@given(CONDITIONS, st.booleans(), st.sampled_from([SortKey.ARTIST, SortKey.INDEX, SortKey.RANDOM]))
def test_pages_of_other_orders_are_whole(
    rows: Rows, conditions: dict[str, Any], descending: bool, sort: SortKey
) -> None:
    """However the rows are found, paging gives each once, in the order of one large page."""
    form = {"sort": sort, "descending": descending, **conditions}
    expected = {item["id"] for item in rows.items if matches(item, conditions)}

    whole = [item["id"] for item in rows.stores.pages(limit=500, **form)]

    assert whole == [item["id"] for item in rows.stores.pages(limit=2, **form)]
    assert sorted(expected) == sorted(whole)


def test_music_stands_by_artist_then_year_disc_and_track(rows: Rows) -> None:
    """Tracks stand in their albums, whoever sings in them; what has no artist comes last."""
    albums = ["Z", "A late one"]
    tracks = ["track 1", "track 2", "track 10"]
    music = [title for album in albums for title in (album, *tracks)]

    by_artist = rows.stores.titles(sort="artist", limit=500)
    backwards = rows.stores.titles(sort="artist", limit=500, descending=True)

    assert ["Ann", *music, "B", *tracks] == by_artist[:13]
    assert [*tracks[::-1], "B", *music[::-1], "Ann"] == backwards[:13]
