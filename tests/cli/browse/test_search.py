"""`msdctl search`: for people, for scripts and for launchers."""

import json
import re

import pytest

from msd.cli.terminal.text import safe
from msd.models import ItemType
from tests.cli.stage import Stage

pytestmark = pytest.mark.anyio

FILMS = "local_aaaaaaaaaaaa"


@pytest.fixture
def films(stage: Stage) -> Stage:
    """A film and an episode."""
    stage.coordinator.put_source(FILMS)
    stage.coordinator.items["it1"] = {
        "id": "it1",
        "source_id": FILMS,
        "type": "movie",
        "title": "Alien",
        "year": 1979,
    }
    stage.coordinator.items["it2"] = {
        "id": "it2",
        "source_id": FILMS,
        "type": "episode",
        "title": "Lies \x1b[31m",
        "show_title": "Dark",
        "season_number": 1,
        "episode_number": 2,
    }
    return stage


async def test_a_search_shows_what_fits_best(films):
    """Words, conditions and the limit reach the daemon."""
    done = await films.run(
        *("search", "film", "7", "--type", "movie", "--source", FILMS, "--limit", "5", "--every")
    )

    (_, query) = films.coordinator.calls[-1]
    assert re.search(r"^Alien +movie +1979 +it1$", done.stdout, re.MULTILINE)
    assert (query.text, query.limit, query.per_type) == ("film 7", 5, 0)
    assert (query.types, query.source_ids) == ((ItemType.MOVIE,), (FILMS,))


HOSTILE = "x\x1b[31m\u202e\x07\x9b"


@pytest.mark.parametrize("match", [HOSTILE, "person"])
async def test_no_text_of_a_hit_is_obeyed(films, match):
    """Servers and files say what they like; terminals would do it."""
    films.coordinator.items["it1"] |= {"title": HOSTILE, "match": match, "matched": HOSTILE}

    done = await films.run("search", "x")

    assert done.stdout.count(safe(HOSTILE)) == 2
    assert [safe(line) for line in done.stdout.split("\n")] == done.stdout.split("\n")


async def test_words_that_fit_nothing_are_said_and_not_obeyed(films):
    """They may be pasted."""
    films.coordinator.items.clear()

    done = await films.run("search", HOSTILE)

    assert done.stderr == f"nothing fits '{safe(HOSTILE)}'\n"


async def test_a_person_sees_why_something_fits(films):
    """Where it is not the title."""
    films.coordinator.items["it1"] |= {"match": "person", "matched": "Sigourney Weaver"}

    done = await films.run("search", "weaver")

    assert "FOUND IN" in done.stdout
    assert re.search(r"^Alien .* with Sigourney Weaver +it1$", done.stdout, re.MULTILINE)


async def test_a_launcher_reads_a_line_for_each_hit(films):
    """Title, subtitle, icon and id; nothing that a terminal would obey."""
    done = await films.run("search", "--json-lines", "a")

    assert done.records == [
        {
            "id": "it1",
            "title": "Alien",
            "subtitle": "movie · 1979",
            "icon": "/pictures/it1-poster-96",
        },
        {
            "id": "it2",
            "title": "Lies \\x1b[31m",
            "subtitle": "episode · S01E02 · Dark",
            "icon": "/pictures/it2-poster-96",
        },
    ]


async def test_nothing_that_fits_is_no_error(stage):
    """A launcher reads no line, a script an empty list, a person a sentence."""
    lines = await stage.run("search", "--json-lines", "zzz")
    script = await stage.run("search", "--json", "zzz")
    person = await stage.run("search", "zzz")

    assert (lines.code, lines.stdout, lines.stderr) == (0, "", "")
    assert (script.code, json.loads(script.stdout)) == (0, [])
    assert (person.code, person.stderr) == (0, "nothing fits 'zzz'\n")


@pytest.mark.parametrize("limit", ["0", "101", "many"])
async def test_a_limit_beyond_the_contract_is_refused(stage, limit):
    """Not cut in silence."""
    done = await stage.run("search", "a", "--limit", limit)

    assert done.code == 2
    assert "not a number from 1 to 100" in done.stderr
