"""What names say: a table of realistic ones, and that no name whatever breaks anything."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backends.local.files.text import title_key
from msd.backends.local.names.episodes import episode_name
from msd.backends.local.names.explicit_episodes import explicit_episode
from msd.backends.local.names.films import film_name, says_nothing
from msd.backends.local.names.folders import season_of, show_name
from msd.backends.local.names.tracks import track_name
from tests.backends.local.names.name_table import EPISODES, MOVIES


def stem_and_folders(path: str) -> tuple[str, list[str]]:
    *folders, name = path.split("/")
    return name.rpartition(".")[0], folders


def film_of(stem, folders):
    """A file's name, or that of its folder where the file says less."""
    found = film_name(stem)
    own = film_name(folders[-1]) if folders else found
    return own if says_nothing(stem) or (found.year is None and own.year is not None) else found


@pytest.mark.parametrize(("path", "title", "year"), MOVIES, ids=[row[0] for row in MOVIES])
def test_a_film_is_known_by_the_name_of_its_file_or_folder(path, title, year):
    """A film is known by the name of its file or folder.

    Films from file names.
    """
    stem, folders = stem_and_folders(path)

    found = film_of(stem, folders)

    assert (title_key(title), year) == (title_key(found.title), found.year)


@pytest.mark.parametrize(
    ("path", "show", "season", "episodes"), EPISODES, ids=[r[0] for r in EPISODES]
)
def test_an_episode_is_known_by_the_names_of_its_file_and_folders(path, show, season, episodes):
    """An episode is known by the names of its file and folders.

    Shows, seasons and episodes from file names.
    """
    stem, folders = stem_and_folders(path)
    seasons = [number for folder in folders if (number := season_of(folder)) is not None]
    shows = [show_name(folder).title for folder in folders if season_of(folder) is None]

    found = episode_name(stem, season=seasons[0] if seasons else None)

    assert title_key(show) == title_key(shows[0] if shows else found.show)
    if season is not None:
        assert season == found.season
    first, last = found.episode, found.last_episode or found.episode
    assert episodes == (() if first is None else tuple(range(first, last + 1)))


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("Friends - 1x03 - The One with the Thumb", "The One with the Thumb"),
        ("Show.S01E02.A.Long.Title.720p.WEB-DL", "A Long Title"),
        ("S01E03 - ...And the Bag's in the River", "...And the Bag's in the River"),
        ("Show S01E01", ""),
    ],
)
def test_an_episode_s_title_is_what_stands_between_its_number_and_the_release_words(stem, title):
    """An episode is shown by its title where its name has one."""
    assert title == episode_name(stem, season=None).title


def test_resolutions_and_codecs_are_no_episode_numbers():
    """1920x1080 and x264 do not make a film an episode."""
    for stem in ("Film 1920x1080", "Film.x264", "10x10 (2018)", "Film (2000) 1080p"):
        assert explicit_episode(stem) is None, stem


def test_ids_in_names_are_taken_and_left_out_of_the_title():
    """The conventions of other media managers: {tmdb-1}, [imdbid-tt1]."""
    found = film_name("Alien (1979) {tmdb-348} [imdbid-tt0078748]")

    assert found.ids == (("tmdb", "348"), ("imdb", "tt0078748"))
    assert (found.title, found.year) == ("Alien", 1979)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("03 - Garage", (None, 3, "", "Garage")),
        ("2-07 Song", (2, 7, "", "Song")),
        ("Nobody - Untagged Song", (None, None, "Nobody", "Untagged Song")),
        ("track12", (None, 12, "", "track12")),
        ("99 Luftballons", (None, 99, "", "Luftballons")),
        ("1999", (None, None, "", "1999")),
    ],
)
def test_an_untagged_track_is_known_by_its_file_name(stem, expected):
    """An untagged file is still an item, with the title of its name."""
    assert expected == track_name(stem)


NAMES = st.text(max_size=255) | st.lists(
    st.sampled_from(
        (
            *("S01E02", "1x03", "(1999)", "[", "]", "(", ")", " - ", ".", "_", "720p", "x264"),
            *("Show", "2014.06.03", "Episode 4", "Staffel", "S", "E", "99999", "Part"),
            *("{tmdb-1}", "é", "\u202e"),
        )
    ),
    max_size=30,
).map("".join)


@given(NAMES)
def test_no_name_breaks_the_parser(name):
    """Names are hostile: every one gives text, bounded and printable (K5)."""
    found = episode_name(name, season=None)
    film = film_name(name)
    show = show_name(name)

    for text in (found.show, found.title, film.title, show.title, *track_name(name)[2:]):
        assert len(text) <= 500
        assert "\0" not in text
    assert found.episode is None or found.episode >= 0
    assert film.year is None or 1880 <= film.year <= 2099


def test_long_hostile_names_cost_little_time():
    """No pattern backtracks without bound."""
    for piece in ("a", "(", "1", "S01E01-", ".", " - ", "[a", "x264.", "(19", "s1 ", "-01"):
        name = (piece * 255)[:255]
        began = time.perf_counter()
        episode_name(name, season=1)
        film_name(name)
        assert time.perf_counter() - began < 2, piece


@given(st.text(min_size=1, max_size=50))
def test_a_title_always_has_a_key(title):
    """Shows and albums with titles of punctuation alone do not fall together with nothing."""
    assert title_key(title) or not title.strip()
