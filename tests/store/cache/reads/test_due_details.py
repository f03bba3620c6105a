"""Whose details are due: an indexed question that the rows themselves answer."""

import json

import msgspec
from msgspec import structs

from msd.models import (
    DetailPage,
    ItemDetails,
    ItemType,
    LibraryType,
    MediaItem,
    Person,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.reads import due_details as due
from msd.store.cache.reads.due_details import count_due_details, due_details
from msd.store.cache.writes.refreshed_item import store_details
from tests.store.conftest import FILMS
from tests.store.made import OTHER_SOURCE, SOURCE, Stores, made, movie, store_item

NOW = UnixSeconds(7)


def ids(stores: Stores, *, limit: int = 100, off: tuple[str, ...] = ()) -> list[str]:
    return [item.remote_id for item in stores.cache.read(due_details, SOURCE, off, limit)]


def cast(remote_id: str, *names: str, **more: object) -> MediaItem:
    people = tuple(Person(name=name, job="actor") for name in names)
    return movie(remote_id, details=ItemDetails(people=people, **more))


def store(stores: Stores, *items: MediaItem, is_whole: bool = True, limit: int = 100):
    """Store what came for everything that is due."""
    asked = stores.cache.read(due_details, SOURCE, (), limit)
    page = DetailPage(items=items, is_whole=is_whole)
    return stores.cache.write(store_details, SOURCE, asked, page, {}, NOW)


def test_rows_without_details_are_due_the_newest_first(films: Stores) -> None:
    """Every row is due once, whatever it is; a limit is kept."""
    assert ids(films) == ["m6", "m5", "m4", "m3", "m2", "m1"]
    assert ids(films, limit=2) == ["m6", "m5"]
    assert films.cache.read(count_due_details, SOURCE, ()) == 6
    assert films.cache.read(due_details, OTHER_SOURCE, (), 9) == []


def test_films_and_shows_come_before_what_is_in_them(series: Stores) -> None:
    """One page holds several types, in the order in which they are worth most."""
    series.write(series.library(), movie("film"))
    lists = series.library("lists", LibraryType.COLLECTIONS)
    series.write(lists, made(ItemType.COLLECTION, "collection"))

    assert ids(series)[:2] == ["film", "show"]
    assert ids(series)[-1] == "collection"
    assert len(ids(series)) == 10


def test_a_library_that_is_off_is_left_alone(films: Stores) -> None:
    """Of a library that the user does not have synced nothing is due."""
    (library,) = {one["library_id"] for one in films.pages(fields=("library_id",))}

    assert ids(films, off=(library,)) == []
    assert films.cache.read(count_due_details, SOURCE, (library,)) == 0


def test_what_was_asked_for_is_not_due_until_its_row_changes(films: Stores) -> None:
    """Also what did not come counts as asked: an odd row is not asked for each time."""
    store(films, cast("m1", "Ada"))
    assert ids(films) == []

    films.write(films.library(), movie("m2", "Brazil, edited"), fingerprint=2)
    assert ids(films) == ["m2"]


def test_watching_makes_no_details_due(films: Stores) -> None:
    """A position that moves every ten seconds asks for nothing."""
    store(films)
    begun = structs.replace(FILMS[1], watch=WatchState(position_ms=9))
    films.write(films.library(), begun, fingerprint=2)

    assert films.item("m2", "position_ms")["position_ms"] == 9
    assert ids(films) == []


def test_a_row_that_changed_in_what_is_not_listed_is_due(stores: Stores) -> None:
    """Another fingerprint over the same content: the parser changed, or something unlisted."""
    library = stores.library()
    stores.write(library, movie("a"))
    store(stores)
    stores.write(library, movie("a"), fingerprint=2)

    assert ids(stores) == ["a"]


def test_a_row_that_changes_while_its_details_come_stays_due(stores: Stores) -> None:
    """The answer may be older than the row."""
    library = stores.library()
    stores.write(library, movie("a"))
    asked = stores.cache.read(due_details, SOURCE, (), 9)
    stores.write(library, movie("a", "edited meanwhile"), fingerprint=2)
    page = DetailPage(items=(cast("a", "Ada"),))
    stores.cache.write(store_details, SOURCE, asked, page, {}, NOW)

    assert ids(stores) == ["a"]
    assert stores.item("a")["title"] == "edited meanwhile"


def test_a_row_that_is_gone_gets_no_details(stores: Stores) -> None:
    """Nothing is written for a row that was deleted while it was asked for."""
    library = stores.library()
    stores.write(library, movie("a"))
    asked = stores.cache.read(due_details, SOURCE, (), 9)
    stores.writer.soft_delete(library, ItemType.MOVIE, stores.keys(library, "a"))
    page = DetailPage(items=(cast("a", "Ada"),))
    done = stores.cache.write(store_details, SOURCE, asked, page, {}, NOW)

    assert done == (None, {})


def test_details_that_were_looked_at_are_not_due(stores: Stores) -> None:
    """A refresh and the pass share what is due."""
    stores.write(stores.library(), movie("a"), movie("b"))
    stores.cache.write(store_item, SOURCE, cast("a", "Ada"), {}, NOW)

    assert ids(stores) == ["b"]


def test_rows_that_are_listed_with_their_details_are_not_due(stores: Stores) -> None:
    """A folder reads the details with the row."""
    library = stores.library()
    stores.write(library, cast("a", "Ada"))
    assert ids(stores) == []

    stores.write(library, cast("a", "Bea"), fingerprint=2)
    stores.write(library, cast("a", "Bea"), fingerprint=3)
    assert ids(stores) == []


def test_only_details_that_differ_move_the_revision(films: Stores) -> None:
    """Y22: the same again changes nothing that is shown; one page is one revision."""
    revision, changed = store(films, cast("m1", "Ada"), cast("m2", "Bea"))
    assert [len(ids) for ids in changed.values()] == [2]
    for remote_id in ("m1", "m2", "m3"):
        films.write(films.library(), movie(remote_id, "edited"), fingerprint=2)

    again, changed = store(films, cast("m1", "Ada"), cast("m2", "Cleo"), movie("m3"))

    assert list(changed.values()) == [[films.id_of("m2")]]
    assert again > revision


def test_a_page_keeps_what_takes_a_request_of_its_own(stores: Stores) -> None:
    """Markers, extras and trailers of an earlier full answer stay; chapters are the page's."""
    stores.write(stores.library(), movie("a"))
    full = {
        "markers": [{"kind": "intro", "start_ms": 1}, {"kind": "chapter", "start_ms": 0}],
        "extras": [{"title": "Scene", "remote_id": "x"}],
        "trailers": [{"title": "Own", "remote_id": "y"}, {"title": "Web", "url": "https://a"}],
    }
    whole = movie("a", details=_details(full))
    stores.cache.write(store_item, SOURCE, whole, {}, NOW)
    stores.write(stores.library(), movie("a", "edited"), fingerprint=2)

    page = {"people": [{"name": "Ada"}], "markers": [{"kind": "chapter", "start_ms": 5}]}
    store(stores, movie("a", details=_details(page)), is_whole=False)

    shown = stores.item("a", "people", "chapters", "markers", "extras", "trailers")
    assert [person["name"] for person in shown["people"]] == ["Ada"]
    assert [chapter["start_ms"] for chapter in shown["chapters"]] == [5]
    assert [marker["kind"] for marker in shown["markers"]] == ["intro"]
    assert [extra["title"] for extra in shown["extras"]] == ["Scene"]
    assert [trailer["title"] for trailer in shown["trailers"]] == ["Own"]


def test_what_is_due_is_found_by_its_index(films: Stores) -> None:
    """The cost follows what is due: with nothing due, a large cache costs nothing."""
    connection = films.writer._connection
    for text, parameters in ((due._DUE, (1, 100)), (due._COUNT, (1,))):
        steps = connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
        assert ["item_details_due" in step[3] for step in steps] == [True], steps


def _details(values: dict[str, object]) -> ItemDetails:
    return msgspec.json.decode(json.dumps(values), type=ItemDetails)
