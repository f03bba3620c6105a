"""NFO files: what Kodi writes is understood, what an attacker writes is not."""

from hypothesis import given
from hypothesis import strategies as st

from msd.backends.local.files.nfo import EMPTY, MAX_NFO, parse_nfo
from msd.models import Person

FILM = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>The Matrix</title><originaltitle>Matrix</originaltitle><sorttitle>Matrix 1</sorttitle>
  <ratings><rating name="tmdb" max="10"><value>8.2</value></rating>
  <rating name="imdb" max="100" default="true"><value>87</value></rating></ratings>
  <plot>A hacker learns.</plot><tagline>Wake up</tagline><mpaa>R</mpaa>
  <uniqueid type="imdb" default="true">tt0133093</uniqueid><uniqueid type="tmdb">603</uniqueid>
  <genre>Action / Sci-Fi</genre><genre>Drama</genre><studio>Warner</studio>
  <premiered>1999-03-30</premiered><year>1999</year>
  <director>Lana Wachowski</director><credits>Lilly Wachowski</credits>
  <actor><name>Keanu Reeves</name><role>Neo</role></actor><actor><role>nobody</role></actor>
</movie>"""


def test_a_film_s_nfo_says_everything_that_kodi_writes():
    """A film s nfo says everything that kodi writes.

    Sidecar NFO.
    """
    nfo = parse_nfo(FILM)

    assert (nfo.title, nfo.original_title, nfo.sort_title) == ("The Matrix", "Matrix", "Matrix 1")
    assert (
        nfo.year,
        nfo.released,
        nfo.rating,
        nfo.content_rating,
    ) == (1999, "1999-03-30", 8.7, "R")
    assert nfo.external_ids == (("imdb", "tt0133093"), ("tmdb", "603"))
    assert nfo.genres == ("Action", "Sci-Fi", "Drama")
    assert Person(name="Keanu Reeves", role="Neo") == nfo.people[0]
    assert [person.job for person in nfo.people] == ["actor", "director", "writer"]


def test_a_url_after_the_xml_does_not_hide_it():
    """Kodi's combination NFO: XML first, then a URL for the scraper."""
    assert parse_nfo(b"<movie><title>A</title></movie>\nhttps://host/film\n").title == "A"


def test_an_nfo_that_is_only_a_url_gives_the_id_in_it():
    """The URL is not followed (K6), the id in a well-known one is taken."""
    nfo = parse_nfo(b"https://www.imdb.com/title/tt0133093/\n")

    assert nfo.external_ids == (("imdb", "tt0133093"),)
    assert not nfo.title


def test_the_first_of_two_episodes_in_one_file_is_taken():
    """Kodi writes two roots for a file with two episodes."""
    nfo = parse_nfo(
        b"<episodedetails><title>One</title><episode>1</episode></episodedetails>"
        b"<episodedetails><title>Two</title><episode>2</episode></episodedetails>"
    )

    assert (nfo.title, nfo.episode) == ("One", 1)


def test_entities_and_dtds_are_refused():
    """Entities and dtds are refused (K6).

    No billion laughs, no file of this machine in a title.
    """
    for declaration in (
        b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        b'<!DOCTYPE m [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE m SYSTEM "http://192.0.2.1/x.dtd">',
    ):
        assert parse_nfo(declaration + b"<movie><title>x</title></movie>").title == ""
        assert parse_nfo(declaration + b"<movie><title>&b;</title></movie>").title == ""


def test_a_large_nfo_is_not_read():
    """A large nfo is not read (K5).

    Bounded.
    """
    assert parse_nfo(b"<movie><title>x</title></movie>" + b" " * MAX_NFO) == EMPTY


def test_another_document_says_nothing():
    """A web page or a playlist is no NFO."""
    assert parse_nfo(b"<html><title>x</title></html>").title == ""


def test_absurd_values_are_left_out():
    """Absurd values are left out (K5).

    A bad value never becomes part of an item.
    """
    nfo = parse_nfo(
        b"<movie><year>99999</year><rating>1e400</rating><premiered>soon</premiered>"
        b"<uniqueid type='tmdb'>../../x</uniqueid><season>-1</season></movie>"
    )

    assert (
        *(nfo.year, nfo.rating, nfo.released),
        *(nfo.external_ids, nfo.season),
    ) == (None, None, "", (), None)


def test_a_rating_beyond_its_scale_is_left_out():
    """Ratings are 0 to 10 whatever somebody wrote down."""
    assert parse_nfo(b"<movie><rating>50</rating></movie>").rating is None
    beyond = b"<movie><ratings><rating max='5'><value>9</value></rating></ratings></movie>"
    assert parse_nfo(beyond).rating is None


TAGS = st.sampled_from(
    (
        *("movie", "tvshow", "title", "year", "rating", "ratings", "value"),
        *("plot", "genre", "uniqueid", "actor", "name", "x"),
    )
)
XML = st.recursive(
    st.text(max_size=20),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=5)
    ),
    max_leaves=30,
)


@given(st.binary(max_size=400) | XML.map(lambda text: f"<movie>{text}</movie>".encode()))
def test_no_content_breaks_the_parser(content):
    """Whatever lies beside a film, the film is listed (K5)."""
    nfo = parse_nfo(content)

    assert nfo.rating is None or 0 <= nfo.rating <= 10
    assert nfo.year is None or 1800 < nfo.year < 3000
    assert "\0" not in nfo.title + nfo.overview


def test_deeply_nested_xml_is_survived():
    """Deeply nested xml is survived (K5).

    Depth is bounded by size, and does not overflow a stack.
    """
    parse_nfo(b"<movie>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</movie>")
