"""What an item shows of itself."""

import pytest

from msd.errors import InvalidArgumentError, StorageError
from msd.item_keys import ALL, ITEM_KEYS
from msd.models import (
    Image,
    ItemDetails,
    ItemId,
    ItemQuery,
    ItemType,
    LibraryId,
    LibrarySettings,
    MediaSource,
    MediaStream,
    RemoteId,
    UnixSeconds,
    WatchState,
)
from msd.store.cache.file import current_revision
from msd.store.cache.reads.items import items, remote_ids
from msd.store.cache.reads.libraries import libraries
from msd.store.cache.reads.pages import query_items
from msd.store.ids import item_id
from tests.store.made import SOURCE, Stores, movie

SHOW, SEASON, EPISODE, TRACK = ItemType.SHOW, ItemType.SEASON, ItemType.EPISODE, ItemType.TRACK
PYTHON_TYPES = {
    "s": str,
    "as": list,
    "au": list,
    "b": bool,
    "d": float,
    "i": int,
    "u": int,
    "x": int,
}


FULL = movie(
    "full",
    "Full",
    sort_title="Sorted",
    original_title="Original",
    overview="Overview",
    tagline="Tagline",
    year=1999,
    released="1999-03-31",
    added_at=UnixSeconds(5),
    duration_ms=7,
    genres=("Drama", "War"),
    studios=("One",),
    rating=8.5,
    content_rating="PG",
    external_ids=("tmdb:movie:603", "imdb:tt1"),
    parent_remote_id="p",
    show_remote_id="s",
    show_title="Show",
    season_number=0,
    episode_number=2,
    artist="Artist",
    album="Album",
    album_remote_id="a",
    disc_number=1,
    track_number=3,
    child_count=4,
    edition="Long",
    status="ended",
    ended="2000-01-01",
    critic_rating=7.5,
    tags=("heist",),
    artist_remote_ids=(RemoteId("x"),),
    episode_number_end=3,
    airs_before_season=2,
    airs_before_episode=1,
    airs_after_season=1,
    part_count=2,
    video_3d="sbs",
    has_lyrics=True,
    images=(Image(kind="logo", ref="1"), Image(kind="poster", ref="2")),
    blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4",
    colors=(0x0B0B0B, 0xFFFFFF, 0, 0xAABBCC),
    watch=WatchState(
        watched=True,
        play_count=2,
        position_ms=3,
        last_played=UnixSeconds(4),
        favourite=True,
        user_rating=9.0,
    ),
    details=ItemDetails(
        media_sources=(
            MediaSource(
                remote_id="1",
                path="/a.mkv",
                size=1,
                mime="video/x-matroska",
                streams=(MediaStream(index=0, kind="video", width=3840),),
            ),
        )
    ),
)


def test_all_fields_have_their_types(stores: Stores) -> None:
    """dbus-api.md: every key of the table, nothing else, with the type of its signature."""
    stores.write(stores.library(), FULL)

    item = stores.item("full", ALL)

    assert set(item) == set(ITEM_KEYS) - {"unwatched_count"}
    for key, value in item.items():
        assert type(value) is PYTHON_TYPES[ITEM_KEYS[key]], key
    assert item["title"] == "Full"
    assert (item["sort_title"], item["letter"]) == ("Sorted", "S")
    assert item["external_ids"] == ["tmdb:movie:603", "imdb:tt1"]
    assert item["artwork"] == ["poster", "logo"]
    assert (item["added"], item["duration_ms"], item["season_number"]) == (5, 7, 0)
    assert (item["watched"], item["position_ms"], item["user_rating"]) == (True, 3, 9.0)
    assert item["rating"] == 8.5
    assert item["source_id"] == SOURCE


def test_a_listed_item_carries_the_compact_set(series: Stores) -> None:
    """dbus-api.md: and what places it, for episodes."""
    compact = {"id", "source_id", "library_id", "type", "title"}
    compact |= {"watched", "position_ms", "artwork"}
    counts = {"unwatched_count"}
    placing = {"parent_id", "show_title", "season_number", "episode_number"}

    (show,) = series.pages(types=(SHOW,))
    episode = series.pages(types=(EPISODE,))[0]

    assert set(show) == compact | counts
    assert set(episode) == compact | placing
    assert set(series.pages(types=(SHOW,), fields=("overview",))[0]) == compact | counts


def test_unknown_values_are_absent(stores: Stores) -> None:
    """dbus-api.md: absent = unknown; watch state and artwork always say something."""
    stores.write(stores.library(), movie("1"))

    item = stores.item("1", ALL)

    assert set(item) == {
        "id",
        "source_id",
        "remote_id",
        "library_id",
        "type",
        "title",
        "sort_title",
        "letter",
        "watched",
        "play_count",
        "position_ms",
        "favourite",
        "artwork",
    }


def test_an_unknown_field_is_named(films: Stores) -> None:
    """dbus-api.md: InvalidArgument, for pages and for single items."""
    with pytest.raises(InvalidArgumentError, match="colour"):
        films.cache.read(query_items, ItemQuery(fields=("title", "colour")))
    with pytest.raises(InvalidArgumentError, match="colour"):
        films.cache.read(items, [ItemId("x")], ("colour",))


def test_items_come_in_the_order_of_their_ids(films: Stores) -> None:
    """dbus-api.md: unknown ones are left out."""
    ids = [ItemId(films.id_of(one)) for one in ("m3", "m1", "m2")]

    found = films.cache.read(items, [ids[0], ItemId("nothing"), ids[1], ids[2]], ("year",))

    assert [one["id"] for one in found] == ids
    assert films.cache.read(remote_ids, ids[:1]) == {ids[0]: (SOURCE, "m3")}


def test_libraries_come_with_the_users_settings(films: Stores) -> None:
    """Libraries come with the users settings (A5).

    Those without any have the defaults.
    """
    (one,) = films.cache.read(libraries, SOURCE)
    mine = LibrarySettings(show_in_home=False)

    (changed,) = films.cache.read(libraries, None, settings={one.id: mine, LibraryId("x"): mine})

    assert one.settings == LibrarySettings()
    assert changed.settings == mine
    assert (one.item_count, one.name, one.source_id) == (6, "movies", SOURCE)


def test_a_closed_cache_says_so(films: Stores) -> None:
    """A late caller gets a typed error."""
    films.cache.close()

    with pytest.raises(StorageError):
        films.cache.read(current_revision)


def test_what_few_items_have_is_served_when_asked_for(stores: Stores) -> None:
    """Every key that a listing fills; what is unknown is absent."""
    films = stores.library()
    rare = {
        "edition": "Director's Cut",
        "critic_rating": 8.1,
        "tags": ("heist",),
        "part_count": 2,
        "video_3d": "sbs",
        "has_lyrics": True,
        "airs_before_season": 2,
        "status": "ended",
        "ended": "2024-05-01",
    }
    stores.write(films, movie("a", artist_remote_ids=("x",), **rare), movie("b"))

    item = stores.item("a", ALL)

    expected = rare | {"tags": ["heist"], "three_d": "sbs"}
    del expected["video_3d"]
    assert {key: item[key] for key in expected} == expected
    assert item["artist_ids"] == [item_id(SOURCE, RemoteId("x"))]
    assert not rare.keys() & stores.item("b", ALL).keys()


@pytest.mark.parametrize(
    ("title", "given", "sort_title", "letter"),
    [
        ("The Éclair 2", "", "Éclair 2", "E"),
        ("The Éclair 2", "eclair 2", "Éclair 2", "E"),
        ("The Éclair 2", "Thursday Eclair", "Thursday Eclair", "T"),
        ("2001 Nights", "2001 nights", "2001 Nights", "#"),
        ("…!", "", "…!", "#"),
        ("Жизнь", "", "Жизнь", "Ж"),
        ("the", "", "the", "T"),
    ],
)
def test_a_sort_title_is_text_for_people_and_the_letter_is_what_it_stands_under(
    stores: Stores, title: str, given: str, sort_title: str, letter: str
) -> None:
    """dbus-api.md: the source's own or the plain one, not the key that rows are ordered by."""
    stores.write(stores.library(), movie("a", title, sort_title=given))

    item = stores.item("a", "sort_title", "letter")

    assert (item["sort_title"], item["letter"]) == (sort_title, letter)
    assert stores.titles(letter=letter) == [title]
