"""Which picture is shown for what has none of its own."""

import sqlite3

import pytest

from msd.models import Image, ItemDetails, ItemId, ItemType, LibraryType, MediaItem, Person
from msd.models import RemoteId as Id
from msd.models.artwork import ArtworkKind, PictureRef
from msd.store.cache.reads.artwork import picture_refs
from tests.store.made import SOURCE, Stores, made, movie

POSTER, THUMB, BACKDROP = ArtworkKind.POSTER, ArtworkKind.THUMB, ArtworkKind.BACKDROP


def shown(stores: Stores, *ids: str, kind: ArtworkKind = POSTER) -> list[str]:
    """Return the ref of what is shown for each id, "" for nothing."""
    found = stores.cache.read(picture_refs, [ItemId(item_id) for item_id in ids], kind)
    assert all(ref.source_id == SOURCE for ref in found.values())
    return [found.get(item_id, PictureRef(SOURCE, "")).ref for item_id in ids]


def pictures(**refs: str) -> tuple[Image, ...]:
    return tuple(Image(kind=kind, ref=ref) for kind, ref in refs.items())


def with_poster(remote_id: str, item_type: ItemType = ItemType.MOVIE, **more: object) -> MediaItem:
    return made(item_type, remote_id, images=pictures(poster=f"poster of {remote_id}"), **more)


def test_a_track_shows_its_album_then_its_artist(stores: Stores) -> None:
    """A track has neither album nor cover as often as not."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, with_poster("artist", ItemType.ARTIST))
    stores.write(
        music,
        with_poster("album", ItemType.ALBUM, parent_remote_id=Id("artist")),
        made(ItemType.ALBUM, "bare", parent_remote_id=Id("artist")),
    )
    stores.write(
        music,
        made(ItemType.TRACK, "1", parent_remote_id=Id("album"), album_remote_id=Id("album")),
        made(ItemType.TRACK, "2", parent_remote_id=Id("bare"), album_remote_id=Id("bare")),
        with_poster("3", ItemType.TRACK, parent_remote_id=Id("album")),
        made(ItemType.TRACK, "4"),
    )

    refs = shown(stores, *(stores.id_of(name) for name in "1234"))

    assert refs == ["poster of album", "poster of artist", "poster of 3", ""]


@pytest.mark.parametrize("item_type", [ItemType.COLLECTION, ItemType.PLAYLIST])
def test_a_list_shows_its_first_member_that_has_a_picture(
    stores: Stores, item_type: ItemType
) -> None:
    """Or whose album, season or show has one: tracks of a playlist rarely have their own."""
    movies = stores.library()
    stores.write(movies, movie("bare"), with_poster("film"))
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, with_poster("album", ItemType.ALBUM))
    stores.write(music, made(ItemType.TRACK, "track", album_remote_id=Id("album")))
    lists = stores.library("lists", LibraryType.PLAYLISTS)
    stores.write(
        lists,
        made(item_type, "films"),
        made(item_type, "tracks"),
        made(item_type, "empty"),
        with_poster("own", item_type),
    )
    for name, members in {
        "films": ("bare", "film"),
        "tracks": ("bare", "track", "film"),
        "own": ("film",),
    }.items():
        stores.writer.set_members(Id(name), [Id(member) for member in members])

    refs = shown(stores, *(stores.id_of(name) for name in ("films", "tracks", "empty", "own")))

    assert refs == ["poster of film", "poster of album", "", "poster of own"]


def test_a_library_shows_the_newest_item_that_has_a_picture(stores: Stores) -> None:
    """Real servers have no picture of a library."""
    movies = stores.library()
    stores.write(
        movies,
        with_poster("old", added_at=1),
        with_poster("new", added_at=3),
        movie("newest", added_at=9),
    )
    empty = stores.library("empty")

    assert shown(stores, movies, empty, "unknown") == ["poster of new", "", ""]


def test_wide_pictures_stand_in_for_each_other_before_relatives_do(stores: Stores) -> None:
    """And never for a poster, which would be stretched."""
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show", images=pictures(thumb="landscape")))
    stores.write(
        shows,
        made(ItemType.EPISODE, "own", show_remote_id=Id("show"), images=pictures(backdrop="wide")),
        made(ItemType.EPISODE, "bare", show_remote_id=Id("show")),
    )
    ids = [stores.id_of("own"), stores.id_of("bare")]

    assert shown(stores, *ids, kind=THUMB) == ["wide", "landscape"]
    assert shown(stores, *ids, kind=BACKDROP) == ["wide", "landscape"]
    assert shown(stores, *ids) == ["", ""]


def test_an_episode_without_a_still_shows_the_backdrop_of_its_show(stores: Stores) -> None:
    """A row of episodes has no holes."""
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show", images=pictures(backdrop="wide")))
    stores.write(shows, made(ItemType.EPISODE, "bare", show_remote_id=Id("show")))

    assert shown(stores, stores.id_of("bare"), kind=THUMB) == ["wide"]


def test_a_show_shows_its_first_season_and_an_artist_an_album(stores: Stores) -> None:
    """Folders, and many servers, have covers of albums and none of artists."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(
        music,
        *(made(ItemType.ARTIST, name) for name in ("artist", "silent")),
        with_poster("own", ItemType.ARTIST),
    )
    stores.write(
        music,
        made(ItemType.ALBUM, "first", parent_remote_id=Id("artist"), year=1970),
        with_poster("a late one", ItemType.ALBUM, parent_remote_id=Id("artist"), year=1990),
        with_poster("second", ItemType.ALBUM, parent_remote_id=Id("artist"), year=1980),
        with_poster("other", ItemType.ALBUM, parent_remote_id=Id("own")),
        made(ItemType.ALBUM, "bare", parent_remote_id=Id("silent"), images=pictures(logo="x")),
    )
    shows = stores.library("shows", LibraryType.SHOWS)
    stores.write(shows, made(ItemType.SHOW, "show"))
    seasons = (
        with_poster(
            f"s{number}", ItemType.SEASON, parent_remote_id=Id("show"), season_number=number
        )
        for number in (0, 2, 1)
    )
    stores.write(shows, *seasons)
    lists = stores.library("lists", LibraryType.COLLECTIONS)
    stores.write(lists, made(ItemType.COLLECTION, "list"))
    stores.writer.set_members(Id("list"), [Id("silent"), Id("artist")])

    refs = shown(stores, *map(stores.id_of, ("artist", "silent", "own", "show", "list")))

    of_artist = "poster of second"
    assert refs == [of_artist, "", "poster of own", "poster of s1", of_artist]


def test_a_library_of_artists_without_pictures_shows_an_album(stores: Stores) -> None:
    """One level further down than the newest item."""
    music = stores.library("music", LibraryType.MUSIC)
    stores.write(music, made(ItemType.ARTIST, "artist", added_at=5))
    stores.write(music, made(ItemType.ALBUM, "bare", parent_remote_id=Id("artist"), added_at=9))
    assert shown(stores, music) == [""]

    stores.write(music, with_poster("album", ItemType.ALBUM, parent_remote_id=Id("artist")))

    assert shown(stores, music) == ["poster of album"]


def test_a_page_costs_as_many_statements_as_one_item(stores: Stores) -> None:
    """And each of them finds its rows by an index."""
    music = stores.library("music", LibraryType.MUSIC)
    names = [f"artist {number}" for number in range(50)]
    stores.write(music, *(made(ItemType.ARTIST, name) for name in names))
    albums = [
        with_poster(f"of {name}", ItemType.ALBUM, parent_remote_id=Id(name)) for name in names
    ]
    stores.write(music, *albums[:40])
    ids = [ItemId(stores.id_of(name)) for name in names]

    def statements(connection: sqlite3.Connection, wanted: list[ItemId]) -> list[str]:
        found: list[str] = []
        connection.set_trace_callback(found.append)
        picture_refs(connection, wanted, POSTER)
        connection.set_trace_callback(None)
        return found

    def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]

    page = stores.cache.read(statements, ids)
    steps = [step for each in page for step in stores.cache.read(plan, each)]

    assert shown(stores, *ids) == [*(f"poster of of {name}" for name in names[:40]), *[""] * 10]
    assert len(page) == len(stores.cache.read(statements, ids[:1])) == 5
    tables = {"item", "part", "member", "item_detail"}
    assert not [step for step in steps if set(step.split()[1:2]) & tables and "SCAN" in step]
    assert any("INDEX item_parent" in step for step in steps)


def test_what_is_not_served_shows_nothing(stores: Stores) -> None:
    """Neither an item of a removed source nor a deleted one, nor the people of either."""
    movies = stores.library()
    details = ItemDetails(people=(Person(name="Ada", image="ada"),))
    stores.write(movies, with_poster("film", details=details), movie("other", title="x"))
    film = stores.id_of("film")
    person = str(stores.item("film", "people")["people"][0]["artwork_id"])  # type: ignore[index]
    assert shown(stores, film, person) == ["poster of film", "ada"]

    hidden = stores.cache.read(
        picture_refs, [ItemId(film), ItemId(person), movies], POSTER, {SOURCE}
    )

    assert hidden == {}


def test_a_person_is_the_same_in_any_order_and_with_a_new_picture(stores: Stores) -> None:
    """Two people of one name are two, and one person in two jobs is one."""
    movies = stores.library()
    cast = (
        Person(name="Ada", remote_id="1", image="first"),
        Person(name="Ada", remote_id="2", image="second"),
        Person(name="Ada", remote_id="1", job="director"),
        Person(name="Bob"),
        Person(name="Eve", image="eve"),
    )

    def ids() -> list[str]:
        people = stores.item("film", "people")["people"]
        assert isinstance(people, list)
        return [str(person.get("artwork_id", "")) for person in people]

    stores.write(movies, movie("film", details=ItemDetails(people=cast)))
    before = ids()
    refs = shown(stores, *(each for each in before if each))
    changed = (Person(name="Ada", remote_id="2", image="newer"), *cast[:1], *cast[3:])
    stores.write(movies, movie("film", details=ItemDetails(people=changed)), fingerprint=2)

    assert refs == ["first", "second", "eve"]
    assert len(set(before) - {""}) == 3
    assert ids() == [before[1], before[0], "", before[4]]
    assert shown(stores, before[1]) == ["newer"]
