"""NFO files and pictures beside films, shows and seasons, as people have them."""

# ruff: noqa: E501 - a tree has one path a line, however long

import pytest

from msd.models import ItemType
from tests.backends.local.cases.trees import plant, read

pytestmark = pytest.mark.anyio


async def film_with(tmp_path, cache, media, name, nfo):
    root = tmp_path / "Movies"
    media.video(root / f"{name}/{name}.mkv")
    (root / f"{name}/{name}.nfo").write_bytes(nfo)
    made = await read(root, cache)
    return made.one(ItemType.MOVIE)


async def test_an_nfo_in_another_encoding_than_it_says(tmp_path, cache, media):
    """One flaw costs only itself."""
    nfo = '<?xml version="1.0" encoding="UTF-8"?><movie><title>Amélie Été</title></movie>'

    item = await film_with(tmp_path, cache, media, "Latin (2000)", nfo.encode("cp1252"))

    assert "Amélie Été" == item.title


async def test_a_stray_ampersand_loses_no_id(tmp_path, cache, media):
    """One flaw costs only itself."""
    nfo = b'<movie><title>Tom & Jerry</title><uniqueid type="imdb">tt0000009</uniqueid></movie>'

    item = await film_with(tmp_path, cache, media, "Amp (2000)", nfo)

    assert ("Tom & Jerry", ("imdb:tt0000009",)) == (item.title, item.external_ids)


async def test_older_ways_to_write_an_id(tmp_path, cache, media):
    """`<id>`, `<tvdbid>` and `<tmdbid>`."""
    nfo = b"<movie><id>tt0000123</id><tvdbid>77</tvdbid><tmdbid>88</tmdbid></movie>"

    item = await film_with(tmp_path, cache, media, "Id (2000)", nfo)

    assert {"imdb:tt0000123", "tvdb:movie:77", "tmdb:movie:88"} == set(item.external_ids)


async def test_an_address_behind_the_xml_gives_an_id(tmp_path, cache, media):
    """Nothing is fetched."""
    nfo = b"<movie><title>XU</title></movie>\nhttps://www.themoviedb.org/movie/604-x\n"

    item = await film_with(tmp_path, cache, media, "XmlUrl (2000)", nfo)

    assert ("XU", ("tmdb:movie:604",)) == (item.title, item.external_ids)


async def test_when_a_film_was_added_may_be_said(tmp_path, cache, media):
    """The user's own word goes before the file's time."""
    nfo = b"<movie><dateadded>2010-01-01 12:00:00</dateadded></movie>"

    item = await film_with(tmp_path, cache, media, "Dated (2000)", nfo)

    assert abs(item.added_at - 1262347200) <= 14 * 3600


async def test_broken_xml_keeps_what_is_whole(tmp_path, cache, media):
    """Variant: an element that never ends."""
    nfo = b"<movie><title>Whole</title><plot>lost<uniqueid type='tmdb'>5</uniqueid></movie>"

    item = await film_with(tmp_path, cache, media, "Broken (2000)", nfo)

    assert ("Whole", ("tmdb:movie:5",)) == (item.title, item.external_ids)


async def test_nfo_and_poster_of_a_film_with_two_versions(tmp_path, cache, media):
    """They belong to the film, not to a file."""
    root = tmp_path / "Movies"
    plant(
        root,
        media,
        """
        VersNfo (2000)/VersNfo (2000) - {1080p,4k}.mkv
        VersNfo (2000)/VersNfo (2000).nfo := <movie><title>Vers NFO</title></movie>
        VersNfo (2000)/VersNfo (2000)-poster.jpg
        """,
    )

    made = await read(root, cache)

    item = made.one(ItemType.MOVIE)
    assert "Vers NFO" == item.title
    assert ["poster"] == [image.kind for image in item.images]


async def test_a_season_s_own_nfo_names_it(tmp_path, cache, media):
    """`season.nfo` in the season's folder."""
    root = tmp_path / "TV"
    plant(
        root,
        media,
        """
        Sh/Season 1/Sh - S01E01.mkv
        Sh/Season 1/season.nfo := <season><title>Volume One</title><seasonnumber>1</seasonnumber></season>
        """,
    )

    made = await read(root, cache)

    assert "Volume One" == made.one(ItemType.SEASON).title


async def test_posters_beside_the_seasons(tmp_path, cache, media):
    """The commonest form, with and without "-poster"."""
    root = tmp_path / "TV"
    plant(
        root,
        media,
        """
        Sherlock/Season 1/Sherlock - S01E01.mkv
        Sherlock/Season 2/Sherlock - S02E01.mkv
        Sherlock/Specials/Sherlock - S00E01.mkv
        Sherlock/{season01-poster,season02,season-specials-poster}.jpg
        """,
    )

    made = await read(root, cache)

    pictures = {
        item.season_number: [i.ref.split("@")[0] for i in item.images]
        for item in made.of(ItemType.SEASON)
    }
    assert {
        0: ["file:Sherlock/season-specials-poster.jpg"],
        1: ["file:Sherlock/season01-poster.jpg"],
        2: ["file:Sherlock/season02.jpg"],
    } == pictures


async def test_posters_in_the_folders_of_seasons(tmp_path, cache, media):
    """Named like any folder's picture."""
    root = tmp_path / "TV"
    plant(
        root,
        media,
        """
        Sh/Season 1/{Sh - S01E01.mkv,poster.jpg}
        Sh/Season 2/{Sh - S02E01.mkv,folder.jpg}
        """,
    )

    made = await read(root, cache)

    assert all([i.kind for i in item.images] == ["poster"] for item in made.of(ItemType.SEASON))


async def test_where_a_special_airs_and_how_a_show_ended(tmp_path, cache, media):
    """Kodi's and Jellyfin's elements."""
    root = tmp_path / "TV"
    plant(
        root,
        media,
        """
        Sh/tvshow.nfo := <tvshow><title>Sh</title><status>Ended</status><enddate>2011-05-04</enddate></tvshow>
        Sh/Specials/Sh - S00E01.mkv
        Sh/Specials/Sh - S00E01.nfo := <episodedetails><season>0</season><episode>1</episode><displayseason>2</displayseason><displayepisode>4</displayepisode></episodedetails>
        Sh/Season 1/Sh - S01E01.mkv
        """,
    )

    made = await read(root, cache)

    show = made.one(ItemType.SHOW)
    special = next(item for item in made.of(ItemType.EPISODE) if item.season_number == 0)
    assert ("ended", "2011-05-04") == (show.status, show.ended)
    assert (2, 4) == (special.airs_before_season, special.airs_before_episode)
